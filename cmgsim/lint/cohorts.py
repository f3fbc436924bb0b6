"""Who uses a gateway, and with what: the questions that several rules ask of clients, gateways and certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from cmgsim.design.versions import PROFILES, Feature, has
from cmgsim.units import LONGEST_US, us_timedelta

if TYPE_CHECKING:
    from cmgsim.design.azure import Subscription
    from cmgsim.design.clients import Population
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan

AZURE_AD = ("aad_joined", "hybrid")
"""Identities that authenticate with Azure AD."""

LEAST_NOTICE = timedelta(days=30)
"""Assumption: whoever is told 30 days before can replace a certificate in time."""


def on_internet(design: Design) -> Iterator[tuple[str, Population]]:
    """Yield the populations that are sometimes on the internet, or are set to behave as if they were."""
    for name, population in design.clients.items():
        day = design.day_plans[population.day_plan]
        if population.count and (population.pinned_to_internet or day.ever_on_internet):
            yield name, population


def gateway_users(design: Design, site: str | None = None) -> Iterator[tuple[str, Population]]:
    """Yield the populations (of one site) that use gateways: sometimes on the internet, and allowed to."""
    for name, population in on_internet(design):
        if design.settings_of(name).use_gateway and site in (None, population.site):
            yield name, population


def certificate_users(design: Design, site: str | None = None) -> Iterator[tuple[str, Population, str]]:
    """Yield the gateway users with client authentication certificates, and the authority that issued these."""
    for name, population in gateway_users(design, site):
        if population.certificate is not None:
            yield name, population, population.certificate


def gateways_of(design: Design, site: str) -> Iterator[tuple[str, Gateway]]:
    """Yield the gateways that clients of a site use: those with a connection point there, or with none anywhere yet."""
    points = design.roles.connection_points.values()
    for name, gateway in design.gateways.items():
        sites = {point.site for point in points if point.gateway == name}
        if not sites or site in sites:
            yield name, gateway


def users_of(design: Design, gateway: str) -> Iterator[tuple[str, Population]]:
    """Yield the populations that use a gateway."""
    for name, population in gateway_users(design):
        if gateway in dict(gateways_of(design, population.site)):
            yield name, population


def subscription_of(design: Design, gateway: Gateway) -> tuple[str, Subscription] | None:
    """Return the subscription of a gateway, the only one when none was chosen; None when that cannot be told."""
    subscriptions = design.azure.subscriptions
    chosen = gateway.subscription or (next(iter(subscriptions)) if len(subscriptions) == 1 else None)
    return None if chosen is None else (chosen, subscriptions[chosen])


def serves_content(version: int, gateway: Gateway) -> bool:
    """Say whether a gateway serves content from Azure storage; the option is on by default where a version has it."""
    return has(version, Feature.GATEWAY_CONTENT) and gateway.content is not False


def clients_per_vm(version: int, gateway: Gateway) -> int | None:
    """Return how many clients one VM of a gateway is rated for; None for a size the version does not offer."""
    return PROFILES[version].clients_per_vm.get(gateway.vm_size)


def missing_links(design: Design, gateway: Gateway, authority: str) -> tuple[str, ...]:
    """Return the authorities of a client certificate's chain that a gateway was not given."""
    return tuple(name for name in design.certificates.chain(authority) if name not in gateway.trusted_authorities)


def unpublished(design: Design, authority: str) -> tuple[str, ...]:
    """Return the authorities of a chain whose revocation list cannot be fetched from the internet."""
    authorities = design.certificates.authorities
    return tuple(name for name in design.certificates.chain(authority) if not authorities[name].crl_published)


def least_length(plan: Plan | None) -> timedelta:
    """Return how long a plan takes at least, its conditions counted until they give up; at most a thousand years."""
    steps = plan.steps if plan else ()
    waits = (step.wait or (step.until.give_up_after if step.until else timedelta(0)) for step in steps)
    return min(sum(waits, timedelta(0)), us_timedelta(LONGEST_US))


def listed(names: Iterator[str] | tuple[str, ...] | list[str]) -> str:
    """Write names as people do: ``'a', 'b' and 'c'``."""
    quoted = [repr(name) for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
