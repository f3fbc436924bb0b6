"""What a group's preference of cloud based sources is for, by version: content, policy, scans (rule of later pages)."""

from __future__ import annotations

import pytest
from site_parts import Parts, design_of

from cmgsim.design.plan import Step
from cmgsim.site.client import Target
from cmgsim.site.deployment import State
from cmgsim.site.landscape import Landscape, Over
from cmgsim.site.locales import Locale
from cmgsim.units import MINUTE

HERE = Locale("P01", ("here",))


def parts_of(version: int, *, prefer: bool = True, references: dict | None = None, **changes) -> Parts:
    """Return the small site with a group that references a gateway, a management point and an update point."""
    both = {"gateways": ["east"], "management_points": ["mp1"], "update_points": ["sup1"]}
    group = {"references": both if references is None else references, "cloud_before_on_premises": prefer}
    own = {
        "hierarchy.version": version,
        "hierarchy.prefer_boundary_group_management_points": True,
        "roles.update_points.sup1.gateway_traffic": True,
        "boundary_groups": {"here": group, "there": {"references": {"gateways": ["east"]}}},
    }
    return Parts(design_of({**own, **changes}))


def ways(landscape: Landscape) -> list[list[Over]]:
    """Return the ways to the contacts of each tier."""
    return [[landscape.contacts[number].over for number in tier] for tier in landscape.tiers[0]]


def scans(landscape: Landscape) -> list[tuple[int, Over]]:
    """Return when which way to scan joins, in minutes."""
    return [(at_us // MINUTE, landscape.contacts[number].over) for at_us, number in landscape.update_pools[0]]


@pytest.mark.parametrize(
    ("version", "tiers"),
    [(1906, [[Over.INTRANET, Over.GATEWAY]]), (2010, [[Over.INTRANET, Over.GATEWAY]])]
    + [(version, [[Over.GATEWAY], [Over.INTRANET]]) for version in (2107, 2203)],
)
def test_later_versions_prefer_the_gateway_for_policy_too(version, tiers):
    assert ways(parts_of(version).survey(HERE)) == tiers
    assert ways(parts_of(version, prefer=False).survey(HERE)) == [[Over.INTRANET, Over.GATEWAY]]


def test_it_does_so_whether_or_not_clients_prefer_management_points_of_their_groups():
    off = {"hierarchy.prefer_boundary_group_management_points": False}
    assert ways(parts_of(2107, **off).survey(HERE)) == [[Over.GATEWAY], [Over.INTRANET]]


def test_a_gateway_of_another_group_is_not_preferred():
    assert ways(parts_of(2107, references={"management_points": ["mp1"]}).survey(HERE)) == [[Over.INTRANET]]
    assert ways(parts_of(2107, references={"gateways": ["east"]}).survey(HERE)) == [[Over.GATEWAY], [Over.INTRANET]]


@pytest.mark.parametrize(
    ("version", "prefer", "pool"),
    [
        (1910, True, [(0, Over.INTRANET)]),
        (2006, True, [(0, Over.INTRANET), (0, Over.GATEWAY)]),
        (2107, True, [(0, Over.INTRANET), (0, Over.GATEWAY)]),
        (2203, False, [(0, Over.INTRANET), (0, Over.GATEWAY)]),
        (2203, True, [(0, Over.GATEWAY), (120, Over.INTRANET)]),
    ],
)
def test_clients_scan_over_a_gateway_of_their_group_from_2006_on_and_prefer_it_from_2203_on(version, prefer, pool):
    assert scans(parts_of(version, prefer=prefer).survey(HERE)) == pool


def test_without_a_gateway_that_is_there_nothing_is_put_off():
    parts = parts_of(2203)
    assert scans(parts.survey(HERE))[0] == (0, Over.GATEWAY)
    parts.gateway("east", State.STOPPED)
    assert scans(parts.survey(HERE)) == [(0, Over.INTRANET)]
    elsewhere = parts_of(2203, references={"update_points": ["sup1"]})
    assert scans(elsewhere.survey(HERE)) == [(0, Over.INTRANET)]


def test_an_update_point_that_takes_no_gateway_traffic_is_scanned_directly():
    assert scans(parts_of(2203, **{"roles.update_points.sup1.gateway_traffic": False}).survey(HERE)) == [
        (0, Over.INTRANET)
    ]


def test_where_somebody_may_not_use_gateways_nobody_scans_over_them_inside():
    parts = parts_of(2203)
    order = {"change_client_settings": {"population": "laptops", "use_gateway": False}}
    parts.server.receive(Step.model_validate(order), 0)
    landscape = parts.survey(HERE)
    assert scans(landscape) == [(0, Over.INTRANET)]
    assert any(landscape.contacts[one].target is Target.UPDATE_POINT for one in landscape.publications[-1])
