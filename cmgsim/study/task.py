"""One run of a study as plain data: what to run, under which name its result is kept, and how it is run.

Theory of operation: a task holds everything that its result depends on, as text, so that it can be run in another
process or on another machine, and so that a hash of it names the result. The program's own sources are part of the
hash: another version of cmgsim never finds results that it would not have come to itself.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import yaml

from cmgsim.design.document import Document, read_document
from cmgsim.design.faults import validate
from cmgsim.design.files import Kind, LoadedScenario, dump, kind_of_file, load_scenario
from cmgsim.design.hardships import Fault
from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.errors import FileFaults, UsageError, nearest
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.rehearsal.scenario import faults_of
from cmgsim.study.figures import figures
from cmgsim.units import PARTS_PER_MILLION, duration_us, format_duration, timedelta_us, us_timedelta

PACKAGE = Path(__file__).resolve().parents[1]


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

    @property
    def key(self) -> str:
        """32 hexadecimal digits that name the result: over everything that it depends on."""
        inputs = {name: value for name, value in asdict(self).items() if name != "point"}
        return blake2b(json.dumps([program(), inputs], sort_keys=True).encode(), digest_size=16).hexdigest()


@cache
def program() -> str:
    """Return a hash of the program's own sources."""
    link = blake2b(digest_size=16)
    for path in sorted(PACKAGE.rglob("*.py")):
        link.update(path.relative_to(PACKAGE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return link.hexdigest()


def tasks_of(
    path: Path, settings: Mapping[str, Any], seeds: Sequence[int], days: int = 1, scale: int | None = None
) -> list[Task]:
    """Return one task for each seed of a design or scenario file with values set.

    A design lives for *days*; a scenario as long as it says. Paths of a design file are those of the design; of a
    scenario file ``design.PATH`` and ``plan.LABEL``.

    Raises:
        UnreadableFile: if the file cannot be read.
        FileFaults: if it has faults, as it stands or with the values set.
        UsageError: if a path leads nowhere.
    """
    point = ", ".join(f"{name}={value}" for name, value in settings.items())
    kind = kind_of_file(path)
    if kind is Kind.PLAN:
        raise UsageError(f"{path}: a plan alone cannot be run: give a design or a scenario")
    if kind is Kind.SCENARIO:
        loaded = load_scenario(path, settings)
        return [_of_scenario(loaded, point, seed, scale) for seed in seeds]
    first = _of_design(path, settings, point, days, scale)
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


def _of_design(path: Path, settings: Mapping[str, Any], point: str, days: int, scale: int | None) -> Task:
    document = read_document(path)
    design, findings = validate(Design, _with(document, settings))
    if design is None or findings.errors:
        raise FileFaults(findings)
    return Task(point, dump(design), "", "[]", "0s", f"{days}d", 0, PARTS_PER_MILLION if scale is None else scale)


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
    """Run a task and return its figures as JSON: the same bytes in every process, on every machine."""
    design = Design.model_validate(yaml.safe_load(task.design))
    plan = Plan.model_validate(yaml.safe_load(task.plan)) if task.plan else None
    run = rehearse(
        design,
        plan,
        seed=task.seed,
        scale=task.scale,
        before=us_timedelta(duration_us(task.before)),
        after=us_timedelta(duration_us(task.after)),
        faults=[Fault.model_validate(fault) for fault in json.loads(task.faults)],
    )
    result = {"digest": run.digest, "figures": figures(run), "seed": task.seed}
    return (json.dumps(result, sort_keys=True) + "\n").encode()
