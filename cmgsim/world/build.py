"""From a design to a living world."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cmgsim.arm.service import ArmService
from cmgsim.design.model import Design
from cmgsim.errors import UnknownName, nearest
from cmgsim.faults.component import Faults
from cmgsim.fleet.auto import Engine, live
from cmgsim.fleet.population import Fleet, populate
from cmgsim.kernel.kernel import Kernel
from cmgsim.site.alerts import Alerts
from cmgsim.site.azure import arm_config
from cmgsim.site.balancer import LoadBalancer
from cmgsim.site.cloud_manager import CloudManager
from cmgsim.site.conditions import Conditions
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.facts import ActiveGatewaysChanged
from cmgsim.site.meters import Meter
from cmgsim.site.portal import Portal
from cmgsim.site.rebuilds import Platform
from cmgsim.site.site_server import SiteServer
from cmgsim.site.survey import survey
from cmgsim.site.tokens import Served, SiteTokens
from cmgsim.units import PARTS_PER_MILLION
from cmgsim.world.components import Azure, Calendar, FleetDoor, PlanLog
from cmgsim.world.world import Sites, World

#: Connection points come after all other components of an instant, in the order of the design.
FIRST_CONNECTION_POINT = 100


def build(
    design: Design,
    *,
    seed: int = 1,
    scale: int = PARTS_PER_MILLION,
    watch: Sequence[str] = (),
    engine: str = Engine.AUTO.value,
) -> World:
    """Build the world of a design at moment 0: gateways that are not planned run, their links are up, clients live.

    *seed* decides all chance; *scale* is the share (ppm) of every population to simulate, rounded up to whole clients.
    *watch* names clients whose every deed is kept in the run's diary, such as ``road-17``. *engine* is ``reference``,
    ``fast``, or ``auto`` for the one that is sooner done with so many clients; both give the same run.

    Raises:
        UnknownName: if there is no client, or no engine, of such a name.
        UsageError: if the fast engine is wished for and cannot live these clients.
    """
    arm = ArmService(arm_config(design), seed)
    server = SiteServer(design)
    points, conditions = design.roles.connection_points, Conditions()
    affected = ("load_balancer", *(f"connection_point:{name}" for name in points))
    manager = CloudManager(design, arm, seed, server, ("alerts", "platform", *affected), conditions)
    faults = Faults(conditions, affected)
    balancer = LoadBalancer(manager.deployments, conditions)
    connection_points = {
        name: ConnectionPoint.of(name, settings, manager.deployments, FIRST_CONNECTION_POINT + number, seed, conditions)
        for number, (name, settings) in enumerate(points.items())
    }
    meter = Meter()
    population = populate(design, seed, scale)
    served = Served()
    tokens = SiteTokens(design, served)
    landscape = survey(
        design,
        population.locales,
        server,
        manager.deployments,
        connection_points,
        None,
        design.start,
        token_ages=tokens.ages(0),
    )
    fleet = live(chosen(engine), population, landscape, seed, watched(design, population, watch))
    kernel = Kernel(
        [
            Azure(arm),
            manager,
            server,
            Alerts(manager.deployments, meter, design.site_version()),
            PlanLog(),
            FleetDoor(design, fleet),
            Calendar(design),
            Platform(design, manager.deployments, conditions, seed, affected),
            balancer,
            faults,
            Portal(design, arm, manager.deployments),
            tokens,
            *connection_points.values(),
        ]
    )
    kernel.trace.add(0, "site", ActiveGatewaysChanged(landscape.active_gateways))
    sites = Sites(arm, manager, server, connection_points, meter, conditions, balancer, faults, tokens, served)
    return World(design, seed, scale, kernel, sites, population, fleet, landscape)


def watched(design: Design, fleet: Fleet, names: Sequence[str]) -> frozenset[int]:
    """Return the numbers of clients by name, ``<population>-<number from 1>``.

    Raises:
        UnknownName: if there is no client of such a name.
    """
    sizes = np.bincount(fleet.population, minlength=len(design.clients))
    firsts = dict(zip(design.clients, np.concatenate(([0], np.cumsum(sizes)[:-1])) if len(sizes) else (), strict=True))
    found = []
    for name in names:
        population, _, number = name.rpartition("-")
        size = int(sizes[list(design.clients).index(population)]) if population in design.clients else 0
        if not number.isdecimal() or not 1 <= int(number) <= size:
            raise unknown_client(name, fleet)
        found.append(int(firsts[population]) + int(number) - 1)
    return frozenset(found)


def unknown_client(name: str, fleet: Fleet) -> UnknownName:
    """Return the error for a name that no client carries: it says which are near, or from where to where they go."""
    sizes = dict(zip((traits.name for traits in fleet.traits), np.bincount(fleet.population), strict=False))
    spans = {one: f"{one}-1 to {one}-{size}" if size > 1 else f"{one}-1" for one, size in sizes.items() if size}
    population = name.rpartition("-")[0]
    if population in spans:
        return UnknownName("client", name, [spans[population]])
    known = [f"{one}-1" for one in spans]
    return UnknownName("client", name, known if "did you mean" in nearest(name, known) else spans.values())


def chosen(engine: str) -> Engine:
    """Return the engine of that name.

    Raises:
        UnknownName: if there is none.
    """
    names = [one.value for one in Engine]
    if engine not in names:
        raise UnknownName("engine", engine, names)
    return Engine(engine)
