"""Time, tokens and the control at the entrance of a server, without a server."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from entrances import BASE, Caller, cloud
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.arm.doors.control import Control
from cmgsim.arm.doors.pace import Waits
from cmgsim.arm.faults import Fault, Match, Point
from cmgsim.errors import UsageError
from cmgsim.units import DAY, HOUR, SECOND

EAST = {"location": "eastus"}
ACCOUNT = {"location": "eastus", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
ACCOUNT_PATH = "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contoso"


def controlled(**more: Any) -> Caller:
    return Caller(control=Control("sesame"), **more)


# -- time ----------------------------------------------------------------------------------------------------------


def test_simulated_time_follows_the_wall_at_its_speed():
    caller = Caller(now_us=5 * SECOND, speed=60)
    assert caller.pace.now_us == 5 * SECOND
    caller.wall.pass_s(2)
    assert caller.pace.now_us == 125 * SECOND
    caller.pace.wait(HOUR)
    assert caller.pace.now_us == HOUR + 125 * SECOND


@given(st.lists(st.tuples(st.sampled_from(["pass", "wait"]), st.floats(0, 1e5)), max_size=20), st.floats(0, 1e4))
def test_simulated_time_never_goes_back(moves, speed):
    caller = Caller(speed=speed)
    seen = [caller.pace.now_us]
    for kind, seconds in moves:
        caller.wall.pass_s(seconds) if kind == "pass" else caller.pace.wait(round(seconds * SECOND))
        seen.append(caller.pace.now_us)
    assert seen == sorted(seen)


@pytest.mark.parametrize("speed", [-1, float("nan"), float("inf")])
def test_an_impossible_speed_is_refused(speed):
    with pytest.raises(UsageError, match="is impossible; give simulated seconds a second"):
        Caller(speed=speed)


@pytest.mark.parametrize(
    ("speed", "waits", "told", "milliseconds"),
    [
        (1, Waits.KEPT, "17", "17000"),
        (60, Waits.KEPT, "1", "284"),
        (600, Waits.KEPT, "1", "29"),
        (0.5, Waits.KEPT, "34", "34000"),
        (0, Waits.KEPT, "17", "17000"),
        (60, Waits.SKIPPED, None, "1"),
    ],
)
def test_waits_are_told_in_the_callers_time(speed, waits, told, milliseconds):
    caller = Caller(speed=speed, waits=waits)
    before_us = caller.pace.now_us
    headers = caller.pace.tell({"retry-after": "17", "Location": "x"})
    assert (headers.get("Retry-After"), headers["Location"]) == (told, "x")
    assert headers["retry-after-ms"] == headers["x-ms-retry-after-ms"] == milliseconds
    assert caller.pace.now_us - before_us == (17 * SECOND if waits is Waits.SKIPPED else 0)
    assert caller.pace.tell({"Retry-After": "Mon, 29 Jul 2019 00:00:00 GMT"}) == {
        "Retry-After": "Mon, 29 Jul 2019 00:00:00 GMT"
    }


def test_an_answer_that_comes_later_is_held_back_or_time_leaps():
    assert Caller(speed=60).pace.delay_s(30 * SECOND) == 0.5
    skipping = Caller(speed=60, waits=Waits.SKIPPED)
    assert skipping.pace.delay_s(30 * SECOND) == 0
    assert skipping.pace.now_us == 30 * SECOND


def test_one_caller_who_skips_waits_has_the_same_answers_on_every_run():
    def run() -> list[bytes]:
        caller = Caller(speed=0, waits=Waits.SKIPPED)
        answers = [caller.put("/resourceGroups/rg", EAST), caller.put(ACCOUNT_PATH, ACCOUNT)]
        answers += [caller.get(ACCOUNT_PATH) for _ in range(3)]
        return [answer.body + repr(answer.headers).encode() for answer in answers]

    assert run() == run()


# -- tokens --------------------------------------------------------------------------------------------------------


def test_a_pass_is_good_for_an_hour_of_the_wall_whatever_the_speed():
    caller = Caller(speed=3600)
    caller.put("/resourceGroups/rg", EAST)
    for _ in range(59):
        caller.wall.pass_s(60)
        assert caller.get("/resourceGroups/rg").status == 200
    assert caller.pace.now_us > 50 * HOUR
    caller.wall.pass_s(120)
    answer = caller.get("/resourceGroups/rg")
    assert (answer.status, answer.json()["error"]["code"]) == (401, "ExpiredAuthenticationToken")
    caller.sign_in()
    assert caller.get("/resourceGroups/rg").status == 200


def test_a_pass_survives_leaps_of_simulated_time():
    caller = controlled()
    caller.put("/resourceGroups/rg", EAST)
    caller.pace.wait(400 * DAY)
    assert caller.get("/resourceGroups/rg").status == 200


def test_a_pass_outlives_the_server_and_is_worth_nothing_elsewhere():
    token = Caller().sign_in()
    for service, status in ((cloud()[0], 200), (None, 200)):
        again = Caller(service)
        again._pass = token
        assert again.ask("GET", "").status == status
    other = Caller()
    other.entrance._passes._own_seed += 1
    other._pass = token
    assert other.ask("GET", "").status == 401


def test_what_is_no_pass_is_for_the_cloud_to_judge():
    caller = Caller()
    for header in ("", "Basic x", "Bearer x", "Bearer " + caller.service.token("owner", 0)[:-1]):
        answer = caller.send("GET", f"{caller.root}?api-version=2021-04-01", b"", {"Authorization": header})
        assert answer.status == 401
    own = caller.service.token("owner", caller.pace.now_us)
    answer = caller.send("GET", f"{caller.root}?api-version=2021-04-01", b"", {"Authorization": f"Bearer {own}"})
    assert answer.status == 200, "a token of the cloud itself is one too"


def test_a_refusal_of_the_directory_reaches_the_caller():
    caller = Caller()
    tenant = caller.config.tenants[0]
    form = f"grant_type=client_credentials&client_id={tenant.principals[0].app_id}&client_secret=wrong"
    answer = caller.send("POST", f"/{tenant.id}/oauth2/v2.0/token", form.encode())
    assert (answer.status, answer.json()["error_codes"]) == (401, [7000215])


def test_many_callers_are_remembered_only_so_long():
    caller = Caller()
    passes = caller.entrance._passes
    for _ in range(300):
        caller.wall.pass_s(1)
        caller.sign_in()
        caller.ask("GET", "")
    assert len(passes._known) == len(passes._fresh) == 256


# -- faults of ours ------------------------------------------------------------------------------------------------


def test_a_bug_of_ours_is_an_answer_and_a_complaint():
    caller = Caller()
    caller.service.cloud.store = None
    answer = caller.get("/resourceGroups")
    assert (answer.status, answer.json()["error"]["code"]) == (500, "InternalServerError")
    assert caller.complaints[0].startswith("this is a bug in cmgsim: GET /subscriptions/")


def test_a_fault_of_the_network_reaches_the_server_as_it_is():
    caller = Caller()
    caller.service.add_fault(Fault("lost", Point.ANSWER_LOST, Match(operation="PUT")), 0)
    assert caller.put("/resourceGroups/rg", EAST).failure == "answer"
    assert caller.get("/resourceGroups/rg").status == 200


# -- the control ---------------------------------------------------------------------------------------------------


def test_the_control_moves_the_clock_and_looks_inside():
    caller = controlled()
    caller.put("/resourceGroups/rg", EAST)
    caller.put(ACCOUNT_PATH, ACCOUNT)
    state = caller.control("GET", "/state").json()
    assert [resource["id"].rpartition("/")[2] for resource in state["resources"]] == ["rg", "contoso"]
    assert [operation["status"] for operation in state["operations"]] == ["InProgress"]
    moved = caller.control("POST", "/advance", {"seconds": 3600.5}).json()
    assert moved["now_us"] == state["now_us"] + 3600 * SECOND + SECOND // 2
    assert moved == caller.control("GET", "/now").json() | {"speed": 600, "waits": "kept"}
    after = caller.control("GET", "/state").json()
    assert (after["operations"], after["due_us"]) == ([], None)
    events = [event["event"] for event in caller.control("GET", "/events").json()["value"]]
    assert {"ResourceCreated", "OperationStarted", "OperationFinished"} <= set(events)


def test_the_control_adds_and_ends_faults():
    caller = controlled()
    caller.put("/resourceGroups/rg", EAST)
    fault = {"name": "down", "point": "server_error", "match": {"operation": "PUT"}, "parameters": {"status": 500}}
    shown = caller.control("POST", "/faults", fault).json()
    assert [one["name"] for one in shown["active"]] == ["down"]
    assert caller.put("/resourceGroups/rg2", EAST).status == 500
    again = shown["active"][0]
    assert caller.control("POST", "/faults", again).status == 400, "there is one of that name"
    assert caller.control("DELETE", "/faults/down").json() == {"waiting": [], "active": []}
    assert caller.put("/resourceGroups/rg2", EAST).status == 201
    assert caller.control("POST", "/faults", again | {"name": "as shown"}).status == 200


def test_the_control_lets_regions_go_down():
    caller = controlled()
    assert caller.control("POST", "/regions", {"region": "eastus", "state": "down"}).status == 200
    caller.put("/resourceGroups/rg", {"location": "westus"})
    assert caller.put(ACCOUNT_PATH, ACCOUNT).status == 503


@pytest.mark.parametrize(
    ("method", "path", "document", "words"),
    [
        ("POST", "/advance", {}, "seconds is None"),
        ("POST", "/advance", {"seconds": -1}, "seconds is -1"),
        ("POST", "/advance", {"seconds": True}, "seconds is True"),
        ("POST", "/advance", {"seconds": 1e300}, "seconds is 1e\\+300"),
        ("POST", "/regions", {"region": "nowhere", "state": "down"}, "no region is named 'nowhere'"),
        ("POST", "/regions", {"region": "eastus", "state": "sunny"}, "'sunny' is not a valid"),
        ("POST", "/faults", {}, "a fault needs a name"),
        ("POST", "/faults", {"name": "x"}, "None is not a valid Point"),
        ("POST", "/faults", {"name": "x", "point": "quota", "colour": 1}, "a fault has no 'colour'"),
        ("POST", "/faults", {"name": "x", "point": "quota", "match": {"colour": "y"}}, "cannot match by 'colour'"),
        ("POST", "/faults", {"name": "x", "point": "quota", "match": []}, "is an object of texts"),
        ("POST", "/faults", {"name": "x", "point": "quota", "from_us": "now"}, "from_us is 'now'"),
        ("POST", "/faults", {"name": "x", "point": "quota", "until_us": 0, "from_us": 5}, "its window ends at 0"),
        ("POST", "/faults", {"name": "x", "point": "quota", "parameters": {"cores": "x"}}, "cores is 'x'"),
        ("DELETE", "/faults/none", None, "no fault is named 'none'"),
    ],
)
def test_nonsense_is_refused_in_words(method, path, document, words):
    answer = controlled().control(method, path, document)
    assert (answer.status, answer.json()["error"]["code"]) == (400, "InvalidControlRequest")
    assert re.search(words, answer.json()["error"]["message"])


def test_the_control_is_for_whoever_holds_its_token():
    caller = controlled()
    assert caller.control("GET", "/now", token="wrong").status == 401
    assert caller.send("GET", "/_sim/now").status == 401
    assert caller.control("GET", "/now").status == 200
    for method, path in (("GET", ""), ("GET", "/nothing"), ("POST", "/now"), ("GET", "/faults/x/y")):
        answer = caller.control(method, path)
        assert (answer.status, answer.json()["error"]["code"]) == (404, "NoSuchControl")
    assert caller.send("POST", "/_sim/advance", b"{", {"Authorization": "Bearer sesame"}).status == 400


def test_there_is_no_control_unless_it_is_switched_on():
    answer = Caller().control("GET", "/now")
    assert (answer.status, answer.json()["error"]["code"]) == (404, "ControlIsOff")


def test_links_lead_back_to_the_server():
    caller = Caller()
    caller.put("/resourceGroups/rg", EAST)
    begun = caller.put(ACCOUNT_PATH, ACCOUNT)
    assert begun.header("Location").startswith(f"{BASE}/subscriptions/")
    assert json.loads(caller.send("GET", "/metadata/endpoints?api-version=2022-09-01").body)["resourceManager"] == (
        f"{BASE}/"
    )
