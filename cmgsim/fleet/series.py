"""What is counted of a fleet, by five-minute intervals: integers only, so that any order of adding gives the same.

Theory of operation: counters belong to the interval in which their event happened; gauges are taken at the end of an
interval, after everything due before that moment. A request is *asked* once and comes to exactly one of *served*,
*refused* (an HTTP status that is not 200), *unanswered* (no connection) and *given up* (the client lost its network
or its power while waiting); until then it is waiting. That is the law of conservation the checks rely on.
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
    int64, bytes that left Azure for clients and sites; ``by_contact``: (intervals, contacts, len(Count)) int64.
    """

    requests: NDArray[np.int64]
    clients: NDArray[np.int64]
    egress: NDArray[np.int64]
    by_contact: NDArray[np.int64]
    intervals: int = field(default=0)
