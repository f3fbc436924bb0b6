"""From the place a client is at to the boundary groups it is in.

A client is in every boundary that matches it, and in every group that holds one of those (source: "Configure boundary
groups"). Clients on the internet are in none (source: "Plan for cloud management gateway").
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from cmgsim.design.clients import Identity, Place
from cmgsim.design.model import Design
from cmgsim.design.network import Boundary

Address = IPv4Address | IPv6Address


class BoundaryType(IntEnum):
    """The kinds of boundaries, by their numbers in the site's database (source: "Define site boundaries")."""

    IP_SUBNET = 0
    AD_SITE = 1
    IPV6_PREFIX = 2
    IP_RANGE = 3
    VPN = 4


FIELDS: dict[BoundaryType, str] = {
    BoundaryType.IP_SUBNET: "subnet",
    BoundaryType.AD_SITE: "ad_site",
    BoundaryType.IPV6_PREFIX: "ipv6_prefix",
    BoundaryType.IP_RANGE: "ip_range",
    BoundaryType.VPN: "vpn",
}
"""The field of a :class:`~cmgsim.design.network.Boundary` that each kind fills."""


def boundary_type(boundary: Boundary) -> BoundaryType:
    """Return which of the five kinds a boundary is."""
    return next(kind for kind, field in FIELDS.items() if getattr(boundary, field) is not None)


def groups_at(
    design: Design, place: Place, address: Address | None, identity: Identity = "ad_joined"
) -> tuple[str, ...]:
    """Return the names of the boundary groups a client at *place* is in, sorted; none when no boundary matches.

    *address* is the client's own; None means that nothing is known of it.
    """
    here = boundaries_at(design, place, address, identity)
    groups = design.boundary_groups
    return tuple(sorted(name for name in groups if any(boundary in here for boundary in groups[name].boundaries)))


def boundaries_at(
    design: Design, place: Place, address: Address | None, identity: Identity = "ad_joined"
) -> tuple[str, ...]:
    """Return the names of the boundaries that match a client, in the order of the design."""
    return tuple(name for name, found in design.boundaries.items() if matches(found, place, address, identity))


def matches(boundary: Boundary, place: Place, address: Address | None, identity: Identity = "ad_joined") -> bool:
    """Say whether a boundary matches a client.

    A device that is joined to Azure AD alone is in no Active Directory site.
    """
    kind = boundary_type(boundary)
    if kind is BoundaryType.AD_SITE and identity == "aad_joined":
        return False
    return _MATCHERS[kind](getattr(boundary, FIELDS[kind]), place, address)


def _in_subnet(subnet: Any, place: Place, address: Address | None) -> bool:
    # The console keeps the network ID and forgets the mask: there are no supernets.
    return place.addresses is not None and place.addresses.network_address == subnet.network_address


def _in_ad_site(ad_site: str, place: Place, address: Address | None) -> bool:
    return place.ad_site is not None and place.ad_site.casefold() == ad_site.casefold()


def _in_prefix(prefix: Any, place: Place, address: Address | None) -> bool:
    return isinstance(address, IPv6Address) and address in prefix


def _in_range(ends: tuple[IPv4Address, IPv4Address], place: Place, address: Address | None) -> bool:
    return isinstance(address, IPv4Address) and ends[0] <= address <= ends[1]


def _on_vpn(vpn: str, place: Place, address: Address | None) -> bool:
    """Match any VPN by ``Auto:On``, others by the start of their name or description.

    Assumption: the comparison by the start, documented for 2111, holds for every version that has VPN boundaries.
    """
    if place.vpn is None:
        return False
    return vpn.casefold() == "auto:on" or place.vpn.casefold().startswith(vpn.casefold())


_MATCHERS: dict[BoundaryType, Callable[[Any, Place, Address | None], bool]] = {
    BoundaryType.IP_SUBNET: _in_subnet,
    BoundaryType.AD_SITE: _in_ad_site,
    BoundaryType.IPV6_PREFIX: _in_prefix,
    BoundaryType.IP_RANGE: _in_range,
    BoundaryType.VPN: _on_vpn,
}
