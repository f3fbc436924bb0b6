"""Does one end of a TLS connection take the certificate of the other?

Theory of operation: :func:`verify` is a pure function of what was shown and of what whoever judges knows, and it lists
every flaw, not only the first. Clients of a gateway and the gateway itself decide by it, and a test holds it against
handshakes of OpenSSL. Its rules are those of RFC 5280, 6.1 (path), RFC 6125, 6.4 (names) and RFC 8446, 4.1.3 (version).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from cmgsim.pki.names import covers
from cmgsim.pki.records import ANY_TLS, Certificate, Purpose, Store, TlsRange, TlsVersion, by_subject


class Flaw(Enum):
    """What can be wrong, in the order in which it is named."""

    TLS_VERSION = "the two ends have no version of TLS in common"
    NO_CERTIFICATE = "no certificate was shown"
    MISSING_AUTHORITY = "the certificate of an authority in the chain is missing"
    UNTRUSTED_ROOT = "the chain ends in a root that is not trusted"
    NAME_MISMATCH = "the certificate is for another name"
    EXPIRED = "a certificate of the chain has expired"
    NOT_YET_VALID = "a certificate of the chain is not valid yet"
    WRONG_PURPOSE = "a certificate of the chain is not for this purpose"
    NOT_AN_AUTHORITY = "a certificate of the chain may not sign others"
    PATH_TOO_LONG = "an authority has more authorities below it than it may"
    KEY_TOO_SHORT = "a key of the chain is too short"
    REVOKED = "a certificate of the chain was revoked"
    REVOCATION_UNKNOWN = "a revocation list cannot be had, or is out of date"


_ORDER = {flaw: place for place, flaw in enumerate(Flaw)}


class RevocationCheck(Enum):
    """Whose revocation lists are asked for."""

    NONE = "none"
    LEAF = "of the last certificate's issuer"
    CHAIN = "of all authorities of the chain"


@dataclass(frozen=True)
class Judge:
    """Whoever judges a certificate, and by what.

    ``host`` is the name that was asked for, None where any will do, as for clients; ``least_rsa_bits`` is the shortest
    RSA key it takes. Windows takes none below 1024 bits (source: "Update for minimum certificate key length").
    """

    store: Store
    at: datetime
    purpose: Purpose = "server_authentication"
    host: str | None = None
    revocation: RevocationCheck = RevocationCheck.NONE
    tls: TlsRange = ANY_TLS
    least_rsa_bits: int = 1024


@dataclass(frozen=True)
class Fault:
    """A flaw, and the subject of the certificate that has it; empty when it is about none."""

    flaw: Flaw
    subject: str = ""


@dataclass(frozen=True)
class TlsVerdict:
    """The version of TLS that was agreed on, None without one, and everything that is wrong."""

    version: TlsVersion | None
    faults: tuple[Fault, ...] = ()

    @property
    def accepted(self) -> bool:
        """Nothing is wrong."""
        return not self.faults

    @property
    def flaws(self) -> tuple[Flaw, ...]:
        """What is wrong, each flaw once, in the order of :class:`Flaw`."""
        return tuple(dict.fromkeys(fault.flaw for fault in self.faults))


def verify(shown: Sequence[Certificate], judge: Judge, tls: TlsRange = ANY_TLS) -> TlsVerdict:
    """Judge a chain that an end speaking *tls* shows, its own certificate first, the others in any order."""
    version = agreed(tls, judge.tls)
    if version is None:
        return TlsVerdict(None, (Fault(Flaw.TLS_VERSION),))
    if not shown:
        return TlsVerdict(version, (Fault(Flaw.NO_CERTIFICATE),))
    path = path_of(shown, judge.store)
    faults = [*_anchor(path, judge), *_name(path[0], judge), *_each(path, judge)]
    faults += [*_authorities(path), *_revocations(path, judge)]
    return TlsVerdict(version, tuple(sorted(faults, key=lambda fault: _ORDER[fault.flaw])))


def agreed(one: TlsRange, other: TlsRange) -> TlsVersion | None:
    """Return the highest version that both ends speak, None if there is none."""
    highest = min(one.highest, other.highest)
    return highest if highest >= max(one.lowest, other.lowest) else None


def path_of(shown: Sequence[Certificate], store: Store) -> tuple[Certificate, ...]:
    """Return the path from the certificate shown first upwards, as far as it leads, the root last.

    What the judge trusts and holds comes before what was shown. A circle ends where it closes.
    """
    known = by_subject((*store.roots, *store.authorities, *shown[1:]))
    path = {shown[0].subject: shown[0]}
    above = None if shown[0].is_root else known.get(shown[0].issuer)
    while above is not None and above.subject not in path:
        path[above.subject] = above
        above = known.get(above.issuer)
    return tuple(path.values())


def _anchor(path: Sequence[Certificate], judge: Judge) -> Iterator[Fault]:
    top = path[-1]
    if not top.is_root:
        yield Fault(Flaw.MISSING_AUTHORITY, top.issuer)
    elif not judge.store.trusts(top):
        yield Fault(Flaw.UNTRUSTED_ROOT, top.subject)


def _name(leaf: Certificate, judge: Judge) -> Iterator[Fault]:
    if judge.host is not None and not any(covers(name, judge.host) for name in leaf.names):
        yield Fault(Flaw.NAME_MISMATCH, leaf.subject)


def _each(path: Sequence[Certificate], judge: Judge) -> Iterator[Fault]:
    for certificate in path:
        if certificate.not_after is not None and judge.at > certificate.not_after:
            yield Fault(Flaw.EXPIRED, certificate.subject)
        if certificate.not_before is not None and judge.at < certificate.not_before:
            yield Fault(Flaw.NOT_YET_VALID, certificate.subject)
        if certificate.purposes is not None and judge.purpose not in certificate.purposes:
            yield Fault(Flaw.WRONG_PURPOSE, certificate.subject)
        if certificate.key.kind == "rsa" and certificate.key.bits < judge.least_rsa_bits:
            yield Fault(Flaw.KEY_TOO_SHORT, certificate.subject)


def _authorities(path: Sequence[Certificate]) -> Iterator[Fault]:
    for below, certificate in enumerate(path[1:]):
        if certificate.role != "authority":
            yield Fault(Flaw.NOT_AN_AUTHORITY, certificate.subject)
        elif certificate.path_length is not None and below > certificate.path_length:
            yield Fault(Flaw.PATH_TOO_LONG, certificate.subject)


def _revocations(path: Sequence[Certificate], judge: Judge) -> Iterator[Fault]:
    """Name what was revoked, and the issuers whose lists are lacking; no list says anything of a root."""
    if judge.revocation is RevocationCheck.NONE:
        return
    below_root = [certificate for certificate in path if not certificate.is_root]
    for certificate in below_root if judge.revocation is RevocationCheck.CHAIN else below_root[:1]:
        found = judge.store.list_of(certificate.issuer)
        if found is None or (found.next_update is not None and judge.at > found.next_update):
            yield Fault(Flaw.REVOCATION_UNKNOWN, certificate.issuer)
        elif certificate.subject in found.revoked:
            yield Fault(Flaw.REVOKED, certificate.subject)
