"""What passes between azure-core and the fake cloud: its requests, and answers in the forms that its clients expect.

One class of answers serves the present form of azure-core and the older one, which some clients still use. This file
needs azure-core.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.rest import AsyncHttpResponse, HttpRequest, HttpResponse
from azure.core.utils import CaseInsensitiveDict, case_insensitive_dict

from cmgsim.arm.messages import Request, Response

_ABSENT = object()


class SimResponse(HttpResponse):
    """An answer as azure-core wants it, in its present form and in the older one."""

    block_size = 4096

    def __init__(self, request: HttpRequest, response: Response) -> None:
        self._request = request
        self._response = response
        self._headers: Any = None
        self._encoding: str | None = None
        self._closed = False

    @property
    def request(self) -> HttpRequest:
        """Return what was asked."""
        return self._request

    @property
    def status_code(self) -> int:
        """Return the status."""
        return self._response.status

    @property
    def headers(self) -> Any:
        """Return the headers, whatever the case of their names."""
        if self._headers is None:  # few answers are asked for them
            self._headers = case_insensitive_dict(dict(self._response.headers))
        return self._headers

    @property
    def reason(self) -> str:
        """Return the status in words."""
        return HTTPStatus(self._response.status).phrase

    @property
    def content_type(self) -> str | None:
        """Return the type of the content, None if there is none."""
        return self._response.header("Content-Type") or None

    @property
    def is_closed(self) -> bool:
        """Say whether it was closed."""
        return self._closed

    @property
    def is_stream_consumed(self) -> bool:
        """Say that it was read: it is all there from the start."""
        return True

    @property
    def encoding(self) -> str | None:
        """Return the encoding that was set, None if none was."""
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    def url(self) -> str:
        """Return the address that was asked."""
        return self._request.url

    @property
    def content(self) -> bytes:
        """Return the content."""
        return self._response.body

    def body(self) -> bytes:
        """Return the content, under its older name."""
        return self._response.body

    def text(self, encoding: str | None = None) -> str:
        """Return the content as text, as UTF-8 if nobody says otherwise; a mark at its beginning is no part of it."""
        body, encoding = self._response.body, encoding or self._encoding
        if encoding is None:
            encoding = "utf-8-sig" if body.startswith(BOM_UTF8) else "utf-8"
        return body.decode(encoding)

    def json(self) -> Any:
        """Return the content as JSON.

        Raises:
            ValueError: if it is none.
        """
        return json.loads(self.text())

    def raise_for_status(self) -> None:
        """Let a good answer pass.

        Raises:
            HttpResponseError: for a status of 400 or more.
        """
        if self.status_code >= 400:
            raise HttpResponseError(response=self)

    def read(self) -> bytes:
        """Return the content."""
        return self._response.body

    def close(self) -> None:
        """Close it; there is nothing to let go."""
        self._closed = True

    def iter_raw(self, **kwargs: Any) -> Iterator[bytes]:
        """Return the content in one piece."""
        yield self._response.body

    def iter_bytes(self, **kwargs: Any) -> Iterator[bytes]:
        """Return the content in one piece."""
        yield self._response.body

    def stream_download(self, pipeline: Any = None, **kwargs: Any) -> Download:
        """Return the content in one piece, under its older name."""
        return Download(self)

    def __enter__(self) -> SimResponse:
        return self

    def __exit__(self, *args: Any) -> None:
        self.close()


class Download:
    """The content of an answer as azure-storage-blob reads it; it hangs attributes of its own on this object."""

    def __init__(self, response: SimResponse) -> None:
        self.response = response
        self.content_length = len(response.content)
        self._rest = [response.content] if response.content else []

    def __len__(self) -> int:
        return len(self.response.content)

    def __iter__(self) -> Download:
        return self

    def __next__(self) -> bytes:
        if not self._rest:
            raise StopIteration
        return self._rest.pop()


class AsyncSimResponse(AsyncHttpResponse):
    """An answer as the asynchronous half of azure-core wants it; it is all there from the start."""

    block_size = SimResponse.block_size

    def __init__(self, request: HttpRequest, response: Response) -> None:
        self._whole = SimResponse(request, response)

    @property
    def request(self) -> HttpRequest:
        """Return what was asked."""
        return self._whole.request

    @property
    def status_code(self) -> int:
        """Return the status."""
        return self._whole.status_code

    @property
    def headers(self) -> Any:
        """Return the headers, whatever the case of their names."""
        return self._whole.headers

    @property
    def reason(self) -> str:
        """Return the status in words."""
        return self._whole.reason

    @property
    def content_type(self) -> str | None:
        """Return the type of the content, None if there is none."""
        return self._whole.content_type

    @property
    def is_closed(self) -> bool:
        """Say whether it was closed."""
        return self._whole.is_closed

    @property
    def is_stream_consumed(self) -> bool:
        """Say that it was read."""
        return self._whole.is_stream_consumed

    @property
    def encoding(self) -> str | None:
        """Return the encoding that was set, None if none was."""
        return self._whole.encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._whole.encoding = value

    @property
    def url(self) -> str:
        """Return the address that was asked."""
        return self._whole.url

    @property
    def content(self) -> bytes:
        """Return the content."""
        return self._whole.content

    def body(self) -> bytes:
        """Return the content, under its older name."""
        return self._whole.content

    def text(self, encoding: str | None = None) -> str:
        """Return the content as text."""
        return self._whole.text(encoding)

    def json(self) -> Any:
        """Return the content as JSON.

        Raises:
            ValueError: if it is none.
        """
        return self._whole.json()

    def raise_for_status(self) -> None:
        """Let a good answer pass.

        Raises:
            HttpResponseError: for a status of 400 or more.
        """
        self._whole.raise_for_status()

    async def read(self) -> bytes:
        """Return the content."""
        return self._whole.content

    async def load_body(self) -> None:
        """Read it, which needs nothing."""

    async def iter_raw(self, **kwargs: Any) -> AsyncIterator[bytes]:
        """Return the content in one piece."""
        yield self._whole.content

    async def iter_bytes(self, **kwargs: Any) -> AsyncIterator[bytes]:
        """Return the content in one piece."""
        yield self._whole.content

    def stream_download(self, pipeline: Any = None, **kwargs: Any) -> AsyncDownload:
        """Return the content in one piece, under its older name."""
        return AsyncDownload(self)

    async def close(self) -> None:
        """Close it; there is nothing to let go."""
        self._whole.close()

    async def __aexit__(self, *args: Any) -> None:
        await self.close()


class AsyncDownload:
    """The content of an answer as azure-storage-blob reads it; it hangs attributes of its own on this object."""

    def __init__(self, response: AsyncSimResponse) -> None:
        self.response = response
        self.content_length = len(response.content)
        self._rest = [response.content] if response.content else []

    def __len__(self) -> int:
        return len(self.response.content)

    def __aiter__(self) -> AsyncDownload:
        return self

    async def __anext__(self) -> bytes:
        if not self._rest:
            raise StopAsyncIteration
        return self._rest.pop()


def arrived(response: Response) -> Response:
    """Let an answer pass that arrives.

    Raises:
        ServiceRequestError: if its request did not arrive.
        ServiceResponseError: if its request did, and it does not.
    """
    if response.failure == "answer":
        raise ServiceResponseError("The connection was closed before the answer arrived.")
    if response.failure:
        raise ServiceRequestError(f"The connection could not be made ({response.failure}).")
    return response


def request_of(request: HttpRequest) -> Request:
    """Return a request of azure-core as the fake cloud takes it."""
    headers = request.headers
    pairs = headers.lowerkey_items() if isinstance(headers, CaseInsensitiveDict) else headers.items()
    return Request(request.method, request.url, dict(pairs), _content(request))


def _content(request: Any) -> bytes:
    """Return the body of a request, whether of the present form or of the older one."""
    content: Any = getattr(request, "content", _ABSENT)
    if content is None:
        return b""
    if content is _ABSENT:
        content = request.body
    if isinstance(content, dict):
        return urlencode(content).encode()
    if hasattr(content, "read"):
        content = content.read()
    if isinstance(content, str):
        return content.encode()
    return content if isinstance(content, bytes) else b"".join(content or ())
