"""One client's life as data: its state, what can happen in it, and what is left to chance. Both fleets share it."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass, field
from enum import IntEnum

from cmgsim.draws import mix, stream
from cmgsim.fleet.days import Move, Place
from cmgsim.fleet.engine import NEVER
from cmgsim.site.client import Activity, Connection
from cmgsim.site.landscape import Told

FOREVER = 1 << 62
"""As a moment: not until something else happens."""
NOBODY = -1
"""In place of a contact."""
TRANSFERRING = 2
"""In place of an overdue reply: content comes in."""

#: Each activity's place in its cycle at the start, and its delay after power-on (ordinal: moves so far).
PHASES = tuple(stream(f"fleet.phase.{activity.name.lower()}") for activity in Activity)
BOOTS = tuple(stream(f"fleet.boot.{activity.name.lower()}") for activity in Activity)
#: Each activity's random delay on top of its cycle (ordinal: the number of the request that was served).
DELAYS = tuple(stream(f"fleet.delay.{activity.name.lower()}") for activity in Activity)
#: The delay after a change of network (ordinal: moves so far), and whom to ask (ordinal: choices so far).
NETWORK, CHOICE = stream("fleet.network_change"), stream("fleet.contact")
#: Which software update point to scan against (ordinal: requests so far).
UPDATE_POINT = stream("fleet.update_point")
#: Whose connection to the internet is metered (ordinal: none).
METERED = stream("fleet.metered")
#: Which content source to begin with (ordinal: requests so far).
SOURCE = stream("fleet.source")
#: How long a request and its reply travel, and when it is tried again (ordinal: requests so far).
OUT, BACK, RETRY = stream("fleet.travel.out"), stream("fleet.travel.back"), stream("fleet.retry")
#: Whose service is restarted (ordinal: restarts of the fleet so far).
RESTART = stream("fleet.restart")


class Deed(IntEnum):
    """What a client did or met with. The subject is a place, connection, contact, publication or nothing."""

    MOVED = 1
    DETECTED = 2
    ASKED = 3
    SERVED = 4
    REFUSED = 5
    UNANSWERED = 6
    GAVE_UP = 7
    KNEW_NOBODY = 8
    PAUSED = 9
    LEARNED = 10
    RESTARTED = 11
    STRANDED = 12
    RESCUED = 13
    OPENED = 14
    """The notification channel, to a contact."""
    CLOSED = 15
    """The notification channel, to a contact."""
    SCANS = 16
    """Chose a software update point, a contact."""
    FETCHED = 17
    """A package, to the end."""
    HELD = 19
    """Held an activity back on a metered connection."""
    SKIPPED = 18
    """A package that is larger than its cache."""


def bit(contact: int) -> int:
    """Return the bit that stands for a contact in a set of contacts.

    Assumption: In a hierarchy of more than 64 contacts, contacts whose numbers differ by 64 are left together.
    """
    return 1 << (contact & 63)


def digested(deed: Deed, at_us: int, subject: int, activity: int = 0, status: int = 0) -> int:
    """Return what one deed adds to a client's digest, which is their sum modulo 2**64."""
    return mix(deed, at_us, subject | activity << 32 | status << 40)


def following(contacts: Sequence[int], current: int) -> int:
    """Return the contact after the current one in a list, around its end; the first if it is not in it.

    With nobody in the list, it is the current one.
    """
    if not contacts:
        return current
    return contacts[(contacts.index(current) + 1) % len(contacts)] if current in contacts else contacts[0]


@dataclass(slots=True)
class Errand:
    """One activity of one client: when it is next due, and the request on its way, at most one."""

    activity: Activity
    at_us: int = FOREVER
    """The next appointment: to ask, or while a request is on its way, to hear of it."""
    contact: int = NOBODY
    """Whom the request on its way went to."""
    ordinal: int = 0
    """That request's number among all of the client."""
    sent_us: int = NEVER
    arrives_us: int = NEVER
    overdue: int = 0
    """1 once the reply did not come when it could have: the client waits, in vain. 2 while content comes in, since
    ``arrives_us``."""


@dataclass(slots=True)
class Client:
    """All there is to know of one client, at a moment."""

    uid: int
    key: int
    population: int
    site: int
    place: Place
    move: Move
    """Where it goes next, and when."""
    publication: int
    """The number of what it knows."""
    told: Told
    """What policy has told it."""
    errands: list[Errand]
    """By activity."""
    metered: bool = False
    """Its connection to the internet is metered."""
    connection: Connection = Connection.OFF
    contact: int = NOBODY
    """The contact it uses."""
    chosen_us: int = NEVER
    failures_us: tuple[int, ...] = ()
    """When that contact failed lately: never more than :data:`~cmgsim.site.client.MOST_FAILURES`."""
    failed: int = 0
    """The contacts it has left in this round of trying, as a set of 64 bits: see :func:`bit`."""
    paused_until_us: int = NEVER
    update_points: list[int] = field(default_factory=lambda: [NOBODY, NOBODY])
    """The software update points it uses: on the intranet, and on the internet."""
    scan_failing_us: int = NEVER
    """When its scans began to fail, or since when there is no update point to ask."""
    scan_failures: int = 0
    """How often its update point has failed in succession: at most one more than it is tried again."""
    channel: int = NOBODY
    """The contact its notification channel is open to: its contact, or nobody."""
    channel_point: int = NOBODY
    """The connection point that holds a port for it."""
    channel_closed_us: int = NEVER
    fetched: int = 0
    """The packages deployed to it that it has dealt with, as a set of 64 bits: the first one is 1."""
    current: int = 0
    """The one it downloads or has last downloaded, by its place among those deployed to it."""
    got_bytes: int = 0
    """How much of that it has, as long as it has not all."""
    sought_us: int = NEVER
    """When it was last told of sources."""
    source: int = NOBODY
    """The content source it asked last in this search."""
    tries: int = 0
    """How many sources have failed in this search."""
    news: int = 0
    """1 if there is something to report for which no time is set: messages were on their way, or must not be sent."""
    moves: int = 0
    choices: int = 0
    requests: int = 0
    located_us: int = NEVER
    policy_us: int = NEVER
    stranded_since_us: int = NEVER
    stranded_longest_us: int = 0
    """The longest finished time in one piece."""
    stranded_total_us: int = 0
    """All finished times together."""
    digest: int = 0

    @property
    def appointment_us(self) -> int:
        """When something is next due: while it is off, only a move."""
        if self.place is Place.OFF:
            return self.move[0]
        return min(self.move[0], *(errand.at_us for errand in self.errands))

    def cycle_us(self, errand: Errand) -> int:
        """Return how often it does an errand, by what policy has told it."""
        return self.told.cycles_us[errand.activity]

    def copy(self) -> Client:
        """Return a client that goes on by itself."""
        twin = copy(self)
        twin.errands = [copy(errand) for errand in self.errands]
        twin.update_points = list(self.update_points)
        return twin
