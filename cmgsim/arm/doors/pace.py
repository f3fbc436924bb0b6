"""How simulated time follows the wall's, and how long callers are told to wait.

Theory of operation: simulated time is a straight line over the wall's, ``speed`` simulated seconds a second, plus the
leaps that were taken. It never goes back. A caller who is told to wait (``Retry-After``) either does so, ``speed``
times shorter, or the wait is skipped: time leaps by it and the caller is told to come back at once. With a speed of 0
and skipped waits nothing depends on the wall any more, and one caller's requests have the same answers on every run.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum

from cmgsim.arm.doors.wall import Wall
from cmgsim.errors import UsageError
from cmgsim.units import SECOND

_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")


class Waits(Enum):
    """What becomes of the time that callers are told to wait."""

    KEPT = "kept"
    SKIPPED = "skipped"


class Pace:
    """A clock for a server. ``speed`` is in simulated seconds a second; 0 lets only leaps move it.

    Raises:
        UsageError: if the speed is negative or no number.
    """

    def __init__(self, wall: Wall, speed: float = 1.0, waits: Waits = Waits.KEPT, now_us: int = 0) -> None:
        if not 0 <= speed < math.inf:
            raise UsageError(f"speed {speed} is impossible; give simulated seconds a second, 0 or more, such as 60")
        self.speed = speed
        self.waits = waits
        self._wall = wall
        self._begun_s = wall.elapsed_s()
        self._leapt_us = now_us
        self._last_us = now_us

    @property
    def now_us(self) -> int:
        """Return the present moment of simulated time."""
        passed_us = int((self._wall.elapsed_s() - self._begun_s) * self.speed * SECOND)
        self._last_us = max(self._last_us, self._leapt_us + passed_us)
        return self._last_us

    def wait(self, duration_us: int) -> None:
        """Let time leap."""
        assert duration_us >= 0, f"time cannot go back by {duration_us} us"
        self._leapt_us += duration_us

    def delay_s(self, duration_us: int) -> float:
        """Return for how many seconds of the wall an answer is held back that comes later by so much."""
        if self.waits is Waits.KEPT and self.speed:
            return duration_us / SECOND / self.speed
        self.wait(duration_us)
        return 0

    def tell(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Return the headers of an answer with its ``Retry-After`` in the caller's time.

        Clients of Azure read milliseconds too, under two names. A skipped wait is told in milliseconds only: pollers of
        azure-core take a ``Retry-After`` of 0 for none at all, and wait half a minute.
        """
        waited = next((name for name in headers if name.lower() == "retry-after"), "")
        if not headers.get(waited, "").isdecimal():
            return dict(headers)
        simulated_s = int(headers[waited])
        told = {name: value for name, value in headers.items() if name != waited}
        if self.waits is Waits.SKIPPED:
            self.wait(simulated_s * SECOND)
            return told | dict.fromkeys(_MILLISECONDS, "1")
        wait_ms = math.ceil(1000 * simulated_s / self.speed) if self.speed else 1000 * simulated_s
        return told | {"Retry-After": str(-(-wait_ms // 1000))} | dict.fromkeys(_MILLISECONDS, str(wait_ms))
