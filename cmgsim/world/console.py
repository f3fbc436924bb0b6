"""What the console shows of a world now: the lists of gateways and connection points, and the dashboard's figures.

Source: "Monitor cloud management gateway"; the dashboard is Monitoring > Cloud Management, and covers 30 days.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cmgsim.fleet.series import INTERVAL_US, Count
from cmgsim.observe.traffic import REQUEST_BYTES
from cmgsim.site.client import Connection
from cmgsim.site.landscape import Over
from cmgsim.site.reports import connection_list, gateway_list
from cmgsim.tables import Table
from cmgsim.units import DAY

if TYPE_CHECKING:
    from cmgsim.world.world import World

DASHBOARD_US = 30 * DAY


@dataclass(frozen=True)
class Dashboard:
    """The figures of the Cloud Management dashboard: traffic of the last 30 days, and clients online now.

    ``egress_bytes`` is all that left Azure, ``request_bytes`` and ``response_bytes`` what clients sent and were sent.
    """

    egress_bytes: int
    requests: int
    request_bytes: int
    response_bytes: int
    online_intranet: int
    """Clients online that use a management point on the intranet."""
    online_gateway: int
    """Clients online that use a gateway."""
    online_internet: int
    """Clients online that use a management point on the internet."""


class Console:
    """Lists and figures of one world, made when they are asked for."""

    def __init__(self, world: World) -> None:
        self._world = world

    def gateways(self) -> Table:
        """Return Administration > Cloud Services > Cloud Management Gateway: one row for each gateway that exists."""
        return gateway_list(self._world.deployments, self._world.sites.connection_points)

    def connection_points(self) -> Table:
        """Return the state of every connection point, with its links and what keeps it from others."""
        return connection_list(self._world.sites.connection_points)

    def dashboard(self) -> Dashboard:
        """Return the figures of Monitoring > Cloud Management."""
        world = self._world
        series, ways = world.fleet.series(), [contact.over for contact in world.landscape.contacts]
        recent = slice(max(0, series.intervals - DASHBOARD_US // INTERVAL_US), None)
        over_gateways = np.array([way is Over.GATEWAY for way in ways], dtype=np.bool_)
        egress = int(series.egress[recent][:, over_gateways].sum())
        asked = int(series.by_contact[recent][:, over_gateways, Count.ASKED].sum())
        online = {way: sum(one is way for one in self._used()) for way in Over}
        return Dashboard(
            egress_bytes=egress,
            requests=asked,
            request_bytes=asked * REQUEST_BYTES,
            response_bytes=egress,
            online_intranet=online[Over.INTRANET],
            online_gateway=online[Over.GATEWAY],
            online_internet=online[Over.INTERNET],
        )

    def _used(self) -> Iterator[Over]:
        """Yield the way that each client which is on uses now."""
        roll = self._world.fleet.roll()
        for contact in roll.contact[(roll.connection != Connection.OFF) & (roll.contact >= 0)]:
            yield self._world.landscape.contacts[int(contact)].over
