"""What lies on scopes beside the resources: locks, role assignments, deployments; found by key, by scope and by more.

Theory of operation: every index is kept where things come and go, so that a question costs as much as its answer,
however much there is of the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar


class OnScope(Protocol):
    """Something with a key of its own that lies on a scope."""

    @property
    def key(self) -> str:
        """Return the text by which it is found."""

    @property
    def scope(self) -> str:
        """Return the id that it lies on."""


T = TypeVar("T", bound=OnScope)


def scope_key(thing: OnScope) -> str:
    """Return the scope of a thing, as indexes know it."""
    return thing.scope.lower()


class Scoped(Generic[T]):
    """Things by key, in the order they came, with an index by scope and one by each function of *by*."""

    def __init__(self, *by: Callable[[T], str]) -> None:
        self._by: tuple[Callable[[T], str], ...] = (scope_key, *by)
        self._things: dict[str, T] = {}
        self._found: tuple[dict[str, dict[str, T]], ...] = tuple({} for _ in self._by)

    def __len__(self) -> int:
        return len(self._things)

    def __contains__(self, key: str) -> bool:
        return key in self._things

    def __iter__(self) -> Iterator[T]:
        return iter(self._things.values())

    def get(self, key: str) -> T | None:
        """Return a thing, or None."""
        return self._things.get(key)

    def add(self, thing: T) -> None:
        """Keep a thing in the place of what had its key."""
        before = self._things.get(thing.key)
        if before is not None and list(self._words(before)) != list(self._words(thing)):
            self.remove(thing.key)
        self._things[thing.key] = thing
        for index, word in zip(self._found, self._words(thing), strict=True):
            index.setdefault(word, {})[thing.key] = thing

    def remove(self, key: str) -> T | None:
        """Forget a thing; return what was known of it."""
        thing = self._things.pop(key, None)
        if thing is not None:
            for index, word in zip(self._found, self._words(thing), strict=True):
                del index[word][key]
                if not index[word]:
                    del index[word]
        return thing

    def at(self, scope: str) -> list[T]:
        """Return what lies on a scope itself."""
        return list(self._found[0].get(scope.lower(), {}).values())

    def of(self, word: str) -> list[T]:
        """Return what the second index knows under a word."""
        return list(self._found[1].get(word, {}).values())

    def clear(self, scope: str) -> None:
        """Forget everything that lies on a scope itself."""
        for thing in self.at(scope):
            self.remove(thing.key)

    def _words(self, thing: T) -> Iterator[str]:
        return (by(thing) for by in self._by)
