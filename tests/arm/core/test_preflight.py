"""What is found out about a deployment before any of it is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient
from both_doors import Door
from parts import Driver, error, subscription

from cmgsim.arm.config import ArmConfig, Grant, Principal, Role, Tenant
from cmgsim.arm.faults import Fault, Match, Point

EAST: dict[str, Any] = {"location": "eastus"}
STORAGE, NETWORK = "Microsoft.Storage/storageAccounts", "Microsoft.Network/virtualNetworks"
SETS, VAULTS = "Microsoft.Compute/virtualMachineScaleSets", "Microsoft.KeyVault/vaults"
PATH = "/resourceGroups/rg/providers/Microsoft.Resources/deployments/main"
LATE = "[reference('net', '2021-04-01', 'full').location]"


def resource(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "apiVersion": "2021-04-01", **EAST, **more}


def machines(name: str, count: int, size: str = "Standard_A2_v2", **more: Any) -> dict[str, Any]:
    return resource(SETS, name, sku={"name": size, "capacity": count}, **more)


def body(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"mode": "Incremental", "template": {"resources": list(resources)}}}


def opened(**facts: Any) -> Driver:
    driver = Driver(ArmConfig(subscriptions=(subscription(**facts),)))
    driver.group()
    return driver


def refusal(driver: Driver, *resources: dict[str, Any]) -> dict[str, Any]:
    """Return why a deployment is refused, which is said alike by all who are asked, and leaves nothing behind."""
    answers = [driver.put(PATH, body(*resources))]
    answers += [driver.post(f"{PATH}/{word}", body(*resources)) for word in ("validate", "whatIf")]
    problems: list[dict[str, Any]] = [answer.json()["error"] for answer in answers]
    assert answers[0].status == answers[1].status >= 400
    assert (answers[2].status, answers[2].json()["status"]) == (200, "Failed"), "it has been found out"
    assert len({problem["code"] for problem in problems}) == 1
    assert [problem.get("details") for problem in problems[1:]] == [problems[0].get("details")] * 2
    assert driver.ask("HEAD", PATH).status == 404
    assert driver.get("/resources").json()["value"] == []
    return problems[0]


def test_what_providers_say_beforehand_stands_inside() -> None:
    driver = opened()
    found = refusal(driver, resource(NETWORK, "net"), machines("web", 8), machines("more", 3))
    assert found["code"] == "InvalidTemplateDeployment"
    assert found["message"].startswith("The template deployment 'main' is not valid according to the validation")
    (detail,) = found["details"]
    assert detail["code"] == "QuotaExceeded"
    assert "Current Limit: 20, Current Usage: 0, Additional Required: 22" in detail["message"], "both sets together"


def test_quotas_count_what_a_deployment_adds() -> None:
    driver = opened()
    driver.poll(driver.put(PATH, body(machines("web", 8))))
    assert driver.put(PATH, body(machines("web", 10))).status == 201
    driver.wait(1_000)
    assert error(driver.put(PATH, body(machines("web", 11)))) == (400, "InvalidTemplateDeployment")


def test_storage_says_it_one_level_deeper() -> None:
    driver = opened()
    found = refusal(driver, resource(STORAGE, "NOT_GOOD"), resource(STORAGE, "toolong" * 5))
    (detail,) = found["details"]
    assert detail["code"] == "PreflightValidationCheckFailed"
    assert [(inner["code"], inner["target"]) for inner in detail["details"]] == [
        ("AccountNameInvalid", "NOT_GOOD"),
        ("AccountNameInvalid", "toolong" * 5),
    ]


TAKEN = ("contoso.blob.core.windows.net", "contoso.vault.azure.net", "contoso.eastus.cloudapp.azure.com")


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        (resource(VAULTS, "contoso", properties={}), "VaultAlreadyExists"),
        (
            resource(
                "Microsoft.Network/publicIPAddresses",
                "ip",
                properties={"dnsSettings": {"domainNameLabel": "contoso"}},
            ),
            "DnsRecordInUse",
        ),
        (machines("web", 1, "Standard_None"), "InvalidParameter"),
        (resource(NETWORK, "net", properties={"subnets": 7}), "InvalidRequestFormat"),
        (resource(NETWORK, "-net"), "InvalidResourceName"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_names_sizes_and_bodies_are_looked_at(wanted: dict[str, Any], code: str) -> None:
    driver = Driver(ArmConfig(subscriptions=(subscription(),), taken_names=TAKEN))
    driver.group()
    found = refusal(driver, wanted)
    assert [(detail["code"], detail["target"]) for detail in found["details"]] == [(code, wanted["name"])]


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        (resource(STORAGE, "contoso"), 409, "MissingSubscriptionRegistration"),
        (resource(NETWORK, "net", location="moon"), 400, "LocationNotAvailableForResourceType"),
        (resource(NETWORK, "net", location=""), 400, "LocationRequired"),
        (resource(NETWORK, "net", apiVersion="2014-01-01"), 400, "NoRegisteredProviderFound"),
        (resource("Microsoft.None/things", "x"), 404, "InvalidResourceNamespace"),
        (resource("Microsoft.Network/none", "x"), 404, "InvalidResourceType"),
        (resource("Microsoft.Network/bastionHosts", "x"), 501, "NotModelled"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_arm_knows_itself_it_says_itself(wanted: dict[str, Any], status: int, code: str) -> None:
    driver = opened(registered=("Microsoft.Network",))
    assert refusal(driver, wanted)["code"] == code
    assert driver.put(PATH, body(wanted)).status == status
    several = refusal(driver, wanted, resource(NETWORK, "other", location="moon"))
    assert several["code"] == "MultipleErrorsOccurred"
    assert [detail["code"] for detail in several["details"]] == [code, "LocationNotAvailableForResourceType"]


def test_what_is_there_stays_where_it_is() -> None:
    driver = opened()
    driver.poll(driver.put(PATH, body(resource(NETWORK, "net"))))
    moved = driver.put(PATH, body(resource(NETWORK, "net", location="westus")))
    assert error(moved) == (409, "InvalidResourceLocation")


def test_roles_are_looked_at_first() -> None:
    people = Tenant(principals=(Principal("owner"), Principal("deployer")))
    group = f"/subscriptions/{subscription().id}/resourceGroups/rg"
    own = group + PATH.removeprefix("/resourceGroups/rg")
    grants = (Grant("owner"), Grant("deployer", Role.CONTRIBUTOR, own))
    driver = Driver(ArmConfig(tenants=(people,), subscriptions=(subscription(grants=grants),)))
    driver.group()
    both = driver.put(PATH, body(resource(NETWORK, "net"), resource(STORAGE, "NOT_GOOD")), who="deployer")
    assert error(both) == (400, "InvalidTemplateDeployment")
    message = both.json()["error"]["message"]
    assert message.startswith("Deployment failed with multiple errors: 'Authorization failed for template resource")
    assert f"perform action '{NETWORK}/write' at scope '{group}/providers/{NETWORK}/net'.:Authorization" in message
    one = driver.put(PATH, body(resource(NETWORK, "net")), who="deployer")
    assert one.json()["error"]["message"].startswith("The template deployment failed with error: 'Authorization failed")
    assert driver.put(PATH, body(), who="deployer").status == 201


def test_what_depends_on_what_is_made_is_not_found_out_beforehand() -> None:
    driver = opened()
    begun = driver.put(PATH, body(resource(NETWORK, "net"), resource(STORAGE, "NOT_GOOD", location=LATE)))
    assert begun.status == 201
    assert driver.poll(begun).json()["error"]["details"][0]["code"] == "AccountNameInvalid"


def test_a_child_waits_for_its_parent() -> None:
    driver = opened()
    net = resource(NETWORK, "net", properties={"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}})
    wrong = resource(f"{NETWORK}/subnets", "net/one", dependsOn=["net"], properties={"addressPrefix": "10.9.0.0/24"})
    ended = driver.poll(driver.put(PATH, body(net, wrong))).json()
    assert [detail["code"] for detail in ended["error"]["details"]] == ["NetcfgInvalidSubnet"]


def test_a_template_inside_of_a_template_is_looked_at_when_its_turn_comes() -> None:
    driver = opened()
    inner = {"template": {"resources": [machines("web", 11)]}, "mode": "Incremental"}
    nested = resource("Microsoft.Resources/deployments", "inner", properties=inner)
    del nested["location"]
    ended = driver.poll(driver.put(PATH, body(nested))).json()
    (detail,) = ended["error"]["details"]
    assert (detail["code"], detail["details"][0]["code"]) == ("InvalidTemplateDeployment", "QuotaExceeded")


def test_a_fault_strikes_when_the_turn_of_a_resource_comes(open_door: Callable[..., Door]) -> None:
    quota = Fault("quota", Point.QUOTA, Match(type=SETS))
    door = open_door(ArmConfig(subscriptions=(subscription(),), faults=(quota,)))
    door.client(ResourceManagementClient).resource_groups.create_or_update("rg", EAST)
    deployments = door.client(DeploymentsMgmtClient).deployments
    with pytest.raises(HttpResponseError, match="DeploymentFailed") as caught:
        deployments.begin_create_or_update("rg", "main", body(machines("web", 1)), **door.polling).result()
    assert [detail.code for detail in caught.value.error.details] == ["OperationNotAllowed"]


def test_the_sdk_reads_what_was_found(door: Door) -> None:
    door.client(ResourceManagementClient).resource_groups.create_or_update("rg", EAST)
    deployments = door.client(DeploymentsMgmtClient).deployments
    wanted = body(resource(STORAGE, "NOT_GOOD"))
    for begin in (deployments.begin_validate, deployments.begin_create_or_update):
        with pytest.raises(HttpResponseError, match="InvalidTemplateDeployment") as caught:
            begin("rg", "main", wanted, **door.polling).result()
        found = caught.value.error.details[0].details[0]
        assert (found.code, found.target) == ("AccountNameInvalid", "NOT_GOOD")
    what_if = deployments.begin_what_if("rg", "main", wanted, **door.polling).result()
    assert (what_if.status, what_if.error.details[0].details[0].code) == ("Failed", "AccountNameInvalid")
