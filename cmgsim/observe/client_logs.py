"""What a client writes into its own logs, from its diary (source: "Log files", client operations).

Theory of operation: :data:`TELL` says for each deed which log tells of it and in which words. A client that turns to
another contact on the internet says so in ClientLocation.log, in the words known from the field. Only clients whose
diary is kept have logs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from cmgsim.design.clients import Identity
from cmgsim.fleet.days import Place
from cmgsim.fleet.diary import Entry
from cmgsim.fleet.life import Deed
from cmgsim.observe.cmtrace import Kind
from cmgsim.site.authentication import Reason
from cmgsim.site.client import ACTIVITIES, Activity, Connection, Target
from cmgsim.site.error_catalogue import client_lines
from cmgsim.site.landscape import Landscape, Over

LOCATION_SERVICES, CLIENT_LOCATION, MESSAGING = "LocationServices.log", "ClientLocation.log", "CcmMessaging.log"
NOTIFICATION, CONTENT_ACCESS = "CcmNotificationAgent.log", "CAS.log"
#: What a client says of where it is. Assumption: A-13: on the intranet it says so in these words.
DETECTED = {
    Connection.INTRANET: "Client is in Intranet",
    Connection.INTERNET: "Client is in Internet",
    Connection.ALWAYS_INTERNET: "Client is in Internet",
}
#: What a client that is joined to a domain of Active Directory says instead.
DETECTED_IN_DOMAIN = {
    Connection.INTRANET: "Domain joined client is in Intranet",
    Connection.INTERNET: "Domain joined client is in Internet",
}
#: Assumption: a domain joined client says so on a network of the organisation where nobody answers it.
UNKNOWN_LOCATION = "Domain joined client is in Unknown location. Default to internet to be conservative"
IN_DOMAIN: tuple[Identity, ...] = ("ad_joined", "hybrid")
"""Devices that are joined to a domain of Active Directory."""
_SSL = '<Capabilities SchemaVersion ="1.0"><Property Name="SSL" Version="1" /></Capabilities>'
_TEXTS = {reason.status: reason.text for reason in reversed(Reason)}
_REASONS = {reason.word: reason for reason in Reason}


@dataclass(frozen=True)
class ClientLine:
    """One line of one log of one client."""

    uid: int
    log: str
    at_us: int
    kind: Kind
    text: str


Said = tuple[str, Kind, str]
Teller = Callable[[Entry, Landscape], list[Said]]


def lines_of_diary(
    entries: Iterable[Entry], landscape: Landscape, populations: Sequence[int] = (), identities: Sequence[Identity] = ()
) -> Iterator[ClientLine]:
    """Yield the log lines that clients write of their deeds, in the order of the diary.

    *populations* says by client which population it is of; left out, a refusal is told by its status alone.
    *identities* says by population how its clients are joined; left out, to a domain.
    Assumption: an old refusal is told in the words of what refuses the client last, where the status is the same.
    """
    used: dict[int, int] = {}
    places: dict[int, int] = {}
    tell = TELL | {Deed.REFUSED: partial(_refused, populations=populations)}
    for entry in entries:
        if entry.deed is Deed.MOVED:
            places[entry.uid] = entry.subject
        said = tell[entry.deed](entry, landscape) if entry.deed in tell else []
        if entry.deed is Deed.DETECTED and _joined_to_domain(entry, populations, identities):
            said = _detected_in_domain(entry, landscape, places.get(entry.uid))
        if _turns_to(entry, used.get(entry.uid)):
            said = [*_rotation(used.get(entry.uid), entry.subject, landscape), *said]
            used[entry.uid] = entry.subject
        yield from (ClientLine(entry.uid, log, entry.at_us, kind, text) for log, kind, text in said)


def _turns_to(entry: Entry, used: int | None) -> bool:
    """Say whether a client asks another management point than the one it used."""
    asks = entry.deed is Deed.ASKED and ACTIVITIES[entry.activity].target is Target.MANAGEMENT_POINT
    return asks and entry.subject != used


def _rotation(before: int | None, contact: int, landscape: Landscape) -> list[Said]:
    """Tell of turning to another contact on the internet."""
    if before is None or landscape.contacts[contact].over is Over.INTRANET:
        return []
    text = (
        "Rotating internet management point, new management point [1] is: "
        f"{_url(contact, landscape)} (0) with capabilities: {_SSL}"
    )
    return [(CLIENT_LOCATION, Kind.INFORMATION, text)]


def _asked(entry: Entry, landscape: Landscape) -> list[Said]:
    text = f"Sending {_what(entry)} to {_url(entry.subject, landscape)}"
    return [(ACTIVITIES[entry.activity].log, Kind.INFORMATION, text)]


def _served(entry: Entry, landscape: Landscape) -> list[Said]:
    text = f"Received the answer to {_what(entry)} from {_url(entry.subject, landscape)}"
    return [(ACTIVITIES[entry.activity].log, Kind.INFORMATION, text)]


def _refused(entry: Entry, landscape: Landscape, populations: Sequence[int] = ()) -> list[Said]:
    log = LOCATION_SERVICES if entry.activity == Activity.LOCATION else MESSAGING
    reason = _reason(entry, landscape, populations)
    text = _TEXTS.get(entry.status, "Error")
    plain = (f"[CCMHTTP] ERROR INFO: StatusCode={entry.status} StatusText={text}",)
    lines = plain if reason is None else client_lines(reason, _url(entry.subject, landscape))
    return [(log, Kind.ERROR, line) for line in lines]


def _reason(entry: Entry, landscape: Landscape, populations: Sequence[int]) -> Reason | None:
    """Return why a request was refused, None if that is not known any more."""
    if not populations or not landscape.reasons:
        return None
    reason = _REASONS.get(landscape.reasons[populations[entry.uid]][entry.subject])
    return reason if reason is not None and reason.status == entry.status else None


def _unanswered(entry: Entry, landscape: Landscape) -> list[Said]:
    url = _url(entry.subject, landscape)
    text = f"[CCMHTTP] ERROR: URL={url}, Port=443, Options=448, Code=12002, Text=ERROR_WINHTTP_TIMEOUT"
    return [(MESSAGING, Kind.ERROR, text)]


def _moved(entry: Entry, landscape: Landscape) -> list[Said]:
    if entry.subject == Place.OFF:
        return [(CLIENT_LOCATION, Kind.INFORMATION, "SMS Agent Host is stopping.")]
    return [(CLIENT_LOCATION, Kind.INFORMATION, "Network has changed: looking for the connection type.")]


def _joined_to_domain(entry: Entry, populations: Sequence[int], identities: Sequence[Identity]) -> bool:
    return not populations or not identities or identities[populations[entry.uid]] in IN_DOMAIN


def _detected(entry: Entry, landscape: Landscape) -> list[Said]:
    """Tell where a client has found itself that is in no domain."""
    text = DETECTED.get(Connection(entry.subject))
    return [] if text is None else [(CLIENT_LOCATION, Kind.INFORMATION, text)]


def _detected_in_domain(entry: Entry, landscape: Landscape, place: int | None) -> list[Said]:
    """Tell where a client of a domain has found itself; *place* is where it is, None if it has not moved yet."""
    found = Connection(entry.subject)
    if found is Connection.INTERNET and place in (Place.INTRANET, Place.VPN):
        return [(CLIENT_LOCATION, Kind.WARNING, UNKNOWN_LOCATION)]
    text = DETECTED_IN_DOMAIN.get(found)
    return _detected(entry, landscape) if text is None else [(CLIENT_LOCATION, Kind.INFORMATION, text)]


def _learned(entry: Entry, landscape: Landscape) -> list[Said]:
    known = [_url(contact, landscape) for contact in landscape.publications[entry.subject]]
    text = f"Internet management points are now: {', '.join(known) or 'none'}"
    return [(LOCATION_SERVICES, Kind.INFORMATION, text)]


def _channel(words: str) -> Teller:
    return lambda entry, landscape: [(NOTIFICATION, Kind.INFORMATION, f"{words} {_url(entry.subject, landscape)}")]


def _scans(entry: Entry, landscape: Landscape) -> list[Said]:
    return [("ScanAgent.log", Kind.INFORMATION, f"Update source location is {_url(entry.subject, landscape)}")]


def _plain(log: str, kind: Kind, text: str) -> Teller:
    return lambda entry, landscape: [(log, kind, text)]


#: Deed -> what the client writes of it.
TELL: dict[Deed, Teller] = {
    Deed.MOVED: _moved,
    Deed.DETECTED: _detected,
    Deed.ASKED: _asked,
    Deed.SERVED: _served,
    Deed.REFUSED: _refused,
    Deed.UNANSWERED: _unanswered,
    Deed.GAVE_UP: _plain(MESSAGING, Kind.WARNING, "The network has changed before an answer came."),
    Deed.KNEW_NOBODY: _plain(LOCATION_SERVICES, Kind.WARNING, "There is no management point to ask."),
    Deed.PAUSED: _plain(LOCATION_SERVICES, Kind.WARNING, "No management point answers; trying again later."),
    Deed.LEARNED: _learned,
    Deed.RESTARTED: _plain(CLIENT_LOCATION, Kind.INFORMATION, "SMS Agent Host is starting."),
    Deed.OPENED: _channel("Opened the notification channel to"),
    Deed.CLOSED: _channel("Closed the notification channel to"),
    Deed.SCANS: _scans,
    Deed.FETCHED: lambda entry, landscape: [
        (CONTENT_ACCESS, Kind.INFORMATION, f"Download completed for content {entry.subject}.")
    ],
    Deed.SKIPPED: lambda entry, landscape: [
        (CONTENT_ACCESS, Kind.WARNING, f"Content {entry.subject} is larger than the cache.")
    ],
    Deed.HELD: lambda entry, landscape: [
        (ACTIVITIES[entry.activity].log, Kind.WARNING, f"Holding back the {_what(entry)} on a metered connection.")
    ],
}


def _what(entry: Entry) -> str:
    return f"{Activity(entry.activity).name.lower().replace('_', ' ')} request"


def _url(contact: int, landscape: Landscape) -> str:
    return f"https://{landscape.contacts[contact].url}"
