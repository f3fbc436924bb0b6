"""Bytes on the wire to a server: what no well-behaved client would send."""

from __future__ import annotations

import json
import socket
import ssl
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from both_doors import certificates


@dataclass(frozen=True)
class Heard:
    """What came back: a status, headers with names in lower case, and the body, up to the end of the connection."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """Return the code of an error in the form of Azure Resource Manager."""
        error = json.loads(self.body)["error"]
        assert error["message"]
        return str(error["code"])


@lru_cache(maxsize=1)
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificates().ca_file))


class Wire:
    """One TLS connection to a server on the loopback interface."""

    def __init__(self, url: str, timeout: float = 20) -> None:
        port = int(url.rpartition(":")[2])
        plain = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        self.socket = trusting().wrap_socket(plain, server_hostname="127.0.0.1")

    def send(self, data: bytes) -> Wire:
        self.socket.sendall(data)
        return self

    def hear(self) -> bytes:
        """Return everything up to the end of the connection."""
        parts = []
        try:
            while part := self.socket.recv(65536):
                parts.append(part)
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            self.socket.close()
        return b"".join(parts)


def heard(data: bytes) -> Heard:
    """Take an answer apart."""
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    pairs: list[Any] = [line.split(":", 1) for line in lines[1:]]
    return Heard(int(lines[0].split()[1]), {name.lower(): value.strip() for name, value in pairs}, body)


def say(url: str, data: bytes) -> Heard:
    """Send bytes on a connection of their own; return the answer."""
    return heard(Wire(url).send(data).hear())


def request(
    method: str, path: str, body: bytes = b"", token: str = "", headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """Write a request after which the connection is closed."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close"]
    if token:
        lines.append(f"Authorization: {token if ' ' in token else f'Bearer {token}'}")
    if body and not any(name == "Transfer-Encoding" for name, _ in headers):
        lines.append(f"Content-Length: {len(body)}")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n" + body
