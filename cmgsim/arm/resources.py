"""Resources of any type: put, get, change, delete, list. What differs between types stands in their rows."""

from __future__ import annotations

from collections.abc import Iterator

from cmgsim.arm import changes
from cmgsim.arm.calls import Call
from cmgsim.arm.catalog import TYPES
from cmgsim.arm.changes import usable_group
from cmgsim.arm.clouds import region_key
from cmgsim.arm.errors import (
    location_not_available,
    location_required,
    parent_not_found,
    precondition_failed,
    resource_elsewhere,
    resource_not_found,
)
from cmgsim.arm.filters import matching
from cmgsim.arm.groups import checked_tags
from cmgsim.arm.identifiers import parent_id
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import GROUP_TYPE, Resource
from cmgsim.arm.types import ResourceType, Style, Trait, object_of, text_of
from cmgsim.arm.views import answer_with, begun, etag, page_of, show

#: What ARM or a provider writes itself, so that it is no part of a body.
_COMPUTED = ("id", "name", "type", "location", "etag", "systemData")
_OBJECTS = ("properties", "tags", "sku", "identity", "plan")


def put(cloud: Cloud, call: Call) -> Answer:
    """Create a resource, or write it anew."""
    kind, body = _kind(call), _body(call.document())
    group = usable_group(cloud, call.owner.id, call.target.group)
    before = cloud.store.get(call.target.resource_id)
    _require_match(call, before)
    if before is not None:
        _require_same_place(call, kind, before)
        draft = before.having(body=body)
        operation = changes.update(cloud, kind, before, draft)
        return _answer(cloud, call, kind, before.id, operation, kind.update, 200)
    parent = _parent(cloud, call, kind, group)
    changes.require_lasting(cloud, kind, parent.id)
    location = _location(cloud, call, kind, parent)
    draft = _new(call, kind, parent, location, body)
    operation = changes.create(cloud, kind, draft)
    return _answer(cloud, call, kind, draft.id, operation, kind.create, 200 if kind.create is Style.BODY else 201)


def location_of(cloud: Cloud, call: Call, group: Resource) -> str:
    """Return the region that a resource directly in a group is or is to be in.

    Raises:
        ArmError: 400 if its type is not offered there, 409 if it is elsewhere already.
    """
    kind, before = _kind(call), cloud.store.get(call.target.resource_id)
    if before is None:
        return _location(cloud, call, kind, group)
    _require_same_place(call, kind, before)
    return before.location


def drafted(cloud: Cloud, call: Call, group: Resource, location: str) -> Resource:
    """Return a resource directly in a group as it would be written, whether or not it is there.

    Raises:
        ArmError: 400 if its type takes no such name, or for a body that is none.
    """
    before, body = cloud.store.get(call.target.resource_id), _body(call.document())
    return before.having(body=body) if before else _new(call, _kind(call), group, location, body)


def patch(cloud: Cloud, call: Call) -> Answer:
    """Change parts of a resource: objects are merged, tags are replaced."""
    kind, before = _kind(call), _resource(cloud, call)
    _require_match(call, before)
    document = _body(call.document())
    merged = {name: object_of(before.body, name) | document[name] for name in document if name in _OBJECTS[::2]}
    draft = before.having(body=before.body | document | merged | _tags(document))
    operation = changes.update(cloud, kind, before, draft)
    return _answer(cloud, call, kind, before.id, operation, kind.update, 200)


def get(cloud: Cloud, call: Call) -> Answer:
    """Show a resource, if its region answers."""
    kind, resource = _kind(call), _resource(cloud, call)
    cloud.require_answers(resource.location)
    return answer_with(cloud, kind, resource, 200)


def head(cloud: Cloud, call: Call) -> Answer:
    """Say whether there is such a resource."""
    return Answer(204 if call.target.resource_id in cloud.store else 404)


def delete(cloud: Cloud, call: Call) -> Answer:
    """Delete a resource; what is not there needs no deletion."""
    kind = _kind(call)
    resource = cloud.store.get(call.target.resource_id)
    if resource is None:
        if f"/subscriptions/{call.owner.id}/resourceGroups/{call.target.group}" not in cloud.store:
            usable_group(cloud, call.owner.id, call.target.group)
        return Answer(204)
    _require_match(call, resource)
    operation = changes.delete(cloud, kind, resource)
    return Answer(200) if operation is None else begun(cloud, call, kind, operation, kind.delete, 202)


def list_of_type(cloud: Cloud, call: Call) -> Answer:
    """List the resources of one type, in a group, below a parent, or in the subscription."""
    kind = _kind(call)
    if len(call.target.types) > 1:
        parent = cloud.store.get(call.target.resource_id)
        if parent is None:
            raise resource_not_found(call.target.kind, call.target.names[-1], call.target.group)
        members = cloud.store.children(parent.id)
    else:
        members = _members(cloud, call)
    found = (member for member in members if member.type == kind.name)
    return page_of(call, cloud, found, lambda resource: show(cloud, kind, resource))


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the resources of a group or of the subscription, in short; ``$filter`` knows types, names and tags."""
    tracked = (resource for resource in _members(cloud, call) if Trait.TRACKED in TYPES[resource.type.lower()].traits)
    return page_of(call, cloud, matching(tracked, call.request.query.get("$filter", "")), _short)


def _members(cloud: Cloud, call: Call) -> Iterator[Resource]:
    if call.target.group:
        usable = cloud.store.get(call.target.scope)
        if usable is None:
            usable_group(cloud, call.owner.id, call.target.group)
        return cloud.store.children(call.target.scope)
    groups = cloud.store.children(f"/subscriptions/{call.owner.id}")
    return (resource for group in groups for resource in cloud.store.children(group.id))


def _short(resource: Resource) -> Json:
    shown = {"id": resource.id, "name": resource.name, "type": resource.type, "location": resource.location}
    wanted = ("tags", "sku", "kind", "identity", "plan", "managedBy", "zones")
    return shown | {name: resource.body[name] for name in wanted if name in resource.body}


def _kind(call: Call) -> ResourceType:
    return TYPES[call.target.kind.lower()]


def _resource(cloud: Cloud, call: Call) -> Resource:
    resource = cloud.store.get(call.target.resource_id)
    if resource is None:
        if call.target.scope not in cloud.store:
            usable_group(cloud, call.owner.id, call.target.group)
        raise resource_not_found(_kind(call).name, "/".join(call.target.names), call.target.group)
    return resource


def _parent(cloud: Cloud, call: Call, kind: ResourceType, group: Resource) -> Resource:
    if len(call.target.types) == 1:
        return group
    parent = cloud.store.get(parent_id(call.target.resource_id))
    if parent is None:
        raise parent_not_found(kind.name, call.target.name, call.target.names[-2])
    return parent


def _new(call: Call, kind: ResourceType, parent: Resource, location: str, body: Json) -> Resource:
    """Return a new resource; its id has the casing of its parents and its type, and the name as written."""
    kind.name_rule.check(call.target.name)
    word = kind.name.rpartition("/")[2]
    middle = f"/providers/{kind.namespace}" if parent.type == GROUP_TYPE else ""
    return Resource(f"{parent.id}{middle}/{word}/{call.target.name}", kind.name, location, body)


def _location(cloud: Cloud, call: Call, kind: ResourceType, parent: Resource) -> str:
    location = region_key(text_of(call.document(), "location"))
    if Trait.TRACKED not in kind.traits:
        return parent.location
    if not location:
        raise location_required()
    if not cloud.offers(call.owner.environment, location):
        offered = cloud.region_names(call.owner.environment)
        raise location_not_available("LocationNotAvailableForResourceType", location, kind.name, offered)
    return location


def _require_same_place(call: Call, kind: ResourceType, before: Resource) -> None:
    location = region_key(text_of(call.document(), "location"))
    if location and location != before.location and Trait.TRACKED in kind.traits:
        raise resource_elsewhere(before.name, before.location, call.target.group, location)


def _require_match(call: Call, before: Resource | None) -> None:
    wanted = call.request.header("if-match")
    if wanted and (before is None or wanted not in ("*", etag(before))):
        raise precondition_failed(call.target.name, wanted)
    if call.request.header("if-none-match") == "*" and before is not None:
        raise precondition_failed(call.target.name, "*")


def _body(document: Json) -> Json:
    """Return the part of a document that is the owner's to write.

    Raises:
        ArmError: 400 ``InvalidRequestContent`` if a part is no object.
    """
    body = {name: value for name, value in document.items() if name not in _COMPUTED}
    body |= {name: object_of(document, name) for name in _OBJECTS if name in document}
    if "properties" in body:
        body["properties"] = {
            name: body["properties"][name] for name in body["properties"] if name != "provisioningState"
        }
    return body | _tags(body)


def _tags(document: Json) -> Json:
    return {"tags": checked_tags(document["tags"])} if "tags" in document else {}


def _answer(
    cloud: Cloud,
    call: Call,
    kind: ResourceType,
    resource_id: str,
    operation: Operation | None,
    style: Style,
    status: int,
) -> Answer:
    if operation is not None:
        return begun(cloud, call, kind, operation, style, status)
    resource = cloud.store.get(resource_id)
    assert resource is not None, f"{resource_id} was just written"
    return answer_with(cloud, kind, resource, status)
