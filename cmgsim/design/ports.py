"""Which ports of a gateway a connection point dials: the numbers, for all who need them.

Source: "Plan for cloud management gateway", Ports and data flow.
"""

from __future__ import annotations

from cmgsim.design.gateways import Deployment

FIRST_TCP_PORT = 10_140
"""TCP-TLS to the first VM; each further VM has the next port."""
FIRST_HTTPS_PORT = 10_124
"""HTTPS to the first of several VMs; each further VM has the next port."""
LOAD_BALANCER_PORT = 443
"""HTTPS to a gateway with one VM."""


def tcp_port(vm: int) -> int:
    """Return the port for TCP-TLS to VM number *vm*, counted from 1."""
    return FIRST_TCP_PORT + vm - 1


def https_port(vm: int, vm_count: int) -> int:
    """Return the port for HTTPS to VM number *vm*, counted from 1, of a gateway with *vm_count* VMs."""
    return LOAD_BALANCER_PORT if vm_count == 1 else FIRST_HTTPS_PORT + vm - 1


def ports_tried(vm: int, vm_count: int, deployment: Deployment) -> tuple[int, ...]:
    """Return the ports that a connection point tries for a VM, in order: TCP-TLS, which scale sets lack, then HTTPS.

    Assumption: with a scale set, HTTPS uses the same ports by number of VMs as with a cloud service.
    """
    https = https_port(vm, vm_count)
    return (https,) if deployment == "vmss" else (tcp_port(vm), https)
