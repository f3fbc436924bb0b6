"""Boundaries and boundary groups: where clients are, and which servers serve them there."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from cmgsim.design.quantities import Duration, IPv4Range, IPv6Prefix, Name, Subnet
from cmgsim.design.record import Record
from cmgsim.design.references import Reference

GroupName = Annotated[Name, Reference("boundary_groups")]
Fallback = Literal["never"] | Duration
"""A fallback time, or *never* (-1 in the console's own tools)."""


_VPN = re.compile(r"Auto:On|Name:.{1,250}|Description:.{1,243}", re.IGNORECASE)


def _read_vpn(text: str) -> str:
    if _VPN.fullmatch(text) is None:
        raise ValueError(
            f"{text!r} is no sign of a VPN; write it like 'Auto:On', 'Name:Contoso VPN' or 'Description:Contoso'"
        )
    return text


VpnSign = Annotated[str, AfterValidator(_read_vpn)]
"""How a VPN shows on the client: ``Auto:On``, ``Name:...`` (to 250 letters) or ``Description:...`` (to 243)."""


class Boundary(Record):
    """A network location: exactly one of the five kinds."""

    subnet: Subnet | None = None
    """An IP subnet. The console keeps its network ID alone, so a client's own subnet must have the same."""
    ip_range: IPv4Range | None = None
    """An IP address range, ends included."""
    ad_site: str | None = None
    """An Active Directory site."""
    ipv6_prefix: IPv6Prefix | None = None
    """An IPv6 prefix."""
    vpn: VpnSign | None = None
    """A VPN, by how it shows on the client (2006 and later)."""

    @model_validator(mode="after")
    def _one_kind(self) -> Boundary:
        kinds = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(kinds) != 1:
            given = " and ".join(kinds) or "nothing"
            raise ValueError(f"give exactly one of subnet, ip_range, ad_site, ipv6_prefix and vpn, not {given}")
        return self


TWO_HOURS = timedelta(minutes=120)


class Relationship(Record):
    """A one-way link to a neighbour, with a fallback time for each kind of role.

    Defaults: 120 minutes for distribution and software update points, and for management points at once, after their
    failure rule (source: "Configure boundary groups").
    """

    distribution_points: Fallback = TWO_HOURS
    """When the neighbour's distribution points join the pool, counted from the content search."""
    update_points: Fallback = TWO_HOURS
    """When the neighbour's software update points join; less than 120 minutes acts as 120."""
    management_points: Literal["allowed", "never"] = "allowed"
    """Whether its management points and gateways may be used after five failures in ten minutes."""


class References(Record):
    """The site systems on a boundary group's References tab."""

    management_points: tuple[Annotated[Name, Reference("roles.management_points")], ...] = ()
    """Management points."""
    update_points: tuple[Annotated[Name, Reference("roles.update_points")], ...] = ()
    """Software update points."""
    distribution_points: tuple[Annotated[Name, Reference("roles.distribution_points")], ...] = ()
    """Distribution points."""
    gateways: tuple[Annotated[Name, Reference("gateways")], ...] = ()
    """Gateways (1902 and later)."""


class BoundaryGroup(Record):
    """A named set of boundaries with the servers that serve clients there."""

    boundaries: tuple[Annotated[Name, Reference("boundaries")], ...] = ()
    """Its boundaries."""
    references: References = References()
    """Its site systems."""
    relationships: dict[GroupName, Relationship] = {}
    """Its neighbours, one way and one hop."""
    assigned_site: Annotated[Name, Reference("hierarchy.sites")] | None = None
    """Use this group for site assignment, to this site."""
    default_of: Annotated[Name, Reference("hierarchy.sites")] | None = None
    """It is that site's default group, ``Default-Site-Boundary-Group<ABC>``: every group has an implied link to it."""
    peer_downloads: bool = True
    """Allow peer downloads in this boundary group."""
    peers_in_subnet_only: bool = False
    """During peer downloads, only use peers within the same subnet."""
    distribution_points_before_peers: bool = False
    """Prefer distribution points over peers within the same subnet (1810 and later)."""
    cloud_before_on_premises: bool = False
    """Prefer cloud based sources over on-premises sources (1810 and later)."""
