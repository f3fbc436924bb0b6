"""Faults as data: where in the cloud something goes wrong, for whom, when and how likely.

Theory of operation: a :class:`Fault` names one of the points at which the cloud can be made to fail, what it must
match, its window and its probability. :class:`Faults` knows which are in force; the hooks in
:mod:`cmgsim.arm.strikes` ask it, and cost nothing while there is none. Whether a fault strikes is a keyed draw of its
name, of whom it would strike and of how often that was asked before, so that one caller more or less changes nothing
for the others::

    Fault("flaky storage", Point.SERVER_ERROR, Match(provider="Microsoft.Storage"), probability_ppm=100_000)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.identifiers import within_scope
from cmgsim.errors import UnknownName
from cmgsim.units import DAY, HOUR, LONGEST_US, MINUTE, PARTS_PER_MILLION, SECOND

Value = int | str


class Point(Enum):
    """Where a fault acts."""

    CONNECT = "connect"
    ANSWER_LOST = "answer_lost"
    SLOW_ANSWER = "slow_answer"
    DIRECTORY_DOWN = "directory_down"
    SECRET_EXPIRED = "secret_expired"
    WRONG_AUDIENCE = "wrong_audience"
    CLOCK_SKEW = "clock_skew"
    TOKEN_REJECTED = "token_rejected"
    ARM_THROTTLED = "arm_throttled"
    PROVIDER_THROTTLED = "provider_throttled"
    SERVER_ERROR = "server_error"
    POLL_FAILED = "poll_failed"
    READ_LAG = "read_lag"
    GROUP_LEAVING = "group_leaving"
    LOCKED = "locked"
    POLICY_DENIED = "policy_denied"
    ROLES_REVOKED = "roles_revoked"
    SUBSCRIPTION_DISABLED = "subscription_disabled"
    QUOTA = "quota"
    CAPACITY = "capacity"
    NAME_RACE = "name_race"
    RETIRED = "retired"
    OPERATION_STUCK = "operation_stuck"
    OPERATION_FAILED = "operation_failed"
    REGION = "region"
    HOST_REBUILT = "host_rebuilt"
    GUEST_OS_ROLLED = "guest_os_rolled"
    PORTAL_CHANGE = "portal_change"


#: What each point does, and the parameters it takes with their defaults. Durations are microseconds (``_us``) or, where
#: they become a header, seconds (``_s``).
POINTS: dict[Point, tuple[str, Mapping[str, Value]]] = {
    Point.CONNECT: (
        "The request never arrives: `failure` is dns, tls or connect.",
        {"failure": "connect"},
    ),
    Point.ANSWER_LOST: ("The request is carried out, and its answer never arrives.", {}),
    Point.SLOW_ANSWER: ("The answer arrives later by `delay_us`.", {"delay_us": 30 * SECOND}),
    Point.DIRECTORY_DOWN: ("The directory answers 503 to whoever signs in.", {"retry_after_s": 30}),
    Point.SECRET_EXPIRED: ("The directory says that the secret has expired (AADSTS7000222).", {}),
    Point.WRONG_AUDIENCE: (
        "The directory issues tokens for another service, `audience`.",
        {"audience": "https://graph.microsoft.com"},
    ),
    Point.CLOCK_SKEW: (
        "The clock that judges tokens is ahead by `skew_us`; behind, if it is negative.",
        {"skew_us": HOUR},
    ),
    Point.TOKEN_REJECTED: (
        "A good token is answered 401; `error` is invalid_token or insufficient_claims.",
        {"error": "invalid_token"},
    ),
    Point.ARM_THROTTLED: ("429 SubscriptionRequestsThrottled.", {"retry_after_s": 10}),
    Point.PROVIDER_THROTTLED: ("429 TooManyRequests of the resource provider.", {"retry_after_s": 10}),
    Point.SERVER_ERROR: (
        "An answer of `status` with `code`; without Retry-After if `retry_after_s` is 0.",
        {
            "status": 503,
            "code": "ServiceUnavailable",
            "message": "The service is temporarily unavailable. Please try again later.",
            "retry_after_s": 30,
        },
    ),
    Point.POLL_FAILED: (
        "A question about an operation is answered `status`; the operation goes on.",
        {"status": 500, "code": "InternalServerError", "message": "An internal error occurred."},
    ),
    Point.READ_LAG: (
        "What was just made is not found for up to `lag_us`, drawn for each resource.",
        {"lag_us": 10 * SECOND},
    ),
    Point.GROUP_LEAVING: ("Changes are refused as if somebody were deleting the resource group.", {}),
    Point.LOCKED: ("A lock of `level` (CanNotDelete or ReadOnly) is in force.", {"level": "CanNotDelete"}),
    Point.POLICY_DENIED: ("403 RequestDisallowedByPolicy for what is written.", {"policy": "Allowed locations"}),
    Point.ROLES_REVOKED: ("403 AuthorizationFailed: the caller has no role any more.", {}),
    Point.SUBSCRIPTION_DISABLED: ("The subscription is read only.", {}),
    Point.QUOTA: (
        "The quota of cores is `cores`; what exceeds it is refused with `code`.",
        {"cores": 0, "code": "OperationNotAllowed"},
    ),
    Point.CAPACITY: (
        "No room for machines: `code` is SkuNotAvailable, at once, or one of the AllocationFailed kind, after a while.",
        {"code": "AllocationFailed"},
    ),
    Point.NAME_RACE: ("Another customer takes the name an instant before, and keeps it.", {}),
    Point.RETIRED: ("Nothing new is made of a type that is no longer offered.", {}),
    Point.OPERATION_STUCK: ("An operation ends later by `delay_us`.", {"delay_us": 24 * HOUR}),
    Point.OPERATION_FAILED: (
        "An operation ends as Failed with `code` and `message`.",
        {"code": "InternalServerError", "message": "An internal error occurred."},
    ),
    Point.REGION: (
        "The region `match.region` is in `state`: controlplane_down, capacity_out or down.",
        {"state": "down"},
    ),
    Point.HOST_REBUILT: (
        "The host of the instance number `instance` of `match.resource` fails; the instance starts anew elsewhere.",
        {"instance": 0},
    ),
    Point.GUEST_OS_ROLLED: (
        "The instances of `match.resource` get a new operating system, one after another, `every_us`.",
        {"every_us": 15 * MINUTE},
    ),
    Point.PORTAL_CHANGE: (
        "Somebody sends `method` and `body` (JSON) to `match.resource`; `principal` is a name, or whoever may.",
        {"method": "DELETE", "body": "", "principal": "", "version": "2021-04-01"},
    ),
}
#: What happens once at the beginning of its window, or from then on at intervals, and not when somebody asks.
MOMENTS = (Point.HOST_REBUILT, Point.GUEST_OS_ROLLED, Point.PORTAL_CHANGE)
_CHOICES: dict[tuple[Point, str], tuple[str, ...]] = {
    (Point.CONNECT, "failure"): ("dns", "tls", "connect"),
    (Point.TOKEN_REJECTED, "error"): ("invalid_token", "insufficient_claims"),
    (Point.LOCKED, "level"): ("CanNotDelete", "ReadOnly"),
    (Point.QUOTA, "code"): ("OperationNotAllowed", "QuotaExceeded"),
    (Point.CAPACITY, "code"): (
        "AllocationFailed",
        "OverconstrainedAllocationRequest",
        "SkuNotAvailable",
        "ZonalAllocationFailed",
    ),
    (Point.REGION, "state"): tuple(state.value for state in RegionState),
    (Point.PORTAL_CHANGE, "method"): ("DELETE", "PATCH", "POST", "PUT"),
}
_YEAR = 365 * DAY
#: The least and the greatest value of each parameter that is a number.
_BOUNDS: Mapping[str, tuple[int, int]] = {
    "status": (400, 599),
    "delay_us": (0, LONGEST_US),
    "lag_us": (0, LONGEST_US),
    "every_us": (1, LONGEST_US),
    "skew_us": (-_YEAR, _YEAR),
    "retry_after_s": (0, _YEAR // SECOND),
    "cores": (0, 1_000_000),
    "instance": (0, 1_000_000),
}
assert {name for _, known in POINTS.values() for name, value in known.items() if isinstance(value, int)} == set(_BOUNDS)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a fault is held against: one request, one resource about to change, or one operation about to begin.

    ``action`` is what a role would have to allow, such as ``Microsoft.Storage/storageAccounts/write``; ``principals``
    are all names of the caller.
    """

    method: str
    action: str
    provider: str
    type: str
    resource: str
    region: str
    subscription: str
    principals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """Whom a fault concerns; what is empty matches all. Case never matters.

    ``type`` is a full resource type, ``resource`` an id, which stands for all below it too. ``operation`` is a method
    (``PUT``), a verb (``read``, ``write``, ``delete``, ``action``) or a full action. ``principal`` is a name or an id.
    """

    subscription: str = ""
    provider: str = ""
    type: str = ""
    resource: str = ""
    region: str = ""
    operation: str = ""
    principal: str = ""

    def covers(self, occasion: Occasion) -> bool:
        """Say whether an occasion is one of those meant."""
        return (
            _same(self.subscription, occasion.subscription)
            and _same(self.provider, occasion.provider)
            and _same(self.type, occasion.type)
            and _same(self.region, occasion.region)
            and (not self.resource or within_scope(occasion.resource, self.resource))
            and (not self.operation or self._is_operation(occasion))
            and (not self.principal or self.principal in occasion.principals)
        )

    def _is_operation(self, occasion: Occasion) -> bool:
        verb = occasion.action.rpartition("/")[2]
        return self.operation.lower() in (occasion.method.lower(), verb.lower(), occasion.action.lower())


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong from ``from_us`` until ``until_us`` (None: for ever).

    ``parameters`` are those of its point in :data:`POINTS`; what is left out has its default. They may be given as a
    mapping and are kept as pairs, sorted.
    """

    name: str
    point: Point
    match: Match = Match()
    from_us: int = 0
    until_us: int | None = None
    probability_ppm: int = PARTS_PER_MILLION
    parameters: tuple[tuple[str, Value], ...] | Mapping[str, Value] = ()

    def __post_init__(self) -> None:
        """Check the fault.

        Raises:
            ValueError: for a window without length, a probability outside 0..1,000,000, or a parameter of another
                kind than its default or beyond its bounds.
            UnknownName: for a parameter that the point does not take.
        """
        object.__setattr__(self, "parameters", tuple(sorted(dict(self.parameters).items())))
        if self.until_us is not None and self.until_us <= self.from_us:
            raise ValueError(f"fault {self.name!r}: its window ends at {self.until_us}, not after {self.from_us}")
        if not 0 <= self.probability_ppm <= PARTS_PER_MILLION:
            raise ValueError(f"fault {self.name!r}: a probability is 0 to 1,000,000 ppm, not {self.probability_ppm}")
        for name, value in dict(self.parameters).items():
            self._check(name, value)

    def __deepcopy__(self, memo: dict[int, Any]) -> Fault:
        """Return itself: nothing in it ever changes."""
        return self

    def number(self, name: str) -> int:
        """Return a parameter that is a number."""
        value = self._value(name)
        assert isinstance(value, int), f"{name} of {self.point} is no number"
        return value

    def text(self, name: str) -> str:
        """Return a parameter that is a text."""
        return str(self._value(name))

    def _value(self, name: str) -> Value:
        return dict(self.parameters).get(name, POINTS[self.point][1][name])

    def _check(self, name: str, value: Value) -> None:
        known = POINTS[self.point][1]
        if name not in known:
            raise UnknownName(f"parameter of {self.point.value}", name, known)
        if type(value) is not type(known[name]):
            raise ValueError(f"fault {self.name!r}: {name} is {value!r}; write it like {known[name]!r}")
        choices = _CHOICES.get((self.point, name), (value,))
        if value not in choices:
            raise ValueError(f"fault {self.name!r}: {name} is {value!r}; use one of {', '.join(map(str, choices))}")
        if isinstance(value, int) and not _BOUNDS[name][0] <= value <= _BOUNDS[name][1]:
            least, greatest = _BOUNDS[name]
            raise ValueError(f"fault {self.name!r}: {name} is {value}; write a number from {least} to {greatest}")


@dataclass(slots=True)
class Faults:
    """Those to come and those in force, each by name.

    ``over`` are the names of those of the past. ``next_us`` is when something about them changes by itself, None if
    never. ``acted`` counts for those of :data:`MOMENTS` how often they have acted, and ``acts_us`` says when they do
    so next.
    """

    waiting: dict[str, Fault] = field(default_factory=dict)
    active: dict[str, Fault] = field(default_factory=dict)
    acted: dict[str, int] = field(default_factory=dict)
    acts_us: dict[str, int] = field(default_factory=dict)
    over: dict[str, None] = field(default_factory=dict)
    next_us: int | None = None

    def add(self, fault: Fault) -> None:
        """Keep a fault until its window begins.

        Raises:
            ValueError: if another of its name is kept.
        """
        if fault.name in self.waiting or fault.name in self.active:
            raise ValueError(f"the fault {fault.name!r} is there already; remove it first, or name this one otherwise")
        self.waiting[fault.name] = fault
        self.over.pop(fault.name, None)
        self._look_ahead()

    def remove(self, name: str) -> Fault | None:
        """Let a fault be over; return it if it was in force.

        Raises:
            UnknownName: if there never was one of this name.
        """
        if name not in self.waiting and name not in self.active and name not in self.over:
            raise UnknownName("fault", name, [*self.waiting, *self.active])
        self.over[name] = None
        self.waiting.pop(name, None)
        self.acts_us.pop(name, None)
        fault = self.active.pop(name, None)
        self._look_ahead()
        return fault

    def at(self, point: Point) -> Iterator[Fault]:
        """Return the faults in force at a point, in the order in which they came into force."""
        return (fault for fault in self.active.values() if fault.point is point)

    def begin(self, now_us: int) -> list[Fault]:
        """Put in force what is due by now; return it, in the order of windows and names."""
        due = sorted((fault.from_us, fault.name) for fault in self.waiting.values() if fault.from_us <= now_us)
        begun = [self.waiting.pop(name) for _, name in due]
        for fault in begun:
            self.active[fault.name] = fault
            if fault.point in MOMENTS:
                self.acted[fault.name], self.acts_us[fault.name] = 0, now_us
        self._look_ahead()
        return begun

    def end(self, now_us: int) -> list[Fault]:
        """Take out of force what has had its time; return it."""
        gone = [fault for fault in self.active.values() if fault.until_us is not None and fault.until_us <= now_us]
        for fault in gone:
            self.remove(fault.name)
        return gone

    def acting(self, now_us: int) -> list[tuple[Fault, int]]:
        """Return what acts by itself now, each with how often it has acted before."""
        names = [name for name, moment in self.acts_us.items() if moment <= now_us]
        for name in names:
            self.acted[name] += 1
            del self.acts_us[name]
        self._look_ahead()
        return [(self.active[name], self.acted[name] - 1) for name in names]

    def act_again(self, fault: Fault, moment_us: int) -> None:
        """Let a fault act once more, at a moment."""
        self.acts_us[fault.name] = moment_us
        self._look_ahead()

    def _look_ahead(self) -> None:
        moments = [fault.from_us for fault in self.waiting.values()]
        moments += [fault.until_us for fault in self.active.values() if fault.until_us is not None]
        self.next_us = min([*moments, *self.acts_us.values()], default=None)


def _same(wanted: str, actual: str) -> bool:
    return not wanted or wanted.lower() == actual.lower()
