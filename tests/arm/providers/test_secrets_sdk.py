"""Secrets of a vault through azure-keyvault-secrets, and the activity log through azure-mgmt-monitor."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.keyvault.secrets import SecretClient
from azure.mgmt.monitor import MonitorManagementClient
from sdk import ACCOUNT, Azure

ALL = ["get", "set", "list", "delete", "recover", "purge"]
OFFICER = "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"


def make(azure: Azure, *permissions: str, **properties: Any) -> None:
    assert azure.group
    tenant, principal = azure.door.config.find_principal("owner")
    policy = {
        "tenantId": tenant.id,
        "objectId": principal.object_id,
        "permissions": {"secrets": list(permissions)},
    }
    known = {
        "tenantId": tenant.id,
        "sku": {"family": "A", "name": "standard"},
        "accessPolicies": [policy],
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 7,
    }
    azure.vaults.begin_create_or_update("rg", "contoso", {"location": "eastus", "properties": known | properties})


def client(azure: Azure) -> SecretClient:
    door = azure.door
    return SecretClient("https://contoso.vault.azure.net", door.credential(), transport=door.transport(), retry_total=0)


def test_a_secret_has_versions(azure: Azure) -> None:
    make(azure, *ALL)
    secrets = client(azure)
    first = secrets.set_secret("storage", "one", tags={"a": "b"}, content_type="text/plain")
    second = secrets.set_secret("storage", "two")
    assert secrets.get_secret("storage").value == "two"
    assert secrets.get_secret("storage", first.properties.version).value == "one"
    assert first.properties.created_on is not None
    assert (first.properties.tags, first.properties.content_type) == ({"a": "b"}, "text/plain")
    assert [known.name for known in secrets.list_properties_of_secrets()] == ["storage"]
    versions = [known.version for known in secrets.list_properties_of_secret_versions("storage")]
    assert versions == [first.properties.version, second.properties.version]
    secrets.update_secret_properties("storage", second.properties.version, enabled=False)
    with pytest.raises(HttpResponseError, match="disabled"):
        secrets.get_secret("storage")
    with pytest.raises(ResourceNotFoundError, match="SecretNotFound"):
        secrets.get_secret("password")


def test_a_deleted_secret_comes_back_or_is_purged(azure: Azure) -> None:
    make(azure, *ALL)
    secrets = client(azure)
    secrets.set_secret("storage", "one")
    deleted = secrets.begin_delete_secret("storage").result()
    assert (deleted.scheduled_purge_date - deleted.deleted_date).days == 7
    assert [known.name for known in secrets.list_deleted_secrets()] == ["storage"]
    with pytest.raises(ResourceExistsError, match="deleted but recoverable"):
        secrets.set_secret("storage", "two")
    secrets.begin_recover_deleted_secret("storage").result()
    assert secrets.get_secret("storage").value == "one"
    secrets.begin_delete_secret("storage").result()
    secrets.purge_deleted_secret("storage")
    with pytest.raises(ResourceNotFoundError):
        secrets.get_deleted_secret("storage")
    with pytest.raises(HttpResponseError, match="NotModelled"):
        secrets.backup_secret("storage")


def test_a_vault_allows_what_its_policies_say(azure: Azure) -> None:
    make(azure, "get")
    secrets = client(azure)
    with pytest.raises(HttpResponseError, match="does not have secrets set permission") as problem:
        secrets.set_secret("storage", "one")
    assert problem.value.status_code == 403
    make(azure, enableRbacAuthorization=True)
    with pytest.raises(HttpResponseError, match="does not have secrets set permission"):
        secrets.set_secret("storage", "one")
    principal = azure.door.config.find_principal("owner")[1].object_id
    definition = f"{azure.root}/providers/Microsoft.Authorization/roleDefinitions/{OFFICER}"
    azure.role_assignments.create(
        azure.root,
        "11111111-2222-4333-8444-000000000001",
        {"properties": {"roleDefinitionId": definition, "principalId": principal}},
    )
    assert secrets.set_secret("storage", "one").value == "one"


def test_secrets_come_back_with_their_vault(azure: Azure) -> None:
    make(azure, *ALL)
    client(azure).set_secret("storage", "one")
    azure.vaults.delete("rg", "contoso")
    with pytest.raises(ResourceNotFoundError, match="VaultNotFound"):
        client(azure).get_secret("storage")
    make(azure, createMode="recover")
    assert client(azure).get_secret("storage").value == "one"


def test_the_activity_log_says_who_changed_what(azure: Azure) -> None:
    assert azure.group
    azure.storage_accounts.begin_create("rg", "contoso", ACCOUNT)
    log = MonitorManagementClient(subscription_id=azure.id, **azure.door.options()).activity_logs
    found = list(log.list(filter="eventTimestamp ge '2019-07-29T00:00:00Z' and resourceGroupName eq 'rg'"))
    names = [(event.operation_name.value, event.status.value) for event in found]
    assert names[0] == ("Microsoft.Storage/storageAccounts/write", "Succeeded")
    assert ("Microsoft.Resources/subscriptions/resourceGroups/write", "Succeeded") in names
    assert found[0].caller == azure.door.config.find_principal("owner")[1].object_id
    with pytest.raises(HttpResponseError, match="eventTimestamp"):
        list(log.list(filter="resourceGroupName eq 'rg'"))
