"""Faults: what goes wrong in a scenario, when, and for how long.

A fault is a mapping with one kind, such as ``- vm_down: {gateway: east, vm: 1}``, and its window: ``at`` counts from
the beginning of the run, ``lasting`` from there. A swarm is a drawn mix of faults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from cmgsim.arm.clouds import REGIONS, region_key
from cmgsim.arm.faults import MOMENTS, Match, Point
from cmgsim.arm.faults import Fault as ArmFault
from cmgsim.design.certificates import AuthorityName
from cmgsim.design.gateways import VmCount
from cmgsim.design.model import Design
from cmgsim.design.plan import AzureDelete, ConnectionPointName, GatewayName, PortalChange, Step
from cmgsim.design.quantities import Duration, DurationRange, Name, PositiveDuration, Share
from cmgsim.design.record import Record
from cmgsim.design.references import Reference
from cmgsim.design.roles import SiteName
from cmgsim.errors import UnknownName, nearest


def _read_region(value: object) -> str:
    key = region_key(value) if isinstance(value, str) else ""
    known = sorted(region.name for region in REGIONS)
    if key not in known:
        raise ValueError(f"{value!r} is no region of Azure{nearest(key, known)}")
    return key


RegionName = Annotated[str, BeforeValidator(_read_region)]
"""The name of an Azure region, written as people do: ``East US`` is ``eastus``."""


#: Points that have kinds of their own, and those that strike only who signs in over the network or waits for answers.
_ELSEWHERE = (Point.REGION, Point.SLOW_ANSWER, Point.DIRECTORY_DOWN, Point.SECRET_EXPIRED, Point.WRONG_AUDIENCE)
AZURE_POINTS = tuple(point for point in Point if point not in (*MOMENTS, *_ELSEWHERE))
"""What can happen to requests of the site."""


def _read_point(value: object) -> str:
    known = [point.value for point in AZURE_POINTS]
    if value not in known:
        raise ValueError(f"{value!r} is nothing that Azure can do to requests{nearest(str(value), known)}")
    return str(value)


AzurePoint = Annotated[str, BeforeValidator(_read_point)]
"""What the fake Azure can do to requests."""


class VmDown(Record):
    """A VM of a gateway."""

    gateway: GatewayName
    """The gateway."""
    vm: VmCount
    """Its number, from 1."""


class LinkDown(Record):
    """The link from a connection point to one VM of its gateway."""

    connection_point: ConnectionPointName
    """The connection point."""
    vm: VmCount
    """The number of the VM, from 1."""


class AzureFault(Record):
    """Something that Azure Resource Manager does to requests of the site; what is left out matches all."""

    point: AzurePoint
    """What happens, such as ``server_error`` or ``answer_lost``."""
    provider: str = ""
    """Only requests about this resource provider, such as ``Microsoft.Storage``."""
    type: str = ""
    """Only about this resource type, such as ``Microsoft.Storage/storageAccounts``."""
    region: RegionName | None = None
    """Only about resources in this region."""
    operation: str = ""
    """Only this method (``PUT``), verb (``write``) or action."""
    probability: Share = 1_000_000
    """How many of them are struck; which ones is drawn."""
    parameters: dict[str, int | str] = {}
    """Values of the point, where its defaults will not do; durations in microseconds (``_us``) or seconds (``_s``)."""

    @model_validator(mode="after")
    def _sound(self) -> AzureFault:
        try:
            self.in_azure("fault")
        except UnknownName as error:
            raise ValueError(str(error)) from None
        return self

    def in_azure(self, name: str) -> ArmFault:
        """Return it as the fake Azure takes it, under a name.

        Raises:
            ValueError: for a parameter of another kind than its default.
            UnknownName: for a parameter that the point does not take.
        """
        match = Match(provider=self.provider, type=self.type, region=self.region or "", operation=self.operation)
        return ArmFault(
            name, Point(self.point), match, probability_ppm=self.probability, parameters=dict(self.parameters)
        )


class Fault(Record):
    """One hardship: exactly one kind, and when."""

    at: Duration = timedelta(0)
    """When it begins, from the beginning of the run."""
    lasting: PositiveDuration | None = None
    """How long it lasts; left out, to the end of the run."""
    vm_down: VmDown | None = None
    """A VM goes down, as when its host fails."""
    link_down: LinkDown | None = None
    """The link from a connection point to one VM is cut."""
    connection_point_down: ConnectionPointName | None = None
    """The server of a connection point goes down."""
    management_point_down: Annotated[Name, Reference("roles.management_points")] | None = None
    """A management point does not answer; over a gateway, requests to it end with status 500."""
    update_point_down: Annotated[Name, Reference("roles.update_points")] | None = None
    """A software update point does not answer."""
    domain_controllers_down: SiteName | None = None
    """Clients in a site's offices reach no domain controller."""
    on_premises_link_down: SiteName | None = None
    """A site has no connection to the internet: its connection points lose all links, and the top-level site Azure."""
    region_down: RegionName | None = None
    """An Azure region is down: its gateways serve nobody, and Azure answers nothing about them."""
    arm_throttled: Literal["all"] | None = None
    """Azure Resource Manager answers every request of the site with 429, too many requests."""
    azure_fault: AzureFault | None = None
    """Azure Resource Manager fails requests of the site in one of many ways."""
    certificate_expires: Annotated[Name, Reference("certificates.servers")] | None = None
    """A server authentication certificate is no longer valid."""
    authority_expires: AuthorityName | None = None
    """The certificate of an authority is no longer valid, and with it all that it issued."""
    management_certificate_expires: Annotated[Name, Reference("certificates.management")] | None = None
    """An Azure management certificate is no longer valid."""
    application_secret_expires: Literal["cloud_management"] | None = None
    """The secret of the application that signs in to Azure is no longer valid."""
    portal_change: PortalChange | None = None
    """Somebody changes the number of VMs in the Azure portal."""
    azure_delete: AzureDelete | None = None
    """Somebody deletes a part of a gateway in the Azure portal."""

    @model_validator(mode="after")
    def _one_kind(self) -> Fault:
        given = [name for name in KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"a fault has exactly one kind, not {' and '.join(given) or 'none'}")
        if self.lasting is not None and self.kind in AT_ONCE:
            raise ValueError(f"{self.kind} happens at once and lasts no time: leave 'lasting' out")
        return self

    @property
    def kind(self) -> str:
        """The fault's kind, such as ``vm_down``."""
        return next(name for name in KINDS if getattr(self, name) is not None)

    @property
    def argument(self) -> Any:
        """What the fault hits: a name, or a record of its own."""
        return getattr(self, self.kind)


KINDS = tuple(name for name in Fault.model_fields if name not in ("at", "lasting"))
"""Every kind of fault."""
AT_ONCE = ("portal_change", "azure_delete")
"""Kinds that are done and not undone."""
IN_AZURE = ("arm_throttled", "azure_fault")
"""Kinds that the fake Azure takes, and no part of the hierarchy."""

SwarmKind = Literal[
    "vm_down",
    "link_down",
    "connection_point_down",
    "management_point_down",
    "domain_controllers_down",
    "on_premises_link_down",
    "region_down",
    "arm_throttled",
]


class Swarm(Record):
    """Faults that are drawn by the seed of each run: kinds, places, moments, and how long they last."""

    faults: Annotated[int, Field(strict=True, ge=1, le=1_000)]
    """How many."""
    kinds: Annotated[tuple[SwarmKind, ...], Field(min_length=1)] = (
        "vm_down",
        "link_down",
        "connection_point_down",
        "management_point_down",
    )
    """Of which kinds."""
    within: DurationRange = (timedelta(0), timedelta(days=1))
    """Earliest and latest moment, from the beginning of the run."""
    lasting: DurationRange = (timedelta(minutes=5), timedelta(hours=2))
    """Shortest and longest time each lasts."""


def absent_vms(faults: Sequence[Fault], design: Design, steps: Sequence[Step] = ()) -> Iterator[tuple[int, str, str]]:
    """Return the faults that hit a VM which its gateway never has: index, what is wrong, and what to write."""
    changes = [change for step in steps for change in (step.scale_gateway, step.portal_change) if change is not None]
    changes += [fault.portal_change for fault in faults if fault.portal_change is not None]
    most = {name: gateway.vms for name, gateway in design.gateways.items()}
    for change in changes:
        most[change.gateway] = max(most[change.gateway], change.vms)
    relinks = [step.relink_connection_point for step in steps if step.relink_connection_point is not None]
    for index, fault in enumerate(faults):
        if fault.vm_down is not None:
            hit, gateways = fault.vm_down.vm, [fault.vm_down.gateway]
        elif fault.link_down is not None:
            hit, point = fault.link_down.vm, fault.link_down.connection_point
            gateways = [design.roles.connection_points[point].gateway]
            gateways += [relink.gateway for relink in relinks if relink.connection_point == point]
        else:
            continue
        last, name = max((most[gateway], gateway) for gateway in gateways)
        if hit > last:
            yield index, f"the gateway {name!r} never has a VM {hit}", f"write 1 to {last}" if last > 1 else "write 1"


def describe(fault: Fault) -> str:
    """Write a fault as its line in a scenario, without its window: ``vm_down: {gateway: east, vm: 1}``."""
    value = fault.model_dump(mode="json", exclude_none=True)[fault.kind]
    if isinstance(value, dict):
        value = f"{{{', '.join(f'{key}: {part}' for key, part in value.items())}}}"
    return f"{fault.kind}: {value}"
