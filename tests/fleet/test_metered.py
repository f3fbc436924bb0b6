"""Metered connections, and the registry value that leads clients to a gateway they were never told of."""

from dataclasses import replace

import pytest
from hand_made import (
    ALL,
    LAPTOPS,
    NEW,
    OLD,
    ON_INTERNET,
    ON_INTRANET,
    clients,
    moments,
    number,
    sees,
    serves,
)

from cmgsim.fleet.life import Deed
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.fleet.series import Count
from cmgsim.site.client import HABITS, PERMITTED, Activity, Connection, Metered
from cmgsim.units import DAY, HOUR, MINUTE, SECOND, WEEK


def metered(count, plan, landscape, share=ALL):
    fleet = clients(count, plan)
    fleet = replace(fleet, traits=tuple(replace(one, metered=share) for one in fleet.traits))
    return ReferenceFleet(fleet, landscape, 1, watched=frozenset(range(count)))


def told(landscape, rule):
    return replace(landscape, told=tuple(replace(one, metered=rule) for one in landscape.told))


def asked(fleet, uid):
    return {Activity(entry.activity) for entry in fleet.diary.entries if entry.uid == uid and entry.deed is Deed.ASKED}


@pytest.mark.parametrize("rule", Metered)
def test_on_a_metered_connection_a_client_does_what_its_policy_permits(rule):
    fleet = metered(20, ON_INTERNET, told(serves((0,)), rule))
    fleet.advance(2 * WEEK)
    for uid in range(20):
        assert asked(fleet, uid) <= set(PERMITTED[rule])
    everything = set.union(*(asked(fleet, uid) for uid in range(20)))
    expected = {
        Metered.ALLOW: set(Activity) - {Activity.SCAN},
        Metered.LIMIT: {Activity.LOCATION, Activity.POLICY},
        Metered.BLOCK: set(),
    }
    assert everything == expected[rule]


def test_only_the_given_share_of_clients_has_a_metered_connection():
    fleet = metered(400, ON_INTERNET, told(sees([OLD]), Metered.BLOCK), share=ALL // 4)
    fleet.advance(2 * HOUR)
    silent = sum(not asked(fleet, uid) for uid in range(400))
    assert abs(silent - 100) < 3.29 * (400 * 0.25 * 0.75) ** 0.5


def test_at_home_nothing_is_held_back_and_what_was_due_outside_is_made_up_for():
    fleet = metered(30, LAPTOPS, told(sees([OLD]), Metered.BLOCK))
    fleet.advance(2 * WEEK)
    assert fleet.series().by_contact[:, OLD, Count.ASKED].sum() == 0
    for uid in range(30):
        home = moments(fleet, uid, Deed.DETECTED, subject=Connection.INTRANET)
        if home:
            assert {Activity.LOCATION, Activity.POLICY} <= asked(fleet, uid)
    assert sum(Activity.HEARTBEAT in asked(fleet, uid) for uid in range(30)) > 25


def test_a_held_back_activity_costs_one_attempt_until_the_client_moves():
    fleet = metered(10, ON_INTERNET, told(sees([OLD]), Metered.BLOCK))
    fleet.advance(2 * WEEK)
    for uid in range(10):
        assert len(moments(fleet, uid, Deed.HELD)) == 6  # all that is due by itself, scans included, once each


def test_a_limited_client_that_is_allowed_everything_makes_up_for_it_after_its_next_policy():
    fleet = metered(10, ON_INTERNET, told(sees([OLD]), Metered.LIMIT))
    fleet.advance(2 * WEEK)
    fleet.behold(told(sees([OLD]), Metered.ALLOW))
    fleet.advance(2 * WEEK + HOUR + HABITS.reaction_us + MINUTE)
    for uid in range(10):
        obeyed = next(at for at in moments(fleet, uid, Deed.SERVED, Activity.POLICY) if at > 2 * WEEK)
        for activity in (Activity.INVENTORY, Activity.HEARTBEAT):
            assert moments(fleet, uid, Deed.ASKED, activity) == [obeyed + HABITS.reaction_us]


def registered(*contacts, **more):
    return replace(sees(**more), registries=(number(*contacts),))


def test_a_client_that_knows_nothing_goes_to_the_gateway_in_its_registry():
    lost = sees([NEW], knows=())
    fleet = ReferenceFleet(clients(20, ON_INTERNET), lost, 1, watched=frozenset(range(20)))
    fleet.advance(DAY)
    assert fleet.stranded() == 20
    fleet.behold(replace(lost, registries=(number(NEW),)))
    assert fleet.stranded() == 0
    fleet.restart(0, ALL)
    fleet.advance(DAY + MINUTE)
    assert fleet.knowing(frozenset({NEW})).clients == 20
    for uid in range(20):
        (learned,) = moments(fleet, uid, Deed.LEARNED)
        assert learned < DAY + 5 * SECOND + SECOND


def test_without_a_restart_it_finds_it_with_its_next_attempt():
    lost = sees([NEW], knows=())
    fleet = ReferenceFleet(clients(20, ON_INTERNET), lost, 1)
    fleet.advance(DAY)
    fleet.behold(replace(lost, registries=(number(NEW),)))
    fleet.advance(DAY + HOUR + MINUTE)
    assert fleet.knowing(frozenset({NEW})).clients == 20


def test_stale_knowledge_is_not_overruled_by_the_registry():
    stale = sees([NEW], knows=[OLD])
    fleet = ReferenceFleet(clients(10, ON_INTERNET), replace(stale, registries=(number(NEW),)), 1)
    fleet.advance(DAY)
    assert fleet.stranded() == 10
    assert fleet.knowing(frozenset({NEW})).clients == 0


def test_the_registry_is_of_no_use_to_a_client_that_may_not_use_gateways_and_of_no_account_on_the_intranet():
    forbidden = replace(sees([NEW], knows=(), use_gateway=False), registries=(number(NEW),))
    fleet = ReferenceFleet(clients(10, ON_INTERNET), forbidden, 1)
    fleet.advance(DAY)
    assert fleet.series().total(Count.ASKED) == 0
    inside = ReferenceFleet(clients(10, ON_INTRANET), replace(sees(knows=()), registries=(number(NEW),)), 1)
    inside.advance(DAY)
    assert inside.series().by_contact[:, NEW, Count.ASKED].sum() == 0
