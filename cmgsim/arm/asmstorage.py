"""Storage accounts through the older service management."""

from __future__ import annotations

from xml.etree import ElementTree

from cmgsim.arm import changes
from cmgsim.arm.asmservices import availability, keep_group, of_type, own_group
from cmgsim.arm.asmxml import Reply, Visit, node
from cmgsim.arm.clouds import storage_fqdn
from cmgsim.arm.errors import ArmError, bad_request
from cmgsim.arm.lifecycle import SUCCEEDED
from cmgsim.arm.providers.classicstorage import ACCOUNT
from cmgsim.arm.providers.storage import NAME_RULE, keys, turned
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource


def is_available(cloud: Cloud, visit: Visit) -> Reply:
    """Say whether a storage account could have a name."""
    name = visit.words["name"]
    try:
        NAME_RULE.check(name)
    except ArmError as problem:
        return availability(problem.message)
    taken = cloud.names.holder(storage_fqdn(name, visit.subscription.environment), cloud.now_us)
    return availability("The name is already taken." if taken else "")


def create(cloud: Cloud, visit: Visit) -> Reply:
    """Begin to create a storage account."""
    name = visit.field("ServiceName")
    NAME_RULE.check(name)
    group = own_group(cloud, visit.subscription, name, visit.field("Location"))
    account_id = f"{group.id}/providers/{ACCOUNT.name}/{name}"
    if account_id in cloud.store:
        raise ArmError(409, "ConflictError", f"A storage account named '{name}' already exists in the subscription.")
    properties = {"accountType": visit.fields().get("AccountType") or "Standard_GRS"}
    draft = Resource(account_id, ACCOUNT.name, group.location, {"properties": properties})
    operation = changes.create(cloud, ACCOUNT, draft)
    keep_group(cloud, group)
    assert operation is not None, "storage accounts take time"
    return Reply(202, operation=operation.id)


def list_all(cloud: Cloud, visit: Visit) -> Reply:
    """List the storage accounts of the classic model."""
    accounts = of_type(cloud, visit.subscription, ACCOUNT.name)
    return Reply(200, node("StorageServices", *(_show(cloud, visit, account) for account in accounts)))


def get(cloud: Cloud, visit: Visit) -> Reply:
    """Show a storage account."""
    return Reply(200, _show(cloud, visit, _account(cloud, visit)))


def delete(cloud: Cloud, visit: Visit) -> Reply:
    """Delete a storage account, which is gone at once."""
    changes.delete(cloud, ACCOUNT, _account(cloud, visit))
    return Reply(200)


def get_keys(cloud: Cloud, visit: Visit) -> Reply:
    """Show the keys of a storage account."""
    account = _account(cloud, visit)
    first, second = (str(key["value"]) for key in keys(cloud, account))
    shown = node("StorageServiceKeys", node("Primary", first), node("Secondary", second))
    return Reply(200, node("StorageService", _url(visit, account), shown))


def regenerate_key(cloud: Cloud, visit: Visit) -> Reply:
    """Replace the primary or the secondary key of a storage account."""
    wanted = visit.field("KeyType")
    if wanted not in ("Primary", "Secondary"):
        raise bad_request("BadRequest", f"The key type '{wanted}' is not valid; use Primary or Secondary.")
    turned(cloud, _account(cloud, visit), ("Primary", "Secondary").index(wanted))
    return get_keys(cloud, visit)


def _account(cloud: Cloud, visit: Visit) -> Resource:
    for account in of_type(cloud, visit.subscription, ACCOUNT.name):
        if account.name == visit.words["name"].lower():
            return account
    raise ArmError(404, "ResourceNotFound", f"The storage account '{visit.words['name']}' was not found.")


def _url(visit: Visit, account: Resource) -> ElementTree.Element:
    return node("Url", f"{visit.request.base}/{visit.subscription.id}/services/storageservices/{account.name}")


def _show(cloud: Cloud, visit: Visit, account: Resource) -> ElementTree.Element:
    properties = node(
        "StorageServiceProperties",
        node("Location", cloud.regions[account.location].title),
        node("Status", "Created" if account.state == SUCCEEDED else "Creating"),
        node("AccountType", str(account.properties.get("accountType", "Standard_GRS"))),
    )
    return node("StorageService", _url(visit, account), node("ServiceName", account.name), properties)
