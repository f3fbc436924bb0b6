"""Microsoft.Storage: the blob service of an account and its containers, as Azure Resource Manager shows them.

Sources: "Blob Containers" and "Blob Services" (REST reference), "Store business-critical blob data with immutable
storage".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import asdict

from cmgsim.arm import changes, tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.dataplane import leases
from cmgsim.arm.dataplane.leases import Lease
from cmgsim.arm.errors import ArmError, bad_request, precondition_failed, resource_not_found
from cmgsim.arm.lifecycle import SUCCEEDED
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, NameRule, ResourceType, Trait, count_of, object_of, text_of, texts_of
from cmgsim.arm.views import answer_with, etag
from cmgsim.units import SECOND

SERVICE_TYPE = "Microsoft.Storage/storageAccounts/blobServices"
CONTAINER_TYPE = f"{SERVICE_TYPE}/containers"
POLICY_TYPE = f"{CONTAINER_TYPE}/immutabilityPolicies"
WORM = "container-worm"
#: Tags of legal hold, and when each was set.
Tags = dict[str, int]
_LONGEST_DAYS = 146_000
_MOST_EXTENSIONS = 5
_NAME = NameRule(
    re.compile(r"\$root|\$logs|\$web|(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]"),
    "ContainerNameInvalid",
    "The container name '{name}' is invalid: 3 to 63 lower-case letters, numbers and single hyphens.",
)
_DEFAULT = NameRule(re.compile("default"), "InvalidResourceName", "The name must be 'default', not '{name}'.")


def service_of(account: Resource) -> Resource:
    """Return the blob service that an account has from the start."""
    properties = {"cors": {"corsRules": []}, "deleteRetentionPolicy": {"enabled": False}}
    return Resource(f"{account.id}/blobServices/default", SERVICE_TYPE, account.location, {"properties": properties})


def lease_of(container: Resource) -> Lease:
    """Return the lease of a container."""
    return Lease(**container.secret.get("lease", {}))


def remove_container(cloud: Cloud, call: Call) -> Answer:
    """Delete a container, unless its blobs must be kept."""
    container = cloud.store.get(call.target.resource_id)
    if container is None:
        return Answer(204)
    _require_erasable(cloud, container)
    changes.delete(cloud, CONTAINER, container)
    cloud.contents.forget(container.secret["contents"])
    return Answer(200)


def set_legal_hold(cloud: Cloud, call: Call) -> Answer:
    """Put tags of legal hold on a container."""
    return _hold(cloud, call, lambda present, given: present | dict.fromkeys(given, cloud.now_us))


def clear_legal_hold(cloud: Cloud, call: Call) -> Answer:
    """Take tags of legal hold from a container."""
    return _hold(cloud, call, lambda present, given: {tag: at for tag, at in present.items() if tag not in given})


def lease(cloud: Cloud, call: Call) -> Answer:
    """Acquire, renew, change, release or break the lease of a container."""
    container, document = _found(cloud, call), call.document()
    held, after = lease_of(container), _leased(cloud, container, document)
    cloud.change(container, secret=container.secret | {"lease": asdict(after)})
    if text_of(document, "action").lower() == "break":
        left_us = max(0, (after.breaks_us or 0) - cloud.now_us)
        return Answer(200, {"leaseTimeSeconds": str(left_us // SECOND)})
    return Answer(200, {"leaseId": after.id or held.id})


def put_policy(cloud: Cloud, call: Call) -> Answer:
    """Write the immutability policy of a container that is not locked."""
    container = _found(cloud, call)
    policy = cloud.store.get(call.target.resource_id)
    _require_match(call, policy)
    if policy is not None and policy.properties["state"] == "Locked":
        raise ArmError(409, "ImmutabilityPolicyLocked", "The policy is locked; it can only be extended.")
    body = {"properties": _policy_properties(call) | {"state": "Unlocked"}}
    if policy is None:
        policy = cloud.create(Resource(f"{container.id}/immutabilityPolicies/default", POLICY_TYPE, "", body))
    else:
        policy = cloud.change(policy, body=body)
    return _show_policy(cloud, policy)


def get_policy(cloud: Cloud, call: Call) -> Answer:
    """Show the immutability policy of a container."""
    return _show_policy(cloud, _policy(cloud, call))


def delete_policy(cloud: Cloud, call: Call) -> Answer:
    """Delete a policy that is not locked."""
    policy = _policy(cloud, call)
    _require_match(call, policy)
    if policy.properties["state"] == "Locked":
        raise ArmError(409, "ImmutabilityPolicyLocked", "The policy is locked; it cannot be deleted.")
    changes.destroy(cloud, policy)
    return _show_policy(cloud, policy.having(body={"properties": {"state": "Deleted"}}))


def lock_policy(cloud: Cloud, call: Call) -> Answer:
    """Lock a policy for ever."""
    policy = _policy(cloud, call)
    _require_match(call, policy)
    return _show_policy(cloud, cloud.change(policy, body=body_with_properties(policy.body, state="Locked")))


def extend_policy(cloud: Cloud, call: Call) -> Answer:
    """Let a locked policy last longer, at most five times."""
    policy = _policy(cloud, call)
    _require_match(call, policy)
    times = policy.secret.get("extensions", 0)
    wanted = _policy_properties(call)
    name = "immutabilityPeriodSinceCreationInDays"
    if policy.properties["state"] != "Locked" or wanted[name] <= policy.properties[name] or times == _MOST_EXTENSIONS:
        message = "Only a locked policy can be extended, to a longer period, and at most five times."
        raise ArmError(409, "OperationNotAllowedOnImmutabilityPolicy", message)
    changed = cloud.change(policy, body=body_with_properties(policy.body, **wanted), secret={"extensions": times + 1})
    return _show_policy(cloud, changed)


def begin_worm(cloud: Cloud, call: Call) -> Answer:
    """Begin to keep the versions of single blobs, instead of whole containers, immutable."""
    container = _found(cloud, call)
    changes.require_idle(cloud, CONTAINER, container)
    if cloud.store.get(f"{container.id}/immutabilityPolicies/default") is None:
        message = "The container must have an immutability policy before its migration."
        raise ArmError(409, "ContainerImmutabilityPolicyMissing", message)
    operation = cloud.begin("storageAccounts.action", container, WORM)
    return tasks.accepted(call, operation, "Microsoft.Storage")


def end_worm(cloud: Cloud, operation: Operation) -> None:
    """Let a container have what its migration was for."""
    container = cloud.store.get(operation.resource)
    if container is not None:
        versioned = {"enabled": True, "migrationState": "Completed", "timeStamp": cloud.iso(cloud.now_us)}
        body = body_with_properties(container.body, immutableStorageWithVersioning=versioned)
        cloud.change(container, body=body, state=SUCCEEDED, operation="")


def _leased(cloud: Cloud, container: Resource, document: Json) -> Lease:
    held, action, name = lease_of(container), text_of(document, "action").lower(), text_of(document, "leaseId")
    if action == "acquire":
        proposed = text_of(document, "proposedLeaseId") or cloud.guid("lease", container.id)
        return leases.acquire(held, proposed, _seconds(document, "leaseDuration", leases.INFINITE), cloud.now_us)
    if action == "renew":
        return leases.renew(held, name, cloud.now_us)
    if action == "change":
        return leases.change(held, name, text_of(document, "proposedLeaseId"), cloud.now_us)
    if action == "release":
        return leases.release(held, name)
    if action == "break":
        period = None if document.get("breakPeriod") is None else _seconds(document, "breakPeriod", 0)
        return leases.broken(held, period, cloud.now_us)
    raise bad_request("InvalidRequestPropertyValue", f"The lease action '{action}' is invalid.")


def _seconds(document: Json, name: str, default: int) -> int:
    value = document.get(name)
    if value is None:
        return default
    if type(value) is not int or not -1 <= value <= leases.LONGEST_S:
        message = f"The value of '{name}' must be -1 to {leases.LONGEST_S} seconds, not {value!r}."
        raise bad_request("InvalidRequestPropertyValue", message)
    return value


def _hold(cloud: Cloud, call: Call, changed: Callable[[Tags, list[str]], Tags]) -> Answer:
    container = _found(cloud, call)
    given = [tag.lower() for tag in texts_of(call.document(), "tags")]
    if not given or not all(re.fullmatch("[a-z0-9]{3,23}", tag) for tag in given):
        raise bad_request("InvalidRequestPropertyValue", "Legal hold needs tags of 3 to 23 letters and numbers.")
    tags = changed(container.secret.get("hold", {}), given)
    cloud.change(container, secret=container.secret | {"hold": tags})
    return Answer(200, {"hasLegalHold": bool(tags), "tags": list(tags)})


def _require_erasable(cloud: Cloud, container: Resource) -> None:
    policy = cloud.store.get(f"{container.id}/immutabilityPolicies/default")
    locked = policy is not None and policy.properties["state"] == "Locked"
    if container.secret.get("hold") or locked:
        message = f"The container '{container.name}' is protected from deletion by a legal hold or a locked policy."
        raise ArmError(409, "ContainerProtectedFromDeletion", message)
    leases.require_write(lease_of(container), "", cloud.now_us, "container")


def _policy_properties(call: Call) -> Json:
    properties = object_of(call.document(), "properties")
    days = count_of(properties, "immutabilityPeriodSinceCreationInDays", 0, _LONGEST_DAYS)
    if days < 1:
        raise bad_request("InvalidRequestPropertyValue", "The period of immutability must be at least one day.")
    appends = {name: properties[name] for name in properties if name.startswith("allowProtectedAppendWrites")}
    return {"immutabilityPeriodSinceCreationInDays": days, **appends}


def _show_policy(cloud: Cloud, policy: Resource) -> Answer:
    return answer_with(cloud, POLICY, policy, 200)


def _require_match(call: Call, policy: Resource | None) -> None:
    wanted = call.request.header("if-match")
    if policy is not None and wanted and wanted not in ("*", etag(policy)):
        raise precondition_failed(policy.name, wanted)


def _found(cloud: Cloud, call: Call) -> Resource:
    """Return the container that a path is about."""
    target = call.target
    service = f"{target.scope}/providers/{SERVICE_TYPE[:33]}/{target.names[0]}/blobServices/{target.names[1]}"
    container = cloud.store.get(f"{service}/containers/{target.names[2]}")
    if container is None:
        raise resource_not_found(CONTAINER_TYPE, "/".join(target.names[:3]), target.group)
    return container


def _policy(cloud: Cloud, call: Call) -> Resource:
    policy = cloud.store.get(f"{_found(cloud, call).id}/immutabilityPolicies/default")
    if policy is None:
        raise resource_not_found(POLICY_TYPE, "/".join(call.target.names), call.target.group)
    return policy


def _check(cloud: Cloud, container: Resource) -> None:
    """Refuse a container whose metadata or access is not what it must be."""
    text_of(container.properties, "publicAccess")
    for name in object_of(container.properties, "metadata"):
        text_of(container.properties["metadata"], name)


def _complete(cloud: Cloud, container: Resource) -> Resource:
    return container.having(secret=container.secret or {"contents": cloud.guid("contents", container.id)})


def _view(cloud: Cloud, container: Resource) -> Json:
    held, hold = lease_of(container), container.secret.get("hold", {})
    policy = cloud.store.get(f"{container.id}/immutabilityPolicies/default")
    shown: Json = {
        "publicAccess": container.properties.get("publicAccess") or "None",
        "lastModifiedTime": cloud.iso(container.changed_us),
        "leaseStatus": "Locked" if held.locked(cloud.now_us) else "Unlocked",
        "leaseState": held.state(cloud.now_us).title(),
        "hasImmutabilityPolicy": policy is not None,
        "hasLegalHold": bool(hold),
        "legalHold": {
            "hasLegalHold": bool(hold),
            "tags": [{"tag": tag, "timestamp": cloud.iso(at_us)} for tag, at_us in hold.items()],
        },
    }
    if policy is not None:
        shown["immutabilityPolicy"] = {"etag": etag(policy), "properties": policy.properties}
    return shown


def _view_policy(cloud: Cloud, policy: Resource) -> Json:
    return {"immutabilityPeriodSinceCreationInDays": 0, **policy.properties}


def container_of(account_id: str, name: str) -> str:
    """Return the id of a container of an account."""
    return f"{account_id}/blobServices/default/containers/{name}"


SERVICE = ResourceType(SERVICE_TYPE, "blobServices", "2018-03-01-preview", traits=Trait.NONE, name_rule=_DEFAULT)
CONTAINER = ResourceType(
    CONTAINER_TYPE,
    "containers",
    "2018-02-01",
    traits=Trait.ETAG,
    name_rule=_NAME,
    check=_check,
    complete=_complete,
    view=_view,
)
POLICY = ResourceType(POLICY_TYPE, "policies", "2018-02-01", traits=Trait.ETAG, name_rule=_DEFAULT, view=_view_policy)
_CONTAINERS = "group/microsoft.storage/storageaccounts/blobservices/containers"
_POLICIES = f"{_CONTAINERS}/immutabilitypolicies"
ROUTES: dict[tuple[str, str], Handler] = {
    ("DELETE", f"{_CONTAINERS}/*"): remove_container,
    ("POST", f"{_CONTAINERS}/setlegalhold"): set_legal_hold,
    ("POST", f"{_CONTAINERS}/clearlegalhold"): clear_legal_hold,
    ("POST", f"{_CONTAINERS}/lease"): lease,
    ("POST", f"{_CONTAINERS}/migrate"): begin_worm,
    ("PUT", f"{_POLICIES}/*"): put_policy,
    ("GET", f"{_POLICIES}/*"): get_policy,
    ("DELETE", f"{_POLICIES}/*"): delete_policy,
    ("POST", f"{_POLICIES}/lock"): lock_policy,
    ("POST", f"{_POLICIES}/extend"): extend_policy,
}
