"""What a path points at, read once: scope, provider, types and names.

ARM paths are chains: a scope (tenant, subscription, resource group, resource), then ``providers/<namespace>``, then
types and names in turn. A path whose chain ends in a name points at an instance; one that ends in a type points at a
collection, or names an action (``.../storageAccounts/x/listKeys``). Case never matters; casing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

TENANT, SUBSCRIPTION, GROUP, RESOURCE = "tenant", "subscription", "group", "resource"
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_RESOURCES = "Microsoft.Resources"
_ROOTS = {TENANT: (), SUBSCRIPTION: ("subscriptions",), GROUP: ("subscriptions", "resourceGroups"), RESOURCE: ()}


@dataclass(frozen=True, slots=True)
class Target:
    """A path, taken apart.

    ``scope`` is the path of what the rest is asked of, ``level`` its kind. ``namespace`` is empty for ARM's own plain
    paths (``/subscriptions/x/locations``). ``types`` has as many words as ``names`` for an instance, one more for a
    collection or an action.
    """

    scope: str
    level: str
    subscription: str
    group: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def is_instance(self) -> bool:
        """Say whether the path ends in a name (or is that of its scope)."""
        return len(self.types) == len(self.names)

    @property
    def route(self) -> str:
        """Return the path without its names, in lower case: ``group/microsoft.storage/storageaccounts/*``."""
        words = [self.level, *([self.namespace] if self.namespace else ()), *self.types]
        return "/".join(words).lower() + ("/*" if self.types and self.is_instance else "")

    @property
    def kind(self) -> str:
        """Return the full resource type, as written: ``Microsoft.Storage/storageAccounts``."""
        return "/".join((self.namespace, *self.types))

    @property
    def name(self) -> str:
        """Return the last name, ``""`` if there is none."""
        return self.names[-1] if self.names else ""

    @property
    def resource_id(self) -> str:
        """Return the id that the path asks for, a collection's being that of its parent."""
        if not self.namespace:
            return self.scope
        pairs = [f"/{kind}/{name}" for kind, name in zip(self.types, self.names, strict=False)]
        return f"{self.scope}/providers/{self.namespace}{''.join(pairs)}" if pairs else self.scope

    def action(self, method: str) -> str:
        """Return the action that a role must allow: ``Microsoft.Storage/storageAccounts/write``."""
        return _action(self.level, self.namespace, self.types, method)


@lru_cache(maxsize=4096)
def _action(level: str, namespace: str, types: tuple[str, ...], method: str) -> str:
    root = () if namespace else _ROOTS[level]
    return "/".join((namespace or _RESOURCES, *root, *types, _VERBS.get(method, "action")))


def parse(path: str) -> Target:
    """Take a path apart; any path has a reading, whether or not anything answers to it."""
    words = path.strip("/").split("/") if path != "/" else []
    position, level, subscription, group = 0, TENANT, "", ""
    if len(words) > 1 and words[0].lower() == "subscriptions":
        position, level, subscription = 2, SUBSCRIPTION, words[1].lower()
        if len(words) > 3 and words[2].lower() == "resourcegroups":
            position, level, group = 4, GROUP, words[3]
    split = _last_provider(words, position)
    if split > position:
        level = RESOURCE
    scope = "/" + "/".join(words[:split]) if split else ""
    namespace, rest = _namespace(words[split:])
    return Target(scope, level, subscription, group, namespace, tuple(rest[0::2]), tuple(rest[1::2]))


def _last_provider(words: list[str], position: int) -> int:
    """Return where the chain of the last provider starts, *position* if there is at most one."""
    if len(words) < position + 5 or words[position].lower() != "providers":
        return position
    later = [index for index in range(position + 4, len(words), 2) if words[index].lower() == "providers"]
    return later[-1] if later else position


def _namespace(words: list[str]) -> tuple[str, list[str]]:
    if len(words) > 2 and words[0].lower() == "providers":
        return words[1], words[2:]
    return "", words
