"""The harness of the benchmarks, which is no benchmark itself."""

from __future__ import annotations

from pathlib import Path

import pytest
from measured import BEGIN, END, Figures, publish, read, side_by_side


def test_the_least_of_several_runs_counts() -> None:
    moments = iter((0.0, 5.0, 10.0, 11.0, 20.0, 23.0, 30.0, 39.0))
    found = side_by_side({"one": int, "other": int}, best_of=2, clock=lambda: next(moments))
    assert found == {"one": 3.0, "other": 1.0}


def test_a_figure_is_judged_and_filed_nevertheless() -> None:
    figures = Figures()
    figures.add("area", "fast", 3.0, "s", at_most=3.0)
    with pytest.raises(AssertionError, match="slow: 2 requests/s, wanted ≥ 20,000"):
        figures.add("area", "slow", 2.0, "requests/s", at_least=20_000)
    assert [figure.value for figure in figures.found.values()] == [3.0, 2.0]


def test_a_record_keeps_what_was_not_measured_again(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    for value in (1.0, 2.0):
        figures = Figures()
        figures.add("area", f"only {value}", value, "s")
        figures.add("area", "always", value, "s")
        figures.write(record)
    assert {figure.what: figure.value for figure in read(record)} == {"always": 2.0, "only 1.0": 1.0, "only 2.0": 2.0}


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    record, page = tmp_path / "record.json", tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    figures = Figures()
    figures.add("area", "fast", 12345.6, "requests/s", at_least=20)
    figures.write(record)
    publish(record, page)
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith(f"{END}\nafter\n")
    assert "| fast | 12,346 | requests/s | ≥ 20 |" in text
    assert "old" not in text
    publish(record, page)
    assert page.read_text(encoding="utf-8") == text, "publishing again changes nothing"
