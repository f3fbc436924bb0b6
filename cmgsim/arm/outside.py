"""What others do in the cloud by themselves: the platform, and whoever uses the portal.

Both come from faults (:data:`cmgsim.arm.faults.MOMENTS`). What the platform does needs nobody's roles and heeds no
lock; what finds its machine busy waits a minute.
"""

from __future__ import annotations

from dataclasses import dataclass

from cmgsim.arm import classic, routes
from cmgsim.arm.calls import Call
from cmgsim.arm.config import Principal
from cmgsim.arm.errors import ArmError
from cmgsim.arm.events import FaultStruck
from cmgsim.arm.faults import Fault, Point
from cmgsim.arm.messages import Json, Request
from cmgsim.arm.providers.machines import machines_of
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.targets import parse
from cmgsim.units import MINUTE

PLATFORM = Principal("Azure platform")
_AGAIN_US = MINUTE
_VERSION = "2019-07-01"
_SCALE_SET = "microsoft.compute/virtualmachinescalesets"
#: What is asked of an instance: of a scale set, and of a role of a cloud service.
_VERBS = {Point.HOST_REBUILT: ("restart", "rebuild"), Point.GUEST_OS_ROLLED: ("reimage", "reimage")}
#: Refusals that are worth another try; a machine that is stopped or gone is left alone.
_PASSING = ("AnotherOperationInProgress", "RetryableErrorDueToAnotherOperation", "ServiceUnavailable")


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine: whom to ask to renew it, and what to say."""

    path: str
    document: Json


def act(cloud: Cloud, fault: Fault, ordinal: int) -> None:
    """Let the platform do what a fault says, for the *ordinal*-th time."""
    machines = _machines(cloud, fault)
    number = fault.number("instance") if fault.point is Point.HOST_REBUILT else ordinal
    if number >= len(machines):
        return
    try:
        _renew(cloud, machines[number])
    except ArmError as problem:
        if problem.code not in _PASSING:
            return
        cloud.faults.acted[fault.name] = ordinal
        cloud.faults.act_again(fault, cloud.now_us + _AGAIN_US)
        return
    cloud.events.append(FaultStruck(fault.name, fault.point.value, machines[number].path))
    if fault.point is Point.GUEST_OS_ROLLED:
        cloud.faults.act_again(fault, cloud.now_us + fault.number("every_us"))


def _machines(cloud: Cloud, fault: Fault) -> list[Machine]:
    """Return the instances of what a fault names, or of all that is below it."""
    top = cloud.store.get(fault.match.resource)
    resources = [top, *cloud.store.below(top.id)] if top else []
    return [machine for resource in resources for machine in _of(resource, *_VERBS[fault.point])]


def _of(resource: Resource, verb: str, classic_verb: str) -> list[Machine]:
    if resource.type.lower() == _SCALE_SET:
        numbers = [machine.number for machine in machines_of(resource)]
        return [Machine(f"{resource.id}/{verb}", {"instanceIds": [str(number)]}) for number in numbers]
    if resource.type.lower().endswith("/slots/roles"):
        place = f"{resource.id}/roleInstances/{resource.name}_IN_"
        return [Machine(f"{place}{one.number}/{classic_verb}", {}) for one in classic.instances(resource)]
    return []


def _renew(cloud: Cloud, machine: Machine) -> None:
    """Let the platform ask for what an administrator could ask for.

    Raises:
        ArmError: if the machine is busy.
    """
    request = Request.of("POST", f"{machine.path}?api-version={_VERSION}", machine.document)
    target = parse(request.path)
    subscription = cloud.subscription(target.subscription)
    assert subscription is not None, machine.path
    tenant = cloud.config.tenant_of(subscription).id
    call = Call(request, target, tenant, PLATFORM, subscription, "", cloud.now_us)
    routes.find(request, target)(cloud, call)
