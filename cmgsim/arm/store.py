"""What exists: resources by id, groups being resources of the subscription.

Theory of operation: a :class:`Resource` is frozen; a change puts a new record in the place of the old. Every index and
every sum (children of a parent, cores in use) is kept where records come and go, so none of them can drift. Keys are
ids in lower case; ids keep the casing they were created with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any

from cmgsim.arm.identifiers import parent_id, subscription_of
from cmgsim.arm.messages import Json

GROUP_TYPE = "Microsoft.Resources/resourceGroups"


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing with an id.

    ``body`` is what its owner wrote (properties, tags, sku, kind, ...), ``secret`` what the provider keeps to itself,
    ``cores`` what it takes of the quota, ``names`` the full DNS names it holds, ``hold_us`` how long it keeps them
    when it is deleted, ``operation`` the id of the operation that is changing it, ``""`` when none is, ``uses`` the
    ids, in lower case, of what it cannot do without, by which :meth:`Store.users` finds it.
    """

    id: str
    type: str
    location: str
    body: Json = field(default_factory=dict)
    state: str = "Succeeded"
    etag: str = ""
    secret: Json = field(default_factory=dict)
    cores: int = 0
    names: tuple[str, ...] = ()
    hold_us: int = 0
    operation: str = ""
    created_us: int = 0
    changed_us: int = 0
    uses: tuple[str, ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Resource:
        """Return itself: a record is replaced, never changed."""
        return self

    @property
    def key(self) -> str:
        """Return the id by which it is found."""
        return self.id.lower()

    @property
    def name(self) -> str:
        """Return the last word of the id."""
        return self.id.rpartition("/")[2]

    @property
    def subscription(self) -> str:
        """Return the id of the subscription, in lower case."""
        return subscription_of(self.id)

    @property
    def properties(self) -> Json:
        """Return the properties, empty when none were written."""
        return self.body.get("properties") or {}

    @property
    def tags(self) -> Json:
        """Return the tags, empty when none were written."""
        return self.body.get("tags") or {}

    def having(self, **changes: Any) -> Resource:
        """Return the record with some fields changed."""
        # What dataclasses.replace does, in half its time: every change of anything comes through here.
        values = list(_VALUES(self))
        for name, value in changes.items():
            values[_PLACES[name]] = value
        return Resource(*values)


_VALUES = attrgetter(*(field.name for field in fields(Resource)))
_PLACES = {field.name: place for place, field in enumerate(fields(Resource))}


@dataclass(frozen=True, slots=True)
class Lock:
    """A management lock on a scope; ``level`` is ``CanNotDelete`` or ``ReadOnly``."""

    scope: str
    name: str
    level: str
    notes: str = ""

    @property
    def key(self) -> str:
        """Return the text by which it is found."""
        return f"{self.scope}/{self.name}".lower()


class Store:
    """Every resource there is, in the order of creation."""

    def __init__(self) -> None:
        self._resources: dict[str, Resource] = {}
        self._children: dict[str, dict[str, None]] = {}
        self._cores: dict[tuple[str, str], int] = {}
        self._counts: dict[tuple[str, str], int] = {}
        self._users: dict[str, dict[str, None]] = {}

    def get(self, resource_id: str) -> Resource | None:
        """Return a resource, or None."""
        return self._resources.get(resource_id.lower())

    def __contains__(self, resource_id: str) -> bool:
        return resource_id.lower() in self._resources

    def put(self, resource: Resource) -> Resource:
        """Keep a resource in the place of what had its id."""
        key = resource.key
        parent, before = parent_id(key), self._resources.get(key)
        self._resources[key] = resource
        self._children.setdefault(parent, {})[key] = None
        if before is None:
            self._count(resource, parent, 1)
        elif (before.type, before.location, before.cores) != (resource.type, resource.location, resource.cores):
            self._count(before, parent, -1)
            self._count(resource, parent, 1)
        self._use(key, before.uses if before else (), resource.uses)
        return resource

    def remove(self, resource_id: str) -> Resource | None:
        """Forget one resource, not what is below it; return what was known of it."""
        key = resource_id.lower()
        resource = self._resources.pop(key, None)
        if resource is not None:
            parent = parent_id(key)
            siblings = self._children[parent]
            del siblings[key]
            if not siblings:
                del self._children[parent]
            self._count(resource, parent, -1)
            self._use(key, resource.uses, ())
        return resource

    def children(self, parent: str) -> Iterator[Resource]:
        """Return what is directly below an id, in the order of creation."""
        return (self._resources[key] for key in self._children.get(parent.lower(), ()))

    def below(self, parent: str) -> list[Resource]:
        """Return everything below an id: parents before their children."""
        found: list[Resource] = []
        for child in self.children(parent):
            found.append(child)
            found.extend(self.below(child.id))
        return found

    def users(self, used: str) -> list[Resource]:
        """Return what says that it uses an id, in the order in which it began to."""
        return [self._resources[key] for key in self._users.get(used.lower(), ())]

    def cores(self, subscription: str, region: str) -> int:
        """Return how many cores a subscription uses in a region."""
        return self._cores.get((subscription, region), 0)

    def count(self, subscription: str, kind: str) -> int:
        """Return how many resources of a type a subscription has."""
        return self._counts.get((subscription, kind.lower()), 0)

    def count_in(self, parent: str, kind: str) -> int:
        """Return how many resources of a type are directly below an id."""
        return self._counts.get((parent.lower(), kind.lower()), 0)

    def _use(self, user: str, before: tuple[str, ...], after: tuple[str, ...]) -> None:
        for used in after:
            self._users.setdefault(used, {})[user] = None
        for used in before:
            if used not in after:
                del self._users[used][user]
                if not self._users[used]:
                    del self._users[used]

    def _count(self, resource: Resource, parent: str, sign: int) -> None:
        subscription, word = resource.subscription, resource.type.lower()
        for holder in (subscription, parent):
            self._counts[holder, word] = self._counts.get((holder, word), 0) + sign
        if resource.cores:
            place = (subscription, resource.location)
            self._cores[place] = self._cores.get(place, 0) + sign * resource.cores
