"""What Azure does, and what is done there past the console: availability, portal changes, orphans."""

from __future__ import annotations

from cmgsim.checks.check import check
from cmgsim.checks.safety import share_limit, share_within
from cmgsim.checks.verdict import Verdict
from cmgsim.design.scenario import Availability, CountBound
from cmgsim.site.facts import OrphanFound, UnsupportedPortalChange
from cmgsim.tables import Table
from cmgsim.units import format_duration, format_moment, format_share
from cmgsim.world.availability import availability, outages
from cmgsim.world.run import Run


@check("availability")
def gateway_availability(run: Run, expected: Availability) -> Verdict:
    """The share of the time in which a gateway serves clients."""
    share, gone = availability(run, expected.gateway), outages(run, expected.gateway)
    low = not share_within(share, expected.at_least, None)
    return Verdict(
        check="availability",
        holds=share_within(share, expected.at_least, expected.at_most),
        measured=format_share(share),
        limit=share_limit(expected.at_least, expected.at_most),
        counter_examples=Table(
            ("from", "to", "lasting"),
            ((format_moment(start), format_moment(end), format_duration(end - start)) for start, end in gone if low),
        ),
        step=run.step_at(gone[0][0]) if low and gone else None,
        because=f"gateway {expected.gateway} did not serve clients" if low else "",
    )


@check("portal_changes")
def portal_changes(run: Run, expected: CountBound) -> Verdict:
    """What the site found changed past the console: unsupported, and gone without notice some day."""
    found = run.trace.select(UnsupportedPortalChange)
    rows = [
        (format_moment(entry.at_us), entry.fact.gateway, entry.fact.setting, entry.fact.configured, entry.fact.found)
        for entry in found
    ]
    table = Table(("found", "gateway", "setting", "configured", "in Azure"), rows)
    return _counted("portal_changes", "UNSUPPORTED_PORTAL_CHANGE", table, expected)


@check("orphans")
def orphans(run: Run, expected: CountBound) -> Verdict:
    """Records of the site and resources in Azure that lack their other half."""
    rows = [
        (format_moment(entry.at_us), entry.fact.gateway, entry.fact.part, entry.fact.left_in)
        for entry in run.trace.select(OrphanFound)
    ]
    return _counted("orphans", "orphan", Table(("found", "gateway", "what", "left in"), rows), expected)


def _counted(name: str, word: str, table: Table, expected: CountBound) -> Verdict:
    few = expected.at_least is not None and len(table) < expected.at_least
    many = expected.at_most is not None and len(table) > expected.at_most
    limits = [
        f"{said} {bound}"
        for said, bound in (("at least", expected.at_least), ("at most", expected.at_most))
        if bound is not None
    ]
    return Verdict(
        check=name,
        holds=not few and not many,
        measured=f"{len(table)} {word}{'' if len(table) == 1 else 's'}",
        limit=" and ".join(limits),
        counter_examples=table if many else Table(table.columns),
        because=f"the consistency check found {len(table)}" if many else "",
    )
