"""Nothing is lost or counted twice."""

from __future__ import annotations

from cmgsim.checks.check import check
from cmgsim.checks.verdict import Verdict
from cmgsim.design.scenario import NothingMore
from cmgsim.fleet.series import ENDS, Count
from cmgsim.tables import Table
from cmgsim.world.run import Run


@check("requests_conserved")
def requests_conserved(run: Run, expected: NothingMore) -> Verdict:
    """At the end of the run, requests asked = served + refused + unanswered + given up + still on their way."""
    totals = run.series.requests.sum(axis=(0, 1, 2))
    asked = int(totals[Count.ASKED])
    ended = sum(int(totals[count]) for count in ENDS)
    waiting = run.series.waiting
    holds = asked == ended + waiting
    rows = [(count.name.lower().replace("_", " "), int(totals[count])) for count in (Count.ASKED, *ENDS)]
    return Verdict(
        check="requests_conserved",
        holds=holds,
        measured=f"{asked} asked" if holds else f"{asked} asked, {ended} ended, {waiting} waiting",
        limit="none is lost",
        counter_examples=Table(("requests", "count"), () if holds else [*rows, ("waiting", waiting)]),
    )
