"""What every answer of Azure Resource Manager keeps to, line by line."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from both_doors import IN_PROCESS, Door, open_door
from parts import API, Driver, error, subscription

from cmgsim.arm.clouds import REGIONS
from cmgsim.arm.config import ArmConfig, Subscription, Tenant, ThrottleMode
from cmgsim.arm.messages import Request
from cmgsim.arm.store import GROUP_TYPE, Resource

EAST: dict[str, Any] = {"location": "eastus"}
ACCOUNTS = "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts"
SETS = "/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets"
NETWORKS = "/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks"


# The request


@pytest.mark.parametrize(
    ("version", "status", "code", "words"),
    [
        ("", 400, "MissingApiVersionParameter", "is required for all requests"),
        ("api-version=", 400, "MissingApiVersionParameter", "is required for all requests"),
        ("api-version=latest", 400, "InvalidApiVersionParameter", "The supported versions are '"),
        ("api-version=2021-4-1", 400, "InvalidApiVersionParameter", "The supported versions are '"),
        ("api-version=2009-01-01", 400, "NoRegisteredProviderFound", "The supported locations are '"),
    ],
)
def test_the_version_of_the_interface_must_fit(version: str, status: int, code: str, words: str) -> None:
    driver = Driver()
    driver.group()
    token = driver.arm.token("owner", 0)
    answer = driver.arm.handle(Request.of("GET", f"{driver.root}{ACCOUNTS}/x?{version}", token=token), 0)
    assert error(answer) == (status, code)
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize("version", ["2019-06-01", "2026-09-01", "2030-01-01-preview"])
def test_any_newer_version_will_do(version: str) -> None:
    driver = Driver()
    driver.group()
    assert driver.get(f"{ACCOUNTS}?api-version={version}").status == 200


@pytest.mark.parametrize(
    "path",
    ["//resourceGroups/RG", "/RESOURCEGROUPS/rg/", "/resourcegroups//rg", "/resourceGroups/%72g", "/resourceGroups/rg"],
)
def test_paths_are_read_with_tolerance_and_names_keep_their_casing(path: str) -> None:
    driver = Driver()
    driver.put("/resourceGroups/Rg", EAST)
    shown = driver.get(path).json()
    assert (shown["name"], shown["id"]) == ("Rg", f"{driver.root}/resourceGroups/Rg")


# The answer


def test_answers_carry_what_azure_puts_on_them() -> None:
    driver = Driver()
    answer = driver.get("", headers={"x-ms-client-request-id": "mine", "x-ms-return-client-request-id": "true"})
    assert answer.header("x-ms-client-request-id") == "mine"
    assert answer.header("x-ms-correlation-request-id") == answer.header("x-ms-request-id")
    assert answer.header("x-ms-routing-request-id") == f"EASTUS:20190729T000000Z:{answer.header('x-ms-request-id')}"
    assert answer.header("Cache-Control") == answer.header("Pragma") == "no-cache"
    assert answer.header("Expires") == "-1"
    assert answer.header("Date") == "Mon, 29 Jul 2019 00:00:00 GMT"
    assert "max-age" in answer.header("Strict-Transport-Security")
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert driver.get("", headers={"x-ms-correlation-request-id": "tie"}).header("x-ms-correlation-request-id") == "tie"
    assert driver.get("").header("x-ms-request-id") != answer.header("x-ms-request-id")


def test_an_error_says_whether_it_is_the_gateways() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(registered=()),)))
    assert driver.get("/resourceGroups/none").header("x-ms-failure-cause") == "gateway"
    driver.group()
    refused = driver.put(f"{ACCOUNTS}/contoso", EAST)
    assert error(refused) == (409, "MissingSubscriptionRegistration")
    assert refused.header("x-ms-failure-cause") == "gateway"
    registered = Driver()
    registered.group()
    wrong = registered.put(f"{ACCOUNTS}/NOT_GOOD", EAST)
    assert error(wrong) == (400, "AccountNameInvalid")
    assert wrong.header("x-ms-failure-cause") == ""
    assert registered.get("/resourceGroups/rg").header("x-ms-failure-cause") == ""


def test_what_has_no_content_has_no_body() -> None:
    driver = Driver()
    driver.group()
    for method, path, status in (
        ("HEAD", "/resourceGroups/rg", 204),
        ("HEAD", "/resourceGroups/none", 404),
        ("DELETE", f"{ACCOUNTS}/x", 204),
    ):
        answer = driver.ask(method, path)
        assert (answer.status, answer.body, answer.header("Content-Type")) == (status, b"", "")


# Saying it twice


def test_a_conflict_is_said_again_to_the_same_request_and_not_to_a_new_one() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(registered=()),)))
    driver.group()
    one, other = {"x-ms-client-request-id": "one"}, {"x-ms-client-request-id": "other"}
    first = driver.put(f"{ACCOUNTS}/contoso", EAST, headers=one)
    assert error(first) == (409, "MissingSubscriptionRegistration")
    driver.post("/providers/Microsoft.Storage/register")
    driver.wait(100)
    copy = deepcopy(driver)
    for each in (driver, copy):
        assert each.put(f"{ACCOUNTS}/contoso", EAST, headers=one).body == first.body
        assert each.put(f"{ACCOUNTS}/fabrikam", EAST, headers=one).status == 202, "another address is another request"
        assert each.put(f"{ACCOUNTS}/contoso", EAST, headers=other).status == 202


def test_only_the_newest_conflicts_are_remembered() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(registered=()),), throttle=ThrottleMode.OFF))
    driver.group()
    for number in range(1_001):
        driver.put(f"{ACCOUNTS}/contoso", EAST, headers={"x-ms-client-request-id": str(number)})
    assert len(driver.arm.cloud.conflicts) == 1_000


def test_a_put_can_be_repeated() -> None:
    driver = Driver()
    assert [driver.put("/resourceGroups/rg", EAST).status for _ in range(3)] == [201, 200, 200]
    driver.poll(driver.put(f"{ACCOUNTS}/contoso", EAST))
    before = driver.get(f"{ACCOUNTS}/contoso").json()
    assert driver.put(f"{ACCOUNTS}/contoso", EAST).json() == before
    assert [driver.delete(f"{ACCOUNTS}/contoso").status for _ in range(3)] == [200, 204, 204]


# Conditions


def test_a_condition_is_about_the_present_version() -> None:
    driver = Driver()
    driver.group()
    driver.poll(driver.put(f"{NETWORKS}/net", EAST, headers={"If-None-Match": "*"}))
    first = driver.get(f"{NETWORKS}/net").header("ETag")
    assert first == driver.get(f"{NETWORKS}/net").json()["etag"]
    assert error(driver.put(f"{NETWORKS}/net", EAST, headers={"If-None-Match": "*"})) == (412, "PreconditionFailed")
    driver.poll(driver.put(f"{NETWORKS}/net", EAST, headers={"If-Match": first}))
    assert driver.get(f"{NETWORKS}/net").header("ETag") != first
    assert error(driver.put(f"{NETWORKS}/net", EAST, headers={"If-Match": first})) == (412, "PreconditionFailed")
    assert error(driver.delete(f"{NETWORKS}/net", headers={"If-Match": first})) == (412, "PreconditionFailed")
    assert driver.delete(f"{NETWORKS}/net", headers={"If-Match": "*"}).status == 202


# Limits on requests


@pytest.mark.parametrize(
    ("mode", "most"), [(ThrottleMode.HOURLY_2019, (12_000, 1_200, 15_000)), (ThrottleMode.BUCKET_2024, (250, 200, 200))]
)
def test_reads_writes_and_deletes_are_counted_apart(mode: ThrottleMode, most: tuple[int, int, int]) -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), throttle=mode))
    left = []
    for method, word in (("GET", "reads"), ("PUT", "writes"), ("DELETE", "deletes")):
        answer = driver.ask(method, "/resourceGroups/rg", EAST if method == "PUT" else None)
        left.append(int(answer.header(f"x-ms-ratelimit-remaining-subscription-{word}")))
    assert left == [count - 1 for count in most]
    assert driver.ask("GET", "https://management.azure.com/tenants").header("x-ms-ratelimit-remaining-tenant-reads")


def test_lists_of_storage_accounts_have_a_limit_of_their_own() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), throttle=ThrottleMode.HOURLY_2019))
    driver.group()
    driver.poll(driver.put(f"{ACCOUNTS}/contoso", EAST))
    driver.wait(300)
    assert [driver.get(ACCOUNTS).status for _ in range(101)].count(200) == 100
    assert {driver.get(f"{ACCOUNTS}/contoso").status for _ in range(100)} == {200}


def test_compute_says_how_many_reads_are_left() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), throttle=ThrottleMode.HOURLY_2019))
    driver.group()
    driver.put(f"{SETS}/vms", EAST | {"sku": {"name": "Standard_A2_v2", "capacity": 1}})
    shown = driver.get(f"{SETS}/vms").header("x-ms-ratelimit-remaining-resource")
    assert shown == "Microsoft.Compute/GetVMScaleSet3Min;199,Microsoft.Compute/GetVMScaleSet30Min;1299"
    assert [driver.get(f"{SETS}/vms").status for _ in range(200)].count(200) == 199
    refused = driver.get(f"{SETS}/vms")
    assert (error(refused), refused.header("Retry-After")) == ((429, "TooManyRequests"), "180")


def test_a_real_client_waits_until_compute_answers_again() -> None:
    config = ArmConfig(subscriptions=(subscription(),), throttle=ThrottleMode.HOURLY_2019)
    door: Door = open_door(IN_PROCESS, config)
    door.client(ResourceManagementClient).resource_groups.create_or_update("rg", EAST)
    sets = door.client(ComputeManagementClient).virtual_machine_scale_sets
    sets.begin_create_or_update("rg", "vms", EAST | {"sku": {"name": "Standard_A2_v2", "capacity": 1}})
    start_us = door.now_us
    for _ in range(201):
        assert sets.get("rg", "vms").name == "vms"
    assert door.now_us - start_us >= 180_000_000


# Limits on things


def test_a_group_holds_so_many_of_a_type_and_a_subscription_so_many_groups() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), throttle=ThrottleMode.OFF))
    driver.group()
    for number in range(800):
        place = f"{driver.root}{ACCOUNTS}/account{number}"
        driver.arm.cloud.create(Resource(place, "Microsoft.Storage/storageAccounts", "eastus"))
    assert error(driver.put(f"{ACCOUNTS}/contoso", EAST)) == (409, "ResourceQuotaExceeded")
    driver.delete(f"{ACCOUNTS}/account7")
    assert driver.put(f"{ACCOUNTS}/contoso", EAST).status == 202
    assert driver.put(f"{NETWORKS}/net", EAST).status == 201, "another type"
    for number in range(979):
        driver.arm.cloud.create(Resource(f"{driver.root}/resourceGroups/g{number}", GROUP_TYPE, "eastus"))
    assert error(driver.put("/resourceGroups/more", EAST)) == (409, "ResourceGroupQuotaExceeded")
    assert driver.put("/resourceGroups/rg", EAST).status == 200


def test_usages_add_up_and_each_region_has_its_own() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(core_quota=(("westus", 4),)),)))
    driver.group()
    machines = {"sku": {"name": "Standard_A2_v2", "capacity": 2}}
    driver.put(f"{SETS}/east", EAST | machines)
    driver.put(f"{SETS}/west", {"location": "westus"} | machines)
    for region, expected in (("eastus", (4, 20)), ("westus", (4, 4)), ("northeurope", (0, 20))):
        shown = driver.get(f"/providers/Microsoft.Compute/locations/{region}/usages").json()["value"]
        cores = next(usage for usage in shown if usage["name"]["value"] == "cores")
        assert (cores["currentValue"], cores["limit"]) == expected
    more = driver.put(f"{SETS}/more", {"location": "westus"} | machines)
    assert error(more) == (409, "OperationNotAllowed")
    assert (
        "Current Limit: 4, Current Usage: 4, Additional Required: 4, (Minimum) New Limit Required: 8"
        in (more.json()["error"]["message"])
    )


# Other customers, other clouds


def test_two_subscriptions_and_the_world_compete_for_names() -> None:
    one, two = subscription(name="one"), subscription(name="two")
    taken = ("wingtip.blob.core.windows.net",)
    driver = Driver(ArmConfig(subscriptions=(one, two), taken_names=taken))
    for each in (one, two):
        driver.put(f"/subscriptions/{each.id}/resourceGroups/rg", EAST)
    driver.poll(driver.put(f"/subscriptions/{one.id}{ACCOUNTS}/contoso", EAST))
    for name in ("contoso", "wingtip"):
        refused = driver.put(f"/subscriptions/{two.id}{ACCOUNTS}/{name}", EAST)
        assert error(refused) == (409, "StorageAccountAlreadyTaken")
    driver.delete(f"/subscriptions/{one.id}{ACCOUNTS}/contoso")
    assert driver.put(f"/subscriptions/{two.id}{ACCOUNTS}/contoso", EAST).status == 202


def test_the_government_cloud_has_its_own_regions_and_audience() -> None:
    government = Subscription("gov", environment="usgov", registered=("Microsoft.Storage",))
    door = open_door(IN_PROCESS, ArmConfig(subscriptions=(government,)))
    groups = door.client(ResourceManagementClient).resource_groups
    with pytest.raises(HttpResponseError, match="usgovvirginia"):
        groups.create_or_update("rg", EAST)
    assert groups.create_or_update("rg", {"location": "USGov Virginia"}).location == "usgovvirginia"
    tenant = Tenant()
    body = f"grant_type=client_credentials&client_id={tenant.principals[0].app_id}&client_secret="
    body += f"{tenant.principals[0].secret}&scope=https://management.core.usgovcloudapi.net/.default"
    login = f"https://login.microsoftonline.us/{tenant.id}/oauth2/v2.0/token"
    token = door.service.handle(Request("POST", login, {}, body.encode()), 0).json()["access_token"]
    url = f"https://management.usgovcloudapi.net/subscriptions/{government.id}?api-version={API}"
    assert door.service.handle(Request.of("GET", url, token=token), 0).status == 200


def test_regions_are_named_as_people_and_as_keys() -> None:
    driver = Driver()
    shown = driver.get("/locations").json()["value"]
    pairs = {(place["name"], place["displayName"]) for place in shown}
    assert pairs == {(region.name, region.title) for region in REGIONS if region.environment == "public"}
    for number, (name, title) in enumerate(sorted(pairs)[:5]):
        assert driver.put(f"/resourceGroups/g{number}", {"location": title}).json()["location"] == name
