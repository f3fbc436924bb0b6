"""``cmgsim rule`` and ``cmgsim schema``: what the linter and the file formats say of themselves."""

from __future__ import annotations

import json
import re
import textwrap
from typing import Any

import click

from cmgsim.errors import UnknownName
from cmgsim.ui.door import door
from cmgsim.ui.outlet import Exit, Form, Outlet

KINDS = ("design", "plan", "scenario")


@click.command("rule")
@click.argument("rule_id", required=False, metavar="[ID]")
@door("rule")
def rule_command(outlet: Outlet, rule_id: str | None) -> int:
    """Explain a rule of the linter, or list all of them, or those whose ids begin alike: CMG3.

    Example: cmgsim rule CMG302

    Exit codes: 0 it is known, 2 there is no such rule.
    """
    titles = rule_titles()
    known = [name for name in titles if name.startswith((rule_id or "").upper())]
    if not known:
        raise UnknownName("rule", rule_id or "", titles)
    if outlet.form is Form.JSON:
        outlet.show_data({"rules": [_data(name, titles[name]) for name in known]})
    elif rule_id is None or rule_id.upper() not in titles:
        outlet.show_folded("\n".join(f"{name}  {titles[name][0]:<7}  {titles[name][1]}" for name in known), column=17)
    else:
        outlet.show(page(known[0], titles[known[0]], outlet.width))
    return Exit.HOLDS


def rule_titles() -> dict[str, tuple[str, str]]:
    """Return severity and title of every id that a finding can carry: faults of files, then the linter's rules."""
    from cmgsim.design import certificate_files, faults
    from cmgsim.lint.linter import NO_REASON, UNUSED
    from cmgsim.lint.rule import RULES

    return {
        **{name: ("error", title) for name, title in faults.RULES.items()},
        "CMG010": ("error", "a file that is named is not there"),
        "CMG011": ("error", "a value that is set is not there"),
        certificate_files.RULE: ("error", certificate_files.TITLE),
        NO_REASON: ("warning", "a rule is ignored without a reason"),
        UNUSED: ("info", "a comment ignores a rule that finds nothing there"),
        **{name: (rule.severity.value, rule.title) for name, rule in RULES.items()},
    }


def page(name: str, title: tuple[str, str], width: int) -> str:
    """Write all that is said of a rule, in lines of at most *width* columns."""
    from cmgsim.lint.pages import describe
    from cmgsim.lint.rule import RULES

    if name not in RULES:
        text = f"{name} {title[1]} ({title[0]})\n\nFound when a file is read; the finding says what to write instead."
    else:
        text = f"{describe(name)}\n\nTo leave it out where it does not matter: # cmgsim: ignore {name} REASON"
    return "\n\n".join(_filled(paragraph, width) for paragraph in text.split("\n\n"))


#: A line that ``describe`` puts beside its label, and one that goes on below.
_FACT, _GOES_ON = re.compile(r"\w+: {2,}"), re.compile(r"\n {10}")


def _filled(paragraph: str, width: int) -> str:
    """Wrap a paragraph anew, or each line of a list of facts below itself."""
    facts = _FACT.match(paragraph) is not None
    lines = _GOES_ON.sub(" ", paragraph).splitlines() if facts else [" ".join(paragraph.split())]
    below = " " * 10 if facts else ""
    return "\n".join(textwrap.fill(line, width, subsequent_indent=below, break_long_words=False) for line in lines)


def _data(name: str, title: tuple[str, str]) -> dict[str, Any]:
    from cmgsim.lint.rule import RULES

    if name not in RULES:
        return {"id": name, "severity": title[0], "title": title[1]}
    rule = RULES[name]
    fields = {key: value for key, value in vars(rule).items() if key != "check"}
    return {**fields, "severity": rule.severity.value, "versions": list(rule.versions)}


@click.command("schema")
@click.argument("kind", required=False, type=click.Choice(KINDS), default="scenario")
@door("schema")
def schema_command(outlet: Outlet, kind: str) -> int:
    """Print the JSON Schema by which editors complete and check a kind of file.

    Example: cmgsim schema design > cmgsim-design.schema.json

    Without a kind, it is that of scenarios. With --json, the schema stands inside the one object that every command
    prints. Exit code: 0.
    """
    from cmgsim.design.schema import schema

    if outlet.form is Form.JSON:
        outlet.show_data({"kind": kind, "json_schema": schema(kind)})
    else:
        outlet.show(json.dumps(schema(kind), indent=2))
    return Exit.HOLDS
