"""An event loop whose time is simulated: asyncio programs, unmodified, in no time at all.

Theory of operation: an asyncio loop that has nothing to do asks its selector to wait until its next timer is due. The
selector here lets simulated time pass instead. So ``asyncio.sleep``, time-outs, task groups and locks all live in
simulated time, tasks overlap as they would in real time, and there is one thread and one order: the same program takes
the same steps on every run.

While something real is awaited (a thread, a socket) and a timer is set, the timer wins, for real things take no
simulated time; with no timer set, the loop waits for them.
"""

from __future__ import annotations

import asyncio
import math
import selectors
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar

from cmgsim.units import SECOND

Result = TypeVar("Result")


class Clock(Protocol):
    """Whose time it is: what a loop reads, and moves."""

    @property
    def now_us(self) -> int:
        """Return the present moment."""

    def wait(self, duration_us: int) -> None:
        """Let time pass."""


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop that lives by a clock; ``time()`` is in seconds of simulated time."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        super().__init__(_Leaping(clock))
        # Public means there are none: asyncio runs a timer once its moment lies less than this before the end of the
        # present one, and the nanosecond it takes from the wall's clock vanishes in seconds counted over years.
        self._clock_resolution = 0.5 / SECOND

    def time(self) -> float:
        """Return the present moment in seconds."""
        return self.clock.now_us / SECOND

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Wait until the threads of the loop have ended; a timer would pass before they can (Python 3.12 sets one)."""
        await super().shutdown_default_executor()


class _Leaping(selectors.DefaultSelector):
    """A selector that lets simulated time pass where another would wait."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(None if timeout is None else 0)
        if timeout and not ready:
            self._clock.wait(max(1, math.ceil(timeout * SECOND - 1e-3)))
        return ready


def run_simulated(program: Coroutine[Any, Any, Result], clock: Clock) -> Result:
    """Run an asyncio program to its end in the simulated time of a clock; return its result."""
    with asyncio.Runner(loop_factory=lambda: SimulatedLoop(clock)) as runner:
        return runner.run(program)


async def wait_simulated(duration_us: int, clock: Clock) -> None:
    """Wait in simulated time.

    In a :class:`SimulatedLoop` of the same clock other tasks live on meanwhile. In any other loop the clock is moved at
    once, so tasks that overlap there wait one after the other.
    """
    loop = asyncio.get_running_loop()
    if isinstance(loop, SimulatedLoop) and loop.clock is clock:
        await asyncio.sleep(duration_us / SECOND)
        return
    clock.wait(duration_us)
    await asyncio.sleep(0)
