"""What each kind of fault breaks.

A fault is filed under its kind with a function from its argument to the parts that do not work while it lasts. To add
one, add its field to :class:`cmgsim.design.hardships.Fault` and file a function here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cmgsim.arm.clouds import region_key
from cmgsim.arm.faults import Fault as ArmFault
from cmgsim.arm.faults import Point
from cmgsim.design.hardships import AT_ONCE, IN_AZURE, KINDS, Fault
from cmgsim.registry import Registry
from cmgsim.site.conditions import Breakage, Part

Breaks = Callable[[Any], Breakage]
FAULTS: Registry[Breaks] = Registry("fault")

FAULTS.add("vm_down", lambda hit: Breakage(Part.VM, hit.gateway, hit.vm))
FAULTS.add("link_down", lambda hit: Breakage(Part.LINK, hit.connection_point, hit.vm))
FAULTS.add("region_down", lambda region: Breakage(Part.REGION, region_key(region)))
FAULTS.add("application_secret_expires", lambda _: Breakage(Part.APPLICATION_SECRET))

_NAMED = {
    "connection_point_down": Part.CONNECTION_POINT,
    "management_point_down": Part.MANAGEMENT_POINT,
    "update_point_down": Part.UPDATE_POINT,
    "domain_controllers_down": Part.DOMAIN_CONTROLLERS,
    "on_premises_link_down": Part.ON_PREMISES_LINK,
    "certificate_expires": Part.SERVER_CERTIFICATE,
    "authority_expires": Part.AUTHORITY,
    "management_certificate_expires": Part.MANAGEMENT_CERTIFICATE,
}


def _named(part: Part) -> Breaks:
    return lambda name: Breakage(part, name)


for _kind, _part in _NAMED.items():
    FAULTS.add(_kind, _named(_part))


def in_azure(fault: Fault, name: str) -> ArmFault:
    """Return a fault that the fake Azure takes, under a name."""
    if fault.azure_fault is not None:
        return fault.azure_fault.in_azure(name)
    return ArmFault(name, Point.ARM_THROTTLED)


assert {*FAULTS, *AT_ONCE, *IN_AZURE} == set(KINDS), "every kind of fault in a file has its entry here"
