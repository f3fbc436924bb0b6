from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.tables import Table

STRANDED = Table(("client", "hours"), [("c-17", 5), ("c-4711", 26)])


def test_a_table_is_false_when_empty_and_true_with_rows() -> None:
    assert not Table(("client",))
    assert STRANDED


def test_rows_and_columns_are_read() -> None:
    assert STRANDED.column("hours") == (5, 26)
    assert STRANDED[1] == ("c-4711", 26)
    assert list(STRANDED) == [("c-17", 5), ("c-4711", 26)]
    assert ("c-17", 5) in STRANDED


@pytest.mark.parametrize("table", [STRANDED, Table(("client", "hours"))])
def test_an_unknown_column_is_refused_with_rows_and_without(table: Table) -> None:
    with pytest.raises(ValueError, match="no column is named 'hour'; there is client, hours"):
        table.column("hour")


def test_a_row_has_one_value_for_each_column() -> None:
    with pytest.raises(ValueError, match="a row of 1 values under 2 columns: \\('x',\\)"):
        Table(("a", "b"), [("x",)])


def test_it_prints_numbers_to_the_right() -> None:
    assert str(STRANDED).splitlines() == ["client  hours", "c-17        5", "c-4711     26"]
    assert str(Table(("a", "b"))) == "a  b"
    assert repr(STRANDED) == "<Table of 2 rows: client, hours>"


@given(st.integers(0, 40))
def test_it_prints_ten_rows_at_most_and_counts_the_rest(count: int) -> None:
    lines = str(Table(("n",), [(number,) for number in range(count)])).splitlines()
    assert len(lines) == 1 + min(count, 10) + (count > 10)
    if count > 10:
        assert lines[-1] == f"... {count - 10} more of {count}"


@given(st.lists(st.tuples(st.integers(), st.text())), st.slices(8))
def test_a_slice_is_a_table_of_those_rows(rows: list[tuple[int, str]], part: slice) -> None:
    table = Table(("a", "b"), rows)
    assert table[part] == Table(("a", "b"), rows[part])


def test_equal_tables_are_one_key_and_lists_cannot_change_them() -> None:
    rows = [[1, 2]]
    table = Table(["a", "b"], rows)
    rows[0][0] = 9
    assert table == Table(("a", "b"), [(1, 2)])
    assert len({table, Table(("a", "b"), [(1, 2)])}) == 1
    assert table != Table(("a", "c"), [(1, 2)])
    assert table != [(1, 2)]
