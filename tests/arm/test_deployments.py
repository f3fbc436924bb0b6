"""Templates deployed into a group: order, partial failure, functions, and what is no template."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from parts import API, Driver, error, subscription

from cmgsim.arm import jsonc
from cmgsim.arm.config import ArmConfig, Grant, Principal, Role, Tenant
from cmgsim.arm.messages import Request
from cmgsim.units import SECOND

DEPLOYMENT = "/providers/Microsoft.Resources/deployments/main"
PATH = f"/resourceGroups/rg{DEPLOYMENT}"
STORAGE = "Microsoft.Storage/storageAccounts"
NETWORK = "Microsoft.Network/virtualNetworks"
SCALE_SET = "Microsoft.Compute/virtualMachineScaleSets"


def resource(kind: str, name: str, *depends: str, **more: Any) -> dict[str, Any]:
    written = {"type": kind, "apiVersion": API, "name": name, "location": "[resourceGroup().location]"}
    return written | ({"dependsOn": list(depends)} if depends else {}) | more


def template(*resources: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"$schema": "s", "contentVersion": "1.0.0.0", "resources": list(resources), **parts}


def body(written: object, **parameters: object) -> dict[str, Any]:
    given = {name: {"value": value} for name, value in parameters.items()}
    return {"properties": {"mode": "Incremental", "template": written, "parameters": given}}


def driver_with_group() -> Driver:
    driver = Driver()
    driver.group()
    return driver


def deploy(driver: Driver, written: object, **parameters: object) -> dict[str, Any]:
    """Deploy a template to its end; return the deployment's properties."""
    begun = driver.put(PATH, body(written, **parameters))
    assert begun.status == 201, begun.body
    ended = driver.get(begun.header("Azure-AsyncOperation"))
    while ended.json()["status"] == "InProgress":
        driver.wait(5)
        ended = driver.get(begun.header("Azure-AsyncOperation"))
    properties: dict[str, Any] = driver.get(PATH).json()["properties"]
    assert properties["provisioningState"] == ended.json()["status"]
    return properties


def states(driver: Driver) -> dict[str, str]:
    found = driver.get(f"{PATH}/operations").json()["value"]
    steps = (step["properties"] for step in found)
    return {step["targetResource"]["resourceName"]: step["provisioningState"] for step in steps}


def worked_out(expression: str, **parts: Any) -> Any:
    driver = driver_with_group()
    properties = deploy(driver, template(outputs={"o": {"type": "string", "value": expression}}, **parts))
    assert properties["provisioningState"] == "Succeeded", properties
    return properties["outputs"]["o"]["value"]


def test_resources_are_made_in_the_order_they_need() -> None:
    driver = driver_with_group()
    written = template(
        resource(SCALE_SET, "web", NETWORK + "/net", sku={"name": "Standard_A2_v2", "capacity": 2}),
        resource(NETWORK, "net"),
        resource(STORAGE, "contoso"),
        outputs={"blob": {"type": "string", "value": "[reference('contoso').primaryEndpoints.blob]"}},
    )
    begun = driver.put(PATH, body(written))
    assert begun.json()["properties"]["provisioningState"] == "Running"
    assert states(driver) == {"net": "Running", "contoso": "Running"}
    assert error(driver.put(PATH, body(written))) == (409, "DeploymentActiveAndUneditable")
    assert error(driver.delete(PATH)) == (409, "DeploymentActiveAndUneditable")
    driver.wait(6)
    assert states(driver) == {"web": "Running", "net": "Succeeded", "contoso": "Running"}
    ended = driver.poll(begun)
    assert ended.json()["status"] == "Succeeded"
    assert 183 * SECOND <= driver.now_us <= 440 * SECOND
    shown = driver.get(PATH).json()["properties"]
    assert shown["outputs"]["blob"]["value"] == "https://contoso.blob.core.windows.net/"
    assert [made["id"].rpartition("/")[2] for made in shown["outputResources"]] == ["web", "net", "contoso"]
    assert shown["dependencies"][0]["id"].endswith("/web")
    assert [known["name"] for known in driver.get("/resourceGroups/rg" + DEPLOYMENT[:-5]).json()["value"]] == ["main"]
    assert driver.ask("HEAD", PATH).status == 204
    assert driver.post(f"{PATH}/exportTemplate").json()["template"] == written
    assert driver.get("/resourceGroups/rg/deployments/main/operations").json()["value"]
    assert driver.delete(PATH).status == driver.delete(PATH).status == 204
    assert driver.ask("HEAD", PATH).status == 404
    assert error(driver.get(PATH)) == (404, "DeploymentNotFound")


def test_what_is_referred_to_is_waited_for() -> None:
    driver = driver_with_group()
    keys = "[listKeys(resourceId('Microsoft.Storage/storageAccounts', 'contoso'), '2019-06-01').keys[0].value]"
    written = template(resource("Microsoft.KeyVault/vaults", "vault", tags={"key": keys}), resource(STORAGE, "contoso"))
    driver.put(PATH, body(written))
    assert states(driver) == {"contoso": "Running"}
    driver.wait(90)
    assert states(driver) == {"vault": "Succeeded", "contoso": "Succeeded"}
    account = f"/resourceGroups/rg/providers/{STORAGE}/contoso"
    first = driver.post(f"{account}/listKeys").json()["keys"][0]["value"]
    assert driver.get("/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/vault").json()["tags"] == {"key": first}


def test_what_fails_leaves_what_was_made() -> None:
    driver = driver_with_group()
    network = "[reference('net', '2021-04-01', 'full').location]"
    written = template(
        resource(NETWORK, "net"),
        resource(SCALE_SET, "web", location=network, sku={"name": "Standard_A2_v2", "capacity": 16}),
        resource(STORAGE, "contoso", f"[resourceId('{SCALE_SET}', 'web')]"),
    )
    followed = driver.poll(driver.put(PATH, body(written))).json()
    properties = driver.get(PATH).json()["properties"]
    assert properties["provisioningState"] == "Failed"
    assert properties["error"]["code"] == "DeploymentFailed"
    assert [detail["code"] for detail in properties["error"]["details"]] == ["OperationNotAllowed"]
    assert followed["error"] == properties["error"], "whoever follows the operation is told as much"
    assert states(driver) == {"net": "Succeeded", "web": "Failed"}
    assert [found["name"] for found in driver.get("/resources").json()["value"]] == ["net"]
    again = deploy(driver, template(resource(NETWORK, "net")))
    assert again["provisioningState"] == "Succeeded", "what is there is written again"


def test_a_deployment_can_be_cancelled() -> None:
    driver = driver_with_group()
    begun = driver.put(PATH, body(template(resource(NETWORK, "net"), resource(STORAGE, "contoso", "net"))))
    assert driver.post(f"{PATH}/cancel").status == 204
    assert driver.get(begun.header("Azure-AsyncOperation")).json()["status"] == "Canceled"
    driver.wait(60)
    assert [found["name"] for found in driver.get("/resources").json()["value"]] == ["net"]
    assert error(driver.post(f"{PATH}/cancel")) == (409, "DeploymentCannotBeCancelled")


def test_a_group_takes_its_deployments_along() -> None:
    driver = driver_with_group()
    driver.put(PATH, body(template(resource(NETWORK, "net"), resource(STORAGE, "contoso", "net"))))
    driver.poll(driver.delete("/resourceGroups/rg"))
    driver.group()
    assert driver.get("/resourceGroups/rg" + DEPLOYMENT[:-5]).json()["value"] == []
    assert driver.get("/resources").json()["value"] == []


def test_a_template_can_be_judged_without_being_deployed() -> None:
    driver = driver_with_group()
    written = body(template(resource(NETWORK, "net"), resource(STORAGE, "contoso")))
    assert driver.post(f"{PATH}/validate", written).json()["properties"]["provisioningState"] == "Succeeded"
    driver.poll(driver.put(f"/resourceGroups/rg/providers/{NETWORK}/net", {"location": "eastus"}))
    changes = driver.post(f"{PATH}/whatIf", written).json()["properties"]["changes"]
    assert [change["changeType"] for change in changes] == ["NoChange", "Create"]
    assert [found["name"] for found in driver.get("/resources").json()["value"]] == ["net"]
    assert error(driver.post(f"{PATH}/validate", body(7))) == (400, "InvalidTemplate")


def test_whoever_deploys_needs_the_roles_and_providers_himself() -> None:
    people = Tenant(principals=(Principal("owner"), Principal("reader")))
    grants = (Grant("owner"), Grant("reader", Role.READER))
    bare = subscription(grants=grants, registered=("Microsoft.Network",))
    driver = Driver(ArmConfig(tenants=(people,), subscriptions=(bare,)))
    driver.group()
    assert error(driver.put(PATH, body(template()), who="reader")) == (403, "AuthorizationFailed")
    refused = driver.put(PATH, body(template(resource(STORAGE, "contoso"), resource("Microsoft.None/things", "x"))))
    assert error(refused) == (400, "MultipleErrorsOccurred")
    codes = [detail["code"] for detail in refused.json()["error"]["details"]]
    assert codes == ["MissingSubscriptionRegistration", "InvalidResourceNamespace"]


def test_loops_conditions_parameters_and_variables() -> None:
    driver = driver_with_group()
    written = template(
        resource(STORAGE, "[concat(variables('prefix'), copyIndex(1))]", copy={"name": "all", "count": 3}),
        resource(NETWORK, "net", "all", condition="[parameters('net')]"),
        resource(NETWORK, "never", condition="[not(parameters('net'))]"),
        parameters={"net": {"type": "bool", "defaultValue": True}, "prefix": {"type": "string"}},
        variables={"prefix": "[toLower(parameters('prefix'))]"},
    )
    properties = deploy(driver, written, prefix="Contoso")
    assert properties["parameters"]["prefix"] == {"type": "string", "value": "Contoso"}
    assert list(states(driver)) == ["contoso1", "contoso2", "contoso3", "net"]
    deploy(driver, written, prefix="fabrikam", net=False)
    assert list(states(driver)) == ["fabrikam1", "fabrikam2", "fabrikam3", "never"]


def test_a_template_inside_of_a_template() -> None:
    driver = driver_with_group()
    inner = template(resource(NETWORK, "[variables('name')]"), variables={"name": "inner-net"})
    inner["outputs"] = {"id": {"type": "string", "value": "[resourceId('a/b', variables('name'))]"}}
    properties = {"mode": "Incremental", "template": inner, "expressionEvaluationOptions": {"scope": "inner"}}
    nested = {"type": "Microsoft.Resources/deployments", "apiVersion": API, "name": "inner", "properties": properties}
    outputs = {"id": {"type": "string", "value": "[reference('inner').outputs.id.value]"}}
    shown = deploy(driver, template(nested, resource(STORAGE, "contoso", "inner"), outputs=outputs))
    assert shown["outputs"]["id"]["value"].endswith("/resourceGroups/rg/providers/a/b/inner-net")
    assert states(driver) == {"inner": "Succeeded", "contoso": "Succeeded"}


def test_children_may_stand_inside_of_their_parents() -> None:
    driver = driver_with_group()
    slot = {
        "type": "slots",
        "name": "production",
        "apiVersion": "2016-11-01",
        "dependsOn": ["contoso"],
        "properties": {"roles": [{"name": "Web", "instanceCount": 2}]},
    }
    kind = "Microsoft.ClassicCompute/domainNames"
    properties = deploy(driver, template(resource(kind, "contoso", resources=[slot])))
    assert properties["provisioningState"] == "Succeeded"
    assert driver.get(f"/resourceGroups/rg/providers/{kind}/contoso/slots/production/roles/Web").status == 200


def test_a_copy_of_the_cloud_carries_a_deployment_on_by_itself() -> None:
    driver = driver_with_group()
    driver.put(PATH, body(template(resource(NETWORK, "net"), resource(STORAGE, "contoso", "net"))))
    driver.wait(1)
    twin = deepcopy(driver)
    for one in (driver, twin):
        while one.get(PATH).json()["properties"]["provisioningState"] == "Running":
            one.wait(3)
    assert driver.now_us == twin.now_us
    assert driver.get("/resources") == twin.get("/resources")


EXPRESSIONS = [
    ("[[literal]", "[literal]"),
    ("plain", "plain"),
    ("[concat('a', 'b''c', string(1))]", "ab'c1"),
    ("[concat(createArray(1), createArray(2))]", [1, 2]),
    ("[format('{0}-{1}', 'a', 2)]", "a-2"),
    ("[toUpper(trim(' a '))]", "A"),
    ("[substring('abcdef', 1, 2)]", "bc"),
    ("[replace('a-b', '-', '')]", "ab"),
    ("[split('a,b;c', createArray(',', ';'))]", ["a", "b", "c"]),
    ("[join(createArray('a', 'b'), '+')]", "a+b"),
    ("[if(equals(1, 1), 'yes', unknown())]", "yes"),
    ("[if(or(false(), not(true())), 'yes', 'no')]", "no"),
    ("[and(less(1, 2), greaterOrEquals(2, 2), startsWith('Abc', 'aB'), endsWith('abC', 'c'))]", True),
    ("[equals('1', 1)]", False),
    ("[add(mul(2, 3), sub(1, -1))]", 8),
    ("[createArray(div(-7, 2), mod(-7, 2))]", [-3, -1]),
    ("[max(1, min(createArray(5, 3)))]", 3),
    ("[length(union(createArray(1, 2), createArray(2, 3)))]", 3),
    ("[union(createObject('a', 1), createObject('b', 2))]", {"a": 1, "b": 2}),
    ("[contains(createObject('Key', 1), 'key')]", True),
    ("[contains('abc', 'b')]", True),
    ("[createArray(first('abc'), last(createArray(1, 2)), empty(''))]", ["a", 2, True]),
    ("[createArray(take('abc', 2), skip('abc', 2))]", ["ab", "c"]),
    ("[range(3, 2)]", [3, 4]),
    ("[coalesce(null(), 'x')]", "x"),
    ("[base64ToString(base64('é'))]", "é"),
    ("[json('{\"a\": [1, 2]}').A[1]]", 2),
    ("[createArray(int('7'), bool('TRUE'), bool(0))]", [7, True, False]),
    ("[padLeft(7, 3, '0')]", "007"),
    ("[indexOf('abC', 'c')]", 2),
    ("[array('x')]", ["x"]),
    ("[resourceGroup().name]", "rg"),
    ("[deployment().name]", "main"),
    ("[environment().suffixes.storage]", "core.windows.net"),
    ("[utcNow()]", "2019-07-29T00:00:00Z"),
    ("[length(uniqueString(resourceGroup().id))]", 13),
    ("[length(guid('a', 'b'))]", 36),
    ("[equals(subscription().tenantId, tenant().tenantId)]", True),
    ("[resourceId('other', 'A.B/c/d', 'x', 'y')]", "/resourceGroups/other/providers/A.B/c/x/d/y"),
]


@pytest.mark.parametrize(("expression", "value"), EXPRESSIONS)
def test_expressions(expression: str, value: object) -> None:
    result = worked_out(expression)
    if isinstance(value, str) and value.startswith("/resourceGroups"):
        result = result[result.index("/resourceGroups") :]
    assert result == value
    assert type(result) is type(value)


@pytest.mark.parametrize(
    "expression",
    [
        "[unknown()]",
        "[concat('a']",
        "[concat('a' 'b')]",
        "['a' 'b']",
        "[concat(]",
        "[]",
        "[,]",
        "[variables('loop')]",
        "[variables('none')]",
        "[parameters('none')]",
        "[resourceGroup().colour]",
        "[createArray(1)[1]]",
        "[substring('abc', 2, 5)]",
        "[add('1', 1)]",
        "[not('true')]",
        "[if(true(), 1)]",
        "[div(1, 0)]",
        "[copyIndex()]",
        "[reference('none')]",
        "[listKeys('none')]",
        "[resourceId('a/b', 'x', 'y')]",
        "[json('{')]",
        "[variables('v30')]",
        "[length(variables('w30'))]",
        "[" + "not(" * 200 + "true()" + ")" * 200 + "]",
        "[" * 3 + "x]",
    ],
)
def test_what_cannot_be_worked_out_fails_the_deployment(expression: str) -> None:
    variables: dict[str, Any] = {"loop": "[variables('loop')]", "v0": True, "w0": "x" * 9}
    for number in range(30):
        variables[f"v{number + 1}"] = f"[and(variables('v{number}'), variables('v{number}'))]"
        variables[f"w{number + 1}"] = f"[concat(variables('w{number}'), variables('w{number}'))]"
    driver = driver_with_group()
    outputs = {"o": {"type": "string", "value": expression}}
    properties = deploy(driver, template(variables=variables, outputs=outputs))
    if expression == "[[[x]":
        assert properties["outputs"]["o"]["value"] == "[[x]"
    else:
        assert [detail["code"] for detail in properties["error"]["details"]] == ["InvalidTemplate"]


NET = resource(NETWORK, "net")
BROKEN: list[Any] = [
    7,
    template(7),  # type: ignore[arg-type]
    template(resources=7),
    template(NET, NET),
    template(resource(NETWORK, "a", "b")),
    template(resource(NETWORK, "a", "b"), resource(NETWORK, "b", "a")),
    template(resource("Microsoft.Network", "a")),
    template(resource(NETWORK, "a/b")),
    template(resource(NETWORK, "")),
    template(NET | {"apiVersion": ""}),
    template(NET | {"copy": {"name": "x"}}),
    template(NET | {"copy": {"name": "x", "count": 801}}),
    template(NET | {"dependsOn": "b"}),
    template(NET | {"name": "[reference('x').name]"}),
    template(*[resource(NETWORK, f"n{number}") for number in range(801)]),
    template(parameters={f"p{number}": {"type": "int", "defaultValue": 1} for number in range(257)}),
    template(parameters={"p": {"type": "string"}}),
    template(parameters={"p": {"type": "string", "defaultValue": 1}}),
    template(parameters={"p": {"type": "int", "defaultValue": True}}),
    template(parameters={"p": {"type": "nothing", "defaultValue": 1}}),
    template(parameters={"p": {"type": "int", "defaultValue": 1, "minValue": 2}}),
    template(parameters={"p": {"type": "string", "defaultValue": "abc", "maxLength": 2}}),
    template(parameters={"p": {"type": "string", "defaultValue": "a", "allowedValues": ["b"]}}),
    template(parameters=[1]),
]


@pytest.mark.parametrize("written", BROKEN)
def test_what_is_no_template_is_refused(written: object) -> None:
    driver = driver_with_group()
    assert error(driver.put(PATH, body(written))) == (400, "InvalidTemplate")
    assert error(driver.get(PATH)) == (404, "DeploymentNotFound")


def test_parameters_are_those_of_the_template_and_secrets_are_not_shown() -> None:
    driver = driver_with_group()
    assert error(driver.put(PATH, body(template(), p=1))) == (400, "InvalidTemplate")
    declared = {"p": {"type": "secureString"}, "q": {"type": "array"}}
    shown = deploy(driver, template(parameters=declared), P="s", q=[1])
    assert list(shown["parameters"]) == ["q"]


def test_a_deployment_has_a_mode_and_a_short_name() -> None:
    driver = driver_with_group()
    sideways = {"properties": {"mode": "Sideways", "template": template()}}
    assert error(driver.put(PATH, sideways)) == (400, "InvalidDeploymentMode")
    assert error(driver.put(f"{PATH}{'x' * 64}", body(template()))) == (400, "InvalidDeploymentName")
    none = PATH.replace("/rg/", "/none/")
    assert error(driver.put(none, body(template()))) == (404, "ResourceGroupNotFound")
    assert error(driver.get(none[:-5])) == (404, "ResourceGroupNotFound")
    assert error(driver.get(f"{PATH}/operations")) == (404, "DeploymentNotFound")


def test_templates_are_read_as_people_write_them() -> None:
    text = '{ a: 1, /* no */ "b//": "c,}", // end\n "d": [1, 2,], }'
    assert jsonc.read(text) == {"a": 1, "b//": "c,}", "d": [1, 2]}
    driver = driver_with_group()
    loose = '{"properties": {template: ' + json.dumps(template(NET)) + ", // the template\n}}"
    headers = {"authorization": f"Bearer {driver.arm.token('owner', 0)}"}

    def put(content: str) -> Any:
        url = f"{driver.root}{PATH}?api-version={API}"
        return driver.arm.handle(Request("PUT", url, headers, content.encode()), 0)

    for bad in ("{,", "[1,]", "a: 1"):
        assert error(put(bad)) == (400, "InvalidRequestContent")
    assert put(loose).status == 201
