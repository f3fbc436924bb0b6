"""What clients ask of gateways, hour by hour: counted in a run whose gateways never make anybody wait.

Theory of operation: a client's next request is due a cycle after it *sent* the last one, however long the reply took.
So what clients ask does not depend on how many VMs there are: one run of the fleet gives the arrivals for every number
of VMs, and all candidates of a sizing are compared on the very same requests (common random numbers). The run counts
requests by five-minute intervals; within one they are spread evenly, by draws of their own.

A design of many clients is counted on a sample of every population, and the counts are multiplied: a figure from a
sample says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from cmgsim.capacity.lanes import Lanes, named
from cmgsim.capacity.limits import sites_of
from cmgsim.design.capacity import Capacity, Measured
from cmgsim.design.files import LoadedScenario
from cmgsim.design.hardships import Fault
from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.draws import chance, draw, identity, stream
from cmgsim.errors import Refused
from cmgsim.fleet.series import INTERVAL_US, Count
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.rehearsal.scenario import faults_of
from cmgsim.site.client import Activity, Target
from cmgsim.site.landscape import Over
from cmgsim.units import HOUR, PARTS_PER_MILLION, SECOND
from cmgsim.world.run import Run

#: How many clients are simulated at most to count what all of them ask: what takes the fast fleet a few seconds.
SAMPLE = 50_000
#: Raised so far that no port runs out while requests are counted.
_PORTS = 64_511
_ROUNDING = stream("capacity.rounding")
_HOUR_ROWS = HOUR // INTERVAL_US
_WAYS = tuple(Over)


@dataclass(frozen=True, eq=False)
class Demand:
    """What was asked in each five-minute interval of a run; the arrays are int64.

    ``requests``: (intervals, kinds), sent over gateways; ``intranet``: (intervals, kinds), sent to roles directly;
    ``connections``: (intervals,), clients that hold a channel over a gateway at the interval's end.
    """

    seed: int
    sample: int
    """Clients that were simulated."""
    clients: int
    """Clients that the counts stand for."""
    requests: NDArray[np.int64]
    intranet: NDArray[np.int64]
    connections: NDArray[np.int64]
    egress_bytes: int
    """Bytes that left Azure in the whole run."""
    downloads: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """(intervals,): requests to Azure storage, which pass no VM and are in none of the others."""
    name: str = ""
    """The gateway or site that it is of, where it is of one among several."""
    sites: tuple[Demand, ...] = ()
    """What it is the sum of, where roles of several sites stand behind one gateway."""
    gateways: Mapping[str, Demand] = field(default_factory=dict)
    """The demand of each gateway that is asked anything, once it was dealt out."""

    @property
    def by_site(self) -> tuple[Demand, ...]:
        """The demand of each site, where it is one at that."""
        return self.sites or (self,)

    def of(self, gateway: str) -> Demand:
        """Return what is asked of one gateway.

        Raises:
            Refused: if nothing is.
        """
        if not self.gateways:
            return self
        if gateway not in self.gateways:
            raise Refused(
                "NO_DEMAND",
                f"nothing is asked of gateway {gateway!r} in that time, only of {', '.join(self.gateways)}: try "
                "'cmgsim lint'",
            )
        return self.gateways[gateway]

    @property
    def peak(self) -> int:
        """The most connections at one time."""
        return int(self.connections.max(initial=0))

    @property
    def days(self) -> float:
        """How long the run was."""
        return len(self.connections) * INTERVAL_US / (24 * HOUR)

    @property
    def downloads_a_second(self) -> int:
        """The most requests a second that storage gets, on average over five minutes, rounded up."""
        most = int(self.downloads.max(initial=0))
        return -(-most * SECOND // INTERVAL_US)

    def busiest_hour(self) -> int:
        """Return the first interval of the hour in which most requests come over gateways."""
        counts = self.requests.sum(axis=1)
        within = np.convolve(counts, np.ones(_HOUR_ROWS, dtype=np.int64), mode="valid")
        return int(within.argmax()) if len(within) else 0

    def scaled(self, ppm: int) -> Demand:
        """Return the demand of so many times the clients (parts per million); fractions are rounded by draws."""
        return self._times(ppm, PARTS_PER_MILLION)

    def at_peak(self, clients: int) -> Demand:
        """Return the demand scaled so that at its peak so many clients are connected."""
        return self._times(clients, self.peak) if self.peak else self

    def _times(self, many: int, of: int) -> Demand:
        """Return *many* times the demand, divided by *of*."""
        if many == of:
            return self
        words = (self.name,) if self.name else ()
        return replace(
            self,
            clients=self.clients * many // of,
            requests=_multiplied(self.requests, many, of, self.seed, identity("requests", *words)),
            intranet=_multiplied(self.intranet, many, of, self.seed, identity("intranet", *words)),
            connections=self.connections * many // of,
            egress_bytes=self.egress_bytes * many // of,
            downloads=self.downloads * many // of,
            gateways={name: demand._times(many, of) for name, demand in self.gateways.items()},
        )._summed([site._times(many, of) for site in self.sites])

    def _summed(self, sites: Sequence[Demand]) -> Demand:
        """Return it with the requests of sites that were rounded by themselves, and their sum for the whole."""
        if not sites:
            return self
        return replace(
            self,
            sites=tuple(sites),
            requests=np.sum([site.requests for site in sites], axis=0),
            intranet=np.sum([site.intranet for site in sites], axis=0),
        )


@dataclass(frozen=True)
class Course:
    """What happens while requests are counted: nothing in particular for a day, or what a scenario says."""

    before: timedelta = timedelta(0)
    """Let this much time pass before the plan."""
    plan: Plan | None = None
    after: timedelta = timedelta(days=1)
    """Let this much time pass after it."""
    faults: Callable[[int], Sequence[Fault]] = lambda seed: ()
    """The faults of a run, by its seed."""

    @classmethod
    def of(cls, loaded: LoadedScenario) -> Course:
        """Return the course of a scenario."""
        scenario = loaded.scenario
        return cls(scenario.before, loaded.plan, scenario.after, lambda seed: faults_of(loaded, seed))


NOTHING_PARTICULAR = Course()
"""A day on which nothing in particular happens."""


def count_demand(
    design: Design, *, seed: int = 1, course: Course = NOTHING_PARTICULAR, sample: int | None = None
) -> Demand:
    """Let a design live without queues and count what is asked.

    *sample* is how many clients to simulate at most; left out, as many as take a few seconds.

    Raises:
        Refused: if no request ever goes over a gateway.
    """
    total = sum(population.count for population in design.clients.values())
    scale = min(PARTS_PER_MILLION, max(1, (sample or SAMPLE) * PARTS_PER_MILLION // max(total, 1)))
    run = rehearse(
        _unhindered(design),
        course.plan,
        seed=seed,
        scale=scale,
        before=course.before,
        after=course.after,
        faults=course.faults(seed),
    )
    counted = dealt(run, demand_of(run))
    if not counted.requests.any() or not counted.peak:
        raise Refused(
            "NO_DEMAND",
            "no client of this design is served over a gateway in that time, so there is nothing to size: "
            "try 'cmgsim lint', and 'planned: true' only for what does not exist yet",
        )
    return _of_all(counted._times(total, counted.sample), design)


def _of_all(demand: Demand, design: Design) -> Demand:
    """Return a demand that stands for all clients of the design, or of its sites, to the last one."""

    def whole(one: Demand, names: Sequence[str]) -> Demand:
        clients = sum(population.count for population in design.clients.values() if population.site in names)
        sites = tuple(whole(site, (site.name,)) for site in one.sites)
        return replace(one, clients=clients, sites=sites)

    gateways = {name: whole(one, sites_of(design, name)) for name, one in demand.gateways.items()}
    return replace(whole(demand, tuple(design.hierarchy.sites)), gateways=gateways)


def demand_of(run: Run) -> Demand:
    """Return what was asked in a run, by the clients that it simulated.

    Downloads pass neither VMs nor management points: those from Azure storage are counted by themselves.
    """
    asked = run.series.requests[: run.series.intervals, :, :, Count.ASKED].copy()
    downloads = asked[:, Activity.DOWNLOAD, _WAYS.index(Over.GATEWAY)].copy()
    asked[:, Activity.DOWNLOAD] = 0
    over = [number for number, contact in enumerate(run.landscape.contacts) if contact.over is Over.GATEWAY]
    return Demand(
        seed=run.seed,
        sample=run.clients,
        clients=run.clients,
        requests=asked[:, :, _WAYS.index(Over.GATEWAY)],
        intranet=asked[:, :, _WAYS.index(Over.INTRANET)],
        connections=run.series.channels[: run.series.intervals, over].sum(axis=1),
        egress_bytes=int(run.series.egress.sum()),
        downloads=downloads,
    )


def _unhindered(design: Design) -> Design:
    """Return the design with roles that serve at once and never run out of ports."""
    instant = Measured(service=timedelta(microseconds=1), at_once=1)
    points = {
        name: point.model_copy(update={"tcp_ports": _PORTS}) for name, point in design.roles.connection_points.items()
    }
    return design.model_copy(
        update={
            "capacity": Capacity(vm=instant, connection_point=instant, management_point=instant, update_point=instant),
            "roles": design.roles.model_copy(update={"connection_points": points}),
        }
    )


def _multiplied(counts: NDArray[np.int64], many: int, of: int, seed: int, who: int) -> NDArray[np.int64]:
    whole, rest = np.divmod(counts * many, of)
    share_ppm = rest * PARTS_PER_MILLION // of
    for index in np.ndindex(rest.shape):
        row = int(np.ravel_multi_index(index, rest.shape))
        whole[index] += chance(draw(seed, who, _ROUNDING, row), int(share_ppm[index]))
    return whole


def dealt(run: Run, demand: Demand) -> Demand:
    """Return a run's demand with that of each gateway and site, where there are several.

    Assumption: within five minutes the kinds of request are mixed alike at all gateways and sites.
    """
    lanes = Lanes.of(run)
    if len(lanes.names) < 2:
        return replace(demand, gateways={name: demand for name, _ in lanes.names})
    over, inside = lanes.over(), lanes.inside()
    gateways = tuple(dict.fromkeys(gateway for gateway, _ in lanes.names))
    found = {name: _of_gateway(run, demand, lanes, name, over, inside) for name in gateways}
    asked = {name: one for name, one in found.items() if one.requests.any()}
    if len(asked) > 1 or len(running(run.design)) > 1:
        return replace(demand, gateways=asked)
    #: Only one is asked anything, so that all is its, to the last byte.
    return replace(demand, gateways={name: replace(demand, sites=one.sites) for name, one in asked.items()})


def running(design: Design) -> tuple[str, ...]:
    """Return the gateways of a design that run from the beginning, one for each name that clients know."""
    known = named(design).values()
    return tuple(name for name, gateway in design.gateways.items() if name in known and not gateway.planned)


def _of_gateway(
    run: Run, demand: Demand, lanes: Lanes, name: str, over: NDArray[np.int64], inside: NDArray[np.int64]
) -> Demand:
    """Return what is asked of one gateway, with its sites; what others ask of their roles comes to them directly."""
    rows, contacts = run.series.intervals, tuple(enumerate(run.landscape.contacts))
    sites = []
    for lane, (gateway, site) in enumerate(lanes.names):
        if gateway != name:
            continue
        others = [number for number, pair in enumerate(lanes.names) if pair[1] == site and pair[0] != name]
        held = [number for number, contact in contacts if lanes.lane(contact) == lane]
        one = replace(
            demand,
            name=site,
            requests=over[lane],
            intranet=inside[lanes.sites.index(site)] + over[others].sum(axis=0),
            connections=run.series.channels[:rows, held].sum(axis=1),
            egress_bytes=0,
            downloads=np.zeros(0, dtype=np.int64),
        )
        sites.append(one)
    mine = [number for number, contact in contacts if lanes.gateway(contact) == name]
    storage = [number for number in mine if run.landscape.contacts[number].target is Target.CONTENT]
    whole = replace(
        demand,
        name=name,
        connections=np.sum([site.connections for site in sites], axis=0),
        egress_bytes=int(run.series.egress[:, mine].sum()),
        downloads=run.series.by_contact[:rows, storage, Count.ASKED].sum(axis=1),
    )
    summed = whole._summed(sites)
    return summed if len(sites) > 1 else replace(summed, sites=())
