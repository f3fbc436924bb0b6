"""How many resources of a kind a region holds, and may hold (source: "Azure subscription and service limits")."""

from __future__ import annotations

from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import region_key
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.types import Handler

#: type, in lower case -> (name, title, how many a region may hold)
STORAGE = {"microsoft.storage/storageaccounts": ("StorageAccounts", "Storage Accounts", 250)}
NETWORK = {
    "microsoft.network/virtualnetworks": ("VirtualNetworks", "Virtual Networks", 1_000),
    "microsoft.network/networksecuritygroups": ("NetworkSecurityGroups", "Network Security Groups", 5_000),
    "microsoft.network/publicipaddresses": ("PublicIPAddresses", "Public IP Addresses", 1_000),
    "microsoft.network/loadbalancers": ("LoadBalancers", "Load Balancers", 1_000),
}


def count_storage(cloud: Cloud, call: Call) -> Answer:
    """Count the storage accounts of a region (source: "Usages - List By Location", REST reference)."""
    return Answer(200, {"value": _usages(cloud, call, STORAGE)})


def count_network(cloud: Cloud, call: Call) -> Answer:
    """Count the networks of a region, and what belongs to them (source: "Usages - List", REST reference)."""
    return Answer(200, {"value": _usages(cloud, call, NETWORK)})


def _usages(cloud: Cloud, call: Call, limits: dict[str, tuple[str, str, int]]) -> list[Json]:
    region = region_key(call.target.names[0])
    found = [held.type.lower() for held in cloud.store.below(call.target.scope) if held.location == region]
    return [
        {
            "id": f"{call.request.path}/{name}",
            "unit": "Count",
            "currentValue": found.count(kind),
            "limit": limit,
            "name": {"value": name, "localizedValue": title},
        }
        for kind, (name, title, limit) in limits.items()
    ]


ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "subscription/microsoft.storage/locations/usages"): count_storage,
    ("GET", "subscription/microsoft.network/locations/usages"): count_network,
}
