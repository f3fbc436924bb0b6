"""Where a request's time goes: by hop, kind and hour, with the load of every part, and the bottleneck named.

Theory of operation: a run says what was asked and what became of it. Times come from the fleet itself where it measured
them (a whole population whose requests queue), else the run's requests are sent through the lines of the design as it
is drawn (:mod:`cmgsim.capacity.network`), day by day. Either way they end in the same integer histograms
(:mod:`cmgsim.fleet.histogram`), which can be added to those of another run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from cmgsim.capacity.demand import SAMPLE
from cmgsim.capacity.drawn import candidate_of, whole_demand
from cmgsim.capacity.limits import Limit, binding, limits, stock_of
from cmgsim.capacity.network import Candidate, Passage, Speeds, requests_of, send_through, speeds_of
from cmgsim.design.model import Design
from cmgsim.errors import Refused
from cmgsim.fleet.histogram import BINS, edges
from cmgsim.fleet.measures import Hop, Latencies, Measures
from cmgsim.fleet.series import INTERVAL_US, Count
from cmgsim.site.landscape import Landscape, Over, StationKind
from cmgsim.site.stations import ASSUMED, measured
from cmgsim.units import DAY, HOUR, PARTS_PER_MILLION
from cmgsim.world.build import build
from cmgsim.world.run import Run

_DAY_ROWS, _HOUR_ROWS = DAY // INTERVAL_US, HOUR // INTERVAL_US
_PARTS = ("vm", "connection_point", "management_point", "update_point")
_CAUSES = (Count.REFUSED, Count.UNANSWERED, Count.GIVEN_UP, Count.NO_CONTACT)
_GATEWAY_HOPS = (Hop.VM_WAIT, Hop.VM, Hop.CONNECTION_POINT)
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

    run: Run
    latencies: Latencies
    parts: tuple[PartLoad, ...]
    connections: NDArray[np.int64]
    """By five-minute interval: clients that hold a channel over a gateway, all of the design."""
    limits: tuple[Limit, ...]
    measured_by_fleet: str
    """A sentence that says where the times come from."""
    premises: tuple[str, ...]

    @property
    def bottleneck(self) -> PartLoad | None:
        """The part that is busiest in its busiest hour, or None where nothing is asked."""
        some = [part for part in self.parts if part.arrivals.any()]
        return max(some, key=lambda part: int(part.busy_ppm[part.busiest])) if some else None

    @property
    def binding(self) -> Limit:
        """The limit that is fullest."""
        return binding(self.limits)

    @property
    def busiest_hour(self) -> int | None:
        """The hour in which most requests over gateways were answered; None where none was."""
        chosen = self.latencies.hop == Hop.VM
        if not chosen.any():
            return None
        return int(np.bincount(self.latencies.hour[chosen], weights=self.latencies.count[chosen]).argmax())

    def failures(self) -> dict[str, int]:
        """Return how many requests over gateways came to nothing, by cause."""
        counts = self.run.series.requests[:, :, _OVER_GATEWAYS].sum(axis=(0, 1))
        return {cause.name.lower(): int(counts[cause]) for cause in _CAUSES}


def profile(
    design: Design,
    *,
    days: int = 1,
    seed: int = 1,
    scale: int | None = None,
    observer: Callable[[str], None] = lambda line: None,
) -> Profile:
    """Let a design live for some days and say where its requests' time goes.

    *scale* is the share (ppm) of clients to simulate; left out, as many as take a little while.
    """
    share = scale or affordable(design, days)
    world = build(design, seed=seed, scale=share)
    for day in range(days):
        observer(f"day {day + 1} of {days}")
        world.run(timedelta(days=1))
    run, found = world.finish(), world.fleet.measures()
    if share == PARTS_PER_MILLION and found.latencies.count.any():
        return _of_measures(run, found, world.landscape)
    observer("sending the requests through the lines")
    return _of_lines(run)


def affordable(design: Design, days: int) -> int:
    """Return the share (ppm) of a design's clients whose days can be simulated in a little while."""
    total = sum(population.count for population in design.clients.values())
    return min(PARTS_PER_MILLION, max(1, SAMPLE * 14 * PARTS_PER_MILLION // max(total * days, 1)))


def _of_lines(run: Run) -> Profile:
    demand, stock = whole_demand(run), stock_of(run.design)
    candidate = candidate_of(stock)
    if candidate is None or not demand.requests.any():
        raise Refused(
            "NO_DEMAND", "nothing is asked over a gateway that could serve it, so there is nothing to profile"
        )
    speeds = speeds_of(run.design, stock.vm_size)
    hours = -(-len(demand.requests) // _HOUR_ROWS)
    sums = _Sums(hours)
    for begin in range(0, len(demand.requests), _DAY_ROWS):
        end = min(begin + _DAY_ROWS, len(demand.requests))
        sums.add(send_through(requests_of(demand, speeds, begin, end), candidate, speeds))
    scaled = run.scale != PARTS_PER_MILLION
    origin = "the run's requests in the lines of the design as it is drawn"
    return Profile(
        run,
        sums.latencies(),
        sums.parts(candidate, speeds),
        demand.connections,
        limits(
            stock,
            connections=demand.peak,
            clients=demand.clients,
            vms=stock.vms,
            downloads=demand.downloads_a_second,
        ),
        origin + (f"; {run.clients:,} clients stand for {demand.clients:,}" if scaled else ""),
        () if measured(run.design) else (ASSUMED,),
    )


class _Sums:
    """Histograms and loads that passages are added to."""

    def __init__(self, hours: int) -> None:
        self.hours = hours
        self._cells: dict[tuple[int, int, int], NDArray[np.int64]] = {}
        self._loads = {part: np.zeros((3, hours), dtype=np.int64) for part in _PARTS}
        self._edges = edges()

    def add(self, passage: Passage) -> None:
        """Add the requests of a passage that were answered to the hours in which they were sent."""
        hour = passage.sent_us // HOUR
        for hop in Hop:
            rows = np.flatnonzero(~passage.refused & passage.gateway if hop in _GATEWAY_HOPS else ~passage.refused)
            self._fill(hop, hour[rows], passage.kind[rows], passage.hops[rows, hop])
        for part, load in self._loads.items():
            load += np.stack(
                [np.bincount(hour, weights, self.hours).astype(np.int64) for weights in passage.work(part)]
            )

    def _fill(self, hop: Hop, hour: NDArray[np.int64], kind: NDArray[np.int64], took_us: NDArray[np.int64]) -> None:
        number = np.searchsorted(self._edges, took_us, side="right") - 1
        cell = hour * 1_000 + kind
        for one in np.unique(cell):
            counts = np.bincount(number[cell == one], minlength=BINS)[:BINS]
            key = (int(one) // 1_000, int(one) % 1_000, int(hop))
            self._cells[key] = self._cells.get(key, np.zeros(BINS, dtype=np.int64)) + counts

    def latencies(self) -> Latencies:
        """Return the histograms as rows without zeros."""
        rows = [
            (hour, kind, hop, int(number), int(counts[number]))
            for (hour, kind, hop), counts in sorted(self._cells.items())
            for number in np.flatnonzero(counts)
        ]
        return Latencies(*(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True)))

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


def _of_measures(run: Run, found: Measures, landscape: Landscape) -> Profile:
    """Make a profile of what the fleet measured itself, station by station."""
    stock = stock_of(run.design)
    demand = whole_demand(run)
    return Profile(
        run,
        found.latencies,
        tuple(_station_loads(found, landscape)),
        demand.connections,
        limits(
            stock,
            connections=demand.peak,
            clients=demand.clients,
            vms=stock.vms,
            downloads=demand.downloads_a_second,
        ),
        "the fleet, request by request",
        () if measured(run.design) else (ASSUMED,),
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
