"""A scenario: a design, perhaps a plan, seeds, and what must be true in the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema, model_validator

from cmgsim.design.hardships import Fault, Swarm
from cmgsim.design.plan import GatewayName, Step
from cmgsim.design.quantities import Duration, Name, PositiveDuration, Share
from cmgsim.design.record import Record
from cmgsim.design.references import Reference
from cmgsim.units import PARTS_PER_MILLION, format_share, share_ppm

Seed = Annotated[int, Field(strict=True, ge=0, lt=2**63)]


@dataclass(frozen=True)
class Amount:
    """A number of clients, written as a count (``40``) or as a share of all (``0.5%``); exactly one is not None."""

    count: int | None = None
    share: int | None = None

    def of(self, total: int) -> int:
        """Return the number of clients among *total*; a share is rounded down."""
        return self.count if self.count is not None else total * (self.share or 0) // PARTS_PER_MILLION

    def __str__(self) -> str:
        return str(self.count) if self.count is not None else format_share(self.share or 0)


def _read_amount(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return Amount(count=value)
    if isinstance(value, str):
        return Amount(share=share_ppm(value))
    if isinstance(value, Amount):
        return value
    raise ValueError(f"{value!r} is no number of clients: write a count such as 40, or a share such as '0.5%'")


ClientAmount = Annotated[
    Amount,
    BeforeValidator(_read_amount),
    PlainSerializer(lambda amount: amount.count if amount.share is None else str(amount), when_used="json"),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "pattern": r"^[0-9.]+ ?%$"}]}),
]
"""A count or a share of clients."""


class Bound(Record):
    """A bound on a number of clients, from above, from below or both."""

    at_most: ClientAmount | None = None
    """No more than this."""
    at_least: ClientAmount | None = None
    """No fewer than this."""

    @model_validator(mode="after")
    def _some_bound(self) -> Bound:
        if self.at_most is None and self.at_least is None:
            raise ValueError("give 'at_most', 'at_least' or both")
        return self


class StrandedClients(Bound):
    """How many clients are stranded: on the internet, knowing no gateway that answers."""

    longer_than: PositiveDuration | None = None
    """Count clients that were ever stranded for longer than this at one time; left out, those stranded at the end."""
    population: Annotated[Name, Reference("clients")] | None = None
    """Count this population only."""


class ClientsKnowing(Bound):
    """How many clients know a gateway at the end."""

    gateway: GatewayName
    """The gateway."""


class OperationsEnd(Record):
    """Every operation on a gateway comes to an end."""

    within: PositiveDuration = timedelta(hours=1)
    """How long one may take."""


class Outage(Record):
    """How long, in one piece, no gateway is active."""

    at_most: Duration | None = None
    """No longer than this."""
    at_least: Duration | None = None
    """At least this long."""


class RequestsServed(Record):
    """The share of clients' requests over a gateway that are served.

    Those that a client itself gave up by losing its network or its power are not counted.
    """

    at_least: Share | None = None
    """At least this share."""
    at_most: Share | None = None
    """At most this share."""

    @model_validator(mode="after")
    def _some_bound(self) -> RequestsServed:
        if self.at_most is None and self.at_least is None:
            raise ValueError("give 'at_most', 'at_least' or both")
        return self


class Availability(Record):
    """The share of the time in which a gateway serves clients."""

    gateway: GatewayName
    """The gateway."""
    at_least: Share | None = None
    """At least this share of the run."""
    at_most: Share | None = None
    """At most this share of the run."""

    @model_validator(mode="after")
    def _some_bound(self) -> Availability:
        if self.at_most is None and self.at_least is None:
            raise ValueError("give 'at_most', 'at_least' or both")
        return self


class CountBound(Record):
    """A bound on a number of findings, from above, from below or both."""

    at_most: Annotated[int, Field(strict=True, ge=0)] | None = None
    """No more than this."""
    at_least: Annotated[int, Field(strict=True, ge=0)] | None = None
    """No fewer than this."""

    @model_validator(mode="after")
    def _some_bound(self) -> CountBound:
        if self.at_most is None and self.at_least is None:
            raise ValueError("give 'at_most', 'at_least' or both")
        return self


class NothingMore(Record):
    """A check without parameters."""


class Expectation(Record):
    """One check with its parameters: exactly one."""

    stranded_clients: StrandedClients | None = None
    """A bound on stranded clients."""
    never_without_a_gateway: NothingMore | None = None
    """At every moment at least one gateway is active."""
    operations_end: OperationsEnd | None = None
    """Every operation on a gateway ends in time, and well."""
    requests_conserved: NothingMore | None = None
    """Every request asked is served, refused, given up or still waiting; none is lost or counted twice."""
    clients_knowing: ClientsKnowing | None = None
    """A bound on the clients that know a gateway at the end."""
    outage: Outage | None = None
    """A bound on the longest time without an active gateway."""
    requests_served: RequestsServed | None = None
    """A bound on the share of requests that are served."""
    availability: Availability | None = None
    """A bound on the share of the time in which a gateway serves clients."""
    portal_changes: CountBound | None = None
    """A bound on what the site found changed past the console (``UNSUPPORTED_PORTAL_CHANGE``)."""
    orphans: CountBound | None = None
    """A bound on records and resources that the consistency check found without their other half."""

    @model_validator(mode="after")
    def _one_check(self) -> Expectation:
        names = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(names) != 1:
            raise ValueError(f"an expectation names exactly one check, not {' and '.join(names) or 'none'}")
        return self

    @property
    def check(self) -> str:
        """The name of the check."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def parameters(self) -> Any:
        """The check's parameters, a record."""
        return getattr(self, self.check)


def _bare_name(value: object) -> object:
    """Take ``- never_without_a_gateway`` for ``- never_without_a_gateway: {}``."""
    return {value: {}} if isinstance(value, str) else value


class Scenario(Record):
    """What to run, and what must hold."""

    scenario: str
    """What is being asked, in a line."""
    design: str
    """The design file, relative to this file."""
    plan: str | None = None
    """The plan file, relative to this file."""
    steps: tuple[Step, ...] = ()
    """A plan written here instead."""
    set: dict[str, Any] = {}
    """Values to change first: ``plan.LABEL`` for a labelled step's value, ``design.PATH`` for one of the design."""
    seeds: Annotated[tuple[Seed, ...], Field(min_length=1, max_length=10_000)] = (1,)
    """One run for each seed."""
    scale: Share = PARTS_PER_MILLION
    """Simulate this share of every population; counts are rounded up."""
    before: Duration = timedelta(0)
    """Let this much time pass before the plan begins."""
    after: Duration = timedelta(days=2)
    """Let this much time pass after the plan; without a plan, how long to run."""
    engine: Literal["auto", "reference", "fast"] = "auto"
    """Which fleet engine: the readable reference, the fast one, or the one for its size. They give the same run."""
    faults: Annotated[tuple[Fault, ...], Field(max_length=1_000)] = ()
    """What goes wrong, when, and for how long."""
    swarm: Swarm | None = None
    """Faults that are drawn by the seed of each run, besides."""
    expect: Annotated[tuple[Annotated[Expectation, BeforeValidator(_bare_name)], ...], Field(min_length=1)]
    """What must be true."""
    tags: tuple[Name, ...] = ()
    """Words to select scenarios by, as pytest marks."""

    @model_validator(mode="after")
    def _one_plan(self) -> Scenario:
        if self.plan is not None and self.steps:
            raise ValueError("give 'plan' or 'steps', not both")
        return self
