"""A fake cloud with one subscription, driven by hand through its one door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from cmgsim.arm.config import ArmConfig, Subscription
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService
from cmgsim.units import SECOND

API = "2021-04-01"
CERTIFICATE = "AB" * 20
NAMESPACES = (
    "Microsoft.Storage",
    "Microsoft.ClassicCompute",
    "Microsoft.ClassicStorage",
    "Microsoft.Network",
    "Microsoft.Compute",
    "Microsoft.KeyVault",
)
XML = "{http://schemas.microsoft.com/windowsazure}"


def subscription(**changes: Any) -> Subscription:
    known: dict[str, Any] = {"registered": NAMESPACES, "management_certificates": (CERTIFICATE,)}
    return Subscription(**(known | changes))


def in_process(service: ArmService, request: Request, now_us: int) -> Response:
    """Hand a request to a cloud as it is."""
    return service.handle(request, now_us)


class Driver:
    """Somebody who asks, waits and asks again. ``way`` is how requests get to the cloud."""

    way = staticmethod(in_process)

    def __init__(self, config: ArmConfig | None = None, seed: int = 1, who: str = "owner") -> None:
        self.config = config or ArmConfig(subscriptions=(subscription(),))
        self.arm = ArmService(self.config, seed)
        self.now_us = 0
        self.who = who
        self.id = self.config.subscriptions[0].id
        self.root = f"/subscriptions/{self.id}"

    def ask(
        self,
        method: str,
        path: str,
        document: object = None,
        headers: Mapping[str, str] | None = None,
        who: str = "",
    ) -> Response:
        """Ask for a path below the subscription, or an absolute address such as a link of an answer."""
        url = path if "://" in path or path.startswith("/subscriptions") else f"{self.root}{path}"
        if "api-version=" not in url:
            url += f"{'&' if '?' in url else '?'}api-version={API}"
        token = self.arm.token(who or self.who, self.now_us)
        return self.way(self.arm, Request.of(method, url, document, token=token, headers=headers), self.now_us)

    def get(self, path: str, **more: Any) -> Response:
        return self.ask("GET", path, **more)

    def put(self, path: str, document: object = None, **more: Any) -> Response:
        return self.ask("PUT", path, document, **more)

    def post(self, path: str, document: object = None, **more: Any) -> Response:
        return self.ask("POST", path, document, **more)

    def delete(self, path: str, **more: Any) -> Response:
        return self.ask("DELETE", path, **more)

    def wait(self, seconds: float) -> None:
        self.now_us += round(seconds * SECOND)

    def poll(self, begun: Response) -> Response:
        """Follow what an answer began, waiting as long as it says, to its last answer."""
        link = begun.header("Azure-AsyncOperation") or begun.header("Location")
        assert link, (begun.status, begun.body)
        answer = begun
        for _ in range(1_000):
            self.wait(int(answer.header("Retry-After")))
            answer = self.get(link)
            if answer.status != 202 and (not answer.body or answer.json().get("status") != "InProgress"):
                return answer
        raise AssertionError(f"{link} never ended")

    def group(self, name: str = "rg", region: str = "eastus") -> str:
        """Make a resource group; return its path below the subscription."""
        answer = self.put(f"/resourceGroups/{name}", {"location": region})
        assert answer.status == 201, answer.body
        return f"/resourceGroups/{name}"

    def asm(self, method: str, path: str, text: str = "", certificate: str | None = CERTIFICATE) -> Response:
        """Ask the older service management."""
        headers = {"x-ms-version": "2015-04-01"}
        request = Request(method, f"/{self.id}{path}", headers, text.encode(), certificate)
        return self.way(self.arm, request, self.now_us)


def error(answer: Response) -> tuple[int, str]:
    """Return the status and the code of a refusal."""
    problem = answer.json()["error"]
    assert problem["message"]
    return answer.status, problem["code"]


def xml(answer: Response) -> ElementTree.Element:
    return ElementTree.fromstring(answer.body)


def texts(answer: Response, name: str) -> list[str]:
    """Return the texts of all elements of a name, in the order of the document."""
    return [found.text or "" for found in xml(answer).iter(f"{XML}{name}")]


def fields(root: str, **values: str) -> str:
    """Write a document of the older service management."""
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items())
    return f'<{root} xmlns="http://schemas.microsoft.com/windowsazure">{inner}</{root}>'
