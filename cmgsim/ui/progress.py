"""Progress of a rehearsal on the standard error: one line that changes on a terminal, else a line every ten seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from cmgsim.units import format_moment

if TYPE_CHECKING:
    from cmgsim.ui.outlet import Outlet
    from cmgsim.world.world import World

#: How often a line is written where lines stay, in seconds.
_EVERY_S = 10.0


class Progress:
    """Shows where a rehearsal is; hand :meth:`observe` to it."""

    def __init__(self, outlet: Outlet, runs: int, now_s: Callable[[], float] = time.monotonic) -> None:
        """Take how many runs there will be; *now_s* is a clock of the machine, not of the simulation."""
        self.outlet = outlet
        self.runs = runs
        self.run = 0
        self._now_s = now_s
        self._said_s = now_s()
        self._changing = outlet.redraws

    def begin(self, seed: int) -> None:
        """Say that the next run begins."""
        self.run += 1
        self._seed = seed
        self._write("begins")

    def observe(self, world: World, step: str) -> None:
        """Show the moment of simulated time and the step that comes next."""
        self._write(f"{format_moment(world.now_us)[:-3]}  {step}")

    def end(self) -> None:
        """Take the changing line away."""
        if self._changing:
            click.echo("\r\x1b[K", err=True, nl=False)

    def _write(self, words: str) -> None:
        line = f"run {self.run} of {self.runs}, seed {self._seed}: {words}"
        if self._changing:
            click.echo(f"\r\x1b[K{line[: self.outlet.width - 1]}", err=True, nl=False)
        elif self._now_s() - self._said_s >= _EVERY_S:
            self._said_s = self._now_s()
            self.outlet.say(line)
