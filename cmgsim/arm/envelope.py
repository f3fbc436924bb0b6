"""What every response carries: dates, request ids, and the client's own id when it asks for it.

Sources: "Azure Resource Manager request headers and response headers"; the headers of public logs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache

from cmgsim.arm.identifiers import guid, http_date, iso
from cmgsim.arm.messages import Answer, Request, Response
from cmgsim.arm.state import Cloud
from cmgsim.units import SECOND

_FIXED = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
_JSON = "application/json; charset=utf-8"


def wrap(cloud: Cloud, request: Request, answer: Answer, extra: Mapping[str, str]) -> Response:
    """Return the response to the present request; *extra* are headers besides those of the answer."""
    number, asked = _number(cloud), request.headers
    date, stamp = _stamps(cloud.config.start, cloud.now_us // SECOND)
    headers = {
        **_FIXED,
        "Date": date,
        "x-ms-request-id": number,
        "x-ms-correlation-request-id": asked.get("x-ms-correlation-request-id") or number,
        "x-ms-routing-request-id": f"EASTUS:{stamp}:{number}",
        **extra,
        **answer.headers,
    }
    if asked.get("x-ms-return-client-request-id", "").lower() == "true":
        headers["x-ms-client-request-id"] = asked.get("x-ms-client-request-id", "")
    if answer.document is None or request.method == "HEAD" or answer.status == 204:
        return Response(answer.status, headers)
    headers["Content-Type"] = _JSON
    return Response(answer.status, headers, json.dumps(answer.document).encode())


def correlation(cloud: Cloud, request: Request) -> str:
    """Return what ties together all that follows from the present request."""
    return request.header("x-ms-correlation-request-id") or _number(cloud)


def _number(cloud: Cloud) -> str:
    return _numbered(cloud.seed, cloud.requests)


@lru_cache(maxsize=4)
def _numbered(seed: int, count: int) -> str:
    """Return the id of a request, which is asked for more than once while it is answered."""
    return guid(seed, "request", "service", count)


@lru_cache(maxsize=1024)
def _stamps(start: datetime, second: int) -> tuple[str, str]:
    """Return a second as HTTP writes it, and as the ids of requests do: ``20190729T000000Z``."""
    compact = iso(start, second * SECOND)[:19].replace("-", "").replace(":", "")
    return http_date(start, second * SECOND), f"{compact}Z"
