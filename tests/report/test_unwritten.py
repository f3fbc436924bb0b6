"""A design and a plan without a scenario, and what lint says of a scenario's files."""

from __future__ import annotations

import pytest
from rehearsed import TEMPLATES

from cmgsim.design.files import load_scenario
from cmgsim.errors import FileFaults, UnreadableFile
from cmgsim.report.premises import lint_scenario
from cmgsim.report.unwritten import EXPECTATIONS, scenario_of

DESIGN, PLAN = TEMPLATES / "first.design.yaml", TEMPLATES / "first.plan.yaml"


def test_a_plan_is_held_to_what_every_plan_should_keep():
    loaded = scenario_of(DESIGN, PLAN)
    assert [one.check for one in loaded.scenario.expect] == [text.partition(":")[0] for text in EXPECTATIONS]
    assert loaded.plan.plan == "Replace the gateway by one with a new service name"


def test_values_are_set_as_in_a_scenario():
    loaded = scenario_of(DESIGN, PLAN, {"plan.gap": "1h"})
    assert {str(step.wait) for step in loaded.plan if step.verb == "wait"} == {"1:00:00"}


def test_a_design_alone_has_no_plan_and_runs_as_long_as_asked():
    loaded = scenario_of(DESIGN, after="36h")
    assert loaded.plan is None
    assert str(loaded.scenario.after) == "1 day, 12:00:00"


def test_files_that_cannot_be_read_are_named(tmp_path):
    broken = tmp_path / "a.design.yaml"
    broken.write_text("cmgsim: 1\n", encoding="utf-8")
    with pytest.raises(FileFaults, match="a.design.yaml"):
        scenario_of(broken)
    broken.write_text("", encoding="utf-8")
    with pytest.raises(UnreadableFile, match="there is nothing in it"):
        scenario_of(broken)


def test_lint_finds_faults_of_steps_in_the_file_that_holds_them(tmp_path):
    (tmp_path / "first.design.yaml").write_text(DESIGN.read_text(encoding="utf-8"), encoding="utf-8")
    scenario = tmp_path / "inline.scenario.yaml"
    scenario.write_text(
        "scenario: x\ndesign: first.design.yaml\nsteps:\n  - delete_gateway: new\nexpect: [outage]\n", encoding="utf-8"
    )
    errors = lint_scenario(load_scenario(scenario)).errors
    assert {(one.file, one.mark.line) for one in errors} == {(scenario, 4)}


def test_lint_can_be_narrowed(tmp_path):
    loaded = load_scenario(TEMPLATES / "first.scenario.yaml", {"plan.gap": "1h"})
    assert {one.rule for one in lint_scenario(loaded, ["CMG7"])} == {"CMG702"}
    assert not lint_scenario(loaded, ["CMG7"], {"CMG702": "on purpose"})
