"""The command ``cmgsim``.

Exit codes: 0 all holds, 1 an expectation failed or a file has errors, 2 nothing could be judged, 3 a bug in cmgsim,
130 interrupted. Data goes to the standard output, talk to the standard error.
"""

from __future__ import annotations

import gc
import json
import os
import shutil
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from cmgsim.errors import nearest
from cmgsim.ui.door import complain_of_bug
from cmgsim.ui.outlet import ClosedPipe, Exit, Interrupted, OutputLost, lost

#: Every command and the module that holds it as ``<name>_command``, in the order of the help: first what one does
#: with a design, then with a plan, then around them. A module is imported when its command is wanted.
COMMANDS = {
    "init": "starting",
    "lint": "linting",
    "wizard": "wizardry",
    "certificate": "certificates",
    "explain": "explaining",
    "run": "rehearsing",
    "rehearse": "rehearsing",
    "analyze": "analyzing",
    "wmi": "wmi",
    "size": "sizing",
    "profile": "profiling",
    "sweep": "sweeping",
    "compare": "comparing",
    "serve": "serving",
    "warm": "warm",
    "rule": "asking",
    "schema": "asking",
}
#: The narrowest and the widest that help is written.
_NARROWEST, _WIDEST = 30, 80


class Commands(click.Group):
    """The commands by name, imported when they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, or None when there is none of that name."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module = import_module(f"cmgsim.ui.{COMMANDS[cmd_name]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that was typed; of one that there is not, say what is near."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise click.UsageError(f"no command is named {args[0]!r}{nearest(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write every command with its whole first sentence."""
        known = ((name, self.get_command(ctx, name)) for name in COMMANDS)
        rows = [(name, command.get_short_help_str(limit=1_000)) for name, command in known if command is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _show_version(context: click.Context, _: click.Parameter, wanted: object) -> None:
    if wanted and not context.resilient_parsing:
        from cmgsim.report.tool import tool_version

        click.echo(f"cmgsim {tool_version()}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
def commands() -> None:
    """A flight simulator for the Cloud Management Gateway of Configuration Manager.

    Example: cmgsim init demo, then cmgsim rehearse demo/first.scenario.yaml

    Exit codes: 0 all holds, 1 an expectation failed or a file has errors, 2 nothing could be judged, 3 a bug in cmgsim,
    130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; *arguments* are those of the process when None."""
    gc.set_threshold(50_000, 20, 100)  # a short command makes little garbage; looking for it takes a tenth of its time
    _open_closed_streams()
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except Interrupted:
        return Exit.INTERRUPTED
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except (ClosedPipe, BrokenPipeError):
        return _closed_pipe()
    except (OutputLost, OSError) as error:
        # Commands make lines of their own of all other errors of the machine.
        click.echo(f"error: {lost(error) if isinstance(error, OSError) else error}", err=True)
        _forget_output()
        return Exit.UNJUDGED
    except Exception as error:
        complain_of_bug(lambda line: click.echo(line, err=True), error)
        return Exit.BUG
    return int(code) if isinstance(code, int) else Exit.HOLDS


def _run(arguments: Sequence[str] | None) -> object:
    try:
        return commands.main(arguments, prog_name="cmgsim", standalone_mode=False, terminal_width=_help_width())
    except click.ClickException as error:
        _show_usage(error, sys.argv[1:] if arguments is None else arguments)
        return Exit.UNJUDGED


def _open_closed_streams() -> None:
    """Give Python streams where the caller closed them, as ``cmgsim ... >&-`` does; what they take is for nobody."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115  # open to the end


def _show_usage(error: click.ClickException, arguments: Sequence[str]) -> None:
    """Say what was typed wrongly; who asked for JSON gets the one object, as of all other errors."""
    error.show()
    if "--json" in arguments:
        command = next((word for word in arguments if word in COMMANDS), "usage")
        data = {"schema": f"cmgsim/{command}/v1", "exit": int(Exit.UNJUDGED), "error": error.format_message()}
        click.echo(json.dumps(data, indent=2))


def _help_width() -> int:
    """Return the columns of help: those of the terminal but for two, within reason."""
    return max(_NARROWEST, min(shutil.get_terminal_size((_WIDEST, 24)).columns, _WIDEST) - 2)


def _closed_pipe() -> int:
    _forget_output()
    return Exit.CLOSED_PIPE


def _forget_output() -> None:
    """Give Python somewhere to flush to when it ends, so that it says nothing either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
