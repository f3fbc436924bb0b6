"""CMG4xx: connection points, management points, update points and the options of their sites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cmgsim.design.findings import Severity
from cmgsim.design.modes import GATEWAY_MODES
from cmgsim.design.ports import ports_tried
from cmgsim.design.versions import Feature, has
from cmgsim.lint import console
from cmgsim.lint.cohorts import LEAST_NOTICE, certificate_users, gateway_users, gateways_of, least_length, listed
from cmgsim.lint.outlook import moments, outcome
from cmgsim.lint.rule import Fault, rule

if TYPE_CHECKING:
    from datetime import date

    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan
    from cmgsim.design.roles import ConnectionPoint, ManagementPoint

_SET_UP = "Set up cloud management gateway"
_ADD = f"{_SET_UP}, Add the CMG connection point"
_ROLES = f"{_SET_UP}, Configure client-facing roles for CMG traffic"
_SITE = f"{_SET_UP}, Configure primary site for client certificate authentication"
_PLAN = "Plan for cloud management gateway"
_CERTIFICATES = "Certificates for cloud management gateway"
_SIZE = "Size and scale numbers"

VMS_PER_CONNECTION_POINT = 4
"""VMs that one connection point is good for (source: "Size and scale numbers")."""
PORTS_PER_CONNECTION_POINT = 16_384
"""Dynamic TCP ports of a Windows server; each connected client holds one (source: "Plan for CMG", Scale)."""
CLIENTS_PER_MANAGEMENT_POINT = 25_000
"""Clients that one management point is good for (source: "Size and scale numbers")."""


@rule("CMG401", Severity.WARNING, "a gateway has no connection point", source=_ADD)
def no_connection_point(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The connection point carries what the gateway receives to the site; without one no request is served.

    Bad: ``gateways: {east: ...}`` alone Good: ``connection_points: {cp1: {site: PS1, gateway: east}}``.
    """
    end = outcome(design, plan)
    linked = {point.gateway for point in end.roles.connection_points.values()}
    for name in end.gateways:
        if name not in linked:
            yield Fault(
                ("gateways", name),
                f"no connection point is linked with gateway {name!r}: it serves no client, and no client learns of it",
                f"add the role 'Cloud management gateway connection point' in {console.ROLES} > Add Site System Role",
            )


@rule("CMG402", Severity.WARNING, "a connection point lacks a client certificate", source=f"{_ADD}; {_CERTIFICATES}")
def connection_point_certificate(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Where management points use HTTPS and clients certificates, the connection point needs one itself.

    Without it every such request ends in 403, ``CMGConnector_Clientcertificaterequired``. Its expiry and its revocation
    are asked for the length of the plan and at least 30 days.

    Bad: ``client_certificate: false`` before an HTTPS management point Good: ``client_certificate: true``.
    """
    end, last = outcome(design, plan), design.start + max(least_length(plan), LEAST_NOTICE)
    for name, point in end.roles.connection_points.items():
        secure = [
            mp for mp, role in end.roles.management_points.items()
            if role.site == point.site and role.gateway_traffic and role.mode == "https"
        ]  # fmt: skip
        users = [population for population, _, _ in certificate_users(end, point.site)]
        if secure and users:
            yield from _certificate_of(name, point, secure, users, last)


def _certificate_of(
    name: str, point: ConnectionPoint, secure: list[str], users: list[str], last: date
) -> Iterator[Fault]:
    """Yield what is wrong with the client authentication certificate of a connection point that needs one."""
    place, expires = ("roles", "connection_points", name), point.client_certificate_expires
    if not point.client_certificate:
        yield Fault(
            (*place, "client_certificate"),
            f"connection point {name!r} has no client authentication certificate; {listed(secure)} refuses what it "
            f"brings from {listed(users)}",
            "issue a client authentication certificate to its server, from the PKI the management point trusts",
        )
    elif expires is not None and expires < last:
        yield Fault(
            (*place, "client_certificate_expires"),
            f"the client authentication certificate of connection point {name!r} expires on {expires}, before {last}",
            "renew it on its server before that day",
        )
    elif point.client_certificate_revoked_on is not None and point.client_certificate_revoked_on <= last:
        yield Fault(
            (*place, "client_certificate_revoked_on"),
            f"the client authentication certificate of connection point {name!r} is revoked on "
            f"{point.client_certificate_revoked_on}, and management points check the list",
            "issue a new one to its server before that day",
        )


@rule("CMG403", Severity.WARNING, "a firewall blocks a connection point", source=f"{_PLAN}, Ports and data flow")
def ports_blocked(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A connection point dials each VM: TCP 10140 and up, else HTTPS 10124 and up, or 443 when there is one VM only.

    A gateway with one VM works over 443 and stops working when a second is added and the other ports are closed.

    Bad: ``outbound_ports: [443]`` with ``vms: 2`` Good: ``outbound_ports: [443, 10140-10141]``.
    """
    reported: set[str] = set()
    for state, name, point in _dialling(design, plan):
        blocked = _blocked_vms(state.gateways[point.gateway], point)
        if blocked and name not in reported:
            reported.add(name)
            yield Fault(
                ("roles", "connection_points", name, "outbound_ports"),
                f"connection point {name!r} cannot reach VM {_numbers(blocked)} of gateway {point.gateway!r}",
                _ports_remedy(state.gateways[point.gateway]),
            )


def _dialling(design: Design, plan: Plan | None) -> Iterator[tuple[Design, str, ConnectionPoint]]:
    """Yield the connection points with a gateway to dial, when the plan is done and after each of its steps."""
    end = outcome(design, plan)
    yield from ((end, name, point) for name, point in end.roles.connection_points.items())
    for moment in moments(design, plan):
        state = moment.after.design
        for name, point in state.roles.connection_points.items():
            if not point.planned and not state.gateways[point.gateway].planned:
                yield state, name, point


def _blocked_vms(gateway: Gateway, point: ConnectionPoint) -> list[int]:
    """Return the numbers of the VMs that a connection point cannot dial."""
    tried = {vm: ports_tried(vm, gateway.vms, gateway.deployment) for vm in range(1, gateway.vms + 1)}
    return [vm for vm, ports in tried.items() if not any(_open(point, port) for port in ports)]


def _open(point: ConnectionPoint, port: int) -> bool:
    return any(low <= port <= high for low, high in point.outbound_ports)


def _numbers(vms: list[int]) -> str:
    return str(vms[0]) if len(vms) == 1 else f"{', '.join(map(str, vms[:-1]))} and {vms[-1]}"


def _ports_remedy(gateway: Gateway) -> str:
    first, last = (ports_tried(vm, gateway.vms, gateway.deployment) for vm in (1, gateway.vms))
    *tcp, https = (str(low) if low == high else f"{low}-{high}" for low, high in zip(first, last, strict=True))
    return f"open TCP {tcp[0]} outbound (or HTTPS {https})" if tcp else f"open HTTPS {https} outbound"


@rule("CMG404", Severity.ERROR, "a connection point is not at a primary site", source=f"{_PLAN}, Hierarchy design")
def connection_point_site(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Connection points belong to the primary sites that internet clients are assigned to.

    Bad: ``connection_points: {cp1: {site: CAS, ...}}`` Good: ``connection_points: {cp1: {site: PS1, ...}}``.
    """
    for name, point in design.roles.connection_points.items():
        kind = design.hierarchy.sites[point.site].kind
        if kind != "primary":
            yield Fault(
                ("roles", "connection_points", name, "site"),
                f"connection point {name!r} is at the {kind.replace('_', ' ')} site {point.site!r}",
                f"add the role to a server of a primary site in {console.ROLES}",
            )


@rule("CMG405", Severity.WARNING, "a gateway has one connection point only", source=f"{_PLAN}, High availability")
def single_connection_point(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """When a gateway's only connection point at a site restarts, it serves no client of that site.

    Bad: one of ``connection_points`` for a gateway Good: two, on two servers.
    """
    end = outcome(design, plan)
    points = end.roles.connection_points.values()
    for name in end.gateways:
        for site in dict.fromkeys(point.site for point in points if point.gateway == name):
            if sum(point.gateway == name and point.site == site for point in points) == 1:
                yield Fault(
                    ("gateways", name),
                    f"gateway {name!r} has one connection point only at site {site!r}",
                    f"add a second one on another server in {console.ROLES}",
                )


@rule("CMG406", Severity.WARNING, "too few connection points for the VMs", source=_SIZE)
def too_many_vms(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """One connection point is good for four VMs of a gateway.

    Bad: ``vms: 5`` with one connection point Good: ``vms: 5`` with two.
    """
    end = outcome(design, plan)
    for name, gateway in end.gateways.items():
        points = sum(point.gateway == name for point in end.roles.connection_points.values())
        if points and gateway.vms > VMS_PER_CONNECTION_POINT * points:
            needed = -(-gateway.vms // VMS_PER_CONNECTION_POINT)
            yield Fault(
                ("gateways", name, "vms"),
                f"gateway {name!r} has {gateway.vms} VMs, and connection points for "
                f"{VMS_PER_CONNECTION_POINT * points}",
                f"use {needed} connection points ({console.ROLES})",
            )


@rule("CMG407", Severity.WARNING, "too many clients for the connection points' ports", source=f"{_PLAN}, Scale")
def too_many_connections(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Each client's notification channel holds a TCP port of a connection point's server, which has 16,384 to give.

    This limit is met before the one of four VMs: three full VMs serve 18,000 clients.

    Bad: one connection point for 20,000 clients Good: two.
    """
    end = outcome(design, plan)
    for site in end.hierarchy.primaries():
        points = sum(point.site == site for point in end.roles.connection_points.values())
        count = sum(clients.count for _, clients in gateway_users(end, site))
        if points and count > points * PORTS_PER_CONNECTION_POINT:
            first = next(name for name, point in end.roles.connection_points.items() if point.site == site)
            yield Fault(
                ("roles", "connection_points", first),
                f"up to {count:,} clients of {site!r} hold ports of its connection points, which have "
                f"{points * PORTS_PER_CONNECTION_POINT:,}",
                f"use {-(-count // PORTS_PER_CONNECTION_POINT)} connection points, or raise the dynamic port range",
            )


@rule("CMG408", Severity.WARNING, "no management point takes gateway traffic", source=_ROLES)
def no_management_point(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway hands requests to management points that allow it; each primary site with internet clients needs one.

    Bad: ``gateway_traffic: false`` on every management point Good: ``gateway_traffic: true``.
    """
    end = outcome(design, plan)
    for site in end.hierarchy.primaries():
        users = [name for name, _ in gateway_users(end, site)]
        points = {name: role for name, role in end.roles.management_points.items() if role.site == site}
        if end.gateways and users and not any(role.gateway_traffic for role in points.values()):
            path = ("roles", "management_points", *list(points)[:1], *(["gateway_traffic"] if points else []))
            yield Fault(
                path,
                f"no management point of {site!r} allows gateway traffic, so its clients {listed(users)} are "
                "not served",
                "check 'Allow Configuration Manager cloud management gateway traffic' in "
                f"{console.management_point_box()}",
            )


@rule("CMG409", Severity.WARNING, "no software update point takes gateway traffic", source=_ROLES)
def no_update_point(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Internet clients scan for updates only against update points that allow gateway traffic.

    A site without any software update point is not judged.

    Bad: ``update_points: {sup1: {site: PS1}}`` Good: ``update_points: {sup1: {site: PS1, gateway_traffic: true}}``.
    """
    end = outcome(design, plan)
    for site in end.hierarchy.primaries():
        users = [name for name, _ in gateway_users(end, site)]
        points = {name: role for name, role in end.roles.update_points.items() if role.site == site}
        if end.gateways and users and points and not any(role.gateway_traffic for role in points.values()):
            yield Fault(
                ("roles", "update_points", next(iter(points)), "gateway_traffic"),
                f"no software update point of {site!r} allows gateway traffic: update scans of {listed(users)} fail",
                "check 'Allow Configuration Manager cloud management gateway traffic' in "
                f"{console.ROLES} > Servers with Role > Software update point > Properties",
            )


@rule(
    "CMG410",
    Severity.WARNING,
    "the management point's mode does not suit the clients",
    source=f"{_CERTIFICATES}, Enable management point for HTTPS",
)
def mode_not_allowed(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Which client connections a management point must have for a gateway depends on version and client identity.

    Bad: ``mode: http`` at 1906 Good: ``mode: https``, or ``mode: enhanced_http``.
    """
    end = outcome(design, plan)
    for name, role in end.roles.management_points.items():
        if not role.gateway_traffic or not end.gateways:
            continue
        for population, clients in gateway_users(end, role.site):
            allowed = GATEWAY_MODES[clients.identity, end.site_version()]
            if _effective(end, role) not in allowed:
                yield Fault(
                    ("roles", "management_points", name, "mode"),
                    f"management point {name!r} takes {role.mode}; over a gateway {clients.identity} clients such as "
                    f"{population!r} need {' or '.join(allowed)} in version {end.site_version()}",
                    f"change it in {console.management_point_box()}",
                )


def _effective(design: Design, role: ManagementPoint) -> str:
    """Return how a management point takes connections: HTTP becomes enhanced HTTP by the site's option."""
    upgraded = design.hierarchy.sites[role.site].generated_certificates and role.mode == "http"
    return "enhanced_http" if upgraded and has(design.site_version(), Feature.ENHANCED_HTTP) else role.mode


@rule("CMG411", Severity.ERROR, "a secondary site's management point takes gateway traffic", source=_ROLES)
def secondary_management_point(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Gateway traffic is set up at primary sites.

    Assumption: A-05: management points of secondary sites cannot take gateway traffic.

    Bad: ``gateway_traffic: true`` at a secondary site Good: ``gateway_traffic: true`` at its primary.
    """
    for name, role in outcome(design, plan).roles.management_points.items():
        if role.gateway_traffic and design.hierarchy.sites[role.site].kind == "secondary":
            yield Fault(
                ("roles", "management_points", name, "gateway_traffic"),
                f"management point {name!r} belongs to the secondary site {role.site!r}",
                f"flag a management point of its primary instead ({console.management_point_box()})",
            )


@rule("CMG412", Severity.ERROR, "enhanced HTTP is not on", source="Enhanced HTTP")
def enhanced_http_off(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Enhanced HTTP is an option of the site, from version 1806 on; a management point then stays at HTTP.

    Bad: ``mode: enhanced_http`` with ``generated_certificates: false`` Good: ``generated_certificates: true``.
    """
    end = outcome(design, plan)
    available = has(end.site_version(), Feature.ENHANCED_HTTP)
    for name, role in end.roles.management_points.items():
        if role.mode == "enhanced_http" and not (available and end.hierarchy.sites[role.site].generated_certificates):
            reason = f"site {role.site!r} does not use it" if available else f"version {end.site_version()} has it not"
            yield Fault(
                ("roles", "management_points", name, "mode"),
                f"management point {name!r} is to use enhanced HTTP, but {reason}",
                "check 'Use Configuration Manager-generated certificates for HTTP site systems' in "
                f"{console.site_tab(end.site_version())}",
            )


@rule("CMG413", Severity.WARNING, "too many clients for the management points", source=_SIZE)
def too_few_management_points(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A management point is good for 25,000 clients on the recommended hardware; gateways reach the flagged ones only.

    Bad: one flagged management point for 30,000 internet clients Good: two.
    """
    end = outcome(design, plan)
    for site in end.hierarchy.primaries():
        flagged = [name for name, mp in end.roles.management_points.items() if mp.site == site and mp.gateway_traffic]
        count = sum(clients.count for _, clients in gateway_users(end, site))
        if flagged and count > len(flagged) * CLIENTS_PER_MANAGEMENT_POINT:
            yield Fault(
                ("roles", "management_points", flagged[0]),
                f"up to {count:,} clients of {site!r} come over gateways to {len(flagged)} management points",
                f"flag {-(-count // CLIENTS_PER_MANAGEMENT_POINT)} of them in {console.management_point_box()}",
            )


@rule("CMG414", Severity.WARNING, "the site does not use client certificates", source=f"{_SITE}, steps 1-3")
def pki_option_off(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Each primary site whose internet clients have client authentication certificates must be told to use them.

    Bad: ``use_pki_client_certificate: false`` Good: ``use_pki_client_certificate: true``.
    """
    end = outcome(design, plan)
    for site in end.hierarchy.primaries():
        users = [name for name, _, _ in certificate_users(end, site)]
        if end.gateways and users and not end.hierarchy.sites[site].use_pki_client_certificate:
            yield Fault(
                ("hierarchy", "sites", site, "use_pki_client_certificate"),
                f"site {site!r} does not use client certificates, which its clients {listed(users)} have",
                "check 'Use PKI client certificate (client authentication) when available' in "
                f"{console.site_tab(end.site_version())}",
            )


@rule(
    "CMG415",
    Severity.WARNING,
    "a site with internet clients has no connection point",
    source=f"{_PLAN}, Hierarchy design",
)
def site_without_connection_point(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A client uses the gateways that have a connection point at its own primary site, and no others.

    Bad: clients of ``PS2``, connection points at ``PS1`` only Good: a connection point at ``PS2`` too.
    """
    end = outcome(design, plan)
    for site in end.hierarchy.primaries():
        users = [name for name, _ in gateway_users(end, site)]
        if end.gateways and users and not list(gateways_of(end, site)):
            yield Fault(
                ("hierarchy", "sites", site),
                f"no gateway has a connection point at {site!r}, the site of {listed(users)}",
                f"add a connection point to a server of {site!r} in {console.ROLES}",
            )
