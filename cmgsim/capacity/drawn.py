"""How a run's requests would fare in the lines of the design as it is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from cmgsim.capacity.demand import Demand, _unhindered, demand_of
from cmgsim.capacity.limits import Stock, stock_of
from cmgsim.capacity.network import Candidate, Passage, requests_of, send_through, speeds_of
from cmgsim.design.model import Design
from cmgsim.errors import Refused
from cmgsim.fleet.measures import Measures
from cmgsim.fleet.series import Count
from cmgsim.site.client import Activity
from cmgsim.site.landscape import Over
from cmgsim.units import PARTS_PER_MILLION
from cmgsim.world.build import build
from cmgsim.world.run import Run

_INTRANET, _GATEWAY = (tuple(Over).index(way) for way in (Over.INTRANET, Over.GATEWAY))


def candidate_of(stock: Stock) -> Candidate | None:
    """Return the parts that a design has from the beginning; None where no gateway can serve anybody."""
    if not (stock.vms and stock.connection_points and stock.management_points):
        return None
    return Candidate(
        stock.vms,
        stock.connection_points,
        stock.management_points,
        max(stock.update_points, 1),
        stock.tcp_ports // stock.connection_points,
    )


def lived(design: Design, days: int, *, seed: int, scale: int, observer: Callable[[str], None]) -> tuple[Run, Measures]:
    """Let a share (ppm) of a design's clients live for some days; return the run and what was measured in it."""
    world = build(design, seed=seed, scale=scale)
    for day in range(days):
        observer(f"day {day + 1} of {days}")
        world.run(timedelta(days=1))
    return world.finish(), world.fleet.measures()


def unhindered(design: Design) -> Design:
    """Return the design with roles that serve at once and ports enough for every client that it has.

    A sample has to live like this: a tenth of the clients would never fill the lines or the ports of the whole.
    """
    free, roles = _unhindered(design), design.roles
    ports = 2 * sum(population.count for population in design.clients.values())
    enough = {
        name: point.model_copy(update={"tcp_ports": max(point.tcp_ports, ports)})
        for name, point in free.roles.connection_points.items()
    }
    return free.model_copy(update={"roles": roles.model_copy(update={"connection_points": enough})})


def multiple_of(run: Run) -> int:
    """Return how many clients of the design stand for each one that a run simulated, in parts per million."""
    if run.scale == PARTS_PER_MILLION:
        return PARTS_PER_MILLION
    total = sum(population.count for population in run.design.clients.values())
    return total * PARTS_PER_MILLION // max(run.clients, 1)


def whole_demand(run: Run) -> Demand:
    """Return what was asked in a run, by all clients where it simulated a share of them."""
    return demand_of(run).scaled(multiple_of(run))


def served_demand(run: Run) -> Demand:
    """Return what was served in a run, by all clients where it simulated a share of them.

    What a gateway refuses whatever its size, or nothing answers, takes none of its time.
    """
    counted = demand_of(run)
    served = run.series.requests[: run.series.intervals, ..., Count.SERVED].copy()
    served[:, Activity.DOWNLOAD] = 0
    by_gateway, directly = served[:, :, _GATEWAY], served[:, :, _INTRANET]
    return replace(counted, requests=by_gateway, intranet=directly).scaled(multiple_of(run))


def require_alike(design: Design) -> None:
    """Let a design pass whose gateways, and the roles behind them, are alike, so that they can be taken for one.

    Raises:
        Refused: if they differ in their VMs, or in the sites or TCP ports of their connection points.
    """
    points = [point for point in design.roles.connection_points.values() if not point.planned]
    managing, updating = design.roles.management_points.values(), design.roles.update_points.values()
    sites = {
        *(point.site for point in points),
        *(role.site for role in managing if role.gateway_traffic),
        *(role.site for role in updating if role.gateway_traffic),
    }
    kinds = {
        (gateway.vm_size, gateway.vms, sum(point.gateway == name for point in points))
        for name, gateway in design.gateways.items()
        if not gateway.planned
    }
    differ = [
        what
        for what, values in (
            ("gateways differ in their VMs or connection points", kinds),
            ("roles behind its gateways are in different sites", sites),
            ("connection points differ in their TCP ports", {point.tcp_ports for point in points}),
        )
        if len(values) > 1
    ]
    if differ:
        raise Refused("UNLIKE_GATEWAYS", f"a sample takes all gateways for one, but {differ[0]}: leave --scale out")


def busiest_hour(run: Run) -> Passage | None:
    """Send the requests of a run's busiest hour through the design as it is drawn.

    None where nothing is asked over gateways, or nobody there can serve it.
    """
    demand, stock = whole_demand(run), stock_of(run.design)
    candidate = candidate_of(stock)
    if candidate is None or not demand.requests.any():
        return None
    speeds = speeds_of(run.design, stock.vm_size)
    return send_through(requests_of(demand, speeds), candidate, speeds)
