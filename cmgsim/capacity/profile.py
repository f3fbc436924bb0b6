"""Where a request's time goes: by hop, kind and hour, with the load of every part, and the bottleneck named.

Theory of operation: a run says what was asked and what became of it. The whole of a design lives in the fleet, where
its requests queue, find no port, and are asked again; the times are what the fleet measured. A sample cannot do that:
a tenth of the clients never fills the lines of the whole. So it lives without waiting, its counts are multiplied, and
what was served is sent through the lines of the design as it is drawn (:mod:`cmgsim.capacity.network`), day by day.
Where more is asked of a part than it can do, its line would grow as long as that lasts, and no times are given.

Either way times end in the same integer histograms (:mod:`cmgsim.fleet.histogram`), which can be added to those of
another run.

Nothing is sampled unasked: the fast fleet lives 96,000 clients for 14 days in about a minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmgsim.capacity.drawn import (
    candidate_of,
    lived,
    multiple_of,
    require_alike,
    served_demand,
    unhindered,
    whole_demand,
)
from cmgsim.capacity.failures import NO_TCP_PORT, UNANSWERED, failures_of
from cmgsim.capacity.filled import limits_for, limits_met
from cmgsim.capacity.limits import Limit, binding, stock_of
from cmgsim.capacity.network import Candidate, Passage, Speeds, requests_of, send_through, speeds_of
from cmgsim.capacity.premises import premises_of
from cmgsim.design.model import Design
from cmgsim.errors import Refused
from cmgsim.fleet.histogram import BINS, edges
from cmgsim.fleet.measures import Hop, Latencies, Measures
from cmgsim.fleet.series import INTERVAL_US, Count
from cmgsim.site.client import HABITS, Activity
from cmgsim.site.landscape import Landscape, Over, StationKind
from cmgsim.units import DAY, HOUR, PARTS_PER_MILLION
from cmgsim.world.run import Run

_DAY_ROWS, _HOUR_ROWS = DAY // INTERVAL_US, HOUR // INTERVAL_US
_PARTS = ("vm", "connection_point", "management_point", "update_point")
_OVER_GATEWAYS = tuple(Over).index(Over.GATEWAY)


@dataclass(frozen=True, eq=False)
class PartLoad:
    """The load of one part, a station or equal stations together, hour by hour: arrays (hours,) int64."""

    name: str
    kind: StationKind
    servers: int
    """Over all of them."""
    arrivals: NDArray[np.int64]
    busy_us: NDArray[np.int64]
    """Time in service."""
    waiting_us: NDArray[np.int64]
    """Time in line, over all requests."""

    @property
    def busy_ppm(self) -> NDArray[np.int64]:
        """How busy it is in each hour: (hours,) int64, parts per million."""
        return self.busy_us * PARTS_PER_MILLION // (HOUR * max(self.servers, 1))

    @property
    def busiest(self) -> int:
        """The hour in which it is busiest."""
        return int(self.busy_us.argmax()) if len(self.busy_us) else 0

    def queue(self, hour: int) -> float:
        """Return how many requests stand in line, on average over an hour."""
        return float(self.waiting_us[hour] / HOUR) if len(self.waiting_us) else 0.0


@dataclass(frozen=True, eq=False)
class Profile:
    """Where time goes in a run."""

    design: Design
    """The design as it is drawn."""
    run: Run
    """What was simulated; of a sample, a share of the clients in a design that makes nobody wait."""
    latencies: Latencies
    """Of a sample with overloaded parts, none."""
    parts: tuple[PartLoad, ...]
    connections: NDArray[np.int64]
    """By five-minute interval: clients that hold a channel over a gateway, all of the design."""
    limits: tuple[Limit, ...]
    measured_by_fleet: str
    """A sentence that says where the times come from."""
    premises: tuple[str, ...]
    failed: Mapping[str, int]
    """How many requests over gateways came to nothing, by cause."""
    remarks: tuple[str, ...] = ()
    """Sentences that say what the figures cannot show."""

    @property
    def overloaded(self) -> tuple[PartLoad, ...]:
        """The parts of a sample of which more is asked in some hour than they can do."""
        full = (part for part in self.parts if int(part.busy_ppm.max(initial=0)) >= PARTS_PER_MILLION)
        return tuple(full) if self.sampled else ()

    @property
    def sampled(self) -> bool:
        """Whether a share of the clients stands for all of them."""
        return self.run.scale != PARTS_PER_MILLION

    @property
    def clients(self) -> int:
        """How many clients the design has."""
        return sum(population.count for population in self.design.clients.values())

    @property
    def bottleneck(self) -> PartLoad | None:
        """The part that is busiest in its busiest hour, or None where nothing came to any."""
        some = [part for part in self.parts if part.arrivals.any()]
        return max(some, key=lambda part: int(part.busy_ppm[part.busiest])) if some else None

    @property
    def binding(self) -> Limit:
        """The limit that binds: TCP ports where they run out, else the fullest."""
        return binding(self.limits)

    @property
    def busiest_hour(self) -> int | None:
        """The hour in which VMs served most requests; None where they served none, or no times are given."""
        chosen = self.latencies.hop == Hop.VM
        if not chosen.any():
            return None
        return int(np.bincount(self.latencies.hour[chosen], weights=self.latencies.count[chosen]).argmax())

    def failures(self) -> dict[str, int]:
        """Return how many requests over gateways came to nothing, by cause (:mod:`cmgsim.capacity.failures`)."""
        return dict(self.failed)

    def to_pandas(self, table: str = "latencies") -> Any:
        """Return a table of the profile or of its run as a pandas DataFrame; the documentation has their columns.

        Raises:
            UsageError: if there is no such table, or pandas is not installed.
        """
        from cmgsim.capacity.profile_tables import tables
        from cmgsim.world.columns import frame_of

        return frame_of(tables(self), table, "a profile")


def profile(
    design: Design,
    *,
    days: int = 1,
    seed: int = 1,
    scale: int | None = None,
    observer: Callable[[str], None] = lambda line: None,
) -> Profile:
    """Let a design live for some days and say where its requests' time goes.

    *scale* is the share (ppm) of clients to simulate; left out, all of them.

    Raises:
        Refused: if nothing is asked over a gateway in that time, or a sample cannot stand for the whole.
    """
    share = scale or PARTS_PER_MILLION
    if share == PARTS_PER_MILLION:
        run, found = lived(design, days, seed=seed, scale=share, observer=observer)
        _require_demand(run)
        return _of_measures(run, found)
    require_alike(design)
    run, found = lived(unhindered(design), days, seed=seed, scale=share, observer=observer)
    _require_demand(run)
    observer("sending the requests through the lines")
    return _of_lines(design, run, found)


def _require_demand(run: Run) -> None:
    """Let a run pass in which something is asked over gateways.

    Raises:
        Refused: if nothing is.
    """
    if not run.series.requests[:, :, _OVER_GATEWAYS, Count.ASKED].any():
        unable = int(run.series.requests[:, :, _OVER_GATEWAYS, Count.NO_CONTACT].sum())
        knew = f" (clients on the internet knew nobody to ask, {unable:,} times)" if unable else ""
        raise Refused(
            "NO_DEMAND", f"nothing is asked over a gateway in that time{knew}, so there is nothing to profile"
        )


def _of_lines(design: Design, run: Run, found: Measures) -> Profile:
    demand, stock = served_demand(run), stock_of(design)
    candidate = candidate_of(stock)
    if candidate is None or not demand.requests.any():
        raise Refused(
            "NO_DEMAND", "no gateway serves anything that is asked, so there are no times: leave --scale out to see why"
        )
    speeds = speeds_of(design, stock.vm_size)
    sums = _Sums(-(-len(demand.requests) // _HOUR_ROWS))
    for begin in range(0, len(demand.requests), _DAY_ROWS):
        end = min(begin + _DAY_ROWS, len(demand.requests))
        sums.add(send_through(requests_of(demand, speeds, begin, end), candidate, speeds))
    factor, own = multiple_of(run), failures_of(run, found.load)
    multiplied = {cause: count * factor // PARTS_PER_MILLION for cause, count in own.items()}
    parts = sums.parts(candidate, speeds)
    overloaded = any(int(part.busy_ppm.max(initial=0)) >= PARTS_PER_MILLION for part in parts)
    return Profile(
        design,
        run,
        _NO_TIMES if overloaded else sums.latencies(),
        parts,
        demand.connections,
        limits_for(design, demand, demand.peak),
        "the sample's requests, multiplied, in the lines of the design as it is drawn",
        premises_of(design),
        sums.failures(multiplied),
        _remarks(run, design, sums),
    )


_NO_TIMES = Latencies(*(np.zeros(0, dtype=np.int64) for _ in range(5)))


def _remarks(run: Run, design: Design, sums: _Sums) -> tuple[str, ...]:
    """Say what a sample cannot show."""
    total = sum(population.count for population in design.clients.values())
    sample = f"a sample: {run.clients:,} clients stand for {total:,}, and counts are multiplied"
    if sums.refused or sums.late:
        hidden = (
            "what is refused or not answered in time is asked again, which a sample does not show: parts are busier "
            "than here, and more requests fail; leave --scale out to see it"
        )
    else:
        hidden = "requests that are asked again after a failure are not in a sample"
    return sample, hidden


class _Sums:
    """Histograms and loads that passages are added to."""

    def __init__(self, hours: int) -> None:
        self.hours = hours
        self.refused = 0
        """Requests that found no TCP port."""
        self.late = 0
        """Requests over gateways whose answer would come when their clients no longer wait."""
        self._cells: list[NDArray[np.int64]] = []
        self._loads = {part: np.zeros((3, hours), dtype=np.int64) for part in _PARTS}
        self._edges = edges()

    def add(self, passage: Passage) -> None:
        """Add the requests of a passage to the hours in which they were sent."""
        hour, on_time = passage.sent_us // HOUR, passage.hops[:, Hop.TOTAL] <= HABITS.patience_us
        passed = ~passage.refused
        self.refused += int(passage.refused.sum())
        self.late += int((passed & passage.gateway & ~on_time).sum())
        came = {
            Hop.TRAVEL_OUT: np.ones(len(hour), dtype=np.bool_),
            Hop.VM_WAIT: passage.gateway,
            Hop.VM: passage.gateway,
            Hop.CONNECTION_POINT: passage.gateway & passed,
            Hop.ROLE_WAIT: passed,
            Hop.ROLE: passed,
            Hop.TRAVEL_BACK: passed & on_time,
            Hop.TOTAL: passed & on_time,
        }
        for hop, chosen in came.items():
            number = np.minimum(np.searchsorted(self._edges, passage.hops[chosen, hop], side="right") - 1, BINS - 1)
            self._cells.append(_counted(_cell(hour[chosen], passage.kind[chosen], int(hop), number)))
        for part, load in self._loads.items():
            load += np.stack(
                [np.bincount(hour, weights, self.hours).astype(np.int64) for weights in passage.work(part)]
            )

    def failures(self, counted: Mapping[str, int]) -> dict[str, int]:
        """Return failures with those that the lines have made."""
        port = {NO_TCP_PORT: counted.get(NO_TCP_PORT, 0) + self.refused} if self.refused else {}
        return {**port, **counted, **port, UNANSWERED: counted[UNANSWERED] + self.late}

    def latencies(self) -> Latencies:
        """Return the histograms as rows without zeros."""
        cells, counts = np.concatenate(self._cells, axis=1)
        cell, place = np.unique(cells, return_inverse=True)
        count = np.zeros(len(cell), dtype=np.int64)
        np.add.at(count, place, counts)
        rest, number = np.divmod(cell, BINS)
        rest, hop = np.divmod(rest, len(Hop))
        hour, kind = np.divmod(rest, len(Activity))
        return Latencies(hour, kind, hop, number, count)

    def parts(self, candidate: Candidate, speeds: Speeds) -> tuple[PartLoad, ...]:
        """Return the loads, equal stations together."""
        return tuple(
            PartLoad(
                f"{count} {part.replace('_', ' ').replace('vm', 'VM')}{'' if count == 1 else 's'}",
                StationKind(number),
                count * getattr(speeds, part).servers,
                *self._loads[part],
            )
            for number, part in enumerate(_PARTS)
            if (count := getattr(candidate, f"{part}s"))
        )


def _cell(hour: NDArray[np.int64], kind: NDArray[np.int64], hop: int, number: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the cells of the histograms in the order in which they are written."""
    return ((hour * len(Activity) + kind) * len(Hop) + hop) * BINS + number


def _counted(cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return each cell once, and how often it was there: (2, some) int64."""
    return np.stack(np.unique(cells, return_counts=True))


def _of_measures(run: Run, found: Measures) -> Profile:
    """Make a profile of what the fleet measured itself, station by station."""
    demand = whole_demand(run)
    return Profile(
        run.design,
        run,
        found.latencies,
        tuple(_station_loads(found, run.landscape)),
        demand.connections,
        limits_met(run, found.load, demand),
        "the fleet, request by request",
        premises_of(run.design),
        failures_of(run, found.load),
    )


def _station_loads(found: Measures, landscape: Landscape) -> Iterator[PartLoad]:
    for number, station in enumerate(landscape.stations):
        columns = (found.load.arrivals, found.load.busy_us, found.load.waiting_us)
        arrivals, busy, waiting = (_by_hour(column[:, number]) for column in columns)
        if arrivals.any():
            yield PartLoad(station.name, station.kind, station.servers, arrivals, busy, waiting)


def _by_hour(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return sums over the hours of an array by interval."""
    rows = -(-len(values) // _HOUR_ROWS) * _HOUR_ROWS
    return np.asarray(np.pad(values, (0, rows - len(values))).reshape(-1, _HOUR_ROWS).sum(axis=1))
