"""The figures of one run that studies tabulate and compare: numbers with their units in their names.

``p50_ms`` and its kin are times of requests over gateways in the run's busiest hour, in the lines of the design as it
is drawn (:mod:`cmgsim.capacity.drawn`); they are left out where nothing was asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cmgsim.capacity.drawn import busiest_hour
from cmgsim.capacity.network import quantile_of
from cmgsim.capacity.target import Aim, Target
from cmgsim.fleet.series import Count, Gauge
from cmgsim.site.landscape import Over
from cmgsim.units import PARTS_PER_MILLION, SECOND
from cmgsim.world.run import Run

Figures = dict[str, float]

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
    "p50_ms": Meaning("ms", "half of the requests of the busiest hour were answered faster"),
    "p95_ms": Meaning("ms", "95 % of the requests of the busiest hour were answered faster"),
    "p99_ms": Meaning("ms", "99 % of the requests of the busiest hour were answered faster"),
    "vm_busy_share": Meaning("share", "of the VMs' capacity that the busiest hour asks for"),
    "port_refused_share": Meaning("share", "of the requests of the busiest hour that found no TCP port"),
}
"""Every figure there can be, in the order of tables."""


def figures(run: Run) -> Figures:
    """Return the figures of a run, in the order of :data:`MEANINGS`."""
    series = run.series
    over = [number for number, contact in enumerate(run.landscape.contacts) if contact.over is Over.GATEWAY]
    found: Figures = {name: int(series.requests[:, :, _OVER_GATEWAYS, count].sum()) for name, count in _COUNTED.items()}
    found["stranded_clients"] = len(run.stranded_clients)
    found["stranded_total_h"] = int(run.roll.stranded_total_us.sum()) / (3600 * SECOND)
    found["connections_peak"] = int(series.channels[:, over].sum(axis=1).max(initial=0))
    found["internet_peak"] = int(series.clients[:, Gauge.INTERNET].max(initial=0))
    found["egress_mb"] = int(series.egress.sum()) / 10**6
    found["outage_s"] = max((end - start for start, end in run.gaps()), default=0) / SECOND
    return found | _latencies(run)


def _latencies(run: Run) -> Figures:
    passage = busiest_hour(run)
    times = passage.times() if passage is not None else None
    if passage is None or times is None or not len(times):
        return {}
    return {
        **{f"p{rank}_ms": quantile_of(times, rank * 10_000) / 1_000 for rank in (50, 95, 99)},
        "vm_busy_share": passage.busy["vm"] / PARTS_PER_MILLION,
        "port_refused_share": passage.figure(Target(Aim.REFUSED, 1)) / PARTS_PER_MILLION,
    }
