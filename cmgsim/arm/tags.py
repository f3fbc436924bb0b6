"""Tags of groups and resources, apart from what they are tags of (source: "Tags - Update At Scope", REST reference)."""

from __future__ import annotations

from collections import Counter

from cmgsim.arm.calls import Call
from cmgsim.arm.errors import bad_request, group_not_found, not_modelled, resource_not_found
from cmgsim.arm.groups import checked_tags
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.targets import GROUP, RESOURCE
from cmgsim.arm.types import object_of, text_of
from cmgsim.arm.views import page

KIND = "Microsoft.Resources/tags"


def get(cloud: Cloud, call: Call) -> Answer:
    """Show the tags of a scope."""
    return Answer(200, _show(_tagged(cloud, call)))


def put(cloud: Cloud, call: Call) -> Answer:
    """Write the tags of a scope anew."""
    return _write(cloud, call, _given(call))


def patch(cloud: Cloud, call: Call) -> Answer:
    """Merge tags into those of a scope, replace them, or take some away; *operation* in the body says which."""
    present, given = _tagged(cloud, call).tags, _given(call)
    operation = text_of(call.document(), "operation", "Merge").lower()
    if operation == "merge":
        return _write(cloud, call, present | given)
    if operation == "replace":
        return _write(cloud, call, given)
    if operation == "delete":
        return _write(cloud, call, {name: value for name, value in present.items() if given.get(name) != value})
    raise bad_request("InvalidTagsOperation", f"The operation '{operation}' is invalid; use Merge, Replace or Delete.")


def delete(cloud: Cloud, call: Call) -> Answer:
    """Take all tags from a scope."""
    _write(cloud, call, {})
    return Answer(200)


def list_names(cloud: Cloud, call: Call) -> Answer:
    """List the names and values of tags in a subscription, with how often each is used."""
    root = f"/subscriptions/{call.owner.id}"
    counts = Counter((name, value) for known in cloud.store.below(root) for name, value in known.tags.items())
    names = sorted(dict.fromkeys(name for name, _ in counts))
    return page(call, (_show_name(root, name, counts) for name in names), cloud.config.page_size)


def _given(call: Call) -> Json:
    return checked_tags(object_of(object_of(call.document(), "properties"), "tags"))


def _write(cloud: Cloud, call: Call, tags: Json) -> Answer:
    resource = _tagged(cloud, call)
    return Answer(200, _show(cloud.change(resource, body=resource.body | {"tags": checked_tags(tags)})))


def _tagged(cloud: Cloud, call: Call) -> Resource:
    target = call.target
    if target.level not in (GROUP, RESOURCE):
        raise not_modelled("The tags of a subscription")
    resource = cloud.store.get(target.scope)
    if resource is None and target.level == GROUP:
        raise group_not_found(target.group)
    if resource is None:
        kind = "/".join(target.scope.split("/")[6:-1])
        raise resource_not_found(kind, target.scope.rpartition("/")[2], target.group)
    return resource


def _show(resource: Resource) -> Json:
    document = {"id": f"{resource.id}/providers/{KIND}/default", "name": "default", "type": KIND}
    return document | {"properties": {"tags": resource.tags}}


def _show_name(root: str, name: str, counts: Counter[tuple[str, str]]) -> Json:
    values = {value: count for (known, value), count in counts.items() if known == name}
    return {
        "id": f"{root}/tagNames/{name}",
        "tagName": name,
        "count": {"type": "Total", "value": sum(values.values())},
        "values": [
            {
                "id": f"{root}/tagNames/{name}/tagValues/{value}",
                "tagValue": value,
                "count": {"type": "Total", "value": count},
            }
            for value, count in sorted(values.items())
        ],
    }
