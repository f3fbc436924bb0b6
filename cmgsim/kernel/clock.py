"""The clock and its heap: SimPy's, in whole microseconds, with alarms that can be withdrawn.

This is the only file that touches SimPy's internals, for two reasons. SimPy gives an event a priority of our choosing
only when the event is marked as successful by hand (``_ok``, ``_value``, as SimPy's own ``Timeout`` does). And SimPy
cannot withdraw what is on its heap, so a withdrawn alarm must be skipped where the heap is looked at (``_queue``);
else the clock would stand at moments at which nothing is due, and a copy, whose heap is fresh, would not.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop

import simpy
from simpy.core import SimTime
from simpy.events import NORMAL, EventPriority

#: Before everything that is due at the same moment, SimPy's own events included.
_FIRST = EventPriority(-1)


class Alarm(simpy.Event):
    """One moment at which something is due; nothing happens if it was withdrawn before."""

    def __init__(self, clock: Clock, at_us: int, ring: Callable[[], None]) -> None:
        super().__init__(clock)
        self._ok = True
        self._value = None
        self.at_us = at_us
        self.withdrawn = False
        self.callbacks.append(lambda _: ring())

    def withdraw(self) -> None:
        """Make as if the alarm had never been set."""
        self.withdrawn = True


class Clock(simpy.Environment):
    """A SimPy environment whose moments are whole microseconds.

    Plain SimPy processes live on the same heap; at one moment they come before all alarms.
    """

    def schedule(self, event: simpy.Event, priority: EventPriority = NORMAL, delay: SimTime = 0) -> None:
        """Put an event on the heap.

        Raises:
            TypeError: if *delay* is no int; floats would make the order of events depend on rounding.
        """
        if not isinstance(delay, int):
            raise TypeError(
                f"a delay of {delay!r} is no whole number of microseconds: use duration_us('90s') or an int"
            )
        super().schedule(event, priority, delay)

    def peek(self) -> SimTime:
        """Return the moment of what is due next (infinity if nothing is), forgetting withdrawn alarms."""
        while self._queue and isinstance(alarm := self._queue[0][3], Alarm) and alarm.withdrawn:
            heappop(self._queue)
        return super().peek()

    def set_alarm(self, at_us: int, rank: int, ring: Callable[[], None]) -> Alarm:
        """Have *ring* called at a moment; among alarms of one moment the lower rank comes first."""
        alarm = Alarm(self, at_us, ring)
        self.schedule(alarm, EventPriority(rank), at_us - int(self.now))
        return alarm

    def move(self, to_us: int) -> None:
        """Set the clock to a moment that is not after the next one due; nothing due there has happened yet."""
        assert self.now < to_us <= self.peek(), (
            f"the clock moves on from {self.now}, at most to {self.peek()}, not to {to_us}"
        )
        self.schedule(Alarm(self, to_us, lambda: None), _FIRST, to_us - int(self.now))
        self.step()
