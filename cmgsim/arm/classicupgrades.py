"""Upgrades of deployments of cloud services (classic), one upgrade domain after another.

Theory of operation: an automatic upgrade draws at its beginning when each domain's turn comes: when the last instance
of the domain before is ready. A manual one takes a domain whenever its owner says so. Until it is complete it can be
rolled back: what was upgraded is started anew with the configuration of before.

Sources: "Upgrade Deployment", "Walk Upgrade Domain", "Rollback Update Or Upgrade" (Service Management REST API
Reference), "Update a cloud service".
"""

from __future__ import annotations

from cmgsim.arm import classic
from cmgsim.arm.changes import require_idle
from cmgsim.arm.classic import UPGRADE_DOMAINS, Instance, Power, instances, keep, operate
from cmgsim.arm.errors import ArmError, bad_request
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.types import ResourceType

AUTO, MANUAL = "Auto", "Manual"
EFFECT = "deployment-upgrade"
_LIFECYCLE = "roleInstances.start"


def upgrade(cloud: Cloud, kind: ResourceType, slot: Resource, mode: str, configuration: str, label: str) -> Operation:
    """Begin to upgrade a deployment to another package and configuration.

    Raises:
        ArmError: 400 for an unknown mode, 409 while the deployment is busy, stopped or being upgraded by hand.
    """
    if mode not in (AUTO, MANUAL):
        raise bad_request("BadRequest", f"The upgrade mode '{mode}' is not valid; use {AUTO} or {MANUAL}.")
    _require_ready(cloud, kind, slot)
    if under_way(slot):
        raise ArmError(409, "ConflictError", "An upgrade is in progress; walk it to its end or roll it back.")
    before = {"mode": mode, "walked": (), "configuration": slot.properties.get("configuration", "")}
    body = body_with_properties(slot.body, configuration=configuration, deploymentLabel=label)
    marked = cloud.store.put(slot.having(body=body, secret=slot.secret | {"upgrade": before}))
    if mode == AUTO:
        _restart(cloud, slot, domains(cloud, slot))
        marked = _walked(cloud, marked, domains(cloud, slot))
    return _begin(cloud, marked)


def walk(cloud: Cloud, kind: ResourceType, slot: Resource, domain: int) -> Operation:
    """Upgrade one domain by hand.

    Raises:
        ArmError: 400 if there is no such domain, 409 if no upgrade waits for it.
    """
    _require_ready(cloud, kind, slot)
    if not 0 <= domain < UPGRADE_DOMAINS:
        raise bad_request("BadRequest", f"The upgrade domain {domain} is not valid; use 0 to {UPGRADE_DOMAINS - 1}.")
    if not under_way(slot) or domain in slot.secret["upgrade"]["walked"]:
        raise ArmError(409, "ConflictError", f"No upgrade waits for the upgrade domain {domain}.")
    _restart(cloud, slot, (domain,))
    return _begin(cloud, _walked(cloud, slot, (domain,)))


def roll_back(cloud: Cloud, kind: ResourceType, slot: Resource) -> Operation:
    """Give the domains that were upgraded by hand what they had before.

    Raises:
        ArmError: 409 if there is no upgrade to be rolled back.
    """
    _require_ready(cloud, kind, slot)
    if not under_way(slot):
        raise ArmError(409, "ConflictError", "There is no upgrade in progress that could be rolled back.")
    known = slot.secret["upgrade"]
    _restart(cloud, slot, known["walked"])
    body = body_with_properties(slot.body, configuration=known["configuration"])
    secret = {name: value for name, value in slot.secret.items() if name != "upgrade"}
    return _begin(cloud, cloud.store.put(slot.having(body=body, secret=secret)))


def settle(cloud: Cloud, operation: Operation) -> None:
    """End a step of an upgrade; the last one ends the upgrade."""
    classic.settle(cloud, operation)
    slot = cloud.store.get(operation.resource)
    if slot is not None and under_way(slot) and set(domains(cloud, slot)) <= set(slot.secret["upgrade"]["walked"]):
        secret = {name: value for name, value in slot.secret.items() if name != "upgrade"}
        cloud.change(slot, secret=secret)


def under_way(slot: Resource) -> bool:
    """Say whether a deployment is being upgraded."""
    return "upgrade" in slot.secret


def progress(cloud: Cloud, slot: Resource) -> tuple[str, str, int]:
    """Return the mode of an upgrade under way, whether a domain is at work, and which one is or is next."""
    known = slot.secret["upgrade"]
    for domain in domains(cloud, slot):
        mine = [item for role in cloud.store.children(slot.id) for item in instances(role) if _domain(item) == domain]
        if any(instance.ready_us > cloud.now_us for instance in mine):
            return known["mode"], "During", domain
    left = [domain for domain in domains(cloud, slot) if domain not in known["walked"]]
    return known["mode"], "Before", left[0] if left else 0


def domains(cloud: Cloud, slot: Resource) -> tuple[int, ...]:
    """Return the upgrade domains in which a deployment has instances."""
    roles = cloud.store.children(slot.id)
    return tuple(sorted({_domain(instance) for role in roles for instance in instances(role)}))


def _domain(instance: Instance) -> int:
    return instance.number % UPGRADE_DOMAINS


def _require_ready(cloud: Cloud, kind: ResourceType, slot: Resource) -> None:
    require_idle(cloud, kind, slot)
    cloud.require_region(slot.location)
    if classic.power(slot) is Power.SUSPENDED:
        raise ArmError(409, "ConflictError", f"The deployment in the slot {slot.name} is stopped; start it first.")


def _restart(cloud: Cloud, slot: Resource, wanted: tuple[int, ...]) -> None:
    """Let the instances of domains start anew, domain after domain."""
    turn_us = cloud.now_us
    for domain in wanted:
        end_us = turn_us
        for role in list(cloud.store.children(slot.id)):
            fresh = tuple(
                _restarted(cloud, role, instance, turn_us) if _domain(instance) == domain else instance
                for instance in instances(role)
            )
            keep(cloud, role, fresh)
            ready = [instance.ready_us for instance in fresh if _domain(instance) == domain]
            end_us = max((end_us, *ready))
        turn_us = end_us


def _restarted(cloud: Cloud, role: Resource, instance: Instance, turn_us: int) -> Instance:
    start = cloud.lifecycle(_LIFECYCLE).start
    path = cloud.path(_LIFECYCLE, f"{role.id}/{instance.number}")
    later_us = turn_us - cloud.now_us
    if not later_us:
        return Instance(instance.number, start, path)
    shifted = tuple((moment_us + later_us, state) for moment_us, state in path)
    return Instance(instance.number, instance.status(cloud.now_us), ((turn_us, start), *shifted))


def _walked(cloud: Cloud, slot: Resource, more: tuple[int, ...]) -> Resource:
    known = slot.secret["upgrade"]
    upgraded = known | {"walked": (*known["walked"], *more)}
    return cloud.store.put(slot.having(secret=slot.secret | {"upgrade": upgraded}))


def _begin(cloud: Cloud, slot: Resource) -> Operation:
    return operate(cloud, slot, "slots.update", EFFECT)
