"""Tables for a terminal: nothing wider than the terminal, letters of the terminal's encoding only."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from enum import Enum

from cmgsim.design.findings import Style, display_width, printable

#: What a table draws beside its columns and between each two of them, in columns of the terminal.
_BESIDE, _BETWEEN = 2, 3


class Letters(Enum):
    """What the lines of a table are drawn with."""

    UNICODE = "unicode"
    ASCII = "ascii"


def folded(text: str, width: int, column: int | None = None) -> str:
    """Return text whose lines wider than *width* go on below: in *column*, or two to the right of where they begin."""
    return "\n".join(_folded(line, width, column) for line in text.split("\n"))


def _folded(line: str, width: int, column: int | None) -> str:
    if len(line) <= width:
        return line
    begins = len(line) - len(line.lstrip())
    below = " " * (begins + 2 if column is None else max(begins, column))
    parts = textwrap.wrap(line, width, subsequent_indent=below, break_long_words=False, break_on_hyphens=False)
    return "\n".join(parts)


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    width: int,
    style: Style = Style.PLAIN,
    letters: Letters = Letters.UNICODE,
) -> str:
    """Write rows under headers; long cells are wrapped between words.

    Where the words themselves are too wide to stand side by side, each row is written as a paragraph instead: a code
    that is broken in two is no code any more.
    """
    cells = [tuple(map(printable, row)) for row in rows]
    widths = _widths([tuple(headers), *cells], width)
    if widths is None:
        return "\n".join(_paragraph(headers, row, width) for row in cells)
    return _drawn(headers, cells, widths, style, letters)


def _paragraph(headers: Sequence[str], row: Sequence[str], width: int) -> str:
    facts = [f"   {header}: {cell}" for header, cell in zip(headers[1:], row[1:], strict=True) if cell]
    return "\n".join(folded(line, width) for line in (f" {row[0]}", *facts))


def _widths(rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Return how wide columns are: as their widest cell, taken in where that is too wide, but never below a word.

    None if there is no room for the words.
    """
    columns = list(zip(*rows, strict=True))
    widths = [max(map(display_width, column)) for column in columns]
    least = [max((display_width(word) for cell in column for word in cell.split()), default=0) for column in columns]
    room -= _BESIDE + _BETWEEN * (len(columns) - 1)
    while sum(widths) > room:
        yielding = [index for index, wide in enumerate(widths) if wide > least[index]]
        if not yielding:
            return None
        widths[max(yielding, key=lambda index: (widths[index], index))] -= 1
    return widths


def _drawn(
    headers: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], style: Style, letters: Letters
) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD if letters is Letters.UNICODE else box.ASCII2, pad_edge=False)
    drawn.header_style = "bold"
    for header, wide in zip(headers, widths, strict=True):
        drawn.add_column(Text(header), width=wide, overflow="fold")
    for row in rows:
        drawn.add_row(*map(Text, row))
    paper = io.StringIO()
    colours = style is Style.ANSI
    console = Console(
        file=paper,
        width=sum(widths) + _BESIDE + _BETWEEN * (len(widths) - 1),
        force_terminal=colours,
        color_system="standard" if colours else None,
        highlight=False,
    )
    console.print(drawn)
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines()).strip("\n")
