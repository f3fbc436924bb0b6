"""Bins hold what they say, and quantiles are at most a 32nd too high."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.fleet.histogram import BINS, TOP_BITS, bin_of, bin_start, edges, quantile

TIMES = st.integers(0, 2**TOP_BITS - 1)


@given(TIMES)
def test_a_time_is_within_the_edges_of_its_bin(time_us: int) -> None:
    low, high = edges()[bin_of(time_us)], edges()[bin_of(time_us) + 1]
    assert low <= time_us < high
    assert high - low <= max(1, low // 32)


def test_what_is_longer_than_the_longest_is_in_the_last_bin() -> None:
    assert bin_of(2**60) == BINS - 1
    assert bin_start(BINS) == 2**TOP_BITS


@given(st.lists(TIMES, min_size=1, max_size=50), st.integers(0, 1_000_000))
def test_a_quantile_is_hardly_too_high_and_never_too_low(times_us: list[int], share_ppm: int) -> None:
    histogram = np.bincount([bin_of(time_us) for time_us in times_us], minlength=BINS)
    exact = sorted(times_us)[max(-(-len(times_us) * share_ppm // 1_000_000), 1) - 1]
    found = quantile(histogram, share_ppm)
    assert found is not None
    assert exact <= found <= exact + exact // 32


def test_an_empty_histogram_has_no_quantile() -> None:
    assert quantile(np.zeros(BINS, dtype=np.int64), 500_000) is None


def test_shares_beyond_all_are_refused() -> None:
    with pytest.raises(ValueError, match="a quantile of 1000001 ppm does not exist"):
        quantile(np.zeros(BINS, dtype=np.int64), 1_000_001)
