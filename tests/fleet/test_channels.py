"""The notification channel: when it opens and closes, what it costs, and whom the console shows as online."""

from copy import deepcopy

import numpy as np
import pytest
from hand_made import ALL, LAPTOPS, NEW, OFFICE, OLD, ON_INTERNET, ON_INTRANET, ROAMERS, lives, moments, sees
from hypothesis import given, settings
from hypothesis import strategies as st

from cmgsim.fleet.engine import NEVER
from cmgsim.fleet.life import NOBODY, Deed
from cmgsim.fleet.series import INTERVAL_US, Count, Gauge
from cmgsim.site.client import HABITS, Activity, Connection
from cmgsim.site.landscape import NO_ANSWER
from cmgsim.units import DAY, HOUR, MINUTE, SECOND, WEEK


def test_a_client_opens_its_channel_when_it_is_first_served():
    fleet = lives(30, ON_INTERNET, sees([OLD]))
    fleet.advance(HOUR + SECOND)
    for uid in range(30):
        (opened,) = moments(fleet, uid, Deed.OPENED)
        assert opened == min(moments(fleet, uid, Deed.SERVED))
    assert set(fleet.roll().channel) == {OLD}
    assert fleet.series().channels[-1, OLD] == 30
    assert (fleet.roll().channel_closed_us == NEVER).all()


def test_clients_on_the_intranet_keep_theirs_to_a_management_point():
    fleet = lives(10, ON_INTRANET, sees([OLD]))
    fleet.advance(2 * HOUR)
    assert fleet.series().channels[-1].tolist()[OFFICE] == 10
    assert fleet.series().egress.sum() == 0


def test_power_off_and_moves_close_it_at_once():
    fleet = lives(40, LAPTOPS, sees([OLD]))
    fleet.advance(WEEK)
    seen = 0
    for uid in range(40):
        closed, moved = moments(fleet, uid, Deed.CLOSED), set(moments(fleet, uid, Deed.MOVED))
        opened = moments(fleet, uid, Deed.OPENED)
        for begin, end in zip(opened, [*closed, WEEK], strict=False):
            assert not any(begin < at < end for at in moved)
            seen += 1
    assert seen > 100


def test_a_gateway_that_goes_away_breaks_all_its_channels_at_that_moment():
    fleet = lives(30, ON_INTERNET, sees([OLD]))
    fleet.advance(2 * HOUR + MINUTE)
    fleet.behold(sees([OLD], answers={OLD: NO_ANSWER}))
    assert fleet.series().channels[-1].sum() == 0
    assert set(fleet.roll().channel_closed_us) == {2 * HOUR + MINUTE}
    fleet.advance(5 * HOUR)
    fleet.behold(sees([OLD]))
    assert fleet.series().channels[-1].sum() == 0, "it opens with the next request that is served"
    fleet.advance(7 * HOUR)
    assert fleet.series().channels[-1, OLD] == 30


def test_a_client_that_turns_to_another_contact_takes_its_channel_along():
    fleet = lives(40, ON_INTERNET, sees([OLD, NEW]))
    fleet.advance(4 * DAY)
    turned = 0
    for uid in range(40):
        changes = [
            (entry.at_us, entry.deed, entry.subject)
            for entry in fleet.diary.entries
            if entry.uid == uid and entry.deed in (Deed.OPENED, Deed.CLOSED)
        ]
        assert [deed for _, deed, _ in changes] == [Deed.OPENED, Deed.CLOSED] * (len(changes) // 2) + [Deed.OPENED]
        turned += len(changes) // 2
    assert turned > 20  # every 25 hours with a chance of one half
    series = fleet.series()
    assert series.channels[-1].sum() == 40
    assert series.channels[-1, OLD] == (fleet.roll().channel == OLD).sum()


@pytest.mark.conflict("X-14")
def test_keep_alives_are_bytes_and_no_events():
    fleet = lives(10, ON_INTERNET, sees([OLD], polling_us=52 * WEEK, cycle_us=DAY))
    fleet.advance(DAY + HOUR)
    series, before = fleet.series(), len(fleet.diary.entries)
    fleet.advance(DAY + 2 * HOUR)
    hour = fleet.series().egress[-13:-1].sum(axis=0)
    policies = fleet.series().requests[-13:, Activity.POLICY, :, Count.SERVED].sum()
    assert hour[OLD] - policies * 145_636 == 10 * 4 * HABITS.keep_alive_bytes
    assert len(fleet.diary.entries) - before < 20
    assert series.intervals == (DAY + HOUR) // INTERVAL_US


@pytest.mark.conflict("X-14")
@pytest.mark.parametrize(("minutes", "online"), [(0, 20), (4, 20), (5, 0), (60, 0)])
def test_the_console_shows_a_client_as_offline_five_minutes_after_its_channel_broke(minutes, online):
    fleet = lives(20, ON_INTERNET, sees([OLD]))
    fleet.advance(2 * HOUR)
    assert fleet.roll().online(fleet.now_us).sum() == 20
    fleet.behold(sees([OLD], answers={OLD: NO_ANSWER}))
    fleet.advance(2 * HOUR + minutes * MINUTE)
    assert fleet.roll().online(fleet.now_us).sum() == online


def test_nobody_is_online_who_never_had_a_channel():
    fleet = lives(20, ON_INTERNET, sees(knows=[OLD]))
    fleet.advance(DAY)
    assert not fleet.roll().online(fleet.now_us).any()


def test_a_restart_of_the_service_closes_the_channel_until_it_is_served_again():
    fleet = lives(20, ON_INTERNET, sees([OLD]))
    fleet.advance(3 * HOUR)
    fleet.restart(0, ALL)
    assert fleet.series().channels[-1].sum() == 0
    fleet.advance(3 * HOUR + HABITS.reaction_us + SECOND)
    assert fleet.series().channels[-1, OLD] == 20


@settings(max_examples=15)
@given(st.integers(0, 2**63 - 1), st.lists(st.integers(1, 30 * HOUR), min_size=1, max_size=5))
def test_channels_are_those_of_clients_that_are_on_and_settled(seed, waits):
    fleet = lives(8, ROAMERS, sees([OLD, NEW]), seed=seed)
    for number, wait_us in enumerate(waits):
        fleet.advance(fleet.now_us + wait_us)
        fleet.behold(sees([OLD, NEW], answers={OLD: NO_ANSWER} if number % 2 else {}))
        roll, series = fleet.roll(), fleet.series()
        held = roll.channel != NOBODY
        assert (roll.channel[held] == roll.contact[held]).all()
        assert (roll.connection[held] != Connection.OFF).all()
        assert series.channels[-1].sum() == held.sum()
        assert held.sum() <= 8 - series.clients[-1, Gauge.OFF]
        twin = deepcopy(fleet)
        twin.advance(twin.now_us + HOUR)
        assert np.array_equal(fleet.series().channels, series.channels)
