"""Certificates as the design describes them: who issued what, and what is in it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cmgsim.design.quantities import CalendarDate, Name
from cmgsim.design.record import Record
from cmgsim.design.references import Reference

AuthorityName = Annotated[Name, Reference("certificates.authorities")]
Purpose = Literal["server_authentication", "client_authentication"]
"""An extended key usage: 1.3.6.1.5.5.7.3.1 or 1.3.6.1.5.5.7.3.2."""


class Authority(Record):
    """A certification authority: a root, or an intermediate (subordinate) one when it has an issuer."""

    kind: Literal["public", "private"] = "private"
    """A public provider, trusted by every client; or the organisation's own PKI."""
    issuer: AuthorityName | None = None
    """Who issued this authority's certificate; left out, it is a root."""
    crl_published: bool = True
    """The certificate revocation list can be fetched from the internet."""
    expires: CalendarDate | None = None
    """The last day of its validity."""


class ServerCertificate(Record):
    """A server authentication certificate for a gateway, as the .PFX file holds it."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    """The common name; ``*.contoso.com`` for a wildcard."""
    other_names: tuple[str, ...] = ()
    """Subject alternative names."""
    issuer: AuthorityName
    """The authority that issued it."""
    expires: CalendarDate | None = None
    """The last day of its validity; left out, it outlives the run."""
    key_bits: Literal[1024, 2048, 4096] = 2048
    """The length of the key."""
    private_key: Literal["exportable", "not_exportable", "absent"] = "exportable"
    """Whether the .PFX holds the private key. Anything but an exportable one cannot be deployed."""
    purposes: frozenset[Purpose] = frozenset({"server_authentication"})
    """Extended key usages."""


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
