"""The limits of a gateway, each as how much is needed of how much there is, and the one that binds.

The fullest one binds; but where TCP ports run out, requests are refused, while all that is short of VMs and roles means
delay. So ports that are not enough bind before anything else that is not.

Sources: "Size and scale numbers", "Plan for cloud management gateway"; cores: "Azure subscription and service limits".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from cmgsim.capacity.documented import (
    CLIENTS_PER_MANAGEMENT_POINT,
    CORES,
    PORTS_PER_CONNECTION_POINT,
    VMS_PER_CONNECTION_POINT,
    VMS_PER_GATEWAY,
)
from cmgsim.design.gateways import Gateway
from cmgsim.design.model import Design
from cmgsim.errors import UnknownName
from cmgsim.site.wizard import effective_content

REQUESTS_PER_FILE = 500
"""How many requests a second Azure storage answers for one file (source: "Use a cloud distribution point")."""


class Beyond(IntEnum):
    """What more than a limit means."""

    DELAY = 0
    """Delay, or something that cannot be had."""
    REFUSAL = 1
    """Requests are refused."""


@dataclass(frozen=True)
class Limit:
    """One limit: ``need`` of ``have``, in ``unit``."""

    name: str
    need: int
    have: int
    unit: str
    beyond: Beyond = Beyond.DELAY

    @property
    def share(self) -> float:
        """How full it is: more than 1 where it is not enough."""
        return self.need / self.have if self.have else float("inf") if self.need else 0.0

    def __str__(self) -> str:
        verb = "is not enough" if self.share > 1 else "is enough"
        percent = f"{self.share:.0%}" if self.have else "there is none"
        return f"{self.name}: {self.need:,} of {self.have:,} {self.unit} ({percent}, {verb})"


@dataclass(frozen=True)
class SiteStock:
    """What stands at one site behind a gateway: only connection points of a role's own site take requests to it."""

    name: str
    connection_points: int
    tcp_ports: int
    """Over all these connection points."""
    management_points: int
    update_points: int

    @property
    def ports_each(self) -> int:
        """TCP ports of a connection point: of one as installed where there is none yet."""
        return self.tcp_ports // self.connection_points if self.connection_points else PORTS_PER_CONNECTION_POINT


@dataclass(frozen=True)
class Load:
    """What a site's roles behind a gateway have to carry."""

    connections: int
    """At the peak."""
    clients: int
    """All clients of the site."""


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
    sites: tuple[SiteStock, ...] = ()
    """Of one gateway: what stands behind it, by site."""
    cores_elsewhere: int = 0
    """Of one gateway: cores of the same quota that other gateways use."""


def sites_of(design: Design, gateway: str) -> tuple[str, ...]:
    """Return the sites with a connection point of a gateway, if there are any those with clients; at least one."""
    linked = {point.site for point in design.roles.connection_points.values() if point.gateway == gateway}
    populated = {population.site for population in design.clients.values() if population.count}
    ordered = [site for site in design.hierarchy.sites if site in (linked & populated or linked or populated)]
    return tuple(ordered) or tuple(design.hierarchy.sites)[:1]


def stock_of(design: Design, gateway: str | None = None) -> Stock:
    """Return what a design has, all its gateways together, or one *gateway* with the sites behind it.

    A planned gateway has what is drawn of it.

    Raises:
        UnknownName: if no gateway bears that name.
    """
    if gateway is None:
        return _pooled(design)
    if gateway not in design.gateways:
        raise UnknownName("gateway", gateway, design.gateways)
    drawn = design.gateways[gateway]
    sites = tuple(_site_stock(design, gateway, site) for site in sites_of(design, gateway))
    place = _place(design, drawn)
    return Stock(
        vms=drawn.vms,
        gateways=1,
        connection_points=sum(site.connection_points for site in sites),
        tcp_ports=sum(site.tcp_ports for site in sites),
        management_points=sum(site.management_points for site in sites),
        update_points=sum(site.update_points for site in sites),
        cores=design.azure.subscriptions[place[0]].cores if place[0] in design.azure.subscriptions else 0,
        vm_size=drawn.vm_size,
        region=drawn.region,
        storages=int(effective_content(design.site_version(), drawn)),
        sites=sites,
        cores_elsewhere=sum(
            other.vms * CORES[other.vm_size]
            for name, other in design.gateways.items()
            if name != gateway and not other.planned and _place(design, other) == place
        ),
    )


def _place(design: Design, gateway: Gateway) -> tuple[str, str]:
    """Return what has a quota of cores: a subscription in a region."""
    return gateway.subscription or next(iter(design.azure.subscriptions), ""), gateway.region


def _site_stock(design: Design, gateway: str, site: str) -> SiteStock:
    roles, late = design.roles, design.gateways[gateway].planned
    points = [
        point
        for point in roles.connection_points.values()
        if point.gateway == gateway and point.site == site and (late or not point.planned)
    ]
    return SiteStock(
        site,
        len(points),
        sum(point.tcp_ports for point in points),
        sum(point.gateway_traffic for point in roles.management_points.values() if point.site == site),
        sum(point.gateway_traffic for point in roles.update_points.values() if point.site == site),
    )


def _pooled(design: Design) -> Stock:
    gateways = [gateway for gateway in design.gateways.values() if not gateway.planned]
    points = [point for point in design.roles.connection_points.values() if not point.planned]
    subscriptions = design.azure.subscriptions
    places = sorted({_place(design, gateway) for gateway in gateways})
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


def limits(
    stock: Stock, *, connections: int, clients: int, vms: int, downloads: int = 0, sites: Sequence[Load] = ()
) -> tuple[Limit, ...]:
    """Return every limit: *connections* at the peak, *clients* in all, and the *vms* that are needed for them.

    *sites* are the loads of the stock's sites, in their order; where there are several, each has limits of its own.
    *downloads* are the requests a second that storage gets; where there are none, nothing is said of them.
    Assumption: downloads from storage all ask for one file, which Azure answers 500 requests a second for.
    """
    storage = Limit("Azure storage", downloads, stock.storages * REQUESTS_PER_FILE, "requests a second for one file")
    return (
        *((storage,) if downloads else ()),
        Limit("VMs", vms, stock.vms, "VMs"),
        Limit("VMs of a gateway", vms, stock.gateways * VMS_PER_GATEWAY, "VMs"),
        *_by_site(stock, sites or (Load(connections, clients),)),
        Limit(
            "connection points by VMs",
            -(-stock.vms // VMS_PER_CONNECTION_POINT),
            stock.connection_points,
            "connection points",
        ),
        Limit("cores quota", max(vms, stock.vms) * CORES[stock.vm_size] + stock.cores_elsewhere, stock.cores, "cores"),
    )


def _by_site(stock: Stock, loads: Sequence[Load]) -> Iterable[Limit]:
    """Return the limits of TCP ports, then those of management points: by site where there are several."""
    several = len(loads) > 1
    places = stock.sites if several else (SiteStock("", 0, stock.tcp_ports, stock.management_points, 0),)
    for site, load in zip(places, loads, strict=True):
        of = f" ({site.name})" if several else ""
        ports, unit = site.tcp_ports, "ports of the connection points"
        yield Limit(f"TCP ports{of}", load.connections, ports, unit, Beyond.REFUSAL)
    for site, load in zip(places, loads, strict=True):
        of = f" ({site.name})" if several else ""
        have = site.management_points * CLIENTS_PER_MANAGEMENT_POINT
        yield Limit(f"management points{of}", load.clients, have, "clients they take")


def binding(every: Iterable[Limit]) -> Limit:
    """Return the limit that binds: one beyond which requests are refused if it is passed, else the fullest.

    Of equally full ones that beyond which requests are refused, then the first.
    """
    return max(every, key=lambda limit: (limit.beyond if limit.share > 1 else 0, limit.share, limit.beyond))
