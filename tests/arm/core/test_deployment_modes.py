"""Templates that loop, deployments that clear away, and what they say they would do."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient
from both_doors import Door
from parts import Driver, error

EAST: dict[str, Any] = {"location": "eastus"}
STORAGE, NETWORK = "Microsoft.Storage/storageAccounts", "Microsoft.Network/virtualNetworks"
PATH = "/resourceGroups/rg/providers/Microsoft.Resources/deployments/main"


def resource(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "name": name, "apiVersion": "2021-04-01", **EAST, **more}


def body(*resources: dict[str, Any], mode: str = "Incremental", **parts: Any) -> dict[str, Any]:
    settings = parts.pop("settings", {})
    return {"properties": {"mode": mode, "template": {"resources": list(resources), **parts}, **settings}}


def deployed(driver: Driver, document: dict[str, Any]) -> dict[str, Any]:
    begun = driver.put(PATH, document)
    assert begun.status == 201, begun.body
    driver.wait(2_000)
    shown: dict[str, Any] = driver.get(PATH).json()["properties"]
    return shown


def outputs(driver: Driver, value: Any, **parts: Any) -> Any:
    shown = deployed(driver, body(outputs={"o": {"type": "array", **value}}, **parts))
    assert shown["provisioningState"] == "Succeeded", shown
    return shown["outputs"]["o"]["value"]


@pytest.fixture
def driver() -> Driver:
    made = Driver()
    made.group()
    return made


def names(driver: Driver) -> list[str]:
    return sorted(found["name"] for found in driver.get("/resourceGroups/rg/resources").json()["value"])


# The mode Complete


def test_a_complete_deployment_deletes_what_its_template_does_not_name(door: Door) -> None:
    groups = door.client(ResourceManagementClient).resource_groups
    groups.create_or_update("rg", EAST)
    deployments = door.client(DeploymentsMgmtClient).deployments
    first = body(resource(NETWORK, "net"), resource(STORAGE, "contoso"))
    deployments.begin_create_or_update("rg", "first", first, **door.polling).result()
    second = body(resource(NETWORK, "net"), resource(NETWORK, "more"), mode="Complete")
    made = deployments.begin_create_or_update("rg", "second", second, **door.polling).result()
    assert made.properties.mode == "Complete"
    assert [found.id.rpartition("/")[2] for found in made.properties.output_resources] == ["net", "more"]
    left = door.client(ResourceManagementClient).resources.list_by_resource_group("rg")
    assert sorted(found.name for found in left) == ["more", "net"]
    steps = door.client(DeploymentsMgmtClient).deployment_operations.list("rg", "second")
    done = {step.properties.target_resource.resource_name: step.properties.provisioning_operation for step in steps}
    assert done == {"net": "Create", "more": "Create", "contoso": "Delete"}


def test_nothing_is_deleted_when_something_could_not_be_made(driver: Driver) -> None:
    deployed(driver, body(resource(NETWORK, "net")))
    late = {"location": "[reference('net', '2021-04-01', 'full').location]"}
    shown = deployed(driver, body(resource(NETWORK, "net"), resource(STORAGE, "NOT_GOOD", **late), mode="complete"))
    assert shown["provisioningState"] == "Failed"
    assert names(driver) == ["net"]


def test_what_is_locked_is_not_deleted_and_fails_the_deployment(driver: Driver) -> None:
    deployed(driver, body(resource(NETWORK, "net"), resource(STORAGE, "contoso")))
    place = f"/resourceGroups/rg/providers/{STORAGE}/contoso/providers/Microsoft.Authorization/locks/keep"
    driver.put(place, {"properties": {"level": "CanNotDelete"}})
    shown = deployed(driver, body(mode="Complete"))
    assert [detail["code"] for detail in shown["error"]["details"]] == ["ScopeLocked"]
    assert names(driver) == ["contoso"], "the other is gone"


def test_the_mode_complete_is_for_groups(driver: Driver) -> None:
    place = "/providers/Microsoft.Resources/deployments/wide"
    assert error(driver.put(place, {"location": "eastus"} | body(mode="Complete"))) == (400, "InvalidDeployment")


@pytest.mark.parametrize("name", ["templateLink", "parametersLink", "onErrorDeployment"])
def test_what_is_not_modelled_is_said(driver: Driver, name: str) -> None:
    answer = driver.put(PATH, body(settings={name: {"uri": "https://x/y.json"}}))
    assert error(answer) == (501, "NotModelled")
    assert name in answer.json()["error"]["message"]


# What a deployment would do


def test_a_deployment_says_property_by_property_what_it_would_do(door: Door) -> None:
    door.client(ResourceManagementClient).resource_groups.create_or_update("rg", EAST)
    deployments = door.client(DeploymentsMgmtClient).deployments
    old = {"tags": {"a": "1", "b": "1"}, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    first = body(resource(NETWORK, "net", **old), resource(NETWORK, "same", **old), resource(STORAGE, "contoso"))
    deployments.begin_create_or_update("rg", "first", first, **door.polling).result()
    new = {"tags": {"a": "2", "c": "1"}, "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}}
    wanted = body(resource(NETWORK, "net", **new), resource(NETWORK, "same", **old), resource(NETWORK, "fresh"))
    found = deployments.begin_what_if("rg", "next", wanted, **door.polling).result().properties.changes
    kinds = {change.resource_id.rpartition("/")[2]: change.change_type for change in found}
    assert kinds == {"net": "Modify", "same": "NoChange", "fresh": "Create", "contoso": "Ignore"}
    delta = {change.path: change.property_change_type for change in found[0].delta}
    assert delta == {
        "tags.a": "Modify",
        "tags.b": "Delete",
        "tags.c": "Create",
        "properties.addressSpace.addressPrefixes": "Modify",
    }
    assert found[2].after["name"] == "fresh"
    assert found[3].before["name"] == "contoso"
    assert not door.client(ResourceManagementClient).resources.check_existence_by_id(
        found[2].resource_id, api_version="2021-04-01"
    )


def test_a_complete_deployment_says_what_it_would_delete(driver: Driver) -> None:
    deployed(driver, body(resource(STORAGE, "contoso")))
    settings = {"whatIfSettings": {"resultFormat": "ResourceIdOnly"}}
    wanted = body(resource(NETWORK, "net"), mode="Complete", settings=settings)
    found = driver.post(f"{PATH}/whatIf", wanted).json()["properties"]["changes"]
    assert [change["changeType"] for change in found] == ["Deploy", "Delete"]
    assert all(set(change) == {"resourceId", "changeType"} for change in found)


def test_what_is_not_known_yet_stays_as_written(driver: Driver) -> None:
    tags = {"key": "[reference('contoso').primaryEndpoints.blob]"}
    wanted = body(resource(NETWORK, "net", tags=tags), resource(STORAGE, "contoso"))
    found = driver.post(f"{PATH}/whatIf", wanted).json()["properties"]["changes"]
    assert found[0]["after"]["tags"] == tags


# Loops


def test_properties_variables_and_outputs_loop(driver: Driver) -> None:
    prefixes = {
        "copy": [
            {"name": "addressPrefixes", "count": 3, "input": "[concat('10.', copyIndex('addressPrefixes'), '.0.0/16')]"}
        ]
    }
    variables = {"copy": [{"name": "names", "count": 2, "input": "[concat('n', copyIndex('names', 1))]"}], "other": 7}
    shown = deployed(
        driver,
        body(
            resource(NETWORK, "net", properties={"addressSpace": prefixes}),
            variables=variables,
            outputs={
                "names": {"type": "array", "value": "[variables('NAMES')]"},
                "squares": {"type": "array", "copy": {"count": 3, "input": "[mul(copyIndex(), copyIndex())]"}},
            },
        ),
    )
    made = driver.get(f"/resourceGroups/rg/providers/{NETWORK}/net").json()
    assert made["properties"]["addressSpace"]["addressPrefixes"] == ["10.0.0.0/16", "10.1.0.0/16", "10.2.0.0/16"]
    assert shown["outputs"]["names"]["value"] == ["n1", "n2"]
    assert shown["outputs"]["squares"]["value"] == [0, 1, 4]


def test_a_serial_loop_makes_one_batch_after_another(driver: Driver) -> None:
    copy = {"name": "nets", "count": 5, "mode": "Serial", "batchSize": 2}
    driver.put(PATH, body(resource(NETWORK, "[concat('net', copyIndex())]", copy=copy)))
    seen = [len(names(driver))]
    for _ in range(60):
        driver.wait(1)
        seen.append(len(names(driver)))
    assert sorted(set(seen)) == [2, 4, 5]
    assert driver.get(PATH).json()["properties"]["provisioningState"] == "Succeeded"


@pytest.mark.parametrize(
    "document",
    [
        body(
            resource(
                NETWORK, "[concat('n', copyIndex())]", copy={"name": "x", "count": 2, "mode": "serial", "batchSize": -1}
            )
        ),
        body(
            variables={"copy": [{"name": "v", "count": 801, "input": 1}]}, outputs={"o": {"value": "[variables('v')]"}}
        ),
    ],
)
def test_an_impossible_loop_is_refused(driver: Driver, document: dict[str, Any]) -> None:
    answer = driver.put(PATH, document)
    if answer.status == 400:
        assert error(answer) == (400, "InvalidTemplate")
    else:
        assert "needs a count of 0 to 800" in str(driver.get(PATH).json()["properties"]["error"])


def test_loops_in_loops_do_not_keep_one_busy_for_ever(driver: Driver) -> None:
    inner = {"copy": [{"name": "b", "count": 800, "input": "x"}]}
    variables = {"copy": [{"name": "a", "count": 800, "input": inner}]}
    shown = deployed(driver, body(variables=variables, outputs={"o": {"type": "array", "value": "[variables('a')]"}}))
    assert "makes too much of too little" in shown["error"]["details"][0]["message"]


def test_a_reference_inside_of_a_loop_is_looked_up_when_its_turn_comes(driver: Driver) -> None:
    loop = {
        "name": "ends",
        "count": 1,
        "input": "[reference(concat('contoso', copyIndex('ends'))).primaryEndpoints.blob]",
    }
    written = resource(NETWORK, "net", properties={"copy": [loop]}, dependsOn=["contoso0"])
    shown = deployed(driver, body(resource(STORAGE, "contoso0"), written))
    assert shown["provisioningState"] == "Succeeded", shown
    made = driver.get(f"/resourceGroups/rg/providers/{NETWORK}/net").json()["properties"]
    assert made["ends"] == ["https://contoso0.blob.core.windows.net/"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[intersection(createArray(1, 2, 3), createArray(3, 2))]", [2, 3]),
        ("[intersection(createObject('a', 1, 'b', 2), createObject('a', 1, 'b', 3))]", {"a": 1}),
        ("[flatten(createArray(createArray(1, 2), createArray(3)))]", [1, 2, 3]),
        ("[items(createObject('b', 2, 'a', 1))]", [{"key": "a", "value": 1}, {"key": "b", "value": 2}]),
        ("[objectKeys(createObject('b', 2, 'a', 1))]", ["a", "b"]),
        ("[lastIndexOf('abcABC', 'B')]", 4),
        ("[uri('https://x.net/a/', 'b.json')]", "https://x.net/a/b.json"),
        ("[uriComponent('a b/c')]", "a%20b%2Fc"),
        ("[uriComponentToString('a%20b')]", "a b"),
        ("[base64ToJson(base64('{\"a\": 1}')).a]", 1),
        ("[dataUri('Hello')]", "data:text/plain;charset=utf8;base64,SGVsbG8="),
        ("[dateTimeAdd('2019-07-29T00:00:00Z', 'P1DT2H')]", "2019-07-30T02:00:00Z"),
        ("[dateTimeAdd('2019-07-29T00:00:00Z', '-PT30M')]", "2019-07-28T23:30:00Z"),
        ("[tenantResourceId('A.B/c', 'x')]", "/providers/A.B/c/x"),
        ("[extensionResourceId('/r', 'A.B/c/d', 'x', 'y')]", "/r/providers/A.B/c/x/d/y"),
    ],
)
def test_functions(driver: Driver, expression: str, value: Any) -> None:
    assert outputs(driver, {"value": expression}) == value


def test_what_no_function_can_take_is_refused_with_its_name(driver: Driver) -> None:
    shown = deployed(driver, body(outputs={"o": {"type": "string", "value": "[dateTimeAdd('2019-07-29', 'soon')]"}}))
    assert "dateTimeAdd" in shown["error"]["details"][0]["message"]


def test_a_real_client_is_told_what_is_wrong_with_a_template(door: Door) -> None:
    door.client(ResourceManagementClient).resource_groups.create_or_update("rg", EAST)
    deployments = door.client(DeploymentsMgmtClient).deployments
    with pytest.raises(HttpResponseError, match="the parameter|InvalidTemplate"):
        deployments.begin_create_or_update("rg", "x", body(resource(NETWORK, "[parameters('none')]")), **door.polling)
