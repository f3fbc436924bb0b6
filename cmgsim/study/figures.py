"""The figures of one run that studies tabulate and compare: numbers with their units in their names.

Theory of operation: counts are of the clients that were simulated. Times and the load of VMs (:data:`OF_ALL`) are those
of the hour in which most requests came over gateways, as :mod:`cmgsim.capacity.profile` gives them. Where the
whole population was simulated the fleet has measured them, request by request: a run's demand already holds what was
asked again because it was refused, so it is never sent through lines a second time. Where a share was simulated, which
never fills stations of full size, its requests are multiplied and sent through the lines of the design as it is drawn
(:mod:`cmgsim.capacity.drawn`). They are left out where nothing was asked, and of runs that were saved whole: a saved
run does not hold what was measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cmgsim.capacity.drawn import busiest_hour
from cmgsim.capacity.network import quantile_of
from cmgsim.capacity.target import Aim, Target
from cmgsim.fleet.measures import Hop, Latencies, Measures
from cmgsim.fleet.series import INTERVAL_US, Count, Gauge
from cmgsim.site.landscape import Over, StationKind
from cmgsim.units import HOUR, PARTS_PER_MILLION, SECOND
from cmgsim.world.run import Run

Figures = dict[str, float]

_HOUR_ROWS = HOUR // INTERVAL_US
_OVER_GATEWAYS = tuple(Over).index(Over.GATEWAY)
_COUNTED = {
    "requests_asked": Count.ASKED,
    "requests_served": Count.SERVED,
    "requests_refused": Count.REFUSED,
    "requests_unanswered": Count.UNANSWERED,
    "requests_given_up": Count.GIVEN_UP,
}


@dataclass(frozen=True)
class Meaning:
    """What a figure means, for tables and the data dictionary."""

    unit: str
    text: str


MEANINGS: Mapping[str, Meaning] = {
    "requests_asked": Meaning("requests", "sent over gateways"),
    "requests_served": Meaning("requests", "answered with status 200"),
    "requests_refused": Meaning("requests", "answered with another status"),
    "requests_unanswered": Meaning("requests", "never answered"),
    "requests_given_up": Meaning("requests", "given up because the client lost its network or power"),
    "stranded_clients": Meaning("clients", "on the internet at the end, knowing no gateway that answers"),
    "stranded_total_h": Meaning("hours", "time that clients were stranded, over all clients"),
    "connections_peak": Meaning("clients", "most clients that held a channel over a gateway at one time"),
    "internet_peak": Meaning("clients", "most clients on the internet at one time"),
    "egress_mb": Meaning("MB", "traffic that left Azure"),
    "outage_s": Meaning("seconds", "longest time without an active gateway"),
    "p50_ms": Meaning("ms", "half of the requests answered in the busiest hour, on any way, were answered faster"),
    "p95_ms": Meaning("ms", "95 % of the requests answered in the busiest hour, on any way, were answered faster"),
    "p99_ms": Meaning("ms", "99 % of the requests answered in the busiest hour, on any way, were answered faster"),
    "vm_busy_share": Meaning("share", "of their time that VMs which requests came to served in the busiest hour"),
    "port_refused_share": Meaning(
        "share",
        "of requests over gateways that found no TCP port, in the hour when most did (of a sample: the busiest)",
    ),
}
"""Every figure there can be, in the order of tables."""
OF_ALL = ("p50_ms", "p95_ms", "p99_ms", "vm_busy_share", "port_refused_share")
"""Figures of the whole population, also where a share of it was simulated."""
NOT_COUNTED = (*OF_ALL, "outage_s")
"""Figures that count neither clients nor what they did; all others are of the clients that were simulated."""


def figures(run: Run, measured: Measures | None = None) -> Figures:
    """Return the figures of a run, in the order of :data:`MEANINGS`; *measured* is what its fleet measured."""
    series = run.series
    over = [number for number, contact in enumerate(run.landscape.contacts) if contact.over is Over.GATEWAY]
    found: Figures = {name: int(series.requests[:, :, _OVER_GATEWAYS, count].sum()) for name, count in _COUNTED.items()}
    found["stranded_clients"] = len(run.stranded_clients)
    found["stranded_total_h"] = int(run.roll.stranded_total_us.sum()) / (3600 * SECOND)
    found["connections_peak"] = int(series.channels[:, over].sum(axis=1).max(initial=0))
    found["internet_peak"] = int(series.clients[:, Gauge.INTERNET].max(initial=0))
    found["egress_mb"] = int(series.egress.sum()) / 10**6
    found["outage_s"] = max((end - start for start, end in run.gaps()), default=0) / SECOND
    if run.scale != PARTS_PER_MILLION:
        return found | _drawn(run)
    return found if measured is None else found | _measured(run, measured)


def _measured(run: Run, measured: Measures) -> Figures:
    """Return what the fleet itself measured in the busiest hour."""
    hour = _busiest_hour(measured.latencies)
    if hour is None:
        return {}
    times = {rank: measured.latencies.quantile(rank * 10_000, Hop.TOTAL, hour=hour) for rank in (50, 95, 99)}
    return {
        **{f"p{rank}_ms": took / 1_000 for rank, took in times.items() if took is not None},
        "vm_busy_share": _vm_busy_share(run, measured, hour),
        "port_refused_share": _port_refused_share(run, measured),
    }


def _busiest_hour(latencies: Latencies) -> int | None:
    """Return the hour in which most requests were served at VMs; None where none was."""
    chosen = latencies.hop == Hop.VM
    if not chosen.any():
        return None
    return int(np.bincount(latencies.hour[chosen], weights=latencies.count[chosen]).argmax())


def _vm_busy_share(run: Run, measured: Measures, hour: int) -> float:
    rows = _rows_of(hour)
    lasted_us = min(run.ended_us - hour * HOUR, HOUR)
    came = measured.load.arrivals[rows].sum(axis=0)
    busy_us = measured.load.busy_us[rows].sum(axis=0)
    vms = [number for number in _stations(run, StationKind.VM) if came[number] or busy_us[number]]
    could_us = sum(run.landscape.stations[number].servers for number in vms) * lasted_us
    return float(busy_us[vms].sum() / could_us) if could_us else 0.0


def _port_refused_share(run: Run, measured: Measures) -> float:
    """Return the share that was refused for want of a port of what came to connection points, when most was refused."""
    points = _stations(run, StationKind.CONNECTION_POINT)
    load = measured.load
    refused = [
        int(load.refused[_rows_of(hour)][:, points].sum()) for hour in range(-(-len(load.refused) // _HOUR_ROWS))
    ]
    worst = int(np.argmax(refused))
    arrived = int(load.arrivals[_rows_of(worst)][:, points].sum())
    return refused[worst] / (refused[worst] + arrived) if refused[worst] else 0.0


def _rows_of(hour: int) -> slice:
    return slice(hour * _HOUR_ROWS, (hour + 1) * _HOUR_ROWS)


def _stations(run: Run, kind: StationKind) -> list[int]:
    return [number for number, station in enumerate(run.landscape.stations) if station.kind is kind]


def _drawn(run: Run) -> Figures:
    """Return how all clients' requests of the busiest hour would fare in the lines of the design as it is drawn."""
    passage = busiest_hour(run)
    times = passage.hops[~passage.refused, Hop.TOTAL] if passage is not None else None
    if passage is None or times is None or not len(times):
        return {}
    return {
        **{f"p{rank}_ms": quantile_of(times, rank * 10_000) / 1_000 for rank in (50, 95, 99)},
        "vm_busy_share": passage.busy["vm"] / PARTS_PER_MILLION,
        "port_refused_share": passage.figure(Target(Aim.REFUSED, 1)) / PARTS_PER_MILLION,
    }
