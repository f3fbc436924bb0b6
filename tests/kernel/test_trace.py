from __future__ import annotations

from dataclasses import dataclass, make_dataclass
from enum import Enum, IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.facts import Fact
from cmgsim.kernel.trace import Entry, Trace, canonical


class Colour(Enum):
    RED = 1


class Level(IntEnum):
    RED = 1


@dataclass(frozen=True, slots=True)
class Inner:
    value: object


@dataclass(frozen=True, slots=True)
class Noted(Fact):
    value: object


@dataclass(frozen=True, slots=True)
class Louder(Noted):
    """A kind of Noted."""


@dataclass(frozen=True, slots=True)
class Other(Fact):
    value: object


scalars = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([Colour.RED, Level.RED])
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=4).map(tuple) | inner.map(Inner), max_leaves=8)


def exactly(value: object) -> object:
    """Return what tells values apart that Python calls equal, such as 1, True and Level.RED."""
    if isinstance(value, tuple):
        return (tuple, *map(exactly, value))
    if isinstance(value, Inner):
        return (Inner, exactly(value.value))
    return (type(value), value)


@given(values, values)
def test_canonical_bytes_are_equal_exactly_when_the_values_are(one: object, other: object) -> None:
    assert (canonical(one) == canonical(other)) == (exactly(one) == exactly(other))


def test_canonical_bytes_never_change() -> None:
    assert canonical(("a", 17, None, True, ("b",))) == b"t30:s1:ai2:17c4:Nonec4:Truet4:s1:b"
    assert canonical(Colour.RED) == b"e%d:%s.Colour.RED" % (len(__name__) + 11, __name__.encode())


def test_neighbours_do_not_run_into_each_other() -> None:
    assert len({canonical(pair) for pair in [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"), ("abc",)]}) == 5


@dataclass
class Changing:
    value: int


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (0.5, r"Noted\.value is 0\.5, and a float has no canonical form: use None, bool, int"),
        ({1}, r"Noted\.value is \{1\}, and a set has no"),
        ({"a": 1}, r"Noted\.value is .*, and a dict has no"),
        ([1], r"Noted\.value is \[1\], and a list has no"),
        (b"x", r"Noted\.value is b'x', and a bytes has no"),
        (Fact, r"Noted\.value is <class .*, and a type has no"),
        ((1, (2, 0.5)), r"Noted\.value\[1\]\[1\] is 0\.5"),
        (Inner(0.5), r"Inner\.value is 0\.5"),
        (Changing(1), r"Changing is a dataclass that can change: declare it with frozen=True"),
    ],
)
def test_values_without_a_canonical_form_are_refused_by_field(value: object, says: str) -> None:
    trace = Trace()
    with pytest.raises(TypeError, match=says):
        trace.add(0, "a", Noted(value))
    assert (len(trace), trace.digest) == (0, Trace().digest)


def filled(*lines: tuple[int, str, Fact]) -> Trace:
    trace = Trace()
    for line in lines:
        trace.add(*line)
    return trace


def test_the_digest_tells_moment_component_fact_type_value_and_order_apart() -> None:
    one, two = (1, "a", Noted("x")), (1, "a", Noted("y"))
    variants = [
        filled(),
        filled(one),
        filled(one, one),
        filled(one, two),
        filled(two, one),
        filled((2, "a", Noted("x"))),
        filled((1, "b", Noted("x"))),
        filled((1, "a", Other("x"))),
        filled((1, "a", Louder("x"))),
    ]
    assert len({trace.digest for trace in variants}) == len(variants)
    assert filled(one, two).digest == filled(one, two).digest
    assert all(len(trace.digest) == 32 for trace in variants)


def test_a_new_field_changes_the_digest_of_facts() -> None:
    first = make_dataclass("Grown", [("x", int)], bases=(Fact,), frozen=True)
    later = make_dataclass("Grown", [("x", int), ("y", int, 0)], bases=(Fact,), frozen=True)
    assert filled((0, "a", first(1))).digest != filled((0, "a", later(1))).digest


def test_a_trace_is_read_as_a_sequence_and_by_type() -> None:
    trace = filled((1, "a", Noted("x")), (2, "b", Other("y")), (3, "c", Louder("z")))
    assert [entry.at_us for entry in trace] == [1, 2, 3]
    assert trace[1] == Entry(2, "b", Other("y"))
    assert trace[1:] == [trace[1], trace[2]]
    assert [entry.fact.value for entry in trace.select(Noted)] == ["x", "z"]
    assert trace.select(Louder) == (Entry(3, "c", Louder("z")),)
    assert repr(trace) == f"<Trace of 3 entries, digest {trace.digest}>"


def test_a_copy_continues_exactly_and_alone() -> None:
    trace = filled((1, "a", Noted("x")))
    twin = trace.copy()
    twin.add(2, "b", Noted("y"))
    assert len(trace) == 1
    trace.add(2, "b", Noted("y"))
    assert (twin.digest, list(twin)) == (trace.digest, list(trace))
