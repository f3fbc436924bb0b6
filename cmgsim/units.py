"""Quantities as people write them, and as the simulator counts them.

Outside: ``"24h"``, ``"250 MB"``, ``"99.5 %"``, ``"500/s"``, ``"08:30"``. Inside: integers only; microseconds, bytes,
parts per million. This file is the only place where one becomes the other.

A bare number is refused wherever a unit is needed: 24 hours and 24 seconds are too far apart to guess.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

PARTS_PER_MILLION = 1_000_000
MILLISECOND = 1_000
SECOND = 1_000 * MILLISECOND
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY

DURATION_UNITS = {
    "us": 1,
    "ms": MILLISECOND,
    "s": SECOND,
    "sec": SECOND,
    "m": MINUTE,
    "min": MINUTE,
    "h": HOUR,
    "d": DAY,
    "w": WEEK,
}
SIZE_UNITS = {
    "B": 1,
    **{unit: 1000**power for power, unit in enumerate(("kB", "MB", "GB", "TB", "PB"), start=1)},
    **{unit: 1024**power for power, unit in enumerate(("KiB", "MiB", "GiB", "TiB", "PiB"), start=1)},
}
RATE_UNITS = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}

_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_DURATION_PART = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)")
_AMOUNT = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z%/]*)\s*")
_TIME_OF_DAY = re.compile(r"([0-2]?[0-9]):([0-5][0-9])")
#: One millennium: far beyond any plan, far within what 64 bits of microseconds hold.
LONGEST_US = 365_250 * DAY


def duration_us(text: str | timedelta) -> int:
    """Read a duration such as ``"24h"``, ``"1d 12h"`` or ``"90s"`` into microseconds.

    Raises:
        ValueError: for a bare number, an unknown unit, or what is no duration at all; the message says what to write.
    """
    if isinstance(text, timedelta):
        return timedelta_us(text)
    stripped = text.strip()
    if _NUMBER.fullmatch(stripped):
        raise ValueError(
            f"a duration needs a unit: write '{stripped}s', '{stripped}min', '{stripped}h' or '{stripped}d'"
        )
    total, position = Decimal(0), 0
    while position < len(stripped):
        part = _DURATION_PART.match(stripped, position)
        if part is None:
            raise ValueError(f"{text!r} is no duration: write it like '24h', '1d 12h' or '90s'")
        number, unit = part.groups()
        if unit not in DURATION_UNITS:
            raise ValueError(f"{text!r} has the unknown unit {unit!r}: use ms, s, min, h, d or w")
        total += Decimal(number) * DURATION_UNITS[unit]
        position = part.end()
    if not stripped:
        raise ValueError("an empty text is no duration: write it like '24h'")
    if total != int(total):
        raise ValueError(f"{text!r} is finer than a microsecond")
    if total > LONGEST_US:
        raise ValueError(f"{text!r} is longer than a thousand years")
    return int(total)


def timedelta_us(delta: timedelta) -> int:
    """Return a timedelta in microseconds, exactly."""
    return (delta.days * 86_400 + delta.seconds) * SECOND + delta.microseconds


def us_timedelta(duration: int) -> timedelta:
    """Return microseconds as a timedelta, exactly."""
    return timedelta(microseconds=duration)


def format_duration(duration: int) -> str:
    """Write microseconds as :func:`duration_us` reads them: ``"1d 12h"``; nothing is rounded.

    A negative duration, which no document can hold, gets a minus sign.
    """
    if duration == 0:
        return "0s"
    sign, rest, parts = ("-" if duration < 0 else ""), abs(duration), []
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", MILLISECOND), ("us", 1)):
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return sign + " ".join(parts)


def format_moment(moment: int) -> str:
    """Write a moment of simulated time for people, down to the second: ``"day 2 06:30:00"`` (day 1 is the first)."""
    days, rest = divmod(moment, DAY)
    hours_, rest = divmod(rest, HOUR)
    minutes_, rest = divmod(rest, MINUTE)
    return f"day {days + 1} {hours_:02}:{minutes_:02}:{rest // SECOND:02}"


def hours(count: float) -> timedelta:
    """Return *count* hours as a timedelta, for Python scenarios: ``world.run(hours(6))``."""
    return timedelta(hours=count)


def days(count: float) -> timedelta:
    """Return *count* days as a timedelta."""
    return timedelta(days=count)


def minutes(count: float) -> timedelta:
    """Return *count* minutes as a timedelta."""
    return timedelta(minutes=count)


def size_bytes(text: str) -> int:
    """Read a size such as ``"250 MB"`` (decimal) or ``"4 GiB"`` (binary) into bytes.

    Raises:
        ValueError: for a bare number, an unknown unit or a fraction of a byte.
    """
    amount, unit = _amount(text, "a size", "write it like '250 MB' or '4 GiB'")
    if not unit:
        raise ValueError(f"a size needs a unit: write '{amount:f} MB', '{amount:f} GB' or '{amount:f} GiB'")
    if unit not in SIZE_UNITS:
        raise ValueError(
            f"{text!r} has the unknown unit {unit!r}: use B, kB, MB, GB, TB, PB, KiB, MiB, GiB, TiB or PiB"
        )
    return _whole(amount * SIZE_UNITS[unit], text, "a byte")


def format_size(size: int) -> str:
    """Write bytes as :func:`size_bytes` reads them, in the largest decimal unit that is exact."""
    for unit in ("PB", "TB", "GB", "MB", "kB"):
        if size and size % SIZE_UNITS[unit] == 0:
            return f"{size // SIZE_UNITS[unit]} {unit}"
    return f"{size} B"


def share_ppm(text: str) -> int:
    """Read a percentage such as ``"99.5 %"`` into parts per million.

    Raises:
        ValueError: without the percent sign, outside 0..100 %, or finer than a millionth.
    """
    amount, unit = _amount(text, "a percentage", "write it like '15%' or '99.5 %'")
    if amount > 100:
        raise ValueError(f"{text!r} is more than 100 %")
    if unit != "%":
        remedy = f"{amount * 100:f}%" if amount <= 1 else f"{amount:f}%"
        raise ValueError(f"a percentage needs its sign: write '{remedy}'")
    return _whole(amount * 10_000, text, "a millionth")


def format_share(share: int) -> str:
    """Write parts per million as :func:`share_ppm` reads them: ``"99.5%"``."""
    whole, rest = divmod(share, 10_000)
    return f"{whole}.{rest:04}".rstrip("0").rstrip(".") + "%"


def rate_per_day(text: str) -> int:
    """Read a rate such as ``"500/s"`` or ``"2/h"`` into events a day.

    Raises:
        ValueError: without its unit of time, or if it is no whole number of events a day.
    """
    amount, unit = _amount(text, "a rate", "write it like '500/s' or '2/h'")
    if unit.startswith("/") and unit[1:] in RATE_UNITS:
        return _whole(amount * (DAY // RATE_UNITS[unit[1:]]), text, "one event a day")
    raise ValueError(
        f"a rate needs its unit of time: write '{amount:f}/s', '{amount:f}/min', '{amount:f}/h' or '{amount:f}/d'"
    )


def format_rate(rate: int) -> str:
    """Write events a day as :func:`rate_per_day` reads them, in the shortest unit that is exact."""
    for unit, length in RATE_UNITS.items():
        if rate and rate % (DAY // length) == 0:
            return f"{rate // (DAY // length)}/{unit}"
    return f"{rate}/d"


def time_of_day_us(text: str) -> int:
    """Read a time of day such as ``"08:30"`` (to ``"24:00"``) into microseconds after midnight.

    Raises:
        ValueError: if it is no time of day.
    """
    match = _TIME_OF_DAY.fullmatch(text.strip())
    moment = int(match[1]) * HOUR + int(match[2]) * MINUTE if match else DAY + 1
    if moment > DAY:
        raise ValueError(f"{text!r} is no time of day: write it like '08:30'")
    return moment


def format_time_of_day(moment: int) -> str:
    """Write microseconds after midnight as ``"08:30"``."""
    return f"{moment // HOUR:02}:{moment % HOUR // MINUTE:02}"


def _amount(text: str, kind: str, remedy: str) -> tuple[Decimal, str]:
    match = _AMOUNT.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not {kind}: {remedy}")
    return Decimal(match[1]), match[2]


def _whole(value: Decimal, text: str, grain: str) -> int:
    if value != int(value):
        raise ValueError(f"{text!r} is finer than {grain}")
    return int(value)
