"""A small site for tests: its parts wired together without a world, driven by hand."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cmgsim.design.model import Design
from cmgsim.facts import Fact
from cmgsim.site.authentication import Encounter
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.deployment import Deployment, GatewayChanged, State
from cmgsim.site.landscape import Landscape, Over
from cmgsim.site.locales import Locale
from cmgsim.site.site_server import SiteServer
from cmgsim.site.survey import survey

TODAY = date(2019, 7, 29)
#: One primary, one gateway, everything in place: PKI clients are served over it.
SMALL: dict[str, Any] = {
    "cmgsim": 1,
    "name": "small",
    "hierarchy": {"sites": {"P01": {"use_pki_client_certificate": True}}, "gateway_feature": True},
    "azure": {"aad": {}, "subscriptions": {"main": {}}},
    "certificates": {
        "authorities": {"root": {}, "issuing": {"issuer": "root"}, "digicert": {"kind": "public"}},
        "servers": {
            "east": {"name": "GraniteFalls.contoso.com", "issuer": "digicert"},
            "west": {"name": "west.contoso.com", "issuer": "digicert"},
        },
    },
    "gateways": {
        "east": {"certificate": "east", "region": "eastus", "trusted_authorities": ["root", "issuing"]},
    },
    "roles": {
        "connection_points": {"cp1": {"site": "P01", "gateway": "east"}},
        "management_points": {"mp1": {"site": "P01", "server": "mp1.corp", "gateway_traffic": True}},
        "update_points": {"sup1": {"site": "P01"}},
    },
    "day_plans": {"always": {"always": "internet"}},
    "clients": {"laptops": {"count": 10, "site": "P01", "day_plan": "always", "certificate": "issuing"}},
}
WEST = {"certificate": "west", "region": "westus", "trusted_authorities": ["root", "issuing"]}


def design_of(changes: dict[str, Any] | None = None) -> Design:
    """Return the small design with values set (or, for None, removed) at dotted paths."""
    data = deepcopy(SMALL)
    for path, value in deepcopy(changes or {}).items():
        *parents, last = path.split(".")
        place = data
        for part in parents:
            place = place.setdefault(part, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return Design.model_validate(data)


@dataclass
class Parts:
    """The site's parts; the test moves gateways and time by hand."""

    design: Design
    seed: int = 1
    now_us: int = 0
    previous: Landscape | None = None
    facts: list[Fact] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = SiteServer(self.design)
        self.deployments = {name: self._deployment(name) for name in self.design.gateways}
        self.points = {
            name: ConnectionPoint.of(name, settings, self.deployments, 10 + index, self.seed)
            for index, (name, settings) in enumerate(self.design.roles.connection_points.items())
        }

    def _deployment(self, name: str) -> Deployment:
        settings = self.design.gateways[name]
        fqdn = settings.service_fqdn or self.design.certificates.servers[settings.certificate].name
        state, vms = (State.ABSENT, 0) if settings.planned else (State.READY, settings.vms)
        return Deployment(name, settings, fqdn, fqdn.partition(".")[0], state, vms)

    def gateway(self, name: str, state: State, vms: int | None = None) -> None:
        """Put a gateway into a state, and tell everybody."""
        gateway = self.deployments[name]
        gateway.state = state
        gateway.vms = (vms or gateway.vms or gateway.settings.vms) if gateway.serving else 0
        for point in self.points.values():
            self.facts += point.receive(GatewayChanged(name), self.now_us)

    def tell(self, point: str, step: Any) -> list[Any]:
        """Give a connection point an order."""
        facts = list(self.points[point].receive(step, self.now_us))
        self.facts += facts
        return facts

    def wait(self, duration_us: int) -> None:
        """Let the connection points do their maintenance for a while."""
        end_us = self.now_us + duration_us
        while dues := [(due, name) for name, point in self.points.items() if (due := point.due()) is not None]:
            due_us, name = min(dues)
            if due_us > end_us:
                break
            self.now_us = due_us
            self.facts += self.points[name].step(due_us)
        self.now_us = end_us

    def survey(self, *locales: Locale, day: date = TODAY) -> Landscape:
        """Survey the site now, as the successor of the survey before."""
        chosen = locales or (Locale("P01"),)
        self.previous = survey(self.design, chosen, self.server, self.deployments, self.points, self.previous, day)
        return self.previous


def encounter_in(design: Design, on_day: date = TODAY) -> Encounter:
    """Return a request of the small design's client over its gateway."""
    gateway = design.gateways["east"]
    return Encounter(
        client=design.clients["laptops"],
        gateway=gateway,
        fqdn=gateway.service_fqdn or design.certificates.servers["east"].name,
        certificates=design.certificates,
        aad=design.azure.aad,
        connection_points=tuple(design.roles.connection_points.values()),
        management_point=design.roles.management_points["mp1"],
        site=design.hierarchy.sites["P01"],
        version=design.site_version(),
        on_day=on_day,
    )


def urls(landscape: Landscape, site: int = 0) -> list[str]:
    """Return what a site publishes, as texts."""
    return [landscape.contacts[number].url for number in landscape.publications[landscape.published[site]]]


def answer(landscape: Landscape, over: Over = Over.GATEWAY, population: int = 0, fqdn: str = "") -> int:
    """Return the status a population meets at the first contact of a kind (and of a gateway's name)."""
    found = (n for n, it in enumerate(landscape.contacts) if it.over is over and it.fqdn.startswith(fqdn))
    return landscape.answers[population][next(found)]
