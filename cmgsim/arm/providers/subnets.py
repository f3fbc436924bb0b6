"""Microsoft.Network: virtual networks and their subnets.

Sources: "Add, change, or delete a virtual network subnet", "Virtual Networks" (REST reference).
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import islice

from cmgsim.arm import tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.errors import ArmError, bad_request, resource_not_found
from cmgsim.arm.identifiers import parent_id
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import SETTLE
from cmgsim.arm.providers.inner import Part
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import ANY_NAME, Handler, object_of, text_of, texts_of
from cmgsim.arm.views import page

NETWORK_TYPE = "Microsoft.Network/virtualNetworks"
SUBNET_TYPE = f"{NETWORK_TYPE}/subnets"
SUBNETS = Part(SUBNET_TYPE, "subnets", ANY_NAME)
#: Azure keeps the first four addresses of a subnet and the last one (source: "Azure Virtual Network FAQ").
RESERVED = 5
_OFFERED = 5
Block = IPv4Network | IPv6Network


def check_network(cloud: Cloud, network: Resource) -> None:
    """Refuse a network whose subnets do not fit into it, or overlap."""
    if not isinstance(network.properties.get("subnets", []), list):
        raise bad_request("InvalidRequestFormat", "The value of 'subnets' must be a list.")
    space = list(_space(network))
    taken: dict[str, list[Block]] = {}
    for name, properties in SUBNETS.listed(network).items():
        blocks = list(_blocks(name, properties))
        _require_room(network.name, name, blocks, space, taken)
        taken[name] = blocks


def check_subnet(cloud: Cloud, subnet: Resource) -> None:
    """Refuse a subnet that does not fit into its network, or overlaps with another."""
    network = cloud.store.get(parent_id(subnet.id))
    if network is None:
        return
    others = {
        other.name: list(_blocks(other.name, other.properties))
        for other in SUBNETS.kept(cloud, network.id)
        if other.key != subnet.key
    }
    blocks = list(_blocks(subnet.name, subnet.properties))
    _require_room(network.name, subnet.name, blocks, list(_space(network)), others)


def view_network(cloud: Cloud, network: Resource) -> Json:
    """Show the subnets that a network has."""
    return {"subnets": SUBNETS.show(cloud, network)}


def adopt_subnets(cloud: Cloud, network: Resource) -> Resource:
    """Let a network have the subnets it is written with."""
    return SUBNETS.adopt(cloud, network)


def check_address(cloud: Cloud, call: Call) -> Answer:
    """Say whether an address of a network is free (checkIPAddressAvailability); no machine has one of its own."""
    network, text = _network(cloud, call), call.request.query.get("ipaddress", "")
    try:
        wanted = ip_address(text)
    except ValueError:
        raise bad_request("InvalidIPAddress", f"The value '{text}' of 'ipAddress' is no IP address.") from None
    for subnet in SUBNETS.kept(cloud, network.id):
        for block in _blocks(subnet.name, subnet.properties):
            if wanted in block:
                usable = [str(address) for address in islice(_usable(block), _OFFERED)]
                free = int(block[RESERVED - 1]) <= int(wanted) < int(block[-1])
                return Answer(
                    200, {"available": True} if free else {"available": False, "availableIPAddresses": usable}
                )
    raise bad_request("PrivateIPAddressNotInAnySubnet", f"The address {text} is in no subnet of '{network.name}'.")


def list_usage(cloud: Cloud, call: Call) -> Answer:
    """List how many addresses of each subnet are used: none, of as many as Azure leaves."""
    network = _network(cloud, call)
    shown = (_usage(subnet) for subnet in SUBNETS.kept(cloud, network.id))
    return page(call, shown, cloud.config.page_size)


def list_protection(cloud: Cloud, call: Call) -> Answer:
    """List the addresses of a network that are protected against floods: none."""
    network = _network(cloud, call)
    operation = tasks.begin(cloud, "network.action", network, {"value": []})
    return tasks.accepted(call, operation, "Microsoft.Network")


def prepare(cloud: Cloud, call: Call) -> Answer:
    """Prepare a subnet for a service that puts policies on it, or give it back."""
    target = call.target
    network = f"{target.scope}/providers/{NETWORK_TYPE}/{target.names[0]}"
    subnet = cloud.store.get(f"{network}/subnets/{target.names[1]}")
    if subnet is None:
        raise resource_not_found(SUBNET_TYPE, "/".join(target.names), target.group)
    if not text_of(call.document(), "serviceName"):
        raise bad_request("MissingServiceName", "The property 'serviceName' is required.")
    if subnet.operation:
        raise ArmError(429, "RetryableErrorDueToAnotherOperation", f"The subnet {subnet.id} is being changed.")
    operation = cloud.begin("network.action", subnet, SETTLE)
    return tasks.accepted(call, operation, "Microsoft.Network")


def _network(cloud: Cloud, call: Call) -> Resource:
    target = call.target
    network = cloud.store.get(f"{target.scope}/providers/{NETWORK_TYPE}/{target.names[0]}")
    if network is None:
        raise resource_not_found(NETWORK_TYPE, target.names[0], target.group)
    return network


def _space(network: Resource) -> Iterator[Block]:
    for text in texts_of(object_of(network.properties, "addressSpace"), "addressPrefixes"):
        yield _block(network.name, text)


def _blocks(name: str, properties: Json) -> Iterator[Block]:
    single = text_of(properties, "addressPrefix")
    for text in [single] if single else texts_of(properties, "addressPrefixes"):
        yield _block(name, text)


def _block(name: str, text: str) -> Block:
    try:
        return ip_network(text)
    except ValueError:
        message = f"The address prefix '{text}' of '{name}' is no valid CIDR block."
        raise bad_request("InvalidCIDRNotation", message) from None


def _require_room(
    network: str, name: str, blocks: list[Block], space: list[Block], taken: dict[str, list[Block]]
) -> None:
    for block in blocks:
        if space and not any(_within(block, whole) for whole in space):
            raise bad_request("NetcfgInvalidSubnet", f"Subnet '{name}' is not valid in virtual network '{network}'.")
        for other, others in taken.items():
            if any(block.overlaps(known) for known in others if known.version == block.version):
                message = (
                    f"Subnet '{name}' is not valid because its IP address range overlaps with that of an existing "
                    f"subnet '{other}' in virtual network '{network}'."
                )
                raise bad_request("NetcfgSubnetRangesOverlap", message)


def _within(block: Block, whole: Block) -> bool:
    inside = int(whole[0]) <= int(block[0]) and int(block[-1]) <= int(whole[-1])
    return block.version == whole.version and inside


def _usable(block: Block) -> Iterator[object]:
    return (block[number] for number in range(RESERVED - 1, block.num_addresses - 1))


def _usage(subnet: Resource) -> Json:
    room = sum(max(0, block.num_addresses - RESERVED) for block in _blocks(subnet.name, subnet.properties))
    name = {"value": "SubnetSpace", "localizedValue": "Subnet size and usage"}
    return {"id": subnet.id, "currentValue": 0.0, "limit": float(room), "name": name, "unit": "Count"}


_NETWORKS = "group/microsoft.network/virtualnetworks"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", f"{_NETWORKS}/checkipaddressavailability"): check_address,
    ("GET", f"{_NETWORKS}/usages"): list_usage,
    ("POST", f"{_NETWORKS}/ddosprotectionstatus"): list_protection,
    ("POST", f"{_NETWORKS}/subnets/preparenetworkpolicies"): prepare,
    ("POST", f"{_NETWORKS}/subnets/unpreparenetworkpolicies"): prepare,
}
