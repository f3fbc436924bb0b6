"""Key vaults through the SDK."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from sdk import Azure

NAMES = ("rg", "contoso")


def vault(azure: Azure, **properties: Any) -> dict[str, Any]:
    known = {"tenantId": azure.door.config.tenants[0].id, "sku": {"family": "A", "name": "standard"}}
    return {"location": "eastus", "properties": known | properties}


def policy(azure: Azure, *secrets: str) -> dict[str, Any]:
    tenant, principal = azure.door.config.find_principal("owner")
    return {"tenantId": tenant.id, "objectId": principal.object_id, "permissions": {"secrets": list(secrets)}}


@pytest.mark.serves(
    "vaults.begin_create_or_update",
    "vaults.get",
    "vaults.update",
    "vaults.list",
    "vaults.list_by_resource_group",
    "vaults.list_by_subscription",
    "vaults.check_name_availability",
    "vaults.delete",
)
def test_a_vault_from_its_name_to_its_end(azure: Azure) -> None:
    assert azure.group
    vaults = azure.vaults
    assert vaults.check_name_availability({"name": "contoso", "type": "Microsoft.KeyVault/vaults"}).name_available
    started_us = azure.now_us
    made = vaults.begin_create_or_update(*NAMES, vault(azure, accessPolicies=[]))
    assert azure.now_us - started_us >= 20_000_000
    assert (made.name, made.properties.vault_uri) == ("contoso", "https://contoso.vault.azure.net/")
    assert vaults.get(*NAMES).properties.provisioning_state == "Succeeded"
    assert vaults.update(*NAMES, {"tags": {"a": "b"}}).tags == {"a": "b"}
    for found in (vaults.list(), vaults.list_by_resource_group("rg"), vaults.list_by_subscription()):
        assert [known.name for known in found] == ["contoso"]
    taken = vaults.check_name_availability({"name": "contoso", "type": "Microsoft.KeyVault/vaults"})
    assert (taken.name_available, taken.reason) == (False, "AlreadyExists")
    vaults.delete(*NAMES)
    with pytest.raises(ResourceNotFoundError):
        vaults.get(*NAMES)


@pytest.mark.serves("vaults.update_access_policy")
def test_access_policies_are_added_replaced_and_removed(azure: Azure) -> None:
    assert azure.group
    vaults = azure.vaults
    vaults.begin_create_or_update(*NAMES, vault(azure, accessPolicies=[policy(azure, "get")]))

    def change(how: str, *secrets: str) -> list[list[str]]:
        answer = vaults.update_access_policy(*NAMES, how, {"properties": {"accessPolicies": [policy(azure, *secrets)]}})
        shown = vaults.get(*NAMES).properties.access_policies
        assert answer.properties.access_policies == shown
        return [list(known.permissions.secrets) for known in shown]

    assert change("add", "set", "get") == [["get", "set"]]
    assert change("replace", "list") == [["list"]]
    assert change("remove") == []
    with pytest.raises(HttpResponseError, match="BadRequest"):
        change("forget")


@pytest.mark.serves("vaults.list_deleted", "vaults.get_deleted", "vaults.begin_purge_deleted")
def test_a_deleted_vault_comes_back_or_is_purged(azure: Azure) -> None:
    assert azure.group
    vaults = azure.vaults
    wanted = vault(azure, accessPolicies=[policy(azure, "get")], enableSoftDelete=True, softDeleteRetentionInDays=7)
    vaults.begin_create_or_update(*NAMES, wanted)
    assert vaults.list_deleted() == []
    vaults.delete(*NAMES)
    left = vaults.get_deleted("contoso", "eastus")
    assert left.properties.vault_id.endswith("/vaults/contoso")
    assert (left.properties.scheduled_purge_date - left.properties.deletion_date).days == 7
    assert [known.name for known in vaults.list_deleted()] == ["contoso"]
    with pytest.raises(ResourceExistsError, match="recover or purge"):
        vaults.begin_create_or_update(*NAMES, wanted)
    back = vaults.begin_create_or_update(*NAMES, vault(azure, createMode="recover", accessPolicies=[]))
    assert back.properties.access_policies[0].permissions.secrets == ["get"]
    assert vaults.list_deleted() == []
    vaults.delete(*NAMES)
    vaults.begin_purge_deleted("contoso", "eastus")
    assert vaults.list_deleted() == []
    with pytest.raises(ResourceNotFoundError, match="DeletedVaultNotFound"):
        vaults.get_deleted("contoso", "eastus")
    with pytest.raises(ResourceNotFoundError, match="DeletedVaultNotFound"):
        vaults.begin_create_or_update(*NAMES, vault(azure, createMode="recover", accessPolicies=[]))
    vaults.begin_create_or_update(*NAMES, wanted)


def test_a_deleted_vault_is_gone_at_the_end_of_its_retention(azure: Azure) -> None:
    assert azure.group
    vaults = azure.vaults
    protected = vault(azure, enableSoftDelete=True, softDeleteRetentionInDays=7, enablePurgeProtection=True)
    vaults.begin_create_or_update(*NAMES, protected)
    azure.resource_groups.begin_delete("rg")
    assert [known.name for known in vaults.list_deleted()] == ["contoso"]
    with pytest.raises(HttpResponseError, match="PurgeProtectionEnabled"):
        vaults.begin_purge_deleted("contoso", "eastus")
    azure.wait(7 * 86_400 + 60)
    assert vaults.list_deleted() == []
    assert vaults.check_name_availability({"name": "contoso", "type": "Microsoft.KeyVault/vaults"}).name_available
