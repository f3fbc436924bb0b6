"""Measuring speed so that another machine comes to the same verdict: ratios within one run, and a record of figures.

A benchmark measures with :func:`least` or :func:`side_by_side`, judges a ratio of two measurements or a bound that the
documents name, and files what it saw with the fixture ``figures``::

    @pytest.mark.bench
    def test_reads_are_fast(figures: Figures) -> None:
        seconds = least(lambda: read(1_000))
        figures.add("Fake Azure", "GET through the service", 1_000 / seconds, "requests/CPU s", at_least=20_000)

``tox -e bench`` runs every benchmark, keeps the figures in ``docs/explanation/performance.json`` and writes them as a
table into ``docs/explanation/performance.md``; ``python tests/bench/measured.py`` does only the last.
"""

from __future__ import annotations

import gc
import json
import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs" / "explanation"
RECORD, PAGE = DOCS / "performance.json", DOCS / "performance.md"
BEGIN, END = "<!-- figures: written by tox -e bench -->", "<!-- end of figures -->"


@dataclass(frozen=True)
class Figure:
    """One line of the table: what was measured, and what was wanted of it (None: nothing)."""

    area: str
    what: str
    value: float
    unit: str
    at_least: float | None = None
    at_most: float | None = None
    test: str = ""
    """What measures it again: ``tox -e bench -- tests/bench/TEST``."""

    @property
    def key(self) -> tuple[str, str]:
        return self.area, self.what

    @property
    def wanted(self) -> str:
        if self.at_least is not None:
            return f"≥ {_number(self.at_least)}"
        return f"≤ {_number(self.at_most)}" if self.at_most is not None else ""

    @property
    def good(self) -> bool:
        return (self.at_least is None or self.value >= self.at_least) and (
            self.at_most is None or self.value <= self.at_most
        )


class Figures:
    """What one run of the benchmarks measured."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], Figure] = {}
        self.test = ""
        """The test that measures now."""

    def add(
        self,
        area: str,
        what: str,
        value: float,
        unit: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
    ) -> None:
        """File a figure, then judge it.

        Raises:
            AssertionError: if it is not what was wanted; it is filed nevertheless.
        """
        figure = Figure(area, what, value, unit, at_least, at_most, self.test)
        self.found[figure.key] = figure
        assert figure.good, f"{area}: {what}: {_number(value)} {unit}, wanted {figure.wanted}"

    def write(self, record: Path) -> None:
        """Put the figures into a record, in the place of older ones of the same name."""
        known = {figure.key: figure for figure in read(record)} | self.found
        document = {"machine": machine(), "figures": [asdict(known[key]) for key in sorted(known)]}
        record.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def least(act: Callable[[], Any], *, best_of: int = 5, clock: Callable[[], float] = time.process_time) -> float:
    """Return the seconds of CPU time of this process that *act* takes: the least of several runs.

    Nothing collects garbage meanwhile, as that would charge one run for what another left behind. With
    ``clock=time.perf_counter`` seconds on the wall are returned.
    """
    return side_by_side({"": act}, best_of=best_of, clock=clock)[""]


def side_by_side(
    acts: Mapping[str, Callable[[], Any]], *, best_of: int = 5, clock: Callable[[], float] = time.process_time
) -> dict[str, float]:
    """Return the least seconds of each of several acts, run in turns so that a busy machine troubles all alike."""
    found = dict.fromkeys(acts, float("inf"))
    was_enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        for _ in range(best_of):
            for name, act in acts.items():
                start = clock()
                act()
                found[name] = min(found[name], clock() - start)
    finally:
        if was_enabled:
            gc.enable()
    return {name: max(seconds, 1e-9) for name, seconds in found.items()}


def machine() -> str:
    """Say what the figures were measured on, in the words of the operating system."""
    return f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"


def read(record: Path) -> list[Figure]:
    """Return the figures of a record, none if there is no record."""
    if not record.exists():
        return []
    return [Figure(**figure) for figure in json.loads(record.read_text(encoding="utf-8"))["figures"]]


def table(record: Path) -> str:
    """Return the figures of a record as a table in Markdown, a part for each area."""
    measured_with = json.loads(record.read_text(encoding="utf-8"))["machine"]
    lines = [f"Measured with {measured_with}. One line alone: `tox -e bench -- tests/bench/TEST`."]
    figures = read(record)
    for area in dict.fromkeys(figure.area for figure in figures):
        lines += [
            "",
            f"## {area}",
            "",
            "| what | measured | unit | wanted | TEST |",
            "| --- | ---: | --- | ---: | --- |",
        ]
        lines += [
            f"| {figure.what} | {_number(figure.value)} | {figure.unit} | {figure.wanted} | `{figure.test}` |"
            for figure in figures
            if figure.area == area
        ]
    return "\n".join(lines)


def publish(record: Path = RECORD, page: Path = PAGE) -> None:
    """Write the table between the two marks of a page."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    assert mark, f"{page} needs the line {BEGIN!r} and, below it, the line {END!r}"
    page.write_text(f"{before}{BEGIN}\n{table(record)}\n{END}{after}", encoding="utf-8")


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


if __name__ == "__main__":
    publish()
    print(table(RECORD))
