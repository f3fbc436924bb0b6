"""``cmgsim explain``: which servers a client at an address uses, minute by minute, and why."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Interface, IPv6Interface, ip_interface
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmgsim.errors import UnknownName, UsageError, nearest
from cmgsim.ui.door import door
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Outlet
from cmgsim.ui.writing import write_whole

if TYPE_CHECKING:
    from cmgsim.boundaries.explanation import Explanation, Stage
    from cmgsim.design.clients import Place
    from cmgsim.design.model import Design

IDENTITIES = ("workgroup", "ad_joined", "aad_joined", "hybrid")
Interface = IPv4Interface | IPv6Interface


@click.command("explain", short_help="Say which servers a client at an address uses, and when.")
@click.argument("design_file", metavar="DESIGN", type=click.Path(path_type=Path))
@click.argument("address", required=False, metavar="[ADDRESS]")
@click.option("--ad-site", help="The client's Active Directory site.")
@click.option("--vpn", help="The VPN as it shows on the client: Auto:On, Name:... or Description:...")
@click.option("--site", help="The client's assigned site; left out, the only primary site.")
@click.option(
    "--identity", type=click.Choice(IDENTITIES), default="ad_joined", show_default=True, help="Its device identity."
)
@click.option(
    "--for",
    "lasting",
    default="30min",
    show_default=True,
    metavar="TIME",
    help="How long its search for content goes on.",
)
@click.option("--picture", type=click.Path(path_type=Path), help="Draw its boundary groups into this new SVG file.")
@door("explain")
def explain_command(
    outlet: Outlet,
    design_file: Path,
    address: str | None,
    ad_site: str | None,
    vpn: str | None,
    site: str | None,
    identity: Any,
    lasting: str,
    picture: Path | None,
) -> int:
    """Explain which management, distribution and update points a client at ADDRESS uses, minute by minute.

    Example: cmgsim explain contoso.design.yaml 10.1.2.3

    Say where the client is by ADDRESS (IPv4 or IPv6), --ad-site or --vpn, or several of them. An address without a
    mask is in the smallest subnet of the design that holds it. Nothing runs: this is what the boundary groups of the
    design mean. Exit codes: 0 explained, 1 the design has faults, 2 wrong usage.
    """
    from cmgsim.boundaries.explanation import explain
    from cmgsim.design.files import load_design
    from cmgsim.units import duration_us

    if address is None and ad_site is None and vpn is None:
        raise UsageError("say where the client is: give an ADDRESS such as 10.1.2.3, --ad-site or --vpn")
    if picture is not None and picture.is_file():
        raise UsageError(f"{picture}: there is something already; give --picture a new file")
    design = load_design(wanted(design_file, "design"))
    host = _interface(address, design)
    place = _place(host, ad_site, vpn)
    until_us = _lasting(lasting, duration_us)
    assigned = _site(design, site)
    found = explain(design, place, host.ip if host else None, assigned, until_us, identity)
    notes = _notes(design, host, ad_site, identity)
    if picture is not None:
        _draw(design, found, picture)
    if outlet.form is Form.JSON:
        outlet.show_data({**_data(found, assigned), "notes": notes})
    else:
        outlet.show(_text(outlet, found, assigned, notes))
    if picture is not None:
        outlet.say(f"drawn: {picture}")
    return Exit.HOLDS


def _interface(address: str | None, design: Design) -> Interface | None:
    """Read an address, and find its subnet if it comes without."""
    if address is None:
        return None
    try:
        host = ip_interface(address)
    except ValueError:
        raise UsageError(f"{address!r} is no IP address: write it like 10.1.2.3 or 10.1.2.3/24") from None
    if "/" in address:
        return host
    places = [place for client in design.clients.values() for place in (client.at_home, client.on_vpn)]
    known = [place.addresses for place in places] + [boundary.subnet for boundary in design.boundaries.values()]
    around = [subnet for subnet in known if subnet is not None and host.ip in subnet]
    return ip_interface(f"{host.ip}/{max(subnet.prefixlen for subnet in around)}") if around else host


def _place(host: Interface | None, ad_site: str | None, vpn: str | None) -> Place:
    from pydantic import ValidationError

    from cmgsim.design.clients import Place

    subnet = host.network if isinstance(host, IPv4Interface) else None
    try:
        return Place(addresses=subnet, ad_site=ad_site, vpn=vpn)
    except ValidationError as error:
        raise UsageError(f"--vpn: {error.errors()[0]['ctx']['error']}") from None


def _notes(design: Design, host: Interface | None, ad_site: str | None, identity: str) -> list[str]:
    """Return why something that was given matches no boundary at all."""
    boundaries, notes = design.boundaries.values(), []
    if isinstance(host, IPv6Interface) and not any(boundary.ipv6_prefix for boundary in boundaries):
        notes.append("the design has no boundary by IPv6 prefix, and no other matches an IPv6 address")
    sites = [boundary.ad_site for boundary in boundaries if boundary.ad_site is not None]
    if ad_site is not None and identity == "aad_joined":
        notes.append("a device that is joined to Azure AD alone is in no Active Directory site")
    elif ad_site is not None and not sites:
        notes.append("the design has no boundary by Active Directory site")
    elif ad_site is not None and ad_site.casefold() not in map(str.casefold, sites):
        notes.append(f"no boundary is the Active Directory site {ad_site!r}{nearest(ad_site, sites)}")
    return notes


def _lasting(text: str, read: Any) -> int:
    try:
        return int(read(text))
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None


def _site(design: Design, site: str | None) -> str:
    primaries = design.hierarchy.primaries()
    if site is None and len(primaries) != 1:
        raise UsageError(f"say with --site which primary site the client is assigned to: {', '.join(primaries)}")
    if site is not None and site not in primaries:
        raise UnknownName("primary site", site, primaries)
    return site or primaries[0]


def _draw(design: Design, found: Explanation, picture: Path) -> None:
    from cmgsim.report.group_picture import group_picture

    write_whole(picture, group_picture(design.boundary_groups, found.current))


# -- as text -----------------------------------------------------------------------------------------------------------


def _text(outlet: Outlet, found: Explanation, site: str, notes: Sequence[str]) -> str:
    from cmgsim.report.tables import folded

    parts = [
        "\n".join([_facts(found, site), *(folded(f"{'note':<17}{note}", outlet.reach, 17) for note in notes)]),
        "Management points, best first\n" + _table(outlet, ("locality", "one of"), _localities(found)),
        "Distribution points in reach\n" + _table(outlet, ("minutes", "servers", "new"), _stages(found)),
        "Tried while none has the content, two minutes each\n"
        + _table(outlet, ("from minute", "distribution points in turn"), _turns(found)),
        "Update points, after the first failed scan\n" + _table(outlet, ("minutes", "servers"), _scans(found)),
    ]
    return "\n\n".join(parts)


def _facts(found: Explanation, site: str) -> str:
    from cmgsim.boundaries.explanation import Option

    groups = ", ".join(found.found) or f"none, so the default group of {site}: {', '.join(found.current) or 'none'}"
    lines = [
        ("boundaries", ", ".join(found.boundaries) or "none matches"),
        ("boundary groups", groups),
        ("site assignment", " or ".join(found.assigned_sites) or "none of the groups says: the fallback site"),
        ("options", ", ".join(_OPTIONS[bit] for bit in Option if bit in found.options and bit) or "as by default"),
        ("flags", str(int(found.options))),
    ]
    return "\n".join(f"{label:<17}{words}" for label, words in lines)


_OPTIONS = {
    1: "no peer downloads",
    2: "peers in the same subnet only",
    4: "distribution points before peers in the same subnet",
    8: "cloud based sources before on-premises sources",
}


def _localities(found: Explanation) -> list[tuple[str, str]]:
    words = ("unknown", "default group", "neighbour", "local")
    rows = [
        (f"{int(locality)} {words[locality]}", ", ".join(_candidate(candidate) for candidate in tier))
        for locality, tier in found.management_points
    ]
    return rows or [("-", "none")]


def _candidate(candidate: Any) -> str:
    from cmgsim.boundaries.fallback import Kind

    return f"gateway {candidate.name}" if candidate.kind is Kind.GATEWAY else str(candidate.name)


def _minutes(stage: Stage) -> str:
    from cmgsim.units import MINUTE

    end = "" if stage.until_us is None else f" to {stage.until_us // MINUTE}"
    return f"{stage.from_us // MINUTE}{end}" if end else f"from {stage.from_us // MINUTE}"


def _stages(found: Explanation) -> list[tuple[str, str, str]]:
    return [
        (_minutes(stage), ", ".join(stage.servers) or "none", ", ".join(stage.joined))
        for stage in found.distribution_points
    ]


def _scans(found: Explanation) -> list[tuple[str, str]]:
    first = found.update_points[0].from_us // 60_000_000
    rows = [(_minutes(stage), ", ".join(stage.servers) or "none") for stage in found.update_points]
    return [(f"0 to {first}", "the last known good one alone"), *rows]


def _turns(found: Explanation) -> list[tuple[str, str]]:
    """Write ten minutes of tries to a line."""
    from cmgsim.units import MINUTE

    if not any(server for _, server in found.tries):
        return [("-", "none is in reach")]
    lines: dict[int, list[str]] = {}
    for at_us, server in found.tries:
        lines.setdefault(at_us // (10 * MINUTE), []).append(server or "none")
    return [(str(ten * 10), ", ".join(servers)) for ten, servers in lines.items()]


def _table(outlet: Outlet, headers: tuple[str, ...], rows: list[Any]) -> str:
    from cmgsim.report.tables import table

    return table(headers, rows, outlet.width, outlet.style, outlet.letters)


# -- as data -----------------------------------------------------------------------------------------------------------


def _data(found: Explanation, site: str) -> dict[str, Any]:
    return {
        "assigned_site": site,
        "boundaries": found.boundaries,
        "boundary_groups": found.found,
        "current_groups": found.current,
        "site_assignment": found.assigned_sites,
        "flags": int(found.options),
        "management_points": [
            {"locality": int(locality), "candidates": [_candidate(candidate) for candidate in tier]}
            for locality, tier in found.management_points
        ],
        "distribution_points": [_stage_data(stage) for stage in found.distribution_points],
        "distribution_point_tries": [{"at_us": at_us, "server": server} for at_us, server in found.tries],
        "update_points": [_stage_data(stage) for stage in found.update_points],
    }


def _stage_data(stage: Stage) -> dict[str, Any]:
    return {"from_us": stage.from_us, "until_us": stage.until_us, "servers": stage.servers, "joined": stage.joined}
