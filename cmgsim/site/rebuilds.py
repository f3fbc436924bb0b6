"""The Azure platform, which may rebuild a gateway's VMs at any time.

Theory of operation: a gateway is platform as a service, so its hosts are cared for without asking anybody (source:
"Set up cloud management gateway", Modify a CMG). Two things happen: single VMs are rebuilt, and hosts are updated one
update domain after the other (source: "Update a cloud service"; five domains unless the design says otherwise). Both
become *turns* in one line for each gateway: the VMs of a turn are down for a drawn while, and the next turn begins some
minutes after the one before has ended. So a gateway of two VMs or more is only weakened, one of a single VM is gone.

Moments are drawn: as many in every 30 days as the design says. Without ``azure.platform`` in the design nothing of this
happens.

Assumption: the platform never takes VMs of two update domains at once, and waits five minutes between turns.
Assumption: a gateway that grows from one VM to more has its first VM restarted, which takes one to three minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cmgsim.design.model import Design
from cmgsim.draws import draw, identity, stream, within
from cmgsim.facts import Fact, Message
from cmgsim.site.conditions import Breakage, Conditions, ConditionsChanged, Part
from cmgsim.site.deployment import Deployment, GatewayChanged
from cmgsim.site.facts import PartBroke, PartWorks
from cmgsim.units import DAY, MINUTE, timedelta_us

MONTH_US = 30 * DAY
PAUSE_US = 5 * MINUTE
RESTART_US = (MINUTE, 3 * MINUTE)
REBUILD, HOST_UPDATE = stream("site.rebuilds.vm"), stream("site.rebuilds.host_update")
LASTING = stream("site.rebuilds.lasting")
REBUILT, UPDATED, GROWN = "the platform rebuilds it", "its host is updated", "the gateway grows"


@dataclass(frozen=True)
class Rebuilt:
    """Told to the cloud service manager when VMs of a gateway have been made anew."""

    gateway: str


@dataclass(frozen=True)
class Turn:
    """VMs of a gateway that are down together: why, and shortest and longest time (us)."""

    vms: tuple[int, ...]
    reason: str
    lasting_us: tuple[int, int]


@dataclass(slots=True)
class _Line:
    """One gateway's turns: those that wait, the one that goes on, and until when that or the pause after it lasts."""

    waiting: list[Turn] = field(default_factory=list)
    current: Turn | None = None
    until_us: int = 0
    turns: int = 0
    vms: int = 0


class Platform:
    """The platform under all gateways; a component named ``platform``.

    *listeners* are told when a VM goes down or comes back, by component name.
    """

    def __init__(
        self,
        design: Design,
        deployments: Mapping[str, Deployment],
        conditions: Conditions,
        seed: int,
        listeners: tuple[str, ...] = (),
    ) -> None:
        self.name = "platform"
        self.rank = 9
        self._care = design.azure.platform
        self._deployments = deployments
        self._conditions = conditions
        self._seed = seed
        self._listeners = listeners
        self._lines = {name: _Line(vms=deployment.vms) for name, deployment in deployments.items()}
        self._month = -1
        self._coming: list[tuple[int, str, int]] = []
        self._plan_ahead()

    def due(self) -> int | None:
        """Return the next moment at which a VM goes down or comes back."""
        moments = [line.until_us for line in self._lines.values() if line.current or line.waiting]
        return min([*moments, *(moment for moment, _, _ in self._coming[:1])], default=None)

    def step(self, now_us: int) -> list[Fact | Message]:
        """Begin and end turns whose time has come."""
        while self._coming and self._coming[0][0] == now_us:
            _, gateway, vm = self._coming.pop(0)
            self._queue(gateway, vm, now_us)
        self._plan_ahead()
        said = [item for name in self._lines for item in self._go_on(name, now_us)]
        return said + [Message(listener, ConditionsChanged()) for listener in self._listeners if said]

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Hear that a gateway changed: one that grows from a single VM is interrupted."""
        assert isinstance(body, GatewayChanged), f"the platform cannot be told {body!r}"
        line, deployment = self._lines[body.gateway], self._deployments[body.gateway]
        grown = self._care is not None and line.vms == 1 and deployment.serving and deployment.vms > 1
        line.vms = deployment.vms
        if grown:
            self._enqueue(line, Turn((1,), GROWN, RESTART_US), now_us)
        return []

    def _plan_ahead(self) -> None:
        """When a month is used up, draw the moments of the next 30 days; VM 0 stands for the hosts of all VMs."""
        care = self._care
        if self._coming or not self._deployments or care is None:
            return
        if not care.vm_rebuilds_per_month and not care.host_updates_per_month:
            return
        self._month += 1
        planned = [
            (self._moment(REBUILD, f"{name}/{vm}", number), name, vm)
            for name in self._deployments
            for vm in range(1, 17)
            for number in range(care.vm_rebuilds_per_month)
        ]
        planned += [
            (self._moment(HOST_UPDATE, name, number), name, 0)
            for name in self._deployments
            for number in range(care.host_updates_per_month)
        ]
        self._coming = sorted(planned)

    def _moment(self, purpose: int, who: str, number: int) -> int:
        """Draw a moment of the month."""
        bits = draw(self._seed, identity("platform", who), purpose, self._month * 1_000 + number)
        return self._month * MONTH_US + within(bits, 1, MONTH_US)

    def _queue(self, gateway: str, vm: int, now_us: int) -> None:
        """Put what the platform wants to do to a gateway into its line; VMs that do not exist need nothing."""
        assert self._care is not None
        deployment, line = self._deployments[gateway], self._lines[gateway]
        if not deployment.serving or vm > deployment.vms:
            return
        shortest, longest = self._care.lasting
        lasting_us = (timedelta_us(shortest), timedelta_us(longest))
        if vm:
            self._enqueue(line, Turn((vm,), REBUILT, lasting_us), now_us)
            return
        for domain in range(self._care.update_domains):
            vms = tuple(range(domain + 1, deployment.vms + 1, self._care.update_domains))
            if vms:
                self._enqueue(line, Turn(vms, UPDATED, lasting_us), now_us)

    def _enqueue(self, line: _Line, turn: Turn, now_us: int) -> None:
        line.waiting.append(turn)
        line.until_us = max(line.until_us, now_us)

    def _go_on(self, gateway: str, now_us: int) -> list[Fact | Message]:
        """End the turn that is over, or begin the next when the pause is."""
        line = self._lines[gateway]
        if line.until_us > now_us:
            return []
        if line.current is not None:
            ended, line.current, line.until_us = line.current, None, now_us + PAUSE_US
            return [*self._end(gateway, ended), Message("cloud_manager", Rebuilt(gateway))]
        if not line.waiting:
            return []
        line.current = line.waiting.pop(0)
        bits = draw(self._seed, identity("platform", gateway), LASTING, line.turns)
        line.until_us, line.turns = now_us + within(bits, *line.current.lasting_us), line.turns + 1
        return self._begin(gateway, line.current)

    def _begin(self, gateway: str, turn: Turn) -> list[Fact | Message]:
        broken = [vm for vm in turn.vms if self._conditions.hurt(Breakage(Part.VM, gateway, vm), turn.reason)]
        return [PartBroke(Part.VM.value, gateway, vm, turn.reason) for vm in broken]

    def _end(self, gateway: str, turn: Turn) -> list[Fact | Message]:
        whole = [vm for vm in turn.vms if self._conditions.heal(Breakage(Part.VM, gateway, vm), turn.reason)]
        return [PartWorks(Part.VM.value, gateway, vm) for vm in whole]
