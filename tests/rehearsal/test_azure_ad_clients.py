"""Azure AD clients are installed over a gateway, and find none by themselves any more than others do."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import design_of

from cmgsim.design.plan import Plan
from cmgsim.rehearsal.rehearse import rehearse

#: Azure AD clients on the internet, which take an Azure AD token to a management point with enhanced HTTP.
AZURE_AD: dict[str, Any] = {
    "clients.office.count": 0,
    "clients.road.count": 30,
    "clients.road.identity": "aad_joined",
    "clients.road.certificate": None,
    "clients.road.trusts": ["root"],
    "roles.management_points.mp1.mode": "enhanced_http",
}


def replaced(gap: str) -> Plan:
    """Return a plan that puts a new gateway in the place of the old one, with a time during which both are there."""
    steps = [{"create_gateway": "new"}, {"add_connection_point": "cp2"}, {"wait": gap}, {"delete_gateway": "old"}]
    return Plan.model_validate({"plan": "another gateway", "steps": steps})


@pytest.mark.conflict("X-4")
def test_azure_ad_clients_that_lost_their_gateway_do_not_find_the_new_one_by_themselves():
    run = rehearse(design_of(AZURE_AD), replaced("0s"), after="3d")
    assert run.active_gateways[-1][1] == ("new",)
    assert len(run.stranded_clients) == 30


def test_they_learn_of_it_over_the_old_one_like_all_clients():
    run = rehearse(design_of(AZURE_AD), replaced("24h"), after="1d")
    assert run.active_gateways[-1][1] == ("new",)
    assert not run.stranded_clients


@pytest.mark.conflict("X-4")
def test_installed_over_a_gateway_they_need_not_have_been_on_the_intranet():
    both = {"gateways.new.planned": False, "roles.connection_points.cp2.planned": False}
    plan = Plan.model_validate({"plan": "nothing", "steps": [{"wait": "1h"}]})
    strangers = {**AZURE_AD, **both, "clients.road.knows": "nothing"}
    assert len(rehearse(design_of(strangers), plan, after="1d").stranded_clients) == 30
    installed = {**AZURE_AD, **both, "clients.road.installed_over": "new"}
    assert not rehearse(design_of(installed), plan, after="1d").stranded_clients
