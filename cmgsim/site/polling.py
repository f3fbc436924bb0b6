"""Following what takes time in Azure: reading answers, and knowing where and how to ask again.

Azure Resource Manager says in one of three ways that a request goes on after its answer (source: "Track asynchronous
Azure operations"): an ``Azure-AsyncOperation`` to ask for a status, a ``Location`` to ask until it is no longer 202, or
a ``provisioningState`` in the resource itself. The older service management names an operation by its request id
(source: "Service Management REST API Reference: Get Operation Status").
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from cmgsim.units import SECOND

if TYPE_CHECKING:
    from cmgsim.arm.messages import Request, Response

#: Statuses that say "not now"; the same request is worth sending again.
PASSING = (408, 429, 500, 502, 503, 504)
_ENDED = ("succeeded", "failed", "canceled")
_GOOD = ("", "succeeded")


class Manner(Enum):
    """How an operation is asked about."""

    STATUS = "status"
    LOCATION = "location"
    BODY = "body"
    SERVICE_MANAGEMENT = "service management"


@dataclass(frozen=True, slots=True)
class Poll:
    """Where to ask how an operation stands, and how to read the answer."""

    manner: Manner
    url: str


@dataclass(frozen=True, slots=True)
class Failure:
    """Why Azure did not do it; ``retry_us`` is how long to wait before it is worth another try, None if never."""

    code: str
    message: str
    retry_us: int | None = None


def begun(request: Request, response: Response) -> Poll | Failure | None:
    """Read the first answer to a request; None when all is done with it."""
    if response.status >= 400:
        return failure(response)
    if url := response.header("azure-asyncoperation"):
        return Poll(Manner.STATUS, url)
    if response.status == 202 and (url := response.header("location")):
        return Poll(Manner.LOCATION, url)
    if is_xml(request):
        identifier = response.header("x-ms-request-id")
        root = f"{request.base}/{request.path.split('/')[1]}"
        return Poll(Manner.SERVICE_MANAGEMENT, f"{root}/operations/{identifier}") if response.status == 202 else None
    return _of_body(request.url, response)


def asked(poll: Poll, response: Response) -> Poll | Failure | None:
    """Read the answer to a poll: the next poll, why it failed, or None when it is done."""
    if response.status >= 400:
        return failure(response)
    if poll.manner is Manner.LOCATION:
        return Poll(poll.manner, response.header("location", poll.url)) if response.status == 202 else None
    if poll.manner is Manner.BODY:
        return _of_body(poll.url, response)
    if poll.manner is Manner.SERVICE_MANAGEMENT:
        return _of_xml(poll, response)
    document = response.json()
    return _by_status(poll, str(document["status"]), document.get("error") or {})


def failure(response: Response) -> Failure:
    """Read an error answer, of either door."""
    wait_s = response.header("retry-after")
    retry_us = (int(wait_s) if wait_s.isdigit() else 0) * SECOND if response.status in PASSING else None
    if response.body.lstrip().startswith(b"<"):
        root = ElementTree.fromstring(response.body)
        return Failure(text(root, "Code"), text(root, "Message"), retry_us)
    error = (response.json() or {}).get("error") or {}
    return Failure(error.get("code", str(response.status)), error.get("message", ""), retry_us)


def text(root: ElementTree.Element, name: str) -> str:
    """Return the text of the first element of a name, whatever its namespace; empty if there is none."""
    return next((element.text or "" for element in root.iter() if element.tag.rpartition("}")[2] == name), "")


def is_xml(request: Request) -> bool:
    """Say whether a request goes to the older service management."""
    return bool(request.header("x-ms-version"))


def _of_body(url: str, response: Response) -> Poll | Failure | None:
    document = response.json() if response.body else None
    properties = document.get("properties") if isinstance(document, dict) else None
    state = str((properties or {}).get("provisioningState", ""))
    return _by_status(Poll(Manner.BODY, url), state, {})


def _of_xml(poll: Poll, response: Response) -> Poll | Failure | None:
    root = ElementTree.fromstring(response.body)
    error = {"code": text(root, "Code"), "message": text(root, "Message")}
    return _by_status(poll, text(root, "Status"), error)


def _by_status(poll: Poll, status: str, error: dict[str, str]) -> Poll | Failure | None:
    if status.lower() in _GOOD:
        return None
    if status.lower() in _ENDED:
        return Failure(error.get("code") or status, error.get("message") or f"The operation {status.lower()}.")
    return poll
