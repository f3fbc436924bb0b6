"""The limits of a gateway, each as how much is needed of how much there is; the fullest one binds.

Sources: "Size and scale numbers", "Plan for cloud management gateway"; cores: "Azure subscription and service limits".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cmgsim.capacity.documented import CLIENTS_PER_MANAGEMENT_POINT, CORES, VMS_PER_CONNECTION_POINT, VMS_PER_GATEWAY
from cmgsim.design.model import Design
from cmgsim.site.wizard import effective_content

REQUESTS_PER_FILE = 500
"""How many requests a second Azure storage answers for one file (source: "Use a cloud distribution point")."""


@dataclass(frozen=True)
class Limit:
    """One limit: ``need`` of ``have``, in ``unit``."""

    name: str
    need: int
    have: int
    unit: str

    @property
    def share(self) -> float:
        """How full it is: more than 1 where it is not enough."""
        return self.need / self.have if self.have else float("inf") if self.need else 0.0

    def __str__(self) -> str:
        verb = "is not enough" if self.share > 1 else "is enough"
        percent = f"{self.share:.0%}" if self.have else "there is none"
        return f"{self.name}: {self.need:,} of {self.have:,} {self.unit} ({percent}, {verb})"


@dataclass(frozen=True)
class Stock:
    """What a design has: of its gateways that run from the beginning, and of the roles behind them."""

    vms: int
    gateways: int
    connection_points: int
    tcp_ports: int
    """Over all connection points."""
    management_points: int
    update_points: int
    cores: int
    """The quota of cores of the subscriptions and regions that the gateways are in."""
    vm_size: str
    region: str
    storages: int = 0
    """Gateways that serve content, each from a storage of its own."""


def stock_of(design: Design) -> Stock:
    """Return what a design has."""
    gateways = [gateway for gateway in design.gateways.values() if not gateway.planned]
    points = [point for point in design.roles.connection_points.values() if not point.planned]
    subscriptions = design.azure.subscriptions
    places = sorted({(gateway.subscription or next(iter(subscriptions), ""), gateway.region) for gateway in gateways})
    return Stock(
        vms=sum(gateway.vms for gateway in gateways),
        gateways=len(gateways),
        connection_points=len(points),
        tcp_ports=sum(point.tcp_ports for point in points),
        management_points=sum(point.gateway_traffic for point in design.roles.management_points.values()),
        update_points=sum(point.gateway_traffic for point in design.roles.update_points.values()),
        cores=sum(subscriptions[name].cores for name, _ in places if name in subscriptions),
        vm_size=gateways[0].vm_size if gateways else "A2_v2",
        region=gateways[0].region if gateways else "",
        storages=sum(effective_content(design.site_version(), gateway) for gateway in gateways),
    )


def limits(stock: Stock, *, connections: int, clients: int, vms: int, downloads: int = 0) -> tuple[Limit, ...]:
    """Return every limit: *connections* at the peak, *clients* in all, and the *vms* that are needed for them.

    *downloads* are the requests a second that storage gets; where there are none, nothing is said of them.
    Assumption: downloads from storage all ask for one file, which Azure answers 500 requests a second for.
    """
    storage = Limit("Azure storage", downloads, stock.storages * REQUESTS_PER_FILE, "requests a second for one file")
    return (
        *((storage,) if downloads else ()),
        Limit("VMs", vms, stock.vms, "VMs"),
        Limit("VMs of a gateway", vms, stock.gateways * VMS_PER_GATEWAY, "VMs"),
        Limit("TCP ports", connections, stock.tcp_ports, "ports of the connection points"),
        Limit(
            "connection points by VMs",
            -(-max(vms, stock.vms) // VMS_PER_CONNECTION_POINT),
            stock.connection_points,
            "connection points",
        ),
        Limit(
            "management points", clients, stock.management_points * CLIENTS_PER_MANAGEMENT_POINT, "clients they take"
        ),
        Limit("cores quota", max(vms, stock.vms) * CORES[stock.vm_size], stock.cores, "cores"),
    )


def binding(every: Iterable[Limit]) -> Limit:
    """Return the limit that is fullest; of equally full ones the first."""
    return max(every, key=lambda limit: limit.share)
