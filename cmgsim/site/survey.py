"""Surveying the site: from the state of its parts to the landscape that clients see.

Theory of operation: a pure function of the parts at an instant and of the landscape before. Contacts are fixed by the
first survey, publications only grow, and everything else is worked out anew.

A site answers location requests with the gateways that are ready and connected through one of its own connection
points, once for each of its management points that take gateway traffic, and with its management points on the internet
(source: "Security and privacy for cloud management gateway").
Assumption: a site's clients are served by connection points of their own site only, and learn of no others.
Assumption: A-08: requests fail with status 500 while no VM has a link; a link to some of the VMs serves all requests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from cmgsim import draws
from cmgsim.boundaries.fallback import Candidate, Kind, Preference, current_groups, tiers_of_management_points
from cmgsim.design.clients import Population
from cmgsim.design.model import Design
from cmgsim.design.versions import Feature, has
from cmgsim.site.authentication import (
    Encounter,
    authenticate,
    authenticate_on_intranet,
    authenticate_over_internet,
)
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.deployment import Deployment
from cmgsim.site.landscape import NO_ANSWER, NOTHING_PUBLISHED, Contact, Landscape, Over, Told
from cmgsim.site.locales import Locale
from cmgsim.site.site_server import SiteServer
from cmgsim.units import timedelta_us

_LOWEST_ROLE_ID = 10**16


def survey(
    design: Design,
    locales: Sequence[Locale],
    server: SiteServer,
    deployments: Mapping[str, Deployment],
    connection_points: Mapping[str, ConnectionPoint],
    previous: Landscape | None,
    day: date,
) -> Landscape:
    """Return what clients can see now.

    *deployments* and *connection_points* are all of the design, by name; *day* is today, for certificates that expire.
    """
    contacts = previous.contacts if previous else _contacts(server, deployments)
    scene = _Scene(design, server, deployments, connection_points, contacts, day)
    publications = _Publications(previous.publications if previous else ((),))
    offered = {site: scene.offered(site) for site in server.sites}
    published = tuple(publications.number(offered[site]) for site in server.sites)
    by_site = dict(zip(server.sites, published, strict=True))
    bootstraps = previous.bootstraps if previous else _bootstraps(scene, publications, by_site)
    return Landscape(
        contacts=contacts,
        publications=publications.all(),
        published=published,
        bootstraps=bootstraps,
        tiers=tuple(scene.tiers(locale, offered[locale.site]) for locale in locales),
        answers=tuple(scene.answers(population) for population in design.clients.values()),
        domain_controller=True,
        told=tuple(_told(server, name) for name in design.clients),
        active_gateways=tuple(name for name in deployments if scene.active(deployments[name])),
    )


def role_id(server: SiteServer, management_point: str) -> str:
    """Return the number that stands for a management point in URLs: its own, or 17 digits made up from its name."""
    given = server.management_points[management_point].role_id
    made_up = _LOWEST_ROLE_ID + draws.identity("management_point", management_point) % (9 * _LOWEST_ROLE_ID)
    return given or str(made_up)


def _contacts(server: SiteServer, deployments: Mapping[str, Deployment]) -> tuple[Contact, ...]:
    """Return every contact there can ever be: on the intranet, on the internet, and over each gateway's name."""
    points = server.management_points
    intranet = [Contact(Over.INTRANET, points[name].server or name, name) for name in points]
    internet = [Contact(Over.INTERNET, points[name].server or name, name) for name in points if points[name].internet]
    names = dict.fromkeys(gateway.fqdn for gateway in deployments.values() if gateway.fqdn)
    gateways = [
        Contact(Over.GATEWAY, f"{fqdn}/CCM_Proxy_MutualAuth/{role_id(server, name)}", name, fqdn)
        for fqdn in names
        for name in points
    ]
    return (*intranet, *internet, *gateways)


def _bootstraps(scene: _Scene, publications: _Publications, published: Mapping[str, int]) -> tuple[int, ...]:
    """Return what the clients of each population know at first.

    Clients installed over a gateway know it, and what their site publishes if the gateway is part of that.
    """
    return tuple(
        _bootstrap(scene, publications, population, published[population.site])
        for population in scene.design.clients.values()
    )


def _bootstrap(scene: _Scene, publications: _Publications, population: Population, published: int) -> int:
    if population.installed_over is not None:
        installed = scene.installed(population.installed_over, population.site)
        if any(contact in publications.contacts(published) for contact in installed):
            return published
        return publications.number(installed)
    return published if population.knows == "current" else NOTHING_PUBLISHED


def _told(server: SiteServer, population: str) -> Told:
    settings = server.settings[population]
    return Told(settings.use_gateway, timedelta_us(settings.policy_polling), timedelta_us(settings.location_cycle))


class _Publications:
    """All publications so far; the same contacts always have the same number."""

    def __init__(self, before: tuple[tuple[int, ...], ...]) -> None:
        self._numbers = {contacts: number for number, contacts in enumerate(before)}

    def number(self, contacts: tuple[int, ...]) -> int:
        return self._numbers.setdefault(contacts, len(self._numbers))

    def contacts(self, number: int) -> tuple[int, ...]:
        return self.all()[number]

    def all(self) -> tuple[tuple[int, ...], ...]:
        return tuple(self._numbers)


@dataclass(frozen=True)
class _Scene:
    """The parts of the site at an instant, and questions about them."""

    design: Design
    server: SiteServer
    deployments: Mapping[str, Deployment]
    connection_points: Mapping[str, ConnectionPoint]
    contacts: tuple[Contact, ...]
    day: date

    def offered(self, site: str) -> tuple[int, ...]:
        """Return what a site answers location requests with: contact numbers, ascending."""
        return tuple(
            number
            for number, contact in enumerate(self.contacts)
            if contact.over is not Over.INTRANET
            and self.server.management_points[contact.management_point].site == site
            and (contact.over is Over.INTERNET or self._carries(contact, site))
        )

    def _carries(self, contact: Contact, site: str) -> bool:
        gateway = self._behind(contact.fqdn)
        takes = self.server.takes_gateway_traffic(contact.management_point)
        return takes and gateway is not None and bool(self._connected(gateway, site))

    def installed(self, gateway: str, site: str) -> tuple[int, ...]:
        """Return the contacts that clients of a site were installed with over a gateway, if it exists."""
        deployment = self.deployments[gateway]
        if not deployment.present:
            return ()
        return tuple(
            number
            for number, contact in enumerate(self.contacts)
            if contact.over is Over.GATEWAY
            and contact.fqdn == deployment.fqdn
            and self.server.management_points[contact.management_point].site == site
            and self.server.takes_gateway_traffic(contact.management_point)
        )

    def active(self, gateway: Deployment) -> bool:
        """Say whether a gateway can serve clients: ready, and connected at a site that takes its traffic."""
        takers = [point for point in self.server.management_points if self.server.takes_gateway_traffic(point)]
        sites = dict.fromkeys(self.server.management_points[point].site for point in takers)
        return gateway.serving and any(self._connected(gateway, site) for site in sites)

    def answers(self, population: Population) -> tuple[int, ...]:
        """Return the status that a request of that population meets at each contact."""
        return tuple(self._answer(population, contact) for contact in self.contacts)

    def _answer(self, population: Population, contact: Contact) -> int:
        point, site = self.server.management_points[contact.management_point], self.server.sites[population.site]
        if contact.over is Over.INTRANET:
            return authenticate_on_intranet(
                population, point, self.server.sites[point.site], self.server.version
            ).status
        if contact.over is Over.INTERNET:
            return authenticate_over_internet(population, point).status
        gateway = self._behind(contact.fqdn)
        if gateway is None:
            return NO_ANSWER
        return authenticate(
            Encounter(
                client=population,
                gateway=gateway.settings,
                fqdn=contact.fqdn,
                certificates=self.design.certificates,
                aad=self.design.azure.aad,
                connection_points=tuple(link.settings for link in self._connected(gateway, population.site)),
                management_point=point,
                site=site,
                version=self.server.version,
                on_day=self.day,
            )
        ).status

    def tiers(self, locale: Locale, offered: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
        """Return the contacts that clients of a locale use on the intranet, best tier first."""
        groups, points = self.server.boundary_groups, self.server.management_points
        tiers = tiers_of_management_points(
            groups,
            current_groups(groups, locale.groups, locale.site),
            self._preference(),
            [name for name in points if points[name].site == locale.site],
            self._gateways_in_groups(offered),
        )
        return tuple(tuple(sorted(self._numbers(tier, offered))) for tier in tiers)

    def _preference(self) -> Preference:
        on = self.design.hierarchy.prefer_boundary_group_management_points
        return Preference.BOUNDARY_GROUPS if on else Preference.NONE

    def _gateways_in_groups(self, offered: tuple[int, ...]) -> list[str]:
        """Return the gateways that references in boundary groups can mean now.

        Assumption: a gateway that the site does not publish is left out of boundary groups, too.
        """
        if not has(self.server.version, Feature.GATEWAY_IN_BOUNDARY_GROUP):
            return []
        names = {self.contacts[number].fqdn for number in offered}
        return [name for name, gateway in self.deployments.items() if gateway.serving and gateway.fqdn in names]

    def _numbers(self, tier: Iterable[Candidate], offered: tuple[int, ...]) -> Iterable[int]:
        """Yield the contacts that candidates stand for: a gateway stands for all that is published over its name."""
        for candidate in tier:
            if candidate.kind is Kind.GATEWAY:
                fqdn = self.deployments[candidate.name].fqdn
                yield from (number for number in offered if self.contacts[number].fqdn == fqdn)
            else:
                yield list(self.server.management_points).index(candidate.name)

    def _behind(self, fqdn: str) -> Deployment | None:
        """Return the gateway that serves under a name now; letter case does not matter."""
        wanted = fqdn.casefold()
        found = (gateway for gateway in self.deployments.values() if gateway.fqdn.casefold() == wanted)
        return next((gateway for gateway in found if gateway.serving), None)

    def _connected(self, gateway: Deployment, site: str) -> list[ConnectionPoint]:
        """Return the connection points of a site that are connected to a gateway, in the order of the design."""
        return [
            point
            for point in self.connection_points.values()
            if point.gateway == gateway.name and point.site == site and point.connected
        ]
