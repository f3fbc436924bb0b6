"""Does Azure hold what the site believes? What stands there of a gateway, and what does not match.

The site learns of changes in Azure by itself only when it looks: it compares its record of each gateway with Azure (see
:class:`~cmgsim.site.cloud_manager.CloudManager`). What was changed there past the console is unsupported; what was
deleted there leaves an orphaned record, and what the site no longer lists may have left orphaned parts (source: "Set up
cloud management gateway", Modify a CMG and Delete a CMG).
Assumption: the site compares its gateways with Azure every 15 minutes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmgsim.facts import Fact
from cmgsim.site.deployment import Deployment, State
from cmgsim.site.facts import Operation, OrphanFound, PortalChangeReverted, UnsupportedPortalChange
from cmgsim.site.resources import ROLE, Service
from cmgsim.units import MINUTE

if TYPE_CHECKING:
    from cmgsim.arm.store import Store

COMPARE_US = 15 * MINUTE
_STORAGE = {"classic": "Microsoft.ClassicStorage"}


@dataclass(frozen=True)
class Standing:
    """What Azure holds of a gateway: how many VMs, and which of its parts, by their names for people."""

    vms: int
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Mismatch:
    """One thing in which the site's record of a gateway and Azure differ.

    ``kind`` is ``UNSUPPORTED_PORTAL_CHANGE``, ``ORPHANED_RECORD`` (Azure lacks a part of a gateway that the console
    lists) or ``ORPHANED_RESOURCE`` (Azure holds a part of one that it does not).
    """

    gateway: str
    kind: str
    detail: str


class Drift:
    """What the site has found of changes past the console, and when it looks again.

    ``compare_us`` is the next comparison that will find something, None while there is nothing to find.
    """

    def __init__(self) -> None:
        self.compare_us: int | None = None
        self._known: tuple[Mismatch, ...] = ()
        self._strays: dict[str, str] = {}

    def look(self, found: tuple[Mismatch, ...], now_us: int) -> None:
        """Plan the next comparison, if it would find something else than the one before."""
        if found != self._known and self.compare_us is None:
            self.compare_us = (now_us // COMPARE_US + 1) * COMPARE_US

    def compare(self, found: tuple[Mismatch, ...], deployments: Mapping[str, Deployment]) -> list[Fact]:
        """Take in what there is now, and return what was not known."""
        before, self._known, self.compare_us = self._known, found, None
        return [self._fact(one, deployments[one.gateway]) for one in found if one not in before]

    def rebuild(self, gateway: str) -> None:
        """Note that a rebuild is about to take a change back."""
        self._strays[gateway] = "rebuild"

    def settle(self, gateway: str) -> None:
        """Forget what did not match of a gateway that the site has worked on, so that it is found again."""
        self._known = tuple(mismatch for mismatch in self._known if mismatch.gateway != gateway)

    def end(self, gateway: str, operation: Operation) -> list[Fact]:
        """Return what an operation that is done has taken back."""
        by = self._strays.pop(gateway, None)
        if by is None or operation is Operation.DELETE:
            return []
        return [PortalChangeReverted(gateway, "vms", by or operation.value)]

    def _fact(self, mismatch: Mismatch, gateway: Deployment) -> Fact:
        if mismatch.kind == "UNSUPPORTED_PORTAL_CHANGE":
            self._strays.setdefault(gateway.name, "")
            return UnsupportedPortalChange(gateway.name, "vms", gateway.settings.vms, gateway.vms)
        side = "site" if mismatch.kind == "ORPHANED_RECORD" else "azure"
        return OrphanFound(gateway.name, mismatch.detail, side)


def standing(store: Store, service: Service) -> Standing:
    """Return what Azure holds of a gateway now."""
    parts = {what: resource_id for what, resource_id in part_ids(service).items() if resource_id in store}
    return Standing(_vms(store, service), tuple(parts))


def part_ids(service: Service) -> dict[str, str]:
    """Return the resource ids of a gateway's parts, by their names for people."""
    compute = {
        "arm": f"Microsoft.ClassicCompute/domainNames/{service.name}/slots/production",
        "classic": f"Microsoft.ClassicCompute/domainNames/{service.name}/slots/production",
        "vmss": f"Microsoft.Compute/virtualMachineScaleSets/{service.name}",
    }[service.model]
    ids = {"service": f"{_group(service, service.name)}/providers/{compute}"}
    if service.content or service.model == "vmss":
        provider = _STORAGE.get(service.model, "Microsoft.Storage")
        ids["storage account"] = (
            f"{_group(service, service.storage)}/providers/{provider}/storageAccounts/{service.storage}"
        )
    return ids


def busy(store: Store, service: Service) -> bool:
    """Say whether something is being done in Azure to a part of a gateway."""
    resources = (store.get(resource_id) for resource_id in part_ids(service).values())
    return any(resource is not None and bool(resource.operation) for resource in resources)


def mismatches(
    deployments: Mapping[str, Deployment], services: Mapping[str, Service], store: Store
) -> tuple[Mismatch, ...]:
    """Return everything in which the console's list and Azure differ, gateway by gateway.

    Gateways that are being worked on are left out: theirs is not settled. Two gateways of one name count once.
    """
    listed = {deployment.service_name.lower() for deployment in deployments.values() if deployment.present}
    found: list[Mismatch] = []
    for name, deployment in deployments.items():
        there = standing(store, services[name])
        if deployment.state in (State.READY, State.STOPPED):
            found += _of_listed(deployment, services[name], there)
        elif deployment.state is State.ABSENT and deployment.service_name.lower() not in listed:
            found += [Mismatch(name, "ORPHANED_RESOURCE", f"Azure still holds the {part}") for part in there.parts]
    return tuple(found)


def _of_listed(deployment: Deployment, service: Service, there: Standing) -> list[Mismatch]:
    found = [
        Mismatch(deployment.name, "ORPHANED_RECORD", f"the {part} was deleted in Azure")
        for part in part_ids(service)
        if part not in there.parts
    ]
    if there.vms not in (0, deployment.settings.vms):
        detail = f"Azure runs {there.vms} VMs, the console says {deployment.settings.vms}"
        found.append(Mismatch(deployment.name, "UNSUPPORTED_PORTAL_CHANGE", detail))
    return found


def _group(service: Service, name: str) -> str:
    """Return the id of the group that holds a part; classic ones are shown in a group of their own name."""
    return f"/subscriptions/{service.subscription}/resourceGroups/{service.group or name}"


def _vms(store: Store, service: Service) -> int:
    compute = part_ids(service)["service"]
    resource = store.get(compute if service.model == "vmss" else f"{compute}/roles/{ROLE}")
    if resource is None:
        return 0
    if service.model == "vmss":
        return int(resource.body["sku"]["capacity"])
    return int(resource.properties["instanceCount"])
