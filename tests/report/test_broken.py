"""Where a broken expectation stands, and which step did it."""

from __future__ import annotations

from dataclasses import replace

from cmgsim.checks.verdict import Verdict
from cmgsim.design.findings import Style
from cmgsim.report.broken import SHOWN, broken_verdicts, explain, worst


def underlined(broken, finding):
    rows = broken.frame(finding, Style.PLAIN).splitlines()
    at = next(index for index, row in enumerate(rows) if set(row) <= set(" |^") and "^" in row)
    start, end = rows[at].index("^"), len(rows[at])
    return rows[at - 1][start:end]


def test_a_run_in_which_all_holds_has_nothing_to_explain(patient):
    assert broken_verdicts(patient) == ()
    assert worst(patient) is None


def test_the_expectation_and_the_step_are_underlined_in_their_files(hasty):
    (broken,) = broken_verdicts(hasty)
    assert broken.expectation.file.name == "first.scenario.yaml"
    assert underlined(broken, broken.expectation) == "stranded_clients: {at_most: 0}"
    assert broken.step.file.name == "first.plan.yaml"
    assert underlined(broken, broken.step) == "delete_gateway: old"
    assert "20 clients lost their last gateway" in broken.step.message


def test_of_a_step_with_a_label_the_verb_is_underlined(hasty):
    index = next(index for index, step in enumerate(hasty.scenario.plan) if step.label == "gap")
    broken = explain(hasty, replace(hasty.verdicts[0], step=index))
    assert underlined(broken, broken.step) == "wait: 2d"


def test_five_clients_stand_for_all(hasty):
    (broken,) = broken_verdicts(hasty)
    assert len(broken.counter_examples) == SHOWN
    assert broken.more == 20 - SHOWN


def test_the_remedy_names_the_cycle_that_was_too_long_to_wait_for(hasty):
    (broken,) = broken_verdicts(hasty)
    assert broken.remedy.startswith("clients ask for locations every 1d ")


def test_other_steps_than_those_that_take_a_gateway_away_have_another_remedy(hasty):
    broken = explain(hasty, replace(hasty.verdicts[0], step=0))
    assert broken.remedy == "give clients another gateway before this step takes theirs away"
    assert "location" in explain(hasty, replace(hasty.verdicts[0], step=None)).remedy


def test_what_was_set_in_the_plan_is_said(hasty):
    (broken,) = broken_verdicts(hasty)
    assert broken.changed == "plan.gap is 0s here"


def test_an_expectation_that_no_step_broke_stands_alone(hasty):
    verdict = Verdict("requests_served", False, "90%", "at least 99%")
    broken = explain(replace(hasty, verdicts=[verdict]), verdict)
    assert broken.step is None
    assert broken.expectation.message == "was 90%, expected at least 99%"
    assert broken.remedy == ""


def test_the_worst_is_the_plans_own_verdict_then_one_with_a_step(hasty):
    stopped = Verdict("plan_completes", False, "1 of 8 steps", "every step is done", step=1, because="no link")
    other = Verdict("requests_served", False, "90%", "at least 99%")
    several = replace(hasty, plan=stopped, verdicts=[other, *hasty.verdicts])
    assert worst(several).verdict is stopped
    assert worst(replace(several, plan=hasty.plan)).verdict is hasty.verdicts[0]
    assert worst(replace(hasty, verdicts=[other])).verdict is other
