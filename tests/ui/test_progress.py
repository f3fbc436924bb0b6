"""Progress where lines stay: one every ten seconds."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from cmgsim.ui.outlet import Form, Outlet, Talk
from cmgsim.ui.progress import Progress
from cmgsim.units import HOUR


@dataclass
class Moment:
    """A world of which only the time is looked at."""

    now_us: int


def watched(outlet: Outlet, seconds_between: int) -> None:
    clock = itertools.count(0, seconds_between)
    progress = Progress(outlet, 2, lambda: next(clock))
    for seed in (7, 42):
        progress.begin(seed)
        for hour in range(3):
            progress.observe(Moment(hour * HOUR), "wait: 1h")
    progress.end()


def test_long_runs_say_where_they_are(capsys):
    watched(Outlet("rehearse"), 10)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines()[:2] == ["run 1 of 2, seed 7: begins", "run 1 of 2, seed 7: day 1 00:00  wait: 1h"]


def test_short_runs_say_little(capsys):
    watched(Outlet("rehearse"), 1)
    assert len(capsys.readouterr().err.splitlines()) < 2


def test_quiet_ones_and_those_for_programs_say_nothing(capsys):
    watched(Outlet("rehearse", talk=Talk.QUIET), 10)
    watched(Outlet("rehearse", form=Form.JSON), 10)
    assert capsys.readouterr().err == ""
