"""What a design says of certificates, as the records by which TLS connections are judged.

Theory of operation: each authority is a subject of its own name. Bounds of validity are days in a design and moments in
a certificate: one is good from the beginning of its first day to the end of its last. The revocation lists within reach
are those that are published to the internet, because both who judge, clients and gateways, are there.

Assumption: a gateway speaks TLS 1.0 to 1.2, and TLS 1.2 alone where that is enforced.
Assumption: a client that cannot speak TLS 1.2 speaks TLS 1.0 and 1.1.
Assumption: clients have the certificates of all authorities above a gateway's certificate but for private roots.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from cmgsim.design.versions import Feature, has
from cmgsim.pki.records import Certificate, Key, RevocationList, Store, TlsRange, TlsVersion
from cmgsim.pki.verify import Judge, RevocationCheck

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cmgsim.design.certificates import Certificates
    from cmgsim.design.clients import Population
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.hierarchy import Site

GATEWAY, CLIENT = "certificate of the gateway", "certificate of the client"
"""Subjects of the certificates at the ends of chains; no authority has such a name, because it has blanks."""

_OLD, _NEW = TlsVersion.TLS_1_0, TlsVersion.TLS_1_2


def server_chain(certificates: Certificates, name: str) -> tuple[Certificate, ...]:
    """Return what a gateway with a server certificate of the design shows: the certificate and all above it."""
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


def revocation_lists(certificates: Certificates, server: str, on_day: date) -> tuple[RevocationList, ...]:
    """Return the published lists of a day; *server* is the server certificate that stands behind :data:`GATEWAY`."""
    own = certificates.servers[server]
    dated = [(GATEWAY, own.issuer, own.revoked_on)]
    for name, authority in certificates.authorities.items():
        dated.append((name, authority.issuer or name, authority.revoked_on))
        dated.append((CLIENT, name, authority.client_certificates.revoked_on))
    revoked: dict[str, list[str]] = {}
    for subject, issuer, day in dated:
        if day is not None and day <= on_day:
            revoked.setdefault(issuer, []).append(subject)
    return tuple(
        RevocationList(name, frozenset(revoked.get(name, ())))
        for name, authority in certificates.authorities.items()
        if authority.crl_published
    )


def judging_client(
    certificates: Certificates, gateway: Gateway, client: Population, site: Site, host: str, on_day: date
) -> Judge:
    """Return a client as the judge of a gateway that it asks for by the name *host*.

    It trusts all public roots, the root above its own certificate, and those it was given; and it checks revocation
    lists if its site tells it to (source: "Set up cloud management gateway", Configure primary site, step 4).
    """
    own = certificates.chain(client.certificate)[-1:] if client.certificate else ()
    trusted = [
        name
        for name, authority in certificates.authorities.items()
        if authority.issuer in (None, name) and (authority.kind == "public" or name in (*client.trusts, *own))
    ]
    lists = revocation_lists(certificates, gateway.certificate, on_day)
    return Judge(
        Store(authorities(certificates, trusted), (), lists),
        _moment(on_day),
        "server_authentication",
        host,
        RevocationCheck.CHAIN if site.clients_check_crl else RevocationCheck.NONE,
        TlsRange(_OLD, _NEW if client.tls_1_2 else TlsVersion.TLS_1_1),
    )


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
