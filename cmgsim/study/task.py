"""One run of a study as plain data: what to run, under which name its result is kept, and how it is run.

Theory of operation: a task holds everything that its result depends on, as text, so that it can be run in another
process or on another machine, and so that a hash of it names the result. A hash of the program's own sources is one of
its fields: another version of cmgsim neither finds results that it would not have come to itself, nor runs the task.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeVar

import yaml

from cmgsim.design.document import Document, read_document
from cmgsim.design.faults import validate
from cmgsim.design.files import Kind, LoadedScenario, dump, kind_of_file, load_scenario
from cmgsim.design.findings import Finding, Findings
from cmgsim.design.hardships import Fault
from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.errors import FileFaults, UsageError, nearest
from cmgsim.fleet.measures import Measures
from cmgsim.rehearsal.rehearse import begin, walk
from cmgsim.rehearsal.scenario import faults_of
from cmgsim.study.figures import figures
from cmgsim.units import PARTS_PER_MILLION, duration_us, format_duration, timedelta_us, us_timedelta
from cmgsim.world.run import Run

PACKAGE = Path(__file__).resolve().parents[1]
Loaded = TypeVar("Loaded")


class OtherProgram(UsageError):
    """A worker runs other sources than those that its task was made by."""


@cache
def program() -> str:
    """Return a hash of the program's own sources."""
    link = blake2b(digest_size=16)
    for path in sorted(PACKAGE.rglob("*.py")):
        link.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return link.hexdigest()


@dataclass(frozen=True)
class Task:
    """One run: design and plan as YAML, times as text, and its seed."""

    point: str
    """The values that were set, as ``path=value`` pairs; for tables, and no part of what is run."""
    design: str
    plan: str
    """Empty without a plan."""
    faults: str
    """The faults of the run as JSON, those drawn by its seed included."""
    before: str
    after: str
    seed: int
    scale: int
    program: str = field(default_factory=lambda: program())
    """A hash of the sources that the task was made by, which are those that may run it."""

    @property
    def key(self) -> str:
        """32 hexadecimal digits that name the result: over everything that it depends on."""
        inputs = {name: value for name, value in asdict(self).items() if name != "point"}
        return blake2b(json.dumps(inputs, sort_keys=True).encode(), digest_size=16).hexdigest()


def tasks_of(
    path: Path, settings: Mapping[str, Any], seeds: Sequence[int], days: int | None = None, scale: int | None = None
) -> list[Task]:
    """Return one task for each seed of a design or scenario file with values set.

    A design lives for *days*, one if it is left out; a scenario as long as it says. Paths of a design file are those of
    the design; of a scenario file ``design.PATH`` and ``plan.LABEL``.

    Raises:
        UnreadableFile: if the file cannot be read.
        FileFaults: if it has faults, as it stands or with the values set.
        UsageError: if a path leads nowhere, or *days* are given for a scenario.
    """
    point = ", ".join(f"{name}={value}" for name, value in settings.items())
    kind = kind_of_file(path)
    if kind is Kind.PLAN:
        raise UsageError(f"{path}: a plan alone cannot be run: give a design or a scenario")
    if kind is Kind.SCENARIO:
        if days is not None:
            raise UsageError(f"{path}: a scenario says itself how long it lasts: leave --days out")
        loaded = _loaded(lambda values: load_scenario(path, values), settings)
        return [_of_scenario(loaded, point, seed, scale) for seed in seeds]
    design = _loaded(lambda values: _design(path, values), settings)
    first = Task(point, dump(design), "", "[]", "0s", f"{days or 1}d", 0, PARTS_PER_MILLION if scale is None else scale)
    return [replace(first, seed=seed) for seed in seeds]


def _of_scenario(loaded: LoadedScenario, point: str, seed: int, scale: int | None) -> Task:
    faults = [fault.model_dump(mode="json", exclude_none=True) for fault in faults_of(loaded, seed)]
    return Task(
        point=point,
        design=dump(loaded.design),
        plan=dump(loaded.plan) if loaded.plan is not None else "",
        faults=json.dumps(faults),
        before=format_duration(timedelta_us(loaded.scenario.before)),
        after=format_duration(timedelta_us(loaded.scenario.after)),
        seed=seed,
        scale=loaded.scenario.scale if scale is None else scale,
    )


def _loaded(load: Callable[[Mapping[str, Any]], Loaded], settings: Mapping[str, Any]) -> Loaded:
    """Load a file with values set; faults that it has only with them are told as theirs, not as those of its lines."""
    try:
        return load(settings)
    except FileFaults as error:
        if not settings:
            raise
        load({})
        findings: Findings = error.findings  # type: ignore[assignment]
        raise FileFaults(Findings(_of_values(findings, settings))) from None


def _of_values(findings: Iterable[Finding], settings: Mapping[str, Any]) -> list[Finding]:
    """Return findings without their places in a file, which has other values there; instead they name what was set."""
    found = []
    for finding in findings:
        near = {name: value for name, value in settings.items() if name.endswith(finding.where)} or settings
        values = " ".join(f"--set {name}={value}" for name, value in near.items())
        found.append(replace(finding, message=f"{values}: {finding.message}", file=None, mark=None))
    return found


def _design(path: Path, settings: Mapping[str, Any]) -> Design:
    design, findings = validate(Design, _with(read_document(path), settings))
    if design is None or findings.errors:
        raise FileFaults(findings)
    return design


def _with(document: Document, settings: Mapping[str, Any]) -> Document:
    """Return a document with values set; the marks stay those of the file."""
    data = deepcopy(document.data)
    for path, value in settings.items():
        *parents, last = path.split(".")
        place: Any = data
        for part in parents:
            within = place.get(part)
            if not isinstance(within, dict):
                known = [name for name, value in place.items() if isinstance(value, dict)]
                raise UsageError(f"--set {path}: {document.path} has no {part!r} there{nearest(part, known)}")
            place = within
        place[last] = value
    return replace(document, data=data)


def run_task(task: Task) -> bytes:
    """Run a task and return its figures as JSON: the same bytes in every process, on every machine.

    Raises:
        OtherProgram: if the sources here are not those that the task was made by.
    """
    if task.program != program():
        raise OtherProgram(
            f"a worker has other sources of cmgsim ({program()[:8]}) than the command ({task.program[:8]}), and would "
            "come to other results: install the same version on all workers, start them again, and repeat the command"
        )
    run, measured = _lived(task)
    result = {
        "clients": run.clients,
        "clients_of_design": sum(population.count for population in run.design.clients.values()),
        "digest": run.digest,
        "figures": figures(run, measured),
        "lasted_us": run.ended_us,
        "seed": task.seed,
    }
    return (json.dumps(result, sort_keys=True) + "\n").encode()


def _lived(task: Task) -> tuple[Run, Measures]:
    """Let a task's world live, and return its run and what was measured of its stations."""
    world = begin(
        Design.model_validate(yaml.safe_load(task.design)),
        seed=task.seed,
        scale=task.scale,
        before=us_timedelta(duration_us(task.before)),
        faults=[Fault.model_validate(fault) for fault in json.loads(task.faults)],
    )
    if task.plan:
        walk(world, Plan.model_validate(yaml.safe_load(task.plan)))
    world.run(us_timedelta(duration_us(task.after)))
    return world.finish(), world.fleet.measures()
