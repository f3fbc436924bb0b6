"""The world's own components: where a plan, the fleet and the calendar meet the kernel.

Every outside input goes through one of them, so that the journal alone can repeat a run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService
from cmgsim.design.model import Design
from cmgsim.design.plan import RestartCcmexec, Step
from cmgsim.facts import Fact, Message
from cmgsim.faults.component import Healed, RegionTurned, Struck
from cmgsim.fleet.engine import FleetEngine
from cmgsim.site.cloud_manager import AzureTurned
from cmgsim.site.facts import Outcome
from cmgsim.units import DAY


@dataclass(frozen=True)
class StepStarted(Fact):
    """A plan step began. ``index`` counts from 0."""

    index: int
    verb: str
    text: str


@dataclass(frozen=True)
class StepEnded(Fact):
    """A plan step came to its end."""

    index: int
    outcome: Outcome
    note: str


@dataclass(frozen=True)
class ServiceRestarted(Fact):
    """SMS Agent Host was restarted on some clients."""

    population: str
    clients: int


@dataclass(frozen=True)
class CertificateExpired(Fact):
    """A certificate or an authority is no longer valid from this moment on."""

    certificate: str


@dataclass(frozen=True)
class CertificateTurned(Fact):
    """From now on a certificate is ``valid``, ``revoked``, or, if it is the clients', ``expired``."""

    certificate: str
    state: str


@dataclass(frozen=True)
class AzureAsked(Fact):
    """Somebody sent a request to Azure past the site. ``body`` is text, ``thumbprint`` empty without a certificate."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: str
    thumbprint: str

    @classmethod
    def of(cls, request: Request) -> AzureAsked:
        """Make a request into what a journal can keep."""
        headers, body = tuple(sorted(request.headers.items())), request.body.decode()
        return cls(request.method, request.url, headers, body, request.peer_certificate or "")

    def request(self) -> Request:
        """Return the request."""
        return Request(self.method, self.url, dict(self.headers), self.body.encode(), self.thumbprint or None)


@dataclass
class Azure:
    """Lets the fake Azure act when something is due in it.

    Its own events stay with it: what matters of them reaches the site as answers. Only that something has happened is
    passed on, because others than the site may have done it. ``answered`` is the answer to the last of their requests.
    """

    service: ArmService
    name: str = "arm"
    rank: int = 2
    answered: Response | None = None

    def due(self) -> int | None:
        """Return when the next operation in Azure turns."""
        return self.service.due()

    def step(self, now_us: int) -> list[Fact | Message]:
        """Let happen what is due."""
        return [Message("cloud_manager", AzureTurned())] if self.service.step(now_us) else []

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Hear that a request was answered or what goes wrong from now on, or take a stranger's request."""
        if isinstance(body, Struck):
            self.service.add_fault(body.fault, now_us)
        if isinstance(body, Healed):
            self.service.remove_fault(body.name, now_us)
        if isinstance(body, AzureAsked):
            self.answered = self.service.handle(body.request(), now_us)
        if isinstance(body, RegionTurned):
            state = RegionState.DOWN if body.down else RegionState.UP
            self.service.set_region(body.region, state, now_us)
        return self.step(now_us)


@dataclass
class PlanLog:
    """Notes in the trace when plan steps begin and end."""

    name: str = "plan"
    rank: int = 6

    def due(self) -> int | None:
        """Return None: it only writes down what it is told."""
        return None

    def step(self, now_us: int) -> list[Fact | Message]:
        """Never happens."""
        raise AssertionError(f"the plan log is never due, yet it stepped at {now_us}")

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Write a fact down."""
        assert isinstance(body, StepStarted | StepEnded), body
        return [body]


@dataclass
class FleetDoor:
    """Takes what is done to clients from outside: restarts of their service."""

    design: Design
    fleet: FleetEngine
    name: str = "fleet"
    rank: int = 7

    def due(self) -> int | None:
        """Return None: the fleet has its own calendar."""
        return None

    def step(self, now_us: int) -> list[Fact | Message]:
        """Never happens."""
        raise AssertionError(f"the fleet's door is never due, yet it stepped at {now_us}")

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Restart the client service as a step says."""
        assert isinstance(body, Step), body
        assert isinstance(body.argument, RestartCcmexec), body
        assert self.fleet.now_us == now_us, f"the fleet is at {self.fleet.now_us}, the control plane at {now_us}"
        restart = body.argument
        population = list(self.design.clients).index(restart.population)
        return [ServiceRestarted(restart.population, self.fleet.restart(population, restart.share))]


class Calendar:
    """Wakes the world at the midnights from which some certificate is expired, valid or revoked."""

    def __init__(self, design: Design) -> None:
        self.name = "calendar"
        self.rank = 8
        turns: list[tuple[int, Fact]] = [
            (_midnight_after(day, design), CertificateExpired(what)) for what, day in _expiries(design)
        ]
        turns += [
            (_midnight_of(turn.day, design), CertificateTurned(turn.what, turn.state))
            for turn in design.certificates.turning_days()
            if turn.state != "expired" or turn.what.startswith("client")
        ]
        turns += [
            (
                _midnight_after(day, design),
                CertificateTurned(f"client certificate of connection point {name}", "expired"),
            )
            for name, point in design.roles.connection_points.items()
            if (day := point.client_certificate_expires) is not None and day < date.max
        ]
        turns += [
            (
                _midnight_of(day, design),
                CertificateTurned(f"client certificate of connection point {name}", "revoked"),
            )
            for name, point in design.roles.connection_points.items()
            if (day := point.client_certificate_revoked_on) is not None
        ]
        self._midnights = sorted(((at_us, fact) for at_us, fact in turns if at_us > 0), key=lambda turn: turn[0])
        self._next = 0

    def due(self) -> int | None:
        """Return the next such midnight."""
        return self._midnights[self._next][0] if self._next < len(self._midnights) else None

    def step(self, now_us: int) -> list[Fact | Message]:
        """Note what has expired, or is taken or revoked from now on."""
        facts: list[Fact | Message] = []
        while self._next < len(self._midnights) and self._midnights[self._next][0] == now_us:
            facts.append(self._midnights[self._next][1])
            self._next += 1
        return facts

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Never happens."""
        raise AssertionError(f"nobody tells the calendar anything, yet at {now_us} came {body!r}")


def _expiries(design: Design) -> list[tuple[str, date]]:
    kinds = (
        ("server certificate", design.certificates.servers),
        ("authority", design.certificates.authorities),
        ("management certificate", design.certificates.management),
    )
    return [
        (f"{kind} {name}", record.expires)
        for kind, records in kinds
        for name, record in records.items()
        if record.expires is not None and record.expires < date.max
    ]


def _midnight_after(day: date, design: Design) -> int:
    """Return the moment at which the last day of validity is over."""
    return _midnight_of(day, design) + DAY


def _midnight_of(day: date, design: Design) -> int:
    """Return the moment at which a day begins, negative before the run."""
    return (day - design.start) // timedelta(days=1) * DAY
