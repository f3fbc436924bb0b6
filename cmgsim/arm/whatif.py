"""What a deployment would change (source: "ARM template deployment what-if operation").

Every resource of the template is held against what is there: it would be made, changed or left as it is. What the
template does not name is ignored, or would be deleted in the mode ``Complete``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.templates import OWN, Item

_COMPARED = ("tags", "sku", "kind", "identity", "properties", "zones", "plan")
IDS_ONLY = "resourceidonly"


def changes(
    cloud: Cloud, items: tuple[Item, ...], body: Callable[[Item], Json], others: list[Resource], other: str, form: str
) -> list[Json]:
    """Return the changes that a deployment would make, in the order of its template, then those to *others*.

    ``body`` works out what a resource would be; ``other`` is the word for what becomes of the others, ``Ignore`` or
    ``Delete``; ``form`` is the ``resultFormat`` of the request, in lower case.
    """
    found = [_change(cloud, item, body, form) for item in items]
    for resource in others:
        change: Json = {"resourceId": resource.id, "changeType": other}
        found.append(change if form == IDS_ONLY else change | {"before": _shown(resource)})
    return found


def _change(cloud: Cloud, item: Item, body: Callable[[Item], Json], form: str) -> Json:
    before = cloud.store.get(item.id)
    if form == IDS_ONLY:
        return {"resourceId": item.id, "changeType": "Deploy"}
    wanted = _wanted(item, body)
    after = {"id": item.id, "name": item.id.rpartition("/")[2], "type": item.kind, "apiVersion": item.version, **wanted}
    if before is None:
        return {"resourceId": item.id, "changeType": "Create", "after": after}
    delta = list(_delta(before.body, wanted))
    change: Json = {"resourceId": item.id, "before": _shown(before), "after": after}
    return change | ({"changeType": "Modify", "delta": delta} if delta else {"changeType": "NoChange"})


def _wanted(item: Item, body: Callable[[Item], Json]) -> Json:
    """Return what a resource would be; what looks at something that is not there yet stays as it is written."""
    try:
        return body(item)
    except ArmError:
        return {name: value for name, value in item.source.items() if name not in OWN}


def _shown(resource: Resource) -> Json:
    shown = {"id": resource.id, "name": resource.name, "type": resource.type, "location": resource.location}
    return shown | resource.body


def _delta(before: Json, after: Json) -> Iterator[Json]:
    for name in _COMPARED:
        if name in after or name in before:
            yield from _differences(name, before.get(name), after.get(name))


def _differences(path: str, before: Any, after: Any) -> Iterator[Json]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from _differences(f"{path}.{name}", before.get(name), after.get(name))
    elif before != after and (before or after):
        kind = "Create" if before is None else "Delete" if after is None else "Modify"
        change: Json = {"path": path, "propertyChangeType": kind}
        sides = {"before": before, "after": after}
        yield change | {side: value for side, value in sides.items() if value is not None}
