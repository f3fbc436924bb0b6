"""Software update points as clients see them: pools on the intranet, gateways on the internet."""

import pytest
from site_parts import WEST, Parts, design_of

from cmgsim.design.plan import Step
from cmgsim.site.client import Target
from cmgsim.site.deployment import State
from cmgsim.site.landscape import NO_ANSWER, SERVED, Over
from cmgsim.site.locales import Locale
from cmgsim.units import MINUTE

FLAGGED = {"roles.update_points.sup1.gateway_traffic": True}
TWO_SITES = {
    "hierarchy.sites.CAS": {"kind": "central_administration"},
    "hierarchy.sites.P01": {"parent": "CAS", "use_pki_client_certificate": True},
    "hierarchy.sites.P02": {"parent": "CAS", "use_pki_client_certificate": True},
    "roles.update_points.sup2": {"site": "P02", "gateway_traffic": True},
}
GROUPS = {
    "roles.update_points.near": {"site": "P01"},
    "roles.update_points.far": {"site": "P01"},
    "boundary_groups": {
        "here": {
            "references": {"update_points": ["sup1"]},
            "relationships": {"A": {"update_points": "10min"}, "B": {"update_points": "130min"}},
        },
        "A": {"references": {"update_points": ["near"]}},
        "B": {"references": {"update_points": ["far"]}},
        "alone": {"relationships": {"A": {"update_points": "never"}}},
    },
}


def over_gateways(landscape, site=0):
    """The update points that a site publishes, as (gateway, update point)."""
    contacts = (landscape.contacts[number] for number in landscape.publications[landscape.published[site]])
    return [(contact.fqdn, contact.update_point) for contact in contacts if contact.target is Target.UPDATE_POINT]


def answers_of(landscape, over, population=0):
    numbers = [
        number
        for number, contact in enumerate(landscape.contacts)
        if contact.target is Target.UPDATE_POINT and contact.over is over
    ]
    return [landscape.answers[population][number] for number in numbers]


def named(landscape, pool):
    return [(at_us, landscape.contacts[number].update_point) for at_us, number in pool]


@pytest.mark.seed("S-75")
def test_update_points_are_published_once_they_take_gateway_traffic():
    parts = Parts(design_of())
    assert over_gateways(parts.survey()) == []
    assert answers_of(parts.survey(), Over.GATEWAY) == [404]
    parts.server.receive(
        Step.model_validate({"set_update_point": {"update_point": "sup1", "gateway_traffic": True}}), 0
    )
    assert over_gateways(parts.survey()) == [("GraniteFalls.contoso.com", "sup1")]
    assert answers_of(parts.survey(), Over.GATEWAY) == [SERVED]


def test_they_are_published_over_every_connected_gateway_and_answer_over_those_that_serve():
    second = {
        "gateways.west": {**WEST, "planned": True},
        "roles.connection_points.cp2": {"site": "P01", "gateway": "west", "planned": True},
    }
    parts = Parts(design_of(FLAGGED | second))
    assert over_gateways(parts.survey()) == [("GraniteFalls.contoso.com", "sup1")]
    parts.gateway("west", State.READY)
    parts.tell("cp2", Step(add_connection_point="cp2"))
    parts.wait(MINUTE)
    assert len(over_gateways(parts.survey())) == 2
    parts.gateway("east", State.STOPPED)
    assert over_gateways(parts.survey()) == [("west.contoso.com", "sup1")]
    assert answers_of(parts.survey(), Over.GATEWAY) == [NO_ANSWER, SERVED]


def test_clients_are_offered_those_of_their_own_site():
    links = {
        "roles.management_points.mp2": {"site": "P02", "gateway_traffic": True},
        "roles.connection_points.cp2": {"site": "P02", "gateway": "east"},
    }
    landscape = (parts := Parts(design_of(FLAGGED | TWO_SITES | links))).survey()
    sites = list(parts.server.sites)
    assert [name for _, name in over_gateways(landscape, sites.index("P01"))] == ["sup1"]
    assert [name for _, name in over_gateways(landscape, sites.index("P02"))] == ["sup2"]


def test_an_update_point_asks_no_certificate_of_connection_points_as_a_management_point_does():
    landscape = Parts(design_of({**FLAGGED, "roles.connection_points.cp1.client_certificate": False})).survey()
    assert answers_of(landscape, Over.GATEWAY) == [SERVED]
    management_point = next(
        number
        for number, contact in enumerate(landscape.contacts)
        if contact.over is Over.GATEWAY and contact.target is Target.MANAGEMENT_POINT
    )
    assert landscape.answers[0][management_point] == 403


def test_clients_that_the_gateway_refuses_are_refused_on_their_way_to_an_update_point_too():
    landscape = Parts(design_of({**FLAGGED, "gateways.east.trusted_authorities": []})).survey()
    (status,) = answers_of(landscape, Over.GATEWAY)
    assert status == 401


@pytest.mark.oracle("O-7")
def test_a_boundary_group_and_its_neighbours_make_the_pool():
    parts = Parts(design_of(GROUPS))
    locales = [Locale("P01", ("here",)), Locale("P01", ("alone",)), Locale("P01")]
    landscape = parts.survey(*locales)
    here, alone, nowhere = (named(landscape, pool) for pool in landscape.update_pools)
    assert here == [(0, "sup1"), (120 * MINUTE, "near"), (130 * MINUTE, "far")]
    assert alone == nowhere == []
    assert answers_of(landscape, Over.INTRANET) == [SERVED] * 3


def test_without_references_all_of_the_site_are_in_reach_at_once():
    landscape = Parts(design_of(TWO_SITES)).survey(Locale("P01"), Locale("P02"))
    assert [named(landscape, pool) for pool in landscape.update_pools] == [[(0, "sup1")], [(0, "sup2")]]


def test_management_points_and_update_points_are_told_apart():
    landscape = Parts(design_of(FLAGGED)).survey()
    known = landscape.publications[landscape.published[0]]
    (point,), (updates,), () = (landscape.of(target, known) for target in Target)
    assert landscape.contacts[point].management_point == "mp1"
    assert landscape.contacts[updates].url.startswith("GraniteFalls.contoso.com/CCM_Proxy_ServerAuth/")
    assert all(updates not in tier for tiers in landscape.tiers for tier in tiers)


def test_an_update_point_of_a_secondary_site_takes_no_gateway_traffic():
    own = {
        **FLAGGED,
        "hierarchy.sites.S01": {"kind": "secondary", "parent": "P01"},
        "roles.update_points.sup2": {"site": "S01", "gateway_traffic": True},
    }
    landscape = Parts(design_of(own)).survey()
    assert answers_of(landscape, Over.GATEWAY) == [SERVED, 404]
    assert [name for _, name in over_gateways(landscape)] == ["sup1"]
