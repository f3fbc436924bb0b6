"""``cmgsim compare``: two designs, scenarios or saved runs, pair by pair."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmgsim.errors import UsageError
from cmgsim.ui.door import door
from cmgsim.ui.outlet import Exit, Form, Outlet
from cmgsim.ui.sweeping import CACHE, executor_of, read_scale, run_tasks

if TYPE_CHECKING:
    from cmgsim.study.compare import Comparison
    from cmgsim.study.task import Task


@click.command("compare")
@click.argument("first", type=click.Path(path_type=Path), metavar="A")
@click.argument("second", type=click.Path(path_type=Path), metavar="B")
@click.option("--seeds", type=click.IntRange(1, 100_000), default=5, show_default=True, help="Pairs of runs.")
@click.option("--days", type=click.IntRange(1, 366), help="How long a design lives; left out, a day.")
@click.option("--scale", metavar="SHARE", help="Simulate this share of every population, such as 10%.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; left out, one for each core.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler to run on, such as tcp://10.0.0.7:8786.")
@click.option(
    "--cache", type=click.Path(path_type=Path), default=CACHE, show_default=True, help="Where results are kept."
)
@door("compare")
def compare_command(
    outlet: Outlet,
    first: Path,
    second: Path,
    seeds: int,
    days: int | None,
    scale: str | None,
    workers: int | None,
    scheduler: str | None,
    cache: Path,
) -> int:
    """Say which figures of two designs, scenarios or saved runs differ, and whether by more than noise.

    Example: cmgsim compare two-vms.design.yaml four-vms.design.yaml --seeds 20

    Both sides draw the same chances, so that only what the difference touches differs. It takes three pairs of runs to
    tell a difference from noise; two saved runs are one pair.

    Exit codes: 0 they were compared, whether they differ or not, 1 a design or scenario has faults, 2 wrong usage, no
    scheduler, lost workers or a full disk, 130 interrupted.
    """
    if first.is_dir() != second.is_dir():
        raise UsageError(f"{first} and {second} are not of a kind: give two saved runs, or two files")
    if first.is_dir():
        compared = _runs(first, second)
    else:
        compared = _files(outlet, first, second, seeds, days, read_scale(scale), workers, scheduler, cache)
    if outlet.form is Form.JSON:
        outlet.show_data({"exit": int(Exit.HOLDS), **compared.data()})
    else:
        outlet.show(_text(outlet, compared))
    return Exit.HOLDS


def _text(outlet: Outlet, compared: Comparison) -> str:
    """Write a comparison as it is; where the terminal is too narrow for its table, without both sides themselves."""
    from cmgsim.report.tables import folded
    from cmgsim.tables import Table

    whole, rows = str(compared), compared.table()
    rows.SHOWN = len(rows)
    head, _, rest = whole.partition(str(rows))
    if max(map(len, str(rows).splitlines())) > outlet.reach:
        kept = [column for column in rows.columns if column not in ("A", "B")]
        rows = Table(kept, zip(*(rows.column(name) for name in kept), strict=True))
        rows.SHOWN = len(rows)
        outlet.complain("too narrow for A and B themselves; --json has them")
    return folded(head, outlet.reach) + folded(str(rows), outlet.reach) + folded(rest, outlet.reach)


def _runs(first: Path, second: Path) -> Comparison:
    from cmgsim.study.compare import compare_runs
    from cmgsim.world.run import Run

    compared = compare_runs(str(first), str(second), Run.open(first), Run.open(second))
    versions = [
        json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["version"] for folder in (first, second)
    ]
    if versions[0] == versions[1]:
        return compared
    remark = f"A was saved by version {versions[0]}, B by {versions[1]}: what differs may be the program's doing"
    return replace(compared, remarks=(*compared.remarks, remark))


def _files(
    outlet: Outlet,
    first: Path,
    second: Path,
    seeds: int,
    days: int | None,
    scale: int | None,
    workers: int | None,
    scheduler: str | None,
    cache: Path,
) -> Comparison:
    from cmgsim.study.compare import compare_sweeps
    from cmgsim.study.sweep import Sweep
    from cmgsim.study.task import tasks_of

    numbers = range(1, seeds + 1)
    sides = [tasks_of(path, {}, numbers, days, scale) for path in (first, second)]
    lasting = [f"{side[0].before} and {side[0].after}" for side in sides]
    if lasting[0] != lasting[1]:
        outlet.say(f"totals differ by their time alone: before and after the plan {first} lasts {lasting[0]},")
        outlet.say(f"{second} {lasting[1]}")
    tasks = [task for side in sides for task in side]
    done = run_tasks(outlet, tasks, executor_of(workers, scheduler, len(tasks)), cache)
    one, other = Sweep(done.rows[:seeds], 0), Sweep(done.rows[seeds:], 0)
    return compare_sweeps(str(first), str(second), one, other, keys_of(sides[0][0], sides[1][0]))


def keys_of(one: Task, other: Task) -> tuple[str, ...]:
    """Return what differs in what two tasks run: keys of their designs, the plan, the faults."""
    from cmgsim.study.compare import differing_keys

    wholes = {"plan": one.plan != other.plan, "faults": one.faults != other.faults}
    return (*differing_keys(one.design, other.design), *(name for name, differs in wholes.items() if differs))
