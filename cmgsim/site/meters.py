"""The outbound traffic of each gateway over the last 14 days.

Traffic is counted in five-minute intervals, as connection points report it (source: "Security and privacy for cloud
management gateway"), and an interval leaves the window as a whole.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from cmgsim.units import DAY, MINUTE

INTERVAL_US = 5 * MINUTE
WINDOW_US = 14 * DAY


@dataclass(slots=True)
class _Tally:
    """One gateway's intervals, oldest first, as (number, bytes), and their sum."""

    intervals: deque[tuple[int, int]] = field(default_factory=deque)
    total_bytes: int = 0


@dataclass(slots=True)
class Meter:
    """Outbound bytes by gateway. Time only goes forward: what is older than 14 days is forgotten.

    Assumption: A-25: the 14 days are a rolling window.
    """

    _tallies: dict[str, _Tally] = field(default_factory=dict)

    def add(self, gateway: str, at_us: int, count_bytes: int) -> None:
        """Count bytes that left a gateway at a moment.

        Raises:
            ValueError: if that moment lies in an interval before one already counted.
        """
        tally = self._tallies.setdefault(gateway, _Tally())
        number = at_us // INTERVAL_US
        before, so_far = tally.intervals[-1] if tally.intervals else (number, 0)
        if number < before:
            raise ValueError(f"traffic of gateway {gateway} at {at_us} us comes after that of interval {before}")
        if tally.intervals and before == number:
            tally.intervals.pop()
        else:
            so_far = 0
        tally.intervals.append((number, so_far + count_bytes))
        tally.total_bytes += count_bytes

    def used_bytes(self, gateway: str, now_us: int) -> int:
        """Return the bytes of the 14 days up to now; ask with moments that only go forward."""
        tally = self._tallies.get(gateway)
        if tally is None:
            return 0
        while tally.intervals and tally.intervals[0][0] * INTERVAL_US <= now_us - WINDOW_US:
            tally.total_bytes -= tally.intervals.popleft()[1]
        return tally.total_bytes
