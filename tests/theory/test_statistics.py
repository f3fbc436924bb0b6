"""Intervals of few replications: against SciPy, against coverage, and in words."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.capacity.replicate import Side, replicate_until, smallest
from cmgsim.capacity.statistics import mean_interval, mser5, paired_interval, quantile_interval, t_quantile
from cmgsim.draws import draw, stream

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20)


@pytest.mark.parametrize("freedom", [1, 2, 4, 9, 30, 200])
@pytest.mark.parametrize("share", [0.6, 0.95, 0.995, 0.9995])
def test_students_t_is_scipys(freedom, share):
    stats = pytest.importorskip("scipy.stats")
    assert t_quantile(share, freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=1e-8)
    assert t_quantile(1 - share, freedom) == pytest.approx(-t_quantile(share, freedom), rel=1e-7)


@pytest.mark.parametrize(("share", "freedom"), [(0.0, 3), (1.0, 3), (0.5, 0)])
def test_impossible_quantiles_are_refused(share, freedom):
    with pytest.raises(ValueError, match="no quantile"):
        t_quantile(share, freedom)


def test_an_interval_of_known_values():
    interval = mean_interval([1.0, 2.0, 3.0, 4.0], confidence=0.95)
    assert (interval.mean, interval.count) == (2.5, 4)
    assert interval.half_width == pytest.approx(3.182446 * math.sqrt(5 / 3 / 4), rel=1e-6)
    assert interval.excludes(5.0)
    assert not interval.excludes(2.0)


def test_one_value_says_nothing_of_its_neighbours():
    assert mean_interval([3.0]).half_width == math.inf
    with pytest.raises(ValueError, match="no values"):
        mean_interval([])


@given(VALUES, st.floats(-100, 100))
def test_a_constant_difference_is_found_without_noise(values, difference):
    interval = paired_interval(values, [value + difference for value in values])
    assert interval.mean == pytest.approx(difference, abs=1e-6)
    assert interval.half_width < 1e-3


def test_ninety_nine_intervals_in_a_hundred_hold_the_mean():
    """1,000 intervals of 8 uniform values each; between 975 and 1,000 hold 1/2 but for one in a thousand times."""
    held = 0
    for interval in range(1_000):
        bits = (draw(1, interval, stream("test.statistics"), value) for value in range(8))
        held += not mean_interval([one / 2**64 for one in bits]).excludes(0.5)
    assert held >= 975


def test_order_statistics_hold_a_quantile():
    values = [float(value) for value in range(100)]
    low, high = quantile_interval(values, 0.5, 0.95)
    assert (low, high) == (39.0, 60.0)
    assert quantile_interval(values[:5], 0.99) is None


def test_a_warm_up_is_found_and_a_steady_series_has_none():
    transient = [100.0 * math.exp(-step / 10) for step in range(200)]
    noise = [(draw(1, step, stream("test.mser")) / 2**64 - 0.5) for step in range(200)]
    assert 20 <= mser5([sum(pair) for pair in zip(transient, noise, strict=True)]) <= 100
    assert mser5(noise) <= 60
    assert mser5([1.0, 2.0]) == 0


class TestReplications:
    def test_they_stop_as_soon_as_the_side_is_clear(self):
        asked = []
        decided = replicate_until(lambda one: asked.append(one) or 1.0 + one / 1000, bound=2.0)
        assert decided.side is Side.BELOW
        assert asked == [0, 1, 2]

    def test_they_go_on_while_it_is_not(self):
        values = [1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 1.0, 3.0]
        decided = replicate_until(values.__getitem__, bound=2.0, most=8)
        assert decided.side is Side.UNDECIDED
        assert decided.values == tuple(values)

    def test_they_stop_where_the_side_no_longer_matters(self):
        decided = replicate_until(lambda one: 100.0 + (-1) ** one * 0.1, bound=100.0)
        assert len(decided.values) < 8


@given(st.integers(1, 300), st.integers(1, 300))
def test_the_smallest_number_is_found_in_few_questions(threshold, high):
    asked = []
    found = smallest(lambda number: asked.append(number) or number >= threshold, 1, high)
    assert found == (threshold if threshold <= high else None)
    assert len(asked) <= 2 + math.ceil(math.log2(high + 1))
