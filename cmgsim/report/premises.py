"""What must be so before a scenario is run: its files carry no finding of severity error."""

from __future__ import annotations

from cmgsim.design.files import LoadedScenario
from cmgsim.design.findings import Findings
from cmgsim.lint.linter import Sources, lint


def lint_scenario(loaded: LoadedScenario) -> Findings:
    """Return what the rules have against a scenario's design and plan, with their places in its files."""
    documents = loaded.documents
    plan = documents.get("plan", documents["scenario"] if loaded.scenario.steps else None)
    return lint(loaded.design, loaded.plan, documents=Sources(documents["design"], plan))
