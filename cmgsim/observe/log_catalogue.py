"""Which fact an administrator finds in which log (source: "Log files", cloud management gateway).

Deployment goes to CloudMgr.log and CMGSetup.log, service health and client traffic to CMGService.log and
SMS_Cloud_ProxyConnector.log; before version 1806 client traffic has a log of its own, CMGHttpHandler.log.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from cmgsim.design.versions import Feature, has
from cmgsim.facts import Fact
from cmgsim.fleet.series import INTERVAL_US, Count, Series
from cmgsim.observe.cmtrace import Kind, Record
from cmgsim.site.facts import (
    AlertRaised,
    LinkDown,
    LinkUp,
    Operation,
    OperationEnded,
    OperationStarted,
    Outcome,
    ResourceDeployed,
    StatusChanged,
)
from cmgsim.site.landscape import Landscape, Over

CLOUD_MANAGER, SETUP, SERVICE = "CloudMgr.log", "CMGSetup.log", "CMGService.log"
HTTP_HANDLER, CONNECTOR = "CMGHttpHandler.log", "SMS_Cloud_ProxyConnector.log"
COMPONENTS = {
    CLOUD_MANAGER: "SMS_CLOUD_SERVICES_MANAGER",
    SETUP: "CMGSetup",
    SERVICE: "CMGService",
    HTTP_HANDLER: "CMGHttpHandler",
    CONNECTOR: "SMS_CLOUD_PROXYCONNECTOR",
}
_TASKS = {
    Operation.CREATE: "CreateDeployment",
    Operation.SCALE: "UpdateDeployment",
    Operation.MODIFY: "UpdateDeployment",
    Operation.DELETE: "DeleteDeployment",
    Operation.STOP: "StopDeployment",
    Operation.START: "StartDeployment",
}


@dataclass(frozen=True)
class Line:
    """One line of one log, at a moment of simulated time."""

    log: str
    at_us: int
    kind: Kind
    text: str


def lines_of_fact(at_us: int, fact: Fact) -> Iterator[Line]:
    """Yield the log lines that a fact of the control plane leaves."""
    match fact:
        case OperationStarted():
            yield Line(CLOUD_MANAGER, at_us, Kind.INFORMATION, f"Starting task [{_task(fact)}].")
        case OperationEnded(outcome=Outcome.DONE):
            yield Line(CLOUD_MANAGER, at_us, Kind.INFORMATION, f"TaskManager: Task [{_task(fact)}] has completed.")
        case OperationEnded():
            text = f"ERROR: TaskManager: Task [{_task(fact)}] has failed. {fact.code}: {fact.detail}"
            yield Line(CLOUD_MANAGER, at_us, Kind.ERROR, text)
        case StatusChanged():
            text = (
                f"Service {fact.gateway}: status {fact.before or 'none'} -> {fact.after or 'none'}. {fact.description}"
            )
            yield Line(CLOUD_MANAGER, at_us, Kind.INFORMATION, text.strip())
            if fact.after == "Ready":
                yield Line(SETUP, at_us, Kind.INFORMATION, f"Setup of service {fact.gateway} on its VMs is complete.")
        case ResourceDeployed():
            yield Line(CLOUD_MANAGER, at_us, Kind.INFORMATION, f"Deployed {fact.resource} for service {fact.gateway}.")
        case LinkUp():
            text = f"Connected to {fact.gateway} VM {fact.vm} with {fact.protocol}, port {fact.port}."
            yield Line(CONNECTOR, at_us, Kind.INFORMATION, text)
        case LinkDown():
            text = f"ERROR: No connection with {fact.gateway} VM {fact.vm}: {fact.reason}"
            yield Line(CONNECTOR, at_us, Kind.ERROR, text)
            yield Line(SERVICE, at_us, Kind.ERROR, f"ERROR: Connection point {fact.connection_point} is disconnected.")
        case AlertRaised():
            text = f"Service {fact.gateway}: outbound traffic {fact.used_bytes} B is over the {fact.level} level."
            yield Line(CLOUD_MANAGER, at_us, Kind.WARNING, text)


def lines_of_traffic(series: Series, landscape: Landscape, version: int) -> Iterator[Line]:
    """Yield what connection points and gateways report of client traffic, every five minutes with errors in it."""
    service = HTTP_HANDLER if has(version, Feature.HTTP_HANDLER_LOG) else SERVICE
    for number, contact in enumerate(landscape.contacts):
        if contact.over is not Over.GATEWAY:
            continue
        refused = series.by_contact[: series.intervals, number, Count.REFUSED]
        served = series.by_contact[: series.intervals, number, Count.SERVED]
        for interval in refused.nonzero()[0]:
            at_us = (int(interval) + 1) * INTERVAL_US
            text = (
                f"ERROR: RequestUri: /{contact.url.partition('/')[2]}  RequestCount: "
                f"{int(refused[interval]) + int(served[interval])}  FailedRequests: {int(refused[interval])}"
            )
            yield Line(service, at_us, Kind.ERROR, text)
            yield Line(CONNECTOR, at_us, Kind.ERROR, text)


def records(lines: Iterable[Line], start: date) -> dict[str, list[Record]]:
    """Sort lines into logs, each in the order of time; *start* is the day of moment 0."""
    midnight = datetime.combine(start, time())
    logs: dict[str, list[Record]] = {}
    for line in sorted(lines, key=lambda line: line.at_us):
        moment = midnight + timedelta(microseconds=line.at_us)
        logs.setdefault(line.log, []).append(Record(moment, COMPONENTS[line.log], line.text, line.kind))
    return logs


def _task(fact: OperationStarted | OperationEnded) -> str:
    return f"{_TASKS[fact.operation]} for service {fact.gateway}"
