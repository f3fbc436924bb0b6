"""Routes that ARM itself answers for every provider: exports and moves of groups, providers of the tenant, zones."""

from __future__ import annotations

from cmgsim.arm import blobservices, definitions, deployments, exports, follow, moves, registration, subscriptions
from cmgsim.arm.types import Handler

_DEPLOYMENTS = "subscription/microsoft.resources/deployments"
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
    ("PUT", f"{_DEPLOYMENTS}/*"): deployments.put,
    ("GET", f"{_DEPLOYMENTS}/*"): deployments.get,
    ("HEAD", f"{_DEPLOYMENTS}/*"): deployments.head,
    ("DELETE", f"{_DEPLOYMENTS}/*"): deployments.delete,
    ("GET", _DEPLOYMENTS): deployments.list_all,
    ("POST", f"{_DEPLOYMENTS}/cancel"): deployments.cancel,
    ("POST", f"{_DEPLOYMENTS}/validate"): deployments.validate,
    ("POST", f"{_DEPLOYMENTS}/whatif"): deployments.what_if,
    ("POST", f"{_DEPLOYMENTS}/exporttemplate"): deployments.export,
    ("GET", f"{_DEPLOYMENTS}/operations"): deployments.list_operations,
    ("GET", f"{_DEPLOYMENTS}/operationstatuses/*"): follow.get,
    ("GET", f"{_DEPLOYMENTS}/operations/*"): deployments.get_operation,
    ("GET", "group/microsoft.resources/deployments/operations/*"): deployments.get_operation,
    ("GET", "group/deployments/operations/*"): deployments.get_operation,
    ("POST", "tenant/microsoft.resources/calculatetemplatehash"): deployments.calculate_hash,
    ("POST", "group/exporttemplate"): exports.export,
    ("POST", "group/moveresources"): moves.begin,
    ("POST", "group/validatemoveresources"): moves.validate,
}
