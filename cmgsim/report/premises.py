"""What must be so before a scenario is run: its files carry no finding of severity error."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from cmgsim.design.files import LoadedScenario
from cmgsim.design.findings import Findings
from cmgsim.lint.linter import Sources, lint

_NOTHING: Mapping[str, str] = MappingProxyType({})


def lint_scenario(
    loaded: LoadedScenario, select: Collection[str] = (), ignore: Mapping[str, str] = _NOTHING
) -> Findings:
    """Return what the rules have against a scenario's design and plan, with their places in its files.

    *select* and *ignore* are those of :func:`cmgsim.lint`.
    """
    documents = loaded.documents
    plan = documents.get("plan", documents["scenario"] if loaded.scenario.steps else None)
    return lint(loaded.design, loaded.plan, documents=Sources(documents["design"], plan), select=select, ignore=ignore)
