"""What connection points report of client traffic: per endpoint, every five minutes.

Theory of operation: the fleet counts requests by contact, and a contact is one endpoint of one gateway. A gateway hands
requests round robin to the connection points that are connected (source: "Plan for cloud management gateway"; "Security
and privacy" for the five minutes), so each of them reports an equal share, the first of them what is left over. In the
same way the VMs that have links report theirs.

Assumption: a request from a client is 1,000 bytes long.
Assumption: a gateway's VMs get equal shares of its requests, as a hash over many clients gives them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cmgsim.design.gateways import Gateway
from cmgsim.design.model import Design
from cmgsim.design.names import NameProblem, service_fqdn
from cmgsim.design.versions import Feature, has
from cmgsim.facts import Fact
from cmgsim.fleet.series import INTERVAL_US, Count, Series
from cmgsim.observe.cmtrace import Kind
from cmgsim.observe.log_catalogue import CONNECTOR, HTTP_HANDLER, SERVICE, Line, moment_of
from cmgsim.site.facts import LinkDown, LinkUp
from cmgsim.site.landscape import Contact, Landscape, Over
from cmgsim.site.ports import Link, link_for
from cmgsim.tables import Table
from cmgsim.units import format_moment

REQUEST_BYTES = 1_000
COLUMNS = ("until", "connection point", "endpoint", "requests", "failed", "request bytes", "response bytes")


@dataclass(frozen=True)
class Report:
    """What one connection point, or one VM, reports of one endpoint and five minutes.

    ``reporter`` is the role, or for a VM ``<gateway>/<number>``; ``end_us`` is the end of the interval;
    ``open_channels`` are the notification channels to the endpoint then, over all reporters.
    """

    end_us: int
    reporter: str
    contact: Contact
    requests: int
    failed: int
    response_bytes: int
    open_channels: int

    @property
    def request_bytes(self) -> int:
        """Return the bytes of its requests."""
        return self.requests * REQUEST_BYTES


class Links:
    """Which connection points are linked with which VMs, as time goes on."""

    def __init__(self, design: Design, facts: Iterable[tuple[int, Fact]]) -> None:
        self._changes = [(at_us, fact) for at_us, fact in facts if isinstance(fact, LinkUp | LinkDown)]
        self._next = 0
        self._vms = {
            name: (point.gateway, dict.fromkeys(_linked(point.outbound_ports, design.gateways[point.gateway])))
            for name, point in design.roles.connection_points.items()
            if not point.planned and not design.gateways[point.gateway].planned
        }

    def advance(self, until_us: int) -> None:
        """Take in what happened before a moment."""
        while self._next < len(self._changes) and self._changes[self._next][0] < until_us:
            fact = self._changes[self._next][1]
            assert isinstance(fact, LinkUp | LinkDown)
            gateway, vms = self._vms.get(fact.connection_point, (fact.gateway, {}))
            vms = vms if gateway == fact.gateway else {}
            if isinstance(fact, LinkUp):
                vms[fact.vm] = None
            else:
                vms.pop(fact.vm, None)
            self._vms[fact.connection_point] = (fact.gateway, vms)
            self._next += 1

    def connection_points(self, gateways: Iterable[str]) -> list[str]:
        """Return the connection points that have a link to one of some gateways."""
        wanted = tuple(gateways)
        return [name for name, (gateway, vms) in self._vms.items() if gateway in wanted and vms]

    def vms(self, gateways: Iterable[str]) -> list[str]:
        """Return the VMs of some gateways that have a link, as ``<gateway>/<number>``."""
        wanted = tuple(gateways)
        linked = {(gateway, vm) for gateway, vms in self._vms.values() if gateway in wanted for vm in vms}
        return [f"{gateway}/{vm}" for gateway, vm in sorted(linked)]


def _linked(ports: tuple[tuple[int, int], ...], gateway: Gateway) -> Iterator[int]:
    for vm in range(1, gateway.vms + 1):
        if isinstance(link_for(vm, gateway.vms, ports, gateway.deployment), Link):
            yield vm


def reports(
    series: Series, landscape: Landscape, design: Design, facts: Iterable[tuple[int, Fact]]
) -> Iterator[tuple[Report, ...]]:
    """Yield what is reported of each endpoint and finished interval with traffic: connection points, then VMs.

    *facts* are those of the control plane with their moments, in order. Where nobody is connected nobody reports.
    """
    links, gateways = Links(design, facts), _by_name(design)
    for interval in range(series.intervals):
        end_us = (interval + 1) * INTERVAL_US
        links.advance(end_us)
        for number, contact in enumerate(landscape.contacts):
            counts = series.by_contact[interval, number]
            ended = int(counts[Count.SERVED]) + int(counts[Count.REFUSED])
            total = (ended, int(counts[Count.REFUSED]), int(series.egress[interval, number]))
            if contact.over is not Over.GATEWAY or not any(total):
                continue
            names = gateways.get(contact.fqdn.casefold(), [])
            channels = int(series.channels[interval, number])
            for reporters in (links.connection_points(names), links.vms(names)):
                yield tuple(
                    Report(end_us, reporter, contact, *share, channels)
                    for reporter, share in zip(reporters, shared(total, len(reporters)), strict=True)
                )


def shared(total: tuple[int, int, int], parts: int) -> list[tuple[int, int, int]]:
    """Divide counts into equal parts; what is left over goes to the first ones, one each."""
    return [
        tuple(count // parts + (part < count % parts) for count in total)  # type: ignore[misc]
        for part in range(parts)
    ]


def traffic_table(series: Series, landscape: Landscape, design: Design, facts: Iterable[tuple[int, Fact]]) -> Table:
    """Return the traffic reports of connection points, one row for each endpoint and five minutes."""
    points = design.roles.connection_points
    return Table(
        COLUMNS,
        (
            (
                format_moment(report.end_us), report.reporter, report.contact.url,
                report.requests, report.failed, report.request_bytes, report.response_bytes,
            )
            for group in reports(series, landscape, design, facts)
            for report in group
            if report.reporter in points
        ),
    )  # fmt: skip


def lines_of_traffic(
    series: Series, landscape: Landscape, design: Design, facts: Iterable[tuple[int, Fact]] = ()
) -> Iterator[Line]:
    """Yield the log lines of the traffic reports."""
    points = design.roles.connection_points
    service = HTTP_HANDLER if has(design.site_version(), Feature.HTTP_HANDLER_LOG) else SERVICE
    for group in reports(series, landscape, design, facts):
        for report in group:
            kind = Kind.ERROR if report.failed else Kind.INFORMATION
            if report.reporter in points:
                yield Line(CONNECTOR, report.end_us, kind, _state_message(report, design), report.reporter)
            else:
                yield Line(service, report.end_us, kind, _request_counts(report), report.reporter)


def _request_counts(report: Report) -> str:
    path = report.contact.url.partition("/")[2]
    failed = f"  FailedRequests: {report.failed}" if report.failed else ""
    return (
        f"{'ERROR: ' if report.failed else ''}RequestUri: /{path}  RequestCount: {report.requests}  "
        f"RequestSize: {report.request_bytes} Bytes  ResponseCount: {report.requests - report.failed}  "
        f"ResponseSize: {report.response_bytes} Bytes{failed}"
    )


def _state_message(report: Report, design: Design) -> str:
    role, contact = report.reporter, report.contact
    server = design.roles.connection_points[role].server or role
    return (
        "ReportTrafficData - state message to send: "
        f'<ProxyTrafficStateDetails ServerName="{server}" StartTime="{_when(report.end_us - INTERVAL_US, design)}" '
        f'EndTime="{_when(report.end_us, design)}" MaxConcurrentRequests="{report.open_channels}"><EndPoints>'
        f'<EndPoint Name="{contact.url.partition("/")[2]}" ProxyServer="{contact.fqdn}" '
        f'TargetHost="{_host(contact, design)}" TotalRequests="{report.requests}" '
        f'MaxConcurrentRequests="{report.open_channels}" TotalRequestBytes="{report.request_bytes}" '
        f'TotalResponseBytes="{report.response_bytes}" FailedRequests="{report.failed}"/>'
        "</EndPoints></ProxyTrafficStateDetails>"
    )


def _when(at_us: int, design: Design) -> str:
    return f"{moment_of(at_us, design.start):%Y-%m-%dT%H:%M:%SZ}"


def _host(contact: Contact, design: Design) -> str:
    """Return the server of the role behind a contact."""
    if contact.management_point:
        return design.roles.management_points[contact.management_point].server or contact.management_point
    return design.roles.update_points[contact.update_point].server or contact.update_point


def _by_name(design: Design) -> dict[str, list[str]]:
    """Return the gateways that bear each name, by the name in lower case."""
    found: dict[str, list[str]] = {}
    for name, gateway in design.gateways.items():
        fqdn = service_fqdn(design, gateway)
        if not isinstance(fqdn, NameProblem):
            found.setdefault(fqdn.casefold(), []).append(name)
    return found
