"""Cloud services (classic) through Azure Resource Manager."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from parts import Driver, error, subscription

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.config import ArmConfig
from cmgsim.units import SECOND

EAST = {"location": "eastus"}
SERVICES = "/providers/Microsoft.ClassicCompute/domainNames"
USAGES = "/providers/Microsoft.Compute/locations/eastus/usages"


def configuration(**roles: int) -> str:
    inner = "".join(f'<Role name="{name}"><Instances count="{count}"/></Role>' for name, count in roles.items())
    namespace = "http://schemas.microsoft.com/ServiceHosting/2008/10/ServiceConfiguration"
    return f'<?xml version="1.0"?><ServiceConfiguration xmlns="{namespace}">{inner}</ServiceConfiguration>'


def package(count: int = 1, **more: Any) -> dict[str, Any]:
    return {"properties": {"configuration": configuration(Web=count), "deploymentName": "d1", **more}}


def service(driver: Driver, name: str = "contoso") -> str:
    path = f"{driver.group(f'rg-{name}')}{SERVICES}/{name}"
    driver.poll(driver.put(path, EAST))
    return path


def deployed(driver: Driver, count: int = 1) -> str:
    slot = f"{service(driver)}/slots/production"
    driver.poll(driver.put(slot, package(count)))
    return slot


def statuses(driver: Driver, slot: str) -> list[str]:
    found = driver.get(f"{slot}/roles/Web").json()["properties"]["roleInstances"]
    return [instance["instanceStatus"] for instance in found]


def cores(driver: Driver) -> int:
    used: int = driver.get(USAGES).json()["value"][0]["currentValue"]
    return used


@pytest.mark.seed("S-118")
def test_the_name_of_a_cloud_service_is_one_of_a_kind_and_free_when_it_is_gone() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), taken_names=("fabrikam.cloudapp.net",)))
    path = service(driver)
    check = "/providers/Microsoft.ClassicCompute/checkDomainNameAvailability"
    assert driver.get(path).json()["properties"]["hostName"] == "contoso.cloudapp.net"
    assert driver.post(check, {"name": "contoso"}).json()["nameAvailable"] is False
    other = driver.group("other")
    assert error(driver.put(f"{other}{SERVICES}/Contoso", EAST)) == (409, "ConflictError")
    assert error(driver.put(f"{other}{SERVICES}/fabrikam", EAST)) == (409, "ConflictError")
    deleted = driver.delete(path)
    assert error(driver.put(f"{other}{SERVICES}/contoso", EAST)) == (409, "ConflictError"), "not free before it is gone"
    started_us = driver.now_us
    driver.poll(deleted)
    assert 120 * SECOND <= driver.now_us - started_us <= 310 * SECOND
    assert driver.post(check, {"name": "contoso"}).json() == {"nameAvailable": True}
    assert driver.put(f"{other}{SERVICES}/contoso", EAST).status == 201
    assert driver.post(check, {"name": "no_good"}).json()["nameAvailable"] is False
    assert error(driver.put(f"{other}{SERVICES}/no_good", EAST)) == (400, "BadRequest")


def test_names_end_as_their_cloud_has_it() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(environment="usgov"),)))
    path = f"{driver.group('rg', 'usgovvirginia')}{SERVICES}/contoso"
    driver.poll(driver.put(path, {"location": "usgovvirginia"}))
    assert driver.get(path).json()["properties"]["hostName"] == "contoso.usgovcloudapp.net"


def test_a_deployment_grows_up_instance_by_instance() -> None:
    driver = Driver()
    slot = f"{service(driver)}/slots/production"
    begun = driver.put(slot, package(3))
    assert begun.status == 201
    assert begun.json()["properties"]["status"] == "Deploying"
    assert statuses(driver, slot) == ["CreatingVM"] * 3
    seen: dict[str, None] = {}
    started_us = driver.now_us
    while driver.get(slot).json()["properties"]["provisioningState"] == "Deploying":
        seen |= dict.fromkeys(statuses(driver, slot))
        driver.wait(1)
    assert next(iter(seen)) == "CreatingVM"
    assert {"StartingVM", "CreatingRole", "StartingRole", "BusyRole", "ReadyRole"} <= set(seen)
    assert 60 * SECOND <= driver.now_us - started_us <= 181 * SECOND
    assert statuses(driver, slot) == ["ReadyRole"] * 3
    shown = driver.get(slot).json()["properties"]
    assert (shown["status"], shown["uri"]) == ("Running", "http://contoso.cloudapp.net/")
    assert cores(driver) == 6


def test_instances_are_spread_over_domains() -> None:
    driver = Driver()
    slot = deployed(driver, 7)
    found = driver.get(f"{slot}/roles/Web").json()["properties"]["roleInstances"]
    assert [instance["updateDomain"] for instance in found] == [0, 1, 2, 3, 4, 0, 1]
    assert [instance["faultDomain"] for instance in found] == [0, 1, 0, 1, 0, 1, 0]
    assert [instance["instanceName"] for instance in found][-1] == "Web_IN_6"


def test_scaling_leaves_running_instances_alone() -> None:
    driver = Driver()
    slot = deployed(driver, 2)
    begun = driver.put(f"{slot}/roles/Web", {"properties": {"instanceCount": 4}})
    assert begun.status == 200
    assert statuses(driver, slot) == ["ReadyRole", "ReadyRole", "CreatingVM", "CreatingVM"]
    assert driver.get(slot).json()["properties"]["status"] == "RunningTransitioning"
    assert error(driver.put(slot, package(1))) == (409, "AnotherOperationInProgress")
    driver.poll(begun)
    assert (statuses(driver, slot), cores(driver)) == (["ReadyRole"] * 4, 8)
    driver.poll(driver.put(slot, package(1)))
    assert (statuses(driver, slot), cores(driver)) == (["ReadyRole"], 2)
    assert 'count="1"' in driver.get(slot).json()["properties"]["configuration"], "the configuration is written anew"


def test_stopping_and_starting() -> None:
    driver = Driver()
    slot = deployed(driver, 2)
    driver.poll(driver.post(f"{slot}/stop"))
    assert driver.get(slot).json()["properties"]["status"] == "Suspended"
    assert (statuses(driver, slot), cores(driver)) == (["StoppedVM"] * 2, 4), "what is stopped keeps its cores"
    driver.poll(driver.put(slot, package(3)))
    assert statuses(driver, slot) == ["StoppedVM"] * 3
    started_us = driver.now_us
    driver.poll(driver.post(f"{slot}/start"))
    assert 60 * SECOND <= driver.now_us - started_us <= 190 * SECOND
    assert statuses(driver, slot) == ["ReadyRole"] * 3
    driver.post(f"{slot}/start")
    assert statuses(driver, slot) == ["ReadyRole"] * 3, "what runs is not started again"


def test_a_deployment_need_not_be_started() -> None:
    driver = Driver()
    slot = f"{service(driver)}/slots/staging"
    driver.poll(driver.put(slot, package(2, startDeployment=False)))
    assert driver.get(slot).json()["properties"]["status"] == "Suspended"
    assert statuses(driver, slot) == ["StoppedVM"] * 2
    assert error(driver.post(f"{slot}/roles/Web/roleInstances/Web_IN_0/rebuild")) == (409, "ConflictError")


@pytest.mark.parametrize("verb", ["restart", "reimage", "rebuild"])
def test_one_instance_is_renewed_while_the_others_run(verb: str) -> None:
    driver = Driver()
    slot = deployed(driver, 3)
    begun = driver.post(f"{slot}/roles/Web/roleInstances/Web_IN_1/{verb}")
    assert statuses(driver, slot) == ["ReadyRole", "RoleStateUnknown", "ReadyRole"]
    driver.poll(begun)
    assert statuses(driver, slot) == ["ReadyRole"] * 3
    for missing in ("Web_IN_3", "Other_IN_0", "Web"):
        answer = driver.post(f"{slot}/roles/Web/roleInstances/{missing}/{verb}")
        assert error(answer) == (404, "ResourceNotFound")


def test_sixteen_instances_need_more_than_the_default_quota() -> None:
    driver = Driver()
    path = service(driver)
    refused = driver.put(f"{path}/slots/production", package(16))
    assert error(refused) == (409, "OperationNotAllowed")
    message = refused.json()["error"]["message"]
    assert "Deployment Model: Classic" in message
    assert "(Minimum) New Limit Required: 32." in message
    assert driver.get(f"{path}/slots/production").status == 404, "what is refused leaves nothing behind"
    driver.poll(driver.put(f"{path}/slots/production", package(10)))
    assert error(driver.put(f"{path}/slots/production", package(11))) == (409, "OperationNotAllowed")
    assert error(driver.put(f"{path}/slots/staging", package(1))) == (409, "OperationNotAllowed")


def test_a_full_region_refuses_instances_after_a_while() -> None:
    driver = Driver()
    slot = deployed(driver, 2)
    driver.arm.set_region("eastus", RegionState.CAPACITY_OUT, driver.now_us)
    grown = driver.poll(driver.put(slot, package(4))).json()
    assert (grown["status"], grown["error"]["code"]) == ("Failed", "AllocationFailed")
    assert (statuses(driver, slot), cores(driver)) == (["ReadyRole"] * 2, 4)
    assert 'count="2"' in driver.get(slot).json()["properties"]["configuration"], "and is that of before"
    assert driver.poll(driver.put(slot, package(1))).json()["status"] == "Succeeded", "fewer need no room"


def test_a_service_is_deleted_with_all_it_holds() -> None:
    driver = Driver()
    slot = deployed(driver, 2)
    path = slot.removesuffix("/slots/production")
    driver.poll(driver.delete(path))
    assert [driver.get(gone).status for gone in (path, slot, f"{slot}/roles/Web")] == [404, 404, 404]
    assert cores(driver) == 0


def test_a_deployment_is_deleted_by_itself() -> None:
    driver = Driver()
    slot = deployed(driver, 2)
    begun = driver.delete(slot)
    path = slot.removesuffix("/slots/production")
    assert error(driver.delete(path)) == (409, "AnotherOperationInProgress")
    assert driver.poll(begun).json()["status"] == "Succeeded"
    assert cores(driver) == 0
    assert driver.get(path).status == 200
    assert driver.get(f"{path}/slots").json()["value"] == []
    driver.poll(driver.put(slot, package(1)))
    assert statuses(driver, slot) == ["ReadyRole"]


def test_a_group_takes_its_cloud_services_along() -> None:
    driver = Driver()
    deployed(driver, 2)
    driver.poll(driver.delete("/resourceGroups/rg-contoso"))
    assert cores(driver) == 0
    assert driver.get("/resources").json()["value"] == []


def test_a_subscription_holds_so_many_cloud_services() -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(cloud_service_quota=2),)))
    group = driver.group()
    for name in ("one", "two"):
        driver.poll(driver.put(f"{group}{SERVICES}/{name}", EAST))
    assert error(driver.put(f"{group}{SERVICES}/three", EAST)) == (409, "ResourceQuotaExceeded")
    assert driver.put(f"{group}{SERVICES}/two", EAST).status == 200
    driver.poll(driver.delete(f"{group}{SERVICES}/one"))
    assert driver.put(f"{group}{SERVICES}/three", EAST).status == 201


def test_roles_can_be_named_with_their_sizes() -> None:
    driver = Driver()
    slot = f"{service(driver)}/slots/production"
    roles = [{"name": "Web", "size": "Standard_A4_v2", "instanceCount": 2}, {"name": "Back"}]
    driver.poll(driver.put(slot, {"properties": {"roles": roles}}))
    found = {role["name"]: role["properties"] for role in driver.get(f"{slot}/roles").json()["value"]}
    assert {name: (role["roleSize"], role["instanceCount"]) for name, role in found.items()} == {
        "Web": ("Standard_A4_v2", 2),
        "Back": ("Standard_A2_v2", 1),
    }
    assert cores(driver) == 10
    assert error(driver.put(slot, package(1, roles=[{"name": "Other"}]))) == (400, "BadRequest")


BROKEN = [
    {},
    {"configuration": "<a"},
    {"configuration": "<a/>"},
    {"configuration": "not base64!"},
    {"configuration": b64encode(b"<a").decode()},
    {"configuration": "<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"},
    {"configuration": "<!DOCTYPE x><a/>"},
    {"configuration": configuration(Web=0)},
    {"configuration": configuration(Web=1).replace('count="1"', 'count="x"')},
    {"configuration": configuration(Web=1001)},
    {"configuration": configuration(**{"We/b": 1})},
    {"roles": []},
    {"roles": [7]},
    {"roles": [{"name": ""}]},
    {"roles": [{"name": "a/b"}]},
    {"roles": [{"name": "a"}, {"name": "A"}]},
    {"roles": [{"name": "a", "instanceCount": 0}]},
]


@pytest.mark.parametrize("properties", BROKEN)
def test_what_is_no_package_is_refused(properties: dict[str, Any]) -> None:
    driver = Driver()
    path = service(driver)
    assert error(driver.put(f"{path}/slots/production", {"properties": properties})) == (400, "BadRequest")
    assert driver.get(f"{path}/slots").json()["value"] == []


def test_slots_and_roles_are_what_a_deployment_made_them() -> None:
    driver = Driver()
    slot = deployed(driver)
    path = slot.removesuffix("/slots/production")
    assert error(driver.put(f"{path}/slots/third", package())) == (400, "BadRequest")
    assert error(driver.put(f"{path}x/slots/production", package())) == (404, "ParentResourceNotFound")
    assert error(driver.put(f"{slot}/roles/Other", {"properties": {"instanceCount": 2}})) == (404, "ResourceNotFound")
    assert error(driver.put(f"{slot}/roles/Web", {"properties": {}})) == (400, "BadRequest")
    assert error(driver.delete(f"{slot}/roles/Web")) == (405, "UnsupportedHttpVerb")
    assert error(driver.ask("PATCH", slot, {})) == (405, "UnsupportedHttpVerb")
