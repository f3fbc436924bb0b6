"""Resource groups, providers and generic resources through the SDK."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from sdk import ACCOUNT, EAST, Azure

API = "2021-04-01"
NAMESPACE = "Microsoft.Storage"


def account_id(azure: Azure, name: str = "contoso", group: str = "rg") -> str:
    return f"{azure.root}/resourceGroups/{group}/providers/Microsoft.Storage/storageAccounts/{name}"


@pytest.mark.serves(
    "resource_groups.create_or_update",
    "resource_groups.get",
    "resource_groups.list",
    "resource_groups.update",
    "resource_groups.check_existence",
    "resource_groups.begin_delete",
)
def test_a_group_is_made_changed_and_deleted(azure: Azure) -> None:
    groups = azure.resource_groups
    made = groups.create_or_update("rg", EAST | {"tags": {"a": "b"}})
    assert (made.name, made.type, made.tags) == ("rg", "Microsoft.Resources/resourceGroups", {"a": "b"})
    assert groups.get("RG").properties.provisioning_state == "Succeeded"
    assert groups.update("rg", {"tags": {"c": "d"}}).tags == {"c": "d"}
    assert [group.name for group in groups.list()] == ["rg"]
    assert groups.check_existence("rg") is True
    groups.begin_delete("rg")
    assert groups.check_existence("rg") is False


@pytest.mark.serves("resource_groups.begin_export_template")
def test_a_group_is_exported_as_a_template_that_makes_it_again(azure: Azure) -> None:
    assert azure.group
    azure.storage_accounts.begin_create("rg", "contoso", ACCOUNT | {"tags": {"a": "b"}})
    azure.public_ip_addresses.begin_create_or_update("rg", "ip", EAST)
    whole = azure.resource_groups.begin_export_template("rg", {"resources": ["*"]}).template
    assert whole["$schema"].endswith("deploymentTemplate.json#")
    kinds = [part["type"].rpartition("/")[2] for part in whole["resources"]]
    assert kinds == ["storageAccounts", "publicIPAddresses"]
    one = azure.resource_groups.begin_export_template(
        "rg", {"resources": [account_id(azure)], "options": "SkipAllParameterization"}
    ).template
    assert one["parameters"] == {}
    assert one["resources"][0]["name"] == "contoso"
    azure.resource_groups.begin_delete("rg")
    azure.resource_groups.create_or_update("rg", EAST)
    azure.deployments.begin_create_or_update(
        "rg", "again", {"properties": {"mode": "Incremental", "template": whole, "parameters": {}}}
    )
    again = azure.storage_accounts.get_properties("rg", "contoso")
    assert (again.sku.name, again.tags) == ("Standard_LRS", {"a": "b"})
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        azure.resource_groups.begin_export_template("rg", {"resources": [account_id(azure, "fabrikam")]})


@pytest.mark.serves(
    "providers.get",
    "providers.list",
    "providers.register",
    "providers.unregister",
    "providers.get_at_tenant_scope",
    "providers.list_at_tenant_scope",
    "providers.provider_permissions",
)
def test_providers_are_registered_in_time(azure: Azure) -> None:
    providers = azure.providers
    assert providers.unregister(NAMESPACE).registration_state == "Unregistering"
    azure.wait(120)
    assert providers.get(NAMESPACE).registration_state == "NotRegistered"
    assert providers.register(NAMESPACE).registration_state == "Registering"
    azure.wait(120)
    found = {known.namespace: known.registration_state for known in providers.list()}
    assert found[NAMESPACE] == "Registered"
    tenant = providers.get_at_tenant_scope(NAMESPACE)
    assert (tenant.id, tenant.registration_state) == ("/providers/Microsoft.Storage", None)
    assert (
        "East US" in next(kind for kind in tenant.resource_types if kind.resource_type == "storageAccounts").locations
    )
    assert {known.namespace for known in providers.list_at_tenant_scope()} == set(found)
    permission = providers.provider_permissions("Microsoft.Compute").value
    assert permission == []
    with pytest.raises(ResourceNotFoundError, match="InvalidResourceNamespace"):
        providers.get_at_tenant_scope("Microsoft.Nothing")


@pytest.mark.serves(
    "resources.begin_create_or_update",
    "resources.begin_update",
    "resources.get",
    "resources.check_existence",
    "resources.begin_delete",
    "resources.list",
    "resources.list_by_resource_group",
)
def test_any_resource_by_its_names(azure: Azure) -> None:
    assert azure.group
    names = ("rg", NAMESPACE, "", "storageAccounts", "contoso")
    resources = azure.resources
    made = resources.begin_create_or_update(*names, ACCOUNT, api_version=API)
    assert (made.name, made.properties["provisioningState"]) == ("contoso", "Succeeded")
    assert resources.begin_update(*names, {"tags": {"a": "b"}}, api_version=API).tags == {"a": "b"}
    assert resources.get(*names, api_version=API).sku.name == "Standard_LRS"
    assert [found.name for found in resources.list(filter="tagName eq 'a'")] == ["contoso"]
    assert [found.id for found in resources.list_by_resource_group("rg")] == [account_id(azure)]
    assert resources.check_existence(*names, api_version=API) is True
    resources.begin_delete(*names, api_version=API)
    assert resources.check_existence(*names, api_version=API) is False


@pytest.mark.serves(
    "resources.begin_create_or_update_by_id",
    "resources.begin_update_by_id",
    "resources.get_by_id",
    "resources.check_existence_by_id",
    "resources.begin_delete_by_id",
)
def test_any_resource_by_its_id(azure: Azure) -> None:
    assert azure.group
    named: Any = {"resource_id": account_id(azure), "api_version": API}
    resources = azure.resources
    resources.begin_create_or_update_by_id(**named, parameters=ACCOUNT)
    assert resources.begin_update_by_id(**named, parameters={"tags": {"a": "b"}}).tags == {"a": "b"}
    assert resources.get_by_id(**named).kind == "StorageV2"
    assert resources.check_existence_by_id(**named) is True
    resources.begin_delete_by_id(**named)
    assert resources.check_existence_by_id(**named) is False


@pytest.mark.serves("resources.begin_move_resources", "resources.begin_validate_move_resources")
def test_resources_move_with_all_they_hold(azure: Azure) -> None:
    target = azure.resource_groups.create_or_update("other", EAST).id
    assert azure.group
    azure.storage_accounts.begin_create("rg", "contoso", ACCOUNT)
    azure.blob_containers.create("rg", "contoso", "logs", {})
    keys = [key.value for key in azure.storage_accounts.list_keys("rg", "contoso").keys_property]
    wanted = {"resources": [account_id(azure)], "targetResourceGroup": target}
    azure.resources.begin_validate_move_resources("rg", wanted)
    started_us = azure.now_us
    azure.resources.begin_move_resources("rg", wanted)
    assert azure.now_us - started_us >= 30_000_000
    assert [found.id for found in azure.resources.list()] == [account_id(azure, group="other")]
    assert [found.name for found in azure.blob_containers.list("other", "contoso")] == ["logs"]
    moved = [key.value for key in azure.storage_accounts.list_keys("other", "contoso").keys_property]
    assert moved == keys
    assert azure.storage_accounts.check_name_availability({"name": "contoso"}).name_available is False
    azure.storage_accounts.delete("other", "contoso")
    assert azure.storage_accounts.check_name_availability({"name": "contoso"}).name_available is True


def test_a_move_that_cannot_be_is_refused_before_it_begins(azure: Azure) -> None:
    target = azure.resource_groups.create_or_update("other", EAST).id
    assert azure.group
    wanted = {"resources": [account_id(azure)], "targetResourceGroup": target}
    with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
        azure.resources.begin_validate_move_resources("rg", wanted)
    azure.public_ip_addresses.begin_create_or_update("rg", "ip", EAST)
    azure.public_ip_addresses.begin_create_or_update("other", "ip", EAST)
    ip = f"{azure.group}/providers/Microsoft.Network/publicIPAddresses/ip"
    with pytest.raises(ResourceExistsError, match="ResourceMoveFailed"):
        azure.resources.begin_move_resources("rg", {"resources": [ip], "targetResourceGroup": target})
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        azure.resources.begin_move_resources("rg", {"resources": [ip], "targetResourceGroup": f"{target}x"})
    with pytest.raises(HttpResponseError, match="InvalidRequestContent"):
        azure.resources.begin_move_resources("rg", {"resources": [ip], "targetResourceGroup": "nowhere"})
    azure.management_locks.create_or_update_at_resource_group_level("other", "hold", {"level": "ReadOnly"})
    with pytest.raises(ResourceExistsError, match="ScopeLocked"):
        azure.resources.begin_validate_move_resources("rg", {"resources": [ip], "targetResourceGroup": target})
