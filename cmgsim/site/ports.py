"""Which ports carry a gateway's traffic, and which of them a connection point ends up with.

Every conversation is opened from the inside: no port is opened towards the site (source: "Plan for cloud management
gateway", Ports and data flow). A connection point tries TCP-TLS to each VM first. Where that is blocked it falls back
to HTTPS: to the load balancer when the gateway has one VM, to each VM's own port when it has more. So a gateway that
works over port 443 with one VM loses its connection points when a second VM is added and 10124 and up are closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cmgsim.design.gateways import Deployment
from cmgsim.design.ports import ports_tried

PortRange = tuple[int, int]
"""First and last port."""

TCP_TLS = "TCP-TLS"
HTTPS = "HTTPS"

_PLAN = "Plan for cloud management gateway"


@dataclass(frozen=True)
class Flow:
    """One row of the ports table: who opens which conversation with whom. ``ports`` are those of the target."""

    opener: str
    target: str
    protocol: str
    ports: tuple[PortRange, ...]
    purpose: str
    source: str


FLOWS: dict[str, Flow] = {
    "P1": Flow("service connection point", "Azure", HTTPS, ((443, 443),), "deploy and watch the service", _PLAN),
    "P2": Flow("connection point", "VM of the gateway", TCP_TLS, ((10_140, 10_155),), "preferred channel", _PLAN),
    "P3": Flow("connection point", "load balancer", HTTPS, ((443, 443),), "fallback with one VM", _PLAN),
    "P4": Flow(
        "connection point", "VM of the gateway", HTTPS, ((10_124, 10_139),), "fallback with two VMs or more", _PLAN
    ),
    "P5": Flow("client", "gateway", HTTPS, ((443, 443),), "all requests", _PLAN),
    "P6": Flow(
        "client",
        "Azure storage",
        HTTPS,
        ((443, 443),),
        "content",
        "Use a cloud distribution point in Configuration Manager",
    ),
    "P7": Flow("connection point", "management point", "HTTP or HTTPS", ((80, 80), (443, 443)), "by its mode", _PLAN),
    "P8": Flow(
        "connection point",
        "update point",
        "HTTP or HTTPS",
        ((80, 80), (443, 443), (8530, 8531)),
        "by its setting",
        _PLAN,
    ),
    "P9": Flow("client", "management point", "HTTP or HTTPS", ((80, 80), (443, 443)), "on the intranet", "Ports"),
    "P10": Flow("client", "management point", "TCP", ((10_123, 10_123),), "notification on the intranet", "Ports"),
    "P11": Flow(
        "connection point", "scale set", HTTPS, ((443, 443), (10_124, 10_139)), "scale sets know no TCP-TLS", _PLAN
    ),
}
"""All conversations around a gateway."""


class Way(Enum):
    """How a connection point reaches the internet."""

    DIRECT = "direct"
    PROXY = "through an internet proxy"
    """A proxy passes HTTPS on, but not TCP-TLS."""


@dataclass(frozen=True)
class Link:
    """A channel between a connection point and one VM."""

    protocol: str
    port: int


@dataclass(frozen=True)
class Blocked:
    """Why there can be no channel to a VM."""

    reason: str


def link_for(
    vm: int, vm_count: int, allowed: tuple[PortRange, ...], deployment: Deployment, way: Way = Way.DIRECT
) -> Link | Blocked:
    """Return the channel to VM number *vm*, counted from 1, of a gateway with *vm_count* VMs, or what blocks it.

    *allowed* are the ports that the firewall lets out.
    """
    assert 1 <= vm <= vm_count, f"VM {vm} of {vm_count}"
    wanted = preferences(vm, vm_count, deployment, way)
    for link in wanted:
        if any(low <= link.port <= high for low, high in allowed):
            return link
    closed = " and ".join(f"{link.protocol} port {link.port}" for link in wanted)
    return Blocked(f"outbound {closed} closed")


def preferences(vm: int, vm_count: int, deployment: Deployment, way: Way = Way.DIRECT) -> tuple[Link, ...]:
    """Return the channels a connection point tries for a VM, in order."""
    *direct, https = ports_tried(vm, vm_count, deployment)
    tcp_tls = () if way is Way.PROXY else tuple(Link(TCP_TLS, port) for port in direct)
    return (*tcp_tls, Link(HTTPS, https))
