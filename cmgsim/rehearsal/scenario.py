"""From a loaded scenario to verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cmgsim.checks.judge import judge
from cmgsim.checks.verdict import Verdict
from cmgsim.design.files import LoadedScenario
from cmgsim.design.hardships import Fault
from cmgsim.faults.swarm import drawn_faults
from cmgsim.rehearsal.rehearse import Observer, rehearse
from cmgsim.site.facts import Outcome
from cmgsim.tables import Table
from cmgsim.units import format_moment
from cmgsim.world.run import Run


@dataclass(frozen=True)
class Judged:
    """One run of a scenario with the verdict of each expectation, in the order of the file.

    ``plan`` is a verdict of its own: whether every step of the plan was done.
    """

    scenario: LoadedScenario
    seed: int
    run: Run = field(repr=False)
    plan: Verdict
    verdicts: Sequence[Verdict]

    @property
    def holds(self) -> bool:
        """Whether everything that was expected is so."""
        return self.plan.holds and all(verdict.holds for verdict in self.verdicts)

    @property
    def broken(self) -> tuple[Verdict, ...]:
        """The verdicts that do not hold."""
        return tuple(verdict for verdict in (self.plan, *self.verdicts) if not verdict.holds)

    @property
    def command(self) -> str:
        """The command that repeats this run."""
        changes = "".join(
            f" --set {key}={value}"
            for key, value in self.scenario.changes.items()
            if self.scenario.scenario.set.get(key) != value
        )
        return f"cmgsim rehearse {self.scenario.path.as_posix()} --seed {self.seed}{changes}"


def judge_scenario(
    loaded: LoadedScenario, seed: int, observer: Observer | None = None, watch: Sequence[str] = ()
) -> Judged:
    """Run a scenario with one seed and judge what it expects; *watch* names clients whose every deed is kept.

    Raises:
        UnknownName: if there is no client of a name to watch.
    """
    scenario = loaded.scenario
    run = rehearse(
        loaded.design,
        loaded.plan,
        seed=seed,
        scale=scenario.scale,
        before=scenario.before,
        after=scenario.after,
        faults=faults_of(loaded, seed),
        watch=watch,
        observer=observer,
        engine=scenario.engine,
    )
    verdicts = [judge(run, expectation) for expectation in scenario.expect]
    return Judged(loaded, seed, run, plan_completes(run, loaded), verdicts)


def faults_of(loaded: LoadedScenario, seed: int) -> tuple[Fault, ...]:
    """Return the faults of a scenario in one run: those written, then those drawn by the seed."""
    swarm = loaded.scenario.swarm
    drawn = () if swarm is None else drawn_faults(loaded.design, swarm, seed)
    return (*loaded.scenario.faults, *drawn)


def plan_completes(run: Run, loaded: LoadedScenario) -> Verdict:
    """Say whether every step of the plan was done."""
    total = len(loaded.plan.steps) if loaded.plan is not None else 0
    done = [step for step in run.steps if step.outcome is Outcome.DONE]
    stopped = next((step for step in run.steps if step.outcome is not Outcome.DONE), None)
    return Verdict(
        check="plan_completes",
        holds=len(done) == total,
        measured=f"{len(done)} of {total} steps",
        limit="every step is done",
        counter_examples=Table(
            ("at", "step", "outcome", "note"),
            [(format_moment(stopped.started_us), stopped.text, (stopped.outcome or Outcome.FAILED).value, stopped.note)]
            if stopped is not None
            else (),
        ),
        step=stopped.index if stopped is not None else None,
        because=stopped.note if stopped is not None else "",
    )
