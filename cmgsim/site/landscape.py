"""Everything a client can see of the site at a moment, frozen.

Theory of operation: the control plane surveys itself into a landscape whenever it has changed; between two landscapes
the fleet needs nothing else. Everything is an index into a tuple, so that both fleets read the same tables.

A *contact* is something a client can send a request to: an on-premises management point, or an internet candidate,
which is a pair of gateway name and management point (its URL), or a management point published to the internet. Two
gateways that bear the same name one after the other make the same contact: a URL has no memory.

A *publication* is a list of internet contacts that a site has answered location requests with. A client knows exactly
one publication, by number: what it was last told.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

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

    def alive(self, population: int, publication: int) -> bool:
        """Say whether a client of that population, knowing that publication, has a contact that would serve it."""
        answers = self.answers[population]
        return any(answers[contact] == SERVED for contact in self.publications[publication])
