"""An entrance without a server: real clients' requests, a wall clock that a test moves."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import fields, is_dataclass
from typing import Any

from parts import API, subscription

from cmgsim.arm.config import ArmConfig
from cmgsim.arm.doors.entrance import Entrance
from cmgsim.arm.doors.pace import Pace, Waits
from cmgsim.arm.doors.passes import Passes
from cmgsim.arm.doors.wall import Wall
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService

BASE = "https://127.0.0.1:1"


class Hands:
    """The hands of a clock on the wall."""

    def __init__(self) -> None:
        self.elapsed_s = 100.0
        self.epoch_s = 1_900_000_000.0

    def pass_s(self, seconds: float) -> None:
        self.elapsed_s += seconds
        self.epoch_s += seconds

    def wall(self) -> Wall:
        return Wall(lambda: self.elapsed_s, lambda: self.epoch_s)


def cloud(**changes: Any) -> tuple[ArmService, ArmConfig]:
    config = ArmConfig(subscriptions=(subscription(),), **changes)
    return ArmService(config, 1), config


class Caller:
    """Somebody who signs in at an entrance and asks; speed 600 unless said otherwise."""

    def __init__(
        self,
        service: ArmService | None = None,
        now_us: int = 0,
        *,
        speed: float = 600,
        waits: Waits = Waits.KEPT,
        **parts: Any,
    ) -> None:
        self.service = service or cloud()[0]
        self.config = self.service.cloud.config
        self.wall = Hands()
        wall = self.wall.wall()
        self.pace = Pace(wall, speed, waits, now_us)
        self.journal = parts.get("journal")
        self.complaints: list[str] = []
        passes = Passes(1, int(self.config.start.timestamp()), wall)
        self.entrance = Entrance(self.service, self.pace, passes, complain=self.complaints.append, **parts)
        self.root = f"/subscriptions/{self.config.subscriptions[0].id}"
        self._pass = ""

    def sign_in(self) -> str:
        tenant = self.config.tenants[0]
        owner = tenant.principals[0]
        form = (
            f"grant_type=client_credentials&client_id={owner.app_id}&client_secret={owner.secret}&scope={BASE}/.default"
        )
        answer = self.send("POST", f"/{tenant.id}/oauth2/v2.0/token", form.encode())
        assert answer.status == 200, answer.body
        self._pass = answer.json()["access_token"]
        return self._pass

    def send(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Response:
        return self.entrance.answer(Request(method, f"{BASE}{path}", headers or {"User-Agent": "test"}, body))

    def ask(self, method: str, path: str, document: object = None) -> Response:
        headers = {"Authorization": f"Bearer {self._pass or self.sign_in()}", "User-Agent": "test"}
        body = b"" if document is None else json.dumps(document).encode()
        return self.send(method, f"{self.root}{path}?api-version={API}", body, headers)

    def get(self, path: str) -> Response:
        return self.ask("GET", path)

    def put(self, path: str, document: object) -> Response:
        return self.ask("PUT", path, document)

    def control(self, method: str, path: str, document: object = None, token: str = "sesame") -> Response:
        body = b"" if document is None else json.dumps(document).encode()
        return self.send(method, f"/_sim{path}", body, {"Authorization": f"Bearer {token}"})

    def close(self) -> None:
        assert self.journal is not None
        self.journal.close()


def likeness(thing: Any) -> Any:
    """Return what is to be equal in two equal clouds, as plain data."""
    if is_dataclass(thing) and not isinstance(thing, type):
        return [(field.name, likeness(getattr(thing, field.name))) for field in fields(thing) if field.repr]
    if isinstance(thing, dict):
        return [(likeness(key), likeness(value)) for key, value in thing.items()]
    if isinstance(thing, list | tuple | deque):
        return [likeness(part) for part in thing]
    if type(thing).__module__.startswith("cmgsim") and hasattr(thing, "__dict__"):
        return [(name, likeness(value)) for name, value in vars(thing).items()]
    return thing
