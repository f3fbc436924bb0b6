"""What stands between a server and the cloud: time, tokens, the journal and the control, without any socket.

Theory of operation: an entrance takes one whole request and gives one whole answer, one after the other. The order
matters: the request is done, then it is in the journal, and only then is it answered. So nothing that was ever answered
is lost, and what was lost was never answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cmgsim.arm.doors.pace import Pace
from cmgsim.arm.doors.passes import Passes
from cmgsim.arm.doors.refusals import answer_of, internal_error, unsaved
from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Json, Request, Response
from cmgsim.arm.service import ArmService
from cmgsim.facts import Fact

if TYPE_CHECKING:
    from cmgsim.arm.doors.control import Control
    from cmgsim.arm.doors.journal import Journal

#: How many of the last events are kept to be looked at.
EVENTS = 1_000
#: The paths of the control.
CONTROL = "/_sim"


def _unheard(line: str) -> None:
    """Say it to nobody."""


class Entrance:
    """The way in for real clients. ``control`` and ``journal`` may be missing; *complain* hears of our own bugs."""

    def __init__(
        self,
        service: ArmService,
        pace: Pace,
        passes: Passes,
        *,
        journal: Journal | None = None,
        control: Control | None = None,
        complain: Callable[[str], None] = _unheard,
    ) -> None:
        self.service = service
        self.pace = pace
        self.events: deque[tuple[int, Fact]] = deque(maxlen=EVENTS)
        self._passes = passes
        self._journal = journal
        self._control = control
        self._complain = complain
        self._unsaved = False

    def answer(self, request: Request) -> Response:
        """Answer a request now."""
        if request.path == CONTROL or request.path.startswith(f"{CONTROL}/"):
            return self._controlled(request)
        if self._unsaved:
            return answer_of(unsaved())
        now_us = self.pace.now_us
        admitted = self._passes.admit(request, now_us)
        response = handled(self.service, admitted, now_us, self._complain)
        is_noted = self._note(lambda journal: journal.note_request(now_us, admitted, response.status))
        self.drain(now_us)
        if not is_noted:
            return answer_of(unsaved())
        told = self._passes.hand_out(request, response)
        return replace(told, headers=self.pace.tell(told.headers))

    def drain(self, now_us: int) -> None:
        """Take the events that happened, and keep the last of them."""
        self.events.extend((now_us, fact) for fact in self.service.step(now_us))

    def note_deed(self, deed: Json, now_us: int) -> None:
        """Write down what the control did.

        Raises:
            ArmError: 503 if it cannot be written.
        """
        is_noted = self._note(lambda journal: journal.note_deed(now_us, deed))
        self.drain(now_us)
        if not is_noted:
            raise unsaved()

    def _note(self, write: Callable[[Journal], None]) -> bool:
        """Write into the journal, if there is one; once that fails, nothing is written, and nothing answered, any more.

        Returns:
            whether what happened can be acknowledged.
        """
        if self._journal is None or self._unsaved:
            return not self._unsaved
        try:
            write(self._journal)
        except OSError as error:
            self._unsaved = True
            self._complain(f"{self._journal.path}: cannot be written: {error.strerror or error}; restart the server")
        return not self._unsaved

    def _controlled(self, request: Request) -> Response:
        if self._control is None:
            message = "This server takes no control requests; start it with its control switched on."
            return answer_of(ArmError(404, "ControlIsOff", message))
        return self._control.answer(self, request)


def handled(service: ArmService, request: Request, now_us: int, complain: Callable[[str], None] = _unheard) -> Response:
    """Return the cloud's answer; a bug of ours is an answer too, the same one whenever the request is repeated."""
    try:
        return service.handle(request, now_us)
    except Exception as bug:
        complain(f"this is a bug in cmgsim: {request.method} {request.path}: {type(bug).__name__}: {bug}")
        return internal_error()
