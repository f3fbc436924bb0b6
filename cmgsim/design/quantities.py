"""The types of values people write with a unit, for the models of design files.

A model says ``policy_polling: Duration``; the file says ``policy_polling: 60min``; Python gets a ``timedelta``. All are
read from text only: a bare number is refused, with what to write instead. All are written back as text by
``model_dump(mode="json")``, in one canonical form, so that reading what was written gives the same value.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from ipaddress import IPv4Address as Address4
from ipaddress import IPv4Network as Network4
from ipaddress import IPv6Address as Address6
from ipaddress import IPv6Network as Network6
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from cmgsim.units import (
    duration_us,
    format_duration,
    format_rate,
    format_share,
    format_size,
    format_time_of_day,
    rate_per_day,
    share_ppm,
    size_bytes,
    time_of_day_us,
    timedelta_us,
    us_timedelta,
)

#: Error types of pydantic that these types raise besides its own.
BARE_NUMBER, BAD_QUANTITY, NOT_A_NAME = "bare_number", "quantity", "not_a_name"

#: No quantity is longer; what is longer is not even looked at.
LONGEST_TEXT = 200
#: Amounts beyond this do not fit into the simulator's 64-bit counters.
_LARGEST_AMOUNT = 2**62

_BARE = re.compile(r"\s*[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?\s*")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_GROUPS = re.compile(r"[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,7}")


@dataclass(frozen=True)
class Quantity:
    """How one kind of value is read and written; it stands in ``Annotated`` beside the type of the value.

    ``read`` takes text and raises :class:`ValueError` with a remedy; ``write`` is its inverse. ``taken_as_is`` is a
    type whose instances pass unread, for models built in Python. ``pattern`` (ECMA 262) and ``examples`` go to editors.
    ``fault`` and ``fault_of_number`` are the error types for wrong text and for a number without a unit.
    """

    noun: str
    read: Callable[[str], Any]
    write: Callable[[Any], str]
    pattern: str
    examples: tuple[str, ...]
    description: str
    taken_as_is: type | None = None
    fault: str = BAD_QUANTITY
    fault_of_number: str = BAD_QUANTITY

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            self._validate,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self.write, return_schema=core_schema.str_schema(), when_used="json"
            ),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "type": "string",
            "pattern": self.pattern,
            "examples": list(self.examples),
            "description": self.description,
        }

    def _validate(self, value: Any) -> Any:
        if self.taken_as_is is not None and type(value) is self.taken_as_is:
            return value
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not isinstance(value, str) and not number:
            raise self._refused(f"this is no {self.noun}: write it like {self.examples[0]!r}", self.fault)
        text = str(value)
        if len(text) > LONGEST_TEXT:
            raise self._refused(f"this is too long for a {self.noun}: write it like {self.examples[0]!r}", self.fault)
        try:
            result = self.read(text)
        except ValueError as error:
            raise self._refused(str(error), self.fault_of_number if _BARE.fullmatch(text) else self.fault) from None
        if number:
            raise self._refused(f"{value!r} is a number, not a {self.noun}: write it in quotes, '{value}'", self.fault)
        return result

    def _refused(self, reason: str, fault: str) -> PydanticCustomError:
        return PydanticCustomError(fault, "{reason}", {"reason": reason})


def _read_duration(text: str) -> timedelta:
    return us_timedelta(duration_us(text))


def _read_positive_duration(text: str) -> timedelta:
    duration = _read_duration(text)
    if not duration:
        raise ValueError(f"{text!r} must be longer than nothing: write it like '24h'")
    return duration


def _write_duration(duration: timedelta) -> str:
    return format_duration(timedelta_us(duration))


def _read_duration_range(text: str) -> tuple[timedelta, timedelta]:
    low, _, high = text.partition("..")
    if ".." in text and not (low.strip() and high.strip()):
        raise ValueError(f"{text!r} lacks an end: write it like '3d..21d'")
    shortest, longest = _read_duration(low), _read_duration(high or low)
    if shortest > longest:
        raise ValueError(f"{text!r} begins after its end: write '{high.strip()}..{low.strip()}'")
    return shortest, longest


def _write_duration_range(span: tuple[timedelta, timedelta]) -> str:
    low, high = span
    return _write_duration(low) if low == high else f"{_write_duration(low)}..{_write_duration(high)}"


def _within_counters(read: Callable[[str], int], largest: str) -> Callable[[str], int]:
    def bounded(text: str) -> int:
        amount = read(text)
        if amount > _LARGEST_AMOUNT:
            raise ValueError(f"{text!r} is beyond what can be counted: write at most {largest}")
        return amount

    return bounded


def _read_day_span(text: str) -> tuple[int, int]:
    start, dash, end = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no span of a day: write it like '08:30-17:00'")
    span = time_of_day_us(start), time_of_day_us(end)
    if span[0] >= span[1]:
        raise ValueError(
            f"{text!r} must begin before it ends: write it like '08:30-17:00'; midnight at the end is 24:00"
        )
    return span


def _write_day_span(span: tuple[int, int]) -> str:
    return "-".join(format_time_of_day(moment) for moment in span)


def _read_date(text: str) -> date:
    if _DATE.fullmatch(text.strip()) is None:
        raise ValueError(f"{text!r} is no date: write it like '2019-07-29'")
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(f"{text!r} is no date of the calendar ({error}): write it like '2019-07-29'") from None


def _read_address(text: str) -> Address4:
    try:
        return Address4(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is no IPv4 address: write it like '10.1.0.5'") from None


def _read_subnet(text: str) -> Network4:
    address, slash, length = text.strip().partition("/")
    if not slash:
        raise ValueError(f"{text!r} lacks the length of its prefix: write it like '10.1.0.0/16'")
    try:
        network = Network4(f"{address}/{length}", strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no IPv4 subnet: write it like '10.1.0.0/16'") from None
    if str(network) != f"{address}/{length}":
        raise ValueError(f"{text!r} is not the address of a subnet: write '{network}'")
    return network


def _read_ipv4_range(text: str) -> tuple[Address4, Address4]:
    first, dash, last = text.partition("-")
    if not dash:
        raise ValueError(f"{text!r} is no IPv4 range: write it like '10.1.1.1-10.1.1.255'")
    ends = _read_address(first), _read_address(last)
    if ends[0] > ends[1]:
        raise ValueError(f"{text!r} begins after its end: write '{ends[1]}-{ends[0]}'")
    return ends


def _write_ipv4_range(ends: tuple[Address4, Address4]) -> str:
    return f"{ends[0]}-{ends[1]}"


def _read_ipv6_prefix(text: str) -> Network6:
    stripped = text.strip()
    if _GROUPS.fullmatch(stripped):  # the console's form: the leading groups alone
        groups = stripped.count(":") + 1
        stripped = f"{stripped}{'::' if groups < 8 else ''}/{16 * groups}"
    address, slash, length = stripped.partition("/")
    remedy = "write it like '2001:1111:2222:3333' or '2001:1111:2222:3333::/64'"
    if not slash or not length.isdecimal():
        raise ValueError(f"{text!r} is no IPv6 prefix: {remedy}")
    try:
        network = Network6(stripped, strict=False)
    except ValueError:
        raise ValueError(f"{text!r} is no IPv6 prefix: {remedy}") from None
    if Address6(address) != network.network_address:
        raise ValueError(f"{text!r} has bits beyond its prefix: write '{network}'")
    return network


def _read_name(text: str) -> str:
    if _NAME.fullmatch(text) is None:
        raise ValueError(
            f"{text!r} is no name: use letters, digits, '_', '.' and '-', first a letter or digit, at most 64"
        )
    return text


_DURATION_PATTERN = r"([0-9]+(\.[0-9]+)?\s*(us|ms|sec|s|min|m|h|d|w)\s*)+"
_TIME_PATTERN = r"[0-2]?[0-9]:[0-5][0-9]"
_ADDRESS_PATTERN = r"[0-9]{1,3}(\.[0-9]{1,3}){3}"
_ABOUT_DURATIONS = "A duration: numbers with the units ms, s, min, h, d or w."

Duration = Annotated[
    timedelta,
    Quantity(
        "duration",
        _read_duration,
        _write_duration,
        rf"^\s*{_DURATION_PATTERN}$",
        ("24h", "1d 12h", "90s"),
        _ABOUT_DURATIONS,
        timedelta,
        fault_of_number=BARE_NUMBER,
    ),
]
"""A duration such as ``24h`` or ``1d 12h``, perhaps ``0s``."""

PositiveDuration = Annotated[
    timedelta,
    Quantity(
        "duration",
        _read_positive_duration,
        _write_duration,
        rf"^\s*{_DURATION_PATTERN}$",
        ("24h", "1d 12h", "90s"),
        f"{_ABOUT_DURATIONS} Longer than nothing.",
        timedelta,
        fault_of_number=BARE_NUMBER,
    ),
]
"""A duration of a microsecond or more."""

DurationRange = Annotated[
    tuple[timedelta, timedelta],
    Quantity(
        "range of durations",
        _read_duration_range,
        _write_duration_range,
        rf"^\s*{_DURATION_PATTERN}(\.\.\s*{_DURATION_PATTERN})?$",
        ("3d..21d", "2h"),
        "From the shortest to the longest duration; one duration alone is both.",
        fault_of_number=BARE_NUMBER,
    ),
]
"""Shortest and longest duration, such as ``3d..21d``; ``2h`` alone is both ends."""

Share = Annotated[
    int,
    Quantity(
        "percentage",
        share_ppm,
        format_share,
        r"^\s*[0-9]+(\.[0-9]+)?\s*%\s*$",
        ("15%", "99.5 %"),
        "A percentage with its sign, from 0% to 100%.",
        fault_of_number=BARE_NUMBER,
    ),
]
"""A share such as ``99.5 %``, in parts per million."""

Size = Annotated[
    int,
    Quantity(
        "size",
        _within_counters(size_bytes, "4000 PB"),
        format_size,
        r"^\s*[0-9]+(\.[0-9]+)?\s*(B|[kMGTP]B|[KMGTP]iB)\s*$",
        ("250 MB", "4 GiB"),
        "A size: decimal (kB, MB, GB, TB) or binary (KiB, MiB, GiB, TiB).",
        fault_of_number=BARE_NUMBER,
    ),
]
"""A size such as ``250 MB``, in bytes."""

Rate = Annotated[
    int,
    Quantity(
        "rate",
        _within_counters(rate_per_day, "50000000000000/s"),
        format_rate,
        r"^\s*[0-9]+(\.[0-9]+)?\s*/(s|min|h|d)\s*$",
        ("500/s", "2/h"),
        "How many in a second, minute, hour or day.",
        fault_of_number=BARE_NUMBER,
    ),
]
"""A rate such as ``500/s``, in events a day."""

TimeOfDay = Annotated[
    int,
    Quantity(
        "time of day",
        time_of_day_us,
        format_time_of_day,
        rf"^\s*{_TIME_PATTERN}\s*$",
        ("08:30", "24:00"),
        "A time of day, from 00:00 to 24:00.",
    ),
]
"""A time of day such as ``08:30``, in microseconds after midnight."""

DaySpan = Annotated[
    tuple[int, int],
    Quantity(
        "span of a day",
        _read_day_span,
        _write_day_span,
        rf"^\s*{_TIME_PATTERN}\s*-\s*{_TIME_PATTERN}\s*$",
        ("08:30-17:00", "22:00-24:00"),
        "From one time of day to a later one of the same day.",
    ),
]
"""Part of a day such as ``08:30-17:00``, both ends in microseconds after midnight."""

CalendarDate = Annotated[
    date,
    Quantity(
        "date",
        _read_date,
        date.isoformat,
        r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}\s*$",
        ("2019-07-29",),
        "A date: year, month, day.",
        date,
    ),
]
"""A date such as ``2019-07-29``."""

IPv4Address = Annotated[
    Address4,
    Quantity(
        "IPv4 address",
        _read_address,
        str,
        rf"^\s*{_ADDRESS_PATTERN}\s*$",
        ("10.1.0.5",),
        "An IPv4 address.",
        Address4,
    ),
]
"""An IPv4 address such as ``10.1.0.5``."""

Subnet = Annotated[
    Network4,
    Quantity(
        "IPv4 subnet",
        _read_subnet,
        str,
        rf"^\s*{_ADDRESS_PATTERN}/[0-9]{{1,2}}\s*$",
        ("10.1.0.0/16",),
        "An IPv4 subnet: its address and the length of its prefix.",
        Network4,
    ),
]
"""An IPv4 subnet such as ``10.1.0.0/16``; an address within it, such as ``10.1.0.5/16``, is refused."""

IPv4Range = Annotated[
    tuple[Address4, Address4],
    Quantity(
        "IPv4 range",
        _read_ipv4_range,
        _write_ipv4_range,
        rf"^\s*{_ADDRESS_PATTERN}\s*-\s*{_ADDRESS_PATTERN}\s*$",
        ("10.1.1.1-10.1.1.255",),
        "The first and the last address, both included.",
    ),
]
"""First and last address, such as ``10.1.1.1-10.1.1.255``."""

IPv6Prefix = Annotated[
    Network6,
    Quantity(
        "IPv6 prefix",
        _read_ipv6_prefix,
        str,
        r"^\s*[0-9A-Fa-f:]+(/[0-9]{1,3})?\s*$",
        ("2001:1111:2222:3333", "2001:1111:2222:3333::/64"),
        "An IPv6 prefix: its leading groups, as in the console, or an address and a length.",
        Network6,
    ),
]
"""An IPv6 prefix such as ``2001:1111:2222:3333`` (as in the console) or ``2001:1111:2222:3333::/64``; written as the
latter."""

Name = Annotated[
    str,
    Quantity(
        "name",
        _read_name,
        str,
        r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$",
        ("east",),
        "A name: letters, digits, '_', '.' and '-', first a letter or digit, at most 64 of them.",
        fault=NOT_A_NAME,
        fault_of_number=NOT_A_NAME,
    ),
]
"""The name of a thing, as a key and wherever it is referred to."""
