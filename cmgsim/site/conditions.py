"""What does not work now: VMs that are down, links that are cut, roles and sites that nobody reaches.

Theory of operation: a *breakage* names one part of the world. Whoever breaks a part (the platform that rebuilds a VM,
a fault of a scenario) does so under a cause of its own, and takes back no other's: a part works when nobody breaks it.
The conditions are a table that connection points, the survey and the cloud service manager read; nobody else's state
changes when a part breaks, so that all is as before when it works again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from cmgsim.arm.clouds import region_key

if TYPE_CHECKING:
    from cmgsim.design.certificates import Certificates
    from cmgsim.site.deployment import Deployment


class Part(Enum):
    """Kinds of parts that can break."""

    VM = "VM"
    LINK = "link"
    CONNECTION_POINT = "connection point"
    MANAGEMENT_POINT = "management point"
    UPDATE_POINT = "update point"
    DOMAIN_CONTROLLERS = "domain controllers of site"
    ON_PREMISES_LINK = "internet connection of site"
    REGION = "region"
    SERVER_CERTIFICATE = "server certificate"
    AUTHORITY = "authority"
    MANAGEMENT_CERTIFICATE = "management certificate"
    APPLICATION_SECRET = "application secret"


class Breakage(NamedTuple):
    """One part of the world that can break: its kind, its name, and for VMs and links the number of the VM (from 1).

    A VM bears the name of its gateway, a link that of its connection point.
    """

    part: Part
    name: str = ""
    vm: int = 0


class Conditions:
    """Which parts are broken, and by what."""

    def __init__(self) -> None:
        self._causes: dict[Breakage, dict[str, None]] = {}

    def hurt(self, breakage: Breakage, cause: str) -> bool:
        """Break a part for a cause; say whether it worked until now."""
        causes = self._causes.setdefault(breakage, {})
        fresh = not causes
        causes[cause] = None
        return fresh

    def heal(self, breakage: Breakage, cause: str) -> bool:
        """Take back a cause that broke a part; say whether the part works again by that."""
        causes = self._causes[breakage]
        del causes[cause]
        if causes:
            return False
        del self._causes[breakage]
        return True

    def broken(self, part: Part, name: str = "", vm: int = 0) -> bool:
        """Say whether a part does not work."""
        return Breakage(part, name, vm) in self._causes

    def causes(self, part: Part, name: str = "", vm: int = 0) -> tuple[str, ...]:
        """Return what breaks a part, in the order in which it came."""
        return tuple(self._causes.get(Breakage(part, name, vm), ()))

    def names(self, part: Part) -> tuple[str, ...]:
        """Return the names of the broken parts of a kind, sorted."""
        return tuple(sorted({breakage.name for breakage in self._causes if breakage.part is part}))

    def region_down(self, region: str) -> bool:
        """Say whether a region is down, however it is written."""
        return self.broken(Part.REGION, region_key(region))

    def runs(self, gateway: Deployment, vm: int) -> bool:
        """Say whether a VM of a gateway runs: the service is on, and neither the VM nor its region is down."""
        here = gateway.serving and 1 <= vm <= gateway.vms
        return here and not self.broken(Part.VM, gateway.name, vm) and not self.region_down(gateway.settings.region)

    def running(self, gateway: Deployment) -> tuple[int, ...]:
        """Return the numbers of a gateway's VMs that run, ascending."""
        return tuple(vm for vm in range(1, gateway.vms + 1) if self.runs(gateway, vm))

    def link_trouble(self, connection_point: str, site: str, gateway: Deployment, vm: int) -> str:
        """Return why a connection point cannot have a link to a VM, ports apart; empty if it can."""
        if self.broken(Part.CONNECTION_POINT, connection_point):
            return "the connection point is down"
        if self.broken(Part.ON_PREMISES_LINK, site):
            return f"site {site} has no connection to the internet"
        if self.region_down(gateway.settings.region):
            return f"the region {region_key(gateway.settings.region)} is down"
        if self.broken(Part.VM, gateway.name, vm):
            return f"the VM is down: {', '.join(self.causes(Part.VM, gateway.name, vm))}"
        if self.broken(Part.LINK, connection_point, vm):
            return "the link is cut"
        return ""


@dataclass(frozen=True)
class ConditionsChanged:
    """Told to every connection point when a part broke, or works again."""


def expired_too(certificates: Certificates, conditions: Conditions, day: date) -> Certificates:
    """Return the certificates of a design with those expired that conditions say so of, on a day."""
    yesterday = {"expires": day - timedelta(days=1)}
    servers, authorities = conditions.names(Part.SERVER_CERTIFICATE), conditions.names(Part.AUTHORITY)
    if not servers and not authorities:
        return certificates
    changed = {
        "servers": certificates.servers
        | {name: certificates.servers[name].model_copy(update=yesterday) for name in servers},
        "authorities": certificates.authorities
        | {name: certificates.authorities[name].model_copy(update=yesterday) for name in authorities},
    }
    return certificates.model_copy(update=changed)
