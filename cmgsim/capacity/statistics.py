"""Statistics of few replications: intervals for means, differences and quantiles, and where a warm-up ends.

Theory of operation: a replication is a whole run with a seed of its own, so its figures are independent of those of
another; an interval is always one over replications, never over the requests of one run, which are not independent.
Student's t is worked out here (no SciPy is needed): its distribution is a regularised incomplete beta function, by the
continued fraction of Lentz ("Numerical Recipes", section 6.4), inverted by bisection.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

CONFIDENCE = 0.99
"""The confidence of every interval that is not said to be another."""
_TINY, _EPSILON = 1e-300, 1e-16


@dataclass(frozen=True)
class Interval:
    """A mean with its interval; infinite where there are too few values to say."""

    mean: float
    half_width: float
    count: int

    @property
    def low(self) -> float:
        """The lower end."""
        return self.mean - self.half_width

    @property
    def high(self) -> float:
        """The upper end."""
        return self.mean + self.half_width

    def excludes(self, value: float) -> bool:
        """Say whether a value is outside, so that the mean is known to differ from it."""
        return value < self.low or value > self.high


def mean_interval(values: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of independent values with its t-interval.

    Raises:
        ValueError: without any value.
    """
    if not values:
        raise ValueError("no values have no mean: give at least one replication")
    count, mean = len(values), math.fsum(values) / len(values)
    if count == 1 or not all(map(math.isfinite, values)):
        return Interval(mean, math.inf, count)
    variance = math.fsum((value - mean) ** 2 for value in values) / (count - 1)
    return Interval(mean, t_quantile((1 + confidence) / 2, count - 1) * math.sqrt(variance / count), count)


def paired_interval(first: Sequence[float], second: Sequence[float], confidence: float = CONFIDENCE) -> Interval:
    """Return the mean of second minus first with its interval; values of one seed belong together.

    Raises:
        ValueError: if there are not as many of one as of the other.
    """
    return mean_interval([other - one for one, other in zip(first, second, strict=True)], confidence)


def quantile_interval(
    values: Sequence[float], share: float, confidence: float = CONFIDENCE
) -> tuple[float, float] | None:
    """Return order statistics that hold a quantile of independent values with at least that confidence.

    None where there are too few values for any such pair. No distribution is assumed (binomial argument).
    """
    ordered, count = sorted(values), len(values)
    below = [math.comb(count, k) * share**k * (1 - share) ** (count - k) for k in range(count + 1)]
    tail = (1 - confidence) / 2
    low = max((k for k in range(count) if math.fsum(below[: k + 1]) <= tail), default=None)
    high = min((k for k in range(count) if math.fsum(below[k + 1 :]) <= tail), default=None)
    return None if low is None or high is None else (ordered[low], ordered[high])


def mser5(series: Sequence[float]) -> int:
    """Return how many leading values to leave out as warm-up, by the rule MSER-5 of White (1997).

    The series is cut into batches of five; the truncation with the smallest marginal standard error wins, never more
    than half of the series.
    """
    batches = [math.fsum(series[at : at + 5]) / 5 for at in range(0, len(series) // 5 * 5, 5)]
    best, best_error = 0, math.inf
    for cut in range(len(batches) // 2 + 1):
        rest = batches[cut:]
        mean = math.fsum(rest) / len(rest) if rest else 0.0
        error = math.fsum((value - mean) ** 2 for value in rest) / len(rest) ** 2 if rest else math.inf
        if error < best_error:
            best, best_error = cut, error
    return best * 5


@cache
def t_quantile(share: float, freedom: int) -> float:
    """Return the quantile of Student's t with that many degrees of freedom.

    Raises:
        ValueError: for a share that is not strictly between 0 and 1, or no degree of freedom.
    """
    if not 0 < share < 1 or freedom < 1:
        raise ValueError(f"Student's t has no quantile {share} with {freedom} degrees of freedom")
    if share < 0.5:
        return -t_quantile(1 - share, freedom)
    low, high = 0.0, 1.0
    while t_distribution(high, freedom) < share:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if t_distribution(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def t_distribution(value: float, freedom: int) -> float:
    """Return the share of Student's t below a value."""
    tail = _incomplete_beta(freedom / (freedom + value * value), freedom / 2, 0.5) / 2
    return 1 - tail if value > 0 else tail


def _incomplete_beta(at: float, first: float, second: float) -> float:
    """Return the regularised incomplete beta function."""
    if at <= 0 or at >= 1:
        return 0.0 if at <= 0 else 1.0
    scale = math.exp(
        math.lgamma(first + second)
        - math.lgamma(first)
        - math.lgamma(second)
        + first * math.log(at)
        + second * math.log1p(-at)
    )
    if at < (first + 1) / (first + second + 2):
        return scale * _fraction(at, first, second) / first
    return 1 - scale * _fraction(1 - at, second, first) / second


def _fraction(at: float, first: float, second: float) -> float:
    """Return the continued fraction of the incomplete beta function, by the modified method of Lentz."""
    upper, lower = 1.0, 1 / _away_from_zero(1 - (first + second) * at / (first + 1))
    value = lower
    for step in range(1, 500):
        for factor in _factors(step, at, first, second):
            lower = 1 / _away_from_zero(1 + factor * lower)
            upper = _away_from_zero(1 + factor / upper)
            value *= lower * upper
        if abs(lower * upper - 1) < _EPSILON:
            break
    return value


def _factors(step: int, at: float, first: float, second: float) -> tuple[float, float]:
    twice = first + 2 * step
    even = step * (second - step) * at / ((twice - 1) * twice)
    odd = -(first + step) * (first + second + step) * at / (twice * (twice + 1))
    return even, odd


def _away_from_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
