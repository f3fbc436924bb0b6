"""Resource groups written down as templates (source: "Resource Groups - Export Template", REST reference)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cmgsim.arm import tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.catalog import TYPES
from cmgsim.arm.changes import usable_group
from cmgsim.arm.errors import bad_request, resource_not_found
from cmgsim.arm.identifiers import within_scope
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Trait, text_of

_SCHEMA = "https://schema.management.azure.com/schemas/2015-01-01/deploymentTemplate.json#"
_PLAIN = "SkipAllParameterization"


def export(cloud: Cloud, call: Call) -> Answer:
    """Write a group, or some of its resources, as a template that would make them again."""
    group = usable_group(cloud, call.owner.id, call.target.group)
    document = call.document()
    wanted = document.get("resources", ["*"])
    if not isinstance(wanted, list) or not all(isinstance(word, str) for word in wanted):
        raise bad_request("InvalidRequestContent", "The value of 'resources' must be a list of ids, or ['*'].")
    chosen = _chosen(cloud, group, wanted)
    as_parameters = _PLAIN.lower() not in text_of(document, "options").lower()
    template = _template(cloud, chosen, {resource.id: _parameter(resource) for resource in chosen if as_parameters})
    return tasks.accepted_by_arm(call, tasks.begin(cloud, "resourceGroups.export", group, {"template": template}))


def _chosen(cloud: Cloud, group: Resource, wanted: Iterable[str]) -> list[Resource]:
    if "*" in wanted:
        return [found for found in cloud.store.below(group.id) if found.type.lower() in TYPES]
    chosen = []
    for resource_id in wanted:
        resource = cloud.store.get(resource_id)
        if resource is None or not within_scope(resource_id, group.id):
            raise resource_not_found("resources", resource_id.rpartition("/")[2], group.name)
        chosen.append(resource)
    return chosen


def _template(cloud: Cloud, chosen: list[Resource], parameters: dict[str, str]) -> Json:
    names = {found.id: found for found in chosen}
    declared = {name: {"defaultValue": _path(names[key]), "type": "String"} for key, name in parameters.items()}
    written = [_resource(resource, names, parameters.get(resource.id)) for resource in chosen]
    return {
        "$schema": _SCHEMA,
        "contentVersion": "1.0.0.0",
        "parameters": declared,
        "variables": {},
        "resources": written,
    }


def _resource(resource: Resource, chosen: dict[str, Resource], parameter: str | None) -> Json:
    kind = TYPES[resource.type.lower()]
    name = f"[parameters('{parameter}')]" if parameter else _path(resource)
    written: Json = {"type": resource.type, "apiVersion": kind.first_api, "name": name}
    if Trait.TRACKED in kind.traits:
        written["location"] = resource.location
    above = [key for key in chosen if key != resource.id and within_scope(resource.id, key)]
    if above:
        written["dependsOn"] = above
    return written | resource.body


def _path(resource: Resource) -> str:
    """Return the name as templates write it: that of a child after that of its parent."""
    return "/".join(resource.id.partition("/providers/")[2].split("/")[2::2])


def _parameter(resource: Resource) -> str:
    words = f"{resource.type.rpartition('/')[2]}_{_path(resource)}_name"
    return re.sub(r"\W", "_", words)
