"""Whom clients ask: detection, tiers, stickiness, failures, and who must never be asked."""

from itertools import pairwise

import pytest
from hand_made import (
    ALL,
    BRANCH,
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

from cmgsim.design.clients import ClientSettings
from cmgsim.draws import draw
from cmgsim.fleet.life import PHASES, Deed
from cmgsim.fleet.series import Count, Gauge
from cmgsim.site.client import HABITS, Activity, Connection
from cmgsim.site.landscape import NO_ANSWER, SERVED
from cmgsim.units import DAY, HOUR, MINUTE, SECOND, WEEK

BOTH = {OFFICE: SERVED, BRANCH: SERVED}


def contacts_of(fleet, uid):
    return {entry.subject for entry in fleet.diary.entries if entry.uid == uid and entry.deed is Deed.ASKED}


@pytest.mark.oracle("O-15")
@pytest.mark.seed("S-89", "S-90", "S-91", "S-92")
@pytest.mark.parametrize("plan", [ON_INTRANET, ON_INTERNET, LAPTOPS])
def test_an_always_internet_client_asks_nothing_of_the_intranet_wherever_it_is(plan):
    fleet = lives(30, plan, sees([OLD], tiers=((OFFICE, BRANCH),)), always_on_internet=True)
    fleet.advance(5 * DAY)
    series = fleet.series()
    assert series.total(Count.SERVED) == total(series, Count.SERVED, OLD) > 0
    assert series.requests[:, :, INTRANET].sum() == 0
    assert set(fleet.roll().connection) <= {Connection.OFF, Connection.ALWAYS_INTERNET}


def test_coming_back_to_the_intranet_does_not_rescue_an_always_internet_client():
    fleet = lives(30, ON_INTRANET, sees([NEW], knows=[OLD]), always_on_internet=True)
    fleet.advance(WEEK)
    assert fleet.stranded() == 30
    assert set(fleet.roll().publication) == {number(OLD)}


@pytest.mark.oracle("O-16")
@pytest.mark.seed("S-85")
@pytest.mark.parametrize("plan", [ON_INTERNET, ROAMERS, LAPTOPS])
def test_a_client_that_may_not_use_gateways_asks_none_and_is_not_stranded_either(plan):
    fleet = lives(30, plan, sees([OLD, NEW], tiers=((OLD, OFFICE),), use_gateway=False))
    fleet.advance(5 * DAY)
    series = fleet.series()
    assert total(series, Count.ASKED, OLD) == total(series, Count.ASKED, NEW) == 0
    assert series.clients[:, Gauge.STRANDED].max() == 0
    assert total(series, Count.SERVED, OFFICE) > 0 or plan is ON_INTERNET


def test_a_client_that_may_not_use_gateways_is_not_stranded_by_their_end():
    fleet = lives(10, ON_INTERNET, sees(knows=[OLD], use_gateway=False))
    assert fleet.stranded() == 0
    fleet.advance(DAY)
    assert fleet.stranded() == 0


@pytest.mark.seed("S-84")
def test_clients_may_use_gateways_unless_told_otherwise():
    assert ClientSettings().use_gateway


@pytest.mark.seed("S-85")
def test_the_client_setting_takes_effect_with_the_next_policy():
    fleet = lives(30, ON_INTERNET, sees([OLD, PERIMETER]))
    fleet.advance(DAY)
    assert fleet.roll().use_gateway.all()
    fleet.behold(sees([OLD, PERIMETER], use_gateway=False))
    fleet.advance(DAY + HOUR + SECOND)
    assert not fleet.roll().use_gateway.any()
    before = total(fleet.series(), Count.ASKED, OLD)
    fleet.advance(3 * DAY)
    assert total(fleet.series(), Count.ASKED, OLD) == before
    assert total(fleet.series(), Count.SERVED, PERIMETER) > 30 * 24


@pytest.mark.seed("S-86", "S-87")
@pytest.mark.parametrize(
    ("domain_controller", "answer", "connection"),
    [
        (True, SERVED, Connection.INTRANET),
        (True, NO_ANSWER, Connection.INTRANET),
        (False, SERVED, Connection.INTRANET),
        (False, 401, Connection.INTRANET),
        (False, NO_ANSWER, Connection.INTERNET),
    ],
)
def test_on_the_intranet_clients_go_by_domain_controller_or_management_point(domain_controller, answer, connection):
    fleet = lives(10, ON_INTRANET, sees([OLD], domain_controller=domain_controller, answers={OFFICE: answer}))
    fleet.advance(HOUR)
    assert set(fleet.roll().connection) == {connection}


def test_a_client_whose_intranet_is_dead_turns_to_the_gateway_with_its_next_location_request():
    fleet = lives(20, ON_INTRANET, sees([OLD]))
    fleet.advance(DAY)
    fleet.behold(sees([OLD], domain_controller=False, answers={OFFICE: NO_ANSWER}))
    assert set(fleet.roll().connection) == {Connection.INTRANET}
    fleet.advance(2 * DAY + HOUR)
    assert set(fleet.roll().connection) == {Connection.INTERNET}
    assert set(fleet.roll().contact) == {OLD}


def test_a_client_that_reaches_a_domain_controller_but_no_management_point_does_not_use_the_gateway():
    fleet = lives(20, ON_INTRANET, sees([OLD], answers={OFFICE: NO_ANSWER}))
    fleet.advance(2 * DAY)
    assert total(fleet.series(), Count.ASKED, OLD) == 0
    assert fleet.series().total(Count.SERVED) == 0


@pytest.mark.oracle("O-10")
def test_five_failures_within_ten_minutes_and_not_four_make_a_client_leave_its_contact():
    for healed_after, left in ((4, False), (5, True)):
        for uid in range(4):
            fleet = lives(4, ON_INTRANET, sees(tiers=((OFFICE, BRANCH),), polling_us=WEEK))
            fleet.advance(2 * DAY)
            used = int(fleet.roll().contact[uid])
            fleet.behold(sees(tiers=((OFFICE, BRANCH),), polling_us=WEEK, answers={used: 500}))
            while len(moments(fleet, uid, Deed.REFUSED)) < healed_after:
                fleet.advance(fleet.now_us + 30 * SECOND)
            fleet.behold(sees(tiers=((OFFICE, BRANCH),), polling_us=WEEK))
            refused = moments(fleet, uid, Deed.REFUSED, Activity.LOCATION, used)
            assert len(refused) == healed_after
            assert refused[-1] - refused[0] <= 10 * MINUTE
            fleet.advance(fleet.now_us + 5 * MINUTE)
            assert (int(fleet.roll().contact[uid]) != used) is left
            assert len(moments(fleet, uid, Deed.REFUSED)) == healed_after


@pytest.mark.conflict("X-26")
def test_when_one_of_two_known_gateways_goes_everybody_is_served_by_the_other_within_ten_minutes_of_asking():
    fleet = lives(60, ON_INTERNET, sees([OLD, NEW]))
    fleet.advance(DAY)
    on_old = [uid for uid, contact in enumerate(fleet.roll().contact) if contact == OLD]
    assert 15 < len(on_old) < 45
    fleet.behold(sees([NEW], answers={OLD: NO_ANSWER}))
    assert fleet.stranded() == 0
    fleet.advance(DAY + 2 * HOUR)
    for uid in on_old:
        asked = next(at for at in moments(fleet, uid, Deed.ASKED) if at >= DAY)
        served = next(at for at in moments(fleet, uid, Deed.SERVED, None, NEW) if at >= DAY)
        assert served - asked <= 10 * MINUTE


def test_silence_is_known_after_21_seconds_and_a_refusal_at_once():
    for answer, deed, least, most in (
        (NO_ANSWER, Deed.UNANSWERED, 21 * SECOND, 21 * SECOND),
        (403, Deed.REFUSED, 2 * HABITS.travel_us[0], 2 * HABITS.travel_us[1]),
    ):
        fleet = lives(5, ON_INTERNET, sees([OLD], answers={OLD: answer}))
        fleet.advance(3 * HOUR)
        for uid in range(5):
            for activity in Activity:
                asked, failed = (moments(fleet, uid, which, activity) for which in (Deed.ASKED, deed))
                delays = [end - begin for begin, end in zip(asked, failed, strict=False)]
                assert all(least <= delay <= most for delay in delays)


def test_after_every_contact_has_failed_a_client_pauses_for_an_hour():
    fleet = lives(10, ON_INTERNET, sees([OLD, NEW], answers={OLD: NO_ANSWER, NEW: NO_ANSWER}))
    fleet.advance(DAY)
    for uid in range(10):
        asked = moments(fleet, uid, Deed.ASKED)
        for paused in moments(fleet, uid, Deed.PAUSED):
            after = [at for at in asked if at >= paused]
            assert not after or after[0] == paused + HOUR
            before = [entry for entry in fleet.diary.entries if entry.uid == uid and entry.at_us < paused]
            assert {entry.subject for entry in before if entry.deed is Deed.UNANSWERED} == {OLD, NEW}
        assert moments(fleet, uid, Deed.PAUSED)


def test_a_restart_ends_the_pause():
    fleet = lives(10, ON_INTERNET, sees([OLD], knows=()))
    fleet.advance(DAY)
    fleet.restart(0, ALL)
    fleet.advance(DAY + HABITS.reaction_us + 1)
    assert all(DAY + HABITS.reaction_us in moments(fleet, uid, Deed.KNEW_NOBODY) for uid in range(10))


def test_a_restart_brings_forward_what_the_pause_has_put_off():
    fleet = lives(20, ON_INTERNET, sees([OLD], answers={OLD: NO_ANSWER}))
    fleet.advance(DAY)
    paused = [uid for uid in range(20) if not moments_after(fleet, uid, DAY - 50 * MINUTE)]
    fleet.behold(sees([OLD]))
    fleet.restart(0, ALL)
    fleet.advance(DAY + MINUTE)
    assert paused
    for uid in paused:
        assert min(moments(fleet, uid, Deed.SERVED, Activity.POLICY)) < DAY + 6 * SECOND


def moments_after(fleet, uid, since_us):
    """Say when a client did anything since then, except that it paused."""
    return [entry.at_us for entry in fleet.diary.entries if entry.uid == uid and entry.at_us >= since_us]


def test_a_pause_puts_off_but_never_brings_forward():
    fleet = lives(20, ON_INTERNET, sees(knows=(), cycle_us=DAY))
    fleet.advance(2 * DAY)
    for uid in range(20):
        phase_us = draw(1, int(fleet.fleet.key[uid]), PHASES[Activity.LOCATION]) % DAY
        first_us = moments(fleet, uid, Deed.KNEW_NOBODY, Activity.LOCATION)[0]
        assert phase_us <= first_us <= phase_us + HOUR


def test_a_contact_that_failed_is_a_choice_again_after_25_hours():
    fleet = lives(60, ON_INTERNET, sees([OLD, NEW], cycle_us=52 * WEEK))
    fleet.advance(DAY)
    fleet.behold(sees([OLD, NEW], cycle_us=52 * WEEK, answers={OLD: NO_ANSWER}))
    fleet.advance(4 * DAY)
    assert set(fleet.roll().contact) == {NEW}
    fleet.behold(sees([OLD, NEW], cycle_us=52 * WEEK))
    fleet.advance(6 * DAY)
    assert 15 < list(fleet.roll().contact).count(OLD) < 45


def test_what_the_intranet_offers_is_asked_as_soon_as_it_offers_it():
    fleet = lives(20, ON_INTRANET, sees(tiers=((OFFICE,),)))
    fleet.advance(DAY)
    fleet.behold(sees(tiers=((BRANCH,),)))
    fleet.advance(DAY + HOUR)
    assert set(fleet.roll().contact) == {BRANCH}


@pytest.mark.seed("S-77")
def test_the_first_tier_is_used_while_it_serves_and_the_next_after_five_failures():
    tiers = ((OFFICE,), (OLD,), (BRANCH,))
    fleet = lives(30, ON_INTRANET, sees([OLD], tiers=tiers))
    fleet.advance(2 * DAY)
    assert set(fleet.roll().contact) == {OFFICE}
    fleet.behold(sees([OLD], tiers=tiers, answers={OFFICE: NO_ANSWER}))
    fleet.advance(4 * DAY)
    series = fleet.series()
    assert total(series, Count.SERVED, OLD) > 30 * 40
    assert total(series, Count.ASKED, BRANCH) == 0
    fleet.behold(sees([OLD], tiers=tiers))
    fleet.advance(6 * DAY)
    assert set(fleet.roll().contact) == {OFFICE}  # back with a location request


def test_a_gateway_in_a_boundary_group_is_used_once_the_client_was_told_of_it():
    tiers = ((OLD,), (OFFICE,))
    fleet = lives(10, ON_INTRANET, sees([OLD], knows=(), tiers=tiers))
    fleet.advance(3 * DAY)
    for uid in range(10):
        learned = moments(fleet, uid, Deed.LEARNED)[0]
        assert max(moments(fleet, uid, Deed.ASKED, None, OFFICE)) <= learned
        assert min(moments(fleet, uid, Deed.ASKED, None, OLD)) > learned


def test_a_contact_is_kept_for_25_hours_and_chosen_at_random():
    fleet = lives(200, ON_INTERNET, sees([OLD, NEW], cycle_us=52 * WEEK))
    fleet.advance(10 * DAY)
    changed = []
    for uid in range(200):
        asked = [entry for entry in fleet.diary.entries if entry.uid == uid and entry.deed is Deed.ASKED]
        since = asked[0].at_us
        for before, entry in pairwise(asked):
            if entry.at_us - since >= 25 * HOUR:
                changed.append(entry.subject != before.subject)
                since = entry.at_us
            else:
                assert entry.subject == before.subject
    share = sum(changed) / len(changed)
    assert abs(share - 0.5) < 3.29 * (0.25 / len(changed)) ** 0.5


@pytest.mark.oracle("O-18")
def test_the_choice_among_gateways_and_servers_on_the_internet_is_even():
    fleet = lives(600, ON_INTERNET, sees([OLD, NEW, PERIMETER]))
    fleet.advance(2 * HOUR)
    chosen = fleet.roll().contact.tolist()
    chi_square = sum((chosen.count(contact) - 200) ** 2 / 200 for contact in (OLD, NEW, PERIMETER))
    assert chi_square < 13.8  # one in a thousand with two degrees of freedom


def test_on_the_intranet_and_the_internet_different_contacts_are_asked():
    fleet = lives(40, LAPTOPS, sees([OLD]))
    fleet.advance(WEEK)
    for uid in range(40):
        connection = None
        for entry in (entry for entry in fleet.diary.entries if entry.uid == uid):
            if entry.deed is Deed.DETECTED:
                connection = entry.subject
            elif entry.deed is Deed.ASKED:
                assert entry.subject == (OFFICE if connection == Connection.INTRANET else OLD)
    assert set.union(*(contacts_of(fleet, uid) for uid in range(40))) == {OFFICE, OLD}


def test_outbound_traffic_is_counted_for_policy_served_over_gateways_only():
    fleet = lives(20, LAPTOPS, sees([OLD]))
    fleet.advance(WEEK)
    policies = sum(len(moments(fleet, uid, Deed.SERVED, Activity.POLICY, OLD)) for uid in range(20))
    series = fleet.series()
    kept_alive = int(series.channels[: series.intervals, OLD].sum()) * 100
    assert series.egress[:, OLD].sum() == policies * 145_636 + kept_alive
    assert series.egress.sum() == series.egress[:, OLD].sum()
    assert kept_alive < policies * 145_636 // 100
