"""Findings: what is wrong in a file or a design, where it stands, and what to do about it.

A finding prints as a frame, as compilers do: the line itself, the offending part underlined, the remedy below. Frames
use ASCII glyphs only, because not every Windows console shows others.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from cmgsim.design.document import Mark

Loc = tuple[str | int, ...]
#: The widest part of a source line that a frame shows, in display columns.
FRAME_COLUMNS = 160
_CONTEXT_BEFORE = 60


class Severity(Enum):
    """How grave a finding is. Errors prevent a run; warnings and infos do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Style(Enum):
    """How frames are coloured."""

    PLAIN = "plain"
    ANSI = "ansi"


_COLOURS = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;33m",
    Severity.INFO: "\x1b[1;36m",
}
_FAINT = "\x1b[34m"
_RESET = "\x1b[0m"


@dataclass(frozen=True)
class Finding:
    """One fault, doubt or remark.

    ``rule`` is its id, such as ``CMG102``; ``path`` leads to the value in the data, ``mark`` to its place in ``file``.
    ``source`` names the Microsoft page that says so, or is empty.
    """

    rule: str
    severity: Severity
    message: str
    path: Loc = ()
    file: Path | None = None
    mark: Mark | None = None
    remedy: str = ""
    source: str = ""

    @property
    def where(self) -> str:
        """The path as people write it: ``"gateways.east.vms"``, ``"steps[3].wait"``."""
        return dotted(self.path)

    @property
    def place(self) -> str:
        """File, line and column, as editors take them: ``"contoso.design.yaml:7:3"``; as much of it as is known."""
        file = "" if self.file is None else self.file.as_posix()
        if self.mark is None:
            return file
        return f"{file}:{self.mark.line}:{self.mark.column}" if file else f"{self.mark.line}:{self.mark.column}"

    def __str__(self) -> str:
        return f"{self.place or self.where}: {self.rule} {self.message}".lstrip(": ")


class Findings(Sequence[Finding]):
    """Findings in the order of files, lines, columns and rules; false when there are none.

    ``texts`` holds the lines of the files the findings stand in; printing shows them as frames. A finding whose file
    is not among them is printed without its source line.
    """

    def __init__(
        self, findings: Iterable[Finding] = (), texts: Mapping[Path | None, Sequence[str]] | None = None
    ) -> None:
        self.findings = tuple(sorted(findings, key=_order))
        self.texts: Mapping[Path | None, Sequence[str]] = dict(texts or {})

    @property
    def errors(self) -> Findings:
        """The errors alone."""
        return self._of(Severity.ERROR)

    @property
    def warnings(self) -> Findings:
        """The warnings alone."""
        return self._of(Severity.WARNING)

    @property
    def infos(self) -> Findings:
        """The remarks alone."""
        return self._of(Severity.INFO)

    def frames(self, style: Style = Style.PLAIN) -> str:
        """Return all findings as frames, with an empty line between two."""
        return "\n\n".join(frame(finding, self.texts.get(finding.file, ()), style) for finding in self.findings)

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.findings + other.findings, {**self.texts, **other.texts})

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> Findings: ...
    def __getitem__(self, index: int | slice) -> Finding | Findings:
        return Findings(self.findings[index], self.texts) if isinstance(index, slice) else self.findings[index]

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Findings) and self.findings == other.findings

    def __hash__(self) -> int:
        return hash(self.findings)

    def __repr__(self) -> str:
        return f"<Findings: {len(self.errors)} errors, {len(self.warnings)} warnings, {len(self.infos)} infos>"

    def __str__(self) -> str:
        return self.frames()

    def _of(self, severity: Severity) -> Findings:
        return Findings((finding for finding in self.findings if finding.severity is severity), self.texts)


def dotted(path: Loc) -> str:
    """Write a path as people do: names with dots between them, positions in brackets from 0."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def frame(finding: Finding, document_lines: Sequence[str], style: Style) -> str:
    """Draw one finding with its source line, the line before it and the line after it.

    ``document_lines`` are the lines of the finding's file, without their ends; empty when they are not at hand.
    """
    mark = finding.mark
    known = mark is not None and 0 < mark.line <= len(document_lines)
    last = min(mark.line + 1, len(document_lines)) if mark is not None and known else 0
    gutter = " " * len(str(last))
    rows = [_headline(finding, style), *_arrow(finding, gutter, style)]
    if mark is not None and known:
        rows += _source_rows(finding, mark, document_lines, style)
    notes = (("help", finding.remedy), ("source", finding.source))
    rows += [f"{_faint(f'{gutter} =', style)} {label}: {printable(text)}" for label, text in notes if text]
    return "\n".join(rows)


def printable(text: str) -> str:
    """Return *text* made safe for one line: tabs and line ends become blanks, other controls '?'."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_glyph(letter) for letter in text)


def display_width(text: str) -> int:
    """Return how many terminal columns *text* takes: two for wide letters, none for combining marks."""
    return len(text) if text.isascii() else sum(_width(letter) for letter in text)


def _order(finding: Finding) -> tuple[str, int, int, str, str, str]:
    file = "" if finding.file is None else finding.file.as_posix()
    line, column = (finding.mark.line, finding.mark.column) if finding.mark else (0, 0)
    return (file, line, column, finding.rule, finding.where, finding.message)


def _headline(finding: Finding, style: Style) -> str:
    label = _coloured(f"{finding.severity.value}[{finding.rule}]", finding.severity, style)
    return f"{label}: {printable(finding.message)}"


def _arrow(finding: Finding, gutter: str, style: Style) -> list[str]:
    path = f"({finding.where})" if finding.path else ""
    place = "  ".join(part for part in (finding.place, path) if part)
    return [f"{_faint(f'{gutter}-->', style)} {printable(place)}"] if place else []


def _source_rows(finding: Finding, mark: Mark, lines: Sequence[str], style: Style) -> list[str]:
    first, last = max(mark.line - 1, 1), min(mark.line + 1, len(lines))
    width, line = len(str(last)), lines[mark.line - 1]
    start, end = _underlined(mark, line)
    before = display_width(printable(line[:start]))
    length = max(1, display_width(printable(line[start:end])))
    offset = _window(line, before, length)
    bar = _faint(" " * width + " |", style)
    rows = [bar]
    for number in range(first, last + 1):
        shown = _cut(printable(lines[number - 1]), offset)
        rows.append(f"{_faint(f'{number:>{width}} |', style)} {shown}".rstrip())
        if number == mark.line:
            carets = "^" * min(length, FRAME_COLUMNS - (before - offset))
            rows.append(f"{bar} {' ' * (before - offset)}{_coloured(carets, finding.severity, style)}")
    return [*rows, bar]


def _underlined(mark: Mark, line: str) -> tuple[int, int]:
    """Return which characters of the line are underlined, from 0, the end not included."""
    start = min(mark.column - 1, len(line))
    end = mark.end_column - 1 if mark.end_line == mark.line else len(line.rstrip())
    return start, max(start, min(end, len(line)))


def _window(line: str, before: int, length: int) -> int:
    """Return the display column at which the shown part of a long line begins."""
    if display_width(printable(line)) <= FRAME_COLUMNS or before + length <= FRAME_COLUMNS - 3:
        return 0
    return max(0, before - _CONTEXT_BEFORE)


def _cut(text: str, offset: int) -> str:
    """Return the columns of *text* from *offset* on, at most as many as a frame shows, with dots where it is cut."""
    if offset == 0 and display_width(text) <= FRAME_COLUMNS:
        return text
    kept, column = [], 0
    for letter in text:
        if offset + 3 * (offset > 0) <= column and column + _width(letter) <= offset + FRAME_COLUMNS - 3:
            kept.append(letter)
        elif column < offset + 3 and offset:
            kept.append("." * max(0, column + _width(letter) - max(column, offset)))
        column += _width(letter)
    return "".join(kept) + ("..." if column > offset + FRAME_COLUMNS - 3 else "")


def _glyph(letter: str) -> str:
    category = unicodedata.category(letter)
    if category in {"Zs", "Zl", "Zp"} or letter in "\t\r\n":
        return " "
    return "?" if category.startswith("C") else letter


def _width(letter: str) -> int:
    if unicodedata.category(letter) in {"Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(letter) in {"W", "F"} else 1


def _coloured(text: str, severity: Severity, style: Style) -> str:
    return f"{_COLOURS[severity]}{text}{_RESET}" if style is Style.ANSI else text


def _faint(text: str, style: Style) -> str:
    return f"{_FAINT}{text}{_RESET}" if style is Style.ANSI else text
