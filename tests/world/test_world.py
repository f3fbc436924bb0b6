"""A world lives, is copied, and lives the same life again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.errors import ForkError, Refused
from cmgsim.kernel.journal import replay
from cmgsim.site.facts import ActiveGatewaysChanged, Published
from cmgsim.units import HOUR, MINUTE, days, hours, minutes, us_timedelta
from cmgsim.world.build import build
from cmgsim.world.run import Run

ORDERS = st.sampled_from(
    [
        {"create_gateway": "new"},
        {"create_gateway": "again"},
        {"delete_gateway": "old"},
        {"add_connection_point": "cp2"},
        {"relink_connection_point": {"connection_point": "cp1", "gateway": "again"}},
        {"scale_gateway": {"gateway": "old", "vms": 3}},
        {"set_management_point": {"management_point": "mp1", "gateway_traffic": False}},
        {"change_client_settings": {"population": "road", "use_gateway": False}},
        {"restart_ccmexec": {"population": "office", "share": "50%"}},
    ]
)
PROGRAMS = st.lists(st.tuples(st.integers(0, 20 * HOUR), ORDERS), max_size=5)


def live(world, program):
    for wait_us, order in program:
        world.run(us_timedelta(wait_us))
        try:
            world.do(Step.model_validate(order))
        except Refused:
            world.run(minutes(1))
    return world


def of(run: Run) -> tuple:
    return (run.digest, run.trace.digest, list(run.roll.digest))


@settings(max_examples=15)
@given(PROGRAMS, PROGRAMS, st.integers(0, 3))
def test_a_fork_lives_as_the_original_would_have(before, after, seed):
    straight = live(live(build(design_of(), seed=seed), before), after)
    original = live(build(design_of(), seed=seed), before)
    fork = original.fork()
    live(fork, after)
    assert of(fork.finish()) == of(straight.finish())
    live(original, after)
    assert of(original.finish()) == of(straight.finish())


@settings(max_examples=10)
@given(PROGRAMS, st.lists(st.integers(0, 2 * 24 * HOUR), max_size=4))
def test_a_run_cut_anywhere_is_the_same_run(program, cuts):
    whole = live(build(design_of()), program)
    whole.run(days(2))
    pieces = live(build(design_of()), program)
    begin_us = pieces.now_us
    for cut_us in sorted(cuts):
        pieces.kernel.run(max(pieces.now_us, begin_us + cut_us))
    pieces.kernel.run(begin_us + 48 * HOUR)
    assert of(pieces.finish()) == of(whole.finish())


def test_the_journal_alone_repeats_a_run():
    program = [(HOUR, {"create_gateway": "new"}), (HOUR, {"restart_ccmexec": {"population": "road"}})]
    first = live(build(design_of()), program)
    first.run(days(1))
    second = build(design_of())
    replay(first.kernel.journal, second.kernel, first.now_us)
    assert of(second.finish()) == of(first.finish())


def test_another_seed_is_another_life():
    one, other = build(design_of(), seed=1), build(design_of(), seed=2)
    one.run(days(1))
    other.run(days(1))
    assert one.finish().digest != other.finish().digest


def test_a_world_with_a_plain_simpy_process_says_why_it_cannot_be_forked():
    world = build(design_of())
    seen = []

    def auditor(env):
        while True:
            yield env.timeout(HOUR)
            seen.append(env.now)

    world.add_process(auditor, "auditor")
    world.run(hours(3))
    assert seen == [HOUR, 2 * HOUR]
    with pytest.raises(ForkError, match="'auditor', whose state lives in a generator"):
        world.fork()


def test_a_run_does_not_execute_what_is_due_at_its_end():
    world = build(design_of())
    world.do(Step(create_gateway="new"))
    ends_us = world.sites.cloud_manager._tasks["new"].ends_us
    world.kernel.run(ends_us)
    assert not world.deployments["new"].serving
    world.kernel.run(ends_us + 1)
    assert world.deployments["new"].serving


@pytest.mark.seed("S-79")
@pytest.mark.oracle("O-22")
def test_clients_hear_of_a_gateway_only_when_it_is_ready_connected_and_published():
    world = build(design_of())
    world.do(Step(create_gateway="new"))
    assert world.run_until(lambda world: world.deployments["new"].serving, hours(1))
    world.run(hours(30))
    assert world.knowing("new").clients == 0  # nobody is connected to it
    world.do(Step(add_connection_point="cp2"))
    world.run(minutes(2))
    world.run(hours(24))
    assert world.knowing("new").clients >= 40


@pytest.mark.seed("S-79")
def test_a_gateway_that_is_ready_and_connected_is_published_with_the_first_management_point_that_takes_its_traffic():
    world = build(design_of({"roles.management_points.mp1.gateway_traffic": False, "day_plans.week.remote": "0%"}))
    world.run(days(2))
    assert world.knowing("old").clients == 0
    world.do(Step.model_validate({"set_management_point": {"management_point": "mp1", "gateway_traffic": True}}))
    world.run(days(2))
    assert world.knowing("old").clients == 40, "those who come to the office; the others had no way to hear of it"


@pytest.mark.seed("S-01")
def test_a_gateway_is_set_up_step_by_step_from_nothing():
    nothing = {
        "hierarchy.gateway_feature": False,
        "gateways.old.planned": True,
        "gateways.old.deployment": "arm",
        "roles.connection_points.cp1.planned": True,
        "roles.management_points.mp1.gateway_traffic": False,
        "day_plans.week.remote": "0%",
    }
    world = build(design_of(nothing))
    world.run(hours(1))
    with pytest.raises(Refused, match="FEATURE_OFF"):
        world.do(Step(create_gateway="old"))
    world.do(Step(enable_feature="cloud_management_gateway"))
    world.do(Step(create_gateway="old"))
    assert world.run_until(lambda world: world.deployments["old"].serving, hours(1))
    world.do(Step(add_connection_point="cp1"))
    world.run(minutes(2))
    assert world.landscape.active_gateways == ()
    world.do(Step.model_validate({"set_management_point": {"management_point": "mp1", "gateway_traffic": True}}))
    world.run(days(2))
    assert world.landscape.active_gateways == ("old",)
    run = world.finish()
    served = run.series.requests[:, :, 1, 1].sum()
    assert world.knowing("old").clients > 0
    assert served > 0


def test_facts_tell_what_was_published_and_which_gateways_were_active():
    world = build(design_of())
    world.run(hours(1))
    world.do(Step(delete_gateway="old"))
    world.run(hours(1))
    active = [entry.fact.active for entry in world.kernel.trace.select(ActiveGatewaysChanged)]
    assert active == [("old",), ()]
    assert [entry.fact.urls for entry in world.kernel.trace.select(Published)] == [()]


def test_looking_at_a_world_changes_nothing():
    one, other = build(design_of()), build(design_of())
    for world in (one, other):
        world.run(hours(1))
        world.do(Step(create_gateway="new"))
        if world is one:
            world.survey()
            world.knowing("new")
            world.finish()
        world.run(hours(5))
    assert one.finish().digest == other.finish().digest


@pytest.mark.seed("S-52", "S-53")
@pytest.mark.parametrize("alerts", [None, {"threshold": "100 MB"}, {"threshold": "100 GB"}])
def test_an_alert_is_raised_once_for_each_level_that_traffic_crosses(alerts):
    from cmgsim.site.facts import AlertRaised

    world = build(design_of({"gateways.old.alerts": alerts}))
    world.run(days(2))
    raised = [entry.fact.level for entry in world.kernel.trace.select(AlertRaised)]
    assert raised == (["warning", "critical"] if alerts == {"threshold": "100 MB"} else [])


def test_a_gateway_that_crosses_its_critical_level_stops_itself():
    alerts = {"threshold": "100 MB", "stop_on_critical": True}
    world = build(design_of({"gateways.old.alerts": alerts}))
    world.run(days(2))
    assert world.deployments["old"].state.word == "stopped"


def test_an_expired_server_certificate_is_refused_by_clients_from_midnight_on():
    world = build(design_of({"certificates.servers.old.expires": "2019-07-30"}))
    world.run(days(2))
    assert world.fleet.stranded() == 0
    world.run(minutes(1))
    assert world.fleet.stranded() >= 40
    assert world.now_us == 48 * HOUR + MINUTE


@pytest.mark.seed("S-90", "S-91", "S-92")
def test_clients_are_pinned_to_the_gateway_by_registry_or_by_installation_alike():
    at_office = {"day_plans.week.remote": "0%", "clients.road.count": 0}
    runs = {}
    for how in ({}, {"clients.office.always_on_internet": True}, {"clients.office.ccmalwaysinf": 1}):
        world = build(design_of(at_office | how))
        world.run(days(3))
        runs[str(how)] = world.finish()
    free, by_registry, by_installation = runs.values()
    assert by_registry.digest == by_installation.digest
    on_premises = [run.series.requests[:, :, 0, 0].sum() for run in (free, by_registry)]
    assert on_premises[0] > 0
    assert on_premises[1] == 0
