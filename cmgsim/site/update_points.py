"""Software update points as clients see them: on the intranet by boundary group, on the internet over gateways.

A client on the internet scans against the update points of its site that accept gateway traffic, over the gateways it
knows; on the intranet it scans against those of its boundary groups (source: "Plan for software updates").

Assumption: A software update point takes gateway traffic over HTTPS, and asks no certificate of connection points.
Assumption: A software update point on the intranet serves every client that reaches it.
Assumption: Where no boundary group references a software update point, all of the client's site are in reach at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cmgsim.boundaries.fallback import UPDATE_POINT_FLOOR_US, Role, current_groups, joining_moments, pool
from cmgsim.design.roles import ConnectionPoint, ManagementPoint
from cmgsim.design.versions import Feature, has
from cmgsim.draws import identity
from cmgsim.site.client import Target
from cmgsim.site.content import prefers_cloud
from cmgsim.site.landscape import Contact, Over
from cmgsim.site.locales import Locale
from cmgsim.site.site_server import SiteServer

_LOWEST_ROLE_ID = 10**16
_ANY_CERTIFICATE = {
    "client_certificate": True,
    "client_certificate_expires": None,
    "client_certificate_issuer": None,
    "client_certificate_revoked_on": None,
}


def update_contacts(server: SiteServer, names: Sequence[str]) -> tuple[Contact, ...]:
    """Return every contact to an update point there can be: on the intranet, then over each gateway's name."""
    points = server.update_points
    intranet = (
        Contact(Over.INTRANET, points[name].server or name, "", "", Target.UPDATE_POINT, name) for name in points
    )
    gateways = (
        Contact(Over.GATEWAY, f"{fqdn}/CCM_Proxy_ServerAuth/{_role_id(name)}", "", fqdn, Target.UPDATE_POINT, name)
        for fqdn in names
        for name in points
    )
    return (*intranet, *gateways)


def with_update_points(
    contacts: Sequence[Contact], offered: tuple[int, ...], server: SiteServer, site: str
) -> tuple[int, ...]:
    """Add to what a site offers on the internet its update points that accept gateway traffic.

    They are offered over the same gateways as its management points.
    """
    gateways = {contacts[number].fqdn for number in offered if contacts[number].over is Over.GATEWAY}
    points = (
        number for number, contact in enumerate(contacts) if contact.fqdn in gateways and _takes(server, contact, site)
    )
    return tuple(sorted({*offered, *points}))


def update_pool(
    server: SiteServer, locale: Locale, contacts: Sequence[Contact], over_gateways: Sequence[int] = ()
) -> tuple[tuple[int, int], ...]:
    """Return the update points for clients of a locale, as (us after the first failure, contact), as they join.

    *over_gateways* are the contacts that they can scan against over gateways of their groups. Where a group prefers
    cloud based sources (2203 and later), the others join when clients may turn to another one.
    """
    numbers = {
        contact.update_point: number
        for number, contact in enumerate(contacts)
        if contact.target is Target.UPDATE_POINT and contact.over is Over.INTRANET
    }
    cloud = tuple((0, number) for number in over_gateways)
    cloud_first = cloud and has(server.version, Feature.CLOUD_SCANS) and prefers_cloud(server, locale)
    floor_us = UPDATE_POINT_FLOOR_US if cloud_first else 0
    points = tuple((max(at_us, floor_us), numbers[name]) for at_us, name in _joining(server, locale))
    at_once = tuple(pair for pair in points if pair[0] == 0)
    return (*at_once, *cloud, *(pair for pair in points if pair[0] > 0))


def scans_over_gateways(
    contacts: Sequence[Contact], offered: Sequence[int], server: SiteServer, locale: Locale, names: Mapping[str, str]
) -> tuple[int, ...]:
    """Return the contacts that clients of a locale can scan against over gateways of their groups (2006 and later).

    *offered* is what their site publishes, *names* the service name of each gateway that references can mean now.
    Assumption: only gateways of current groups count; one that a neighbour references is no software update point.
    Assumption: where some clients of a site may not use gateways, none of its clients scans over them on the intranet.
    """
    if not has(server.version, Feature.GATEWAY_SCANS) or not server.all_use_gateways(locale.site):
        return ()
    groups = server.boundary_groups
    current = current_groups(groups, locale.groups, locale.site)
    here = [names[name] for group in current for name in groups[group].references.gateways if name in names]
    return tuple(
        number for number in offered if contacts[number].target is Target.UPDATE_POINT and contacts[number].fqdn in here
    )


def behind(server: SiteServer, contact: Contact) -> ManagementPoint:
    """Return what judges requests behind a contact; an update point judges as a management point with HTTPS does."""
    if contact.target is Target.MANAGEMENT_POINT:
        return server.management_points[contact.management_point]
    point = server.update_points[contact.update_point]
    takes = point.gateway_traffic and server.sites[point.site].kind != "secondary"
    return ManagementPoint(site=point.site, server=point.server, mode="https", gateway_traffic=takes)


def connectors(contact: Contact, connected: Sequence[ConnectionPoint]) -> tuple[ConnectionPoint, ...]:
    """Return the connection points of a request as its role sees them: an update point asks them no certificate."""
    if contact.target is Target.MANAGEMENT_POINT:
        return tuple(connected)
    return tuple(point.model_copy(update=_ANY_CERTIFICATE) for point in connected)


def _joining(server: SiteServer, locale: Locale) -> Iterator[tuple[int, str]]:
    groups = server.boundary_groups
    if not any(group.references.update_points for group in groups.values()):
        yield from ((0, name) for name, point in server.update_points.items() if point.site == locale.site)
        return
    current = current_groups(groups, locale.groups, locale.site)
    found: dict[str, int] = {}
    for at_us in joining_moments(groups, current, Role.UPDATE_POINT):
        for name in pool(groups, current, Role.UPDATE_POINT, at_us):
            found.setdefault(name, at_us)
    yield from ((at_us, name) for name, at_us in found.items() if name in server.update_points)


def _takes(server: SiteServer, contact: Contact, site: str) -> bool:
    if contact.target is not Target.UPDATE_POINT or contact.over is not Over.GATEWAY:
        return False
    point = server.update_points[contact.update_point]
    return point.site == site and point.gateway_traffic and server.sites[site].kind != "secondary"


def _role_id(update_point: str) -> str:
    """Return the number that stands for an update point in URLs: 17 digits made up from its name."""
    return str(_LOWEST_ROLE_ID + identity("update_point", update_point) % (9 * _LOWEST_ROLE_ID))
