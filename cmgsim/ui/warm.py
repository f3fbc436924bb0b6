"""``cmgsim warm``: compile the fast fleet ahead of time."""

from __future__ import annotations

import click

from cmgsim.ui.door import door
from cmgsim.ui.outlet import Exit, Outlet


@click.command("warm", short_help="Compile the fast fleet ahead of time.")
@door("warm")
def warm_command(outlet: Outlet) -> int:
    """Compile the fast fleet ahead of time, for the image of a build machine or before the first large run.

    Example: cmgsim warm

    The machine code is kept beside the package, or below the user's cache folder where the package cannot be written
    to. Exit codes: 0 compiled, 2 Numba is not installed.
    """
    from cmgsim.fleet.auto import COMPILES, compiled, warm

    if not compiled():
        outlet.say(f"{COMPILES} ...")
    warm()
    outlet.show("the fast fleet is compiled")
    return Exit.HOLDS
