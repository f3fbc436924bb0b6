"""Certificates as the design describes them: who issued what, and what is in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from cmgsim.design.quantities import CalendarDate, Name
from cmgsim.design.record import Record
from cmgsim.design.references import Reference
from cmgsim.pki.records import Purpose

AuthorityName = Annotated[Name, Reference("certificates.authorities")]
KeyBits = Annotated[int, Field(strict=True, ge=512, le=16_384)]
"""The length of an RSA key."""


FilePath = Annotated[str, Field(min_length=1, max_length=1_000)]
"""The path of a file."""


class ClientCertificates(Record):
    """Client authentication certificates, all alike, that one authority issued to clients."""

    valid_from: CalendarDate | None = None
    """The first day of their validity; left out, they were valid before the run."""
    expires: CalendarDate | None = None
    """The last day of their validity; left out, they are renewed in time. Clients choose none that has expired."""
    revoked_on: CalendarDate | None = None
    """The day from which the authority's revocation list names them."""


class Authority(Record):
    """A certification authority: a root, or an intermediate (subordinate) one when it has an issuer."""

    kind: Literal["public", "private"] = "private"
    """A public provider, trusted by every client; or the organisation's own PKI."""
    issuer: AuthorityName | None = None
    """Who issued this authority's certificate; left out, it is a root."""
    crl_published: bool = True
    """The certificate revocation list can be fetched from the internet."""
    crl_on_intranet: bool = True
    """It can be fetched on the intranet, where IIS on site systems looks for it."""
    valid_from: CalendarDate | None = None
    """The first day of its validity; left out, it was valid before the run."""
    expires: CalendarDate | None = None
    """The last day of its validity."""
    revoked_on: CalendarDate | None = None
    """The day from which its issuer's revocation list names it."""
    client_certificates: ClientCertificates = ClientCertificates()
    """The client authentication certificates it issued."""


class ServerCertificate(Record):
    """A server authentication certificate for a gateway, as the .PFX file holds it."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    """The common name; ``*.contoso.com`` for a wildcard."""
    other_names: tuple[str, ...] = ()
    """Subject alternative names."""
    issuer: AuthorityName
    """The authority that issued it."""
    valid_from: CalendarDate | None = None
    """The first day of its validity; left out, it was valid before the run."""
    expires: CalendarDate | None = None
    """The last day of its validity; left out, it outlives the run."""
    revoked_on: CalendarDate | None = None
    """The day from which its issuer's revocation list names it; who checks the list refuses it then."""
    key_bits: KeyBits = 2048
    """The length of the key in bits; 2048 or 4096 are taken (source: "Certificates for cloud management gateway")."""
    signature_hash: Literal["md5", "sha1", "sha256", "sha384", "sha512"] = "sha256"
    """The hash its issuer signed with: a SHA-2 one (source: "Certificates for cloud management gateway")."""
    private_key: Literal["exportable", "not_exportable", "absent"] = "exportable"
    """Whether the .PFX holds the private key. Anything but an exportable one cannot be deployed."""
    purposes: frozenset[Purpose] = frozenset({"server_authentication"})
    """Extended key usages."""
    file: FilePath | None = None
    """A .PFX, PEM or DER file to take all this from but the issuer, relative to the design's file and below its folder.
    What is written beside it must agree. A loaded design holds the facts instead of the file's name."""
    password_file: FilePath | None = None
    """A file whose first line is the password of *file*, named in the same way."""


class ManagementCertificate(Record):
    """An Azure management certificate, for the classic deployment method only."""

    expires: CalendarDate | None = None
    """The last day of its validity."""


class Certificates(Record):
    """All certificates of the design, by name."""

    authorities: dict[Name, Authority] = {}
    """Certification authorities."""
    servers: dict[Name, ServerCertificate] = {}
    """Server authentication certificates."""
    management: dict[Name, ManagementCertificate] = {}
    """Azure management certificates."""

    def chain(self, authority: str) -> tuple[str, ...]:
        """Return an authority and all above it, the root last; a loop ends where it closes."""
        links: list[str] = []
        current: str | None = authority
        while current is not None and current not in links:
            links.append(current)
            found = self.authorities.get(current)
            current = found.issuer if found else None
        return tuple(links)

    def turning_days(self) -> list[TurningDay]:
        """Return the days on which it changes who takes which certificate, in their order.

        A certificate is taken from the first day of its validity, not any more from the day after the last, nor from
        the day of its revocation. The last day of the calendar, 9999-12-31, is no end: it stands for none (RFC 5280).
        """
        kinds: tuple[tuple[str, Mapping[str, _Dated]], ...] = (
            ("server certificate", self.servers),
            ("authority", self.authorities),
            ("client certificates of", {name: one.client_certificates for name, one in self.authorities.items()}),
        )
        found = [
            turn
            for kind, records in kinds
            for name, record in records.items()
            for turn in _turns(f"{kind} {name}", record)
        ]
        return sorted(found, key=lambda turn: turn.day)


class TurningDay(NamedTuple):
    """A day from which a certificate is in another state than before."""

    what: str
    state: Literal["valid", "expired", "revoked"]
    day: date


_Dated = ServerCertificate | Authority | ClientCertificates


def _turns(what: str, record: _Dated) -> Iterator[TurningDay]:
    if record.valid_from is not None:
        yield TurningDay(what, "valid", record.valid_from)
    if record.expires is not None and record.expires < date.max:
        yield TurningDay(what, "expired", record.expires + timedelta(days=1))
    if record.revoked_on is not None:
        yield TurningDay(what, "revoked", record.revoked_on)
