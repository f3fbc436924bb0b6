"""What a server takes from one caller, and from all of them: bytes, seconds and connections."""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds of a server.

    ``line_bytes`` holds for the request line and for each header, ``headers`` for their number; ``in_flight_bytes`` for
    the bodies of all requests that are being read together. ``head_s`` is the time for a request's head to arrive once
    it began, ``body_s`` for its body, ``idle_s`` between two requests of one connection.

    Assumption: a request of Azure Resource Manager is at most 64 MiB long, as a blob put in one piece may be.
    """

    line_bytes: int = 16 * 1024
    headers: int = 100
    body_bytes: int = 64 * MEBIBYTE
    in_flight_bytes: int = 256 * MEBIBYTE
    connections: int = 256
    head_s: float = 10.0
    body_s: float = 60.0
    idle_s: float = 75.0
    linger_s: float = 2.0
