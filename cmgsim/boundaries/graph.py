"""Boundary groups as a graph: who may fall back to whom, and when.

Links run one way. Besides those an administrator draws, every group has an implied link to the default group of every
site, after 120 minutes; a link drawn to a default group takes the place of the implied one (source: "Configure boundary
groups", Fallback).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from cmgsim.design.network import BoundaryGroup, Fallback, Relationship
from cmgsim.units import timedelta_us

if TYPE_CHECKING:
    from networkx import DiGraph

Groups = Mapping[str, BoundaryGroup]
"""Boundary groups by name."""


class Origin(Enum):
    """Where a link comes from."""

    DRAWN = "drawn"
    IMPLIED = "implied"


class Permission(Enum):
    """Whether management points of a neighbour may be used once those of the own group have failed."""

    ALLOWED = "allowed"
    NEVER = "never"


@dataclass(frozen=True)
class Neighbour:
    """One link, seen from the group it starts at. Times count from the start of the search; None is never."""

    group: str
    origin: Origin
    distribution_points_us: int | None
    update_points_us: int | None
    management_points: Permission


def neighbours(groups: Groups, name: str) -> tuple[Neighbour, ...]:
    """Return a group's neighbours: the drawn ones in the order of the design, then default groups by name.

    A link of a group to itself, or to a group that does not exist, counts for nothing.
    """
    drawn = groups[name].relationships
    found = [
        _neighbour(to, Origin.DRAWN, relationship) for to, relationship in drawn.items() if to != name and to in groups
    ]
    implied = [] if groups[name].default_of else [to for to in default_groups(groups) if to not in drawn]
    return (*found, *(_neighbour(to, Origin.IMPLIED, Relationship()) for to in implied))


def default_groups(groups: Groups) -> tuple[str, ...]:
    """Return the names of all sites' default groups, sorted."""
    return tuple(sorted(name for name in groups if groups[name].default_of is not None))


def graph(groups: Groups) -> DiGraph[str]:
    """Return the groups as nodes and their links as edges, for pictures and for questions about the whole.

    Every edge carries the fields of its :class:`Neighbour` (``origin``, ``distribution_points_us``,
    ``update_points_us``, ``management_points``) but ``group``.
    """
    from networkx import DiGraph

    drawing: DiGraph[str] = DiGraph()
    drawing.add_nodes_from(groups)
    for start, link in _links(groups):
        drawing.add_edge(
            start,
            link.group,
            origin=link.origin,
            distribution_points_us=link.distribution_points_us,
            update_points_us=link.update_points_us,
            management_points=link.management_points,
        )
    return drawing


def _links(groups: Groups) -> Iterator[tuple[str, Neighbour]]:
    for name in groups:
        for neighbour in neighbours(groups, name):
            yield name, neighbour


def _neighbour(group: str, origin: Origin, relationship: Relationship) -> Neighbour:
    return Neighbour(
        group,
        origin,
        _fallback_us(relationship.distribution_points),
        _fallback_us(relationship.update_points),
        Permission(relationship.management_points),
    )


def _fallback_us(fallback: Fallback) -> int | None:
    return None if isinstance(fallback, str) else timedelta_us(fallback)
