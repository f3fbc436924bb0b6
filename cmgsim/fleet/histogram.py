"""Log-linear histograms of microseconds: integers only, so that any order of adding, and of merging, gives the same.

Theory of operation: values below 32 have a bin each; above, every octave is cut into 32 bins of equal width. So a bin
is never wider than a 32nd of what it holds, and a quantile read from it is at most that much too high (the idea of
HdrHistogram, without its options).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cmgsim.units import PARTS_PER_MILLION

BITS = 5
"""Each octave is cut into 2**BITS bins."""
TOP_BITS = 40
"""The last bin also holds everything from 2**TOP_BITS us (thirteen days) on."""
BINS = (TOP_BITS - BITS + 1) << BITS
"""How many bins a histogram has."""


def bin_of(value_us: int) -> int:
    """Return the bin that holds a time of at least 0 us."""
    shift = max(value_us.bit_length() - 1 - BITS, 0)
    return min((shift << BITS) + (value_us >> shift), BINS - 1)


def edges() -> NDArray[np.int64]:
    """Return the lower edges of all bins and, at the end, the upper one of the last: (BINS + 1,) int64, in us."""
    low = [bin_start(number) for number in range(BINS + 1)]
    return np.array(low, dtype=np.int64)


def bin_start(number: int) -> int:
    """Return the least value (us) that a bin holds."""
    shift = max((number >> BITS) - 1, 0)
    return (number - (shift << BITS)) << shift


def quantile(histogram: NDArray[np.int64], share_ppm: int) -> int | None:
    """Return the greatest value (us) of the bin in which the quantile lies; None for an empty histogram.

    *histogram* has the shape (BINS,), *share_ppm* is 990_000 for the 99th percentile.

    Raises:
        ValueError: if the share is not within 0..1_000_000 ppm.
    """
    if not 0 <= share_ppm <= PARTS_PER_MILLION:
        raise ValueError(f"a quantile of {share_ppm} ppm does not exist: give 0 to {PARTS_PER_MILLION}")
    total = int(histogram.sum())
    if total == 0:
        return None
    rank = max(-(-total * share_ppm // PARTS_PER_MILLION), 1)
    number = int(np.searchsorted(np.cumsum(histogram), rank))
    return bin_start(number + 1) - 1
