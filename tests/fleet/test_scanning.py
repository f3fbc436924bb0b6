"""Against which software update point clients scan: last known good, four more tries, two hours, the internet."""

import numpy as np
import pytest
from hand_made import (
    INTRANET,
    LAPTOPS,
    NEW,
    OFFICE,
    OLD,
    ON_INTERNET,
    ON_INTRANET,
    SUP_1,
    SUP_2,
    SUP_3,
    SUP_OVER_NEW,
    SUP_OVER_OLD,
    lives,
    moments,
    number,
    sees,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from cmgsim.fleet.engine import NEVER
from cmgsim.fleet.life import NOBODY, Deed, bit, following
from cmgsim.fleet.series import ENDS, Count
from cmgsim.site.client import HABITS, Activity
from cmgsim.site.landscape import NO_ANSWER, SERVED
from cmgsim.units import DAY, HOUR, MINUTE, SECOND, WEEK

OWN_A_B = ((0, SUP_1), (120 * MINUTE, SUP_2), (130 * MINUTE, SUP_3))
"""The documented example: neighbour A has a fallback time of 10 minutes, which acts as 120, neighbour B one of 130."""
DAILY = {"scan": DAY, "polling_us": 12 * HOUR}


def scans(fleet, uid):
    return [
        (entry.at_us, entry.subject)
        for entry in fleet.diary.entries
        if entry.uid == uid and entry.deed is Deed.ASKED and entry.activity == Activity.SCAN
    ]


def published(*contacts, **more):
    """What a site shows that publishes update points over its gateways, too."""
    shown = sees([contact for contact in contacts if contact < SUP_1], **more)
    answers = list(shown.answers[0])
    for contact in contacts:
        answers[contact] = SERVED
    return type(shown)(
        **{
            **vars(shown),
            "published": (number(*contacts),),
            "bootstraps": (number(*contacts),),
            "answers": (tuple(answers),),
        }
    )


@pytest.mark.oracle("O-7")
@pytest.mark.parametrize("failure", [NO_ANSWER, 500])
def test_a_dead_update_point_is_tried_for_two_hours_and_then_the_next_in_reach(failure):
    fleet = lives(20, ON_INTRANET, sees(updates=OWN_A_B, answers={SUP_1: failure}, **DAILY))
    fleet.advance(2 * DAY)
    for uid in range(20):
        times, contacts = zip(*scans(fleet, uid), strict=True)
        assert contacts[:6] == (SUP_1,) * 5 + (SUP_2,)
        assert np.diff(times[:6]).tolist() == [30 * MINUTE] * 4 + [2 * MINUTE]
        assert set(contacts[5:]) == {SUP_2}, "it stays with the one that works"
        first_failure = min(moments(fleet, uid, Deed.REFUSED) + moments(fleet, uid, Deed.UNANSWERED))
        assert times[5] - first_failure >= 120 * MINUTE
    assert set(fleet.roll().update_point) == {SUP_2}


@pytest.mark.oracle("O-7")
def test_an_update_point_that_joins_after_130_minutes_is_not_asked_before():
    only_b = ((0, SUP_1), (130 * MINUTE, SUP_3))
    fleet = lives(20, ON_INTRANET, sees(updates=only_b, answers={SUP_1: NO_ANSWER}, **DAILY))
    fleet.advance(2 * DAY)
    for uid in range(20):
        times, contacts = zip(*scans(fleet, uid), strict=True)
        turned = contacts.index(SUP_3)
        assert 130 * MINUTE <= times[turned] - times[0] <= 160 * MINUTE
        assert set(contacts[:turned]) == {SUP_1}


def test_the_next_one_is_tried_as_often_before_its_successor_has_its_turn():
    dead = {SUP_1: NO_ANSWER, SUP_2: NO_ANSWER}
    fleet = lives(10, ON_INTRANET, sees(updates=OWN_A_B, answers=dead, **DAILY))
    fleet.advance(2 * DAY)
    for uid in range(10):
        contacts = [contact for _, contact in scans(fleet, uid)]
        assert contacts[:11] == [SUP_1] * 5 + [SUP_2] * 5 + [SUP_3]


def test_with_all_dead_a_client_goes_round_and_never_scans_more_often_than_every_two_minutes():
    dead = dict.fromkeys((SUP_1, SUP_2, SUP_3), NO_ANSWER)
    fleet = lives(5, ON_INTRANET, sees(updates=OWN_A_B, answers=dead, **DAILY))
    fleet.advance(3 * DAY)
    for uid in range(5):
        times, contacts = zip(*scans(fleet, uid), strict=True)
        assert set(contacts) == {SUP_1, SUP_2, SUP_3}
        gaps = np.diff(times)
        assert set(gaps) == {2 * MINUTE, 30 * MINUTE}
        assert (gaps == 2 * MINUTE).sum() * 4 <= (gaps == 30 * MINUTE).sum() + 4


def test_with_no_other_in_reach_it_goes_on_every_half_hour():
    fleet = lives(5, ON_INTRANET, sees(updates=((0, SUP_1),), answers={SUP_1: NO_ANSWER}, **DAILY))
    fleet.advance(2 * DAY)
    for uid in range(5):
        assert set(np.diff([at for at, _ in scans(fleet, uid)])) == {30 * MINUTE}


def test_success_starts_the_clock_anew():
    fleet = lives(10, ON_INTRANET, sees(updates=OWN_A_B, **DAILY))
    fleet.advance(DAY)
    for _ in range(3):
        fleet.behold(sees(updates=OWN_A_B, answers={SUP_1: NO_ANSWER}, **DAILY))
        fleet.advance(fleet.now_us + 100 * MINUTE)
        fleet.behold(sees(updates=OWN_A_B, **DAILY))
        fleet.advance(fleet.now_us + 2 * DAY)
    assert {contact for uid in range(10) for _, contact in scans(fleet, uid)} == {SUP_1}


@pytest.mark.conflict("X-15")
def test_the_last_known_good_one_is_kept_even_where_boundary_groups_do_not_offer_it():
    fleet = lives(10, ON_INTRANET, sees(updates=((0, SUP_1),), **DAILY))
    fleet.advance(2 * DAY)
    fleet.behold(sees(updates=((0, SUP_2),), **DAILY))
    fleet.advance(5 * DAY)
    assert {contact for uid in range(10) for _, contact in scans(fleet, uid)} == {SUP_1}
    fleet.behold(sees(updates=((0, SUP_2),), answers={SUP_1: NO_ANSWER}, **DAILY))
    fleet.advance(7 * DAY)
    assert set(fleet.roll().update_point) == {SUP_2}


def test_the_first_choice_is_random_among_those_in_reach_at_once():
    fleet = lives(300, ON_INTRANET, sees(updates=((0, SUP_1), (0, SUP_2), (120 * MINUTE, SUP_3)), **DAILY))
    fleet.advance(DAY)
    chosen = fleet.roll().update_point.tolist()
    assert chosen.count(SUP_3) == 0
    assert abs(chosen.count(SUP_1) - 150) < 3.29 * (300 * 0.25) ** 0.5
    assert chosen.count(SUP_1) + chosen.count(SUP_2) == 300


def test_where_none_is_in_reach_at_once_a_client_waits_until_one_joins():
    fleet = lives(10, ON_INTRANET, sees(updates=((120 * MINUTE, SUP_3),), **DAILY))
    fleet.advance(2 * DAY)
    for uid in range(10):
        at, contact = scans(fleet, uid)[0]
        knew_nobody = moments(fleet, uid, Deed.KNEW_NOBODY, Activity.SCAN)
        assert contact == SUP_3
        assert at == knew_nobody[0] + 120 * MINUTE


def test_without_any_update_point_a_client_looks_again_with_each_location_answer_only():
    fleet = lives(10, ON_INTRANET, sees(**DAILY))
    fleet.advance(10 * DAY)
    for uid in range(10):
        attempts = moments(fleet, uid, Deed.KNEW_NOBODY, Activity.SCAN)
        assert 9 <= len(attempts) <= 11
    assert fleet.series().requests[:, Activity.SCAN, :, Count.ASKED].sum() == 0
    fleet.behold(sees(updates=((0, SUP_1),), **DAILY))
    fleet.advance(12 * DAY)
    assert set(fleet.roll().update_point) == {SUP_1}


@pytest.mark.seed("S-88")
def test_clients_on_the_internet_scan_over_the_gateways_they_know():
    fleet = lives(20, ON_INTERNET, published(OLD, SUP_OVER_OLD, updates=((0, SUP_1),), **DAILY))
    fleet.advance(3 * DAY)
    assert {contact for uid in range(20) for _, contact in scans(fleet, uid)} == {SUP_OVER_OLD}
    assert fleet.series().requests[:, Activity.SCAN, INTRANET].sum() == 0
    assert set(fleet.roll().update_point) == {NOBODY}


def test_on_the_internet_a_dead_update_point_is_not_left_for_another_that_is_known():
    both = published(OLD, NEW, SUP_OVER_OLD, SUP_OVER_NEW, **DAILY)
    fleet = lives(20, ON_INTERNET, both)
    fleet.advance(DAY)
    chosen = {uid: scans(fleet, uid)[0][1] for uid in range(20)}
    assert set(chosen.values()) == {SUP_OVER_OLD, SUP_OVER_NEW}
    answers = tuple(NO_ANSWER if contact == SUP_OVER_OLD else was for contact, was in enumerate(both.answers[0]))
    fleet.behold(type(both)(**{**vars(both), "answers": (answers,)}))
    fleet.advance(3 * DAY)
    for uid in range(20):
        assert {contact for _, contact in scans(fleet, uid)} == {chosen[uid]}


def test_what_the_site_no_longer_offers_is_replaced_on_the_internet_at_the_next_scan():
    fleet = lives(20, ON_INTERNET, published(OLD, SUP_OVER_OLD, **DAILY))
    fleet.advance(DAY)
    fleet.behold(published(OLD, NEW, SUP_OVER_OLD, SUP_OVER_NEW, **DAILY))
    fleet.advance(2 * DAY + MINUTE)
    fleet.behold(published(NEW, SUP_OVER_NEW, **DAILY))
    fleet.advance(6 * DAY)
    for uid in range(20):
        assert scans(fleet, uid)[-1][1] == SUP_OVER_NEW


@pytest.mark.oracle("O-16")
def test_a_client_that_may_not_use_gateways_scans_over_none():
    fleet = lives(20, ON_INTERNET, published(OLD, SUP_OVER_OLD, use_gateway=False, **DAILY))
    fleet.advance(3 * DAY)
    assert fleet.series().requests[:, Activity.SCAN, :, Count.ASKED].sum() == 0


@pytest.mark.oracle("O-15")
def test_an_always_internet_client_scans_on_the_intranet_over_the_gateway():
    fleet = lives(
        20,
        ON_INTRANET,
        published(OLD, SUP_OVER_OLD, updates=((0, SUP_1),), **DAILY),
        always_on_internet=True,
    )
    fleet.advance(3 * DAY)
    assert {contact for uid in range(20) for _, contact in scans(fleet, uid)} == {SUP_OVER_OLD}


def test_a_roaming_client_comes_back_to_the_update_point_it_had():
    fleet = lives(
        40,
        LAPTOPS,
        published(OLD, SUP_OVER_OLD, updates=((0, SUP_1), (0, SUP_2)), scan=DAY),
    )
    fleet.advance(2 * WEEK)
    both_ways = 0
    for uid in range(40):
        contacts = [contact for _, contact in scans(fleet, uid)]
        at_home = {contact for contact in contacts if contact != SUP_OVER_OLD}
        assert len(at_home) <= 1
        both_ways += bool(at_home) and SUP_OVER_OLD in contacts
    assert both_ways > 20


def test_a_scan_that_fails_does_not_count_against_the_management_point():
    fleet = lives(10, ON_INTRANET, sees(updates=((0, SUP_1),), answers={SUP_1: NO_ANSWER}, scan=DAY))
    fleet.advance(2 * DAY)
    assert set(fleet.roll().contact) == {OFFICE}
    assert not [entry for entry in fleet.diary.entries if entry.deed is Deed.PAUSED]
    assert fleet.roll().policy_us.min() > 2 * DAY - HOUR - MINUTE


@settings(max_examples=20)
@given(st.integers(0, 2**63 - 1), st.lists(st.sampled_from([SERVED, NO_ANSWER, 500]), min_size=3, max_size=3))
def test_no_scan_is_lost_or_counted_twice(seed, answers):
    landscape = sees(updates=OWN_A_B, answers=dict(zip((SUP_1, SUP_2, SUP_3), answers, strict=True)), scan=HOUR)
    fleet = lives(4, ON_INTRANET, landscape, seed=seed)
    fleet.advance(9 * HOUR + 7 * SECOND)
    counts = fleet.series().requests[:, Activity.SCAN].sum(axis=(0, 1))
    assert counts[Count.ASKED] - sum(counts[end] for end in ENDS) in range(5)
    assert (fleet.roll().update_point != NEVER).all() or counts[Count.ASKED] == 0


@given(st.lists(st.integers(0, 9), unique=True, max_size=6), st.integers(0, 9))
def test_following_goes_round_a_list(contacts, current):
    after = following(contacts, current)
    assert after in contacts or (not contacts and after == current)
    if current in contacts:
        assert contacts.index(after) == (contacts.index(current) + 1) % len(contacts)


def test_a_set_of_contacts_has_64_places():
    assert len({bit(contact) for contact in range(64)}) == 64
    assert bit(64) == bit(0)
    assert HABITS.scan_retries == 4
