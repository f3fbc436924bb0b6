"""Walk a plan in a world, from the first step to the last, and see what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
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
    observer: Observer | None = None,
) -> Run:
    """Build a world, walk a plan in it, and return the run.

    *before* and *after* are how long the world lives before the plan begins and after it ended. A step that is
    refused or fails ends the plan; the time after passes all the same, so that its consequences show.

    Raises:
        Refused: if the design cannot be built.
    """
    world = build(design, seed=seed, scale=scale)
    world.run(before)
    if plan is not None:
        walk(world, plan, observer)
    if observer is not None:
        observer(world, "after the plan" if plan is not None else "run")
    world.run(after)
    return world.finish()


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
