"""Requests and responses: plain frozen data, the same at every door.

A door (a transport of an SDK, a server on the loopback interface) turns what it receives into a :class:`Request` and
what it is given back, a :class:`Response`, into what its caller expects. Both can be pickled and copied.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from cmgsim.arm.errors import ArmError

Json = dict[str, Any]

_SLASHES = re.compile(r"/{2,}")
#: Addresses without anything that would have to be decoded: scheme and host, path, query.
_PLAIN = re.compile(r"(https?://[A-Za-z0-9.:-]+)?(/(?!/)[!-\"$&->@-~]*)?(?:\?([!-\"$-~]*))?")


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request.

    ``url`` may be absolute, or a path with its query. ``peer_certificate`` is the SHA-1 thumbprint, in hexadecimal, of
    the certificate the caller showed in TLS, None when it showed none.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    peer_certificate: str | None = None
    base: str = field(init=False, repr=False, compare=False, default="")
    path: str = field(init=False, repr=False, compare=False, default="/")
    query: Mapping[str, str] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        base, path, query = _taken_apart(self.url)
        object.__setattr__(self, "method", self.method.upper())
        object.__setattr__(self, "headers", {name.lower(): value for name, value in self.headers.items()})
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "query", query)

    @classmethod
    def of(
        cls,
        method: str,
        url: str,
        document: object = None,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        peer_certificate: str | None = None,
    ) -> Request:
        """Make a request with a JSON document as its body and a bearer token, either of which may be absent."""
        all_headers = dict(headers or {})
        if token:
            all_headers["authorization"] = f"Bearer {token}"
        if document is None:
            return cls(method, url, all_headers, b"", peer_certificate)
        all_headers.setdefault("content-type", "application/json")
        return cls(method, url, all_headers, json.dumps(document).encode(), peer_certificate)

    def header(self, name: str, default: str = "") -> str:
        """Return a header, whatever the case of its name."""
        return self.headers.get(name.lower(), default)

    def document(self) -> Json:
        """Read the body as a JSON object; an empty body is an empty object.

        Raises:
            ArmError: 400 ``InvalidRequestContent`` if it is anything else.
        """
        if not self.body.strip():
            return {}
        try:
            document = json.loads(self.body)
        except (ValueError, RecursionError) as problem:
            raise _unreadable(str(problem)) from problem
        if not isinstance(document, dict):
            raise _unreadable(f"an object is required, not {type(document).__name__}")
        return document


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; the body of a 204 and of an answer to HEAD is empty.

    ``delay_us`` is how much later than usual it arrives. ``failure`` is set when none arrives: ``dns``, ``tls`` or
    ``connect`` for a request that was never received, ``answer`` for one that was. The other fields are then those of
    a 504, for callers that know no other way of failing.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_us: int = 0
    failure: str = ""

    def header(self, name: str, default: str = "") -> str:
        """Return a header, whatever the case of its name."""
        if name in self.headers:
            return self.headers[name]
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), default)

    def json(self) -> Any:
        """Read the body as JSON, an empty one as None."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a handler says, before the service adds the headers that every response carries."""

    status: int
    document: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


def _taken_apart(url: str) -> tuple[str, str, Mapping[str, str]]:
    """Return the scheme and host of an address, its path and its query; nobody may change the query."""
    plain = _PLAIN.fullmatch(url)
    if plain is not None:
        base, path, query = plain.group(1, 2, 3)
    else:
        parts = _split(url)
        base, path, query = f"{parts.scheme}://{parts.netloc}" if parts.netloc else "", unquote(parts.path), parts.query
    path = path or ""
    if "//" in path:
        path = _SLASHES.sub("/", path)
    return base or "", path.rstrip("/") or "/", _query(query or "")


@lru_cache(maxsize=512)
def _query(text: str) -> Mapping[str, str]:
    return {name.lower(): value for name, value in parse_qsl(text, keep_blank_values=True)}


def _split(url: str) -> Any:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("/")


def _unreadable(problem: str) -> ArmError:
    message = f"The request content was invalid and could not be deserialized: '{problem}'."
    return ArmError(400, "InvalidRequestContent", message)
