"""Requests on their way through a gateway of a given size: VM, connection point, role, and back.

Theory of operation: requests are drawn once for a demand and a seed, and then sent through candidates of any size.
A request travels to the gateway, is handed to a VM by the load balancer (a draw), waits there first come, first served,
goes on to the connection points in turn, waits, goes on to a management or update point (a draw), waits behind what
clients on the intranet ask, and travels back. The lines feed forward, so each is served in one exact pass
(:mod:`cmgsim.capacity.queues`). Where more clients are connected than the connection points have TCP ports, the share
that finds none is refused (source: "Plan for cloud management gateway"); nothing else ever is.

Assumption: times in service are exponential about their mean.
Assumption: a request does not change how long a client's notification channel is held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cmgsim.capacity.demand import Demand
from cmgsim.capacity.queues import begin_by_station, drawn_bits, exponential_us, uniform_index
from cmgsim.capacity.target import Aim, Target
from cmgsim.design.model import Design
from cmgsim.draws import mix_array, stream
from cmgsim.fleet.measures import Hop
from cmgsim.fleet.series import INTERVAL_US
from cmgsim.site.client import ACTIVITIES, HABITS
from cmgsim.site.client import Target as Role
from cmgsim.site.landscape import StationKind
from cmgsim.site.stations import Speed, role_speed, vm_speed
from cmgsim.units import HOUR, PARTS_PER_MILLION

_MOMENT, _OUT, _BACK = (stream(f"capacity.{what}") for what in ("moment", "travel.out", "travel.back"))
_VM, _ROLE, _PORT = (stream(f"capacity.{what}") for what in ("vm", "role", "port"))
_SERVICE = {
    part: stream(f"capacity.service.{part}") for part in ("vm", "connection_point", "management_point", "update_point")
}
#: Requests before the busiest hour that are sent through too, so that it does not begin with empty lines.
_WARM_UP = HOUR // INTERVAL_US
_HOUR_ROWS = HOUR // INTERVAL_US


@dataclass(frozen=True, order=True)
class Behind:
    """How many of each part stand at one site."""

    connection_points: int
    management_points: int
    update_points: int
    tcp_ports: int = 16_384
    """TCP ports of each connection point."""


@dataclass(frozen=True, order=True)
class Candidate:
    """How many of each part there are."""

    vms: int
    connection_points: int
    management_points: int
    update_points: int
    tcp_ports: int = 16_384
    """TCP ports of each connection point."""
    sites: tuple[Behind, ...] = ()
    """The same by site, where the roles of several stand behind the gateway."""

    @classmethod
    def of(cls, vms: int, sites: Sequence[Behind]) -> Candidate:
        """Return so many VMs before these sites."""
        sums = (
            sum(site.connection_points for site in sites),
            sum(site.management_points for site in sites),
            sum(site.update_points for site in sites),
        )
        return cls(vms, *sums, sites[0].tcp_ports, tuple(sites) if len(sites) > 1 else ())

    @property
    def by_site(self) -> tuple[Behind, ...]:
        """What stands at each site, where it is one at that."""
        alone = Behind(self.connection_points, self.management_points, self.update_points, self.tcp_ports)
        return self.sites or (alone,)


@dataclass(frozen=True)
class Speeds:
    """How fast each kind of part serves."""

    vm: Speed
    connection_point: Speed
    management_point: Speed
    update_point: Speed


def speeds_of(design: Design, vm_size: str) -> Speeds:
    """Return how fast the parts of a design serve."""
    return Speeds(
        vm_speed(design, vm_size),
        role_speed(design, StationKind.CONNECTION_POINT),
        role_speed(design, StationKind.MANAGEMENT_POINT),
        role_speed(design, StationKind.UPDATE_POINT),
    )


@dataclass(frozen=True, eq=False)
class Requests:
    """Requests in the order in which they are sent, with everything that is drawn of them.

    All arrays but the last have the shape (requests,); times are int64 microseconds, bits uint64.
    """

    site: NDArray[np.int64]
    """The number of the site whose roles it goes to; 0 where there is but one."""

    sent_us: NDArray[np.int64]
    kind: NDArray[np.int64]
    gateway: NDArray[np.bool_]
    """Sent over a gateway; else on the intranet."""
    out_us: NDArray[np.int64]
    """On the way there."""
    back_us: NDArray[np.int64]
    """On the way back."""
    service_us: dict[str, NDArray[np.int64]]
    """By part: the time in service there."""
    vm_bits: NDArray[np.uint64]
    """What the load balancer draws."""
    role_bits: NDArray[np.uint64]
    """What chooses a role on premises."""
    port_bits: NDArray[np.uint64]
    """What says who finds no port."""
    begin: int
    """The first interval that is looked at; what comes before warms the lines up."""
    end: int
    """The first interval that is no longer looked at."""
    connections: NDArray[np.int64]
    """By site and interval of the run: (sites, intervals) clients that hold a connection."""

    @property
    def span_us(self) -> int:
        """How long the time is that is looked at."""
        return (self.end - self.begin) * INTERVAL_US

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Which requests are looked at: (requests,)."""
        return self.sent_us >= self.begin * INTERVAL_US


@dataclass(frozen=True, eq=False)
class Visits:
    """The requests that came to one kind of part. All arrays have the shape (visits,) and dtype int64."""

    rows: NDArray[np.int64]
    """Which requests."""
    service_us: NDArray[np.int64]
    wait_us: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Passage:
    """What became of the requests that were looked at. All arrays have the shape (requests,).

    ``hops``: (requests, len(Hop)) int64, in microseconds.
    """

    sent_us: NDArray[np.int64]
    kind: NDArray[np.int64]
    gateway: NDArray[np.bool_]
    refused: NDArray[np.bool_]
    hops: NDArray[np.int64]
    busy: dict[str, int]
    """By part: the share (ppm) of its capacity that is asked for, at the site where that is most; more than a million
    means it cannot keep up."""
    busy_by_site: dict[str, tuple[int, ...]]
    """By part: the same at each site; VMs stand at none of them and have one share."""
    seen: NDArray[np.bool_]
    """Which of all requests that were sent are looked at: (all requests,)."""
    visits: dict[str, Visits]
    """By part: who came there, of all requests that were sent."""

    def figure(self, target: Target) -> float:
        """Return what a target bounds, in microseconds or parts per million; infinite where nothing was answered."""
        if target.aim is Aim.BUSY:
            return float(self.busy[target.part])
        if target.aim is Aim.REFUSED:
            over = int(self.gateway.sum())
            return float(self.refused.sum() * PARTS_PER_MILLION / over) if over else 0.0
        times = self.times(None if target.kind is None else int(target.kind))
        if not len(times):
            return float("inf")
        return float(times.mean()) if target.aim is Aim.MEAN else float(quantile_of(times, target.share))

    def work(self, part: str) -> NDArray[np.int64]:
        """Return who came to a part (1 or 0), and how long each was in service and in line there: (3, requests)."""
        visits = self.visits[part]
        found = np.zeros((3, len(self.seen)), dtype=np.int64)
        found[:, visits.rows] = np.ones(len(visits.rows), dtype=np.int64), visits.service_us, visits.wait_us
        return found[:, self.seen]

    def times(self, kind: int | None = None) -> NDArray[np.int64]:
        """Return how long requests over the gateway took that were answered, of one kind or all: (some,) int64."""
        chosen = self.gateway & ~self.refused
        return np.asarray(self.hops[chosen if kind is None else chosen & (self.kind == kind), Hop.TOTAL])


def quantile_of(values: NDArray[np.int64], share_ppm: int) -> int:
    """Return the smallest value that at least that share of the values does not exceed.

    Raises:
        ValueError: without any value.
    """
    rank = max(-(-len(values) * share_ppm // PARTS_PER_MILLION), 1) - 1
    return int(np.partition(values, rank)[rank])


def requests_of(demand: Demand, speeds: Speeds, begin: int | None = None, end: int | None = None) -> Requests:
    """Draw the requests of a demand between two intervals; left out, of the busiest hour."""
    first = demand.busiest_hour() if begin is None else begin
    last = min(first + _HOUR_ROWS, len(demand.requests)) if end is None else end
    warm = max(first - _WARM_UP, 0)
    sites = demand.by_site
    #: Two ways to each site: over the gateway and on the intranet.
    ways = [counts for part in sites for counts in (part.requests, part.intranet)]
    drawn = [_moments(demand.seed, way, counts[warm:last], warm) for way, counts in enumerate(ways)]
    sent, kind, key = (np.concatenate(parts) for parts in zip(*drawn, strict=True))
    order = np.lexsort((key, sent))
    way = np.repeat(np.arange(len(ways)), [len(moments) for moments, _, _ in drawn])[order]
    kind, key = kind[order], key[order]
    return Requests(
        site=way // 2,
        sent_us=sent[order],
        kind=kind,
        gateway=way % 2 == 0,
        out_us=_travel(demand.seed, _OUT, key),
        back_us=_travel(demand.seed, _BACK, key),
        service_us={part: _service(demand.seed, part, getattr(speeds, part), kind, key) for part in _SERVICE},
        vm_bits=drawn_bits(demand.seed, _VM, key),
        role_bits=drawn_bits(demand.seed, _ROLE, key),
        port_bits=drawn_bits(demand.seed, _PORT, key) % np.uint64(PARTS_PER_MILLION),
        begin=first,
        end=last,
        connections=np.stack([part.connections for part in sites]),
    )


def _moments(
    seed: int, way: int, counts: NDArray[np.int64], first: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """Draw moments, kinds and keys for counts by (interval, kind)."""
    flat = counts.ravel()
    cell = np.repeat(np.arange(len(flat)), flat)
    ordinal = np.arange(len(cell)) - np.repeat(np.cumsum(flat) - flat, flat)
    interval, kind = np.divmod(cell, counts.shape[1])
    key = mix_array(seed, way, interval + first, kind, ordinal)
    moment = (drawn_bits(seed, _MOMENT, key) % np.uint64(INTERVAL_US)).astype(np.int64)
    return (interval + first) * INTERVAL_US + moment, kind, key


def _travel(seed: int, purpose: int, key: NDArray[np.uint64]) -> NDArray[np.int64]:
    low, high = HABITS.travel_us
    return np.asarray(low + (drawn_bits(seed, purpose, key) % np.uint64(high - low + 1)).astype(np.int64))


def _service(seed: int, part: str, speed: Speed, kind: NDArray[np.int64], key: NDArray[np.uint64]) -> NDArray[np.int64]:
    mean_us = np.array(speed.service_us, dtype=np.int64)[kind]
    return exponential_us(mean_us, drawn_bits(seed, _SERVICE[part], key))


def send_through(requests: Requests, candidate: Candidate, speeds: Speeds) -> Passage:
    """Send requests through a candidate and return what became of those that are looked at.

    Raises:
        ValueError: if the requests go to another number of sites than the candidate has.
    """
    sites = candidate.by_site
    if len(sites) != len(requests.connections):
        raise ValueError(f"requests to {len(requests.connections)} sites, but a candidate of {len(sites)}")
    way = _Way(requests, candidate, speeds)
    over = np.flatnonzero(requests.gateway)
    vm = uniform_index(candidate.vms, requests.vm_bits[over])
    way.serve("vm", over, vm, [candidate.vms])
    refused = _refused(requests, candidate)
    served = ~refused[over]
    over, vm = over[served], vm[served]
    counts = [site.connection_points for site in sites]
    site = requests.site[over]
    points = _in_turn(way.now_us[over], vm * len(sites) + site, np.array(counts)[site])
    way.serve("connection_point", over, _first(counts)[site] + points, counts)
    answered = np.flatnonzero(~refused)
    target = np.array([routine.target for routine in ACTIVITIES])[requests.kind[answered]]
    for role, part in ((Role.MANAGEMENT_POINT, "management_point"), (Role.UPDATE_POINT, "update_point")):
        mine = answered[target == role]
        counts = [max(getattr(site, f"{part}s"), 1) for site in sites]
        station = np.zeros(len(mine), dtype=np.int64)
        for number, (first, count) in enumerate(zip(_first(counts), counts, strict=True)):
            here = requests.site[mine] == number
            station[here] = first + uniform_index(count, requests.role_bits[mine[here]])
        way.serve(part, mine, station, counts)
    return way.arrived(refused)


def _first(counts: Sequence[int]) -> NDArray[np.int64]:
    """Return the number of the first station of each site: (sites,)."""
    return np.asarray(np.cumsum([0, *counts[:-1]]))


_HOPS = {
    "vm": (Hop.VM_WAIT, Hop.VM),
    "connection_point": (Hop.CONNECTION_POINT, Hop.CONNECTION_POINT),
    "management_point": (Hop.ROLE_WAIT, Hop.ROLE),
    "update_point": (Hop.ROLE_WAIT, Hop.ROLE),
}


class _Way:
    """Where requests have got to, and how long each hop has taken them."""

    def __init__(self, requests: Requests, candidate: Candidate, speeds: Speeds) -> None:
        self.requests, self.candidate, self.speeds = requests, candidate, speeds
        self.hops = np.zeros((len(requests.sent_us), len(Hop)), dtype=np.int64)
        self.hops[:, Hop.TRAVEL_OUT] = requests.out_us
        self.now_us = requests.sent_us + requests.out_us
        self.busy: dict[str, tuple[int, ...]] = {}
        self.visits: dict[str, Visits] = {}

    def serve(self, part: str, rows: NDArray[np.int64], station: NDArray[np.int64], counts: Sequence[int]) -> None:
        """Let the requests in *rows* queue at their stations, of which there are *counts* by site."""
        servers = getattr(self.speeds, part).servers
        order = np.argsort(self.now_us[rows], kind="stable")
        rows, station = rows[order], station[order]
        service_us = self.requests.service_us[part][rows]
        begin_us = begin_by_station(station, self.now_us[rows], service_us, servers)
        wait, serve = _HOPS[part]
        self.hops[rows, wait] += begin_us - self.now_us[rows]
        self.hops[rows, serve] += service_us
        self.visits[part] = Visits(rows, service_us, begin_us - self.now_us[rows])
        self.now_us[rows] = begin_us + service_us
        seen = self.requests.seen[rows]
        site = self.requests.site[rows] if len(counts) > 1 else np.zeros(len(rows), dtype=np.int64)
        self.busy[part] = tuple(
            int(service_us[seen & (site == number)].sum())
            * PARTS_PER_MILLION
            // max(self.requests.span_us * count * servers, 1)
            for number, count in enumerate(counts)
        )

    def arrived(self, refused: NDArray[np.bool_]) -> Passage:
        """Return what became of the requests that are looked at."""
        requests, seen = self.requests, self.requests.seen
        self.hops[:, Hop.TRAVEL_BACK] = requests.back_us
        self.hops[:, Hop.TOTAL] = self.now_us + requests.back_us - requests.sent_us
        return Passage(
            requests.sent_us[seen],
            requests.kind[seen],
            requests.gateway[seen],
            refused[seen],
            self.hops[seen],
            {part: max(shares) for part, shares in self.busy.items()},
            self.busy,
            seen,
            self.visits,
        )


def _in_turn(now_us: NDArray[np.int64], vm: NDArray[np.int64], points: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the connection point of each request: every VM hands its requests to all of a site's in turn."""
    order = np.lexsort((now_us, vm))
    sorted_vm = vm[order]
    first = np.searchsorted(sorted_vm, sorted_vm)
    turn = np.empty(len(vm), dtype=np.int64)
    turn[order] = np.arange(len(vm)) - first + sorted_vm
    return np.asarray(turn % points)


def _refused(requests: Requests, candidate: Candidate) -> NDArray[np.bool_]:
    """Say which requests find no free port: of those over the gateway, the share by which connections exceed ports."""
    ports = np.array([site.tcp_ports * site.connection_points for site in candidate.by_site])[requests.site]
    interval = np.minimum(requests.sent_us // INTERVAL_US, requests.connections.shape[1] - 1)
    held = requests.connections[requests.site, interval]
    excess = np.where(held > ports, (held - ports) * PARTS_PER_MILLION // np.maximum(held, 1), 0)
    return np.asarray(requests.gateway & (requests.port_bits.astype(np.int64) < excess))
