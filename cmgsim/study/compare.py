"""Two designs, scenarios or saved runs side by side: what differs, by how much, and whether that is more than noise.

Theory of operation: both sides are run with the same seeds. Draws are keyed by who asks and what for, so that whatever
the difference does not touch happens alike on both sides; the differences of pairs vary far less than the sides do.
The interval is Student's t over the pairs, of which it takes three to claim anything. Two saved runs are one pair: the
clients of a run meet at the same gateways, so they are no independent pairs, and there is no interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import yaml

from cmgsim.capacity.statistics import Interval, mean_interval, paired_interval
from cmgsim.design.files import dump
from cmgsim.errors import UsageError
from cmgsim.study.figures import MEANINGS, OF_ALL, Figures, figures
from cmgsim.study.sweep import Sweep, base_note, span, written
from cmgsim.tables import Table
from cmgsim.units import HOUR, MINUTE, PARTS_PER_MILLION, format_duration
from cmgsim.world.run import Run

NOISE = "no difference beyond noise"
SAME = "the same"
FEW = "too few pairs to tell"
#: How many pairs it takes to tell a difference from noise: two may agree by chance.
FEWEST = 3
_SHOWN_KEYS = 8
#: Differences that are nearer to each other than this share of their mean differ by rounding alone.
_ROUNDING = 1e-9


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
        if self.difference.count < FEWEST:
            return FEW
        if not self.difference.excludes(0.0):
            return NOISE
        return "more" if self.difference.mean > 0 else "less"

    @property
    def written(self) -> str:
        """The difference with half of its interval; where it is the same in every pair, that."""
        mean, half_width, count = self.difference.mean, self.difference.half_width, self.difference.count
        if mean and half_width <= abs(mean) * _ROUNDING:
            return f"{written(Interval(mean, float('inf'), count))} in all {count} pairs"
        return written(self.difference)


@dataclass(frozen=True)
class Side:
    """What was simulated of one side, over its runs."""

    lasted_us: tuple[int, ...]
    """How long each run was."""
    clients: tuple[int, ...]
    """How many clients each run simulated."""
    clients_of_design: tuple[int, ...]

    def __str__(self) -> str:
        """Write it for people."""
        short, long = min(self.lasted_us), max(self.lasted_us)
        lasting = format_duration(short) + (f" to {format_duration(long)}" if long > short else "")
        whole = self.clients == self.clients_of_design
        return f"{lasting}, {span(self.clients)}{'' if whole else f' of {span(self.clients_of_design)}'} clients"

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Side:
        """Return the side of a sweep's rows."""
        return cls(*(tuple(row[name] for row in rows) for name in ("lasted_us", "clients", "clients_of_design")))


@dataclass(frozen=True)
class Comparison:
    """Every figure of two sides."""

    first: str
    second: str
    pairs: int
    differences: tuple[Difference, ...]
    identical: int
    """Pairs whose digests are equal: nothing at all differs in them."""
    sides: tuple[Side, Side]
    of_what: str = "pairs of runs with the same seed, 99 % intervals"
    differing_keys: tuple[str, ...] = ()
    """Keys of the designs that differ, ``plan`` and ``faults`` as wholes."""
    remarks: tuple[str, ...] = ()
    """What makes figures differ by itself, and what they are of."""

    @property
    def differing(self) -> tuple[Difference, ...]:
        """The figures that differ by more than noise."""
        return tuple(one for one in self.differences if one.verdict in ("more", "less"))

    def table(self) -> Table:
        """Return a row for each figure."""
        return Table(
            ("figure", "A", "B", "B - A", "verdict"),
            [
                (one.figure, written(one.first), written(one.second), one.written, one.verdict)
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
            "simulated": {name: asdict(side) for name, side in zip("AB", self.sides, strict=True)},
            "differing_keys": list(self.differing_keys),
            "remarks": list(self.remarks),
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
            f"A: {self.first} ({self.sides[0]})",
            f"B: {self.second} ({self.sides[1]})",
            *self._keys(),
            f"{self.pairs} {self.of_what}",
            *self.remarks,
            "",
            str(table),
        ]
        return "\n".join([*lines, "", self.verdict])

    def _keys(self) -> list[str]:
        if not self.differing_keys:
            return []
        more = len(self.differing_keys) - _SHOWN_KEYS
        shown = ", ".join(self.differing_keys[:_SHOWN_KEYS])
        return [f"what differs in them: {shown}{f' and {more} more' if more > 0 else ''}"]

    @property
    def verdict(self) -> str:
        """The whole in a sentence."""
        if all(one.verdict == SAME for one in self.differences):
            alike = self.identical == self.pairs
            return "A and B are the same, to the last event" if alike else "no figure differs, but what happened does"
        names = ", ".join(f"{one.verdict} {one.figure}" for one in self.differing)
        if names:
            return f"B has {names}"
        pairs = max(one.difference.count for one in self.differences)
        if pairs >= FEWEST:
            return NOISE
        few = "one pair tells" if pairs == 1 else f"{pairs} pairs tell"
        return f"{few} no noise from difference: {self.remedy}"

    @property
    def remedy(self) -> str:
        """What to do about too few pairs."""
        return "run more seeds" if self.of_what == Comparison.of_what else "compare the designs with more seeds"


def compare_sweeps(
    first: str, second: str, one: Sweep, other: Sweep, differing_keys: tuple[str, ...] = ()
) -> Comparison:
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
    sides = Side.of(one.rows), Side.of(other.rows)
    base = base_note((*one.rows, *other.rows), both)
    remarks = (*_unlike(*sides), *([base] if base else []))
    return Comparison(
        first, second, len(one.rows), differences, identical, sides, differing_keys=differing_keys, remarks=remarks
    )


def compare_runs(first: str, second: str, one: Run, other: Run) -> Comparison:
    """Compare two runs: their figures, and how long clients were stranded and how old their policies are.

    They are one pair, so no difference is told from noise.

    Raises:
        UsageError: if they have not the same clients and seed, so that nothing is paired.
    """
    same = one.seed == other.seed and np.array_equal(one.roll.population, other.roll.population)
    if not same or list(one.design.clients) != list(other.design.clients):
        raise UsageError(
            f"{first} and {second} have not the same clients and seed, so no draw is common to them: "
            "compare their designs instead"
        )
    left, right = (_of_clients(run) | figures(run) for run in (one, other))
    differences = tuple(_difference(name, [left[name]], [right[name]]) for name in left if name in right)
    sides = _side(one), _side(other)
    return Comparison(
        first,
        second,
        one.clients,
        differences,
        identical=int((one.roll.digest == other.roll.digest).sum()),
        sides=sides,
        of_what="clients in one run of each side: one pair of runs, so no intervals",
        differing_keys=differing_keys(dump(one.design), dump(other.design)),
        remarks=(*_unlike(*sides), *_not_saved(one)),
    )


def differing_keys(one: str, other: str) -> tuple[str, ...]:
    """Return the keys of which the values differ in two designs, both as YAML, in the order of the first."""
    left, right = _flat(yaml.safe_load(one)), _flat(yaml.safe_load(other))
    return tuple(key for key in left | right if left.get(key) != right.get(key))


def _flat(data: Any, path: str = "") -> dict[str, Any]:
    """Return values by dotted path; lists are values."""
    if not isinstance(data, dict) or not data:
        return {path: data}
    return {
        key: value
        for name, part in data.items()
        for key, value in _flat(part, f"{path}.{name}".removeprefix(".")).items()
    }


def _side(run: Run) -> Side:
    whole = sum(population.count for population in run.design.clients.values())
    return Side((run.ended_us,), (run.clients,), (whole,))


def _unlike(one: Side, other: Side) -> list[str]:
    """Say what makes totals differ whatever else does."""
    found = []
    if one.lasted_us != other.lasted_us:
        found.append("A and B do not last as long: totals differ by their time alone")
    if one.clients != other.clients:
        found.append("A and B have not as many clients: totals differ by their number alone")
    return found


def _not_saved(run: Run) -> list[str]:
    if run.scale != PARTS_PER_MILLION:
        return [f"worked out for all clients: {', '.join(OF_ALL)}; all others are of the clients simulated"]
    return ["times and loads of stations are not kept in saved runs: compare the designs or scenarios for them"]


def _of_clients(run: Run) -> Figures:
    """Return what is known of every client, on average; a policy is as old as the run where a client never got any."""
    stranded_us, got_us = run.roll.stranded_total_us, np.maximum(run.roll.policy_us, 0)
    if not run.clients:
        return {}
    return {
        "stranded_min_per_client": float(stranded_us.mean()) / MINUTE,
        "policy_age_h_per_client": float((run.ended_us - got_us).mean()) / HOUR,
    }


def _difference(name: str, one: Sequence[float], other: Sequence[float]) -> Difference:
    return Difference(name, mean_interval(one), mean_interval(other), paired_interval(one, other))
