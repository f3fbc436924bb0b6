"""Virtual time: who acts next, who is told what, and how a world is copied.

Theory of operation: every component has at most one alarm on the clock's heap, at its due moment, with its rank as
priority. When it rings, the component steps: its facts go to the trace, its messages into a queue that is emptied
first in, first out, before anything else happens. Whoever stepped or was told something gets its alarm set anew.

An *instant* is everything that happens at one moment. It is finished when nothing more is due at that moment; only
then may the clock move, and before it does, the owner's hook ``before_moving`` is asked.

Because components are plain data and draws are keyed, a copy of them on a fresh heap goes on exactly as the original.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from itertools import pairwise
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cmgsim.errors import ForkError
from cmgsim.facts import Fact, Message
from cmgsim.kernel.clock import Alarm, Clock
from cmgsim.kernel.component import LOWEST_RANK, Component
from cmgsim.kernel.journal import Input, Journal
from cmgsim.kernel.trace import Trace

if TYPE_CHECKING:
    import simpy
    from simpy.events import ProcessGenerator

#: A component that acts more often than this at one instant will never let the clock move again.
ACTS_PER_INSTANT = 100_000


class Kernel:
    """Components, their clock, and what has happened to them.

    ``trace`` holds the facts, ``journal`` the outside inputs, ``steps`` counts the steps taken by all components.

    ``before_moving`` is the owner's hook. Before the clock moves (also to the end of a run) it is called with the
    moment the clock would move to. It returns None, or an earlier moment after the present one (or the same moment)
    at which it wants the kernel to stand: the clock then stands there, no component has acted there yet, and
    :meth:`run_until` asks its condition. A copy starts without a hook.
    """

    def __init__(self, components: Iterable[Component], now_us: int = 0) -> None:
        """Arm the components, which must differ in name and in rank."""
        assert isinstance(now_us, int), f"a moment is a whole number of microseconds, not {now_us!r}"
        self._components = {component.name: component for component in _ranked(components)}
        self._clock = Clock(now_us)
        self._alarms: dict[str, Alarm] = {}
        self._processes: list[str] = []
        self._acting: str | None = None
        self._acts: Counter[str] = Counter()
        self.trace = Trace()
        self.journal = Journal()
        self.steps = 0
        self.before_moving: Callable[[int], int | None] | None = None
        for component in self._components.values():
            self._arm(component)

    @property
    def now_us(self) -> int:
        """The present moment, in microseconds."""
        return int(self._clock.now)

    @property
    def components(self) -> Mapping[str, Component]:
        """The components by name, in the order of ranks; the mapping is read-only."""
        return MappingProxyType(self._components)

    def post(self, to: str, body: object) -> None:
        """Tell a component something from outside, now; all that follows from it at once is done on return.

        The input is journalled once its receiver has taken it. A receiver that refuses by raising leaves no mark.

        Raises:
            KeyError: if there is no component of that name.
        """
        self._assert_nobody_acts("post to")
        receiver = self._find(to)
        entry = Input(self.now_us, self.steps, to, deepcopy(body))  # a copy that the receiver cannot change
        outcome = self._act(receiver, lambda: receiver.receive(body, self.now_us))
        self.journal.add(entry)
        self._follow(receiver, outcome)

    def run(self, until_us: int) -> None:
        """Do everything due before a moment and set the clock to it; what is due exactly then is not executed."""
        self._assert_can_go(until_us)
        while self.now_us < until_us:
            self._advance(until_us)

    def run_until(self, condition: Callable[[], bool], limit_us: int) -> bool:
        """Run until a condition holds, and say whether it does; give up when the clock stands at the limit.

        The condition is asked at once, whenever an instant has been finished, where ``before_moving`` stopped the
        clock, and at the limit. What is due exactly at the limit is not executed.
        """
        self._assert_can_go(limit_us)
        while not condition():
            if self.now_us == limit_us:
                return False
            self._advance(limit_us)
        return True

    def run_to(self, at_us: int, steps: int) -> None:
        """Stand exactly where a kernel with the same past stood when it was at *at_us* after that many steps.

        Raises:
            ValueError: if this kernel never comes to that place.
        """
        self.run(at_us)
        while self.steps < steps and self._clock.peek() == at_us:
            self._clock.step()
        if self.steps != steps:
            raise ValueError(
                f"at {at_us} us this kernel has taken {self.steps} steps, not {steps}: "
                "build it from the same design and seed as the run it is to follow"
            )

    def fork(self, memo: dict[int, Any] | None = None) -> Kernel:
        """Return a copy that goes on by itself: same components, moment, trace and journal, but no hook.

        The components are copied together, so what they share they still share. *memo* is the dictionary of
        :func:`copy.deepcopy`; an owner with more to copy passes the same one to every copy it takes, before or after::

            memo = {}
            kernel, meters = self.kernel.fork(memo), deepcopy(self.meters, memo)
            manager = deepcopy(self.manager, memo)  # the very component that the forked kernel drives

        Raises:
            ForkError: if a SimPy process was added, or a component holds what cannot be copied.
        """
        self._assert_nobody_acts("fork")
        if self._processes:
            raise ForkError(
                f"the kernel runs the SimPy process {self._processes[0]!r}, whose state lives in a generator and "
                "cannot be copied; write it as a component"
            )
        memo = {} if memo is None else memo
        twin = Kernel([_copy(component, memo) for component in self._components.values()], self.now_us)
        twin.trace, twin.journal, twin.steps = self.trace.copy(), self.journal.copy(), self.steps
        return twin

    def add_process(self, generator_function: Callable[[simpy.Environment], ProcessGenerator], name: str) -> None:
        """Start a plain SimPy process, ``def f(env): yield env.timeout(duration_us("1h"))``, on the same heap.

        It may :meth:`post`; at one moment processes come before components. Afterwards the kernel cannot be forked.
        """
        self._assert_nobody_acts("add a process to")
        self._processes.append(name)
        self._clock.process(generator_function(self._clock))

    def _advance(self, limit_us: int) -> None:
        """Finish the present instant; if that is done, move the clock on, and finish the instant it comes to."""
        if self._clock.peek() > self.now_us and self._move(limit_us) == "stopped":
            return
        while self._clock.peek() == self.now_us < limit_us:
            self._clock.step()

    def _move(self, limit_us: int) -> str:
        """Move the clock to the next instant, at most to the limit; say whether it *came* there or was *stopped*."""
        next_us = int(min(self._clock.peek(), limit_us))
        stop_us = self.before_moving(next_us) if self.before_moving else None
        assert stop_us is None or (isinstance(stop_us, int) and self.now_us < stop_us <= next_us), (
            f"before_moving was asked about {next_us} and returned {stop_us!r}; now is {self.now_us}"
        )
        self._clock.move(next_us if stop_us is None else stop_us)
        self._acts.clear()
        return "came" if stop_us is None else "stopped"

    def _arm(self, component: Component) -> None:
        """Set the alarm of a component to its due moment, unless it is set so already."""
        name, due_us = component.name, component.due()
        alarm = self._alarms.pop(name, None)
        if alarm is not None and alarm.at_us == due_us:
            self._alarms[name] = alarm
            return
        if alarm is not None:
            alarm.withdraw()
        if due_us is not None:
            assert isinstance(due_us, int), f"component {name!r} is due at {due_us!r}, which is no whole microsecond"
            assert due_us >= self.now_us, f"component {name!r} is due in the past: at {due_us}, now is {self.now_us}"
            self._alarms[name] = self._clock.set_alarm(due_us, component.rank, lambda: self._step(component))

    def _step(self, component: Component) -> None:
        del self._alarms[component.name]
        self.steps += 1
        self._follow(component, self._act(component, lambda: component.step(self.now_us)))

    def _follow(self, component: Component, outcome: list[Fact | Message]) -> None:
        """Trace the facts of an outcome and deliver its messages, and theirs, first in, first out."""
        waiting = deque(self._note(component, outcome))
        while waiting:
            message = waiting.popleft()
            receiver, body = self._find(message.to), message.body
            outcome = self._act(receiver, lambda to=receiver, body=body: to.receive(body, self.now_us))  # type: ignore[misc]
            waiting.extend(self._note(receiver, outcome))

    def _act(self, component: Component, action: Callable[[], Iterable[Fact | Message]]) -> list[Fact | Message]:
        """Let a component act, all to the end, and return what came of it."""
        self._acts[component.name] += 1
        assert self._acts[component.name] <= ACTS_PER_INSTANT, (
            f"component {component.name!r} acted {ACTS_PER_INSTANT} times at {self.now_us} us; the clock cannot move"
        )
        self._acting = component.name
        try:
            return list(action())
        finally:
            self._acting = None

    def _note(self, component: Component, outcome: list[Fact | Message]) -> list[Message]:
        """Trace the facts of an outcome, set the component's alarm and return the messages to deliver."""
        self._arm(component)
        for item in outcome:
            assert isinstance(item, Fact | Message), (
                f"component {component.name!r} returned {item!r}: no fact, no message"
            )
            if isinstance(item, Fact):
                self.trace.add(self.now_us, component.name, item)
        return [item for item in outcome if isinstance(item, Message)]

    def _find(self, name: str) -> Component:
        if name not in self._components:
            raise KeyError(f"no component is named {name!r}; there is {', '.join(self._components)}")
        return self._components[name]

    def _assert_nobody_acts(self, verb: str) -> None:
        assert self._acting is None, f"component {self._acting!r} acts: it cannot {verb} its kernel, only send messages"

    def _assert_can_go(self, to_us: int) -> None:
        self._assert_nobody_acts("run")
        assert self._clock.active_process is None, "a SimPy process cannot run the kernel: it yields a timeout instead"
        assert isinstance(to_us, int), f"a moment is a whole number of microseconds, not {to_us!r}"
        assert to_us >= self.now_us, f"time never goes back: now is {self.now_us}, asked for {to_us}"


def _ranked(components: Iterable[Component]) -> list[Component]:
    ranked = sorted(components, key=lambda component: component.rank)
    assert all(component.rank >= LOWEST_RANK for component in ranked), (
        f"ranks begin at {LOWEST_RANK}: {ranked[0].name!r}"
    )
    for first, second in pairwise(ranked):
        assert first.rank != second.rank, f"components {first.name!r} and {second.name!r} share the rank {first.rank}"
    names = Counter(component.name for component in ranked)
    assert len(names) == len(ranked), f"two components are named {names.most_common(1)[0][0]!r}"
    return ranked


def _copy(component: Component, memo: dict[int, Any]) -> Component:
    try:
        return deepcopy(component, memo)
    except TypeError as error:
        raise ForkError(
            f"component {component.name!r} cannot be copied ({error}); keep only plain data in it"
        ) from error
