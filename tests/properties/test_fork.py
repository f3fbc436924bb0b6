"""A run may be cut, copied and lived again: entry for entry it stays the same run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from hypothesis import given
from hypothesis import strategies as st

from cmgsim.draws import chance, draw, identity, stream, within
from cmgsim.facts import Fact, Message
from cmgsim.kernel.journal import replay
from cmgsim.kernel.kernel import Kernel

END_US = 60
GAP = stream("test.fork.gap")
LOT = stream("test.fork.lot")
SLEEP = stream("test.fork.sleep")


@dataclass(frozen=True, slots=True)
class Worked(Fact):
    lot: int
    board: int


@dataclass(frozen=True, slots=True)
class Told(Fact):
    hops: int
    lot: int


@dataclass
class Board:
    """A plain object several components share."""

    sum: int = 0


@dataclass
class Worker:
    """Works at drawn moments, writes to a shared board, passes messages on, oversleeps or wakes up when told."""

    name: str
    rank: int
    seed: int
    peers: tuple[str, ...]
    board: Board
    next_us: int | None
    worked: int = 0
    told: int = 0

    def due(self) -> int | None:
        return self.next_us

    def step(self, now_us: int) -> Iterable[Fact | Message]:
        self.worked += 1
        self.next_us = now_us + within(self._draw(GAP, self.worked), 0, 9)
        lot = self._draw(LOT, self.worked)
        self.board.sum += lot % 1000
        yield Worked(lot, self.board.sum)
        if self.peers and chance(lot, 500_000):
            yield Message(self.peers[lot % len(self.peers)], 3)

    def receive(self, body: object, now_us: int) -> Iterable[Fact | Message]:
        assert isinstance(body, int)
        self.told += 1
        lot = self._draw(SLEEP, self.told)
        self.next_us = None if chance(lot, 100_000) else now_us + within(lot, 0, 15)
        yield Told(body, lot)
        if body and self.peers:
            yield Message(self.peers[lot % len(self.peers)], body - 1)

    def _draw(self, purpose: int, ordinal: int) -> int:
        return draw(self.seed, identity(self.name), purpose, ordinal)


@dataclass(frozen=True)
class Population:
    """What a kernel is built from; *peers* has one tuple of indices for each worker."""

    seed: int
    peers: tuple[tuple[int, ...], ...]
    ranks: tuple[int, ...]

    def build(self) -> Kernel:
        boards = [Board(), Board()]
        return Kernel(
            Worker(
                name=f"w{index}",
                rank=self.ranks[index],
                seed=self.seed,
                peers=tuple(f"w{peer}" for peer in self.peers[index]),
                board=boards[index % 2],
                next_us=within(draw(self.seed, identity(f"w{index}"), GAP), 0, 9),
            )
            for index in range(len(self.peers))
        )


@st.composite
def populations(draw: st.DrawFn) -> Population:
    count = draw(st.integers(1, 6))
    peers = st.lists(st.integers(0, count - 1), max_size=3).map(tuple)
    ranks = draw(st.permutations(range(2, 2 + count)))
    return Population(draw(st.integers(0, 2**64 - 1)), tuple(draw(peers) for _ in range(count)), tuple(ranks))


moments = st.integers(0, END_US)
inputs = st.lists(st.tuples(moments, st.integers(0, 5), st.integers(0, 3)), max_size=4).map(sorted)
cuts = st.lists(moments, max_size=6).map(sorted)


def live(
    population: Population,
    inputs: list[tuple[int, int, int]],
    cuts: list[int],
    at_cut: Callable[[Kernel], Kernel],
) -> Kernel:
    """Live a whole run: inputs at their moments; at every cut go on with what *at_cut* makes of the kernel."""
    kernel = population.build()
    stops = [(at_us, 0, None) for at_us in cuts] + [(at_us, 1, (to, body)) for at_us, to, body in inputs]
    for at_us, _, said in sorted(stops, key=lambda stop: stop[:2]):
        kernel.run(at_us)
        if said is None:
            kernel = at_cut(kernel)
        else:
            kernel.post(f"w{said[0] % len(population.peers)}", said[1])
    kernel.run(END_US)
    return kernel


def unchanged(kernel: Kernel) -> Kernel:
    return kernel


def forked(kernel: Kernel) -> Kernel:
    """Go on with a copy, and let the original go astray, so that whatever the two still share would show."""
    twin = kernel.fork()
    kernel.post("w0", 2)
    kernel.run(END_US + 20)
    return twin


def forked_and_left(kernel: Kernel) -> Kernel:
    """Go on with the original, and let the copy go astray."""
    twin = kernel.fork()
    twin.post("w0", 2)
    twin.run(END_US + 20)
    return kernel


def assert_same_run(kernel: Kernel, other: Kernel) -> None:
    assert list(kernel.trace) == list(other.trace)
    assert kernel.trace.digest == other.trace.digest
    assert list(kernel.journal) == list(other.journal)
    assert (kernel.now_us, kernel.steps) == (other.now_us, other.steps)
    assert list(kernel.components.values()) == list(other.components.values())


@given(populations(), inputs, cuts)
def test_cut_forked_and_replayed_runs_are_the_straight_run(
    population: Population, inputs: list[tuple[int, int, int]], cuts: list[int]
) -> None:
    straight = live(population, inputs, [], unchanged)
    for at_cut in (unchanged, forked, forked_and_left):
        assert_same_run(live(population, inputs, cuts, at_cut), straight)
    fresh = population.build()
    replay(straight.journal, fresh, END_US)
    assert_same_run(fresh, straight)


@given(populations(), st.lists(st.tuples(st.integers(1, 8), st.integers(0, 5), st.integers(0, 3)), max_size=4))
def test_inputs_after_a_finished_instant_are_replayed_and_forked_there(
    population: Population, inputs: list[tuple[int, int, int]]
) -> None:
    kernel, twin = population.build(), population.build()
    for more, to, body in inputs:
        for one in (kernel, twin):
            run_until_steps(one, one.steps + more)
            one.post(f"w{to % len(population.peers)}", body)
        twin = twin.fork()
    fresh = population.build()
    replay(kernel.journal, fresh, kernel.now_us)
    fresh.run_to(kernel.now_us, kernel.steps)
    assert_same_run(fresh, kernel)
    assert_same_run(twin, kernel)


def run_until_steps(kernel: Kernel, steps: int) -> None:
    kernel.run_until(lambda: kernel.steps >= steps, END_US)


@given(populations(), st.lists(moments, max_size=8, unique=True).map(sorted))
def test_where_the_hook_stands_changes_nothing(population: Population, stands: list[int]) -> None:
    straight, halting = population.build(), population.build()
    left = [moment for moment in stands if moment > 0]

    def stand(next_us: int) -> int | None:
        while left and left[0] <= halting.now_us:
            left.pop(0)
        return left.pop(0) if left and left[0] <= next_us else None

    halting.before_moving = stand
    straight.run(END_US)
    halting.run(END_US)
    assert_same_run(halting, straight)
    assert not left


@given(populations(), moments, st.integers(0, 5), st.integers(0, 3))
def test_a_what_if_leaves_the_lives_it_does_not_touch_as_they_were(
    population: Population, at_us: int, to: int, body: int
) -> None:
    loners = replace(population, peers=tuple(() for _ in population.peers))
    kernel = loners.build()
    kernel.run(at_us)
    what_if = kernel.fork()
    what_if.post(touched := f"w{to % len(loners.peers)}", body)
    kernel.run(END_US)
    what_if.run(END_US)
    assert lots(what_if, besides=touched) == lots(kernel, besides=touched)
    assert [entry for entry in what_if.trace if entry.at_us < at_us] == [e for e in kernel.trace if e.at_us < at_us]


def lots(kernel: Kernel, besides: str) -> list[tuple[int, str, int]]:
    worked = kernel.trace.select(Worked)
    return [(entry.at_us, entry.component, entry.fact.lot) for entry in worked if entry.component != besides]
