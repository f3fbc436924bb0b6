"""How clients come to know a gateway, and how they lose it."""

from copy import deepcopy

import numpy as np
import pytest
from hand_made import (
    ALL,
    GATEWAY,
    INTRANET,
    LAPTOPS,
    NEW,
    OFFICE,
    OLD,
    ON_INTERNET,
    ON_INTRANET,
    PERIMETER,
    ROAMERS,
    lives,
    moments,
    number,
    sees,
    total,
)

from cmgsim.fleet.days import Place
from cmgsim.fleet.engine import NEVER
from cmgsim.fleet.life import Deed
from cmgsim.fleet.series import Count
from cmgsim.site.client import HABITS, Activity, Connection
from cmgsim.site.landscape import SERVED
from cmgsim.units import DAY, HOUR, MINUTE, SECOND, WEEK

RARELY = 52 * WEEK
MOST_TRAVEL = 2 * HABITS.travel_us[1]


def z_score(found, clients, share):
    return (found - clients * share) / (clients * share * (1 - share)) ** 0.5


@pytest.mark.seed("S-79", "S-82")
@pytest.mark.conflict("X-2")
def test_clients_on_the_intranet_learn_with_their_next_location_request_and_not_before():
    fleet = lives(40, ON_INTRANET, sees())
    fleet.advance(30 * HOUR)
    assert fleet.knowing(frozenset({NEW})).clients == 0
    fleet.behold(sees([NEW]))
    fleet.advance(54 * HOUR + MOST_TRAVEL)
    for uid in range(40):
        asked = moments(fleet, uid, Deed.ASKED, Activity.LOCATION)
        (learned,) = moments(fleet, uid, Deed.LEARNED)
        first = next(at for at in asked if at + MOST_TRAVEL >= 30 * HOUR)
        assert first < learned <= first + MOST_TRAVEL


@pytest.mark.seed("S-82", "S-113")
@pytest.mark.conflict("X-1")
def test_a_client_that_is_always_on_asks_for_locations_exactly_every_24_hours():
    fleet = lives(20, ON_INTRANET, sees([OLD]))
    fleet.advance(5 * DAY)
    for uid in range(20):
        assert set(np.diff(moments(fleet, uid, Deed.ASKED, Activity.LOCATION))) == {DAY}
        assert set(np.diff(moments(fleet, uid, Deed.ASKED, Activity.POLICY))) == {HOUR}


@pytest.mark.seed("S-80")
@pytest.mark.conflict("X-3")
def test_a_client_on_the_internet_that_knows_nothing_never_learns():
    fleet = lives(20, ON_INTERNET, sees([NEW], knows=()))
    fleet.advance(WEEK)
    assert fleet.knowing(frozenset({NEW})).clients == 0
    assert fleet.stranded() == 20
    series = fleet.series()
    assert series.total(Count.ASKED) == 0
    assert 20 * 7 * 23 < series.total(Count.NO_CONTACT) <= 20 * (7 * 24 + 1)
    assert series.requests[:, :, GATEWAY, Count.NO_CONTACT].sum() == series.total(Count.NO_CONTACT)


@pytest.mark.seed("S-81")
def test_a_client_installed_over_a_gateway_is_served_without_ever_being_on_the_intranet():
    fleet = lives(20, ON_INTERNET, sees([OLD, NEW], knows=[OLD]))
    fleet.advance(DAY + MOST_TRAVEL)
    assert fleet.stranded() == 0
    assert fleet.knowing(frozenset({NEW})).clients == 20
    assert fleet.series().requests[:, :, INTRANET].sum() == 0


@pytest.mark.seed("S-121", "S-124", "S-88")
@pytest.mark.conflict("X-3")
def test_clients_on_the_internet_learn_of_the_new_gateway_over_the_old_one_and_need_not_notice_its_end():
    fleet = lives(50, ON_INTERNET, sees([OLD]))
    fleet.behold(sees([OLD, NEW]))
    fleet.advance(DAY + MOST_TRAVEL)
    assert fleet.knowing(frozenset({NEW})).internet_clients == 50
    fleet.behold(sees([NEW]))
    assert fleet.stranded() == 0
    fleet.advance(3 * DAY)
    assert fleet.roll().stranded_total_us.max() == 0
    assert fleet.roll().located_us.min() >= 2 * DAY - HOUR
    assert fleet.series().requests[:, :, INTRANET].sum() == 0


def test_what_the_site_answers_replaces_what_the_client_knew():
    fleet = lives(30, ON_INTERNET, sees([OLD, PERIMETER]))
    fleet.behold(sees([NEW], answers={OLD: SERVED, PERIMETER: SERVED}))
    fleet.advance(DAY + MOST_TRAVEL)
    assert set(fleet.roll().publication) == {number(NEW)}


@pytest.mark.oracle("O-21")
def test_asking_again_of_an_unchanged_site_changes_nothing():
    fleet = lives(30, ON_INTERNET, sees([OLD, NEW]))
    fleet.advance(4 * DAY)
    assert set(fleet.roll().publication) == {number(OLD, NEW)}
    assert not [entry for entry in fleet.diary.entries if entry.deed is Deed.LEARNED]


@pytest.mark.seed("S-110", "S-111")
def test_clients_of_a_removed_gateway_are_stranded_until_they_are_back_on_the_intranet():
    fleet = lives(60, LAPTOPS, sees([OLD]))
    fleet.advance(9 * HOUR)
    removed = sees([NEW])
    fleet.behold(removed)
    fleet.advance(9 * HOUR + 2 * WEEK)
    series = fleet.series()
    removed_from = 9 * HOUR // (5 * MINUTE)
    assert series.by_contact[removed_from + 1 :, OLD, Count.SERVED].sum() == 0
    assert series.by_contact[removed_from + 1 :, OLD, Count.UNANSWERED].sum() > 0
    for uid in range(60):
        learned = moments(fleet, uid, Deed.LEARNED)
        assert len(learned) <= 1
        on_intranet = [
            entry.subject == Connection.INTRANET
            for entry in fleet.diary.entries
            if entry.uid == uid and entry.deed is Deed.DETECTED and learned and entry.at_us <= learned[0]
        ]
        assert not on_intranet or on_intranet[-1]
        if not learned:
            assert fleet.roll().publication[uid] == number(OLD)
            assert Connection.INTRANET not in [
                entry.subject
                for entry in fleet.diary.entries
                if entry.uid == uid and entry.deed is Deed.DETECTED and entry.at_us > 9 * HOUR
            ]
    assert fleet.roll().stranded_longest_us.max() > 4 * HOUR


@pytest.mark.seed("S-109")
def test_clients_get_policy_all_the_time_only_while_some_gateway_they_know_is_active():
    longest = {}
    for active in ([OLD, NEW], []):
        fleet = lives(30, ON_INTERNET, sees([OLD, NEW]))
        fleet.advance(DAY)
        fleet.behold(sees(active, answers={OLD: 0}))
        fleet.advance(DAY + 6 * HOUR)
        fleet.behold(sees([OLD, NEW]))
        fleet.advance(2 * DAY)
        served = [moments(fleet, uid, Deed.SERVED, Activity.POLICY) for uid in range(30)]
        longest[len(active)] = [int(np.diff(at).max()) for at in served]
    assert max(longest[2]) <= HOUR + HABITS.failure_window_us
    assert min(longest[0]) > 6 * HOUR - HOUR


@pytest.mark.seed("S-117")
def test_a_new_gateway_of_the_same_name_makes_stale_knowledge_work_again():
    up, down = sees([OLD]), sees()
    fleet = lives(40, ON_INTERNET, up)
    fleet.advance(DAY)
    fleet.behold(down)
    assert fleet.stranded() == 40
    fleet.advance(DAY + 20 * MINUTE)
    fleet.behold(up)
    assert fleet.stranded() == 0
    assert set(fleet.roll().stranded_longest_us) == {20 * MINUTE}
    fleet.advance(DAY + 2 * HOUR)
    assert fleet.roll().policy_us.min() > DAY + 20 * MINUTE
    assert set(fleet.roll().publication) == {number(OLD)}


@pytest.mark.seed("S-83")
def test_restarting_the_service_asks_for_the_location_at_once_and_begins_the_cycle_anew():
    fleet = lives(30, ON_INTRANET, sees())
    fleet.advance(5 * HOUR)
    fleet.behold(sees([NEW]))
    assert fleet.restart(0, ALL) == 30
    fleet.advance(5 * HOUR + HABITS.reaction_us + MOST_TRAVEL)
    assert fleet.knowing(frozenset({NEW})).clients == 30
    fleet.advance(4 * DAY)
    for uid in range(30):
        asked = [at for at in moments(fleet, uid, Deed.ASKED, Activity.LOCATION) if at > 5 * HOUR]
        assert asked == [5 * HOUR + 5 * SECOND + day * DAY for day in range(4)]


def test_a_restart_reaches_the_drawn_share_of_clients_that_are_on():
    fleet = lives(400, ROAMERS, sees([OLD]))
    assert fleet.restart(0, ALL) == 0  # it is midnight
    fleet.advance(12 * HOUR)
    some = fleet.restart(0, ALL // 4)
    assert abs(z_score(some, 400, 0.25)) < 3.29
    first = {entry.uid for entry in fleet.diary.entries if entry.deed is Deed.RESTARTED}
    fleet.advance(13 * HOUR)
    fleet.restart(0, ALL // 4)
    again = {entry.uid for entry in fleet.diary.entries if entry.deed is Deed.RESTARTED and entry.at_us == 13 * HOUR}
    assert abs(z_score(len(first & again), 400, 0.0625)) < 3.29  # drawn anew each time
    assert fleet.restart(0, ALL) == 400


@pytest.mark.oracle("O-1")
@pytest.mark.parametrize("hours", [3, 12, 20, 24])
def test_the_share_that_knows_grows_by_a_day_to_all(hours):
    fleet = lives(1500, ON_INTERNET, sees([OLD], polling_us=RARELY), seed=11)
    fleet.advance(DAY)
    fleet.behold(sees([OLD, NEW], polling_us=RARELY))
    fleet.advance(DAY + hours * HOUR + MOST_TRAVEL)
    knowing = fleet.knowing(frozenset({NEW})).clients
    if hours == 24:
        assert knowing == 1500
    else:
        assert abs(z_score(knowing, 1500, hours / 24)) < 3.29


@pytest.mark.oracle("O-2")
@pytest.mark.seed("S-114")
def test_the_gap_between_new_and_old_decides_how_many_are_stranded():
    waiting = lives(1500, ON_INTERNET, sees([OLD], polling_us=RARELY), seed=12)
    waiting.behold(sees([OLD, NEW], polling_us=RARELY))
    stranded = {}
    for gap in (4, 12, 18, 25):
        waiting.advance(gap * HOUR)
        hasty = deepcopy(waiting)
        hasty.behold(sees([NEW], polling_us=RARELY))
        stranded[gap] = hasty.stranded()
        hasty.advance((gap + 6) * HOUR)
        assert hasty.stranded() == stranded[gap]  # no way back by themselves
    assert stranded.pop(25) == 0
    assert all(abs(z_score(found, 1500, 1 - gap / 24)) < 3.29 for gap, found in stranded.items()), stranded


@pytest.mark.seed("S-115")
def test_whoever_is_off_over_the_gap_is_stranded_and_a_longer_gap_saves_it():
    away = ROAMERS.model_copy(update={"remote": ALL, "vpn": 0})  # on the internet, in working hours only
    friday = 4 * DAY + 18 * HOUR
    for gap, expected in ((2 * DAY, 50), (3 * DAY, 0)):
        fleet = lives(50, away, sees([OLD]))
        fleet.advance(friday)
        fleet.behold(sees([OLD, NEW]))
        fleet.advance(friday + gap)
        fleet.behold(sees([NEW]))
        fleet.advance(9 * DAY + 12 * HOUR)
        assert fleet.stranded() == expected


def test_a_client_that_is_off_is_not_stranded_and_has_no_timers():
    fleet = lives(50, ROAMERS, sees(knows=[OLD]))
    fleet.advance(2 * DAY)
    assert fleet.stranded() == 0
    for uid in range(50):
        on = False
        for entry in (entry for entry in fleet.diary.entries if entry.uid == uid):
            if entry.deed is Deed.MOVED:
                on = entry.subject != Place.OFF
            elif entry.deed in (Deed.ASKED, Deed.SERVED, Deed.KNEW_NOBODY):
                assert on
    assert (fleet.roll().stranded_since_us == NEVER).all()


@pytest.mark.parametrize(("plan", "limit"), [(ROAMERS, 5 * MINUTE), (LAPTOPS, MINUTE)])
def test_a_started_client_asks_within_five_minutes_and_a_moved_one_within_one(plan, limit):
    fleet = lives(40, plan, sees([OLD]))
    fleet.advance(5 * DAY)
    delays = set()
    for uid in range(40):
        asked = moments(fleet, uid, Deed.ASKED, Activity.LOCATION)
        for moved in moments(fleet, uid, Deed.MOVED):
            delays |= {next((at - moved for at in asked if at >= moved), 0)} - {0}
    started = [delay for delay in delays if delay < 8 * HOUR]  # the others were moves to being off
    assert 0.9 * limit < max(started) <= limit


def test_requests_on_their_way_are_given_up_when_the_network_changes():
    dead = sees([OLD], answers={OLD: 0, OFFICE: 0})
    fleet = lives(80, LAPTOPS, dead)
    fleet.advance(10 * DAY)
    gave_up = [entry for entry in fleet.diary.entries if entry.deed is Deed.GAVE_UP]
    moved = {(entry.uid, entry.at_us) for entry in fleet.diary.entries if entry.deed is Deed.MOVED}
    assert gave_up
    assert all((entry.uid, entry.at_us) in moved for entry in gave_up)
    assert total(fleet.series(), Count.GIVEN_UP, OLD) + total(fleet.series(), Count.GIVEN_UP, OFFICE) == len(gave_up)
