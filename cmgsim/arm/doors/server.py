"""The loopback HTTPS server: real clients in, answers of the fake cloud out.

Theory of operation: everything that reads from the network is bounded in bytes and in time (:class:`Limits`); whatever
goes wrong before the cloud is asked is answered in the form that Azure Resource Manager gives to errors. The cloud
itself is asked synchronously, so requests are done one after the other, in the order in which they were complete.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from cmgsim.arm.doors.connection import Connection, Listener, closing, web_response
from cmgsim.arm.doors.entrance import Entrance
from cmgsim.arm.doors.limits import Limits
from cmgsim.arm.doors.refusals import answer_of, encoded, malformed, overloaded, too_large, too_slow
from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Request

HOST = "127.0.0.1"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_HANDSHAKE_S = 10.0
_FINISH_S = 1.0


class Reception:
    """Turns requests of aiohttp into requests for the entrance, within limits. ``in_flight`` counts bytes of bodies."""

    def __init__(self, entrance: Entrance, limits: Limits) -> None:
        self.in_flight = 0
        self._entrance = entrance
        self._limits = limits

    async def receive(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        connection = request.protocol
        assert isinstance(connection, Connection)
        connection.begin()
        try:
            body = await self._body(request)
        except ArmError as problem:
            return closing(answer_of(problem))
        finally:
            connection.end()
        # Not request.host, which asks the directory of names for this machine's when a client does not say.
        url = f"https://{request.headers.get('Host', HOST)}{request.raw_path}"
        asked = Request(request.method, url, request.headers, body, connection.peer)
        response = self._entrance.answer(asked)
        if response.delay_us:
            await asyncio.sleep(self._entrance.pace.delay_s(response.delay_us))
        if response.failure:
            connection.drop()
        return web_response(response)

    async def _body(self, request: web.BaseRequest) -> bytes:
        if not request.can_read_body:
            return b""
        encoding = request.headers.get("Content-Encoding", "identity").lower()
        if encoding != "identity":
            raise encoded(encoding)
        self._require_room(request.content_length or 0)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(_CONTINUE)
        try:
            async with asyncio.timeout(self._limits.body_s):
                return await self._read(request)
        except TimeoutError:
            raise too_slow(self._limits.body_s) from None
        except (web.RequestPayloadError, HttpProcessingError) as error:
            raise malformed(" ".join(str(error).split())[:200]) from None

    async def _read(self, request: web.BaseRequest) -> bytes:
        body = bytearray()
        try:
            async for chunk in request.content.iter_any():
                self._require_room(len(body) + len(chunk), len(chunk))
                body += chunk
                self.in_flight += len(chunk)
            return bytes(body)
        finally:
            self.in_flight -= len(body)

    def _require_room(self, length: int, more: int | None = None) -> None:
        """Let a body of so many bytes pass, of which *more* are not counted yet.

        Raises:
            ArmError: 413 if it is too large by itself, 503 if all bodies together are.
        """
        if length > self._limits.body_bytes:
            raise too_large(self._limits.body_bytes)
        if self.in_flight + (length if more is None else more) > self._limits.in_flight_bytes:
            raise overloaded()


@dataclass(frozen=True)
class Serving:
    """A server that listens. ``url`` has no slash at its end."""

    url: str
    reception: Reception
    listener: Listener
    server: asyncio.Server

    async def close(self) -> None:
        """Take no more requests, finish those that are being answered, and end every connection."""
        self.server.close()
        wires = [connection.wire for connection in self.listener.open if connection.wire is not None]
        self.listener.pre_shutdown()
        await self.listener.shutdown(_FINISH_S)
        for wire in wires:
            wire.abort()  # a caller that goes on reading would keep TLS from closing for half a minute
        await self.server.wait_closed()
        await asyncio.sleep(0)


async def listen(entrance: Entrance, context: ssl.SSLContext, port: int = 0, limits: Limits | None = None) -> Serving:
    """Listen on the loopback interface; port 0 takes a free one.

    Raises:
        OSError: if the port is taken.
    """
    bounds = limits or Limits()
    reception = Reception(entrance, bounds)
    listener = Listener(reception.receive, bounds)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(listener, HOST, port, ssl=context, ssl_handshake_timeout=_HANDSHAKE_S)
    taken = server.sockets[0].getsockname()[1]
    return Serving(f"https://{HOST}:{taken}", reception, listener, server)
