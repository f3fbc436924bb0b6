"""What the kernel moves: components, which establish facts and send messages.

Theory of operation: a component is a plain object that knows when it next acts. All it knows is in its fields, nothing
in a generator or a closure, so that it can be copied in the middle of a run. It learns of others only by messages.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from cmgsim.facts import Fact, Message

#: Ranks begin here: SimPy keeps the priorities 0 and 1 for its own events.
LOWEST_RANK = 2


class Component(Protocol):
    """A moving part: a plain object that can be copied, driven by ``due`` and ``step``."""

    @property
    def name(self) -> str:
        """The name messages are sent to; unique in a kernel."""

    @property
    def rank(self) -> int:
        """The place among components due at the same instant, lowest first; at least 2 and unique in a kernel."""

    def due(self) -> int | None:
        """Return when the component next acts by itself, in microseconds, or None while it waits to be told.

        Only the component's own ``step`` and ``receive`` may change the answer.
        """

    def step(self, now_us: int) -> Iterable[Fact | Message]:
        """Act, now that the due moment has come; return what happened and what is to be said, in order."""

    def receive(self, body: object, now_us: int) -> Iterable[Fact | Message]:
        """Take a message; return what happened and what is to be said, in order.

        A component that raises here refuses the message and must not have changed.
        """
