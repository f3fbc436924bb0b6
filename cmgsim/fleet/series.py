"""What is counted of a fleet, by five-minute intervals: integers only, so that any order of adding gives the same.

Theory of operation: counters belong to the interval in which their event happened; gauges are taken at the end of an
interval, after everything due before that moment. A request is *asked* once and comes to exactly one of *served*,
*refused* (an HTTP status that is not 200), *unanswered* (no connection) and *given up* (the client lost its network
or its power while waiting); until then it is waiting. That is the law of conservation the checks rely on.

A notification channel costs no event: what its keep-alives send out of Azure is added at the end of each interval, for
the channels that are open then.

A request is counted as asked when it is sent, as anything else when the client knows; bytes likewise. Clients with
nobody to ask are counted under the way they would have taken: the intranet, or a gateway.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cmgsim.units import MINUTE

INTERVAL_US = 5 * MINUTE


class Count(IntEnum):
    """Counters: how many of what in an interval, over all kinds of request."""

    ASKED = 0
    SERVED = 1
    REFUSED = 2
    UNANSWERED = 3
    GIVEN_UP = 4
    NO_CONTACT = 5
    """Wanted to ask, knew nobody to ask (such attempts are not requests)."""


ENDS = (Count.SERVED, Count.REFUSED, Count.UNANSWERED, Count.GIVEN_UP)
"""What a request that was asked can come to."""


class Gauge(IntEnum):
    """Gauges: how many clients at the end of an interval."""

    OFF = 0
    INTRANET = 1
    INTERNET = 2
    STRANDED = 3
    WAITING = 4
    """Requests on their way."""


@dataclass
class Series:
    """Counts and gauges so far.

    ``requests``: (intervals, kinds of request, ways, len(Count)) int64, ways as in
    :class:`~cmgsim.site.landscape.Over`; ``clients``: (intervals, len(Gauge)) int64; ``egress``: (intervals, contacts)
    int64, bytes that left Azure for clients and sites; ``by_contact``: (intervals, contacts, len(Count)) int64;
    ``channels``: (intervals, contacts) int64, notification channels that are open at the end of the interval;
    ``downloads``: (intervals, packages) int64, clients that have finished a package in the interval.

    The last row is the interval that goes on: what was counted so far, and the gauges as they are now. ``intervals``
    is the number of finished ones, one less than there are rows.
    """

    requests: NDArray[np.int64]
    clients: NDArray[np.int64]
    egress: NDArray[np.int64]
    by_contact: NDArray[np.int64]
    channels: NDArray[np.int64]
    downloads: NDArray[np.int64]
    intervals: int = field(default=0)

    def total(self, count: Count) -> int:
        """Return a counter over all intervals, kinds and ways."""
        return int(self.requests[..., count].sum())

    @property
    def waiting(self) -> int:
        """Requests on their way now."""
        return int(self.clients[-1, Gauge.WAITING])


class Tally:
    """The counters of the interval that goes on, and the rows of those that are finished.

    ``requests``, ``by_contact`` and ``egress`` are flat lists, so that counting an event costs one addition each.
    """

    def __init__(self, kinds: int, ways: int, contacts: int, packages: int = 0) -> None:
        self.shape = (kinds, ways, len(Count))
        self.contacts = contacts
        self.requests = [0] * (kinds * ways * len(Count))
        self.by_contact = [0] * (contacts * len(Count))
        self.egress = [0] * contacts
        self.egress_before = [0] * contacts
        self.channels = [0] * contacts
        self.downloads = [0] * packages
        self._finished: list[tuple[NDArray[np.int64], ...]] = []

    def count(self, what: Count, kind: int, way: int, contact: int | None = None) -> None:
        """Count one event, of a contact unless it had none."""
        ways, counts = self.shape[1:]
        self.requests[(kind * ways + way) * counts + what] += 1
        if contact is not None:
            self.by_contact[contact * counts + what] += 1

    def finish(self, gauges: list[int]) -> None:
        """End an interval, with the gauges as they are at its end, and begin the next."""
        self._finished.append(self._row(gauges))
        self.egress_before = self.egress_bytes()
        self.requests, self.by_contact, self.egress, self.downloads = (
            [0] * len(counters) for counters in (self.requests, self.by_contact, self.egress, self.downloads)
        )

    def egress_bytes(self) -> list[int]:
        """Return the bytes that have left Azure so far, by contact."""
        return [before + now for before, now in zip(self.egress_before, self.egress, strict=True)]

    def egress_since(self, interval: int) -> NDArray[np.int64]:
        """Return the bytes that left Azure in each interval from that number to the one that goes on, by contact."""
        finished = [egress for _, _, egress, *_ in self._finished[interval:]]
        return np.stack([*finished, np.array(self.egress, dtype=np.int64)])

    def series(self, gauges: list[int]) -> Series:
        """Return all that was counted, with the gauges as they are now."""
        columns = zip(*self._finished, self._row(gauges), strict=True)
        requests, clients, egress, by_contact, channels, downloads = (np.stack(column) for column in columns)
        rows = len(clients)
        return Series(
            requests=requests.reshape(rows, *self.shape),
            clients=clients,
            egress=egress,
            by_contact=by_contact.reshape(rows, self.contacts, len(Count)),
            channels=channels,
            downloads=downloads,
            intervals=rows - 1,
        )

    def copy(self) -> Tally:
        """Return a tally that goes on by itself; finished rows, which nobody changes, are shared."""
        twin = Tally(self.shape[0], self.shape[1], self.contacts)
        twin.requests, twin.by_contact, twin.egress = list(self.requests), list(self.by_contact), list(self.egress)
        twin.egress_before, twin._finished = list(self.egress_before), list(self._finished)
        twin.channels, twin.downloads = list(self.channels), list(self.downloads)
        return twin

    def _row(self, gauges: list[int]) -> tuple[NDArray[np.int64], ...]:
        counters = (self.requests, gauges, self.egress, self.by_contact, self.channels, self.downloads)
        return tuple(np.array(counter, dtype=np.int64) for counter in counters)
