"""Sizing by the documented rules: how many VMs, connection points and management points so many clients need.

These are Microsoft's own figures (source: "Size and scale numbers", "Plan for cloud management gateway"). They take no
account of when clients come; a simulated answer stands beside them elsewhere. The TCP port rule binds earlier than the
rule of four VMs for a connection point: 16,384 ports serve 2.7 fully used VMs.
"""

from __future__ import annotations

from dataclasses import dataclass

from cmgsim.design.versions import BASELINE, PROFILES

VMS_PER_GATEWAY = 16
VMS_PER_CONNECTION_POINT = 4
PORTS_PER_CONNECTION_POINT = 16_384
CLIENTS_PER_MANAGEMENT_POINT = 25_000
CORES = {"A2_v2": 2, "B2s": 2, "A4_v2": 4}


@dataclass(frozen=True)
class DocumentedSize:
    """What the documented rules ask for."""

    clients: int
    """Internet clients connected at the same time, at the peak."""
    vms: int
    """VMs to carry the load."""
    vms_redundant: int
    """VMs when one may be missing at any time: never fewer than two."""
    gateways: int
    """Gateways of at most 16 VMs that hold the VMs for the load."""
    connection_points_by_vms: int
    """One connection point for every four VMs."""
    connection_points_by_ports: int
    """One connection point for every 16,384 clients, whose notification channels hold a TCP port each."""
    connection_points: int
    """The larger of the two, and never fewer than two."""
    management_points: int
    """One for every 25,000 clients of the site."""
    cores: int
    """Azure cores of the redundant VMs."""

    @property
    def binding(self) -> str:
        """What asks for the most connection points: ``ports``, ``vms``, or ``redundancy`` when two would do anyway."""
        if max(self.connection_points_by_vms, self.connection_points_by_ports) < 2:
            return "redundancy"
        return "ports" if self.connection_points_by_ports > self.connection_points_by_vms else "vms"


def documented_size(
    clients: int, *, site_clients: int | None = None, version: int = BASELINE, vm_size: str = "A2_v2"
) -> DocumentedSize:
    """Size gateways for a number of simultaneous internet clients; no gateway need exist yet.

    *site_clients* are all clients of the sites, on the internet or not; left out, the same number.

    Raises:
        ValueError: for a negative number, or a VM size that the version does not have.
    """
    if clients < 0 or (site_clients is not None and site_clients < 0):
        raise ValueError(f"a number of clients is not negative: {clients}")
    rated = PROFILES[version].clients_per_vm
    if vm_size not in rated:
        raise ValueError(f"version {version} has no VM size {vm_size!r}; it has {', '.join(rated)}")
    vms = max(1, _ceil(clients, rated[vm_size]))
    redundant = max(2, vms)
    by_vms, by_ports = _ceil(vms, VMS_PER_CONNECTION_POINT), max(1, _ceil(clients, PORTS_PER_CONNECTION_POINT))
    return DocumentedSize(
        clients=clients,
        vms=vms,
        vms_redundant=redundant,
        gateways=_ceil(vms, VMS_PER_GATEWAY),
        connection_points_by_vms=by_vms,
        connection_points_by_ports=by_ports,
        connection_points=max(2, by_vms, by_ports),
        management_points=max(
            1, _ceil(clients if site_clients is None else site_clients, CLIENTS_PER_MANAGEMENT_POINT)
        ),
        cores=redundant * CORES[vm_size],
    )


def _ceil(amount: int, size: int) -> int:
    return -(-amount // size)
