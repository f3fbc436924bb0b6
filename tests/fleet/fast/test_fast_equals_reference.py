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
    EAST,
    NARROW,
    PLANS,
    PUBLICATIONS,
    STATIONS,
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
    landscapes,
    routes,
    steps,
    told,
)

from cmgsim.fleet import kernels
from cmgsim.fleet.fast import Cut, FastFleet
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.site.client import HABITS, Habits
from cmgsim.site.landscape import SERVED, Door, Landscape
from cmgsim.units import DAY, HOUR

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


def same_in_all_engines(landscape: Landscape, plan: list[Step], seed: int, habits: Habits) -> None:
    reference, *others = engines(clients(7, habits), landscape, seed)
    for step in plan:
        expected = do(reference, step)
        for engine in others:
            assert do(engine, step) == expected
            assert differences(reference, engine) == []


@pytest.mark.parametrize("cut", CUTS)
def test_a_rush_at_few_stations_gives_the_same_queues(cut: Cut) -> None:
    """Six hundred clients, all on the internet at nine; VMs and connection points go while requests are there."""
    few = replace(BUSY, stations=STATIONS, routes=routes((Door(0, (NARROW,)), Door(1, (NARROW, WIDE)), Door(2, ()))))
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


@pytest.mark.parametrize("cut", CUTS)
def test_a_week_of_service_gives_the_same_fleet(cut: Cut) -> None:
    reference, fast = engines(clients(9), BUSY, 5, [cut])
    for _ in range(7):
        reference.advance(reference.now_us + DAY)
        fast.advance(fast.now_us + DAY)
        assert differences(reference, fast) == []
    assert reference.series().requests.sum() > 10_000


def test_a_broken_tie_rule_is_found() -> None:
    """Errands of one instant in the reverse order: the test above would see it."""
    fleet = clients(20, WHOLE_SECONDS)
    reference, fast = engines(fleet, BUSY, 5, [Cut()])
    assert isinstance(fast, FastFleet)
    fast._shards[0].state.parameters[kernels.P_BROKEN] = 1
    for engine in (reference, fast):
        engine.advance(2 * DAY)
    assert "roll.digest" in differences(reference, fast)


def test_a_copy_goes_on_by_itself_as_the_original_would() -> None:
    fleet = FastFleet(clients(9), BUSY, 3)
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
