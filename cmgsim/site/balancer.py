"""The load balancer before a gateway's VMs: which of them get new requests.

Theory of operation: the balancer spreads requests over the VMs that answer its probes, by a hash of where a request
comes from; which VM a request meets is drawn by the client's key when it arrives. A VM that stops answering goes on
getting requests until it has missed two probes, and gets none again until it has answered one (source: "Load Balancer
health probes"). A gateway none of whose VMs runs answers nobody.

Assumption: probes are 15 seconds apart, so a VM is taken out 30 seconds after it went down and in 15 seconds after it
came back.
Assumption: while all VMs are taken out, requests go to any of them, as there is nobody else to take them.
Assumption: requests that meet a VM which is down, before it is taken out, end like those without a connection point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cmgsim.facts import Fact, Message
from cmgsim.site.conditions import Conditions, ConditionsChanged
from cmgsim.site.deployment import Deployment, GatewayChanged
from cmgsim.site.facts import DoorsChanged
from cmgsim.site.landscape import Route, Station
from cmgsim.units import SECOND

PROBE_US = 15 * SECOND
MISSED_PROBES = 2


class LoadBalancer:
    """The load balancers of all gateways; a component named ``load_balancer``.

    It looks at deployments and conditions and changes neither. At the start every VM takes requests.
    """

    def __init__(self, deployments: Mapping[str, Deployment], conditions: Conditions) -> None:
        self.name = "load_balancer"
        self.rank = 10
        self._deployments = deployments
        self._conditions = conditions
        self._out: dict[str, tuple[int, ...]] = {}
        self._turns: dict[tuple[str, int], int] = {}

    def taking(self, gateway: str) -> tuple[int, ...]:
        """Return the VMs of a gateway that get new requests, ascending; with all of them taken out, all."""
        out, deployment = self._out.get(gateway, ()), self._deployments[gateway]
        every = tuple(range(1, (deployment.vms if deployment.serving else 0) + 1))
        return tuple(vm for vm in every if vm not in out) or every

    def due(self) -> int | None:
        """Return when the next probe changes something."""
        return min(self._turns.values(), default=None)

    def step(self, now_us: int) -> list[Fact | Message]:
        """Take VMs out that have missed their probes, and in that have answered one."""
        ready = [key for key, at_us in self._turns.items() if at_us == now_us]
        before = {gateway: self.taking(gateway) for gateway, _ in ready}
        for gateway, vm in ready:
            del self._turns[gateway, vm]
            self._turn(gateway, vm)
        return [DoorsChanged(name, self.taking(name)) for name, vms in before.items() if self.taking(name) != vms]

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Hear that conditions or a gateway changed: probes will tell."""
        assert isinstance(body, ConditionsChanged | GatewayChanged), f"the load balancer cannot be told {body!r}"
        for gateway in self._deployments.values():
            self._look_at(gateway, now_us)
        return []

    def _look_at(self, gateway: Deployment, now_us: int) -> None:
        """Plan the probes at which a VM will be taken out or in; forget those of VMs that are gone."""
        known = self._out.get(gateway.name, ()) if gateway.serving else ()
        self._out[gateway.name] = tuple(vm for vm in known if vm <= gateway.vms)
        self._turns = {
            key: at_us for key, at_us in self._turns.items() if key[0] != gateway.name or key[1] <= gateway.vms
        }
        for vm in range(1, gateway.vms + 1) if gateway.serving else ():
            out, runs = vm in self._out[gateway.name], self._conditions.runs(gateway, vm)
            if out != runs:
                self._turns.pop((gateway.name, vm), None)
            elif (gateway.name, vm) not in self._turns:
                self._turns[gateway.name, vm] = now_us + (PROBE_US if runs else MISSED_PROBES * PROBE_US)

    def _turn(self, gateway: str, vm: int) -> None:
        out = self._out.get(gateway, ())
        self._out[gateway] = tuple(known for known in out if known != vm) if vm in out else tuple(sorted((*out, vm)))


def opened(
    routes: Sequence[Route], stations: Sequence[Station], taking: Mapping[str, tuple[int, ...]]
) -> tuple[Route, ...]:
    """Return routes with only those doors that load balancers hand requests to; *taking* are their VMs by gateway."""
    names = {f"{gateway}/ProxyService_IN_{vm - 1}" for gateway, vms in taking.items() for vm in vms}
    return tuple(
        replace(route, doors=tuple(door for door in route.doors if stations[door.vm].name in names)) for route in routes
    )
