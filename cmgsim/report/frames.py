"""Frames of findings on terminals narrower than they are: words are wrapped, source lines are cut around the carets."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence

from cmgsim.design.findings import Findings, Style, display_width, frame

_NOTE = re.compile(r" *= \w+: ")
_BAR = re.compile(r" *\d* \|")
_CARETS = re.compile(r" * \| *(\^+)")
_DOTS = "..."
_RESET = "\x1b[0m"
_PLACE = "\x1b[34m"
_TONES = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "info": "\x1b[1;36m"}


def fitting_frames(findings: Findings, style: Style, width: int) -> str:
    """Return findings as frames of at most *width* columns; places are kept whole, so that they can be opened."""
    return "\n\n".join(
        "\n".join(fitting_frame(frame(one, findings.texts.get(one.file, ()), Style.PLAIN), style, width))
        for one in findings
    )


def fitting_frame(drawn: str, style: Style, width: int, notes: Sequence[str] = ()) -> list[str]:
    """Return the lines of a frame that was drawn without colours, at most *width* columns wide, with more notes."""
    rows = drawn.splitlines()
    gutter = max((bar.end() for row in rows if (bar := _BAR.match(row))), default=3) - 1
    rows += [f"{' ' * gutter}= {note}" for note in notes]
    tone = _TONES[rows[0].partition("[")[0]]
    offset = _offset(rows, width)
    lines = _painted(_wrapped(rows[0], width, 0), tone, style)
    for row in rows[1:]:
        if _NOTE.match(row):
            lines += _wrapped(row, width, row.index("=") + 2)
        elif bar := _BAR.match(row):
            body = cropped(row[bar.end() :], offset, width - bar.end())
            lines += [_paint(bar[0], _PLACE, style) + _paint(body, tone if _CARETS.match(row) else "", style)]
        else:
            lines += _painted([row], _PLACE, style)
    return lines


def cropped(text: str, offset: int, room: int) -> str:
    """Return the columns of *text* from *offset* on, at most *room* of them, with dots where something is cut."""
    dots = "   " if set(text) <= set(" ^") else _DOTS
    start = offset + len(dots) if offset else 0
    wide = display_width(text) > offset + room
    end = offset + room - (len(dots) if wide else 0)
    kept, column = [dots] if offset and text.strip() else [], 0
    for letter in text:
        after = column + display_width(letter)
        if column >= start and after <= end:
            kept.append(letter)
        elif column < start < after:  # half of a wide letter
            kept.append(" " * (after - start))
        column = after
    return ("".join(kept) + (dots if wide else "")).rstrip(" ")


def _offset(rows: list[str], width: int) -> int:
    """Return how many columns to leave out at the left so that the carets are seen."""
    carets = next((found for row in rows if (found := _CARETS.match(row))), None)
    if carets is None or carets.end() <= width - len(_DOTS):
        return 0
    return max(0, min(carets.start(1) - width // 3, carets.end() - width + len(_DOTS)))


def _wrapped(text: str, width: int, indent: int) -> list[str]:
    return textwrap.wrap(text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def _painted(lines: list[str], colour: str, style: Style) -> list[str]:
    return [_paint(line, colour, style) for line in lines]


def _paint(words: str, colour: str, style: Style) -> str:
    return f"{colour}{words}{_RESET}" if style is Style.ANSI and colour and words.strip() else words
