"""Small designs that tests bring to life."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from cmgsim.design.model import Design

#: A classic gateway, a planned successor under another name and one under the same name, two kinds of clients.
TWO_ROUTES: dict[str, Any] = {
    "cmgsim": 1,
    "name": "two routes",
    "hierarchy": {"sites": {"PS1": {"use_pki_client_certificate": True}}, "gateway_feature": True},
    "azure": {"aad": {}, "subscriptions": {"main": {"management_certificates": ["azure"]}}},
    "certificates": {
        "authorities": {"root": {}},
        "servers": {
            "old": {"name": "oldcmg.cloudapp.net", "issuer": "root"},
            "new": {"name": "newcmg.cloudapp.net", "issuer": "root"},
        },
        "management": {"azure": {}},
    },
    "gateways": {
        "old": {
            "deployment": "classic",
            "certificate": "old",
            "region": "eastus",
            "management_certificate": "azure",
            "trusted_authorities": ["root"],
        },
        "new": {"certificate": "new", "region": "eastus", "trusted_authorities": ["root"], "planned": True},
        "again": {"certificate": "old", "region": "eastus", "trusted_authorities": ["root"], "planned": True},
    },
    "roles": {
        "connection_points": {
            "cp1": {"site": "PS1", "gateway": "old"},
            "cp2": {"site": "PS1", "gateway": "new", "planned": True},
        },
        "management_points": {"mp1": {"site": "PS1", "gateway_traffic": True}},
        "update_points": {"sup1": {"site": "PS1", "gateway_traffic": True}},
    },
    "day_plans": {
        "always": {"always": "internet"},
        "week": {"work": "08:00-17:00", "remote": "50%", "evening": {"share": "30%", "hours": "19:00-22:00"}},
    },
    "clients": {
        "road": {"count": 40, "site": "PS1", "day_plan": "always", "certificate": "root"},
        "office": {"count": 40, "site": "PS1", "day_plan": "week", "certificate": "root"},
    },
}


def design_of(changes: dict[str, Any] | None = None) -> Design:
    """Return the design of two routes with values set (or, for None, removed) at dotted paths."""
    data = deepcopy(TWO_ROUTES)
    for path, value in (changes or {}).items():
        *parents, last = path.split(".")
        place = data
        for part in parents:
            place = place.setdefault(part, {})
        if value is None:
            place.pop(last, None)
        else:
            place[last] = value
    return Design.model_validate(data)
