"""``cmgsim sweep``: a grid of values times seeds, on this machine or on a cluster."""

from __future__ import annotations

import errno
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmgsim.errors import StorageError, UsageError
from cmgsim.ui.door import door
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Interrupted, Outlet
from cmgsim.ui.writing import write_whole

if TYPE_CHECKING:
    from cmgsim.study.executors import Executor
    from cmgsim.study.sweep import Sweep
    from cmgsim.study.task import Task

CACHE = Path(".cmgsim/sweep")
_SHOWN = ("requests_served", "connections_peak", "p50_ms", "p99_ms", "vm_busy_share", "port_refused_share")
#: Which of them are left out first where the terminal is too narrow.
_LEFT_OUT = ("p50_ms", "requests_served", "connections_peak", "port_refused_share", "vm_busy_share")
#: The address of a scheduler, as Dask reads it.
_ADDRESS = re.compile(r"(?:\w+://)?(?:\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):[0-9]{1,5}/?")
#: How often a line of progress is written where lines stay, in seconds.
_EVERY_S = 10.0


@click.command("sweep")
@click.argument("path", type=click.Path(path_type=Path), metavar="DESIGN|SCENARIO")
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUES", help="Vary a value: gateways.east.vms=1..16.")
@click.option("--seeds", type=click.IntRange(1, 100_000), default=5, show_default=True, help="Runs at each point.")
@click.option("--days", type=click.IntRange(1, 366), help="How long a design lives; left out, a day.")
@click.option("--scale", metavar="SHARE", help="Simulate this share of every population, such as 10%.")
@click.option("--show", "chosen", metavar="FIGURES", help="Which of the figures below the table has, between commas.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; left out, one for each core.")
@click.option("--scheduler", metavar="ADDRESS", help="A Dask scheduler to run on, such as tcp://10.0.0.7:8786.")
@click.option(
    "--cache", type=click.Path(path_type=Path), default=CACHE, show_default=True, help="Where results are kept."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Write all results as JSON lines.")
@door("sweep")
def sweep_command(
    outlet: Outlet,
    path: Path,
    settings: tuple[str, ...],
    seeds: int,
    days: int | None,
    scale: str | None,
    chosen: str | None,
    workers: int | None,
    scheduler: str | None,
    cache: Path,
    out: Path | None,
) -> int:
    """Run a design or scenario at every combination of values, with every seed.

    Example: cmgsim sweep my.design.yaml --set gateways.east.vms=1..16 --seeds 20

    Results are kept by a hash of their inputs: the same run is never done twice, and after Ctrl-C the same command
    goes on where it was.

    Figures: requests_asked, requests_served, requests_refused, requests_unanswered, requests_given_up,
    stranded_clients, stranded_total_h, connections_peak, internet_peak, egress_mb, outage_s, p50_ms, p95_ms, p99_ms,
    vm_busy_share, port_refused_share. Times and shares are those of the busiest hour.

    Exit codes: 0 all runs are there, 1 the design or scenario has faults, 2 wrong usage, no scheduler, lost workers or
    a full disk, 130 interrupted.
    """
    from cmgsim.study.axes import grid, read_axis
    from cmgsim.study.task import tasks_of

    points = grid([read_axis(text) for text in settings])
    wanted(path, "design", "scenario")
    share = read_scale(scale)
    numbers = range(1, seeds + 1)
    tasks = [task for point in points for task in tasks_of(path, point, numbers, days, share)]
    columns = read_columns(chosen)
    if out is not None:
        require_writable(out)
    done = run_tasks(outlet, tasks, executor_of(workers, scheduler, len(tasks)), cache)
    if out is not None:
        write_whole(out, done.lines(), "; the results are kept all the same")
    if outlet.form is Form.JSON:
        outlet.show_data({"exit": int(Exit.HOLDS), "reused": done.reused, "runs": list(done.rows)})
    else:
        outlet.say(f"{len(done.rows)} runs, {done.reused} of them kept from before")
        shown = fitting_columns(outlet, done, columns)
        outlet.show(text_of(done, shown))
        for note in done.notes(shown):
            outlet.show_folded(note)
    return Exit.HOLDS


def text_of(done: Sweep, shown: list[str]) -> str:
    """Write results as a table with these columns."""
    table = done.table(shown)
    table.SHOWN = len(table)
    return str(table)


def fitting_columns(outlet: Outlet, done: Sweep, chosen: list[str]) -> list[str]:
    """Return the columns that were chosen, or else those of the usual ones that fit; what is left out is told."""
    if chosen:
        return chosen
    usual = [name for name in _SHOWN if name in done.columns]
    shown, left_out = list(usual), [name for name in _LEFT_OUT if name in usual]
    while left_out and max(map(len, text_of(done, shown).splitlines())) > outlet.reach:
        shown.remove(left_out.pop(0))
    if missing := [name for name in usual if name not in shown]:
        outlet.complain(f"too narrow for {', '.join(missing)}; --show chooses columns")
    return shown


def require_writable(path: Path) -> None:
    """Let this pass if a file can be written, before the work whose outcome it is to hold.

    Raises:
        StorageError: if it cannot.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        return  # a device or a pipe, which looking would write to
    try:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        probe = path.with_name(f".{path.name}.part")
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise StorageError(f"{path}: cannot be written: {error.strerror or error}; nothing was run") from error


def read_scale(text: str | None) -> int | None:
    """Read a share such as ``10%`` into parts per million.

    Raises:
        UsageError: if it is none, or nothing.
    """
    from cmgsim.units import share_ppm

    if text is None:
        return None
    try:
        share = share_ppm(text)
    except ValueError as error:
        raise UsageError(f"--scale: {error}") from None
    if not share:
        raise UsageError("--scale: nothing of a population cannot be simulated")
    return share


def read_columns(text: str | None) -> list[str]:
    """Read names of figures.

    Raises:
        UsageError: for a figure that there is not.
    """
    from cmgsim.study.figures import MEANINGS

    names = [] if text is None else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in MEANINGS:
            raise UsageError(f"--show: no figure is named {name!r}; there are {', '.join(MEANINGS)}")
    return list(dict.fromkeys(names))


def executor_of(workers: int | None, scheduler: str | None, tasks: int) -> Executor:
    """Return what runs the tasks: a cluster, processes of this machine, or for a single task this process.

    Raises:
        UsageError: if *scheduler* is no address, or none answers there.
    """
    from cmgsim.study.executors import Cluster, Here, Processes

    if scheduler is not None:
        if not _ADDRESS.fullmatch(scheduler):
            raise UsageError(f"--scheduler {scheduler!r} is no address: write it like tcp://10.0.0.7:8786")
        return Cluster(scheduler)
    count = workers or os.cpu_count() or 1
    return Here() if workers is None and (tasks < 2 or count < 2) else Processes(min(count, max(tasks, 1)))


def run_tasks(outlet: Outlet, tasks: list[Task], executor: Executor, cache: Path) -> Sweep:
    """Run tasks with progress on the standard error.

    Raises:
        Interrupted: by Ctrl-C, after a line that says what is kept.
    """
    from cmgsim.study.executors import Processes
    from cmgsim.study.store import Store
    from cmgsim.study.sweep import sweep

    progress = Remaining(outlet)
    try:
        return sweep(tasks, executor, Store(cache), progress.tell)
    except KeyboardInterrupt:
        outlet.complain(
            f"interrupted: {progress.done} of {len(tasks)} results are kept below {cache}; "
            "the same command goes on from there"
        )
        if isinstance(executor, Processes):
            outlet.complain("stopping, waiting for runs under way")
        raise Interrupted from None
    finally:
        progress.end()


class Remaining:
    """How many results there are, and when the rest will be: one line that changes on a terminal, else now and then."""

    def __init__(self, outlet: Outlet, now_s: Callable[[], float] = time.monotonic) -> None:
        self.outlet, self._now_s = outlet, now_s
        self.done = 0
        self._first: tuple[float, int] | None = None
        self._said_s = now_s()
        self._changing = outlet.redraws

    def tell(self, done: int, total: int) -> None:
        """Say how many results there are."""
        now_s, self.done = self._now_s(), done
        if self._first is None:
            self._first = (now_s, done)
        line = f"{done} of {total} runs{self._left(now_s, done, total)}"
        if self._changing:
            click.echo(f"\r\x1b[K{line[: self.outlet.width - 1]}", err=True, nl=False)
        elif now_s - self._said_s >= _EVERY_S:
            self._said_s = now_s
            self.outlet.say(line)

    def _left(self, now_s: float, done: int, total: int) -> str:
        begun_s, begun = self._first or (now_s, done)
        if done <= begun or done >= total:
            return ""
        seconds = round((now_s - begun_s) / (done - begun) * (total - done))
        return f", {seconds // 60} min {seconds % 60} s to go" if seconds >= 60 else f", {seconds} s to go"

    def end(self) -> None:
        """Take the changing line away."""
        if self._changing:
            click.echo("\r\x1b[K", err=True, nl=False)
