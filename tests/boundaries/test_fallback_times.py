"""The two ends of a fallback time: 0 is at once, and never is never."""

from __future__ import annotations

import pytest

from cmgsim.boundaries.fallback import Role, pool, update_points_to_try
from cmgsim.design.network import BoundaryGroup
from cmgsim.units import DAY, MINUTE


def groups_of(time: str) -> dict[str, BoundaryGroup]:
    """Return a group with a neighbour whose points join after a time, and no other."""
    link = {"far": {"distribution_points": time, "update_points": time}}
    far = {"references": {"distribution_points": ["dp"], "update_points": ["sup"]}}
    return {
        "near": BoundaryGroup.model_validate({"relationships": link}),
        "far": BoundaryGroup.model_validate(far),
    }


@pytest.mark.conflict("X-22")
def test_after_zero_minutes_a_neighbours_distribution_points_join_at_once():
    assert pool(groups_of("0min"), ("near",), Role.DISTRIBUTION_POINT, 0) == ("dp",)
    assert pool(groups_of("1min"), ("near",), Role.DISTRIBUTION_POINT, 0) == ()


@pytest.mark.conflict("X-22")
def test_never_is_not_zero():
    assert pool(groups_of("never"), ("near",), Role.DISTRIBUTION_POINT, 0) == ()
    assert pool(groups_of("never"), ("near",), Role.DISTRIBUTION_POINT, 365 * DAY) == ()


def test_zero_minutes_act_as_120_for_update_points():
    groups = groups_of("0min")
    assert update_points_to_try(groups, ("near",), "last", 119 * MINUTE) == ("last",)
    assert update_points_to_try(groups, ("near",), "last", 120 * MINUTE) == ("sup",)
    assert update_points_to_try(groups_of("never"), ("near",), "last", 365 * DAY) == ()
