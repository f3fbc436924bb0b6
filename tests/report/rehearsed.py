"""A small scenario that holds and one that does not, run once for all tests."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cmgsim.design.files import LoadedScenario, load_scenario
from cmgsim.rehearsal.scenario import Judged, judge_scenario

TEMPLATES = Path(__file__).parents[2] / "cmgsim" / "ui" / "templates"


@cache
def loaded(gap: str) -> LoadedScenario:
    changes = {"plan.gap": gap, "design.clients.field.count": 20}
    return load_scenario(TEMPLATES / "first.scenario.yaml", changes)


@cache
def judged(gap: str, seed: int = 1) -> Judged:
    return judge_scenario(loaded(gap), seed)
