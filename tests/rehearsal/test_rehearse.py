"""Plans walked in worlds, and what checks say of them: the redeploy questions, answered."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import design_of

from cmgsim.checks.check import CHECKS
from cmgsim.checks.judge import judge
from cmgsim.design.plan import Plan
from cmgsim.design.scenario import Expectation
from cmgsim.errors import UnknownName, UsageError
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.site.facts import Outcome
from cmgsim.units import HOUR, MINUTE

ALWAYS_ON = {"clients.office.count": 0, "clients.road.count": 600}
OFFICE = {"clients.office.count": 300, "clients.road.count": 0}


def plan_of(*steps: dict) -> Plan:
    return Plan.model_validate({"plan": "test", "steps": list(steps)})


def route_b(gap: str) -> Plan:
    return plan_of({"create_gateway": "new"}, {"add_connection_point": "cp2"}, {"wait": gap}, {"delete_gateway": "old"})


def route_a(gap: str = "0s") -> Plan:
    return plan_of(
        {"delete_gateway": "old"},
        {"wait": gap},
        {"create_gateway": "again"},
        {"relink_connection_point": {"connection_point": "cp1", "gateway": "again"}},
    )


@pytest.mark.seed("S-114", "S-121", "S-124", "S-125")
@pytest.mark.oracle("O-2")
@pytest.mark.parametrize("gap", [0, 6, 12, 18, 24, 30])
def test_route_b_strands_the_share_of_always_on_clients_that_the_gap_leaves_out(gap):
    run = rehearse(design_of(ALWAYS_ON), route_b(f"{gap}h"), seed=3, after="30h")
    share = max(0.0, 1 - gap / 24)
    spread = math.sqrt(600 * share * (1 - share))
    assert abs(len(run.stranded_clients) - 600 * share) <= 3.29 * spread + 1
    assert judge(run, "never_without_a_gateway")


@pytest.mark.oracle("O-1")
@pytest.mark.parametrize("waited", [3, 9, 15, 21, 24])
def test_the_share_that_knows_a_new_gateway_grows_evenly_over_a_day(waited):
    plan = plan_of({"create_gateway": "new"}, {"add_connection_point": "cp2"}, {"wait": f"{waited}h"})
    run = rehearse(design_of(ALWAYS_ON), plan, seed=4, after="0s")
    share = min(1.0, waited / 24)
    knowing = 600 - len(judge(run, "clients_knowing", gateway="new", at_least="100%").counter_examples)
    assert abs(knowing - 600 * share) <= 3.29 * math.sqrt(600 * share * (1 - share)) + 1


@pytest.mark.seed("S-109", "S-111", "S-112")
def test_a_successor_without_a_connection_point_is_no_successor():
    plan = plan_of({"create_gateway": "new"}, {"wait": "2d"}, {"delete_gateway": "old"})
    run = rehearse(design_of(ALWAYS_ON), plan, after="3h")
    assert len(run.stranded_clients) == 600
    verdict = judge(run, "never_without_a_gateway")
    assert not verdict
    assert verdict.step == 2


@pytest.mark.seed("S-117", "S-120")
def test_route_a_is_an_outage_from_the_deletion_until_the_connection_point_is_linked_anew():
    run = rehearse(design_of(ALWAYS_ON), route_a(), after="2d")
    [(start, end)] = list(run.gaps())
    took = {step.verb: step.ended_us - step.started_us for step in run.steps}
    assert end - start == pytest.approx(sum(took.values()), abs=1)
    assert 10 * MINUTE < end - start < 21 * MINUTE
    assert not run.stranded_clients  # the name is the same, so what clients know lives again
    assert len(run.stranded_longer_than(5 * MINUTE)) == 600


@pytest.mark.seed("S-120")
def test_without_relinking_its_connection_point_the_new_gateway_of_the_same_name_serves_nobody():
    plan = plan_of({"delete_gateway": "old"}, {"create_gateway": "again"})
    run = rehearse(design_of(ALWAYS_ON), plan, after="1d")
    assert len(run.stranded_clients) == 600
    assert run.active_gateways[-1][1] == ()


@pytest.mark.seed("S-115")
def test_clients_that_are_off_need_longer_than_a_day():
    off = OFFICE | {
        "day_plans.week.powered_off": {"share": "30%", "lasting": "3d..5d"},
        "day_plans.week.remote": "100%",
    }
    stranded = {
        gap: len(rehearse(design_of(off), route_b(gap), before="9h", after="6d").stranded_longer_than(HOUR))
        for gap in ("24h", "6d")
    }
    assert stranded["24h"] > 2 * stranded["6d"]


@pytest.mark.seed("S-83")
def test_a_restart_of_the_client_service_spares_the_wait():
    plan = plan_of(
        {"create_gateway": "new"},
        {"add_connection_point": "cp2"},
        {"restart_ccmexec": {"population": "road"}},
        {"wait": "5min"},
        {"delete_gateway": "old"},
    )
    run = rehearse(design_of(ALWAYS_ON), plan, after="1d")
    assert not run.stranded_clients


@pytest.mark.seed("S-122", "S-123", "S-65")
def test_a_connection_point_cannot_be_added_before_its_gateway_exists():
    run = rehearse(design_of(), plan_of({"add_connection_point": "cp2"}), after="0s")
    assert (run.steps[0].outcome, run.steps[0].note.partition(":")[0]) == (Outcome.REFUSED, "GATEWAY_ABSENT")


def test_a_plan_stops_at_the_step_that_fails():
    plan = plan_of({"delete_gateway": "new"}, {"delete_gateway": "old"})
    run = rehearse(design_of(), plan, after="1h")
    assert [step.outcome for step in run.steps] == [Outcome.REFUSED]
    assert judge(run, "never_without_a_gateway")


def test_waiting_until_clients_know_ends_when_they_do_or_gives_up():
    until = {"clients_knowing": "new", "share": "50%", "give_up_after": "2d"}
    start = [{"create_gateway": "new"}, {"add_connection_point": "cp2"}]
    run = rehearse(design_of(ALWAYS_ON), plan_of(*start, {"until": until}), after="0s")
    took_us = run.steps[2].ended_us - run.steps[2].started_us
    assert 10 * HOUR < took_us < 14 * HOUR
    assert run.steps[2].ended_us % MINUTE == 0
    hasty = rehearse(design_of(ALWAYS_ON), plan_of(*start, {"until": until | {"give_up_after": "1h"}}), after="0s")
    assert hasty.steps[2].outcome is Outcome.FAILED
    assert "only" in hasty.steps[2].note


def test_a_connection_point_behind_closed_ports_never_connects():
    closed = {"roles.connection_points.cp2.outbound_ports": [80]}
    run = rehearse(design_of(closed), route_b("24h"), after="0s")
    assert (run.steps[1].outcome, len(run.steps)) == (Outcome.FAILED, 2)
    assert "outbound ports" in run.steps[1].note


@settings(max_examples=8)
@given(st.integers(0, 2**32), st.integers(0, 40))
def test_requests_are_conserved_whatever_happens(seed, gap):
    run = rehearse(design_of(), route_b(f"{gap}h"), seed=seed, after="7h")
    assert judge(run, "requests_conserved")
    assert judge(run, "operations_end", within="15min")


def test_a_verdict_names_counter_examples_and_the_step_that_did_it():
    run = rehearse(design_of(ALWAYS_ON), route_b("0s"), after="1h")
    verdict = judge(run, "stranded_clients", at_most=0)
    assert not verdict
    assert verdict.step == 3
    assert "delete_gateway: old" in verdict.because
    assert verdict.counter_examples.columns[0] == "client"
    assert "oldcmg.cloudapp.net" in str(verdict)


def test_checks_are_asked_by_name_and_parameters():
    run = rehearse(design_of(), after="1h")
    assert judge(run, "outage", at_most="0s")
    with pytest.raises(UnknownName, match="did you mean 'stranded_clients'"):
        judge(run, "stranded_client", at_most=0)
    with pytest.raises(UsageError, match="at_most"):
        judge(run, "stranded_clients")
    assert list(CHECKS) == sorted(Expectation.model_fields)


def test_outages_are_measured_from_both_sides():
    run = rehearse(design_of(), route_a("2h"), after="1h")
    assert judge(run, "outage", at_least="2h", at_most="3h")
    assert not judge(run, "outage", at_most="1h")
    assert not judge(run, "outage", at_least="4h")


def test_the_share_of_requests_served_may_be_bounded_from_both_sides():
    run = rehearse(design_of(), after="6h")
    assert judge(run, "requests_served", at_least="100%", at_most="100%")
    verdict = judge(run, "requests_served", at_most="99%")
    assert not verdict
    assert (verdict.measured, verdict.limit) == ("100%", "at most 99%")
    assert judge(run, "availability", gateway="old", at_least="100%").limit == "at least 100%"
    assert not judge(run, "availability", gateway="old", at_most="50%")
