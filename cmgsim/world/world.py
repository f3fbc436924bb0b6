"""A world: a hierarchy, its Azure, and its clients, living in simulated time.

Theory of operation: the kernel moves the control plane from instant to instant. Before its clock moves, the control
plane is surveyed into a landscape (if anything has happened), and the fleet lives under that landscape up to the new
moment. So clients always act on the final state of an instant, and the control plane always finds the fleet at its
own time. Only :meth:`World.run` and its kin and :meth:`World.do` change a world.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from cmgsim.arm.messages import Request, Response
from cmgsim.arm.service import ArmService
from cmgsim.design.hardships import Fault
from cmgsim.design.model import Design
from cmgsim.design.plan import Step
from cmgsim.errors import Refused
from cmgsim.facts import Fact
from cmgsim.faults.component import FaultLifted, Faults, read_fault
from cmgsim.fleet.diary import Diary
from cmgsim.fleet.engine import FleetEngine, Knowing
from cmgsim.fleet.population import Fleet
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.fleet.view import ClientView, view
from cmgsim.kernel.kernel import Kernel
from cmgsim.site.analyzer import Analysis, Subject, analyze, find, read_sign_in
from cmgsim.site.balancer import LoadBalancer
from cmgsim.site.cloud_manager import CloudManager
from cmgsim.site.conditions import Conditions
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.consistency import mismatches
from cmgsim.site.deployment import Deployment
from cmgsim.site.facts import ActiveGatewaysChanged, Published
from cmgsim.site.landscape import Landscape
from cmgsim.site.meters import INTERVAL_US, Meter
from cmgsim.site.resources import service_of
from cmgsim.site.site_server import SiteServer
from cmgsim.site.survey import survey
from cmgsim.site.tokens import Served, SiteTokens, way_of
from cmgsim.tables import Table
from cmgsim.units import DAY, MINUTE, duration_us
from cmgsim.world.components import Azure, AzureAsked
from cmgsim.world.console import Console

if TYPE_CHECKING:
    import simpy
    from simpy.events import ProcessGenerator

    from cmgsim.world.run import Run

#: To whom a step's order goes, by its verb; connection points take theirs themselves, and waiting is nobody's order.
RECEIVERS: dict[str, str] = {
    "enable_feature": "site_server",
    "create_gateway": "cloud_manager",
    "scale_gateway": "cloud_manager",
    "modify_gateway": "cloud_manager",
    "stop_gateway": "cloud_manager",
    "start_gateway": "cloud_manager",
    "delete_gateway": "cloud_manager",
    "set_management_point": "site_server",
    "set_update_point": "site_server",
    "set_site": "site_server",
    "add_group_reference": "site_server",
    "remove_group_reference": "site_server",
    "change_client_settings": "site_server",
    "deploy_content": "site_server",
    "write_cmgfqdns": "site_server",
    "portal_change": "portal",
    "azure_delete": "portal",
    "restart_ccmexec": "fleet",
}


@dataclass(frozen=True)
class Sites:
    """The control plane's parts, to look at; what is done to them goes through :meth:`World.do`."""

    arm: ArmService
    cloud_manager: CloudManager
    server: SiteServer
    connection_points: dict[str, ConnectionPoint]
    meter: Meter
    conditions: Conditions
    load_balancer: LoadBalancer
    faults: Faults
    tokens: SiteTokens
    served: Served


class World:
    """Everything wired together. Get one from :func:`cmgsim.build`; it begins at moment 0."""

    def __init__(
        self,
        design: Design,
        seed: int,
        scale: int,
        kernel: Kernel,
        sites: Sites,
        population: Fleet,
        fleet: FleetEngine,
        landscape: Landscape,
    ) -> None:
        """Wire parts that belong together; :func:`cmgsim.build` makes them."""
        self.design = design
        self.seed = seed
        self.scale = scale
        self.kernel = kernel
        self.sites = sites
        self.population = population
        self.fleet = fleet
        self.landscape = landscape
        self._watch: Callable[[], bool] | None = None
        self._metered = (fleet.now_us // INTERVAL_US, fleet.egress_since(fleet.now_us // INTERVAL_US)[0])
        kernel.before_moving = self._before_moving
        self._surveyed = len(kernel.trace)
        self._note_service()

    # -- looking ----------------------------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """The present moment, in microseconds since the beginning."""
        return self.kernel.now_us

    @property
    def deployments(self) -> dict[str, Deployment]:
        """The gateways by name, as Azure and the site see them."""
        return self.sites.cloud_manager.deployments

    @property
    def diary(self) -> Diary | None:
        """What the watched clients did so far; None when nobody is watched."""
        fleet = self.fleet
        return fleet.diary if isinstance(fleet, ReferenceFleet) and fleet.diary.watched else None

    def contacts_over(self, gateway: str) -> frozenset[int]:
        """Return the contacts that lead over a gateway, by its name in the design."""
        fqdn = self.deployments[gateway].fqdn.casefold()
        contacts = enumerate(self.landscape.contacts)
        return frozenset(index for index, contact in contacts if fqdn and contact.fqdn.casefold() == fqdn)

    def knowing(self, gateway: str) -> Knowing:
        """Count the clients that know a gateway now."""
        return self.fleet.knowing(self.contacts_over(gateway))

    def client(self, which: int | str) -> ClientView:
        """Look at one client now, by its number from 0 or its name: ``world.client("laptops-17").wmi("root/ccm")``.

        Raises:
            UnknownName: if there is no such client.
        """
        return view(self.population, self.fleet, self.landscape, which, self.design.site_version())

    @property
    def console(self) -> Console:
        """What the console shows now: lists and dashboard figures."""
        return Console(self)

    def analyze(self, gateway: str, sign_in: str = "client_certificate") -> Analysis:
        """Run the connection analyzer on a gateway, signing in with ``client_certificate`` or as ``aad_user``.

        Raises:
            UnknownName: if there is no such gateway.
            UsageError: if one cannot sign in like that.
            Refused: ``ANALYZER_NOT_AVAILABLE`` before version 1806.
        """
        return analyze(
            Subject(
                self.design,
                self.sites.server,
                find(self.deployments, gateway),
                self.sites.connection_points,
                self.sites.conditions,
                self._today(),
                read_sign_in(sign_in),
            )
        )

    def check_consistency(self) -> Table:
        """Return everything in which the console's list of gateways and Azure differ now, one row each."""
        services = {
            name: service_of(self.design, deployment, deployment.settings)
            for name, deployment in self.deployments.items()
        }
        found = mismatches(self.deployments, services, self.sites.arm.cloud.store)
        return Table(("gateway", "kind", "detail"), ((one.gateway, one.kind, one.detail) for one in found))

    # -- moving -----------------------------------------------------------------------------------------------------

    def run(self, duration: timedelta | str) -> None:
        """Let time pass. What is due exactly at the end has not happened yet."""
        self.kernel.run(self.now_us + duration_us(duration))

    def run_until(self, condition: Callable[[World], bool], within: timedelta | str) -> bool:
        """Let time pass until a condition holds, and say whether it does.

        It is asked whenever the control plane has finished an instant, and at every full minute.
        """
        self._watch = lambda: condition(self)
        try:
            return self.kernel.run_until(self._watch, self.now_us + duration_us(within))
        finally:
            self._watch = None

    def do(self, step: Step) -> None:
        """Give one order now, as a plan step does; waiting is not an order.

        What Azure refuses to the portal is no error: the trace tells it, as ``PortalUsed`` with a ``refusal``.

        Raises:
            Refused: if the console does not let one do that; nothing has changed then.
        """
        self.kernel.post(self._receiver(step), step)

    def suffer(self, fault: Fault) -> int:
        """Take a fault, whose window is counted from moment 0, and return its number; what is past begins now."""
        self.kernel.post("faults", fault)
        return self.sites.faults.last

    @contextmanager
    def fault(self, kind: str, argument: object = None, **parts: object) -> Iterator[int]:
        """Let something go wrong as long as a block lasts: ``with world.fault("vm_down", gateway="east", vm=1):``.

        Kinds and arguments are those of a scenario's ``faults:``; one that takes a name alone takes it as *argument*.

        Raises:
            UnknownName: if there is no such kind.
            UsageError: if the argument is none of this kind, or names what the design does not have.
        """
        number = self.suffer(read_fault(self.design, kind, parts or argument))
        try:
            yield number
        finally:
            self.kernel.post("faults", FaultLifted(number))

    def ask_azure(self, request: Request) -> Response:
        """Send a request to Azure past the site, as a script or the portal does, and return the answer.

        Tokens for it come from ``world.sites.arm.token(principal, world.now_us)``.
        """
        self.kernel.post("arm", AzureAsked.of(request))
        azure = self.kernel.components["arm"]
        assert isinstance(azure, Azure)
        assert azure.answered is not None, "whoever takes a request has answered it"
        return azure.answered

    def note(self, fact: Fact) -> None:
        """Write a plan's progress into the trace."""
        self.kernel.post("plan", fact)

    def _receiver(self, step: Step) -> str:
        argument = step.argument
        if step.verb in RECEIVERS:
            return RECEIVERS[step.verb]
        if step.verb in ("add_connection_point", "remove_connection_point"):
            return f"connection_point:{argument}"
        if step.verb == "relink_connection_point":
            return f"connection_point:{argument.connection_point}"
        raise Refused("NO_ORDER", f"'{step.verb}' is not an order to a world: run it, or rehearse a plan")

    # -- copying ----------------------------------------------------------------------------------------------------

    def add_process(self, process: Callable[[simpy.Environment], ProcessGenerator], name: str) -> None:
        """Let a plain SimPy process live in this world, which then cannot be forked."""
        self.kernel.add_process(process, name)

    def fork(self) -> World:
        """Return a copy that goes on by itself, exactly as this one would.

        Raises:
            ForkError: if a SimPy process was added.
        """
        memo: dict[int, Any] = {}
        kernel = self.kernel.fork(memo)
        twin = World(
            self.design,
            self.seed,
            self.scale,
            kernel,
            deepcopy(self.sites, memo),
            self.population,
            deepcopy(self.fleet, memo),
            self.landscape,
        )
        twin._surveyed, twin._metered = self._surveyed, self._metered
        return twin

    def finish(self) -> Run:
        """Return what has happened so far, frozen."""
        from cmgsim.world.run import Run

        return Run.of(self)

    # -- between instants -------------------------------------------------------------------------------------------

    def _before_moving(self, next_us: int) -> int | None:
        """Let the fleet live up to the next instant; stop it at the full minute at which a watched condition holds."""
        self._publish()
        while self.fleet.now_us < next_us:
            minute = (self.fleet.now_us // MINUTE + 1) * MINUTE
            self.fleet.advance(next_us if self._watch is None else min(minute, next_us))
            self._read_meters()
            if self._watch is not None and self.fleet.now_us < next_us and self._watch():
                return self.fleet.now_us
        return None

    def _publish(self) -> None:
        """Survey the control plane if anything has happened to it, and show the fleet what has changed.

        Nothing that clients can see changes without a fact, so while there is none, there is nothing to survey.
        """
        if len(self.kernel.trace) == self._surveyed:
            return
        before, self.landscape = self.landscape, self.survey()
        if self.landscape != before:
            self.fleet.behold(self.landscape)
            for fact in _changes(self.design, before, self.landscape):
                self.kernel.trace.add(self.now_us, "site", fact)
            self._note_service()
        self._surveyed = len(self.kernel.trace)

    def _note_service(self) -> None:
        """Note how those are served from now on whose site tokens live by it."""
        for name in self.sites.tokens.holders:
            self.sites.served.note(self.now_us, name, way_of(self.design, name, self.landscape))

    def _read_meters(self) -> None:
        """Add what left Azure since the last reading to the meters of the gateways that serve under each name.

        It is added to the five-minute intervals in which it left, so that it does not matter when the meters are read.
        """
        first, already = self._metered
        sent = self.fleet.egress_since(first)
        self._metered = (first + len(sent) - 1, sent[-1].copy())
        sent[0] -= already
        for row, number in np.argwhere(sent).tolist():
            fqdn = self.landscape.contacts[number].fqdn.casefold()
            for gateway in self.deployments.values():
                if fqdn and gateway.fqdn.casefold() == fqdn and gateway.serving:
                    self.sites.meter.add(gateway.name, (first + row) * INTERVAL_US, int(sent[row, number]))

    def survey(self) -> Landscape:
        """Return what clients can see now; nothing changes by looking."""
        return survey(
            self.design,
            self.population.locales,
            self.sites.server,
            self.deployments,
            self.sites.connection_points,
            self.landscape,
            self._today(),
            self.sites.conditions,
            {name: self.sites.load_balancer.taking(name) for name in self.deployments},
            self.sites.tokens.ages(self.now_us),
        )

    def _today(self) -> date:
        return self.design.start + timedelta(days=self.now_us // DAY)


def _changes(design: Design, before: Landscape, after: Landscape) -> list[Fact]:
    facts: list[Fact] = []
    if before.active_gateways != after.active_gateways:
        facts.append(ActiveGatewaysChanged(after.active_gateways))
    for site, old, new in zip(design.hierarchy.sites, before.published, after.published, strict=True):
        if old != new:
            urls = tuple(after.contacts[contact].url for contact in after.publications[new])
            facts.append(Published(site, new, urls))
    return facts
