"""What happens when time passes: turns of operations, and what their ends bring about."""

from __future__ import annotations

from collections.abc import Callable

from cmgsim.arm.activity import note_end
from cmgsim.arm.catalog import EFFECTS, TYPES
from cmgsim.arm.changes import destroy
from cmgsim.arm.events import OperationFinished, ProviderChanged
from cmgsim.arm.lifecycle import ENDS, FAILED, SUCCEEDED
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud


def advance(cloud: Cloud, now_us: int, then: Callable[[Cloud], None]) -> None:
    """Let everything happen that is due by a moment, and stand there; *then* is done after each end of an operation."""
    assert now_us >= cloud.now_us, f"time cannot go back from {cloud.now_us} to {now_us}"
    while (due_us := cloud.operations.due()) is not None and due_us <= now_us:
        cloud.now_us = due_us
        operation, state = cloud.operations.take_turn()
        if operation.step == len(operation.path):
            _finish(cloud, operation, state)
            then(cloud)
        else:
            _turn(cloud, operation, state)
    cloud.now_us = now_us


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
        cloud.change(resource, state=FAILED, operation="")


def turn_registration(cloud: Cloud, operation: Operation) -> None:
    """Let a provider be registered, or be no longer."""
    subscription, _, namespace = operation.resource.partition("/")
    state = operation.path[-1][1]
    cloud.registrations[subscription, namespace.lower()] = state
    cloud.events.append(ProviderChanged(subscription, namespace, state))


_COMMON = {"settle": settle, "remove": remove, "registration": turn_registration}


def _turn(cloud: Cloud, operation: Operation, state: str) -> None:
    resource = cloud.store.get(operation.resource)
    if resource is not None:
        cloud.change(resource, state=state)


def _finish(cloud: Cloud, operation: Operation, state: str) -> None:
    status, code, message = state if state in ENDS else SUCCEEDED, "", ""
    if status == FAILED:
        table = cloud.lifecycle(operation.lifecycle)
        code, message = table.code, table.message
    ended = cloud.operations.finish(operation, status, cloud.now_us, code, message)
    (EFFECTS.get(ended.effect) or _COMMON[ended.effect])(cloud, ended)
    note_end(cloud, ended)
    cloud.events.append(OperationFinished(ended.id, ended.lifecycle, ended.resource, status, code))
