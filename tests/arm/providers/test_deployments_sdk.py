"""Deployments into groups, scopes and subscriptions through the SDK."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from sdk import Azure

NAMES = ("rg", "first")


def template(*resources: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {"contentVersion": "1.0.0.0", "resources": list(resources), **parts}


def wanted(whole: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"properties": {"mode": "Incremental", "template": whole, "parameters": {}}, **more}


def resource(type_: str, name: str, version: str = "2021-04-01", **more: Any) -> dict[str, Any]:
    return {"type": type_, "name": name, "apiVersion": version, "location": "eastus", **more}


IP = resource("Microsoft.Network/publicIPAddresses", "ip")
VAULT = resource("Microsoft.KeyVault/vaults", "slowvault", properties={"sku": {}}, dependsOn=["slowaccount"])
SMALL = wanted(template(IP))
ACCOUNT = resource("Microsoft.Storage/storageAccounts", "slowaccount", kind="StorageV2", sku={"name": "Standard_LRS"})
LARGE = wanted(template(ACCOUNT, VAULT))
AT = "azure.mgmt.resource.deployments", "DeploymentsMgmtClient"


@pytest.mark.serves(
    "deployments.begin_create_or_update",
    "deployments.get",
    "deployments.check_existence",
    "deployments.list_by_resource_group",
    "deployments.export_template",
    "deployments.begin_validate",
    "deployments.begin_what_if",
    "deployments.begin_delete",
    "deployment_operations.list",
    "deployment_operations.get",
)
def test_a_deployment_into_a_group(azure: Azure) -> None:
    assert azure.group
    deployments, operations = azure.deployments, azure.deployment_operations
    assert deployments.begin_validate(*NAMES, SMALL).properties.provisioning_state == "Succeeded"
    assert [found.change_type for found in deployments.begin_what_if(*NAMES, SMALL).properties.changes] == ["Create"]
    assert azure.public_ip_addresses.list("rg") == []
    made = deployments.begin_create_or_update(*NAMES, SMALL)
    assert (made.name, made.properties.provisioning_state) == ("first", "Succeeded")
    assert [found.name for found in azure.public_ip_addresses.list("rg")] == ["ip"]
    assert deployments.check_existence(*NAMES) is True
    assert deployments.get(*NAMES).properties.output_resources[0].id.endswith("/publicIPAddresses/ip")
    assert [found.name for found in deployments.list_by_resource_group("rg")] == ["first"]
    assert deployments.export_template(*NAMES).template["resources"][0]["name"] == "ip"
    steps = operations.list(*NAMES)
    assert [step.properties.target_resource.resource_name for step in steps] == ["ip"]
    assert operations.get(*NAMES, steps[0].operation_id).properties.provisioning_state == "Succeeded"
    with pytest.raises(ResourceNotFoundError, match="DeploymentOperationNotFound"):
        operations.get(*NAMES, "0")
    deployments.begin_delete(*NAMES)
    assert deployments.check_existence(*NAMES) is False
    assert [found.name for found in azure.public_ip_addresses.list("rg")] == ["ip"], "what was made stays"


@pytest.mark.serves("deployments.cancel")
def test_what_is_cancelled_is_not_begun(azure: Azure) -> None:
    assert azure.group
    raw = azure.client(*AT).deployments
    raw.begin_create_or_update(*NAMES, LARGE, polling=False)
    with pytest.raises(ResourceExistsError, match="DeploymentActiveAndUneditable"):
        raw.begin_create_or_update(*NAMES, SMALL, polling=False)
    azure.deployments.cancel(*NAMES)
    azure.wait(120)
    assert azure.deployments.get(*NAMES).properties.provisioning_state == "Canceled"
    assert azure.vaults.list_by_resource_group("rg") == []


@pytest.mark.serves("deployments.calculate_template_hash")
def test_the_hash_of_a_template_is_that_of_its_deployment(azure: Azure) -> None:
    assert azure.group
    whole = template(IP)
    found = azure.deployments.calculate_template_hash(whole)
    assert found.minified_template.startswith('{"contentVersion":"1.0.0.0","resources":[')
    assert (
        azure.deployments.begin_create_or_update(*NAMES, wanted(whole)).properties.template_hash == found.template_hash
    )


@pytest.mark.serves(
    "deployments.begin_create_or_update_at_scope",
    "deployments.get_at_scope",
    "deployments.check_existence_at_scope",
    "deployments.list_at_scope",
    "deployments.export_template_at_scope",
    "deployments.begin_validate_at_scope",
    "deployments.cancel_at_scope",
    "deployments.begin_delete_at_scope",
    "deployment_operations.list_at_scope",
    "deployment_operations.get_at_scope",
)
def test_a_deployment_at_any_scope(azure: Azure) -> None:
    scope, deployments, operations = azure.group, azure.deployments, azure.deployment_operations
    assert deployments.begin_validate_at_scope(scope, "first", SMALL).properties.provisioning_state == "Succeeded"
    made = deployments.begin_create_or_update_at_scope(scope, "first", SMALL)
    assert made.id == deployments.get_at_scope(scope, "first").id
    assert deployments.check_existence_at_scope(scope, "first") is True
    assert [found.name for found in deployments.list_at_scope(scope)] == ["first"]
    assert deployments.export_template_at_scope(scope, "first").template["resources"][0]["name"] == "ip"
    steps = operations.list_at_scope(scope, "first")
    assert operations.get_at_scope(scope, "first", steps[0].operation_id).id == steps[0].id
    azure.client(*AT).deployments.begin_create_or_update_at_scope(scope, "second", LARGE, polling=False)
    deployments.cancel_at_scope(scope, "second")
    assert deployments.get_at_scope(scope, "second").properties.provisioning_state == "Canceled"
    deployments.begin_delete_at_scope(scope, "first")
    assert deployments.check_existence_at_scope(scope, "first") is False


INNER = resource(
    "Microsoft.Resources/deployments",
    "inner",
    resourceGroup="made",
    dependsOn=["[resourceId('Microsoft.Resources/resourceGroups', 'made')]"],
    properties=SMALL["properties"],
)
INNER.pop("location")
WHOLE = template(
    resource("Microsoft.Resources/resourceGroups", "made", tags={"a": "b"}),
    INNER,
    outputs={
        "group": {"type": "string", "value": "[resourceId('Microsoft.Resources/resourceGroups', 'made')]"},
        "role": {"type": "string", "value": "[subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'x')]"},
    },
)
WIDE = wanted(WHOLE, location="eastus")


@pytest.mark.serves(
    "deployments.begin_create_or_update_at_subscription_scope",
    "deployments.get_at_subscription_scope",
    "deployments.check_existence_at_subscription_scope",
    "deployments.list_at_subscription_scope",
    "deployments.export_template_at_subscription_scope",
    "deployments.begin_validate_at_subscription_scope",
    "deployments.begin_what_if_at_subscription_scope",
    "deployments.cancel_at_subscription_scope",
    "deployments.begin_delete_at_subscription_scope",
    "deployment_operations.list_at_subscription_scope",
    "deployment_operations.get_at_subscription_scope",
)
def test_a_deployment_into_a_subscription_makes_groups_and_fills_them(azure: Azure) -> None:
    deployments, operations = azure.deployments, azure.deployment_operations
    validated = deployments.begin_validate_at_subscription_scope("wide", WIDE)
    assert validated.properties.provisioning_state == "Succeeded"
    planned = deployments.begin_what_if_at_subscription_scope("wide", WIDE).properties.changes
    assert planned[0].resource_id == f"{azure.root}/resourceGroups/made"
    made = deployments.begin_create_or_update_at_subscription_scope("wide", WIDE)
    assert (made.location, made.properties.provisioning_state) == ("eastus", "Succeeded")
    assert made.properties.outputs["group"]["value"] == f"{azure.root}/resourceGroups/made"
    role = made.properties.outputs["role"]["value"]
    assert role == f"{azure.root}/providers/Microsoft.Authorization/roleDefinitions/x"
    assert azure.resource_groups.get("made").tags == {"a": "b"}
    assert [found.name for found in azure.public_ip_addresses.list("made")] == ["ip"]
    assert deployments.get_at_subscription_scope("wide").id == made.id
    assert deployments.check_existence_at_subscription_scope("wide") is True
    assert [found.name for found in deployments.list_at_subscription_scope()] == ["wide"]
    assert deployments.export_template_at_subscription_scope("wide").template["outputs"]
    steps = operations.list_at_subscription_scope("wide")
    names = [step.properties.target_resource.resource_name for step in steps]
    assert names == ["made", "inner"]
    assert operations.get_at_subscription_scope("wide", steps[1].operation_id).id == steps[1].id
    slow = wanted(template({**INNER, "dependsOn": [], "properties": LARGE["properties"]}), location="eastus")
    azure.client(*AT).deployments.begin_create_or_update_at_subscription_scope("again", slow, polling=False)
    deployments.cancel_at_subscription_scope("again")
    assert deployments.get_at_subscription_scope("again").properties.provisioning_state == "Canceled"
    deployments.begin_delete_at_subscription_scope("wide")
    assert deployments.check_existence_at_subscription_scope("wide") is False


def test_a_deployment_into_a_subscription_has_a_location(azure: Azure) -> None:
    with pytest.raises(HttpResponseError, match="LocationRequired"):
        azure.deployments.begin_create_or_update_at_subscription_scope("wide", wanted(WHOLE))


@pytest.mark.parametrize("suffix", ["_at_tenant_scope", "_at_management_group_scope"])
def test_wider_deployments_are_not_modelled(azure: Azure, suffix: str) -> None:
    place = () if "tenant" in suffix else ("group",)
    with pytest.raises(HttpResponseError, match="NotModelled"):
        getattr(azure.deployments, f"list{suffix}")(*place)
    with pytest.raises(HttpResponseError, match="NotModelled"):
        getattr(azure.deployments, f"begin_create_or_update{suffix}")(*place, "wide", WIDE)
