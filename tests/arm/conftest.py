"""Every test of the fake Azure runs through both doors: in this process, and over HTTPS on the loopback interface.

Tests of real clients take the fixture ``door``; those that drive a cloud by hand (:class:`parts.Driver`) are sent both
ways by ``way``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import both_doors
import over_https
import parts
import pytest
import socket_guard

from cmgsim.arm.config import ArmConfig


@pytest.fixture(autouse=True)
def only_this_machine() -> Iterator[None]:
    """Let no test of the fake Azure look up or reach another machine."""
    with socket_guard.guarded():
        yield


@pytest.fixture(params=both_doors.DOORS)
def open_door(request: pytest.FixtureRequest) -> Iterator[Callable[..., both_doors.Door]]:
    """Open doors on clouds of the test's own: ``open_door(config, seed)``."""
    with ExitStack() as stack:

        def opened(config: ArmConfig | None = None, seed: int = 1) -> both_doors.Door:
            return stack.enter_context(closing(both_doors.open_door(request.param, config, seed)))

        yield opened


@pytest.fixture
def door(open_door: Callable[..., both_doors.Door]) -> both_doors.Door:
    """A door on a cloud with one subscription, registered for everything."""
    return open_door()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Send the tests of every module that drives a cloud by hand both ways."""
    if vars(metafunc.module).get("Driver") is parts.Driver and "open_door" not in metafunc.fixturenames:
        metafunc.parametrize("way", both_doors.DOORS, indirect=True)


@pytest.fixture(autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let drivers ask in this process, or over HTTPS."""
    if getattr(request, "param", both_doors.IN_PROCESS) == both_doors.LOOPBACK:
        monkeypatch.setattr(parts.Driver, "way", staticmethod(over_https.wire().handle))


@pytest.fixture(autouse=True, scope="session")
def wires() -> Iterator[None]:
    """End the wire, if one was made."""
    yield
    if over_https.wire.cache_info().currsize:
        over_https.wire().close()
