"""A drawn mix of faults: any place a kind can hit, at any moment of a window.

The same design, swarm and seed give the same faults; another seed gives others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from cmgsim.arm.clouds import region_key
from cmgsim.design.hardships import Fault, Swarm, SwarmKind
from cmgsim.design.model import Design
from cmgsim.draws import draw, identity, stream, within
from cmgsim.units import timedelta_us, us_timedelta

KIND, PLACE = stream("faults.swarm.kind"), stream("faults.swarm.place")
MOMENT, LASTING = stream("faults.swarm.moment"), stream("faults.swarm.lasting")
WHO = identity("swarm")


def drawn_faults(design: Design, swarm: Swarm, seed: int) -> tuple[Fault, ...]:
    """Return the faults of one run, in the order in which they begin; kinds without a place to hit are left out."""
    places = {kind: found for kind in swarm.kinds if (found := _PLACES[kind](design))}
    if not places:
        return ()
    faults = [_fault(swarm, places, seed, number) for number in range(swarm.faults)]
    return tuple(sorted(faults, key=lambda fault: fault.at))


def _fault(swarm: Swarm, places: dict[SwarmKind, Sequence[object]], seed: int, number: int) -> Fault:
    kinds = list(places)
    kind = kinds[draw(seed, WHO, KIND, number) % len(kinds)]
    place = places[kind][draw(seed, WHO, PLACE, number) % len(places[kind])]
    at = _between(draw(seed, WHO, MOMENT, number), swarm.within)
    lasting = _between(draw(seed, WHO, LASTING, number), swarm.lasting)
    return Fault.model_validate({kind: place, "at": at, "lasting": max(lasting, timedelta(seconds=1))})


def _between(bits: int, span: tuple[timedelta, timedelta]) -> timedelta:
    return us_timedelta(within(bits, timedelta_us(span[0]), timedelta_us(span[1])))


def _vms(design: Design) -> list[object]:
    return [
        {"gateway": name, "vm": vm} for name, gateway in design.gateways.items() for vm in range(1, gateway.vms + 1)
    ]


def _links(design: Design) -> list[object]:
    return [
        {"connection_point": name, "vm": vm}
        for name, point in design.roles.connection_points.items()
        for vm in range(1, design.gateways[point.gateway].vms + 1)
    ]


def _primaries(design: Design) -> list[object]:
    return list(design.hierarchy.primaries())


_PLACES: dict[SwarmKind, Callable[[Design], Sequence[object]]] = {
    "vm_down": _vms,
    "link_down": _links,
    "connection_point_down": lambda design: list(design.roles.connection_points),
    "management_point_down": lambda design: list(design.roles.management_points),
    "domain_controllers_down": _primaries,
    "on_premises_link_down": _primaries,
    "region_down": lambda design: sorted({region_key(gateway.region) for gateway in design.gateways.values()}),
    "arm_throttled": lambda design: ["all"] if design.gateways else [],
}
