"""The command ``cmgsim``.

Exit codes: 0 all holds, 1 an expectation failed or a file has errors, 2 nothing could be judged, 3 a bug in cmgsim,
130 interrupted. Data goes to the standard output, talk to the standard error.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from cmgsim.ui.asking import rule_command, schema_command
from cmgsim.ui.door import complain_of_bug
from cmgsim.ui.linting import lint_command
from cmgsim.ui.outlet import ClosedPipe, Exit
from cmgsim.ui.rehearsing import Interrupted, rehearse_command, run_command
from cmgsim.ui.starting import init_command


def _show_version(context: click.Context, _: click.Parameter, wanted: object) -> None:
    if wanted and not context.resilient_parsing:
        from cmgsim.report.tool import tool_version

        click.echo(f"cmgsim {tool_version()}")
        context.exit()


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version, help="Show the version."
)
def commands() -> None:
    """A flight simulator for the Cloud Management Gateway of Configuration Manager.

    Example: cmgsim init demo, then cmgsim rehearse demo/first.scenario.yaml

    Exit codes: 0 all holds, 1 an expectation failed or a file has errors, 2 nothing could be judged, 3 a bug in cmgsim,
    130 interrupted.
    """


for _command in (lint_command, rehearse_command, run_command, schema_command, rule_command, init_command):
    commands.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; *arguments* are those of the process when None."""
    try:
        code = commands.main(arguments, prog_name="cmgsim", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        return Exit.UNJUDGED
    except Interrupted:
        return Exit.INTERRUPTED
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return Exit.INTERRUPTED
    except (ClosedPipe, BrokenPipeError):
        return _closed_pipe()
    except Exception as error:
        complain_of_bug(lambda line: click.echo(line, err=True), error)
        return Exit.BUG
    return int(code) if isinstance(code, int) else Exit.HOLDS


def _closed_pipe() -> int:
    """Give Python somewhere to flush to when it ends, so that it says nothing either."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return Exit.CLOSED_PIPE
