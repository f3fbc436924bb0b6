"""Who is in a client's reach: pools over time, tiers by locality, one hop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.boundaries.fallback import (
    Candidate,
    Kind,
    Preference,
    Role,
    current_groups,
    pool,
    tiers_of_management_points,
    update_points_to_try,
)
from cmgsim.design.network import BoundaryGroup
from cmgsim.units import MINUTE

ON, OFF = Preference.BOUNDARY_GROUPS, Preference.NONE


def groups_of(**groups) -> dict[str, BoundaryGroup]:
    return {name: BoundaryGroup.model_validate(fields) for name, fields in groups.items()}


def mp(*names):
    return tuple(Candidate(Kind.MANAGEMENT_POINT, name) for name in names)


def gw(*names):
    return tuple(Candidate(Kind.GATEWAY, name) for name in names)


def points(*names):
    return {"references": {"distribution_points": list(names)}}


#: The example of "Configure boundary groups": A, with neighbours B after 10 and C after 20 minutes.
EXAMPLE = groups_of(
    A={
        **points("A1", "A2"),
        "relationships": {"B": {"distribution_points": "10min"}, "C": {"distribution_points": "20min"}},
    },
    B=points("B1", "B2"),
    C=points("C1", "C2"),
    S={**points("S1"), "default_of": "P01"},
)


@pytest.mark.oracle("O-6")
@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        (0, ["A1", "A2"]),
        (9, ["A1", "A2"]),
        (10, ["A1", "A2", "B1", "B2"]),
        (20, ["A1", "A2", "B1", "B2", "C1", "C2"]),
        (119, ["A1", "A2", "B1", "B2", "C1", "C2"]),
        (120, ["A1", "A2", "B1", "B2", "C1", "C2", "S1"]),
    ],
)
def test_the_documented_pool_of_distribution_points_grows_at_0_10_20_and_120_minutes(minute, expected):
    assert list(pool(EXAMPLE, ("A",), Role.DISTRIBUTION_POINT, minute * MINUTE)) == expected


@pytest.mark.oracle("O-7")
def test_update_points_join_after_two_hours_at_the_soonest():
    groups = groups_of(
        here={
            "references": {"update_points": ["own"]},
            "relationships": {"A": {"update_points": "10min"}, "B": {"update_points": "130min"}},
        },
        A={"references": {"update_points": ["a"]}},
        B={"references": {"update_points": ["b"]}},
    )

    def tried(minute):
        return update_points_to_try(groups, ("here",), "last", minute * MINUTE)

    assert tried(0) == tried(119) == ("last",)
    assert tried(120) == tried(129) == ("own", "a")
    assert tried(130) == ("own", "a", "b")


@pytest.mark.oracle("O-9")
def test_a_link_that_says_never_is_never_used_and_a_drawn_time_beats_the_implied_two_hours():
    drawn = {"S": {"distribution_points": "never"}}
    groups = groups_of(
        A={"relationships": drawn}, B={"relationships": {"S": {"distribution_points": "5min"}}}, S=EXAMPLE["S"]
    )
    assert pool(groups, ("A",), Role.DISTRIBUTION_POINT, 10**9 * MINUTE) == ()
    assert pool(groups, ("B",), Role.DISTRIBUTION_POINT, 5 * MINUTE) == ("S1",)


def test_a_group_without_any_server_still_waits_for_the_first_fallback():
    groups = groups_of(empty={}, S=EXAMPLE["S"])
    assert pool(groups, ("empty",), Role.DISTRIBUTION_POINT, 119 * MINUTE) == ()
    assert pool(groups, ("empty",), Role.DISTRIBUTION_POINT, 120 * MINUTE) == ("S1",)


def test_a_client_in_several_groups_has_all_of_them_and_the_shortest_way_to_a_neighbour():
    groups = groups_of(
        a={**points("1"), "relationships": {"n": {"distribution_points": "60min"}, "b": {}}},
        b={**points("2"), "relationships": {"n": {"distribution_points": "15min"}}},
        n=points("3"),
    )
    assert pool(groups, ("a", "b"), Role.DISTRIBUTION_POINT, 0) == ("1", "2")
    assert pool(groups, ("a", "b"), Role.DISTRIBUTION_POINT, 15 * MINUTE) == ("1", "2", "3")


def test_a_client_in_no_group_uses_the_default_group_of_its_site():
    groups = groups_of(office={}, d1={"default_of": "P01"}, d2={"default_of": "P02"})
    assert current_groups(groups, (), "P02") == ("d2",)
    assert current_groups(groups, ("office",), "P02") == ("office",)
    assert current_groups(groups, (), "P03") == ()


def referenced(management_points=(), gateways=(), **more):
    return {"references": {"management_points": list(management_points), "gateways": list(gateways)}, **more}


LOCALITIES = groups_of(
    here=referenced(["near"], relationships={"next": {}}),
    next=referenced(["middle", "near"]),
    default=referenced(["far", "middle"], default_of="P01"),
    unrelated=referenced(["foreign"]),
)
ALL = ["far", "foreign", "free", "middle", "near"]


def test_management_points_stand_in_tiers_by_locality():
    tiers = tiers_of_management_points(LOCALITIES, ("here",), ON, ALL, [])
    assert tiers == (mp("near"), mp("middle"), mp("far"), mp("free"))


def test_without_the_hierarchy_setting_the_full_list_is_one_tier():
    assert tiers_of_management_points(LOCALITIES, ("here",), OFF, ALL, []) == (mp(*ALL),)


def test_a_group_that_references_nothing_gives_the_full_list_first():
    groups = groups_of(empty={}, default=referenced(["far"], default_of="P01"))
    assert tiers_of_management_points(groups, ("empty",), ON, ["far", "free"], []) == (mp("far", "free"),)
    assert tiers_of_management_points({}, (), ON, ["far", "free"], []) == (mp("far", "free"),)


@pytest.mark.seed("S-77")
@pytest.mark.conflict("X-5")
def test_a_vpn_group_with_nothing_but_a_gateway_makes_clients_use_it():
    groups = groups_of(vpn=referenced(gateways=["east"]), default=referenced(["mp1"], default_of="P01"))
    assert tiers_of_management_points(groups, ("vpn",), ON, ["mp1"], ["east"]) == (gw("east"), mp("mp1"))


@pytest.mark.seed("S-77")
def test_a_gateway_of_a_neighbour_is_for_clients_whose_management_points_failed():
    groups = groups_of(office=referenced(["mp1"], relationships={"vpn": {}}), vpn=referenced(gateways=["east"]))
    assert tiers_of_management_points(groups, ("office",), ON, ["mp1"], ["east"]) == (mp("mp1"), gw("east"))
    groups = groups_of(office=referenced(relationships={"vpn": {}}), vpn=referenced(gateways=["east"]))
    assert tiers_of_management_points(groups, ("office",), ON, ["mp1"], ["east"]) == (mp("mp1"), gw("east"))


def test_a_neighbour_with_management_points_never_is_out_of_reach():
    never = {"vpn": {"management_points": "never"}}
    groups = groups_of(office=referenced(["mp1"], relationships=never), vpn=referenced(["mp2"], ["east"]))
    assert tiers_of_management_points(groups, ("office",), ON, ["mp1", "mp2"], ["east"]) == (mp("mp1"),)


def test_a_gateway_and_a_management_point_of_one_group_are_equals():
    groups = groups_of(vpn=referenced(["mp1"], ["east"]))
    assert tiers_of_management_points(groups, ("vpn",), ON, ["mp1"], ["east"]) == (mp("mp1") + gw("east"),)


def test_without_the_setting_a_gateway_is_just_one_more_candidate():
    groups = groups_of(vpn=referenced([], ["east"]))
    assert tiers_of_management_points(groups, ("vpn",), OFF, ["mp1"], ["east"]) == (mp("mp1") + gw("east"),)


def test_a_gateway_in_a_default_group_has_no_effect():
    groups = groups_of(office=referenced(["mp1"]), default=referenced([], ["east"], default_of="P01"))
    assert tiers_of_management_points(groups, ("office",), ON, ["mp1"], ["east"]) == (mp("mp1"),)
    assert tiers_of_management_points(groups, ("default",), ON, ["mp1"], ["east"]) == (mp("mp1"),)


@st.composite
def networks(draw):
    """Draw groups g0..g5 with any links, each with a distribution and a management point of its own."""
    names = [f"g{index}" for index in range(draw(st.integers(1, 6)))]
    fallback = st.sampled_from(["never", "0s", "10min", "120min", "300min"])
    return {
        name: BoundaryGroup.model_validate(
            {
                "references": {"distribution_points": [f"dp-{name}"], "management_points": [f"mp-{name}"]},
                "relationships": {
                    to: {
                        "distribution_points": draw(fallback),
                        "management_points": draw(st.sampled_from(["allowed", "never"])),
                    }
                    for to in draw(st.sets(st.sampled_from(names)))
                },
            }
        )
        for name in names
    }


@pytest.mark.oracle("O-8")
@given(networks())
def test_a_neighbour_of_a_neighbour_is_never_used(groups):
    reach = {"g0", *(to for to in groups["g0"].relationships)}
    everything = pool(groups, ("g0",), Role.DISTRIBUTION_POINT, 10**6 * MINUTE)
    assert {server.removeprefix("dp-") for server in everything} <= reach
    tiers = tiers_of_management_points(groups, ("g0",), ON, [f"mp-{name}" for name in groups], [])
    assert {candidate.name.removeprefix("mp-") for tier in tiers for candidate in tier} <= reach


@given(networks(), st.integers(0, 400), st.integers(0, 400))
def test_a_pool_only_grows_and_keeps_its_order(groups, a, b):
    early, late = sorted((a, b))
    before = pool(groups, ("g0",), Role.DISTRIBUTION_POINT, early * MINUTE)
    after = pool(groups, ("g0",), Role.DISTRIBUTION_POINT, late * MINUTE)
    assert after[: len(before)] == before


@given(networks(), st.sampled_from([ON, OFF]))
def test_no_candidate_stands_in_two_tiers(groups, preference):
    tiers = tiers_of_management_points(groups, ("g0",), preference, [f"mp-{name}" for name in groups], [])
    candidates = [candidate for tier in tiers for candidate in tier]
    assert len(candidates) == len(set(candidates))
    assert all(tiers)
