"""How content comes to clients: when, from where, how fast, how much of it out of Azure, and what breaks it off."""

from copy import deepcopy
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hand_made import (
    DP_1,
    DP_2,
    DP_3,
    DP_OUTSIDE,
    LAPTOPS,
    MICROSOFT_UPDATE,
    OLD,
    ON_INTERNET,
    ON_INTRANET,
    ROAMERS,
    STORAGE,
    STORAGE_2,
    clients,
    lives,
    moments,
    same,
    same_series,
    serves,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from cmgsim.fleet.downloads import received, transfer_us, undone
from cmgsim.fleet.life import Deed
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.fleet.series import ENDS, Count
from cmgsim.site.client import HABITS, Activity
from cmgsim.units import DAY, HOUR, MINUTE, SECOND, WEEK

HUNDRED_MB = 10**8
AT_HOME = HUNDRED_MB * SECOND // 12_500_000
OUTSIDE = HUNDRED_MB * SECOND // 2_500_000
POOL = ((0, DP_1), (10 * MINUTE, DP_2), (120 * MINUTE, DP_3))


def asked(fleet, uid, activity=Activity.DOWNLOAD):
    return [
        (entry.at_us, entry.subject)
        for entry in fleet.diary.entries
        if entry.uid == uid and entry.deed is Deed.ASKED and entry.activity == activity
    ]


def policy_traffic(fleet, contact=OLD):
    """What leaves Azure besides content."""
    series = fleet.series()
    policies = int(series.requests[:, Activity.POLICY, :, Count.SERVED].sum())
    return policies * 145_636 + int(series.channels[: series.intervals, contact].sum()) * 100


def test_a_client_downloads_after_its_next_policy_and_reports_it():
    fleet = lives(20, ON_INTERNET, serves())
    fleet.advance(DAY)
    assert fleet.series().requests[:, Activity.CONTENT_LOCATION].sum() == 0
    fleet.behold(serves((0,)))
    fleet.advance(DAY + 3 * HOUR)
    for uid in range(20):
        policy = next(at for at in moments(fleet, uid, Deed.SERVED, Activity.POLICY) if at > DAY)
        ((located, _),) = asked(fleet, uid, Activity.CONTENT_LOCATION)
        assert located == policy + HABITS.reaction_us
        (told,) = moments(fleet, uid, Deed.SERVED, Activity.CONTENT_LOCATION)
        ((begun, source),) = asked(fleet, uid)
        assert (begun, source) == (told + HABITS.reaction_us, STORAGE)
        (done,) = moments(fleet, uid, Deed.FETCHED)
        assert 0 <= done - begun - OUTSIDE <= 2 * HABITS.travel_us[1]
        assert any(0 < at - done <= 15 * MINUTE + 5 * SECOND for at in moments(fleet, uid, Deed.ASKED, Activity.STATE))
    assert set(fleet.roll().fetched) == {1}


@pytest.mark.oracle("O-14")
def test_a_hundred_megabytes_to_fifty_thousand_clients_in_a_day_are_57_9_megabytes_a_second():
    fleet = lives(100, ON_INTERNET, serves((0,)))
    fleet.advance(DAY)
    series = fleet.series()
    assert series.downloads.sum(axis=0).tolist() == [100, 0, 0]
    content = int(series.egress[:, STORAGE].sum())
    assert content == 100 * HUNDRED_MB
    mean = content * 500 / (DAY // SECOND)  # every one of these clients stands for 500
    assert mean / 10**6 == pytest.approx(57.9, abs=0.05)


def test_the_finish_time_curve_counts_every_client_once():
    fleet = lives(50, LAPTOPS, serves((0, 1), (STORAGE, DP_1), pool=((0, DP_1),)))
    fleet.advance(WEEK)
    series = fleet.series()
    curve = series.downloads.cumsum(axis=0)
    assert curve[-1].tolist() == [50, 50, 0]
    for package in (0, 1):
        done = [at for uid in range(50) for at in moments(fleet, uid, Deed.FETCHED, subject=package)]
        assert len(done) == 50
        noon = 36 * 12
        assert curve[noon - 1, package] == sum(at < noon * 5 * MINUTE for at in done)


def test_packages_come_one_after_the_other_in_the_order_they_were_deployed():
    fleet = lives(10, ON_INTRANET, serves((2, 0, 2), (DP_1,), pool=((0, DP_1),)))
    fleet.advance(DAY)
    for uid in range(10):
        fetched = [entry.subject for entry in fleet.diary.entries if entry.uid == uid and entry.deed is Deed.FETCHED]
        assert fetched == [2, 0, 2]
        assert len(asked(fleet, uid, Activity.CONTENT_LOCATION)) == 3
    assert set(fleet.roll().fetched) == {3}


@pytest.mark.conflict("X-23")
@pytest.mark.parametrize(
    ("plan", "sources", "options", "used"),
    [
        (ON_INTERNET, (DP_1, STORAGE), {}, {STORAGE}),
        (ON_INTERNET, (DP_1, STORAGE, DP_OUTSIDE), {"use_cloud": False}, {DP_OUTSIDE}),
        (ON_INTERNET, (DP_1, STORAGE, STORAGE_2, DP_OUTSIDE), {}, {STORAGE, STORAGE_2, DP_OUTSIDE}),
        (ON_INTERNET, (DP_1, MICROSOFT_UPDATE), {"use_cloud": False}, {MICROSOFT_UPDATE}),
        (ON_INTRANET, (DP_1, DP_2, STORAGE), {}, {DP_1}),
        (ON_INTRANET, (DP_1, DP_2, STORAGE), {"cloud_first": (0,)}, {STORAGE}),
        (ON_INTRANET, (DP_1, STORAGE), {"cloud_first": (0,), "use_cloud": False}, {DP_1}),
        (ON_INTRANET, (DP_3, STORAGE), {}, {STORAGE}),
    ],
)
def test_where_a_client_downloads_from(plan, sources, options, used):
    fleet = lives(30, plan, serves((0,), sources, pool=POOL, **options))
    fleet.advance(6 * HOUR)
    assert {contact for uid in range(30) for _, contact in asked(fleet, uid)} == used
    assert set(fleet.roll().fetched) == {1}


def test_without_permission_for_the_cloud_internet_clients_find_nothing_and_ask_every_hour():
    fleet = lives(10, ON_INTERNET, serves((0,), (DP_1, STORAGE), use_cloud=False))
    fleet.advance(DAY)
    assert not fleet.roll().fetched.any()
    for uid in range(10):
        located = [at for at, _ in asked(fleet, uid, Activity.CONTENT_LOCATION)]
        gaps = np.diff(located)
        assert len(gaps) > 20
        assert gaps.min() >= HOUR
        assert gaps.max() <= HOUR + MINUTE
    fleet.behold(serves((0,), (DP_1, STORAGE)))
    fleet.advance(DAY + 3 * HOUR)
    assert fleet.roll().fetched.all()


def test_a_client_without_a_distribution_point_of_its_own_waits_for_the_first_fallback():
    fleet = lives(10, ON_INTRANET, serves((0,), (DP_2, DP_3), pool=POOL))
    fleet.advance(DAY)
    for uid in range(10):
        (told,) = moments(fleet, uid, Deed.SERVED, Activity.CONTENT_LOCATION)
        ((begun, source),) = asked(fleet, uid)
        assert source == DP_2
        assert begun == told + 10 * MINUTE


@pytest.mark.oracle("O-6")
def test_dead_distribution_points_are_tried_two_minutes_each_as_the_pool_grows():
    pool = ((0, DP_1), (0, DP_2), (10 * MINUTE, DP_3))
    fleet = lives(10, ON_INTRANET, serves((0,), (DP_1, DP_2, DP_3), pool=pool, dead=(DP_1, DP_2)))
    fleet.advance(4 * HOUR)
    for uid in range(10):
        times, sources = zip(*asked(fleet, uid), strict=True)
        assert set(np.diff(times)) == {2 * MINUTE}
        assert set(sources[:5]) == {DP_1, DP_2}
        assert all(first != second for first, second in pairwise(sources))
        assert DP_3 in sources[5:7]
        assert sources[-1] == DP_3
    assert fleet.roll().fetched.all()


def test_on_the_internet_all_sources_are_tried_and_then_asked_for_again_in_an_hour():
    fleet = lives(10, ON_INTERNET, serves((0,), (STORAGE, STORAGE_2), dead=(STORAGE, STORAGE_2)))
    fleet.advance(6 * HOUR)
    for uid in range(10):
        tries = asked(fleet, uid)
        assert {contact for _, contact in tries[:2]} == {STORAGE, STORAGE_2}
        gaps = np.diff([at for at, _ in tries])
        assert gaps[0] == 2 * MINUTE
        assert HOUR < gaps[1] < HOUR + MINUTE


def test_a_download_goes_on_where_the_client_comes_next():
    huge = 90 * 10**9  # ten hours outside, two at home
    fleet = lives(30, LAPTOPS, serves((0,), (STORAGE, DP_1), pool=((0, DP_1),), size=huge, cache=10**11))
    fleet.advance(2 * WEEK)
    series = fleet.series()
    by_storage = int(series.egress[:, STORAGE].sum())
    assert series.downloads[:, 0].sum() == 30
    assert 0 < by_storage < 30 * huge
    both = [uid for uid in range(30) if {contact for _, contact in asked(fleet, uid)} == {STORAGE, DP_1}]
    assert both, "some began in one place and ended in the other"
    broken = [uid for uid in range(30) if moments(fleet, uid, Deed.GAVE_UP, Activity.DOWNLOAD)]
    assert broken
    alone = [uid for uid in range(30) if {contact for _, contact in asked(fleet, uid)} == {STORAGE}]
    assert by_storage >= len(alone) * huge


def test_permission_to_download_lasts_a_day_and_what_has_come_is_kept():
    slow = 30 * HOUR // SECOND * 2_500_000
    fleet = lives(10, ON_INTERNET, serves((0,), size=slow, cache=10**12))
    fleet.advance(3 * DAY)
    for uid in range(10):
        located = moments(fleet, uid, Deed.SERVED, Activity.CONTENT_LOCATION)
        (expired,) = moments(fleet, uid, Deed.REFUSED, Activity.DOWNLOAD)
        (done,) = moments(fleet, uid, Deed.FETCHED)
        assert expired == located[0] + DAY
        assert done - asked(fleet, uid)[0][0] - 30 * HOUR < MINUTE
    assert fleet.series().egress[:, STORAGE].sum() == 10 * slow


def test_the_end_of_a_gateway_breaks_its_downloads_off():
    long = 10 * HOUR // SECOND * 2_500_000
    alive = serves((0,), (STORAGE, STORAGE_2), size=long, cache=10**12)
    fleet = lives(20, ON_INTERNET, alive)
    fleet.advance(5 * HOUR)
    fleet.behold(serves((0,), (STORAGE, STORAGE_2), size=long, cache=10**12, dead=(STORAGE,)))
    on_it = [uid for uid in range(20) if asked(fleet, uid)[0][1] == STORAGE]
    assert 0 < len(on_it) < 20
    for uid in range(20):
        assert moments(fleet, uid, Deed.UNANSWERED, Activity.DOWNLOAD) == ([5 * HOUR] if uid in on_it else [])
    fleet.advance(DAY)
    series = fleet.series()
    assert series.downloads[:, 0].sum() == 20
    assert series.egress[:, [STORAGE, STORAGE_2]].sum() == 20 * long
    assert series.waiting == 0


def test_a_package_larger_than_the_cache_is_skipped_and_the_next_one_is_not():
    fleet = lives(5, ON_INTRANET, serves((0, 1), (DP_1,), pool=((0, DP_1),), cache=HUNDRED_MB - 1))
    fleet.advance(DAY)
    assert fleet.series().downloads.sum() == 0
    assert set(fleet.roll().fetched) == {2}
    for uid in range(5):
        assert len(moments(fleet, uid, Deed.SKIPPED)) == 2
    fits = lives(5, ON_INTRANET, serves((0, 1), (DP_1,), pool=((0, DP_1),), cache=HUNDRED_MB))
    fits.advance(DAY)
    assert fits.series().downloads.sum() == 10


def test_a_package_without_sources_does_not_hold_up_the_others():
    lacking = replace(serves((0, 1, 2), (STORAGE,)), sources=((DP_1,), (STORAGE,), (DP_1,)))
    fleet = lives(10, ON_INTERNET, lacking)
    fleet.advance(DAY)
    assert fleet.series().downloads.sum(axis=0).tolist() == [0, 10, 0]
    for uid in range(10):
        located = [at for at, _ in asked(fleet, uid, Activity.CONTENT_LOCATION)]
        assert located[2] - located[0] < 2 * MINUTE
        rounds = np.diff(located[3:])
        assert min(rounds) < MINUTE < HOUR < max(rounds) < HOUR + MINUTE
    fleet.behold(replace(lacking, sources=((STORAGE,),) * 3))
    fleet.advance(DAY + 3 * HOUR)
    assert fleet.series().downloads.sum(axis=0).tolist() == [10, 10, 10]


@given(st.integers(0, 2**8 - 1), st.integers(1, 8), st.integers(0, 9))
def test_undone_goes_round(done, count, begin):
    found = undone(done, count, begin)
    left = [place for place in range(count) if not done >> place & 1]
    assert (found is None) == (not left)
    if found is not None:
        assert found == min(left, key=lambda place: (place - begin) % count)


def test_bandwidth_is_the_day_plans():
    fleet = clients(5, ON_INTERNET)
    slow = replace(fleet, traits=tuple(replace(one, bandwidth=10**5) for one in fleet.traits))
    done = {}
    for name, population in (("usual", fleet), ("slow", slow)):
        engine = ReferenceFleet(population, serves((0,)), 1, watched=frozenset(range(5)))
        engine.advance(DAY)
        done[name] = [moments(engine, uid, Deed.FETCHED)[0] for uid in range(5)]
    assert {slow - usual for usual, slow in zip(done["usual"], done["slow"], strict=True)} == {960 * SECOND}


def test_content_from_azure_is_metered_and_content_from_elsewhere_is_not():
    fleet = lives(20, ON_INTERNET, serves((0, 1), (STORAGE, DP_OUTSIDE)))
    fleet.advance(DAY)
    from_storage = int(fleet.series().by_contact[:, STORAGE, Count.SERVED].sum())
    assert 0 < from_storage < 40
    assert fleet.egress_bytes()[STORAGE] == from_storage * HUNDRED_MB
    assert fleet.egress_bytes().sum() == from_storage * HUNDRED_MB + policy_traffic(fleet)


SIGHTS = [
    serves((0,), (STORAGE, DP_1), pool=POOL, size=5 * 10**9, populations=4),
    serves((0, 1), (STORAGE, STORAGE_2), pool=POOL, dead=(STORAGE,), populations=4),
    serves((0, 1), (DP_2, DP_3), pool=POOL, dead=(DP_2,), cloud_first=(1,), populations=4),
    serves((0, 1, 2), (), published=(), knows=[OLD], populations=4),
]
SIGHTS = [replace(sight, package_bytes=(5 * 10**9,) * 3) for sight in SIGHTS]


@settings(max_examples=20)
@given(st.integers(0, 2**63 - 1), st.lists(st.tuples(st.integers(1, 40 * HOUR), st.integers(0, 3)), max_size=6))
def test_no_download_is_lost_and_every_copy_goes_on_the_same(seed, story):
    plans = (ON_INTERNET, ON_INTRANET, LAPTOPS, ROAMERS)
    fleet = ReferenceFleet(clients(3, *plans, seed=seed), SIGHTS[0], seed)
    order = [0]
    for wait_us, sight in story:
        fleet.advance(fleet.now_us + wait_us)
        order.append(max(order[-1], sight))  # what is deployed stays deployed
        fleet.behold(SIGHTS[order[-1]])
        series = fleet.series()
        counts = series.requests.sum(axis=(0, 1, 2))
        assert counts[Count.ASKED] == sum(counts[end] for end in ENDS) + series.waiting
        assert series.downloads.sum() <= fleet.roll().fetched.sum()
    twin = deepcopy(fleet)
    for one in (fleet, twin):
        one.advance(one.now_us + DAY)
    assert same(fleet.roll(), twin.roll())
    assert same_series(fleet.series(), twin.series())


@given(st.integers(1, 10**13), st.integers(1, 10**11))
def test_a_transfer_is_over_when_all_has_come_and_not_before(size, rate):
    whole_us = transfer_us(size, rate)
    assert received(size, rate, whole_us) == size
    assert received(size, rate, whole_us - 1) < size
    assert received(size, rate, 0) == 0


def test_the_two_rates_of_these_tests():
    assert (AT_HOME, OUTSIDE) == (8 * SECOND, 40 * SECOND)
