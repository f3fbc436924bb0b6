"""What callers are shown: resources, operations, pages of lists, and how to follow what takes time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from urllib.parse import quote, urlencode

from cmgsim.arm.calls import Call
from cmgsim.arm.errors import bad_request
from cmgsim.arm.lifecycle import FAILED, SUCCEEDED
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import ResourceType, Style, Trait

_ENDED = (SUCCEEDED, FAILED)
#: The word for operations in the paths of a provider, where it is not "operations".
_WORDS = {"microsoft.storage": "asyncoperations"}


def show(cloud: Cloud, kind: ResourceType, resource: Resource) -> Json:
    """Return a resource as its provider shows it."""
    properties = resource.properties | kind.view(cloud, resource) | {"provisioningState": resource.state}
    shown = {"id": resource.id, "name": resource.name, "type": resource.type}
    if Trait.TRACKED in kind.traits:
        shown["location"] = resource.location
    if Trait.ETAG in kind.traits:
        shown["etag"] = etag(resource)
    return shown | resource.body | {"properties": properties}


def etag(resource: Resource) -> str:
    """Return the entity tag of a resource's present version."""
    return f'W/"{resource.etag}"'


def answer_with(cloud: Cloud, kind: ResourceType, resource: Resource, status: int) -> Answer:
    """Answer with a resource; one whose body is to be polled says when to look again."""
    headers = {"ETag": etag(resource)} if Trait.ETAG in kind.traits else {}
    if resource.state not in _ENDED and kind.create is Style.BODY:
        headers["Retry-After"] = str(kind.retry_after_s)
    return Answer(status, show(cloud, kind, resource), headers)


def follow_headers(call: Call, operation: Operation, namespace: str) -> dict[str, str]:
    """Return the headers of an operation that can be followed both ways."""
    path = operation_path(call, operation, namespace)
    return {
        "Azure-AsyncOperation": call.link(path),
        "Location": call.link(f"{path}?monitor=true"),
        "Retry-After": str(operation.retry_after_s),
    }


def operation_path(call: Call, operation: Operation, namespace: str) -> str:
    """Return where an operation of a provider can be asked about."""
    word = _WORDS.get(namespace.lower(), "operations")
    region = operation.region or "global"
    return f"/subscriptions/{call.owner.id}/providers/{namespace}/locations/{region}/{word}/{operation.id}"


def begun(cloud: Cloud, call: Call, kind: ResourceType, operation: Operation, style: Style, status: int) -> Answer:
    """Answer the request that began an operation; *status* is used where the resource is shown."""
    headers = follow_headers(call, operation, kind.namespace)
    resource = cloud.store.get(operation.resource)
    if style is Style.LOCATION or resource is None or call.request.method in ("DELETE", "POST"):
        if style is Style.LOCATION:
            del headers["Azure-AsyncOperation"]
        return Answer(202, None, headers)
    shown = answer_with(cloud, kind, resource, status)
    if style is Style.BODY:
        return shown
    del headers["Location"]
    return Answer(status, shown.document, {**shown.headers, **headers})


def page(call: Call, items: Iterable[Json], size: int) -> Answer:
    """Answer with one page of a list and the link to the next; ``$top`` may make pages smaller.

    Raises:
        ArmError: 400 if ``$top`` or ``$skiptoken`` is no number.
    """
    size = min(_number(call, "$top", size) or size, size)
    first = _number(call, "$skiptoken", 0)
    wanted = list(islice(items, first, first + size + 1))
    document: Json = {"value": wanted[:size]}
    if len(wanted) > size:
        query = {**call.request.query, "$skiptoken": str(first + size)}
        document["nextLink"] = f"{call.base}{quote(call.request.path)}?{urlencode(query)}"
    return Answer(200, document)


def page_of(call: Call, cloud: Cloud, resources: Iterable[Resource], shown: Callable[[Resource], Json]) -> Answer:
    """Answer with one page of resources, each shown by *shown*."""
    return page(call, (shown(resource) for resource in resources), cloud.config.page_size)


def _number(call: Call, name: str, default: int) -> int:
    text = call.request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise bad_request("InvalidParameter", f"The value '{text}' of the query parameter '{name}' is no number.")
    return int(text)
