"""Surveying the site: from the state of its parts to the landscape that clients see.

Theory of operation: a pure function of the parts at an instant and of the landscape before. Contacts are fixed by the
first survey, publications only grow, and everything else is worked out anew.

A site answers location requests with the gateways that are ready and connected through one of its own connection
points, once for each of its management points that take gateway traffic, and with its management points on the internet
(source: "Security and privacy for cloud management gateway").
Assumption: a site's clients are served by connection points of their own site only, and learn of no others.
Assumption: A-08: requests fail with status 500 at a VM that no connection point has a link to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from cmgsim import draws
from cmgsim.boundaries.fallback import Candidate, Kind, Preference, Tier, current_groups, tiers_of_management_points
from cmgsim.design.certificates import Certificates
from cmgsim.design.clients import Population
from cmgsim.design.identity import registration_of
from cmgsim.design.model import Design
from cmgsim.design.modes import AZURE_AD_IDENTITIES
from cmgsim.design.roles import ManagementPoint
from cmgsim.design.versions import Feature, has
from cmgsim.site.authentication import Encounter, Verdict, authenticate
from cmgsim.site.balancer import opened
from cmgsim.site.client import ACTIVITIES, Metered, Target
from cmgsim.site.conditions import Conditions, Part, expired_too
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.content import (
    asks_certificate,
    content_contacts,
    content_pool,
    preferring_cloud,
    prefers_cloud,
    source_answer,
    sources_of,
)
from cmgsim.site.deployment import Deployment
from cmgsim.site.direct import Visit, authenticate_on_intranet, authenticate_over_internet, takes_certificate
from cmgsim.site.landscape import NO_ANSWER, NOTHING_PUBLISHED, SERVED, Contact, Landscape, Over, Told
from cmgsim.site.locales import Locale
from cmgsim.site.site_server import SiteServer
from cmgsim.site.stations import routes, stations
from cmgsim.site.update_points import (
    behind,
    connectors,
    scans_over_gateways,
    update_contacts,
    update_pool,
    with_update_points,
)
from cmgsim.units import timedelta_us

_LOWEST_ROLE_ID = 10**16
ROLE_DOWN = 500
"""What a gateway answers when the role behind it does not (source: "Troubleshoot CMG client communication")."""


def survey(
    design: Design,
    locales: Sequence[Locale],
    server: SiteServer,
    deployments: Mapping[str, Deployment],
    connection_points: Mapping[str, ConnectionPoint],
    previous: Landscape | None,
    day: date,
    conditions: Conditions | None = None,
    taking: Mapping[str, tuple[int, ...]] | None = None,
    token_ages: Mapping[str, timedelta] | None = None,
) -> Landscape:
    """Return what clients can see now.

    *deployments* and *connection_points* are all of the design, by name; *day* is today, for certificates that expire;
    without *conditions* everything works. *taking* are the VMs that load balancers hand requests to, by gateway; left
    out, all that run. *token_ages* says by population how old site tokens are; left out, none has lapsed.
    """
    conditions = Conditions() if conditions is None else conditions
    contacts = previous.contacts if previous else _every_contact(design, server, deployments)
    scene = _Scene(design, server, deployments, connection_points, contacts, day, conditions, token_ages or {})
    publications = _Publications(previous.publications if previous else ((),))
    offered = {site: scene.offered(site) for site in server.sites}
    published = tuple(publications.number(offered[site]) for site in server.sites)
    by_site = dict(zip(server.sites, published, strict=True))
    bootstraps = previous.bootstraps if previous else _bootstraps(scene, publications, by_site)
    registries = _registries(scene, publications)
    every = previous.stations if previous else stations(design)
    doors = taking or {name: conditions.running(deployment) for name, deployment in deployments.items()}
    met = [scene.answers(name, population) for name, population in design.clients.items()]
    return Landscape(
        contacts=contacts,
        publications=publications.all(),
        published=published,
        bootstraps=bootstraps,
        tiers=tuple(scene.tiers(locale, offered[locale.site]) for locale in locales),
        answers=tuple(tuple(status for status, _ in row) for row in met),
        domain_controller=True,
        isolated=tuple(
            number for number, locale in enumerate(locales) if conditions.broken(Part.DOMAIN_CONTROLLERS, locale.site)
        ),
        told=tuple(_told(design, server, name) for name in design.clients),
        package_bytes=tuple(package.size for package in design.content.packages.values()),
        sources=tuple(
            sources_of(design, package, contacts, deployments) for package in design.content.packages.values()
        ),
        content_pools=tuple(content_pool(design, server, locale, contacts) for locale in locales),
        cloud_first=tuple(preferring_cloud(server, locales)),
        registries=registries,
        update_pools=tuple(
            update_pool(server, locale, contacts, scene.scans_over(locale, offered[locale.site])) for locale in locales
        ),
        active_gateways=tuple(name for name in deployments if scene.active(deployments[name])),
        stations=every,
        routes=opened(routes(every, contacts, server, deployments, connection_points), every, doors),
        reasons=tuple(tuple(word for _, word in row) for row in met),
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
    return (*intranet, *internet, *gateways, *update_contacts(server, tuple(names)))


def _every_contact(design: Design, server: SiteServer, deployments: Mapping[str, Deployment]) -> tuple[Contact, ...]:
    names = dict.fromkeys(gateway.fqdn for gateway in deployments.values() if gateway.fqdn)
    return (*_contacts(server, deployments), *content_contacts(design, tuple(names)))


def _bootstraps(scene: _Scene, publications: _Publications, published: Mapping[str, int]) -> tuple[int, ...]:
    """Return what the clients of each population know at first.

    Clients installed over a gateway know it, and what their site publishes if the gateway is part of that.
    """
    return tuple(
        _bootstrap(scene, publications, population, published[population.site])
        for population in scene.design.clients.values()
    )


def _bootstrap(scene: _Scene, publications: _Publications, population: Population, published: int) -> int:
    if population.installation.host_name:
        return publications.number(scene.named(population.installation.host_name))
    if population.installed_over is not None:
        installed = scene.installed(population.installed_over, population.site)
        if any(contact in publications.contacts(published) for contact in installed):
            return published
        return publications.number(installed)
    return published if population.knows == "current" else NOTHING_PUBLISHED


def _told(design: Design, server: SiteServer, population: str) -> Told:
    settings, packages = server.settings[population], list(design.content.packages)
    cycles = (getattr(settings, routine.setting) if routine.setting else timedelta(0) for routine in ACTIVITIES)
    return Told(
        settings.use_gateway,
        tuple(timedelta_us(cycle) for cycle in cycles),
        tuple(packages.index(package) for package in server.deployed[population]),
        settings.cloud_distribution_point,
        settings.cache,
        Metered[settings.metered.upper()],
    )


def _registries(scene: _Scene, publications: _Publications) -> tuple[int, ...]:
    """Return what stands in the registry of each population's clients; empty while it stands nowhere.

    It leads to the gateway whether that is active or not, and only clients that can prove their identity.
    """
    if not scene.server.registry:
        return ()
    return tuple(
        publications.number(scene.installed(scene.server.registry[name], population.site))
        if name in scene.server.registry and (population.certificate or population.identity in AZURE_AD_IDENTITIES)
        else NOTHING_PUBLISHED
        for name, population in scene.design.clients.items()
    )


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
    conditions: Conditions
    token_ages: Mapping[str, timedelta]

    def offered(self, site: str) -> tuple[int, ...]:
        """Return what a site answers location requests with: contact numbers, ascending."""
        return with_update_points(
            self.contacts,
            tuple(
                number
                for number, contact in enumerate(self.contacts)
                if contact.over is not Over.INTRANET
                and contact.target is Target.MANAGEMENT_POINT
                and self.server.management_points[contact.management_point].site == site
                and (contact.over is Over.INTERNET or self._carries(contact, site))
            ),
            self.server,
            site,
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
            and contact.target is Target.MANAGEMENT_POINT
            and contact.fqdn == deployment.fqdn
            and self.server.management_points[contact.management_point].site == site
            and self.server.takes_gateway_traffic(contact.management_point)
        )

    def named(self, host_name: str) -> tuple[int, ...]:
        """Return the contact that a host name of an installation means; none if there is no such name here."""
        wanted = host_name.casefold()
        return tuple(number for number, contact in enumerate(self.contacts) if contact.url.casefold() == wanted)

    def active(self, gateway: Deployment) -> bool:
        """Say whether a gateway can serve clients: ready, and connected at a site that takes its traffic."""
        takers = [point for point in self.server.management_points if self.server.takes_gateway_traffic(point)]
        sites = dict.fromkeys(self.server.management_points[point].site for point in takers)
        return gateway.serving and any(self._connected(gateway, site) for site in sites)

    def answers(self, name: str, population: Population) -> tuple[tuple[int, str], ...]:
        """Return the status that a request of that population meets at each contact, and the word of its reason."""
        return tuple(self._met(name, population, contact) for contact in self.contacts)

    def _met(self, name: str, population: Population, contact: Contact) -> tuple[int, str]:
        """Return the status a request meets; a role that is down does not answer, or makes its gateway say so."""
        answer = self._answer(name, population, contact)
        if isinstance(answer, Verdict) and answer.status != SERVED:
            return answer.status, answer.reason.word
        status = answer.status if isinstance(answer, Verdict) else answer
        if status != SERVED or not self._role_down(contact):
            return status, ""
        return (ROLE_DOWN if contact.over is Over.GATEWAY else NO_ANSWER), ""

    def _role_down(self, contact: Contact) -> bool:
        if contact.target is Target.UPDATE_POINT:
            return self.conditions.broken(Part.UPDATE_POINT, contact.update_point)
        return self.conditions.broken(Part.MANAGEMENT_POINT, contact.management_point)

    def _answer(self, name: str, population: Population, contact: Contact) -> Verdict | int:
        if contact.target is Target.CONTENT:
            if asks_certificate(contact):
                site = self.server.sites[population.site]
                return takes_certificate(population, site, self.certificates, self.day)
            return source_answer(contact, self._behind(contact.fqdn) if contact.fqdn else None)
        if contact.target is Target.UPDATE_POINT and contact.over is Over.INTRANET:
            return SERVED
        point = behind(self.server, contact)
        if contact.over is Over.INTRANET:
            return authenticate_on_intranet(self._visit(population, point))
        if contact.over is Over.INTERNET:
            return authenticate_over_internet(self._visit(population, point))
        gateway = self._behind(contact.fqdn)
        if gateway is None:
            return NO_ANSWER
        return authenticate(
            Encounter(
                client=population,
                gateway=gateway.settings,
                fqdn=contact.fqdn,
                certificates=self.certificates,
                aad=self.design.azure.aad,
                connection_points=connectors(
                    contact, [link.settings for link in self._connected(gateway, population.site)]
                ),
                management_point=point,
                site=self.server.sites[population.site],
                version=self.server.version,
                on_day=self.day,
                token_age=self.token_ages.get(name),
                registration=registration_of(population, self.design.day_plans[population.day_plan]),
            )
        )

    def _visit(self, population: Population, point: ManagementPoint) -> Visit:
        return Visit(
            population,
            point,
            self.server.sites[population.site],
            self.certificates,
            self.design.azure.aad,
            self.server.version,
            self.day,
        )

    @cached_property
    def certificates(self) -> Certificates:
        """The certificates of the design, with those expired that faults say so of."""
        return expired_too(self.design.certificates, self.conditions, self.day)

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
        if has(self.server.version, Feature.CLOUD_POLICY) and prefers_cloud(self.server, locale):
            tiers = _gateways_first(tiers)
        return tuple(tuple(sorted(self._numbers(tier, offered))) for tier in tiers)

    def scans_over(self, locale: Locale, offered: tuple[int, ...]) -> tuple[int, ...]:
        """Return the contacts that clients of a locale can scan against over gateways of their groups."""
        names = {name: self.deployments[name].fqdn for name in self._gateways_in_groups(offered)}
        return scans_over_gateways(self.contacts, offered, self.server, locale, names)

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
                yield from (
                    number
                    for number in offered
                    if self.contacts[number].fqdn == fqdn and self.contacts[number].target is Target.MANAGEMENT_POINT
                )
            else:
                yield list(self.server.management_points).index(candidate.name)

    def _behind(self, fqdn: str) -> Deployment | None:
        """Return the gateway that serves under a name now, one of whose VMs runs; letter case does not matter."""
        wanted = fqdn.casefold()
        found = (gateway for gateway in self.deployments.values() if gateway.fqdn.casefold() == wanted)
        return next((gateway for gateway in found if self.conditions.running(gateway)), None)

    def _connected(self, gateway: Deployment, site: str) -> list[ConnectionPoint]:
        """Return the connection points of a site that are connected to a gateway, in the order of the design."""
        return [
            point
            for point in self.connection_points.values()
            if point.gateway == gateway.name and point.site == site and point.connected
        ]


def _gateways_first(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """Put the gateways of the best tier into one of their own, before all others.

    Source: "Configure boundary groups" (later versions): a group's preference of cloud based sources holds for policy.
    """
    best = tiers[0] if tiers else ()
    cloud = tuple(candidate for candidate in best if candidate.kind is Kind.GATEWAY)
    others = tuple(candidate for candidate in best if candidate.kind is not Kind.GATEWAY)
    return tuple(tier for tier in (cloud, others, *tiers[1:]) if tier)
