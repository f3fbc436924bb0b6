"""Faults in a living world: what each kind breaks, for how long, and that all is well again afterwards."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import design_of

from cmgsim.design.hardships import AT_ONCE, IN_AZURE, KINDS, Fault, Swarm, describe
from cmgsim.design.plan import Step
from cmgsim.errors import Refused, UnknownName, UsageError
from cmgsim.faults.component import FaultBegan, FaultEnded, FaultLifted
from cmgsim.faults.kinds import FAULTS
from cmgsim.faults.swarm import drawn_faults
from cmgsim.kernel.journal import replay
from cmgsim.site.facts import LinkDown, LinkUp, OperationEnded, Outcome, PartBroke, PartWorks
from cmgsim.site.landscape import NO_ANSWER, SERVED, Over
from cmgsim.units import HOUR, MINUTE, hours, minutes
from cmgsim.world.availability import availability, outages, vm_downtimes
from cmgsim.world.build import build
from cmgsim.world.run import Run

TWO_VMS = {"gateways.old.vms": 2}


def statuses(world, over: Over = Over.GATEWAY, population: int = 0) -> set[int]:
    answers = world.landscape.answers[population]
    wanted = world.deployments["old"].fqdn if over is Over.GATEWAY else ""
    return {
        answers[number]
        for number, contact in enumerate(world.landscape.contacts)
        if contact.over is over and contact.management_point and contact.fqdn == wanted
    }


def active(world) -> tuple[str, ...]:
    return world.landscape.active_gateways


def test_every_kind_of_a_file_is_filed_and_none_besides():
    assert sorted([*FAULTS, *AT_ONCE, *IN_AZURE]) == sorted(KINDS)


@pytest.mark.parametrize(
    ("fault", "during", "on_intranet"),
    [
        (("vm_down", {"gateway": "old", "vm": 1}), {NO_ANSWER}, {SERVED}),
        (("link_down", {"connection_point": "cp1", "vm": 1}), {500}, {SERVED}),
        (("connection_point_down", "cp1"), {500}, {SERVED}),
        (("management_point_down", "mp1"), {500}, {NO_ANSWER}),
        (("on_premises_link_down", "PS1"), {500}, {SERVED}),
        (("region_down", "East US"), {NO_ANSWER}, {SERVED}),
        (("certificate_expires", "old"), {0}, {SERVED}),
        (("domain_controllers_down", "PS1"), {SERVED}, {SERVED}),
        (("arm_throttled", "all"), {SERVED}, {SERVED}),
    ],
    ids=lambda part: part[0] if isinstance(part, tuple) else None,
)
def test_a_fault_breaks_its_part_as_long_as_it_lasts(fault, during, on_intranet):
    world = build(design_of())
    world.run(minutes(5))
    assert (statuses(world), statuses(world, Over.INTRANET)) == ({SERVED}, {SERVED})
    with world.fault(*fault[:1], fault[1]):
        world.run(minutes(5))
        served = statuses(world)
        assert served == during or (fault[0] == "certificate_expires" and SERVED not in served)
        assert statuses(world, Over.INTRANET) == on_intranet
    world.run(minutes(5))
    assert (statuses(world), statuses(world, Over.INTRANET)) == ({SERVED}, {SERVED})


def test_links_are_lost_at_once_and_made_again_by_the_next_maintenance():
    world = build(design_of(TWO_VMS))
    world.suffer(Fault.model_validate({"connection_point_down": "cp1", "at": "1h", "lasting": "10min"}))
    world.run(hours(2))
    trace = world.finish().trace
    lost = [(entry.at_us, entry.fact.vm) for entry in trace.select(LinkDown)]
    made = [(entry.at_us, entry.fact.vm) for entry in trace.select(LinkUp)]
    assert lost == [(HOUR, 1), (HOUR, 2)]
    assert [vm for _, vm in made] == [1, 2]
    assert all(0 < at_us - HOUR - 10 * MINUTE <= MINUTE for at_us, _ in made)


def test_a_part_that_two_faults_break_works_when_both_are_over():
    world = build(design_of())
    with world.fault("vm_down", gateway="old", vm=1):
        world.run(minutes(1))
        with world.fault("vm_down", gateway="old", vm=1):
            world.run(minutes(1))
        world.run(minutes(3))
        assert active(world) == ()
    world.run(minutes(3))
    assert active(world) == ("old",)
    run = world.finish()
    assert len(run.trace.select(FaultBegan)) == len(run.trace.select(FaultEnded)) == 2
    assert len(run.trace.select(PartBroke)) == len(run.trace.select(PartWorks)) == 1


@pytest.mark.seed("S-86", "S-87")
def test_without_domain_controllers_and_management_points_the_lan_turns_to_the_gateway():
    desk = {"clients.road.count": 0, "clients.office.day_plan": "desk", "day_plans.desk": {"always": "intranet"}}
    world = build(design_of({**desk, "boundaries.lan": {"subnet": "10.0.0.0/8"}}))

    def over_gateways(world) -> int:
        requests = world.fleet.series().requests
        return int(requests[:, :, list(Over).index(Over.GATEWAY), 0].sum())

    world.run(hours(26))
    assert over_gateways(world) == 0
    with world.fault("domain_controllers_down", "PS1"):
        world.run(hours(26))
        assert over_gateways(world) == 0  # a management point is enough for the intranet
        with world.fault("management_point_down", "mp1"):
            world.run(hours(26))
            assert over_gateways(world) > 0


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"arm_throttled": "all"}, "SubscriptionRequestsThrottled"),
        ({"azure_fault": {"point": "server_error", "provider": "Microsoft.ClassicCompute"}}, "ServiceUnavailable"),
        ({"azure_fault": {"point": "connect", "operation": "PUT"}}, "GatewayTimeout"),
        ({"on_premises_link_down": "PS1"}, "AZURE_UNREACHABLE"),
        ({"region_down": "eastus"}, "ServiceUnavailable"),
    ],
    ids=["throttled", "server error", "no connection", "no way out", "region down"],
)
def test_an_operation_waits_for_what_passes_and_fails_when_it_does_not(fault, code):
    for lasting, outcome in (("20min", Outcome.DONE), ("5h", Outcome.FAILED)):
        world = build(design_of())
        world.suffer(Fault.model_validate({**fault, "lasting": lasting}))
        world.run(minutes(1))
        world.do(Step(create_gateway="new"))
        world.run(hours(2))
        [ended] = [entry.fact for entry in world.finish().trace.select(OperationEnded)]
        assert ended.outcome is outcome
        assert ended.code == ("" if outcome is Outcome.DONE else code)


@pytest.mark.parametrize(
    ("fault", "order", "code"),
    [
        (("application_secret_expires", "cloud_management"), {"create_gateway": "new"}, "APPLICATION_SECRET_EXPIRED"),
        (("management_certificate_expires", "azure"), {"stop_gateway": "old"}, "MANAGEMENT_CERTIFICATE_EXPIRED"),
    ],
)
def test_a_spoilt_secret_keeps_the_site_from_azure(fault, order, code):
    world = build(design_of())
    with world.fault(*fault):
        try:
            world.do(Step.model_validate(order))
            world.run(hours(1))
            [ended] = [entry.fact.code for entry in world.finish().trace.select(OperationEnded)]
        except Refused as refusal:
            ended = refusal.code
        assert ended == code


@settings(max_examples=12)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_after_any_swarm_everything_works_again(seed, count):
    design = design_of(TWO_VMS)
    kinds = ("vm_down", "link_down", "connection_point_down", "management_point_down", "region_down")
    swarm = Swarm.model_validate({"faults": count, "kinds": kinds, "within": "0s..6h", "lasting": "1min..2h"})
    world = build(design, seed=seed)
    calm = world.landscape
    for fault in drawn_faults(design, swarm, seed):
        world.suffer(fault)
    world.run(hours(9))
    assert world.survey() == world.landscape
    assert (world.landscape.answers, world.landscape.routes) == (calm.answers, calm.routes)
    assert len(world.sites.connection_points["cp1"].links) == 2
    assert len(world.finish().trace.select(FaultEnded)) == count


@settings(max_examples=10)
@given(st.integers(0, 2**32), st.integers(0, 6 * HOUR))
def test_faults_are_part_of_what_a_fork_and_a_replay_repeat(seed, cut_us):
    design = design_of({**TWO_VMS, "azure.platform": {"vm_rebuilds_per_month": 200}})
    swarm = Swarm.model_validate({"faults": 4, "within": "0s..4h", "lasting": "1min..2h"})
    world = build(design, seed=seed)
    for fault in drawn_faults(design, swarm, seed):
        world.suffer(fault)
    world.kernel.run(cut_us)
    fork = world.fork()
    for one in (world, fork):
        one.kernel.run(8 * HOUR)
    again = build(design, seed=seed)
    replay(world.kernel.journal, again.kernel, world.now_us)
    assert fork.finish().digest == world.finish().digest == again.finish().digest


def test_a_run_with_faults_is_saved_and_opened(tmp_path):
    world = build(design_of(TWO_VMS))
    world.suffer(Fault.model_validate({"vm_down": {"gateway": "old", "vm": 2}, "at": "1h", "lasting": "30min"}))
    with world.fault("connection_point_down", "cp1"):
        world.run(hours(2))
    run = world.finish()
    opened = Run.open(run.save(tmp_path / "run"))
    assert opened.digest == run.digest
    assert [entry.body for entry in opened.journal] == [entry.body for entry in run.journal]


def test_a_swarm_hits_only_what_is_there_and_the_same_seed_hits_the_same():
    design = design_of(TWO_VMS)
    swarm = Swarm(faults=50)
    one = drawn_faults(design, swarm, 1)
    assert one == drawn_faults(design, swarm, 1)
    assert one != drawn_faults(design, swarm, 2)
    assert {fault.kind for fault in one} == set(swarm.kinds)
    assert all(fault.at <= swarm.within[1] and swarm.lasting[0] <= fault.lasting <= swarm.lasting[1] for fault in one)
    nowhere = design_of({"gateways": {}, "roles.connection_points": {}, "roles.management_points": {}})
    assert drawn_faults(nowhere, swarm, 1) == ()


@pytest.mark.parametrize(
    ("kind", "argument", "error", "words"),
    [
        ("vm_donw", {"gateway": "old", "vm": 1}, UnknownName, "did you mean 'vm_down'"),
        ("vm_down", {"gateway": "odl", "vm": 1}, UsageError, "no 'odl' in gateways; did you mean 'old'"),
        ("vm_down", {"gateway": "old", "vm": 17}, UsageError, "less than or equal to 16"),
        ("region_down", "eastuss", UsageError, "region_down: 'eastuss' is no region of Azure; did you mean 'eastus'"),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_what_is_near(kind, argument, error, words):
    world = build(design_of())
    with pytest.raises(error, match=words), world.fault(kind, argument):
        pytest.fail("the block of a fault that is none must not run")


def test_a_fault_reads_as_its_line_in_a_scenario():
    assert describe(Fault.model_validate({"vm_down": {"gateway": "old", "vm": 1}})) == "vm_down: {gateway: old, vm: 1}"
    assert describe(Fault.model_validate({"region_down": "East US"})) == "region_down: eastus"


def test_a_fault_in_the_past_begins_now_and_one_lifted_early_never_does():
    world = build(design_of())
    world.run(hours(1))
    world.suffer(Fault.model_validate({"vm_down": {"gateway": "old", "vm": 1}, "at": "30min", "lasting": "10min"}))
    later = world.suffer(Fault.model_validate({"vm_down": {"gateway": "old", "vm": 1}, "at": "3h"}))
    world.run(minutes(9))
    assert active(world) == ()
    world.run(minutes(3))
    assert active(world) == ("old",)
    world.kernel.post("faults", FaultLifted(later))
    world.run(hours(4))
    run = world.finish()
    [(begin_us, end_us)] = outages(run, "old")
    assert begin_us == HOUR
    assert 10 * MINUTE < end_us - begin_us <= 11 * MINUTE
    assert vm_downtimes(run, "old") == ((1, HOUR, HOUR + 10 * MINUTE),)
    assert availability(run, "old") == (run.ended_us - end_us + begin_us) * 1_000_000 // run.ended_us
    assert run.availability.column("outages") == (1, 0, 0)
