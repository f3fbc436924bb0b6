"""Names that are one of a kind in the world, and who holds them.

A name is a full DNS name, so that kinds of names cannot be confused: ``contoso.cloudapp.net`` and
``contoso.blob.core.windows.net`` are two. A name is free again as soon as it is let go, but for names on hold.

Assumption: A-06: a deleted name is free at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cmgsim.arm.store import Resource

OTHERS = "another customer"


class Names:
    """A registry of names in use."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._holders = {name.lower(): OTHERS for name in taken}
        self._held_until_us: dict[str, int] = {}
        self._left: dict[str, Resource] = {}

    def holder(self, name: str, now_us: int) -> str:
        """Return the id of the resource that holds a name, :data:`OTHERS`, or ``""`` when it is free."""
        name = name.lower()
        if self._held_until_us.get(name, now_us + 1) <= now_us:
            return ""
        return self._holders.get(name, "")

    def on_hold(self, name: str, now_us: int) -> bool:
        """Say whether a name belongs to something deleted that can still come back."""
        return self._held_until_us.get(name.lower(), now_us) > now_us

    def take(self, name: str, holder: str) -> None:
        """Give a name to the resource with the id *holder*."""
        self._forget(name)
        self._holders[name.lower()] = holder

    def free(self, name: str) -> None:
        """Let a name go; a name that nobody holds is free already."""
        self._forget(name)
        self._holders.pop(name.lower(), None)

    def hold(self, name: str, until_us: int, left: Resource | None = None) -> None:
        """Keep the name with its holder until a moment, then let it go; *left* is what can still come back."""
        self._held_until_us[name.lower()] = until_us
        if left is not None:
            self._left[name.lower()] = left

    def left(self, name: str, now_us: int) -> Resource | None:
        """Return what was deleted and can still come back under a name, None if nothing can."""
        return self._left.get(name.lower()) if self.on_hold(name, now_us) else None

    def left_by(self, subscription: str, kind: str, now_us: int) -> Iterator[Resource]:
        """Return everything of a type that a subscription deleted and that can still come back, oldest first."""
        for name, resource in self._left.items():
            mine = resource.subscription == subscription and resource.type == kind
            if mine and self.on_hold(name, now_us):
                yield resource

    def until_us(self, name: str) -> int:
        """Return the moment at which a name on hold is free again."""
        return self._held_until_us[name.lower()]

    def _forget(self, name: str) -> None:
        self._held_until_us.pop(name.lower(), None)
        self._left.pop(name.lower(), None)
