from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from cmgsim.facts import Fact, Message
from cmgsim.kernel.journal import Input, Journal, replay
from cmgsim.kernel.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Stood(Fact):
    total: int


@dataclass
class Meter:
    """Adds up what it is told and says where it stands every ten microseconds."""

    name: str = "meter"
    rank: int = 2
    next_us: int = 10
    total: int = 0
    kept: list[list[int]] = field(default_factory=list)

    def due(self) -> int | None:
        return self.next_us

    def step(self, now_us: int) -> Iterable[Fact | Message]:
        self.next_us += 10
        return [Stood(self.total)]

    def receive(self, body: object, now_us: int) -> Iterable[Fact | Message]:
        assert isinstance(body, list)
        self.total += sum(body)
        self.kept.append(body)
        body.append(0)
        return []


def totals(kernel: Kernel) -> list[tuple[int, int]]:
    return [(entry.at_us, entry.fact.total) for entry in kernel.trace.select(Stood)]


def test_a_journal_keeps_what_was_said_whatever_becomes_of_it() -> None:
    kernel = Kernel([Meter()])
    body = [1]
    kernel.post("meter", body)
    assert body == [1, 0]
    assert list(kernel.journal) == [Input(0, 0, "meter", [1])]
    assert repr(kernel.journal) == "<Journal of 1 inputs>"


def test_a_copy_of_a_journal_continues_alone() -> None:
    journal = Journal()
    journal.add(Input(0, 0, "a", 1))
    twin = journal.copy()
    twin.add(Input(1, 0, "a", 2))
    assert (len(journal), len(twin)) == (1, 2)


def test_inputs_before_and_after_an_instant_are_replayed_before_and_after_it() -> None:
    kernel = Kernel([Meter()])
    kernel.run(10)
    kernel.post("meter", [1])  # the meter has not yet said where it stands at 10
    assert kernel.run_until(lambda: bool(kernel.trace), 100)
    assert kernel.now_us == 10
    kernel.post("meter", [2])  # now it has
    kernel.run(25)
    assert totals(kernel) == [(10, 1), (20, 3)]

    fresh = Kernel([Meter()])
    replay(kernel.journal, fresh, 25)
    assert totals(fresh) == totals(kernel)
    assert fresh.trace.digest == kernel.trace.digest
    assert list(fresh.journal) == list(kernel.journal)


def test_run_to_stands_where_another_kernel_stands() -> None:
    kernel = Kernel([Meter()])
    assert kernel.run_until(lambda: len(kernel.trace) == 2, 100)
    fresh = Kernel([Meter()])
    replay(kernel.journal, fresh, kernel.now_us)
    assert len(fresh.trace) == 1
    fresh.run_to(kernel.now_us, kernel.steps)
    assert (fresh.now_us, fresh.trace.digest) == (kernel.now_us, kernel.trace.digest)


@pytest.mark.parametrize("steps", [0, 2])
def test_a_kernel_built_differently_cannot_replay(steps: int) -> None:
    journal = Journal()
    journal.add(Input(15, steps, "meter", [1]))
    with pytest.raises(
        ValueError, match=f"at 15 us this kernel has taken 1 steps, not {steps}: build it from the same"
    ):
        replay(journal, Kernel([Meter()]), 25)
