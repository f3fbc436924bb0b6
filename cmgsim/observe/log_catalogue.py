"""Which fact an administrator finds in which log (source: "Log files", cloud management gateway).

Theory of operation: :data:`LINES` says for each kind of fact which lines it leaves, and where: on the site server, on a
connection point, or on a VM of a gateway. Deployment goes to CloudMgr.log and CMGSetup.log, service health and client
traffic to CMGService.log and SMS_Cloud_ProxyConnector.log; before version 1806 client traffic has a log of its own,
CMGHttpHandler.log, from then on content has one, CMGContentService.log. What a fact leaves no line of is not logged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from cmgsim.design.model import Design
from cmgsim.facts import Fact
from cmgsim.observe.cmtrace import Kind, Record
from cmgsim.site.facts import (
    AlertRaised,
    LinkDown,
    LinkUp,
    Operation,
    OperationEnded,
    OperationStarted,
    OrphanFound,
    Outcome,
    PortalChangeReverted,
    ResourceDeployed,
    ResourceRemoved,
    StatusChanged,
    UnsupportedPortalChange,
)

CLOUD_MANAGER, SETUP, SERVICE = "CloudMgr.log", "CMGSetup.log", "CMGService.log"
HTTP_HANDLER, CONTENT, CONNECTOR = "CMGHttpHandler.log", "CMGContentService.log", "SMS_Cloud_ProxyConnector.log"
COMPONENTS = {
    CLOUD_MANAGER: "SMS_CLOUD_SERVICES_MANAGER",
    SETUP: "CMGSetup",
    SERVICE: "CMGService",
    HTTP_HANDLER: "CMGHttpHandler",
    CONTENT: "CMGContentService",
    CONNECTOR: "SMS_CLOUD_PROXYCONNECTOR",
}
ON_VMS = (SETUP, SERVICE, HTTP_HANDLER, CONTENT)
"""Logs that are written on VMs, and come to the site server late."""
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
    """One line of one log, at a moment of simulated time.

    ``place`` is where it is written: empty for the site server, the role of a connection point, or for a VM
    ``<gateway>/<number from 1>``.
    """

    log: str
    at_us: int
    kind: Kind
    text: str
    place: str = ""


#: What one kind of fact says: the log, the severity, the text, and the place.
Said = tuple[str, Kind, str, str]
INFORMATION, WARNING, ERROR = Kind.INFORMATION, Kind.WARNING, Kind.ERROR


def lines_of_fact(at_us: int, fact: Fact, design: Design | None = None) -> Iterator[Line]:
    """Yield the log lines that a fact of the control plane leaves.

    With a *design*, what concerns a gateway as a whole is in the logs of each VM it is designed with, else of VM 1.
    """
    for log, kind, text, place in LINES[type(fact)](fact) if type(fact) in LINES else ():
        vms = design.gateways[place].vms if design is not None and place in design.gateways else 1
        places = [f"{place}/{vm}" for vm in range(1, vms + 1)] if log == SETUP else [place]
        yield from (Line(log, at_us, kind, text, where) for where in places)


def _started(fact: OperationStarted) -> list[Said]:
    return [(CLOUD_MANAGER, INFORMATION, f"TaskManager: Task [{_task(fact)}] has started.", "")]


def _ended(fact: OperationEnded) -> list[Said]:
    if fact.outcome is Outcome.DONE:
        return [(CLOUD_MANAGER, INFORMATION, f"TaskManager: Task [{_task(fact)}] has completed.", "")]
    text = f"ERROR: TaskManager: Task [{_task(fact)}] has failed. Exception {fact.code}, {fact.detail}"
    return [(CLOUD_MANAGER, ERROR, text, "")]


def _status(fact: StatusChanged) -> list[Said]:
    text = f"Service {fact.gateway}: status {fact.before or 'none'} -> {fact.after or 'none'}. {fact.description}"
    said: list[Said] = [(CLOUD_MANAGER, INFORMATION, text.strip(), "")]
    if fact.after == "Ready":
        said.append((SETUP, INFORMATION, f"Setup of service {fact.gateway} on this VM is complete.", fact.gateway))
    return said


def _link_up(fact: LinkUp) -> list[Said]:
    text = f"Connected to {fact.gateway} VM {fact.vm} with {fact.protocol}, port {fact.port}."
    accepted = f"Connection point {fact.connection_point} is connected with {fact.protocol}."
    return [
        (CONNECTOR, INFORMATION, "Maintaining connections...", fact.connection_point),
        (CONNECTOR, INFORMATION, text, fact.connection_point),
        (SERVICE, INFORMATION, accepted, f"{fact.gateway}/{fact.vm}"),
    ]


def _link_down(fact: LinkDown) -> list[Said]:
    text = f"ERROR: No connection with {fact.gateway} VM {fact.vm}: {fact.reason}"
    lost = f"ERROR: Connection point {fact.connection_point} is disconnected."
    return [(CONNECTOR, ERROR, text, fact.connection_point), (SERVICE, ERROR, lost, f"{fact.gateway}/{fact.vm}")]


def _unsupported(fact: UnsupportedPortalChange) -> list[Said]:
    found = f"{fact.setting} is {fact.found} in Azure, not {fact.configured}"
    return [(CLOUD_MANAGER, WARNING, f"WARNING: Service {fact.gateway}: {found}: unsupported.", "")]


#: Kind of fact -> what it says.
LINES: dict[type[Fact], Callable[[Any], list[Said]]] = {
    OperationStarted: _started,
    OperationEnded: _ended,
    StatusChanged: _status,
    ResourceDeployed: lambda fact: [
        (CLOUD_MANAGER, INFORMATION, f"Deployed {fact.resource} for service {fact.gateway}.", "")
    ],
    ResourceRemoved: lambda fact: [
        (CLOUD_MANAGER, INFORMATION, f"Removed {fact.resource} of service {fact.gateway}.", "")
    ],
    LinkUp: _link_up,
    LinkDown: _link_down,
    AlertRaised: lambda fact: [
        (
            CLOUD_MANAGER,
            WARNING,
            f"WARNING: Service {fact.gateway}: outbound traffic {fact.used_bytes} B is over the {fact.level} level.",
            "",
        )
    ],
    UnsupportedPortalChange: _unsupported,
    PortalChangeReverted: lambda fact: [
        (CLOUD_MANAGER, INFORMATION, f"Service {fact.gateway}: {fact.setting} is as configured again.", "")
    ],
    OrphanFound: lambda fact: [
        (CLOUD_MANAGER, ERROR, f"ERROR: Service {fact.gateway} and Azure do not match: {fact.part}.", "")
    ],
}


def moment_of(at_us: int, start: date) -> datetime:
    """Return a moment as logs write it, to the millisecond; *start* is the day of moment 0."""
    return datetime.combine(start, time()) + timedelta(milliseconds=at_us // 1_000)


def records(lines: Iterable[Line], start: date) -> dict[str, list[Record]]:
    """Sort lines into logs by name, each in the order of time; *start* is the day of moment 0."""
    logs: dict[str, list[Record]] = {}
    for line in sorted(lines, key=lambda line: line.at_us):
        record = Record(moment_of(line.at_us, start), COMPONENTS[line.log], line.text, line.kind)
        logs.setdefault(line.log, []).append(record)
    return logs


def _task(fact: OperationStarted | OperationEnded) -> str:
    return f"{_TASKS[fact.operation]} for service {fact.gateway}"
