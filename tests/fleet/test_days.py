from datetime import date

from hand_made import LAPTOPS, MONDAY, ON_INTERNET, ROAMERS
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.design.clients import DayPlan
from cmgsim.draws import mix
from cmgsim.fleet.days import Place, moves, next_move, place_at, timetable
from cmgsim.units import DAY, HOUR, MINUTE


def plan(**fields: object) -> DayPlan:
    return DayPlan.model_validate({"work": "09:00-17:00", "jitter": "0s", **fields})


def places(compiled, day, clients=4000):
    """Where many clients are at noon of a local day, as counts."""
    found = [place_at(mix(7, uid), compiled, day * DAY + 12 * HOUR) for uid in range(clients)]
    return {place: found.count(place) for place in Place}


def z_score(found, clients, share):
    return (found - clients * share) / (clients * share * (1 - share)) ** 0.5


durations = st.sampled_from(["0s", "20min", "2h", "12h"])
shares = st.sampled_from(["0%", "30%", "100%"])
spans = st.tuples(st.integers(0, 23), st.integers(1, 24)).filter(lambda ends: ends[0] < ends[1])
absences = st.sampled_from([None, {"share": "5%", "lasting": "3d..21d"}, {"share": "50%", "lasting": "2h"}])


@st.composite
def day_plans(draw):
    def span() -> str:
        begin, end = draw(spans)
        return f"{begin:02}:00-{end:02}:00"

    return DayPlan.model_validate(
        {
            "utc_offset": draw(st.sampled_from(["UTC", "UTC-11:00", "UTC+05:30", "UTC+14:00"])),
            "work": span(),
            "jitter": draw(durations),
            "remote": draw(shares),
            "vpn": draw(shares),
            "outside_work": draw(st.sampled_from(["off", "stays_on"])),
            "evening": {"share": draw(shares), "hours": span()},
            "weekend": {"share": draw(shares), "hours": span()},
            "vacation": draw(absences),
            "powered_off": draw(absences),
        }
    )


@given(day_plans(), st.integers(0, 2**64 - 1), st.integers(-3, 60))
def test_a_days_moves_rise_within_the_day_and_are_always_the_same(design_plan, key, day):
    compiled = timetable(design_plan, MONDAY)
    found = moves(key, compiled, day)
    at = [moved_us for moved_us, _ in found]
    assert at == sorted(set(at))
    begin = day * DAY - compiled.offset_us
    assert all(begin <= moved_us < begin + DAY for moved_us in at)
    assert moves(key, compiled, day) == found


@given(day_plans(), st.integers(0, 2**64 - 1))
def test_walking_from_move_to_move_gives_the_place_at_every_moment(design_plan, key):
    compiled = timetable(design_plan, MONDAY)
    now, place = 0, place_at(key, compiled, 0)
    for _ in range(12):
        move = next_move(key, compiled, now)
        assert move is not None
        assert move[0] > now
        assert place_at(key, compiled, move[0] - 1) is place
        now, place = move
        assert place_at(key, compiled, now) is place


def test_whoever_is_always_somewhere_never_moves():
    compiled = timetable(ON_INTERNET, MONDAY)
    assert moves(1, compiled, 0) == ()
    assert next_move(1, compiled, 0) is None
    assert place_at(1, compiled, 99 * DAY) is Place.INTERNET


def test_a_working_day_begins_and_ends_on_the_intranet_and_the_weekend_is_off():
    compiled = timetable(plan(), MONDAY)
    assert moves(1, compiled, 4) == ((4 * DAY + 9 * HOUR, Place.INTRANET), (4 * DAY + 17 * HOUR, Place.OFF))
    assert moves(1, compiled, 5) == moves(1, compiled, 6) == ()
    assert place_at(1, compiled, 5 * DAY) is Place.OFF


def test_the_weekday_is_the_one_of_the_designs_start():
    assert moves(1, timetable(plan(), date(2019, 8, 3)), 0) == ()  # a Saturday
    assert moves(1, timetable(plan(), date(2019, 8, 3)), 2) != ()


def test_local_time_is_what_counts():
    new_york, delhi = (timetable(plan(utc_offset=offset), MONDAY) for offset in ("UTC-05:00", "UTC+05:30"))
    assert moves(1, new_york, 0)[0] == (14 * HOUR, Place.INTRANET)
    assert moves(1, delhi, 0)[0] == (3 * HOUR + 30 * MINUTE, Place.INTRANET)
    assert place_at(1, new_york, 0) is Place.OFF  # Sunday evening there
    kiribati = timetable(plan(utc_offset="UTC+14:00"), MONDAY)
    assert place_at(1, kiribati, 0) is Place.INTRANET  # 14:00 of the Monday there, by what the same day brought


def test_a_laptop_that_stays_on_stays_where_it_was_used_last():
    compiled = timetable(plan(remote="100%", outside_work="stays_on"), MONDAY)
    assert place_at(1, compiled, 6 * DAY) is Place.INTERNET
    assert place_at(1, compiled, 0) is Place.INTERNET  # the Friday before


def test_the_evening_begins_when_work_has_ended():
    late = timetable(plan(evening={"share": "100%", "hours": "16:00-20:00"}), MONDAY)
    assert moves(1, late, 0) == (
        (9 * HOUR, Place.INTRANET),
        (17 * HOUR, Place.INTERNET),
        (20 * HOUR, Place.OFF),
    )


def test_jitter_is_spread_evenly_to_both_sides():
    compiled = timetable(plan(jitter="20min"), MONDAY)
    begins = [moves(mix(3, uid), compiled, 0)[0][0] - 9 * HOUR for uid in range(2000)]
    assert -20 * MINUTE <= min(begins) < -19 * MINUTE
    assert 19 * MINUTE < max(begins) <= 20 * MINUTE
    assert abs(z_score(sum(begin < 0 for begin in begins), 2000, 0.5)) < 3.29


def test_shares_of_remote_days_and_of_vpn_are_met():
    compiled = timetable(plan(remote="40%", vpn="25%"), MONDAY)
    counts = {place: sum(places(compiled, day)[place] for day in range(3)) for place in Place}
    assert abs(z_score(counts[Place.INTRANET], 12000, 0.6)) < 3.29
    assert abs(z_score(counts[Place.VPN], 12000, 0.1)) < 3.29
    assert abs(z_score(counts[Place.INTERNET], 12000, 0.3)) < 3.29


def test_the_share_of_weekends_is_met():
    counts = places(timetable(plan(weekend={"share": "30%", "hours": "10:00-14:00"}), MONDAY), 5)
    assert abs(z_score(counts[Place.INTERNET], 4000, 0.3)) < 3.29


def test_every_day_has_the_same_share_of_vacations():
    compiled = timetable(plan(vacation={"share": "12%", "lasting": "3d..21d"}), MONDAY)
    away = [places(compiled, day)[Place.OFF] for day in (0, 1, 9, 10, 24, 52)]  # working days
    assert all(abs(z_score(count, 4000, 0.12)) < 3.29 for count in away), away


def test_half_of_all_time_away_is_possible_whatever_the_length():
    for lasting in ("1d", "1d..3d", "2h..30d", "10d..11d"):
        compiled = timetable(plan(powered_off={"share": "50%", "lasting": lasting}), MONDAY)
        assert abs(z_score(places(compiled, 8)[Place.OFF], 4000, 0.5)) < 3.29, lasting


def test_spells_are_as_long_as_they_are_said_to_be():
    compiled = timetable(
        plan(weekend={"share": "100%", "hours": "09:00-17:00"}, vacation={"share": "1%", "lasting": "3d..5d"}), MONDAY
    )
    lengths = set()
    for uid in range(1000):
        away = [place_at(mix(9, uid), compiled, day * DAY + 12 * HOUR) is Place.OFF for day in range(40)]
        spells = "".join("x" if one else "." for one in away).strip("x").split(".")
        lengths |= {len(spell) for spell in spells if spell}
    assert {3, 4, 5} <= lengths
    assert max(lengths) <= 10  # two may touch


def test_whoever_comes_back_from_a_spell_is_off_until_it_is_used():
    compiled = timetable(plan(outside_work="stays_on", vacation={"share": "50%", "lasting": "1d"}), MONDAY)
    key = next(mix(5, uid) for uid in range(99) if place_at(mix(5, uid), compiled, DAY) is Place.OFF)
    assert place_at(key, compiled, DAY + 12 * HOUR) is Place.OFF


def test_the_plans_other_tests_use_do_bring_clients_everywhere():
    for design_plan in (ROAMERS, LAPTOPS):
        found = places(timetable(design_plan, MONDAY), 1, 200)
        assert found[Place.INTRANET] > 0
        assert found[Place.INTERNET] > 0
