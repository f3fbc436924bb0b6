"""One client of a world, looked at."""

import pytest
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.errors import UnknownName
from cmgsim.fleet.days import Place
from cmgsim.units import hours
from cmgsim.world.build import build

INTERNET = "SELECT MP FROM SMS_ActiveMPCandidate WHERE Type='Internet'"


def gateways(world, client):
    rows = world.client(client).wmi("root/ccm/LocationServices").query(INTERNET)
    return {row[0].partition("/")[0] for row in rows}


def test_a_client_is_found_by_name_and_by_number():
    world = build(design_of())
    names = list(world.design.clients)
    assert world.client(0).name == f"{names[0]}-1"
    assert world.client("0").name == world.client(f"{names[0]}-1").name
    last = world.client(len(world.population) - 1)
    assert last == world.client(last.name)


@pytest.mark.parametrize("which", ["nobody-1", "road", "road-0", "road-999999", -1, 10**9, "road-x", ""])
def test_a_client_that_is_not_there_is_named(which):
    with pytest.raises(UnknownName, match="no client is named"):
        build(design_of()).client(which)


def test_a_client_on_the_internet_shows_the_gateways_it_knows_and_learns_of_a_new_one():
    world = build(design_of())
    world.run(hours(2))
    outside = next(
        row for row in range(len(world.population)) if world.client(row).connection_type == "Currently Internet"
    )
    before = gateways(world, outside)
    assert before
    seen = world.client(outside)
    assert seen.place is Place.INTERNET
    assert seen.wmi("root\\ccm").query("SELECT InInternet FROM ClientInfo").rows == ((True,),)
    assert seen.management_point.startswith(tuple(before))
    assert seen.wmi("root/ccm").query("SELECT CurrentManagementPoint FROM SMS_Authority").rows == (
        (seen.management_point,),
    )
    world.do(Step(create_gateway="new"))
    world.run(hours(1))
    for point in world.design.roles.connection_points:
        if world.design.roles.connection_points[point].planned:
            world.do(Step(add_connection_point=point))
    world.run(hours(30))
    assert gateways(world, outside) > before
