"""CMG2xx: certificates, their names, their chains and their revocation lists."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from cmgsim.design.azure import DNS_SUFFIX
from cmgsim.design.findings import Severity
from cmgsim.design.names import NameProblem, is_wildcard, service_fqdn, service_name, service_name_problem
from cmgsim.design.versions import PROFILES, Feature
from cmgsim.lint import console
from cmgsim.lint.cohorts import (
    LEAST_NOTICE,
    certificate_users,
    gateways_of,
    least_length,
    listed,
    missing_links,
    unpublished,
    users_of,
)
from cmgsim.lint.outlook import Standing, moments, outcome, variants
from cmgsim.lint.rule import Fault, rule

if TYPE_CHECKING:
    from cmgsim.design.certificates import ServerCertificate
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan

_SET_UP = "Set up cloud management gateway"
_CERTIFICATES = "Certificates for cloud management gateway"
_SERVER = f"{_CERTIFICATES}, CMG server authentication certificate"
_CRL = "Security and privacy for cloud management gateway, Publish the certificate revocation list"

_IIS = "Plan for PKI certificate revocation"

KEY_BITS = (2_048, 4_096)
"""Lengths of keys that a server authentication certificate may have."""
STRONG_HASHES = ("sha256", "sha384", "sha512")
"""The hashes of the SHA-2 family that certificates are signed with."""


def _used(design: Design) -> Iterator[tuple[str, ServerCertificate]]:
    """Yield each server certificate that some gateway has, once."""
    for name in dict.fromkeys(gateway.certificate for gateway in design.gateways.values()):
        yield name, design.certificates.servers[name]


@rule("CMG201", Severity.ERROR, "the .PFX file has no exportable private key", source=f"{_SERVER}; {_SET_UP}, step 6")
def private_key(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The certificate is deployed to the VMs with its private key, so the .PFX file must hold it and give it away.

    Bad: ``private_key: not_exportable`` Good: ``private_key: exportable``.
    """
    for name, certificate in _used(design):
        if certificate.private_key != "exportable":
            yield Fault(
                ("certificates", "servers", name, "private_key"),
                f"the private key of certificate {name!r} is {certificate.private_key.replace('_', ' ')}",
                "export the certificate again as .PFX with 'Yes, export the private key'",
            )


@rule("CMG202", Severity.ERROR, "the asterisk is not replaced", source=f"{_SET_UP}, step 6")
def wildcard_not_replaced(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A wildcard certificate fills an asterisk into *Service FQDN*, and the asterisk is no name of a host.

    Bad: a certificate for ``*.contoso.com`` alone Good: ``service_fqdn: cmg01.contoso.com`` beside it.
    """
    yield from _name_problems(design, "WILDCARD_NOT_REPLACED")


@rule("CMG203", Severity.ERROR, "the service FQDN is not the certificate's", source=f"{_SET_UP}, step 6")
def name_not_covered(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients reach the gateway by the name in its certificate; a service of another name is not trusted.

    Bad: ``service_fqdn: other.fabrikam.com`` with ``*.contoso.com`` Good: ``service_fqdn: cmg01.contoso.com``.
    """
    yield from _name_problems(design, "SERVICE_NAME_INVALID")


@rule("CMG204", Severity.ERROR, "the service name has a wrong form", source=_SERVER)
def service_name_form(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The first label of the name becomes a name in Azure: 3 to 24 letters and digits, without a dash.

    Bad: ``name: granite-falls.contoso.com`` Good: ``name: GraniteFalls.contoso.com``.
    """
    for name, gateway in design.gateways.items():
        fqdn = service_fqdn(design, gateway)
        problem = None if isinstance(fqdn, NameProblem) else service_name_problem(service_name(fqdn))
        if problem is not None:
            typed = gateway.service_fqdn is not None
            path = (
                ("gateways", name, "service_fqdn")
                if typed
                else ("certificates", "servers", gateway.certificate, "name")
            )
            yield Fault(path, problem.reason, problem.remedy)


@rule("CMG205", Severity.ERROR, "the certificate is not for server authentication", source=_SERVER)
def wrong_purpose(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients refuse a server whose certificate is not meant for server authentication (1.3.6.1.5.5.7.3.1).

    Bad: ``purposes: [client_authentication]`` Good: ``purposes: [server_authentication]``.
    """
    for name, certificate in _used(design):
        if "server_authentication" not in certificate.purposes:
            yield Fault(
                ("certificates", "servers", name, "purposes"),
                f"certificate {name!r} is not issued for server authentication",
                "issue it from a template with the enhanced key usage Server Authentication (1.3.6.1.5.5.7.3.1)",
            )


@rule("CMG206", Severity.ERROR, "the certificate's key has a wrong length", source=_SERVER)
def wrong_key(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The server authentication certificate takes keys of 2048 and 4096 bits.

    Bad: ``key_bits: 1024`` Good: ``key_bits: 2048``.
    """
    for name, certificate in _used(design):
        if certificate.key_bits not in KEY_BITS:
            yield Fault(
                ("certificates", "servers", name, "key_bits"),
                f"certificate {name!r} has a key of {certificate.key_bits} bits",
                "issue it with a key of 2048 or 4096 bits",
            )


@rule("CMG207", Severity.ERROR, "a gateway's certificate has expired", source=f"{_SET_UP}, Modify a CMG")
def expired(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients refuse a server whose certificate has expired.

    Bad: ``expires: "2019-01-01"`` for a run that begins on 29 July 2019 Good: ``expires: "2021-01-01"``.
    """
    for name, certificate in _used(design):
        if certificate.expires is not None and certificate.expires < design.start:
            yield Fault(
                ("certificates", "servers", name, "expires"),
                f"certificate {name!r} expired on {certificate.expires}; the run begins on {design.start}",
                f"replace it in {console.gateway_settings()} > Certificate file",
            )


@rule("CMG208", Severity.WARNING, "a certificate expires soon", source=f"{_SET_UP}, Modify a CMG")
def expires_soon(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Nothing in the console warns of a server certificate that is about to expire: clients are lost on that day.

    Asked are the certificates of gateways and their authorities, for the length of the plan and at least 30 days.

    Bad: ``expires: "2019-08-01"`` for a run that begins on 29 July 2019 Good: ``expires: "2021-01-01"``.
    """
    last = design.start + max(least_length(plan), LEAST_NOTICE)
    servers, authorities = design.certificates.servers, design.certificates.authorities
    chains = [design.certificates.chain(certificate.issuer) for _, certificate in _used(design)]
    chains += [gateway.trusted_authorities for gateway in design.gateways.values()]
    days = {("servers", name): servers[name].expires for name, _ in _used(design)}
    days |= {("authorities", name): authorities[name].expires for chain in chains for name in chain}
    for (table, name), day in days.items():
        if day is not None and day < last and not (table == "servers" and day < design.start):
            remedy = f"renew it, and replace it in {console.gateway_settings()} before that day"
            yield Fault(("certificates", table, name, "expires"), f"{name!r} expires on {day}, before {last}", remedy)


@rule("CMG209", Severity.WARNING, "two gateways share a certificate", source=f"{_SET_UP}, Redeploy the service")
def shared_certificate(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A certificate names one service: each gateway and cloud distribution point has its own, but for a wildcard.

    A gateway that replaces one of the same name is no such case, because the two never stand together.

    Bad: ``certificate: gw`` in two gateways Good: ``certificate: gw-east`` and ``certificate: gw-west``.
    """
    together = [Standing(design).gateways, *(moment.after.gateways for moment in moments(design, plan))]
    pairs = dict.fromkeys(pair for gateways in together for pair in combinations(gateways, 2))
    if plan is None:
        pairs |= dict.fromkeys(combinations([name for name, gateway in design.gateways.items() if gateway.planned], 2))
    for one, other in pairs:
        certificate = design.gateways[other].certificate
        wildcard = is_wildcard(design.certificates.servers[certificate].name)
        if design.gateways[one].certificate == certificate and not wildcard:
            yield Fault(
                ("gateways", other, "certificate"),
                f"gateways {one!r} and {other!r} share the certificate {certificate!r}, which is no wildcard",
                "give each gateway a server authentication certificate of its own name",
            )


@rule("CMG210", Severity.WARNING, "a chain of client certificates is incomplete", source=f"{_SET_UP}, step 10")
def chain_incomplete(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway accepts client certificates only when it was given every certificate of their chain.

    Bad: ``trusted_authorities: [root]`` for clients of ``issuing`` Good: ``trusted_authorities: [root, issuing]``.
    """
    end = outcome(design, plan)
    for population, clients, authority in certificate_users(end):
        for name, gateway in gateways_of(end, clients.site):
            missing = missing_links(end, gateway, authority)
            if missing:
                yield Fault(
                    ("gateways", name, "trusted_authorities"),
                    f"gateway {name!r} was not given {listed(missing)}, so it refuses the certificates of "
                    f"{population!r}",
                    f"add {listed(missing)} in {console.gateway_settings()} > Certificates",
                )


@rule(
    "CMG211",
    Severity.ERROR,
    "a gateway has too many trusted certificates",
    source=f"{_SET_UP}, step 10",
    lacks=Feature.UNLIMITED_ROOTS,
)
def too_many_authorities(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """In version 1902 and earlier a gateway takes two root and four intermediate certificates at most.

    Bad: ``trusted_authorities: [root1, root2, root3]`` Good: ``trusted_authorities: [root1, root2]``.
    """
    profile, authorities = PROFILES[design.site_version()], design.certificates.authorities
    for path, gateway in variants(design, plan):
        roots = sum(authorities[name].issuer is None for name in gateway.trusted_authorities)
        counts = (
            ("root", roots, profile.trusted_roots),
            ("intermediate", len(gateway.trusted_authorities) - roots, profile.trusted_intermediates),
        )
        for kind, count, most in counts:
            if most is not None and count > most:
                yield Fault(
                    (*path, "trusted_authorities"),
                    f"{count} {kind} certificates are given; version {design.site_version()} takes {most}",
                    f"remove {count - most} of them, or update the site to 1906",
                )


@rule(
    "CMG212",
    Severity.ERROR,
    "a gateway has no trusted root",
    source=f"{_SET_UP}, step 10",
    lacks=Feature.NO_ROOT_REQUIRED,
)
def root_required(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Before version 1806 the wizard demands a trusted root certificate, even where clients use Azure AD.

    Bad: no ``trusted_authorities`` Good: ``trusted_authorities: [root]``.
    """
    for name, gateway in design.gateways.items():
        roots = [name for name in gateway.trusted_authorities if design.certificates.authorities[name].issuer is None]
        if not roots:
            yield Fault(
                ("gateways", name, "trusted_authorities"),
                f"version {design.site_version()} creates no gateway without a trusted root certificate",
                "add a root on the wizard's Settings page > Certificates",
            )


@rule("CMG213", Severity.WARNING, "client certificates cannot be verified", source=f"{_SET_UP}, step 11; {_CRL}")
def client_crl_unpublished(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway that verifies revocation refuses client certificates whose revocation list it cannot fetch.

    Bad: ``crl_published: false`` with ``verify_client_revocation: true`` Good: ``verify_client_revocation: false``, or
    a published list.
    """
    end = outcome(design, plan)
    for population, clients, authority in certificate_users(end):
        for name, gateway in gateways_of(end, clients.site):
            hidden = unpublished(end, authority)
            if gateway.verify_client_revocation and hidden:
                yield Fault(
                    ("gateways", name, "verify_client_revocation"),
                    f"gateway {name!r} verifies revocation, but the list of {listed(hidden)} is not published: "
                    "it refuses "
                    f"the certificates of {population!r}",
                    "publish the list on the internet, or clear Verify Client Certificate Revocation in "
                    f"{console.gateway_settings()}",
                )


@rule(
    "CMG214",
    Severity.WARNING,
    "clients cannot check the gateway's revocation list",
    source=f"{_SET_UP}, Configure primary site, step 4",
)
def server_crl_unpublished(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients told to check revocation lists do not trust a server whose list they cannot fetch from the internet.

    Bad: ``clients_check_crl: true`` with ``crl_published: false`` Good: ``clients_check_crl: false``.
    """
    end = outcome(design, plan)
    for site, options in end.hierarchy.sites.items():
        for name, gateway in gateways_of(end, site):
            hidden = unpublished(end, end.certificates.servers[gateway.certificate].issuer)
            users = [
                population
                for population, clients in users_of(end, name)
                if clients.site == site and not clients.installation.no_crl_check
            ]
            if options.clients_check_crl and hidden and users:
                yield Fault(
                    ("hierarchy", "sites", site, "clients_check_crl"),
                    f"clients of {site!r} check revocation, but the list of {listed(hidden)}, which stands "
                    "behind gateway "
                    f"{name!r}, is not published: {listed(users)} cannot trust it",
                    f"clear 'Clients check the certificate revocation list (CRL) for site systems' in "
                    f"{console.site_tab(end.site_version())}",
                )


@rule("CMG215", Severity.WARNING, "clients do not trust the gateway", source=_SERVER)
def server_not_trusted(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients must trust the root above the gateway's certificate: they do for public ones, and for those they have.

    Bad: ``issuer: corp-root`` and clients without it Good: ``trusts: [corp-root]``.
    """
    end = outcome(design, plan)
    authorities = end.certificates.authorities
    for name, gateway in end.gateways.items():
        chain = end.certificates.chain(end.certificates.servers[gateway.certificate].issuer)
        if authorities[chain[-1]].kind == "public":
            continue
        for population, clients in users_of(end, name):
            own = end.certificates.chain(clients.certificate) if clients.certificate else ()
            if not {*own, *clients.trusts} & set(chain):
                yield Fault(
                    ("clients", population, "trusts"),
                    f"clients {population!r} do not trust {chain[-1]!r}, the private root behind gateway {name!r}",
                    f"install the root on them: trusts: [{chain[-1]}], or use a public provider's certificate",
                )


@rule("CMG216", Severity.ERROR, "no public provider issues this name", source=_SERVER)
def microsoft_domain(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A public provider issues certificates for your own domain only, never for Microsoft's.

    Bad: ``name: granitefalls.cloudapp.net`` from a public authority Good: ``name: granitefalls.contoso.com``, with a
    CNAME to ``granitefalls.cloudapp.net``.
    """
    domains = (*DNS_SUFFIX.values(), "cloudapp.azure.com")
    for name, certificate in _used(design):
        public = design.certificates.authorities[certificate.issuer].kind == "public"
        if public and certificate.name.lower().endswith(tuple(f".{domain}" for domain in domains)):
            yield Fault(
                ("certificates", "servers", name, "name"),
                f"the public authority {certificate.issuer!r} cannot issue a certificate for {certificate.name!r}",
                "use a name of your own domain and a DNS CNAME to Azure's name, or your own PKI",
            )


@rule("CMG217", Severity.ERROR, "a gateway's certificate is not valid yet", source=_SERVER)
def not_valid_yet(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients refuse a server whose certificate begins later than today.

    Bad: ``valid_from: "2019-09-01"`` for a run that begins on 29 July 2019 Good: ``valid_from: "2019-07-01"``.
    """
    for name, certificate in _used(design):
        if certificate.valid_from is not None and certificate.valid_from > design.start:
            yield Fault(
                ("certificates", "servers", name, "valid_from"),
                f"certificate {name!r} is valid from {certificate.valid_from} on; the run begins on {design.start}",
                "use a certificate that is valid already, or let the run begin later",
            )


@rule("CMG218", Severity.ERROR, "the certificate is signed with a weak hash", source=_SERVER)
def weak_hash(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Certificates of a gateway are signed with a hash of the SHA-2 family; clients refuse older ones.

    Bad: ``signature_hash: sha1`` Good: ``signature_hash: sha256``.
    """
    for name, certificate in _used(design):
        if certificate.signature_hash not in STRONG_HASHES:
            yield Fault(
                ("certificates", "servers", name, "signature_hash"),
                f"certificate {name!r} is signed with {certificate.signature_hash}",
                "issue it with SHA-256",
            )


@rule(
    "CMG219", Severity.WARNING, "a certificate is revoked", source=f"{_CRL}; {_SET_UP}, Configure primary site, step 4"
)
def revoked(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Who checks the revocation list refuses a certificate that is on it, and all that it has issued.

    Asked are the certificates of gateways and their authorities, and those that gateways trust, for the length of the
    plan.

    Bad: ``revoked_on: "2019-07-30"`` for a run that begins on 29 July 2019 Good: a new certificate.
    """
    last = design.start + least_length(plan)
    servers, authorities = design.certificates.servers, design.certificates.authorities
    chains = [design.certificates.chain(certificate.issuer) for _, certificate in _used(design)]
    chains += [gateway.trusted_authorities for gateway in design.gateways.values()]
    days = {("servers", name): servers[name].revoked_on for name, _ in _used(design)}
    days |= {("authorities", name): authorities[name].revoked_on for chain in chains for name in chain}
    for (table, name), day in days.items():
        if day is not None and day <= last:
            yield Fault(
                ("certificates", table, name, "revoked_on"),
                f"{name!r} is revoked on {day}",
                f"issue a new one, and replace it in {console.gateway_settings()} before that day",
            )


@rule(
    "CMG220",
    Severity.INFO,
    "a gateway of this name cannot become a scale set",
    source="Modify a CMG, Convert a CMG to a virtual machine scale set",
    needs=Feature.SCALE_SET,
)
def name_binds_to_cloud_service(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A scale set has a name of another domain, so that a gateway named in Azure's domain for cloud services stays one.

    Bad: ``name: granitefalls.cloudapp.net`` from your own PKI Good: ``name: granitefalls.contoso.com``, with a CNAME.
    """
    for name, gateway in design.gateways.items():
        fqdn = service_fqdn(design, gateway)
        in_azure = isinstance(fqdn, str) and fqdn.lower().endswith(
            tuple(f".{suffix}" for suffix in DNS_SUFFIX.values())
        )
        if in_azure and gateway.deployment != "vmss":
            yield Fault(
                ("certificates", "servers", gateway.certificate, "name"),
                f"gateway {name!r} is named {fqdn!r}, in the domain of cloud services: it cannot be converted",
                "use a name of your own domain and a DNS CNAME to Azure's name",
            )


@rule(
    "CMG221",
    Severity.WARNING,
    "client certificates end during the plan",
    source=f"{_CERTIFICATES}, Client authentication",
)
def client_certificates_end(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients whose certificate has expired or is revoked have nothing to show to a gateway but a token.

    Asked are the certificates of clients that use gateways, expired for the length of the plan and at least 30 days,
    revoked for the length of the plan.

    Bad: ``client_certificates: {expires: "2019-08-01"}`` for a run that begins on 29 July 2019 Good: certificates that
    are renewed, ``client_certificates: {}``.
    """
    end = outcome(design, plan)
    soon, last = (design.start + max(least_length(plan), notice) for notice in (LEAST_NOTICE, timedelta(0)))
    users: dict[str, list[str]] = {}
    for population, _, authority in certificate_users(end):
        users.setdefault(authority, []).append(population)
    for authority, populations in users.items():
        issued = end.certificates.authorities[authority].client_certificates
        ends = (("expires", issued.expires, soon), ("revoked_on", issued.revoked_on, last))
        for key, day, limit in ends:
            if day is not None and day <= limit:
                yield Fault(
                    ("certificates", "authorities", authority, "client_certificates", key),
                    f"the certificates that {authority!r} issued to {listed(populations)} end on {day}",
                    "enrol the clients anew before that day, on the intranet or by a policy that reaches them",
                )


@rule("CMG222", Severity.WARNING, "site systems cannot fetch a revocation list", source=_IIS)
def list_not_on_intranet(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """IIS on a management point with HTTPS always checks revocation lists, and refuses whom it cannot check.

    That is so for clients that ask it directly, and for connection points.

    Bad: ``crl_on_intranet: false`` with ``mode: https`` Good: a list at an address that servers on premises reach.
    """
    end = outcome(design, plan)
    secure = {role.site: name for name, role in end.roles.management_points.items() if role.mode == "https"}
    shown = [(clients.site, clients.certificate) for clients in end.clients.values() if clients.count]
    shown += [(point.site, point.client_certificate_issuer) for point in end.roles.connection_points.values()]
    needed = {
        name: site for site, issuer in shown if site in secure and issuer for name in end.certificates.chain(issuer)
    }
    for name, site in needed.items():
        if not end.certificates.authorities[name].crl_on_intranet:
            yield Fault(
                ("certificates", "authorities", name, "crl_on_intranet"),
                f"the list of {name!r} cannot be fetched on the intranet: management point {secure[site]!r} refuses "
                "the certificates below it",
                "publish the list where servers on premises reach it, in Active Directory or over HTTP",
            )


def _name_problems(design: Design, code: str) -> Iterator[Fault]:
    for name, gateway in design.gateways.items():
        fqdn = service_fqdn(design, gateway)
        if isinstance(fqdn, NameProblem) and fqdn.code == code:
            yield Fault(("gateways", name, "service_fqdn"), f"gateway {name!r}: {fqdn.reason}", fqdn.remedy)
