"""What clients do by themselves, and how often: policy, locations, scans, inventories, heartbeats, state messages."""

import numpy as np
import pytest
from hand_made import ALL, LAPTOPS, NEW, OFFICE, OLD, ON_INTERNET, ON_INTRANET, ROAMERS, SUP_1, lives, moments, sees

from cmgsim.design.clients import ClientSettings
from cmgsim.fleet.life import PHASES, Deed
from cmgsim.fleet.series import Count
from cmgsim.site.client import ACTIVITIES, HABITS, REPORTED, Activity, PowerOn
from cmgsim.site.landscape import NO_ANSWER
from cmgsim.units import DAY, HOUR, MINUTE, SECOND, WEEK, timedelta_us

WEEKLY = (Activity.SCAN, Activity.INVENTORY, Activity.SOFTWARE_INVENTORY, Activity.HEARTBEAT)
REACH = ((0, SUP_1),)
MOST_TRAVEL = 2 * HABITS.travel_us[1]


def asked(fleet, uid, activity):
    return moments(fleet, uid, Deed.ASKED, activity)


def test_the_table_of_activities_is_in_the_order_of_their_numbers():
    assert [routine.activity for routine in ACTIVITIES] == list(Activity)
    settings = ClientSettings()
    assert {
        routine.activity.name: timedelta_us(getattr(settings, routine.setting))
        for routine in ACTIVITIES
        if routine.setting
    } == {
        "LOCATION": DAY,
        "POLICY": HOUR,
        "SCAN": WEEK,
        "INVENTORY": WEEK,
        "SOFTWARE_INVENTORY": WEEK,
        "HEARTBEAT": WEEK,
        "STATE": 15 * MINUTE,
    }
    assert all(routine.log.endswith(".log") for routine in ACTIVITIES)


@pytest.mark.parametrize("activity", WEEKLY)
def test_weekly_activities_come_a_week_apart_and_scans_and_inventory_a_drawn_while_later(activity):
    fleet = lives(40, ON_INTRANET, sees([OLD], updates=REACH, polling_us=DAY))
    fleet.advance(4 * WEEK)
    low, high = ACTIVITIES[activity].delay_us
    gaps = np.concatenate([np.diff(asked(fleet, uid, activity)) for uid in range(40)])
    assert len(gaps) >= 40 * 2
    assert gaps.min() >= WEEK + low
    assert gaps.max() <= WEEK + high
    assert len(set(gaps.tolist())) > 1 or high == 0
    assert gaps.max() - gaps.min() > 0.8 * (high - low) or high == 0
    first = [asked(fleet, uid, activity)[0] for uid in range(40)]
    assert max(first) < WEEK
    assert max(first) - min(first) > 5 * DAY


def test_the_client_settings_say_how_often():
    often = {"scan": DAY, "inventory": 2 * DAY, "software_inventory": 3 * DAY, "heartbeat": 6 * HOUR}
    fleet = lives(10, ON_INTRANET, sees([OLD], updates=REACH, **often))
    fleet.advance(12 * DAY)
    for uid in range(10):
        assert min(np.diff(asked(fleet, uid, Activity.SCAN))) >= DAY
        assert max(np.diff(asked(fleet, uid, Activity.SCAN))) <= DAY + 2 * HOUR
        assert set(np.diff(asked(fleet, uid, Activity.HEARTBEAT))) == {6 * HOUR}
        assert set(np.diff(asked(fleet, uid, Activity.SOFTWARE_INVENTORY))) == {3 * DAY}


def test_a_new_schedule_takes_effect_after_the_next_time():
    fleet = lives(10, ON_INTRANET, sees([OLD]))
    fleet.advance(DAY)
    fleet.behold(sees([OLD], heartbeat=DAY))
    fleet.advance(2 * WEEK)
    for uid in range(10):
        beats = [at for at in asked(fleet, uid, Activity.HEARTBEAT) if at > DAY + HOUR]
        assert set(np.diff(beats)) == {DAY}
        assert beats[0] < WEEK + DAY


def test_what_was_due_while_a_client_was_off_is_done_after_power_on_and_nothing_else():
    fleet = lives(60, ROAMERS, sees([OLD], updates=REACH, polling_us=DAY))
    fleet.advance(3 * WEEK)
    caught_up = 0
    for uid in range(60):
        starts = [at for at in moments(fleet, uid, Deed.DETECTED) if at in moments(fleet, uid, Deed.MOVED)]
        for activity in WEEKLY:
            times = asked(fleet, uid, activity)
            assert len(times) == len(moments(fleet, uid, Deed.SERVED, activity))
            gaps = np.diff(times)
            assert len(gaps) == 0 or gaps.min() >= WEEK
            late = [
                at for at, gap in zip(times[1:], gaps, strict=True) if gap > WEEK + ACTIVITIES[activity].delay_us[1]
            ]
            for at in late:
                assert any(0 <= at - start <= HABITS.boot_delay_us[1] for start in starts)
            caught_up += len(late)
    assert caught_up > 30


def test_a_restart_of_the_service_asks_for_locations_and_leaves_weekly_activities_at_their_time():
    quiet, restarted = (lives(20, ON_INTRANET, sees([OLD], updates=REACH, polling_us=DAY)) for _ in range(2))
    for fleet in (quiet, restarted):
        fleet.advance(DAY)
    restarted.restart(0, ALL)
    for fleet in (quiet, restarted):
        fleet.advance(WEEK)
    for uid in range(20):
        for activity in (Activity.INVENTORY, Activity.HEARTBEAT):
            assert asked(quiet, uid, activity) == asked(restarted, uid, activity)


def test_state_messages_are_sent_only_after_there_was_something_to_report():
    fleet = lives(40, ON_INTRANET, sees([OLD], updates=REACH, polling_us=DAY))
    fleet.advance(2 * WEEK)
    for uid in range(40):
        news = sorted(at for activity in REPORTED for at in moments(fleet, uid, Deed.SERVED, activity))
        sent = asked(fleet, uid, Activity.STATE)
        assert 0 < len(sent) <= len(news)
        for at in news:
            if at + 15 * MINUTE + HABITS.reaction_us < 2 * WEEK:
                assert any(HABITS.reaction_us <= later - at <= 15 * MINUTE + HABITS.reaction_us for later in sent)
        for at in sent:
            assert any(0 < at - before <= 15 * MINUTE + HABITS.reaction_us for before in news)


def test_state_messages_keep_to_a_rhythm_of_the_clients_own():
    fleet = lives(40, ON_INTRANET, sees([OLD], updates=REACH, polling_us=DAY))
    fleet.advance(2 * WEEK)
    phases = set()
    for uid in range(40):
        own = {at % (15 * MINUTE) for at in asked(fleet, uid, Activity.STATE)}
        assert len(own) == 1
        phases |= own
    assert len(phases) == 40
    assert len(set(PHASES)) == len(Activity)


def test_a_change_of_policy_is_reported_and_unchanged_policy_is_not():
    fleet = lives(20, ON_INTRANET, sees([OLD]))
    fleet.advance(DAY)
    before = [len(asked(fleet, uid, Activity.STATE)) for uid in range(20)]
    fleet.advance(DAY + 2 * HOUR)
    assert sum(len(asked(fleet, uid, Activity.STATE)) for uid in range(20)) - sum(before) < 5
    fleet.behold(sees([OLD], use_gateway=False))
    fleet.advance(DAY + 4 * HOUR)
    for uid in range(20):
        changed = next(at for at in moments(fleet, uid, Deed.SERVED, Activity.POLICY) if at > DAY + 2 * HOUR)
        assert any(0 < at - changed <= 15 * MINUTE + HABITS.reaction_us for at in asked(fleet, uid, Activity.STATE))


def test_news_while_a_message_is_on_its_way_goes_with_the_next_one():
    slow = {"inventory": 2 * SECOND, "state": MINUTE}
    fleet = lives(3, ON_INTRANET, sees([OLD], answers={}, **slow))
    fleet.advance(HOUR)
    for uid in range(3):
        news = moments(fleet, uid, Deed.SERVED, Activity.INVENTORY)
        sent = asked(fleet, uid, Activity.STATE)
        for message in sent[:-1]:
            heard = next(at for at in moments(fleet, uid, Deed.SERVED, Activity.STATE) if at > message)
            if any(message <= at <= heard for at in news):
                assert any(0 < at - heard <= MINUTE + HABITS.reaction_us for at in sent)


def test_messages_that_fail_are_sent_again_and_count_towards_leaving_the_contact():
    fleet = lives(10, ON_INTERNET, sees([OLD, NEW], polling_us=52 * WEEK, cycle_us=52 * WEEK, heartbeat=HOUR))
    fleet.advance(6 * HOUR)
    fleet.behold(sees([OLD, NEW], polling_us=52 * WEEK, cycle_us=52 * WEEK, heartbeat=HOUR, answers={OLD: NO_ANSWER}))
    fleet.advance(DAY)
    on_old = [uid for uid in range(10) if moments(fleet, uid, Deed.UNANSWERED, Activity.HEARTBEAT, OLD)]
    assert on_old
    for uid in on_old:
        assert len(moments(fleet, uid, Deed.UNANSWERED, subject=OLD)) == HABITS.failures_to_leave
    assert set(fleet.roll().contact) == {NEW}


def test_inventories_that_were_due_during_a_pause_are_not_lost():
    dead = sees([OLD], polling_us=DAY, answers={OLD: NO_ANSWER, OFFICE: NO_ANSWER})
    fleet = lives(20, ON_INTERNET, dead)
    fleet.advance(WEEK)
    assert fleet.series().requests[:, Activity.INVENTORY, :, Count.SERVED].sum() == 0
    fleet.behold(sees([OLD]))
    fleet.advance(WEEK + 2 * HOUR)
    assert all(moments(fleet, uid, Deed.SERVED, Activity.INVENTORY) for uid in range(20))


def test_inventories_go_over_the_gateway_on_the_internet_and_on_the_intranet_to_the_management_point():
    fleet = lives(40, LAPTOPS, sees([OLD]))
    fleet.advance(2 * WEEK)
    by_way = fleet.series().requests[:, Activity.INVENTORY, :, Count.SERVED].sum(axis=0)
    assert by_way[0] > 0
    assert by_way[1] > 0
    assert by_way.sum() >= 40


def test_locations_and_policy_are_asked_for_at_power_on_and_weekly_activities_wait_for_their_time():
    asking = {routine.activity for routine in ACTIVITIES if routine.power_on is PowerOn.ASKS}
    assert asking == {Activity.LOCATION, Activity.POLICY}
    fleet = lives(50, ROAMERS, sees([OLD], updates=REACH, polling_us=DAY))
    fleet.advance(8 * HOUR)
    fleet.advance(10 * HOUR)
    on_time = sum(len(asked(fleet, uid, Activity.HEARTBEAT)) for uid in range(50))
    assert on_time < 15  # those of whom the phase fell into the night, a third of a seventh
    assert all(asked(fleet, uid, Activity.POLICY) for uid in range(50) if moments(fleet, uid, Deed.MOVED))
