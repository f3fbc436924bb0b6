"""What can happen to a hierarchy and its gateways."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from cmgsim.facts import Fact


class Operation(Enum):
    """What the cloud service manager does to a gateway (source: SMS_AzureServicesTask, TaskTypeId)."""

    CREATE = "create"
    SCALE = "scale"
    MODIFY = "modify"
    DELETE = "delete"
    STOP = "stop"
    START = "start"


class Outcome(Enum):
    """How an operation or a plan step came to its end."""

    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"


@dataclass(frozen=True)
class OperationStarted(Fact):
    """The console accepted an operation."""

    gateway: str
    operation: Operation


@dataclass(frozen=True)
class OperationEnded(Fact):
    """An operation came to its end. ``code`` is empty when done, else a word such as ``FEATURE_OFF``."""

    gateway: str
    operation: Operation
    outcome: Outcome
    code: str
    detail: str
    took_us: int


@dataclass(frozen=True)
class StatusChanged(Fact):
    """The Status column of a gateway shows something else."""

    gateway: str
    before: str
    after: str
    description: str


@dataclass(frozen=True)
class ResourceDeployed(Fact):
    """A resource of a gateway exists in Azure."""

    gateway: str
    resource: str


@dataclass(frozen=True)
class ResourceRemoved(Fact):
    """A resource of a gateway no longer exists in Azure."""

    gateway: str
    resource: str


@dataclass(frozen=True)
class LinkUp(Fact):
    """A connection point has a link to one VM of its gateway."""

    connection_point: str
    gateway: str
    vm: int
    protocol: str
    port: int


@dataclass(frozen=True)
class LinkDown(Fact):
    """A connection point lost, or could not build, its link to one VM."""

    connection_point: str
    gateway: str
    vm: int
    reason: str


@dataclass(frozen=True)
class RoleChanged(Fact):
    """A site system role was added, changed or removed in the console."""

    role: str
    setting: str
    value: str


@dataclass(frozen=True)
class ActiveGatewaysChanged(Fact):
    """Which gateways can serve clients now: ready, connected, and with a management point that takes the traffic."""

    active: tuple[str, ...]


@dataclass(frozen=True)
class Published(Fact):
    """What a site now answers to location requests over the internet: URLs of management point candidates."""

    site: str
    publication: int
    urls: tuple[str, ...]


@dataclass(frozen=True)
class AlertRaised(Fact):
    """Outbound traffic of 14 days crossed an alert level."""

    gateway: str
    level: str
    used_bytes: int
    threshold_bytes: int
