"""Tables for a terminal: nothing wider than the terminal, letters of the terminal's encoding only."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Iterable, Sequence
from enum import Enum

from cmgsim.design.findings import Style, printable


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
    numbers: frozenset[int] = frozenset(),
) -> str:
    """Write rows under headers; long cells are wrapped, columns in *numbers* (from 0) stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=box.SIMPLE_HEAD if letters is Letters.UNICODE else box.ASCII2, pad_edge=False)
    drawn.header_style = "bold"
    for place, header in enumerate(headers):
        drawn.add_column(Text(header), justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row))
    paper = io.StringIO()
    colours = style is Style.ANSI
    console = Console(
        file=paper, width=width, force_terminal=colours, color_system="standard" if colours else None, highlight=False
    )
    console.print(drawn)
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines()).strip("\n")
