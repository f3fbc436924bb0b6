"""Two designs, scenarios or saved runs side by side: what differs, by how much, and whether that is more than noise.

Theory of operation: both sides are run with the same seeds. Draws are keyed by who asks and what for, so that whatever
the difference does not touch happens alike on both sides; the differences of pairs vary far less than the sides do.
The interval is Student's t over the pairs. Two saved runs are one pair; there the clients are paired instead, each of
whom draws for himself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cmgsim.capacity.statistics import Interval, mean_interval, paired_interval
from cmgsim.errors import UsageError
from cmgsim.study.figures import MEANINGS, figures
from cmgsim.study.sweep import Sweep, written
from cmgsim.tables import Table
from cmgsim.units import HOUR, MINUTE
from cmgsim.world.run import Run

NOISE = "no difference beyond noise"
SAME = "the same"


@dataclass(frozen=True)
class Difference:
    """One figure on both sides, and the interval of the second minus the first."""

    figure: str
    first: Interval
    second: Interval
    difference: Interval

    @property
    def verdict(self) -> str:
        """What can be said of it, in a word or two."""
        if self.difference.mean == 0 and self.difference.half_width in (0.0, float("inf")):
            return SAME
        if self.difference.count == 1:
            return "one pair: run more seeds"
        if not self.difference.excludes(0.0):
            return NOISE
        return "more" if self.difference.mean > 0 else "less"


@dataclass(frozen=True)
class Comparison:
    """Every figure of two sides."""

    first: str
    second: str
    pairs: int
    differences: tuple[Difference, ...]
    identical: int
    """Pairs whose digests are equal: nothing at all differs in them."""
    of_what: str = "runs with the same seed"

    @property
    def differing(self) -> tuple[Difference, ...]:
        """The figures that differ by more than noise."""
        return tuple(one for one in self.differences if one.verdict in ("more", "less"))

    def table(self) -> Table:
        """Return a row for each figure."""
        return Table(
            ("figure", "A", "B", "B - A", "verdict"),
            [
                (one.figure, written(one.first), written(one.second), written(one.difference), one.verdict)
                for one in self.differences
            ],
        )

    def data(self) -> dict[str, Any]:
        """Return it as plain data, for programs."""
        return {
            "A": self.first,
            "B": self.second,
            "pairs": self.pairs,
            "identical": self.identical,
            "figures": {
                one.figure: {
                    "A": one.first.mean,
                    "B": one.second.mean,
                    "difference": one.difference.mean,
                    "half_width": one.difference.half_width if one.difference.count > 1 else None,
                    "verdict": one.verdict,
                }
                for one in self.differences
            },
        }

    def __str__(self) -> str:
        table = self.table()
        table.SHOWN = len(table)
        lines = [
            f"A: {self.first}",
            f"B: {self.second}",
            f"{self.pairs} {self.of_what}, 99 % intervals",
            "",
            str(table),
        ]
        return "\n".join([*lines, "", self.verdict])

    @property
    def verdict(self) -> str:
        """The whole in a sentence."""
        if self.identical == self.pairs and all(one.verdict == SAME for one in self.differences):
            return "A and B are the same, to the last event"
        names = ", ".join(f"{one.verdict} {one.figure}" for one in self.differing)
        if names:
            return f"B has {names}"
        short = self.pairs < 2
        return "one pair tells no noise from difference: run more seeds" if short else NOISE


def compare_sweeps(first: str, second: str, one: Sweep, other: Sweep) -> Comparison:
    """Compare the results of two sides, run by run; both have the same seeds in the same order.

    Raises:
        UsageError: if they have not.
    """
    if [row["seed"] for row in one.rows] != [row["seed"] for row in other.rows]:
        raise UsageError("the two sides were not run with the same seeds: there is nothing to pair")
    both = [name for name in MEANINGS if all(name in row["figures"] for row in (*one.rows, *other.rows))]
    differences = tuple(
        _difference(name, [row["figures"][name] for row in one.rows], [row["figures"][name] for row in other.rows])
        for name in both
    )
    identical = sum(left["digest"] == right["digest"] for left, right in zip(one.rows, other.rows, strict=True))
    return Comparison(first, second, len(one.rows), differences, identical)


def compare_runs(first: str, second: str, one: Run, other: Run) -> Comparison:
    """Compare two runs: their figures, and client by client how long each was stranded and how old its policy is.

    Raises:
        UsageError: if they have not the same clients and seed, so that nothing is paired.
    """
    same = one.seed == other.seed and np.array_equal(one.roll.population, other.roll.population)
    if not same or list(one.design.clients) != list(other.design.clients):
        raise UsageError(
            f"{first} and {second} have not the same clients and seed, so no draw is common to them: "
            "compare their designs instead"
        )
    left, right = figures(one), figures(other)
    whole = [_difference(name, [left[name]], [right[name]]) for name in MEANINGS if name in left and name in right]
    clients = [_difference(name, *values) for name, values in _by_client(one, other).items()]
    identical = int((one.roll.digest == other.roll.digest).sum())
    return Comparison(first, second, one.clients, (*clients, *whole), identical, "clients, each paired with itself")


def _by_client(one: Run, other: Run) -> Mapping[str, tuple[list[float], list[float]]]:
    """Return what is known of every client on both sides."""
    return {
        "stranded_min_per_client": (_stranded_min(one), _stranded_min(other)),
        "policy_age_h_per_client": (_policy_age_h(one), _policy_age_h(other)),
    }


def _stranded_min(run: Run) -> list[float]:
    return [int(total) / MINUTE for total in run.roll.stranded_total_us]


def _policy_age_h(run: Run) -> list[float]:
    """Return how old each client's policy is; from the beginning of the run where it never got any."""
    return [(run.ended_us - max(int(got), 0)) / HOUR for got in run.roll.policy_us]


def _difference(name: str, one: Sequence[float], other: Sequence[float]) -> Difference:
    return Difference(name, mean_interval(one), mean_interval(other), paired_interval(one, other))
