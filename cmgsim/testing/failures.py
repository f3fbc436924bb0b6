"""Failures as frames of YAML files, with counter-examples and the command that repeats them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

import pytest

if TYPE_CHECKING:
    from cmgsim.design.findings import Findings
    from cmgsim.rehearsal.scenario import Judged
    from cmgsim.report.broken import Broken
    from cmgsim.tables import Table

#: The first line of a failure is shorter than this, because pytest's summary cuts it to the terminal.
HEADLINE = 60


class Failure(Exception):
    """A scenario that does not hold. Its text is all there is to say; its first line is short."""

    @classmethod
    def headed(cls, text: str) -> Self:
        """Return a failure with a short line before the text, if the text begins with a long one."""
        first = text.partition("\n")[0]
        return cls(text if cut(first) == first else f"{cut(first)}\n\n{text}")


class FilesAtFault(Failure):
    """Files that cannot be run."""

    @classmethod
    def of(cls, findings: Findings) -> FilesAtFault:
        """Return the failure that shows these findings."""
        return cls.headed(findings.frames())

    @classmethod
    def by(cls, error: Exception) -> FilesAtFault:
        """Return the failure for files that cannot be loaded."""
        from cmgsim.errors import FileFaults

        if isinstance(error, FileFaults):
            return cls.of(error.findings)  # type: ignore[arg-type]
        return cls.headed(f"error[CMG001]: {error}")


class ScenarioBroken(Failure):
    """A run in which not everything is as expected."""

    @classmethod
    def by(cls, judged: Judged) -> ScenarioBroken:
        """Return the failure that shows every broken verdict of a run."""
        from cmgsim.report.broken import broken_verdicts
        from cmgsim.report.longer import command_for_waiting

        parts = ["\n".join(_lines(broken)) for broken in broken_verdicts(judged)]
        longer = f"how long: {command}\n" if (command := command_for_waiting(judged)) else ""
        parts.append(f"repeat: {judged.command}\n{longer}digest: {judged.run.digest}")
        return cls("\n\n".join(parts))


def _lines(broken: Broken) -> Iterator[str]:
    from cmgsim.design.findings import Style

    verdict = broken.verdict
    words = f"error[{verdict.check}]: was {verdict.measured}, expected {verdict.limit}"
    yield cut(words)
    if len(words) >= HEADLINE:
        yield f"  = {words.partition(': ')[2]}"
    if broken.expectation is not None:
        yield from broken.frame(replace(broken.expectation, path=()), Style.PLAIN).splitlines()[1:]
    if broken.step is not None:
        yield ""
        yield f"broken by this step: {verdict.because}" if verdict.because else "broken by this step"
        yield from broken.frame(replace(broken.step, path=(), remedy=broken.remedy), Style.PLAIN).splitlines()[1:]
        if broken.changed:
            yield f"  = note: {broken.changed}"
    elif broken.remedy:
        yield f"  = help: {broken.remedy}"
    if broken.counter_examples:
        yield ""
        yield from (f"  {line}" for line in str(broken.counter_examples).splitlines())
    if broken.more:
        yield f"  ... and {broken.more} more"


def headline(failure: Failure) -> str:
    """Return the first line of a failure."""
    return str(failure).partition("\n")[0]


def cut(text: str) -> str:
    """Cut a line so that it is shorter than :data:`HEADLINE`."""
    return text if len(text) < HEADLINE else text[: HEADLINE - 4] + "..."


@dataclass(frozen=True)
class Crash:
    """What the short summary and JUnit files show of a failure."""

    message: str


@dataclass(frozen=True)
class Shown:
    """A failure as pytest's reports take it: it prints itself, and has a message of one line."""

    text: str
    reprcrash: Crash = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "reprcrash", Crash(self.text.partition("\n")[0]))

    def __str__(self) -> str:
        return self.text

    def toterminal(self, writer: Any) -> None:
        """Write the text, what went wrong in red."""
        for line in self.text.splitlines():
            writer.line(line, red=line.startswith("error["), bold=line.startswith("error["))


def shown(failure: Failure) -> Shown:
    """Return a failure in the form that pytest's reports take."""
    return Shown(str(failure))


def evidence(excinfo: pytest.ExceptionInfo[BaseException]) -> list[tuple[str, str]]:
    """Return sections with the rows of the tables and verdicts that the text of a failed ``assert`` names.

    pytest writes ``assert not <Table of 487 rows: client, knows>``; the rows are found again by that text among the
    local names of the test and what these hold.
    """
    if not isinstance(excinfo.value, AssertionError):
        return []
    words = str(excinfo.value)
    found = {repr(table): table for table in _tables(excinfo.traceback[-1].frame.f_locals) if repr(table) in words}
    return [(f"counter-examples: {name}", str(table)) for name, table in found.items() if table]


def _tables(names: dict[str, object]) -> Iterator[Table]:
    from sys import modules

    if "cmgsim.tables" not in modules:  # then the test cannot hold one
        return
    from cmgsim.tables import Table

    for value in names.values():
        held = vars(value).values() if hasattr(value, "__dict__") else ()
        yield from (part for part in (value, *held) if isinstance(part, Table))
