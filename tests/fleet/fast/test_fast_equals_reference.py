"""The fast fleet does what the reference does, to the last integer, however its work is cut up."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from twins import (
    CONTACTS,
    CUTS,
    DP,
    DP_OUTSIDE,
    DP_TOO,
    EAST,
    MICROSOFT,
    MP,
    NARROW,
    PLANS,
    PUBLICATIONS,
    STATIONS,
    STORAGE_EAST,
    STORAGE_WEST,
    WHOLE_SECONDS,
    WIDE,
    WSUS,
    WSUS_TOO,
    Step,
    clients,
    differences,
    do,
    doors,
    engines,
    following,
    landscapes,
    routes,
    steps,
    told,
    with_content,
    with_rules,
)

from cmgsim.fleet import kernels
from cmgsim.fleet.fast import Cut, FastFleet
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.fleet.series import Count
from cmgsim.site.client import HABITS, Habits, Metered
from cmgsim.site.landscape import NO_ANSWER, SERVED, Door, Landscape
from cmgsim.units import DAY, HOUR, MINUTE, PARTS_PER_MILLION, SECOND

SLOW = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.too_slow])
BUSY = Landscape(
    contacts=CONTACTS,
    publications=PUBLICATIONS,
    published=(4,),
    bootstraps=(4,) * len(PLANS),
    tiers=(((0, EAST), (1,)), ((1,),)),
    answers=((SERVED,) * len(CONTACTS),) * len(PLANS),
    domain_controller=True,
    told=(told(True, HOUR // 3, HOUR, 4 * HOUR),) * len(PLANS),
    active_gateways=(),
    update_pools=(((0, WSUS), (HOUR, WSUS_TOO)), ()),
)
"""A landscape in which everybody is served."""


@SLOW
@given(landscapes(), steps(landscapes()), st.integers(0, 2**64 - 1), st.sampled_from((HABITS, WHOLE_SECONDS)))
def test_any_plan_gives_the_same_fleet(landscape: Landscape, plan: list[Step], seed: int, habits: Habits) -> None:
    same_in_all_engines(landscape, plan, seed, habits)


@settings(SLOW, max_examples=6)
@given(
    landscapes(doors()),
    steps(landscapes(doors())),
    st.integers(0, 2**64 - 1),
    st.sampled_from((HABITS, WHOLE_SECONDS)),
)
def test_any_plan_gives_the_same_queues(landscape: Landscape, plan: list[Step], seed: int, habits: Habits) -> None:
    same_in_all_engines(landscape, plan, seed, habits)


RULED = with_rules(landscapes())
STOCKED = with_content(landscapes())
BOTH = with_rules(with_content(landscapes(doors())))


@settings(SLOW, max_examples=25)
@given(STOCKED, steps(STOCKED), st.integers(0, 2**64 - 1), st.sampled_from((HABITS, WHOLE_SECONDS)))
def test_any_plan_gives_the_same_downloads(landscape: Landscape, plan: list[Step], seed: int, habits: Habits) -> None:
    same_in_all_engines(landscape, plan, seed, habits)


@settings(SLOW, max_examples=6)
@given(RULED, steps(RULED), st.integers(0, 2**64 - 1))
def test_any_plan_holds_back_the_same(landscape: Landscape, plan: list[Step], seed: int) -> None:
    same_in_all_engines(landscape, plan, seed, WHOLE_SECONDS, metered=PARTS_PER_MILLION // 2)


@settings(SLOW, max_examples=3)
@given(BOTH, steps(BOTH), st.integers(0, 2**64 - 1), st.sampled_from((HABITS, WHOLE_SECONDS)))
def test_any_plan_gives_the_same_downloads_beside_queues(
    landscape: Landscape, plan: list[Step], seed: int, habits: Habits
) -> None:
    same_in_all_engines(landscape, plan, seed, habits, metered=PARTS_PER_MILLION // 2)


def same_in_all_engines(landscape: Landscape, plan: list[Step], seed: int, habits: Habits, metered: int = 0) -> None:
    reference, *others = engines(clients(7, habits, metered=metered), landscape, seed)
    for step in plan:
        if isinstance(step, Landscape):
            step = landscape = following(step, landscape)
        expected = do(reference, step)
        for engine in others:
            assert do(engine, step) == expected
            assert differences(reference, engine) == []


@pytest.mark.parametrize("cut", CUTS)
def test_a_rush_at_few_stations_gives_the_same_queues(cut: Cut) -> None:
    """Six hundred clients, all on the internet at nine; VMs and connection points go while requests are there."""
    slow = tuple(replace(one, service_us=(4 * SECOND,) * len(one.service_us)) for one in STATIONS[:NARROW])
    points = (replace(STATIONS[NARROW], ports=20), replace(STATIONS[WIDE], ports=300))
    stations = (*slow, *points, *STATIONS[MP:])
    few = replace(BUSY, stations=stations, routes=routes((Door(0, (NARROW,)), Door(1, (NARROW, WIDE)), Door(2, ()))))
    fewer = replace(few, routes=routes((Door(1, (WIDE,)),)))
    reference, fast = engines(clients(150, WHOLE_SECONDS), few, 5, [cut])
    for landscape, until_us in ((few, HOUR // 3), (fewer, HOUR // 2), (few, HOUR), (fewer, HOUR + 7)):
        for engine in (reference, fast):
            engine.behold(landscape)
            engine.advance(until_us)
        assert differences(reference, fast) == []
    load = reference.measures().load
    assert load.refused.sum() > 0
    assert load.failed.sum() > 0
    assert load.waiting_us.sum() > 0


@pytest.mark.parametrize("service_us", [11 * DAY, 60 * DAY, 100_000 * DAY])
def test_services_that_take_months_give_the_same_queues(service_us: int) -> None:
    """A mean time in service, times what is drawn, leaves 64 bits beyond eleven days."""
    endless = tuple(replace(one, servers=1_024, service_us=(service_us,) * len(one.service_us)) for one in STATIONS)
    seen = replace(BUSY, stations=endless, routes=routes((Door(0, (WIDE,)),)))
    reference, fast = engines(clients(3), seen, 5, [Cut()])
    for engine in (reference, fast):
        engine.advance(2 * DAY)
    assert differences(reference, fast) == []


@pytest.mark.parametrize(("size", "rate"), [(9 * 10**15, 1_000), (2**62, 1), (2**62, 125 * 10**9)])
def test_sizes_beyond_all_measure_give_the_same_downloads(size: int, rate: int) -> None:
    fleet = clients(9)
    traits = tuple(replace(one, bandwidth=rate, bandwidth_on_intranet=rate) for one in fleet.traits)
    seen = stocked((0, 1), (10**6, size), cache_bytes=2**62)
    reference, fast = engines(replace(fleet, traits=traits), seen, 5, [Cut()])
    for engine in (reference, fast):
        engine.advance(3 * DAY)
    assert differences(reference, fast) == []


@pytest.mark.parametrize("cut", CUTS)
def test_a_week_of_service_gives_the_same_fleet(cut: Cut) -> None:
    reference, fast = engines(clients(9), BUSY, 5, [cut])
    for _ in range(7):
        reference.advance(reference.now_us + DAY)
        fast.advance(fast.now_us + DAY)
        assert differences(reference, fast) == []
    assert reference.series().requests.sum() > 10_000


@pytest.mark.parametrize("deployments", [(), (0, 1, 0)])
def test_a_broken_tie_rule_is_found(deployments: tuple[int, ...]) -> None:
    """Errands of one instant in the reverse order: the test above would see it."""
    fleet = clients(20, WHOLE_SECONDS)
    reference, fast = engines(fleet, stocked(deployments), 5, [Cut()])
    assert isinstance(fast, FastFleet)
    fast._shards[0].state.parameters[kernels.P_BROKEN] = 1
    for engine in (reference, fast):
        engine.advance(2 * DAY)
    assert "roll.digest" in differences(reference, fast)


def stocked(deployments: tuple[int, ...], sizes: tuple[int, ...] = (10**6, 9 * 10**9), **more: object) -> Landscape:
    """Return the busy landscape with packages, which storage and two distribution points have."""
    return replace(
        BUSY,
        told=tuple(replace(one, deployments=deployments, use_cloud=True, **more) for one in BUSY.told),
        package_bytes=sizes,
        sources=((DP, DP_TOO, STORAGE_EAST),) * len(sizes),
        content_pools=(((0, DP),), ((HOUR, DP_TOO),)),
    )


@pytest.mark.parametrize("cut", CUTS)
def test_a_rush_for_content_gives_the_same_downloads(cut: Cut) -> None:
    """A large package for everybody, of which one source goes for an hour; connections are metered for half of them."""
    begin, gone = stocked(()), stocked((1, 0), metered=Metered.LIMIT)
    answers = tuple(tuple(NO_ANSWER if at == STORAGE_EAST else SERVED for at in range(len(CONTACTS))) for _ in PLANS)
    plan = ((begin, HOUR), (stocked((1,)), 3 * HOUR), (replace(gone, answers=answers), 4 * HOUR), (gone, 3 * DAY))
    reference, fast = engines(clients(30, metered=PARTS_PER_MILLION // 2), begin, 5, [cut])
    for landscape, until_us in plan:
        for engine in (reference, fast):
            engine.behold(landscape)
            engine.advance(until_us)
        assert differences(reference, fast) == []
    assert reference.series().downloads.sum() > 100
    assert reference.series().by_contact[:, STORAGE_EAST, Count.UNANSWERED].sum() > 10
    assert 0 < (reference.roll().fetched == 2).sum() < 120


def test_a_source_that_flickers_gives_the_same_downloads() -> None:
    """Clients ask, are answered, and begin to download while sources come and go every few seconds."""
    alive = replace(stocked((1, 0)), sources=((STORAGE_EAST,), (STORAGE_EAST, STORAGE_WEST)))
    both, others = alive.sources, ((MICROSOFT,), (STORAGE_WEST, DP_OUTSIDE, MICROSOFT))
    answers = tuple(tuple(SERVED if at < DP else NO_ANSWER for at in range(len(CONTACTS))) for _ in PLANS)
    reference, fast = engines(clients(30, WHOLE_SECONDS), alive, 5, [Cut()])
    for turn in range(400):
        for engine in (reference, fast):
            engine.advance(HOUR // 4 + turn * 7 * SECOND)
            engine.behold(alive if turn % 2 else replace(alive, answers=answers, sources=others if turn % 4 else both))
    assert differences(reference, fast) == []
    assert reference.roll().fetched.any()


def test_sources_that_join_in_time_give_the_same_downloads() -> None:
    """Distribution points join after ten minutes, and when the permission to download ends to the very moment."""
    sight = stocked((2, 0, 1, 3), (10**6, 9 * 10**9, 2 * 10**12, 0))
    joining = ((10 * MINUTE, DP), (10 * MINUTE, DP_TOO), (DAY, MICROSOFT))
    pools = replace(sight, content_pools=(joining, joining), sources=((DP_TOO, MICROSOFT), (MICROSOFT,), (DP,), (DP,)))
    plans = ({"always": "intranet"}, *PLANS[:2], {"always": "internet"})
    reference, fast = engines(clients(9, plans=plans), pools, 5, [Cut()])
    for day in range(1, 6):
        for engine in (reference, fast):
            engine.advance(day * DAY)
        assert differences(reference, fast) == []
    assert reference.series().by_contact[:, DP, Count.REFUSED].sum() > 0
    assert reference.series().by_contact[:, MICROSOFT, Count.SERVED].sum() > 0


def test_more_packages_than_a_word_has_bits_are_told_apart() -> None:
    few, many = stocked((0,) * 3), stocked((0,) * 150)
    reference, fast = engines(clients(3), few, 5, [Cut(shards=2)])
    for landscape, until_us in ((few, 6 * HOUR), (many, DAY)):
        for engine in (reference, fast):
            engine.behold(landscape)
            engine.advance(until_us)
        assert differences(reference, fast) == []
    assert reference.roll().fetched.max() == 150


def test_clients_without_content_and_metered_connections_carry_nothing() -> None:
    assert len(FastFleet(clients(9), BUSY, 3)._shards[0].state.cargo) == 0
    assert len(FastFleet(clients(9), stocked(()), 3)._shards[0].state.cargo) == 9 * len(PLANS)
    assert len(FastFleet(clients(9, metered=1), BUSY, 3)._shards[0].state.cargo) == 9 * len(PLANS)


@pytest.mark.parametrize("deployments", [(), (1, 0)])
def test_a_copy_goes_on_by_itself_as_the_original_would(deployments: tuple[int, ...]) -> None:
    fleet = FastFleet(clients(9), stocked(deployments), 3)
    fleet.advance(DAY // 2 + 12_345)
    twin, before = deepcopy(fleet), deepcopy(fleet)
    fleet.advance(3 * DAY)
    assert differences(twin, before) == []
    twin.advance(3 * DAY)
    assert differences(twin, fleet) == []


def test_a_wait_can_be_cut_anywhere() -> None:
    whole, cut = FastFleet(clients(9), BUSY, 3), FastFleet(clients(9), BUSY, 3)
    whole.advance(DAY)
    for index in range(1, 3001):
        cut.advance(DAY * index // 3000)
    assert differences(whole, cut) == []


def test_one_client_lives_as_in_the_whole_fleet() -> None:
    fleet = clients(9)
    whole, alone = FastFleet(fleet, BUSY, 3), FastFleet(fleet.only([11]), BUSY, 3)
    for engine in (whole, alone):
        engine.advance(2 * DAY)
    assert whole.roll().digest[11] == alone.roll().digest[0]


def test_no_clients_are_a_fleet_too() -> None:
    nobody = clients(0)
    reference, fast = ReferenceFleet(nobody, BUSY, 3), FastFleet(nobody, BUSY, 3, Cut(shards=2))
    for engine in (reference, fast):
        engine.advance(HOUR)
    assert differences(reference, fast) == []


def test_what_comes_back_are_copies() -> None:
    fleet = FastFleet(clients(3), BUSY, 3)
    fleet.advance(HOUR)
    before = fleet.series().requests.copy(), fleet.roll().digest.copy()
    fleet.series().requests[:] = 7
    fleet.egress_bytes()[:] = 7
    fleet.roll().digest[:] = 7
    assert np.array_equal(fleet.series().requests, before[0])
    assert np.array_equal(fleet.roll().digest, before[1])
