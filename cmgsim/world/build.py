"""From a design to a living world."""

from __future__ import annotations

from cmgsim.arm.service import ArmService
from cmgsim.design.model import Design
from cmgsim.fleet.population import populate
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.kernel.kernel import Kernel
from cmgsim.site.alerts import Alerts
from cmgsim.site.azure import arm_config
from cmgsim.site.cloud_manager import CloudManager
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.facts import ActiveGatewaysChanged
from cmgsim.site.meters import Meter
from cmgsim.site.site_server import SiteServer
from cmgsim.site.survey import survey
from cmgsim.units import PARTS_PER_MILLION
from cmgsim.world.components import Azure, Calendar, FleetDoor, PlanLog
from cmgsim.world.world import Sites, World

#: Connection points come after all other components of an instant, in the order of the design.
FIRST_CONNECTION_POINT = 10


def build(design: Design, *, seed: int = 1, scale: int = PARTS_PER_MILLION) -> World:
    """Build the world of a design at moment 0: gateways that are not planned run, their links are up, clients live.

    *seed* decides all chance; *scale* is the share (ppm) of every population to simulate, rounded up to whole clients.
    """
    arm = ArmService(arm_config(design), seed)
    server = SiteServer(design)
    points = design.roles.connection_points
    listeners = ("alerts", *(f"connection_point:{name}" for name in points))
    manager = CloudManager(design, arm, seed, server, listeners)
    connection_points = {
        name: ConnectionPoint.of(name, settings, manager.deployments, FIRST_CONNECTION_POINT + number, seed)
        for number, (name, settings) in enumerate(points.items())
    }
    meter = Meter()
    population = populate(design, seed, scale)
    landscape = survey(design, population.locales, server, manager.deployments, connection_points, None, design.start)
    fleet = ReferenceFleet(population, landscape, seed)
    kernel = Kernel(
        [
            Azure(arm),
            manager,
            server,
            Alerts(manager.deployments, meter, design.site_version()),
            PlanLog(),
            FleetDoor(design, fleet),
            Calendar(design),
            *connection_points.values(),
        ]
    )
    kernel.trace.add(0, "site", ActiveGatewaysChanged(landscape.active_gateways))
    sites = Sites(arm, manager, server, connection_points, meter)
    return World(design, seed, scale, kernel, sites, population, fleet, landscape)
