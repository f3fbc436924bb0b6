"""Clients: their settings, their days, and the populations they come in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from cmgsim.design.certificates import AuthorityName
from cmgsim.design.content import Bandwidth
from cmgsim.design.installation import Installation, read_command_line
from cmgsim.design.network import VpnSign
from cmgsim.design.quantities import (
    CalendarDate,
    DaySpan,
    Duration,
    DurationRange,
    Name,
    PositiveDuration,
    Share,
    Size,
    Subnet,
)
from cmgsim.design.record import Record
from cmgsim.design.references import Reference
from cmgsim.units import HOUR, MINUTE

_ALL = 1_000_000
#: The ends of local time on earth: Baker Island and the Line Islands.
_WESTMOST, _EASTMOST = -12 * HOUR, 14 * HOUR
_OFFSET = re.compile(r"UTC(?:([+-])([0-1]?[0-9]):([0-5][0-9]))?")


def _read_offset(value: object) -> object:
    match = _OFFSET.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        remedy = _as_offset(value) or "'UTC', 'UTC-05:00' or 'UTC+05:30'"
        raise ValueError(f"{value!r} is no offset from UTC: write it like {remedy}")
    offset = (-1 if match[1] == "-" else 1) * (int(match[2] or 0) * HOUR + int(match[3] or 0) * MINUTE)
    if not _WESTMOST <= offset <= _EASTMOST:
        raise ValueError(f"{value!r} is local time nowhere: write an offset from 'UTC-12:00' to 'UTC+14:00'")
    return offset


def _as_offset(value: object) -> str:
    """Return what somebody may mean who writes a number of hours, and "" where that is no offset."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    hours = value * HOUR if -12 <= value <= 14 else 1
    return f"'{_write_offset(int(hours))}'" if hours % MINUTE == 0 else ""


def _write_offset(offset: int) -> str:
    sign = "-" if offset < 0 else "+"
    return f"UTC{sign}{abs(offset) // HOUR:02}:{abs(offset) % HOUR // MINUTE:02}" if offset else "UTC"


UtcOffset = Annotated[
    int,
    BeforeValidator(_read_offset),
    PlainSerializer(_write_offset, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^UTC([+-][0-1]?[0-9]:[0-5][0-9])?$", "examples": ["UTC-05:00"]}),
]
"""An offset from UTC such as ``UTC-05:00``; kept in microseconds."""

Identity = Literal["workgroup", "ad_joined", "aad_joined", "hybrid"]
"""The device's identity (source: "Certificates for cloud management gateway")."""


def _a_day_at_least(cycle: timedelta) -> timedelta:
    if cycle < timedelta(days=1):
        raise ValueError("the console takes no scan schedule shorter than a day: write '1d' or more")
    return cycle


def _readable(command_line: str) -> str:
    read_command_line(command_line)
    return command_line


class ClientSettings(Record):
    """Client settings that matter to a gateway, with the console's defaults."""

    use_gateway: bool = True
    """Enable clients to use a cloud management gateway."""
    policy_polling: PositiveDuration = timedelta(minutes=60)
    """Client policy polling interval."""
    location_cycle: PositiveDuration = timedelta(hours=24)
    """How often a client asks for locations, and so learns of a gateway (source: "Set up cloud management gateway",
    Configure clients for CMG)."""
    scan_cycle: Annotated[PositiveDuration, AfterValidator(_a_day_at_least)] = timedelta(days=7)
    """Software update scan schedule; clients add up to two hours (source: "About client settings")."""
    hardware_inventory: PositiveDuration = timedelta(days=7)
    """Hardware inventory schedule; clients add up to 240 minutes."""
    software_inventory: PositiveDuration = timedelta(days=7)
    """Software inventory and file collection schedule."""
    heartbeat: PositiveDuration = timedelta(days=7)
    """Heartbeat discovery schedule, which the console keeps among the site's discovery methods."""
    state_messages: PositiveDuration = timedelta(minutes=15)
    """State message reporting cycle."""
    cloud_distribution_point: bool = False
    """Allow access to cloud distribution point."""
    cache: Size = 5_120 * 10**6
    """Maximum size of the client cache; what is larger is not downloaded."""
    metered: Literal["block", "allow", "limit"] = "block"
    """Client communication on metered internet connections."""


class Evening(Record):
    """Evenings on the internet."""

    share: Share
    """Share of days."""
    hours: DaySpan
    """From when to when."""


class Weekend(Record):
    """Weekends on the internet."""

    share: Share
    """Share of weekend days."""
    hours: DaySpan
    """From when to when."""


class Absence(Record):
    """Spells in which a client is powered off for days on end: vacations, laptops in drawers."""

    share: Annotated[Share, Field(le=500_000)]
    """Share of all time, over all clients, that falls into such spells (at most 50 %)."""
    lasting: DurationRange
    """How long one spell lasts, such as ``3d..21d``; every length between is equally likely."""


class DayPlan(Record):
    """Where a client is, hour by hour. Times are local.

    Either ``always`` (powered on, at one place, for ever), or working days with ``work``.
    """

    always: Literal["internet", "intranet"] | None = None
    """Always on, always at this place."""
    utc_offset: UtcOffset = 0
    """Local time, as its offset from UTC; simulated time zero is midnight UTC of the design's start day."""
    work: DaySpan | None = None
    """Working hours, Monday to Friday."""
    jitter: Duration = timedelta(minutes=20)
    """Each day's start and end shift by up to this much, evenly spread to both sides."""
    metered: Share = 0
    """Share of clients whose connection to the internet is metered."""
    bandwidth: Bandwidth = 2_500_000
    """How fast a client downloads on the internet and by VPN."""
    bandwidth_on_intranet: Bandwidth = 12_500_000
    """How fast it downloads on the intranet."""
    # Assumption: A client downloads 20 Mbit/s outside and 100 Mbit/s on the intranet, whatever the others do.
    remote: Share = 0
    """Share of working days spent outside the intranet."""
    vpn: Share = 0
    """Share of remote working days spent on the VPN, which counts as the intranet."""
    outside_work: Literal["off", "stays_on"] = "off"
    """Between working days the client is off, or stays where it was used last."""
    evening: Evening | None = None
    """Evenings on the internet, after work."""
    weekend: Weekend | None = None
    """Weekend days on the internet."""
    vacation: Absence | None = None
    """Vacations."""
    powered_off: Absence | None = None
    """Long powered-off spells besides vacations."""

    @model_validator(mode="after")
    def _one_way_of_life(self) -> DayPlan:
        if (self.always is None) == (self.work is None):
            raise ValueError("give exactly one of 'always' and 'work'")
        return self

    @property
    def ever_on_internet(self) -> bool:
        """Clients with such days are on the internet at times."""
        if self.always is not None:
            return self.always == "internet"
        remote = self.remote > 0 and self.vpn < _ALL
        return remote or any(spell is not None and spell.share > 0 for spell in (self.evening, self.weekend))

    @property
    def ever_on_intranet(self) -> bool:
        """Clients with such days come to the intranet at times, or to the VPN."""
        if self.always is not None:
            return self.always == "intranet"
        return self.remote < _ALL or self.vpn > 0


class Place(Record):
    """Where on the intranet a population is found, by address or by Active Directory site."""

    addresses: Subnet | None = None
    """Clients have addresses in this subnet."""
    ad_site: str | None = None
    """Clients are in this Active Directory site."""
    vpn: VpnSign | None = None
    """Clients show this VPN."""


class Population(Record):
    """A group of clients with the same habits, identity and settings."""

    count: Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
    """How many clients."""
    site: Annotated[Name, Reference("hierarchy.sites")]
    """The primary site they are assigned to."""
    day_plan: Annotated[Name, Reference("day_plans")]
    """Their days."""
    settings: Annotated[Name, Reference("client_settings")] | None = None
    """Their client settings; left out, the console's defaults."""
    at_home: Place = Place()
    """Where on the intranet they are when they work there."""
    on_vpn: Place = Place()
    """Where on the intranet they are when they come in by VPN."""
    identity: Identity = "ad_joined"
    """Device identity."""
    os: str = "Windows 10 1903"
    """Operating system, for people and for advice."""
    signed_in: Literal["user", "nobody"] = "user"
    """Whether a user is signed in. With nobody, clients joined to Azure AD show the device's token (1806 and later,
    Windows 10 1803 and later)."""
    tls_1_2: bool = True
    """It can speak TLS 1.2."""
    certificate: AuthorityName | None = None
    """The authority that issued their client authentication certificates; left out, they have none."""
    trusts: tuple[AuthorityName, ...] = ()
    """Private root certificates they trust, besides the issuer of their own certificate and all public ones."""
    always_on_internet: bool = False
    """Registry value ClientAlwaysOnInternet = 1: the gateway always, wherever they are; for tests, or to pin some."""
    ccmalwaysinf: Annotated[int, Field(strict=True, ge=0, le=1)] = 0
    """Installation property CCMALWAYSINF: 1 has the same effect as *always_on_internet*."""
    installed_over: Annotated[Name, Reference("gateways")] | None = None
    """Installed over this gateway with Azure AD and CCMHOSTNAME: they know it from the start."""
    command_line: Annotated[str, AfterValidator(_readable)] | None = None
    """The ccmsetup command line they were installed with. ``CCMHOSTNAME`` is what they know at first, whatever their
    site publishes, and ``CCMALWAYSINF=1`` pins them to the internet."""
    token_renewed: CalendarDate | None = None
    """The day on which their site tokens (2002 and later) were last renewed, for clients that were away before the run;
    left out, they are renewed on its first day."""
    knows: Literal["current", "nothing"] = "current"
    """At the start they know the gateways their site publishes, or nothing yet."""

    @property
    def pinned_to_internet(self) -> bool:
        """They use internet contacts wherever they are, by registry or by installation."""
        return self.always_on_internet or self.ccmalwaysinf == 1 or self.installation.always_on_internet

    @property
    def installation(self) -> Installation:
        """What their command line says."""
        return Installation() if self.command_line is None else read_command_line(self.command_line)
