"""Storage accounts, their containers and their migrations through the SDK."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from sdk import ACCOUNT, Azure

NAMES = ("rg", "contoso")
ANY: dict[str, Any] = {"etag": "*", "match_condition": MatchConditions.IfPresent}


@pytest.fixture
def account(azure: Azure) -> Azure:
    assert azure.group
    azure.storage_accounts.begin_create(*NAMES, ACCOUNT)
    return azure


@pytest.fixture
def container(account: Azure) -> Azure:
    account.blob_containers.create(*NAMES, "logs", {})
    return account


@pytest.mark.serves(
    "storage_accounts.begin_create",
    "storage_accounts.get_properties",
    "storage_accounts.update",
    "storage_accounts.list",
    "storage_accounts.list_by_resource_group",
    "storage_accounts.check_name_availability",
    "storage_accounts.delete",
)
def test_an_account_from_its_name_to_its_end(azure: Azure) -> None:
    assert azure.group
    accounts = azure.storage_accounts
    assert accounts.check_name_availability({"name": "contoso"}).name_available is True
    made = accounts.begin_create(*NAMES, ACCOUNT)
    assert (made.name, made.kind, made.properties.provisioning_state) == ("contoso", "StorageV2", "Succeeded")
    assert accounts.get_properties(*NAMES).properties.primary_endpoints.blob == "https://contoso.blob.core.windows.net/"
    assert accounts.update(*NAMES, {"tags": {"a": "b"}}).tags == {"a": "b"}
    assert [found.name for found in accounts.list()] == ["contoso"]
    assert [found.tags for found in accounts.list_by_resource_group("rg")] == [{"a": "b"}]
    taken = accounts.check_name_availability({"name": "contoso"})
    assert (taken.name_available, taken.reason) == (False, "AlreadyExists")
    assert accounts.check_name_availability({"name": "Contoso!"}).reason == "AccountNameInvalid"
    accounts.delete(*NAMES)
    assert accounts.list() == []


@pytest.mark.serves("storage_accounts.list_keys", "storage_accounts.regenerate_key")
def test_a_key_is_another_after_it_was_regenerated(account: Azure) -> None:
    accounts = account.storage_accounts
    before = {key.key_name: key.value for key in accounts.list_keys(*NAMES).keys_property}
    accounts.regenerate_key(*NAMES, {"keyName": "key2"})
    after = {key.key_name: key.value for key in accounts.list_keys(*NAMES).keys_property}
    assert after["key1"] == before["key1"]
    assert after["key2"] != before["key2"]


@pytest.mark.serves("storage_accounts.list_account_sas", "storage_accounts.list_service_sas")
def test_an_account_signs_for_others(account: Azure) -> None:
    accounts = account.storage_accounts
    whole = accounts.list_account_sas(
        *NAMES,
        {
            "signedServices": "b",
            "signedResourceTypes": "sco",
            "signedPermission": "rl",
            "signedExpiry": "2019-08-01T00:00:00Z",
        },
    ).account_sas_token
    assert {name: value[0] for name, value in parse_qs(whole).items() if name in ("ss", "sp")} == {
        "ss": "b",
        "sp": "rl",
    }
    one: dict[str, Any] = {
        "canonicalizedResource": "/blob/contoso/logs",
        "signedResource": "c",
        "signedPermission": "r",
        "signedExpiry": "2019-08-01T00:00:00Z",
    }
    first = accounts.list_service_sas(*NAMES, one).service_sas_token
    other = accounts.list_service_sas(*NAMES, one | {"keyToSign": "key2"}).service_sas_token
    assert parse_qs(first)["sig"] != parse_qs(other)["sig"]
    for wrong in ({"canonicalizedResource": "/blob/fabrikam/logs"}, {"keyToSign": "key3"}, {"signedResource": ""}):
        with pytest.raises(HttpResponseError, match="InvalidValuesForRequestParameters"):
            accounts.list_service_sas(*NAMES, one | wrong)


@pytest.mark.serves("storage_accounts.begin_failover")
def test_only_an_account_with_a_copy_can_fail_over(account: Azure) -> None:
    accounts = account.storage_accounts
    with pytest.raises(HttpResponseError, match="AccountNotGeoRedundant"):
        accounts.begin_failover(*NAMES)
    accounts.update(*NAMES, {"sku": {"name": "Standard_GRS"}})
    assert accounts.get_properties(*NAMES).properties.secondary_location == "westus"
    started_us = account.now_us
    accounts.begin_failover(*NAMES)
    assert account.now_us - started_us >= 600_000_000
    after = accounts.get_properties(*NAMES)
    assert (after.properties.primary_location, after.sku.name) == ("westus", "Standard_LRS")
    assert (after.location, after.properties.secondary_location) == ("eastus", None)


@pytest.mark.serves(
    "storage_accounts.begin_hierarchical_namespace_migration",
    "storage_accounts.begin_abort_hierarchical_namespace_migration",
)
def test_an_account_gets_a_hierarchical_namespace_unless_that_is_aborted(account: Azure) -> None:
    accounts = account.storage_accounts
    module, name = "azure.mgmt.storage", "StorageManagementClient"
    raw = account.client(module, name).storage_accounts
    with pytest.raises(HttpResponseError, match="HnsMigrationNotInProgress"):
        accounts.begin_abort_hierarchical_namespace_migration(*NAMES)
    accounts.begin_create(*NAMES, ACCOUNT | {"properties": {"isHnsEnabled": False}})
    accounts.begin_hierarchical_namespace_migration(*NAMES, request_type="HnsOnValidationRequest")
    assert accounts.get_properties(*NAMES).properties.is_hns_enabled is False
    raw.begin_hierarchical_namespace_migration(*NAMES, request_type="HnsOnHydrationRequest", polling=False)
    with pytest.raises(ResourceExistsError, match="AnotherOperationInProgress"):
        accounts.update(*NAMES, {"tags": {}})
    accounts.begin_abort_hierarchical_namespace_migration(*NAMES)
    assert accounts.get_properties(*NAMES).properties.is_hns_enabled is False
    accounts.begin_hierarchical_namespace_migration(*NAMES, request_type="HnsOnHydrationRequest")
    assert accounts.get_properties(*NAMES).properties.is_hns_enabled is True
    with pytest.raises(HttpResponseError, match="HnsAlreadyEnabled"):
        accounts.begin_hierarchical_namespace_migration(*NAMES, request_type="HnsOnHydrationRequest")
    with pytest.raises(HttpResponseError, match="InvalidRequestParameter"):
        accounts.begin_hierarchical_namespace_migration(*NAMES, request_type="Sideways")


@pytest.mark.serves(
    "storage_accounts.begin_customer_initiated_migration", "storage_accounts.get_customer_initiated_migration"
)
def test_an_account_is_converted_to_other_redundancy(account: Azure) -> None:
    accounts = account.storage_accounts
    with pytest.raises(ResourceNotFoundError):
        accounts.get_customer_initiated_migration(*NAMES, "default")
    with pytest.raises(HttpResponseError, match="targetSkuName"):
        accounts.begin_customer_initiated_migration(*NAMES, {"properties": {"targetSkuName": "Standard_LRS"}})
    raw = account.client("azure.mgmt.storage", "StorageManagementClient").storage_accounts
    wanted = {"properties": {"targetSkuName": "Standard_ZRS"}}
    raw.begin_customer_initiated_migration(*NAMES, wanted, polling=False)
    assert status(account) == ("Standard_ZRS", "InProgress")
    account.wait(900)
    assert status(account) == ("Standard_ZRS", "Complete")
    accounts.begin_customer_initiated_migration(*NAMES, {"properties": {"targetSkuName": "Standard_GRS"}})
    assert accounts.get_properties(*NAMES).sku.name == "Standard_GRS"


def status(account: Azure) -> tuple[str, str]:
    migration = account.storage_accounts.get_customer_initiated_migration(*NAMES, "default")
    return migration.target_sku_name, migration.migration_status


@pytest.mark.serves("storage_accounts.revoke_user_delegation_keys")
def test_revoking_the_keys_of_users_is_answered(account: Azure) -> None:
    assert account.storage_accounts.revoke_user_delegation_keys(*NAMES) is None


@pytest.mark.serves(
    "blob_services.get_service_properties", "blob_services.list", "blob_services.set_service_properties"
)
def test_every_account_has_one_blob_service(account: Azure) -> None:
    services = account.blob_services
    assert services.get_service_properties(*NAMES).delete_retention_policy.enabled is False
    changed = services.set_service_properties(
        *NAMES, {"properties": {"deleteRetentionPolicy": {"enabled": True, "days": 7}}}
    )
    assert changed.delete_retention_policy.days == 7
    assert [found.delete_retention_policy.days for found in services.list(*NAMES)] == [7]


@pytest.mark.serves(
    "blob_containers.create",
    "blob_containers.get",
    "blob_containers.update",
    "blob_containers.list",
    "blob_containers.delete",
)
def test_a_container_from_its_name_to_its_end(account: Azure) -> None:
    containers = account.blob_containers
    made = containers.create(*NAMES, "logs", {"properties": {"metadata": {"a": "b"}}})
    assert (made.name, made.public_access, made.metadata) == ("logs", "None", {"a": "b"})
    assert containers.update(*NAMES, "logs", {"properties": {"publicAccess": "Blob"}}).public_access == "Blob"
    shown = containers.get(*NAMES, "logs")
    assert (shown.metadata, shown.lease_state, shown.has_legal_hold) == ({"a": "b"}, "Available", False)
    assert [found.name for found in containers.list(*NAMES)] == ["logs"]
    with pytest.raises(HttpResponseError, match="ContainerNameInvalid"):
        containers.create(*NAMES, "No--Good", {})
    containers.delete(*NAMES, "logs")
    assert containers.list(*NAMES) == []


@pytest.mark.serves("blob_containers.set_legal_hold", "blob_containers.clear_legal_hold")
def test_a_container_under_legal_hold_stays(container: Azure) -> None:
    containers = container.blob_containers
    held = containers.set_legal_hold(*NAMES, "logs", {"tags": ["Case1", "case2"]})
    assert (held.has_legal_hold, held.tags) == (True, ["case1", "case2"])
    with pytest.raises(ResourceExistsError, match="ContainerProtectedFromDeletion"):
        containers.delete(*NAMES, "logs")
    assert containers.clear_legal_hold(*NAMES, "logs", {"tags": ["case1"]}).has_legal_hold is True
    tags = containers.get(*NAMES, "logs").legal_hold.tags
    assert [tag.tag for tag in tags] == ["case2"]
    containers.clear_legal_hold(*NAMES, "logs", {"tags": ["case2"]})
    containers.delete(*NAMES, "logs")
    with pytest.raises(ResourceNotFoundError):
        containers.set_legal_hold(*NAMES, "logs", {"tags": ["case1"]})


@pytest.mark.serves("blob_containers.lease")
def test_a_leased_container_stays(container: Azure) -> None:
    containers = container.blob_containers

    def lease(**wanted: Any) -> Any:
        return containers.lease(*NAMES, "logs", wanted)

    held = lease(action="Acquire", leaseDuration=60).lease_id
    assert containers.get(*NAMES, "logs").lease_state == "Leased"
    with pytest.raises(ResourceExistsError, match="LeaseAlreadyPresent"):
        lease(action="Acquire", leaseDuration=-1)
    with pytest.raises(HttpResponseError, match="LeaseIdMissing"):
        containers.delete(*NAMES, "logs")
    container.wait(50)
    assert lease(action="Renew", leaseId=held).lease_id == held
    container.wait(50)
    other = "11111111-2222-4333-8444-555555555555"
    assert lease(action="Change", leaseId=held, proposedLeaseId=other).lease_id == other
    with pytest.raises(ResourceExistsError, match="LeaseIdMismatch"):
        lease(action="Release", leaseId=held)
    assert int(lease(action="Break", breakPeriod=5).lease_time_seconds) == 5
    assert containers.get(*NAMES, "logs").lease_state == "Breaking"
    container.wait(6)
    assert containers.get(*NAMES, "logs").lease_state == "Broken"
    lease(action="Release", leaseId=other)
    assert containers.get(*NAMES, "logs").lease_state == "Available"
    with pytest.raises(HttpResponseError, match="InvalidHeaderValue"):
        lease(action="Acquire", leaseDuration=5)
    containers.delete(*NAMES, "logs")


@pytest.mark.serves(
    "blob_containers.create_or_update_immutability_policy",
    "blob_containers.get_immutability_policy",
    "blob_containers.delete_immutability_policy",
    "blob_containers.lock_immutability_policy",
    "blob_containers.extend_immutability_policy",
)
def test_a_locked_policy_can_only_be_extended(container: Azure) -> None:
    containers = container.blob_containers

    def period(days: int) -> dict[str, Any]:
        return {"properties": {"immutabilityPeriodSinceCreationInDays": days}}

    made = containers.create_or_update_immutability_policy(*NAMES, "logs", period(7))
    assert (made.immutability_period_since_creation_in_days, made.state) == (7, "Unlocked")
    stale = made.etag
    assert containers.create_or_update_immutability_policy(*NAMES, "logs", period(9)).etag != stale
    with pytest.raises(HttpResponseError, match="PreconditionFailed"):
        containers.lock_immutability_policy(*NAMES, "logs", etag=stale, match_condition=MatchConditions.IfNotModified)
    assert containers.delete_immutability_policy(*NAMES, "logs", **ANY).state == "Deleted"
    with pytest.raises(ResourceNotFoundError):
        containers.get_immutability_policy(*NAMES, "logs")
    containers.create_or_update_immutability_policy(*NAMES, "logs", period(7))
    with pytest.raises(ResourceExistsError, match="OperationNotAllowedOnImmutabilityPolicy"):
        containers.extend_immutability_policy(*NAMES, "logs", period(9), **ANY)
    assert containers.get_immutability_policy(*NAMES, "logs").state == "Unlocked"
    assert containers.lock_immutability_policy(*NAMES, "logs", **ANY).state == "Locked"
    with pytest.raises(ResourceExistsError, match="ImmutabilityPolicyLocked"):
        containers.delete_immutability_policy(*NAMES, "logs", **ANY)
    extended = containers.extend_immutability_policy(*NAMES, "logs", period(9), **ANY)
    assert extended.immutability_period_since_creation_in_days == 9
    with pytest.raises(ResourceExistsError, match="ContainerProtectedFromDeletion"):
        containers.delete(*NAMES, "logs")
    shown = containers.get(*NAMES, "logs")
    assert (shown.has_immutability_policy, shown.immutability_policy.state) == (True, "Locked")


@pytest.mark.serves("blob_containers.begin_object_level_worm")
def test_a_container_with_a_policy_is_turned_to_immutable_versions(container: Azure) -> None:
    containers = container.blob_containers
    with pytest.raises(ResourceExistsError, match="ContainerImmutabilityPolicyMissing"):
        containers.begin_object_level_worm(*NAMES, "logs")
    containers.create_or_update_immutability_policy(
        *NAMES, "logs", {"properties": {"immutabilityPeriodSinceCreationInDays": 7}}
    )
    containers.begin_object_level_worm(*NAMES, "logs")
    versioned = containers.get(*NAMES, "logs").immutable_storage_with_versioning
    assert (versioned.enabled, versioned.migration_state) == (True, "Completed")
