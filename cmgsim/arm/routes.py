"""Which handler answers which path.

A route is the path without its names (see :attr:`cmgsim.arm.targets.Target.route`); ``*`` in the place of a namespace
stands for any. What has no route of its own is answered by the table of types.
"""

from __future__ import annotations

from functools import lru_cache

from cmgsim.arm import (
    activity,
    assignments,
    catalog,
    deployments,
    follow,
    groups,
    locks,
    platform,
    registration,
    resources,
    subscriptions,
    tags,
    unmodelled,
)
from cmgsim.arm.errors import (
    ArmError,
    invalid_namespace,
    invalid_type,
    method_not_allowed,
    no_registered_provider,
    not_modelled,
)
from cmgsim.arm.messages import Request
from cmgsim.arm.state import Cloud
from cmgsim.arm.targets import GROUP, SUBSCRIPTION, Target
from cmgsim.arm.types import Handler, ResourceType

_LINKS = ("operations", "operationresults", "operationstatuses", "asyncoperations")
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "tenant/tenants"): subscriptions.list_tenants,
    ("GET", "tenant/subscriptions"): subscriptions.list_all,
    ("GET", "subscription"): subscriptions.get,
    ("GET", "subscription/locations"): subscriptions.list_locations,
    ("GET", "subscription/providers"): registration.list_all,
    ("GET", "subscription/providers/*"): registration.get,
    ("POST", "subscription/*/register"): registration.register,
    ("POST", "subscription/*/unregister"): registration.unregister,
    ("GET", "subscription/resources"): resources.list_all,
    ("GET", "subscription/resourcegroups"): groups.list_all,
    ("GET", "subscription/operationresults/*"): follow.get,
    ("GET", "group"): groups.get,
    ("HEAD", "group"): groups.head,
    ("PUT", "group"): groups.put,
    ("PATCH", "group"): groups.patch,
    ("DELETE", "group"): groups.delete,
    ("GET", "group/resources"): resources.list_all,
    ("GET", "any/microsoft.authorization/locks"): locks.list_at,
    ("GET", "any/microsoft.authorization/locks/*"): locks.get,
    ("PUT", "any/microsoft.authorization/locks/*"): locks.put,
    ("DELETE", "any/microsoft.authorization/locks/*"): locks.delete,
    ("GET", "any/microsoft.authorization/roleassignments"): assignments.list_at,
    ("GET", "any/microsoft.authorization/roleassignments/*"): assignments.get,
    ("PUT", "any/microsoft.authorization/roleassignments/*"): assignments.put,
    ("DELETE", "any/microsoft.authorization/roleassignments/*"): assignments.delete,
    ("GET", "subscription/microsoft.insights/eventtypes/values"): activity.list_all,
    ("GET", "group/deployments/operations"): deployments.list_operations,
    ("GET", "subscription/tagnames"): tags.list_names,
    ("GET", "any/microsoft.resources/tags/*"): tags.get,
    ("PUT", "any/microsoft.resources/tags/*"): tags.put,
    ("PATCH", "any/microsoft.resources/tags/*"): tags.patch,
    ("DELETE", "any/microsoft.resources/tags/*"): tags.delete,
    **{("GET", f"subscription/*/locations/{word}/*"): follow.get for word in _LINKS},
    **platform.ROUTES,
    **catalog.ROUTES,
}
_INSTANCES: dict[str, Handler] = {
    "GET": resources.get,
    "HEAD": resources.head,
    "PUT": resources.put,
    "PATCH": resources.patch,
    "DELETE": resources.delete,
}
_KNOWN = {route for _, route in ROUTES}
#: Routes without their level: what is served in one place and asked for in another.
_ELSEWHERE = {route.partition("/")[2] for route in _KNOWN}


def kind_of(target: Target) -> ResourceType | None:
    """Return the row of the type that a path is about, None if it is about none."""
    return _kind_of(target.namespace, target.types)


@lru_cache(maxsize=4096)
def _kind_of(namespace: str, types: tuple[str, ...]) -> ResourceType | None:
    for depth in range(len(types), 0, -1):
        kind = catalog.TYPES.get("/".join((namespace, *types[:depth])).lower())
        if kind is not None:
            return kind
    return None


def find(request: Request, target: Target) -> Handler:
    """Return the handler of a request.

    Raises:
        ArmError: 404, 405 or 501 if there is none.
    """
    handler = _handler(request.method, target.level, target.namespace, target.types, len(target.names))
    if handler is None:
        raise _missing(request, target)
    return handler


@lru_cache(maxsize=4096)
def _handler(method: str, level: str, namespace: str, types: tuple[str, ...], names: int) -> Handler | None:
    """Return the handler of all paths of one shape, None if there is none; what they name does not matter."""
    shape = Target("", level, "", "", namespace, types, ("",) * names)
    for route in _readings(shape):
        if (method, route) in ROUTES:
            return ROUTES[method, route]
    if shape.kind.lower() not in catalog.TYPES:
        return None
    if shape.is_instance:
        return _INSTANCES.get(method) if level == GROUP else None
    return resources.list_of_type if method == "GET" and level in (GROUP, SUBSCRIPTION) else None


def check_version(target: Target, version: str, cloud: Cloud) -> None:
    """Let an api-version pass that the type of a path answers to.

    Raises:
        ArmError: 400 ``NoRegisteredProviderFound`` for one older than the type.
    """
    kind = kind_of(target)
    if kind is not None and version[:10] < kind.first_api[:10]:
        regions = cloud.region_names(cloud.environment_of(target.subscription).name)
        raise no_registered_provider("global", version, kind.name.partition("/")[2], kind.first_api, regions)


def _readings(target: Target) -> tuple[str, ...]:
    """Return the routes that fit a path: its own, that of any namespace, that of any level."""
    route = target.route
    if not target.namespace:
        return (route,)
    any_namespace = route.replace(f"/{target.namespace.lower()}/", "/*/", 1)
    return route, any_namespace, f"any{route.removeprefix(target.level)}"


def _missing(request: Request, target: Target) -> ArmError:
    if any(route in _KNOWN for route in _readings(target)) or target.kind.lower() in catalog.TYPES:
        return method_not_allowed(request.method, request.path)
    if not target.namespace:
        return not_modelled(f"The path '{request.path}'")
    if unmodelled.knows(target.kind) or target.route.partition("/")[2] in _ELSEWHERE:
        return not_modelled(f"The operation '{request.method} {target.kind}' at the scope '{target.scope or '/'}'")
    if target.namespace.lower() not in catalog.NAMESPACES:
        return invalid_namespace(target.namespace)
    if kind_of(target) is None:
        return invalid_type("/".join(target.types), target.namespace, request.query.get("api-version", ""))
    return not_modelled(f"The operation '{request.method} {target.kind}'")
