"""``cmgsim rehearse`` and ``cmgsim run``: let a design live, and tell what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmgsim.errors import FileFaults, UsageError
from cmgsim.ui.door import door
from cmgsim.ui.interruptions import Interruptions
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Interrupted, Outlet
from cmgsim.ui.progress import Progress
from cmgsim.ui.seeds import read_seed
from cmgsim.ui.writing import whole_folder

if TYPE_CHECKING:
    from cmgsim.design.files import LoadedScenario
    from cmgsim.design.findings import Findings
    from cmgsim.rehearsal.scenario import Judged
    from cmgsim.report.story import Story

_SAVE = click.option("--save", type=click.Path(path_type=Path), metavar="DIR", help="Save each run below this folder.")
_LOGS = click.option(
    "--logs", type=click.Path(path_type=Path), metavar="DIR", help="Write each run's logs below this folder."
)
_WATCH = click.option(
    "--watch", multiple=True, metavar="CLIENT", help="Log this client, such as road-17; the first of each population."
)


@dataclass(frozen=True)
class Task:
    """What one command runs: a scenario, its seeds, and the command that repeats one of them."""

    loaded: LoadedScenario
    seeds: tuple[int, ...]
    save: Path | None
    command: str = ""
    logs: Path | None = None
    watch: tuple[str, ...] = ()


@click.command("rehearse")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="SCENARIO... | DESIGN PLAN")
@click.option(
    "--seed", "seeds", multiple=True, type=read_seed, metavar="SEED", help="Run with this seed; may be repeated."
)
@click.option(
    "--set", "changes", multiple=True, metavar="KEY=VALUE", help="Change a value: plan.gap=12h, design.name=x"
)
@_SAVE
@_LOGS
@_WATCH
@door("rehearse")
def rehearse_command(
    outlet: Outlet,
    files: tuple[Path, ...],
    seeds: tuple[int, ...],
    changes: tuple[str, ...],
    save: Path | None,
    logs: Path | None,
    watch: tuple[str, ...],
) -> int:
    """Walk a plan in a simulated hierarchy and judge what is expected of it.

    Example: cmgsim rehearse replace.scenario.yaml --seed 7 --set plan.gap=12h

    A DESIGN and a PLAN without a scenario are held to what every plan should keep: no client is stranded in the end, a
    gateway is active at every moment, and operations come to their end. Exit codes: 0 all holds, 1 an expectation
    failed or a file has errors, 2 nothing could be judged.
    """
    given = read_changes(changes)
    try:
        tasks = _tasks(files, seeds, given, save)
    except FileFaults:
        if given:
            outlet.say(f"judged with {', '.join(changes)}, whatever the lines below say")
        raise
    return rehearse_tasks(outlet, [_with_logs(task, logs, watch, len(tasks)) for task in tasks])


def _with_logs(task: Task, logs: Path | None, watch: tuple[str, ...], tasks: int) -> Task:
    """Return a task that writes logs; nobody named, they are those of the first client of each population."""
    if logs is None:
        if watch:
            raise UsageError("--watch says whose logs are written: say with --logs into which folder, too")
        return task
    first = tuple(f"{name}-1" for name, population in task.loaded.design.clients.items() if population.count)
    folder = logs / task.loaded.name if tasks > 1 else logs
    return replace(task, logs=folder, watch=watch or first)


def _tasks(files: Sequence[Path], seeds: tuple[int, ...], given: dict[str, Any], save: Path | None) -> list[Task]:
    """Load what is to be rehearsed: scenarios, or one design with one plan."""
    from cmgsim.design.files import load_scenario

    if [path.name.endswith(ending) for path, ending in zip(files, _PAIR, strict=False)] == [True, True]:
        if len(files) != len(_PAIR):
            raise UsageError("a design and a plan are rehearsed alone; give one of each, or scenarios")
        return [_pair_task(files[0], files[1], seeds, given, save)]
    scenarios = [load_scenario(_scenario_file(path), given) for path in files]
    folders = [save / one.name if save and len(files) > 1 else save for one in scenarios]
    return [Task(one, seeds or one.scenario.seeds, folder) for one, folder in zip(scenarios, folders, strict=True)]


@click.command("run")
@click.argument("design", type=click.Path(path_type=Path))
@click.option("--for", "duration", default="7d", show_default=True, metavar="DURATION", help="How long, such as 36h.")
@click.option("--seed", default=1, show_default=True, type=read_seed, metavar="SEED", help="Of the draws.")
@_SAVE
@_LOGS
@_WATCH
@door("run")
def run_command(
    outlet: Outlet,
    design: Path,
    duration: str,
    seed: int,
    save: Path | None,
    logs: Path | None,
    watch: tuple[str, ...],
) -> int:
    """Let a design live for a while without a plan, and tell what became of its clients.

    Example: cmgsim run contoso.design.yaml --for 7d --seed 1

    Exit codes: 0 it ran, 1 the design has errors, 2 it could not be read.
    """
    from cmgsim.design.files import load_design
    from cmgsim.report.unwritten import scenario_of
    from cmgsim.units import duration_us

    try:
        duration_us(duration)
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None
    load_design(wanted(design, "design"))
    command = f"cmgsim run {design.as_posix()} --for {_quoted(duration)} --seed {seed}"
    task = Task(scenario_of(design, after=duration), (seed,), save, command)
    return rehearse_tasks(outlet, [_with_logs(task, logs, watch, 1)])


_PAIR = (".design.yaml", ".plan.yaml")


def rehearse_tasks(outlet: Outlet, tasks: Sequence[Task]) -> int:
    """Rehearse scenarios one after the other and tell of each; return the gravest exit code."""
    check_folders(tasks)
    told, code = [], Exit.HOLDS
    for task in tasks:
        findings = premises(outlet, task)
        if findings.errors:
            code = Exit.FAILED
            told.append(_refused(outlet, task, findings))
            continue
        judged = judge_seeds(outlet, task)
        code = code if all(one.holds for one in judged) else Exit.FAILED
        told.append(_tell(outlet, task, judged))
    if outlet.form is Form.JSON:
        outlet.show_data({"exit": int(code), "scenarios": told})
    return code


def premises(outlet: Outlet, task: Task) -> Findings:
    """Return what the rules have against a scenario's files; of warnings, only a line is said."""
    from cmgsim.report.premises import lint_scenario

    findings = lint_scenario(task.loaded)
    if findings.warnings and not findings.errors:
        count = len(findings.warnings)
        outlet.say(f"{count} warning{'' if count == 1 else 's'}; see them with cmgsim lint")
    return findings


def judge_seeds(outlet: Outlet, task: Task) -> list[Judged]:
    """Run a scenario with each seed and save the runs that are to be saved.

    Raises:
        click.Abort: if the user interrupts; the runs that were finished are named.
    """
    from cmgsim.rehearsal.scenario import judge_scenario

    progress, judged = Progress(outlet, len(task.seeds)), []
    try:
        with Interruptions() as interruptions:
            for seed in task.seeds:
                interruptions.check()
                progress.begin(seed)
                one = judge_scenario(task.loaded, seed, progress.observe, task.watch)
                if not task.loaded.scenario.expect or task.command.startswith("cmgsim run"):
                    one = replace(one, verdicts=())
                judged.append(one)
                if task.save:
                    one.run.save(task.save / f"seed-{seed}")
                if task.logs:
                    with whole_folder(folder := task.logs / f"seed-{seed}"):
                        one.run.write_logs(folder)
    except KeyboardInterrupt:
        progress.end()
        saved = f", saved below {task.save}" if task.save and judged else ""
        outlet.complain(f"interrupted: {len(judged)} of {len(task.seeds)} {_what(task)} finished{saved}")
        raise Interrupted from None
    progress.end()
    return judged


def _what(task: Task) -> str:
    """Name the runs of a task; a scenario that nobody wrote has no name."""
    return "runs" if task.command else f"runs of {task.loaded.name}"


def check_folders(tasks: Sequence[Task]) -> None:
    """Refuse to save over anything before anything runs.

    Raises:
        UsageError: if the folder of a run is there already.
    """
    for task in tasks:
        for seed in task.seeds:
            for option, root in (("--save", task.save), ("--logs", task.logs)):
                if root and (folder := root / f"seed-{seed}").exists():
                    raise UsageError(f"{folder}: there is something already; give {option} a new folder")


def read_changes(changes: Sequence[str]) -> dict[str, Any]:
    """Read ``KEY=VALUE`` as given on the command line; values are read as YAML reads them.

    Raises:
        click.BadParameter: if one has no ``=``.
    """
    from cmgsim.design.core_yaml import read_scalar

    for change in changes:
        if not change.partition("=")[0] or "=" not in change:
            raise click.BadParameter(f"{change!r} sets nothing; write plan.LABEL=VALUE", param_hint="--set")
    return {key: read_scalar(value) for key, _, value in (change.partition("=") for change in changes)}


def _scenario_file(path: Path) -> Path:
    if path.exists() and path.is_file() and not path.name.endswith(".scenario.yaml"):
        raise UsageError(f"{path}: this is no scenario; give scenarios (*.scenario.yaml), or a design and a plan")
    return path


def _pair_task(design: Path, plan: Path, seeds: tuple[int, ...], given: dict[str, Any], save: Path | None) -> Task:
    from cmgsim.report.unwritten import scenario_of

    changed = "".join(f" --set {key}={_quoted(str(value))}" for key, value in given.items())
    command = f"cmgsim rehearse {design.as_posix()} {plan.as_posix()}{changed}"
    return Task(scenario_of(design, plan, given), seeds or (1,), save, command)


def _quoted(word: str) -> str:
    return f"'{word}'" if " " in word else word


def _refused(outlet: Outlet, task: Task, findings: Findings) -> dict[str, Any]:
    from cmgsim.design.formats import as_json

    if outlet.form is Form.TEXT:
        outlet.show(outlet.frames(findings.errors))
        outlet.show(f"\nnot run: {len(findings.errors)} error{'' if len(findings.errors) == 1 else 's'}")
    return {"path": task.loaded.path.as_posix(), **as_json(findings)}


def _tell(outlet: Outlet, task: Task, judged: Sequence[Judged]) -> dict[str, Any]:
    from cmgsim.report.story import as_data, story, written_seeds
    from cmgsim.report.text import text

    told: Story = story(judged)
    if task.command:
        seeds = "" if task.command.startswith("cmgsim run") else written_seeds(told.seeds)
        told = replace(told, repeat=task.command + seeds, longer="")
    if task.command.startswith("cmgsim run"):
        told = replace(told, expectations=())
    if outlet.form is Form.TEXT:
        outlet.show(text(told, outlet.style, outlet.width, outlet.glyphs))
    return {"path": task.loaded.path.as_posix(), **as_data(told)}
