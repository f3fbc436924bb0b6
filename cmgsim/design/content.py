"""Software content: packages with a size, and how fast clients download them."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from cmgsim.design.quantities import Name, Quantity, Size
from cmgsim.design.record import Record
from cmgsim.design.references import Reference

_BANDWIDTH = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kMG])bit/s\s*")
_BITS = {"k": 10**3, "M": 10**6, "G": 10**9}
_FASTEST = 125 * 10**9


def read_bandwidth(text: str) -> int:
    """Read a bandwidth such as ``"20 Mbit/s"`` into bytes a second.

    Raises:
        ValueError: for an unknown form, a fraction of a byte, nothing at all, or more than 1000 Gbit/s.
    """
    match = _BANDWIDTH.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no bandwidth: write it like '20 Mbit/s', '512 kbit/s' or '1 Gbit/s'")
    rate = Fraction(match[1]) * _BITS[match[2]] / 8
    if rate.denominator != 1 or not 0 < rate <= _FASTEST:
        raise ValueError(f"{text!r} is out of range: give whole bytes a second, from '8 kbit/s' to '1000 Gbit/s'")
    return int(rate)


def write_bandwidth(rate: int) -> str:
    """Write bytes a second as :func:`read_bandwidth` reads them, in the largest unit that is whole."""
    for unit in ("G", "M", "k"):
        if rate * 8 % _BITS[unit] == 0:
            return f"{rate * 8 // _BITS[unit]} {unit}bit/s"
    return f"{rate * 8 / 1000:.3f} kbit/s"


Bandwidth = Annotated[
    int,
    Quantity(
        "bandwidth",
        read_bandwidth,
        write_bandwidth,
        r"^\s*[0-9]+(\.[0-9]+)?\s*[kMG]bit/s\s*$",
        ("20 Mbit/s", "1 Gbit/s"),
        "A bandwidth in kbit/s, Mbit/s or Gbit/s.",
    ),
]
"""A bandwidth such as ``20 Mbit/s``, in bytes a second."""


class Package(Record):
    """Content that is deployed to clients."""

    size: Annotated[Size, Field(gt=0)]
    """How many bytes each client downloads."""
    kind: Literal["application", "update"] = "application"
    """On the internet, Microsoft's updates come from Microsoft Update and from nowhere else (source: "Plan for software
    updates")."""
    distribution_points: tuple[Annotated[Name, Reference("roles.distribution_points")], ...] | None = None
    """Distribution points that have it; left out, all."""
    gateways: tuple[Annotated[Name, Reference("gateways")], ...] | None = None
    """Gateways that have it in their storage, if they serve content; left out, all."""


class Content(Record):
    """Everything that can be deployed."""

    packages: dict[Name, Package] = {}
    """Packages."""


class DeployContent(Record):
    """Deploy a package to populations, which download it once they have policy of it."""

    package: Annotated[Name, Reference("content.packages")]
    """The package."""
    populations: Annotated[tuple[Annotated[Name, Reference("clients")], ...], Field(min_length=1)]
    """Who gets it."""
