"""The Azure CLI's own requests, as recorded from it, through the server.

``azure_cli.json`` holds the commands that were run and every request they made, in order, but for the polls of
operations, whose number depends on how fast one asks. How to run the real one: docs/how-to/use-the-azure-cli.md.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from both_doors import LOOPBACK, Door, open_door
from parts import API

from cmgsim.arm.config import ArmConfig
from cmgsim.arm.messages import Response

RECORD = json.loads((Path(__file__).parent / "azure_cli.json").read_text(encoding="utf-8"))
RECORDED_AT = "127.0.0.1:18443"
START = datetime(2026, 11, 23, tzinfo=UTC)
REGISTER_S = 300


class Replay:
    """Sends recorded requests and follows what they begin, as the CLI does."""

    def __init__(self, door: Door) -> None:
        self.door = door
        self.token = ""
        self.here = door.base.removeprefix("https://")

    def send(self, method: str, path: str, body: str = "") -> Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers["Content-Type"] = "application/x-www-form-urlencoded" if "/oauth2/" in path else "application/json"
        return self.door.ask(method, self.at_home(path), self.at_home(body).encode(), headers)

    def at_home(self, text: str) -> str:
        for colon in (":", "%3A"):
            text = text.replace(RECORDED_AT.replace(":", colon), self.here.replace(":", colon))
        return text

    def do(self, recorded: dict[str, Any]) -> Response:
        answer = self.send(recorded["method"], recorded["path"], recorded.get("body", ""))
        if "/oauth2/" in recorded["path"]:
            self.token = answer.json()["access_token"]
        if recorded["path"].partition("?")[0].endswith("/register"):
            self.door.wait(REGISTER_S)
        link = answer.header("Azure-AsyncOperation") or answer.header("Location")
        if link and answer.status in (200, 201, 202):
            self.follow(link.removeprefix(self.door.base))
        return answer

    def follow(self, path: str) -> None:
        for _ in range(200):
            answer = self.send("GET", path)
            assert answer.status in (200, 202, 204), answer.body
            if answer.status != 202 and (
                not answer.body or answer.json().get("status") not in ("InProgress", "Running")
            ):
                return
            assert answer.header("retry-after-ms"), "an operation says when to ask again, and time leaps to it"
        raise AssertionError(f"{path} never ended")


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    door = open_door(LOOPBACK, ArmConfig(start=START))
    yield Replay(door)
    door.close()


def test_every_recorded_request_is_answered_as_it_was(replay):
    seen = []
    for recorded in RECORD["requests"]:
        answer = replay.do(recorded)
        place = f"{recorded['method']} {recorded['path']}"
        seen.append((place, answer.status))
        if answer.body:
            assert isinstance(answer.json(), dict | list), place
    assert seen == [(f"{recorded['method']} {recorded['path']}", recorded["status"]) for recorded in RECORD["requests"]]


def test_the_record_holds_what_it_is_for():
    groups = Counter(command.removeprefix("! ").split()[1] for command in RECORD["commands"])
    wanted = "group provider storage network keyvault vmss deployment lock role monitor vm tag resource rest account"
    assert set(wanted.split()) <= set(groups)
    assert len(RECORD["requests"]) >= 100
    assert sum(recorded["status"] >= 400 for recorded in RECORD["requests"]) <= 8


def test_the_cli_signs_in_with_what_the_directory_says(replay):
    assert replay.token.count(".") == 2
    answer = replay.send("GET", f"/subscriptions/{replay.door.subscription}?api-version={API}")
    assert answer.status == 200
