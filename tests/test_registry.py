from __future__ import annotations

import pytest

from cmgsim.errors import UnknownName
from cmgsim.registry import Registry


@pytest.fixture
def fruits() -> Registry[int]:
    registry: Registry[int] = Registry("fruit")
    registry.add("pear", 2)
    registry.add("apple", 1)
    return registry


def test_entries_come_in_the_order_of_names(fruits: Registry[int]) -> None:
    assert list(fruits) == ["apple", "pear"]
    assert list(fruits.values()) == [1, 2]
    assert len(fruits) == 2


def test_adding_returns_the_entry_so_that_decorators_can(fruits: Registry[int]) -> None:
    assert fruits.add("plum", 3) == 3
    assert fruits["plum"] == 3


def test_a_name_is_defined_once(fruits: Registry[int]) -> None:
    with pytest.raises(ValueError, match="the fruit 'pear' is defined twice"):
        fruits.add("pear", 5)
    assert fruits["pear"] == 2


def test_an_unknown_name_says_what_is_near(fruits: Registry[int]) -> None:
    with pytest.raises(UnknownName) as error:
        fruits["aple"]
    assert str(error.value) == "no fruit is named 'aple'; did you mean 'apple'?"


def test_membership_and_get_do_not_raise(fruits: Registry[int]) -> None:
    assert "pear" in fruits
    assert "aple" not in fruits
    assert fruits.get("aple") is None
    assert fruits.get("aple", 9) == 9
