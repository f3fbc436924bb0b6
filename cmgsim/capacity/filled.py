"""How full the documented limits were in a run: gateway by gateway and site by site, where there are several.

Theory of operation: two gateways do not share their VMs, nor two connection points their TCP ports, so sums over a
design would hide the one that is too small. Clients of each gateway are counted by the notification channels held over
its name. Where TCP ports ran out or requests went unanswered, channels say how many there were, not how many were
wanted: those are the clients on the internet that are not stranded, less those that are served elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmgsim.capacity.demand import Demand
from cmgsim.capacity.documented import CLIENTS_PER_MANAGEMENT_POINT, VMS_PER_CONNECTION_POINT, documented_size
from cmgsim.capacity.limits import Beyond, Limit, limits, stock_of
from cmgsim.design.model import Design
from cmgsim.design.versions import PROFILES
from cmgsim.fleet.measures import Load
from cmgsim.fleet.series import Count, Gauge
from cmgsim.site.landscape import Over, StationKind
from cmgsim.world.run import Run


def limits_for(design: Design, demand: Demand, connections: int) -> tuple[Limit, ...]:
    """Return the limits of a design whose gateways are alike, with the VMs that the documents ask for at the peak."""
    stock = stock_of(design)
    return limits(
        stock,
        connections=connections,
        clients=sum(population.count for population in design.clients.values()),
        vms=documented_vms(design, stock.vm_size, connections),
        downloads=demand.downloads_a_second,
    )


def limits_met(run: Run, load: Load, demand: Demand) -> tuple[Limit, ...]:
    """Return the limits of a design as its clients met them in a run of all of them."""
    design = run.design
    points = _points(run)
    short = _short_of(run, load, points)
    wanted = _wanted(run, load, points) if short else 0
    together = limits_for(design, demand, max(demand.peak, wanted))
    gateways = sum(not gateway.planned for gateway in design.gateways.values())
    sites = {point.site for point in design.roles.management_points.values() if point.gateway_traffic}
    apart: list[Limit] = []
    if len(points) > 1:
        apart += _by_point(run, load, points, short)
    if gateways > 1:
        apart += _by_gateway(run)
    if len(sites) > 1:
        apart += _by_site(design)
    replaced = {one.name.rpartition(" of ")[0] for one in apart}
    return (*apart, *(one for one in together if one.name not in replaced))


def documented_vms(design: Design, vm_size: str, connections: int) -> int:
    """Return the VMs of a size that the documents ask for; a size that the version does not rate is an A2_v2."""
    version = design.site_version()
    size = vm_size if vm_size in PROFILES[version].clients_per_vm else "A2_v2"
    return documented_size(connections, version=version, vm_size=size).vms


def _points(run: Run) -> list[int]:
    """Return the stations that are connection points which there are from the beginning."""
    planned = {name for name, point in run.design.roles.connection_points.items() if point.planned}
    return [
        number
        for number, station in enumerate(run.landscape.stations)
        if station.kind is StationKind.CONNECTION_POINT and station.name not in planned
    ]


def _short_of(run: Run, load: Load, points: list[int]) -> list[int]:
    """Return the connection points over which some clients may have wanted a channel and held none.

    Those are the ones that ran out of TCP ports; else, where requests went unanswered, all of them.
    """
    full = [point for point in points if load.refused[:, point].any()]
    unanswered = run.series.requests[:, :, tuple(Over).index(Over.GATEWAY), Count.UNANSWERED].any()
    return full or (points if unanswered else [])


def _wanted(run: Run, load: Load, short: list[int]) -> int:
    """Return how many clients at most wanted a channel over connection points that fell *short*.

    Those are the clients on the internet that are not stranded, less those who are served elsewhere at that time.
    """
    stations, contacts, gauges = run.landscape.stations, run.landscape.contacts, run.series.clients
    published = [number for number, contact in enumerate(contacts) if contact.over is Over.INTERNET]
    others = [point for point in _points(run) if point not in short]
    elsewhere = run.series.channels[:, published].sum(axis=1) + load.ports[:, others].sum(axis=1)
    most = int((gauges[:, Gauge.INTERNET] - gauges[:, Gauge.STRANDED] - elsewhere).max())
    held = int(load.ports[:, short].sum(axis=1).max(initial=0))
    ran_out = all(load.refused[:, point].any() for point in short)
    return max(most, held, sum(stations[point].ports for point in short) + 1 if ran_out else 0)


def _by_point(run: Run, load: Load, points: list[int], short: list[int]) -> Iterator[Limit]:
    """Yield how full the TCP ports of each connection point were.

    Those that fell short stand together, since nobody can say whose a client is that found no port.
    """
    stations = run.landscape.stations
    if short:
        name = " and ".join(stations[point].name for point in short)
        ports = sum(stations[point].ports for point in short)
        yield Limit(f"TCP ports of {name}", _wanted(run, load, short), ports, "ports", Beyond.REFUSAL)
    for point in points:
        if point not in short:
            held = int(load.ports[:, point].max())
            yield Limit(f"TCP ports of {stations[point].name}", held, stations[point].ports, "ports", Beyond.REFUSAL)


def _by_gateway(run: Run) -> Iterator[Limit]:
    design, contacts = run.design, run.landscape.contacts
    for name, gateway in design.gateways.items():
        if gateway.planned:
            continue
        fqdn = run.service_name(name).casefold()
        mine = [
            number
            for number, one in enumerate(contacts)
            if one.over is Over.GATEWAY and fqdn and one.fqdn.casefold() == fqdn
        ]
        vms = documented_vms(design, gateway.vm_size, int(run.series.channels[:, mine].sum(axis=1).max(initial=0)))
        points = [point for point in design.roles.connection_points.values() if point.gateway == name]
        yield Limit(f"VMs of {name}", vms, gateway.vms, "VMs")
        yield Limit(
            f"connection points by VMs of {name}",
            -(-max(vms, gateway.vms) // VMS_PER_CONNECTION_POINT),
            sum(not point.planned for point in points),
            "connection points",
        )


def _by_site(design: Design) -> Iterator[Limit]:
    for site in design.hierarchy.sites:
        points = sum(one.gateway_traffic for one in design.roles.management_points.values() if one.site == site)
        if points:
            clients = sum(population.count for population in design.clients.values() if population.site == site)
            have = points * CLIENTS_PER_MANAGEMENT_POINT
            yield Limit(f"management points of {site}", clients, have, "clients they take")
