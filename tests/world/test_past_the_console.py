"""What is done in the Azure portal: it acts, it is found, it does not stay, and deletions leave orphans."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import design_of

from cmgsim.arm.messages import Request
from cmgsim.checks.judge import judge
from cmgsim.design.hardships import Fault
from cmgsim.design.plan import Plan, Step
from cmgsim.errors import Refused
from cmgsim.kernel.journal import replay
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.site.facts import OrphanFound, PortalChangeReverted, PortalUsed, UnsupportedPortalChange
from cmgsim.site.resources import service_of
from cmgsim.units import HOUR, MINUTE, hours, minutes, us_timedelta
from cmgsim.world.build import build

CLASSIC = {"gateways.old.vms": 2}
BY_MANAGER = {
    "gateways.old": {"certificate": "old", "region": "eastus", "trusted_authorities": ["root"], "vms": 2},
    "gateways.again": None,
}
SCALE_SET = {
    **BY_MANAGER,
    "hierarchy.version": 2107,
    "gateways.old": {**BY_MANAGER["gateways.old"], "deployment": "vmss"},
    "certificates.servers.old.name": "oldcmg.eastus.cloudapp.azure.com",
    "gateways.new": None,
    "roles.connection_points.cp2": None,
}
MODELS = pytest.mark.parametrize("changes", [CLASSIC, BY_MANAGER, SCALE_SET], ids=["classic", "arm", "vmss"])


def facts(world, kind) -> list:
    return [entry.fact for entry in world.finish().trace.select(kind)]


def portal(world, vms: int) -> None:
    world.do(Step.model_validate({"portal_change": {"gateway": "old", "vms": vms}}))


@MODELS
@pytest.mark.seed("S-128")
def test_vms_set_in_the_portal_run_and_are_flagged_as_unsupported(changes):
    world = build(design_of(changes))
    portal(world, 4)
    assert world.run_until(lambda world: world.deployments["old"].vms == 4, hours(1))
    world.run(minutes(16))
    assert facts(world, UnsupportedPortalChange) == [UnsupportedPortalChange("old", "vms", 2, 4)]
    assert len(world.sites.connection_points["cp1"].links) == 4
    assert world.deployments["old"].settings.vms == 2  # the console shows what it configured
    assert judge(world.finish(), "portal_changes", at_least=1)
    assert not judge(world.finish(), "portal_changes", at_most=0)


@MODELS
@pytest.mark.seed("S-129")
def test_the_next_operation_of_the_site_takes_a_portal_change_back(changes):
    world = build(design_of(changes))
    portal(world, 4)
    world.run(hours(1))
    world.do(Step.model_validate({"modify_gateway": {"gateway": "old", "verify_client_revocation": False}}))
    world.run(hours(1))
    assert world.deployments["old"].vms == 2
    assert facts(world, PortalChangeReverted) == [PortalChangeReverted("old", "vms", "modify")]
    assert world.check_consistency().rows == ()
    portal(world, 4)  # it can be done, and found, again
    world.run(hours(1))
    assert len(facts(world, UnsupportedPortalChange)) == 2


@MODELS
@pytest.mark.seed("S-129", "S-130")
def test_a_rebuild_by_the_platform_takes_a_portal_change_back_without_notice(changes):
    care = {"azure.platform": {"vm_rebuilds_per_month": 60, "host_updates_per_month": 0}}
    world = build(design_of({**changes, **care}))
    portal(world, 3)
    assert world.run_until(lambda world: world.deployments["old"].vms == 3, hours(1))
    assert world.run_until(lambda world: world.deployments["old"].vms == 2, hours(24))
    world.run(minutes(1))
    assert [fact.by for fact in facts(world, PortalChangeReverted)] == ["rebuild"]


def test_a_rebuild_takes_nothing_back_while_the_site_cannot_sign_in():
    care = {"azure.platform": {"vm_rebuilds_per_month": 60, "host_updates_per_month": 0}}
    world = build(design_of({**BY_MANAGER, **care}))
    portal(world, 3)
    world.suffer(Fault.model_validate({"application_secret_expires": "cloud_management"}))
    world.run(hours(36))
    assert world.deployments["old"].vms == 3
    assert facts(world, PortalChangeReverted) == []


@MODELS
@pytest.mark.seed("S-132")
def test_a_service_deleted_by_hand_leaves_a_record_that_the_consistency_check_finds(changes):
    world = build(design_of(changes))
    world.do(Step.model_validate({"azure_delete": {"gateway": "old"}}))
    world.run(hours(1))
    assert world.deployments["old"].state.console == "Ready"  # the site's record is stale
    assert world.deployments["old"].vms == 0
    assert world.landscape.active_gateways == ()
    assert facts(world, OrphanFound) == [OrphanFound("old", "the service was deleted in Azure", "site")]
    assert world.check_consistency().column("kind") == ("ORPHANED_RECORD",)
    assert not judge(world.finish(), "orphans", at_most=0)
    world.do(Step(delete_gateway="old"))  # the console can still clean up
    world.run(hours(1))
    assert not world.deployments["old"].present
    assert world.check_consistency().rows == ()


@pytest.mark.seed("S-132")
def test_a_storage_account_deleted_by_hand_is_an_orphan_while_the_service_goes_on():
    world = build(design_of(BY_MANAGER))
    world.do(Step.model_validate({"azure_delete": {"gateway": "old", "part": "storage"}}))
    world.run(hours(1))
    assert world.landscape.active_gateways == ("old",)
    assert [fact.part for fact in facts(world, OrphanFound)] == ["the storage account was deleted in Azure"]


@pytest.mark.seed("S-131")
@MODELS
def test_the_console_deletes_both_sides(changes):
    world = build(design_of(changes))
    world.do(Step(delete_gateway="old"))
    world.run(hours(1))
    assert world.check_consistency().rows == ()
    assert facts(world, OrphanFound) == facts(world, UnsupportedPortalChange) == []


@pytest.mark.seed("S-128")
def test_a_script_at_the_door_of_azure_is_found_like_a_click_in_the_portal():
    world = build(design_of(BY_MANAGER))
    deployment, arm = world.deployments["old"], world.sites.arm
    service = service_of(world.design, deployment, deployment.settings)
    root = f"/subscriptions/{service.subscription}/resourceGroups/{service.group}/providers/Microsoft.ClassicCompute"
    url = f"{root}/domainNames/{service.name}/slots/production/roles/ProxyService?api-version=2016-11-01"
    token = arm.token(world.design.azure.aad.application, 0)
    body = {"properties": {"instanceCount": 5}}
    assert world.ask_azure(Request.of("PUT", url, body, token=token)).status < 300
    world.run(hours(1))
    again = build(world.design)
    replay(world.kernel.journal, again.kernel, world.now_us)
    assert again.finish().digest == world.finish().digest
    assert world.deployments["old"].vms == 5
    assert [fact.found for fact in facts(world, UnsupportedPortalChange)] == [5]


def test_what_cannot_be_done_in_the_portal_is_refused_to_a_step_and_noted_for_a_fault():
    world = build(design_of({"gateways.old.content": False}))
    for order, words in (
        ({"portal_change": {"gateway": "new", "vms": 2}}, "gateway new does not exist"),
        ({"azure_delete": {"gateway": "old", "part": "storage"}}, "no storage account"),
    ):
        with pytest.raises(Refused, match=words):
            world.do(Step.model_validate(order))
        world.suffer(Fault.model_validate(order))
        assert words in facts(world, PortalUsed)[-1].did


def test_a_plan_may_use_the_portal():
    plan = Plan.model_validate({"plan": "p", "steps": [{"portal_change": {"gateway": "old", "vms": 3}}]})
    run = rehearse(design_of(), plan, after="2h")
    assert [step.outcome.value for step in run.steps] == ["done"]
    assert judge(run, "portal_changes", at_least=1, at_most=1)


ORDERS = st.sampled_from(
    [
        {"create_gateway": "new"},
        {"delete_gateway": "old"},
        {"add_connection_point": "cp2"},
        {"scale_gateway": {"gateway": "old", "vms": 3}},
        {"portal_change": {"gateway": "old", "vms": 2}},
        {"azure_delete": {"gateway": "old"}},
        {"set_management_point": {"management_point": "mp1", "gateway_traffic": False}},
        {"remove_connection_point": "cp1"},
        {"modify_gateway": {"gateway": "old", "alerts": {"threshold": "1 kB"}}},
    ]
)


@settings(max_examples=15)
@given(st.lists(st.tuples(st.integers(0, 2 * HOUR), ORDERS), max_size=5), st.integers(0, 3))
def test_nothing_that_clients_see_changes_without_a_survey(program, seed):
    care = {"azure.platform": {"vm_rebuilds_per_month": 300}, "clients.office.count": 3, "clients.road.count": 3}
    world = build(design_of({**CLASSIC, **care}), seed=seed)
    for wait_us, order in program:
        world.run(us_timedelta(wait_us + MINUTE))
        try:
            world.do(Step.model_validate(order))
        except Refused:
            continue
        world.run(minutes(1))
        assert world.survey() == world.landscape


def test_checks_of_alerts_that_change_nothing_cost_no_survey():
    world = build(design_of({"gateways.old.alerts": {}}))
    world.run(minutes(1))
    surveys = []
    survey, world.survey = world.survey, lambda: surveys.append(world.now_us) or survey()
    world.run(hours(6))
    assert surveys == []
