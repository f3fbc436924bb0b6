import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.boundaries.addresses import groups_at
from cmgsim.design.clients import Place
from cmgsim.design.model import Design
from cmgsim.fleet.population import populate
from cmgsim.site.locales import Locale

DESIGN = {
    "cmgsim": 1,
    "name": "Two populations",
    "hierarchy": {"sites": {"CAS": {"kind": "central_administration"}, "PS1": {"parent": "CAS"}}},
    "boundaries": {
        "low": {"ip_range": "10.1.0.0-10.1.127.255"},
        "overlap": {"ip_range": "10.1.64.0-10.1.191.255"},
        "branch": {"ad_site": "Branch"},
        "remote": {"vpn": "Auto:On"},
    },
    "boundary_groups": {name: {"boundaries": [name]} for name in ("low", "overlap", "branch", "remote")},
    "day_plans": {"always": {"always": "internet"}},
    "clients": {
        "office": {
            "count": 400,
            "site": "PS1",
            "day_plan": "always",
            "at_home": {"addresses": "10.1.0.0/16"},
            "on_vpn": {"vpn": "Auto:On"},
        },
        "branch": {
            "count": 7,
            "site": "PS1",
            "day_plan": "always",
            "at_home": {"ad_site": "branch"},
            "always_on_internet": True,
        },
    },
}


def design(**changed):
    return Design.model_validate({**DESIGN, **changed})


def test_populations_stand_one_after_the_other_in_the_designs_order():
    fleet = populate(design(), 1)
    assert len(fleet) == 407
    assert fleet.population.tolist() == [0] * 400 + [1] * 7
    assert fleet.member.tolist() == [*range(400), *range(7)]
    assert [traits.name for traits in fleet.traits] == ["office", "branch"]
    assert [traits.site for traits in fleet.traits] == [1, 1]
    assert [traits.always_on_internet for traits in fleet.traits] == [False, True]
    assert len(set(fleet.key.tolist())) == 407


def test_clients_are_in_the_boundary_groups_of_their_addresses():
    fleet = populate(design(), 1)
    homes = [fleet.locales[index].groups for index in fleet.home[:400]]
    counts = {groups: homes.count(groups) for groups in set(homes)}
    assert set(counts) == {("low",), ("low", "overlap"), ("overlap",), ()}
    assert all(60 < count < 140 for count in counts.values()), counts  # a quarter of the addresses each
    assert {fleet.locales[index] for index in fleet.vpn[:400]} == {Locale("PS1", ("remote",))}
    assert {fleet.locales[index] for index in fleet.home[400:]} == {Locale("PS1", ("branch",))}
    assert {fleet.locales[index] for index in fleet.vpn[400:]} == {Locale("PS1")}
    assert len(set(fleet.locales)) == len(fleet.locales)


@given(st.integers(0, 2**63 - 1), st.sampled_from(["10.1.127.0/24", "10.1.128.0/31", "10.1.0.7/32"]))
def test_every_locale_is_that_of_some_address_of_the_subnet(seed, subnet):
    place = Place.model_validate({"addresses": subnet})
    office = {**DESIGN["clients"]["office"], "at_home": {"addresses": subnet}, "count": 40}
    small = design(clients={"office": office})
    possible = {groups_at(small, place, address) for address in place.addresses}
    fleet = populate(small, seed)
    assert {fleet.locales[index].groups for index in fleet.home} <= possible


def test_the_first_address_of_a_range_is_in_it_and_the_one_before_is_not():
    office = {**DESIGN["clients"]["office"], "at_home": {"addresses": "10.1.0.0/30"}}  # .1 and .2
    one = {
        "boundaries": {"one": {"ip_range": "10.1.0.2-10.1.0.9"}},
        "boundary_groups": {"one": {"boundaries": ["one"]}},
    }
    fleet = populate(design(clients={"office": office}, **one), 1)
    inside = sum(fleet.locales[index].groups == ("one",) for index in fleet.home)
    assert abs(inside - 200) < 3.29 * 10


def test_a_population_more_or_a_client_less_changes_nobody_else():
    both = populate(design(), 5)
    branch_only = populate(design(clients={"branch": DESIGN["clients"]["branch"]}), 5)
    assert both.key[400:].tolist() == branch_only.key.tolist()
    fewer = populate(design(clients={"office": {**DESIGN["clients"]["office"], "count": 399}}), 5)
    assert both.key[:399].tolist() == fewer.key.tolist()
    assert [both.locales[index] for index in both.home[:399]] == [fewer.locales[index] for index in fewer.home]
    assert populate(design(), 6).key.tolist() != both.key.tolist()


def test_a_scaled_fleet_rounds_every_population_up():
    fleet = populate(design(), 1, scale=10_000)
    assert fleet.scale == 10_000
    assert fleet.population.tolist() == [0] * 4 + [1]
    assert fleet.key[:4].tolist() == populate(design(), 1).key[:4].tolist()


def test_a_design_without_clients_makes_an_empty_fleet():
    fleet = populate(design(clients={}), 1)
    assert len(fleet) == 0
    assert fleet.locales == ()
    assert {array.dtype for array in (fleet.population, fleet.home, fleet.vpn)} == {np.dtype(np.int32)}


def test_a_fleets_arrays_cannot_be_written():
    fleet = populate(design(), 1)
    assert not any(
        array.flags.writeable for array in (fleet.population, fleet.member, fleet.key, fleet.home, fleet.vpn)
    )
