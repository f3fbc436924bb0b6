"""How much of the time each gateway served clients, and what took it down.

A gateway serves when it is ready, connected, and a management point takes its traffic. What is counted are facts of the
control plane, so availability is exact to the microsecond; that single requests fail while a gateway serves (at a VM
that the load balancer has not taken out yet) shows in the requests, not here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cmgsim.site.conditions import Part
from cmgsim.site.facts import PartBroke, PartWorks
from cmgsim.tables import Table
from cmgsim.units import PARTS_PER_MILLION, format_duration, format_share

if TYPE_CHECKING:
    from cmgsim.world.run import Run

COLUMNS = ("gateway", "available", "outages", "longest outage", "VM downtimes", "all VM downtime")


def availability(run: Run, gateway: str) -> int:
    """Return the share of a run (ppm, rounded down) in which a gateway served clients; all of one without length."""
    served_us = sum(end - start for start, end, serves in _spans(run, gateway) if serves)
    return served_us * PARTS_PER_MILLION // run.ended_us if run.ended_us else PARTS_PER_MILLION


def outages(run: Run, gateway: str) -> tuple[tuple[int, int], ...]:
    """Return the spans (from and to, us) in which a gateway did not serve clients, after it had served them once."""
    spans = list(_spans(run, gateway))
    first = next((index for index, (_, _, serves) in enumerate(spans) if serves), len(spans))
    return tuple((start, end) for start, end, serves in spans[first:] if not serves)


def vm_downtimes(run: Run, gateway: str) -> tuple[tuple[int, int, int], ...]:
    """Return the downtimes of a gateway's VMs as (VM, from, to) in microseconds, in the order in which they began."""
    begun: dict[int, int] = {}
    found: list[tuple[int, int, int]] = []
    for entry in run.trace:
        fact = entry.fact
        if isinstance(fact, PartBroke | PartWorks) and (fact.kind, fact.name) == (Part.VM.value, gateway):
            if isinstance(fact, PartBroke):
                begun[fact.vm] = entry.at_us
            else:
                found.append((fact.vm, begun.pop(fact.vm), entry.at_us))
    found += [(vm, since_us, run.ended_us) for vm, since_us in begun.items()]
    return tuple(sorted(found, key=lambda downtime: (downtime[1], downtime[0])))


def availability_table(run: Run) -> Table:
    """Return one row for each gateway: its availability, its outages, and the downtimes of its VMs."""
    return Table(COLUMNS, (_row(run, gateway) for gateway in run.design.gateways))


def _row(run: Run, gateway: str) -> tuple[str, str, int, str, int, str]:
    gone, down = outages(run, gateway), vm_downtimes(run, gateway)
    longest_us = max((end - start for start, end in gone), default=0)
    down_us = sum(end - start for _, start, end in down)
    return (
        gateway,
        format_share(availability(run, gateway)),
        len(gone),
        format_duration(longest_us // 1_000_000 * 1_000_000),
        len(down),
        format_duration(down_us // 1_000_000 * 1_000_000),
    )


def _spans(run: Run, gateway: str) -> Iterator[tuple[int, int, bool]]:
    """Yield (from, to, whether it served) over all of a run; neighbours differ."""
    turns: list[tuple[int, bool]] = []
    for at_us, active in run.active_gateways:
        if not turns or turns[-1][1] != (gateway in active):
            turns.append((at_us, gateway in active))
    for (start_us, serves), (end_us, _) in itertools.pairwise([*turns, (run.ended_us, False)]):
        if end_us > start_us:
            yield start_us, end_us, serves
