"""Resource groups (source: "Manage Azure resource groups").

A group's region matters only to the group: resources may live elsewhere.

Assumption: deleting a group takes 10 to 20 seconds and then 15 to 25 more for each resource, one after another.
"""

from __future__ import annotations

import re

from cmgsim.arm.calls import Call
from cmgsim.arm.changes import DELETING
from cmgsim.arm.clouds import region_key
from cmgsim.arm.errors import (
    bad_request,
    group_being_deleted,
    group_elsewhere,
    group_not_found,
    location_not_available,
    location_required,
    too_many_groups,
)
from cmgsim.arm.filters import matching
from cmgsim.arm.identifiers import group_id
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import REMOVE
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import GROUP_TYPE, Resource
from cmgsim.arm.types import NameRule, object_of, text_of
from cmgsim.arm.views import page_of

_RETRY_S = 15
#: (source: "Azure subscription and service limits, quotas, and constraints")
MOST_GROUPS = 980
NAME_RULE = NameRule(
    re.compile(r"[\w().-]{0,89}[\w()-]"),
    "InvalidResourceGroup",
    "The provided resource group name '{name}' has these invalid characters or a period at its end, or is longer than "
    "90 characters. The name can only be a letter, digit, '-', '.', '(', ')' or '_'.",
)


def show(group: Resource) -> Json:
    """Return a group as ARM shows it."""
    document = {"id": group.id, "name": group.name, "type": GROUP_TYPE, "location": group.location}
    return document | group.body | {"properties": {"provisioningState": group.state}}


def put(cloud: Cloud, call: Call) -> Answer:
    """Create a group, or write its tags anew."""
    document = call.document()
    location = region_key(text_of(document, "location"))
    body = _body(document)
    group = cloud.store.get(call.target.scope)
    if group is None:
        return Answer(201, show(_create(cloud, call, location, body)))
    if group.state == DELETING:
        raise group_being_deleted(group.name)
    if location and location != group.location:
        raise group_elsewhere(location, group.location)
    return Answer(200, show(cloud.change(group, body=body)))


def patch(cloud: Cloud, call: Call) -> Answer:
    """Change the tags of a group."""
    group = _group(cloud, call)
    if group.state == DELETING:
        raise group_being_deleted(group.name)
    return Answer(200, show(cloud.change(group, body=group.body | _body(call.document()))))


def get(cloud: Cloud, call: Call) -> Answer:
    """Show a group, if its region answers."""
    group = _group(cloud, call)
    cloud.require_answers(group.location)
    return Answer(200, show(group))


def head(cloud: Cloud, call: Call) -> Answer:
    """Say whether there is such a group."""
    return Answer(204 if call.target.scope in cloud.store else 404)


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the groups of a subscription; ``$filter`` knows tags."""
    groups = matching(cloud.store.children(f"/subscriptions/{call.owner.id}"), call.request.query.get("$filter", ""))
    return page_of(call, cloud, groups, show)


def delete(cloud: Cloud, call: Call) -> Answer:
    """Delete a group and, one after another, everything in it; what is below a resource goes with it."""
    group = _group(cloud, call)
    if group.state == DELETING:
        return _follow(call, group.operation)
    cloud.require_region(group.location)
    first_us = cloud.path("resourceGroups.delete", group.id)[-1][0]
    last_us = first_us
    for member in reversed(list(cloud.store.children(group.id))):
        cloud.operations.cancel(member.operation, cloud.now_us)
        own_us = cloud.path("resourceGroups.member.delete", member.id)[-1][0] - cloud.now_us
        last_us += own_us
        cloud.begin("resourceGroups.member.delete", member, REMOVE, steps=((last_us, "Succeeded"),))
    operation = cloud.begin(
        "resourceGroups.delete", group, REMOVE, steps=((last_us, "Succeeded"),), retry_after_s=_RETRY_S
    )
    return _follow(call, operation.id)


def _follow(call: Call, operation: str) -> Answer:
    link = call.link(f"/subscriptions/{call.owner.id}/operationresults/{operation}")
    return Answer(202, None, {"Location": link, "Retry-After": str(_RETRY_S)})


def _create(cloud: Cloud, call: Call, location: str, body: Json) -> Resource:
    NAME_RULE.check(call.target.group)
    if not location:
        raise location_required()
    if not cloud.offers(call.owner.environment, location):
        offered = cloud.region_names(call.owner.environment)
        raise location_not_available("LocationNotAvailableForResourceGroup", location, GROUP_TYPE, offered)
    cloud.require_region(location)
    if cloud.store.count(call.owner.id, GROUP_TYPE) >= MOST_GROUPS:
        raise too_many_groups(call.target.group, MOST_GROUPS)
    return cloud.create(Resource(group_id(call.owner.id, call.target.group), GROUP_TYPE, location, body))


def _body(document: Json) -> Json:
    body: Json = {}
    if "tags" in document:
        body["tags"] = checked_tags(object_of(document, "tags"))
    if document.get("managedBy"):
        body["managedBy"] = text_of(document, "managedBy")
    return body


def checked_tags(tags: Json) -> Json:
    """Let tags pass (source: "Use tags to organize your Azure resources"): 50, names to 512 letters, values to 256.

    Raises:
        ArmError: 400 for other tags.
    """
    if len(tags) > 50:
        raise bad_request("TooManyTags", f"The resource has {len(tags)} tags; at most 50 are allowed.")
    for name, value in tags.items():
        if not isinstance(value, str):
            raise bad_request("InvalidTagValue", f"The value of the tag '{name}' must be a string, not {value!r}.")
        if not 0 < len(name) <= 512 or any(mark in name for mark in "<>%&\\?/"):
            raise bad_request("InvalidTagNameCharacters", f"The tag name '{name}' is empty, too long, or has <>%&\\?/.")
        if len(value) > 256:
            raise bad_request("InvalidTagValue", f"The value of the tag '{name}' is longer than 256 characters.")
    return tags


def _group(cloud: Cloud, call: Call) -> Resource:
    group = cloud.store.get(call.target.scope)
    if group is None:
        raise group_not_found(call.target.group)
    return group
