"""A design: the whole of what a user describes, frozen.

Everything is keyed by name, so a duplicate cannot be written and a path such as ``gateways.east.vms`` says where.
Defaults are filled in; what one part says of another by name is checked by :mod:`cmgsim.design.references`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator

from cmgsim.design.azure import Azure
from cmgsim.design.capacity import Capacity
from cmgsim.design.certificates import Certificates
from cmgsim.design.clients import ClientSettings, DayPlan, Population
from cmgsim.design.content import Content
from cmgsim.design.gateways import Gateway
from cmgsim.design.hierarchy import Hierarchy
from cmgsim.design.network import Boundary, BoundaryGroup
from cmgsim.design.quantities import CalendarDate, Name
from cmgsim.design.record import Record
from cmgsim.design.roles import Roles

#: A Monday, one working day after Microsoft's set-up page of 26 July 2019 on which the baseline profile rests.
FIRST_DAY = date(2019, 7, 29)
#: The first and the last day on which a run can begin: neither its past nor its future leaves the calendar.
EARLIEST_START, LATEST_START = date(2010, 1, 1), date(2100, 12, 31)


def _within_start(start: date) -> date:
    if not EARLIEST_START <= start <= LATEST_START:
        raise ValueError(f"a run cannot begin on {start}: write a day from {EARLIEST_START} to {LATEST_START}")
    return start


class Design(Record):
    """A hierarchy, its Azure side, its gateways and its clients."""

    cmgsim: Literal[1]
    """The version of this file format."""
    name: str
    """What the design is, in a line."""
    start: Annotated[CalendarDate, AfterValidator(_within_start)] = FIRST_DAY
    """The day on which simulated time begins, at midnight UTC; from 2010 to 2100."""
    hierarchy: Hierarchy
    """Sites, version and options."""
    azure: Azure = Azure()
    """Subscriptions and names."""
    certificates: Certificates = Certificates()
    """Authorities and certificates."""
    gateways: dict[Name, Gateway] = {}
    """Cloud management gateways."""
    roles: Roles = Roles()
    """Site system roles."""
    boundaries: dict[Name, Boundary] = {}
    """Network locations."""
    boundary_groups: dict[Name, BoundaryGroup] = {}
    """Boundary groups."""
    client_settings: dict[Name, ClientSettings] = {}
    """Client settings."""
    day_plans: dict[Name, DayPlan] = {}
    """Ways to spend a day."""
    clients: dict[Name, Population] = {}
    """Populations of clients."""
    content: Content = Content()
    """What can be deployed to clients."""
    capacity: Capacity = Capacity()
    """How fast the parts of a gateway serve, where that was measured."""

    def site_version(self) -> int:
        """Return the version of Configuration Manager."""
        return self.hierarchy.version

    def settings_of(self, population: str) -> ClientSettings:
        """Return the client settings of a population."""
        name = self.clients[population].settings
        return ClientSettings() if name is None else self.client_settings[name]
