"""What can be done to the machines of a scale set, as a table, and the operations that do it.

Sources: "Virtual Machine Scale Sets" and "Virtual Machine Scale Set VMs" (REST reference).

Assumption: an action on machines takes 30 to 90 seconds, however many they are.
Assumption: scripts of Run Command print nothing, as no machine runs them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Flag, auto
from typing import Any

from cmgsim.arm import tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.errors import ArmError, bad_request, busy, resource_not_found
from cmgsim.arm.lifecycle import FAILED, SUCCEEDED
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.providers.machines import (
    DEALLOCATED,
    RUNNING,
    STOPPED,
    Machine,
    changed,
    chosen,
    machines_of,
    model_of,
    show,
    view,
)
from cmgsim.arm.quotas import cores_of
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, list_of, object_of, objects_of, text_of, texts_of
from cmgsim.arm.views import page

SCALE_SET_TYPE = "Microsoft.Compute/virtualMachineScaleSets"
TURN = "scale-set"
_NAMESPACE = "Microsoft.Compute"


class Way(Flag):
    """What sets some actions apart."""

    PLAIN = 0
    LATEST = auto()  # brings the latest model
    NAMED = auto()  # must name its machines


@dataclass(frozen=True, slots=True)
class Action:
    """One action: the power state it leads to, empty where it changes none."""

    power: str = ""
    way: Way = Way.PLAIN


#: Word of the path -> what it does, of a set as of one machine.
ACTIONS = {
    "start": Action(RUNNING),
    "restart": Action(),
    "poweroff": Action(STOPPED),
    "deallocate": Action(DEALLOCATED),
    "reimage": Action(RUNNING, Way.LATEST),
    "reimageall": Action(RUNNING, Way.LATEST),
    "redeploy": Action(RUNNING),
    "performmaintenance": Action(),
    "approverollingupgrade": Action("", Way.LATEST),
}
#: Those of a set only.
SET_ACTIONS = {"reapply": Action(), "manualupgrade": Action("", Way.LATEST | Way.NAMED)}


def act(cloud: Cloud, call: Call) -> Answer:
    """Do something to the machines of a set, those of ``instanceIds`` or all."""
    scale_set = find(cloud, call)
    action = (ACTIONS | SET_ACTIONS)[call.target.types[-1].lower()]
    names = texts_of(call.document(), "instanceIds")
    if Way.NAMED in action.way and not names:
        raise bad_request("InvalidParameter", "Required parameter 'instanceIds' is missing (null).")
    return _act(cloud, call, scale_set, chosen(scale_set, names), action)


def act_on_one(cloud: Cloud, call: Call) -> Answer:
    """Do something to one machine."""
    scale_set, machine = find_machine(cloud, call)
    return _act(cloud, call, scale_set, (machine.number,), ACTIONS[call.target.types[-1].lower()])


def remove(cloud: Cloud, call: Call) -> Answer:
    """Delete the machines of ``instanceIds``."""
    scale_set = find(cloud, call)
    names = texts_of(call.document(), "instanceIds")
    if not names:
        raise bad_request("InvalidParameter", "Required parameter 'instanceIds' is missing (null).")
    return _accepted(call, begin(cloud, scale_set, chosen(scale_set, names), {"gone": True}))


def remove_one(cloud: Cloud, call: Call) -> Answer:
    """Delete one machine."""
    scale_set, machine = find_machine(cloud, call)
    return _accepted(call, begin(cloud, scale_set, (machine.number,), {"gone": True}))


def migrate_zones(cloud: Cloud, call: Call) -> Answer:
    """Move machines to another zone of the set."""
    scale_set, document = find(cloud, call), call.document()
    zone = text_of(document, "targetZone")
    zones = [str(known) for known in list_of(scale_set.body, "zones")]
    if not zones or (zone and zone not in zones):
        raise bad_request("InvalidParameter", f"The set '{scale_set.name}' has no zone '{zone}'.")
    names = texts_of(document, "instanceIds")
    return _accepted(call, begin(cloud, scale_set, chosen(scale_set, names), {"zone": zone or zones[0]}))


def evict(cloud: Cloud, call: Call) -> Answer:
    """Take a spot machine away, as Azure may."""
    scale_set, machine = find_machine(cloud, call)
    profile = object_of(scale_set.properties, "virtualMachineProfile")
    if text_of(profile, "priority").lower() != "spot":
        raise ArmError(409, "OperationNotAllowed", "Only machines of priority Spot can be evicted.")
    gone = text_of(profile, "evictionPolicy", "Deallocate").lower() == "delete"
    begin(cloud, scale_set, (machine.number,), {"gone": True} if gone else {"power": DEALLOCATED})
    return Answer(204)


def put_one(cloud: Cloud, call: Call) -> Answer:
    """Write what can be written of one machine: its tags and its protection."""
    scale_set, machine = find_machine(cloud, call)
    document = call.document()
    properties = object_of(document, "properties")
    extra = dict(machine.extra)
    if "tags" in document:
        extra["tags"] = object_of(document, "tags")
    if "protectionPolicy" in properties:
        extra["protection"] = object_of(properties, "protectionPolicy")
    operation = begin(cloud, scale_set, (machine.number,), {"extra": extra})
    scale_set, machine = find_machine(cloud, call)
    headers = {name: link for name, link in _accepted(call, operation).headers.items() if name != "Location"}
    return Answer(200, show(cloud, scale_set, machine), headers)


def attach_disks(cloud: Cloud, call: Call) -> Answer:
    """Attach and detach data disks of one machine; the disks themselves are not modelled."""
    scale_set, machine = find_machine(cloud, call)
    document = call.document()
    disks: Json = dict(machine.extra.get("disks", {}))
    for item in objects_of(document, "dataDisksToDetach"):
        if disks.pop(text_of(item, "diskId").lower(), None) is None:
            raise bad_request("InvalidParameter", f"The disk '{item.get('diskId')}' is not attached.")
    for item in objects_of(document, "dataDisksToAttach"):
        disk = text_of(item, "diskId")
        lun = item.get("lun", len(disks))
        disks[disk.lower()] = {"lun": lun, "createOption": "Attach", "managedDisk": {"id": disk}}
    operation = begin(cloud, scale_set, (machine.number,), {"extra": {**machine.extra, "disks": disks}})
    return _accepted(call, tasks.leading_to(cloud, operation, {"dataDisks": list(disks.values())}))


def run_command(cloud: Cloud, call: Call) -> Answer:
    """Run a script on a machine, which prints nothing."""
    scale_set, machine = find_machine(cloud, call)
    if not text_of(call.document(), "commandId"):
        raise bad_request("InvalidParameter", "Required parameter 'commandId' is missing (null).")
    if machine.power != RUNNING:
        message = "The operation requires the VM to be running (or set to run)."
        raise ArmError(409, "OperationNotAllowed", message)
    printed = [
        {
            "code": f"ComponentStatus/{word}/succeeded",
            "level": "Info",
            "displayStatus": "Provisioning succeeded",
            "message": "",
        }
        for word in ("StdOut", "StdErr")
    ]
    operation = begin(cloud, scale_set, (machine.number,), {})
    return _accepted(call, tasks.leading_to(cloud, operation, {"value": printed}))


def list_machines(cloud: Cloud, call: Call) -> Answer:
    """List the machines of a set."""
    scale_set = find(cloud, call)
    parts = call.request.query.get("$expand", "").split(",")
    shown = (show(cloud, scale_set, machine, *parts) for machine in machines_of(scale_set))
    return page(call, shown, cloud.config.page_size)


def get_machine(cloud: Cloud, call: Call) -> Answer:
    """Show one machine."""
    scale_set, machine = find_machine(cloud, call)
    return Answer(200, show(cloud, scale_set, machine, *call.request.query.get("$expand", "").split(",")))


def view_machine(cloud: Cloud, call: Call) -> Answer:
    """Show how one machine fares."""
    return Answer(200, view(cloud, *find_machine(cloud, call)))


def boot_diagnostics(cloud: Cloud, call: Call) -> Answer:
    """Say where the screen and the console of a machine could be seen."""
    scale_set, machine = find_machine(cloud, call)
    profile = object_of(scale_set.properties, "virtualMachineProfile")
    if not object_of(object_of(profile, "diagnosticsProfile"), "bootDiagnostics").get("enabled"):
        raise ArmError(409, "BootDiagnosticsNotEnabled", f"The set '{scale_set.name}' has no boot diagnostics.")
    root = f"https://md-{machine.number}.z1.blob.storage.azure.net/bootdiagnostics/{scale_set.name}_{machine.number}"
    links = {
        "consoleScreenshotBlobUri": f"{root}.screenshot.bmp",
        "serialConsoleLogBlobUri": f"{root}.serialconsole.log",
    }
    return Answer(200, links)


def turn(cloud: Cloud, operation: Operation) -> None:
    """Let the machines of a set be what an action was to make of them."""
    scale_set = cloud.store.get(operation.resource)
    if scale_set is None:
        return
    secret = dict(scale_set.secret)
    pending = secret.pop("pending", {})
    succeeded = operation.status == SUCCEEDED
    if succeeded:
        secret["machines"] = tuple(
            after for machine in machines_of(scale_set) if (after := _after(machine, pending)) is not None
        )
    count = len(secret["machines"])
    sku = object_of(scale_set.body, "sku") | {"capacity": count}
    cloud.change(
        scale_set,
        body=scale_set.body | {"sku": sku},
        secret=secret,
        cores=cores_of(sku.get("name")) * count,
        state=SUCCEEDED if succeeded else FAILED,
        operation="",
    )


def begin(cloud: Cloud, scale_set: Resource, numbers: tuple[int, ...], changes: Json) -> Operation:
    """Begin to change machines of a set.

    Raises:
        ArmError: 409 if the set is being changed.
    """
    if scale_set.operation:
        raise busy(scale_set.id)
    cloud.require_region(scale_set.location)
    touched = changed(scale_set, numbers, cloud.now_us)
    pending = {"pending": {"numbers": numbers, "changes": changes}}
    touched = cloud.store.put(touched.having(secret=touched.secret | pending))
    lifecycle = "virtualMachineScaleSets.action"
    return cloud.begin(lifecycle, touched, TURN, retry_after_s=10, fallback_cores=scale_set.cores)


def find(cloud: Cloud, call: Call) -> Resource:
    """Return the scale set that a path is about.

    Raises:
        ArmError: 404 ``ResourceNotFound`` if there is none.
    """
    target = call.target
    scale_set = cloud.store.get(f"{target.scope}/providers/{SCALE_SET_TYPE}/{target.names[0]}")
    if scale_set is None:
        raise resource_not_found(SCALE_SET_TYPE, target.names[0], target.group)
    return scale_set


def find_machine(cloud: Cloud, call: Call) -> tuple[Resource, Machine]:
    """Return the scale set and the machine that a path is about.

    Raises:
        ArmError: 404 ``ResourceNotFound`` if there is none.
    """
    scale_set, name = find(cloud, call), call.target.names[1]
    for machine in machines_of(scale_set):
        if str(machine.number) == name:
            return scale_set, machine
    raise resource_not_found(f"{SCALE_SET_TYPE}/virtualMachines", f"{scale_set.name}/{name}", call.target.group)


def _act(cloud: Cloud, call: Call, scale_set: Resource, numbers: tuple[int, ...], action: Action) -> Answer:
    changes: Json = {"power": action.power} if action.power else {}
    if Way.LATEST in action.way:
        changes["model"] = model_of(scale_set)
    return _accepted(call, begin(cloud, scale_set, numbers, changes))


def _accepted(call: Call, operation: Operation) -> Answer:
    return tasks.accepted(call, operation, _NAMESPACE)


def _after(machine: Machine, pending: Json) -> Machine | None:
    """Return a machine as it is after an action, None if it is gone."""
    if machine.number not in pending.get("numbers", ()):
        return machine
    changes: dict[str, Any] = pending["changes"]
    return None if changes.get("gone") else replace(machine, **changes)


_SETS = "group/microsoft.compute/virtualmachinescalesets"
_ONE = f"{_SETS}/virtualmachines"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", _ONE): list_machines,
    ("GET", f"{_ONE}/*"): get_machine,
    ("PUT", f"{_ONE}/*"): put_one,
    ("DELETE", f"{_ONE}/*"): remove_one,
    ("GET", f"{_ONE}/instanceview"): view_machine,
    ("POST", f"{_ONE}/attachdetachdatadisks"): attach_disks,
    ("POST", f"{_ONE}/runcommand"): run_command,
    ("POST", f"{_ONE}/retrievebootdiagnosticsdata"): boot_diagnostics,
    ("POST", f"{_ONE}/simulateeviction"): evict,
    ("POST", f"{_SETS}/delete"): remove,
    ("POST", f"{_SETS}/migratevmavailabilityzone"): migrate_zones,
    **{("POST", f"{_SETS}/{word}"): act for word in ACTIONS | SET_ACTIONS},
    **{("POST", f"{_ONE}/{word}"): act_on_one for word in ACTIONS},
}
