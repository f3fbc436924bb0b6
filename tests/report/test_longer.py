"""The command that finds how long to wait."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from rehearsed import TEMPLATES, judged

from cmgsim.design.files import load_scenario
from cmgsim.rehearsal.scenario import Judged, judge_scenario
from cmgsim.report.longer import command_for_waiting


def rehearsed(folder: Path, limit: str = "{at_most: 0}", plan: str | None = None, **changes: object) -> Judged:
    """Return a run of the templates with another limit or plan."""
    for template in TEMPLATES.glob("*.yaml"):
        shutil.copy(template, folder)
    scenario = folder / "first.scenario.yaml"
    scenario.write_text(scenario.read_text(encoding="utf-8").replace("{at_most: 0}", limit), encoding="utf-8")
    if plan is not None:
        (folder / "first.plan.yaml").write_text(plan, encoding="utf-8")
    changes = {key.replace("__", "."): value for key, value in changes.items()}
    return judge_scenario(load_scenario(scenario, {"design.clients.field.count": 4, **changes}), 1)


def test_it_goes_on_from_the_wait_that_was_too_short():
    hasty = judged("90min")
    path = hasty.scenario.path.as_posix()
    settings = "--set plan.gap=90min,810min,1530min,2970min --set design.clients.field.count=20"
    assert command_for_waiting(hasty) == f"cmgsim sweep {path} {settings} --show stranded_clients"


@pytest.mark.parametrize(("gap", "gaps"), [("0s", "0h,12h,24h,48h"), ("6h", "6h,18h,30h,54h"), ("30s", "30s,43230s,")])
def test_gaps_are_written_without_spaces(tmp_path, gap, gaps):
    assert f"--set plan.gap={gaps}" in command_for_waiting(rehearsed(tmp_path, plan__gap=gap))


def test_what_holds_needs_no_longer_wait():
    assert command_for_waiting(judged("2d")) == ""


def test_too_few_stranded_clients_need_no_longer_wait(tmp_path):
    assert command_for_waiting(rehearsed(tmp_path, "{at_least: 5}", plan__gap="0s")) == ""


def test_a_plan_whose_wait_has_no_label_can_be_set_nowhere(tmp_path):
    steps = ["create_gateway: new", "add_connection_point: cp3", "wait: 1h", "delete_gateway: old"]
    plan = "plan: x\nsteps:\n" + "".join(f"  - {step}\n" for step in steps)
    broken = rehearsed(tmp_path, plan=plan)
    assert [verdict.check for verdict in broken.broken] == ["stranded_clients"]
    assert command_for_waiting(broken) == ""


def test_values_that_a_sweep_would_read_as_lists_are_not_written(tmp_path):
    assert command_for_waiting(rehearsed(tmp_path, plan__gap="0s", design__name="one, two")) == ""
