"""The machines of a scale set: one record each, kept with the set as a tuple that is replaced, never changed.

Machine *n* is in upgrade domain ``n % 5`` and in fault domain ``n %`` the number of fault domains of its set. A machine
that the last operation touched shows the state of the set; the others are ``Succeeded``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from cmgsim.arm.errors import bad_request
from cmgsim.arm.identifiers import named_guid
from cmgsim.arm.lifecycle import SUCCEEDED
from cmgsim.arm.messages import Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import object_of, text_of, texts_of

UPGRADE_DOMAINS = 5
FAULT_DOMAINS = 5
RUNNING, STOPPED, DEALLOCATED = "running", "stopped", "deallocated"
_POWER = {RUNNING: "VM running", STOPPED: "VM stopped", DEALLOCATED: "VM deallocated"}


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine; ``model`` counts which version of the set's model it has, ``touched_us`` is its last operation."""

    number: int
    born_us: int
    touched_us: int
    model: int = 1
    power: str = RUNNING
    zone: str = ""
    extra: Json = field(default_factory=dict)

    def __deepcopy__(self, memo: dict[int, Any]) -> Machine:
        """Return itself: nothing in it ever changes."""
        return self


def machines_of(scale_set: Resource) -> tuple[Machine, ...]:
    """Return the machines of a set, by number."""
    return tuple(scale_set.secret.get("machines", ()))


def model_of(scale_set: Resource) -> int:
    """Return the version of a set's model."""
    return int(scale_set.secret.get("model", 1))


def grown(scale_set: Resource, count: int, now_us: int) -> Resource:
    """Return a set with as many machines: the newest are taken away, new ones get new numbers."""
    present = machines_of(scale_set)
    following = int(scale_set.secret.get("following", 0))
    zones = texts_of(scale_set.body, "zones") or [""]
    more = tuple(
        Machine(number, now_us, now_us, model_of(scale_set), zone=zones[number % len(zones)])
        for number in range(following, following + count - len(present))
    )
    secret = {"machines": present[:count] + more, "following": following + len(more)}
    return scale_set.having(secret=scale_set.secret | secret)


def chosen(scale_set: Resource, names: Collection[str]) -> tuple[int, ...]:
    """Return the numbers of the machines that are named; all of them for ``*`` or for none.

    Raises:
        ArmError: 400 ``InvalidParameter`` for a name that no machine has.
    """
    known = {str(machine.number): machine.number for machine in machines_of(scale_set)}
    if not names or "*" in names:
        return tuple(known.values())
    for name in names:
        if name not in known:
            message = f"The provided instanceId {name} is not an active Virtual Machine Scale Set VM instanceId."
            raise bad_request("InvalidParameter", message)
    return tuple(dict.fromkeys(known[name] for name in names))


def changed(scale_set: Resource, numbers: Collection[int], now_us: int, **changes: Any) -> Resource:
    """Return a set some of whose machines are changed, and touched."""
    wanted = set(numbers)
    machines = tuple(
        replace(machine, touched_us=now_us, **changes) if machine.number in wanted else machine
        for machine in machines_of(scale_set)
    )
    return scale_set.having(secret=scale_set.secret | {"machines": machines, "touched_us": now_us})


def state_of(scale_set: Resource, machine: Machine) -> str:
    """Return the provisioning state of a machine."""
    if machine.touched_us != scale_set.secret.get("touched_us"):
        return SUCCEEDED
    growing = scale_set.state == "Updating" and machine.born_us == machine.touched_us
    return "Creating" if growing else scale_set.state


def show(cloud: Cloud, scale_set: Resource, machine: Machine, *parts: str) -> Json:
    """Return a machine as ARM shows it; *parts* may name ``instanceView``."""
    profile = object_of(scale_set.properties, "virtualMachineProfile")
    computer = text_of(object_of(profile, "osProfile"), "computerNamePrefix", scale_set.name)
    properties: Json = {
        "provisioningState": state_of(scale_set, machine),
        "latestModelApplied": machine.model == model_of(scale_set),
        "vmId": named_guid("machine", scale_set.key, str(machine.number), str(machine.born_us)),
        "timeCreated": cloud.iso(machine.born_us),
        "osProfile": {"computerName": f"{computer}{machine.number:06}"},
        "storageProfile": {"dataDisks": list(machine.extra.get("disks", {}).values())},
    }
    if "protection" in machine.extra:
        properties["protectionPolicy"] = machine.extra["protection"]
    if "instanceview" in [part.lower() for part in parts]:
        properties["instanceView"] = view(cloud, scale_set, machine)
    shown: Json = {
        "id": f"{scale_set.id}/virtualMachines/{machine.number}",
        "name": f"{scale_set.name}_{machine.number}",
        "type": f"{scale_set.type}/virtualMachines",
        "location": scale_set.location,
        "instanceId": str(machine.number),
        "sku": {"name": object_of(scale_set.body, "sku").get("name"), "tier": "Standard"},
        "properties": properties,
    }
    if machine.zone:
        shown["zones"] = [machine.zone]
    return shown | ({"tags": machine.extra["tags"]} if "tags" in machine.extra else {})


def view(cloud: Cloud, scale_set: Resource, machine: Machine) -> Json:
    """Return the instance view of a machine: where it is and how it fares."""
    state = state_of(scale_set, machine)
    domains = scale_set.properties.get("platformFaultDomainCount") or FAULT_DOMAINS
    return {
        "platformUpdateDomain": machine.number % UPGRADE_DOMAINS,
        "platformFaultDomain": machine.number % domains,
        "computerName": show(cloud, scale_set, machine)["properties"]["osProfile"]["computerName"],
        "statuses": [status(state), power_status(machine.power)],
    }


def status(state: str) -> Json:
    """Return a provisioning state as instance views show it."""
    code = "updating" if state in ("Creating", "Updating", "Deleting") else state.lower()
    return {"code": f"ProvisioningState/{code}", "level": "Info", "displayStatus": f"Provisioning {code}"}


def power_status(power: str) -> Json:
    """Return a power state as instance views show it."""
    return {"code": f"PowerState/{power}", "level": "Info", "displayStatus": _POWER[power]}
