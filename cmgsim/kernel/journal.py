"""Every outside input of a run, so that the run can be lived again."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmgsim.kernel.kernel import Kernel


@dataclass(frozen=True, slots=True)
class Input:
    """One outside input: *body* was posted *to* a component at a moment.

    *steps* counts the steps that all components together had taken by then. It tells an input that came before what
    was due at its moment from one that came after.
    """

    at_us: int
    steps: int
    to: str
    body: object


class Journal:
    """The inputs of a run, in order; it only grows."""

    def __init__(self) -> None:
        self._inputs: list[Input] = []

    def add(self, entry: Input) -> None:
        """Write down an input."""
        self._inputs.append(entry)

    def copy(self) -> Journal:
        """Return a journal that continues from here by itself."""
        twin = Journal()
        twin._inputs = self._inputs.copy()
        return twin

    def __iter__(self) -> Iterator[Input]:
        return iter(self._inputs)

    def __len__(self) -> int:
        return len(self._inputs)

    def __repr__(self) -> str:
        return f"<Journal of {len(self)} inputs>"


def replay(journal: Journal, kernel: Kernel, until_us: int) -> None:
    """Live a run again: give a fresh kernel the same inputs at the same places, then run it to a moment.

    Trace and journal of the kernel are then those of the run the journal was kept of. What is due exactly at
    *until_us* is not executed; to stand exactly where another kernel stands, follow up with
    ``kernel.run_to(other.now_us, other.steps)``. A user's SimPy processes need not be there: their inputs are in the
    journal.

    Raises:
        ValueError: if the kernel does not come to the place of an input, that is, was built differently.
    """
    for entry in journal:
        kernel.run_to(entry.at_us, entry.steps)
        kernel.post(entry.to, deepcopy(entry.body))
    kernel.run(until_us)
