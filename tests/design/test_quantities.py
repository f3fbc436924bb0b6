"""Quantities: what is read, what is refused with which remedy, and that writing undoes reading."""

from __future__ import annotations

import re
from datetime import date, timedelta
from ipaddress import IPv4Address as Address4
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from cmgsim.design import quantities
from cmgsim.design.quantities import (
    CalendarDate,
    DaySpan,
    Duration,
    DurationRange,
    IPv4Address,
    IPv4Range,
    IPv6Prefix,
    Name,
    PositiveDuration,
    Rate,
    Share,
    Size,
    Subnet,
    TimeOfDay,
)
from cmgsim.units import DAY, HOUR, MINUTE

durations = st.integers(0, 100_000 * DAY).map(lambda us: timedelta(microseconds=us))
minutes = st.integers(0, 24 * 60)
addresses = st.integers(0, 2**32 - 1).map(Address4)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Duration": durations,
    "PositiveDuration": durations.filter(bool),
    "DurationRange": st.tuples(durations, durations).map(lambda pair: tuple(sorted(pair))),
    "Share": st.integers(0, 1_000_000),
    "Size": st.integers(0, 2**62),
    "Rate": st.integers(0, 2**62),
    "TimeOfDay": minutes.map(lambda minute: minute * MINUTE),
    "DaySpan": st.tuples(minutes, minutes)
    .filter(lambda pair: pair[0] != pair[1])
    .map(lambda pair: tuple(sorted(minute * MINUTE for minute in pair))),
    "CalendarDate": st.dates(),
    "IPv4Address": addresses,
    "IPv4Range": st.tuples(addresses, addresses).map(lambda pair: tuple(sorted(pair))),
    "Subnet": st.tuples(addresses, st.integers(0, 32)).map(lambda pair: IPv4Network(pair, strict=False)),
    "IPv6Prefix": st.tuples(st.integers(0, 2**128 - 1), st.integers(0, 128)).map(
        lambda pair: IPv6Network(pair, strict=False)
    ),
    "Name": st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}", fullmatch=True),
}


def read(kind: Any, value: object) -> Any:
    return TypeAdapter(kind).validate_python(value)


def refusal(kind: Any, value: object) -> tuple[str, str]:
    with pytest.raises(ValidationError) as caught:
        read(kind, value)
    (error,) = caught.value.errors()
    return error["type"], error["msg"]


@pytest.mark.parametrize("name", sorted(VALUES))
@given(data=st.data())
def test_writing_undoes_reading(name: str, data: st.DataObject) -> None:
    adapter = TypeAdapter(getattr(quantities, name))
    value = data.draw(VALUES[name])
    text = adapter.dump_python(value, mode="json")
    assert isinstance(text, str)
    assert adapter.validate_python(text) == value
    assert adapter.dump_python(adapter.validate_python(text), mode="json") == text
    assert re.search(adapter.json_schema()["pattern"], text)
    assert adapter.dump_python(value) == value


@pytest.mark.parametrize("name", sorted(VALUES))
def test_editors_get_a_pattern_examples_and_words(name: str) -> None:
    adapter = TypeAdapter(getattr(quantities, name))
    schema = adapter.json_schema()
    assert schema["type"] == "string"
    assert schema["description"].endswith(".")
    for example in schema["examples"]:
        assert re.search(schema["pattern"], example)
        adapter.validate_python(example)
    assert not re.search(schema["pattern"], "24 parsecs")
    if name != "Name":
        assert not re.search(schema["pattern"], "24") or name == "IPv6Prefix"


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Duration, "1d 12h", timedelta(hours=36)),
        (Duration, "0s", timedelta(0)),
        (DurationRange, "3d..21d", (timedelta(days=3), timedelta(days=21))),
        (DurationRange, "2h", (timedelta(hours=2), timedelta(hours=2))),
        (Share, "99.5 %", 995_000),
        (Size, "250 MB", 250_000_000),
        (Rate, "2/h", 48),
        (TimeOfDay, "24:00", DAY),
        (DaySpan, "08:30 - 17:00", (8 * HOUR + 30 * MINUTE, 17 * HOUR)),
        (CalendarDate, "2019-07-29", date(2019, 7, 29)),
        (Subnet, "10.1.0.0/16", IPv4Network("10.1.0.0/16")),
        (IPv4Range, "10.1.1.1-10.1.1.255", (Address4("10.1.1.1"), Address4("10.1.1.255"))),
        (IPv6Prefix, "2001:1111:2222:3333", IPv6Network("2001:1111:2222:3333::/64")),
        (IPv6Prefix, "fe80", IPv6Network("fe80::/16")),
        (IPv6Prefix, "2001:db8::/33", IPv6Network("2001:db8::/33")),
        (IPv6Prefix, "2001:DB8:0:0::/64", IPv6Network("2001:db8::/64")),
        (Name, "gw-east_1.a", "gw-east_1.a"),
    ],
)
def test_reading(kind: Any, text: str, value: object) -> None:
    assert read(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "value", "remedy"),
    [
        (Duration, 24, "write '24s', '24min', '24h' or '24d'"),
        (Duration, "24", "write '24s'"),
        (Duration, 1.5, "write '1.5s'"),
        (DurationRange, 3, "write '3s'"),
        (Share, 15, "write '15%'"),
        (Share, 0.5, "write '50.0%'"),
        (Size, 250, "write '250 MB'"),
        (Rate, 500, "write '500/s'"),
        (Duration, -3, "write"),
    ],
)
def test_a_bare_number_is_refused_with_what_to_write(kind: Any, value: object, remedy: str) -> None:
    error_type, message = refusal(kind, value)
    assert error_type == "bare_number"
    assert remedy in message


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (Duration, "24 parsecs", "unknown unit 'parsecs'"),
        (Duration, None, "this is no duration: write it like '24h'"),
        (Duration, True, "this is no duration"),
        (Duration, ["24h"], "this is no duration"),
        (Duration, "1" * 10_000 + "s", "too long"),
        (PositiveDuration, "0s", "longer than nothing"),
        (DurationRange, "21d..3d", "write '3d..21d'"),
        (DurationRange, "3d..", "lacks an end"),
        (Share, "120 %", "more than 100 %"),
        (Size, "9999999 PB", "beyond what can be counted"),
        (Rate, f"{10**30}/s", "beyond what can be counted"),
        (TimeOfDay, 8, "write it like '08:30'"),
        (TimeOfDay, "25:00", "no time of day"),
        (DaySpan, "17:00-08:30", "must begin before it ends"),
        (DaySpan, "08:30", "no span of a day"),
        (CalendarDate, "20190729", "write it like '2019-07-29'"),
        (CalendarDate, "2019-02-30", "no date of the calendar"),
        (IPv4Address, "10.1.0.256", "no IPv4 address"),
        (Subnet, "10.1.0.5/16", "write '10.1.0.0/16'"),
        (Subnet, "10.1.0.0/255.255.0.0", "write '10.1.0.0/16'"),
        (Subnet, "10.1.0.5", "lacks the length of its prefix"),
        (Subnet, "10.1.0.0/33", "no IPv4 subnet"),
        (IPv4Range, "10.1.1.9-10.1.1.1", "write '10.1.1.1-10.1.1.9'"),
        (IPv4Range, "10.1.1.9", "no IPv4 range"),
        (IPv6Prefix, "2001:db8::1/64", "write '2001:db8::/64'"),
        (IPv6Prefix, "2001:db8::", "no IPv6 prefix"),
        (IPv6Prefix, "2001:db8::/x", "no IPv6 prefix"),
        (IPv6Prefix, "10.1.0.0/16", "no IPv6 prefix"),
    ],
)
def test_what_is_no_quantity_is_refused_with_a_remedy(kind: Any, value: object, message: str) -> None:
    error_type, text = refusal(kind, value)
    assert error_type == "quantity"
    assert message in text


@pytest.mark.parametrize("name", ["", "a b", "-a", ".a", "a" * 65, "größe", "a/b", "a\n", 1906])
def test_names_are_letters_digits_and_three_signs(name: object) -> None:
    assert refusal(Name, name)[0] == "not_a_name"


@given(st.text(max_size=30) | st.integers() | st.floats() | st.none() | st.booleans(), st.sampled_from(sorted(VALUES)))
def test_anything_is_read_or_refused_in_one_line(value: object, name: str) -> None:
    try:
        read(getattr(quantities, name), value)
    except ValidationError as error:
        (detail,) = error.errors()
        assert detail["type"] in {"bare_number", "quantity", "not_a_name"}
        assert "\n" not in detail["msg"]
    else:
        assert isinstance(value, str)


class Day(BaseModel):
    length: Duration = timedelta(hours=8)
    shares: dict[Name, Share] = {}
    where: Annotated[Subnet, "metadata beside it"] | None = None


class TestInModels:
    def test_values_built_in_python_pass(self) -> None:
        day = Day(length=timedelta(hours=1), where=IPv4Network("10.0.0.0/8"))
        assert day.length == timedelta(hours=1)
        assert day.model_dump(mode="json") == {"length": "1h", "shares": {}, "where": "10.0.0.0/8"}

    def test_the_round_trip_of_a_model(self) -> None:
        day = Day.model_validate({"length": "90s", "shares": {"a": "1%", "b.c": "0.0001%"}, "where": "10.1.0.0/16"})
        assert day.shares == {"a": 10_000, "b.c": 1}
        assert Day.model_validate(day.model_dump(mode="json")) == day
        assert Day.model_validate_json(day.model_dump_json()) == day

    def test_the_schema_of_keys_is_that_of_names(self) -> None:
        shares = Day.model_json_schema()["properties"]["shares"]
        assert list(shares["patternProperties"]) == [r"^[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}$"]
