"""What an administrator sees in SMS_ActiveMPCandidate."""

import pytest
from site_parts import Parts, design_of

from cmgsim.site.candidates import active_candidates
from cmgsim.site.landscape import NOTHING_PUBLISHED

DMZ = {
    "roles.management_points.mp1.role_id": "72057594037928100",
    "roles.management_points.dmz": {"site": "P01", "server": "dmz.contoso.com", "internet": True},
}


def internet_rows(table):
    return [row for row in table if row[1] == "Internet"]


@pytest.mark.seed("S-93", "S-94")
def test_gateways_and_internet_management_points_look_alike_to_a_client():
    landscape = Parts(design_of(DMZ)).survey()
    table = active_candidates(landscape, landscape.published[0], landscape.tiers[0])
    assert table.columns == ("MP", "Type", "Index", "Capabilities")
    rows = internet_rows(table)
    assert [row[0] for row in rows] == [
        "dmz.contoso.com",
        "GraniteFalls.contoso.com/CCM_Proxy_MutualAuth/72057594037928100",
    ]
    assert [row[2] for row in rows] == [0, 1]
    assert all('Name="SSL" Version="1"' in row[3] for row in rows)
    assert [row[:3] for row in table if row[1] == "Assigned"] == [
        ("mp1.corp", "Assigned", 0),
        ("dmz.contoso.com", "Assigned", 1),
    ]


@pytest.mark.seed("S-93")
def test_a_client_that_knows_nothing_shows_no_internet_rows():
    landscape = Parts(design_of(DMZ)).survey()
    assert not active_candidates(landscape, NOTHING_PUBLISHED)
    assert not internet_rows(active_candidates(landscape, NOTHING_PUBLISHED, landscape.tiers[0]))


def test_a_gateway_offered_by_a_boundary_group_is_listed_once():
    landscape = Parts(design_of()).survey()
    gateway = landscape.publications[landscape.published[0]]
    assert len(active_candidates(landscape, landscape.published[0], (gateway,))) == 1
