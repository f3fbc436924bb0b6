"""Which servers are in a client's reach: at once, after a while, and never.

Theory of operation: a client's current groups are all groups it is in, taken together. From there it is one hop to the
neighbours, never two. Distribution and update points join a *pool* as time goes by, and stay. Management points stand
in *tiers* by locality: the next tier is for clients that failed with the one before (source: "Configure boundary
groups").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import Enum, IntEnum
from typing import NamedTuple

from cmgsim.boundaries.graph import Groups, Neighbour, Permission, neighbours
from cmgsim.units import MINUTE

TRY_US = 2 * MINUTE
"""How long a client tries one distribution point before it tries another (source: "Configure boundary groups")."""
UPDATE_POINT_FLOOR_US = 120 * MINUTE
"""No client changes its update point sooner, whatever the fallback time (source: "Plan for software updates")."""


class Role(Enum):
    """A role whose servers join a pool; the value names the field of a group's references."""

    DISTRIBUTION_POINT = "distribution_points"
    UPDATE_POINT = "update_points"


class Preference(Enum):
    """The hierarchy setting *Clients prefer to use management points specified in boundary groups*."""

    NONE = "off"
    BOUNDARY_GROUPS = "on"


class Kind(Enum):
    """What a management point candidate is."""

    MANAGEMENT_POINT = "management point"
    GATEWAY = "gateway"


class Candidate(NamedTuple):
    """Something a client on the intranet can use as its management point, by name."""

    kind: Kind
    name: str


Tier = tuple[Candidate, ...]


class Locality(IntEnum):
    """How near a management point is to a client, best first (source: "Configure boundary groups")."""

    LOCAL = 3
    """In a current boundary group; everything is while the hierarchy setting is off."""
    NEIGHBOUR = 2
    DEFAULT = 1
    """In a default site boundary group only."""
    UNKNOWN = 0


def current_groups(groups: Groups, found: Sequence[str], site: str) -> tuple[str, ...]:
    """Return a client's current groups: those it was *found* in, else its site's default group if there is one."""
    return tuple(found) or tuple(name for name in sorted(groups) if groups[name].default_of == site)


def pool(groups: Groups, current: Sequence[str], role: Role, after_us: int) -> tuple[str, ...]:
    """Return the servers in reach so long after the search began, in the order in which they joined.

    Assumption: A-19: servers that join later are appended, in the order of their groups' times and names.
    """
    times = _joining_us(groups, current, role)
    joined = sorted((at_us, name) for name, at_us in times.items() if at_us <= after_us)
    order = [*current, *(name for _, name in joined)]
    servers = (server for name in order for server in getattr(groups[name].references, role.value))
    return tuple(dict.fromkeys(servers))


def joining_moments(groups: Groups, current: Sequence[str], role: Role) -> tuple[int, ...]:
    """Return the moments at which a pool can grow, in microseconds after the search began, rising; 0 is the first."""
    return tuple(sorted({0, *_joining_us(groups, current, role).values()}))


def distribution_point_tries(groups: Groups, current: Sequence[str], until_us: int) -> Iterator[tuple[int, str | None]]:
    """Yield which distribution point a client tries when, while none has the content: moment (us) and name.

    One after the other, two minutes each, endlessly; None while there is none to try. A client begins at a random one
    of its pool; here it is the first.
    Assumption: a client without any distribution point in reach looks again every two minutes.
    """
    place = -1
    for at_us in range(0, until_us, TRY_US):
        servers = pool(groups, current, Role.DISTRIBUTION_POINT, at_us)
        if not servers:
            yield at_us, None
            continue
        place = place + 1 if place + 1 < len(servers) else 0
        yield at_us, servers[place]


def update_points_to_try(groups: Groups, current: Sequence[str], last_good: str, after_us: int) -> tuple[str, ...]:
    """Return the update points a client tries so long after its first failure.

    For 120 minutes it tries its last known good one alone; then all of the pool.
    """
    if after_us < UPDATE_POINT_FLOOR_US:
        return (last_good,)
    return pool(groups, current, Role.UPDATE_POINT, after_us)


def tiers_of_management_points(
    groups: Groups,
    current: Sequence[str],
    preference: Preference,
    management_points: Sequence[str],
    gateways: Sequence[str],
) -> tuple[Tier, ...]:
    """Return the management point candidates of clients in the *current* groups, best tier first, none empty.

    *management_points* is the full list of the client's site; *gateways* are those that a group can offer now (none
    before 1902). References to others count for nothing.

    With the preference on: what the current groups reference (locality 3), then what their neighbours do (2), then
    what only default groups do (1), then management points in no group at all (0). Groups that reference nothing give
    the full list. With the preference off, everything has locality 3. A gateway in a default group has no effect.

    Assumption: A-20: within a tier the choice is random, whatever the client connection mode.
    Assumption: A-21: with the preference off, a gateway of a current group is one candidate among the full list.
    Assumption: a management point that only groups out of reach reference is not used.
    """
    found = management_points_by_locality(groups, current, preference, management_points, gateways)
    return tuple(tier for _, tier in found)


def management_points_by_locality(
    groups: Groups,
    current: Sequence[str],
    preference: Preference,
    management_points: Sequence[str],
    gateways: Sequence[str],
) -> tuple[tuple[Locality, Tier], ...]:
    """Return the same tiers as :func:`tiers_of_management_points`, each with its locality."""
    usable = _Usable(groups, management_points, gateways)
    full = tuple(Candidate(Kind.MANAGEMENT_POINT, name) for name in management_points)
    local = usable.referenced(current)
    if preference is Preference.NONE:
        offered = (candidate for candidate in local if candidate.kind is Kind.GATEWAY)
        return _distinct([(*full, *offered)])
    near, default = _allowed(groups, current)
    return _distinct([local or full, usable.referenced(near), usable.referenced(default), usable.unreferenced()])


class _Usable(NamedTuple):
    """The candidates that references can mean."""

    groups: Groups
    management_points: Sequence[str]
    gateways: Sequence[str]

    def referenced(self, names: Iterable[str]) -> Tier:
        return tuple(candidate for name in names for candidate in self._of(name))

    def unreferenced(self) -> Tier:
        known = [name for group in self.groups.values() for name in group.references.management_points]
        free = (name for name in self.management_points if name not in known)
        return tuple(Candidate(Kind.MANAGEMENT_POINT, name) for name in free)

    def _of(self, group: str) -> Iterator[Candidate]:
        references = self.groups[group].references
        for name in references.management_points:
            if name in self.management_points:
                yield Candidate(Kind.MANAGEMENT_POINT, name)
        if self.groups[group].default_of is not None:
            return  # a gateway there does nothing (source: "Configure boundary groups", note of version 2207)
        for name in references.gateways:
            if name in self.gateways:
                yield Candidate(Kind.GATEWAY, name)


def _joining_us(groups: Groups, current: Sequence[str], role: Role) -> dict[str, int]:
    """Return when each neighbour joins, in microseconds; of several ways to a neighbour the shortest counts."""
    times: dict[str, int] = {}
    for neighbour in _around(groups, current):
        at_us = _time_us(neighbour, role)
        if at_us is not None:
            times[neighbour.group] = min(at_us, times.get(neighbour.group, at_us))
    return times


def _time_us(neighbour: Neighbour, role: Role) -> int | None:
    if role is Role.DISTRIBUTION_POINT:
        return neighbour.distribution_points_us
    at_us = neighbour.update_points_us
    return None if at_us is None else max(at_us, UPDATE_POINT_FLOOR_US)


def _allowed(groups: Groups, current: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the neighbours whose management points may be used: ordinary groups, and default groups."""
    allowed = [link.group for link in _around(groups, current) if link.management_points is Permission.ALLOWED]
    near = [name for name in allowed if groups[name].default_of is None]
    return near, [name for name in allowed if groups[name].default_of is not None]


def _around(groups: Groups, current: Sequence[str]) -> Iterator[Neighbour]:
    """Yield the links one hop out of the current groups."""
    for name in current:
        yield from (link for link in neighbours(groups, name) if link.group not in current)


def _distinct(tiers: Iterable[Iterable[Candidate]]) -> tuple[tuple[Locality, Tier], ...]:
    """Keep each candidate in its best tier only, and drop the tiers that are empty then; the best locality is first."""
    seen: dict[Candidate, None] = {}
    kept = []
    for locality, tier in zip(Locality, tiers, strict=False):
        fresh = tuple(candidate for candidate in dict.fromkeys(tier) if candidate not in seen)
        seen.update(dict.fromkeys(fresh))
        if fresh:
            kept.append((locality, fresh))
    return tuple(kept)
