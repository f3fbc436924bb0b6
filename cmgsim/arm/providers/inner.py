"""Parts that are written with their parent as well as by themselves: subnets of a network, rules of a group.

They are kept as resources of their own. What is written with the parent replaces them all: a part that is not in the
list goes (source: "Azure best practices: create Virtual Networks with subnets").
"""

from __future__ import annotations

from dataclasses import dataclass

from cmgsim.arm.changes import destroy
from cmgsim.arm.messages import Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import NameRule, View, nothing_more, object_of, objects_of, text_of
from cmgsim.arm.views import etag


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of part: the property of the parent that lists it, the names it takes, what it shows beyond its body."""

    kind: str
    word: str
    name_rule: NameRule
    view: View = nothing_more

    def listed(self, parent: Resource) -> dict[str, Json]:
        """Return the parts that a parent is written with, by name.

        Raises:
            ArmError: 400 if they are no list of named objects.
        """
        found: dict[str, Json] = {}
        for item in objects_of(parent.properties, self.word):
            name = text_of(item, "name")
            self.name_rule.check(name)
            found[name] = object_of(item, "properties")
        return found

    def kept(self, cloud: Cloud, parent: str) -> list[Resource]:
        """Return the parts that a parent has."""
        return [child for child in cloud.store.children(parent) if child.type == self.kind]

    def adopt(self, cloud: Cloud, draft: Resource) -> Resource:
        """Let a parent have the parts it is written with, and no others; return it without their list."""
        before = cloud.store.get(draft.id)
        if before is not None and draft.properties is before.properties:
            return draft  # only tags are written
        listed = self.listed(draft)
        names = {name.lower() for name in listed}
        for child in self.kept(cloud, draft.id):
            if child.name.lower() not in names:
                destroy(cloud, child)
        for name, properties in listed.items():
            self._keep(cloud, draft, name, {"properties": properties})
        properties = {name: value for name, value in draft.properties.items() if name != self.word}
        return draft.having(body=draft.body | {"properties": properties})

    def show(self, cloud: Cloud, parent: Resource) -> list[Json]:
        """Return the parts of a parent as it shows them."""
        return [self.show_one(cloud, child) for child in self.kept(cloud, parent.id)]

    def show_one(self, cloud: Cloud, child: Resource) -> Json:
        """Return a part as its parent shows it."""
        properties = child.properties | self.view(cloud, child) | {"provisioningState": child.state}
        return {"id": child.id, "name": child.name, "type": child.type, "etag": etag(child), "properties": properties}

    def _keep(self, cloud: Cloud, parent: Resource, name: str, body: Json) -> None:
        child = cloud.store.get(f"{parent.id}/{self.word}/{name}")
        if child is None:
            cloud.create(Resource(f"{parent.id}/{self.word}/{name}", self.kind, parent.location, body))
        elif child.body != body:
            cloud.change(child, body=body)
