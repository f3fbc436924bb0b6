"""Content sources as clients see them: distribution points, the storage of gateways, Microsoft Update.

A client on the intranet uses the distribution points of its boundary groups, which join a pool by the minute, and cloud
sources last, unless a group prefers them. A client on the internet uses cloud sources, distribution points published to
the internet, and for Microsoft's updates Microsoft Update alone (source: "Content source priority"; "Plan for software
updates").

Assumption: On the intranet cloud sources stand at the end of the list from the beginning of the search on.
Assumption: A distribution point on the internet serves clients whose certificate IIS takes; inside, all are served.
Assumption: Microsoft Update answers every client, and so does the storage of a gateway while the gateway runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cmgsim.boundaries.fallback import Role, current_groups, joining_moments, pool
from cmgsim.design.content import Package
from cmgsim.design.model import Design
from cmgsim.design.versions import Feature, has
from cmgsim.site.client import Target
from cmgsim.site.deployment import Deployment
from cmgsim.site.landscape import NO_ANSWER, SERVED, Contact, Over
from cmgsim.site.locales import Locale
from cmgsim.site.site_server import SiteServer

MICROSOFT_UPDATE = "Microsoft Update"


def content_contacts(design: Design, names: Sequence[str]) -> tuple[Contact, ...]:
    """Return every content source there can be; none in a design without packages. *names* are those of gateways."""
    if not design.content.packages:
        return ()
    points = design.roles.distribution_points
    cloud = [name for name in points if points[name].kind == "cloud"]
    return (
        *(_contact(Over.INTRANET, points[name].server or name, name) for name in points if name not in cloud),
        *(_contact(Over.INTERNET, points[name].server or name, name) for name in points if points[name].internet),
        *(_contact(Over.GATEWAY, f"{name} (Azure storage)", name) for name in cloud),
        *(_contact(Over.GATEWAY, f"{fqdn} (Azure storage)", fqdn, fqdn) for fqdn in names),
        _contact(Over.INTERNET, MICROSOFT_UPDATE, MICROSOFT_UPDATE),
    )


def _contact(over: Over, url: str, source: str, fqdn: str = "") -> Contact:
    return Contact(over, url, "", fqdn, Target.CONTENT, source=source)


def sources_of(
    design: Design, package: Package, contacts: Sequence[Contact], deployments: Mapping[str, Deployment]
) -> tuple[int, ...]:
    """Return the contacts that management points name as sources of a package now: a stopped gateway's, too."""
    holders = package.distribution_points
    on_points = set(design.roles.distribution_points if holders is None else holders)
    on_gateways = {
        deployment.fqdn
        for name, deployment in deployments.items()
        if name in (deployments if package.gateways is None else package.gateways)
        and deployment.present
        and serves_content(design, deployment)
    }
    return tuple(
        number
        for number, contact in enumerate(contacts)
        if contact.target is Target.CONTENT and _holds(package, contact, on_points, on_gateways)
    )


def _holds(package: Package, contact: Contact, on_points: set[str], on_gateways: set[str]) -> bool:
    if package.kind == "update" and contact.over is not Over.INTRANET:
        return contact.source == MICROSOFT_UPDATE
    return contact.source in (on_gateways if contact.fqdn else on_points)


def serves_content(design: Design, gateway: Deployment) -> bool:
    """Say whether a gateway serves content from Azure storage: on where its version has it, unless turned off."""
    return has(design.site_version(), Feature.GATEWAY_CONTENT) and gateway.settings.content is not False


def asks_certificate(contact: Contact) -> bool:
    """Say whether a source takes clients with a certificate alone, as a distribution point on the internet does."""
    return contact.over is Over.INTERNET and contact.source != MICROSOFT_UPDATE


def source_answer(contact: Contact, gateway: Deployment | None) -> int:
    """Return the status that a download meets at any other source; *gateway* is what serves under its name now."""
    return NO_ANSWER if contact.fqdn and gateway is None else SERVED


def content_pool(
    design: Design, server: SiteServer, locale: Locale, contacts: Sequence[Contact]
) -> tuple[tuple[int, int], ...]:
    """Return the distribution points for clients of a locale, as (us after the search began, contact), as they join."""
    if not design.content.packages:
        return ()
    groups = server.boundary_groups
    current = current_groups(groups, locale.groups, locale.site)
    numbers = {
        contact.source: number
        for number, contact in enumerate(contacts)
        if contact.target is Target.CONTENT and contact.over is Over.INTRANET
    }
    found: dict[str, int] = {}
    for at_us in joining_moments(groups, current, Role.DISTRIBUTION_POINT):
        for name in pool(groups, current, Role.DISTRIBUTION_POINT, at_us):
            found.setdefault(name, at_us)
    return tuple((at_us, numbers[name]) for name, at_us in found.items() if name in numbers)


def preferring_cloud(server: SiteServer, locales: Sequence[Locale]) -> Iterator[int]:
    """Yield the locales in which some current group prefers cloud based sources (1810 and later)."""
    yield from (number for number, locale in enumerate(locales) if prefers_cloud(server, locale))


def prefers_cloud(server: SiteServer, locale: Locale) -> bool:
    """Say whether some current group of a locale prefers cloud based sources."""
    groups = server.boundary_groups
    return any(groups[name].cloud_before_on_premises for name in current_groups(groups, locale.groups, locale.site))
