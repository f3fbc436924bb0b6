"""Microsoft.Compute: virtual machine scale sets, cloud services, sizes and the use of cores.

Assumption: a scale set is made in 180 to 420 seconds, scaled in 60 to 240, deleted in 60 to 120.
"""

from __future__ import annotations

from collections import Counter

from cmgsim.arm import tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.changes import update
from cmgsim.arm.clouds import region_key
from cmgsim.arm.errors import bad_request
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.providers import actions, cloudservices, images, machineaddresses, members
from cmgsim.arm.providers.actions import SCALE_SET_TYPE, find
from cmgsim.arm.providers.machines import (
    FAULT_DOMAINS,
    UPGRADE_DOMAINS,
    changed,
    grown,
    machines_of,
    model_of,
    state_of,
    status,
)
from cmgsim.arm.quotas import SIZES, cores_of
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, Provider, ResourceType, Style, Trait, count_of, object_of, text_of, texts_of
from cmgsim.arm.views import page, show

#: Machines of one scale set (source: "What are virtual machine scale sets?").
MOST_INSTANCES = 1_000
_SERVICES = ("AutomaticRepairs", "DummyOrchestrationServiceName")


def capacity(resource: Resource) -> int:
    """Return how many machines a scale set has or is to have."""
    return count_of(object_of(resource.body, "sku"), "capacity", 1, MOST_INSTANCES)


def usages(cloud: Cloud, call: Call) -> Answer:
    """Show how many cores and scale sets are in use in a region, and how many may be."""
    region = region_key(call.target.names[0])
    sets = sum(known.location == region for known in _sets(cloud, call))
    shown = (
        ("cores", "Total Regional vCPUs", cloud.store.cores(call.owner.id, region), call.owner.cores(region)),
        ("virtualMachineScaleSets", "Virtual Machine Scale Sets", sets, 2_500),
    )
    documents = (
        {"unit": "Count", "currentValue": used, "limit": limit, "name": {"value": word, "localizedValue": title}}
        for word, title, used, limit in shown
    )
    return page(call, documents, cloud.config.page_size)


def list_in_region(cloud: Cloud, call: Call) -> Answer:
    """List the scale sets of a region."""
    region = region_key(call.target.names[0])
    found = (show(cloud, SCALE_SET, known) for known in _sets(cloud, call) if known.location == region)
    return page(call, found, cloud.config.page_size)


def list_sizes(cloud: Cloud, call: Call) -> Answer:
    """List the sizes of machines; ``$filter`` knows locations."""
    wanted = call.request.query.get("$filter", "").partition("'")[2].partition("'")[0]
    regions = [
        region.name
        for region in cloud.regions.values()
        if region.environment == call.owner.environment and region.name == (region_key(wanted) or region.name)
    ]
    return page(call, (_size(name, *row, regions) for name, row in SIZES.items() if regions), cloud.config.page_size)


def view_set(cloud: Cloud, call: Call) -> Answer:
    """Show how many machines of a set fare how."""
    scale_set = find(cloud, call)
    counts = Counter(str(status(state_of(scale_set, machine))["code"]) for machine in machines_of(scale_set))
    services = scale_set.secret.get("services", {})
    document = {
        "virtualMachine": {"statusesSummary": [{"code": code, "count": count} for code, count in counts.items()]},
        "extensions": [],
        "statuses": [status(scale_set.state)],
        "orchestrationServices": [{"serviceName": name, "serviceState": word} for name, word in services.items()],
    }
    return Answer(200, document)


def list_upgrades(cloud: Cloud, call: Call) -> Answer:
    """List the upgrades of the operating system of a set; none is ever begun by itself."""
    find(cloud, call)
    return page(call, (), cloud.config.page_size)


def list_set_sizes(cloud: Cloud, call: Call) -> Answer:
    """List the sizes that a set could have."""
    present = capacity(find(cloud, call))
    bounds = {"minimum": 0, "maximum": MOST_INSTANCES, "defaultCapacity": present, "scaleType": "Automatic"}
    shown = (
        {"resourceType": SCALE_SET_TYPE, "sku": {"name": name, "tier": "Standard"}, "capacity": bounds}
        for name in SIZES
    )
    return page(call, shown, cloud.config.page_size)


def use_one_group(cloud: Cloud, call: Call) -> Answer:
    """Put all machines of a set into one placement group, of at most 100."""
    scale_set = find(cloud, call)
    if capacity(scale_set) > 100:
        raise bad_request("InvalidParameter", "A set of more than 100 machines needs several placement groups.")
    cloud.change(scale_set, body=body_with_properties(scale_set.body, singlePlacementGroup=True))
    return Answer(200)


def walk(cloud: Cloud, call: Call) -> Answer:
    """Walk an upgrade domain by hand, as clusters of Service Fabric may need."""
    find(cloud, call)
    text = call.request.query.get("platformupdatedomain", "")
    if not text.isdigit() or int(text) >= UPGRADE_DOMAINS:
        message = f"The upgrade domain '{text}' must be a number of 0 to {UPGRADE_DOMAINS - 1}."
        raise bad_request("InvalidParameter", message)
    following = int(text) + 1
    more = {"nextPlatformUpdateDomain": following} if following < UPGRADE_DOMAINS else {}
    return Answer(200, {"walkPerformed": True, **more})


def set_service(cloud: Cloud, call: Call) -> Answer:
    """Suspend or resume a service that watches over a set."""
    scale_set, document = find(cloud, call), call.document()
    name, action = text_of(document, "serviceName"), text_of(document, "action").lower()
    if name not in _SERVICES or action not in ("suspend", "resume"):
        message = f"The service '{name}' or the action '{action}' is invalid; use {_SERVICES[0]}, Suspend and Resume."
        raise bad_request("InvalidParameter", message)
    services = scale_set.secret.get("services", {}) | {name: "Suspended" if action == "suspend" else "Running"}
    if not scale_set.operation:
        scale_set = cloud.store.put(scale_set.having(secret=scale_set.secret | {"services": services}))
    return tasks.accepted(call, actions.begin(cloud, scale_set, (), {}), "Microsoft.Compute")


def scale_out(cloud: Cloud, call: Call) -> Answer:
    """Give a set so many more machines."""
    scale_set = find(cloud, call)
    more = count_of(call.document(), "capacity", 0, MOST_INSTANCES)
    sku = object_of(scale_set.body, "sku") | {"capacity": capacity(scale_set) + more}
    operation = update(cloud, SCALE_SET, scale_set, scale_set.having(body=scale_set.body | {"sku": sku}))
    assert operation is not None, "scaling takes time"
    return tasks.accepted(call, operation, "Microsoft.Compute")


def _sets(cloud: Cloud, call: Call) -> list[Resource]:
    groups = cloud.store.children(f"/subscriptions/{call.owner.id}")
    return [known for group in groups for known in cloud.store.children(group.id) if known.type == SCALE_SET_TYPE]


def _size(name: str, cores: int, memory_gb: float, regions: list[str]) -> Json:
    family = name.partition("_")[2].rstrip("0123456789_v")
    return {
        "resourceType": "virtualMachines",
        "name": name,
        "tier": "Standard",
        "size": name.partition("_")[2],
        "family": f"standard{family}Family",
        "locations": regions,
        "locationInfo": [{"location": region, "zones": []} for region in regions],
        "capabilities": [
            {"name": "vCPUs", "value": str(cores)},
            {"name": "MemoryGB", "value": f"{memory_gb:g}"},
        ],
        "restrictions": [],
    }


def _cores(resource: Resource) -> int:
    return cores_of(object_of(resource.body, "sku").get("name")) * capacity(resource)


def _check(cloud: Cloud, resource: Resource) -> None:
    if not object_of(resource.body, "sku").get("name"):
        raise bad_request("InvalidParameter", "The property 'sku.name' of a scale set is required.")
    capacity(resource)
    texts_of(resource.body, "zones")
    text_of(object_of(resource.properties, "upgradePolicy"), "mode")
    profile = object_of(resource.properties, "virtualMachineProfile")
    for word in ("osProfile", "networkProfile", "diagnosticsProfile"):
        object_of(profile, word)
    members.pools_of(resource)
    text_of(object_of(profile, "osProfile"), "computerNamePrefix")
    if count_of(resource.properties, "platformFaultDomainCount", FAULT_DOMAINS, FAULT_DOMAINS) < 1:
        raise bad_request("InvalidParameter", "The property 'platformFaultDomainCount' must be at least 1.")


def _view(cloud: Cloud, resource: Resource) -> Json:
    return {"uniqueId": resource.secret.get("unique_id", "")}


def _complete(cloud: Cloud, resource: Resource) -> Resource:
    """Give a set as many machines as it is to have, and a new model where it is written otherwise."""
    count = capacity(resource)
    body = resource.body | {"sku": object_of(resource.body, "sku") | {"capacity": count}}
    secret: Json = {"unique_id": cloud.guid("scale-set", resource.id)} if not resource.secret else dict(resource.secret)
    before = cloud.store.get(resource.id)
    if before is not None and _model(before.body) != _model(body):
        secret["model"] = model_of(before) + 1
    drawn = grown(resource.having(body=body, secret=secret), count, cloud.now_us)
    drawn = drawn.having(secret=drawn.secret | {"touched_us": cloud.now_us}, uses=members.pools_of(drawn))
    return drawn if _is_manual(drawn) else _with_latest(drawn, cloud.now_us)


def _model(body: Json) -> object:
    sku = {name: value for name, value in object_of(body, "sku").items() if name != "capacity"}
    return sku, body.get("properties")


def _is_manual(scale_set: Resource) -> bool:
    return text_of(object_of(scale_set.properties, "upgradePolicy"), "mode", "Manual").lower() == "manual"


def _with_latest(scale_set: Resource, now_us: int) -> Resource:
    """Return a set all of whose machines have its latest model."""
    model = model_of(scale_set)
    old = [machine.number for machine in machines_of(scale_set) if machine.model != model]
    return changed(scale_set, old, now_us, model=model)


SCALE_SET = ResourceType(
    SCALE_SET_TYPE,
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
EXTENSION = ResourceType(
    f"{SCALE_SET_TYPE}/extensions",
    "extensions",
    "2015-06-15",
    create=Style.STATUS,
    update=Style.STATUS,
    delete=Style.STATUS,
    retry_after_s=10,
    traits=Trait.NONE,
)
_SETS = "group/microsoft.compute/virtualmachinescalesets"
_LOCATIONS = "subscription/microsoft.compute/locations"
_ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "subscription/microsoft.compute/skus"): list_sizes,
    ("GET", f"{_LOCATIONS}/usages"): usages,
    ("GET", f"{_LOCATIONS}/virtualmachinescalesets"): list_in_region,
    ("GET", f"{_SETS}/instanceview"): view_set,
    ("GET", f"{_SETS}/osupgradehistory"): list_upgrades,
    ("GET", f"{_SETS}/skus"): list_set_sizes,
    ("POST", f"{_SETS}/converttosingleplacementgroup"): use_one_group,
    ("POST", f"{_SETS}/forcerecoveryservicefabricplatformupdatedomainwalk"): walk,
    ("POST", f"{_SETS}/setorchestrationservicestate"): set_service,
    ("POST", f"{_SETS}/scaleout"): scale_out,
    **actions.ROUTES,
    **machineaddresses.ROUTES,
    **cloudservices.ROUTES,
    **images.ROUTES,
}
PROVIDER = Provider(
    "Microsoft.Compute", (SCALE_SET, EXTENSION, cloudservices.SERVICE), _ROUTES, {actions.TURN: actions.turn}
)
