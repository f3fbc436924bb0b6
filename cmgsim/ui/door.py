"""What every command has in common: its options, and how each kind of end becomes an exit code and one plain line."""

from __future__ import annotations

import functools
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cmgsim.errors import CmgsimError, FileFaults, PlanFailed, Refused, StorageError, UsageError
from cmgsim.ui.outlet import ClosedPipe, Exit, Form, Outlet, OutputLost, Talk, wants_traceback

if TYPE_CHECKING:
    from cmgsim.design.findings import Findings

Command = Callable[..., int]

_OPTIONS = (
    click.option("--json", "form", flag_value=Form.JSON, type=Form, default=Form.TEXT, help="Print one JSON object."),
    click.option(
        "-q", "--quiet", "talk", flag_value=Talk.QUIET, type=Talk, default=Talk.NORMAL, help="No progress, no remarks."
    ),
    click.option(
        "--color", "colour", type=click.Choice(["auto", "always", "never"]), default="auto", help="Use colours."
    ),
)


def door(name: str) -> Callable[[Command], Command]:
    """Give a command the common options; it takes an :class:`Outlet` first and returns an exit code."""

    def fit(function: Command) -> Command:
        @functools.wraps(function)
        def opened(form: Form, talk: Talk, colour: str, **arguments: Any) -> int:
            outlet = Outlet(name, Form(form), Talk(talk), colour)
            try:
                return function(outlet, **arguments)
            except BrokenPipeError:
                raise ClosedPipe from None
            except (click.ClickException, click.exceptions.Exit, click.Abort, OutputLost):
                raise
            except Exception as error:
                return ended_by(outlet, error)

        return functools.reduce(lambda command, option: option(command), _OPTIONS, opened)

    return fit


def ended_by(outlet: Outlet, error: Exception) -> int:
    """Say what ended a command and return its exit code."""
    if isinstance(error, FileFaults):
        return show_faults(outlet, error)
    code = exit_of(error)
    if code is Exit.BUG:
        complain_of_bug(outlet.complain, error)
    else:
        outlet.complain(f"error: {error}")
    if outlet.form is Form.JSON:
        outlet.show_data({"exit": int(code), "error": str(error)})
    return code


def exit_of(error: Exception) -> Exit:
    """Return the exit code that an error stands for."""
    if isinstance(error, UsageError | StorageError):
        return Exit.UNJUDGED
    if isinstance(error, FileFaults | Refused | PlanFailed):
        return Exit.FAILED
    return Exit.BUG


def complain_of_bug(complain: Callable[[str], None], error: BaseException) -> None:
    """Say in one line that this is our fault; with ``CMGSIM_TRACEBACK=1``, also where it happened."""
    if wants_traceback():
        complain("".join(traceback.format_exception(error)).rstrip())
    kind = "" if isinstance(error, CmgsimError) else f"{type(error).__name__}: "
    words = " ".join(str(error).split())
    complain(
        f"this is a bug in cmgsim: {kind}{words}; please report it with the command and its files "
        "(CMGSIM_TRACEBACK=1 shows where it happened)"
    )


def show_faults(outlet: Outlet, error: FileFaults) -> int:
    """Show every fault of a file."""
    findings: Findings = error.findings  # type: ignore[assignment]
    if outlet.form is Form.JSON:
        from cmgsim.design.formats import as_json

        outlet.show_data({**as_json(findings), "schema": f"cmgsim/{outlet.command}/v1", "exit": int(Exit.FAILED)})
    else:
        outlet.show(outlet.frames(findings))
    return Exit.FAILED
