"""What happens when time passes: turns of operations, and what their ends bring about."""

from __future__ import annotations

from collections.abc import Callable

from cmgsim.arm import strikes
from cmgsim.arm.activity import note_end
from cmgsim.arm.catalog import EFFECTS, TYPES
from cmgsim.arm.changes import destroy
from cmgsim.arm.clouds import RegionState
from cmgsim.arm.errors import deletion_blocked
from cmgsim.arm.events import FaultChanged, OperationFinished, ProviderChanged, RegionChanged
from cmgsim.arm.faults import MOMENTS, Fault, Point
from cmgsim.arm.lifecycle import ENDS, FAILED, SUCCEEDED
from cmgsim.arm.operations import REMOVE, Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import GROUP_TYPE

Act = Callable[[Cloud, Fault, int], None]


def advance(cloud: Cloud, now_us: int, then: Callable[[Cloud], None], act: Act) -> None:
    """Let everything happen that is due by a moment, and stand there.

    *then* is done after each end of an operation; *act* lets a fault act by itself, for the so-many-th time. What is
    due at one moment happens to faults first.
    """
    assert now_us >= cloud.now_us, f"time cannot go back from {cloud.now_us} to {now_us}"
    while (due_us := next_us(cloud)) is not None and due_us <= now_us:
        cloud.now_us = max(due_us, cloud.now_us)
        if due_us == cloud.faults.next_us:
            _turn_faults(cloud, act)
        else:
            _turn(cloud, then)
    cloud.now_us = now_us


def next_us(cloud: Cloud) -> int | None:
    """Return when something happens next by itself, None if never."""
    operation_us, fault_us = cloud.operations.due(), cloud.faults.next_us
    if operation_us is None or fault_us is None:
        return fault_us if operation_us is None else operation_us
    return min(operation_us, fault_us)


def over(cloud: Cloud, fault: Fault) -> None:
    """Note that a fault is over; a region that it had put into a state is as it would be without."""
    cloud.events.append(FaultChanged(fault.name, fault.point.value, False))
    if fault.point is Point.REGION:
        _turn_regions(cloud, fault)


def settle(cloud: Cloud, operation: Operation) -> None:
    """Let the resource be what it was to become, or have failed to."""
    resource = cloud.store.get(operation.resource)
    if resource is None:
        return
    succeeded = operation.status == SUCCEEDED
    kind = TYPES.get(resource.type.lower())
    wanted = kind.cores(resource) if kind else 0
    state = SUCCEEDED if succeeded else FAILED
    cloud.change(resource, state=state, operation="", cores=wanted if succeeded else operation.fallback_cores)


def remove(cloud: Cloud, operation: Operation) -> None:
    """Let the resource be gone, or have failed to go."""
    resource = cloud.store.get(operation.resource)
    if resource is not None and operation.status == SUCCEEDED:
        destroy(cloud, resource.having(operation=""))
    elif resource is not None:
        cloud.change(resource, state=SUCCEEDED if resource.type == GROUP_TYPE else FAILED, operation="")


def turn_registration(cloud: Cloud, operation: Operation) -> None:
    """Let a provider be registered, or be no longer."""
    subscription, _, namespace = operation.resource.partition("/")
    state = operation.path[-1][1]
    cloud.registrations[subscription, namespace.lower()] = state
    cloud.events.append(ProviderChanged(subscription, namespace, state))


_COMMON = {"settle": settle, "remove": remove, "registration": turn_registration}


def _turn_faults(cloud: Cloud, act: Act) -> None:
    for fault in cloud.faults.end(cloud.now_us):
        over(cloud, fault)
    for fault in cloud.faults.begin(cloud.now_us):
        if (fault.point in MOMENTS or fault.point is Point.REGION) and not strikes.comes_true(cloud, fault):
            cloud.faults.remove(fault.name)
            continue
        cloud.events.append(FaultChanged(fault.name, fault.point.value, True))
        if fault.point is Point.REGION:
            _turn_regions(cloud, fault)
    for fault, ordinal in cloud.faults.acting(cloud.now_us):
        act(cloud, fault, ordinal)


def _turn_regions(cloud: Cloud, changed: Fault) -> None:
    cloud.failing = {fault.match.region: RegionState(fault.text("state")) for fault in cloud.faults.at(Point.REGION)}
    region = changed.match.region
    cloud.events.append(RegionChanged(region, cloud.region_state(region).value))


def _turn(cloud: Cloud, then: Callable[[Cloud], None]) -> None:
    operation, state = cloud.operations.take_turn()
    if operation.step == len(operation.path):
        _finish(cloud, operation, state)
        then(cloud)
    elif (resource := cloud.store.get(operation.resource)) is not None:
        cloud.change(resource, state=state)


def _left(cloud: Cloud, operation: Operation) -> list[str]:
    """Return what is left in a group although all of it was to be deleted."""
    group = cloud.store.get(operation.resource)
    if group is None or group.type != GROUP_TYPE:
        return []
    return [f"{resource.type}/{resource.name}" for resource in cloud.store.below(group.id)]


def _finish(cloud: Cloud, operation: Operation, state: str) -> None:
    status, code, message = state if state in ENDS else SUCCEEDED, "", ""
    if status == FAILED:
        table = cloud.lifecycle(operation.lifecycle)
        code, message = operation.code or table.code, operation.message or table.message
    elif operation.effect == REMOVE and (left := _left(cloud, operation)):
        status = FAILED
        code, message = deletion_blocked(operation.resource.rpartition("/")[2], left)
    ended = cloud.operations.finish(operation, status, cloud.now_us, code, message)
    (EFFECTS.get(ended.effect) or _COMMON[ended.effect])(cloud, ended)
    note_end(cloud, ended)
    cloud.events.append(OperationFinished(ended.id, ended.lifecycle, ended.resource, status, code))
