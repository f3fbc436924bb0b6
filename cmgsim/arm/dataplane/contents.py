"""What is in containers: blobs, blocks that wait for their list, and meters.

Contents are found by an id that a container gets when it is made and keeps when it moves. A :class:`Blob` is frozen, so
that a copy of the cloud shares the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cmgsim.arm.dataplane.leases import FREE, Lease
from cmgsim.units import SECOND

#: Requests a second to one blob (source: "Scalability and performance targets for Blob storage").
REQUESTS_PER_BLOB = 500


@dataclass(frozen=True, slots=True)
class Blob:
    """One blob; ``headers`` are those it is given back with, such as its content type."""

    name: str
    data: bytes
    kind: str = "BlockBlob"
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    etag: str = ""
    created_us: int = 0
    changed_us: int = 0
    lease: Lease = FREE
    tier: str = "Hot"
    blocks: tuple[tuple[str, int], ...] = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Blob:
        """Return itself: a blob is replaced, never changed."""
        return self


@dataclass(frozen=True, slots=True)
class Change:
    """What a blob was before it was written or deleted at a moment; None if it was not there."""

    at_us: int
    name: str
    before: Blob | None

    def __deepcopy__(self, memo: dict[int, Any]) -> Change:
        """Return itself: nothing in it ever changes."""
        return self


@dataclass(slots=True)
class Meter:
    """What was asked of an account, and how many bytes went in and out."""

    requests: int = 0
    ingress: int = 0
    egress: int = 0


@dataclass(slots=True)
class Contents:
    """The contents of every container by (its id, name of the blob), and of every account its meter."""

    blobs: dict[str, dict[str, Blob]] = field(default_factory=dict)
    blocks: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    meters: dict[str, Meter] = field(default_factory=dict)
    history: dict[str, list[Change]] = field(default_factory=dict)
    _rates: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def container(self, contents: str) -> dict[str, Blob]:
        """Return the blobs of a container by name, in the order they were first written."""
        return self.blobs.setdefault(contents, {})

    def remember(self, contents: str, name: str, at_us: int) -> None:
        """Write down what a blob is just before it changes, so that it can be restored."""
        change = Change(at_us, name, self.container(contents).get(name))
        self.history.setdefault(contents, []).append(change)

    def restore(self, contents: str, first: str, last: str, moment_us: int) -> None:
        """Let the blobs with names from *first* up to but not including *last* be what they were at a moment.

        An empty *last* has no end. What was changed is undone from the newest change to the oldest.
        """
        blobs = self.container(contents)
        for change in reversed(self.history.get(contents, ())):
            if change.at_us > moment_us and first <= change.name and (not last or change.name < last):
                blobs.pop(change.name, None)
                if change.before is not None:
                    blobs[change.name] = change.before

    def forget(self, contents: str) -> None:
        """Drop everything in a container."""
        self.blobs.pop(contents, None)
        self.history.pop(contents, None)
        for key in [key for key in self.blocks if key[0] == contents]:
            del self.blocks[key]

    def meter(self, account: str) -> Meter:
        """Return the meter of an account, by the full name of its blob service."""
        return self.meters.setdefault(account, Meter())

    def admit(self, contents: str, blob: str, now_us: int) -> bool:
        """Count one request to a blob; say whether the limit of the present second has room for it.

        Assumption: the limit of 500 requests a second to one blob is counted in whole seconds.
        """
        second = now_us // SECOND
        at, count = self._rates.get((contents, blob), (second, 0))
        count = count + 1 if at == second else 1
        self._rates[contents, blob] = (second, count)
        return count <= REQUESTS_PER_BLOB
