"""Ports that a connection point needs, for gateways that stand, that are planned, and that grow on the way."""

from __future__ import annotations

from typing import Any

import pytest

from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.lint.linter import lint

SCALE: dict[str, Any] = {"scale_gateway": {"gateway": "east", "vms": 2}}


def design(ports: object, *, vms: int, planned: bool = False) -> Design:
    certificates = {
        "authorities": {"ca": {"kind": "public"}},
        "servers": {"gw": {"name": "granitefalls.contoso.com", "issuer": "ca"}},
    }
    gateway = {"certificate": "gw", "region": "westeurope", "vms": vms, "planned": planned}
    point = {"site": "PS1", "gateway": "east", "outbound_ports": ports, "planned": planned}
    return Design.model_validate(
        {
            "cmgsim": 1,
            "name": "Ports",
            "hierarchy": {"gateway_feature": True, "sites": {"PS1": {}}},
            "azure": {"aad": {}, "subscriptions": {"main": {}}},
            "certificates": certificates,
            "gateways": {"east": gateway},
            "roles": {"connection_points": {"cp1": point}},
        }
    )


def blocked(subject: Design, *steps: dict[str, Any]) -> list[str]:
    plan = Plan.model_validate({"plan": "Change", "steps": list(steps)}) if steps else None
    return [finding.message for finding in lint(subject, plan, select=["CMG403"])]


@pytest.mark.parametrize("planned", [False, True])
@pytest.mark.parametrize(
    ("ports", "vms", "sound"),
    [
        ([443], 1, True),
        (["10140"], 1, True),
        ([443], 2, False),
        ([443, "10140-10141"], 2, True),
        (["10124-10125"], 2, True),
        (["10140"], 2, False),
    ],
)
def test_a_design_alone_is_judged_as_if_all_of_it_stood(planned: bool, ports: object, vms: int, sound: bool) -> None:
    assert (blocked(design(ports, vms=vms, planned=planned)) == []) is sound


def test_the_vms_that_cannot_be_dialled_are_named() -> None:
    message = "connection point 'cp1' cannot reach VM 2 of gateway 'east'"
    assert blocked(design(["10140", 443], vms=2)) == [message]


def test_scaling_a_gateway_that_worked_over_443_is_found_once() -> None:
    assert blocked(design([443], vms=1), {"wait": "1h"}) == []
    assert blocked(design([443], vms=1), SCALE) == ["connection point 'cp1' cannot reach VM 1 and 2 of gateway 'east'"]


def test_growing_for_a_while_is_found_too() -> None:
    back = {"scale_gateway": {"gateway": "east", "vms": 1}}
    assert len(blocked(design([443], vms=1), SCALE, {"wait": "1h"}, back)) == 1


def test_what_the_plan_never_creates_is_not_dialled() -> None:
    assert blocked(design([443], vms=2, planned=True), {"wait": "1h"}) == []
