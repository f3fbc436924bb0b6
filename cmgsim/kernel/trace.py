"""What happened, in order, and one short number for all of it.

Two runs with the same digest had the same facts, of the same components, at the same moments, in the same order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from hashlib import blake2b
from typing import Generic, TypeVar, cast, overload

from cmgsim.facts import Fact

FactType = TypeVar("FactType", bound=Fact)
FactType_co = TypeVar("FactType_co", bound=Fact, covariant=True)
DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Entry(Generic[FactType_co]):
    """One line of a trace: at which moment, in microseconds, which component established which fact."""

    at_us: int
    component: str
    fact: FactType_co


class Trace(Sequence[Entry[Fact]]):
    """All facts of a run so far; it only grows.

    The digest is a chain, each link a hash of the one before and the new entry, so that a copy continues it exactly.
    """

    def __init__(self) -> None:
        self._entries: list[Entry[Fact]] = []
        self._link = bytes(DIGEST_BYTES)

    def add(self, at_us: int, component: str, fact: Fact) -> None:
        """Write down a fact.

        Raises:
            TypeError: if the fact holds a value that has no canonical form; see :func:`canonical`.
        """
        link = blake2b(self._link, digest_size=DIGEST_BYTES)
        for part in (at_us, component, fact):
            link.update(canonical(part))
        self._entries.append(Entry(at_us, component, fact))
        self._link = link.digest()

    @property
    def digest(self) -> str:
        """32 hexadecimal digits that stand for every entry so far."""
        return self._link.hex()

    def select(self, fact_type: type[FactType]) -> tuple[Entry[FactType], ...]:
        """Return the entries whose fact is of that type, in order."""
        return tuple(cast("Entry[FactType]", entry) for entry in self._entries if isinstance(entry.fact, fact_type))

    def copy(self) -> Trace:
        """Return a trace that continues from here by itself; the entries, which are frozen, are shared."""
        twin = Trace()
        twin._entries, twin._link = self._entries.copy(), self._link
        return twin

    @overload
    def __getitem__(self, index: int) -> Entry[Fact]: ...
    @overload
    def __getitem__(self, index: slice) -> list[Entry[Fact]]: ...
    def __getitem__(self, index: int | slice) -> Entry[Fact] | list[Entry[Fact]]:
        return self._entries[index]

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<Trace of {len(self)} entries, digest {self.digest}>"


def canonical(value: object, place: str = "value") -> bytes:
    """Return the bytes that stand for a value in a digest: the same on every machine, different for different values.

    Values are None, bool, int, str, members of an Enum, tuples of values, and frozen dataclasses whose fields are
    values. *place* names the value in errors.

    Raises:
        TypeError: for anything else, such as a float (it rounds) or a set (it has no order), naming the field.
    """
    match value:
        case None | bool():
            return _chunk("c", str(value).encode())
        case Enum():
            return _chunk("e", f"{_type_name(value)}.{value.name}".encode())
        case int():
            return _chunk("i", b"%d" % value)
        case str():
            return _chunk("s", value.encode())
        case tuple():
            return _chunk("t", b"".join(canonical(item, f"{place}[{index}]") for index, item in enumerate(value)))
    if is_dataclass(value) and not isinstance(value, type):
        return _chunk("d", _record(value))
    raise TypeError(
        f"{place} is {value!r}, and a {type(value).__name__} has no canonical form: "
        "use None, bool, int, str, an Enum, a tuple or a frozen dataclass"
    )


def _record(value: object) -> bytes:
    name = _type_name(value)
    if not value.__dataclass_params__.frozen:  # type: ignore[attr-defined]
        raise TypeError(f"{name} is a dataclass that can change: declare it with frozen=True")
    parts = (canonical(getattr(value, field.name), f"{name}.{field.name}") for field in fields(value))  # type: ignore[arg-type]
    return _chunk("n", name.encode()) + b"".join(parts)


def _type_name(value: object) -> str:
    return f"{type(value).__module__}.{type(value).__qualname__}"


def _chunk(tag: str, content: bytes) -> bytes:
    """Frame bytes with a tag and their length, so that neighbours cannot run into each other."""
    return b"%s%d:%s" % (tag.encode(), len(content), content)
