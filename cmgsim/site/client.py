"""The rules one client follows: what it calls its connection, what it asks for, and how patient it is."""

from __future__ import annotations

from collections.abc import Collection
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
    """What a client asks for or sends. Where two are due at one instant, the lower number comes first."""

    LOCATION = 0
    """The location request: which management points and gateways there are."""
    POLICY = 1
    """The policy refresh."""
    SCAN = 2
    """The software update scan."""
    INVENTORY = 3
    """Hardware inventory."""
    SOFTWARE_INVENTORY = 4
    """Software inventory."""
    HEARTBEAT = 5
    """The heartbeat discovery record."""
    STATE = 6
    """State messages, sent only while there is something to report."""
    CONTENT_LOCATION = 7
    """The request for sources of a package that is deployed to the client."""
    DOWNLOAD = 8
    """The download of a package from a source."""


class Target(IntEnum):
    """The kind of role that an activity talks to, and that stands behind a contact."""

    MANAGEMENT_POINT = 0
    UPDATE_POINT = 1
    CONTENT = 2
    """A distribution point, Azure storage, or Microsoft Update."""


ALWAYS_INTRANET = "Always intranet"
"""The text for a client on the intranet that has never known a way in from the internet."""


def control_panel(connection: Connection, knows_internet: Collection[int]) -> str:
    """Return the connection type as the client's control panel shows it; *knows_internet* are its internet contacts.

    Assumption: A-12: a client on the intranet without any internet contact shows *Always intranet*.
    """
    if connection is Connection.INTRANET and not knows_internet:
        return ALWAYS_INTRANET
    return connection.console


class Metered(IntEnum):
    """What a client may do on a metered internet connection (source: "About client settings")."""

    ALLOW = 0
    LIMIT = 1
    """Ask for locations and policy, and send state messages."""
    BLOCK = 2
    """Nothing."""


class PowerOn(IntEnum):
    """What becomes of an activity's next appointment when a client is switched on."""

    ASKS = 0
    """It is kept at once, after the delay of power-on."""
    CATCHES_UP = 1
    """It is kept at its time, or after the delay of power-on if that time has passed."""


@dataclass(frozen=True)
class Routine:
    """How one activity goes: whom it talks to, how often, and what it costs."""

    activity: Activity
    target: Target
    setting: str
    """The field of the client settings that says how often; empty for what is only done on demand."""
    power_on: PowerOn
    log: str
    """The client's log that tells of it."""
    delay_us: tuple[int, int] = (0, 0)
    """A random delay on top of each cycle, both ends included."""
    egress_bytes: int = 0
    """Bytes that leave Azure for one request served over a gateway."""


# Assumption: A-11: traffic grows in proportion to policy refreshes: 100 MB in 30 days of hourly polling, all kinds.
# Assumption: Inventory, scans, heartbeats, state messages and location requests are part of these 100 MB.
# Assumption: A client that is off when a weekly activity is due catches up after its next power-on.
ACTIVITIES: tuple[Routine, ...] = (
    Routine(Activity.LOCATION, Target.MANAGEMENT_POINT, "location_cycle", PowerOn.ASKS, "LocationServices.log"),
    Routine(
        Activity.POLICY,
        Target.MANAGEMENT_POINT,
        "policy_polling",
        PowerOn.ASKS,
        "PolicyAgent.log",
        egress_bytes=145_636,
    ),
    Routine(
        Activity.SCAN,
        Target.UPDATE_POINT,
        "scan_cycle",
        PowerOn.CATCHES_UP,
        "ScanAgent.log",
        delay_us=(0, 2 * HOUR),
    ),
    Routine(
        Activity.INVENTORY,
        Target.MANAGEMENT_POINT,
        "hardware_inventory",
        PowerOn.CATCHES_UP,
        "InventoryAgent.log",
        delay_us=(0, 240 * MINUTE),
    ),
    Routine(
        Activity.SOFTWARE_INVENTORY,
        Target.MANAGEMENT_POINT,
        "software_inventory",
        PowerOn.CATCHES_UP,
        "InventoryAgent.log",
    ),
    Routine(Activity.HEARTBEAT, Target.MANAGEMENT_POINT, "heartbeat", PowerOn.CATCHES_UP, "InventoryAgent.log"),
    Routine(Activity.STATE, Target.MANAGEMENT_POINT, "state_messages", PowerOn.CATCHES_UP, "StateMessage.log"),
    Routine(Activity.CONTENT_LOCATION, Target.MANAGEMENT_POINT, "", PowerOn.CATCHES_UP, "ContentTransferManager.log"),
    Routine(Activity.DOWNLOAD, Target.CONTENT, "", PowerOn.CATCHES_UP, "DataTransferService.log"),
)
"""Everything clients do by themselves, by :class:`Activity`.

Cycles are defaults of the console (source: "About client settings"; heartbeat: "About discovery methods"). The figure
for policy is all that hourly polling causes, 100 MB in 30 days, other requests included (source: "Plan for cloud
management gateway").
"""

PERMITTED: dict[Metered, tuple[Activity, ...]] = {
    Metered.ALLOW: tuple(Activity),
    Metered.LIMIT: (Activity.LOCATION, Activity.POLICY, Activity.STATE),
    Metered.BLOCK: (),
}
"""What a client does on a metered connection."""

ON_DEMAND = (Activity.STATE, Activity.CONTENT_LOCATION, Activity.DOWNLOAD)
"""Activities that are not due by themselves."""
REPORTED = (Activity.SCAN, Activity.INVENTORY, Activity.SOFTWARE_INVENTORY, Activity.DOWNLOAD)
"""Activities whose success a client reports with its next state message; a change of policy is reported, too."""


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


MOST_FAILURES = 5
"""How many failures of its contact a client remembers."""


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
    patience_us: int = MINUTE
    """From sending to giving a request up, where something answers but the reply does not come."""
    # Assumption: A client waits 60 seconds for the reply to a request.
    travel_us: tuple[int, int] = (10 * MILLISECOND, 150 * MILLISECOND)
    """What a request takes to arrive, and again what the reply takes."""
    # Assumption: A request and its reply each travel 10 to 150 milliseconds, on every way.
    scan_retry_us: int = 30 * MINUTE
    """From sending a scan that fails to sending the next one (source: "Plan for software updates")."""
    scan_retries: int = 4
    """So many times a software update point is tried again before the client turns to the next (same source)."""
    scan_extra_us: int = 2 * MINUTE
    """From sending the last scan that fails to asking the next software update point (same source)."""
    try_source_us: int = 2 * MINUTE
    """From asking a content source that fails to asking the next one (source: "Configure boundary groups")."""
    content_retry_us: int = HOUR
    """From finding that no source has the content to asking for sources again (source: "Use a cloud distribution
    point")."""
    content_token_us: int = 24 * HOUR
    """How long a client may download after it was told of sources (same source)."""
    keep_alive_us: int = 15 * MINUTE
    """How often a client and its management point say on the notification channel that they are there."""
    # Assumption: A notification channel is kept alive each 15 minutes, which sends 300 bytes out of Azure.
    keep_alive_bytes: int = 300
    """Bytes that leave Azure for it, over a gateway."""
    offline_us: int = 5 * MINUTE
    """So long after its channel closed the console shows a client as offline (source: "Monitor clients")."""
    egress_bytes: tuple[int, ...] = tuple(routine.egress_bytes for routine in ACTIVITIES)
    """By activity: bytes that leave Azure for one request served over a gateway; see :data:`ACTIVITIES`."""

    def __post_init__(self) -> None:
        assert self.failures_to_leave <= MOST_FAILURES, f"a client remembers {MOST_FAILURES} failures at most"


HABITS = Habits()
"""The habits every client has unless told otherwise."""
