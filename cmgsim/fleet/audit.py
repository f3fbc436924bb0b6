"""The books of a fleet against each other: what must hold in every run, whatever happened in it.

Sources: J. D. C. Little, "A Proof for the Queuing Formula L = lambda W" (1961); the rest is conservation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cmgsim.fleet.histogram import edges
from cmgsim.fleet.measures import Hop, Measures
from cmgsim.fleet.series import ENDS, Count, Gauge, Series
from cmgsim.site.landscape import Station

AT_STATIONS = (Hop.VM_WAIT, Hop.VM, Hop.CONNECTION_POINT, Hop.ROLE_WAIT, Hop.ROLE)
"""The hops of a request that are spent in a line or in service."""


class Inconsistent(AssertionError):
    """The books of a fleet contradict each other: a fault of cmgsim, not of a design."""


def audit(series: Series, measures: Measures, stations: Sequence[Station], now_us: int) -> None:
    """Compare what a fleet counted and measured until now; *stations* are those of its landscapes.

    Raises:
        Inconsistent: naming the law that is broken, with both sides of it.
    """
    _clients_stay(series)
    _requests_are_conserved(series)
    _stations_conserve(measures)
    _ports_suffice(measures, stations)
    _littles_law(measures, now_us)


def _clients_stay(series: Series) -> None:
    """At the end of every interval each client is off, on the intranet or on the internet."""
    places = series.clients[:, [Gauge.OFF, Gauge.INTRANET, Gauge.INTERNET]].sum(axis=1)
    _equal("clients", places, np.full_like(places, places[0]))


def _requests_are_conserved(series: Series) -> None:
    """Requests asked = served + refused + unanswered + given up + on their way, at the end of every interval."""
    counts = series.requests.sum(axis=(1, 2)).cumsum(axis=0)
    ended = counts[:, list(ENDS)].sum(axis=1)
    _equal("requests", counts[:, Count.ASKED], ended + series.clients[:, Gauge.WAITING])


def _stations_conserve(measures: Measures) -> None:
    """Requests that joined a line = served + failed + in the line + in service, at the end of every interval."""
    load = measures.load
    gone = (load.served + load.failed).cumsum(axis=0)
    _equal("requests at stations", load.arrivals.cumsum(axis=0), gone + load.waiting + load.in_service)


def _ports_suffice(measures: Measures, stations: Sequence[Station]) -> None:
    """At the end of every interval no connection point holds more connections than it has ports."""
    held = measures.load.ports
    limits = np.array([station.ports or held.max(initial=0) for station in stations], dtype=np.int64)
    _equal("ports", held, np.clip(held, 0, limits))


def _littles_law(measures: Measures, now_us: int) -> None:
    """What lines and servers add up to over time is the time that requests say they spent, to the width of a bin.

    Requests that are still there, or that failed there, have not said theirs: at most the whole time each.
    """
    load = measures.load
    spent = int(load.waiting_us.sum() + load.busy_us.sum())
    counts = np.sum([measures.latencies.histogram(hop) for hop in AT_STATIONS], axis=0)
    least, most = int(counts @ edges()[:-1]), int(counts @ (edges()[1:] - 1))
    silent = int(load.waiting[-1].sum() + load.in_service[-1].sum() + load.failed.sum())
    if not least <= spent <= most + silent * now_us:
        raise Inconsistent(
            f"Little's law is broken: stations were occupied for {spent} us, requests spent {least}..{most} us there"
        )


def _equal(what: str, left: NDArray[np.int64], right: NDArray[np.int64]) -> None:
    if not np.array_equal(left, right):
        place = tuple(int(index) for index in np.argwhere(left != right)[0])
        raise Inconsistent(f"{what} are not conserved: {left[place]} and {right[place]} in interval {place[0]}")
