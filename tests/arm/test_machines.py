"""Scale sets, networks and vaults: what takes cores, what takes names, and how their operations are followed."""

from __future__ import annotations

from typing import Any

import pytest
from parts import Driver, error, subscription

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.config import ArmConfig
from cmgsim.arm.lifecycle import FAILED, SUCCEEDED, Lifecycle, Row
from cmgsim.units import DAY, SECOND

EAST = {"location": "eastus"}
SCALE_SETS = "/providers/Microsoft.Compute/virtualMachineScaleSets"
NETWORK = "/providers/Microsoft.Network"
VAULTS = "/providers/Microsoft.KeyVault/vaults"
USAGES = "/providers/Microsoft.Compute/locations/eastus/usages"


def machines(count: int, size: str = "Standard_A2_v2", region: str = "eastus") -> dict[str, Any]:
    return {"location": region, "sku": {"name": size, "capacity": count}}


def cores(driver: Driver) -> tuple[int, int]:
    usage = driver.get(USAGES).json()["value"][0]
    return usage["currentValue"], usage["limit"]


def test_a_scale_set_is_made_followed_scaled_and_deleted() -> None:
    driver = Driver()
    path = f"{driver.group()}{SCALE_SETS}/web"
    begun = driver.put(path, machines(2))
    assert begun.status == 201
    assert begun.json()["properties"]["provisioningState"] == "Creating"
    assert "/providers/Microsoft.Compute/locations/eastus/operations/" in begun.header("Azure-AsyncOperation")
    assert begun.header("Location") == ""
    started_us = driver.now_us
    ended = driver.poll(begun).json()
    assert (ended["status"], "error" in ended) == ("Succeeded", False)
    assert 180 * SECOND <= driver.now_us - started_us <= 430 * SECOND
    shown = driver.get(path).json()["properties"]
    assert shown["provisioningState"] == "Succeeded"
    assert cores(driver) == (4, 20)
    scaled = driver.ask("PATCH", path, {"sku": {"capacity": 5}})
    assert (scaled.status, scaled.json()["sku"]) == (200, {"name": "Standard_A2_v2", "capacity": 5})
    assert cores(driver) == (10, 20), "cores are reserved when they are asked for"
    assert error(driver.ask("PATCH", path, {"sku": {"capacity": 1}})) == (409, "AnotherOperationInProgress")
    driver.poll(scaled)
    assert driver.get(path).json()["properties"]["uniqueId"] == shown["uniqueId"], "a change keeps the identity"
    smaller = driver.put(path, machines(1))
    assert cores(driver) == (10, 20), "cores are free when the machines are gone"
    driver.poll(smaller)
    assert cores(driver) == (2, 20)
    deleted = driver.delete(path)
    assert (deleted.status, driver.get(path).json()["properties"]["provisioningState"]) == (202, "Deleting")
    assert driver.poll(deleted).json()["status"] == "Succeeded"
    assert cores(driver) == (0, 20)


def test_the_result_of_an_operation_can_be_asked_for_instead_of_its_status() -> None:
    driver = Driver()
    path = f"{driver.group()}{SCALE_SETS}/web"
    driver.poll(driver.put(path, machines(1)))
    begun = driver.post(f"{path}/restart")
    assert begun.status == 202
    link = begun.header("Location")
    assert driver.get(link).status == 202
    driver.wait(90)
    assert driver.get(link).json() == driver.get(path).json()
    assert error(driver.post(f"{path}x/restart")) == (404, "ResourceNotFound")


def test_the_machines_of_a_scale_set_are_listed() -> None:
    driver = Driver()
    path = f"{driver.group()}{SCALE_SETS}/web"
    driver.poll(driver.put(path, machines(3, "Standard_B2s")))
    found = driver.get(f"{path}/virtualMachines").json()["value"]
    assert [machine["instanceId"] for machine in found] == ["0", "1", "2"]
    assert {machine["sku"]["name"] for machine in found} == {"Standard_B2s"}
    assert error(driver.get(f"{path}x/virtualMachines")) == (404, "ResourceNotFound")


@pytest.mark.parametrize(("size", "fit"), [("Standard_A2_v2", 10), ("Standard_A4_v2", 5), ("Standard_B2s", 10)])
def test_machines_take_cores_by_their_size(size: str, fit: int) -> None:
    driver = Driver()
    group = driver.group()
    refused = driver.put(f"{group}{SCALE_SETS}/web", machines(fit + 1, size))
    assert error(refused) == (409, "OperationNotAllowed")
    extra = (fit + 1) * 20 // fit
    assert f"Current Limit: 20, Current Usage: 0, Additional Required: {extra}," in refused.json()["error"]["message"]
    assert driver.get("/resources").json()["value"] == [], "what is refused leaves nothing behind"
    driver.poll(driver.put(f"{group}{SCALE_SETS}/web", machines(fit, size)))
    assert error(driver.put(f"{group}{SCALE_SETS}/one", machines(1, size))) == (409, "OperationNotAllowed")
    assert driver.put(f"{group}{SCALE_SETS}/west", machines(1, size, "westus")).status == 201


def test_a_quota_can_be_larger_in_one_region() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(core_quota=(("eastus", 40),), core_quota_default=4),)))
    group = driver.group()
    assert driver.put(f"{group}{SCALE_SETS}/east", machines(20)).status == 201
    assert error(driver.put(f"{group}{SCALE_SETS}/west", machines(3, region="westus"))) == (409, "OperationNotAllowed")


@pytest.mark.parametrize(
    "sku",
    [None, {}, {"name": "Standard_Z9"}, {"name": 7}, {"name": "Standard_B2s", "capacity": "2"}, {"capacity": 1}]
    + [{"name": "Standard_B2s", "capacity": count} for count in (-1, 1001, True, 1.5)],
)
def test_a_scale_set_needs_a_size_and_a_number(sku: object) -> None:
    driver = Driver()
    answer = driver.put(f"{driver.group()}{SCALE_SETS}/web", EAST | {"sku": sku})
    assert error(answer) == (400, "InvalidParameter")


def test_a_full_region_refuses_machines_after_a_while() -> None:
    driver = Driver()
    group = driver.group()
    driver.poll(driver.put(f"{group}{SCALE_SETS}/old", machines(2)))
    driver.arm.set_region("eastus", RegionState.CAPACITY_OUT, driver.now_us)
    begun = driver.put(f"{group}{SCALE_SETS}/web", machines(2))
    assert begun.status == 201
    ended = driver.poll(begun).json()
    assert (ended["status"], ended["error"]["code"]) == ("Failed", "AllocationFailed")
    assert driver.get(f"{group}{SCALE_SETS}/web").json()["properties"]["provisioningState"] == "Failed"
    assert cores(driver) == (4, 20), "machines that could not be had take no cores"
    grown = driver.poll(driver.ask("PATCH", f"{group}{SCALE_SETS}/old", {"sku": {"capacity": 3}})).json()
    assert grown["error"]["code"] == "AllocationFailed"
    assert cores(driver) == (4, 20)
    assert driver.poll(driver.ask("PATCH", f"{group}{SCALE_SETS}/old", {"sku": {"capacity": 1}})).json()["status"] == (
        "Succeeded"
    ), "fewer machines need no room"
    assert driver.put(f"{group}{NETWORK}/virtualNetworks/net", EAST).status == 201


def test_a_lifecycle_of_the_configuration_replaces_the_common_one() -> None:
    rows = (Row("Creating", SECOND, SECOND, FAILED, 1), Row("Creating", SECOND, SECOND, SUCCEEDED, 1))
    table = Lifecycle("virtualMachineScaleSets.create", "Creating", rows, "VMExtensionProvisioningError", "It broke.")
    driver = Driver(ArmConfig(subscriptions=(subscription(core_quota_default=99),), lifecycles=(table,)))
    group = driver.group()
    ended = [
        driver.poll(driver.put(f"{group}{SCALE_SETS}/web{number}", machines(1))).json()["status"]
        for number in range(16)
    ]
    assert set(ended) == {"Succeeded", "Failed"}
    failed = ended.index("Failed")
    status = driver.put(f"{group}{SCALE_SETS}/web{failed}", machines(1))
    assert status.status == 200, "what failed can be written again"


@pytest.mark.parametrize("kind", ["publicIPAddresses", "virtualNetworks", "networkSecurityGroups", "loadBalancers"])
def test_network_resources_take_seconds_and_say_when_they_are_busy(kind: str) -> None:
    driver = Driver()
    path = f"{driver.group()}{NETWORK}/{kind}/net"
    begun = driver.put(path, EAST)
    assert (begun.status, begun.json()["properties"]["provisioningState"]) == (201, "Updating")
    busy = driver.put(path, EAST)
    assert error(busy) == (429, "RetryableErrorDueToAnotherOperation")
    assert busy.header("Retry-After") == "10"
    driver.poll(begun)
    assert driver.now_us <= 10 * SECOND
    shown = driver.get(path)
    assert shown.json()["etag"] == shown.header("ETag") != begun.header("ETag")
    assert driver.poll(driver.delete(path)).json()["status"] == "Succeeded"
    assert driver.get(path).status == 404


def test_a_stale_version_is_not_written_over() -> None:
    driver = Driver()
    path = f"{driver.group()}{NETWORK}/virtualNetworks/net"
    driver.poll(driver.put(path, EAST))
    etag = driver.get(path).header("ETag")
    driver.poll(driver.put(path, EAST, headers={"If-Match": etag}))
    for stale in ({"If-Match": etag}, {"If-None-Match": "*"}):
        assert error(driver.put(path, EAST, headers=stale)) == (412, "PreconditionFailed")
    assert error(driver.delete(path, headers={"If-Match": etag})) == (412, "PreconditionFailed")
    assert driver.delete(path, headers={"If-Match": "*"}).status == 202


def test_a_public_address_has_a_label_of_its_own_in_its_region() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), taken_names=("gone.eastus.cloudapp.azure.com",)))
    addresses = f"{driver.group()}{NETWORK}/publicIPAddresses"
    question = f"{NETWORK}/locations/eastus/CheckDnsNameAvailability?domainNameLabel="

    def labelled(label: str, region: str = "eastus") -> dict[str, Any]:
        return {"location": region, "properties": {"dnsSettings": {"domainNameLabel": label}}}

    assert driver.get(f"{question}contoso").json() == {"available": True}
    begun = driver.put(f"{addresses}/one", labelled("contoso"))
    assert "ipAddress" not in begun.json()["properties"]
    driver.poll(begun)
    properties = driver.get(f"{addresses}/one").json()["properties"]
    assert properties["dnsSettings"]["fqdn"] == "contoso.eastus.cloudapp.azure.com"
    assert properties["ipAddress"].startswith("198.1")
    assert driver.get(f"{question}contoso").json() == {"available": False}
    assert error(driver.put(f"{addresses}/two", labelled("contoso"))) == (409, "DnsRecordInUse")
    assert error(driver.put(f"{addresses}/two", labelled("gone"))) == (409, "DnsRecordInUse")
    assert error(driver.put(f"{addresses}/two", labelled("9bad"))) == (400, "InvalidDomainNameLabel")
    assert error(driver.get(f"{question}a")) == (400, "InvalidDomainNameLabel")
    assert driver.put(f"{addresses}/west", labelled("contoso", "westus")).status == 201
    driver.poll(driver.put(f"{addresses}/one", labelled("fabrikam")))
    assert driver.get(f"{question}contoso").json() == {"available": True}, "a new label lets the old one go"


def test_a_vault_says_in_its_body_when_it_is_there() -> None:
    driver = Driver()
    path = f"{driver.group()}{VAULTS}/contoso"
    begun = driver.put(path, EAST | {"properties": {"sku": {"family": "A", "name": "standard"}}})
    assert begun.status == 200
    assert begun.json()["properties"]["provisioningState"] == "RegisteringDns"
    assert begun.header("Azure-AsyncOperation") == begun.header("Location") == ""
    assert driver.get(path).header("Retry-After") == "5"
    driver.wait(40)
    ready = driver.get(path)
    assert ready.json()["properties"]["provisioningState"] == "Succeeded"
    assert ready.json()["properties"]["vaultUri"] == "https://contoso.vault.azure.net/"
    assert ready.header("Retry-After") == ""
    assert driver.delete(path).status == 200
    assert driver.put(path, EAST).status == 200, "without soft-delete the name is free at once"


@pytest.mark.parametrize(
    ("default_days", "properties", "held_days"),
    [
        (90, {}, 90),
        (0, {"enableSoftDelete": True}, 90),
        (90, {"softDeleteRetentionInDays": 7}, 7),
        (90, {"enableSoftDelete": False}, 0),
    ],
)
def test_a_deleted_vault_keeps_its_name(default_days: int, properties: dict[str, Any], held_days: int) -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), vault_soft_delete_days=default_days))
    path = f"{driver.group()}{VAULTS}/contoso"
    driver.put(path, EAST | {"properties": properties})
    driver.wait(40)
    driver.delete(path)
    question = "/providers/Microsoft.KeyVault/checkNameAvailability"
    if held_days:
        assert error(driver.put(path, EAST)) == (409, "ConflictError")
        assert driver.post(question, {"name": "contoso"}).json()["reason"] == "AlreadyExists"
        driver.wait(held_days * DAY / SECOND - 1)
        assert error(driver.put(path, EAST)) == (409, "ConflictError")
        driver.wait(1)
    assert driver.post(question, {"name": "contoso"}).json() == {"nameAvailable": True}
    assert driver.put(path, EAST).status == 200


def test_a_deleted_vault_can_be_given_up_for_good() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), vault_soft_delete_days=90))
    path = f"{driver.group()}{VAULTS}/contoso"
    purge = "/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/contoso/purge"
    assert error(driver.post(purge)) == (404, "DeletedVaultNotFound")
    driver.put(path, EAST)
    driver.wait(40)
    driver.delete(path)
    assert driver.post(purge).status == 200
    assert driver.put(path, EAST).status == 200


def test_vault_names_follow_rules_and_are_one_of_a_kind() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), taken_names=("taken.vault.azure.net",)))
    group = driver.group()
    for bad in ("ab", "9abc", "abc-", "a--b", "a" * 25):
        assert error(driver.put(f"{group}{VAULTS}/{bad}", EAST)) == (400, "VaultNameNotValid")
        answer = driver.post("/providers/Microsoft.KeyVault/checkNameAvailability", {"name": bad}).json()
        assert answer["reason"] == "AccountNameInvalid"
    assert error(driver.put(f"{group}{VAULTS}/taken", EAST)) == (409, "VaultAlreadyExists")
    bad_days = driver.put(f"{group}{VAULTS}/contoso", EAST | {"properties": {"softDeleteRetentionInDays": 6}})
    assert error(bad_days) == (400, "BadRequest")
