"""Site system roles: connection points, management points, software update points, distribution points."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from cmgsim.design.certificates import AuthorityName
from cmgsim.design.quantities import CalendarDate, Name
from cmgsim.design.record import Record
from cmgsim.design.references import Reference

SiteName = Annotated[Name, Reference("hierarchy.sites")]
_PORTS = re.compile(r"([0-9]{1,5})(?:\s*-\s*([0-9]{1,5}))?")
ALL_PORTS = ((1, 65_535),)


def _read_ports(value: object) -> object:
    """Take ``all``, or a list of ports and ranges such as ``[443, 10124-10155]``."""
    if value == "all":
        return ALL_PORTS
    if not isinstance(value, list | tuple):
        raise ValueError("ports are 'all' or a list such as [443, 10124-10155]")
    return tuple(_read_range(part) for part in value)


def _read_range(part: object) -> tuple[int, int]:
    if isinstance(part, tuple):
        return part
    match = _PORTS.fullmatch(str(part).strip())
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high <= 65_535:
        raise ValueError(f"{part!r} is no port or range of ports: write 443 or 10124-10155")
    return low, high


def _write_ports(ports: tuple[tuple[int, int], ...]) -> object:
    return "all" if ports == ALL_PORTS else [low if low == high else f"{low}-{high}" for low, high in ports]


Ports = Annotated[
    tuple[tuple[int, int], ...],
    BeforeValidator(_read_ports),
    PlainSerializer(_write_ports, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "all"},
                {
                    "type": "array",
                    "items": {
                        "anyOf": [
                            {"type": "integer", "minimum": 1, "maximum": 65535},
                            {"type": "string", "pattern": "^[0-9]+-[0-9]+$"},
                        ]
                    },
                },
            ]
        }
    ),
]
"""TCP ports: ``all``, or a list of ports and ranges; kept as pairs of first and last."""

MpMode = Literal["http", "https", "enhanced_http"]
"""How a management point takes client connections; *enhanced_http* is HTTP with site-generated certificates."""


class ConnectionPoint(Record):
    """A cloud management gateway connection point: the on-premises end of a gateway."""

    site: SiteName
    """The primary site it belongs to."""
    server: str = ""
    """The server it runs on."""
    gateway: Annotated[Name, Reference("gateways")]
    """The one gateway it connects to."""
    client_certificate: bool = True
    """It has a valid client authentication certificate, needed where management points use HTTPS and clients PKI."""
    client_certificate_expires: CalendarDate | None = None
    """The last day of that certificate's validity; left out, it is renewed in time."""
    client_certificate_issuer: AuthorityName | None = None
    """The authority that issued it. Management points check its chain and its revocation list; left out, neither."""
    client_certificate_revoked_on: CalendarDate | None = None
    """The day from which its issuer's revocation list names it."""
    outbound_ports: Ports = ALL_PORTS
    """What its firewall lets out towards Azure."""
    tcp_ports: Annotated[int, Field(strict=True, ge=1, le=64_511)] = 16_384
    """TCP ports that its server has for connections of clients: Windows' dynamic range, unless it was raised (source:
    "Plan for cloud management gateway")."""
    planned: bool = False
    """It does not exist yet: the plan adds it."""


class ManagementPoint(Record):
    """A management point."""

    site: SiteName
    """Its site."""
    server: str = ""
    """The server it runs on."""
    mode: MpMode = "https"
    """How clients connect to it."""
    gateway_traffic: bool = False
    """Allow Configuration Manager cloud management gateway traffic."""
    internet: bool = False
    """It is itself published to the internet (internet-based client management)."""
    certificate: Annotated[Name, Reference("certificates.servers")] | None = None
    """Its web server certificate, for HTTPS; left out, one that everybody trusts."""
    role_id: Annotated[str, Field(pattern=r"^[0-9]{1,20}$")] | None = None
    """The number in its URLs; left out, one is made up from its name."""


class UpdatePoint(Record):
    """A software update point."""

    site: SiteName
    """Its site."""
    server: str = ""
    """The server it runs on."""
    gateway_traffic: bool = False
    """Allow Configuration Manager cloud management gateway traffic."""


class DistributionPoint(Record):
    """A distribution point, on premises or in Azure."""

    site: SiteName
    """Its site."""
    server: str = ""
    """The server it runs on."""
    kind: Literal["on_premises", "pull", "cloud"] = "on_premises"
    """A cloud distribution point is a service of its own in Azure, with two A0 VMs and its own certificate."""
    internet: bool = False
    """It is published to the internet."""
    certificate: Annotated[Name, Reference("certificates.servers")] | None = None
    """The server certificate of a cloud distribution point."""


class Roles(Record):
    """All site system roles, by name."""

    connection_points: dict[Name, ConnectionPoint] = {}
    """Cloud management gateway connection points."""
    management_points: dict[Name, ManagementPoint] = {}
    """Management points."""
    update_points: dict[Name, UpdatePoint] = {}
    """Software update points."""
    distribution_points: dict[Name, DistributionPoint] = {}
    """Distribution points."""
