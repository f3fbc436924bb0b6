"""``cmgsim lint``: what is wrong with files, before anything runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from cmgsim.errors import FileFaults, UnknownName, UnreadableFile, UsageError
from cmgsim.ui.door import door
from cmgsim.ui.kinds import files_below
from cmgsim.ui.outlet import Exit, Form, Outlet

if TYPE_CHECKING:
    from pydantic import BaseModel

    from cmgsim.design.document import Document
    from cmgsim.design.findings import Findings
    from cmgsim.design.model import Design

Model = TypeVar("Model", bound="BaseModel")
FORMATS = ("frames", "concise", "github", "json", "sarif")


@click.command("lint")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--format",
    "layout",
    type=click.Choice(FORMATS),
    default="frames",
    show_default=True,
    help="How findings are written.",
)
@click.option("--select", multiple=True, metavar="RULE", help="Ask only these rules, such as CMG302 or CMG3.")
@click.option("--ignore", multiple=True, metavar="RULE=REASON", help="Leave a rule out, and say why.")
@door("lint")
def lint_command(
    outlet: Outlet, files: tuple[Path, ...], layout: str, select: tuple[str, ...], ignore: tuple[str, ...]
) -> int:
    """Judge designs, plans and scenarios without running them.

    Example: cmgsim lint contoso.design.yaml replace.plan.yaml

    A folder stands for all files below it. A plan is judged by the design beside it among FILES; alone, its own form
    is judged only. Exit codes: 0 no errors,
    1 errors, 2 a file could not be read.
    """
    choice, files = Choice(select, reasons(ignore)), files_below(files)
    require_rules((*choice.select, *choice.ignore))
    found, unreadable = judge_files(files, choice)
    for problem in unreadable:
        outlet.complain(f"error: {problem}")
    code = Exit.UNJUDGED if unreadable else Exit.FAILED if found.errors else Exit.HOLDS
    if outlet.form is Form.JSON or layout == "json":
        from cmgsim.design.formats import as_json

        outlet.show_data({**as_json(found), "schema": "cmgsim/lint/v1", "unreadable": unreadable, "exit": int(code)})
    else:
        show_findings(outlet, found, layout)
        if len(unreadable) < len(files):
            outlet.say(summary(found, len(files) - len(unreadable)))
    return code


@dataclass(frozen=True)
class Choice:
    """Which rules are asked, and why the others are not."""

    select: Sequence[str] = ()
    ignore: dict[str, str] = field(default_factory=dict)


def reasons(ignore: Sequence[str]) -> dict[str, str]:
    """Read ``RULE=REASON`` as given on the command line.

    Raises:
        click.BadParameter: if one has no reason.
    """
    pairs = dict(text.partition("=")[::2] for text in ignore)
    for rule, reason in pairs.items():
        if not reason.strip():
            raise click.BadParameter(f"{rule} has no reason; write --ignore {rule}='a lab'", param_hint="--ignore")
    return pairs


def require_rules(names: Sequence[str]) -> None:
    """Refuse what is neither a rule's id nor the beginning of one, before a file is looked at.

    Raises:
        UnknownName: if one is nothing at all.
        UsageError: if one is what is found when a file is read.
    """
    from cmgsim.ui.asking import rule_titles

    titles = rule_titles() if names else {}  # imports the rules, which are in their register then
    from cmgsim.lint.rule import RULES

    for name in names:
        if name and any(rule.startswith(name) for rule in RULES):
            continue
        if name and any(title.startswith(name) for title in titles):
            words = "is no rule that can be chosen or left out: it is found whenever a file is read"
            raise UsageError(f"{name} {words}; correct the file")
        raise UnknownName("rule", name, RULES)


def judge_files(files: Sequence[Path], choice: Choice) -> tuple[Findings, list[str]]:
    """Return the findings of all files, and a line for each file that could not be read."""
    from cmgsim.design.findings import Findings

    found, unreadable = Findings(), []
    for path in files:
        try:
            found += judge_file(path, files, choice)
        except FileFaults as faults:
            found += faults.findings  # type: ignore[operator]
        except UnreadableFile as error:
            unreadable.append(str(error))
    # A design among the files is judged for itself and again for each scenario that names it.
    return Findings(dict.fromkeys(found), found.texts), list(dict.fromkeys(unreadable))


def judge_file(path: Path, files: Sequence[Path], choice: Choice) -> Findings:
    """Return the findings of one file.

    Raises:
        FileFaults: if it breaks its schema.
        UnreadableFile: if it cannot be read.
    """
    from cmgsim.design.document import read_document
    from cmgsim.design.files import Kind, kind_of_file, load_scenario
    from cmgsim.design.model import Design

    kind = kind_of_file(path)
    if kind is Kind.SCENARIO:
        from cmgsim.report.premises import lint_scenario

        return lint_scenario(load_scenario(path), choice.select, choice.ignore)
    document = read_document(path)
    if kind is Kind.PLAN:
        return _judge_plan(document, [other for other in files if other.name.endswith(".design.yaml")], choice)
    return _judge_design(_valid(Design, document), document, choice)


def _judge_design(design: Design, document: Document, choice: Choice) -> Findings:
    from cmgsim.lint.linter import Sources, lint

    return lint(design, documents=Sources(document), select=choice.select, ignore=choice.ignore)


def _judge_plan(document: Document, designs: Sequence[Path], choice: Choice) -> Findings:
    """Judge a plan by the one design among the files; only what stands in the plan is reported."""
    from cmgsim.design.document import read_document
    from cmgsim.design.findings import Findings
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan

    if len(designs) != 1:
        _valid(Plan, document)
        return Findings()
    beside = read_document(designs[0])
    try:
        design = _valid(Design, beside)
    except FileFaults:
        _valid(Plan, document)
        return Findings()
    plan = _valid(Plan, document, design)

    from cmgsim.lint.linter import Sources, lint

    found = lint(design, plan, documents=Sources(beside, document), select=choice.select, ignore=choice.ignore)
    return Findings((one for one in found if one.file == document.path), found.texts)


def _valid(model: type[Model], document: Document, root: BaseModel | None = None) -> Model:
    from cmgsim.design.faults import validate

    value, findings = validate(model, document, root)
    if value is None or findings.errors:
        raise FileFaults(findings)
    return value


def show_findings(outlet: Outlet, found: Findings, layout: str) -> None:
    """Write findings in one of the formats but JSON."""
    from cmgsim.design import formats

    if layout == "sarif":
        outlet.show(json.dumps(formats.sarif(found), indent=2))
    elif found:
        writers = {"concise": formats.concise, "github": formats.github}
        outlet.show(writers[layout](found) if layout in writers else outlet.frames(found))


def summary(found: Findings, files: int) -> str:
    """Say in a line how much was found."""
    counts = ((found.errors, "error"), (found.warnings, "warning"), (found.infos, "remark"))
    words = [f"{len(some)} {noun}{'' if len(some) == 1 else 's'}" for some, noun in counts if some]
    return f"{', '.join(words) or 'nothing found'} in {files} file{'' if files == 1 else 's'}"
