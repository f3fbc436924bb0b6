"""Names that stand for things elsewhere: in which table they must be found, and which are found in none.

A model marks such a field, ``gateway: Annotated[Name, Reference("gateways")]``; :func:`broken_references` walks a whole
design and looks each name up. The table is a dotted path from the top: ``"roles.connection_points"``.

Theory of operation: from the annotations of a model class one *shape* per field is derived, once, which says where
references may lie below it. Fields without any are never looked at.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cmgsim.design.findings import Loc


@dataclass(frozen=True, init=False)
class Reference:
    """Marks a text as the name of an entry in a table; with several tables, it may be in any of them."""

    tables: tuple[str, ...]

    def __init__(self, *tables: str) -> None:
        object.__setattr__(self, "tables", tables)


class BrokenReference(NamedTuple):
    """A name that is in none of the tables it refers to.

    ``loc`` is its path in the file, ``table`` the tables' paths joined with ``" or "``, ``known_names`` what is there.
    """

    loc: Loc
    value: str
    table: str
    known_names: tuple[str, ...]


def broken_references(model: BaseModel, root: BaseModel | None = None) -> list[BrokenReference]:
    """Return every name in *model* that its table lacks, in the order of the model's fields.

    The tables are those of *root*: a plan's names refer to a design. Without *root* they are those of *model* itself,
    and names that refer to tables it cannot have are left for later.

    Raises:
        LookupError: if *root* is given and has no place for a table, which is a mistake in the models.
    """
    missing = _Missing.LEFT_FOR_LATER if root is None else _Missing.REFUSED
    return list(_in_model(model, (), _Lookup(model if root is None else root, missing)))


def referred_tables(model: type[BaseModel]) -> frozenset[str]:
    """Return the paths of all tables that names anywhere in *model* may refer to."""
    return _tables(_Shape(models=(model,)), set())


class _Missing(Enum):
    """What to do about a table that the root has no place for."""

    REFUSED = "refused"
    LEFT_FOR_LATER = "left for later"


@dataclass(frozen=True)
class _Shape:
    """Where references may lie in a value: in itself if it is text, in its items, keys or values, in its fields."""

    tables: tuple[str, ...] = ()
    words: frozenset[str] = frozenset()
    items: _Shape | None = None
    keys: _Shape | None = None
    values: _Shape | None = None
    models: tuple[type[BaseModel], ...] = ()

    def __or__(self, other: _Shape) -> _Shape:
        return _Shape(
            self.tables + tuple(table for table in other.tables if table not in self.tables),
            self.words | other.words,
            _either(self.items, other.items),
            _either(self.keys, other.keys),
            _either(self.values, other.values),
            self.models + other.models,
        )


_NOTHING = _Shape()


def _either(one: _Shape | None, other: _Shape | None) -> _Shape | None:
    return one | other if one and other else one or other


class _Lookup:
    """The names of each table of a root model, fetched once."""

    def __init__(self, root: BaseModel, missing: _Missing) -> None:
        self._root = root
        self._missing = missing
        self._names: dict[tuple[str, ...], frozenset[str] | None] = {}

    def names(self, tables: tuple[str, ...]) -> frozenset[str] | None:
        """Return the names in these tables together; None if one of them is left for later."""
        if tables not in self._names:
            found = [self._table(table) for table in tables]
            known = frozenset(name for entries in found for name in entries or ())
            self._names[tables] = None if None in found else known
        return self._names[tables]

    def _table(self, table: str) -> Mapping[str, Any] | None:
        place: Any = self._root
        for part in table.split("."):
            if not isinstance(place, BaseModel) or part not in type(place).model_fields:
                if self._missing is _Missing.LEFT_FOR_LATER:
                    return None
                raise LookupError(f"{type(self._root).__name__} has no table {table!r}")
            place = getattr(place, part)
            if place is None:  # an optional part that was left out has empty tables
                return {}
        if not isinstance(place, Mapping):
            raise LookupError(f"{table!r} of {type(self._root).__name__} is no table keyed by name")
        return place


def _in_model(model: BaseModel, loc: Loc, lookup: _Lookup) -> Iterator[BrokenReference]:
    for name, part, shape in _fields(type(model)):
        yield from _in_value(getattr(model, name), shape, (*loc, *part), lookup)


def _in_value(value: Any, shape: _Shape, loc: Loc, lookup: _Lookup) -> Iterator[BrokenReference]:
    if isinstance(value, str):
        known = lookup.names(shape.tables) if shape.tables and value not in shape.words else None
        if known is not None and value not in known:
            yield BrokenReference(loc, value, " or ".join(shape.tables), tuple(sorted(known)))
    elif isinstance(value, BaseModel):
        yield from _in_model(value, loc, lookup)
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            if shape.keys:
                yield from _in_value(key, shape.keys, (*loc, key), lookup)
            if shape.values:
                yield from _in_value(entry, shape.values, (*loc, key), lookup)
    elif shape.items and isinstance(value, list | tuple | set | frozenset):
        ordered = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        for index, item in enumerate(ordered):
            yield from _in_value(item, shape.items, (*loc, index), lookup)


@cache
def _fields(model: type[BaseModel]) -> tuple[tuple[str, Loc, _Shape], ...]:
    """Return name, path in the file and shape of each field that can hold references."""
    found = []
    for name, field in model.model_fields.items():
        shape = _field_shape(field)
        if _tables(shape, set()):
            found.append((name, (file_key(model, name),), shape))
    return tuple(found)


def file_key(model: type[BaseModel], name: str) -> str:
    """Return the key under which a field is written in a file: its alias if it has one, else its name."""
    field = model.model_fields[name]
    alias = field.validation_alias if isinstance(field.validation_alias, str) else field.alias
    return alias or name


def _tables(shape: _Shape, seen: set[type[BaseModel]]) -> frozenset[str]:
    """Return the tables referred to in a shape and below; each model class is looked into once."""
    found = set(shape.tables)
    for part in (shape.items, shape.keys, shape.values):
        found |= _tables(part, seen) if part else frozenset()
    for model in shape.models:
        if model not in seen:
            seen.add(model)
            for field in model.model_fields.values():
                found |= _tables(_field_shape(field), seen)
    return frozenset(found)


def _field_shape(field: FieldInfo) -> _Shape:
    return _shape(Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation)


def _shape(annotation: Any) -> _Shape:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        tables = tuple(table for mark in arguments[1:] if isinstance(mark, Reference) for table in mark.tables)
        return _shape(arguments[0]) | _Shape(tables=tables)
    if origin is Literal:
        return _Shape(words=frozenset(word for word in arguments if isinstance(word, str)))
    if origin in {Union, types.UnionType}:
        return _merged(arguments)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _Shape(keys=_useful(_shape(arguments[0])), values=_useful(_shape(arguments[1])))
    if origin in {list, tuple, set, frozenset}:
        return _Shape(items=_useful(_merged(arguments)))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _Shape(models=(annotation,))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return _Shape(words=frozenset(str(member.value) for member in annotation))
    return _NOTHING


def _merged(annotations: tuple[Any, ...]) -> _Shape:
    shape = _NOTHING
    for annotation in annotations:
        shape |= _shape(annotation)
    return shape


def _useful(shape: _Shape) -> _Shape | None:
    return None if shape == _NOTHING else shape
