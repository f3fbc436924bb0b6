"""A client's place says which boundaries and groups it is in."""

from ipaddress import IPv4Address, IPv4Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cmgsim.boundaries.addresses import BoundaryType, boundary_type, groups_at, matches
from cmgsim.design.clients import Place
from cmgsim.design.model import Design
from cmgsim.design.network import Boundary

NOWHERE = Place()


def design_with(boundaries: dict, groups: dict) -> Design:
    return Design.model_validate(
        {
            "cmgsim": 1,
            "name": "places",
            "hierarchy": {"sites": {"P01": {}}},
            "boundaries": boundaries,
            "boundary_groups": {name: {"boundaries": members} for name, members in groups.items()},
        }
    )


def boundary(**kind) -> Boundary:
    return Boundary.model_validate(kind)


def test_each_kind_of_boundary_has_its_number_in_the_database():
    kinds = [
        boundary(subnet="10.1.3.0/24"),
        boundary(ad_site="Berlin"),
        boundary(ipv6_prefix="2001:1111:2222:3333"),
        boundary(ip_range="10.1.1.1-10.1.1.255"),
        boundary(vpn="Auto:On"),
    ]
    assert [int(boundary_type(kind)) for kind in kinds] == [0, 1, 2, 3, 4]
    assert boundary_type(kinds[3]) is BoundaryType.IP_RANGE


def test_a_subnet_boundary_compares_network_ids_and_knows_no_supernets():
    supernet = boundary(subnet="10.1.0.0/16")
    address = ip_address("10.1.3.7")
    assert not matches(supernet, Place.model_validate({"addresses": "10.1.3.0/24"}), address)
    assert matches(supernet, Place.model_validate({"addresses": "10.1.0.0/24"}), address)


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_range_holds_exactly_the_addresses_between_its_ends(a, b, c):
    low, high = sorted((a, b))
    found = boundary(ip_range=f"{IPv4Address(low)}-{IPv4Address(high)}")
    assert matches(found, NOWHERE, IPv4Address(c)) == (low <= c <= high)


def test_the_ends_of_a_range_are_in_it():
    found = boundary(ip_range="10.1.1.1-10.1.1.255")
    assert matches(found, NOWHERE, ip_address("10.1.1.1"))
    assert matches(found, NOWHERE, ip_address("10.1.1.255"))
    assert not matches(found, NOWHERE, ip_address("2001::1"))
    assert not matches(found, NOWHERE, None)


def test_an_ipv6_prefix_holds_addresses_of_its_version_only():
    found = boundary(ipv6_prefix="2001:1111:2222:3333")
    assert matches(found, NOWHERE, ip_address("2001:1111:2222:3333::5"))
    assert not matches(found, NOWHERE, ip_address("2001:1111:2222:3334::5"))
    assert not matches(found, NOWHERE, ip_address("10.0.0.1"))


def test_an_active_directory_site_is_nowhere_for_devices_of_azure_ad_alone():
    found, berlin = boundary(ad_site="Berlin"), Place(ad_site="berlin")
    assert matches(found, berlin, None)
    assert not matches(found, berlin, None, "aad_joined")
    assert not matches(found, NOWHERE, None)


@pytest.mark.parametrize(
    ("written", "shown", "expected"),
    [
        ("Auto:On", "Name:Contoso", True),
        ("Name:Contoso", "Name:Contoso VPN", True),
        ("Name:Contoso", "Description:Contoso", False),
        ("Auto:On", None, False),
    ],
)
def test_a_vpn_boundary_matches_any_vpn_or_one_by_its_start(written, shown, expected):
    assert matches(boundary(vpn=written), Place(vpn=shown), None) is expected


@pytest.mark.parametrize("written", ["Contoso", "Auto:Off", "Name:", "Name:" + 251 * "x", "Description:" + 244 * "x"])
def test_what_is_no_sign_of_a_vpn_is_refused(written):
    for made in (boundary, Place):
        with pytest.raises(ValidationError, match="is no sign of a VPN; write it like 'Auto:On'"):
            made(vpn=written)
    assert boundary(vpn="name:" + 250 * "x")


def test_a_client_is_in_every_group_that_holds_one_of_its_boundaries():
    design = design_with(
        {"lan": {"subnet": "10.1.0.0/24"}, "site": {"ad_site": "Berlin"}, "far": {"ad_site": "Oslo"}},
        {"z": ["lan"], "a": ["site", "far"], "north": ["far"], "empty": []},
    )
    place = Place(addresses=IPv4Network("10.1.0.0/24"), ad_site="Berlin")
    assert groups_at(design, place, ip_address("10.1.0.9")) == ("a", "z")
    assert groups_at(design, place, ip_address("10.1.0.9"), "aad_joined") == ("z",)
    assert groups_at(design, NOWHERE, None) == ()
