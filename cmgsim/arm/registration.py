"""Resource providers and the registration of subscriptions for them (source: "Azure resource providers and types").

Assumption: registering takes 20 to 90 seconds, and a provider can be used when it is registered in full.
"""

from __future__ import annotations

from cmgsim.arm import strikes
from cmgsim.arm.calls import Call
from cmgsim.arm.catalog import ALWAYS_REGISTERED, NAMESPACES, PROVIDERS
from cmgsim.arm.config import Subscription
from cmgsim.arm.errors import invalid_namespace, not_registered, still_in_use
from cmgsim.arm.events import ProviderChanged
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.targets import Target
from cmgsim.arm.types import Provider
from cmgsim.arm.views import page

REGISTERED, NOT_REGISTERED = "Registered", "NotRegistered"
#: A newer version than any type began with, shown beside each type's first.
_RECENT_API = "2019-06-01"


def state(cloud: Cloud, subscription: Subscription, namespace: str) -> str:
    """Return the state of a registration, such as ``Registered``."""
    key = namespace.lower()
    if key in ALWAYS_REGISTERED:
        return REGISTERED
    return cloud.registrations.get((subscription.id, key), NOT_REGISTERED)


def require(cloud: Cloud, subscription: Subscription, target: Target) -> None:
    """Let a change pass whose provider the subscription is registered for.

    Raises:
        ArmError: 409 ``MissingSubscriptionRegistration``.
    """
    provider = NAMESPACES.get(target.namespace.lower())
    if provider is None or target.types[0].lower() in ("register", "unregister"):
        return
    if state(cloud, subscription, provider.namespace) != REGISTERED:
        raise not_registered(provider.namespace)


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the providers with their registrations."""
    return page(call, (_show(cloud, call, provider) for provider in PROVIDERS), cloud.config.page_size)


def get(cloud: Cloud, call: Call) -> Answer:
    """Show one provider."""
    return Answer(200, _show(cloud, call, _provider(call.target.names[0])))


def register(cloud: Cloud, call: Call) -> Answer:
    """Begin to register, or say that it is done."""
    provider = _provider(call.target.namespace)
    if state(cloud, call.owner, provider.namespace) in (NOT_REGISTERED, "Unregistering"):
        _begin(cloud, call.owner, provider, "providers.register")
    return Answer(200, _show(cloud, call, provider))


def unregister(cloud: Cloud, call: Call) -> Answer:
    """Begin to unregister.

    Raises:
        ArmError: 409 while resources of the provider exist.
    """
    provider = _provider(call.target.namespace)
    if any(cloud.store.count(call.owner.id, kind.name) for kind in provider.types):
        raise still_in_use(provider.namespace)
    leaving = state(cloud, call.owner, provider.namespace) in (REGISTERED, "Registering")
    if leaving and provider.namespace.lower() not in ALWAYS_REGISTERED:
        _begin(cloud, call.owner, provider, "providers.unregister")
    return Answer(200, _show(cloud, call, provider))


def get_for_all(cloud: Cloud, call: Call) -> Answer:
    """Show one provider as every tenant sees it, without a registration."""
    return Answer(200, _show_for_all(cloud, _provider(call.target.names[0])))


def list_for_all(cloud: Cloud, call: Call) -> Answer:
    """List the providers as every tenant sees them."""
    return page(call, (_show_for_all(cloud, provider) for provider in PROVIDERS), cloud.config.page_size)


def permissions(cloud: Cloud, call: Call) -> Answer:
    """List the permissions that a provider itself was given: none needs any."""
    _provider(call.target.namespace)
    return page(call, (), cloud.config.page_size)


def _begin(cloud: Cloud, subscription: Subscription, provider: Provider, lifecycle: str) -> None:
    who = f"{subscription.id}/{provider.namespace}"
    key = (subscription.id, provider.namespace.lower())
    running = next((known for known in cloud.operations.running() if known.resource == who), None)
    if running is not None:
        cloud.operations.cancel(running.id, cloud.now_us)
    path, start = cloud.path(lifecycle, who), cloud.lifecycle(lifecycle).start
    if cloud.faults.active:
        path = strikes.on_registration(cloud, subscription.id, provider.namespace, path)
    operation = Operation(cloud.guid("operation", who), who, lifecycle, "registration", path, cloud.now_us)
    cloud.operations.add(operation)
    cloud.registrations[key] = start
    cloud.events.append(ProviderChanged(subscription.id, provider.namespace, start))


def _provider(namespace: str) -> Provider:
    provider = NAMESPACES.get(namespace.lower())
    if provider is None:
        raise invalid_namespace(namespace)
    return provider


def _show_for_all(cloud: Cloud, provider: Provider) -> Json:
    return {
        "id": f"/providers/{provider.namespace}",
        "namespace": provider.namespace,
        "resourceTypes": _kinds(cloud, provider, "public"),
    }


def _kinds(cloud: Cloud, provider: Provider, environment: str) -> list[Json]:
    regions = [region.title for region in cloud.regions.values() if region.environment == environment]
    return [
        {
            "resourceType": kind.name.partition("/")[2],
            "locations": regions,
            "apiVersions": [_RECENT_API, kind.first_api],
        }
        for kind in provider.types
    ]


def _show(cloud: Cloud, call: Call, provider: Provider) -> Json:
    return {
        "id": f"/subscriptions/{call.owner.id}/providers/{provider.namespace}",
        "namespace": provider.namespace,
        "registrationState": state(cloud, call.owner, provider.namespace),
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": _kinds(cloud, provider, call.owner.environment),
    }
