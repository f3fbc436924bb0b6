"""How long must one wait? The command that finds the gap in which no client is left behind."""

from __future__ import annotations

from cmgsim.checks.verdict import Verdict
from cmgsim.rehearsal.scenario import Judged
from cmgsim.report.broken import longest_location_cycle_us
from cmgsim.units import HOUR, MINUTE, SECOND, timedelta_us


def command_for_waiting(judged: Judged) -> str:
    """Return the sweep over longer waits where clients were stranded after a labelled one, or nothing.

    It begins with the wait that was too short, and goes on by shares of the longest location cycle.
    """
    verdict = next(filter(_is_stranding, judged.broken), None)
    wait = None if verdict is None else _last_wait(judged, verdict.step or 0)
    if wait is None:
        return ""
    key, waited_us = wait
    own = judged.scenario.scenario.set
    others = {name: value for name, value in judged.scenario.changes.items() if name != key and own.get(name) != value}
    if any(not _is_plain(value) for value in others.values()):
        return ""
    cycle_us = longest_location_cycle_us(judged)
    gaps = ",".join(_written(waited_us + more) for more in (0, cycle_us // 2, cycle_us, 2 * cycle_us))
    varied = "".join(f" --set {name}={value}" for name, value in {key: gaps, **others}.items())
    return f"cmgsim sweep {judged.scenario.path.as_posix()}{varied} --show stranded_clients"


def _is_stranding(verdict: Verdict) -> bool:
    return verdict.check == "stranded_clients" and verdict.step is not None and verdict.limit.startswith("at most")


def _last_wait(judged: Judged, step: int) -> tuple[str, int] | None:
    """Return the key and the length of the last wait before a step; only those of plan files can be set."""
    plan = judged.scenario.plan
    if plan is None or "plan" not in judged.scenario.documents:
        return None
    waits = [(one.label, one.wait) for one in plan.steps[:step]]
    known = [(f"plan.{label}", timedelta_us(wait)) for label, wait in waits if label is not None and wait is not None]
    return known[-1] if known else None


def _is_plain(value: object) -> bool:
    """Say whether a value stands for itself where a sweep reads lists and ranges."""
    return not set(str(value)) & set(_MEANT) and ".." not in str(value)


_MEANT = ", '\"{}[]"


def _written(gap_us: int) -> str:
    """Write a duration without spaces, in the largest unit that it is whole in."""
    units = ((HOUR, "h"), (MINUTE, "min"), (SECOND, "s"))
    size, unit = next(((size, unit) for size, unit in units if gap_us % size == 0), (SECOND, "s"))
    return f"{gap_us // size}{unit}"
