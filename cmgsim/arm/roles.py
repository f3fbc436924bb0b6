"""Built-in roles as data, and what a role allows.

Names and GUIDs are those of Microsoft's own tables (sources: "Azure built-in roles", and its pages "for Privileged",
"for Networking", "for Storage" and "for Security").

Assumption: actions of providers that are not modelled are left out of the built-in roles.
"""

from __future__ import annotations

import re
from functools import lru_cache

from cmgsim.arm.config import Role
from cmgsim.arm.state import Cloud, RoleDefinition

#: What most roles for one service allow beside it.
_ASIDE = (
    "Microsoft.Authorization/*/read",
    "Microsoft.Resources/deployments/*",
    "Microsoft.Resources/subscriptions/resourceGroups/read",
)
_VAULTS = "Microsoft.KeyVault"
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers"
_SECRETS = "Microsoft.KeyVault/vaults/secrets"
ROLES = {
    Role.OWNER: RoleDefinition("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
    Role.CONTRIBUTOR: RoleDefinition(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    Role.READER: RoleDefinition("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
}
#: Built-in roles that a principal has by assignment only.
MORE = (
    RoleDefinition(
        "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "User Access Administrator", ("*/read", "Microsoft.Authorization/*")
    ),
    RoleDefinition(
        "4d97b98b-1d4f-4787-a291-c67834d212e7",
        "Network Contributor",
        (*_ASIDE, "Microsoft.Network/*"),
    ),
    RoleDefinition(
        "17d1049b-9a84-46fb-8f53-869881c3d3ab",
        "Storage Account Contributor",
        (
            *_ASIDE,
            "Microsoft.Network/virtualNetworks/subnets/joinViaServiceEndpoint/action",
            "Microsoft.Storage/storageAccounts/*",
        ),
    ),
    RoleDefinition(
        "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
        "Storage Blob Data Reader",
        (f"{_BLOBS}/read", "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action"),
        data_actions=(f"{_BLOBS}/blobs/read",),
    ),
    RoleDefinition(
        "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
        "Storage Blob Data Contributor",
        (
            f"{_BLOBS}/read",
            f"{_BLOBS}/write",
            f"{_BLOBS}/delete",
            "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
        ),
        data_actions=(f"{_BLOBS}/blobs/*",),
    ),
    RoleDefinition(
        "4633458b-17de-408a-b874-0445c86b69e6",
        "Key Vault Secrets User",
        (),
        data_actions=(f"{_SECRETS}/getSecret/action", f"{_SECRETS}/readMetadata/action"),
    ),
    RoleDefinition(
        "b86a8fe4-44ce-4948-aee5-eccb2c155cd7",
        "Key Vault Secrets Officer",
        (
            *_ASIDE,
            f"{_VAULTS}/checkNameAvailability/read",
            f"{_VAULTS}/deletedVaults/read",
            f"{_VAULTS}/locations/*/read",
            f"{_VAULTS}/vaults/*/read",
            f"{_VAULTS}/operations/read",
        ),
        data_actions=(f"{_SECRETS}/*",),
    ),
)
BUILT_IN = {known.id: known for known in (*ROLES.values(), *MORE)}
_WORDS = {definition.id: role for role, definition in ROLES.items()}


def definition(cloud: Cloud, role: Role | str) -> RoleDefinition:
    """Return the definition of a role, by its word or its GUID."""
    if isinstance(role, Role):
        return ROLES[role]
    return BUILT_IN.get(role) or cloud.definitions[role]


def find(cloud: Cloud, name: str) -> Role | str | None:
    """Return the role that a GUID stands for, None if it stands for none."""
    name = name.lower()
    return _WORDS.get(name) or (name if name in BUILT_IN or name in cloud.definitions else None)


@lru_cache(maxsize=4096)
def allows(role: RoleDefinition, action: str) -> bool:
    """Say whether a role allows an action such as ``Microsoft.Storage/storageAccounts/write``."""
    return _matches(role.actions, action) and not _matches(role.not_actions, action)


@lru_cache(maxsize=4096)
def allows_data(role: RoleDefinition, action: str) -> bool:
    """Say whether a role allows an action on what a resource holds, such as ``.../blobs/read``."""
    return _matches(role.data_actions, action)


def _matches(patterns: tuple[str, ...], action: str) -> bool:
    expressions = (re.escape(pattern).replace(r"\*", ".*") for pattern in patterns)
    return any(re.fullmatch(expression, action, re.IGNORECASE) for expression in expressions)
