"""Resources that move to another group of the subscription (source: "Move Azure resources to a new resource group").

What moves keeps its region, its names and all it holds; only its id changes. While it moves it can be read only.

Assumption: moving takes 30 to 120 seconds for all resources together, checking whether they could move 5 to 15.
"""

from __future__ import annotations

from cmgsim.arm import locks, tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.changes import require_idle, usable_group
from cmgsim.arm.errors import ArmError, bad_request, resource_not_found, scope_locked
from cmgsim.arm.events import ResourceCreated, ResourceDeleted
from cmgsim.arm.identifiers import parent_id
from cmgsim.arm.lifecycle import SUCCEEDED
from cmgsim.arm.messages import Answer
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import GROUP_TYPE, Resource
from cmgsim.arm.types import ResourceType, text_of

MOVE = "move"
_TARGET = "moving_to"
_GROUP_KIND = ResourceType(GROUP_TYPE, "resourceGroups", "2015-01-01")


def validate(cloud: Cloud, call: Call) -> Answer:
    """Say whether resources could move; nothing is moved."""
    group, _, _ = _wanted(cloud, call)
    return tasks.accepted_by_arm(call, tasks.begin(cloud, "resources.move.validate", group))


def begin(cloud: Cloud, call: Call) -> Answer:
    """Begin to move resources."""
    group, target, moving = _wanted(cloud, call)
    steps = cloud.path("resources.move", group.id)
    for resource in moving:
        marked = cloud.store.put(resource.having(secret=resource.secret | {_TARGET: target.id}))
        cloud.begin("resources.move", marked, MOVE, steps=steps)
    return tasks.accepted_by_arm(call, tasks.begin(cloud, "resources.move", group, steps=steps))


def arrive(cloud: Cloud, operation: Operation) -> None:
    """Let a resource, with everything below it, be where it moved to."""
    resource = cloud.store.get(operation.resource)
    if resource is None:
        return
    source = parent_id(resource.id)
    target = resource.secret[_TARGET]
    secret = {name: value for name, value in resource.secret.items() if name != _TARGET}
    resource = resource.having(operation="", state=SUCCEEDED, secret=secret)
    for gone in (resource, *cloud.store.below(resource.id)):
        cloud.store.remove(gone.id)
        there = cloud.store.put(gone.having(id=target + gone.id[len(source) :]))
        for name in there.names:
            cloud.names.take(name, there.id)
        cloud.events.append(ResourceDeleted(gone.id, gone.type))
        cloud.events.append(ResourceCreated(there.id, there.type, there.location))


def _wanted(cloud: Cloud, call: Call) -> tuple[Resource, Resource, list[Resource]]:
    """Return the source, the target and the resources, all fit to move."""
    group = usable_group(cloud, call.owner.id, call.target.group)
    document = call.document()
    words = text_of(document, "targetResourceGroup").strip("/").split("/")
    if len(words) != 4 or words[1].lower() != call.owner.id or words[2].lower() != "resourcegroups":
        message = "The value of 'targetResourceGroup' must be the id of a resource group of the same subscription."
        raise bad_request("InvalidRequestContent", message)
    target = usable_group(cloud, call.owner.id, words[3])
    listed = document.get("resources")
    if not isinstance(listed, list) or not listed or not all(isinstance(word, str) for word in listed):
        raise bad_request("InvalidRequestContent", "The value of 'resources' must be a list of at least one id.")
    _require_unlocked(cloud, target.id)
    return group, target, [_movable(cloud, group, target, resource_id) for resource_id in listed]


def _movable(cloud: Cloud, group: Resource, target: Resource, resource_id: str) -> Resource:
    resource = cloud.store.get(resource_id)
    if resource is None or parent_id(resource.key) != group.key:
        words = resource_id.split("/")
        raise resource_not_found("/".join(words[6:8]), words[-1], group.name)
    if target.id + resource.id[len(group.id) :] in cloud.store:
        message = (
            f"Resource move is not supported: '{resource.name}' of type '{resource.type}' exists in '{target.name}'."
        )
        raise ArmError(409, "ResourceMoveFailed", message)
    require_idle(cloud, _GROUP_KIND, resource)
    _require_unlocked(cloud, resource.id)
    return resource


def _require_unlocked(cloud: Cloud, scope: str) -> None:
    if held := [lock.scope for lock in locks.above(cloud, scope)]:
        raise scope_locked(scope, "write", dict.fromkeys(held))
