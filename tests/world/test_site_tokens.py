"""Site tokens in a run: a gateway that is dead for too long loses the clients that have nothing else to show."""

from __future__ import annotations

import pytest
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.site.facts import SiteTokensLapsed, SiteTokensRenewed
from cmgsim.site.landscape import Over
from cmgsim.units import DAY, days
from cmgsim.world.build import build

TOKENS = {
    "hierarchy.version": 2002,
    "azure.aad": {"cloud_management": False},
    "gateways.old": {"certificate": "old", "region": "eastus", "trusted_authorities": ["root"]},
    "gateways.again": None,
    "roles.management_points.mp1.mode": "enhanced_http",
    "clients.road": {"count": 3, "site": "PS1", "day_plan": "always", "trusts": ["root"]},
    "clients.office": {"count": 3, "site": "PS1", "day_plan": "week", "trusts": ["root"]},
}


def answers(world, population: int) -> set[int]:
    """Return what a population hears at management points over gateways that stand."""
    landscape = world.landscape
    return {
        landscape.answers[population][number]
        for number, contact in enumerate(landscape.contacts)
        if contact.over is Over.GATEWAY and contact.management_point and contact.fqdn == "oldcmg.cloudapp.net"
    }


def token_facts(world) -> list[tuple[int, object]]:
    """Return the facts about site tokens, with their days."""
    kinds = (SiteTokensLapsed, SiteTokensRenewed)
    return [(entry.at_us // DAY, entry.fact) for entry in world.finish().trace if isinstance(entry.fact, kinds)]


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_after_three_months_without_a_gateway_clients_on_the_internet_are_refused_until_they_register(engine):
    world = build(design_of(TOKENS), engine=engine)
    world.run(days(1))
    assert answers(world, 0) == answers(world, 1) == {200}
    world.do(Step(stop_gateway="old"))
    world.run(days(88))
    assert token_facts(world) == []
    world.run(days(2))
    assert token_facts(world) == [(90, SiteTokensLapsed("road"))], "the office registers at its management point"
    world.do(Step(start_gateway="old"))
    world.run(days(2))
    assert (answers(world, 0), answers(world, 1)) == ({401}, {200})
    refused = world.landscape.reasons[0]
    assert "TOKEN_EXPIRED" in refused
    stranded = world.fleet.roll()
    assert (stranded.stranded_since_us[:3] >= 0).all()


def test_who_was_in_a_drawer_before_the_run_is_refused_until_the_office_sees_it():
    away = {name: TOKENS[name] | {"token_renewed": "2019-04-01"} for name in ("clients.road", "clients.office")}
    world = build(design_of({**TOKENS, **away}))
    assert (answers(world, 0), answers(world, 1)) == ({401}, {401})
    world.run(days(3))
    assert (answers(world, 0), answers(world, 1)) == ({401}, {200})
    assert token_facts(world) == [
        (0, SiteTokensLapsed("road")),
        (0, SiteTokensLapsed("office")),
        (1, SiteTokensRenewed("office")),
    ]


def test_a_copy_of_a_world_keeps_the_age_of_its_tokens():
    world = build(design_of(TOKENS))
    world.do(Step(stop_gateway="old"))
    world.run(days(60))
    twin = world.fork()
    for one in (world, twin):
        one.run(days(31))
    assert token_facts(world) == token_facts(twin) == [(90, SiteTokensLapsed("road"))]
    assert world.finish().digest == twin.finish().digest
