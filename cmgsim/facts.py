"""What components say: facts of what happened, and messages to each other."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fact:
    """Something that happened. Rooms derive their own, as frozen dataclasses of plain values.

    A fact holds integers, texts, booleans, None, enums, tuples and other facts only, so that it has one canonical
    form on every machine; the trace adds when it happened and who said it.
    """


@dataclass(frozen=True)
class Message:
    """Something one component tells another, delivered at the same instant.

    ``to`` is the receiver's name, ``body`` whatever the two have agreed on.
    """

    to: str
    body: object
