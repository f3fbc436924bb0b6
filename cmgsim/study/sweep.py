"""A sweep: a grid of values times seeds, each run once and for all.

Theory of operation: results that are kept already are taken as they are; the others are run by an executor, and kept
the moment they come. So an interrupted sweep loses nothing that was finished, and the same command goes on with it.
The outcome lists results by point and seed, never by the order in which they came.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cmgsim.capacity.statistics import Interval, mean_interval
from cmgsim.study.executors import Executor
from cmgsim.study.figures import MEANINGS
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

    def lines(self) -> str:
        """Return all results as JSON lines: the same text whoever ran them."""
        return "".join(json.dumps(row, sort_keys=True) + "\n" for row in self.rows)


def sweep(
    tasks: Sequence[Task], executor: Executor, store: Store, progress: Progress = lambda done, total: None
) -> Sweep:
    """Run tasks that have no result yet, and return the results of all.

    Raises:
        StorageError: if a result cannot be kept; those before are.
        WorkerLost: if workers die at it; what was finished is kept.
    """
    found = {task.key: result for task in tasks if (result := store.get(task.key)) is not None}
    missing = list({task.key: task for task in tasks if task.key not in found}.values())
    reused = len(tasks) - len(missing)
    progress(reused, len(tasks))
    for task, finished in executor.results(missing):
        store.put(task.key, finished)
        found[task.key] = json.loads(finished)
        progress(len(found), len(tasks))
    return Sweep(tuple({**found[task.key], "point": task.point} for task in tasks), reused)


def written(interval: Interval | None) -> str:
    """Write a mean with half of its interval, with as many digits as mean something."""
    if interval is None:
        return "-"
    if interval.half_width == float("inf"):
        return _short(interval.mean)
    return f"{_short(interval.mean)} ± {_short(interval.half_width)}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
