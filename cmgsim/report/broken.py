"""Why an expectation is broken: its line, the plan's line that did it, the counter-examples, and what to do.

Both doors show it: the terminal for the worst verdict, pytest for every one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cmgsim.checks.verdict import Verdict
from cmgsim.design.document import Document, Mark
from cmgsim.design.findings import Finding, Findings, Severity, Style, frame
from cmgsim.rehearsal.scenario import Judged
from cmgsim.tables import Table
from cmgsim.units import format_duration, timedelta_us

#: How many counter-examples are shown.
SHOWN = 5


@dataclass(frozen=True)
class Broken:
    """One broken verdict and all that is said about it.

    ``expectation`` and ``step`` are findings with their places; either may be missing: a plan that stops breaks no
    line of ``expect``, and some expectations are broken by no step.
    """

    verdict: Verdict
    expectation: Finding | None
    step: Finding | None
    remedy: str
    changed: str
    """What of the plan is set otherwise than its file says: ``plan.gap is 12h here``; empty if nothing is."""
    texts: Findings
    """The lines of the files both stand in."""

    def frame(self, finding: Finding, style: Style) -> str:
        """Draw one of the two findings with its source lines."""
        return frame(finding, self.texts.texts.get(finding.file, ()), style)

    @property
    def counter_examples(self) -> Table:
        """The first of the counter-examples."""
        return self.verdict.counter_examples[:SHOWN]

    @property
    def more(self) -> int:
        """How many counter-examples are not shown."""
        return len(self.verdict.counter_examples) - len(self.counter_examples)


def broken_verdicts(judged: Judged) -> tuple[Broken, ...]:
    """Return every broken verdict of a run with its places; that of the plan first."""
    return tuple(explain(judged, verdict) for verdict in judged.broken)


def worst(judged: Judged) -> Broken | None:
    """Return the broken verdict to show when there is room for one: the plan's, else the first with a step."""
    broken = broken_verdicts(judged)
    with_step = [one for one in broken if one.step is not None]
    return next(iter([*with_step, *broken]), None)


def explain(judged: Judged, verdict: Verdict) -> Broken:
    """Find the places of a broken verdict in the files of its scenario."""
    index = next((index for index, other in enumerate(judged.verdicts) if other is verdict), None)
    documents = judged.scenario.documents.values()
    return Broken(
        verdict=verdict,
        expectation=None if index is None else _expectation(judged, verdict, index),
        step=None if verdict.step is None else _step(judged, verdict, verdict.step),
        remedy=_remedy(judged, verdict),
        changed=_changed(judged),
        texts=Findings((), {document.path: document.lines for document in documents}),
    )


def _changed(judged: Judged) -> str:
    changes = judged.scenario.changes
    return ", ".join(f"{key} is {value} here" for key, value in changes.items() if key.startswith("plan."))


def _expectation(judged: Judged, verdict: Verdict, index: int) -> Finding:
    document, mark = judged.scenario.expectation_place(index)
    message = f"was {verdict.measured}, expected {verdict.limit}"
    return Finding(verdict.check, Severity.ERROR, message, ("expect", index), document.path, mark)


def _step(judged: Judged, verdict: Verdict, index: int) -> Finding:
    document, whole = judged.scenario.step_place(index)
    step = judged.scenario.plan.steps[index] if judged.scenario.plan is not None else None
    mark = whole if step is None else _verb_place(document, index, step.verb, whole)
    message = verdict.because or f"was {verdict.measured}, expected {verdict.limit}"
    return Finding(verdict.check, Severity.ERROR, message, ("steps", index), document.path, mark)


def _verb_place(document: Document, index: int, verb: str, whole: Mark) -> Mark:
    """Return the place of a step's verb with its value, which is the part that did it; labels stand apart."""
    path = ("steps", index, verb)
    if path not in document.key_marks or path not in document.marks:
        return whole
    key, value = document.key_marks[path], document.marks[path]
    return Mark(key.line, key.column, value.end_line, value.end_column)


def _remedy(judged: Judged, verdict: Verdict) -> str:
    if verdict.check not in _REMEDIES:
        return ""
    return _REMEDIES[verdict.check](judged, verdict)


def _stranded(judged: Judged, verdict: Verdict) -> str:
    if verdict.step is None:
        return "see what the first of them knows and when it last asked for locations"
    if judged.run.steps[verdict.step].verb not in _TAKES_AWAY:
        return "give clients another gateway before this step takes theirs away"
    cycle = format_duration(longest_location_cycle_us(judged))
    return (
        f"clients ask for locations every {cycle} while they are on the internet or the intranet: let that much time "
        "pass between the step that makes another gateway usable and this one, longer where clients are off for days"
    )


#: Steps after which a gateway answers no longer, or under another name.
_TAKES_AWAY = ("delete_gateway", "stop_gateway", "remove_connection_point", "relink_connection_point")


def longest_location_cycle_us(judged: Judged) -> int:
    """Return how long clients go without asking for locations, of those of the population that asks most seldom."""
    design = judged.scenario.design
    cycles = (design.settings_of(population).location_cycle for population in design.clients)
    return max(map(timedelta_us, cycles), default=0)


def _without_gateway(judged: Judged, verdict: Verdict) -> str:
    return "create the other gateway and connect a connection point to it before this step"


def _plan_stopped(judged: Judged, verdict: Verdict) -> str:
    return "correct the step, or what it needs: its note says what was missing"


_REMEDIES: dict[str, Callable[[Judged, Verdict], str]] = {
    "stranded_clients": _stranded,
    "never_without_a_gateway": _without_gateway,
    "outage": _without_gateway,
    "plan_completes": _plan_stopped,
}
