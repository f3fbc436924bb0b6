"""What is measured of the stations that requests queue at: times by hop, and the load of every station.

Theory of operation: everything is counted at the moment it has happened and nothing before, so measures taken at any
moment are complete for the time before it. A hop's time belongs to the hour in which the hop ended. The way back and
the total belong to the hour in which the client acts on the reply, and are those of requests that were served and whose
client still waited for them.

Stations are indexed as in :attr:`cmgsim.site.landscape.Landscape.stations`, intervals as in
:mod:`cmgsim.fleet.series`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cmgsim.fleet.histogram import BINS, quantile


class Hop(IntEnum):
    """The parts of a request's way, in their order."""

    TRAVEL_OUT = 0
    """From the client to the gateway, or on the intranet to the role."""
    VM_WAIT = 1
    """In a VM's line."""
    VM = 2
    """In service at a VM."""
    CONNECTION_POINT = 3
    """At a connection point: in its line and in service."""
    ROLE_WAIT = 4
    """In the line of a management point or a software update point."""
    ROLE = 5
    """In service there."""
    TRAVEL_BACK = 6
    """From the role's answer to the client."""
    TOTAL = 7
    """From sending to the reply's arrival at the client; the client acts on it a reaction time later."""


@dataclass(frozen=True)
class Latencies:
    """Histograms by hour, activity and hop, as the rows of a table without zeros, in ascending order.

    All arrays have the shape (rows,) and dtype int64. Bins are those of :mod:`cmgsim.fleet.histogram`.
    """

    hour: NDArray[np.int64]
    """Hours since the beginning of the run, from 0."""
    activity: NDArray[np.int64]
    """An :class:`~cmgsim.site.client.Activity`."""
    hop: NDArray[np.int64]
    """A :class:`Hop`."""
    bin: NDArray[np.int64]
    count: NDArray[np.int64]

    def histogram(self, hop: Hop, activity: int | None = None, hour: int | None = None) -> NDArray[np.int64]:
        """Return one histogram, (BINS,) int64; over all activities or hours where none is given."""
        chosen = self.hop == hop
        if activity is not None:
            chosen &= self.activity == activity
        if hour is not None:
            chosen &= self.hour == hour
        counts = np.zeros(BINS, dtype=np.int64)
        np.add.at(counts, self.bin[chosen], self.count[chosen])
        return counts

    def quantile(self, share_ppm: int, hop: Hop, activity: int | None = None, hour: int | None = None) -> int | None:
        """Return a quantile (us) of one such histogram; None if it is empty."""
        return quantile(self.histogram(hop, activity, hour), share_ppm)


@dataclass(frozen=True)
class Load:
    """The load of every station by five-minute interval: all arrays (intervals, stations) int64.

    The last row is the interval that goes on. At any moment, over all rows, arrivals = served + failed + those in the
    line and in service; requests refused for want of a port have not arrived.
    """

    arrivals: NDArray[np.int64]
    """Requests that joined the line."""
    served: NDArray[np.int64]
    """Requests whose service ended."""
    failed: NDArray[np.int64]
    """Requests that were in the line or in service when the station went away."""
    refused: NDArray[np.int64]
    """Requests that a connection point refused because all its ports were held."""
    busy_us: NDArray[np.int64]
    """Time in service, over all servers."""
    waiting_us: NDArray[np.int64]
    """Time in the line, over all requests: its mean length times the interval."""
    waiting: NDArray[np.int64]
    """Requests in the line at the end of the interval."""
    in_service: NDArray[np.int64]
    """Requests in service at the end of the interval."""
    ports: NDArray[np.int64]
    """Ports held at the end of the interval: notification channels, and requests handed on but not yet answered."""


@dataclass(frozen=True)
class Measures:
    """All that was measured of the stations, up to now."""

    latencies: Latencies
    load: Load
    servers: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    """How many servers each station has: (stations,) int64."""
