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
class PartBroke(Fact):
    """A part stopped working: a VM, a link, a role, a region; ``kind`` and ``name`` as in its breakage."""

    kind: str
    name: str
    vm: int
    reason: str


@dataclass(frozen=True)
class PartWorks(Fact):
    """A part that was broken works again."""

    kind: str
    name: str
    vm: int


@dataclass(frozen=True)
class DoorsChanged(Fact):
    """The load balancer of a gateway hands new requests to these VMs from now on, and to no others."""

    gateway: str
    vms: tuple[int, ...]


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
class PortalUsed(Fact):
    """Somebody did something to a gateway in the Azure portal; ``refusal`` is why it was not done, or empty."""

    gateway: str
    did: str
    refusal: str = ""


@dataclass(frozen=True)
class RunningChanged(Fact):
    """Azure runs another number of VMs of a gateway than before, and the site did not order it."""

    gateway: str
    vms: int


@dataclass(frozen=True)
class UnsupportedPortalChange(Fact):
    """The site found that Azure holds something else than it configured (``UNSUPPORTED_PORTAL_CHANGE``).

    Somebody changed it past the console, or an operation that failed halfway left it.
    """

    gateway: str
    setting: str
    configured: int
    found: int


@dataclass(frozen=True)
class PortalChangeReverted(Fact):
    """A change made past the console is gone; ``by`` is what took it back."""

    gateway: str
    setting: str
    by: str


@dataclass(frozen=True)
class OrphanFound(Fact):
    """The site's record and Azure do not match: a part that only one of them has.

    ``left_in`` is ``site`` for a record whose part was deleted in Azure, ``azure`` for a part without a record.
    """

    gateway: str
    part: str
    left_in: str


@dataclass(frozen=True)
class SiteTokensLapsed(Fact):
    """The site tokens of a population were not renewed for too long: gateways refuse its clients from now on."""

    population: str


@dataclass(frozen=True)
class SiteTokensRenewed(Fact):
    """The clients of a population whose site tokens had lapsed have registered on the intranet, and have new ones."""

    population: str


@dataclass(frozen=True)
class AlertRaised(Fact):
    """Outbound traffic of 14 days crossed an alert level."""

    gateway: str
    level: str
    used_bytes: int
    threshold_bytes: int
