"""The header line and the table of scenarios at the end of a pytest run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from cmgsim.testing.marks import seeds_asked_for

if TYPE_CHECKING:
    from collections.abc import Sequence

#: What a report's properties are called in the table, in this order.
_BROKEN = "cmg.broken."


def header(config: pytest.Config) -> str:
    """Return the line that says which cmgsim runs which seeds."""
    from cmgsim.report.tool import tool_version

    seeds = seeds_asked_for(config)
    chosen = f"seeds {', '.join(map(str, seeds))}" if seeds else "seeds of each scenario"
    return f"cmgsim: {tool_version()}, {chosen}"


def write(reporter: pytest.TerminalReporter) -> None:
    """Write a line for each scenario that ran, if any did."""
    rows = list(_rows(reporter))
    if not rows:
        return
    widest = max(len(name) for _, name, *_ in rows)
    longest = max(len(seed) for _, _, seed, _ in rows)
    reporter.section("cmgsim scenarios")
    for outcome, name, seed, words in sorted(rows, key=lambda row: (row[1], int(row[2]))):
        colour = {"green": outcome == "PASS", "red": outcome == "FAIL"}
        reporter.write(outcome, bold=True, **colour)
        reporter.write_line(f"  {name:<{widest}}  seed {seed:>{longest}}  {words}".rstrip())


def _rows(reporter: pytest.TerminalReporter) -> Iterator[tuple[str, str, str, str]]:
    """Yield outcome, scenario, seed and what was found. With several processes, reports bring properties along."""
    for outcome, word in (("passed", "PASS"), ("failed", "FAIL")):
        for report in _calls(reporter.stats.get(outcome, ())):
            found = dict(report.user_properties)
            if "cmg.scenario" in found:
                stranded = f"stranded_clients={found['cmg.stranded_clients']} of {found['cmg.clients']}"
                broken = [
                    f"{name.removeprefix(_BROKEN)}: {value}"
                    for name, value in found.items()
                    if name.startswith(_BROKEN) and name != f"{_BROKEN}stranded_clients"
                ]
                yield word, str(found["cmg.scenario"]), str(found["cmg.seed"]), ", ".join([stranded, *broken])


def _calls(reports: Sequence[object]) -> Iterator[pytest.TestReport]:
    for report in reports:
        if isinstance(report, pytest.TestReport) and report.when == "call":
            yield report
