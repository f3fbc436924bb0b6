"""Everything a client can see of the site at a moment, frozen.

Theory of operation: the control plane surveys itself into a landscape whenever it has changed; between two landscapes
the fleet needs nothing else. Everything is an index into a tuple, so that both fleets read the same tables.

A *contact* is something a client can send a request to: an on-premises management point, or an internet candidate,
which is a pair of gateway name and management point (its URL), or a management point published to the internet. The
same goes for software update points. Two gateways that bear the same name one after the other make the same contact: a
URL has no memory.

A *publication* is a list of internet contacts that a site has answered location requests with. A client knows exactly
one publication, by number: what it was last told.

A *station* is something that requests queue at, first come, first served: a VM of a gateway, a connection point, a
management point, a software update point. A contact's *route* names the stations behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum

from cmgsim.site.client import Activity, Metered, Target

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
    """The management point behind it; empty if another role is."""
    fqdn: str = ""
    """The gateway's service name; empty on the intranet."""
    target: Target = Target.MANAGEMENT_POINT
    """The kind of role behind it."""
    update_point: str = ""
    """The software update point behind it; empty if another role is."""
    source: str = ""
    """The content source behind it: a distribution point, a gateway's service name, or Microsoft Update."""


@dataclass(frozen=True)
class Told:
    """What one population is told by policy."""

    use_gateway: bool
    cycles_us: tuple[int, ...]
    """By activity: how often; 0 for what is only done on demand."""
    deployments: tuple[int, ...] = ()
    """The packages deployed to it so far, by number, one after the other."""
    use_cloud: bool = False
    """Allow access to cloud distribution point."""
    cache_bytes: int = 1 << 62
    """The size of the client cache."""
    metered: Metered = Metered.ALLOW
    """Client communication on metered internet connections."""

    @property
    def policy_polling_us(self) -> int:
        """How often it asks for policy."""
        return self.cycles_us[Activity.POLICY]

    @property
    def location_cycle_us(self) -> int:
        """How often it asks for locations."""
        return self.cycles_us[Activity.LOCATION]


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
    update_pools: tuple[tuple[tuple[int, int], ...], ...] = ()
    """By locale: software update points on the intranet as (us after the first failure, contact), in the order in which
    they join. Empty: none for anybody."""
    package_bytes: tuple[int, ...] = ()
    """By package: its size."""
    sources: tuple[tuple[int, ...], ...] = ()
    """By package: the contacts that management points name as its sources now, ascending."""
    content_pools: tuple[tuple[tuple[int, int], ...], ...] = ()
    """By locale: distribution points on the intranet as (us after the search began, contact), as they join."""
    cloud_first: tuple[int, ...] = ()
    """Locales, ascending, in which clients prefer cloud sources to distribution points."""
    registries: tuple[int, ...] = ()
    """By population: the publication in its clients' registry, for those that know none; empty: nowhere."""
    isolated: tuple[int, ...] = ()
    """Locales, ascending, whose clients reach no domain controller although others do."""
    reasons: tuple[tuple[str, ...], ...] = field(default=(), compare=False)
    """By population and contact: the word of the :class:`~cmgsim.site.authentication.Reason` for which a request is
    refused, empty where it is not. Logs tell it; clients go by the status alone, so it makes no landscape differ."""

    def require_same_frame(self, before: Landscape) -> None:
        """Let this pass if it can come after another one: what there can be, and whether requests queue, never changes.

        Raises:
            ValueError: if it is of another run. The compiled fleet would read and write beyond its arrays.
        """
        if self._frame() != before._frame():
            raise ValueError("the contacts, stations, packages, populations or sites are those of another run")

    def _frame(self) -> tuple[object, ...]:
        sizes = (len(self.answers), len(self.told), len(self.tiers), len(self.published))
        return self.contacts, self.stations, bool(self.routes), self.package_bytes, sizes

    def alive(self, population: int, publication: int) -> bool:
        """Say whether a client of that population, knowing that publication, has a management point to serve it."""
        answers = self.answers[population]
        known = self.of(Target.MANAGEMENT_POINT, self.publications[self.known(population, publication)])
        return any(answers[contact] == SERVED for contact in known)

    def known(self, population: int, publication: int) -> int:
        """Return the publication a client goes by: what it was told, or with nothing there what its registry says."""
        if self.registries and not self.of(Target.MANAGEMENT_POINT, self.publications[publication]):
            return self.registries[population]
        return publication

    def reaches_domain_controller(self, locale: int) -> bool:
        """Say whether clients in a locale of the intranet reach a domain controller."""
        return self.domain_controller and locale not in self.isolated

    def of(self, target: Target, contacts: tuple[int, ...]) -> tuple[int, ...]:
        """Return those of some contacts that have a role of that kind behind them."""
        return tuple(contact for contact in contacts if self.contacts[contact].target is target)
