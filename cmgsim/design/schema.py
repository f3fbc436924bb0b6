"""JSON Schema of the three kinds of files, by which editors complete, explain and underline.

The schemas come from the models; what a model says in Python alone (exactly one verb, a bare name for a check) is added
here. They are a little stricter than the loader: a key without a value is underlined, although the loader takes it as
left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from cmgsim.design.clients import DayPlan
from cmgsim.design.gateways import ResourceGroupChoice
from cmgsim.design.model import Design
from cmgsim.design.network import Boundary
from cmgsim.design.plan import Plan, Step
from cmgsim.design.scenario import Bound, ClientsKnowing, Expectation, Scenario, StrandedClients
from cmgsim.errors import UnknownName

DIALECT = "https://json-schema.org/draft/2020-12/schema"
KINDS: dict[str, type[BaseModel]] = {"design": Design, "plan": Plan, "scenario": Scenario}
"""The kinds of files, by the word before ``.yaml``."""

#: Of these keys a mapping has exactly one.
_EXACTLY_ONE: dict[str, tuple[str, ...]] = {
    "Step": tuple(name for name in Step.model_fields if name != "label"),
    "Expectation": tuple(Expectation.model_fields),
    "Boundary": tuple(Boundary.model_fields),
    "ResourceGroupChoice": tuple(ResourceGroupChoice.model_fields),
    "DayPlan": tuple(name for name in DayPlan.model_fields if name in ("always", "work")),
}
#: Of these keys a mapping has one or more.
_ONE_OR_MORE: dict[str, tuple[str, ...]] = {
    kind.__name__: tuple(Bound.model_fields) for kind in (Bound, StrandedClients, ClientsKnowing)
}
#: Of these keys a mapping has at most one.
_NOT_BOTH: dict[str, tuple[str, ...]] = {"Scenario": ("plan", "steps")}


def schema(kind: str) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of ``"design"``, ``"plan"`` or ``"scenario"`` files.

    Raises:
        UnknownName: for another kind.
    """
    if kind not in KINDS:
        raise UnknownName("kind of file", kind, KINDS)
    model = KINDS[kind]
    body = model.model_json_schema()
    _copy_defaults(model.model_json_schema(mode="serialization"), body)
    for name, part in [(model.__name__, body), *body.get("$defs", {}).items()]:
        _constrain(name, part)
    _allow_bare_checks(body)
    tidy: dict[str, Any] = _tidied(body)
    return {
        "$schema": DIALECT,
        "$id": f"urn:cmgsim:{kind}:1",
        **tidy,
        "title": f"cmgsim {kind}",
    }


def _copy_defaults(written: dict[str, Any], read: dict[str, Any]) -> None:
    """Show defaults as people write them, ``50%``; a default that is a whole table says nothing and goes."""
    for source, target in ((written, read), *_pairs(written.get("$defs", {}), read.get("$defs", {}))):
        for shown, field in _pairs(source.get("properties", {}), target.get("properties", {})):
            default = shown.get("default")
            if default is None or isinstance(default, dict) or default == []:
                field.pop("default", None)
            else:
                field["default"] = default


def _pairs(first: dict[str, Any], second: dict[str, Any]) -> Iterable[tuple[Any, Any]]:
    """Return the values of two mappings under the same keys."""
    return [(first[name], part) for name, part in second.items() if name in first]


def _constrain(name: str, part: dict[str, Any]) -> None:
    """Add what the model's validators say about keys that go together."""
    if name in _EXACTLY_ONE:
        part["oneOf"] = [{"required": [key]} for key in _EXACTLY_ONE[name]]
    if name in _ONE_OR_MORE:
        part["anyOf"] = [{"required": [key]} for key in _ONE_OR_MORE[name]]
    if name in _NOT_BOTH:
        part["not"] = {"required": list(_NOT_BOTH[name])}


def _allow_bare_checks(body: dict[str, Any]) -> None:
    """Let ``- never_without_a_gateway`` stand for the check without parameters."""
    expect = body.get("properties", {}).get("expect")
    if expect is not None:
        bare = [name for name in Expectation.model_fields if _needs_nothing(name)]
        expect["items"] = {"anyOf": [expect["items"], {"enum": bare}]}


def _needs_nothing(check: str) -> bool:
    try:
        Expectation.model_validate({check: {}})
    except ValidationError:
        return False
    return True


def _tidied(part: Any) -> Any:
    """Return a schema without what only Python needs: nulls for what is left out, titles made from keys."""
    if isinstance(part, list):
        return [_tidied(item) for item in part]
    if not isinstance(part, dict):
        return part
    tidy = {key: _tidied(value) for key, value in part.items()}
    if isinstance(tidy.get("properties"), dict):
        for field in tidy["properties"].values():
            field.pop("title", None)
    if isinstance(tidy.get("description"), str):
        tidy["description"] = " ".join(tidy["description"].split()).replace("``", "`")
    if "patternProperties" in tidy:
        tidy["additionalProperties"] = False
        tidy.pop("propertyNames", None)
    if tidy.get("type") == "string":
        tidy.pop("maximum", None)
    return _without_null(tidy)


def _without_null(part: dict[str, Any]) -> dict[str, Any]:
    """Unwrap a choice between something and nothing."""
    choices = part.get("anyOf")
    if not isinstance(choices, list) or {"type": "null"} not in choices:
        return part
    kept = [choice for choice in choices if choice != {"type": "null"}]
    rest = {key: value for key, value in part.items() if key != "anyOf"}
    return {**kept[0], **rest} if len(kept) == 1 else {**rest, "anyOf": kept}
