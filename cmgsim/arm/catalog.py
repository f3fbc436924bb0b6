"""Every provider, its types, its routes and its effects, gathered from the files that describe them."""

from __future__ import annotations

from cmgsim.arm import moves, tasks
from cmgsim.arm.providers import classiccompute, classicstorage, compute, counts, keyvault, network, storage
from cmgsim.arm.types import Effect, Handler, Provider, ResourceType

PROVIDERS: tuple[Provider, ...] = (
    Provider("Microsoft.Authorization"),
    classiccompute.PROVIDER,
    classicstorage.PROVIDER,
    compute.PROVIDER,
    Provider("Microsoft.Insights"),
    keyvault.PROVIDER,
    network.PROVIDER,
    Provider("Microsoft.Resources", effects={tasks.NOTHING: tasks.nothing, moves.MOVE: moves.arrive}),
    storage.PROVIDER,
)
NAMESPACES = {provider.namespace.lower(): provider for provider in PROVIDERS}
#: Registered from the start and for ever (source: "Azure resource providers and types").
ALWAYS_REGISTERED = ("microsoft.authorization", "microsoft.insights", "microsoft.resources")
TYPES: dict[str, ResourceType] = {kind.key: kind for provider in PROVIDERS for kind in provider.types}
ROUTES: dict[tuple[str, str], Handler] = {
    **counts.ROUTES,
    **{key: handler for provider in PROVIDERS for key, handler in (provider.routes or {}).items()},
}
EFFECTS: dict[str, Effect] = {
    name: effect for provider in PROVIDERS for name, effect in (provider.effects or {}).items()
}
