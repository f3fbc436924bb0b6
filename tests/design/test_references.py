"""References: every name is looked up in its table, and nothing else is looked at."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, Field

from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.design.quantities import Name
from cmgsim.design.references import Reference, broken_references, referred_tables

ShipName = Annotated[Name, Reference("ships")]


class Anywhere(Enum):
    HERE = "here"


class Pier(BaseModel):
    ship: ShipName | None = None
    neighbours: list[Pier] = []


class Harbour(BaseModel):
    piers: dict[Name, Pier] = {}


class Fleet(BaseModel):
    ships: dict[Name, int] = {}
    harbour: Harbour = Harbour()
    spare: Harbour | None = None
    flagship: ShipName | Literal["none"] = "none"
    anchored_at: Annotated[Name, Reference("harbour.piers", "ships")] | Anywhere = Anywhere.HERE
    convoys: list[tuple[ShipName, ...]] = []
    routes: dict[ShipName, dict[str, ShipName]] = {}
    sunk: frozenset[ShipName] = frozenset()
    admiral_ship: ShipName | None = Field(default=None, alias="admiral-ship")
    motto: str = "whatever"


def broken(**values: object) -> list[tuple[tuple[str | int, ...], str, str]]:
    fleet = Fleet.model_validate({"ships": {"a": 1, "b": 2}, "harbour": {"piers": {"p": {}}}} | values)
    return [found[:3] for found in broken_references(fleet)]


def test_names_that_exist_are_no_findings() -> None:
    assert not broken(
        flagship="a", convoys=[["a", "b"]], routes={"a": {"x": "b"}}, anchored_at="p", sunk=["a"], names=["a"]
    )


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({"flagship": "c"}, (("flagship",), "c", "ships")),
        ({"convoys": [["a"], ["b", "c"]]}, (("convoys", 1, 1), "c", "ships")),
        ({"routes": {"c": {}}}, (("routes", "c"), "c", "ships")),
        ({"routes": {"a": {"x": "c"}}}, (("routes", "a", "x"), "c", "ships")),
        ({"sunk": ["c"]}, (("sunk", 0), "c", "ships")),
        ({"admiral-ship": "c"}, (("admiral-ship",), "c", "ships")),
        ({"anchored_at": "c"}, (("anchored_at",), "c", "harbour.piers or ships")),
        ({"harbour": {"piers": {"q": {"ship": "c"}}}}, (("harbour", "piers", "q", "ship"), "c", "ships")),
        (
            {"harbour": {"piers": {"q": {"neighbours": [{}, {"neighbours": [{"ship": "c"}]}]}}}},
            (("harbour", "piers", "q", "neighbours", 1, "neighbours", 0, "ship"), "c", "ships"),
        ),
    ],
)
def test_a_name_in_no_table_is_found_wherever_it_lies(
    values: dict[str, object], found: tuple[tuple[str | int, ...], str, str]
) -> None:
    assert broken(**values) == [found]


def test_words_beside_the_names_are_not_looked_up() -> None:
    assert not broken(flagship="none", anchored_at="here", motto="c")


def test_all_broken_names_come_at_once_with_what_is_known() -> None:
    fleet = Fleet.model_validate({"ships": {"b": 1, "a": 2}, "flagship": "x", "convoys": [["y", "z"]]})
    assert [found.value for found in broken_references(fleet)] == ["x", "y", "z"]
    assert broken_references(fleet)[0].known_names == ("a", "b")


class Orders(BaseModel):
    leave: list[ShipName] = []
    to: Annotated[Name, Reference("spare.piers")] | None = None


class Lost(BaseModel):
    what: Annotated[Name, Reference("no.such")] = "x"
    odd: Annotated[Name, Reference("motto")] = "x"


def test_names_may_refer_to_another_root() -> None:
    fleet = Fleet.model_validate({"ships": {"a": 1}})
    assert [found.loc for found in broken_references(Orders(leave=["a", "b"]), fleet)] == [("leave", 1)]
    assert not broken_references(Orders(leave=["b"])), "without a root, its names wait for one"


def test_an_optional_part_that_is_left_out_has_no_names() -> None:
    fleet = Fleet.model_validate({"ships": {"a": 1}})
    (found,) = broken_references(Orders(to="p"), fleet)
    assert (found.table, found.known_names) == ("spare.piers", ())


def test_a_table_that_does_not_exist_is_a_mistake_in_the_models() -> None:
    with pytest.raises(LookupError, match=r"Fleet has no table 'no.such'"):
        broken_references(Lost(), Fleet())


def test_what_is_no_table_cannot_be_referred_to() -> None:
    class Odd(BaseModel):
        odd: Annotated[Name, Reference("motto")] = "x"

    with pytest.raises(LookupError, match="'motto' of Fleet is no table keyed by name"):
        broken_references(Odd(), Fleet())


def test_referred_tables_are_found_through_recursive_models() -> None:
    assert referred_tables(Fleet) == {"ships", "harbour.piers"}
    assert referred_tables(Orders) == {"ships", "spare.piers"}


@pytest.mark.parametrize("table", sorted(referred_tables(Design) | referred_tables(Plan)))
def test_every_table_that_designs_and_plans_refer_to_is_in_a_design(table: str) -> None:
    kind: object = Design
    for part in table.split("."):
        assert isinstance(kind, type)
        assert issubclass(kind, BaseModel)
        kind = kind.model_fields[part].annotation
    assert get_origin(kind) is dict
    assert get_args(kind)[0] == Name
