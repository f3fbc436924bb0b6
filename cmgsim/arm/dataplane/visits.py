"""One request to a storage account on its way, and the form of its answers.

Source: "Status and error codes" of the Blob service (REST reference).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree

from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Request
from cmgsim.arm.store import Resource


@dataclass(frozen=True, slots=True)
class Visit:
    """A request that has been let in; ``container`` and ``blob`` are names, empty where the path has none.

    ``fqdn`` is the full name of the blob service.
    """

    request: Request
    account: Resource
    fqdn: str
    container: str
    blob: str

    @property
    def comp(self) -> str:
        """Return which part of a thing is asked for, such as ``metadata``."""
        return self.request.query.get("comp", "").lower()

    @property
    def lease_id(self) -> str:
        """Return the lease that the caller says it holds."""
        return self.request.header("x-ms-lease-id")

    def metadata(self) -> dict[str, str]:
        """Return the metadata that the request carries."""
        start = "x-ms-meta-"
        headers = self.request.headers.items()
        return {name[len(start) :]: value for name, value in headers if name.startswith(start)}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: status, headers, and a body of bytes or of XML."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    document: ElementTree.Element | None = None

    def content(self) -> bytes:
        """Return the body."""
        if self.document is None:
            return self.body
        written: bytes = ElementTree.tostring(self.document, encoding="utf-8", xml_declaration=True)
        return written


def element(name: str, *children: ElementTree.Element | str) -> ElementTree.Element:
    """Return an element with a text or with children."""
    made = ElementTree.Element(name)
    for child in children:
        if isinstance(child, str):
            made.text = child
        else:
            made.append(child)
    return made


def refusal(problem: ArmError) -> Reply:
    """Return an error as storage writes it."""
    headers = {**problem.headers, "x-ms-error-code": problem.code}
    return Reply(
        problem.status,
        headers,
        document=element("Error", element("Code", problem.code), element("Message", problem.message)),
    )


def container_not_found() -> ArmError:
    """Say that there is no such container."""
    return ArmError(404, "ContainerNotFound", "The specified container does not exist.")


def blob_not_found() -> ArmError:
    """Say that there is no such blob."""
    return ArmError(404, "BlobNotFound", "The specified blob does not exist.")


def server_busy() -> ArmError:
    """Refuse what exceeds a target of storage.

    Assumption: a request beyond the targets of storage is answered 503 ServerBusy with Retry-After of one second.
    """
    return ArmError(
        503, "ServerBusy", "The server is currently unable to receive requests.", headers={"Retry-After": "1"}
    )


def not_served(what: str) -> ArmError:
    """Refuse what storage has and this one has not."""
    page = "see the page 'Coverage of Azure operations' of the documentation (reference/arm-coverage)"
    return ArmError(501, "NotModelled", f"{what} is not modelled here; {page}.")
