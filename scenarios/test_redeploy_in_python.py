"""Scenarios in Python: the same worlds and plans, with whatever Python can ask of them."""

import pytest

import cmgsim
from cmgsim.design.plan import Step
from cmgsim.units import days, hours

pytestmark = pytest.mark.design("designs/contoso.design.yaml")


@pytest.mark.plan("plans/route_b_new_name.plan.yaml")
@pytest.mark.seeds(2)
def test_after_a_day_side_by_side_no_always_on_client_is_stranded(design, plan, seed):
    run = cmgsim.rehearse(design, plan, seed=seed, before="9h", after="1d")
    assert cmgsim.judge(run, "stranded_clients", population="always_on", at_most=0)
    assert cmgsim.judge(run, "never_without_a_gateway")


def test_what_if_the_gateway_were_deleted_today_and_what_if_tomorrow(world):
    world.do(Step(create_gateway="new_name"))
    assert world.run_until(lambda world: world.deployments["new_name"].serving, hours(1))
    world.do(Step(add_connection_point="cp2"))
    world.run(hours(1))
    today, tomorrow = world.fork(), world.fork()
    today.do(Step(delete_gateway="classic"))
    tomorrow.run(days(1))
    tomorrow.do(Step(delete_gateway="classic"))
    for each in (today, tomorrow):
        each.run(hours(1))
    always_on = {each: each.finish().stranded_longer_than(0, "always_on") for each in (today, tomorrow)}
    assert len(always_on[today]) > 350
    assert not always_on[tomorrow]
