"""Where a command's words go: data on the standard output, talk on the standard error, in colours or not."""

from __future__ import annotations

import json
import os
import shutil
import sys
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from cmgsim.design.findings import Findings, Style
    from cmgsim.report.tables import Letters
    from cmgsim.report.text import Glyphs

#: The widest that text is written, even on wider terminals.
WIDEST = 110
#: What a terminal is taken for when it does not say.
_SIZE = (80, 24)
#: Wider than any line of a frame.
_WHOLE = 10_000


class Exit(IntEnum):
    """How a command ends."""

    HOLDS = 0
    FAILED = 1
    """An expectation failed, or there is a finding of severity error."""
    UNJUDGED = 2
    """Nothing could be judged: no such file, wrong usage."""
    BUG = 3
    """A fault of cmgsim itself."""
    INTERRUPTED = 130
    CLOSED_PIPE = 141
    """Whoever read the output went away before it was written."""


class ClosedPipe(Exception):
    """Whoever read the output went away. click would end such a process with the code of a failed expectation."""


class OutputLost(Exception):
    """The standard output cannot be written: the disk below it is full. The message is one line."""


class Interrupted(click.Abort):
    """The user interrupted, and has been told what was finished."""


class Form(Enum):
    """Text for people, or one JSON object for programs."""

    TEXT = "text"
    JSON = "json"


class Talk(Enum):
    """Whether progress and remarks are written."""

    NORMAL = "normal"
    QUIET = "quiet"


@dataclass(frozen=True)
class Outlet:
    """The way out of one command. ``colour`` is ``auto``, ``always`` or ``never``."""

    command: str
    form: Form = Form.TEXT
    talk: Talk = Talk.NORMAL
    colour: str = "auto"

    @property
    def style(self) -> Style:
        """The style of what is shown on the standard output."""
        from cmgsim.design.findings import Style

        return Style.ANSI if self._coloured(sys.stdout) else Style.PLAIN

    @property
    def width(self) -> int:
        """The columns to write in."""
        return min(shutil.get_terminal_size(_SIZE).columns, WIDEST)

    @property
    def reach(self) -> int:
        """The widest a line may be: as the terminal or ``COLUMNS`` says; anything where the output goes elsewhere."""
        environment = os.environ  # noqa: TID251
        return self.width if sys.stdout.isatty() or environment.get("COLUMNS") else _WHOLE

    def frames(self, findings: Findings) -> str:
        """Return findings as frames: as wide as the terminal, or whole where the output goes elsewhere."""
        from cmgsim.report.frames import fitting_frames

        return fitting_frames(findings, self.style, self.width if sys.stdout.isatty() else _WHOLE)

    @property
    def glyphs(self) -> Glyphs:
        """Marks that the standard output can print."""
        from cmgsim.report.text import ASCII, UNICODE

        return UNICODE if can_print(sys.stdout, UNICODE.holds + UNICODE.broken + UNICODE.bars) else ASCII

    @property
    def letters(self) -> Letters:
        """What the lines of tables are drawn with on the standard output."""
        from cmgsim.report.tables import Letters

        return Letters.UNICODE if can_print(sys.stdout, "\u2500") else Letters.ASCII

    def show(self, text: str) -> None:
        """Write data on the standard output.

        Raises:
            OutputLost: if it cannot be written.
        """
        try:
            click.echo(_printable_on(sys.stdout, text), color=self._coloured(sys.stdout))
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputLost(lost(error)) from None

    def show_folded(self, text: str, column: int | None = None) -> None:
        """Write data in lines no wider than the terminal; a wider one goes on below itself, in *column* if given."""
        from cmgsim.report.tables import folded

        self.show(folded(text, self.reach, column))

    def show_data(self, data: dict[str, Any]) -> None:
        """Write the one JSON object of the command, under the name of its form."""
        self.show(json.dumps({"schema": f"cmgsim/{self.command}/v1", **data}, indent=2, ensure_ascii=True))

    def say(self, text: str) -> None:
        """Write a remark on the standard error, unless quiet or in JSON."""
        if self.talks:
            self.complain(text)

    def complain(self, text: str) -> None:
        """Write on the standard error, always; on a terminal, in lines no wider than it."""
        if sys.stderr.isatty():
            from cmgsim.report.tables import folded

            text = folded(text, self.width)
        click.echo(_printable_on(sys.stderr, text), err=True)

    @property
    def talks(self) -> bool:
        """Whether remarks are written."""
        return self.talk is Talk.NORMAL and self.form is Form.TEXT

    @property
    def redraws(self) -> bool:
        """Whether remarks are written on a terminal that can take back a line it shows."""
        return self.talks and takes_escapes(sys.stderr)

    def _coloured(self, stream: TextIO) -> bool:
        if self.colour != "auto":
            return self.colour == "always"
        return takes_escapes(stream) and not os.environ.get("NO_COLOR")  # noqa: TID251


def lost(error: OSError) -> str:
    """Say why the standard output cannot be written."""
    return f"the standard output cannot be written: {error.strerror or error}; make room, or send it elsewhere"


def takes_escapes(stream: TextIO) -> bool:
    """Say whether a stream is a terminal that understands escape sequences."""
    # A terminal is no part of a run: what it can show may come from the environment.
    return stream.isatty() and os.environ.get("TERM") != "dumb"  # noqa: TID251


def can_print(stream: TextIO, text: str) -> bool:
    """Say whether a stream's encoding has all these letters."""
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def wants_traceback() -> bool:
    """Say whether the user asked to see where a bug happened: ``CMGSIM_TRACEBACK=1``."""
    return os.environ.get("CMGSIM_TRACEBACK", "") not in ("", "0")  # noqa: TID251


def _printable_on(stream: TextIO, text: str) -> str:
    if can_print(stream, text):
        return text
    encoding = stream.encoding or "ascii"
    return text.encode(encoding, "replace").decode(encoding)
