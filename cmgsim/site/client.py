"""The rules one client follows: what it calls its connection, what it asks for, and how patient it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, IntFlag

from cmgsim.units import HOUR, MILLISECOND, MINUTE, SECOND


class Connection(IntEnum):
    """The connection type a client has found itself to have."""

    OFF = 0
    INTRANET = 1
    INTERNET = 2
    ALWAYS_INTERNET = 3

    @property
    def console(self) -> str:
        """The text in the client's control panel; empty while it is off."""
        return ("", "Currently intranet", "Currently Internet", "Always Internet")[self]


class Activity(IntEnum):
    """What a client asks for. Where two are due at one instant, the lower number comes first."""

    LOCATION = 0
    """The location request: which management points and gateways there are."""
    POLICY = 1
    """The policy refresh."""


class Sign(IntFlag):
    """What tells a client where it is."""

    NONE = 0
    DOMAIN_CONTROLLER = 1
    """It can reach a domain controller."""
    MANAGEMENT_POINT = 2
    """It can reach an on-premises management point."""
    ALWAYS_ON_INTERNET = 4
    """The registry value ``ClientAlwaysOnInternet`` is 1, or it was installed with ``CCMALWAYSINF=1``."""


def connection_type(signs: Sign) -> Connection:
    """Return what a client that is powered on takes its connection to be.

    The flag wins over what the client finds; after that a domain controller *or* a management point is enough
    (source: "Set up cloud management gateway", Configure clients for CMG).
    """
    if signs & Sign.ALWAYS_ON_INTERNET:
        return Connection.ALWAYS_INTERNET
    if signs & (Sign.DOMAIN_CONTROLLER | Sign.MANAGEMENT_POINT):
        return Connection.INTRANET
    return Connection.INTERNET


@dataclass(frozen=True)
class Habits:
    """Every delay and threshold of a client, the same for all. Ranges are spread evenly, both ends included.

    How often a client asks for locations and policy is no habit: its client settings say so.
    """

    failures_to_leave: int = 5
    """A contact is left after this many failures (source: "How clients find site resources and services")."""
    failure_window_us: int = 10 * MINUTE
    """... within this time (same source)."""
    sticky_us: int = 25 * HOUR
    """A contact is chosen anew after this time (same source)."""
    retry_us: tuple[int, int] = (110 * SECOND, 130 * SECOND)
    """From sending a request that fails to sending the next one."""
    # Assumption: A failed request is tried again 110 to 130 seconds after it was sent, so that five fit ten minutes.
    pause_us: int = HOUR
    """From finding that nobody can be asked to trying again."""
    # Assumption: A-15: after every contact has failed, or with none known, a client tries again every 60 minutes.
    boot_delay_us: tuple[int, int] = (0, 5 * MINUTE)
    """From power-on to the first requests."""
    # Assumption: A-16: both requests after power-on come within five minutes, each at a moment of its own.
    network_delay_us: tuple[int, int] = (5 * SECOND, MINUTE)
    """From a change of network to the location request it triggers."""
    # Assumption: A client asks for locations 5 to 60 seconds after its network has changed.
    reaction_us: int = 5 * SECOND
    """No client acts on a reply, or on a restart of its service, sooner."""
    # Assumption: A client needs five seconds to act on what it has heard, and to restart its service.
    silence_us: int = 21 * SECOND
    """From sending to knowing that nothing answers."""
    # Assumption: A connection attempt is given up after 21 seconds, three tries of Windows to open it.
    travel_us: tuple[int, int] = (10 * MILLISECOND, 150 * MILLISECOND)
    """What a request takes to arrive, and again what the reply takes."""
    # Assumption: A request and its reply each travel 10 to 150 milliseconds, on every way.
    egress_bytes: tuple[int, ...] = (0, 145_636)
    """By activity: bytes that leave Azure for one request served over a gateway. The figure for policy is all that
    hourly polling causes, 100 MB in 30 days, other requests included (source: "Plan for cloud management gateway")."""
    # Assumption: A-11: traffic grows in proportion to the number of policy refreshes.


HABITS = Habits()
"""The habits every client has unless told otherwise."""
