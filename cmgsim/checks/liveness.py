"""The good happens: operations come to an end, clients come to know, requests are served."""

from __future__ import annotations

from cmgsim.checks.check import check
from cmgsim.checks.safety import describe, share_limit, share_within, within
from cmgsim.checks.verdict import Verdict
from cmgsim.design.scenario import ClientsKnowing, OperationsEnd, RequestsServed
from cmgsim.fleet.series import ENDS, Count
from cmgsim.site.facts import OperationEnded, OperationStarted, Outcome
from cmgsim.site.landscape import Over
from cmgsim.tables import Table
from cmgsim.units import PARTS_PER_MILLION, format_duration, format_moment, format_share, timedelta_us
from cmgsim.world.run import Run

GATEWAY_WAY = tuple(Over).index(Over.GATEWAY)


@check("operations_end")
def operations_end(run: Run, expected: OperationsEnd) -> Verdict:
    """Every operation on a gateway ends within a time, and is done, not failed."""
    limit_us = timedelta_us(expected.within)
    ends = run.trace.select(OperationEnded)
    rows, used = [], set()
    for begun in run.trace.select(OperationStarted):
        index, end = next(
            (
                (index, entry)
                for index, entry in enumerate(ends)
                if index not in used
                and (entry.fact.gateway, entry.fact.operation) == (begun.fact.gateway, begun.fact.operation)
                and entry.at_us >= begun.at_us
            ),
            (None, None),
        )
        used.add(index)
        took_us = (run.ended_us if end is None else end.at_us) - begun.at_us
        outcome = "goes on" if end is None else f"{end.fact.outcome.value} {end.fact.code}".strip()
        if took_us > limit_us or (end is not None and end.fact.outcome is not Outcome.DONE):
            rows.append(
                (begun.at_us, begun.fact.gateway, begun.fact.operation.value, format_duration(took_us), outcome)
            )
    return Verdict(
        check="operations_end",
        holds=not rows,
        measured=f"{len(rows)} did not" if rows else "all did",
        limit=f"within {format_duration(limit_us)}",
        counter_examples=Table(
            ("started", "gateway", "operation", "took", "outcome"),
            ((format_moment(row[0]), *row[1:]) for row in rows),
        ),
        step=run.step_at(rows[0][0]) if rows else None,
    )


@check("clients_knowing")
def clients_knowing(run: Run, expected: ClientsKnowing) -> Verdict:
    """Clients whose known list names a gateway in the end."""
    knowing: list[int] = []
    strangers: list[int] = []
    name = run.service_name(expected.gateway)
    for client in range(run.clients):
        (knowing if name in run.known_names(client) else strangers).append(client)
    holds = within(expected, len(knowing), run.clients)
    return Verdict(
        check="clients_knowing",
        holds=holds,
        measured=f"{len(knowing)} of {run.clients}",
        limit=describe(expected),
        counter_examples=Table(
            ("client", "knows"),
            () if holds else ((run.client_name(one), ", ".join(run.known_names(one))) for one in strangers),
        ),
    )


@check("requests_served")
def requests_served(run: Run, expected: RequestsServed) -> Verdict:
    """The share of the requests over gateways that were served, of those that their own client did not give up.

    A laptop that is shut while it waits says nothing of the gateway.
    """
    counts = run.series.requests[:, :, GATEWAY_WAY, :].sum(axis=(0, 1))
    served = int(counts[Count.SERVED])
    judged = served + int(counts[Count.REFUSED]) + int(counts[Count.UNANSWERED])
    share = served * PARTS_PER_MILLION // judged if judged else PARTS_PER_MILLION
    holds = share_within(share, expected.at_least, expected.at_most)
    rows = [(end.name.lower().replace("_", " "), int(counts[end])) for end in ENDS]
    return Verdict(
        check="requests_served",
        holds=holds,
        measured=format_share(share),
        limit=share_limit(expected.at_least, expected.at_most),
        counter_examples=Table(("outcome", "requests"), () if holds else rows),
    )
