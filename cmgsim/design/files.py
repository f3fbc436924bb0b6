"""From files to frozen designs, plans and scenarios, and back.

Every fault of a file comes at once (:class:`~cmgsim.errors.FileFaults`); a file that cannot be judged at all is an
:class:`~cmgsim.errors.UnreadableFile`. The models of plans and scenarios are imported when one is loaded: who lints a
design does not wait for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yaml
from pydantic import BaseModel

from cmgsim.design.document import Document, Mark, read_document, require_something
from cmgsim.design.faults import validate
from cmgsim.design.findings import Finding, Findings, Loc, Severity
from cmgsim.design.model import Design
from cmgsim.errors import FileFaults, UnreadableFile, nearest

if TYPE_CHECKING:
    from cmgsim.design.hardships import Fault
    from cmgsim.design.plan import Plan
    from cmgsim.design.scenario import Scenario

Model = TypeVar("Model", bound=BaseModel)


class Kind(Enum):
    """What a file holds, by the end of its name."""

    DESIGN = ".design.yaml"
    PLAN = ".plan.yaml"
    SCENARIO = ".scenario.yaml"


@dataclass(frozen=True)
class LoadedScenario:
    """A scenario with its design and plan, changes by ``set`` applied, and the documents they came from."""

    path: Path
    scenario: Scenario
    design: Design
    plan: Plan | None
    documents: Mapping[str, Document] = field(repr=False)
    """By role: ``scenario``, ``design``, and ``plan`` when there is a plan file."""
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Every ``set`` that was applied."""

    @property
    def name(self) -> str:
        """The file's name without its ending."""
        return self.path.name.removesuffix(".scenario.yaml")

    def step_place(self, index: int) -> tuple[Document, Mark]:
        """Return the document and the place of a plan step."""
        document = self.documents.get("plan", self.documents["scenario"])
        return document, document.locate(("steps", index))

    def expectation_place(self, index: int) -> tuple[Document, Mark]:
        """Return the document and the place of an expectation."""
        document = self.documents["scenario"]
        return document, document.locate(("expect", index))


def load(path: Path | str) -> Design | Plan | LoadedScenario:
    """Load a ``.design.yaml``, ``.plan.yaml`` or ``.scenario.yaml`` file, by its name.

    A plan's names are checked only together with a design: see :func:`load_plan`.

    Raises:
        UnreadableFile: if it cannot be read as a document, or its name has none of these endings.
        FileFaults: with every fault of the file, or of the files it names.
    """
    path = Path(path)
    kind = kind_of_file(path)
    if kind is Kind.SCENARIO:
        return load_scenario(path)
    return load_plan(path) if kind is Kind.PLAN else load_design(path)


def kind_of_file(path: Path) -> Kind:
    """Return what a file holds, by its name.

    Raises:
        UnreadableFile: if the name says nothing, or there is nothing of that name.
    """
    for kind in Kind:
        if path.name.endswith(kind.value):
            return kind
    require_something(path)
    endings = ", ".join(kind.value for kind in Kind)
    raise UnreadableFile(f"{path}: its name does not say what it is; end it with {endings}")


def load_design(path: Path | str) -> Design:
    """Load a design file.

    Raises:
        UnreadableFile: if it cannot be read as a document.
        FileFaults: with every fault of the file.
    """
    return _valid(Design, read_document(Path(path)))


def load_plan(path: Path | str, design: Design | None = None) -> Plan:
    """Load a plan file; with a design, also check that everything the plan names is in it.

    Raises:
        UnreadableFile: if it cannot be read as a document.
        FileFaults: with every fault of the file.
    """
    from cmgsim.design.plan import Plan

    return _valid(Plan, read_document(Path(path)), design)


def load_scenario(path: Path | str, changes: Mapping[str, Any] | None = None) -> LoadedScenario:
    """Load a scenario with the files it names; *changes* are further ``set`` entries and win over the file's.

    Raises:
        UnreadableFile: if one of the files cannot be read as a document.
        FileFaults: with every fault of the first file that has some.
    """
    return complete_scenario(read_document(Path(path)), changes)


def complete_scenario(document: Document, changes: Mapping[str, Any] | None = None) -> LoadedScenario:
    """Load what a scenario's document names, relative to the document's path; as :func:`load_scenario` does.

    Raises:
        UnreadableFile: if one of the files cannot be read as a document.
        FileFaults: with every fault of the first file that has some.
    """
    from cmgsim.design.plan import Plan
    from cmgsim.design.scenario import Scenario

    path = document.path
    scenario = _valid(Scenario, document, references_later=True)
    settings = {**scenario.set, **(changes or {})}
    documents = {"scenario": document, "design": read_document(_beside(path, scenario.design, document, ("design",)))}
    if scenario.plan is not None:
        documents["plan"] = read_document(_beside(path, scenario.plan, document, ("plan",)))
    changed = _apply(settings, documents)
    design = _valid(Design, changed["design"])
    plan = _valid(Plan, changed["plan"], design) if "plan" in changed else None
    if scenario.steps:
        plan = Plan(plan=scenario.scenario, steps=scenario.steps)
    _valid(Scenario, document, design)
    _require_vms(scenario.faults, document, design, plan)
    return LoadedScenario(path, scenario, design, plan, documents, settings)


def dump(record: BaseModel) -> str:
    """Write a design, plan or scenario as YAML that loads to an equal one; what has its default is left out.

    Sets are written in ascending order, so that equal records give the same text in every process.
    """
    data = _ordered(record.model_dump(mode="json", exclude_defaults=True), record)
    return yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=110)


def _ordered(data: Any, value: Any) -> Any:
    """Return what a value was dumped as with its sets in order: that of a set's hashes changes from run to run."""
    if isinstance(value, set | frozenset):
        return sorted(data, key=str)
    if isinstance(value, BaseModel) and isinstance(data, dict):
        return {name: _ordered(part, getattr(value, name)) for name, part in data.items()}
    if isinstance(value, Mapping):
        return {name: _ordered(part, whole) for (name, part), whole in zip(data.items(), value.values(), strict=True)}
    if isinstance(value, list | tuple) and isinstance(data, list):
        return [_ordered(part, whole) for part, whole in zip(data, value, strict=True)]
    return data


def _valid(
    model: type[Model], document: Document, root: BaseModel | None = None, *, references_later: bool = False
) -> Model:
    value, findings = validate(model, document, root, references_later=references_later)
    if value is None or findings.errors:
        raise FileFaults(findings)
    return value


def _require_vms(faults: Sequence[Fault], document: Document, design: Design, plan: Plan | None) -> None:
    from cmgsim.design.hardships import absent_vms

    found = []
    for index, message, remedy in absent_vms(faults, design, plan.steps if plan else ()):
        loc: Loc = ("faults", index, faults[index].kind, "vm")
        mark = document.locate(loc)
        found.append(Finding("CMG004", Severity.ERROR, message, loc, document.path, mark, remedy))
    if found:
        raise FileFaults(Findings(found, {document.path: document.lines}))


def _beside(scenario: Path, named: str, document: Document, loc: Loc) -> Path:
    """Return the path of a file named in a scenario, relative to it."""
    path = scenario.parent / named
    if not path.is_file():
        raise FileFaults(
            Findings(
                [
                    Finding(
                        "CMG010",
                        Severity.ERROR,
                        f"there is no file {named!r}",
                        loc,
                        document.path,
                        document.locate(loc),
                        f"write a path relative to {scenario.parent.as_posix() or '.'}/",
                    )
                ],
                {document.path: document.lines},
            )
        )
    return path


def _apply(changes: Mapping[str, Any], documents: Mapping[str, Document]) -> dict[str, Document]:
    """Return the documents with changed data; the marks stay those of the files."""
    changed = {role: replace(document, data=deepcopy(document.data)) for role, document in documents.items()}
    faults = [fault for key, value in changes.items() if (fault := _change(key, value, changed, documents))]
    if faults:
        document = documents["scenario"]
        raise FileFaults(Findings(faults, {document.path: document.lines}))
    return changed


def _change(key: str, value: Any, changed: Mapping[str, Document], documents: Mapping[str, Document]) -> Finding | None:
    role, _, rest = key.partition(".")
    try:
        if role == "plan" and "plan" in changed:
            _set_step(changed["plan"].data, rest, value)
        elif role == "design" and rest:
            _set_path(changed["design"].data, rest.split("."), value)
        else:
            raise LookupError("write 'plan.LABEL' for a labelled step of the plan file, or 'design.PATH'")
    except LookupError as error:
        document = documents["scenario"]
        loc: Loc = ("set", key)
        return Finding(
            "CMG011",
            Severity.ERROR,
            f"cannot set {key!r}",
            loc,
            document.path,
            document.locate_key(loc),
            str(error.args[0]),
        )
    return None


def _set_step(data: dict[str, Any], label: str, value: Any) -> None:
    steps = [step for step in data.get("steps") or [] if isinstance(step, dict)]
    for step in steps:
        if step.get("label") == label:
            verbs = [key for key in step if key != "label"]
            step[verbs[0]] = value
            return
    labels = [str(step["label"]) for step in steps if "label" in step]
    raise LookupError(f"no step has the label {label!r}{nearest(label, labels)}")


def _set_path(data: Any, parts: list[str], value: Any) -> None:
    *above, last = parts
    for part in above:
        data = _inside(data, part)
    if isinstance(data, dict):
        data[last] = value
    else:
        _inside(data, last)
        data[int(last)] = value


def _inside(data: Any, part: str) -> Any:
    if isinstance(data, dict) and part in data:
        return data[part]
    if isinstance(data, list) and part.isdecimal() and int(part) < len(data):
        return data[int(part)]
    known = [str(key) for key in data] if isinstance(data, dict) else []
    raise LookupError(f"there is no {part!r} there{nearest(part, known)}")
