"""Walk a plan in a world, from the first step to the last, and see what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from cmgsim.design.hardships import Fault
from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.fleet.auto import remark
from cmgsim.rehearsal.steps import describe, perform
from cmgsim.site.facts import Outcome
from cmgsim.units import PARTS_PER_MILLION
from cmgsim.world.build import build
from cmgsim.world.components import StepEnded, StepStarted
from cmgsim.world.run import Run
from cmgsim.world.world import World

Observer = Callable[[World, str], None]
"""Is shown the world before every step, with the step's line; for progress, not for changing anything."""


def rehearse(
    design: Design,
    plan: Plan | None = None,
    *,
    seed: int = 1,
    scale: int = PARTS_PER_MILLION,
    before: timedelta | str = "0s",
    after: timedelta | str = "2d",
    faults: Sequence[Fault] = (),
    watch: Sequence[str] = (),
    observer: Observer | None = None,
    engine: str = "auto",
) -> Run:
    """Build a world, walk a plan in it, and return the run.

    *before* and *after* are how long the world lives before the plan begins and after it ended. A step that is
    refused or fails ends the plan; the time after passes all the same, so that its consequences show. *faults* happen
    when their windows say, counted from the beginning of the run; *watch* names clients whose every deed is kept.

    Raises:
        Refused: if the design cannot be built.
        UnknownName: if there is no client of a name to watch.
    """
    world = begin(
        design, seed=seed, scale=scale, before=before, faults=faults, watch=watch, observer=observer, engine=engine
    )
    if plan is not None:
        walk(world, plan, observer)
    if observer is not None:
        observer(world, "after the plan" if plan is not None else "run")
    world.run(after)
    return world.finish()


def begin(
    design: Design,
    *,
    seed: int = 1,
    scale: int = PARTS_PER_MILLION,
    before: timedelta | str = "0s",
    faults: Sequence[Fault] = (),
    watch: Sequence[str] = (),
    observer: Observer | None = None,
    engine: str = "auto",
) -> World:
    """Build a world that faults await, and let it live until its plan is to begin; as :func:`rehearse` does.

    Raises:
        Refused: if the design cannot be built.
        UnknownName: if there is no client of a name to watch.
    """
    world = build(design, seed=seed, scale=scale, watch=watch, engine=engine)
    if observer is not None and remark(world.fleet):
        observer(world, remark(world.fleet))
    for fault in faults:
        world.suffer(fault)
    world.run(before)
    return world


def walk(world: World, plan: Plan, observer: Observer | None = None, first: int = 0) -> Outcome:
    """Do a plan's steps in a world, beginning with the *first*; return how the last one done came to its end."""
    outcome = Outcome.DONE
    for index, step in enumerate(plan.steps[first:], first):
        text = describe(step)
        if observer is not None:
            observer(world, text)
        world.note(StepStarted(index, step.verb, text))
        ended = perform(world, step)
        world.note(StepEnded(index, ended.outcome, ended.note))
        outcome = ended.outcome
        if outcome is not Outcome.DONE:
            break
    return outcome
