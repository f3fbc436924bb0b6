"""Which machines stand behind which pool of a load balancer.

A scale set names the pools in the configurations of its network interfaces, so that each of its machines is behind them
from its birth to its end (source: "Networking for Azure Virtual Machine Scale Sets").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cmgsim.arm.providers.machines import machines_of
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import object_of, objects_of, text_of

_LISTS = ("loadBalancerBackendAddressPools", "loadBalancerInboundNatPools")


@dataclass(frozen=True, slots=True)
class Member:
    """A machine of a scale set by its number, and the id of the configuration that puts it behind a pool."""

    number: int
    configuration: str


def pools_of(scale_set: Resource) -> tuple[str, ...]:
    """Return the ids, in lower case, of the pools that the machines of a set are behind.

    Raises:
        ArmError: 400 ``InvalidRequestContent`` if they are written in another form than lists of objects with ids.
    """
    return tuple(dict.fromkeys(pool for _, pools in _configurations(scale_set) for pool in pools))


def members_of(cloud: Cloud, pool: str) -> list[Member]:
    """Return the machines behind a pool: set by set, each by number."""
    return [
        Member(machine.number, f"{scale_set.id}/virtualMachines/{machine.number}/{place}")
        for scale_set in cloud.store.users(pool)
        for place, pools in _configurations(scale_set)
        if pool.lower() in pools
        for machine in machines_of(scale_set)
    ]


def _configurations(scale_set: Resource) -> Iterator[tuple[str, list[str]]]:
    """Yield every configuration of the network interfaces of a set, with the pools that it names."""
    profile = object_of(object_of(scale_set.properties, "virtualMachineProfile"), "networkProfile")
    for interface in objects_of(profile, "networkInterfaceConfigurations"):
        for written in objects_of(object_of(interface, "properties"), "ipConfigurations"):
            properties = object_of(written, "properties")
            pools = [text_of(pool, "id").lower() for word in _LISTS for pool in objects_of(properties, word)]
            yield f"networkInterfaces/{text_of(interface, 'name')}/ipConfigurations/{text_of(written, 'name')}", pools
