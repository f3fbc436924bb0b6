"""CMG6xx: clients: can they learn of a gateway, use it, and prove who they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cmgsim.design.azure import AadIntegration
from cmgsim.design.findings import Severity
from cmgsim.design.identity import (
    SITE_TOKEN_LIFE,
    SITE_TOKEN_RENEWAL,
    WINDOWS,
    Registration,
    can_get_token,
    depends_on_site_tokens,
    holds_site_tokens,
    registration_of,
)
from cmgsim.design.versions import Feature, has
from cmgsim.lint import console
from cmgsim.lint.cohorts import AZURE_AD, gateway_users, on_internet, users_of
from cmgsim.lint.outlook import outcome
from cmgsim.lint.rule import Fault, rule

if TYPE_CHECKING:
    from cmgsim.design.clients import Population
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan

_SET_UP = "Set up cloud management gateway"
_CLIENTS = f"{_SET_UP}, Configure clients for CMG"
_CERTIFICATES = "Certificates for cloud management gateway"
_AZURE_AD = "Install and assign clients using Azure AD"
_TOKENS = "Token-based authentication for CMG"
_PKI = "issue them client authentication certificates"


@rule("CMG601", Severity.WARNING, "clients cannot speak TLS 1.2", source=f"{_SET_UP}, step 12")
def old_tls(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway that enforces TLS 1.2 ends the connections of clients that cannot speak it.

    Bad: ``enforce_tls_1_2: true`` and clients with ``tls_1_2: false`` Good: ``enforce_tls_1_2: false``.
    """
    end = outcome(design, plan)
    for name, gateway in end.gateways.items():
        for population, clients in users_of(end, name):
            if gateway.enforce_tls_1_2 and not clients.tls_1_2:
                yield Fault(
                    ("clients", population, "tls_1_2"),
                    f"gateway {name!r} enforces TLS 1.2, which clients {population!r} cannot speak",
                    f"turn on TLS 1.2 on them, or clear Enforce TLS 1.2 in {console.gateway_settings()}",
                )


@rule("CMG602", Severity.WARNING, "clients never learn of a gateway", source=_CLIENTS)
def never_learns(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The site hands the first location of a gateway to clients on the intranet only.

    Clients that are never there must know it from the start: installed over the gateway with Azure AD, or before they
    left.

    Bad: ``knows: nothing`` and days that are all on the internet Good: ``installed_over: east``.
    """
    for name, clients in gateway_users(design):
        away = clients.pinned_to_internet or not design.day_plans[clients.day_plan].ever_on_intranet
        if design.gateways and away and clients.knows == "nothing" and clients.installed_over is None:
            yield Fault(
                ("clients", name, "knows"),
                f"clients {name!r} know no gateway and never come to the intranet, where they would learn of one",
                "install them over the gateway (CCMHOSTNAME, with Azure AD), or bring them to the intranet once",
            )


@rule("CMG603", Severity.WARNING, "clients cannot be rescued once they are stranded", source=_CLIENTS)
def cannot_be_rescued(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients that always act as on the internet do not turn to the intranet when their last gateway goes.

    Assumption: A-17: coming to the intranet does not help clients with ClientAlwaysOnInternet = 1 that are stranded.

    Bad: ``always_on_internet: true`` for clients that come to the office Good: ``always_on_internet: false``.
    """
    for name, clients in design.clients.items():
        comes_in = clients.count and design.day_plans[clients.day_plan].ever_on_intranet
        if design.gateways and clients.pinned_to_internet and comes_in:
            yield Fault(
                ("clients", name, "always_on_internet"),
                f"clients {name!r} use gateways even on the intranet, and stay stranded there when they lose "
                "their last",
                "clear ClientAlwaysOnInternet (CCMALWAYSINF) on clients that come to the intranet",
            )


@rule("CMG604", Severity.WARNING, "internet clients may not use a gateway", source=_CLIENTS)
def not_allowed(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients whose settings forbid gateways are not managed while they are on the internet.

    Bad: ``use_gateway: false`` for clients that travel Good: ``use_gateway: true``.
    """
    end = outcome(design, plan)
    for name, clients in on_internet(end):
        if end.gateways and not end.settings_of(name).use_gateway:
            path = ("client_settings", clients.settings, "use_gateway") if clients.settings else ("clients", name)
            yield Fault(
                path if clients.settings in design.client_settings else ("clients", name, "settings"),
                f"clients {name!r} are on the internet at times, but may not use a gateway",
                "set 'Enable clients to use a cloud management gateway' to Yes in "
                f"{console.CLIENT_SETTINGS} > Cloud Services",
            )


@rule("CMG605", Severity.WARNING, "clients have no identity to show", source=_CERTIFICATES, lacks=Feature.SITE_TOKENS)
def no_identity(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Until version 2002 brought site tokens, only certificates and Azure AD tell a gateway who a client is.

    Bad: ``identity: workgroup`` without ``certificate`` Good: ``certificate: corp-issuing``.
    """
    for name, clients in gateway_users(design):
        if design.gateways and clients.certificate is None and clients.identity not in AZURE_AD:
            yield Fault(
                ("clients", name, "certificate"),
                f"clients {name!r} are {clients.identity.replace('_', ' ')} and have no client authentication "
                "certificate",
                f"{_PKI}, or join them to Azure AD",
            )


@rule("CMG606", Severity.WARNING, "clients cannot get Azure AD tokens", source=_AZURE_AD, lacks=Feature.SITE_TOKENS)
def no_token(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Azure AD authentication needs the site's integration for Cloud Management, and Windows 10 on the clients.

    Bad: ``identity: aad_joined`` with ``os: Windows 7`` and no certificate Good: ``os: Windows 10 1903``.
    """
    for name, clients in gateway_users(design):
        if not design.gateways or clients.certificate is not None or clients.identity not in AZURE_AD:
            continue
        if not clients.os.startswith(WINDOWS):
            message = f"clients {name!r} run {clients.os}, which gets no Azure AD token, and have no certificate"
            yield Fault(("clients", name, "os"), message, f"{_PKI}, or update them to Windows 10")
        elif not can_get_token(clients, AadIntegration(), design.site_version()):
            message = (
                f"nobody is signed in on clients {name!r}, which then get no Azure AD token, and have no certificate"
            )
            remedy = f"{_PKI}, or use version 1806 and Windows 10 of version 1803 or later, which has device tokens"
            yield Fault(("clients", name, "signed_in"), message, remedy)
        elif not design.azure.aad.cloud_management:
            message = f"clients {name!r} have Azure AD alone, for which the site is not set up"
            remedy = f"configure the service Cloud Management in {console.AZURE_SERVICES}"
            yield Fault(("clients", name, "identity"), message, remedy)


@rule("CMG607", Severity.ERROR, "clients are not assigned to a primary site", source="Assign clients to a site")
def not_primary(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients are assigned to primary sites; central administration sites and secondary sites take none.

    Bad: ``site: CAS`` Good: ``site: PS1``.
    """
    for name, clients in design.clients.items():
        kind = design.hierarchy.sites[clients.site].kind
        if kind != "primary":
            yield Fault(
                ("clients", name, "site"),
                f"clients {name!r} are assigned to {clients.site!r}, which is a {kind.replace('_', ' ')} site",
                "assign them to a primary site",
            )


@rule("CMG608", Severity.WARNING, "clients cannot be installed over a gateway", source=_AZURE_AD)
def installed_without_azure_ad(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients are installed and assigned over a gateway with Azure AD authentication, or with a site's token.

    Bad: ``installed_over: east`` with ``identity: workgroup`` at 1906 Good: ``identity: aad_joined``.
    """
    for name, clients in design.clients.items():
        if clients.installed_over is None or has(design.site_version(), Feature.SITE_TOKENS):
            continue
        if clients.identity not in AZURE_AD or not design.azure.aad.cloud_management:
            yield Fault(
                ("clients", name, "installed_over"),
                f"clients {name!r} are to be installed over gateway {clients.installed_over!r} without Azure AD",
                "join them to Azure AD and set up Cloud Management in "
                f"{console.AZURE_SERVICES}, or install them on the intranet",
            )


@rule("CMG609", Severity.INFO, "clients never use a gateway", source=_CLIENTS)
def never_away(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients use a gateway on the internet; those that never go there need none, and load none.

    Bad: a design whose clients all have ``always: intranet`` Good: clients with ``remote: 40%``.
    """
    if design.gateways and not any(_goes_out(design, clients) for clients in design.clients.values()):
        for name in design.clients:
            yield Fault(
                ("clients", name, "day_plan"),
                f"clients {name!r} are never on the internet, and neither are any others",
                "describe when clients are on the internet: remote, evening, weekend, or always: internet",
            )


def _goes_out(design: Design, clients: Population) -> bool:
    groups = design.boundary_groups.values()
    over_groups = any(group.references.gateways for group in groups)
    return over_groups or clients.pinned_to_internet or design.day_plans[clients.day_plan].ever_on_internet


@rule(
    "CMG610", Severity.WARNING, "the site's trust list leaves clients out", source=f"{_SET_UP}, Configure primary site"
)
def not_on_trust_list(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A site that names its trusted roots takes client certificates of these alone.

    Bad: ``trusted_roots: [other-root]`` for clients of ``corp-root`` Good: ``trusted_roots: [other-root, corp-root]``.
    """
    for name, clients in gateway_users(design):
        roots = design.hierarchy.sites[clients.site].trusted_roots
        root = design.certificates.chain(clients.certificate)[-1] if clients.certificate else None
        if design.gateways and roots and root is not None and root not in roots:
            yield Fault(
                ("hierarchy", "sites", clients.site, "trusted_roots"),
                f"the certificates of clients {name!r} lead to {root!r}, which site {clients.site!r} does not trust",
                f"add it under Trusted Root Certification Authorities in {console.site_tab(design.site_version())}",
            )


@rule("CMG611", Severity.ERROR, "the version has no bulk registration", source=_TOKENS, lacks=Feature.SITE_TOKENS)
def bulk_token_too_early(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A token for bulk registration, ``/regtoken``, came with version 2002; the ccmsetup of earlier ones knows none.

    Bad: ``command_line: "/regtoken:... CCMHOSTNAME=..."`` at 1906 Good: the same at 2002, or ``/UsePKICert``.
    """
    for name, clients in design.clients.items():
        if clients.installation.registration_token:
            yield Fault(
                ("clients", name, "command_line"),
                f"clients {name!r} are installed with /regtoken, which version {design.site_version()} has not",
                "update the site to 2002 or later, or install them with certificates or Azure AD",
            )


@rule("CMG612", Severity.WARNING, "clients have no token to show", source=_TOKENS, needs=Feature.SITE_TOKENS)
def never_registered(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A client gets its site token when it registers: on the intranet, or from the internet with ``/regtoken``.

    Bad: ``command_line: "CCMHOSTNAME=..."`` for workgroup clients that are never inside Good: ``/regtoken:`` beside it.
    """
    for name, clients in gateway_users(design):
        registered = registration_of(clients, design.day_plans[clients.day_plan]) is not Registration.NOWHERE
        if design.gateways and depends_on_site_tokens(design, name) and not registered:
            yield Fault(
                ("clients", name, "command_line"),
                f"clients {name!r} are installed from the internet without /regtoken, certificate or Azure AD",
                "create a bulk registration token (BulkRegistrationTokenTool.exe on the site server) and install them "
                "with /regtoken within its life of three days, seven at most",
            )


@rule("CMG613", Severity.WARNING, "clients are away longer than their tokens live", source=_TOKENS)
def away_too_long(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A site token is renewed once a month and lapses after 90 days: two months without a word can be too long.

    Assumption: a run does not let single clients lapse that are off for long; their population's tokens are of one age.

    Bad: ``powered_off: {share: 5%, lasting: 30d..120d}`` for clients without certificates Good: ``lasting: 7d..30d``.
    """
    longest = SITE_TOKEN_LIFE - SITE_TOKEN_RENEWAL
    for name, clients in gateway_users(design):
        day = design.day_plans[clients.day_plan]
        for key, absence in (("vacation", day.vacation), ("powered_off", day.powered_off)):
            too_long = absence is not None and absence.share > 0 and absence.lasting[1] > longest
            if design.gateways and too_long and holds_site_tokens(design, name):
                yield Fault(
                    ("day_plans", clients.day_plan, key),
                    f"clients {name!r} have site tokens alone and are off for more than {longest.days} days at times",
                    "issue them certificates, or let them register anew on the intranet when they come back",
                )


@rule("CMG614", Severity.WARNING, "the design has no clients", source=_CLIENTS)
def no_clients(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Gateways serve clients: without any, a run shows nothing, and what is expected of clients holds of nobody.

    Bad: gateways, and no ``clients`` or each with ``count: 0`` Good: ``laptops: {count: 1000, site: PS1}``.
    """
    if design.gateways and not any(clients.count for clients in design.clients.values()):
        yield Fault(
            ("clients",) if design.clients else ("gateways",),
            "the design has gateways, but no clients that could use them",
            "describe the clients: how many, of which site, and in which day plan",
        )
