"""Where things are in the Configuration Manager console, as remedies name them.

Source: "Set up cloud management gateway", and the procedures it links to.
"""

from __future__ import annotations

from cmgsim.design.versions import communication_tab

FEATURES = "Administration > Updates and Servicing > Features"
AZURE_SERVICES = "Administration > Cloud Services > Azure Services"
GATEWAYS = "Administration > Cloud Services > Cloud Management Gateway"
SITES = "Administration > Site Configuration > Sites"
ROLES = "Administration > Site Configuration > Servers and Site System Roles"
BOUNDARIES = "Administration > Hierarchy Configuration > Boundaries"
GROUPS = "Administration > Hierarchy Configuration > Boundary Groups"
CLIENT_SETTINGS = "Administration > Client Settings"


def site_tab(version: int) -> str:
    """Return the way to a primary site's client certificate options, whose tab was renamed in 1906."""
    return f"{SITES} > Properties > {communication_tab(version)}"


def management_point_box() -> str:
    """Return the way to the box that lets a management point take gateway traffic."""
    return f"{ROLES} > Servers with Role > Management point > Properties > Client Connections"


def gateway_settings() -> str:
    """Return the way to the Settings tab of a gateway."""
    return f"{GATEWAYS} > Properties > Settings"
