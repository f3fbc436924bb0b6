"""What a sizing aims at: ``p99(policy) < 2s``, ``p95 < 800ms``, ``refused < 0.1%``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from cmgsim.errors import UsageError, nearest
from cmgsim.site.client import Activity
from cmgsim.units import PARTS_PER_MILLION, duration_us, format_duration, format_share, share_ppm

_FORM = re.compile(
    r"\s*(?P<what>[a-z]+)(?P<rank>[0-9.]*)\s*(?:\(\s*(?P<of>[a-z_ ]*?)\s*\))?\s*(?P<sign><=?)\s*(?P<bound>.+?)\s*"
)
_EXAMPLES = (
    "write it like 'p99(policy) < 2s', 'p95 < 800ms', 'mean(location) < 1s', 'refused < 0.1%' or 'busy(vm) < 80%'"
)
KINDS = {activity.name.lower(): activity for activity in Activity if activity is not Activity.DOWNLOAD}
"""Kinds of request that can be bounded: downloads come from Azure storage and pass no VM."""
PARTS = ("vm", "connection_point", "management_point", "update_point")


class Aim(Enum):
    """What is bounded."""

    QUANTILE = "p"
    MEAN = "mean"
    REFUSED = "refused"
    BUSY = "busy"


@dataclass(frozen=True)
class Target:
    """A bound on one figure of the busiest hour.

    ``bound`` is in microseconds for times, else in parts per million; ``share`` is the quantile in parts per million;
    ``kind`` is the kind of request, None for all; ``part`` is what must not be busier.
    """

    aim: Aim
    bound: int
    share: int = 0
    kind: Activity | None = None
    part: str = ""

    def __str__(self) -> str:
        rank = format_share(self.share).removesuffix("%") if self.aim is Aim.QUANTILE else ""
        of = self.part or (self.kind.name.lower() if self.kind is not None else "")
        bound = format_duration(self.bound) if self.aim in _TIMES else format_share(self.bound)
        return f"{self.aim.value}{rank}{f'({of})' if of else ''} < {bound}"

    def describe(self, value: float) -> str:
        """Write a value of the figure that is bounded, as the bound is written."""
        return seconds(value) if self.aim in _TIMES else f"{value / 10_000:.1f} %"


_TIMES = (Aim.QUANTILE, Aim.MEAN)
DEFAULT = Target(Aim.QUANTILE, 10_000_000, 990_000, Activity.POLICY)
"""Ninety-nine in a hundred policy requests answered within ten seconds."""


def read_target(text: str) -> Target:
    """Read a target as users write it.

    Raises:
        UsageError: if it is none; the message says what to write.
    """
    match = _FORM.fullmatch(text.lower())
    if match is None:
        raise UsageError(f"{text!r} is no target: {_EXAMPLES}")
    if match["sign"] != "<":
        raise UsageError(f"{text!r}: write '<', since figures with an interval never just reach a bound")
    aim = next((aim for aim in Aim if aim.value == match["what"]), None)
    if aim is None or bool(match["rank"]) != (aim is Aim.QUANTILE):
        known = [f"{aim.value}99" if aim is Aim.QUANTILE else aim.value for aim in Aim]
        raise UsageError(f"{text!r} bounds nothing known{nearest(match['what'] + match['rank'], known)}; {_EXAMPLES}")
    kind, part = _of(text, aim, match["of"] or "")
    return Target(aim, _bound(text, aim, match["bound"]), _share(text, aim, match["rank"]), kind, part)


def _of(text: str, aim: Aim, of: str) -> tuple[Activity | None, str]:
    """Read what stands in brackets: a kind of request, or for *busy* a part."""
    known: tuple[str, ...] = PARTS if aim is Aim.BUSY else tuple(KINDS) if aim in _TIMES else ()
    word = of.replace(" ", "_")
    if not word and aim is not Aim.BUSY:
        return None, ""
    if word not in known:
        what = "part" if aim is Aim.BUSY else "kind of request"
        hint = nearest(word, known) if known else "; it takes none"
        raise UsageError(f"{text!r} names no {what} in brackets: {of!r}{hint}")
    return (None, word) if aim is Aim.BUSY else (KINDS[word], "")


def _share(text: str, aim: Aim, rank: str) -> int:
    if aim is not Aim.QUANTILE:
        return 0
    share = share_ppm(f"{rank}%") if re.fullmatch(r"[0-9]{1,2}(\.[0-9]{1,2})?", rank) else 0
    if not 0 < share < PARTS_PER_MILLION:
        raise UsageError(f"{text!r} asks for the quantile p{rank}: write one between p1 and p99.99")
    return share


def _bound(text: str, aim: Aim, bound: str) -> int:
    try:
        value = duration_us(bound) if aim in _TIMES else share_ppm(bound)
    except ValueError as error:
        raise UsageError(f"the bound of {text!r} cannot be read: {error}") from None
    if value == 0:
        raise UsageError(f"{text!r} can never hold: nothing is below {bound}")
    return value


def seconds(value: float) -> str:
    """Write microseconds for people: ``840 ms``, ``2.31 s``."""
    if value == float("inf"):
        return "without end"
    return f"{value / 1_000:.0f} ms" if value < 1_000_000 else f"{value / 1_000_000:.2f} s"
