"""Subscriptions, tenants, locks, role assignments and role definitions through the SDK."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from sdk import ACCOUNT, Azure

from cmgsim.arm.config import ArmConfig, Grant, Principal, Role, Subscription, Tenant

GUID = "11111111-2222-4333-8444-00000000000{}"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
PARTS = ("Microsoft.Storage", "", "storageAccounts", "contoso")


@pytest.fixture
def account(azure: Azure) -> Azure:
    assert azure.group
    azure.storage_accounts.begin_create("rg", "contoso", ACCOUNT)
    return azure


@pytest.mark.serves(
    "subscriptions.get",
    "subscriptions.list",
    "subscriptions.list_locations",
    "subscriptions.check_zone_peers",
    "tenants.list",
)
def test_a_subscription_is_in_a_tenant_and_has_regions(azure: Azure) -> None:
    subscriptions = azure.subscriptions
    assert subscriptions.get(azure.id).state == "Enabled"
    assert [found.subscription_id for found in subscriptions.list()] == [azure.id]
    assert "eastus" in [place.name for place in subscriptions.list_locations(azure.id)]
    assert [tenant.tenant_id for tenant in azure.tenants.list()] == [azure.door.config.tenants[0].id]
    peers = subscriptions.check_zone_peers(
        azure.id, {"location": "eastus", "subscriptionIds": [f"subscriptions/{azure.id}"]}
    )
    zones = [
        (zone.availability_zone, [peer.availability_zone for peer in zone.peers])
        for zone in peers.availability_zone_peers
    ]
    assert zones == [("1", ["1"]), ("2", ["2"]), ("3", ["3"])]
    with pytest.raises(ResourceNotFoundError, match="SubscriptionNotFound"):
        subscriptions.check_zone_peers(azure.id, {"location": "eastus", "subscriptionIds": [GUID.format(1)]})


LEVELS = {
    "subscription": ("_at_subscription_level", ()),
    "group": ("_at_resource_group_level", ("rg",)),
    "resource": ("_at_resource_level", ("rg", *PARTS)),
}


@pytest.mark.serves(
    "management_locks.create_or_update_at_subscription_level",
    "management_locks.create_or_update_at_resource_group_level",
    "management_locks.create_or_update_at_resource_level",
    "management_locks.get_at_subscription_level",
    "management_locks.get_at_resource_group_level",
    "management_locks.get_at_resource_level",
    "management_locks.list_at_subscription_level",
    "management_locks.list_at_resource_group_level",
    "management_locks.list_at_resource_level",
    "management_locks.delete_at_subscription_level",
    "management_locks.delete_at_resource_group_level",
    "management_locks.delete_at_resource_level",
)
def test_locks_hold_at_every_level(account: Azure) -> None:
    locks = account.management_locks
    for level, (suffix, place) in LEVELS.items():
        made = getattr(locks, f"create_or_update{suffix}")(
            *place, f"{level}-lock", {"level": "CanNotDelete", "notes": level}
        )
        assert (made.name, made.level, made.notes) == (f"{level}-lock", "CanNotDelete", level)
        assert getattr(locks, f"get{suffix}")(*place, f"{level}-lock").id == made.id
        assert f"{level}-lock" in [lock.name for lock in getattr(locks, f"list{suffix}")(*place)]
        with pytest.raises(ResourceExistsError, match="ScopeLocked"):
            account.storage_accounts.delete("rg", "contoso")
        getattr(locks, f"delete{suffix}")(*place, f"{level}-lock")
    account.storage_accounts.delete("rg", "contoso")


@pytest.mark.serves(
    "management_locks.create_or_update_by_scope",
    "management_locks.get_by_scope",
    "management_locks.list_by_scope",
    "management_locks.delete_by_scope",
)
def test_locks_by_scope(account: Azure) -> None:
    locks, scope = account.management_locks, account.group
    locks.create_or_update_by_scope(scope, "still", {"level": "ReadOnly"})
    assert locks.get_by_scope(scope, "still").level == "ReadOnly"
    assert [lock.name for lock in locks.list_by_scope(scope)] == ["still"]
    with pytest.raises(ResourceExistsError, match="ScopeLocked"):
        account.storage_accounts.list_keys("rg", "contoso")
    locks.delete_by_scope(scope, "still")
    account.storage_accounts.list_keys("rg", "contoso")


def role(azure: Azure, name: str) -> str:
    return f"{azure.root}/providers/Microsoft.Authorization/roleDefinitions/{name}"


@pytest.fixture
def two(open_door: Any, request: pytest.FixtureRequest) -> Any:
    """Give the cloud as its owner sees it, and as somebody without any role does."""
    tenant = Tenant(principals=(Principal("owner"), Principal("guest")))
    door = open_door(ArmConfig(tenants=(tenant,), subscriptions=(Subscription(registered=("Microsoft.Storage",)),)))
    azure = Azure(door)
    yield azure, Azure(door, "guest")
    claimed = {name for mark in request.node.iter_markers("serves") for name in mark.args}
    assert claimed <= azure.called


def guest_of(azure: Azure) -> str:
    return azure.door.config.find_principal("guest")[1].object_id


@pytest.mark.serves(
    "role_assignments.create",
    "role_assignments.get",
    "role_assignments.list_for_scope",
    "role_assignments.list_for_subscription",
    "role_assignments.list_for_resource_group",
    "role_assignments.list_for_resource",
    "role_assignments.delete",
)
def test_a_role_lets_somebody_read(two: tuple[Azure, Azure]) -> None:
    azure, guest = two
    scope, assignments = azure.group, azure.role_assignments
    azure.storage_accounts.begin_create("rg", "contoso", ACCOUNT)
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        guest.storage_accounts.get_properties("rg", "contoso")
    properties = {"roleDefinitionId": role(azure, READER), "principalId": guest_of(azure)}
    made = assignments.create(scope, GUID.format(1), {"properties": properties})
    assert (made.name, made.principal_id, made.scope) == (GUID.format(1), guest_of(azure), scope)
    assert guest.storage_accounts.get_properties("rg", "contoso").name == "contoso"
    assert assignments.get(scope, GUID.format(1)).role_definition_id.endswith(READER)
    for found in (
        assignments.list_for_scope(scope),
        assignments.list_for_subscription(),
        assignments.list_for_resource_group("rg"),
        assignments.list_for_resource("rg", "Microsoft.Storage", "storageAccounts", "contoso"),
    ):
        assert made.id in [known.id for known in found]
    with pytest.raises(ResourceExistsError, match="RoleAssignmentExists"):
        assignments.create(scope, GUID.format(2), {"properties": properties})
    assert assignments.delete(scope, GUID.format(1)).name == GUID.format(1)
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        guest.storage_accounts.get_properties("rg", "contoso")


@pytest.mark.serves("role_assignments.create_by_id", "role_assignments.get_by_id", "role_assignments.delete_by_id")
def test_role_assignments_by_their_ids(two: tuple[Azure, Azure]) -> None:
    azure, _ = two
    assignment = f"{azure.group}/providers/Microsoft.Authorization/roleAssignments/{GUID.format(1)}"
    properties = {"roleDefinitionId": role(azure, READER), "principalId": guest_of(azure)}
    azure.role_assignments.create_by_id(assignment, {"properties": properties})
    assert azure.role_assignments.get_by_id(assignment).principal_id == guest_of(azure)
    azure.role_assignments.delete_by_id(assignment)
    with pytest.raises(ResourceNotFoundError, match="RoleAssignmentNotFound"):
        azure.role_assignments.get_by_id(assignment)


@pytest.mark.serves(
    "role_definitions.create_or_update",
    "role_definitions.get",
    "role_definitions.get_by_id",
    "role_definitions.list",
    "role_definitions.delete",
)
def test_a_role_of_ones_own_allows_what_it_says(two: tuple[Azure, Azure]) -> None:
    azure, guest = two
    definitions = azure.role_definitions
    azure.storage_accounts.begin_create("rg", "contoso", ACCOUNT) if azure.group else None
    permissions = [
        {"actions": ["Microsoft.Storage/storageAccounts/*"], "notActions": ["*/listKeys/action"]},
    ]
    wanted = {"properties": {"roleName": "Keeper", "permissions": permissions, "assignableScopes": [azure.root]}}
    made = definitions.create_or_update(azure.root, GUID.format(7), wanted)
    assert (made.role_name, made.role_type) == ("Keeper", "CustomRole")
    assert definitions.get(azure.root, GUID.format(7)).permissions[0].not_actions == ["*/listKeys/action"]
    assert definitions.get_by_id(made.id).assignable_scopes == [azure.root]
    assert [known.role_name for known in definitions.list(azure.root, filter="type eq 'CustomRole'")] == ["Keeper"]
    assert "Owner" in [known.role_name for known in definitions.list(azure.root)]
    azure.role_assignments.create(
        azure.root,
        GUID.format(1),
        {"properties": {"roleDefinitionId": made.id, "principalId": guest_of(azure)}},
    )
    assert guest.storage_accounts.get_properties("rg", "contoso").name == "contoso"
    for refused in ("list_keys", "list_account_sas"):
        more = ({},) if refused == "list_account_sas" else ()
        with pytest.raises(HttpResponseError, match="AuthorizationFailed|InvalidValuesForRequestParameters"):
            getattr(guest.storage_accounts, refused)("rg", "contoso", *more)
    with pytest.raises(HttpResponseError, match="RoleDefinitionHasAssignments"):
        definitions.delete(azure.root, GUID.format(7))
    azure.role_assignments.delete(azure.root, GUID.format(1))
    assert definitions.delete(azure.root, GUID.format(7)).role_name == "Keeper"


def test_impossible_roles_are_refused(azure: Azure) -> None:
    definitions = azure.role_definitions

    def define(name: str, **properties: Any) -> None:
        known = {"roleName": "Keeper", "permissions": [], "assignableScopes": [azure.root]}
        definitions.create_or_update(azure.root, name, {"properties": known | properties})

    define(GUID.format(1))
    for name, properties, code in (
        ("keeper", {}, "InvalidRoleDefinitionId"),
        (GUID.format(2), {"roleName": ""}, "InvalidRoleDefinition"),
        (GUID.format(2), {"assignableScopes": [f"/subscriptions/{GUID.format(3)}"]}, "InvalidAssignableScope"),
        (GUID.format(2), {}, "RoleDefinitionWithSameNameExists"),
        (READER, {}, "RoleDefinitionUpdateNotPermitted"),
    ):
        with pytest.raises(HttpResponseError, match=code):
            define(name, **properties)
    with pytest.raises(HttpResponseError, match="RoleDefinitionDeleteNotPermitted"):
        definitions.delete(azure.root, READER)
    with pytest.raises(ResourceNotFoundError, match="RoleDefinitionDoesNotExist"):
        definitions.get(azure.root, GUID.format(9))
    for scope in ("/", ""):
        with pytest.raises(HttpResponseError, match="NotModelled"):
            azure.role_assignments.list_for_scope(scope)


def test_a_contributor_cannot_give_roles(open_door: Any) -> None:
    tenant = Tenant(principals=(Principal("owner"), Principal("worker")))
    grants = (Grant("owner"), Grant("worker", Role.CONTRIBUTOR))
    azure = Azure(open_door(ArmConfig(tenants=(tenant,), subscriptions=(Subscription(grants=grants),))), "worker")
    with pytest.raises(HttpResponseError, match="AuthorizationFailed"):
        azure.role_definitions.create_or_update(azure.root, GUID.format(1), {"properties": {}})
