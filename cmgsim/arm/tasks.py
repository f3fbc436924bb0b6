"""Work that takes time and has a result, but changes no resource while it lasts: exports, checks, migrations."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cmgsim.arm.calls import Call
from cmgsim.arm.events import OperationStarted
from cmgsim.arm.lifecycle import Path
from cmgsim.arm.messages import Answer
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.views import follow_headers

NOTHING = "nothing"


def nothing(cloud: Cloud, operation: Operation) -> None:
    """Change nothing at the end of an operation."""


def begin(cloud: Cloud, lifecycle: str, subject: Resource, result: Any = None, steps: Path = ()) -> Operation:
    """Begin work on behalf of a resource, which stays free; *result* is what following it leads to."""
    operation = Operation(
        cloud.guid("operation", subject.id),
        subject.id,
        lifecycle,
        NOTHING,
        steps or cloud.path(lifecycle, subject.id),
        cloud.now_us,
        subject.location,
        result=result,
    )
    cloud.events.append(OperationStarted(operation.id, lifecycle, subject.id))
    return cloud.operations.add(operation)


def leading_to(cloud: Cloud, operation: Operation, result: Any) -> Operation:
    """Return an operation under way, whose result is another document than the resource."""
    return cloud.operations.keep(replace(operation, result=result))


def accepted(call: Call, operation: Operation, namespace: str) -> Answer:
    """Answer the request that began such work, with both ways to follow it."""
    return Answer(202, None, follow_headers(call, operation, namespace))


def accepted_by_arm(call: Call, operation: Operation) -> Answer:
    """Answer such a request where ARM itself, and no provider, does the work."""
    link = call.link(f"/subscriptions/{call.owner.id}/operationresults/{operation.id}")
    return Answer(202, None, {"Location": link, "Retry-After": str(operation.retry_after_s)})
