"""Following what takes time (source: "Track asynchronous Azure operations").

An operation can be asked about in two ways: its status, always answered 200 with a word, and its result, answered 202
until there is one. Which of the two a link means shows in its path and in ``monitor=true``.
"""

from __future__ import annotations

from cmgsim.arm.calls import Call
from cmgsim.arm.catalog import TYPES
from cmgsim.arm.errors import ArmError, operation_not_found
from cmgsim.arm.lifecycle import CANCELED, FAILED
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.views import show


def get(cloud: Cloud, call: Call) -> Answer:
    """Answer a link of an operation, as status or as result."""
    operation = cloud.operations.get(call.target.name)
    if operation is None or call.owner.id not in operation.resource.lower():
        raise operation_not_found(call.target.name)
    word = call.target.types[-1].lower()
    if word == "operationresults" or call.request.query.get("monitor", "").lower() == "true":
        return _result(cloud, call, operation)
    return _status(cloud, call, operation)


def _status(cloud: Cloud, call: Call, operation: Operation) -> Answer:
    document: Json = {
        "id": call.request.path,
        "name": operation.id,
        "status": operation.status,
        "startTime": cloud.iso(operation.started_us),
    }
    if operation.running:
        return Answer(200, document, {"Retry-After": str(operation.retry_after_s)})
    if operation.finished_us is not None:
        document["endTime"] = cloud.iso(operation.finished_us)
    if operation.code:
        document["error"] = _error(cloud, operation)
    return Answer(200, document)


def _error(cloud: Cloud, operation: Operation) -> Json:
    """Return why an operation failed; that of a deployment says it of every resource."""
    deployment = cloud.deployments.get(operation.resource.lower())
    if deployment is not None and deployment.operation == operation.id and deployment.error:
        return deployment.error
    return {"code": operation.code, "message": operation.message}


def _result(cloud: Cloud, call: Call, operation: Operation) -> Answer:
    if operation.running:
        link = call.base + call.request.url[call.request.url.find(call.request.path) :] if call.base else ""
        headers = {"Location": link or call.request.url, "Retry-After": str(operation.retry_after_s)}
        return Answer(202, None, headers)
    if operation.status in (FAILED, CANCELED):
        raise ArmError(409, operation.code, operation.message)
    if operation.result is not None:
        return Answer(200, operation.result)
    resource = cloud.store.get(operation.resource)
    kind = TYPES.get(resource.type.lower()) if resource else None
    if resource is None or kind is None:
        return Answer(200)
    return Answer(200, show(cloud, kind, resource))
