"""Nothing bad happens: nobody is stranded, a gateway is always active."""

from __future__ import annotations

from cmgsim.checks.check import check
from cmgsim.checks.verdict import Verdict
from cmgsim.design.scenario import Bound, NothingMore, Outage, StrandedClients
from cmgsim.fleet.engine import NEVER
from cmgsim.tables import Table
from cmgsim.units import format_duration, format_moment, format_share, timedelta_us
from cmgsim.world.run import Run


@check("stranded_clients")
def stranded_clients(run: Run, expected: StrandedClients) -> Verdict:
    """Clients on the internet that know no gateway that answers (source: "Set up cloud management gateway")."""
    duration = NEVER if expected.longer_than is None else timedelta_us(expected.longer_than)
    table = run.stranded_longer_than(duration, expected.population)
    total = run.clients
    if expected.population is not None:
        index = list(run.design.clients).index(expected.population)
        total = int((run.roll.population == index).sum())
    broken = not within(expected, len(table), total)
    step = _stranding_step(run, duration) if broken and len(table) else None
    return Verdict(
        check="stranded_clients",
        holds=not broken,
        measured=f"{len(table)} of {total}",
        limit=describe(expected),
        counter_examples=table if broken else Table(table.columns),
        step=step,
        because=_why_stranded(run, step, len(table)),
    )


@check("never_without_a_gateway")
def never_without_a_gateway(run: Run, expected: NothingMore) -> Verdict:
    """Always keep at least one active gateway (source: "Set up cloud management gateway", Redeploy the service)."""
    gaps = list(run.gaps())
    return Verdict(
        check="never_without_a_gateway",
        holds=not gaps,
        measured=f"{len(gaps)} spans without one" if gaps else "held",
        limit="always",
        counter_examples=Table(
            ("from", "to", "lasting"),
            ((format_moment(start), format_moment(end), format_duration(end - start)) for start, end in gaps),
        ),
        step=run.step_at(gaps[0][0]) if gaps else None,
        because="no gateway was active: ready, connected, with a management point that takes its traffic"
        if gaps
        else "",
    )


@check("outage")
def outage(run: Run, expected: Outage) -> Verdict:
    """The longest time in one piece without an active gateway."""
    start, end = max(run.gaps(), key=lambda gap: (gap[1] - gap[0], -gap[0]), default=(0, 0))
    longest = end - start
    too_long = expected.at_most is not None and longest > timedelta_us(expected.at_most)
    too_short = expected.at_least is not None and longest < timedelta_us(expected.at_least)
    limits = [
        f"{word} {format_duration(timedelta_us(bound))}"
        for word, bound in (("at most", expected.at_most), ("at least", expected.at_least))
        if bound is not None
    ]
    return Verdict(
        check="outage",
        holds=not too_long and not too_short,
        measured=format_duration(longest),
        limit=" and ".join(limits) or "any",
        counter_examples=Table(
            ("from", "to", "lasting"),
            [(format_moment(start), format_moment(end), format_duration(longest))] if too_long else (),
        ),
        step=run.step_at(start) if too_long else None,
    )


def within(bound: Bound, count: int, total: int) -> bool:
    """Say whether a count of clients keeps a bound."""
    return not (bound.at_most is not None and count > bound.at_most.of(total)) and not (
        bound.at_least is not None and count < bound.at_least.of(total)
    )


def describe(bound: Bound) -> str:
    """Write a bound in words: ``at least 45% and at most 55%``."""
    words = []
    if bound.at_least is not None:
        words.append(f"at least {bound.at_least}")
    if bound.at_most is not None:
        words.append(f"at most {bound.at_most}")
    return " and ".join(words)


def share_within(share: int, at_least: int | None, at_most: int | None) -> bool:
    """Say whether a share (ppm) keeps its bounds."""
    return (at_least is None or share >= at_least) and (at_most is None or share <= at_most)


def share_limit(at_least: int | None, at_most: int | None) -> str:
    """Write bounds of a share in words: ``at least 45% and at most 55%``."""
    bounds = (("at least", at_least), ("at most", at_most))
    return " and ".join(f"{word} {format_share(bound)}" for word, bound in bounds if bound is not None)


def _stranding_step(run: Run, duration_us: int) -> int | None:
    """Return the plan step during or after which most of the stranded clients lost their last gateway."""
    since = run.roll.stranded_since_us
    moments = since[since != NEVER]
    if len(moments) == 0 and duration_us != NEVER:
        gaps = list(run.gaps())
        return run.step_at(gaps[0][0]) if gaps else None
    steps = [run.step_at(int(moment)) for moment in moments]
    return max(sorted({step for step in steps if step is not None}), key=steps.count, default=None)


def _why_stranded(run: Run, step: int | None, count: int) -> str:
    if step is None:
        return ""
    return (
        f"{count} clients lost their last gateway with '{run.steps[step].text}': "
        "they had not asked for locations since another one could be learned of"
    )
