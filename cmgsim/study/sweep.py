"""A sweep: a grid of values times seeds, each run once and for all.

Theory of operation: results that are kept already are taken as they are; the others are run by an executor, and kept
the moment they come. So an interrupted sweep loses nothing that was finished, and the same command goes on with it.
The outcome lists results by point and seed, never by the order in which they came.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cmgsim.capacity.statistics import Interval, mean_interval
from cmgsim.study.executors import Executor
from cmgsim.study.figures import MEANINGS, NOT_COUNTED, OF_ALL
from cmgsim.study.store import Store
from cmgsim.study.task import Task
from cmgsim.tables import Table

Progress = Callable[[int, int], None]
"""Is told how many results there are, of how many."""


@dataclass(frozen=True)
class Sweep:
    """The results of a sweep, by point and seed, in the order of the tasks."""

    rows: tuple[dict[str, Any], ...]
    reused: int
    """Results that were kept from before."""

    @property
    def points(self) -> tuple[str, ...]:
        """The points, in order."""
        return tuple(dict.fromkeys(row["point"] for row in self.rows))

    @property
    def columns(self) -> tuple[str, ...]:
        """The figures that some run has."""
        return tuple(name for name in MEANINGS if any(name in row["figures"] for row in self.rows))

    def values(self, point: str, figure: str) -> list[float]:
        """Return a figure of every run at a point that has it, by seed."""
        return [row["figures"][figure] for row in self.rows if row["point"] == point and figure in row["figures"]]

    def interval(self, point: str, figure: str) -> Interval | None:
        """Return the mean of a figure at a point with its 99 % interval, or None where no run has it."""
        values = self.values(point, figure)
        return mean_interval(values) if values else None

    def table(self, chosen: Sequence[str]) -> Table:
        """Return means with intervals over seeds, a row for each point."""
        return Table(
            ("point", *chosen),
            [(point or "as it is", *(written(self.interval(point, name)) for name in chosen)) for point in self.points],
        )

    def notes(self, chosen: Sequence[str]) -> list[str]:
        """Return what a reader of a table must know of its numbers, a line for each."""
        return [
            note
            for note in (
                self._of_intervals(chosen),
                self._of_wide(chosen),
                self._of_lacking(chosen),
                base_note(self.rows, chosen),
            )
            if note
        ]

    def _of_intervals(self, chosen: Sequence[str]) -> str:
        if not chosen:
            return ""
        seeds = len({row["seed"] for row in self.rows})
        if seeds == 1:
            return "one run at each point, so no intervals: more --seeds give them"
        return f"\u00b1 is half of the 99 % interval for the mean over {seeds} seeds"

    def _of_wide(self, chosen: Sequence[str]) -> str:
        """Name figures of which the interval says nearly nothing."""
        found = {name: [self.interval(point, name) for point in self.points] for name in chosen}
        wide = [name for name, ones in found.items() if any(one is not None and _is_wide(one) for one in ones)]
        return (
            f"{', '.join(wide)}: half an interval exceeds its mean, which tells little: run more --seeds"
            if wide
            else ""
        )

    def _of_lacking(self, chosen: Sequence[str]) -> str:
        """Name figures that not every run has."""
        lacking = [name for name in chosen if any(name not in row["figures"] for row in self.rows)]
        runs = sum(any(name not in row["figures"] for name in lacking) for row in self.rows)
        if not runs:
            return ""
        return (
            f"{', '.join(lacking)}: none in {runs} of {len(self.rows)} runs, in whose busiest hour nothing was answered"
        )

    def lines(self) -> str:
        """Return all results as JSON lines: the same text whoever ran them."""
        return "".join(json.dumps(row, sort_keys=True) + "\n" for row in self.rows)


def sweep(
    tasks: Sequence[Task], executor: Executor, store: Store, progress: Progress = lambda done, total: None
) -> Sweep:
    """Run tasks that have no result yet, and return the results of all.

    Raises:
        StorageError: if results cannot be kept, which is found before the first run, or a disk is full; what was
            finished before is kept.
        WorkerLost: if workers die at it; what was finished is kept.
    """
    found = {task.key: result for task in tasks if (result := store.get(task.key)) is not None}
    missing = list({task.key: task for task in tasks if task.key not in found}.values())
    reused = len(tasks) - len(missing)
    progress(reused, len(tasks))
    if missing:
        store.require_writable()
    for task, finished in executor.results(missing):
        store.put(task.key, finished)
        found[task.key] = json.loads(finished)
        progress(len(found), len(tasks))
    return Sweep(tuple({**found[task.key], "point": task.point} for task in tasks), reused)


def base_note(rows: Sequence[Mapping[str, Any]], chosen: Sequence[str]) -> str:
    """Say what the figures of a sample are of: counts of the clients simulated, times and loads of all of them."""
    if all(row["clients"] == row["clients_of_design"] for row in rows):
        return ""
    simulated, whole = (span([row[name] for row in rows]) for name in ("clients", "clients_of_design"))
    counts = [name for name in chosen if name not in NOT_COUNTED]
    loads = [name for name in chosen if name in OF_ALL]
    parts = [f"of the clients simulated ({simulated} of {whole}): {', '.join(counts)}"] if counts else []
    parts += [f"worked out for all clients: {', '.join(loads)}"] if loads else []
    return "; ".join(parts)


def span(values: Sequence[int]) -> str:
    """Write the least and the greatest of some numbers, or the one that they all are."""
    low, high = min(values), max(values)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _is_wide(interval: Interval) -> bool:
    return math.isfinite(interval.half_width) and interval.half_width > abs(interval.mean)


def written(interval: Interval | None) -> str:
    """Write a mean with half of its interval, with as many digits as mean something."""
    if interval is None:
        return "-"
    if interval.half_width == float("inf"):
        return _short(interval.mean)
    return f"{_short(interval.mean)} ± {_short(interval.half_width)}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
