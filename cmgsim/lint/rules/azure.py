"""CMG1xx: what Azure and the top-level site must have before a gateway can be created."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from cmgsim.design.findings import Severity
from cmgsim.design.names import NameProblem, service_fqdn, service_name, storage_account
from cmgsim.lint import console
from cmgsim.lint.cohorts import LEAST_NOTICE, least_length, listed, serves_content, subscription_of
from cmgsim.lint.outlook import Standing, moments
from cmgsim.lint.rule import Fault, rule

if TYPE_CHECKING:
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan

_SET_UP = "Set up cloud management gateway"
_BEFORE = f"{_SET_UP}, Before you begin"
_LIMITS = "Azure subscription and service limits, quotas, and constraints"

PROVIDERS: dict[str, tuple[str, ...]] = {
    "classic": (),
    "arm": ("Microsoft.ClassicCompute", "Microsoft.Storage"),
    "vmss": ("Microsoft.KeyVault", "Microsoft.Storage", "Microsoft.Network", "Microsoft.Compute"),
}
"""The resource providers a deployment model needs."""

CORES = {"A2_v2": 2, "B2s": 2, "A4_v2": 4}
"""Cores of a VM (source: "Sizes for Cloud Services", "Sizes for virtual machines")."""


def planned(design: Design) -> Iterator[tuple[str, Gateway]]:
    """Yield the gateways that the wizard is still to create."""
    return ((name, gateway) for name, gateway in design.gateways.items() if gateway.planned)


@rule("CMG101", Severity.ERROR, "the optional feature is off", source=f"{_SET_UP}, introduction")
def feature_off(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The cloud management gateway is an optional feature that is off until someone turns it on.

    Bad: ``hierarchy: {gateway_feature: false}`` Good: ``hierarchy: {gateway_feature: true}``, or a plan that begins
    with ``enable_feature: cloud_management_gateway``.
    """
    remedy = (
        f"turn on the feature in {console.FEATURES}: gateway_feature: true, or enable_feature as the plan's first step"
    )
    if design.hierarchy.gateway_feature or not design.gateways:
        return
    if plan is None or any(not gateway.planned for gateway in design.gateways.values()):
        yield Fault(("hierarchy", "gateway_feature"), "gateways are described but the optional feature is off", remedy)
    for moment in moments(design, plan):
        if moment.step.create_gateway is not None and not moment.before.design.hierarchy.gateway_feature:
            message = f"gateway {moment.step.create_gateway!r} is created while the optional feature is off"
            yield Fault(moment.path, message, remedy)


@rule("CMG102", Severity.ERROR, "a resource provider is not registered", source=_BEFORE)
def provider_missing(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Provisioning fails in a subscription that has not registered the providers of the gateway's resources.

    Bad: ``providers: [Microsoft.Storage]`` Good: ``providers: [Microsoft.ClassicCompute, Microsoft.Storage]``.
    """
    for name, gateway in planned(design):
        found = subscription_of(design, gateway)
        if found is None or found[1].providers is None:
            continue
        for provider in PROVIDERS[gateway.deployment]:
            if provider not in found[1].providers:
                yield Fault(
                    ("azure", "subscriptions", found[0], "providers"),
                    f"gateway {name!r} needs the resource provider {provider}, which is not registered",
                    f"register {provider} in the subscription {found[0]!r} (Azure portal > Subscriptions > Resource "
                    "providers)",
                )


@rule("CMG103", Severity.ERROR, "no subscription administrator signs in", source=f"{_BEFORE}; step 3")
def signed_in_role(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """On the wizard's General page a subscription administrator must sign in to a Resource Manager deployment.

    Bad: ``signed_in_as: contributor`` Good: ``signed_in_as: subscription_admin``.
    """
    for name, gateway in planned(design):
        found = subscription_of(design, gateway)
        if gateway.deployment != "classic" and found and found[1].signed_in_as != "subscription_admin":
            yield Fault(
                ("azure", "subscriptions", found[0], "signed_in_as"),
                f"a {found[1].signed_in_as} signs in to create gateway {name!r}",
                f"sign in as a subscription administrator on the wizard's General page ({console.GATEWAYS})",
            )


@rule("CMG104", Severity.ERROR, "the site is not integrated with Azure AD", source=_BEFORE)
def integration_missing(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A Resource Manager deployment signs in as the application that the integration for Cloud Management made.

    Azure AD user discovery is not needed.

    Bad: no ``aad`` under ``azure`` Good: ``aad: {cloud_management: true}``.
    """
    for name, gateway in planned(design):
        if gateway.deployment != "classic" and not design.azure.aad.cloud_management:
            yield Fault(
                ("azure", "aad", "cloud_management"),
                f"gateway {name!r} is a Resource Manager deployment, but Azure AD is not set up for Cloud Management",
                f"configure the service Cloud Management in {console.AZURE_SERVICES}: aad: {{cloud_management: true}}",
            )


@rule("CMG105", Severity.WARNING, "the Azure AD application's secret expires", source="Configure Azure services")
def secret_expires(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The site cannot manage its gateways once the secret of its Azure AD application has expired.

    Bad: ``secret_expires: "2019-08-01"`` for a run that begins on 29 July 2019 Good: ``secret_expires: "2020-07-29"``.
    """
    expires, last = design.azure.aad.secret_expires, design.start + max(least_length(plan), LEAST_NOTICE)
    needed = any(gateway.deployment != "classic" for gateway in design.gateways.values())
    if needed and expires is not None and expires < last:
        yield Fault(
            ("azure", "aad", "secret_expires"),
            f"the application's secret expires on {expires}, before {last}",
            "renew the secret key in Administration > Cloud Services > Azure Active Directory Tenants",
        )


@rule("CMG106", Severity.ERROR, "the subscription is not chosen", source=f"{_SET_UP}, step 3")
def subscription_not_chosen(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """With one subscription the wizard takes that; with several it must be told which, and without any there is none.

    Bad: two ``subscriptions`` and a gateway without ``subscription`` Good: ``subscription: production``.
    """
    known = design.azure.subscriptions
    for name, gateway in design.gateways.items():
        if gateway.planned and subscription_of(design, gateway) is None:
            what = f"{len(known)} subscriptions to choose from" if known else "no subscription"
            remedy = (
                f"add 'subscription:' with one of {listed(sorted(known))}"
                if known
                else "add one to azure.subscriptions"
            )
            yield Fault(("gateways", name, "subscription"), f"gateway {name!r} has {what}", remedy)


@rule("CMG107", Severity.ERROR, "the service name is taken", source=_BEFORE)
def service_name_taken(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The service name must be free in all of Azure; letter case does not matter.

    Bad: ``taken_names: {cloud_services: [granitefalls]}`` and a certificate for ``GraniteFalls.contoso.com`` Good: a
    certificate whose first label nobody holds.
    """
    taken = {name.lower() for name in design.azure.taken_names.cloud_services}
    for name, service in _services(design):
        if service.lower() in taken:
            yield Fault(
                ("gateways", name, "certificate"),
                f"the service name {service!r} of gateway {name!r} is taken by somebody else",
                "use a server authentication certificate with another first label",
            )


@rule("CMG108", Severity.ERROR, "the storage account name is taken", source=_BEFORE)
def storage_name_taken(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway that serves content makes a storage account named like the service, and that name must be free too.

    Bad: ``content: true`` with the name in ``taken_names: {storage_accounts: [...]}`` Good: ``content: false``, or
    another name.
    """
    taken = {name.lower() for name in design.azure.taken_names.storage_accounts}
    for name, service in _services(design):
        if serves_content(design.site_version(), design.gateways[name]) and storage_account(service) in taken:
            yield Fault(
                ("gateways", name, "content"),
                f"gateway {name!r} serves content, but the storage account name {storage_account(service)!r} is taken",
                "clear 'Allow CMG to function as a cloud distribution point and serve content from Azure storage' "
                "(content: false), or use a certificate with another first label",
            )


@rule("CMG109", Severity.ERROR, "the quota of cores is exceeded", source=_LIMITS)
def cores_exceeded(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A subscription has 20 cores in a region unless Azure raised that: ten VMs of the usual size for all gateways.

    Bad: ``vms: 11`` in a subscription of 20 cores Good: ``vms: 10``, or ``cores: 32``.
    """
    reported: set[tuple[str, str]] = set()
    for standing, path in _peaks(design, plan):
        used: Counter[tuple[str, str]] = Counter()
        for gateway in standing.values():
            found = subscription_of(design, gateway)
            if found is not None:
                used[found[0], gateway.region] += gateway.vms * CORES[gateway.vm_size]
        for (subscription, region), cores in used.items():
            quota = design.azure.subscriptions[subscription].cores
            if cores > quota and (subscription, region) not in reported:
                reported.add((subscription, region))
                message = f"the gateways in {region} need {cores} cores, the subscription {subscription!r} has {quota}"
                remedy = "ask Azure for a higher quota (Azure portal > Usage + quotas), or use fewer VMs"
                yield Fault(path or ("azure", "subscriptions", subscription, "cores"), message, remedy)


@rule("CMG110", Severity.ERROR, "the quota of cloud services is exceeded", source=_LIMITS)
def cloud_services_exceeded(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A subscription holds a limited number of cloud services; each gateway that is no scale set is one.

    Bad: two gateways with ``cloud_services: 1`` Good: ``cloud_services: 20``.
    """
    reported: set[str] = set()
    for standing, path in _peaks(design, plan):
        owners = (subscription_of(design, gateway) for gateway in standing.values() if gateway.deployment != "vmss")
        for name, count in Counter(found[0] for found in owners if found).items():
            quota = design.azure.subscriptions[name].cloud_services
            if count > quota and name not in reported:
                reported.add(name)
                yield Fault(
                    path or ("azure", "subscriptions", name, "cloud_services"),
                    f"{count} gateways are cloud services of the subscription {name!r}, which may have {quota}",
                    "ask Azure for a higher quota, or delete a cloud service first",
                )


@rule("CMG111", Severity.ERROR, "the site cannot reach Azure", source=f"{_SET_UP}, step 5; Plan for CMG, Ports")
def azure_unreachable(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The wizard tests the connection to Azure: the service connection point must be online, with port 443 open.

    Bad: ``service_connection_point: {mode: offline}`` Good: ``service_connection_point: {mode: online}``.
    """
    point, path = design.hierarchy.service_connection_point, ("hierarchy", "service_connection_point")
    if not design.gateways:
        return
    if point.mode == "offline":
        remedy = f"set it to 'Online, persistent connection' in {console.ROLES}"
        yield Fault((*path, "mode"), "gateways need the service connection point in online mode; it is offline", remedy)
    if not point.azure_reachable:
        remedy = "open HTTPS (port 443) from the service connection point's server to Azure"
        yield Fault((*path, "azure_reachable"), "the service connection point cannot reach Azure", remedy)


@rule(
    "CMG112", Severity.ERROR, "the subscription takes no cloud service", source="Plan for CMG, Azure Resource Manager"
)
def csp_subscription(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Subscriptions bought through a Cloud Solution Provider have no classic services, which a cloud service is.

    Bad: ``csp: true`` with ``deployment: arm`` Good: ``csp: false``, or ``deployment: vmss`` where the version has it.
    """
    for name, gateway in design.gateways.items():
        found = subscription_of(design, gateway)
        if found and found[1].csp and gateway.deployment != "vmss":
            yield Fault(
                ("gateways", name, "subscription"),
                f"gateway {name!r} is a cloud service, which the subscription {found[0]!r} of a Cloud Solution "
                "Provider "
                "does not take",
                "use another subscription, or a virtual machine scale set (version 2010 and later)",
            )


@rule("CMG113", Severity.WARNING, "the resource group is in another region", source=f"{_SET_UP}, step 8")
def group_elsewhere(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The wizard accepts an existing resource group of another region, and then provisioning fails.

    Bad: ``region: westeurope`` with a group in ``northeurope`` Good: a group in ``westeurope``.
    """
    for name, gateway in planned(design):
        found = subscription_of(design, gateway)
        chosen = gateway.resource_group.use_existing if gateway.resource_group else None
        group = found[1].resource_groups.get(chosen) if found and chosen else None
        if group is not None and group.region.lower() != gateway.region.lower():
            yield Fault(
                ("gateways", name, "resource_group", "use_existing"),
                f"the resource group {chosen!r} is in {group.region}, gateway {name!r} in {gateway.region}: the wizard "
                "lets it through, and provisioning fails",
                f"select an existing group of {gateway.region}, or 'Create new'",
            )


@rule("CMG114", Severity.ERROR, "the resource group cannot be used so", source=f"{_SET_UP}, step 8")
def group_choice(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """*Use existing* takes a group that is there, *Create new* a name that is not.

    Assumption: A-02: a new resource group whose name is taken is an error.

    Bad: ``resource_group: {use_existing: nowhere}`` Good: ``resource_group: {create_new: nowhere}``.
    """
    for name, gateway in planned(design):
        found, choice = subscription_of(design, gateway), gateway.resource_group
        if found is None or choice is None:
            continue
        path, groups = ("gateways", name, "resource_group"), {group.lower() for group in found[1].resource_groups}
        if choice.use_existing is not None and choice.use_existing.lower() not in groups:
            message = f"the subscription {found[0]!r} has no resource group {choice.use_existing!r}"
            yield Fault((*path, "use_existing"), message, f"write create_new: {choice.use_existing}")
        if choice.create_new is not None and choice.create_new.lower() in groups:
            message = f"the subscription {found[0]!r} already has a resource group {choice.create_new!r}"
            yield Fault((*path, "create_new"), message, f"write use_existing: {choice.create_new}, or another name")


@rule("CMG115", Severity.ERROR, "the wizard is not run at the top-level site", source=f"{_SET_UP}, Set up a CMG")
def not_top_level(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Gateways are created at the top-level site: the central administration site, or the stand-alone primary.

    Bad: ``site: PS1`` below a central administration site Good: ``site: CAS``, or no ``site`` at all.
    """
    top = design.hierarchy.top_level_site()
    for name, gateway in design.gateways.items():
        if top is None:
            remedy = "give the hierarchy a central administration site, or a primary site without a parent"
            yield Fault(
                ("hierarchy", "sites"), f"there is no top-level site at which to create gateway {name!r}", remedy
            )
        elif gateway.site not in (None, top):
            yield Fault(
                ("gateways", name, "site"),
                f"gateway {name!r} is to be created at {gateway.site!r}, which is not the top-level site",
                f"connect the console to {top!r} and go to {console.GATEWAYS}: site: {top}",
            )


@rule("CMG116", Severity.ERROR, "the key vault name is taken", source="Plan for CMG, Virtual machine scale sets")
def vault_name_taken(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A scale set makes a key vault named like the service; a vault deleted lately still holds its name.

    Bad: ``taken_names: {key_vaults: [granitefalls]}`` Good: a certificate whose first label nobody holds.
    """
    taken = {name.lower() for name in design.azure.taken_names.key_vaults}
    for name, service in _services(design):
        if design.gateways[name].deployment == "vmss" and service.lower() in taken:
            yield Fault(
                ("gateways", name, "certificate"),
                f"the key vault name {service!r} of gateway {name!r} is taken",
                "use a certificate with another first label, or purge the deleted key vault",
            )


@rule("CMG117", Severity.ERROR, "a classic deployment lacks its management certificate", source=f"{_BEFORE}; step 3")
def management_certificate_missing(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A classic deployment authenticates with an Azure management certificate that the subscription knows.

    Bad: ``deployment: classic`` alone Good: ``management_certificate: azure``, and the same name in the subscription's
    ``management_certificates``.
    """
    for name, gateway in design.gateways.items():
        path, certificate = ("gateways", name, "management_certificate"), gateway.management_certificate
        found = subscription_of(design, gateway)
        if gateway.deployment != "classic":
            continue
        if certificate is None:
            remedy = "choose the .PFX file of the Azure management certificate on the wizard's General page"
            yield Fault(path, f"the classic gateway {name!r} has no Azure management certificate", remedy)
        elif found and certificate not in found[1].management_certificates:
            remedy = f"upload it in the Azure portal: management_certificates: [{certificate}]"
            yield Fault(path, f"the subscription {found[0]!r} does not have the certificate {certificate!r}", remedy)


@rule("CMG118", Severity.WARNING, "a management certificate is not used", source=_BEFORE)
def management_certificate_unused(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Only a classic deployment uses an Azure management certificate; the others sign in with Azure AD.

    Bad: ``deployment: arm`` with ``management_certificate: azure`` Good: ``deployment: arm`` without it.
    """
    for name, gateway in design.gateways.items():
        if gateway.deployment != "classic" and gateway.management_certificate is not None:
            yield Fault(
                ("gateways", name, "management_certificate"),
                f"gateway {name!r} is no classic deployment and does not use a management certificate",
                "remove management_certificate",
            )


@rule("CMG119", Severity.WARNING, "a management certificate expires", source=f"{_SET_UP}, Modify a CMG")
def management_certificate_expires(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The site cannot manage a classic gateway with an expired certificate; it can be replaced before that.

    Bad: ``expires: "2019-08-01"`` for a run that begins on 29 July 2019 Good: ``expires: "2021-01-01"``.
    """
    last = design.start + max(least_length(plan), LEAST_NOTICE)
    for name, gateway in design.gateways.items():
        certificate = gateway.management_certificate if gateway.deployment == "classic" else None
        expires = design.certificates.management[certificate].expires if certificate else None
        if expires is not None and expires < last:
            yield Fault(
                ("certificates", "management", str(certificate), "expires"),
                f"the management certificate of gateway {name!r} expires on {expires}, before {last}",
                f"replace it in {console.GATEWAYS} > Properties > General > Azure management certificate",
            )


def _services(design: Design) -> Iterator[tuple[str, str]]:
    """Yield the gateways still to be created that have a service name, and that name."""
    for name, gateway in planned(design):
        fqdn = service_fqdn(design, gateway)
        if not isinstance(fqdn, NameProblem):
            yield name, service_name(fqdn)


def _peaks(design: Design, plan: Plan | None) -> Iterator[tuple[dict[str, Gateway], tuple[str | int, ...]]]:
    """Yield the gateways that stand together at some time, and the step that brought the last one (none at first)."""
    if plan is None:
        yield dict(design.gateways), ()
        return
    yield Standing(design, frozenset(), timedelta(0)).gateways, ()
    for moment in moments(design, plan):
        yield moment.after.gateways, moment.path
