"""CMG5xx: boundaries and boundary groups, and the gateways these refer to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from cmgsim.boundaries.addresses import groups_at
from cmgsim.design.findings import Severity
from cmgsim.design.versions import Feature
from cmgsim.lint import console
from cmgsim.lint.cohorts import listed
from cmgsim.lint.outlook import moments, outcome
from cmgsim.lint.rule import Fault, rule

if TYPE_CHECKING:
    from cmgsim.design.clients import Identity, Place
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan

_SET_UP = "Set up cloud management gateway"
_GROUPS = "Configure boundary groups"
LEAST_UPDATE_POINT_FALLBACK = timedelta(minutes=120)
"""No client changes its software update point sooner (source: "Plan for software updates")."""


@rule(
    "CMG501",
    Severity.ERROR,
    "the version has no gateways in boundary groups",
    source=f"{_SET_UP}, Configure boundary groups",
    lacks=Feature.GATEWAY_IN_BOUNDARY_GROUP,
)
def gateway_in_group(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Boundary groups refer to gateways from version 1902 on.

    Bad: ``references: {gateways: [east]}`` at 1810 Good: no ``gateways`` there.
    """
    remedy = "remove the reference, or update the site to 1902"
    message = f"version {design.site_version()} does not take gateways in boundary groups"
    for name, group in design.boundary_groups.items():
        if group.references.gateways:
            yield Fault(("boundary_groups", name, "references", "gateways"), message, remedy)
    for moment in moments(design, plan):
        if moment.step.add_group_reference is not None:
            yield Fault(moment.path, message, remedy)


@rule("CMG502", Severity.WARNING, "a boundary group is never anyone's", source=_GROUPS)
def group_without_boundary(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A client is in a group through a boundary, or comes to it as to a neighbour; other groups serve no one.

    Bad: ``boundary_groups: {branch: {}}`` Good: ``boundary_groups: {branch: {boundaries: [branch]}}``.
    """
    groups = design.boundary_groups
    neighbours = {to for name, group in groups.items() for to in group.relationships if to != name}
    for name, group in groups.items():
        if not group.boundaries and group.default_of is None and name not in neighbours:
            yield Fault(
                ("boundary_groups", name),
                f"boundary group {name!r} has no boundary, and no group has it for a neighbour",
                f"add a boundary in {console.GROUPS} > Properties > General, or delete the group",
            )


@rule("CMG503", Severity.WARNING, "a boundary group is its own neighbour", source=f"{_GROUPS}, Fallback")
def own_neighbour(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A relationship leads from one group to another; one that leads back to the same group changes nothing.

    Bad: ``relationships: {office: {}}`` in ``office`` Good: ``relationships: {branch: {}}`` in ``office``.
    """
    for name, group in design.boundary_groups.items():
        if name in group.relationships:
            yield Fault(
                ("boundary_groups", name, "relationships", name),
                f"boundary group {name!r} has a relationship with itself",
                f"remove it in {console.GROUPS} > Properties > Relationships",
            )


@rule("CMG504", Severity.WARNING, "a boundary is in no group", source=_GROUPS)
def boundary_without_group(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A boundary does something only as a member of a boundary group.

    Bad: ``boundaries: {office: ...}`` alone Good: ``boundary_groups: {office: {boundaries: [office]}}``.
    """
    members = {boundary for group in design.boundary_groups.values() for boundary in group.boundaries}
    for name in design.boundaries:
        if name not in members:
            yield Fault(
                ("boundaries", name),
                f"boundary {name!r} is in no boundary group",
                f"add it to a group in {console.BOUNDARIES} > Properties > Boundary Groups",
            )


@rule("CMG505", Severity.WARNING, "clients on the intranet are in no boundary group", source=_GROUPS)
def clients_without_group(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients that are in no group fall to the default group of their site, and take any server.

    Judged are populations whose place is described, at both ends of their subnet, in a design with boundary groups.

    Bad: ``at_home: {addresses: 10.9.0.0/24}`` in no boundary Good: a boundary ``10.9.0.0-10.9.0.255`` in a group.
    """
    for name, clients in design.clients.items():
        day = design.day_plans[clients.day_plan]
        if not design.boundary_groups or not day.ever_on_intranet:
            continue
        places = {"at_home": clients.at_home, "on_vpn": clients.on_vpn if day.vpn else type(clients.on_vpn)()}
        for key, place in places.items():
            if not all(_ends(design, place, clients.identity)):
                yield Fault(
                    ("clients", name, key),
                    f"clients {name!r} are in no boundary group at some of the places under {key}",
                    f"add a boundary for them to a group in {console.GROUPS}",
                )


def _ends(design: Design, place: Place, identity: Identity) -> Iterator[tuple[str, ...]]:
    """Yield the groups of clients at both ends of a place's subnet, nothing for a place that says nothing."""
    if place.addresses is not None:
        for address in (place.addresses[0], place.addresses[-1]):
            yield groups_at(design, place, address, identity)
    elif place.ad_site is not None or place.vpn is not None:
        yield groups_at(design, place, None, identity)


@rule("CMG506", Severity.WARNING, "a default boundary group refers to a gateway", source=_GROUPS)
def gateway_in_default_group(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway in a site's default boundary group has no effect: clients find it as they do without a group.

    Bad: ``references: {gateways: [east]}`` in a group with ``default_of`` Good: the same in an ordinary group.
    """
    for name, group in outcome(design, plan).boundary_groups.items():
        if group.default_of is not None and group.references.gateways:
            yield Fault(
                ("boundary_groups", name, "references", "gateways"),
                f"{listed(group.references.gateways)} has no effect in {name!r}, the default group of "
                f"{group.default_of!r}",
                f"refer to it in an ordinary group ({console.GROUPS} > Properties > References)",
            )


@rule("CMG507", Severity.INFO, "a fallback time is too short to matter", source="Plan for software updates")
def short_fallback(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients try their software update point for 120 minutes before they take another; less acts as 120 minutes.

    Bad: ``relationships: {branch: {update_points: 30min}}`` Good: ``relationships: {branch: {update_points: 2h}}``.
    """
    for name, group in design.boundary_groups.items():
        for to, relationship in group.relationships.items():
            fallback = relationship.update_points
            if isinstance(fallback, timedelta) and fallback < LEAST_UPDATE_POINT_FALLBACK:
                yield Fault(
                    ("boundary_groups", name, "relationships", to, "update_points"),
                    f"the fallback from {name!r} to {to!r} acts as 120 minutes for software update points",
                    f"set 120 minutes or more in {console.GROUPS} > Properties > Relationships",
                )


@rule("CMG508", Severity.WARNING, "a boundary assigns clients to two sites", source=f"{_GROUPS}, Site assignment")
def two_sites(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A location that is assigned to two sites leaves it to chance which of them a new client joins.

    Bad: one boundary in groups with ``assigned_site: PS1`` and ``assigned_site: PS2`` Good: in one of them.
    """
    for boundary in design.boundaries:
        sites: dict[str, str] = {}
        for name, group in design.boundary_groups.items():
            if boundary in group.boundaries and group.assigned_site is not None:
                sites.setdefault(group.assigned_site, name)
        if len(sites) > 1:
            yield Fault(
                ("boundaries", boundary),
                f"boundary {boundary!r} assigns clients to the sites {listed(tuple(sites))}",
                f"keep it in one of the groups {listed(tuple(sites.values()))} ({console.GROUPS})",
            )


@rule(
    "CMG509",
    Severity.WARNING,
    "a boundary group refers to a gateway that is not usable",
    source=f"{_SET_UP}, Configure boundary groups",
)
def unusable_reference(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A boundary group offers a gateway only while it stands and has a connection point.

    Bad: ``references: {gateways: [east]}`` and no connection point linked with ``east`` Good: one that is.
    """
    end = outcome(design, plan)
    linked = {point.gateway for point in end.roles.connection_points.values()}
    for name, group in end.boundary_groups.items():
        for gateway in group.references.gateways:
            if gateway not in linked:
                yield Fault(
                    ("boundary_groups", name, "references", "gateways"),
                    f"boundary group {name!r} refers to gateway {gateway!r}, which "
                    f"{'has no connection point' if gateway in end.gateways else 'does not exist in the end'}",
                    f"remove it in {console.GROUPS} > Properties > References, or add a connection point",
                )
