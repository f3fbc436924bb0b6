"""What holds of every fleet at every moment, whatever happens to it."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
from hand_made import (
    ALL,
    BRANCH,
    DP_1,
    DP_2,
    LAPTOPS,
    NEW,
    OFFICE,
    OLD,
    ON_INTERNET,
    ON_INTRANET,
    PERIMETER,
    ROAMERS,
    STORAGE,
    SUP_1,
    SUP_2,
    SUP_OVER_OLD,
    clients,
    lives,
    number,
    same,
    same_series,
    sees,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from cmgsim.draws import draw, within
from cmgsim.fleet.diary import told
from cmgsim.fleet.engine import NEVER, FleetEngine
from cmgsim.fleet.life import OUT, PHASES
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.fleet.series import ENDS, INTERVAL_US, Count, Gauge
from cmgsim.site.client import HABITS, Activity, Connection, Metered
from cmgsim.site.landscape import NO_ANSWER, SERVED
from cmgsim.units import DAY, HOUR, MINUTE, SECOND, WEEK

PLANS = (ON_INTERNET, ON_INTRANET, LAPTOPS, ROAMERS)
TIERS = ((OFFICE,), (BRANCH, OLD))
SIGHTS = [
    sees([OLD], tiers=TIERS, populations=4),
    sees([OLD, NEW], tiers=TIERS, populations=4),
    sees([NEW, PERIMETER], tiers=TIERS, populations=4),
    sees([NEW], answers={NEW: 403, OFFICE: NO_ANSWER}, domain_controller=False, tiers=TIERS, populations=4),
    sees([], answers={OLD: SERVED, OFFICE: 500}, tiers=TIERS, populations=4),
    sees([OLD, NEW], use_gateway=False, polling_us=3 * HOUR, cycle_us=5 * HOUR, tiers=TIERS, populations=4),
    sees([], domain_controller=False, tiers=((), ()), populations=4),
]


def busy(sight, dead=(), metered=Metered.ALLOW):
    """A sight in which clients have update points and content, too."""
    answers = list(sight.answers[0])
    for contact in (STORAGE, DP_1, DP_2, SUP_OVER_OLD, SUP_1, SUP_2):
        answers[contact] = NO_ANSWER if contact in dead else SERVED
    pool = ((0, DP_1), (10 * MINUTE, DP_2))
    told = [replace(one, deployments=(0, 1, 2), use_cloud=True, metered=metered) for one in sight.told]
    return replace(
        sight,
        answers=(tuple(answers),) * 4,
        told=tuple(told),
        package_bytes=(10**9, 60 * 10**9, 10**6),
        sources=((STORAGE, DP_1), (STORAGE, DP_2), (DP_2,)),
        content_pools=(pool, ((0, DP_2),)),
        update_pools=(((0, SUP_1), (120 * MINUTE, SUP_2)),) * 2,
    )


SIGHTS = [
    busy(SIGHTS[0]),
    busy(SIGHTS[1], metered=Metered.LIMIT),
    busy(SIGHTS[2], dead=(SUP_1, DP_1)),
    busy(SIGHTS[3], dead=(STORAGE,)),
    busy(SIGHTS[4], dead=(SUP_1, SUP_2)),
    busy(SIGHTS[5], metered=Metered.BLOCK),
    busy(SIGHTS[6], dead=(DP_1, DP_2, STORAGE)),
]
happenings = st.lists(
    st.tuples(
        st.sampled_from([7 * SECOND, 3 * MINUTE, INTERVAL_US, 59 * MINUTE + 1, 8 * HOUR, DAY]),
        st.one_of(
            st.sampled_from(SIGHTS).map(lambda landscape: ("behold", landscape)),
            st.tuples(st.integers(0, 3), st.sampled_from([ALL, ALL // 3])).map(lambda restart: ("restart", restart)),
        ),
    ),
    min_size=1,
    max_size=8,
)
seeds = st.integers(0, 2**63 - 1)


def happen(fleet, what):
    verb, argument = what
    fleet.behold(argument) if verb == "behold" else fleet.restart(*argument)


def conserved(fleet):
    series = fleet.series()
    ended = sum(series.total(count) for count in ENDS)
    return series.total(Count.ASKED) == ended + series.waiting


def gauges_are_true(fleet):
    roll, (*places, stranded, _) = fleet.roll(), fleet.series().clients[-1]
    connection = np.minimum(roll.connection, Connection.INTERNET)
    return [
        int((connection == which).sum()) for which in (Gauge.OFF, Gauge.INTRANET, Gauge.INTERNET)
    ] == places and stranded == fleet.stranded() == (roll.stranded_since_us != NEVER).sum()


@settings(max_examples=25)
@given(seeds, happenings)
def test_no_request_is_lost_or_counted_twice_and_gauges_tell_the_truth(seed, story):
    fleet = ReferenceFleet(clients(6, *PLANS, seed=seed), SIGHTS[0], seed)
    for wait_us, what in story:
        fleet.advance(fleet.now_us + wait_us)
        assert conserved(fleet)
        happen(fleet, what)
        assert conserved(fleet)
        assert gauges_are_true(fleet)
    series = fleet.series()
    ways, contacts = (table[..., : len(ENDS) + 1].sum() for table in (series.requests, series.by_contact))
    assert ways == contacts
    assert series.intervals == fleet.now_us // INTERVAL_US == len(series.clients) - 1


@settings(max_examples=15)
@given(seeds, happenings, st.lists(st.integers(1, 2 * HOUR), min_size=1, max_size=4))
def test_where_a_run_is_cut_makes_no_difference(seed, story, cuts):
    whole, parts = (ReferenceFleet(clients(4, *PLANS, seed=seed), SIGHTS[1], seed) for _ in range(2))
    for wait_us, what in story:
        until_us = whole.now_us + wait_us
        whole.advance(until_us)
        for cut_us in cuts:
            parts.advance(min(parts.now_us + cut_us, until_us))
        parts.advance(until_us)
        happen(whole, what)
        happen(parts, what)
    assert same(whole.roll(), parts.roll())
    assert same_series(whole.series(), parts.series())


@settings(max_examples=15)
@given(seeds, happenings, happenings)
def test_a_copy_lives_on_exactly_as_the_original(seed, before, after):
    fleet = ReferenceFleet(clients(4, *PLANS, seed=seed), SIGHTS[1], seed, watched=frozenset({1, 9}))
    for wait_us, what in before:
        fleet.advance(fleet.now_us + wait_us)
        happen(fleet, what)
    twin, frozen, written = deepcopy(fleet), fleet.roll(), len(fleet.diary.entries)
    for wait_us, what in after:
        twin.advance(twin.now_us + wait_us)
        happen(twin, what)
    assert len(fleet.diary.entries) == written
    assert same(fleet.roll(), frozen)  # what the copy does, the original does not feel
    for wait_us, what in after:
        fleet.advance(fleet.now_us + wait_us)
        happen(fleet, what)
    assert same(fleet.roll(), twin.roll())
    assert same_series(fleet.series(), twin.series())
    assert fleet.diary.entries == twin.diary.entries


@settings(max_examples=15)
@given(seeds, happenings, st.integers(0, 15))
def test_without_one_client_all_others_live_the_same_lives(seed, story, removed):
    everybody = clients(4, *PLANS, seed=seed)
    others = [uid for uid in range(len(everybody)) if uid != removed]
    full, less = ReferenceFleet(everybody, SIGHTS[0], seed), ReferenceFleet(everybody.only(others), SIGHTS[0], seed)
    for wait_us, what in story:
        for fleet in (full, less):
            fleet.advance(fleet.now_us + wait_us)
            happen(fleet, what)
    assert np.array_equal(full.roll().digest[others], less.roll().digest)
    assert np.array_equal(full.roll().stranded_total_us[others], less.roll().stranded_total_us)


@settings(max_examples=20)
@given(seeds, happenings)
def test_nobody_knows_what_was_never_published_to_it(seed, story):
    fleet = ReferenceFleet(clients(4, *PLANS, seed=seed), SIGHTS[0], seed)
    published = {SIGHTS[0].published[0]}
    for wait_us, what in story:
        fleet.advance(fleet.now_us + wait_us)
        assert set(fleet.roll().publication) <= published
        happen(fleet, what)
        published |= {what[1].published[0]} if what[0] == "behold" else set()


def test_what_is_due_exactly_at_the_end_has_not_happened_yet():
    fleet = lives(1, ON_INTERNET, sees([OLD]))
    fleet.advance(DAY)
    first_us = fleet.diary.entries[1].at_us
    cut = lives(1, ON_INTERNET, sees([OLD]))
    cut.advance(first_us)
    assert cut.series().total(Count.ASKED) == 0
    cut.advance(first_us + 1)
    assert cut.series().total(Count.ASKED) == 1
    assert cut.series().waiting == 1


def test_a_request_meets_the_landscape_in_force_when_it_arrives():
    key = int(clients(1, ON_INTERNET).key[0])
    phase_us = draw(1, key, PHASES[Activity.POLICY]) % HOUR
    arrives_us = phase_us + within(draw(1, key, OUT, 0), *HABITS.travel_us)
    for beheld_us, served in ((phase_us, 0), (arrives_us, 0), (arrives_us + 1, 1)):
        fleet = lives(1, ON_INTERNET, sees([OLD], cycle_us=52 * WEEK))
        fleet.advance(beheld_us)
        fleet.behold(sees(knows=[OLD]))
        fleet.behold(sees(knows=[OLD]))
        fleet.advance(phase_us + MINUTE)
        assert fleet.series().total(Count.SERVED) == served
        assert fleet.series().total(Count.UNANSWERED) == 1 - served


def test_a_location_answer_is_what_the_site_published_when_the_request_arrived():
    key = int(clients(1, ON_INTERNET).key[0])
    phase_us = draw(1, key, PHASES[Activity.LOCATION]) % HOUR
    arrives_us = phase_us + within(draw(1, key, OUT, 0), *HABITS.travel_us)
    for beheld_us, known in ((arrives_us, number(OLD, NEW)), (arrives_us + 1, number(OLD))):
        fleet = lives(1, ON_INTERNET, sees([OLD], cycle_us=HOUR, polling_us=10**6 * WEEK))
        fleet.advance(beheld_us)
        fleet.behold(sees([OLD, NEW], cycle_us=HOUR, polling_us=10**6 * WEEK))
        fleet.advance(phase_us + MINUTE)
        assert fleet.roll().located_us.tolist() == [phase_us]
        assert fleet.roll().publication.tolist() == [known]


def test_gauges_are_taken_before_what_happens_at_the_end_of_an_interval():
    fleet = lives(3, ON_INTERNET, sees([OLD]))
    fleet.advance(INTERVAL_US)
    fleet.behold(sees())
    fleet.advance(2 * INTERVAL_US)
    assert fleet.series().clients[:, Gauge.STRANDED].tolist() == [0, 3, 3]
    assert fleet.series().intervals == 2


def test_a_fleet_without_clients_lives_too():
    fleet: FleetEngine = ReferenceFleet(clients(0, ON_INTERNET), sees([OLD]), 1)
    fleet.advance(DAY)
    assert fleet.now_us == DAY
    assert fleet.knowing(frozenset({OLD})).all_clients == 0
    assert fleet.roll().digest.shape == (0,)


def test_both_the_fleets_seed_and_the_engines_decide():
    digests = set()
    for fleet_seed in (1, 2):
        for seed in (1, 2):
            fleet = ReferenceFleet(clients(3, ON_INTERNET, seed=fleet_seed), sees([OLD]), seed)
            fleet.advance(DAY)
            digests.add(tuple(fleet.roll().digest.tolist()))
    assert len(digests) == 4


def test_a_diary_tells_why_a_client_is_stranded():
    fleet = ReferenceFleet(clients(5, ON_INTERNET), sees([OLD]), 1, watched=frozenset({3}))
    fleet.advance(DAY)
    fleet.behold(sees([NEW]))
    fleet.advance(DAY + 3 * HOUR)
    table = told(fleet.diary, 3, sees([NEW]))
    assert {entry.uid for entry in fleet.diary.entries} == {3}
    assert table.columns == ("moment", "what", "contact", "detail")
    assert table[0][1:] == ("found its connection", "", "Currently Internet")
    stranded = table.column("what").index("became stranded")
    assert table[stranded] == ("day 2 00:00:00", "became stranded", "", "old.contoso.com/CCM_Proxy_MutualAuth/1")
    after = table[stranded + 1 :].column("what")
    assert set(after) == {"asked", "got no answer", "paused, all having failed"}
    assert after.count("got no answer") >= 5
