"""Real clients at both doors of a fake cloud: in this process, and over HTTPS on the loopback interface.

A test that takes the fixture ``door`` runs once through each::

    def test_groups(door):
        client = door.client(ResourceManagementClient)
        client.resource_groups.create_or_update("rg", {"location": "eastus"})
        door.client(StorageManagementClient).storage_accounts.begin_create("rg", "contoso", ACCOUNT, **door.polling)

``open_door(config)`` opens one on a cloud of the test's own. Time moves alike at both: by what callers are told to
wait, and by ``door.wait(seconds)``; nothing waits on the wall's clock.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import requests
from azure.core.pipeline import policies
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import ClientSecretCredential
from azure.mgmt.core.policies import ARMChallengeAuthenticationPolicy
from parts import subscription
from requests.adapters import HTTPAdapter

from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.arm.config import ArmConfig
from cmgsim.arm.doors.certificates import Certificates, open_certificates
from cmgsim.arm.doors.entrance import Entrance
from cmgsim.arm.doors.hosting import Hosted
from cmgsim.arm.doors.pace import Pace, Waits
from cmgsim.arm.doors.passes import Passes
from cmgsim.arm.doors.wall import Wall
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService
from cmgsim.arm.transport import ScriptClock, SimCredential, SimTransport, client_options, inline_polling
from cmgsim.units import SECOND

IN_PROCESS, LOOPBACK = "in process", "loopback"
DOORS = (IN_PROCESS, LOOPBACK)


class Door(ABC):
    """What both doors have in common. ``base`` is the address of the resource manager, without a slash at its end."""

    name = ""
    base = ""

    def __init__(self, config: ArmConfig, seed: int) -> None:
        self.config = config
        self.service = ArmService(config, seed)
        self.subscription = config.subscriptions[0].id

    def client(self, kind: Any, who: str = "owner", **more: Any) -> Any:
        """Return a client of the management API for the first subscription."""
        return kind(subscription_id=self.subscription, **(self.options(who) | more))

    @abstractmethod
    def options(self, who: str = "owner") -> dict[str, Any]:
        """Return what to give to the constructor of a management client, beside the subscription."""

    @abstractmethod
    def credential(self, who: str = "owner") -> Any:
        """Return somebody's credential."""

    @abstractmethod
    def transport(self) -> Any:
        """Return a transport that leads every Azure host to this cloud, for clients of the data planes."""

    @abstractmethod
    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Response:
        """Send a bare request."""

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Let simulated time pass."""

    @property
    @abstractmethod
    def now_us(self) -> int:
        """Return the present moment of simulated time."""

    @property
    def polling(self) -> dict[str, Any]:
        """Return what to give to ``begin_...`` methods: in this process, a poller without a thread."""
        return {}

    @abstractmethod
    def close(self) -> None:
        """Shut it."""


class InProcess(Door):
    """The transport of azure-core that moves the clock of a script."""

    name = IN_PROCESS

    def __init__(self, config: ArmConfig, seed: int) -> None:
        super().__init__(config, seed)
        self.clock = ScriptClock()
        self.base = ENVIRONMENTS[config.subscriptions[0].environment].resource_manager

    @property
    def polling(self) -> dict[str, Any]:
        return {"polling": inline_polling()}

    def options(self, who: str = "owner") -> dict[str, Any]:
        environment = self.config.subscriptions[0].environment
        return client_options(self.service, self.clock, who, latency_us=0, environment=environment)

    def credential(self, who: str = "owner") -> SimCredential:
        return SimCredential(self.service, self.clock, who)

    def transport(self) -> SimTransport:
        return SimTransport(self.service, self.clock, latency_us=0)

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Response:
        return self.service.handle(Request(method, f"{self.base}{path}", headers or {}, body), self.now_us)

    def wait(self, seconds: float) -> None:
        self.clock.wait(round(seconds * SECOND))

    @property
    def now_us(self) -> int:
        return self.clock.now_us

    def close(self) -> None:
        assert self.clock.now_us >= self.service.cloud.now_us, "whoever moved the cloud did so through the clock"


class Loopback(Door):
    """The server, in a thread of its own; its time stands still but for what callers are told to wait."""

    name = LOOPBACK

    def __init__(self, config: ArmConfig, seed: int) -> None:
        super().__init__(config, seed)
        wall = Wall()
        passes = Passes(seed, int(config.start.timestamp()), wall)
        self.entrance = Entrance(self.service, Pace(wall, 0, Waits.SKIPPED), passes, complain=print)
        self.hosted = Hosted(self.entrance, certificates())
        self.base = self.hosted.url
        self.ca_file = str(certificates().ca_file)

    def options(self, who: str = "owner") -> dict[str, Any]:
        scope = f"{self.base}/.default"
        credential = self.credential(who)
        # Stock policies, but for the one that registers providers by itself: it waits ten real seconds.
        stock = [
            policies.RequestIdPolicy(),
            policies.HeadersPolicy(),
            policies.UserAgentPolicy("cmgsim"),
            policies.ContentDecodePolicy(),
            policies.RedirectPolicy(),
            policies.RetryPolicy(),
            ARMChallengeAuthenticationPolicy(credential, scope),
        ]
        return {
            "credential": credential,
            "base_url": self.base,
            "credential_scopes": [scope],
            "connection_verify": self.ca_file,
            "policies": stock,
        }

    def credential(self, who: str = "owner") -> ClientSecretCredential:
        tenant, principal = self.config.find_principal(who)
        return ClientSecretCredential(
            tenant.id,
            principal.app_id,
            principal.secret,
            authority=self.base,
            disable_instance_discovery=True,
            connection_verify=self.ca_file,
        )

    def transport(self) -> RequestsTransport:
        return RequestsTransport(session=self.session, session_owner=False)

    @cached_property
    def session(self) -> requests.Session:
        session = requests.Session()
        session.mount("https://", HereAdapter(self.base))
        session.verify = self.ca_file
        session.trust_env = False
        return session

    def ask(self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Response:
        answer = self.session.request(method, f"{self.base}{path}", data=body, headers=headers, allow_redirects=False)
        return Response(answer.status_code, dict(answer.headers), answer.content)

    def wait(self, seconds: float) -> None:
        self.entrance.pace.wait(round(seconds * SECOND))

    @property
    def now_us(self) -> int:
        return self.entrance.pace.now_us

    def close(self) -> None:
        if "session" in self.__dict__:
            self.session.close()
        self.hosted.close()


class HereAdapter(HTTPAdapter):
    """Sends what is meant for any Azure host to the server; the host that was meant goes in the Host header."""

    def __init__(self, base: str) -> None:
        self._address = urlsplit(base).netloc
        super().__init__()

    def send(self, request: Any, *args: Any, **more: Any) -> Any:
        parts = urlsplit(request.url)
        request.headers["Host"] = parts.netloc
        request.url = urlunsplit(("https", self._address, parts.path, parts.query, ""))
        # azure-core names the authorities to trust with every request; here there is only one.
        return super().send(request, *args, **(more | {"verify": str(certificates().ca_file)}))


@lru_cache(maxsize=1)
def certificates() -> Certificates:
    """Return the certificates of all servers of a test run."""
    return open_certificates(Path(tempfile.mkdtemp(prefix="cmgsim-tls-")))


def open_door(name: str, config: ArmConfig | None = None, seed: int = 1) -> Door:
    """Open a door by name on a new cloud; whoever opens it closes it."""
    kind = {IN_PROCESS: InProcess, LOOPBACK: Loopback}[name]
    return kind(config or ArmConfig(subscriptions=(subscription(),)), seed)
