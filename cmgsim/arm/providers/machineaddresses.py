"""Public addresses of single machines of a scale set, which have no resource of their own.

Source: "Networking for Azure Virtual Machine Scale Sets", public IPv4 per virtual machine.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmgsim.arm.calls import Call
from cmgsim.arm.errors import resource_not_found
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.providers.actions import SCALE_SET_TYPE, find, find_machine
from cmgsim.arm.providers.addresses import address_of
from cmgsim.arm.providers.machines import Machine, machines_of, state_of
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, object_of, objects_of, text_of
from cmgsim.arm.views import page


def list_of_set(cloud: Cloud, call: Call) -> Answer:
    """List the public addresses of all machines of a set."""
    scale_set = find(cloud, call)
    shown = (known for machine in machines_of(scale_set) for known in _addresses(cloud, scale_set, machine))
    return page(call, shown, cloud.config.page_size)


def list_of_machine(cloud: Cloud, call: Call) -> Answer:
    """List the public addresses of one configuration of one machine."""
    scale_set, machine = find_machine(cloud, call)
    prefix = call.target.resource_id.lower() + "/"
    shown = (known for known in _addresses(cloud, scale_set, machine) if known["id"].lower().startswith(prefix))
    return page(call, shown, cloud.config.page_size)


def get(cloud: Cloud, call: Call) -> Answer:
    """Show one public address of one machine."""
    scale_set, machine = find_machine(cloud, call)
    for known in _addresses(cloud, scale_set, machine):
        if known["id"].lower() == call.target.resource_id.lower():
            return Answer(200, known)
    raise resource_not_found(f"{SCALE_SET_TYPE}/publicIPAddresses", "/".join(call.target.names), call.target.group)


def _addresses(cloud: Cloud, scale_set: Resource, machine: Machine) -> Iterator[Json]:
    """Yield the addresses that the network profile of a set gives to each of its machines."""
    root = f"{scale_set.id}/virtualMachines/{machine.number}"
    profile = object_of(object_of(scale_set.properties, "virtualMachineProfile"), "networkProfile")
    for interface in objects_of(profile, "networkInterfaceConfigurations"):
        for written in objects_of(object_of(interface, "properties"), "ipConfigurations"):
            wanted = object_of(object_of(written, "properties"), "publicIPAddressConfiguration")
            if wanted:
                place = f"networkInterfaces/{text_of(interface, 'name')}/ipConfigurations/{text_of(written, 'name')}"
                name = text_of(wanted, "name")
                yield _show(cloud, f"{root}/{place}/publicIPAddresses/{name}", name, state_of(scale_set, machine))


def _show(cloud: Cloud, address_id: str, name: str, state: str) -> Json:
    properties = {
        "provisioningState": state,
        "ipAddress": address_of(cloud.seed, address_id.lower()),
        "publicIPAddressVersion": "IPv4",
        "publicIPAllocationMethod": "Dynamic",
        "ipConfiguration": {"id": address_id.rpartition("/publicIPAddresses/")[0]},
    }
    return {"id": address_id, "name": name, "properties": properties}


_SETS = "group/microsoft.compute/virtualmachinescalesets"
_CONFIGURATIONS = f"{_SETS}/virtualmachines/networkinterfaces/ipconfigurations"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", f"{_SETS}/publicipaddresses"): list_of_set,
    ("GET", f"{_CONFIGURATIONS}/publicipaddresses"): list_of_machine,
    ("GET", f"{_CONFIGURATIONS}/publicipaddresses/*"): get,
}
