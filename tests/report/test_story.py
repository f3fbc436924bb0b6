"""The story of a rehearsal as data."""

from __future__ import annotations

import json

import pytest
from rehearsed import judged

from cmgsim.design.plan import Step
from cmgsim.report.story import as_data, story, symbol_of


def test_it_counts_what_takes_part(patient):
    told = story([patient])
    assert (told.name, told.gateways, told.connection_points, told.clients) == ("A first design", 2, 4, 20)
    assert told.seeds == (1,)
    assert told.days == pytest.approx(3, abs=0.1)
    assert (told.adds, told.changes, told.deletes) == (3, 0, 3)


def test_steps_say_when_they_ran_and_how_they_ended(patient):
    first, second, *_ = story([patient]).steps
    assert (first.when, first.symbol, first.text, first.outcome) == (
        "day 1 00:00",
        "+",
        "create_gateway: new",
        "done",
    )
    assert first.note.startswith("ready after ")
    assert second.note.startswith("connected after ")
    assert [step.note for step in story([patient]).steps if step.text == "delete_gateway: old"] == ["gone after 5min"]


def test_the_step_that_strands_clients_says_how_many(hasty, patient):
    stranding = [(step.text, step.stranded) for step in story([hasty]).steps if step.stranded]
    assert stranding == [("delete_gateway: old", 20)]
    assert not any(step.stranded for step in story([patient]).steps)


def test_expectations_say_where_they_stand_and_what_was_measured(hasty):
    plan, stranded, *_ = story([hasty]).expectations
    assert (plan.check, plan.holds, plan.place) == ("plan_completes", True, "")
    assert (stranded.check, stranded.limit, stranded.measured) == ("stranded_clients", "at most 0", "20 of 20")
    assert (stranded.held, stranded.seeds, stranded.holds) == (0, 1, False)
    assert stranded.place == "first.scenario.yaml:8"


def test_of_several_seeds_the_first_that_does_not_hold_is_shown(hasty, patient):
    told = story([patient, hasty])
    assert told.digests == (patient.run.digest, hasty.run.digest)
    assert told.digest == hasty.run.digest
    assert told.repeat == hasty.command.replace("--seed 1", "--seed 1 --seed 1")
    assert told.failed == 1
    assert [one.held for one in told.expectations] == [2, 1, 2, 2]


def test_seeds_are_told_in_their_order():
    told = story([judged("2d", 3), judged("2d", 1)])
    assert told.seeds == (3, 1)
    assert told.shown_seed == 3
    assert told.failed == 0


def test_stranded_clients_are_counted_over_time(hasty):
    told = story([hasty])
    assert told.stranded[0] == 0
    assert told.stranded[-1] == max(told.stranded) == 20


def test_the_end_is_told(hasty, patient):
    assert dict(story([patient]).end)["clients"] == "20 on the internet, 0 stranded"
    told = dict(story([hasty]).end)
    assert told["clients"] == "20 on the internet, 20 stranded"
    assert told["requests"].split(" asked: ")[0] == str(
        sum(int(one.split()[0]) for one in told["requests"].split(": ")[1].split(", "))
    )
    assert told["gateways"] == "one was active at every moment"


def test_it_is_data_that_json_holds(hasty):
    data = json.loads(json.dumps(as_data(story([hasty]))))
    assert data["worst"]["check"] == "stranded_clients"
    assert data["worst"]["step"].endswith("first.plan.yaml:10:5")
    assert data["worst"]["counter_examples"][0]["client"] == "field-1"
    assert data["worst"]["more"] == 15
    assert [one["holds"] for one in data["expectations"]] == [True, False, True, True]
    assert data["plan"] == {"add": 3, "change": 0, "delete": 3}


def test_without_a_run_there_is_nothing_to_tell():
    with pytest.raises(ValueError, match="give at least one"):
        story([])


@pytest.mark.parametrize(
    ("verb", "symbol"),
    [
        ("create_gateway", "+"),
        ("add_group_reference", "+"),
        ("remove_connection_point", "-"),
        ("delete_gateway", "-"),
        ("scale_gateway", "~"),
        ("relink_connection_point", "~"),
        ("until", " "),
    ],
)
def test_verbs_have_symbols(verb, symbol):
    assert symbol_of(verb) == symbol


def test_no_verb_that_adds_or_removes_is_shown_as_a_change():
    odd = [verb for verb in Step.model_fields if verb.split("_")[0] in ("create", "add", "delete", "remove")]
    assert odd
    assert all(symbol_of(verb) in "+-" for verb in odd)
