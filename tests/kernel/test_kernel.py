"""Stories of tiny components: who acts when, who hears what, and where the clock stands."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterable
from copy import deepcopy
from dataclasses import dataclass, field

import pytest
import simpy

from cmgsim.errors import ForkError, Refused
from cmgsim.facts import Fact, Message
from cmgsim.kernel import kernel as kernel_module
from cmgsim.kernel.journal import Input, replay
from cmgsim.kernel.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Rang(Fact):
    count: int


@dataclass(frozen=True, slots=True)
class Heard(Fact):
    body: str


@dataclass
class AlarmClock:
    """Rings at the moments it was given; a message of an int adds one, "silence" removes all."""

    name: str
    rank: int
    moments: list[int]
    tells: tuple[Message, ...] = ()
    count: int = 0

    def due(self) -> int | None:
        return min(self.moments, default=None)

    def step(self, now_us: int) -> Iterable[Fact | Message]:
        self.moments.remove(now_us)
        self.count += 1
        yield Rang(self.count)
        yield from self.tells

    def receive(self, body: object, now_us: int) -> Iterable[Fact | Message]:
        if body == "silence":
            self.moments.clear()
        elif isinstance(body, int):
            self.moments.append(body)
        else:
            raise ValueError(f"an alarm clock does not understand {body!r}")
        return [Heard(str(body))]


@dataclass
class Relay:
    """Passes on what it hears."""

    name: str
    rank: int
    to: tuple[str, ...] = ()
    heard: list[str] = field(default_factory=list)

    def due(self) -> int | None:
        return None

    def step(self, now_us: int) -> Iterable[Fact | Message]:
        raise AssertionError("a relay is never due")

    def receive(self, body: object, now_us: int) -> Iterable[Fact | Message]:
        self.heard.append(str(body))
        return [*(Message(to, f"{self.name}:{body}") for to in self.to), Heard(str(body))]


def story(kernel: Kernel) -> list[tuple[int, str, object]]:
    return [(entry.at_us, entry.component, getattr(entry.fact, "body", "rang")) for entry in kernel.trace]


def moments(kernel: Kernel) -> list[tuple[int, str]]:
    return [(entry.at_us, entry.component) for entry in kernel.trace.select(Rang)]


# --- time -------------------------------------------------------------------------------------------------------------


def test_components_act_when_they_are_due() -> None:
    kernel = Kernel([AlarmClock("a", 2, [5, 20]), AlarmClock("b", 3, [10])])
    kernel.run(100)
    assert moments(kernel) == [(5, "a"), (10, "b"), (20, "a")]
    assert (kernel.now_us, kernel.steps) == (100, 3)


def test_at_one_moment_the_lower_rank_acts_first_however_they_were_listed() -> None:
    listed = [AlarmClock("late", 9, [5]), AlarmClock("early", 2, [5]), AlarmClock("middle", 4, [5])]
    for components in (listed, listed[::-1]):
        kernel = Kernel([AlarmClock(clock.name, clock.rank, [5]) for clock in components])
        kernel.run(6)
        assert [name for _, name in moments(kernel)] == ["early", "middle", "late"]
        assert list(kernel.components) == ["early", "middle", "late"]


def test_a_lower_rank_that_becomes_due_at_the_present_instant_still_acts_in_it() -> None:
    early = AlarmClock("early", 2, [])
    kernel = Kernel([early, AlarmClock("middle", 3, [5], (Message("early", 5),)), AlarmClock("late", 4, [5])])
    kernel.run(6)
    assert [name for _, name in moments(kernel)] == ["middle", "early", "late"]


def test_runs_are_half_open() -> None:
    kernel = Kernel([AlarmClock("a", 2, [5])])
    kernel.run(5)
    assert (kernel.now_us, moments(kernel)) == (5, [])
    kernel.run(5)
    assert moments(kernel) == []
    kernel.run(6)
    assert moments(kernel) == [(5, "a")]


def test_a_kernel_may_start_late_and_be_empty() -> None:
    kernel = Kernel([], now_us=50)
    kernel.run(70)
    assert kernel.now_us == 70


def test_a_component_told_an_earlier_moment_forgets_none_and_one_told_to_be_silent_forgets_all() -> None:
    kernel = Kernel([AlarmClock("a", 2, [50]), AlarmClock("b", 3, [50])])
    kernel.post("a", 20)
    kernel.post("b", "silence")
    kernel.run(100)
    assert moments(kernel) == [(20, "a"), (50, "a")]


def test_the_clock_does_not_stand_where_an_alarm_was_withdrawn() -> None:
    kernel = Kernel([AlarmClock("a", 2, [50]), AlarmClock("b", 3, [80])])
    moves: list[int] = []
    kernel.before_moving = moves.append
    kernel.post("a", "silence")
    kernel.run(100)
    assert moves == [80, 100]


def test_an_alarm_set_again_to_the_same_moment_rings_once() -> None:
    kernel = Kernel([AlarmClock("a", 2, [50])])
    kernel.post("a", 60)
    kernel.run(55)
    assert moments(kernel) == [(50, "a")]


def test_a_component_may_act_several_times_at_one_instant() -> None:
    kernel = Kernel([AlarmClock("a", 2, [5, 5, 5]), AlarmClock("b", 3, [5])])
    kernel.run(6)
    assert moments(kernel) == [(5, "a"), (5, "a"), (5, "a"), (5, "b")]


# --- messages ---------------------------------------------------------------------------------------------------------


def test_messages_are_delivered_at_once_first_in_first_out() -> None:
    clock = AlarmClock("clock", 2, [5], (Message("left", "x"), Message("right", "y")))
    kernel = Kernel(
        [clock, AlarmClock("next", 3, [5]), Relay("left", 4, ("end",)), Relay("right", 5, ("end",)), Relay("end", 6)]
    )
    kernel.run(6)
    assert story(kernel) == [
        (5, "clock", "rang"),
        (5, "left", "x"),
        (5, "right", "y"),
        (5, "end", "left:x"),
        (5, "end", "right:y"),
        (5, "next", "rang"),
    ]


def test_an_input_is_journalled_and_all_that_follows_at_once_is_done() -> None:
    kernel = Kernel([Relay("left", 2, ("end",)), Relay("end", 3)])
    kernel.run(7)
    kernel.post("left", "x")
    assert story(kernel) == [(7, "left", "x"), (7, "end", "left:x")]
    assert list(kernel.journal) == [Input(7, 0, "left", "x")]


def test_a_refused_input_leaves_no_mark() -> None:
    kernel = Kernel([AlarmClock("a", 2, [5])])
    with pytest.raises(ValueError, match="does not understand 'hello'"):
        kernel.post("a", "hello")
    assert (len(kernel.journal), len(kernel.trace)) == (0, 0)
    kernel.run(6)
    assert moments(kernel) == [(5, "a")]


def test_an_unknown_receiver_is_named_whoever_writes_to_it() -> None:
    kernel = Kernel([AlarmClock("a", 2, [5], (Message("nobody", 1),)), Relay("b", 3)])
    with pytest.raises(KeyError, match="no component is named 'somebody'; there is a, b"):
        kernel.post("somebody", 1)
    assert len(kernel.journal) == 0
    with pytest.raises(KeyError, match="no component is named 'nobody'"):
        kernel.run(6)


# --- conditions and the hook ------------------------------------------------------------------------------------------


def test_run_until_stops_after_the_whole_instant() -> None:
    a, b = AlarmClock("a", 2, [5, 9]), AlarmClock("b", 3, [5, 9])
    kernel = Kernel([a, b])
    assert kernel.run_until(lambda: a.count == 1, limit_us=100)
    assert (kernel.now_us, b.count) == (5, 1)


def test_run_until_does_nothing_when_the_condition_holds_already() -> None:
    kernel = Kernel([AlarmClock("a", 2, [0])])
    assert kernel.run_until(lambda: True, limit_us=100)
    assert (kernel.now_us, moments(kernel)) == (0, [])


def test_run_until_gives_up_at_the_limit_without_executing_it() -> None:
    a = AlarmClock("a", 2, [5, 10])
    kernel = Kernel([a])
    assert not kernel.run_until(lambda: a.count == 2, limit_us=10)
    assert (kernel.now_us, a.count) == (10, 1)
    assert kernel.run_until(lambda: a.count == 2, limit_us=11)
    assert kernel.now_us == 10


def test_run_until_asks_once_more_at_the_limit() -> None:
    kernel = Kernel([])
    assert kernel.run_until(lambda: kernel.now_us == 10, limit_us=10)


def test_the_hook_is_asked_before_the_clock_moves_and_sees_the_finished_instant() -> None:
    a, b = AlarmClock("a", 2, [5]), AlarmClock("b", 3, [5])
    kernel = Kernel([a, b])
    asked: list[tuple[int, int, int]] = []
    kernel.before_moving = lambda next_us: asked.append((kernel.now_us, next_us, a.count + b.count))
    kernel.run(9)
    kernel.run(9)
    assert asked == [(0, 5, 0), (5, 9, 2)]


def stopping_at(*stops: int) -> tuple[Callable[[int], int | None], list[int]]:
    """Make a hook that stands at each of the stops once."""
    left = list(stops)
    return lambda next_us: left.pop(0) if left and left[0] <= next_us else None, left


def test_the_hook_may_stand_at_an_earlier_moment_where_the_condition_is_asked() -> None:
    a = AlarmClock("a", 2, [10])
    kernel = Kernel([a])
    kernel.before_moving, left = stopping_at(4, 7)
    assert kernel.run_until(lambda: len(left) == 1, limit_us=100)
    assert (kernel.now_us, a.count) == (4, 0)
    assert kernel.run_until(lambda: not left, limit_us=100)
    assert (kernel.now_us, a.count) == (7, 0)
    kernel.run(11)
    assert moments(kernel) == [(10, "a")]


def test_where_the_hook_stands_at_a_due_moment_nobody_has_acted_yet_and_then_everybody_does() -> None:
    a = AlarmClock("a", 2, [10])
    kernel = Kernel([a])
    kernel.before_moving, left = stopping_at(10)
    assert kernel.run_until(lambda: not left, limit_us=100)
    assert (kernel.now_us, a.count) == (10, 0)
    kernel.run(11)
    assert (kernel.now_us, moments(kernel)) == (11, [(10, "a")])


def test_a_plain_run_goes_on_after_the_hook_stood() -> None:
    kernel = Kernel([AlarmClock("a", 2, [10])])
    kernel.before_moving, left = stopping_at(4, 10, 20)
    kernel.run(20)
    assert (kernel.now_us, moments(kernel), left) == (20, [(10, "a")], [])


@pytest.mark.parametrize(("until", "stop", "asked"), [(20, 0, 10), (20, 11, 10), (5, 8, 5), (20, 7.0, 10)])
def test_the_hook_cannot_stand_still_nor_beyond_where_the_clock_would_go(until: int, stop: int, asked: int) -> None:
    kernel = Kernel([AlarmClock("a", 2, [10])])
    kernel.before_moving = lambda _: stop
    with pytest.raises(AssertionError, match=f"before_moving was asked about {asked} and returned {stop}; now is 0"):
        kernel.run(until)


# --- SimPy processes --------------------------------------------------------------------------------------------------


def test_plain_simpy_processes_live_on_the_same_heap_and_come_first() -> None:
    kernel = Kernel([AlarmClock("a", 2, [5, 10]), Relay("r", 3)])

    def visitor(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        for _ in range(3):
            yield env.timeout(5)
            kernel.post("r", f"knock at {env.now}")

    kernel.add_process(visitor, "visitor")
    kernel.run(13)
    assert story(kernel) == [(5, "r", "knock at 5"), (5, "a", "rang"), (10, "r", "knock at 10"), (10, "a", "rang")]
    assert kernel.now_us == 13


def test_where_the_hook_stands_no_process_has_acted_either() -> None:
    woken: list[int] = []

    def sleeper(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        yield env.timeout(5)
        woken.append(int(env.now))

    kernel = Kernel([])
    kernel.add_process(sleeper, "sleeper")
    kernel.before_moving, left = stopping_at(5)
    assert kernel.run_until(lambda: not left, limit_us=100)
    assert (kernel.now_us, woken) == (5, [])
    kernel.run(6)
    assert woken == [5]


def test_a_refusal_met_by_a_process_reaches_whoever_runs_the_kernel() -> None:
    @dataclass
    class Closed(Relay):
        def receive(self, body: object, now_us: int) -> Iterable[Fact | Message]:
            raise Refused("CLOSED", "come back tomorrow")

    kernel = Kernel([Closed("door", 2)])

    def visitor(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        yield env.timeout(5)
        kernel.post("door", "knock")

    kernel.add_process(visitor, "visitor")
    with pytest.raises(Refused, match="CLOSED: come back tomorrow"):
        kernel.run(10)


def test_a_kernel_with_a_process_says_why_it_cannot_be_forked() -> None:
    def visitor(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        yield env.timeout(1)

    kernel = Kernel([])
    kernel.add_process(visitor, "visitor")
    with pytest.raises(ForkError) as error:
        kernel.fork()
    assert str(error.value) == (
        "the kernel runs the SimPy process 'visitor', whose state lives in a generator and cannot be copied; "
        "write it as a component"
    )


def test_the_inputs_of_a_process_are_replayed_without_it() -> None:
    def build() -> Kernel:
        return Kernel([AlarmClock("a", 2, [5, 7]), Relay("r", 3, ("s",)), Relay("s", 4)])

    kernel = build()

    def visitor(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        yield env.timeout(5)
        kernel.post("r", "x")
        kernel.post("a", 5)

    kernel.add_process(visitor, "visitor")
    kernel.run(10)
    fresh = build()
    replay(kernel.journal, fresh, 10)
    assert (list(fresh.trace), fresh.trace.digest) == (list(kernel.trace), kernel.trace.digest)


def test_a_process_counts_in_whole_microseconds() -> None:
    def visitor(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        yield env.timeout(0.5)

    kernel = Kernel([])
    kernel.add_process(visitor, "visitor")
    with pytest.raises(TypeError, match=r"a delay of 0\.5 is no whole number of microseconds"):
        kernel.run(10)


def test_a_process_cannot_run_the_kernel_it_lives_in() -> None:
    kernel = Kernel([])

    def driver(env: simpy.Environment) -> Generator[simpy.Event, None, None]:
        yield env.timeout(1)
        kernel.run(50)

    kernel.add_process(driver, "driver")
    with pytest.raises(AssertionError, match="a SimPy process cannot run the kernel"):
        kernel.run(10)


# --- copies -----------------------------------------------------------------------------------------------------------


def test_a_fork_goes_on_by_itself() -> None:
    kernel = Kernel([AlarmClock("a", 2, [5, 20]), AlarmClock("b", 3, [8])])
    kernel.before_moving = lambda _: None
    kernel.run(6)
    fork = kernel.fork()
    assert (fork.now_us, fork.steps, fork.before_moving) == (6, 1, None)
    assert (list(fork.trace), fork.trace.digest) == (list(kernel.trace), kernel.trace.digest)
    fork.post("a", 9)
    fork.run(30)
    assert (kernel.now_us, len(kernel.trace), len(kernel.journal)) == (6, 1, 0)
    kernel.run(30)
    assert moments(kernel) == [(5, "a"), (8, "b"), (20, "a")]
    assert moments(fork) == [(5, "a"), (8, "b"), (9, "a"), (20, "a")]


def test_what_components_share_they_still_share_and_the_owner_gets_the_same_copies() -> None:
    board: list[str] = []
    left, right = Relay("left", 2, heard=board), Relay("right", 3, heard=board)
    kernel = Kernel([left, right])
    memo: dict[int, object] = {}
    fork = kernel.fork(memo)
    left_twin, board_twin = deepcopy(left, memo), deepcopy(board, memo)
    assert left_twin is fork.components["left"]
    fork.post("left", "x")
    fork.post("right", "y")
    assert board_twin == ["x", "y"]
    assert board == []


def test_a_component_that_cannot_be_copied_is_named() -> None:
    @dataclass
    class Hoarder(Relay):
        generator: Iterable[int] = field(default_factory=lambda: (number for number in [1]))

    with pytest.raises(ForkError, match="component 'h' cannot be copied .*generator.*; keep only plain data in it"):
        Kernel([Hoarder("h", 2)]).fork()


# --- programmer's truths ----------------------------------------------------------------------------------------------


def test_time_never_goes_back() -> None:
    kernel = Kernel([], now_us=10)
    with pytest.raises(AssertionError, match="time never goes back: now is 10, asked for 9"):
        kernel.run(9)
    with pytest.raises(AssertionError, match="time never goes back"):
        kernel.run_until(lambda: False, 9)


@pytest.mark.parametrize("moment", [1.0, math.inf, "1", None])
def test_moments_are_integers(moment: int) -> None:
    with pytest.raises(AssertionError, match="a moment is a whole number of microseconds"):
        Kernel([], now_us=moment)
    with pytest.raises(AssertionError, match="a moment is a whole number of microseconds"):
        Kernel([]).run(moment)


def test_nobody_is_due_in_the_past_or_between_microseconds() -> None:
    with pytest.raises(AssertionError, match="component 'a' is due in the past: at 5, now is 10"):
        Kernel([AlarmClock("a", 2, [5])], now_us=10)
    kernel = Kernel([AlarmClock("a", 2, [])], now_us=10)
    with pytest.raises(AssertionError, match="component 'a' is due in the past: at 3, now is 10"):
        kernel.post("a", 3)
    with pytest.raises(AssertionError, match=r"component 'a' is due at 5\.5, which is no whole microsecond"):
        Kernel([AlarmClock("a", 2, [5.5])])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("components", "says"),
    [
        ([Relay("a", 1)], "ranks begin at 2: 'a'"),
        ([Relay("a", 2), Relay("b", 2)], "components 'a' and 'b' share the rank 2"),
        ([Relay("a", 2), Relay("b", 3), Relay("a", 4)], "two components are named 'a'"),
    ],
)
def test_names_and_ranks_are_unique(components: list[Relay], says: str) -> None:
    with pytest.raises(AssertionError, match=says):
        Kernel(components)


def test_a_component_that_never_lets_the_clock_move_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_module, "ACTS_PER_INSTANT", 50)
    kernel = Kernel([Relay("ping", 2, ("pong",)), Relay("pong", 3, ("ping",))])
    with pytest.raises(AssertionError, match="component 'ping' acted 50 times at 0 us; the clock cannot move"):
        kernel.post("ping", "x")
    many = Kernel([AlarmClock("a", 2, list(range(200)))])
    many.run(200)
    assert many.steps == 200


def test_a_component_talks_by_messages_only() -> None:
    @dataclass
    class Meddler(Relay):
        kernel: Kernel | None = None

        def receive(self, body: object, now_us: int) -> Iterable[Fact | Message]:
            assert self.kernel is not None
            self.kernel.post("m", "again")
            return []

    meddler = Meddler("m", 2)
    meddler.kernel = Kernel([meddler])
    with pytest.raises(AssertionError, match="component 'm' acts: it cannot post to its kernel, only send messages"):
        meddler.kernel.post("m", "x")


def test_a_component_returns_facts_and_messages_only() -> None:
    kernel = Kernel([AlarmClock("a", 2, [5], ("hello",))])  # type: ignore[arg-type]
    with pytest.raises(AssertionError, match="component 'a' returned 'hello': no fact, no message"):
        kernel.run(6)
