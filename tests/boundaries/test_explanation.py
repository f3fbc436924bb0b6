"""What boundary groups mean for a client at a place, told from the documented example of content fallback."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.boundaries.explanation import Explanation, Option, explain, options
from cmgsim.boundaries.fallback import Locality
from cmgsim.design.clients import Place
from cmgsim.design.files import load_design
from cmgsim.design.model import Design
from cmgsim.design.network import BoundaryGroup
from cmgsim.units import MINUTE

FALLBACK = Path(__file__).parents[2] / "scenarios" / "designs" / "fallback.design.yaml"


@pytest.fixture(scope="module")
def design() -> Design:
    return load_design(FALLBACK)


def at(design: Design, address: str, minutes: int = 30) -> Explanation:
    return explain(design, Place(), ip_address(address), "ABC", minutes * MINUTE)


@pytest.mark.oracle("O-6")
def test_distribution_points_join_at_10_20_and_120_minutes(design):
    stages = at(design, "10.1.2.3").distribution_points
    assert [(stage.from_us // MINUTE, stage.joined) for stage in stages] == [
        (0, ("dp-a1", "dp-a2")),
        (10, ("dp-b1", "dp-b2")),
        (20, ("dp-c1", "dp-c2")),
        (120, ("dp-s1",)),
    ]
    assert [stage.until_us for stage in stages] == [10 * MINUTE, 20 * MINUTE, 120 * MINUTE, None]
    assert stages[-1].servers == ("dp-a1", "dp-a2", "dp-b1", "dp-b2", "dp-c1", "dp-c2", "dp-s1")


@pytest.mark.oracle("O-6")
def test_each_try_takes_two_minutes_and_later_ones_join_the_end_of_the_cycle(design):
    tries = at(design, "10.1.2.3", minutes=22).tries
    assert [at_us for at_us, _ in tries] == [2 * MINUTE * turn for turn in range(11)]
    assert [server for _, server in tries[:5]] == ["dp-a1", "dp-a2", "dp-a1", "dp-a2", "dp-a1"]
    assert [server for _, server in tries[5:]] == ["dp-a2", "dp-b1", "dp-b2", "dp-a1", "dp-a2", "dp-b1"]


@pytest.mark.oracle("O-7")
def test_update_points_wait_for_120_minutes_and_the_neighbour_for_its_own(design):
    first, second = at(design, "10.1.2.3").update_points
    assert (first.from_us, first.servers) == (120 * MINUTE, ("sup1",))
    assert (second.from_us, second.joined) == (130 * MINUTE, ("sup2",))


def test_management_points_come_with_their_locality(design):
    found = at(design, "10.1.2.3").management_points
    assert [(locality, [candidate.name for candidate in tier]) for locality, tier in found] == [
        (Locality.LOCAL, ["mp1"]),
        (Locality.NEIGHBOUR, ["mp2"]),
    ]


def test_a_dead_group_waits_for_its_first_neighbour(design):
    groups = dict(design.boundary_groups)
    empty = groups["A"].references.model_copy(update={"distribution_points": ()})
    groups["A"] = groups["A"].model_copy(update={"references": empty})
    found = at(design.model_copy(update={"boundary_groups": groups}), "10.1.2.3", minutes=14)
    assert found.distribution_points[0].servers == ()
    assert [server for _, server in found.tries] == [None] * 5 + ["dp-b1", "dp-b2"]


def test_a_client_in_no_boundary_uses_the_default_group_of_its_site(design):
    found = at(design, "192.168.1.1")
    assert (found.boundaries, found.found, found.current) == ((), (), ("default-abc",))
    assert [stage.servers for stage in found.distribution_points] == [("dp-s1",)]
    assert found.assigned_sites == ()


def test_a_site_without_a_default_group_leaves_such_a_client_with_nothing(design):
    groups = {name: group for name, group in design.boundary_groups.items() if name != "default-abc"}
    found = at(design.model_copy(update={"boundary_groups": groups}), "192.168.1.1")
    assert found.current == ()
    assert [stage.servers for stage in found.distribution_points] == [()]
    assert [candidate.name for _, tier in found.management_points for candidate in tier] == ["mp1", "mp2"]


booleans = st.booleans()
some_groups = st.lists(
    st.builds(
        BoundaryGroup,
        peer_downloads=booleans,
        peers_in_subnet_only=booleans,
        distribution_points_before_peers=booleans,
        cloud_before_on_premises=booleans,
    ),
    max_size=4,
)


@given(some_groups)
def test_of_several_groups_one_can_switch_peers_off_and_one_can_switch_the_rest_on(groups):
    found = options(groups)
    assert (Option.NO_PEER_DOWNLOADS in found) == any(not group.peer_downloads for group in groups)
    assert (Option.PEERS_IN_SUBNET_ONLY in found) == any(group.peers_in_subnet_only for group in groups)
    assert (Option.CLOUD_BEFORE_ON_PREMISES in found) == any(group.cloud_before_on_premises for group in groups)
    assert bool(found & 4) == any(group.distribution_points_before_peers for group in groups)


def changed(design: Design, group: str, **fields: object) -> Design:
    groups = dict(design.boundary_groups)
    groups[group] = groups[group].model_copy(update=fields)
    return design.model_copy(update={"boundary_groups": groups})


def in_hierarchy(design: Design, **fields: object) -> Design:
    return design.model_copy(update={"hierarchy": design.hierarchy.model_copy(update=fields)})


def candidates(found: Explanation) -> list[list[str]]:
    return [[f"{candidate.kind.value} {candidate.name}" for candidate in tier] for _, tier in found.management_points]


class TestGateways:
    @pytest.fixture
    def with_gateway(self, design):
        references = design.boundary_groups["A"].references.model_copy(update={"gateways": ("gateway",)})
        return changed(design, "A", references=references)

    def test_one_that_a_group_references_stands_beside_its_management_points(self, with_gateway):
        assert candidates(at(with_gateway, "10.1.2.3")) == [
            ["management point mp1", "gateway gateway"],
            ["management point mp2"],
        ]

    def test_before_1902_it_does_not(self, with_gateway):
        found = at(in_hierarchy(with_gateway, version=1810), "10.1.2.3")
        assert candidates(found) == [["management point mp1"], ["management point mp2"]]

    def test_one_that_the_plan_creates_is_not_there_yet(self, with_gateway):
        planned = with_gateway.gateways["gateway"].model_copy(update={"planned": True})
        found = at(with_gateway.model_copy(update={"gateways": {"gateway": planned}}), "10.1.2.3")
        assert candidates(found) == [["management point mp1"], ["management point mp2"]]


def test_with_the_hierarchy_setting_off_all_of_the_site_are_local(design):
    found = at(in_hierarchy(design, prefer_boundary_group_management_points=False), "10.1.2.3")
    assert [locality for locality, _ in found.management_points] == [Locality.LOCAL]
    assert candidates(found) == [["management point mp1", "management point mp2"]]


def test_management_points_of_another_site_are_for_its_own_clients(design):
    points = dict(design.roles.management_points)
    points["mp2"] = points["mp2"].model_copy(update={"site": "XYZ"})
    roles = design.roles.model_copy(update={"management_points": points})
    assert candidates(at(design.model_copy(update={"roles": roles}), "10.1.2.3")) == [["management point mp1"]]


def test_a_client_in_two_groups_of_different_sites_may_be_assigned_to_either(design):
    overlapping = changed(design, "B", boundaries=("branch-a", "branch-b"), assigned_site="XYZ")
    found = at(changed(overlapping, "C", boundaries=("branch-a",), assigned_site="XYZ"), "10.1.2.3")
    assert found.found == ("A", "B", "C")
    assert found.assigned_sites == ("ABC", "XYZ")


def test_the_options_are_those_of_the_current_groups(design):
    found = at(changed(design, "A", peer_downloads=False, cloud_before_on_premises=True), "10.1.2.3")
    assert found.options == Option.NO_PEER_DOWNLOADS | Option.CLOUD_BEFORE_ON_PREMISES
    assert at(design, "10.2.0.1").options == Option.NONE


def test_a_device_of_azure_ad_alone_is_in_no_active_directory_site(design):
    boundaries = dict(design.boundaries)
    boundaries["branch-b"] = boundaries["branch-b"].model_copy(update={"ip_range": None, "ad_site": "Paris"})
    paris = design.model_copy(update={"boundaries": boundaries})
    for identity, groups in (("ad_joined", ("B",)), ("aad_joined", ("default-abc",))):
        found = explain(paris, Place(ad_site="paris"), None, "ABC", 0, identity)
        assert found.current == groups
        assert found.boundaries == (("branch-b",) if identity == "ad_joined" else ())
    assert explain(paris, Place(ad_site="paris"), None, "ABC", 0).current == ("B",)
