"""Tokens for real clients: good for an hour of the wall's time, whatever the speed of the simulated one.

Theory of operation: the cloud's own tokens expire in simulated time, which at speed 60 would be after a minute, while
real clients keep theirs for an hour by the wall. So the door hands out passes: the same claims, expiring by the wall,
signed with a key of its own. On the way in a pass is changed for a token of the cloud as of the present simulated
moment. A pass needs no memory: it is still good after a restart with the same seed.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import replace
from typing import TypeVar

from cmgsim.arm import directory
from cmgsim.arm.doors.wall import Wall
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.tokens import LIFETIME_US, Claims, issue, read
from cmgsim.draws import identity
from cmgsim.units import SECOND

Kept = TypeVar("Kept")

_KEPT = 256


class Passes:
    """Changes tokens into passes and back; ``start_s`` is moment 0 of simulated time in seconds since 1970."""

    def __init__(self, seed: int, start_s: int, wall: Wall) -> None:
        self._seed = seed
        self._own_seed = identity("arm.doors.passes", str(seed))
        self._start_s = start_s
        self._wall = wall
        self._known: OrderedDict[str, Claims] = OrderedDict()
        self._fresh: OrderedDict[str, tuple[int, str]] = OrderedDict()

    def admit(self, request: Request, now_us: int) -> Request:
        """Return a request with a token of the cloud in place of a pass; anything else stays what it is."""
        kind, _, text = request.header("authorization").partition(" ")
        if kind.lower() != "bearer":
            return request
        claims = self._claims(text.strip())
        if claims is None:
            return request
        token = self._token(text, claims, now_us)
        return replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})

    def hand_out(self, request: Request, response: Response) -> Response:
        """Return the directory's answer with a pass in place of its token; any other answer stays what it is."""
        if response.status != 200 or not directory.answers(request) or not request.path.lower().endswith("token"):
            return response
        document = response.json()
        claims = read(self._seed, document["access_token"], self._start_s)
        assert claims is not None, "the directory issued a token of another cloud"
        expires_us = int(self._wall.epoch_s()) * SECOND + LIFETIME_US
        document["access_token"] = issue(self._own_seed, replace(claims, expires_us=expires_us), 0)
        return replace(response, body=json.dumps(document).encode())

    def _claims(self, text: str) -> Claims | None:
        claims = self._known.get(text) or read(self._own_seed, text, 0)
        if claims is not None:
            _keep(self._known, text, claims)
        return claims

    def _token(self, text: str, claims: Claims, now_us: int) -> str:
        """Return a token of the cloud: one that has expired for a pass that has."""
        if claims.expires_us <= self._wall.epoch_s() * SECOND:
            return issue(self._seed, replace(claims, expires_us=now_us - now_us % SECOND), self._start_s)
        until_us, token = self._fresh.get(text, (0, ""))
        if now_us >= until_us:
            expires_us = now_us - now_us % SECOND + LIFETIME_US
            token = issue(self._seed, replace(claims, expires_us=expires_us), self._start_s)
            _keep(self._fresh, text, (now_us + LIFETIME_US // 2, token))
        return token


def _keep(store: OrderedDict[str, Kept], key: str, value: Kept) -> None:
    store[key] = value
    store.move_to_end(key)
    if len(store) > _KEPT:
        store.popitem(last=False)
