"""What a sweep varies: ``gateways.east.vms=1..16`` and ``clients.laptops.count=100,1000`` make a grid."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from cmgsim.errors import UsageError

_RANGE = re.compile(r"(-?[0-9]+)\.\.(-?[0-9]+)(?:/([1-9][0-9]*))?")
MOST_POINTS = 100_000


@dataclass(frozen=True)
class Axis:
    """One value that is varied."""

    path: str
    values: tuple[Any, ...]


def read_axis(text: str) -> Axis:
    """Read ``PATH=VALUES``: values between commas, or a range ``1..16`` or ``0..100/20`` of whole numbers.

    Raises:
        UsageError: if it is none.
    """
    path, equals, values = text.partition("=")
    if not equals or not path.strip() or not values.strip():
        raise UsageError(f"--set {text}: write PATH=VALUES, like gateways.east.vms=1..16 or gateways.east.vms=1,2,4")
    match = _RANGE.fullmatch(values.strip())
    if match is None:
        return Axis(path.strip(), _listed(values, text))
    low, high, step = int(match[1]), int(match[2]), int(match[3] or 1)
    if low > high or (high - low) // step >= MOST_POINTS:
        raise UsageError(f"--set {text}: a range goes upwards and has at most {MOST_POINTS:,} values")
    return Axis(path.strip(), tuple(range(low, high + 1, step)))


def _listed(values: str, text: str) -> tuple[Any, ...]:
    """Read values between commas; one that stands twice would count each of its runs twice."""
    found = [_value(part, text) for part in values.split(",")]
    for number, value in enumerate(found):
        if any(type(value) is type(other) and value == other for other in found[:number]):
            raise UsageError(f"--set {text}: {value} stands there twice; leave one out, --seeds repeats runs")
    return tuple(found)


def _value(part: str, text: str) -> Any:
    try:
        value = yaml.safe_load(part)
    except yaml.YAMLError:
        raise UsageError(f"--set {text}: {part!r} cannot be read as a value") from None
    if value is None:
        raise UsageError(f"--set {text}: there is an empty value between its commas")
    return value


def grid(axes: Sequence[Axis]) -> list[dict[str, Any]]:
    """Return every combination of values, the last axis varying fastest; one empty point without axes.

    Raises:
        UsageError: if a path stands twice, or there are too many points.
    """
    paths = [axis.path for axis in axes]
    if len(dict.fromkeys(paths)) < len(paths):
        raise UsageError(f"--set names a path twice: {', '.join(paths)}")
    count = 1
    for axis in axes:
        count *= len(axis.values)
    if count > MOST_POINTS:
        raise UsageError(f"that is {count:,} points: a sweep has at most {MOST_POINTS:,}")
    return [dict(zip(paths, values, strict=True)) for values in itertools.product(*(axis.values for axis in axes))]
