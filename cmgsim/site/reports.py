"""What the console shows of gateways: the list, the deployment model, the state of connection points.

Source: "Monitor cloud management gateway"; "Set up cloud management gateway", the tip on the *Deployment Model*
attribute, which the list can show as a column of its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from cmgsim.design.gateways import DEPLOYMENT_MODEL
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.deployment import Deployment
from cmgsim.tables import Table

GATEWAY_COLUMNS = (
    "gateway",
    "service name",
    "region",
    "VM instances",
    "status",
    "status description",
    "deployment model",
    "connection points",
)
CONNECTION_COLUMNS = ("connection point", "server", "gateway", "region", "status", "links", "trouble")
#: The code of a deployment model in ``SMS_AzureService.DeploymentModel``.
#: Assumption: A-07: the code of the classic deployment model is 0.
CODES = {"classic": 0, "arm": 1}


def deployment_model(code: int | None) -> str:
    """Return what *Deployment Model* shows for a code of an export: 1 is Azure Resource Manager, all else is not."""
    return DEPLOYMENT_MODEL["arm"] if code == CODES["arm"] else DEPLOYMENT_MODEL["classic"]


def gateway_list(deployments: Mapping[str, Deployment], connection_points: Mapping[str, ConnectionPoint]) -> Table:
    """Return the console's list of gateways, one row for each that exists."""
    return Table(
        GATEWAY_COLUMNS,
        (_gateway(gateway, connection_points) for gateway in deployments.values() if gateway.present),
    )


def connection_list(connection_points: Mapping[str, ConnectionPoint]) -> Table:
    """Return the state of every installed connection point."""
    return Table(CONNECTION_COLUMNS, (_point(point) for point in connection_points.values() if point.present))


def _gateway(gateway: Deployment, points: Mapping[str, ConnectionPoint]) -> tuple[object, ...]:
    own = [point for point in points.values() if point.present and point.gateway == gateway.name and not point.orphaned]
    up = sum(point.connected for point in own)
    return (
        gateway.name,
        gateway.fqdn,
        gateway.settings.region,
        gateway.settings.vms,
        gateway.state.console,
        gateway.description,
        DEPLOYMENT_MODEL[gateway.settings.deployment],
        f"{up} of {len(own)} connected",
    )


def _point(point: ConnectionPoint) -> tuple[object, ...]:
    links = ", ".join(f"VM {vm} {link.protocol} {link.port}" for vm, link in sorted(point.links.items()))
    trouble = "; ".join(f"VM {vm}: {reason}" for vm, reason in sorted(point.troubles.items()))
    status = "connected" if point.connected else "disconnected"
    where = "" if point.orphaned else point.gateway
    return (point.role, point.server or point.role, where, point.region, status, links, trouble)
