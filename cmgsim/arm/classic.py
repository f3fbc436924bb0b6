"""Deployments of cloud services (classic): slots, roles and their instances.

Theory of operation: a deployment is a resource ``slots/production`` below ``domainNames/<name>``, and each of its roles
a resource below that. Every instance follows a path of its own (:class:`Instance`), drawn when it is asked for; the
operation of the deployment ends when the last instance is ready. Both doors, Azure Resource Manager and the older
service management, use the functions of this file.

Sources: "Service Management REST API Reference: Get Deployment" for the names of states, "Update a cloud service" for
upgrade domains. Assumption: starting takes 60 to 180 seconds, stopping 60 to 120, scaling in 30 to 60.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from cmgsim.arm.changes import require_idle
from cmgsim.arm.errors import ArmError, bad_request
from cmgsim.arm.lifecycle import FAILED, SUCCEEDED, Path, state_at
from cmgsim.arm.operations import Operation
from cmgsim.arm.quotas import check_cores, cores_of
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.types import ResourceType

EFFECT = "deployment"
#: (source: "Update a cloud service") five unless the service definition says otherwise.
UPGRADE_DOMAINS = 5
#: Assumption: instances of a cloud service (classic) are spread over two fault domains.
FAULT_DOMAINS = 2
MOST_INSTANCES = 1_000


class Power(Enum):
    """Whether the instances of a deployment run."""

    RUNNING = "Running"
    SUSPENDED = "Suspended"


@dataclass(frozen=True, slots=True)
class Instance:
    """One machine of a role: where its path begins and which way it takes."""

    number: int
    start: str
    path: Path

    def status(self, now_us: int) -> str:
        """Return its state, such as ``CreatingVM`` or ``ReadyRole``."""
        return state_at(self.start, self.path, now_us)

    @property
    def ready_us(self) -> int:
        """Return when its path ends, 0 if it has none."""
        return self.path[-1][0] if self.path else 0


@dataclass(frozen=True, slots=True)
class RolePlan:
    """A role to be deployed: its name, the size of its machines, how many."""

    name: str
    size: str
    instances: int


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """What to deploy into a slot."""

    name: str
    label: str
    configuration: str
    roles: tuple[RolePlan, ...]
    power: Power = Power.RUNNING


def instances(role: Resource) -> tuple[Instance, ...]:
    """Return the machines of a role."""
    found: tuple[Instance, ...] = role.secret.get("instances", ())
    return found


def power(slot: Resource) -> Power:
    """Return whether a deployment is to run."""
    return Power(slot.secret.get("power", Power.RUNNING.value))


def status(slot: Resource) -> str:
    """Return the status of a deployment in the words of the service management."""
    if slot.state == SUCCEEDED:
        return power(slot).value
    return "RunningTransitioning" if slot.state == "Updating" else slot.state


def deploy(
    cloud: Cloud, kinds: tuple[ResourceType, ResourceType], service: Resource, slot: str, plan: DeploymentPlan
) -> Operation:
    """Deploy into a slot of a cloud service; ``kinds`` are the types of slots and roles.

    Raises:
        ArmError: if the slot is occupied, the service busy, or the quota of cores too small.
    """
    slot_kind, role_kind = kinds
    slot_id = f"{service.id}/slots/{slot}"
    if slot_id in cloud.store:
        raise ArmError(409, "ConflictError", f"The specified deployment slot {slot.title()} is occupied.")
    require_idle(cloud, slot_kind, service)
    cloud.require_region(service.location)
    if len({role.name.lower() for role in plan.roles}) != len(plan.roles):
        raise bad_request("BadRequest", "Two roles of the deployment have the same name; give each its own.")
    _require_cores(cloud, service, sum(role.instances * cores_of(role.size) for role in plan.roles))
    body = {"properties": {"deploymentName": plan.name, "deploymentLabel": plan.label}}
    body["properties"]["configuration"] = plan.configuration
    secret = {"power": plan.power.value}
    made = cloud.create(Resource(slot_id, slot_kind.name, service.location, body, secret=secret))
    for role in plan.roles:
        properties = {"roleSize": role.size, "instanceCount": 0}
        role_id = f"{slot_id}/roles/{role.name}"
        cloud.create(Resource(role_id, role_kind.name, service.location, {"properties": properties}))
    return _resize(cloud, made, "slots.create", {role.name.lower(): role.instances for role in plan.roles})


def scale(
    cloud: Cloud, kind: ResourceType, slot: Resource, counts: dict[str, int], configuration: str = ""
) -> Operation:
    """Give the roles of a deployment as many instances as *counts* says, by name of role in lower case.

    A *configuration* replaces the text of the present one, unless the operation fails.

    Raises:
        ArmError: if there is no such role, the deployment is busy, or the quota of cores too small.
    """
    require_idle(cloud, kind, slot)
    cloud.require_region(slot.location)
    known = {role.name.lower(): role for role in cloud.store.children(slot.id)}
    for name in counts:
        if name not in known:
            raise bad_request("BadRequest", f"The role '{name}' is not part of the deployment '{slot.name}'.")
    extra = sum((count - _count(known[name])) * _cores(known[name]) for name, count in counts.items())
    _require_cores(cloud, slot, extra)
    return _resize(cloud, configured(slot, configuration), "slots.update", counts)


def start(cloud: Cloud, kind: ResourceType, slot: Resource) -> Operation:
    """Let all instances of a deployment start.

    Raises:
        ArmError: if the deployment is busy.
    """
    require_idle(cloud, kind, slot)
    for role in _to_be_switched(cloud, slot, Power.RUNNING):
        begun = tuple(_begin(cloud, role, instance.number, "roleInstances.start") for instance in instances(role))
        keep(cloud, role, begun)
    return operate(cloud, _powered(cloud, slot, Power.RUNNING), "slots.start")


def stop(cloud: Cloud, kind: ResourceType, slot: Resource) -> Operation:
    """Let all instances of a deployment stop; they go on taking their part of the quota.

    Raises:
        ArmError: if the deployment is busy.
    """
    require_idle(cloud, kind, slot)
    for role in _to_be_switched(cloud, slot, Power.SUSPENDED):
        keep(cloud, role, tuple(Instance(instance.number, "StoppedVM", ()) for instance in instances(role)))
    return operate(cloud, _powered(cloud, slot, Power.SUSPENDED), "slots.stop")


def rebuild(cloud: Cloud, kind: ResourceType, role: Resource, number: int, slot: Resource) -> Operation:
    """Let one instance of a role start anew, on the same or on another machine.

    Raises:
        ArmError: if there is no such instance, or the deployment is busy or stopped.
    """
    require_idle(cloud, kind, slot)
    if power(slot) is Power.SUSPENDED:
        raise ArmError(409, "ConflictError", f"The deployment in the slot {slot.name} is stopped; start it first.")
    if number >= len(instances(role)):
        raise ArmError(404, "ResourceNotFound", f"The role instance {role.name}_IN_{number} does not exist.")
    fresh = _begin(cloud, role, number, "roleInstances.start")
    others = (instance for instance in instances(role) if instance.number != number)
    keep(cloud, role, tuple(sorted((*others, fresh), key=lambda instance: instance.number)))
    return operate(cloud, slot, "slots.update")


def settle(cloud: Cloud, operation: Operation) -> None:
    """End an operation on a deployment: every role has the instances that were asked for, or those of before."""
    slot = cloud.store.get(operation.resource)
    if slot is None:
        return
    succeeded = operation.status == SUCCEEDED
    for role in list(cloud.store.children(slot.id)):
        count = _count(role) if succeeded else role.secret.get("count_before", _count(role))
        kept = instances(role)[:count]
        secret = {"instances": kept}
        body = body_with_properties(role.body, instanceCount=count)
        cloud.change(role, body=body, secret=secret, cores=_cores(role) * count, operation="", state=SUCCEEDED)
    secret = dict(slot.secret)
    before = secret.pop("configuration_before", None)
    body = slot.body if succeeded or before is None else body_with_properties(slot.body, configuration=before)
    cloud.change(slot, body=body, secret=secret, operation="", state=SUCCEEDED if succeeded else FAILED)


def configured(slot: Resource, configuration: str) -> Resource:
    """Return a deployment with another configuration, which is undone should its operation fail."""
    if not configuration:
        return slot
    secret = slot.secret | {"configuration_before": slot.properties.get("configuration", "")}
    return slot.having(body=body_with_properties(slot.body, configuration=configuration), secret=secret)


def _resize(cloud: Cloud, slot: Resource, lifecycle: str, counts: dict[str, int]) -> Operation:
    growing = False
    for role in list(cloud.store.children(slot.id)):
        before, count = _count(role), counts.get(role.name.lower(), _count(role))
        growing = growing or count > before
        fresh = tuple(_new(cloud, slot, role, number) for number in range(before, count))
        cores = _cores(role) * max(before, count)
        secret = {"instances": instances(role) + fresh, "count_before": before}
        cloud.change(role, body=body_with_properties(role.body, instanceCount=count), secret=secret, cores=cores)
    return operate(cloud, slot, "allocation.refused" if growing and not cloud.has_room(slot) else lifecycle)


def operate(cloud: Cloud, slot: Resource, lifecycle: str, effect: str = EFFECT) -> Operation:
    """Begin an operation that ends when its own path has ended and the last instance is ready."""
    drawn = cloud.path(lifecycle, slot.id)
    roles = list(cloud.store.children(slot.id))
    last_us = max((instance.ready_us for role in roles for instance in instances(role)), default=0)
    end_us = drawn[-1][0] if lifecycle == "allocation.refused" else max(drawn[-1][0], last_us)
    steps = (*drawn[:-1], (end_us, drawn[-1][1]))
    operation = cloud.begin(lifecycle, slot, effect, steps=steps, retry_after_s=10)
    for role in roles:
        cloud.store.put(role.having(operation=operation.id))
    return operation


def _new(cloud: Cloud, slot: Resource, role: Resource, number: int) -> Instance:
    if power(slot) is Power.SUSPENDED:
        return Instance(number, "StoppedVM", ())
    return _begin(cloud, role, number, "roleInstances.create")


def _begin(cloud: Cloud, role: Resource, number: int, lifecycle: str) -> Instance:
    path = cloud.path(lifecycle, f"{role.id}/{number}")
    return Instance(number, cloud.lifecycle(lifecycle).start, path)


def keep(cloud: Cloud, role: Resource, kept: Sequence[Instance]) -> Resource:
    """Let a role have other instances."""
    return cloud.store.put(role.having(secret={"instances": tuple(kept)}))


def _to_be_switched(cloud: Cloud, slot: Resource, wanted: Power) -> list[Resource]:
    return [] if power(slot) is wanted else list(cloud.store.children(slot.id))


def _powered(cloud: Cloud, slot: Resource, wanted: Power) -> Resource:
    return cloud.store.put(slot.having(secret=slot.secret | {"power": wanted.value}))


def _count(role: Resource) -> int:
    count: int = role.properties["instanceCount"]
    return count


def _cores(role: Resource) -> int:
    return cores_of(role.properties["roleSize"])


def _require_cores(cloud: Cloud, resource: Resource, extra: int) -> None:
    check_cores(cloud.store, cloud.owner_of(resource), resource.location, extra, "Classic")
