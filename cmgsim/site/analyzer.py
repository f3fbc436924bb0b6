"""The connection analyzer: from the console to every management point behind a gateway, check by check.

Theory of operation: the console offers it for a gateway since version 1806, and asks how to sign in: with a client
certificate or as an Azure AD user (source: "Monitor cloud management gateway", Connection analyzer). It then walks the
way of a request. Each check stands by itself and says what it found and what to do; those behind one that failed are
tried all the same.

Assumption: A-26: these are the checks, in this order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from cmgsim.design.clients import Population
from cmgsim.design.model import Design
from cmgsim.design.versions import Feature, has
from cmgsim.errors import Refused, UnknownName, UsageError
from cmgsim.site.authentication import Encounter, Verdict, authenticate
from cmgsim.site.conditions import Conditions, Part, expired_too
from cmgsim.site.connection_point import ConnectionPoint
from cmgsim.site.deployment import Deployment, State
from cmgsim.site.site_server import SiteServer
from cmgsim.tables import Table

SignIn = Literal["client_certificate", "aad_user"]
SIGN_INS: tuple[SignIn, ...] = ("client_certificate", "aad_user")
COLUMNS = ("check", "result", "description", "remediation")
WORDS = {"client_certificate": "with a client certificate", "aad_user": "as an Azure AD user"}
#: What a client meets before anybody judges who it is: no trust in the gateway.
SECURE_FAILURE = 12175


@dataclass(frozen=True)
class Result:
    """What one check found. ``remedy`` is empty when it passed."""

    check: str
    passed: bool
    description: str
    remedy: str = ""


@dataclass(frozen=True)
class Analysis:
    """Everything the analyzer says of a gateway. True when every check passed."""

    gateway: str
    sign_in: str
    results: tuple[Result, ...]

    def __bool__(self) -> bool:
        return all(result.passed for result in self.results)

    def __str__(self) -> str:
        return str(self.table)

    @property
    def table(self) -> Table:
        """One row for each check."""
        return Table(
            COLUMNS,
            ((one.check, "pass" if one.passed else "FAIL", one.description, one.remedy) for one in self.results),
        )


@dataclass(frozen=True)
class Subject:
    """What is analyzed: a gateway and all that stands around it, at a moment."""

    design: Design
    server: SiteServer
    gateway: Deployment
    connection_points: Mapping[str, ConnectionPoint]
    conditions: Conditions
    day: date
    sign_in: SignIn

    def takers(self) -> list[str]:
        """Return the management points that allow gateway traffic."""
        return [name for name in self.server.management_points if self.server.takes_gateway_traffic(name)]

    def linked(self, site: str = "") -> list[ConnectionPoint]:
        """Return the connection points of the gateway, of one site or of all, that have a link."""
        return [
            point
            for point in self.connection_points.values()
            if point.gateway == self.gateway.name and point.connected and site in ("", point.site)
        ]

    def verdict(self, management_point: str) -> Verdict:
        """Judge a request of the one who signs in to a management point."""
        point = self.server.management_points[management_point]
        return authenticate(
            Encounter(
                client=self._visitor(point.site),
                gateway=self.gateway.settings,
                fqdn=self.gateway.fqdn,
                certificates=expired_too(self.design.certificates, self.conditions, self.day),
                aad=self.design.azure.aad,
                connection_points=tuple(linked.settings for linked in self.linked(point.site)),
                management_point=point,
                site=self.server.sites[point.site],
                version=self.server.version,
                on_day=self.day,
            )
        )

    def _visitor(self, site: str) -> Population:
        """Return who signs in: somebody of Azure AD, or who has a certificate like the site's clients."""
        authorities = self.design.certificates.authorities
        roots = tuple(name for name, authority in authorities.items() if authority.issuer is None)
        if self.sign_in == "aad_user":
            return Population(count=1, site=site, day_plan="none", identity="aad_joined", trusts=roots)
        issuers = [population.certificate for population in self.design.clients.values() if population.site == site]
        issuer = next((issuer for issuer in issuers if issuer is not None), None)
        return Population(
            count=1, site=site, day_plan="none", identity="workgroup", os="analyzer", certificate=issuer, trusts=roots
        )


def analyze(subject: Subject) -> Analysis:
    """Run every check on a gateway.

    Raises:
        Refused: ``ANALYZER_NOT_AVAILABLE`` before version 1806.
    """
    if not has(subject.server.version, Feature.CONNECTION_ANALYZER):
        raise Refused(
            "ANALYZER_NOT_AVAILABLE",
            f"version {subject.server.version} cannot {Feature.CONNECTION_ANALYZER.value}: update the site first",
        )
    results = tuple(result for check in CHECKS for result in check(subject))
    return Analysis(subject.gateway.name, subject.sign_in, results)


def read_sign_in(text: str) -> SignIn:
    """Read how to sign in.

    Raises:
        UsageError: if it is neither of the two ways.
    """
    for known in SIGN_INS:
        if text == known:
            return known
    raise UsageError(f"one cannot sign in with {text!r}: use one of {', '.join(SIGN_INS)}")


def find(deployments: Mapping[str, Deployment], name: str) -> Deployment:
    """Return a gateway by its name.

    Raises:
        UnknownName: if there is none.
    """
    if name not in deployments:
        raise UnknownName("gateway", name, deployments)
    return deployments[name]


def _ready(subject: Subject) -> Iterator[Result]:
    gateway, title = subject.gateway, "The CMG service is in ready state"
    if gateway.state is State.READY:
        yield Result(title, True, f"{gateway.name} is Ready")
    else:
        remedy = "Wait until it is ready, or start or create it; see CloudMgr.log"
        yield Result(title, False, f"{gateway.name} is {gateway.state.word}", remedy)


def _answers(subject: Subject) -> Iterator[Result]:
    gateway, title = subject.gateway, "The service name answers on port 443"
    if not gateway.fqdn or not subject.conditions.running(gateway):
        why = f"{gateway.fqdn or 'the service'} does not answer: none of its VMs runs"
        yield Result(title, False, why, "Look at the service in the Azure portal; see CMGSetup.log")
        return
    met = [subject.verdict(point) for point in subject.takers()[:1]]
    if met and met[0].status == SECURE_FAILURE:
        remedy = "Renew or replace the server certificate on the Settings tab; see CloudMgr.log"
        yield Result(title, False, f"{met[0].reason.word}: {met[0].detail}", remedy)
    else:
        yield Result(title, True, f"{gateway.fqdn} answers")


def _configured(subject: Subject) -> Iterator[Result]:
    gateway, title = subject.gateway, "The service has the site's configuration version"
    if gateway.serving and gateway.state is not State.UPDATING and gateway.vms == gateway.settings.vms:
        yield Result(title, True, f"{gateway.vms} VMs, as configured")
    else:
        why = f"the service runs {gateway.vms} VMs, the console says {gateway.settings.vms}"
        why = "the service is being changed" if gateway.state is State.UPDATING else why
        remedy = "Wait, or configure it in the console again: changes in Azure are not supported; see CloudMgr.log"
        yield Result(title, False, why, remedy)


def _connected(subject: Subject) -> Iterator[Result]:
    title = "A connection point is connected"
    points = [point for point in subject.connection_points.values() if point.gateway == subject.gateway.name]
    for point in points:
        missing = "; ".join(f"VM {vm}: {why}" for vm, why in sorted(point.troubles.items()))
        if point.connected:
            why = f"{point.role} has links to {len(point.links)} of {subject.gateway.vms} VMs"
            yield Result(title, True, f"{why}{f' ({missing})' if missing else ''}")
        else:
            remedy = "Open its outbound ports, and look at SMS_Cloud_ProxyConnector.log"
            yield Result(title, False, f"{point.role} is disconnected{f': {missing}' if missing else ''}", remedy)
    if not points:
        yield Result(title, False, "no connection point is linked with this gateway", "Add the site system role")


def _signs_in(subject: Subject) -> Iterator[Result]:
    title = f"Signing in {WORDS[subject.sign_in]}"
    if not subject.conditions.running(subject.gateway):
        yield Result(title, False, "nobody answers", "Let the service answer first")
        return
    verdicts = [subject.verdict(point) for point in subject.takers()]
    refused = next((verdict for verdict in verdicts if verdict.status == 401), None)
    if refused is not None:
        remedy = "Add every certificate of the chain on the Settings tab, or check the Azure AD integration"
        yield Result(title, False, f"401 {refused.text}: {refused.detail}", f"{remedy}; see CMGService.log")
    elif not verdicts:
        yield Result(title, False, "no management point allows gateway traffic", "Check the box in its properties")
    else:
        yield Result(title, True, "the gateway accepts it")


def _channels(subject: Subject) -> Iterator[Result]:
    title = "Testing the CMG channel for management point"
    for name in subject.takers():
        status, text = _reached(subject, name)
        if status == 200:
            yield Result(f"{title} {name}", True, "HTTP 200")
        elif status == 0:
            yield Result(f"{title} {name}", False, text, "Let the service answer first")
        else:
            remedy = "See SMS_Cloud_ProxyConnector.log on the connection point, and the log of IIS on the server"
            yield Result(f"{title} {name}", False, f"{status} {text}", remedy)


def _reached(subject: Subject, management_point: str) -> tuple[int, str]:
    if not subject.conditions.running(subject.gateway):
        return 0, "no answer"
    verdict = subject.verdict(management_point)
    if verdict.status == 200 and subject.conditions.broken(Part.MANAGEMENT_POINT, management_point):
        return 500, "CMGConnector_InternalServerError"
    return verdict.status, verdict.text


#: The checks, in the order of the console.
CHECKS: tuple[Callable[[Subject], Iterator[Result]], ...] = (
    _ready,
    _answers,
    _configured,
    _connected,
    _signs_in,
    _channels,
)
