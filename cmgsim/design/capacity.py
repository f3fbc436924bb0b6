"""Measured capacities: how many requests the parts of a gateway serve at once, and how long they take over one.

Nothing published says how long a VM or a role takes over a request, so what is left out here is assumed from the
number of clients each part is rated for: see :mod:`cmgsim.site.stations`. Give what you measured, and it is used.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cmgsim.design.quantities import PositiveDuration
from cmgsim.design.record import Record

RequestKind = Literal["location", "policy", "scan", "inventory", "software_inventory", "heartbeat", "state", "content"]
"""A kind of request that a client makes."""


class Measured(Record):
    """What was measured of one kind of part."""

    at_once: Annotated[int, Field(strict=True, ge=1, le=1_024)] | None = None
    """How many requests it serves at the same time; left out, as assumed."""
    service: PositiveDuration | None = None
    """How long one request is in service, on average, not counting time in line; left out, as assumed."""
    by_kind: dict[RequestKind, PositiveDuration] = {}
    """The same for single kinds of request."""


class Capacity(Record):
    """Measured capacities, by kind of part; what is left out is assumed."""

    vm: Measured = Measured()
    """One VM of a gateway."""
    connection_point: Measured = Measured()
    """A connection point."""
    management_point: Measured = Measured()
    """A management point."""
    update_point: Measured = Measured()
    """A software update point."""
