"""What clients write into their own logs."""

import pytest
from worlds import design_of

from cmgsim.fleet.days import Place
from cmgsim.fleet.diary import Entry
from cmgsim.fleet.life import Deed
from cmgsim.observe.client_logs import TELL, lines_of_diary
from cmgsim.observe.cmtrace import Kind
from cmgsim.site.client import Activity, Connection
from cmgsim.site.landscape import Over
from cmgsim.units import days, hours
from cmgsim.world.build import build

SILENT = (Deed.STRANDED, Deed.RESCUED)
"""What a client does not know of itself."""


@pytest.fixture(scope="module")
def landscape():
    world = build(design_of({"clients.road.count": 1, "clients.office.count": 1, "gateways.new.planned": False}))
    return world.landscape


def told(landscape, *entries: Entry) -> list[tuple[str, Kind, str]]:
    return [(line.log, line.kind, line.text) for line in lines_of_diary(entries, landscape)]


def gateways(landscape) -> list[int]:
    return [n for n, one in enumerate(landscape.contacts) if one.over is Over.GATEWAY and one.management_point]


def test_every_deed_is_told_or_is_none_that_the_client_knows_of():
    assert {*TELL, *SILENT} == set(Deed)


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        (Connection.INTRANET, "Domain joined client is in Intranet"),
        (Connection.INTERNET, "Domain joined client is in Internet"),
        (Connection.ALWAYS_INTERNET, "Client is in Internet"),
    ],
)
def test_a_client_says_where_it_finds_itself(landscape, connection, words):
    entry = Entry(0, 0, Deed.DETECTED, connection, 0, 0)
    assert told(landscape, entry) == [("ClientLocation.log", Kind.INFORMATION, words)]
    assert told(landscape, Entry(0, 0, Deed.DETECTED, Connection.OFF, 0, 0)) == []


@pytest.mark.parametrize(
    ("identity", "intranet", "internet"),
    [
        ("workgroup", "Client is in Intranet", "Client is in Internet"),
        ("aad_joined", "Client is in Intranet", "Client is in Internet"),
        ("ad_joined", "Domain joined client is in Intranet", "Domain joined client is in Internet"),
        ("hybrid", "Domain joined client is in Intranet", "Domain joined client is in Internet"),
    ],
)
def test_only_who_is_joined_to_a_domain_says_so(landscape, identity, intranet, internet):
    entries = [Entry(at, 0, Deed.DETECTED, found, 0, 0) for at, found in enumerate(Connection)]
    lines = [line.text for line in lines_of_diary(entries, landscape, [1], ["ad_joined", identity])]
    assert lines == [intranet, internet, "Client is in Internet"]


@pytest.mark.parametrize(
    ("place", "identity", "words"),
    [
        (Place.INTRANET, "ad_joined", "Domain joined client is in Unknown location. Default to internet"),
        (Place.VPN, "hybrid", "Domain joined client is in Unknown location. Default to internet"),
        (Place.INTERNET, "ad_joined", "Domain joined client is in Internet"),
        (Place.INTRANET, "workgroup", "Client is in Internet"),
    ],
)
def test_where_nobody_answers_a_client_of_a_domain_says_that_it_does_not_know_where_it_is(
    landscape, place, identity, words
):
    moved = Entry(0, 0, Deed.MOVED, place, 0, 0)
    found = Entry(1, 0, Deed.DETECTED, Connection.INTERNET, 0, 0)
    last = list(lines_of_diary([moved, found], landscape, [0], [identity]))[-1]
    assert last.text.startswith(words)
    other = list(lines_of_diary([moved, Entry(1, 1, *found[2:])], landscape, [0, 0], [identity]))[-1]
    assert "Unknown" not in other.text, "another client has moved"


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (401, "CMGService_Invalid_Token"),
        (403, "CMGConnector_Forbidden"),
        (500, "CMGConnector_InternalServerError"),
        (12175, "ERROR_WINHTTP_SECURE_FAILURE"),
        (418, "Error"),
    ],
)
def test_a_refusal_shows_status_and_text_where_an_administrator_looks(landscape, status, text):
    contact = gateways(landscape)[0]
    for activity, log in ((Activity.LOCATION, "LocationServices.log"), (Activity.POLICY, "CcmMessaging.log")):
        [line] = told(landscape, Entry(0, 0, Deed.REFUSED, contact, activity, status))
        assert line == (log, Kind.ERROR, f"[CCMHTTP] ERROR INFO: StatusCode={status} StatusText={text}")


def test_turning_to_another_gateway_is_a_rotation_and_using_it_again_is_not(landscape):
    first, second = gateways(landscape)[:2]
    asked = [Entry(n, 0, Deed.ASKED, one, Activity.POLICY, 0) for n, one in enumerate((first, first, second, second))]
    rotations = [text for log, _, text in told(landscape, *asked) if log == "ClientLocation.log"]
    expected = (
        "Rotating internet management point, new management point [1] is: "
        f"https://{landscape.contacts[second].url} (0) with capabilities: "
        '<Capabilities SchemaVersion ="1.0"><Property Name="SSL" Version="1" /></Capabilities>'
    )
    assert rotations == [expected]
    other_client = told(landscape, asked[0], Entry(9, 1, Deed.ASKED, second, Activity.POLICY, 0))
    assert not any(log == "ClientLocation.log" for log, _, _ in other_client)


def test_a_day_of_a_client_is_in_the_logs_that_belong_to_what_it_did():
    world = build(design_of({"clients.road.count": 2}), watch=("road-1",))
    world.run(days(1))
    with world.fault("vm_down", gateway="old", vm=1):
        world.run(hours(3))
    world.run(days(7))
    assert world.diary is not None
    lines = list(lines_of_diary(world.diary.entries, world.landscape))
    logs = {line.log for line in lines}
    assert {"LocationServices.log", "PolicyAgent.log", "ClientLocation.log", "CcmMessaging.log"} <= logs
    assert {"CcmNotificationAgent.log", "InventoryAgent.log"} <= logs
    assert any("ERROR_WINHTTP_TIMEOUT" in line.text for line in lines if line.log == "CcmMessaging.log")
    assert any("No management point answers" in line.text for line in lines)
