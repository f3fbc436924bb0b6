"""Fourteen days of outbound traffic, rolling."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.site.meters import INTERVAL_US, WINDOW_US, Meter
from cmgsim.units import DAY, HOUR


def test_traffic_counts_for_fourteen_days_and_then_no_more():
    meter = Meter()
    meter.add("east", 0, 100)
    meter.add("east", DAY, 20)
    meter.add("west", DAY, 3)
    assert meter.used_bytes("east", 13 * DAY) == 120
    assert meter.used_bytes("east", WINDOW_US - 1) == 120
    assert meter.used_bytes("east", WINDOW_US) == 20
    assert meter.used_bytes("east", 15 * DAY) == 0
    assert meter.used_bytes("west", 13 * DAY) == 3
    assert meter.used_bytes("north", 0) == 0


def test_time_of_traffic_only_goes_forward():
    meter = Meter()
    meter.add("east", HOUR, 1)
    meter.add("east", HOUR, 1)
    with pytest.raises(ValueError, match="east"):
        meter.add("east", 0, 1)
    assert meter.used_bytes("east", HOUR) == 2


@given(st.lists(st.tuples(st.integers(0, 6 * HOUR), st.integers(0, 10**12)), max_size=150))
def test_the_sum_is_that_of_the_intervals_in_the_window(steps):
    meter, all_of_it, now_us = Meter(), [], 0
    for gap_us, count_bytes in steps:
        now_us += gap_us * 10
        meter.add("east", now_us, count_bytes)
        all_of_it.append((now_us // INTERVAL_US * INTERVAL_US, count_bytes))
        expected = sum(count for start_us, count in all_of_it if start_us > now_us - WINDOW_US)
        assert meter.used_bytes("east", now_us) == expected
