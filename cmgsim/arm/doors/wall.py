"""The clock on the wall: the one place in this room that reads it, for servers, which live among real clients."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wall:
    """Two readings of the wall's clock, in seconds: ``elapsed_s`` only grows, ``epoch_s`` counts since 1970."""

    elapsed_s: Callable[[], float] = time.monotonic
    # Real clients judge the age of their tokens by this clock, whatever the simulated time is.
    epoch_s: Callable[[], float] = time.time  # noqa: TID251
