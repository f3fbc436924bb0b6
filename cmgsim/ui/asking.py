"""``cmgsim rule`` and ``cmgsim schema``: what the linter and the file formats say of themselves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from cmgsim.ui.door import door
from cmgsim.ui.outlet import Exit, Form, Outlet

if TYPE_CHECKING:
    from cmgsim.lint.rule import Rule

KINDS = ("design", "plan", "scenario")


@click.command("rule")
@click.argument("rule_id", required=False, metavar="[ID]")
@door("rule")
def rule_command(outlet: Outlet, rule_id: str | None) -> int:
    """Explain a rule of the linter, or list all of them.

    Example: cmgsim rule CMG302

    Exit codes: 0 it is known, 2 there is no such rule.
    """
    from cmgsim.lint import linter  # noqa: F401 - fills the register of rules
    from cmgsim.lint.rule import RULES

    rules = list(RULES.values()) if rule_id is None else [RULES[rule_id.upper()]]
    if outlet.form is Form.JSON:
        outlet.show_data({"rules": [_data(rule) for rule in rules]})
    elif rule_id is None:
        outlet.show("\n".join(f"{rule.id}  {rule.severity.value:<7}  {rule.title}" for rule in rules))
    else:
        outlet.show(page(rules[0]))
    return Exit.HOLDS


def page(rule: Rule) -> str:
    """Write all that is said of a rule."""
    versions = ", ".join(map(str, rule.versions))
    parts = [f"{rule.id} ({rule.severity.value}): {rule.title}", rule.why]
    if rule.bad:
        parts.append(f"Bad:  {rule.bad}\nGood: {rule.good}")
    parts.append(f"Source: {rule.source}\nVersions: {versions}")
    parts.append(f"To leave it out where it does not matter: # cmgsim: ignore {rule.id} REASON")
    return "\n\n".join(part for part in parts if part)


def _data(rule: Rule) -> dict[str, Any]:
    fields = {name: value for name, value in vars(rule).items() if name != "check"}
    return {**fields, "severity": rule.severity.value, "versions": list(rule.versions)}


@click.command("schema")
@click.argument("kind", required=False, type=click.Choice(KINDS), default="scenario")
@door("schema")
def schema_command(outlet: Outlet, kind: str) -> int:
    """Print the JSON Schema by which editors complete and check a kind of file.

    Example: cmgsim schema design > cmgsim-design.schema.json

    With --json, the schema stands inside the one object that every command prints. Exit code: 0.
    """
    from cmgsim.design.schema import schema

    if outlet.form is Form.JSON:
        outlet.show_data({"kind": kind, "json_schema": schema(kind)})
    else:
        outlet.show(json.dumps(schema(kind), indent=2))
    return Exit.HOLDS
