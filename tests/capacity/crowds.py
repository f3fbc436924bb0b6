"""Designs of many clients on the internet, with as many VMs and roles as a test asks for."""

from __future__ import annotations

from typing import Any

from cmgsim.design.model import Design

DAYS: dict[str, dict[str, Any]] = {
    "always": {"always": "internet"},
    "office": {"work": "09:00-17:00", "jitter": "20min", "remote": "100%"},
}


def crowd(
    count: int = 2_000,
    *,
    vms: int = 1,
    connection_points: int = 1,
    management_points: int = 1,
    days: str = "office",
    **more: Any,
) -> Design:
    """Return a design of one gateway whose clients are all on the internet."""
    return Design.model_validate(
        {
            "cmgsim": 1,
            "name": "crowd",
            "hierarchy": {"sites": {"P01": {"use_pki_client_certificate": True}}, "gateway_feature": True},
            "azure": {"aad": {}, "subscriptions": {"main": {}}},
            "certificates": {
                "authorities": {"root": {}},
                "servers": {"east": {"name": "east.contoso.com", "issuer": "root"}},
            },
            "gateways": {
                "east": {"certificate": "east", "region": "westeurope", "vms": vms, "trusted_authorities": ["root"]}
            },
            "roles": {
                "connection_points": {
                    f"cp{number}": {"site": "P01", "gateway": "east"} for number in range(1, connection_points + 1)
                },
                "management_points": {
                    f"mp{number}": {"site": "P01", "gateway_traffic": True}
                    for number in range(1, management_points + 1)
                },
                "update_points": {"sup1": {"site": "P01", "gateway_traffic": True}},
            },
            "day_plans": DAYS,
            "clients": {"road": {"count": count, "site": "P01", "day_plan": days, "certificate": "root"}},
            **more,
        }
    )
