"""What a rehearsal showed, as plain data: who, which steps, which expectations, the worst of it, and how to repeat it.

Every form of output tells the same story; :mod:`cmgsim.report.text` writes it for terminals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cmgsim.faults.component import FaultBegan, FaultEnded
from cmgsim.fleet.engine import NEVER
from cmgsim.fleet.series import ENDS, Count, Gauge
from cmgsim.rehearsal.scenario import Judged
from cmgsim.report.broken import Broken, worst
from cmgsim.report.longer import command_for_waiting
from cmgsim.site.facts import Outcome
from cmgsim.units import DAY, SECOND, format_duration, format_moment
from cmgsim.world.run import PlanStep, Run

#: What a step does to the hierarchy: adds, removes, or (all others) changes; waiting does nothing.
_ADDS = ("create_gateway", "add_connection_point", "add_group_reference")
_REMOVES = ("delete_gateway", "remove_connection_point", "remove_group_reference")
_WAITS = ("wait", "until")
#: How a gateway is when an operation on it is done.
_DONE = {"create_gateway": "ready", "start_gateway": "ready", "stop_gateway": "stopped", "delete_gateway": "gone"}


@dataclass(frozen=True)
class ToldStep:
    """One step of the plan as it ran. ``symbol`` is ``+``, ``~``, ``-``, or a blank for waiting."""

    when: str
    symbol: str
    text: str
    note: str
    outcome: str
    """``done``, ``failed``, ``refused``, or empty when the run ended first."""
    stranded: int
    """How many clients that are stranded in the end lost their last gateway between this step and the next."""


@dataclass(frozen=True)
class ToldExpectation:
    """One expectation over all seeds. ``held`` counts the seeds in which it holds; ``measured`` is of the shown run."""

    check: str
    limit: str
    measured: str
    held: int
    seeds: int
    place: str

    @property
    def holds(self) -> bool:
        """Whether it holds in every seed."""
        return self.held == self.seeds


@dataclass(frozen=True)
class Story:
    """All that is told of a rehearsal. What belongs to one run is of the *shown* one: the first that does not hold."""

    name: str
    gateways: int
    connection_points: int
    clients: int
    seeds: tuple[int, ...]
    days: float
    adds: int
    changes: int
    deletes: int
    steps: tuple[ToldStep, ...]
    expectations: tuple[ToldExpectation, ...]
    worst: Broken | None
    end: tuple[tuple[str, str], ...]
    """What became of clients and their requests in the shown run, as pairs of subject and words."""
    stranded: tuple[int, ...]
    """How many clients were stranded at the end of each five minutes of the shown run."""
    shown_seed: int
    repeat: str
    """The command that repeats all runs."""
    digest: str
    digests: tuple[str, ...]
    """The digest of each run, in the order of seeds."""
    longer: str = ""
    """The command that finds how long to wait, where clients of the shown run were stranded by waiting too little."""
    faults: tuple[tuple[str, str], ...] = ()
    """What went wrong in the shown run, written or drawn: when it began, and what, for how long."""

    @property
    def failed(self) -> int:
        """How many expectations do not hold."""
        return sum(not expectation.holds for expectation in self.expectations)


def story(judged: Sequence[Judged]) -> Story:
    """Tell of the runs of one scenario.

    Raises:
        ValueError: if there are none.
    """
    if not judged:
        raise ValueError("there is nothing to tell without a run; give at least one")
    shown = next((one for one in judged if not one.holds), judged[0])
    run, design = shown.run, shown.run.design
    steps = told_steps(run)
    symbols = Counter(step.symbol for step in steps)
    return Story(
        name=design.name,
        gateways=len(design.gateways),
        connection_points=len(design.roles.connection_points),
        clients=run.clients,
        seeds=tuple(one.seed for one in judged),
        days=run.ended_us / DAY,
        adds=symbols["+"],
        changes=symbols["~"],
        deletes=symbols["-"],
        steps=steps,
        expectations=_expectations(judged, shown),
        worst=worst(shown),
        end=told_end(run),
        stranded=tuple(int(count) for count in run.series.clients[:, Gauge.STRANDED]),
        shown_seed=shown.seed,
        repeat=_repeat(judged, shown),
        longer=command_for_waiting(shown),
        digest=run.digest,
        digests=tuple(one.run.digest for one in judged),
        faults=told_faults(run),
    )


def _repeat(judged: Sequence[Judged], shown: Judged) -> str:
    return shown.command.replace(f" --seed {shown.seed}", written_seeds(one.seed for one in judged), 1)


def written_seeds(seeds: Iterable[int]) -> str:
    """Write seeds as the options of a command."""
    return "".join(f" --seed {seed}" for seed in seeds)


def told_steps(run: Run) -> tuple[ToldStep, ...]:
    """Return a run's steps with what each did to clients."""
    moments = run.roll.stranded_since_us[run.roll.stranded_since_us != NEVER]
    unique, counts = np.unique(moments, return_counts=True)
    lost: Counter[int | None] = Counter()
    for moment, count in zip(unique, counts, strict=True):
        lost[run.step_at(int(moment))] += int(count)
    return tuple(
        ToldStep(
            when=format_moment(step.started_us)[:-3],
            symbol=symbol_of(step.verb),
            text=step.text,
            note=f"{_DONE[step.verb]} {step.note}" if _says_when_done(step) else step.note,
            outcome="" if step.outcome is None else step.outcome.value,
            stranded=lost[step.index],
        )
        for step in run.steps
    )


def told_faults(run: Run) -> tuple[tuple[str, str], ...]:
    """Return the faults of a run in the order in which they began: when, and what for how long."""
    ended = {entry.fact.number: entry.at_us for entry in run.trace.select(FaultEnded)}
    return tuple(
        (format_moment(entry.at_us)[:-3], f"{entry.fact.text}{_lasting(entry.at_us, ended.get(entry.fact.number))}")
        for entry in run.trace.select(FaultBegan)
    )


def _lasting(begun_us: int, ended_us: int | None) -> str:
    return "" if ended_us is None else f", for {format_duration((ended_us - begun_us) // SECOND * SECOND)}"


def told_end(run: Run) -> tuple[tuple[str, str], ...]:
    """Return where a run's clients are in the end, what of their requests, and for how long no gateway was active."""
    gauges = run.series.clients[-1]
    places = ((Gauge.INTERNET, "on the internet"), (Gauge.INTRANET, "on the intranet"), (Gauge.OFF, "off"))
    clients = [f"{int(gauges[gauge])} {words}" for gauge, words in places if gauges[gauge]]
    clients.append(f"{len(run.stranded_clients)} stranded")
    asked = run.series.total(Count.ASKED)
    ends = [(run.series.total(count), count.name.lower().replace("_", " ")) for count in ENDS]
    became = ", ".join(f"{number} {words}" for number, words in (*ends, (run.series.waiting, "waiting")) if number)
    without = sum(end - start for start, end in run.gaps())
    active = f"none was active for {format_duration(without)}" if without else "one was active at every moment"
    return (
        ("clients", ", ".join(clients)),
        ("requests", f"{asked} asked: {became}" if asked else "none"),
        ("gateways", active),
        *_told_availability(run),
    )


def _told_availability(run: Run) -> tuple[tuple[str, str], ...]:
    """Return which share of the time each gateway served clients of which a VM was down, if any was."""
    rows = [row for row in run.availability if row[run.availability.columns.index("VM downtimes")]]
    words = ", ".join(
        f"{gateway} {share}, its VMs down {count} times for {down}" for gateway, share, _, _, count, down in rows
    )
    return (("availability", words),) if rows else ()


def _says_when_done(step: PlanStep) -> bool:
    return step.outcome is Outcome.DONE and step.verb in _DONE and step.note.startswith("after ")


def symbol_of(verb: str) -> str:
    """Return the symbol of a verb: ``+`` adds, ``-`` removes, ``~`` changes, a blank waits."""
    if verb in _WAITS:
        return " "
    return "+" if verb in _ADDS else "-" if verb in _REMOVES else "~"


def as_data(told: Story) -> dict[str, Any]:
    """Return a story as data that JSON can hold."""
    return {
        "name": told.name,
        "gateways": told.gateways,
        "connection_points": told.connection_points,
        "clients": told.clients,
        "seeds": list(told.seeds),
        "days": told.days,
        "plan": {"add": told.adds, "change": told.changes, "delete": told.deletes},
        "steps": [vars(step) for step in told.steps],
        "faults": [{"when": when, "what": what} for when, what in told.faults],
        "end": dict(told.end),
        "expectations": [{**vars(one), "holds": one.holds} for one in told.expectations],
        "worst": _worst_data(told.worst),
        "shown_seed": told.shown_seed,
        "repeat": told.repeat,
        "longer": told.longer,
        "digests": list(told.digests),
    }


def _expectations(judged: Sequence[Judged], shown: Judged) -> tuple[ToldExpectation, ...]:
    told = []
    if any(not one.plan.holds for one in judged) or shown.run.steps:
        held = sum(one.plan.holds for one in judged)
        told.append(ToldExpectation("plan_completes", shown.plan.limit, shown.plan.measured, held, len(judged), ""))
    for index, verdict in enumerate(shown.verdicts):
        held = sum(one.verdicts[index].holds for one in judged)
        document, mark = shown.scenario.expectation_place(index)
        place = f"{document.path.name}:{mark.line}"
        told.append(ToldExpectation(verdict.check, verdict.limit, verdict.measured, held, len(judged), place))
    return tuple(told)


def _worst_data(broken: Broken | None) -> dict[str, Any] | None:
    if broken is None:
        return None
    table = broken.counter_examples
    return {
        "check": broken.verdict.check,
        "because": broken.verdict.because,
        "step": None if broken.step is None else broken.step.place,
        "expectation": None if broken.expectation is None else broken.expectation.place,
        "remedy": broken.remedy,
        "counter_examples": [dict(zip(table.columns, map(str, row), strict=True)) for row in table],
        "more": broken.more,
    }
