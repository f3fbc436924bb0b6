"""Microsoft.Compute/cloudServices: cloud services (extended support).

Source: "Cloud Services" and "Cloud Service Role Instances" (REST reference).

Assumption: such a cloud service is made in 180 to 420 seconds, changed in 60 to 240, deleted in 60 to 120.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmgsim.arm import tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.cscfg import instance_addresses
from cmgsim.arm.errors import bad_request, busy, resource_not_found
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import SETTLE
from cmgsim.arm.providers.addresses import SERVICE_TYPE, address_of
from cmgsim.arm.providers.machines import FAULT_DOMAINS, RUNNING, STOPPED, UPGRADE_DOMAINS, power_status, status
from cmgsim.arm.quotas import cores_of
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, ResourceType, Style, Trait, count_of, object_of, objects_of, text_of
from cmgsim.arm.views import page

MOST_INSTANCES = 1_000
_POWER = {"start": RUNNING, "poweroff": STOPPED, "restart": "", "reimage": "", "rebuild": ""}


def roles(service: Resource) -> Iterator[tuple[str, str, int]]:
    """Return the roles of a service: name, size and number of instances.

    Raises:
        ArmError: 400 if they are written otherwise.
    """
    for role in objects_of(object_of(service.properties, "roleProfile"), "roles"):
        sku = object_of(role, "sku")
        yield text_of(role, "name"), text_of(sku, "name"), count_of(sku, "capacity", 1, MOST_INSTANCES)


def list_roles(cloud: Cloud, call: Call) -> Answer:
    """List the roles of a service."""
    service = _found(cloud, call)
    shown = (
        {
            "id": f"{service.id}/roles/{name}",
            "name": name,
            "type": f"{SERVICE_TYPE}/roles",
            "location": service.location,
            "sku": {"name": size, "tier": "Standard", "capacity": count},
            "properties": {"uniqueId": f"{service.name}/{name}"},
        }
        for name, size, count in roles(service)
    )
    return page(call, shown, cloud.config.page_size)


def list_addresses(cloud: Cloud, call: Call) -> Answer:
    """List the public addresses of one instance, which its configuration file gives to every instance of its role."""
    return page(call, _addresses(cloud, call), cloud.config.page_size)


def get_address(cloud: Cloud, call: Call) -> Answer:
    """Show one public address of one instance."""
    for address in _addresses(cloud, call):
        if address["name"].lower() == call.target.name.lower():
            return Answer(200, address)
    raise resource_not_found(f"{SERVICE_TYPE}/publicIPAddresses", "/".join(call.target.names), call.target.group)


def list_instances(cloud: Cloud, call: Call) -> Answer:
    """List the instances of all roles of a service."""
    return page(call, _instances(_found(cloud, call)), cloud.config.page_size)


def get_instance(cloud: Cloud, call: Call) -> Answer:
    """Show one instance."""
    return Answer(200, _instance(cloud, call))


def view_instance(cloud: Cloud, call: Call) -> Answer:
    """Show how one instance fares."""
    return Answer(200, _instance(cloud, call)["properties"]["instanceView"])


def act(cloud: Cloud, call: Call) -> Answer:
    """Start, stop or make anew the instances of a service."""
    service = _found(cloud, call)
    if service.operation:
        raise busy(service.id)
    power = _POWER[call.target.types[-1].lower()] or _power(service)
    marked = cloud.store.put(service.having(secret=service.secret | {"power": power}))
    operation = cloud.begin("cloudServices.update", marked, SETTLE, retry_after_s=10, fallback_cores=service.cores)
    return tasks.accepted(call, operation, "Microsoft.Compute")


def _instances(service: Resource) -> Iterator[Json]:
    for role, size, count in roles(service):
        for number in range(count):
            name = f"{role}_IN_{number}"
            view = {
                "platformUpdateDomain": number % UPGRADE_DOMAINS,
                "platformFaultDomain": number % FAULT_DOMAINS,
                "statuses": [status(service.state), power_status(_power(service))],
            }
            yield {
                "id": f"{service.id}/roleInstances/{name}",
                "name": name,
                "type": f"{SERVICE_TYPE}/roleInstances",
                "location": service.location,
                "sku": {"name": size, "tier": "Standard"},
                "properties": {"instanceView": view},
            }


def _addresses(cloud: Cloud, call: Call) -> Iterator[Json]:
    """Yield the public addresses of an instance, at the place of the path: any interface, any configuration."""
    service, instance = _found(cloud, call), _instance(cloud, call)["name"]
    interface, written = call.target.names[2:4]
    place = f"networkInterfaces/{interface}/ipConfigurations/{written}/publicIPAddresses"
    configuration = text_of(service.properties, "configuration")
    for name in instance_addresses(configuration).get(instance.rpartition("_IN_")[0], ()) if configuration else ():
        address_id = f"{service.id}/roleInstances/{instance}/{place}/{name}"
        properties = {
            "provisioningState": service.state,
            "ipAddress": address_of(cloud.seed, address_id.lower()),
            "publicIPAddressVersion": "IPv4",
            "publicIPAllocationMethod": "Dynamic",
        }
        yield {"id": address_id, "name": name, "properties": properties}


def _instance(cloud: Cloud, call: Call) -> Json:
    service, name = _found(cloud, call), call.target.names[1]
    for instance in _instances(service):
        if instance["name"].lower() == name.lower():
            return instance
    raise resource_not_found(f"{SERVICE_TYPE}/roleInstances", f"{service.name}/{name}", call.target.group)


def _power(service: Resource) -> str:
    return str(service.secret.get("power", RUNNING))


def _found(cloud: Cloud, call: Call) -> Resource:
    target = call.target
    service = cloud.store.get(f"{target.scope}/providers/{SERVICE_TYPE}/{target.names[0]}")
    if service is None:
        raise resource_not_found(SERVICE_TYPE, target.names[0], target.group)
    return service


def _cores(service: Resource) -> int:
    return sum(cores_of(size) * count for _, size, count in roles(service))


def _check(cloud: Cloud, service: Resource) -> None:
    if not all(name for name, _, _ in roles(service)):
        raise bad_request("InvalidParameter", "Every role of a cloud service needs a name.")


SERVICE = ResourceType(
    SERVICE_TYPE,
    "cloudServices",
    "2020-10-01-preview",
    create=Style.STATUS,
    update=Style.STATUS,
    delete=Style.STATUS,
    retry_after_s=10,
    traits=Trait.TRACKED,
    cores=_cores,
    check=_check,
)
_SERVICES = "group/microsoft.compute/cloudservices"
_ADDRESSES = f"{_SERVICES}/roleinstances/networkinterfaces/ipconfigurations/publicipaddresses"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", f"{_SERVICES}/roles"): list_roles,
    ("GET", f"{_SERVICES}/roleinstances"): list_instances,
    ("GET", f"{_SERVICES}/roleinstances/*"): get_instance,
    ("GET", f"{_SERVICES}/roleinstances/instanceview"): view_instance,
    ("GET", _ADDRESSES): list_addresses,
    ("GET", f"{_ADDRESSES}/*"): get_address,
    **{("POST", f"{_SERVICES}/{word}"): act for word in _POWER},
}
