"""Routes that ARM itself answers for every provider: exports and moves of groups, providers of the tenant, zones."""

from __future__ import annotations

from cmgsim.arm import blobservices, definitions, deployments, exports, follow, moves, registration, subscriptions
from cmgsim.arm.types import Handler


def _deployments_at(scope: str) -> dict[tuple[str, str], Handler]:
    """Return the routes of the deployments of a group or a subscription."""
    every = f"{scope}/microsoft.resources/deployments"
    return {
        ("PUT", f"{every}/*"): deployments.put,
        ("GET", f"{every}/*"): deployments.get,
        ("HEAD", f"{every}/*"): deployments.head,
        ("DELETE", f"{every}/*"): deployments.delete,
        ("GET", every): deployments.list_all,
        ("POST", f"{every}/cancel"): deployments.cancel,
        ("POST", f"{every}/validate"): deployments.validate,
        ("POST", f"{every}/whatif"): deployments.what_if,
        ("POST", f"{every}/exporttemplate"): deployments.export,
        ("GET", f"{every}/operations"): deployments.list_operations,
        ("GET", f"{every}/operations/*"): deployments.get_operation,
        ("GET", f"{every}/operationstatuses/*"): follow.get,
    }


ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "tenant/providers"): registration.list_for_all,
    ("GET", "tenant/providers/*"): registration.get_for_all,
    ("GET", "subscription/*/providerpermissions"): registration.permissions,
    ("POST", "subscription/microsoft.resources/checkzonepeers"): subscriptions.list_zone_peers,
    **blobservices.ROUTES,
    ("GET", "any/microsoft.authorization/roledefinitions"): definitions.list_all,
    ("GET", "any/microsoft.authorization/roledefinitions/*"): definitions.get,
    ("PUT", "any/microsoft.authorization/roledefinitions/*"): definitions.put,
    ("DELETE", "any/microsoft.authorization/roledefinitions/*"): definitions.delete,
    **_deployments_at("subscription"),
    **_deployments_at("group"),
    ("GET", "group/deployments/operations/*"): deployments.get_operation,
    ("POST", "tenant/microsoft.resources/calculatetemplatehash"): deployments.calculate_hash,
    ("POST", "group/exporttemplate"): exports.export,
    ("POST", "group/moveresources"): moves.begin,
    ("POST", "group/validatemoveresources"): moves.validate,
}
