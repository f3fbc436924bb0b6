"""How a run's requests would fare in the lines of the design as it is drawn."""

from __future__ import annotations

from cmgsim.capacity.demand import Demand, demand_of
from cmgsim.capacity.limits import Stock, stock_of
from cmgsim.capacity.network import Candidate, Passage, requests_of, send_through, speeds_of
from cmgsim.units import PARTS_PER_MILLION
from cmgsim.world.run import Run


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


def whole_demand(run: Run) -> Demand:
    """Return what was asked in a run, by all clients where it simulated a share of them."""
    counted = demand_of(run)
    if run.scale == PARTS_PER_MILLION:
        return counted
    total = sum(population.count for population in run.design.clients.values())
    return counted.scaled(total * PARTS_PER_MILLION // max(run.clients, 1))


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
