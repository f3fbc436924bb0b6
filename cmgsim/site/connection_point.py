"""A connection point: it dials out to every VM of its gateway, and keeps dialling.

Theory of operation: a link that the other end closes is lost at once. New links are made by maintenance, which runs
once a minute (source: "Security and privacy for cloud management gateway"), each connection point at a second of its
own. Maintenance that would change nothing is left out of the calendar, so an idle connection point costs nothing.
A link is also lost at once when the VM, the connection point or the way between them fails, and maintenance makes it
again once all of them work.

When its gateway is deleted a connection point stays, and stays without traffic, even when a gateway of the same name
is created again: somebody must link it anew (source: "Set up cloud management gateway", Redeploy the service).
Assumption: A-29: deleting a gateway leaves its connection points in place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cmgsim import draws
from cmgsim.design import roles
from cmgsim.design.plan import RelinkConnectionPoint, Step
from cmgsim.errors import Refused
from cmgsim.facts import Fact, Message
from cmgsim.site.conditions import Conditions, ConditionsChanged
from cmgsim.site.deployment import Deployment, GatewayChanged, State
from cmgsim.site.facts import LinkDown, LinkUp, RoleChanged
from cmgsim.site.ports import Blocked, Link, link_for
from cmgsim.units import MINUTE

MAINTENANCE_US = MINUTE
PHASE = draws.stream("site.connection_point.phase")
CONSOLE_PATH = "Administration > Site Configuration > Servers and Site System Roles"


@dataclass(slots=True)
class ConnectionPoint:
    """One connection point role; a component named ``connection_point:<role>``.

    ``gateway`` is the gateway it is linked with; ``present`` says that the role is installed; ``orphaned`` that its
    gateway was deleted (or did not exist yet) and that it waits to be linked anew. ``links`` holds the channel to each
    VM that has one, ``troubles`` why the others have none; VMs count from 1. ``conditions`` are looked at and never
    changed.
    """

    role: str
    settings: roles.ConnectionPoint
    deployments: Mapping[str, Deployment]
    rank: int
    phase_us: int
    gateway: str = ""
    present: bool = True
    orphaned: bool = False
    links: dict[int, Link] = field(default_factory=dict)
    troubles: dict[int, str] = field(default_factory=dict)
    conditions: Conditions = field(default_factory=Conditions)
    _due_us: int | None = None

    @classmethod
    def of(
        cls,
        role: str,
        settings: roles.ConnectionPoint,
        deployments: Mapping[str, Deployment],
        rank: int,
        seed: int,
        conditions: Conditions | None = None,
    ) -> ConnectionPoint:
        """Return the connection point as it stands at moment 0: with all links up that its gateway can have.

        *deployments* are all gateways by name, looked at and never changed; without *conditions* everything works.
        """
        phase_us = draws.within(draws.draw(seed, draws.identity(role), PHASE), 0, MAINTENANCE_US - 1)
        point = cls(role, settings, deployments, rank, phase_us, settings.gateway, not settings.planned)
        point.conditions = conditions if conditions is not None else point.conditions
        point.orphaned = deployments[point.gateway].state is State.ABSENT
        point._maintain()
        return point

    @property
    def name(self) -> str:
        """The component's name."""
        return f"connection_point:{self.role}"

    @property
    def site(self) -> str:
        """The primary site it belongs to."""
        return self.settings.site

    @property
    def server(self) -> str:
        """The server it runs on."""
        return self.settings.server

    @property
    def region(self) -> str:
        """The region of its gateway, which the wizard shows (source: "Set up cloud management gateway")."""
        return self.deployments[self.gateway].settings.region

    @property
    def connected(self) -> bool:
        """At least one link is up."""
        return bool(self.links)

    def due(self) -> int | None:
        """Return the next maintenance that will change something, or None."""
        return self._due_us

    def step(self, now_us: int) -> list[Fact | Message]:
        """Make every link that can be made, and note why the others cannot."""
        self._due_us = None
        return self._maintain()

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Take the news of a gateway or of conditions, or an order to add, relink or remove this role.

        Raises:
            Refused: if the console does not let one do that.
        """
        if isinstance(body, GatewayChanged):
            return self._hear(body, now_us)
        if isinstance(body, ConditionsChanged):
            return self._look_again(now_us)
        assert isinstance(body, Step), f"{self.name} cannot be told {body!r}"
        if isinstance(body.argument, RelinkConnectionPoint):
            return self._relink(body.argument.gateway, now_us)
        return self._add(now_us) if body.verb == "add_connection_point" else self._remove()

    def _hear(self, news: GatewayChanged, now_us: int) -> list[Fact | Message]:
        if news.gateway != self.gateway or not self.present:
            return []
        gateway = self.deployments[self.gateway]
        self.orphaned = self.orphaned or gateway.state is State.ABSENT
        return self._look_again(now_us)

    def _look_again(self, now_us: int) -> list[Fact | Message]:
        """Lose what is lost now, and plan to make what can be made."""
        lost = self._drop()
        self._plan_maintenance(now_us)
        return lost

    def _add(self, now_us: int) -> list[Fact | Message]:
        if self.present:
            raise Refused("ROLE_PRESENT", f"connection point {self.role} is already installed: relink it instead")
        self._require_gateway(self.settings.gateway)
        self.present = True
        return self._link_with(self.settings.gateway, now_us)

    def _relink(self, gateway: str, now_us: int) -> list[Fact | Message]:
        self._require_present()
        self._require_gateway(gateway)
        if gateway == self.gateway and not self.orphaned:
            return []
        lost = self._close(f"linked with gateway {gateway} now")
        return [*lost, *self._link_with(gateway, now_us)]

    def _remove(self) -> list[Fact | Message]:
        self._require_present()
        lost = self._close("the connection point was removed")
        self.present, self._due_us = False, None
        return [*lost, RoleChanged(self.name, "gateway", "")]

    def _link_with(self, gateway: str, now_us: int) -> list[Fact | Message]:
        self.gateway, self.orphaned = gateway, False
        self._plan_maintenance(now_us)
        return [RoleChanged(self.name, "gateway", gateway)]

    def _require_present(self) -> None:
        if not self.present:
            raise Refused(
                "ROLE_ABSENT",
                f"connection point {self.role} is not installed: add the site system role first, under {CONSOLE_PATH}",
            )

    def _require_gateway(self, gateway: str) -> None:
        if self.deployments[gateway].state is State.ABSENT:
            raise Refused(
                "GATEWAY_ABSENT",
                f"connection point {self.role} cannot use gateway {gateway}, which does not exist: create it first, "
                "under Administration > Cloud Services > Cloud Management Gateway",
            )

    def _wanted(self) -> dict[int, Link | Blocked]:
        """Return what maintenance would find for each VM; nothing while there is no service to dial."""
        gateway = self.deployments[self.gateway]
        if not self.present or self.orphaned or not gateway.serving:
            return {}
        return {vm: self._link_to(vm, gateway) for vm in range(1, gateway.vms + 1)}

    def _link_to(self, vm: int, gateway: Deployment) -> Link | Blocked:
        trouble = self.conditions.link_trouble(self.role, self.site, gateway, vm)
        if trouble:
            return Blocked(trouble)
        return link_for(vm, gateway.vms, self.settings.outbound_ports, gateway.settings.deployment)

    def _drop(self) -> list[Fact | Message]:
        """Lose the links that the other end no longer takes; forget troubles with VMs that are gone."""
        wanted = self._wanted()
        gone = [vm for vm, link in self.links.items() if wanted.get(vm) != link]
        self.troubles = {vm: trouble for vm, trouble in self.troubles.items() if vm in wanted}
        return [self._lose(vm, self._why(vm)) for vm in gone]

    def _why(self, vm: int) -> str:
        gateway = self.deployments[self.gateway]
        if not gateway.serving:
            return f"the gateway is {gateway.state.word}"
        if vm <= gateway.vms and (trouble := self.conditions.link_trouble(self.role, self.site, gateway, vm)):
            self.troubles[vm] = trouble  # maintenance has nothing to add to that
            return trouble
        return "another port is needed now" if vm <= gateway.vms else "the VM is gone"

    def _close(self, reason: str) -> list[Fact | Message]:
        self.troubles = {}
        return [self._lose(vm, reason) for vm in list(self.links)]

    def _lose(self, vm: int, reason: str) -> LinkDown:
        del self.links[vm]
        return LinkDown(self.role, self.gateway, vm, reason)

    def _maintain(self) -> list[Fact | Message]:
        return [fact for vm, found in self._wanted().items() if (fact := self._check(vm, found)) is not None]

    def _check(self, vm: int, found: Link | Blocked) -> Fact | None:
        """Make or miss the link to one VM; None when that is how it was already."""
        if isinstance(found, Link):
            if vm in self.links:
                return None
            self.troubles.pop(vm, None)
            self.links[vm] = found
            return LinkUp(self.role, self.gateway, vm, found.protocol, found.port)
        if self.troubles.get(vm) == found.reason:
            return None
        self.troubles[vm] = found.reason
        return LinkDown(self.role, self.gateway, vm, found.reason)

    def _plan_maintenance(self, now_us: int) -> None:
        """Put the next maintenance into the calendar if it would change something, else take it out."""
        wanted = self._wanted()
        settled = all(found == self._state_of(vm) for vm, found in wanted.items())
        self._due_us = None if settled else next_maintenance_us(now_us, self.phase_us)

    def _state_of(self, vm: int) -> Link | Blocked | None:
        trouble = self.troubles.get(vm)
        return self.links.get(vm) if trouble is None else Blocked(trouble)


def next_maintenance_us(now_us: int, phase_us: int) -> int:
    """Return the first moment after *now_us* on the one-minute grid that begins at *phase_us*."""
    return phase_us + ((now_us - phase_us) // MAINTENANCE_US + 1) * MAINTENANCE_US
