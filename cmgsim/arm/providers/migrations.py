"""What storage accounts can be turned into: other redundancy, other regions, hierarchical namespaces.

Sources: "Initiate a storage account failover", "Change how a storage account is replicated", "Storage Accounts" (REST
reference). Every change is an operation on the account; what it leads to is kept with the account until it ends.

Assumption: a failover takes 10 to 25 minutes, a migration 5 to 15, other work on an account 30 to 90 seconds.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cmgsim.arm import tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.changes import require_idle
from cmgsim.arm.errors import ArmError, bad_request, resource_not_found
from cmgsim.arm.lifecycle import SUCCEEDED
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.types import ResourceType, object_of, objects_of, text_of

Bounds = tuple[tuple[str, str], ...]
TURN = "storage-account"
ACCOUNT_TYPE = "Microsoft.Storage/storageAccounts"
_KIND = ResourceType(ACCOUNT_TYPE, "storageAccounts", "2015-06-15")
_PENDING, _MIGRATION = "pending", "migration"
_GEO = ("standard_grs", "standard_ragrs", "standard_gzrs", "standard_ragzrs")
#: Regions that replicate to each other (source: "Azure cross-region replication pairings").
_PAIRS = (
    ("eastus", "westus"),
    ("eastus2", "centralus"),
    ("northcentralus", "southcentralus"),
    ("westus2", "westcentralus"),
    ("canadacentral", "canadaeast"),
    ("northeurope", "westeurope"),
    ("uksouth", "ukwest"),
    ("eastasia", "southeastasia"),
    ("japaneast", "japanwest"),
    ("koreacentral", "koreasouth"),
    ("australiaeast", "australiasoutheast"),
    ("centralindia", "southindia"),
    ("usgovvirginia", "usgovtexas"),
    ("usdodeast", "usdodcentral"),
)
PAIRED = {one: other for pair in _PAIRS for one, other in (pair, pair[::-1])}


def find(cloud: Cloud, call: Call) -> Resource:
    """Return the account that a path is about.

    Raises:
        ArmError: 404 ``ResourceNotFound`` if there is none.
    """
    target = call.target
    account = cloud.store.get(f"{target.scope}/providers/{ACCOUNT_TYPE}/{target.names[0]}")
    if account is None:
        raise resource_not_found(ACCOUNT_TYPE, target.names[0], target.group)
    return account


def is_geo_redundant(account: Resource) -> bool:
    """Say whether an account has a copy in another region."""
    return text_of(object_of(account.body, "sku"), "name").lower() in _GEO


def places(account: Resource) -> Json:
    """Return where an account is and where its copy is, as it is shown."""
    primary = account.secret.get("primary", account.location)
    shown: Json = {"primaryLocation": primary, "statusOfPrimary": "available"}
    if is_geo_redundant(account) and primary in PAIRED:
        shown |= {"secondaryLocation": PAIRED[primary], "statusOfSecondary": "available"}
    return shown


def failover(cloud: Cloud, call: Call) -> Answer:
    """Make the copy in the other region the account, which is locally redundant from then on."""
    account = find(cloud, call)
    if not is_geo_redundant(account) or account.location not in PAIRED:
        message = f"The account {account.name} has no secondary region that it could fail over to."
        raise bad_request("AccountNotGeoRedundant", message)
    other = places(account)["secondaryLocation"]
    return _begin(cloud, call, "storageAccounts.failover", {"sku": {"name": "Standard_LRS"}}, {"primary": other})


def restore_ranges(cloud: Cloud, call: Call) -> Answer:
    """Turn ranges of blobs back to a moment, in an account that has point-in-time restore.

    Raises:
        ArmError: 400 for a moment that is none or not past, 409 where nothing was written down to be restored.
    """
    account, document = find(cloud, call), call.document()
    moment_us = _moment_us(cloud, text_of(document, "timeToRestore"))
    service = cloud.store.get(f"{account.id}/blobServices/default")
    if service is None or not object_of(service.properties, "restorePolicy").get("enabled"):
        message = f"Point-in-time restore is not enabled for the account {account.name}; set its 'restorePolicy'."
        raise ArmError(409, "OperationNotAllowedOnAccountWithoutRestorePolicy", message)
    ranges = objects_of(document, "blobRanges")
    parameters = {"timeToRestore": document["timeToRestore"], "blobRanges": ranges}
    status = {"restoreId": cloud.guid("restore", account.id), "parameters": parameters}
    done = {**status, "status": "Complete"}
    bounds = tuple((text_of(item, "startRange"), text_of(item, "endRange")) for item in ranges) or (("", ""),)
    operation = _operation(cloud, account, "storageAccounts.action", {}, {}, (moment_us, bounds))
    tasks.leading_to(cloud, operation, done)
    answer = tasks.accepted(call, operation, "Microsoft.Storage")
    return Answer(202, {**status, "status": "InProgress"}, answer.headers)


def begin_namespaces(cloud: Cloud, call: Call) -> Answer:
    """Check that an account could have a hierarchical namespace, or give it one."""
    kind = call.request.query.get("requesttype", "").lower()
    if kind not in ("hnsonvalidationrequest", "hnsonhydrationrequest"):
        message = f"The request type '{kind}' is invalid; use HnsOnValidationRequest or HnsOnHydrationRequest."
        raise bad_request("InvalidRequestParameter", message)
    if find(cloud, call).properties.get("isHnsEnabled"):
        raise bad_request("HnsAlreadyEnabled", "The account has a hierarchical namespace already.")
    body: Json = {"properties": {"isHnsEnabled": True}} if kind == "hnsonhydrationrequest" else {}
    return _begin(cloud, call, "storageAccounts.migrate", body)


def abort_namespaces(cloud: Cloud, call: Call) -> Answer:
    """Stop giving an account a hierarchical namespace.

    Raises:
        ArmError: 409 if nobody is.
    """
    account = find(cloud, call)
    operation = cloud.operations.get(account.operation)
    if operation is None or operation.lifecycle != "storageAccounts.migrate":
        raise ArmError(409, "HnsMigrationNotInProgress", f"No migration of the account {account.name} is in progress.")
    cloud.operations.cancel(operation.id, cloud.now_us)
    secret = {name: value for name, value in account.secret.items() if name != _PENDING}
    cloud.change(account, state=SUCCEEDED, operation="", secret=secret)
    return _begin(cloud, call, "storageAccounts.action", {})


def begin_conversion(cloud: Cloud, call: Call) -> Answer:
    """Begin to convert an account to another redundancy, as its owner asked."""
    account = find(cloud, call)
    wanted = text_of(object_of(call.document(), "properties"), "targetSkuName")
    present = text_of(object_of(account.body, "sku"), "name")
    if not wanted or wanted.lower() == present.lower():
        message = f"The property 'targetSkuName' must be another redundancy than '{present}', not '{wanted}'."
        raise bad_request("InvalidRequestPropertyValue", message)
    return _begin(
        cloud, call, "storageAccounts.migrate", {"sku": {"name": wanted}}, {_MIGRATION: {"targetSkuName": wanted}}
    )


def show_conversion(cloud: Cloud, call: Call) -> Answer:
    """Show the last conversion of an account.

    Raises:
        ArmError: 404 if there never was one.
    """
    account = find(cloud, call)
    pending = object_of(account.secret, _PENDING)
    known = object_of(pending, "secret").get(_MIGRATION) or account.secret.get(_MIGRATION)
    if known is None:
        raise resource_not_found(f"{ACCOUNT_TYPE}/accountMigrations", call.target.name, call.target.group)
    status = "InProgress" if pending else "Complete"
    document = {
        "id": f"{account.id}/accountMigrations/default",
        "name": "default",
        "type": f"{ACCOUNT_TYPE}/accountMigrations",
        "properties": {**known, "migrationStatus": status},
    }
    return Answer(200, document)


def turn(cloud: Cloud, operation: Operation) -> None:
    """Let an account be what it was to be turned into."""
    account = cloud.store.get(operation.resource)
    if account is None:
        return
    secret, body = dict(account.secret), account.body
    pending = secret.pop(_PENDING, {})
    if operation.status == SUCCEEDED:
        secret |= pending.get("secret", {})
        wanted = dict(pending.get("body", {}))
        body = body_with_properties(body | wanted, **(account.properties | wanted.get("properties", {})))
        _restore(cloud, account, *pending.get("restore", (0, ())))
    cloud.change(account, body=body, secret=secret, state=SUCCEEDED, operation="")


def _begin(cloud: Cloud, call: Call, lifecycle: str, body: Json, secret: Json | None = None) -> Answer:
    operation = _operation(cloud, find(cloud, call), lifecycle, body, secret or {})
    return tasks.accepted(call, operation, "Microsoft.Storage")


def _restore(cloud: Cloud, account: Resource, moment_us: int, bounds: Bounds) -> None:
    """Turn the blobs of an account back, where their names with those of their containers lie within bounds."""
    for container in cloud.store.children(f"{account.id}/blobServices/default"):
        start = f"{container.name}/"
        for first, last in bounds:
            lower = first.removeprefix(start) if first.startswith(start) else "" if first <= start else None
            upper = last.removeprefix(start) if last.startswith(start) else "" if not last or last > start else None
            if lower is not None and upper is not None:
                cloud.contents.restore(str(container.secret["contents"]), lower, upper, moment_us)


def _moment_us(cloud: Cloud, text: str) -> int:
    """Return the moment that a text names, which must be past."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise bad_request("InvalidRequestPropertyValue", f"The value '{text}' of 'timeToRestore' is no time.") from None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    moment_us = (aware - cloud.config.start) // timedelta(microseconds=1)
    if moment_us >= cloud.now_us:
        raise bad_request("InvalidRequestPropertyValue", f"The time to restore '{text}' must be in the past.")
    return moment_us


def _operation(
    cloud: Cloud,
    account: Resource,
    lifecycle: str,
    body: Json,
    secret: Json,
    restore: tuple[int, Bounds] = (0, ()),
) -> Operation:
    require_idle(cloud, _KIND, account)
    pending = {_PENDING: {"body": body, "secret": secret, "restore": restore}}
    marked = cloud.store.put(account.having(secret=account.secret | pending))
    return cloud.begin(lifecycle, marked, TURN, retry_after_s=17)
