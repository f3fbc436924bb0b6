"""Fixtures for tests of one's own Azure code: a fake cloud, and the ways of real clients into it.

Whoever signs in is the first principal of the first directory: an owner, unless ``arm_config`` says otherwise. In a
test marked with a design, the cloud is that of its world, and waiting lets the whole world live on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from cmgsim.arm.async_transport import AsyncSimCredential, AsyncSimTransport
    from cmgsim.arm.config import ArmConfig
    from cmgsim.arm.doors.hosting import Hosted
    from cmgsim.arm.messages import Request, Response
    from cmgsim.arm.service import ArmService
    from cmgsim.arm.simulated_loop import Clock
    from cmgsim.arm.transport import Asked, SimCredential, SimTransport
    from cmgsim.world.world import World


@dataclass(frozen=True)
class WorldDoor:
    """The Azure of a world: asked as a script would ask it, so that the world takes note."""

    world: World

    def handle(self, request: Request, now_us: int) -> Response:
        """Answer a request now."""
        assert now_us == self.world.now_us, f"the world is at {self.world.now_us}, the request at {now_us}"
        return self.world.ask_azure(request)


@dataclass(frozen=True)
class WorldClock:
    """The clock of a world: who waits lets the world live on."""

    world: World

    @property
    def now_us(self) -> int:
        """Return the present moment."""
        return self.world.now_us

    def wait(self, duration_us: int) -> None:
        """Let time pass."""
        self.world.run(timedelta(microseconds=duration_us))


@dataclass(frozen=True)
class ArmServer:
    """A server on the loopback interface, and what a client must know. ``url`` has no slash at its end.

    Its time stands still but for what callers are told to wait, which passes at once, and for :meth:`wait`.
    """

    hosted: Hosted
    url: str
    ca_file: str
    tenant: str
    subscription: str
    client_id: str
    client_secret: str

    @property
    def now_us(self) -> int:
        """Return the present moment of simulated time."""
        return self.hosted.entrance.pace.now_us

    def wait(self, seconds: float) -> None:
        """Let simulated time pass."""
        from cmgsim.units import SECOND

        self.hosted.entrance.pace.wait(round(seconds * SECOND))


@pytest.fixture
def arm_config() -> ArmConfig:
    """What the fake cloud begins with: one subscription, ``contoso``, registered for every provider.

    Override it for a cloud of another kind.
    """
    from cmgsim.arm.catalog import PROVIDERS
    from cmgsim.arm.config import ArmConfig, Subscription

    registered = tuple(provider.namespace for provider in PROVIDERS)
    return ArmConfig(subscriptions=(Subscription(registered=registered),))


@pytest.fixture
def arm(request: pytest.FixtureRequest, arm_config: ArmConfig, seed: int) -> ArmService:
    """The fake Azure Resource Manager: that of the world in a test marked with a design, else one of ``arm_config``."""
    world = _world(request)
    if world is not None:
        return world.sites.arm
    from cmgsim.arm.service import ArmService

    return ArmService(arm_config, seed)


@pytest.fixture
def arm_clock(request: pytest.FixtureRequest) -> Clock:
    """The clock that the transports move: ``now_us`` and ``wait(duration_us)``."""
    world = _world(request)
    if world is not None:
        return WorldClock(world)
    from cmgsim.arm.transport import ScriptClock

    return ScriptClock()


@pytest.fixture
def arm_transport(request: pytest.FixtureRequest, arm: ArmService, arm_clock: Clock) -> SimTransport:
    """A transport of azure-core into the fake cloud; its ``sleep`` takes simulated time."""
    from cmgsim.arm.transport import SimTransport

    return SimTransport(_asked(request, arm), arm_clock)


@pytest.fixture
def azure_credential(arm: ArmService, arm_clock: Clock) -> SimCredential:
    """The credential of whoever signs in."""
    from cmgsim.arm.transport import SimCredential

    return SimCredential(arm, arm_clock, _who(arm))


@pytest.fixture
def azure_options(arm: ArmService, arm_clock: Clock, arm_transport: SimTransport) -> dict[str, Any]:
    """What to give to the constructor of a management client: ``StorageManagementClient(**azure_options)``."""
    from cmgsim.arm.transport import client_options

    options = client_options(arm, arm_clock, _who(arm), environment=_environment(arm))
    return options | {"transport": arm_transport, "subscription_id": arm.cloud.config.subscriptions[0].id}


@pytest.fixture
def aio_arm_transport(request: pytest.FixtureRequest, arm: ArmService, arm_clock: Clock) -> AsyncSimTransport:
    """A transport for asynchronous clients."""
    from cmgsim.arm.async_transport import AsyncSimTransport

    return AsyncSimTransport(_asked(request, arm), arm_clock)


@pytest.fixture
def aio_azure_credential(arm: ArmService, arm_clock: Clock) -> AsyncSimCredential:
    """The credential of whoever signs in, for asynchronous clients."""
    from cmgsim.arm.async_transport import AsyncSimCredential

    return AsyncSimCredential(arm, arm_clock, _who(arm))


@pytest.fixture
def aio_azure_options(arm: ArmService, arm_clock: Clock, aio_arm_transport: AsyncSimTransport) -> dict[str, Any]:
    """What to give to the constructor of an asynchronous management client."""
    from cmgsim.arm.async_transport import async_client_options

    options = async_client_options(arm, arm_clock, _who(arm), environment=_environment(arm))
    return options | {"transport": aio_arm_transport, "subscription_id": arm.cloud.config.subscriptions[0].id}


@pytest.fixture
def arm_server(
    request: pytest.FixtureRequest, arm: ArmService, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ArmServer]:
    """An HTTPS server of the fake cloud on 127.0.0.1, for clients that cannot be given a transport."""
    if _world(request) is not None:
        pytest.fail("arm_server has a clock of its own: use arm_transport in a test with a design", pytrace=False)
    from cmgsim.arm.doors.certificates import open_certificates
    from cmgsim.arm.doors.entrance import Entrance
    from cmgsim.arm.doors.hosting import Hosted
    from cmgsim.arm.doors.pace import Pace, Waits
    from cmgsim.arm.doors.passes import Passes
    from cmgsim.arm.doors.wall import Wall

    config, wall = arm.cloud.config, Wall()
    certificates = open_certificates(tmp_path_factory.getbasetemp() / "cmgsim-tls")
    passes = Passes(seed, int(config.start.timestamp()), wall)
    tenant = config.tenants[0]
    owner = tenant.principals[0]
    with Hosted(Entrance(arm, Pace(wall, 0, Waits.SKIPPED, arm.cloud.now_us), passes), certificates) as hosted:
        yield ArmServer(
            hosted,
            hosted.url,
            str(certificates.ca_file),
            tenant.id,
            config.subscriptions[0].id,
            owner.app_id,
            owner.secret,
        )


def _world(request: pytest.FixtureRequest) -> World | None:
    if request.node.get_closest_marker("design") is None:
        return None
    world: World = request.getfixturevalue("world")
    return world


def _asked(request: pytest.FixtureRequest, arm: ArmService) -> Asked:
    world = _world(request)
    return arm if world is None else WorldDoor(world)


def _who(arm: ArmService) -> str:
    return arm.cloud.config.tenants[0].principals[0].name


def _environment(arm: ArmService) -> str:
    return arm.cloud.config.subscriptions[0].environment
