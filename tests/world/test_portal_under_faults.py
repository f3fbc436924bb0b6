"""What the portal sends while Azure fails: it is journalled, acts at once, and neither forks nor replays differ."""

import pytest
from worlds import design_of

from cmgsim.checks.judge import judge
from cmgsim.design.hardships import Fault
from cmgsim.design.plan import Plan, Step
from cmgsim.kernel.journal import replay
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.site.facts import PortalUsed
from cmgsim.units import HOUR
from cmgsim.world.build import build

DESIGN = design_of(
    {
        "gateways.old": {"certificate": "old", "region": "eastus", "trusted_authorities": ["root"], "vms": 2},
        "gateways.again": None,
        "clients.road.count": 3,
        "clients.office.count": 3,
    }
)
CHANGE = {"portal_change": {"gateway": "old", "vms": 3}}
DELETE = {"azure_delete": {"gateway": "old", "part": "storage"}}
LOCK = {"azure_fault": {"point": "locked", "parameters": {"level": "ReadOnly"}}}
FAULTS = {
    "none": None,
    "region_down": {"region_down": "eastus"},
    "arm_throttled": {"arm_throttled": "all"},
    "locked": LOCK,
    **{
        point: {"azure_fault": {"point": point}}
        for point in (
            "answer_lost",
            "connect",
            "operation_failed",
            "operation_stuck",
            "policy_denied",
            "roles_revoked",
            "server_error",
            "provider_throttled",
            "quota",
            "subscription_disabled",
            "token_rejected",
        )
    },
}
REFUSED = {"region_down", "arm_throttled", "locked", "connect", "server_error", "policy_denied", "token_rejected"}
REFUSED |= {"roles_revoked", "subscription_disabled", "provider_throttled"}


def plan_of(order: dict) -> Plan:
    return Plan.model_validate({"plan": "p", "steps": [order]})


def faults_of(kind: str) -> tuple[Fault, ...]:
    return () if FAULTS[kind] is None else (Fault.model_validate({**FAULTS[kind], "at": "1h", "lasting": "1d"}),)


@pytest.mark.parametrize("order", [CHANGE, DELETE], ids=["change", "delete"])
@pytest.mark.parametrize("way", ["step", "fault"])
@pytest.mark.parametrize("kind", FAULTS)
def test_whatever_azure_does_a_world_that_used_the_portal_can_be_forked_and_lived_again(kind, way, order):
    world = build(DESIGN)
    for fault in faults_of(kind):
        world.suffer(fault)
    world.run("2h")
    if way == "step":
        world.do(Step.model_validate(order))
    else:
        world.suffer(Fault.model_validate({**order, "at": "2h"}))
    assert world.kernel.components["arm"].due() != world.now_us, "what Azure had to do at once is done"
    twin = world.fork()
    for one in (world, twin):
        one.run("3h")
    again = build(DESIGN)
    replay(world.kernel.journal, again.kernel, world.now_us)
    assert world.finish().digest == twin.finish().digest == again.finish().digest
    (used,) = world.finish().trace.select(PortalUsed)
    assert used.at_us == 2 * HOUR
    assert bool(used.fact.refusal) == (kind in REFUSED and not (kind == "policy_denied" and order is DELETE)), (
        "a policy denies what is written, and nothing else"
    )


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_a_step_that_azure_refuses_fails_and_is_in_the_journal(kind):
    run = rehearse(DESIGN, plan_of(CHANGE), before="2h", after="1h", faults=faults_of(kind))
    (step,) = run.steps
    assert step.outcome.value == "failed"
    assert "Azure" in step.note
    assert any(isinstance(entry.body, Step) for entry in run.journal)


def test_a_step_whose_answer_was_lost_is_done_and_what_it_asked_for_happens():
    run = rehearse(DESIGN, plan_of(CHANGE), before="2h", after="2h", faults=faults_of("answer_lost"))
    assert [step.outcome.value for step in run.steps] == ["done"]
    assert "no answer arrived" in run.trace.select(PortalUsed)[0].fact.did
    assert judge(run, "portal_changes", at_least=1)
