"""How resources come, change and go, whoever asks: the REST door, the classic door, or a deployment."""

from __future__ import annotations

from cmgsim.arm import strikes
from cmgsim.arm.errors import group_being_deleted, group_not_found, too_many_resources
from cmgsim.arm.events import ResourceDeleted
from cmgsim.arm.identifiers import group_id, group_of, parent_id
from cmgsim.arm.lifecycle import SUCCEEDED, Path
from cmgsim.arm.operations import REMOVE, SETTLE, Operation
from cmgsim.arm.quotas import check_cores
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import ResourceType, Style

DELETING = "Deleting"
#: Resources of one type in a group (source: "Azure subscription and service limits, quotas, and constraints").
MOST_OF_A_TYPE = 800


def usable_group(cloud: Cloud, subscription: str, name: str) -> Resource:
    """Return a resource group that something may be put into.

    Raises:
        ArmError: 404 ``ResourceGroupNotFound``, or 409 ``ResourceGroupBeingDeleted``.
    """
    group = cloud.store.get(group_id(subscription, name))
    if group is None:
        raise group_not_found(name)
    if group.state == DELETING:
        raise group_being_deleted(group.name)
    return group


def create(cloud: Cloud, kind: ResourceType, draft: Resource, steps: Path = ()) -> Operation | None:
    """Create a resource; ``steps`` replace its drawn path.

    Returns:
        the operation that it takes, None for what is there at once.

    Raises:
        ArmError: if its name, its region or its cores cannot be had.
    """
    resource = create_at_once(cloud, kind, draft)
    if kind.create is Style.SYNC and not steps:
        return None
    lifecycle = f"{kind.lifecycle}.create"
    if resource.cores and not cloud.has_room(resource):
        lifecycle, steps = "allocation.refused", ()
    return cloud.begin(lifecycle, resource, SETTLE, steps=steps, retry_after_s=kind.retry_after_s)


def create_at_once(cloud: Cloud, kind: ResourceType, draft: Resource) -> Resource:
    """Create a resource without an operation.

    Raises:
        ArmError: if its name, its region or its cores cannot be had.
    """
    draft = _ready(cloud, kind, draft, 0)
    return cloud.create(draft.having(cores=kind.cores(draft)))


def update(cloud: Cloud, kind: ResourceType, before: Resource, draft: Resource, steps: Path = ()) -> Operation | None:
    """Write a resource again, as *draft*.

    While it takes time, the resource uses the larger number of cores.

    Raises:
        ArmError: if it is busy, or if new names or more cores cannot be had.
    """
    require_idle(cloud, kind, before)
    draft = _ready(cloud, kind, draft, before.cores)
    for name in before.names:
        if name not in draft.names:
            cloud.names.free(name)
    for name in draft.names:
        cloud.names.take(name, draft.id)
    cores = max(before.cores, kind.cores(draft))
    lifecycle = f"{kind.lifecycle}.update"
    if cores > before.cores and not cloud.has_room(draft):
        lifecycle, steps = "allocation.refused", ()
    elif kind.update is Style.SYNC and not steps:
        cloud.change(draft, cores=kind.cores(draft), state=SUCCEEDED)
        return None
    draft = cloud.store.put(draft.having(cores=cores))
    return cloud.begin(
        lifecycle, draft, SETTLE, steps=steps, retry_after_s=kind.retry_after_s, fallback_cores=before.cores
    )


def delete(cloud: Cloud, kind: ResourceType, resource: Resource) -> Operation | None:
    """Delete a resource and everything below it.

    Raises:
        ArmError: if it or something below it is busy.
    """
    require_idle(cloud, kind, resource)
    for child in cloud.store.below(resource.id):
        require_idle(cloud, kind, child)
    cloud.require_region(resource.location)
    if kind.delete is Style.SYNC:
        destroy(cloud, resource)
        return None
    return cloud.begin(f"{kind.lifecycle}.delete", resource, REMOVE, retry_after_s=kind.retry_after_s)


def destroy(cloud: Cloud, resource: Resource) -> None:
    """Remove a resource and everything below it at once, children first, and let their names go."""
    for gone in (*reversed(cloud.store.below(resource.id)), resource):
        cloud.operations.cancel(gone.operation, cloud.now_us)
        cloud.store.remove(gone.id)
        _forget_about(cloud, gone)
        for name in gone.names:
            _let_go(cloud, gone, name)
        cloud.events.append(ResourceDeleted(gone.id, gone.type))


def require_idle(cloud: Cloud, kind: ResourceType, resource: Resource) -> None:
    """Let a resource pass that nothing is changing, and whose parents are not on their way out.

    Raises:
        ArmError: as the type refuses when it is busy, or 409 ``ResourceGroupBeingDeleted``.
    """
    if resource.operation:
        raise kind.busy(resource.id)
    require_lasting(cloud, kind, parent_id(resource.id))


def require_lasting(cloud: Cloud, kind: ResourceType, resource_id: str) -> None:
    """Let pass if neither this id nor anything above it is being deleted.

    Raises:
        ArmError: as the type refuses when it is busy, or 409 ``ResourceGroupBeingDeleted``.
    """
    above = cloud.store.get(resource_id)
    while above is not None:
        if above.state == DELETING:
            raise kind.busy(above.id) if "/providers/" in above.id else group_being_deleted(group_of(above.id))
        above = cloud.store.get(parent_id(above.id))


def examined(cloud: Cloud, kind: ResourceType, draft: Resource) -> Resource:
    """Return a draft with the names it is to hold, once its body and its names are in order; nothing is changed.

    Raises:
        ArmError: as its provider refuses it.
    """
    kind.check(cloud, draft)
    if draft.id not in cloud.store and cloud.store.count_in(parent_id(draft.id), kind.name) >= MOST_OF_A_TYPE:
        raise too_many_resources(kind.name, MOST_OF_A_TYPE)
    draft = draft.having(names=kind.claims(cloud, draft))
    for name in draft.names:
        holder = cloud.names.holder(name, cloud.now_us)
        if holder and (holder.lower() != draft.key or cloud.names.on_hold(name, cloud.now_us)):
            raise kind.taken(cloud, draft, holder)
    return draft


def _ready(cloud: Cloud, kind: ResourceType, draft: Resource, cores_before: int) -> Resource:
    """Return a draft made complete, whose body, region, names and cores are all in order."""
    cloud.require_region(draft.location)
    draft = examined(cloud, kind, draft)
    extra = kind.cores(draft) - cores_before
    if cloud.faults.active:
        strikes.before_making(cloud, kind, draft, extra)
    check_cores(cloud.store, cloud.owner_of(draft), draft.location, extra, kind.model)
    return kind.complete(cloud, draft)


def _forget_about(cloud: Cloud, gone: Resource) -> None:
    """Remove the locks and the roles that held at what is gone, and the deployments into it."""
    for deployment in cloud.deployments.at(gone.key):
        cloud.operations.cancel(deployment.operation, cloud.now_us)
        cloud.under_way.pop(deployment.key, None)
    cloud.deployments.clear(gone.key)
    cloud.locks.clear(gone.key)
    cloud.assignments.clear(gone.key)


def _let_go(cloud: Cloud, resource: Resource, name: str) -> None:
    if resource.hold_us:
        cloud.names.hold(name, cloud.now_us + resource.hold_us, resource)
    else:
        cloud.names.free(name)
