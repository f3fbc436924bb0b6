"""What the control does to a cloud, as data: so that a journal can hold it and do it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from cmgsim.arm.clouds import RegionState
from cmgsim.arm.faults import Fault, Match, Point
from cmgsim.arm.messages import Json
from cmgsim.arm.service import ArmService
from cmgsim.units import PARTS_PER_MILLION


def do(service: ArmService, deed: Mapping[str, Any], now_us: int) -> None:
    """Do a deed, ``{"do": <word of DEEDS>, ...}``, at a moment.

    Raises:
        UnknownName: if it names something that is not there.
        ValueError: if it makes no sense.
    """
    DEEDS[deed["do"]](service, deed, now_us)


def fault_of(document: Json, now_us: int) -> Fault:
    """Read a fault; without ``from_us`` its window begins now.

    Raises:
        UnknownName: for a parameter that the point does not take.
        ValueError: if it makes no sense.
    """
    known = {field.name for field in fields(Fault)}
    strange = [name for name in document if name not in known]
    if strange:
        raise ValueError(f"a fault has no {strange[0]!r}; it has {', '.join(sorted(known))}")
    name, parameters = document.get("name"), document.get("parameters", {})
    if not isinstance(name, str) or not name or not isinstance(parameters, dict):
        raise ValueError("a fault needs a name, a point, and an object of parameters if any")
    return Fault(
        name,
        Point(document.get("point")),
        _match(document.get("match", {})),
        _whole(document, "from_us", now_us),
        None if document.get("until_us") is None else _whole(document, "until_us", 0),
        _whole(document, "probability_ppm", PARTS_PER_MILLION),
        parameters,
    )


def document_of(fault: Fault) -> Json:
    """Write a fault as :func:`fault_of` reads it."""
    return {
        "name": fault.name,
        "point": fault.point.value,
        "match": {field.name: getattr(fault.match, field.name) for field in fields(Match)},
        "from_us": fault.from_us,
        "until_us": fault.until_us,
        "probability_ppm": fault.probability_ppm,
        "parameters": dict(fault.parameters),
    }


def _match(document: object) -> Match:
    known = {field.name for field in fields(Match)}
    if not isinstance(document, dict) or any(not isinstance(value, str) for value in document.values()):
        raise ValueError(f"what a fault matches is an object of texts, not {document!r}")
    strange = [name for name in document if name not in known]
    if strange:
        raise ValueError(f"a fault cannot match by {strange[0]!r}; it can by {', '.join(sorted(known))}")
    return Match(**document)


def _whole(document: Json, name: str, default: int) -> int:
    value = document.get(name, default)
    if type(value) is not int:
        raise ValueError(f"{name} is {value!r}; give a whole number")
    return value


def _wait(service: ArmService, deed: Mapping[str, Any], now_us: int) -> None:
    """Only time has passed, which whoever keeps it knows."""


def _add_fault(service: ArmService, deed: Mapping[str, Any], now_us: int) -> None:
    service.add_fault(fault_of(deed["fault"], now_us), now_us)


def _remove_fault(service: ArmService, deed: Mapping[str, Any], now_us: int) -> None:
    service.remove_fault(deed["name"], now_us)


def _set_region(service: ArmService, deed: Mapping[str, Any], now_us: int) -> None:
    service.set_region(deed["region"], RegionState(deed["state"]), now_us)


DEEDS: dict[str, Callable[[ArmService, Mapping[str, Any], int], None]] = {
    "wait": _wait,
    "add_fault": _add_fault,
    "remove_fault": _remove_fault,
    "set_region": _set_region,
}
