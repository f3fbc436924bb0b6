"""The Azure side of a design, for the fake cloud: subscriptions, names that are taken, and who signs in with what.

Gateways that exist at the start have been made by somebody, so what they rest on is there whatever the design says of
it: their subscription, resource group, providers, names, cores and management certificate.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, get_args

from cmgsim.arm.clouds import cloud_service_fqdn, region_key, storage_fqdn, vault_fqdn
from cmgsim.arm.config import ArmConfig, ExistingGroup, Grant, Principal, Role, Subscription, Tenant, ThrottleMode
from cmgsim.arm.identifiers import named_guid
from cmgsim.arm.quotas import cores_of
from cmgsim.design.azure import Provider
from cmgsim.design.azure import Subscription as Described
from cmgsim.design.names import NameProblem, service_fqdn, service_name
from cmgsim.site.wizard import CLOUD, chosen_subscription, effective_content
from cmgsim.units import timedelta_us

if TYPE_CHECKING:
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design

#: The subscription of gateways in a design that describes none.
IMPLIED = "default"
TENANT = "tenant"
#: Providers that a deployment model needs (sources: "Set up cloud management gateway", Before you begin; "Configure
#: Azure AD for CMG" for scale sets).
PROVIDERS: dict[str, tuple[str, ...]] = {
    "classic": (),
    "arm": ("Microsoft.ClassicCompute", "Microsoft.Storage"),
    "vmss": ("Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.Network", "Microsoft.Compute"),
}
#: Deleted key vaults keep their name for 90 days from this day on (source: "Azure Key Vault soft-delete overview").
SOFT_DELETE_SINCE = date(2020, 12, 15)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def arm_config(design: Design) -> ArmConfig:
    """Return the cloud as the design describes it, before anything is deployed."""
    described = design.azure.subscriptions or {IMPLIED: Described()}
    expires = design.azure.aad.secret_expires
    principal = Principal(design.azure.aad.application, secret_expires_us=_end_of(design, expires))
    return ArmConfig(
        tenants=(Tenant(TENANT, (principal,)),),
        subscriptions=tuple(_subscription(design, name, facts) for name, facts in described.items()),
        taken_names=taken_names(design),
        throttle=ThrottleMode.HOURLY_2019,
        start=datetime.combine(design.start, time(), UTC),
        vault_soft_delete_days=90 if design.start >= SOFT_DELETE_SINCE else 0,
        role_size=machine_size("A2_v2"),
    )


def existing(design: Design) -> dict[str, Gateway]:
    """Return the gateways that exist at the start, by name."""
    return {name: gateway for name, gateway in design.gateways.items() if not gateway.planned}


def subscription_of(design: Design, gateway: Gateway) -> str:
    """Return the name of a gateway's subscription; where the design leaves it open, the first."""
    return chosen_subscription(design, gateway) or next(iter(design.azure.subscriptions), IMPLIED)


def subscription_ids(design: Design) -> dict[str, str]:
    """Return the id of each subscription by name; what is no GUID, or is not the first of its kind, gets one."""
    found: dict[str, str] = {}
    for name, facts in (design.azure.subscriptions or {IMPLIED: Described()}).items():
        usable = _GUID.fullmatch(facts.id) is not None and facts.id.lower() not in found.values()
        found[name] = facts.id.lower() if usable else named_guid("subscription", name)
    return found


def group_of(name: str, gateway: Gateway) -> str:
    """Return the resource group of a gateway, empty for classic deployments; left open, it is named after it."""
    choice = gateway.resource_group
    if gateway.deployment == "classic":
        return ""
    return name if choice is None else choice.use_existing or choice.create_new or name


def machine_size(vm_size: str) -> str:
    """Return Azure's name of a VM size."""
    return f"Standard_{vm_size}"


def management_certificate(name: str, gateway: Gateway) -> str:
    """Return the thumbprint, in hexadecimal, of the management certificate that a classic gateway is managed with.

    Assumption: a classic gateway that names no management certificate still has the one it was created with.
    """
    certificate = gateway.management_certificate or f"created with {name}"
    return blake2b(certificate.encode(), digest_size=20).hexdigest().upper()


def taken_names(design: Design) -> tuple[str, ...]:
    """Return the full names that others hold, sorted; what a gateway of the design holds itself is not among them."""
    environment, taken = CLOUD[design.azure.environment], design.azure.taken_names
    names = {
        *(cloud_service_fqdn(label, environment) for label in taken.cloud_services),
        *(storage_fqdn(account, environment) for account in taken.storage_accounts),
        *(vault_fqdn(vault, environment) for vault in taken.key_vaults),
    }
    return tuple(sorted(names - _own_names(design, environment)))


def _own_names(design: Design, environment: str) -> set[str]:
    names: set[str] = set()
    for gateway in existing(design).values():
        fqdn = service_fqdn(design, gateway)
        if isinstance(fqdn, NameProblem):
            continue
        label = service_name(fqdn)
        names |= {
            vault_fqdn(label, environment) if gateway.deployment == "vmss" else cloud_service_fqdn(label, environment)
        }
        if gateway.deployment == "vmss" or effective_content(design.site_version(), gateway):
            names.add(storage_fqdn(label, environment))
    return names


def _subscription(design: Design, name: str, facts: Described) -> Subscription:
    mine = {key: gateway for key, gateway in existing(design).items() if subscription_of(design, gateway) == name}
    services = sum(gateway.deployment != "vmss" for gateway in mine.values())
    return Subscription(
        name=name,
        id=subscription_ids(design)[name],
        tenant=TENANT,
        environment=CLOUD[design.azure.environment],
        grants=(Grant(design.azure.aad.application, Role.CONTRIBUTOR),),
        registered=_registered(facts, mine),
        groups=_groups(facts, mine),
        core_quota=_core_quota(facts, mine),
        core_quota_default=facts.cores,
        cloud_service_quota=max(facts.cloud_services, services),
        management_certificates=_thumbprints(design, facts, mine),
    )


def _registered(facts: Described, gateways: dict[str, Gateway]) -> tuple[str, ...]:
    """Return registered providers: one cannot be unregistered while its resources exist."""
    registered = get_args(Provider) if facts.providers is None else tuple(facts.providers)
    needed = [provider for gateway in gateways.values() for provider in PROVIDERS[gateway.deployment]]
    return tuple(sorted({*registered, *needed}))


def _groups(facts: Described, gateways: dict[str, Gateway]) -> tuple[ExistingGroup, ...]:
    groups = {
        name.lower(): ExistingGroup(name, region_key(group.region)) for name, group in facts.resource_groups.items()
    }
    for name, gateway in gateways.items():
        if group := group_of(name, gateway):
            groups.setdefault(group.lower(), ExistingGroup(group, region_key(gateway.region)))
    return tuple(groups.values())


def _core_quota(facts: Described, gateways: dict[str, Gateway]) -> tuple[tuple[str, int], ...]:
    """Return the quota of regions whose gateways use more than the quota named."""
    used: Counter[str] = Counter()
    for gateway in gateways.values():
        used[region_key(gateway.region)] += gateway.vms * cores_of(machine_size(gateway.vm_size))
    return tuple((region, cores) for region, cores in used.items() if cores > facts.cores)


def _thumbprints(design: Design, facts: Described, gateways: dict[str, Gateway]) -> tuple[str, ...]:
    uploaded = [blake2b(name.encode(), digest_size=20).hexdigest().upper() for name in facts.management_certificates]
    classic = {name: gateway for name, gateway in gateways.items() if gateway.deployment == "classic"}
    return tuple(sorted({*uploaded, *(management_certificate(name, gateway) for name, gateway in classic.items())}))


def _end_of(design: Design, day: date | None) -> int | None:
    """Return the moment at which a day is over, in microseconds."""
    return None if day is None else timedelta_us(day - design.start + timedelta(days=1))
