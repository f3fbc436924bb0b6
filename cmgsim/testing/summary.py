"""The header line and the table of scenarios at the end of a pytest run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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
    """Write a line for each scenario that ran or could not be run, if there is any."""
    rows = sorted(_rows(reporter), key=lambda row: (row.scenario, row.seed))
    if not rows:
        return
    widest = max(len(row.scenario) for row in rows)
    longest = max(len(str(max(row.seed, 0))) for row in rows)
    reporter.ensure_newline()
    reporter.section("cmgsim scenarios")
    for row in rows:
        colour = {"green": row.outcome == "PASS", "red": row.outcome == "FAIL"}
        reporter.write(row.outcome, bold=True, **colour)
        seed = "no run" if row.seed < 0 else f"seed {row.seed:>{longest}}"
        line = f"  {row.scenario:<{widest}}  {seed:<{5 + longest}}  {row.words}"
        reporter.write_line(line.rstrip())


@dataclass(frozen=True)
class _Row:
    """A line of the table; ``seed`` is -1 where the files could not be read and no seed is known."""

    outcome: str
    scenario: str
    seed: int
    words: str


def _rows(reporter: pytest.TerminalReporter) -> Iterator[_Row]:
    """Yield the lines. With several processes, reports bring properties along."""
    for outcome, word in (("passed", "PASS"), ("failed", "FAIL")):
        for report in _calls(reporter.stats.get(outcome, ())):
            found: dict[str, Any] = dict(report.user_properties)
            if "cmg.scenario" in found:
                words = found.get("cmg.fault") or ", ".join([_stranded(found), *_broken(found)])
                yield _Row(word, found["cmg.scenario"], found.get("cmg.seed", -1), words)


def _stranded(found: dict[str, Any]) -> str:
    """Say how many are stranded; where some are, also how many were expected to be."""
    stranded, clients = found["cmg.stranded_clients"], found["cmg.clients"]
    limit = found.get("cmg.expected.stranded_clients")
    expected = f" (expected {limit})" if stranded and limit else ""
    return f"stranded_clients={stranded} of {clients}{expected}" if clients else "no clients"


def _broken(found: dict[str, Any]) -> Iterator[str]:
    for name, value in found.items():
        if name.startswith(_BROKEN) and name != f"{_BROKEN}stranded_clients":
            yield f"{name.removeprefix(_BROKEN)}: {value}"


def _calls(reports: Sequence[object]) -> Iterator[pytest.TestReport]:
    for report in reports:
        if isinstance(report, pytest.TestReport) and report.when == "call":
            yield report
