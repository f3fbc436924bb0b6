"""The XML of the older service management: what comes in, what goes out."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from cmgsim.arm.config import Subscription
from cmgsim.arm.cscfg import local_name, read_xml
from cmgsim.arm.errors import ArmError, bad_request
from cmgsim.arm.messages import Request

NAMESPACE = "http://schemas.microsoft.com/windowsazure"
_CODES = {400: "BadRequest", 403: "ForbiddenError", 404: "ResourceNotFound", 409: "ConflictError"}
_OWN = ("MissingOrIncorrectVersionHeader",)


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that showed a good certificate; ``words`` are the named parts of its path."""

    request: Request
    subscription: Subscription
    words: Mapping[str, str]

    def fields(self) -> dict[str, str]:
        """Read the body: the text of each direct child of its root, by local name.

        Raises:
            ArmError: 400 ``BadRequest`` if it is no XML.
        """
        return {local_name(child): (child.text or "").strip() for child in read_xml(self.request.body)}

    def field(self, name: str) -> str:
        """Return one field of the body.

        Raises:
            ArmError: 400 ``BadRequest`` if it is missing or empty.
        """
        text = self.fields().get(name, "")
        if not text:
            raise bad_request("BadRequest", f"The element {name} is missing or empty; it is required.")
        return text


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; ``operation`` is the id of the operation that goes on after it."""

    status: int
    element: ElementTree.Element | None = None
    operation: str = ""


def node(tag: str, *content: ElementTree.Element | str) -> ElementTree.Element:
    """Make an element of its children, or of a text."""
    element = ElementTree.Element(tag)
    for part in content:
        if isinstance(part, str):
            element.text = part
        else:
            element.append(part)
    return element


def to_bytes(element: ElementTree.Element) -> bytes:
    """Write a document."""
    element.set("xmlns", NAMESPACE)
    return b'<?xml version="1.0" encoding="utf-8"?>' + ElementTree.tostring(element)


def error_reply(problem: ArmError) -> Reply:
    """Say what was wrong, in the codes of the service management."""
    code = problem.code if problem.code in _OWN else _CODES.get(problem.status, "InternalError")
    return Reply(problem.status, node("Error", node("Code", code), node("Message", problem.message)))


def decoded(text: str, name: str) -> str:
    """Return the text that a field holds in base64.

    Raises:
        ArmError: 400 ``BadRequest`` if it holds anything else.
    """
    try:
        return b64decode(text.encode(), validate=True).decode("utf-8-sig")
    except (NotBase64, ValueError) as problem:
        raise bad_request("BadRequest", f"The element {name} must be text in base64.") from problem
