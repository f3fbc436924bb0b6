"""Where a pydantic error lies: the path in the file, and what the models say of that place.

pydantic's locations mix parts of the file (keys, positions) with parts of the models (tags and class names of union
members, ``[key]``). Walking the annotations along a location tells them apart.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Discriminator, Tag
from pydantic.fields import FieldInfo

from cmgsim.design.document import Document
from cmgsim.design.findings import Loc
from cmgsim.design.quantities import Quantity
from cmgsim.design.references import file_key

_KEY = "[key]"


@dataclass(frozen=True)
class Place:
    """One place in a file as the models see it.

    ``path`` leads there in the file. ``annotation`` is what belongs there, or None where the models do not say.
    ``choices`` are the members of plain unions passed on the way, each as the union's path and the member's label: an
    error below a choice only counts if no other member fits. ``siblings`` are the keys the record around this place may
    have, itself included; ``on_key`` says that the key is meant, not its value.
    """

    path: Loc = ()
    annotation: Any = None
    choices: tuple[tuple[Loc, str], ...] = ()
    siblings: tuple[str, ...] = ()
    on_key: bool = False

    @property
    def quantity(self) -> Quantity | None:
        """How the value at this place is read and written, if it is a quantity."""
        return next((mark for mark in _metadata(self.annotation) if isinstance(mark, Quantity)), None)


def find_place(model: type[BaseModel], loc: Loc, document: Document) -> Place:
    """Follow the location of a pydantic error through the annotations of *model*."""
    place = Place((), model)
    for part in loc:
        place = _step(place, part, document)
    return place


def _step(place: Place, part: str | int, document: Document) -> Place:
    if part == _KEY and (*place.path, part) not in document.marks:
        return replace(place, on_key=True)
    members = _members(place.annotation)
    if len(members) > 1:
        return _choose(place, members, str(part))
    path, kind = (*place.path, part), _bare(place.annotation)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        siblings = tuple(file_key(kind, name) for name in kind.model_fields)
        return replace(place, path=path, annotation=_field(kind, part), siblings=siblings)
    origin, arguments = get_origin(kind), get_args(kind)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return replace(place, path=path, annotation=arguments[1])
    if origin in {list, tuple, set, frozenset} and isinstance(part, int):
        fixed = origin is tuple and arguments[-1] is not Ellipsis and part < len(arguments)
        return replace(place, path=path, annotation=arguments[part] if fixed else arguments[0])
    return replace(place, path=path, annotation=None) if path in document.marks else place


def _choose(place: Place, members: tuple[Any, ...], label: str) -> Place:
    discriminator = _discriminator(place.annotation)
    member = next((member for member in members if label in _labels(member, discriminator)), None)
    choices = place.choices if discriminator else (*place.choices, (place.path, label))
    return replace(place, annotation=member, choices=choices)


def _discriminator(annotation: Any) -> str | Callable[..., Any] | None:
    """Return what tells the members of a union apart: a key, or a function; None in a plain union."""
    for mark in _metadata(annotation):
        found = mark if isinstance(mark, Discriminator) else mark.discriminator if isinstance(mark, FieldInfo) else None
        if found is not None:
            return found.discriminator if isinstance(found, Discriminator) else found
    return None


def _field(model: type[BaseModel], key: str | int) -> Any:
    """Return the annotation of the field written under *key*, with its metadata; None for an unknown key."""
    for name, field in model.model_fields.items():
        if key in {file_key(model, name), name}:
            return Annotated[(field.annotation, *field.metadata, field)]
    return None


def _labels(member: Any, discriminator: str | Callable[..., Any] | None) -> set[str]:
    """Return the labels pydantic may give a member of a union: its tags, and the name of its class."""
    labels = {mark.tag for mark in _metadata(member) if isinstance(mark, Tag)}
    kind = _bare(member)
    if isinstance(kind, type):
        labels.add(kind.__name__)
        if isinstance(discriminator, str) and issubclass(kind, BaseModel):
            words = get_args(_bare(kind.model_fields[discriminator].annotation))
            labels |= {str(getattr(word, "value", word)) for word in words}
    return labels


def _members(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, None left out: pydantic gives it no label."""
    kind = _bare(annotation)
    if get_origin(kind) not in {Union, types.UnionType}:
        return ()
    return tuple(member for member in get_args(kind) if member is not type(None))


def _bare(annotation: Any) -> Any:
    """Take off metadata, ``| None`` where one member remains, and root models."""
    while True:
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            annotation = arguments[0]
        elif origin in {Union, types.UnionType} and len([kind for kind in arguments if kind is not type(None)]) == 1:
            annotation = next(kind for kind in arguments if kind is not type(None))
        else:
            return annotation


def _metadata(annotation: Any) -> tuple[Any, ...]:
    """Return the metadata of an annotation, that of its only member included."""
    if get_origin(annotation) is Annotated:
        return (*get_args(annotation)[1:], *_metadata(get_args(annotation)[0]))
    members = [kind for kind in get_args(annotation) if kind is not type(None)]
    if get_origin(annotation) in {Union, types.UnionType} and len(members) == 1:
        return _metadata(members[0])
    return ()
