"""Microsoft.ClassicCompute: cloud services (classic) through Azure Resource Manager.

Assumption: bodies of Microsoft.ClassicCompute follow the older service management, as Microsoft published no schema.
Assumption: a cloud service is made in 5 to 15 seconds, and deleted with all it holds in 120 to 300.
"""

from __future__ import annotations

import re

from cmgsim.arm import classic, classicupgrades, cscfg
from cmgsim.arm.calls import Call
from cmgsim.arm.changes import usable_group
from cmgsim.arm.clouds import cloud_service_fqdn
from cmgsim.arm.errors import (
    ArmError,
    bad_request,
    method_not_allowed,
    parent_not_found,
    resource_not_found,
    services_exceeded,
)
from cmgsim.arm.identifiers import parent_id
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import (
    Effect,
    Handler,
    NameRule,
    Provider,
    ResourceType,
    Style,
    Trait,
    count_of,
    object_of,
    text_of,
)
from cmgsim.arm.views import begun

SLOTS = ("production", "staging")
SERVICE_NAME = NameRule(
    re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"),
    "BadRequest",
    "The name {name} is no valid name of a cloud service: it must have 1 to 63 letters, numbers and hyphens and start "
    "and end with a letter or a number.",
)
_SLOT_NAME = NameRule(
    re.compile("(?i)production|staging"), "BadRequest", "The slot {name} does not exist; use production or staging."
)


def check_name(cloud: Cloud, call: Call) -> Answer:
    """Say whether a cloud service could have a name (checkDomainNameAvailability)."""
    name = text_of(call.document(), "name")
    if reason := unavailable(cloud, name, call.owner.environment):
        return Answer(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": reason})
    return Answer(200, {"nameAvailable": True})


def unavailable(cloud: Cloud, name: str, environment: str) -> str:
    """Say why a cloud service could not have a name, ``""`` if it could."""
    try:
        SERVICE_NAME.check(name)
    except ArmError as problem:
        return problem.message
    taken = cloud.names.holder(cloud_service_fqdn(name, environment), cloud.now_us)
    return "A cloud service already exists with the specified name." if taken else ""


def put_slot(cloud: Cloud, call: Call) -> Answer:
    """Deploy into a slot, or change the configuration of what is deployed there."""
    service_name, slot_name = call.target.names
    _SLOT_NAME.check(slot_name)
    usable_group(cloud, call.owner.id, call.target.group)
    service = cloud.store.get(parent_id(call.target.resource_id))
    if service is None:
        raise parent_not_found(SLOT.name, slot_name, service_name)
    plan = _plan(cloud, object_of(call.document(), "properties"))
    slot = cloud.store.get(f"{service.id}/slots/{slot_name}")
    if slot is not None:
        counts = {role.name.lower(): role.instances for role in plan.roles}
        return _begun(cloud, call, classic.scale(cloud, SLOT, slot, counts, plan.configuration), 200)
    return _begun(cloud, call, classic.deploy(cloud, (SLOT, ROLE), service, slot_name.lower(), plan), 201)


def put_role(cloud: Cloud, call: Call) -> Answer:
    """Give a role another number of instances."""
    role, slot = _found(cloud, call, 3), _found(cloud, call, 2)
    count = count_of(object_of(call.document(), "properties"), "instanceCount", 0, classic.MOST_INSTANCES)
    if count < 1:
        raise bad_request("BadRequest", f"The role '{role.name}' needs 'properties.instanceCount' of at least 1.")
    return _begun(cloud, call, classic.scale(cloud, SLOT, slot, {role.name.lower(): count}), 200)


def start_slot(cloud: Cloud, call: Call) -> Answer:
    """Start a deployment."""
    return _begun(cloud, call, classic.start(cloud, SLOT, _found(cloud, call, 2)), 202)


def stop_slot(cloud: Cloud, call: Call) -> Answer:
    """Stop a deployment."""
    return _begun(cloud, call, classic.stop(cloud, SLOT, _found(cloud, call, 2)), 202)


def renew_instance(cloud: Cloud, call: Call) -> Answer:
    """Restart, reimage or rebuild one role instance."""
    role, slot = _found(cloud, call, 3), _found(cloud, call, 2)
    number = instance_number(role, call.target.names[3])
    return _begun(cloud, call, classic.rebuild(cloud, SLOT, role, number, slot), 202)


def refuse(cloud: Cloud, call: Call) -> Answer:
    """Refuse what only a whole deployment can do."""
    raise method_not_allowed(call.request.method, call.request.path)


def instance_number(role: Resource, name: str) -> int:
    """Return the number in the name of an instance: 2 of ``WebRole_IN_2``.

    Raises:
        ArmError: 404 ``ResourceNotFound`` if the role has no instance of this name.
    """
    match = re.fullmatch(r"(.+)_IN_([0-9]{1,4})", name)
    if match is None or match[1].lower() != role.name.lower():
        raise ArmError(404, "ResourceNotFound", f"The role instance {name} does not exist.")
    return int(match[2])


def show_instances(cloud: Cloud, role: Resource) -> list[Json]:
    """Return the instances of a role with their states."""
    return [
        {
            "instanceName": f"{role.name}_IN_{instance.number}",
            "instanceStatus": instance.status(cloud.now_us),
            "instanceSize": role.properties["roleSize"],
            "updateDomain": instance.number % classic.UPGRADE_DOMAINS,
            "faultDomain": instance.number % classic.FAULT_DOMAINS,
        }
        for instance in classic.instances(role)
    ]


def _plan(cloud: Cloud, properties: Json) -> classic.DeploymentPlan:
    configuration = text_of(properties, "configuration")
    power = classic.Power.RUNNING if properties.get("startDeployment", True) else classic.Power.SUSPENDED
    label = text_of(properties, "deploymentLabel", "deployment")
    return classic.DeploymentPlan(
        text_of(properties, "deploymentName", label), label, configuration, _roles(cloud, properties), power
    )


def _roles(cloud: Cloud, properties: Json) -> tuple[classic.RolePlan, ...]:
    written = properties.get("roles")
    size = cloud.config.role_size
    if written is None:
        counts = cscfg.role_counts(text_of(properties, "configuration"))
        return tuple(classic.RolePlan(name, size, count) for name, count in counts.items())
    if not isinstance(written, list) or not written or not all(isinstance(role, dict) for role in written):
        raise bad_request("BadRequest", "The property 'roles' must be a list of at least one role.")
    return tuple(_role(role, size) for role in written)


def _role(role: Json, size: str) -> classic.RolePlan:
    name, count = text_of(role, "name"), count_of(role, "instanceCount", 1, classic.MOST_INSTANCES)
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name) or count < 1:
        raise bad_request("BadRequest", f"The role '{name}' needs a name of letters and numbers and an instance.")
    return classic.RolePlan(name, text_of(role, "size", size), count)


def _found(cloud: Cloud, call: Call, depth: int) -> Resource:
    """Return the resource that the first *depth* names of a path point at."""
    target = call.target
    pairs = zip(target.types[:depth], target.names[:depth], strict=True)
    resource_id = f"{target.scope}/providers/{target.namespace}" + "".join(f"/{kind}/{name}" for kind, name in pairs)
    resource = cloud.store.get(resource_id)
    if resource is None:
        raise resource_not_found(target.kind, "/".join(target.names[:depth]), target.group)
    return resource


def _begun(cloud: Cloud, call: Call, operation: Operation, status: int) -> Answer:
    return begun(cloud, call, SLOT, operation, Style.STATUS, status)


def _names(cloud: Cloud, resource: Resource) -> tuple[str, ...]:
    return (cloud_service_fqdn(resource.name, cloud.environment_of(resource.subscription).name),)


def _taken(cloud: Cloud, resource: Resource, holder: str) -> ArmError:
    message = f"The specified DNS name is already taken: {_names(cloud, resource)[0]}."
    return ArmError(409, "ConflictError", message)


def _check_service(cloud: Cloud, resource: Resource) -> None:
    subscription = cloud.owner_of(resource)
    count = cloud.store.count(subscription.id, resource.type)
    if resource.id not in cloud.store and count >= subscription.cloud_service_quota:
        raise services_exceeded(subscription.cloud_service_quota)


def _view_service(cloud: Cloud, resource: Resource) -> Json:
    return {"hostName": _names(cloud, resource)[0], "status": "Created"}


def _view_slot(cloud: Cloud, resource: Resource) -> Json:
    service = parent_id(resource.id).rpartition("/")[2]
    host = cloud_service_fqdn(service, cloud.environment_of(resource.subscription).name)
    shown: Json = {"status": classic.status(resource), "slotType": resource.name.title()}
    return shown | {"uri": f"http://{host}/", "upgradeDomainCount": classic.UPGRADE_DOMAINS}


def _view_role(cloud: Cloud, resource: Resource) -> Json:
    return {"roleInstances": show_instances(cloud, resource)}


SERVICE = ResourceType(
    "Microsoft.ClassicCompute/domainNames",
    "domainNames",
    "2015-06-01",
    create=Style.STATUS,
    delete=Style.STATUS,
    retry_after_s=10,
    traits=Trait.TRACKED | Trait.CLASSIC,
    name_rule=SERVICE_NAME,
    claims=_names,
    taken=_taken,
    check=_check_service,
    view=_view_service,
)
SLOT = ResourceType(
    "Microsoft.ClassicCompute/domainNames/slots",
    "slots",
    "2015-06-01",
    delete=Style.STATUS,
    retry_after_s=10,
    traits=Trait.CLASSIC,
    name_rule=_SLOT_NAME,
    view=_view_slot,
)
ROLE = ResourceType(
    "Microsoft.ClassicCompute/domainNames/slots/roles",
    "roles",
    "2015-06-01",
    traits=Trait.CLASSIC,
    view=_view_role,
)
_SERVICES = "group/microsoft.classiccompute/domainnames"
_ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "subscription/microsoft.classiccompute/checkdomainnameavailability"): check_name,
    ("PUT", f"{_SERVICES}/slots/*"): put_slot,
    ("POST", f"{_SERVICES}/slots/start"): start_slot,
    ("POST", f"{_SERVICES}/slots/stop"): stop_slot,
    ("PUT", f"{_SERVICES}/slots/roles/*"): put_role,
    ("PATCH", f"{_SERVICES}/slots/roles/*"): put_role,
    ("PATCH", f"{_SERVICES}/slots/*"): refuse,
    ("DELETE", f"{_SERVICES}/slots/roles/*"): refuse,
}
for _verb in ("restart", "reimage", "rebuild"):
    _ROUTES["POST", f"{_SERVICES}/slots/roles/roleinstances/{_verb}"] = renew_instance
_EFFECTS: dict[str, Effect] = {classic.EFFECT: classic.settle, classicupgrades.EFFECT: classicupgrades.settle}
PROVIDER = Provider("Microsoft.ClassicCompute", (SERVICE, SLOT, ROLE), _ROUTES, _EFFECTS)
