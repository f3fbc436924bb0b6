"""One connection to a server: who is at its other end, and how long it may take.

aiohttp answers what is no HTTP in plain text and waits for the head of a request for ever. Both are changed here, by
overriding methods of its documented class ``web.RequestHandler``; no other file relies on how aiohttp is made.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from cmgsim.arm.doors.certificates import thumbprint_of
from cmgsim.arm.doors.limits import Limits
from cmgsim.arm.doors.refusals import answer_of, internal_error, malformed, overloaded, too_slow
from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_NAME = "cmgsim"
_UNSAFE = {number: f"%{number:02X}" for number in (*range(32), 127) if number != 9}


class Connection(web.RequestHandler):
    """A connection. ``peer`` is the thumbprint of the certificate that was shown, None if none was.

    ``wire`` is its transport, None before there is one.
    """

    def __init__(self, manager: Listener, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        super().__init__(
            manager,
            loop=loop,
            access_log=None,  # type: ignore[arg-type]  # aiohttp takes None for no log; its annotation forgets it
            keepalive_timeout=limits.idle_s,
            max_line_size=limits.line_bytes,
            max_field_size=limits.line_bytes,
            max_headers=limits.headers,
            lingering_time=limits.linger_s,
            auto_decompress=False,
        )
        self.peer: str | None = None
        self._limits = limits
        self._events = loop
        self.wire: asyncio.Transport | None = None
        self._late: asyncio.TimerHandle | None = None
        self._busy = False
        self._open = manager.open

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of who it is."""
        super().connection_made(transport)
        assert isinstance(transport, asyncio.Transport)
        self.wire = transport
        self._open.add(self)
        self.peer = _peer(transport)
        if len(self._open) > self._limits.connections:
            self._refuse(overloaded())

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget it."""
        self._open.discard(self)
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take some bytes; with the first of a head, its time begins to run."""
        if not self._busy and self._late is None:
            self._late = self._events.call_later(self._limits.head_s, self._too_late)
        super().data_received(data)

    def begin(self) -> None:
        """Hear that a head has arrived."""
        self._busy = True
        self._stop_waiting()

    def end(self) -> None:
        """Hear that its answer is ready."""
        self._busy = False

    def drop(self) -> None:
        """Break the connection, as a fault of the network does."""
        if self.wire is not None:
            self.wire.abort()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP, and our own bugs, in the form of Azure Resource Manager."""
        self._stop_waiting()
        if isinstance(exc, HttpProcessingError):
            return closing(answer_of(malformed(" ".join(exc.message.split())[:200])))
        return closing(internal_error())

    def _too_late(self) -> None:
        self._late = None
        if not self._busy:
            self._refuse(too_slow(self._limits.head_s))

    def _stop_waiting(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _refuse(self, problem: ArmError) -> None:
        """Write an answer where aiohttp has no request to answer, and close."""
        if self.wire is None or self.wire.is_closing():
            return
        body = json.dumps(problem.body()).encode()
        head = (
            f"HTTP/1.1 {problem.status} {problem.code}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.wire.write(head.encode() + body)
        self.force_close()


class Listener(web.Server):
    """Makes a :class:`Connection` of every caller; ``open`` are those there are."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], limits: Limits) -> None:
        super().__init__(handler)
        self.open: set[Connection] = set()
        self._limits = limits
        self._events = asyncio.get_running_loop()

    def __call__(self) -> Connection:
        """Return the protocol of a new connection."""
        return Connection(self, self._events, self._limits)


def web_response(response: Response) -> web.Response:
    """Return an answer as aiohttp sends it; what could break out of a header is written in percent."""
    headers = {name: value.translate(_UNSAFE) for name, value in response.headers.items()}
    headers["Server"] = _NAME
    return web.Response(status=response.status, headers=headers, body=response.body or None)


def closing(response: Response) -> web.Response:
    """Return an answer after which the connection is closed."""
    answer = web_response(response)
    answer.force_close()
    return answer


def _peer(transport: Any) -> str | None:
    tls = transport.get_extra_info("ssl_object")
    der = tls.getpeercert(binary_form=True) if tls is not None else None
    return thumbprint_of(der) if der else None
