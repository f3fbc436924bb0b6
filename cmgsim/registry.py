"""One way to add a rule, a step or a check: file it under its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

from cmgsim.errors import UnknownName

Entry = TypeVar("Entry")


class Registry(Mapping[str, Entry], Generic[Entry]):
    """What is known of one kind, by name, in the order of names.

    ``kind`` is the word errors use: ``Registry("rule")`` says *no rule is named ...*.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, Entry] = {}

    def add(self, name: str, entry: Entry) -> Entry:
        """File *entry* under *name* and return it.

        Raises:
            ValueError: if the name is taken; a second definition is a mistake, never an override.
        """
        if name in self._entries:
            raise ValueError(f"the {self.kind} {name!r} is defined twice")
        self._entries[name] = entry
        return entry

    def __getitem__(self, name: str) -> Entry:
        """Return the entry of that name.

        Raises:
            UnknownName: if there is none; it says which name is near.
        """
        if name not in self._entries:
            raise UnknownName(self.kind, name, self._entries)
        return self._entries[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
