"""The create wizard: everything the console refuses before anything is set up.

Theory of operation: :data:`CHECKS` is the wizard from its first page to its last, one row for each thing that can be
wrong, in the order an administrator meets them. A check looks at what was entered and says why it is wrong and what to
do; it changes nothing. What the wizard lets through can still fail later, in Azure.

The page is Microsoft's "Set up cloud management gateway", whose step numbers the sources name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cmgsim.arm.clouds import REGIONS, region_key
from cmgsim.design.names import NameProblem, fqdn_of, service_name, service_name_problem, vault_name_problem
from cmgsim.design.versions import PROFILES, Feature, has
from cmgsim.errors import Refused

if TYPE_CHECKING:
    from cmgsim.design.azure import Subscription
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design

CONSOLE_PATH = "Administration > Cloud Services > Cloud Management Gateway"
_SET_UP = "Set up cloud management gateway"
_PLAN = "Plan for cloud management gateway"
_CERTIFICATES = "Certificates for cloud management gateway"

#: Which environments the General page offers for a deployment model.
#: Assumption: A-01: both environments are offered for both kinds of cloud service.
#: Assumption: scale sets are offered in the US Government cloud from version 2203 on.
ENVIRONMENTS: dict[str, dict[str, int]] = {
    "classic": {"AzurePublicCloud": 0, "AzureUSGovernmentCloud": 0},
    "arm": {"AzurePublicCloud": 0, "AzureUSGovernmentCloud": 0},
    "vmss": {"AzurePublicCloud": 0, "AzureUSGovernmentCloud": 2203},
}
#: The design's environments by the names that the cloud itself uses.
CLOUD: dict[str, str] = {"AzurePublicCloud": "public", "AzureUSGovernmentCloud": "usgov"}


@dataclass(frozen=True)
class Entry:
    """What was entered on the wizard's pages, and what the console knows at that moment.

    ``feature`` says whether the optional feature is on; ``groups`` are the resource groups of the subscription, region
    by name in lower case, as the drop-down list shows them.
    """

    design: Design
    name: str
    settings: Gateway
    feature: bool = True
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def version(self) -> int:
        """Return the site's version."""
        return self.design.site_version()

    def subscription(self) -> Subscription | None:
        """Return the subscription to use: the one chosen, or the only one."""
        known = self.design.azure.subscriptions
        chosen = chosen_subscription(self.design, self.settings)
        return known[chosen] if chosen is not None else None


@dataclass(frozen=True)
class Refusal:
    """Why the console goes no further: a word to test for, the reason, what to do, and where Microsoft says so."""

    code: str
    message: str
    remedy: str
    source: str

    def error(self) -> Refused:
        """Return the error to raise."""
        return Refused(self.code, f"{self.message}; {self.remedy} (source: {self.source})")


@dataclass(frozen=True)
class Check:
    """One row: ``problem`` returns the reason and the remedy, None when nothing is wrong."""

    code: str
    problem: Callable[[Entry], tuple[str, str] | None]
    source: str


def refusals(entry: Entry) -> list[Refusal]:
    """Return everything the create wizard refuses, in the order of its pages; empty when it can be finished."""
    found: list[Refusal] = []
    for check in CHECKS:
        problem = check.problem(entry)
        if problem is not None:
            reason, remedy = problem
            message = f"gateway {entry.name} ({CONSOLE_PATH}): {reason}"
            found.append(Refusal(check.code, message, remedy, check.source))
    return found


def chosen_subscription(design: Design, gateway: Gateway) -> str | None:
    """Return the name of a gateway's subscription: the one it names, or the only one; None if that decides nothing."""
    known = design.azure.subscriptions
    if gateway.subscription is not None:
        return gateway.subscription
    return next(iter(known)) if len(known) == 1 else None


def effective_content(version: int, gateway: Gateway) -> bool:
    """Say whether a gateway serves content: as chosen, or by default where the version has it.

    Source: "Set up cloud management gateway", step 13.
    """
    offered = has(version, Feature.GATEWAY_CONTENT)
    return offered if gateway.content is None else offered and gateway.content


def new_group(name: str, gateway: Gateway) -> str | None:
    """Return the resource group that the wizard creates, None if it uses an existing one or none at all."""
    if gateway.deployment == "classic":
        return None
    choice = gateway.resource_group
    return name if choice is None else choice.create_new


def trust_problems(entry: Entry, authorities: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Return what the version refuses about a list of client trusted certificates, by code.

    Source: "Set up cloud management gateway", step 10.
    """
    profile = PROFILES[entry.version]
    known = entry.design.certificates.authorities
    roots = [name for name in authorities if known[name].issuer is None]
    others = [name for name in authorities if known[name].issuer is not None]
    found = {
        "TOO_MANY_ROOTS": _too_many("trusted root certificates", roots, profile.trusted_roots, entry.version),
        "TOO_MANY_INTERMEDIATES": _too_many(
            "intermediate certificates", others, profile.trusted_intermediates, entry.version
        ),
    }
    return {code: problem for code, problem in found.items() if problem is not None}


def _too_many(kind: str, names: list[str], most: int | None, version: int) -> tuple[str, str] | None:
    if most is None or len(names) <= most:
        return None
    reason = f"version {version} takes at most {most} {kind}, not {len(names)}: {', '.join(names)}"
    return reason, "remove some, or update the site to version 1906, which has no such limit"


def _feature_off(entry: Entry) -> tuple[str, str] | None:
    if entry.feature:
        return None
    return (
        "the optional feature cloud management gateway is off",
        "turn it on in Administration > Updates and Servicing > Features",
    )


def _not_top_level(entry: Entry) -> tuple[str, str] | None:
    top, here = entry.design.hierarchy.top_level_site(), entry.settings.site
    if here is None or here == top:
        return None
    return f"the wizard is run at site {here}", f"run it at the top-level site, {top}"


def _offline(entry: Entry) -> tuple[str, str] | None:
    if entry.design.hierarchy.service_connection_point.mode == "online":
        return None
    return "the service connection point is offline", "set it to the online mode"


def _azure_unreachable(entry: Entry) -> tuple[str, str] | None:
    if entry.design.hierarchy.service_connection_point.azure_reachable:
        return None
    return (
        "the test of the connection to Azure fails",
        "open HTTPS (port 443) from the service connection point to Azure",
    )


def _classic_gone(entry: Entry) -> tuple[str, str] | None:
    if entry.settings.deployment != "classic" or has(entry.version, Feature.CLASSIC_CREATION):
        return None
    return f"version {entry.version} creates no classic deployment", "set deployment: arm"


def _method_unknown(entry: Entry) -> tuple[str, str] | None:
    needed = {"arm": Feature.RESOURCE_MANAGER, "vmss": Feature.SCALE_SET}.get(entry.settings.deployment)
    if needed is None or has(entry.version, needed):
        return None
    return (
        f"version {entry.version} does not have the deployment method {entry.settings.deployment!r}",
        "choose one it has, or update the site first",
    )


def _environment(entry: Entry) -> tuple[str, str] | None:
    environment, method = entry.design.azure.environment, entry.settings.deployment
    since = ENVIRONMENTS[method].get(environment)
    if since is not None and entry.version >= since:
        return None
    return f"the environment {environment} is not offered for {method!r}", "choose another environment or method"


def _no_integration(entry: Entry) -> tuple[str, str] | None:
    if entry.settings.deployment == "classic" or entry.design.azure.aad.cloud_management:
        return None
    return (
        "the site is not integrated with Azure AD for Cloud Management",
        "configure it in Administration > Cloud Services > Azure Services; user discovery is not needed",
    )


def _subscription(entry: Entry) -> tuple[str, str] | None:
    if entry.settings.deployment == "classic" or entry.subscription() is not None:
        return None
    names = ", ".join(entry.design.azure.subscriptions) or "none"
    return f"no subscription is chosen; there is {names}", "select the Subscription ID: subscription: NAME"


def _subscription_id(entry: Entry) -> tuple[str, str] | None:
    subscription = entry.subscription()
    if entry.settings.deployment != "classic" or (subscription is not None and subscription.id):
        return None
    return "a classic deployment needs the Azure Subscription ID", "enter it on the General page"


def _not_admin(entry: Entry) -> tuple[str, str] | None:
    subscription = entry.subscription()
    if entry.settings.deployment == "classic" or subscription is None:
        return None
    if subscription.signed_in_as == "subscription_admin":
        return None
    return f"who signed in is {subscription.signed_in_as}", "sign in as a subscription administrator"


def _provider_program(entry: Entry) -> tuple[str, str] | None:
    subscription = entry.subscription()
    if entry.settings.deployment == "vmss" or subscription is None or not subscription.csp:
        return None
    return (
        "a subscription of a Cloud Solution Provider takes no cloud service (classic)",
        "use another subscription, or a scale set (version 2010 and later)",
    )


def _management_certificate(entry: Entry) -> tuple[str, str] | None:
    if entry.settings.deployment != "classic" or entry.settings.management_certificate is not None:
        return None
    return (
        "a classic deployment needs an Azure management certificate",
        "browse to its .PFX file on the General page: management_certificate: NAME",
    )


def _no_private_key(entry: Entry) -> tuple[str, str] | None:
    name = entry.settings.certificate
    if entry.design.certificates.servers[name].private_key != "absent":
        return None
    return f"the certificate {name} has no private key", "export it as a .PFX file with its private key"


def _name_problem(entry: Entry) -> NameProblem | None:
    certificate = entry.design.certificates.servers[entry.settings.certificate]
    fqdn = fqdn_of(certificate, entry.settings.service_fqdn)
    if isinstance(fqdn, NameProblem):
        return fqdn
    check = vault_name_problem if entry.settings.deployment == "vmss" else service_name_problem
    return check(service_name(fqdn))


def _wildcard(entry: Entry) -> tuple[str, str] | None:
    return _if_named("WILDCARD_NOT_REPLACED", entry)


def _service_name(entry: Entry) -> tuple[str, str] | None:
    return _if_named("SERVICE_NAME_INVALID", entry)


def _if_named(code: str, entry: Entry) -> tuple[str, str] | None:
    problem = _name_problem(entry)
    return (problem.reason, problem.remedy) if problem is not None and problem.code == code else None


def _region(entry: Entry) -> tuple[str, str] | None:
    cloud, wanted = CLOUD[entry.design.azure.environment], region_key(entry.settings.region)
    if any(region.name == wanted and region.environment == cloud for region in REGIONS):
        return None
    return (
        f"the region {entry.settings.region!r} is not in the list of {entry.design.azure.environment}",
        "select one of its regions, such as " + next(region.name for region in REGIONS if region.environment == cloud),
    )


def _group_exists(entry: Entry) -> tuple[str, str] | None:
    group = new_group(entry.name, entry.settings)
    if group is None or group.lower() not in entry.groups:
        return None
    return f"the resource group {group!r} exists already", "choose 'use_existing', or another name"


def _group_missing(entry: Entry) -> tuple[str, str] | None:
    choice = entry.settings.resource_group
    wanted = choice.use_existing if choice is not None else None
    if wanted is None or entry.settings.deployment == "classic" or wanted.lower() in entry.groups:
        return None
    names = ", ".join(entry.groups) or "none"
    return f"the resource group {wanted!r} is not in the list; there is {names}", "choose one, or 'create_new'"


def _vm_size(entry: Entry) -> tuple[str, str] | None:
    size = entry.settings.vm_size
    offered = PROFILES[entry.version].clients_per_vm if entry.settings.deployment == "vmss" else ("A2_v2",)
    if size in offered:
        return None
    return f"VMs of size {size} are not offered here", f"choose {' or '.join(offered)}"


def _root_required(entry: Entry) -> tuple[str, str] | None:
    if has(entry.version, Feature.NO_ROOT_REQUIRED):
        return None
    known = entry.design.certificates.authorities
    if any(known[name].issuer is None for name in entry.settings.trusted_authorities):
        return None
    return (
        f"version {entry.version} asks for a trusted root certificate",
        "add the root of the clients' certificates under Certificates",
    )


def _roots(entry: Entry) -> tuple[str, str] | None:
    return trust_problems(entry, entry.settings.trusted_authorities).get("TOO_MANY_ROOTS")


def _intermediates(entry: Entry) -> tuple[str, str] | None:
    return trust_problems(entry, entry.settings.trusted_authorities).get("TOO_MANY_INTERMEDIATES")


def _tls(entry: Entry) -> tuple[str, str] | None:
    return _too_early(entry, Feature.ENFORCE_TLS_1_2) if entry.settings.enforce_tls_1_2 else None


def _content(entry: Entry) -> tuple[str, str] | None:
    return _too_early(entry, Feature.GATEWAY_CONTENT) if entry.settings.content else None


def _stop_option(entry: Entry) -> tuple[str, str] | None:
    alerts = entry.settings.alerts
    return _too_early(entry, Feature.STOP_ON_CRITICAL) if alerts and alerts.stop_on_critical else None


def _too_early(entry: Entry, feature: Feature) -> tuple[str, str] | None:
    if has(entry.version, feature):
        return None
    return f"version {entry.version} cannot {feature.value}", "leave the option out, or update the site first"


CHECKS: tuple[Check, ...] = (
    Check("FEATURE_OFF", _feature_off, _SET_UP),
    Check("NOT_TOP_LEVEL_SITE", _not_top_level, f"{_SET_UP}, Set up a CMG"),
    Check("SCP_OFFLINE", _offline, _PLAN),
    Check("CLASSIC_NOT_AVAILABLE", _classic_gone, f"{_SET_UP}, Before you begin"),
    Check("METHOD_NOT_AVAILABLE", _method_unknown, _PLAN),
    Check("AAD_INTEGRATION_MISSING", _no_integration, f"{_SET_UP}, Before you begin"),
    Check("SUBSCRIPTION_NOT_CHOSEN", _subscription, f"{_SET_UP}, step 3"),
    Check("SUBSCRIPTION_ID_MISSING", _subscription_id, f"{_SET_UP}, step 3"),
    Check("NOT_SUBSCRIPTION_ADMIN", _not_admin, f"{_SET_UP}, step 3"),
    Check("CSP_SUBSCRIPTION", _provider_program, _PLAN),
    Check("MANAGEMENT_CERTIFICATE_MISSING", _management_certificate, f"{_SET_UP}, step 3"),
    Check("ENVIRONMENT_NOT_AVAILABLE", _environment, f"{_SET_UP}, step 4"),
    Check("AZURE_UNREACHABLE", _azure_unreachable, f"{_SET_UP}, step 5"),
    Check("NO_PRIVATE_KEY", _no_private_key, f"{_SET_UP}, step 6"),
    Check("WILDCARD_NOT_REPLACED", _wildcard, f"{_SET_UP}, step 6"),
    Check("SERVICE_NAME_INVALID", _service_name, _CERTIFICATES),
    Check("REGION_NOT_OFFERED", _region, f"{_SET_UP}, step 7"),
    Check("RESOURCE_GROUP_EXISTS", _group_exists, f"{_SET_UP}, step 8"),
    Check("RESOURCE_GROUP_NOT_FOUND", _group_missing, f"{_SET_UP}, step 8"),
    Check("VM_SIZE_NOT_AVAILABLE", _vm_size, _PLAN),
    Check("ROOT_REQUIRED", _root_required, f"{_SET_UP}, step 10"),
    Check("TOO_MANY_ROOTS", _roots, f"{_SET_UP}, step 10"),
    Check("TOO_MANY_INTERMEDIATES", _intermediates, f"{_SET_UP}, step 10"),
    Check("TLS_NOT_AVAILABLE", _tls, f"{_SET_UP}, step 12"),
    Check("CONTENT_NOT_AVAILABLE", _content, f"{_SET_UP}, step 13"),
    Check("STOP_NOT_AVAILABLE", _stop_option, "Monitor cloud management gateway"),
)
