"""Everything that can be made to fail, as unmodified clients meet it."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.core.pipeline.policies import RetryPolicy
from azure.identity import ClientSecretCredential
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.storage import StorageManagementClient
from both_doors import IN_PROCESS, Door, open_door
from parts import Driver, error, subscription

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.config import ArmConfig, Grant, Principal, Tenant
from cmgsim.arm.denials import REFUSALS
from cmgsim.arm.events import FaultChanged, FaultStruck, RegionChanged
from cmgsim.arm.faults import MOMENTS, POINTS, Fault, Match, Point
from cmgsim.arm.messages import Request
from cmgsim.errors import UnknownName
from cmgsim.units import HOUR, MINUTE, SECOND

Open = Callable[..., Door]
EAST: dict[str, Any] = {"location": "eastus"}
ACCOUNT: dict[str, Any] = EAST | {"kind": "StorageV2", "sku": {"name": "Standard_LRS"}}
NETWORK: dict[str, Any] = EAST | {"properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
MACHINES: dict[str, Any] = EAST | {"sku": {"name": "Standard_A2_v2", "capacity": 2}}
ROOT = ArmConfig(subscriptions=(subscription(),)).subscriptions[0].id
GROUP = f"/subscriptions/{ROOT}/resourceGroups/rg"


def config(*faults: Fault, **more: Any) -> ArmConfig:
    return ArmConfig(subscriptions=(subscription(),), faults=faults, **more)


def groups(door: Door, **more: Any) -> Any:
    return door.client(ResourceManagementClient, **more).resource_groups


def accounts(door: Door, **more: Any) -> Any:
    return door.client(StorageManagementClient, **more).storage_accounts


def make_account(door: Door, name: str = "contoso") -> Any:
    return accounts(door).begin_create("rg", name, ACCOUNT, **door.polling).result()


def scale_sets(door: Door) -> Any:
    return door.client(ComputeManagementClient).virtual_machine_scale_sets


def make_machines(door: Door, document: dict[str, Any] = MACHINES) -> Any:
    return scale_sets(door).begin_create_or_update("rg", "vms", document, **door.polling).result()


def struck(door: Door) -> list[str]:
    return [fact.fault for fact in door.service.cloud.events if isinstance(fact, FaultStruck)]


def patient_for(seconds: float, door: Door) -> None:
    assert door.now_us == seconds * SECOND


# The way there and back


@pytest.mark.parametrize("failure", ["dns", "tls", "connect"])
def test_a_request_that_does_not_arrive_changes_nothing(failure: str) -> None:
    door = open_door(IN_PROCESS, config(Fault("cut", Point.CONNECT, parameters={"failure": failure})))
    with pytest.raises(ServiceRequestError, match=failure):
        groups(door).create_or_update("rg", EAST)
    assert len(struck(door)) == 4, "azure-core tries three times more"
    door.service.remove_fault("cut", door.now_us)
    assert not groups(door).check_existence("rg")


def test_a_lost_answer_is_asked_for_again() -> None:
    fault = Fault("lost", Point.ANSWER_LOST, Match(operation="PUT"), until_us=SECOND // 2)
    door = open_door(IN_PROCESS, config(fault))
    assert groups(door).create_or_update("rg", EAST).name == "rg"
    assert set(struck(door)) == {"lost"}
    changes = [fact for fact in door.service.cloud.events if type(fact).__name__ == "ResourceCreated"]
    assert len(changes) == 1, "the client tried twice, and the second time it was there"


def test_a_lost_answer_is_an_error_to_who_does_not_try_again() -> None:
    door = open_door(IN_PROCESS, config(Fault("lost", Point.ANSWER_LOST, Match(operation="write"))))
    with pytest.raises(ServiceResponseError, match="before the answer"):
        groups(door).create_or_update("rg", EAST, retry_total=0)
    assert groups(door).check_existence("rg")


def test_an_answer_can_be_slow() -> None:
    slow = Fault("slow", Point.SLOW_ANSWER, Match(operation="write"), parameters={"delay_us": 7 * SECOND})
    door = open_door(IN_PROCESS, config(slow))
    groups(door).create_or_update("rg", EAST)
    patient_for(7, door)


# Signing in


SCOPE = "https://management.azure.com/.default"


def stock(door: Door) -> ClientSecretCredential:
    """Return the credential of azure-identity in this process."""
    tenant, principal = door.config.find_principal("owner")
    return ClientSecretCredential(
        tenant.id,
        principal.app_id,
        principal.secret,
        disable_instance_discovery=True,
        transport=door.transport(),
        retry_total=0,
    )


UNABLE = pytest.mark.parametrize(
    ("point", "message"), [(Point.DIRECTORY_DOWN, "90033|503"), (Point.SECRET_EXPIRED, "AADSTS7000222")]
)


@UNABLE
def test_nobody_can_sign_in(point: Point, message: str, open_door: Open) -> None:
    door = open_door(config(Fault("directory", point, until_us=HOUR)))
    with pytest.raises(ClientAuthenticationError, match=message):
        door.credential().get_token(SCOPE)
    with pytest.raises(ClientAuthenticationError, match=message):
        groups(door).create_or_update("rg", EAST)
    assert door.service.sign_in("owner", door.now_us).status in (401, 503)
    door.wait(3_600)
    assert groups(door).create_or_update("rg", EAST).name == "rg"
    assert {"directory"} == set(struck(door)) or door.name != IN_PROCESS


@UNABLE
def test_nobody_can_sign_in_with_azure_identity_in_process(point: Point, message: str) -> None:
    door = open_door(IN_PROCESS, config(Fault("directory", point, until_us=HOUR)))
    with pytest.raises(ClientAuthenticationError, match=message):
        stock(door).get_token(SCOPE)
    door.wait(3_600)
    assert stock(door).get_token(SCOPE).token


def test_a_token_that_somebody_has_stays_good(open_door: Open) -> None:
    door = open_door(config(Fault("directory", Point.DIRECTORY_DOWN, from_us=MINUTE)))
    client = groups(door)
    client.create_or_update("rg", EAST)
    door.wait(60)
    assert client.get("rg").name == "rg"
    with pytest.raises(ClientAuthenticationError):
        groups(door).get("rg")


def test_the_directory_can_be_down_for_one(open_door: Open) -> None:
    people = Tenant(principals=(Principal("owner"), Principal("other")))
    grants = (Grant("owner"), Grant("other"))
    fault = Fault("directory", Point.SECRET_EXPIRED, Match(principal="other"))
    door = open_door(ArmConfig(tenants=(people,), subscriptions=(subscription(grants=grants),), faults=(fault,)))
    assert door.credential("owner").get_token(SCOPE).token
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000222"):
        door.credential("other").get_token(SCOPE)


def test_the_way_to_the_directory_fails_too() -> None:
    door = open_door(IN_PROCESS, config(Fault("slow", Point.SLOW_ANSWER, parameters={"delay_us": 7 * SECOND})))
    token = door.credential().get_token(SCOPE)
    patient_for(7, door)
    assert token.expires_on == int(door.config.start.timestamp()) + 7 + 3_600
    door = open_door(IN_PROCESS, config(Fault("cut", Point.CONNECT, parameters={"failure": "dns"})))
    with pytest.raises(ServiceRequestError, match="dns"):
        door.credential().get_token_info(SCOPE)


def test_clients_with_tokens_for_another_service_are_refused(open_door: Open) -> None:
    door = open_door(config(Fault("graph", Point.WRONG_AUDIENCE)))
    with pytest.raises(ClientAuthenticationError, match="wrong audience or resource 'https://graph.microsoft.com'"):
        groups(door).get("rg")


def test_a_token_for_another_service_is_refused(open_door: Open) -> None:
    door = open_door(config(Fault("graph", Point.WRONG_AUDIENCE)))
    document = door.service.sign_in("owner", door.now_us).json()
    headers = {"Authorization": f"Bearer {document['access_token']}"}
    answer = door.ask("GET", f"/subscriptions/{ROOT}?api-version=2021-04-01", headers=headers)
    assert error(answer) == (401, "InvalidAuthenticationToken")
    assert "graph.microsoft.com" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("skew_us", "code"), [(HOUR, "ExpiredAuthenticationToken"), (-HOUR, "InvalidAuthenticationToken")]
)
def test_clocks_disagree_about_tokens(skew_us: int, code: str) -> None:
    driver = Driver(config(Fault("clock", Point.CLOCK_SKEW, parameters={"skew_us": skew_us})))
    assert error(driver.get("/resourceGroups")) == (401, code)


def test_clocks_may_disagree_a_little() -> None:
    driver = Driver(config(Fault("clock", Point.CLOCK_SKEW, parameters={"skew_us": MINUTE})))
    assert driver.get("/resourceGroups").status == 200


@pytest.mark.parametrize("reason", ["invalid_token", "insufficient_claims"])
def test_a_good_token_is_no_longer_good(reason: str, open_door: Open) -> None:
    fault = Fault("revoked", Point.TOKEN_REJECTED, from_us=MINUTE, parameters={"error": reason})
    door = open_door(config(fault))
    groups(door).create_or_update("rg", EAST)
    door.wait(60)
    with pytest.raises(ClientAuthenticationError) as caught:
        groups(door).get("rg")
    assert f'error="{reason}"' in caught.value.response.headers["WWW-Authenticate"]


# Refusals


REFUSED: list[tuple[Point, dict[str, Any], int, str]] = [
    (Point.ROLES_REVOKED, {}, 403, "AuthorizationFailed"),
    (Point.SUBSCRIPTION_DISABLED, {}, 409, "ReadOnlyDisabledSubscription"),
    (Point.LOCKED, {"level": "ReadOnly"}, 409, "ScopeLocked"),
    (Point.POLICY_DENIED, {"policy": "Only Europe"}, 403, "RequestDisallowedByPolicy"),
    (Point.GROUP_LEAVING, {}, 409, "ResourceGroupBeingDeleted"),
    (Point.SERVER_ERROR, {"status": 500, "code": "InternalServerError"}, 500, "InternalServerError"),
    (Point.ARM_THROTTLED, {}, 429, "SubscriptionRequestsThrottled"),
    (Point.PROVIDER_THROTTLED, {}, 429, "TooManyRequests"),
    (Point.RETIRED, {}, 409, "ResourceTypeRetired"),
    (Point.NAME_RACE, {}, 409, "StorageAccountAlreadyTaken"),
]


@pytest.mark.parametrize(("point", "parameters", "status", "code"), REFUSED, ids=lambda value: str(value))
def test_a_change_is_refused_while_a_fault_is_in_force(
    point: Point, parameters: dict[str, Any], status: int, code: str, open_door: Open
) -> None:
    match = Match(resource=f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contoso")
    door = open_door(config(Fault("refuse", point, match, MINUTE, HOUR, parameters=parameters)))
    groups(door).create_or_update("rg", EAST)
    make_account(door, "before")
    door.wait(60)
    client = accounts(door, retry_policy=RetryPolicy(retry_total=0))
    with pytest.raises(HttpResponseError) as caught:
        client.begin_create("rg", "contoso", ACCOUNT, retry_total=0, **door.polling).result()
    assert (caught.value.status_code, caught.value.error.code) == (status, code)
    make_account(door, "neighbour")
    if point is not Point.NAME_RACE:  # another customer keeps the name
        door.wait(3_600)
        assert make_account(door).name == "contoso"


def test_a_policy_is_named_in_the_refusal(open_door: Open) -> None:
    fault = Fault("policy", Point.POLICY_DENIED, Match(region="westus"), parameters={"policy": "Allowed locations"})
    door = open_door(config(fault))
    groups(door).create_or_update("east", EAST)
    with pytest.raises(HttpResponseError, match="Allowed locations") as caught:
        groups(door).create_or_update("west", {"location": "West US"})
    info = caught.value.error.additional_info[0]
    assert (info.type, info.info["policyDefinitionEffect"]) == ("PolicyViolation", "Deny")


def test_a_client_waits_as_long_as_a_throttle_says(open_door: Open) -> None:
    fault = Fault("busy", Point.ARM_THROTTLED, until_us=25 * SECOND, parameters={"retry_after_s": 10})
    door = open_door(config(fault))
    assert groups(door).create_or_update("rg", EAST).name == "rg"
    patient_for(30, door)


def test_a_lock_on_something_holds_back_the_deletion_of_its_group(open_door: Open) -> None:
    place = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contoso"
    door = open_door(config(Fault("lock", Point.LOCKED, Match(resource=place), from_us=MINUTE)))
    groups(door).create_or_update("rg", EAST)
    make_account(door)
    door.wait(60)
    with pytest.raises(HttpResponseError, match="ScopeLocked"):
        groups(door).begin_delete("rg", **door.polling)
    assert accounts(door).update("rg", "contoso", {"tags": {"a": "b"}}).tags == {"a": "b"}, "CanNotDelete lets write"


@pytest.mark.parametrize("point", [Point.SUBSCRIPTION_DISABLED, Point.GROUP_LEAVING, Point.LOCKED, Point.POLICY_DENIED])
def test_who_only_asks_is_not_refused_what_refuses_changes(point: Point) -> None:
    driver = Driver(config(Fault("changes", point, from_us=SECOND)))
    driver.group()
    driver.wait(1)
    assert driver.get("/resourceGroups/rg").status == 200
    assert driver.delete("/resourceGroups/rg").status == (202 if point is Point.POLICY_DENIED else 409)


def test_only_those_meant_are_concerned() -> None:
    match = Match(
        subscription=ROOT,
        provider="microsoft.storage",
        type="Microsoft.Storage/storageAccounts",
        region="eastus",
        principal="owner",
    )
    driver = Driver(config(Fault("some", Point.SERVER_ERROR, match)))
    driver.group()
    place = "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts"
    assert driver.put(f"{place}/contoso", ACCOUNT).status == 503
    assert driver.put(f"{place}/contoso", ACCOUNT | {"location": "westus"}).status == 202
    assert driver.get(f"{place}/contoso").status == 200, "it is in another region"
    assert driver.get("/resourceGroups/rg/resources").status == 200


@pytest.mark.parametrize("operation", ["PUT", "write", "Microsoft.Storage/storageAccounts/write"])
def test_an_operation_can_be_named_in_three_ways(operation: str) -> None:
    driver = Driver(config(Fault("writes", Point.SERVER_ERROR, Match(operation=operation), from_us=SECOND)))
    driver.group()
    driver.wait(1)
    place = "/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/contoso"
    assert driver.put(place, ACCOUNT).status == 503
    assert error(driver.get(place)) == (404, "ResourceNotFound")


# What takes time


def test_a_question_about_an_operation_fails_and_the_operation_goes_on() -> None:
    fault = Fault("poll", Point.POLL_FAILED, until_us=MINUTE, parameters={"status": 404, "code": "NotFound"})
    door = open_door(IN_PROCESS, config(fault))
    groups(door).create_or_update("rg", EAST)
    with pytest.raises(HttpResponseError, match="NotFound"):
        make_account(door)
    door.wait(60)
    assert accounts(door).get_properties("rg", "contoso").properties.provisioning_state == "Succeeded"


def test_what_was_just_made_is_not_found_for_a_while(open_door: Open) -> None:
    door = open_door(config(Fault("lag", Point.READ_LAG, Match(type="Microsoft.Resources/resourceGroups"))))
    groups(door).create_or_update("rg", EAST)
    with pytest.raises(ResourceNotFoundError):
        groups(door).get("rg")
    door.wait(10)
    assert groups(door).get("rg").name == "rg"


def test_an_operation_is_stuck(open_door: Open) -> None:
    match = Match(type="Microsoft.Network/virtualNetworks")
    door = open_door(config(Fault("stuck", Point.OPERATION_STUCK, match, parameters={"delay_us": 2 * HOUR})))
    groups(door).create_or_update("rg", EAST)
    networks = door.client(NetworkManagementClient).virtual_networks
    poller = networks.begin_create_or_update("rg", "net", NETWORK, **door.polling)
    assert networks.get("rg", "net").properties.provisioning_state == "Updating"
    assert poller.result().name == "net"
    assert 2 * HOUR < door.now_us < 2 * HOUR + MINUTE


def test_a_registration_is_stuck() -> None:
    match = Match(type="Microsoft.Resources/providers", provider="Microsoft.Storage")
    fault = Fault("stuck", Point.OPERATION_STUCK, match, parameters={"delay_us": HOUR})
    driver = Driver(ArmConfig(subscriptions=(subscription(registered=()),), faults=(fault,)))
    for name in ("Storage", "Network"):
        driver.post(f"/providers/Microsoft.{name}/register")

    def state(name: str) -> str:
        return str(driver.get(f"/providers/Microsoft.{name}").json()["registrationState"])

    driver.wait(100)
    assert (state("Storage"), state("Network")) == ("Registering", "Registered")
    driver.wait(3_600)
    assert state("Storage") == "Registered"


def test_an_operation_fails_with_the_code_that_was_asked_for(open_door: Open) -> None:
    parameters = {"code": "VMExtensionProvisioningError", "message": "The DSC extension has failed."}
    match = Match(type="Microsoft.Compute/virtualMachineScaleSets", operation="write")
    door = open_door(config(Fault("dsc", Point.OPERATION_FAILED, match, parameters=parameters)))
    groups(door).create_or_update("rg", EAST)
    with pytest.raises(HttpResponseError, match="The DSC extension has failed") as caught:
        make_machines(door)
    assert caught.value.error.code == "VMExtensionProvisioningError"
    assert scale_sets(door).get("rg", "vms").properties.provisioning_state == "Failed"


def test_a_group_is_not_deleted_while_something_in_it_cannot_be() -> None:
    match = Match(type="Microsoft.Storage/storageAccounts", operation="delete")
    door = open_door(IN_PROCESS, config(Fault("hold", Point.OPERATION_FAILED, match, until_us=MINUTE)))
    groups(door).create_or_update("rg", EAST)
    make_account(door)
    with pytest.raises(HttpResponseError, match="contoso' could not be deleted"):
        groups(door).begin_delete("rg", **door.polling).result()
    assert groups(door).get("rg").properties.provisioning_state == "Succeeded"
    door.wait(60)
    groups(door).begin_delete("rg", **door.polling).result()
    assert not groups(door).check_existence("rg")


@pytest.mark.parametrize(
    "code", ["AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest", "SkuNotAvailable"]
)
def test_there_is_no_room_for_machines(code: str, open_door: Open) -> None:
    door = open_door(config(Fault("full", Point.CAPACITY, Match(region="eastus"), parameters={"code": code})))
    groups(door).create_or_update("rg", EAST)
    with pytest.raises(HttpResponseError) as caught:
        make_machines(door)
    assert caught.value.error.code == code
    make_account(door)


@pytest.mark.parametrize("code", ["OperationNotAllowed", "QuotaExceeded"])
def test_the_quota_is_smaller_than_thought(code: str, open_door: Open) -> None:
    door = open_door(config(Fault("quota", Point.QUOTA, parameters={"cores": 3, "code": code})))
    groups(door).create_or_update("rg", EAST)
    with pytest.raises(HttpResponseError, match="Current Limit: 3") as caught:
        make_machines(door)
    assert caught.value.error.code == code
    sku = {"sku": {"name": "Standard_A2_v2", "capacity": 1}}
    assert make_machines(door, EAST | sku).sku.capacity == 1


def test_cloud_services_find_no_room_either() -> None:
    driver = Driver(config(Fault("full", Point.CAPACITY)))
    driver.group()
    service = "/resourceGroups/rg/providers/Microsoft.ClassicCompute/domainNames/contoso"
    driver.poll(driver.put(service, EAST))
    roles = [{"name": "Web", "size": "Standard_A2_v2", "instanceCount": 1}]
    ended = driver.poll(driver.put(f"{service}/slots/production", {"properties": {"roles": roles}}))
    assert ended.json()["error"]["code"] == "AllocationFailed"


def test_what_is_retired_stays_and_nothing_new_comes() -> None:
    fault = Fault("2024-08-31", Point.RETIRED, Match(provider="Microsoft.ClassicCompute"), from_us=MINUTE)
    driver = Driver(config(fault))
    driver.group()
    place = "/resourceGroups/rg/providers/Microsoft.ClassicCompute/domainNames"
    driver.poll(driver.put(f"{place}/contoso", EAST))
    driver.wait(60)
    assert error(driver.put(f"{place}/fabrikam", EAST)) == (409, "ResourceTypeRetired")
    assert driver.get(f"{place}/contoso").status == 200
    assert (
        b"has been retired"
        in driver.asm(
            "POST",
            "/services/hostedservices",
            '<CreateHostedService xmlns="http://schemas.microsoft.com/windowsazure"><ServiceName>fabrikam</ServiceName>'
            "<Label>Zg==</Label><Location>East US</Location></CreateHostedService>",
        ).body
    )


def test_what_a_deployment_puts_meets_faults_too() -> None:
    driver = Driver(config(Fault("policy", Point.POLICY_DENIED, Match(provider="Microsoft.Storage"))))
    driver.group()
    account = {"type": "Microsoft.Storage/storageAccounts", "apiVersion": "2021-04-01", "name": "contoso", **ACCOUNT}
    place = "/resourceGroups/rg/providers/Microsoft.Resources/deployments/one"
    begun = driver.put(place, {"properties": {"mode": "Incremental", "template": {"resources": [account]}}})
    assert begun.status == 201
    details = driver.get(place).json()["properties"]["error"]["details"]
    assert [detail["code"] for detail in details] == ["RequestDisallowedByPolicy"]


# Regions, machines and the portal


@pytest.mark.parametrize(("state", "reads", "writes"), [("down", 503, 503), ("controlplane_down", 200, 503)])
def test_a_region_is_down_for_its_window(state: str, reads: int, writes: int) -> None:
    fault = Fault("outage", Point.REGION, Match(region="eastus"), MINUTE, 2 * MINUTE, parameters={"state": state})
    driver = Driver(config(fault))
    driver.group()
    driver.wait(60)
    assert driver.get("/resourceGroups/rg").status == reads
    assert driver.put("/resourceGroups/two", EAST).status == writes
    driver.wait(60)
    assert driver.put("/resourceGroups/two", EAST).status == 201
    happened = driver.arm.step(driver.now_us)
    assert [fact.state for fact in happened if isinstance(fact, RegionChanged)] == [state, RegionState.UP.value]


def test_two_outages_of_a_region_end_one_by_one() -> None:
    match, out = Match(region="eastus"), {"state": "capacity_out"}
    driver = Driver(
        config(
            Fault("a", Point.REGION, match, 0, 3 * MINUTE), Fault("b", Point.REGION, match, 1, MINUTE, parameters=out)
        )
    )
    states = []
    for seconds in (30, 90, 180):
        driver.arm.step(seconds * SECOND)
        states.append(driver.arm.cloud.region_state("eastus").value)
    assert states == ["capacity_out", "down", "up"]


def test_a_host_fails_and_its_instance_starts_anew() -> None:
    place = f"{GROUP}/providers/Microsoft.ClassicCompute/domainNames/contoso"
    fault = Fault("host", Point.HOST_REBUILT, Match(resource=place), from_us=HOUR, parameters={"instance": 1})
    driver = Driver(config(fault))
    deploy(driver, instances=2)
    statuses = {}
    for second in range(3_600, 3_660, 5):
        driver.now_us = second * SECOND
        for instance in instances(driver):
            statuses.setdefault(instance["instanceName"], []).append(instance["instanceStatus"])
    assert set(statuses["Web_IN_0"]) == {"ReadyRole"}
    assert statuses["Web_IN_1"][0] == "RoleStateUnknown"
    assert [fact.who.rpartition("roleInstances/")[2] for fact in strikes(driver)] == ["Web_IN_1/rebuild"]


def test_a_busy_machine_is_rebuilt_a_minute_later() -> None:
    place = f"{GROUP}/providers/Microsoft.ClassicCompute/domainNames/contoso"
    fault = Fault("host", Point.HOST_REBUILT, Match(resource=place), from_us=30 * SECOND)
    driver = Driver(config(fault))
    deploy(driver, instances=1)
    driver.now_us = max(driver.now_us, 10 * MINUTE)
    driver.arm.step(driver.now_us)
    assert [fact.who for fact in driver.arm.cloud.events if isinstance(fact, FaultStruck)] == []
    entries = driver.arm.cloud.faults
    assert (entries.next_us, entries.acted) == (None, {"host": 1}), "it was rebuilt when it was ready, and only once"


def test_a_machine_that_is_stopped_is_left_alone() -> None:
    place = f"{GROUP}/providers/Microsoft.ClassicCompute/domainNames/contoso"
    fault = Fault("host", Point.HOST_REBUILT, Match(resource=place), from_us=HOUR)
    driver = Driver(config(fault))
    deploy(driver, instances=1)
    driver.poll(driver.post(f"{place.removeprefix(driver.root)}/slots/production/stop"))
    driver.arm.step(24 * HOUR)
    assert driver.arm.cloud.faults.next_us is None, "nothing is tried again"
    driver.now_us = 24 * HOUR
    assert [one["instanceStatus"] for one in instances(driver)] == ["StoppedVM"]


def test_the_operating_system_is_renewed_one_instance_after_another() -> None:
    place = f"{GROUP}/providers/Microsoft.ClassicCompute/domainNames/contoso"
    fault = Fault("roll", Point.GUEST_OS_ROLLED, Match(resource=place), from_us=HOUR)
    driver = Driver(config(fault))
    deploy(driver, instances=3)
    driver.arm.step(driver.now_us)
    moments = []
    for minute in range(55, 120, 5):
        moments += [
            (minute, fact.who.rpartition("/")[0][-1])
            for fact in driver.arm.step(minute * MINUTE)
            if isinstance(fact, FaultStruck)
        ]
    assert moments == [(60, "0"), (75, "1"), (90, "2")]


def test_scale_sets_are_renewed_by_the_platform() -> None:
    place = f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets/vms"
    faults = [
        Fault(f"host {n}", Point.HOST_REBUILT, Match(resource=place), HOUR * n, parameters={"instance": n})
        for n in (1, 9)
    ]
    door = open_door(IN_PROCESS, config(*faults))
    groups(door).create_or_update("rg", EAST)
    make_machines(door)
    door.wait(10 * 3_600)
    groups(door).get("rg")
    assert struck(door) == ["host 1"], "there is no instance 9"


def test_somebody_changes_things_in_the_portal() -> None:
    place = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/contoso"
    tags = Fault(
        "tags",
        Point.PORTAL_CHANGE,
        Match(resource=GROUP),
        MINUTE,
        parameters={"method": "PATCH", "body": '{"tags": {"by": "hand"}}'},
    )
    gone = Fault("gone", Point.PORTAL_CHANGE, Match(resource=place), HOUR)
    door = open_door(IN_PROCESS, config(tags, gone))
    groups(door).create_or_update("rg", EAST)
    make_account(door)
    door.wait(60)
    assert groups(door).get("rg").tags == {"by": "hand"}
    assert accounts(door).get_properties("rg", "contoso").name == "contoso"
    door.wait(3_600)
    with pytest.raises(ResourceNotFoundError):
        accounts(door).get_properties("rg", "contoso")
    callers = [entry.caller for entry in door.service.cloud.activity if entry.action.endswith("storageAccounts/delete")]
    assert callers == [door.config.find_principal("owner")[1].object_id] * 2, "the activity log knows"


# Windows, chance and the timeline


def test_a_fault_comes_and_goes_by_itself_and_is_in_the_timeline() -> None:
    fault = Fault("window", Point.SERVER_ERROR, from_us=MINUTE, until_us=2 * MINUTE)
    driver = Driver(config(fault))
    assert driver.arm.due() == MINUTE
    for second, status in ((59, 200), (60, 503), (119, 503), (120, 200)):
        driver.now_us = second * SECOND
        assert driver.get("/resourceGroups").status == status
    happened = driver.arm.step(driver.now_us)
    assert [(fact.fault, fact.in_force) for fact in happened if isinstance(fact, FaultChanged)] == [
        ("window", True),
        ("window", False),
    ]
    assert len([fact for fact in happened if isinstance(fact, FaultStruck)]) == 2


def test_faults_are_added_and_removed_while_it_runs(open_door: Open) -> None:
    door = open_door(config())
    groups(door).create_or_update("rg", EAST)
    fault = Fault("outage", Point.SERVER_ERROR)
    door.service.add_fault(fault, door.now_us)
    with pytest.raises(HttpResponseError, match="ServiceUnavailable"):
        groups(door).get("rg", retry_total=0)
    door.service.remove_fault(fault, door.now_us)
    assert groups(door).get("rg").name == "rg"
    door.service.remove_fault("outage", door.now_us)
    door.service.add_fault(fault, door.now_us)
    with pytest.raises(ValueError, match="is there already"):
        door.service.add_fault(fault, door.now_us)
    with pytest.raises(UnknownName, match="outrage"):
        door.service.remove_fault("outrage", door.now_us)


def test_chance_is_keyed_by_who_asks() -> None:
    def refused(*others: str) -> list[int]:
        driver = Driver(config(Fault("flaky", Point.SERVER_ERROR, probability_ppm=300_000)))
        found = []
        for number in range(200):
            driver.now_us = number * SECOND
            for other in others:
                driver.get(f"/resourceGroups/{other}")
            if driver.get("/resourceGroups/rg").status == 503:
                found.append(number)
        return found

    alone = refused()
    assert 40 <= len(alone) <= 80
    assert refused("one", "two") == alone, "what others ask changes nothing"


def test_a_copy_meets_the_same_faults() -> None:
    driver = Driver(config(Fault("flaky", Point.SERVER_ERROR, probability_ppm=500_000)))
    for _ in range(10):
        driver.get("/resourceGroups")
    copy = deepcopy(driver)
    asked = [[one.get("/resourceGroups").status for _ in range(20)] for one in (driver, copy)]
    assert asked[0] == asked[1]
    assert {200, 503} == set(asked[0])


def test_an_outage_may_not_come_true() -> None:
    faults = [
        Fault(f"{number}", Point.REGION, Match(region="eastus"), number, number + 1, 250_000)
        for number in range(1, 400)
    ]
    driver = Driver(config(*faults))
    happened = driver.arm.step(SECOND)
    outages = [fact for fact in happened if isinstance(fact, FaultChanged) and fact.in_force]
    assert 60 <= len(outages) <= 140
    assert driver.arm.cloud.region_state("eastus") is RegionState.UP


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"until_us": 5, "from_us": 5}, "window ends"),
        ({"probability_ppm": 2_000_000}, "probability"),
        ({"parameters": {"status": "503"}}, "write it like 503"),
        ({"parameters": {"statues": 503}}, "statues"),
        ({"point": Point.REGION, "parameters": {"state": "gone"}}, "use one of up"),
    ],
)
def test_an_impossible_fault_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, UnknownName), match=message):
        Fault(**({"name": "x", "point": Point.SERVER_ERROR} | changes))


def test_a_fault_is_about_what_is_there() -> None:
    driver = Driver()
    with pytest.raises(UnknownName, match="eastsu"):
        driver.arm.add_fault(Fault("x", Point.REGION, Match(region="eastsu")), 0)
    with pytest.raises(UnknownName, match="nobody"):
        driver.arm.add_fault(Fault("x", Point.PORTAL_CHANGE, parameters={"principal": "nobody"}), 0)


def test_every_point_is_described_and_every_refusal_is_a_point() -> None:
    assert set(POINTS) == set(Point)
    assert set(REFUSALS) | set(MOMENTS) < set(Point)


def test_the_page_about_faults_names_every_point_and_parameter() -> None:
    page = (Path(__file__).parents[3] / "docs/how-to/inject-azure-faults.md").read_text("utf-8")
    for point, (meaning, parameters) in POINTS.items():
        given = ", ".join(f"`{name}`: {value!r}" for name, value in parameters.items())
        assert f"| `{point.value}` | {meaning} | {given} |" in page


def test_without_faults_nothing_of_them_is_seen() -> None:
    plain, armed = Driver(), Driver(config(Fault("later", Point.SERVER_ERROR, from_us=HOUR)))
    for driver in (plain, armed):
        driver.group()
    assert plain.get("/resourceGroups").body == armed.get("/resourceGroups").body


# Small stories


def deploy(driver: Driver, instances: int) -> None:
    driver.group()
    service = "/resourceGroups/rg/providers/Microsoft.ClassicCompute/domainNames/contoso"
    driver.poll(driver.put(service, EAST))
    roles = [{"name": "Web", "size": "Standard_A2_v2", "instanceCount": instances}]
    driver.poll(driver.put(f"{service}/slots/production", {"properties": {"roles": roles}}))
    driver.now_us = max(driver.now_us, 0)


def instances(driver: Driver) -> list[dict[str, Any]]:
    role = "/resourceGroups/rg/providers/Microsoft.ClassicCompute/domainNames/contoso/slots/production/roles/Web"
    found: list[dict[str, Any]] = driver.get(role).json()["properties"]["roleInstances"]
    return found


def strikes(driver: Driver) -> list[FaultStruck]:
    return [fact for fact in driver.arm.cloud.events if isinstance(fact, FaultStruck)]


def test_a_request_can_be_sent_by_hand_and_fail_as_a_504() -> None:
    driver = Driver(config(Fault("cut", Point.CONNECT)))
    answer = driver.arm.handle(Request("GET", "/tenants?api-version=2021-04-01"), 0)
    assert (answer.status, answer.failure) == (504, "connect")
    assert error(answer) == (504, "GatewayTimeout")
