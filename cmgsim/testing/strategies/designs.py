"""Hypothesis strategies for designs: every field with every kind of value, all names resolved.

``designs()`` draws what people may write, valid by schema but not always wise: lint judges that. Keep ``clients`` low
when the design is going to be simulated.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hypothesis import strategies as st

from cmgsim.design.content import write_bandwidth
from cmgsim.design.model import Design
from cmgsim.design.versions import VERSIONS
from cmgsim.units import DAY, HOUR, MINUTE, format_duration, format_share, format_size, format_time_of_day

Data = dict[str, Any]
_REFERENCED = ("management_points", "update_points", "distribution_points")

durations = st.integers(1, 30 * DAY // MINUTE).map(lambda count: format_duration(count * MINUTE))
shares = st.integers(0, 1_000_000).map(format_share)
sizes = st.integers(1, 10**15).map(format_size)
dates = st.dates(date(2018, 1, 1), date(2024, 12, 31)).map(date.isoformat)
regions = st.sampled_from(["eastus", "westus", "westeurope", "northeurope", "southeastasia"])


@st.composite
def designs(draw: st.DrawFn, clients: int = 1_000_000, versions: tuple[int, ...] = VERSIONS) -> Design:
    """Draw a design with up to three primaries, three gateways and three populations of at most *clients* each."""
    return Design.model_validate(draw(design_data(clients, versions)))


@st.composite
def design_data(draw: st.DrawFn, clients: int = 1_000_000, versions: tuple[int, ...] = VERSIONS) -> Data:
    """Draw the data of a design as its file would hold it."""
    primaries = draw(st.lists(st.sampled_from(["P01", "P02", "NYC"]), min_size=1, max_size=3, unique=True))
    authorities = draw(_authorities())
    servers = draw(st.dictionaries(_names("cert"), _server_certificate(authorities), min_size=1, max_size=3))
    subscriptions = draw(st.dictionaries(_names("sub"), _subscription(), min_size=1, max_size=2))
    gateways = draw(
        st.dictionaries(_names("gw"), _gateway(servers, subscriptions, authorities), min_size=1, max_size=3)
    )
    roles = draw(_roles(primaries, gateways))
    boundaries = draw(st.dictionaries(_names("b"), _boundary(), max_size=4))
    day_plans = draw(st.dictionaries(_names("days"), day_plan_data(), min_size=1, max_size=3))
    settings = draw(st.dictionaries(_names("set"), _client_settings(), max_size=2))
    return {
        "cmgsim": 1,
        "name": draw(st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=40)),
        "start": draw(dates),
        "hierarchy": draw(_hierarchy(primaries, authorities, versions)),
        "azure": {
            "environment": draw(st.sampled_from(["AzurePublicCloud", "AzureUSGovernmentCloud"])),
            "aad": {"cloud_management": draw(st.booleans()), "secret_expires": draw(dates)},
            "subscriptions": subscriptions,
            "taken_names": {"cloud_services": draw(st.lists(st.sampled_from(["taken", "other"]), unique=True))},
        },
        "certificates": {"authorities": authorities, "servers": servers},
        "gateways": gateways,
        "roles": roles,
        "boundaries": boundaries,
        "boundary_groups": draw(_boundary_groups(boundaries, roles, gateways, primaries)),
        "client_settings": settings,
        "content": {"packages": draw(st.dictionaries(_names("pkg"), _package(roles, gateways), max_size=2))},
        "day_plans": day_plans,
        "clients": draw(
            st.dictionaries(
                _names("pop"), _population(primaries, day_plans, settings, authorities, gateways, clients), max_size=3
            )
        ),
    }


@st.composite
def day_plan_data(draw: st.DrawFn) -> Data:
    """Draw a day plan as its file would hold it."""
    if draw(st.booleans()):
        bandwidths = st.integers(1, 125 * 10**9).map(write_bandwidth)
        return {
            "always": draw(st.sampled_from(["internet", "intranet"])),
            "bandwidth": draw(bandwidths),
            "metered": draw(shares),
        }
    work = draw(_day_span(6 * 60, 18 * 60))
    evening = draw(_day_span(18 * 60 + 1, 24 * 60))
    absence = st.fixed_dictionaries(
        {
            "share": st.integers(0, 200_000).map(format_share),
            "lasting": st.tuples(st.integers(1, 5), st.integers(5, 20)).map(lambda ends: f"{ends[0]}d..{ends[1]}d"),
        }
    )
    plan: Data = {
        "utc_offset": draw(st.sampled_from(["UTC", "UTC-05:00", "UTC+05:30", "UTC+12:00"])),
        "work": work,
        "jitter": draw(st.integers(0, 30).map(lambda count: f"{count}min")),
        "remote": draw(shares),
        "vpn": draw(shares),
        "outside_work": draw(st.sampled_from(["off", "stays_on"])),
    }
    for name, strategy in (
        ("evening", st.fixed_dictionaries({"share": shares, "hours": st.just(evening)})),
        ("weekend", st.fixed_dictionaries({"share": shares, "hours": st.just(work)})),
        ("vacation", absence),
        ("powered_off", absence),
    ):
        if draw(st.booleans()):
            plan[name] = draw(strategy)
    return plan


def _names(stem: str) -> st.SearchStrategy[str]:
    return st.integers(1, 9).map(lambda number: f"{stem}{number}")


@st.composite
def _day_span(draw: st.DrawFn, earliest: int, latest: int) -> str:
    start = draw(st.integers(earliest, latest - 1))
    end = draw(st.integers(start + 1, latest))
    return f"{format_time_of_day(start * MINUTE)}-{format_time_of_day(end * MINUTE)}"


@st.composite
def _authorities(draw: st.DrawFn) -> Data:
    root = {"kind": draw(st.sampled_from(["public", "private"])), "crl_published": draw(st.booleans())}
    issuing = {"kind": root["kind"], "issuer": "root", "expires": draw(dates)}
    return {"root": root, "issuing": issuing} if draw(st.booleans()) else {"root": root}


def _server_certificate(authorities: Data) -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries(
        {
            "name": st.sampled_from(["east.contoso.com", "*.contoso.com", "Granite.cloudapp.net"]),
            "issuer": st.sampled_from(sorted(authorities)),
        },
        optional={
            "expires": dates,
            "key_bits": st.sampled_from([2048, 4096]),
            "private_key": st.sampled_from(["exportable", "not_exportable", "absent"]),
        },
    )


def _subscription() -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries(
        {},
        optional={
            "providers": st.lists(st.sampled_from(["Microsoft.ClassicCompute", "Microsoft.Storage"]), unique=True),
            "cores": st.integers(0, 100),
            "resource_groups": st.dictionaries(_names("rg"), st.fixed_dictionaries({"region": regions}), max_size=2),
        },
    )


def _gateway(servers: Data, subscriptions: Data, authorities: Data) -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries(
        {"certificate": st.sampled_from(sorted(servers)), "region": regions},
        optional={
            "deployment": st.sampled_from(["classic", "arm", "vmss"]),
            "service_fqdn": st.just("cmgone.contoso.com"),
            "subscription": st.sampled_from(sorted(subscriptions)),
            "resource_group": st.sampled_from([{"create_new": "fresh"}, {"use_existing": "rg1"}]),
            "vms": st.integers(1, 16),
            "trusted_authorities": st.lists(st.sampled_from(sorted(authorities)), unique=True),
            "verify_client_revocation": st.booleans(),
            "content": st.booleans(),
            "alerts": st.fixed_dictionaries({"threshold": sizes, "warning": shares, "critical": shares}),
            "planned": st.booleans(),
        },
    )


def _hierarchy(primaries: list[str], authorities: Data, versions: tuple[int, ...]) -> st.SearchStrategy[Data]:
    central = len(primaries) > 1
    site = st.fixed_dictionaries(
        {"parent": st.just("CAS")} if central else {},
        optional={
            "use_pki_client_certificate": st.booleans(),
            "clients_check_crl": st.booleans(),
            "trusted_roots": st.lists(st.sampled_from(sorted(authorities)), unique=True),
        },
    )
    top: Data = {"CAS": st.just({"kind": "central_administration"})} if central else {}
    return st.fixed_dictionaries(
        {
            "version": st.sampled_from(versions),
            "gateway_feature": st.booleans(),
            "prefer_boundary_group_management_points": st.booleans(),
            "sites": st.fixed_dictionaries(top | dict.fromkeys(primaries, site)),
        }
    )


@st.composite
def _roles(draw: st.DrawFn, primaries: list[str], gateways: Data) -> Data:
    site = st.sampled_from(primaries)
    ports = st.one_of(st.just("all"), st.lists(st.sampled_from([443, "10124-10139", "10140-10155"]), min_size=1))
    kinds: Data = {
        "connection_points": st.fixed_dictionaries(
            {"site": site, "gateway": st.sampled_from(sorted(gateways))},
            optional={"outbound_ports": ports, "client_certificate": st.booleans(), "planned": st.booleans()},
        ),
        "management_points": st.fixed_dictionaries(
            {"site": site},
            optional={
                "mode": st.sampled_from(["http", "https", "enhanced_http"]),
                "gateway_traffic": st.booleans(),
                "internet": st.booleans(),
            },
        ),
        "update_points": st.fixed_dictionaries({"site": site}, optional={"gateway_traffic": st.booleans()}),
        "distribution_points": st.fixed_dictionaries({"site": site}, optional={"internet": st.booleans()}),
    }
    return {kind: draw(st.dictionaries(_names(kind[0]), strategy, max_size=4)) for kind, strategy in kinds.items()}


def _boundary() -> st.SearchStrategy[Data]:
    octet = st.integers(0, 255)
    return st.one_of(
        octet.map(lambda third: {"subnet": f"10.1.{third}.0/24"}),
        octet.map(lambda third: {"ip_range": f"10.2.{third}.0-10.2.{third}.255"}),
        st.just({"ad_site": "Paris"}),
        st.just({"ipv6_prefix": "2001:db8:1::/64"}),
        st.just({"vpn": "Auto:On"}),
    )


@st.composite
def _boundary_groups(draw: st.DrawFn, boundaries: Data, roles: Data, gateways: Data, primaries: list[str]) -> Data:
    names = draw(st.lists(_names("bg"), max_size=3, unique=True))
    minutes = st.one_of(st.just("never"), st.integers(0, 600).map(lambda count: f"{count}min"))
    relationship = st.fixed_dictionaries(
        {},
        optional={
            "distribution_points": minutes,
            "update_points": minutes,
            "management_points": st.sampled_from(["allowed", "never"]),
        },
    )

    def some(table: Data) -> st.SearchStrategy[list[str]]:
        return st.lists(st.sampled_from(sorted(table)), unique=True) if table else st.just([])

    return {
        name: {
            "boundaries": draw(some(boundaries)),
            "references": {kind: draw(some(roles[kind])) for kind in _REFERENCED} | {"gateways": draw(some(gateways))},
            "relationships": {other: draw(relationship) for other in names if other != name and draw(st.booleans())},
            "assigned_site": draw(st.sampled_from(primaries)),
        }
        for name in names
    }


def _client_settings() -> st.SearchStrategy[Data]:
    return st.fixed_dictionaries(
        {},
        optional={
            "use_gateway": st.booleans(),
            "policy_polling": st.integers(30, 1440).map(lambda count: format_duration(count * MINUTE)),
            "location_cycle": st.integers(1, 48).map(lambda count: format_duration(count * HOUR)),
            "scan_cycle": st.integers(1, 14).map(lambda count: format_duration(count * DAY)),
            "hardware_inventory": st.integers(1, 14).map(lambda count: format_duration(count * DAY)),
            "state_messages": st.integers(1, 60).map(lambda count: format_duration(count * MINUTE)),
            "cloud_distribution_point": st.booleans(),
            "cache": sizes,
            "metered": st.sampled_from(["block", "allow", "limit"]),
        },
    )


def _package(roles: Data, gateways: Data) -> st.SearchStrategy[Data]:
    def some(table: Data) -> st.SearchStrategy[list[str]]:
        return st.lists(st.sampled_from(sorted(table)), unique=True) if table else st.just([])

    return st.fixed_dictionaries(
        {"size": sizes},
        optional={
            "kind": st.sampled_from(["application", "update"]),
            "distribution_points": some(roles["distribution_points"]),
            "gateways": some(gateways),
        },
    )


def _population(
    primaries: list[str], day_plans: Data, settings: Data, authorities: Data, gateways: Data, clients: int
) -> st.SearchStrategy[Data]:
    optional: Data = {
        "identity": st.sampled_from(["workgroup", "ad_joined", "aad_joined", "hybrid"]),
        "certificate": st.sampled_from(sorted(authorities)),
        "trusts": st.lists(st.sampled_from(sorted(authorities)), unique=True),
        "tls_1_2": st.booleans(),
        "always_on_internet": st.booleans(),
        "installed_over": st.sampled_from(sorted(gateways)),
        "knows": st.sampled_from(["current", "nothing"]),
        "at_home": st.sampled_from([{"addresses": "10.1.0.0/16"}, {"ad_site": "Paris"}]),
        "on_vpn": st.just({"vpn": "Auto:On"}),
    }
    if settings:
        optional["settings"] = st.sampled_from(sorted(settings))
    return st.fixed_dictionaries(
        {
            "count": st.integers(0, clients),
            "site": st.sampled_from(primaries),
            "day_plan": st.sampled_from(sorted(day_plans)),
        },
        optional=optional,
    )
