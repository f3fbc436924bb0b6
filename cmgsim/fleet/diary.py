"""What chosen clients did, deed by deed: the answer to *why is this one stranded?*."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cmgsim.fleet.days import Place
from cmgsim.fleet.life import Deed
from cmgsim.site.client import Activity, Connection
from cmgsim.site.landscape import Landscape
from cmgsim.tables import Table
from cmgsim.units import format_moment

WORDS = {
    Deed.MOVED: "moved",
    Deed.DETECTED: "found its connection",
    Deed.ASKED: "asked",
    Deed.SERVED: "was served",
    Deed.REFUSED: "was refused",
    Deed.UNANSWERED: "got no answer",
    Deed.GAVE_UP: "gave up",
    Deed.KNEW_NOBODY: "knew nobody to ask",
    Deed.PAUSED: "paused, all having failed",
    Deed.LEARNED: "learned",
    Deed.RESTARTED: "was restarted",
    Deed.STRANDED: "became stranded",
    Deed.RESCUED: "was no longer stranded",
    Deed.OPENED: "opened its notification channel",
    Deed.CLOSED: "closed its notification channel",
    Deed.SCANS: "chose its software update point",
    Deed.HELD: "held back, the connection being metered,",
    Deed.FETCHED: "has downloaded",
    Deed.SKIPPED: "did not download, for want of cache,",
}

REQUESTS = (Deed.ASKED, Deed.SERVED, Deed.REFUSED, Deed.UNANSWERED, Deed.GAVE_UP)
SETTLED = (Deed.OPENED, Deed.CLOSED, Deed.SCANS)


class Entry(NamedTuple):
    """One deed of one client."""

    at_us: int
    uid: int
    deed: Deed
    subject: int
    """A place, connection, contact or publication, as the deed has it."""
    activity: int
    status: int
    """The HTTP status of a refusal."""


class Diary:
    """The deeds of the clients in ``watched``, in the order of time."""

    def __init__(self, watched: frozenset[int], entries: Iterable[Entry] = ()) -> None:
        self.watched = watched
        self.entries = list(entries)

    def add(self, at_us: int, uid: int, deed: Deed, subject: int, activity: int, status: int) -> None:
        """Write one deed down."""
        self.entries.append(Entry(at_us, uid, deed, subject, activity, status))

    def copy(self) -> Diary:
        """Return a diary that goes on by itself."""
        return Diary(self.watched, self.entries)


def told(diary: Diary, uid: int, landscape: Landscape) -> Table:
    """Return one client's diary for people; any landscape at or after its last entry names what it met."""
    return Table(
        ("moment", "what", "contact", "detail"),
        (
            (format_moment(entry.at_us), WORDS[entry.deed], _contact(entry, landscape), _detail(entry, landscape))
            for entry in diary.entries
            if entry.uid == uid
        ),
    )


def _contact(entry: Entry, landscape: Landscape) -> str:
    return landscape.contacts[entry.subject].url if entry.deed in (*REQUESTS, *SETTLED) else ""


def _detail(entry: Entry, landscape: Landscape) -> str:
    match entry.deed:
        case Deed.MOVED:
            return Place(entry.subject).name.lower()
        case Deed.DETECTED:
            return Connection(entry.subject).console or "off"
        case Deed.LEARNED | Deed.STRANDED | Deed.RESCUED:
            known = (landscape.contacts[contact].url for contact in landscape.publications[entry.subject])
            return ", ".join(known) or "no gateway"
        case Deed.FETCHED | Deed.SKIPPED:
            return f"package {entry.subject + 1}, {landscape.package_bytes[entry.subject]} B"
        case Deed.PAUSED | Deed.RESTARTED | Deed.OPENED | Deed.CLOSED | Deed.SCANS:
            return ""
    activity = Activity(entry.activity).name.lower().replace("_", " ")
    return f"{activity}, status {entry.status}" if entry.status else activity
