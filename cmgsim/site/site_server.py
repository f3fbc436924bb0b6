"""The site server: options of sites, roles, boundary groups and clients, as the console shows them now.

An order changes a record as a whole; an order that changes nothing leaves no fact (source: "Set up cloud management
gateway", Configure client-facing roles for CMG traffic: repeat for every role).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from cmgsim.design.clients import ClientSettings
from cmgsim.design.content import DeployContent
from cmgsim.design.hierarchy import Site
from cmgsim.design.model import Design
from cmgsim.design.network import BoundaryGroup
from cmgsim.design.plan import (
    ChangeClientSettings,
    GroupReference,
    SetManagementPoint,
    SetSite,
    SetUpdatePoint,
    Step,
    WriteCmgfqdns,
)
from cmgsim.design.record import Record
from cmgsim.design.roles import ManagementPoint, UpdatePoint
from cmgsim.design.versions import GATES, Feature, communication_tab, has
from cmgsim.errors import Refused
from cmgsim.facts import Fact, Message
from cmgsim.site.facts import RoleChanged
from cmgsim.units import format_duration, timedelta_us

DEPLOYMENTS = 64
"""How many deployments one population can have in a run."""

Changed = TypeVar("Changed", bound=Record)


class SiteServer:
    """Current options; all by name, in the order of the design.

    ``settings`` are client settings by population, and ``deployed`` the packages deployed to each, one after the other;
    ``registry`` is the gateway that stands in the registry value ``CMGFQDNs`` of a population's clients.
    """

    def __init__(self, design: Design) -> None:
        self.name = "site_server"
        self.rank = 4
        self.version: int = design.site_version()
        self.feature_on: bool = design.hierarchy.gateway_feature
        self.sites: dict[str, Site] = dict(design.hierarchy.sites)
        self.management_points: dict[str, ManagementPoint] = dict(design.roles.management_points)
        self.update_points: dict[str, UpdatePoint] = dict(design.roles.update_points)
        self.boundary_groups: dict[str, BoundaryGroup] = dict(design.boundary_groups)
        self.deployed: dict[str, tuple[str, ...]] = dict.fromkeys(design.clients, ())
        self.registry: dict[str, str] = {}
        self.settings: dict[str, ClientSettings] = {name: design.settings_of(name) for name in design.clients}
        self._assigned: dict[str, str] = {name: population.site for name, population in design.clients.items()}

    def due(self) -> int | None:
        """Return None: it waits for the administrator."""
        return None

    def step(self, now_us: int) -> list[Fact | Message]:
        """Never happens."""
        raise AssertionError(f"the site server is never due, yet it stepped at {now_us}")

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Take one order, a :class:`~cmgsim.design.plan.Step`.

        Raises:
            Refused: if the console does not let one do that.
        """
        assert isinstance(body, Step), f"the site server cannot be told {body!r}"
        return list(_ORDERS[body.verb](self, body.argument))

    def takes_gateway_traffic(self, management_point: str) -> bool:
        """Say whether a management point takes traffic from gateways: the box is checked, and it is no secondary's."""
        found = self.management_points[management_point]
        return found.gateway_traffic and self.sites[found.site].kind != "secondary"

    def all_use_gateways(self, site: str) -> bool:
        """Say whether the client settings let every client of a site use gateways."""
        return all(self.settings[name].use_gateway for name, own in self._assigned.items() if own == site)


def _enable_feature(server: SiteServer, feature: str) -> list[RoleChanged]:
    if server.feature_on:
        return []
    server.feature_on = True
    return [RoleChanged("hierarchy", feature, "on")]


def _set_management_point(server: SiteServer, order: SetManagementPoint) -> list[RoleChanged]:
    name = order.management_point
    if order.gateway_traffic:
        _require_primary(server, "management point", name, server.management_points[name].site)
    if order.mode == "enhanced_http":
        _require(server, Feature.ENHANCED_HTTP, "ENHANCED_HTTP_NOT_AVAILABLE", f"management point {name}")
    return _change(
        server.management_points, name, "management_point", gateway_traffic=order.gateway_traffic, mode=order.mode
    )


def _set_update_point(server: SiteServer, order: SetUpdatePoint) -> list[RoleChanged]:
    name = order.update_point
    if order.gateway_traffic:
        _require_primary(server, "software update point", name, server.update_points[name].site)
    return _change(server.update_points, name, "update_point", gateway_traffic=order.gateway_traffic)


def _set_site(server: SiteServer, order: SetSite) -> list[RoleChanged]:
    if server.sites[order.site].kind == "secondary":
        raise Refused(
            "NOT_A_PRIMARY_SITE",
            f"site {order.site} is secondary and has no {communication_tab(server.version)} tab: "
            f"change its primary site {server.sites[order.site].parent}",
        )
    if order.generated_certificates:
        _require(server, Feature.ENHANCED_HTTP, "ENHANCED_HTTP_NOT_AVAILABLE", f"site {order.site}")
    return _change(
        server.sites,
        order.site,
        "site",
        use_pki_client_certificate=order.use_pki_client_certificate,
        clients_check_crl=order.clients_check_crl,
        generated_certificates=order.generated_certificates,
    )


def _add_group_reference(server: SiteServer, order: GroupReference) -> list[RoleChanged]:
    group = order.boundary_group
    _require(server, Feature.GATEWAY_IN_BOUNDARY_GROUP, "BOUNDARY_GROUP_NOT_AVAILABLE", f"boundary group {group}")
    if order.gateway in server.boundary_groups[group].references.gateways:
        return []
    _set_gateways(server, group, (*server.boundary_groups[group].references.gateways, order.gateway))
    return [RoleChanged(f"boundary_group:{group}", "add gateway", order.gateway)]


def _remove_group_reference(server: SiteServer, order: GroupReference) -> list[RoleChanged]:
    gateways = server.boundary_groups[order.boundary_group].references.gateways
    if order.gateway not in gateways:
        return []
    _set_gateways(server, order.boundary_group, tuple(name for name in gateways if name != order.gateway))
    return [RoleChanged(f"boundary_group:{order.boundary_group}", "remove gateway", order.gateway)]


def _change_client_settings(server: SiteServer, order: ChangeClientSettings) -> list[RoleChanged]:
    return _change(
        server.settings,
        order.population,
        "client_settings",
        use_gateway=order.use_gateway,
        policy_polling=order.policy_polling,
        cloud_distribution_point=order.cloud_distribution_point,
        metered=order.metered,
    )


def _deploy_content(server: SiteServer, order: DeployContent) -> list[RoleChanged]:
    """Deploy a package, even a second time: clients download it again."""
    for population in order.populations:
        if len(server.deployed[population]) == DEPLOYMENTS:
            raise Refused(
                "TOO_MANY_DEPLOYMENTS",
                f"population {population} has {DEPLOYMENTS} deployments already, which is all that is simulated: "
                f"deploy {order.package} to others, or drop an earlier step",
            )
    for population in order.populations:
        server.deployed[population] = (*server.deployed[population], order.package)
    return [RoleChanged(f"clients:{population}", "deploy", order.package) for population in order.populations]


def _write_cmgfqdns(server: SiteServer, order: WriteCmgfqdns) -> list[RoleChanged]:
    """Write the registry value on all clients of a population, which their own administrators do."""
    _require(server, Feature.CMGFQDNS, "CMGFQDNS_NOT_READ", f"population {order.population}")
    if server.registry.get(order.population) == order.gateway:
        return []
    server.registry[order.population] = order.gateway
    return [RoleChanged(f"clients:{order.population}", "CMGFQDNs", order.gateway)]


_ORDERS: dict[str, Callable[[SiteServer, Any], list[RoleChanged]]] = {
    "enable_feature": _enable_feature,
    "set_management_point": _set_management_point,
    "set_update_point": _set_update_point,
    "set_site": _set_site,
    "add_group_reference": _add_group_reference,
    "remove_group_reference": _remove_group_reference,
    "change_client_settings": _change_client_settings,
    "deploy_content": _deploy_content,
    "write_cmgfqdns": _write_cmgfqdns,
}


def _change(table: dict[str, Changed], name: str, kind: str, **wanted: Any) -> list[RoleChanged]:
    """Change what was given (None is not given) and differs; return a fact for each field that changed."""
    record = table[name]
    fresh = {field: value for field, value in wanted.items() if value is not None and value != getattr(record, field)}
    if fresh:
        table[name] = record.model_copy(update=fresh)
    return [RoleChanged(f"{kind}:{name}", field, _shown(value)) for field, value in fresh.items()]


def _shown(value: object) -> str:
    """Write a value as the console shows it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return value if isinstance(value, str) else format_duration(timedelta_us(value))  # type: ignore[arg-type]


def _set_gateways(server: SiteServer, group: str, gateways: tuple[str, ...]) -> None:
    record = server.boundary_groups[group]
    references = record.references.model_copy(update={"gateways": gateways})
    server.boundary_groups[group] = record.model_copy(update={"references": references})


def _require(server: SiteServer, feature: Feature, code: str, place: str) -> None:
    if not has(server.version, feature):
        raise Refused(
            code,
            f"{place}: one cannot {feature.value} in version {server.version}; "
            f"update the site to {GATES[feature].since} or later",
        )


def _require_primary(server: SiteServer, role: str, name: str, site: str) -> None:
    """Refuse roles of secondary sites.

    Assumption: A-05: roles of a secondary site cannot take gateway traffic, as connection points live at primaries.
    """
    if server.sites[site].kind == "secondary":
        raise Refused(
            "SECONDARY_SITE",
            f"{role} {name} belongs to the secondary site {site} and cannot take gateway traffic: use one of its "
            f"primary site {server.sites[site].parent}, under Administration > Site Configuration > "
            "Servers and Site System Roles",
        )
