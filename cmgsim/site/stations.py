"""What requests queue at: the VMs of gateways and the roles on premises, with how fast each of them serves.

Theory of operation: the stations of a design are fixed for a run. Every gateway has as many VM stations as it can ever
have VMs, so that an index means the same VM in every landscape; a *route* says which of them stand behind a contact
now. More clients than a part is rated for means delay, never refusal (source: "Plan for cloud management gateway",
"Size and scale numbers"); only the TCP ports of a connection point run out.

Published documents give no service times. What follows is assumed, unless the design gives measured ones, and every
result that rests on it says so.

Assumption: a VM at its rated number of clients with default settings runs at 70 % of its capacity in the busiest hour.
Assumption: a connection point at four full VMs, and a role at its rated clients, run at 70 % in that hour, too.
Assumption: a client with default settings makes three requests in the busiest hour: one for locations, two for policy.
Assumption: a part works on one request after the other with all its cores; all kinds of request take equally long.
Assumption: a B2s VM serves like an A2_v2; its rating of ten clients is a rule for labs, not a speed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cmgsim.design.capacity import Measured
from cmgsim.design.gateways import Gateway
from cmgsim.design.model import Design
from cmgsim.design.versions import PROFILES
from cmgsim.site.client import Activity, Target
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.deployment import Deployment
from cmgsim.site.landscape import Contact, Door, Over, Route, Station, StationKind
from cmgsim.site.site_server import SiteServer
from cmgsim.units import HOUR, PARTS_PER_MILLION, timedelta_us

VMS_PER_GATEWAY = 16
"""A gateway has at most 16 VMs (source: "Set up cloud management gateway", step 9)."""
VMS_PER_CONNECTION_POINT = 4
"""One connection point for every four VMs (source: "Size and scale numbers")."""
CLIENTS_PER_ROLE = 25_000
"""Clients of one management point, or of an update point that shares its server (source: "Size and scale numbers")."""
BUSY_SHARE = 700_000
"""The share (ppm) of its capacity that a part at its rated number of clients is assumed to use."""
BUSY_HOUR_REQUESTS = 3
"""What a client with default settings is assumed to ask in the busiest hour."""

ASSUMED = (
    "a VM at its rated number of clients with default settings runs at 70 % of its capacity in the busiest hour, "
    "and so do the roles behind it"
)
"""The assumption that every result names which rests on service times that nobody measured."""


@dataclass(frozen=True)
class Speed:
    """How fast one part serves: how many requests at once, and the mean time of each by activity (us)."""

    servers: int
    service_us: tuple[int, ...]


def assumed_service_us(rated_clients: int) -> int:
    """Return the mean service time at which a part with that rating is as busy as is assumed in the busiest hour."""
    return HOUR * BUSY_SHARE // (PARTS_PER_MILLION * rated_clients * BUSY_HOUR_REQUESTS)


def rated_clients(version: int, vm_size: str) -> int:
    """Return the clients one VM is taken to be rated for; of a size the version does not have, those of an A2_v2."""
    rated = PROFILES[version].clients_per_vm
    return rated["A2_v2"] if vm_size == "B2s" else rated.get(vm_size, rated["A2_v2"])


def vm_speed(design: Design, vm_size: str) -> Speed:
    """Return how fast a VM of a size serves."""
    return _speed(design.capacity.vm, assumed_service_us(rated_clients(design.site_version(), vm_size)))


def role_speed(design: Design, kind: StationKind) -> Speed:
    """Return how fast a role on premises serves: a connection point, management point or update point."""
    clients = CLIENTS_PER_ROLE
    if kind is StationKind.CONNECTION_POINT:
        clients = VMS_PER_CONNECTION_POINT * rated_clients(design.site_version(), "A2_v2")
    return _speed(_MEASURED[kind](design.capacity), assumed_service_us(clients))


def measured(design: Design) -> bool:
    """Say whether the design gives a service time for every kind of part, so that none is assumed."""
    capacity = design.capacity
    parts = (capacity.vm, capacity.connection_point, capacity.management_point, capacity.update_point)
    return all(part.service is not None for part in parts)


_MEASURED = {
    StationKind.CONNECTION_POINT: lambda capacity: capacity.connection_point,
    StationKind.MANAGEMENT_POINT: lambda capacity: capacity.management_point,
    StationKind.UPDATE_POINT: lambda capacity: capacity.update_point,
}


def _speed(given: Measured, assumed_us: int) -> Speed:
    """Return what was measured; a part that serves more at once than assumed is as fast as a whole."""
    at_once = given.at_once or 1
    mean_us = assumed_us * at_once if given.service is None else timedelta_us(given.service)
    kinds = (given.by_kind.get(activity.name.lower()) for activity in Activity)  # type: ignore[call-overload]
    return Speed(at_once, tuple(mean_us if kind is None else timedelta_us(kind) for kind in kinds))


def stations(design: Design) -> tuple[Station, ...]:
    """Return all stations of a design: 16 VMs for each gateway, then the roles of each kind, in its order."""
    roles = design.roles
    return (
        *(vm for name, gateway in design.gateways.items() for vm in _vms(design, name, gateway)),
        *(
            _role(design, StationKind.CONNECTION_POINT, name, point.tcp_ports)
            for name, point in roles.connection_points.items()
        ),
        *(_role(design, StationKind.MANAGEMENT_POINT, name) for name in roles.management_points),
        *(_role(design, StationKind.UPDATE_POINT, name) for name in roles.update_points),
    )


def _vms(design: Design, name: str, gateway: Gateway) -> Iterable[Station]:
    speed = vm_speed(design, gateway.vm_size)
    for number in range(VMS_PER_GATEWAY):
        yield Station(StationKind.VM, f"{name}/ProxyService_IN_{number}", speed.servers, speed.service_us)


def _role(design: Design, kind: StationKind, name: str, ports: int = 0) -> Station:
    speed = role_speed(design, kind)
    return Station(kind, name, speed.servers, speed.service_us, ports)


def routes(
    every: Sequence[Station],
    contacts: Sequence[Contact],
    server: SiteServer,
    deployments: Mapping[str, Deployment],
    connection_points: Mapping[str, ConnectionPoint],
) -> tuple[Route, ...]:
    """Return what is behind each contact now.

    The doors of a gateway are the VMs it runs, each with the connection points of the role's site that have a link to
    it.
    """
    index = {(station.kind, station.name): number for number, station in enumerate(every)}
    return tuple(
        Route(
            _doors(_behind(contact, deployments), _site(contact, server), connection_points, index),
            index.get(_role_behind(contact), -1),
        )
        for contact in contacts
    )


def _role_behind(contact: Contact) -> tuple[StationKind, str]:
    if contact.target is Target.UPDATE_POINT:
        return StationKind.UPDATE_POINT, contact.update_point
    return StationKind.MANAGEMENT_POINT, contact.management_point


def _site(contact: Contact, server: SiteServer) -> str | None:
    """Return the site of the role behind a contact."""
    if contact.target is Target.UPDATE_POINT:
        return server.update_points[contact.update_point].site if contact.update_point else None
    return server.management_points[contact.management_point].site if contact.management_point else None


def _behind(contact: Contact, deployments: Mapping[str, Deployment]) -> Deployment | None:
    """Return the gateway that serves under a contact's name now; letter case does not matter.

    Content comes from Azure storage, past the gateway's VMs.
    """
    if contact.over is not Over.GATEWAY or contact.target is Target.CONTENT:
        return None
    wanted = contact.fqdn.casefold()
    found = (gateway for gateway in deployments.values() if gateway.fqdn.casefold() == wanted)
    return next((gateway for gateway in found if gateway.serving), None)


def _doors(
    gateway: Deployment | None,
    site: str | None,
    connection_points: Mapping[str, ConnectionPoint],
    index: Mapping[tuple[StationKind, str], int],
) -> tuple[Door, ...]:
    if gateway is None:
        return ()
    linked = [point for point in connection_points.values() if point.gateway == gateway.name and point.site == site]
    return tuple(
        Door(
            index[StationKind.VM, f"{gateway.name}/ProxyService_IN_{number - 1}"],
            tuple(index[StationKind.CONNECTION_POINT, point.role] for point in linked if number in point.links),
        )
        for number in range(1, gateway.vms + 1)
    )
