"""What a fleet engine is: many clients living under one landscape after another.

There are two. The reference (:mod:`cmgsim.fleet.reference`) is the specification, written in SimPy to be read; the
fast fleet does the same over arrays. They share draws and tables, never logic, and must agree to the last integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cmgsim.fleet.measures import Measures
from cmgsim.fleet.series import Series
from cmgsim.site.client import HABITS, Habits
from cmgsim.site.landscape import Landscape

NEVER = -1
"""In arrays of moments: it has not happened."""


@dataclass(frozen=True)
class Roll:
    """Every client's state at a moment. All arrays have the shape (clients,)."""

    population: NDArray[np.int32]
    """Index of the population."""
    place: NDArray[np.int8]
    """A :class:`~cmgsim.fleet.days.Place`."""
    connection: NDArray[np.int8]
    """A :class:`~cmgsim.site.client.Connection`."""
    publication: NDArray[np.int32]
    """What the client knows: the number of a publication."""
    use_gateway: NDArray[np.bool_]
    """What its policy says of using a gateway."""
    contact: NDArray[np.int32]
    """The contact it uses now, or -1."""
    stranded_since_us: NDArray[np.int64]
    """Since when it is stranded, or -1 while it is not."""
    stranded_longest_us: NDArray[np.int64]
    """The longest time it was stranded in one piece, one that goes on included."""
    stranded_total_us: NDArray[np.int64]
    """All time it was stranded."""
    located_us: NDArray[np.int64]
    """When it last asked for locations with success, or -1."""
    policy_us: NDArray[np.int64]
    """When it last got policy, or -1."""
    update_point: NDArray[np.int32]
    """The contact of the software update point it uses on the intranet, or -1."""
    fetched: NDArray[np.int32]
    """How many of the packages deployed to it it has dealt with."""
    channel: NDArray[np.int32]
    """The contact its notification channel is open to, or -1."""
    channel_closed_us: NDArray[np.int64]
    """When a notification channel of it was last closed, or -1."""
    digest: NDArray[np.uint64]
    """64 bits over all it did, in any order."""

    def online(self, now_us: int, habits: Habits = HABITS) -> NDArray[np.bool_]:
        """Return which clients the console shows as online: (clients,) bool.

        A client is shown as offline five minutes after its channel was closed (source: "Monitor clients").
        """
        lately = (self.channel_closed_us != NEVER) & (self.channel_closed_us > now_us - habits.offline_us)
        return np.asarray((self.channel >= 0) | lately, dtype=np.bool_)


class FleetEngine(Protocol):
    """Clients that live on until they are told of a new landscape."""

    @property
    def now_us(self) -> int:
        """The moment the fleet has reached: everything due before it has happened, nothing due at it."""

    def behold(self, landscape: Landscape) -> None:
        """Take a new landscape, from now on. What depends on it at once (who is stranded) is judged anew.

        Raises:
            ValueError: if it is of another run (:meth:`~cmgsim.site.landscape.Landscape.require_same_frame`).
        """

    def advance(self, until_us: int) -> None:
        """Live until *until_us*: what is due exactly then has not happened yet."""

    def restart(self, population: int, share: int) -> int:
        """Restart the client service now on a drawn share (ppm) of a population; return on how many clients."""

    def knowing(self, contacts: frozenset[int]) -> Knowing:
        """Count who knows any of these contacts."""

    def stranded(self) -> int:
        """Count the clients that are stranded now."""

    def roll(self) -> Roll:
        """Return every client's state now, as copies."""

    def egress_bytes(self) -> NDArray[np.int64]:
        """Return the bytes that have left Azure so far, by contact: shape (contacts,) int64, a copy."""

    def egress_since(self, interval: int) -> NDArray[np.int64]:
        """Return the bytes that left Azure in each five-minute interval from that number to the one that goes on.

        Shape (intervals, contacts) int64, a copy; the last row is the interval that goes on.
        """

    def series(self) -> Series:
        """Return what was counted so far, as a copy."""

    def measures(self) -> Measures:
        """Return what was measured of the stations so far, as a copy."""


@dataclass(frozen=True)
class Knowing:
    """How many clients know something, of all and of those on the internet now."""

    clients: int
    all_clients: int
    internet_clients: int
    all_internet_clients: int
