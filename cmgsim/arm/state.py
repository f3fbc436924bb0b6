"""The live cloud: everything that changes, in one object of plain data."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from cmgsim.arm import strikes
from cmgsim.arm.clouds import ENVIRONMENTS, Environment, Region, RegionState
from cmgsim.arm.config import ArmConfig, Role, Subscription
from cmgsim.arm.dataplane.contents import Contents
from cmgsim.arm.errors import group_not_found, region_down, resource_not_found
from cmgsim.arm.events import OperationStarted, ResourceChanged, ResourceCreated
from cmgsim.arm.faults import Faults
from cmgsim.arm.identifiers import guid, iso
from cmgsim.arm.lifecycle import LIFECYCLES, Lifecycle, Path, path
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.names import Names
from cmgsim.arm.operations import Operation, Operations
from cmgsim.arm.scoped import Scoped
from cmgsim.arm.store import Lock, Resource, Store
from cmgsim.arm.targets import GROUP, RESOURCE, Target
from cmgsim.arm.throttle import Throttle
from cmgsim.errors import UnknownName
from cmgsim.facts import Fact

if TYPE_CHECKING:
    from cmgsim.arm.planning import Deployment


@dataclass(frozen=True, slots=True)
class ActivityEntry:
    """One line of the activity log: who did what to which resource, and how it went."""

    at_us: int
    caller: str
    app_id: str
    action: str
    resource: str
    status: str
    code: str
    method: str
    correlation: str


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """What a role allows, as patterns of actions, and what it takes away again.

    ``scopes`` is where it may be given; a built-in role may be given anywhere.
    """

    id: str
    title: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()
    data_actions: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ("/",)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A role that was given to a principal, by its object id, at a scope; a custom role is given by its GUID."""

    name: str
    scope: str
    role: Role | str
    principal: str

    @property
    def key(self) -> str:
        """Return the text by which it is found."""
        return f"{self.scope}/{self.name}".lower()


def principal_of(assignment: Assignment) -> str:
    """Return whom a role was given to."""
    return assignment.principal


def by_principal() -> Scoped[Assignment]:
    """Return a place for assignments, which finds them by principal too."""
    return Scoped(principal_of)


@dataclass(slots=True)
class Cloud:
    """What is so at ``now_us``.

    ``registrations`` holds the state of (subscription, provider namespace in lower case) where it is not
    ``NotRegistered``; ``under_way`` are the keys of deployments that have not ended; ``origins`` by operation id what
    the activity log said of the request that began it; ``failing`` the regions that a fault has put into a state;
    ``conflicts`` what :mod:`cmgsim.arm.conflicts` remembers;
    ``definitions`` are custom roles by their GUIDs, ``contents`` what is in containers; ``ordinals`` counts how often
    what was done to whom.
    """

    config: ArmConfig
    seed: int
    store: Store
    names: Names
    throttle: Throttle
    regions: dict[str, Region]
    activity: deque[ActivityEntry]
    operations: Operations = field(default_factory=Operations)
    registrations: dict[tuple[str, str], str] = field(default_factory=dict)
    locks: Scoped[Lock] = field(default_factory=Scoped)
    assignments: Scoped[Assignment] = field(default_factory=by_principal)
    deployments: Scoped[Deployment] = field(default_factory=Scoped)
    under_way: dict[str, None] = field(default_factory=dict)
    definitions: dict[str, RoleDefinition] = field(default_factory=dict)
    contents: Contents = field(default_factory=Contents)
    origins: dict[str, ActivityEntry] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    failing: dict[str, RegionState] = field(default_factory=dict)
    conflicts: dict[tuple[str, str, str], Answer] = field(default_factory=dict)
    events: list[Fact] = field(default_factory=list)
    ordinals: dict[tuple[str, str], int] = field(default_factory=dict)
    now_us: int = 0
    requests: int = 0

    @classmethod
    def of(cls, config: ArmConfig, seed: int) -> Cloud:
        """Make the cloud as it is before the first request."""
        regions = {region.name: region for region in config.regions}
        activity: deque[ActivityEntry] = deque(maxlen=config.activity_size)
        throttle = Throttle(config.throttle)
        return cls(config, seed, Store(), Names(config.taken_names), throttle, regions, activity)

    def subscription(self, subscription: str) -> Subscription | None:
        """Return the facts of a subscription, None if there is none with this id."""
        for known in self.config.subscriptions:  # few, and asked for with every request
            if known.id == subscription:
                return known
        return None

    def owner_of(self, resource: Resource) -> Subscription:
        """Return the subscription that a resource is in."""
        subscription = self.subscription(resource.subscription)
        assert subscription is not None, f"{resource.id} is in no known subscription"
        return subscription

    def environment_of(self, subscription: str) -> Environment:
        """Return the cloud that a subscription lives in."""
        facts = self.subscription(subscription)
        return ENVIRONMENTS[facts.environment if facts else "public"]

    def region_names(self, environment: str) -> list[str]:
        """Return the regions that one cloud offers."""
        return [region.name for region in self.regions.values() if region.environment == environment]

    def offers(self, environment: str, region: str) -> bool:
        """Say whether a cloud offers a region."""
        known = self.regions.get(region)
        return known is not None and known.environment == environment

    def region_state(self, region: str) -> RegionState:
        """Return how a region fares; a place that is no region (``global``) is always up."""
        if region in self.failing:
            return self.failing[region]
        known = self.regions.get(region)
        return known.state if known else RegionState.UP

    def has_room(self, resource: Resource) -> bool:
        """Say whether there are machines to be had for a resource."""
        if self.region_state(resource.location) is RegionState.CAPACITY_OUT:
            return False
        return not self.faults.active or strikes.has_room(self, resource)

    def require_region(self, region: str) -> None:
        """Let a change to something in a region pass if its control plane is up.

        Raises:
            ArmError: 503 ``ServiceUnavailable`` if it is not.
        """
        if self.region_state(region) in (RegionState.CONTROLPLANE_DOWN, RegionState.DOWN):
            raise region_down(region)

    def require_answers(self, region: str) -> None:
        """Let a question about something in a region pass if the region answers at all.

        Raises:
            ArmError: 503 ``ServiceUnavailable`` if it does not.
        """
        if self.region_state(region) is RegionState.DOWN:
            raise region_down(region)

    def set_region(self, region: str, state: RegionState) -> None:
        """Let a region go up or down.

        Raises:
            UnknownName: if there is no such region.
        """
        if region not in self.regions:
            raise UnknownName("region", region, self.regions)
        self.regions[region] = replace(self.regions[region], state=state)

    def require_scope(self, target: Target) -> str:
        """Return what a path is asked of in the casing it was created with, so that something can lie on it.

        Raises:
            ArmError: 404 if it is a group or a resource that is not there.
        """
        scope = target.scope
        if target.level not in (GROUP, RESOURCE):
            return scope.lower()
        resource = self.store.get(scope)
        if resource is None and target.level == GROUP:
            raise group_not_found(target.group)
        if resource is None:
            raise resource_not_found("/".join(scope.split("/")[6:-1]), scope.rpartition("/")[2], target.group)
        return resource.id

    def ordinal(self, purpose: str, who: str) -> int:
        """Count, from 0, how often this was asked before."""
        key = (purpose, who.lower())
        number = self.ordinals.get(key, 0)
        self.ordinals[key] = number + 1
        return number

    def guid(self, purpose: str, who: str) -> str:
        """Draw a new GUID for somebody."""
        return guid(self.seed, purpose, who.lower(), self.ordinal(f"guid.{purpose}", who))

    def iso(self, moment_us: int) -> str:
        """Write a moment as ARM does."""
        return iso(self.config.start, moment_us)

    def lifecycle(self, name: str) -> Lifecycle:
        """Return a table, the configuration's own before the common one.

        Raises:
            UnknownName: if there is none of this name.
        """
        own = next((table for table in self.config.lifecycles if table.name == name), None)
        return own or LIFECYCLES[name]

    def path(self, lifecycle: str, who: str) -> Path:
        """Draw the way of *who* through a table, from now."""
        table = self.lifecycle(lifecycle)
        return path(table, self.seed, who, self.ordinal(f"path.{lifecycle}", who), self.now_us)

    def create(self, resource: Resource) -> Resource:
        """Keep a new resource and take its names.

        Raises:
            ArmError: 409 ``ResourceTypeRetired`` if a fault says that its type is no longer offered.
        """
        if self.faults.active:
            strikes.before_keeping(self, resource)
        resource = resource.having(created_us=self.now_us, changed_us=self.now_us, etag=self.guid("etag", resource.id))
        for name in resource.names:
            self.names.take(name, resource.id)
        self.events.append(ResourceCreated(resource.id, resource.type, resource.location))
        return self.store.put(resource)

    def change(self, resource: Resource, **changes: object) -> Resource:
        """Keep a resource with some fields changed, under a new etag."""
        changed = resource.having(**changes, changed_us=self.now_us, etag=self.guid("etag", resource.id))
        self.events.append(ResourceChanged(changed.id, changed.type, changed.state))
        return self.store.put(changed)

    def begin(
        self,
        lifecycle: str,
        resource: Resource,
        effect: str,
        *,
        steps: Path = (),
        retry_after_s: int = 5,
        fallback_cores: int = 0,
    ) -> Operation:
        """Begin an operation on a resource and mark it as busy with it; ``steps`` replace the drawn path."""
        steps, code, message = steps or self.path(lifecycle, resource.id), "", ""
        if self.faults.active:
            steps, code, message = strikes.on_operation(self, lifecycle, resource, steps)
        operation = Operation(
            self.guid("operation", resource.id),
            resource.id,
            lifecycle,
            effect,
            steps,
            self.now_us,
            resource.location,
            retry_after_s,
            fallback_cores,
            code=code,
            message=message,
        )
        start = self.lifecycle(lifecycle).start
        self.change(resource, state=start, operation=operation.id)
        self.events.append(OperationStarted(operation.id, lifecycle, resource.id))
        return self.operations.add(operation)


def body_with_properties(body: Json, **properties: object) -> Json:
    """Return a body with some of its properties changed."""
    return body | {"properties": (body.get("properties") or {}) | properties}
