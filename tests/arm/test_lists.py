"""Lists of types, and operations that turn more than once or fail on the way out."""

from __future__ import annotations

import pickle
from copy import deepcopy

import pytest
from parts import API, Driver, error, subscription

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.config import ArmConfig, Principal, Tenant
from cmgsim.arm.lifecycle import CANCELED, FAILED, SUCCEEDED, Lifecycle, Row
from cmgsim.arm.messages import Request
from cmgsim.errors import UnknownName
from cmgsim.units import SECOND

EAST = {"location": "eastus"}
NETWORKS = "/providers/Microsoft.Network/virtualNetworks"
SERVICES = "/providers/Microsoft.ClassicCompute/domainNames"


def names(driver: Driver, path: str) -> list[str]:
    return [found["name"] for found in driver.get(path).json()["value"]]


def test_resources_are_listed_by_type_in_a_group_or_everywhere() -> None:
    driver = Driver()
    for group in ("one", "two"):
        driver.group(group)
        driver.poll(driver.put(f"/resourceGroups/{group}{NETWORKS}/net-{group}", EAST))
    driver.poll(driver.put(f"/resourceGroups/one{SERVICES}/contoso", EAST))
    assert names(driver, NETWORKS) == ["net-one", "net-two"]
    assert names(driver, f"/resourceGroups/one{NETWORKS}") == ["net-one"]
    assert names(driver, "/resourceGroups/one/resources") == ["net-one", "contoso"]
    assert names(driver, "/resources?$filter=resourceGroup eq 'two' and location eq 'eastus'") == ["net-two"]
    assert names(driver, f"/resourceGroups/one{SERVICES}/contoso/slots") == []
    assert error(driver.get(f"/resourceGroups/one{SERVICES}/none/slots")) == (404, "ResourceNotFound")
    assert error(driver.get(f"/resourceGroups/none{NETWORKS}")) == (404, "ResourceGroupNotFound")
    assert error(driver.get("/resourceGroups/none/resources")) == (404, "ResourceGroupNotFound")
    assert driver.ask("HEAD", f"/resourceGroups/one{NETWORKS}/net-one").status == 204
    assert driver.ask("HEAD", f"/resourceGroups/one{NETWORKS}/none").status == 404


def test_a_page_can_be_made_smaller() -> None:
    driver = Driver()
    for number in range(3):
        driver.group(f"rg{number}")
    page = driver.get("/resourceGroups?$top=2").json()
    assert [group["name"] for group in page["value"]] == ["rg0", "rg1"]
    assert names(driver, page["nextLink"]) == ["rg2"]


def test_tags_can_be_filtered_by_their_values_alone() -> None:
    driver = Driver()
    driver.put("/resourceGroups/rg", EAST | {"tags": {"it's": "o'k"}})
    assert names(driver, "/resourceGroups?$filter=tagValue eq 'o''k'") == ["rg"]
    assert error(driver.get("/resourceGroups?$filter=name eq 'a' name eq 'b'")) == (400, "InvalidFilterInQueryString")


def with_lifecycle(name: str, *rows: Row) -> Driver:
    table = Lifecycle(name, rows[0].state, rows, "InternalServerError", "It broke.")
    return Driver(ArmConfig(subscriptions=(subscription(),), lifecycles=(table,)))


def test_every_state_on_the_way_can_be_seen() -> None:
    rows = (Row("Accepted", SECOND, SECOND, "Updating"), Row("Updating", SECOND, SECOND, SUCCEEDED))
    driver = with_lifecycle("virtualNetworks.create", *rows)
    path = f"{driver.group()}{NETWORKS}/net"
    begun = driver.put(path, EAST)
    seen = [begun.json()["properties"]["provisioningState"]]
    for _ in range(2):
        driver.wait(1)
        seen.append(driver.get(path).json()["properties"]["provisioningState"])
    assert seen == ["Accepted", "Updating", "Succeeded"]


@pytest.mark.parametrize("end", [FAILED, CANCELED])
def test_what_cannot_be_deleted_is_still_there(end: str) -> None:
    driver = with_lifecycle("virtualNetworks.delete", Row("Deleting", SECOND, SECOND, end))
    path = f"{driver.group()}{NETWORKS}/net"
    driver.poll(driver.put(path, EAST))
    begun = driver.delete(path)
    assert driver.poll(begun).json()["status"] == end
    assert driver.get(path).json()["properties"]["provisioningState"] == FAILED
    assert driver.get(begun.header("Location")).status == 409


def test_nothing_is_put_into_what_is_being_deleted() -> None:
    driver = Driver()
    path = f"{driver.group()}{SERVICES}/contoso"
    driver.poll(driver.put(path, EAST))
    driver.delete(path)
    assert error(driver.put(path, EAST)) == (409, "AnotherOperationInProgress")
    slot = {"properties": {"roles": [{"name": "Web"}]}}
    assert error(driver.put(f"{path}/slots/production", slot)) == (409, "AnotherOperationInProgress")
    assert error(driver.ask("PATCH", f"{path}", {})) == (409, "AnotherOperationInProgress")
    driver.delete("/resourceGroups/rg")
    assert error(driver.ask("PATCH", "/resourceGroups/rg", {})) == (409, "ResourceGroupBeingDeleted")


def test_a_token_of_somebody_unknown_is_refused() -> None:
    stranger = Driver(ArmConfig(tenants=(Tenant(principals=(Principal("owner"), Principal("stranger"))),)))
    driver = Driver()
    request = Request.of("GET", f"{driver.root}?api-version={API}", token=stranger.arm.token("stranger", 0))
    assert error(driver.arm.handle(request, 0)) == (401, "InvalidAuthenticationToken")


def test_a_message_is_plain_data() -> None:
    request = Request.of("put", "https://x//a/%20b/?API-Version=1&q=", {"a": 1}, headers={"X-Y": "z"})
    assert (request.method, request.base, request.path) == ("PUT", "https://x", "/a/ b")
    assert (request.query, request.header("x-y"), request.document()) == ({"api-version": "1", "q": ""}, "z", {"a": 1})
    assert pickle.loads(pickle.dumps(request)) == deepcopy(request) == request
    assert Request("GET", "https://[bad").path == "/"
    answer = Driver().get("")
    assert pickle.loads(pickle.dumps(answer)) == deepcopy(answer) == answer


def test_only_a_region_that_is_known_can_fail() -> None:
    with pytest.raises(UnknownName, match="no region is named 'mars'"):
        Driver().arm.set_region("mars", RegionState.DOWN, 0)


def test_time_does_not_go_back() -> None:
    driver = Driver()
    driver.wait(10)
    driver.get("")
    driver.now_us = 9 * SECOND
    with pytest.raises(AssertionError, match="time cannot go back"):
        driver.get("")


def test_a_subnet_is_made_in_its_network() -> None:
    driver = Driver()
    network = f"{driver.group()}{NETWORKS}/net"
    subnet = f"{network}/subnets/inner"
    assert error(driver.put(subnet, {})) == (404, "ParentResourceNotFound")
    assert error(driver.put(network, EAST | {"properties": {"subnets": 7}})) == (400, "InvalidRequestFormat")
    driver.poll(driver.put(network, EAST | {"properties": {"subnets": [{"name": "outer"}]}}))
    driver.poll(driver.put(subnet, {"properties": {"addressPrefix": "10.0.0.0/24"}}))
    assert "location" not in driver.get(subnet).json()
    assert [known["name"] for known in driver.get(network).json()["properties"]["subnets"]] == ["outer", "inner"]
    assert names(driver, f"{network}/subnets") == ["outer", "inner"]
    assert names(driver, "/resources") == ["net"], "what has no place of its own is not listed"
    driver.poll(driver.delete(network))
    assert driver.get(subnet).status == 404
