"""The way over HTTPS for tests that drive a cloud by hand: the same requests, answers and moments, on a real wire.

The server is a real one; behind it stands, in place of an entrance with a clock and tokens of its own, a relay to
whatever cloud the test has, at the moment that the test says.
"""

from __future__ import annotations

import http.client
import ssl
import time
from dataclasses import replace
from functools import lru_cache
from typing import Any, cast
from urllib.parse import quote, urlsplit

from both_doors import certificates

from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.arm.doors.entrance import Entrance
from cmgsim.arm.doors.hosting import Hosted
from cmgsim.arm.doors.pace import Pace
from cmgsim.arm.doors.wall import Wall
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService

_SAFE = "%/:?&=$'(),;@!*+~#[]"
#: After so long without a request the server may have closed the connection.
_IDLE_S = 30.0
#: What the server and HTTP itself add.
_ADDED = ("server", "content-length", "connection", "content-type", "date")


class Relay:
    """Answers what came over the wire from the cloud at hand."""

    def __init__(self) -> None:
        self.pace = Pace(Wall(), 0)
        self.service: ArmService | None = None
        self.now_us = 0
        self.peer: str | None = None
        self.given = Response(500)
        self.bug: Exception | None = None

    def answer(self, request: Request) -> Response:
        assert self.service is not None
        try:
            self.given = self.service.handle(replace(request, peer_certificate=self.peer), self.now_us)
        except Exception as bug:
            self.bug = bug
            return Response(500)
        return replace(self.given, delay_us=0)


class Wire:
    """One connection to one server, for all tests of a run."""

    def __init__(self) -> None:
        self.relay = Relay()
        self.hosted = Hosted(cast("Entrance", self.relay), certificates())
        trust = ssl.create_default_context(cafile=str(certificates().ca_file))
        port = int(self.hosted.url.rpartition(":")[2])
        self.connection = http.client.HTTPSConnection("127.0.0.1", port, context=trust, timeout=60)
        self._used_s = time.monotonic()

    def handle(self, service: ArmService, request: Request, now_us: int) -> Response:
        """Let a cloud answer a request at a moment, over the wire; one for plain HTTP has no wire here."""
        if request.base.startswith("http:"):
            return service.handle(request, now_us)
        relay = self.relay
        relay.service, relay.now_us, relay.peer, relay.bug = service, now_us, request.peer_certificate, None
        relay.given = Response(500)
        if time.monotonic() - self._used_s > _IDLE_S:
            self.connection.close()
        try:
            heard = self._send(service, request)
            self._used_s = time.monotonic()
        except (ConnectionError, http.client.HTTPException):
            self.connection.close()
            assert relay.given.failure, "the connection breaks only where a fault breaks it"
            return relay.given
        if relay.bug is not None:
            raise relay.bug
        given = relay.given
        assert (heard.status, heard.body) == (given.status, b"" if request.method == "HEAD" else given.body)
        for name, value in given.headers.items():
            assert name.lower() in _ADDED or heard.header(name) == value, (name, value, heard.headers)
        return replace(heard, delay_us=given.delay_us)

    def _send(self, service: ArmService, request: Request) -> Response:
        parts = urlsplit(request.url)
        environment = ENVIRONMENTS[service.cloud.config.subscriptions[0].environment]
        path = quote(request.url[len(request.base) :] or "/", safe=_SAFE)
        self.connection.putrequest(request.method, path, skip_host=True, skip_accept_encoding=True)
        self.connection.putheader("Host", parts.netloc or urlsplit(environment.resource_manager).netloc)
        for name, value in request.headers.items():
            self.connection.putheader(name, value.encode())
        if request.body or request.method in ("PUT", "POST", "PATCH"):
            self.connection.putheader("Content-Length", str(len(request.body)))
        self.connection.endheaders(request.body or None)
        answer: Any = self.connection.getresponse()
        return Response(answer.status, dict(answer.getheaders()), answer.read())

    def close(self) -> None:
        self.connection.close()
        self.hosted.close()


@lru_cache(maxsize=1)
def wire() -> Wire:
    """Return the wire of this test run."""
    return Wire()
