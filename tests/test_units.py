from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim import units
from cmgsim.units import DAY, HOUR, MINUTE, SECOND

decimals = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,7})?", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("24h", 24 * HOUR),
        ("1d 12h", 36 * HOUR),
        ("1d12h", 36 * HOUR),
        (" 90 s ", 90 * SECOND),
        ("90sec", 90 * SECOND),
        ("2m", 2 * MINUTE),
        ("2min", 2 * MINUTE),
        ("1.5h", 90 * MINUTE),
        ("2w", 14 * DAY),
        ("1ms 1us", 1001),
        ("0s", 0),
    ],
)
def test_durations_are_read(text: str, duration: int) -> None:
    assert units.duration_us(text) == duration


@given(st.integers(0, units.LONGEST_US))
def test_durations_survive_a_round_trip(duration: int) -> None:
    assert units.duration_us(units.format_duration(duration)) == duration


@given(st.timedeltas(timedelta(0), timedelta(days=300_000)))
def test_timedeltas_survive_a_round_trip(delta: timedelta) -> None:
    assert units.us_timedelta(units.timedelta_us(delta)) == delta
    assert units.duration_us(delta) == units.timedelta_us(delta)


@given(st.integers(1, units.LONGEST_US))
def test_negative_durations_are_written_with_a_sign(duration: int) -> None:
    assert units.format_duration(-duration) == f"-{units.format_duration(duration)}"


@given(st.integers(0, 10**18))
def test_sizes_survive_a_round_trip(size: int) -> None:
    assert units.size_bytes(units.format_size(size)) == size


@given(st.integers(0, 1_000_000))
def test_shares_survive_a_round_trip(share: int) -> None:
    assert units.share_ppm(units.format_share(share)) == share


@given(st.integers(0, 10**12))
def test_rates_survive_a_round_trip(rate: int) -> None:
    assert units.rate_per_day(units.format_rate(rate)) == rate


@given(st.integers(0, 24 * 60))
def test_times_of_day_survive_a_round_trip(minutes: int) -> None:
    assert units.time_of_day_us(units.format_time_of_day(minutes * MINUTE)) == minutes * MINUTE


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("250 MB", 250_000_000),
        ("4 GiB", 4 * 2**30),
        ("1KiB", 1024),
        ("1kB", 1000),
        ("1.5 GB", 1_500_000_000),
        ("7B", 7),
    ],
)
def test_sizes_are_decimal_or_binary_by_their_unit(text: str, size: int) -> None:
    assert units.size_bytes(text) == size


@pytest.mark.parametrize(("text", "share"), [("15%", 150_000), ("99.5 %", 995_000), ("0%", 0), ("100 %", 1_000_000)])
def test_shares_are_read(text: str, share: int) -> None:
    assert units.share_ppm(text) == share


@pytest.mark.parametrize(("text", "rate"), [("500/s", 43_200_000), ("2/h", 48), ("3 /d", 3), ("1/min", 1440)])
def test_rates_are_read(text: str, rate: int) -> None:
    assert units.rate_per_day(text) == rate


def test_the_largest_exact_unit_is_written() -> None:
    assert units.format_size(250_000_000) == "250 MB"
    assert units.format_size(250_000_001) == "250000001 B"
    assert units.format_rate(43_200_000) == "500/s"
    assert units.format_rate(48) == "2/h"
    assert units.format_share(995_000) == "99.5%"
    assert units.format_duration(36 * HOUR) == "1d 12h"


def test_moments_are_written_for_people() -> None:
    assert units.format_moment(0) == "day 1 00:00:00"
    assert units.format_moment(30 * HOUR + 30 * MINUTE + 999_999) == "day 2 06:30:00"


def test_python_scenarios_say_hours_days_and_minutes() -> None:
    assert (units.hours(6), units.days(2), units.minutes(1.5)) == (
        timedelta(hours=6),
        timedelta(days=2),
        timedelta(seconds=90),
    )


@pytest.mark.parametrize(
    ("read", "text", "says"),
    [
        (units.duration_us, "24", "a duration needs a unit: write '24s', '24min', '24h' or '24d'"),
        (units.duration_us, "", "an empty text is no duration: write it like '24h'"),
        (units.duration_us, "  ", "an empty text is no duration: write it like '24h'"),
        (units.duration_us, "soon", "'soon' is no duration: write it like '24h', '1d 12h' or '90s'"),
        (units.duration_us, "-5h", "'-5h' is no duration: write it like '24h', '1d 12h' or '90s'"),
        (units.duration_us, "-5", "'-5' is no duration: write it like '24h', '1d 12h' or '90s'"),
        (units.duration_us, "1d, 2h", "'1d, 2h' is no duration"),
        (units.duration_us, "3 months", "'3 months' has the unknown unit 'months': use ms, s, min, h, d or w"),
        (units.duration_us, "1e5", "'1e5' has the unknown unit 'e': use ms, s, min, h, d or w"),
        (units.duration_us, "0.1us", "'0.1us' is finer than a microsecond"),
        (units.duration_us, "400000d", "'400000d' is longer than a thousand years"),
        (units.size_bytes, "250", "a size needs a unit: write '250 MB', '250 GB' or '250 GiB'"),
        (units.size_bytes, "250 mb", "'250 mb' has the unknown unit 'mb': use B, kB, MB, GB, TB, PB, KiB, MiB"),
        (units.size_bytes, "0.5 B", "'0.5 B' is finer than a byte"),
        (units.size_bytes, "much", "'much' is not a size: write it like '250 MB' or '4 GiB'"),
        (units.share_ppm, "15", "a percentage needs its sign: write '15%'"),
        (units.share_ppm, "0.15", "a percentage needs its sign: write '15.00%'"),
        (units.share_ppm, "101%", "'101%' is more than 100 %"),
        (units.share_ppm, "150", "'150' is more than 100 %"),
        (units.share_ppm, "0.00001%", "'0.00001%' is finer than a millionth"),
        (units.share_ppm, "half", "'half' is not a percentage: write it like '15%' or '99.5 %'"),
        (units.rate_per_day, "500", "a rate needs its unit of time: write '500/s', '500/min', '500/h' or '500/d'"),
        (units.rate_per_day, "500/w", "a rate needs its unit of time"),
        (units.rate_per_day, "0.5/d", "'0.5/d' is finer than one event a day"),
        (units.rate_per_day, "often", "'often' is not a rate: write it like '500/s' or '2/h'"),
        (units.time_of_day_us, "24:01", "'24:01' is no time of day: write it like '08:30'"),
        (units.time_of_day_us, "8.30", "'8.30' is no time of day: write it like '08:30'"),
        (units.time_of_day_us, "08:60", "'08:60' is no time of day: write it like '08:30'"),
    ],
)
def test_what_is_refused_is_refused_with_a_remedy(read: Callable[[str], int], text: str, says: str) -> None:
    with pytest.raises(ValueError, match=re.escape(says)):
        read(text)


@given(decimals, st.sampled_from([units.duration_us, units.size_bytes, units.share_ppm, units.rate_per_day]))
def test_a_bare_number_is_refused_and_what_is_proposed_differs_by_its_unit_only(
    number: str, read: Callable[[str], int]
) -> None:
    with pytest.raises(ValueError, match=r"write|more than") as refusal:
        read(number)
    for proposal in re.findall(r"'([^']+)'", str(refusal.value).partition("write")[2]):
        assert is_read_or_too_fine(read, proposal)


def is_read_or_too_fine(read: Callable[[str], int], text: str) -> bool:
    try:
        return read(text) >= 0
    except ValueError as refusal:
        return "finer than" in str(refusal)
