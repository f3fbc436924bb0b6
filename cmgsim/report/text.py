"""A story as text for a terminal: nothing wider than the terminal, the verdict last."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

from cmgsim.design.findings import Style, display_width, printable
from cmgsim.report.broken import Broken
from cmgsim.report.frames import fitting_frame
from cmgsim.report.story import Story, ToldExpectation, ToldStep
from cmgsim.tables import Table
from cmgsim.units import DAY, SECOND, format_duration

SHOWN_FAULTS = 12
"""How many faults are listed."""
ON_CLIENTS = ("stranded_clients", "clients_knowing", "requests_served", "requests_conserved")
"""Expectations that hold where nobody is."""
SHOWN_DIGESTS = 8
"""How many digests are listed where there are several runs."""
LEAST_SEEN = 20
"""How much of a cut column must be seen, in columns of the terminal."""
_RESET = "\x1b[0m"


class Colour(Enum):
    """What colours mean."""

    GOOD = "\x1b[32m"
    CHANGE = "\x1b[33m"
    BAD = "\x1b[31m"
    LOUD = "\x1b[1;31m"
    FAINT = "\x1b[2m"


@dataclass(frozen=True)
class Glyphs:
    """The marks of a story, for streams that can print them and for those that cannot."""

    holds: str
    broken: str
    bars: str
    dot: str


UNICODE = Glyphs("\u2713", "\u2717", "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588", "\u00b7")
ASCII = Glyphs("ok", "no", "_.:-=+*#", "|")
_SYMBOLS = {"+": Colour.GOOD, "~": Colour.CHANGE, "-": Colour.BAD}


def text(story: Story, style: Style = Style.PLAIN, width: int = 80, glyphs: Glyphs = UNICODE) -> str:
    """Write a story in lines of at most *width* columns, in colours if the style has them."""
    page = _Page(style, max(width, 30), glyphs)
    parts = [
        _header(story, page),
        _plan(story, page),
        _faults(story, page),
        _expectations(story, page),
        _end(story, page),
        _worst(story.worst, page),
        _after(story, page),
        _over_nobody(story, page),
        _verdict(story, page),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines)


@dataclass(frozen=True)
class _Page:
    style: Style
    width: int
    glyphs: Glyphs

    def paint(self, words: str, colour: Colour | None) -> str:
        return f"{colour.value}{words}{_RESET}" if self.style is Style.ANSI and colour and words.strip() else words

    def wrapped(self, words: str, indent: str = "", colour: Colour | None = None) -> list[str]:
        lines = textwrap.wrap(printable(words), self.width, initial_indent=indent, subsequent_indent=indent)
        return [self.paint(line, colour) for line in lines]

    def labelled(self, label: str, words: str) -> list[str]:
        """Write words beside a label, and below it in their own column."""
        return textwrap.wrap(printable(f"  {label:<8}  {words}"), self.width, subsequent_indent=" " * 12)

    def crop(self, line: str) -> str:
        """Cut a line that must not be wrapped."""
        return line if display_width(line) <= self.width else line[: self.width - 3] + "..."


def _header(story: Story, page: _Page) -> list[str]:
    numbers = (
        _count(story.gateways, "gateway"),
        _count(story.connection_points, "connection point"),
        _count(story.clients, "client"),
        _count(len(story.seeds), "seed"),
        _span(story),
    )
    return [*page.wrapped(story.name), *page.wrapped(f" {page.glyphs.dot} ".join(numbers), colour=Colour.FAINT)]


def _span(story: Story) -> str:
    """Say how long the shown run took in its own time: in days, or exactly where it took less than one."""
    exact = format_duration(round(story.days * DAY) // SECOND * SECOND)
    return f"{story.days:.1f} simulated days" if story.days >= 1 else f"{exact} of simulated time"


def _plan(story: Story, page: _Page) -> list[str]:
    if not story.steps:
        return []
    totals = ((story.adds, "to add", "+"), (story.changes, "to change", "~"), (story.deletes, "to delete", "-"))
    summary = ", ".join(page.paint(f"{count} {words}", _SYMBOLS[sign]) for count, words, sign in totals if count)
    head = f"Plan: {summary or 'nothing changes'}" + (f" (seed {story.shown_seed})" if len(story.seeds) > 1 else "")
    widest = max(display_width(_left(step)) for step in story.steps)
    return [head, *(line for step in story.steps for line in _step(step, widest, page))]


def _faults(story: Story, page: _Page) -> list[str]:
    if not story.faults:
        return []
    shown = f" (seed {story.shown_seed})" if len(story.seeds) > 1 else ""
    lines = [page.crop(printable(f"  {when}  {what}")) for when, what in story.faults[:SHOWN_FAULTS]]
    more = len(story.faults) - len(lines)
    return [f"Faults: {len(story.faults)}{shown}", *lines, *([f"  ... and {more} more"] if more else [])]


def _left(step: ToldStep) -> str:
    return printable(f"  {step.when}  {step.symbol} {step.text}")


def _step(step: ToldStep, widest: int, page: _Page) -> Iterator[str]:
    left, colour = page.crop(_left(step)), None if step.outcome in ("done", "") else Colour.BAD
    note = step.note if colour is None else f"{step.outcome}: {step.note}"
    sign = left.find(f" {step.symbol} ") + 1
    painted = left[:sign] + page.paint(step.symbol, _SYMBOLS.get(step.symbol)) + left[sign + 1 :]
    stranding = f"strands {_count(step.stranded, 'client')}" if step.stranded else ""
    notes = [(part, tone) for part, tone in ((note, colour), (stranding, Colour.LOUD)) if part]
    beside = ", ".join(part for part, _ in notes)
    column = max(widest, display_width(left))
    if notes and column + 2 + display_width(beside) <= page.width:
        blank = " " * (column + 2 - display_width(left))
        yield painted + blank + ", ".join(page.paint(printable(part), tone) for part, tone in notes)
    else:
        yield painted
        for part, tone in notes:
            yield from page.wrapped(part, " " * min(15, page.width // 4), tone)


def _expectations(story: Story, page: _Page) -> list[str]:
    if not story.expectations:
        return []
    rows = [_columns(one) for one in story.expectations]
    widths = [max(display_width(row[index]) for row in rows) for index in range(4)]
    mark = max(len(page.glyphs.holds), len(page.glyphs.broken))
    fits = 2 + mark + 1 + widths[0] + 4 + 1 + sum(widths[1:]) + 3 * 2 <= page.width
    lines = [
        line
        for one, row in zip(story.expectations, rows, strict=True)
        for line in (_wide(one, row, widths, page) if fits else _narrow(one, row, page))
    ]
    return ["Expectations", *lines]


def _columns(one: ToldExpectation) -> tuple[str, str, str, str]:
    measured = one.measured if one.seeds == 1 else f"{one.measured}, in {one.held} of {one.seeds} seeds"
    return one.check, one.limit, measured, one.place and f":{one.place.rpartition(':')[2]}"


def _mark(one: ToldExpectation, page: _Page) -> str:
    sign, colour = (page.glyphs.holds, Colour.GOOD) if one.holds else (page.glyphs.broken, Colour.BAD)
    return f"  {page.paint(sign, colour)} "


def _wide(one: ToldExpectation, row: tuple[str, ...], widths: list[int], page: _Page) -> list[str]:
    dots = "." * (widths[0] + 4 - display_width(row[0]))
    measured = page.paint(row[2].rjust(widths[2]), Colour.GOOD if one.holds else Colour.BAD)
    line = (
        f"{_mark(one, page)}{row[0]} {dots} {row[1].rjust(widths[1])}  {measured}  {page.paint(row[3], Colour.FAINT)}"
    )
    return [line.rstrip()]


def _narrow(one: ToldExpectation, row: tuple[str, ...], page: _Page) -> list[str]:
    colour = Colour.GOOD if one.holds else Colour.BAD
    lines = [_mark(one, page) + row[0], *page.wrapped(f"{row[2]}, expected {row[1]}", "    ", colour)]
    return [*lines, *([page.paint(page.crop(f"    {row[3]}"), Colour.FAINT)] if row[3] else [])]


def _end(story: Story, page: _Page) -> list[str]:
    """Tell how it ended where nothing was expected that would tell it."""
    if story.expectations:
        return []
    return [line for subject, words in story.end for line in page.labelled(subject, words)]


def _worst(broken: Broken | None, page: _Page) -> list[str]:
    if broken is None or (finding := broken.step or broken.expectation) is None:
        return []
    finding = replace(finding, path=(), remedy=broken.remedy)
    notes = [f"note: {broken.changed}"] if broken.changed and broken.step is not None else []
    lines = fitting_frame(broken.frame(finding, Style.PLAIN), page.style, page.width, notes)
    if broken.counter_examples:
        lines += ["", *_counter_examples(broken, page)]
    return lines


def _counter_examples(broken: Broken, page: _Page) -> Iterator[str]:
    """Yield a table in the columns that there is room for, the last of them perhaps cut, and name the others."""
    found = broken.counter_examples
    shown = _seen(found, page.width - 2)
    narrow = Table(found.columns[:shown], (row[:shown] for row in found))
    yield from (page.crop(f"  {row}") for row in str(narrow).splitlines())
    if broken.more:
        yield f"  ... and {broken.more} more"
    if shown < len(found.columns):
        yield from page.wrapped(f"too narrow for {', '.join(found.columns[shown:])}; --json has all", "  ")


def _seen(found: Table, room: int) -> int:
    """Return how many columns are seen whole, or so far that they can be made out; the first always is."""
    cells = [found.columns, *([str(value) for value in row] for row in found)]
    begins = 0
    for index in range(len(found.columns)):
        wide = max(display_width(row[index]) for row in cells)
        if index and begins + min(wide, LEAST_SEEN) > room:
            return index
        begins += wide + 2
    return len(found.columns)


def _after(story: Story, page: _Page) -> list[str]:
    lines = []
    if any(story.stranded):
        peak = f" at most {max(story.stranded)}"
        lines.append(f"  stranded  {sparkline(story.stranded, page.width - 12 - len(peak), page.glyphs)}{peak}")
    lines += _labelled("repeat", story.repeat, page)
    if story.longer:
        lines += _labelled("how long", story.longer, page)
    return [*lines, *_digests(story, page)]


def _digests(story: Story, page: _Page) -> list[str]:
    """Write the digest of the one run, or those of several below each other with their seeds."""
    if len(story.seeds) == 1:
        return _labelled("digest", story.digest, page)
    longest = max(len(str(seed)) for seed in story.seeds)
    pairs = list(zip(story.seeds, story.digests, strict=True))
    lines = [f"  {digest}  seed {seed:>{longest}}" for seed, digest in pairs[:SHOWN_DIGESTS]]
    more = len(pairs) - len(lines)
    return ["  digests", *lines, *([f"  ... and {more} more; --json has all"] if more else [])]


def _labelled(label: str, words: str, page: _Page) -> list[str]:
    """Write a command or digest whole, on one line, so that it can be copied."""
    together = f"  {label:<8}  {printable(words)}"
    return [together] if display_width(together) <= page.width else [f"  {label}", f"  {printable(words)}"]


def sparkline(values: tuple[int, ...], width: int, glyphs: Glyphs) -> str:
    """Draw numbers over time, at most *width* columns and 60; each column shows the greatest of its span."""
    columns = max(1, min(width, 60, len(values)))
    edges = [index * len(values) // columns for index in range(columns + 1)]
    spans = [max(values[start:end]) for start, end in pairwise(edges)]
    top, last = max(*spans, 1), len(glyphs.bars) - 1
    return "".join(glyphs.bars[-(-value * last // top)] for value in spans)


def _over_nobody(story: Story, page: _Page) -> list[str]:
    """Say of a design without clients which expectations mean nothing."""
    empty = [one.check for one in story.expectations if one.check in ON_CLIENTS]
    if story.clients or not empty:
        return []
    words = f"judged over nobody, because the design has no clients: {', '.join(empty)}"
    return page.wrapped(words, colour=Colour.CHANGE)


def _verdict(story: Story, page: _Page) -> list[str]:
    if not story.expectations:
        return page.wrapped(f"ran {_span(story)}; nothing was expected")
    total = len(story.expectations)
    if story.failed:
        return page.wrapped(f"{story.failed} of {_count(total, 'expectation')} failed", colour=Colour.LOUD)
    return page.wrapped("the expectation holds" if total == 1 else f"all {total} expectations hold", colour=Colour.GOOD)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
