"""Microsoft.Compute: virtual machine scale sets and the use of cores.

Assumption: a scale set is made in 180 to 420 seconds, scaled in 60 to 240, deleted in 60 to 120.
"""

from __future__ import annotations

from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import region_key
from cmgsim.arm.errors import bad_request, resource_not_found
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import SETTLE
from cmgsim.arm.quotas import cores_of
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, Provider, ResourceType, Style, Trait, count_of, object_of
from cmgsim.arm.views import begun, page

#: Machines of one scale set (source: "What are virtual machine scale sets?").
MOST_INSTANCES = 1_000
FAULT_DOMAINS = 5
_ACTIONS = ("start", "restart", "poweroff", "deallocate", "reimage")


def capacity(resource: Resource) -> int:
    """Return how many machines a scale set has or is to have."""
    return count_of(object_of(resource.body, "sku"), "capacity", 1, MOST_INSTANCES)


def list_instances(cloud: Cloud, call: Call) -> Answer:
    """List the machines of a scale set."""
    scale_set = _scale_set(cloud, call)
    return page(call, (_instance(scale_set, number) for number in range(capacity(scale_set))), cloud.config.page_size)


def usages(cloud: Cloud, call: Call) -> Answer:
    """Show how many cores are in use in a region, and the quota."""
    region = region_key(call.target.names[0])
    limit, used = call.owner.cores(region), cloud.store.cores(call.owner.id, region)
    name = {"value": "cores", "localizedValue": "Total Regional vCPUs"}
    return Answer(200, {"value": [{"unit": "Count", "currentValue": used, "limit": limit, "name": name}]})


def act(cloud: Cloud, call: Call) -> Answer:
    """Start, stop or make anew the machines of a scale set."""
    scale_set = _scale_set(cloud, call)
    if scale_set.operation:
        raise SCALE_SET.busy(scale_set.id)
    cloud.require_region(scale_set.location)
    lifecycle, cores = "virtualMachineScaleSets.action", scale_set.cores
    operation = cloud.begin(lifecycle, scale_set, SETTLE, retry_after_s=10, fallback_cores=cores)
    return begun(cloud, call, SCALE_SET, operation, Style.STATUS, 202)


def _scale_set(cloud: Cloud, call: Call) -> Resource:
    scale_set = cloud.store.get(call.target.resource_id)
    if scale_set is None:
        raise resource_not_found(SCALE_SET.name, call.target.name, call.target.group)
    return scale_set


def _instance(scale_set: Resource, number: int) -> Json:
    return {
        "id": f"{scale_set.id}/virtualMachines/{number}",
        "name": f"{scale_set.name}_{number}",
        "type": f"{scale_set.type}/virtualMachines",
        "location": scale_set.location,
        "instanceId": str(number),
        "sku": {"name": object_of(scale_set.body, "sku").get("name")},
        "properties": {"provisioningState": scale_set.state, "latestModelApplied": True},
    }


def _cores(resource: Resource) -> int:
    return cores_of(object_of(resource.body, "sku").get("name")) * capacity(resource)


def _check(cloud: Cloud, resource: Resource) -> None:
    if not object_of(resource.body, "sku").get("name"):
        raise bad_request("InvalidParameter", "The property 'sku.name' of a scale set is required.")


def _view(cloud: Cloud, resource: Resource) -> Json:
    return {"uniqueId": resource.secret.get("unique_id", "")}


def _complete(cloud: Cloud, resource: Resource) -> Resource:
    sku = object_of(resource.body, "sku") | {"capacity": capacity(resource)}
    secret = resource.secret or {"unique_id": cloud.guid("scale-set", resource.id)}
    return resource.having(body=resource.body | {"sku": sku}, secret=secret)


SCALE_SET = ResourceType(
    "Microsoft.Compute/virtualMachineScaleSets",
    "virtualMachineScaleSets",
    "2015-06-15",
    create=Style.STATUS,
    update=Style.STATUS,
    delete=Style.STATUS,
    retry_after_s=10,
    traits=Trait.TRACKED,
    cores=_cores,
    check=_check,
    complete=_complete,
    view=_view,
)
_SCALE_SETS = "group/microsoft.compute/virtualmachinescalesets"
_ROUTES: dict[tuple[str, str], Handler] = {("POST", f"{_SCALE_SETS}/{action}"): act for action in _ACTIONS}
PROVIDER = Provider(
    "Microsoft.Compute",
    (SCALE_SET,),
    {
        ("GET", f"{_SCALE_SETS}/virtualmachines"): list_instances,
        ("GET", "subscription/microsoft.compute/locations/usages"): usages,
        **_ROUTES,
    },
)
