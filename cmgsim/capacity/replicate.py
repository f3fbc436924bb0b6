"""As many replications as an answer takes, and no more.

Theory of operation: values of replication 0, 1, 2, ... are asked for one by one until the interval of their mean lies
on one side of a bound, or is so narrow that the side no longer matters, or the most replications are done.

Who looks several times errs more often than who looks once, so the error is spent over the looks: with 1 % of error in
all and six looks (after 3, 4, ... 8 replications) each interval is one of 1 - 1 % / 6. By Bonferroni's inequality all
of them together hold the mean with at least 99 %, so the last one does, wherever it stopped, and a side is wrong in
less than one case in a hundred. Source: C. Jennison and B. Turnbull, "Group Sequential Methods" (2000), chapter 2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from cmgsim.capacity.statistics import CONFIDENCE, Interval, mean_interval

FEWEST, MOST = 3, 8
"""Replications that are always done, and that are never exceeded."""
NARROW = 0.05
"""An interval is narrow whose half is less than this share of the bound."""


class Side(Enum):
    """On which side of a bound a mean lies."""

    BELOW = "below"
    ABOVE = "above"
    UNDECIDED = "too close to call"


@dataclass(frozen=True)
class Decided:
    """Where a mean lies, with the replications that say so."""

    side: Side
    interval: Interval
    values: tuple[float, ...]


def replicate_until(value_of: Callable[[int], float], bound: float, fewest: int = FEWEST, most: int = MOST) -> Decided:
    """Ask for the value of each replication until it is clear on which side of *bound* their mean lies.

    The interval that is returned holds the mean with 99 %, however many replications it took.
    """
    each_look = 1 - (1 - CONFIDENCE) / (most - fewest + 1)
    values: list[float] = []
    while True:
        values.append(value_of(len(values)))
        if len(values) < fewest:
            continue
        interval = mean_interval(values, each_look)
        side = side_of(interval, bound)
        if side is not Side.UNDECIDED or len(values) >= most or interval.half_width < NARROW * bound:
            return Decided(side, interval, tuple(values))


def side_of(interval: Interval, bound: float) -> Side:
    """Say on which side of a bound an interval lies."""
    if interval.high < bound:
        return Side.BELOW
    return Side.ABOVE if interval.low >= bound else Side.UNDECIDED


def smallest(holds: Callable[[int], bool], low: int, high: int) -> int | None:
    """Return the smallest number of low..high for which something holds that goes on holding; None if it never does.

    Asks about at most the logarithm of the range.
    """
    if low > high or not holds(high):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low
