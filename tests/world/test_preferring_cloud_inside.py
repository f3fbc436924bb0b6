"""Clients on the intranet whose group prefers the cloud: they go over the gateway, in both fleets alike."""

from __future__ import annotations

from typing import Any

import pytest
from worlds import design_of

from cmgsim.fleet.series import Count
from cmgsim.site.client import Activity
from cmgsim.site.landscape import Over
from cmgsim.units import days
from cmgsim.world.build import build

WAYS = list(Over)


def design_inside(version: int, **settings: bool) -> Any:
    """Return a design of clients that are always inside, in a group that prefers cloud based sources."""
    clients = {"count": 6, "site": "PS1", "day_plan": "always", "certificate": "root", "settings": "own"}
    return design_of(
        {
            "hierarchy.version": version,
            "hierarchy.prefer_boundary_group_management_points": True,
            "gateways.old": {"certificate": "old", "region": "eastus", "trusted_authorities": ["root"]},
            "gateways.again": None,
            "day_plans.always.always": "intranet",
            "client_settings": {"own": settings},
            "boundaries": {"lan": {"ip_range": "10.0.0.0-10.0.0.255"}},
            "boundary_groups": {
                "here": {
                    "boundaries": ["lan"],
                    "references": {"gateways": ["old"], "management_points": ["mp1"], "update_points": ["sup1"]},
                    "cloud_before_on_premises": True,
                }
            },
            "clients": {"desk": {**clients, "at_home": {"addresses": "10.0.0.0/24"}}},
        }
    )


def served(run, activity: Activity) -> dict[Over, int]:
    """Count the requests of a kind that were served after the first day, by way."""
    requests = run.series.requests[24 * 12 :, activity, :, Count.SERVED].sum(axis=0)
    return {way: int(count) for way, count in zip(WAYS, requests, strict=True) if count}


@pytest.mark.parametrize(
    ("version", "policy", "scans"),
    [
        (1906, {Over.INTRANET, Over.GATEWAY}, {Over.INTRANET}),
        (2107, {Over.GATEWAY}, {Over.INTRANET, Over.GATEWAY}),
        (2203, {Over.GATEWAY}, {Over.GATEWAY}),
    ],
)
def test_policy_and_scans_go_over_the_gateway_in_later_versions(version, policy, scans):
    digests = set()
    for engine in ("reference", "fast"):
        world = build(design_inside(version), engine=engine)
        world.run(days(9))
        run = world.finish()
        digests.add(run.digest)
        assert set(served(run, Activity.POLICY)) == policy
        assert set(served(run, Activity.SCAN)) == scans
    assert len(digests) == 1, "both fleets live the same lives"


@pytest.mark.oracle("O-16")
def test_who_may_not_use_a_gateway_does_not_even_where_its_group_prefers_it():
    world = build(design_inside(2203, use_gateway=False))
    world.run(days(9))
    requests = world.finish().series.requests
    assert requests[:, :, WAYS.index(Over.GATEWAY), Count.ASKED].sum() == 0
    assert requests[:, Activity.SCAN, WAYS.index(Over.INTRANET), Count.SERVED].sum() > 0
