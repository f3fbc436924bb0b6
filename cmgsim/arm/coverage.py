"""Which operations of Microsoft's SDKs the fake Azure is held against, and which of them it does not serve.

The scope is the operation groups that deploying and running services needs. Operations are counted as
the SDK packages define them: the public methods of their operation groups. One is *served* when a test calls it through
the unmodified SDK and carries ``@pytest.mark.serves("group.operation")``; it is *partial* when it is served but for
what :data:`PARTIAL` says; what :data:`NOT_SERVED` lists answers ``NotModelled``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version

#: The page that says what is served, as errors name it.
PAGE = "docs/reference/arm-coverage.md"


@dataclass(frozen=True, slots=True)
class Client:
    """A client class of an SDK package and those of its operation groups that are in scope."""

    package: str
    module: str
    name: str
    groups: tuple[str, ...]

    @property
    def version(self) -> str:
        """Return the installed version of the package."""
        return version(self.package)

    def load(self) -> type:
        """Return the client class; its package must be installed."""
        found: type = getattr(import_module(self.module), self.name)
        return found


SCOPE = (
    Client(
        "azure-mgmt-resource",
        "azure.mgmt.resource.resources",
        "ResourceManagementClient",
        ("resource_groups", "providers", "resources"),
    ),
    Client(
        "azure-mgmt-resource-subscriptions",
        "azure.mgmt.resource.subscriptions",
        "SubscriptionClient",
        ("subscriptions", "tenants"),
    ),
    Client(
        "azure-mgmt-resource-deployments",
        "azure.mgmt.resource.deployments",
        "DeploymentsMgmtClient",
        ("deployments", "deployment_operations"),
    ),
    Client("azure-mgmt-resource-locks", "azure.mgmt.resource.locks", "ManagementLockClient", ("management_locks",)),
    Client(
        "azure-mgmt-storage",
        "azure.mgmt.storage",
        "StorageManagementClient",
        ("storage_accounts", "blob_containers", "blob_services"),
    ),
    Client(
        "azure-mgmt-compute",
        "azure.mgmt.compute",
        "ComputeManagementClient",
        (
            "virtual_machine_scale_sets",
            "virtual_machine_scale_set_vms",
            "virtual_machine_scale_set_extensions",
            "usage",
            "resource_skus",
        ),
    ),
    Client(
        "azure-mgmt-network",
        "azure.mgmt.network",
        "NetworkManagementClient",
        (
            "public_ip_addresses",
            "load_balancers",
            "virtual_networks",
            "subnets",
            "network_security_groups",
            "security_rules",
        ),
    ),
    Client("azure-mgmt-keyvault", "azure.mgmt.keyvault", "KeyVaultManagementClient", ("vaults",)),
    Client(
        "azure-mgmt-authorization",
        "azure.mgmt.authorization",
        "AuthorizationManagementClient",
        ("role_assignments", "role_definitions"),
    ),
)
#: What is served, but not whole, and what is missing.
PARTIAL: dict[str, str] = {
    "virtual_machine_scale_set_vms.begin_run_command": "takes time and needs a running machine; prints nothing",
    "virtual_machine_scale_set_vms.retrieve_boot_diagnostics_data": "nothing is behind the links",
    "virtual_machine_scale_sets.get_os_upgrade_history": "always empty, as no upgrade begins by itself",
}
_MANAGEMENT_GROUPS = "management groups are not modelled"
#: What is not served, and why.
NOT_SERVED: dict[str, str] = {
    "providers.register_at_management_group_scope": _MANAGEMENT_GROUPS,
    "virtual_networks.begin_move_ip_configurations": "network interfaces are not modelled",
}
for _group, _stems in (
    (
        "deployments",
        (
            "begin_create_or_update",
            "begin_delete",
            "begin_validate",
            "begin_what_if",
            "cancel",
            "check_existence",
            "export_template",
            "get",
            "list",
        ),
    ),
    ("deployment_operations", ("get", "list")),
):
    for _stem in _stems:
        NOT_SERVED[f"{_group}.{_stem}_at_management_group_scope"] = _MANAGEMENT_GROUPS
        NOT_SERVED[f"{_group}.{_stem}_at_tenant_scope"] = "deployments of the whole tenant are not modelled"


def operations(client: object, group: str) -> list[str]:
    """Return the operations of a group of an SDK client, by name: its public methods."""
    members = getattr(client, group)
    names = (name for name in dir(members) if not name.startswith("_") and name != "models")
    return sorted(name for name in names if callable(getattr(members, name)))
