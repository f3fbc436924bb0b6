"""Looking several times must not make a sizing err more often than it says."""

from __future__ import annotations

import numpy as np
import pytest

from cmgsim.capacity.replicate import FEWEST, MOST, NARROW, Side, replicate_until
from cmgsim.capacity.statistics import mean_interval

STUDIES = 3_000
MEAN = 100.0


def studies(deviation: float, bound: float):
    """Return many sequential studies of normal values about :data:`MEAN`, at a fixed seed."""
    values = np.random.Generator(np.random.PCG64(20_260)).normal(MEAN, deviation, (STUDIES, MOST))
    return [replicate_until(row.__getitem__, bound) for row in values], values


@pytest.mark.parametrize("deviation", [5.0, 30.0, 80.0])
def test_a_mean_that_is_the_bound_is_called_wrongly_in_less_than_one_case_in_a_hundred(deviation):
    decided, _ = studies(deviation, MEAN)
    wrong = sum(one.side is not Side.UNDECIDED for one in decided)
    assert wrong < 0.01 * STUDIES


def test_without_spending_the_error_over_the_looks_it_would_be_more():
    """What the sequential rule guards against: the same looks, each at 99 %."""
    _, values = studies(30.0, MEAN)
    looks = range(FEWEST, MOST + 1)
    naive = sum(any(mean_interval(list(row[:count])).excludes(MEAN) for count in looks) for row in values)
    assert naive > 0.02 * STUDIES


@pytest.mark.parametrize("bound", [101.0, 110.0, 150.0])
def test_the_last_interval_holds_the_mean_wherever_it_stopped(bound):
    decided, _ = studies(10.0, bound)
    held = sum(not one.interval.excludes(MEAN) for one in decided)
    assert held >= 0.99 * STUDIES
    assert {one.interval.count for one in decided} <= set(range(FEWEST, MOST + 1))


def test_it_is_over_early_where_the_side_is_clear_or_does_not_matter():
    clear, _ = studies(1.0, 3 * MEAN)
    assert all(one.side is Side.BELOW and one.interval.count == FEWEST for one in clear)
    near, _ = studies(0.3, MEAN)
    assert all(one.interval.half_width < NARROW * MEAN for one in near if one.side is Side.UNDECIDED)
    assert sum(one.interval.count for one in near) < 4 * STUDIES
