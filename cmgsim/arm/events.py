"""What happened in the cloud, as frozen facts that a trace can hold."""

from __future__ import annotations

from dataclasses import dataclass

from cmgsim.facts import Fact


@dataclass(frozen=True)
class ResourceCreated(Fact):
    """A resource came to be; it may still be growing up."""

    resource: str
    kind: str
    location: str


@dataclass(frozen=True)
class ResourceChanged(Fact):
    """A resource was written again or changed its provisioning state."""

    resource: str
    kind: str
    state: str


@dataclass(frozen=True)
class ResourceDeleted(Fact):
    """A resource is gone, and its names with it."""

    resource: str
    kind: str


@dataclass(frozen=True)
class OperationStarted(Fact):
    """A long-running operation began."""

    operation: str
    lifecycle: str
    resource: str


@dataclass(frozen=True)
class OperationFinished(Fact):
    """A long-running operation ended; ``code`` is that of its error, or empty."""

    operation: str
    lifecycle: str
    resource: str
    status: str
    code: str


@dataclass(frozen=True)
class RequestRefused(Fact):
    """A request that would have changed something was refused, or any request was throttled."""

    method: str
    path: str
    principal: str
    status: int
    code: str


@dataclass(frozen=True)
class ProviderChanged(Fact):
    """The registration of a subscription for a provider changed its state."""

    subscription: str
    namespace: str
    state: str


@dataclass(frozen=True)
class FaultChanged(Fact):
    """A fault came into force, or is over."""

    fault: str
    point: str
    in_force: bool


@dataclass(frozen=True)
class FaultStruck(Fact):
    """A fault did what it does, to ``who``: the path of a request, or a resource."""

    fault: str
    point: str
    who: str


@dataclass(frozen=True)
class RegionChanged(Fact):
    """A region went up or down."""

    region: str
    state: str
