"""One client's life as data: its state, what can happen in it, and what is left to chance. Both fleets share it."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
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

#: Each activity's place in its cycle at the start, and its delay after power-on (ordinal: moves so far).
PHASES = (stream("fleet.phase.location"), stream("fleet.phase.policy"))
BOOTS = (stream("fleet.boot.location"), stream("fleet.boot.policy"))
#: The delay after a change of network (ordinal: moves so far), and whom to ask (ordinal: choices so far).
NETWORK, CHOICE = stream("fleet.network_change"), stream("fleet.contact")
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


def digested(deed: Deed, at_us: int, subject: int, activity: int = 0, status: int = 0) -> int:
    """Return what one deed adds to a client's digest, which is their sum modulo 2**64."""
    return mix(deed, at_us, subject | activity << 32 | status << 40)


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
    """1 once the reply did not come when it could have: the client waits, in vain."""


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
    connection: Connection = Connection.OFF
    contact: int = NOBODY
    """The contact it uses."""
    chosen_us: int = NEVER
    failures_us: tuple[int, ...] = ()
    """When that contact failed lately."""
    failed: tuple[int, ...] = ()
    """The contacts it has left, one after the other, in this round of trying."""
    paused_until_us: int = NEVER
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
        """When something is next due."""
        location, policy = self.errands
        return min(self.move[0], location.at_us, policy.at_us)

    def cycle_us(self, errand: Errand) -> int:
        """Return how often it does an errand, by what policy has told it."""
        return self.told.location_cycle_us if errand.activity is Activity.LOCATION else self.told.policy_polling_us

    def copy(self) -> Client:
        """Return a client that goes on by itself."""
        twin = copy(self)
        twin.errands = [copy(errand) for errand in self.errands]
        return twin
