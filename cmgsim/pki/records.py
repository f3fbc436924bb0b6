"""Certificates and revocation lists as facts: what whoever judges them looks at.

Nothing here knows files, keys or signatures: :mod:`cmgsim.pki.inspect` reads these records from real certificates,
:mod:`cmgsim.pki.issue` makes real certificates for them, and the site makes them from a design.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Literal

Purpose = Literal["server_authentication", "client_authentication"]
"""An extended key usage: 1.3.6.1.5.5.7.3.1 or 1.3.6.1.5.5.7.3.2."""

Role = Literal["authority", "end_entity"]
"""Whether a certificate may sign others (basic constraints)."""


@dataclass(frozen=True)
class Key:
    """A public key: its kind and its length in bits."""

    kind: Literal["rsa", "ec", "other"] = "rsa"
    bits: int = 2048


@dataclass(frozen=True)
class Certificate:
    """One certificate.

    ``subject`` and ``issuer`` are the names by which certificates find each other; a root has the same for both.
    ``names`` are the hosts it stands for. ``purposes`` None means that it is good for any. Bounds of its validity are
    aware datetimes, both included; None is no bound. ``path_length`` is how many authorities may lie between it and a
    certificate at the end, None for any number. ``lists_at`` are the addresses of its issuer's revocation list.
    """

    subject: str
    issuer: str
    names: tuple[str, ...] = ()
    purposes: frozenset[Purpose] | None = None
    not_before: datetime | None = None
    not_after: datetime | None = None
    key: Key = Key()
    role: Role = "end_entity"
    path_length: int | None = None
    lists_at: tuple[str, ...] = ()

    @property
    def is_root(self) -> bool:
        """It is its own issuer."""
        return self.subject == self.issuer


@dataclass(frozen=True)
class RevocationList:
    """What an authority says it has revoked: subjects, and until when the list is good (None is for ever)."""

    issuer: str
    revoked: frozenset[str] = frozenset()
    next_update: datetime | None = None


class TlsVersion(IntEnum):
    """A version of TLS; later ones are greater."""

    TLS_1_0 = 10
    TLS_1_1 = 11
    TLS_1_2 = 12
    TLS_1_3 = 13

    @property
    def label(self) -> str:
        """The version as people write it."""
        return f"TLS {self // 10}.{self % 10}"


@dataclass(frozen=True)
class TlsRange:
    """The versions one end speaks, both ends included."""

    lowest: TlsVersion
    highest: TlsVersion


ANY_TLS = TlsRange(TlsVersion.TLS_1_0, TlsVersion.TLS_1_3)
"""All versions there are."""


@dataclass(frozen=True)
class Store:
    """What whoever judges has at hand: the roots trusted, other authorities held, revocation lists within reach."""

    roots: tuple[Certificate, ...] = ()
    authorities: tuple[Certificate, ...] = ()
    lists: tuple[RevocationList, ...] = ()

    def trusts(self, certificate: Certificate) -> bool:
        """Say whether a certificate is one of the trusted roots."""
        return any(root.subject == certificate.subject for root in self.roots)

    def list_of(self, issuer: str) -> RevocationList | None:
        """Return the revocation list of an authority, None if it cannot be had."""
        return next((one for one in self.lists if one.issuer == issuer), None)


def by_subject(certificates: Iterable[Certificate]) -> dict[str, Certificate]:
    """Return certificates by subject; of several, the first."""
    found: dict[str, Certificate] = {}
    for certificate in certificates:
        found.setdefault(certificate.subject, certificate)
    return found
