"""Everything a client can see of the site at a moment, frozen.

Theory of operation: the control plane surveys itself into a landscape whenever it has changed; between two landscapes
the fleet needs nothing else. Everything is an index into a tuple, so that both fleets read the same tables.

A *contact* is something a client can send a request to: an on-premises management point, or an internet candidate,
which is a pair of gateway name and management point (its URL), or a management point published to the internet. Two
gateways that bear the same name one after the other make the same contact: a URL has no memory.

A *publication* is a list of internet contacts that a site has answered location requests with. A client knows exactly
one publication, by number: what it was last told.

A *station* is something that requests queue at, first come, first served: a VM of a gateway, a connection point, a
management point, a software update point. A contact's *route* names the stations behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum

NOTHING_PUBLISHED = 0
"""The number of the empty publication."""

SERVED = 200
"""A request was answered."""
NO_ANSWER = 0
"""Nothing answered at the address: no name, no service, no connection."""


class Over(Enum):
    """The way to a contact."""

    INTRANET = "intranet"
    GATEWAY = "gateway"
    INTERNET = "internet"
    """A management point that is itself published to the internet."""


@dataclass(frozen=True)
class Contact:
    """Something a client can send requests to."""

    over: Over
    url: str
    """As clients list it: ``<fqdn>/CCM_Proxy_MutualAuth/<role id>`` for a gateway, else the server's name."""
    management_point: str
    """The management point behind it."""
    fqdn: str = ""
    """The gateway's service name; empty on the intranet."""


@dataclass(frozen=True)
class Told:
    """What one population is told by policy."""

    use_gateway: bool
    policy_polling_us: int
    location_cycle_us: int


class StationKind(IntEnum):
    """What requests queue at."""

    VM = 0
    CONNECTION_POINT = 1
    MANAGEMENT_POINT = 2
    UPDATE_POINT = 3


@dataclass(frozen=True)
class Station:
    """Something that requests queue at: one line, first come, first served, by a number of equal servers."""

    kind: StationKind
    name: str
    """The role's name, or for a VM ``<gateway>/ProxyService_IN_<n>``."""
    servers: int
    service_us: tuple[int, ...]
    """By activity: the mean time that one request is in service."""
    ports: int = 0
    """How many connections it can hold at once, notification channels included; 0 is any number."""


@dataclass(frozen=True)
class Door:
    """One VM that a gateway's load balancer hands requests to, and the connection points that it can hand them on to.

    All are indices into the landscape's stations. A VM without connection points answers with status 500.
    """

    vm: int
    connection_points: tuple[int, ...]


@dataclass(frozen=True)
class Route:
    """What is behind a contact now: a gateway's doors (none on other ways), then a role's station."""

    doors: tuple[Door, ...]
    role: int
    """Index of the station of the management point or software update point; -1 while there is none."""


@dataclass(frozen=True)
class Landscape:
    """What clients can see at a moment."""

    contacts: tuple[Contact, ...]
    """All contacts there can ever be in this run; the same in every landscape of it."""
    publications: tuple[tuple[int, ...], ...]
    """Every publication so far, by number: internet contacts, ascending. Number 0 is empty; the tuple only grows."""
    published: tuple[int, ...]
    """By site: the number of what it answers location requests with."""
    bootstraps: tuple[int, ...]
    """By population: the number of the publication its clients begin with."""
    tiers: tuple[tuple[tuple[int, ...], ...], ...]
    """By locale (see :mod:`cmgsim.fleet.population`): contacts to use on the intranet, best tier first."""
    answers: tuple[tuple[int, ...], ...]
    """By population and contact: the HTTP status a request meets; 200 served, 0 no answer, else refused."""
    domain_controller: bool
    """Clients on the intranet can reach a domain controller."""
    told: tuple[Told, ...]
    """By population: what its policy says."""
    active_gateways: tuple[str, ...]
    """Gateways that are ready, connected, and have a management point that takes their traffic."""
    stations: tuple[Station, ...] = ()
    """All stations there can ever be in this run; the same in every landscape of it."""
    routes: tuple[Route, ...] = ()
    """By contact: what is behind it now. Empty where nobody queues: replies then only travel."""

    def alive(self, population: int, publication: int) -> bool:
        """Say whether a client of that population, knowing that publication, has a contact that would serve it."""
        answers = self.answers[population]
        return any(answers[contact] == SERVED for contact in self.publications[publication])
