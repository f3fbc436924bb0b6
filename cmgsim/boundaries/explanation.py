"""Why a client at a place uses the servers it uses: its boundaries, its groups, and what joins when.

A pure account of a design as it stands, in which nothing fails but what the client looks for; a run has the moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag
from itertools import pairwise

from cmgsim.boundaries.addresses import Address, boundaries_at, groups_at
from cmgsim.boundaries.fallback import (
    UPDATE_POINT_FLOOR_US,
    Locality,
    Preference,
    Role,
    Tier,
    current_groups,
    distribution_point_tries,
    joining_moments,
    management_points_by_locality,
    pool,
)
from cmgsim.boundaries.graph import Groups
from cmgsim.design.clients import Identity, Place
from cmgsim.design.model import Design
from cmgsim.design.network import BoundaryGroup
from cmgsim.design.versions import Feature, has


class Option(IntFlag):
    """The options of a boundary group by their bits in ``SMS_BoundaryGroup.Flags``; the first is on by being off."""

    NONE = 0
    NO_PEER_DOWNLOADS = 1
    PEERS_IN_SUBNET_ONLY = 2
    DISTRIBUTION_POINTS_BEFORE_PEERS = 4
    CLOUD_BEFORE_ON_PREMISES = 8


@dataclass(frozen=True)
class Stage:
    """The servers in reach from a moment on, in microseconds after the search began, and which of them are new."""

    from_us: int
    until_us: int | None
    """The end, not included; None on the last stage."""
    servers: tuple[str, ...]
    joined: tuple[str, ...]


@dataclass(frozen=True)
class Explanation:
    """What boundary groups mean for a client at one place."""

    boundaries: tuple[str, ...]
    """Those that match it."""
    found: tuple[str, ...]
    """The groups that hold one of them; empty when it is in none."""
    current: tuple[str, ...]
    """Its current groups: those found, else the default group of its site."""
    assigned_sites: tuple[str, ...]
    """Where automatic site assignment would put it; of several one at random, of none the fallback site."""
    options: Option
    management_points: tuple[tuple[Locality, Tier], ...]
    distribution_points: tuple[Stage, ...]
    update_points: tuple[Stage, ...]
    """After the first failed scan; until 120 minutes only the last known good one is tried."""
    tries: tuple[tuple[int, str | None], ...]
    """Which distribution point is tried when, while none has the content."""


def explain(
    design: Design, place: Place, address: Address | None, site: str, until_us: int, identity: Identity = "ad_joined"
) -> Explanation:
    """Explain a place: *site* is the client's assigned site, *until_us* how long it looks for content."""
    groups = design.boundary_groups
    found = groups_at(design, place, address, identity)
    current = current_groups(groups, found, site)
    return Explanation(
        boundaries=boundaries_at(design, place, address, identity),
        found=found,
        current=current,
        assigned_sites=_assigned(groups, found),
        options=options([groups[name] for name in current]),
        management_points=_management_points(design, current, site),
        distribution_points=_stages(groups, current, Role.DISTRIBUTION_POINT, 0),
        update_points=_stages(groups, current, Role.UPDATE_POINT, UPDATE_POINT_FLOOR_US),
        tries=tuple(distribution_point_tries(groups, current, until_us)),
    )


def options(groups: Iterable[BoundaryGroup]) -> Option:
    """Return what holds for a client in several groups at once.

    Peer downloads are off if one group has them off; every other option is on if one group has it on (source:
    "Configure boundary groups", Overlapping boundaries).
    """
    found = Option.NONE
    for group in groups:
        found |= Option.NONE if group.peer_downloads else Option.NO_PEER_DOWNLOADS
        found |= Option.PEERS_IN_SUBNET_ONLY if group.peers_in_subnet_only else Option.NONE
        before = group.distribution_points_before_peers
        found |= Option.DISTRIBUTION_POINTS_BEFORE_PEERS if before else Option.NONE
        found |= Option.CLOUD_BEFORE_ON_PREMISES if group.cloud_before_on_premises else Option.NONE
    return found


def _assigned(groups: Groups, found: Sequence[str]) -> tuple[str, ...]:
    sites = (groups[name].assigned_site for name in found)
    return tuple(dict.fromkeys(site for site in sites if site is not None))


def _management_points(design: Design, current: Sequence[str], site: str) -> tuple[tuple[Locality, Tier], ...]:
    on = design.hierarchy.prefer_boundary_group_management_points
    in_groups = has(design.site_version(), Feature.GATEWAY_IN_BOUNDARY_GROUP)
    points = [name for name, point in design.roles.management_points.items() if point.site == site]
    gateways = [name for name, gateway in design.gateways.items() if in_groups and not gateway.planned]
    preference = Preference.BOUNDARY_GROUPS if on else Preference.NONE
    return management_points_by_locality(design.boundary_groups, current, preference, points, gateways)


def _stages(groups: Groups, current: Sequence[str], role: Role, floor_us: int) -> tuple[Stage, ...]:
    moments = sorted({max(at_us, floor_us) for at_us in joining_moments(groups, current, role)})
    pools = [(at_us, pool(groups, current, role, at_us)) for at_us in moments]
    grown = [pools[0], *(later for before, later in pairwise(pools) if later[1] != before[1])]
    ends = [*(at_us for at_us, _ in grown[1:]), None]
    known: tuple[str, ...] = ()
    stages = []
    for (from_us, servers), until_us in zip(grown, ends, strict=True):
        stages.append(Stage(from_us, until_us, servers, tuple(name for name in servers if name not in known)))
        known = servers
    return tuple(stages)
