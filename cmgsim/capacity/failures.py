"""Why requests over gateways came to nothing: one word for each cause, with how many.

Theory of operation: the fleet counts what became of requests by contact, and the landscape says what a contact answers
to each population that knows it, and for which reason. A contact that serves everybody refuses for want of a TCP port,
which its connection points count, or of a connection point. Where one contact has several causes, which only differ in
who asked, those refused on arrival are the ones that never came to a VM. What cannot be told apart by this stands
together: nothing is dealt out by guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from cmgsim.fleet.measures import Load
from cmgsim.fleet.series import Count
from cmgsim.site.client import Target
from cmgsim.site.landscape import NO_ANSWER, SERVED, Over, StationKind
from cmgsim.world.run import Run

NO_TCP_PORT = "refused_no_tcp_port"
"""A connection point held no free TCP port."""
UNANSWERED = "unanswered"
"""Nothing answered, or not within the time that a client waits."""
_NO_PORT, _NO_POINT, _EXPIRED, _OTHERWISE = "no_tcp_port", "no_connection_point", "download_expired", "otherwise"
_OR_NO_PORT = f"_or_{_NO_PORT}"
_ALWAYS = (Count.UNANSWERED, Count.GIVEN_UP, Count.NO_CONTACT)
_OVER_GATEWAYS = tuple(Over).index(Over.GATEWAY)
_WORDS = {
    NO_TCP_PORT: "refused for want of a TCP port",
    f"refused_{_NO_POINT}": "refused for want of a connection point",
    "given_up": "given up (moved, or switched off)",
    "no_contact": "with nobody to ask",
}


def failures_of(run: Run, load: Load) -> dict[str, int]:
    """Return how many requests over gateways came to nothing, by cause.

    ``refused_<reason>`` where something was refused, with the reason's word in small letters; ``unanswered``,
    ``given_up`` and ``no_contact`` always.
    """
    found: dict[str, int] = {}
    counted = run.series.by_contact[:, :, Count.REFUSED].sum(axis=0)
    for contact in np.flatnonzero(counted).tolist():
        if run.landscape.contacts[contact].over is Over.GATEWAY:
            cause = "refused_" + ("_or_".join(_causes(run, load, contact)) or _OTHERWISE)
            found[cause] = found.get(cause, 0) + int(counted[contact])
    found = _told_apart(found, run, load)
    ends = run.series.requests[:, :, _OVER_GATEWAYS].sum(axis=(0, 1))
    return dict(sorted(found.items())) | {cause.name.lower(): int(ends[cause]) for cause in _ALWAYS}


def _told_apart(found: dict[str, int], run: Run, load: Load) -> dict[str, int]:
    """Return refusals where those for want of a port are told from those on arrival, if they can be.

    They can where every gateway answers, so that whatever did not come to a VM was refused on arrival.
    """
    mixed = [cause for cause in found if cause.endswith(_OR_NO_PORT)]
    mine = [
        number
        for number, contact in enumerate(run.landscape.contacts)
        if contact.over is Over.GATEWAY and contact.target is not Target.CONTENT
    ]
    silent = any(
        row[number] == NO_ANSWER and _can_ask(run, population, number)
        for population, row in enumerate(run.landscape.answers)
        for number in mine
    )
    if len(mixed) != 1 or silent:
        return found
    together = found[mixed[0]]
    vms = [number for number, station in enumerate(run.landscape.stations) if station.kind is StationKind.VM]
    never_came = int(run.series.by_contact[:, mine, Count.ASKED].sum() - load.arrivals[:, vms].sum())
    elsewhere = sum(count for cause, count in found.items() if cause not in (*mixed, NO_TCP_PORT))
    on_arrival = min(max(never_came - elsewhere, 0), together)
    apart = {cause: count for cause, count in found.items() if cause not in mixed}
    for cause, count in ((mixed[0].removesuffix(_OR_NO_PORT), on_arrival), (NO_TCP_PORT, together - on_arrival)):
        apart[cause] = apart.get(cause, 0) + count
    return apart


def in_words(failures: Mapping[str, int]) -> str:
    """Write failures for people, in one line."""
    return ", ".join(f"{count:,} {_words(cause)}" for cause, count in failures.items())


def _words(cause: str) -> str:
    if cause in _WORDS:
        return _WORDS[cause]
    refused, underline, why = cause.partition("_")
    if refused != "refused" or not underline:
        return cause.replace("_", " ")
    return "refused otherwise" if why == _OTHERWISE else f"refused: {why.upper().replace('_OR_', ' or ')}"


def _causes(run: Run, load: Load, contact: int) -> list[str]:
    """Return the words for why a contact can have refused, in order."""
    landscape = run.landscape
    answers = {number: row[contact] for number, row in enumerate(landscape.answers) if _can_ask(run, number, contact)}
    reasons = {
        landscape.reasons[number][contact].lower() if landscape.reasons else f"status_{status}"
        for number, status in answers.items()
        if status not in (SERVED, NO_ANSWER)
    }
    want = _for_want(run, load, contact) if SERVED in answers.values() else ()
    return list(dict.fromkeys((*sorted(reasons), *want)))


def _can_ask(run: Run, population: int, contact: int) -> bool:
    """Say whether some client of a population knows a contact in the end; where content is, anybody may be told."""
    landscape, roll = run.landscape, run.roll
    if landscape.contacts[contact].target is Target.CONTENT:
        return True
    told = np.unique(roll.publication[roll.population == population]).tolist()
    return any(contact in landscape.publications[landscape.known(population, one)] for one in told)


def _for_want(run: Run, load: Load, contact: int) -> Iterator[str]:
    """Yield what those whom a contact serves can have been refused for want of."""
    if run.landscape.contacts[contact].target is Target.CONTENT:
        yield _EXPIRED
        return
    doors = run.landscape.routes[contact].doors
    refused = load.refused.sum(axis=0)
    if any(not door.connection_points for door in doors):
        yield _NO_POINT
    if any(refused[point] for door in doors for point in door.connection_points):
        yield _NO_PORT
