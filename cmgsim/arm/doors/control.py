"""The control of a server: its clock, its faults and a look inside, below ``/_sim``, for whoever holds the token.

=======  ==================  ===========================================================
method   path                body, answer
=======  ==================  ===========================================================
GET      /_sim/now           the moment, as microseconds and as text
POST     /_sim/advance       ``{"seconds": 3600}``; the new moment
GET      /_sim/state         resources, operations under way, what is due next
GET      /_sim/events        the last events
GET      /_sim/faults        faults to come and in force
POST     /_sim/faults        one fault: name, point, match, window, probability, parameters
DELETE   /_sim/faults/NAME   ends a fault
POST     /_sim/regions       ``{"region": "eastus", "state": "down"}``
=======  ==================  ===========================================================
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from cmgsim.arm.doors.deeds import do, document_of
from cmgsim.arm.doors.refusals import answer_of
from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Json, Request, Response
from cmgsim.errors import UsageError
from cmgsim.facts import Fact
from cmgsim.units import SECOND

if TYPE_CHECKING:
    from cmgsim.arm.doors.entrance import Entrance

#: The farthest that one request may move the clock: a hundred years.
_FARTHEST_S = 100 * 366 * 86_400


class Control:
    """Answers control requests that carry the token as a bearer token."""

    def __init__(self, token: str) -> None:
        assert token, "an empty token would let everybody in"
        self._token = token

    def answer(self, entrance: Entrance, request: Request) -> Response:
        """Answer a control request."""
        try:
            self._require_token(request)
            document = _route(request)(entrance, request)
        except ArmError as problem:
            return answer_of(problem)
        except (UsageError, ValueError) as problem:
            return answer_of(ArmError(400, "InvalidControlRequest", str(problem)))
        return Response(200, {"Content-Type": "application/json; charset=utf-8"}, json.dumps(document).encode())

    def _require_token(self, request: Request) -> None:
        kind, _, text = request.header("authorization").partition(" ")
        if kind.lower() != "bearer" or not hmac.compare_digest(text.strip().encode(), self._token.encode()):
            raise ArmError(401, "AuthenticationFailed", "The control needs its own token, as a bearer token.")


def _route(request: Request) -> Callable[[Entrance, Request], Json]:
    words = request.path.split("/")[2:]
    route = _ROUTES.get((request.method, words[0] if words else "", len(words)))
    if route is None:
        raise ArmError(404, "NoSuchControl", f"The control has no {request.method} {request.path}.")
    return route


def _now(entrance: Entrance, request: Request) -> Json:
    pace = entrance.pace
    now_us = pace.now_us
    moment = entrance.service.cloud.iso(now_us)
    return {"now_us": now_us, "now": moment, "speed": pace.speed, "waits": pace.waits.value}


def _advance(entrance: Entrance, request: Request) -> Json:
    seconds = request.document().get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= _FARTHEST_S:
        raise ValueError(f"seconds is {seconds!r}; give a number of 0 to {_FARTHEST_S}")
    entrance.pace.wait(round(seconds * SECOND))
    _done(entrance, {"do": "wait"})
    return _now(entrance, request)


def _state(entrance: Entrance, request: Request) -> Json:
    cloud = entrance.service.cloud
    now_us = entrance.pace.now_us
    entrance.drain(now_us)
    resources = [
        {"id": found.id, "type": found.type, "location": found.location, "state": found.state}
        for subscription in cloud.config.subscriptions
        for found in cloud.store.below(f"/subscriptions/{subscription.id}")
    ]
    running = [{"id": one.id, "resource": one.resource, "status": one.status} for one in cloud.operations.running()]
    due_us = cloud.operations.due()
    return {
        **_now(entrance, request),
        "requests": cloud.requests,
        "resources": resources,
        "operations": running,
        "due_us": due_us,
    }


def _events(entrance: Entrance, request: Request) -> Json:
    entrance.drain(entrance.pace.now_us)
    shown = ({"at_us": at_us, "event": type(fact).__name__, **_plain(fact)} for at_us, fact in entrance.events)
    return {"value": list(shown)}


def _faults(entrance: Entrance, request: Request) -> Json:
    faults = entrance.service.cloud.faults
    entrance.drain(entrance.pace.now_us)
    return {
        "waiting": [document_of(fault) for fault in faults.waiting.values()],
        "active": [document_of(fault) for fault in faults.active.values()],
    }


def _add_fault(entrance: Entrance, request: Request) -> Json:
    _done(entrance, {"do": "add_fault", "fault": request.document()})
    return _faults(entrance, request)


def _remove_fault(entrance: Entrance, request: Request) -> Json:
    _done(entrance, {"do": "remove_fault", "name": request.path.split("/")[3]})
    return _faults(entrance, request)


def _set_region(entrance: Entrance, request: Request) -> Json:
    document = request.document()
    region, state = str(document.get("region", "")), document.get("state")
    _done(entrance, {"do": "set_region", "region": region, "state": state})
    return {"region": region, "state": state}


def _done(entrance: Entrance, deed: Json) -> None:
    """Do a deed; what was refused is not in the journal."""
    now_us = entrance.pace.now_us
    do(entrance.service, deed, now_us)
    entrance.note_deed(deed, now_us)


def _plain(fact: Fact) -> dict[str, Any]:
    values = ((field.name, getattr(fact, field.name)) for field in fields(fact))
    return {name: value.value if isinstance(value, Enum) else value for name, value in values}


_ROUTES: dict[tuple[str, str, int], Callable[[Entrance, Request], Json]] = {
    ("GET", "now", 1): _now,
    ("POST", "advance", 1): _advance,
    ("GET", "state", 1): _state,
    ("GET", "events", 1): _events,
    ("GET", "faults", 1): _faults,
    ("POST", "faults", 1): _add_fault,
    ("DELETE", "faults", 2): _remove_fault,
    ("POST", "regions", 1): _set_region,
}
