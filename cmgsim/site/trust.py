"""What a design says of certificates, as the records by which TLS connections are judged.

Theory of operation: each authority is a subject of its own name. Bounds of validity are days in a design and moments in
a certificate: one is good from the beginning of its first day to the end of its last. The revocation lists within reach
of clients and gateways are those that are published to the internet, where both are; site systems, and clients that ask
them on the intranet, fetch lists there.

Assumption: a gateway speaks TLS 1.0 to 1.2, and TLS 1.2 alone where that is enforced.
Assumption: a client that cannot speak TLS 1.2 speaks TLS 1.0 and 1.1.
Assumption: clients have the certificates of all authorities above a gateway's certificate but for private roots.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from enum import Enum
from typing import TYPE_CHECKING

from cmgsim.design.versions import Feature, has
from cmgsim.pki.records import ANY_TLS, Certificate, Key, RevocationList, Store, TlsRange, TlsVersion
from cmgsim.pki.verify import Judge, RevocationCheck

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmgsim.design.certificates import Certificates
    from cmgsim.design.clients import Population
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.hierarchy import Site
    from cmgsim.design.roles import ConnectionPoint

GATEWAY, CLIENT = "certificate of the gateway", "certificate of the client"
CONNECTOR = "certificate of the connection point"
"""Subjects of the certificates at the ends of chains; no authority has such a name, because it has blanks."""

_OLD, _NEW = TlsVersion.TLS_1_0, TlsVersion.TLS_1_2


class Reach(Enum):
    """From where whoever judges fetches revocation lists."""

    INTERNET = "internet"
    INTRANET = "intranet"


def server_chain(certificates: Certificates, name: str) -> tuple[Certificate, ...]:
    """Return what a server with a server certificate of the design shows: the certificate and all above it."""
    written = certificates.servers[name]
    own = Certificate(
        GATEWAY,
        written.issuer,
        (written.name, *written.other_names),
        written.purposes,
        _begins(written.valid_from),
        _ends(written.expires),
        Key("rsa", written.key_bits),
    )
    return (own, *authorities(certificates, certificates.chain(written.issuer)))


def client_certificate(certificates: Certificates, issuer: str) -> Certificate:
    """Return a client authentication certificate of an authority."""
    written = certificates.authorities[issuer].client_certificates
    begins, ends = _begins(written.valid_from), _ends(written.expires)
    return Certificate(CLIENT, issuer, (), frozenset({"client_authentication"}), begins, ends)


def authorities(certificates: Certificates, names: Iterable[str]) -> tuple[Certificate, ...]:
    """Return the certificates of authorities."""
    return tuple(_authority(certificates, name) for name in names)


def _authority(certificates: Certificates, name: str) -> Certificate:
    written = certificates.authorities[name]
    begins, ends = _begins(written.valid_from), _ends(written.expires)
    return Certificate(name, written.issuer or name, (), None, begins, ends, role="authority")


def connector_certificate(point: ConnectionPoint) -> Certificate:
    """Return the client authentication certificate of a connection point; its issuer must be known."""
    assert point.client_certificate_issuer is not None, "without its issuer a certificate is not judged"
    ends = _ends(point.client_certificate_expires)
    return Certificate(CONNECTOR, point.client_certificate_issuer, (), frozenset({"client_authentication"}), None, ends)


def revocation_lists(
    certificates: Certificates, server: str | None, on_day: date, reach: Reach = Reach.INTERNET
) -> tuple[RevocationList, ...]:
    """Return the lists of a day that can be fetched; *server* is the server certificate behind :data:`GATEWAY`."""
    found: list[tuple[str, str, date | None]] = []
    if server is not None:
        own = certificates.servers[server]
        found.append((GATEWAY, own.issuer, own.revoked_on))
    for name, authority in certificates.authorities.items():
        found.append((name, authority.issuer or name, authority.revoked_on))
        found.append((CLIENT, name, authority.client_certificates.revoked_on))
    revoked: dict[str, list[str]] = {}
    for subject, issuer, day in found:
        if day is not None and day <= on_day:
            revoked.setdefault(issuer, []).append(subject)
    return tuple(
        RevocationList(name, frozenset(revoked.get(name, ())))
        for name, authority in certificates.authorities.items()
        if (authority.crl_published if reach is Reach.INTERNET else authority.crl_on_intranet)
    )


def judging_client(
    certificates: Certificates, gateway: Gateway, client: Population, site: Site, host: str, on_day: date
) -> Judge:
    """Return a client as the judge of a gateway that it asks for by the name *host*.

    It trusts all public roots, the root above its own certificate, and those it was given; and it checks revocation
    lists if its site tells it to (source: "Set up cloud management gateway", Configure primary site, step 4).
    """
    tls = TlsRange(_OLD, _NEW if client.tls_1_2 else TlsVersion.TLS_1_1)
    return _judging_server(certificates, gateway.certificate, client, site, host, on_day, Reach.INTERNET, tls)


def judging_client_of_site_system(
    certificates: Certificates,
    server: str,
    client: Population,
    site: Site,
    host: str | None,
    on_day: date,
    reach: Reach,
) -> Judge:
    """Return a client as the judge of a server on premises that it reaches directly, from the place *reach*.

    *host* None is any name, for a server whose name the design does not say.
    """
    return _judging_server(certificates, server, client, site, host, on_day, reach, ANY_TLS)


def _judging_server(
    certificates: Certificates,
    server: str,
    client: Population,
    site: Site,
    host: str | None,
    on_day: date,
    reach: Reach,
    tls: TlsRange,
) -> Judge:
    own = certificates.chain(client.certificate)[-1:] if client.certificate else ()
    trusted = [
        name
        for name, authority in certificates.authorities.items()
        if authority.issuer in (None, name) and (authority.kind == "public" or name in (*client.trusts, *own))
    ]
    lists = revocation_lists(certificates, server, on_day, reach)
    return Judge(
        Store(authorities(certificates, trusted), (), lists),
        _moment(on_day),
        "server_authentication",
        host,
        RevocationCheck.CHAIN if checks_revocation(client, site) else RevocationCheck.NONE,
        tls,
    )


def checks_revocation(client: Population, site: Site) -> bool:
    """Say whether clients check the revocation lists of site systems: as their site says, unless installed not to.

    Assumption: clients that were installed with /NoCRLCheck go on without the check, whatever their site says.
    """
    return site.clients_check_crl and not client.installation.no_crl_check


def judging_gateway(certificates: Certificates, gateway: Gateway, on_day: date) -> Judge:
    """Return a gateway as the judge of clients: it takes what leads to a root through authorities it was given.

    Source: "Set up cloud management gateway", steps 10 and 11.
    """
    given = authorities(certificates, gateway.trusted_authorities)
    check = RevocationCheck.CHAIN if gateway.verify_client_revocation else RevocationCheck.NONE
    store = Store(
        tuple(one for one in given if one.is_root),
        tuple(one for one in given if not one.is_root),
        revocation_lists(certificates, gateway.certificate, on_day),
    )
    return Judge(store, _moment(on_day), "client_authentication", None, check)


def judging_site_system(certificates: Certificates, site: Site, on_day: date) -> Judge:
    """Return IIS on a site system as the judge of client certificates: it always checks revocation lists.

    Source: "Plan for PKI certificate revocation": IIS checks the CRL for client certificates, and Configuration Manager
    has no option to change that. It fetches them on the intranet.
    Assumption: servers on premises hold the certificates of all authorities, and trust their roots or the site's list.
    """
    roots = [
        name
        for name, authority in certificates.authorities.items()
        if authority.issuer in (None, name) and (not site.trusted_roots or name in site.trusted_roots)
    ]
    lists = revocation_lists(certificates, None, on_day, Reach.INTRANET)
    every = authorities(certificates, certificates.authorities)
    store = Store(authorities(certificates, roots), every, lists)
    return Judge(store, _moment(on_day), "client_authentication", None, RevocationCheck.CHAIN)


def judging_server_on_premises(certificates: Certificates, host: str, on_day: date) -> Judge:
    """Return a connection point as the judge of a management point's web server; *host* empty is any name."""
    roots = [name for name, authority in certificates.authorities.items() if authority.issuer in (None, name)]
    return Judge(Store(authorities(certificates, roots)), _moment(on_day), "server_authentication", host or None)


def gateway_tls(gateway: Gateway, version: int) -> TlsRange:
    """Return the versions of TLS that a gateway takes.

    The option binds the gateway's VMs alone (source: "Set up cloud management gateway", step 12).
    """
    enforced = gateway.enforce_tls_1_2 and has(version, Feature.ENFORCE_TLS_1_2)
    return TlsRange(_NEW if enforced else _OLD, _NEW)


def _begins(day: date | None) -> datetime | None:
    return None if day is None else _moment(day)


def _ends(day: date | None) -> datetime | None:
    return None if day is None else datetime.combine(day, time(23, 59, 59), UTC)


def _moment(day: date) -> datetime:
    """Return the beginning of a day."""
    return datetime.combine(day, time(), UTC)
