"""The ``$filter`` of lists: comparisons joined by ``and`` (source: "Resources - List", REST reference)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from cmgsim.arm.errors import bad_request
from cmgsim.arm.identifiers import group_of
from cmgsim.arm.store import Resource

_TERM = re.compile(r"\s*(\w+)\s+(eq|ne)\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)
_AND = re.compile(r"and\b", re.IGNORECASE)
_FIELDS: dict[str, Callable[[Resource], str]] = {
    "resourcetype": lambda resource: resource.type,
    "name": lambda resource: resource.name,
    "location": lambda resource: resource.location,
    "resourcegroup": lambda resource: group_of(resource.id),
}


def matching(resources: Iterable[Resource], text: str) -> Iterator[Resource]:
    """Return the resources that a filter lets through, all of them if it is empty.

    Raises:
        ArmError: 400 ``InvalidFilterInQueryString``, when the first resource is asked for.
    """
    terms = _terms(text)
    return (resource for resource in resources if _passes(resource, terms))


def _terms(text: str) -> list[tuple[str, str, str]]:
    terms, position = [], 0
    while position < len(text):
        match = _TERM.match(text, position)
        if match is None or match[1].lower() not in (*_FIELDS, "tagname", "tagvalue"):
            raise _invalid(text)
        terms.append((match[1].lower(), match[2].lower(), match[3].replace("''", "'")))
        joint = _AND.match(text, match.end())
        position = joint.end() if joint else match.end()
        if not joint and position < len(text):
            raise _invalid(text)
    return terms


def _passes(resource: Resource, terms: list[tuple[str, str, str]]) -> bool:
    tag = next((value for name, _, value in terms if name == "tagname"), None)
    return all(_holds(resource, name, value, tag) is (sign == "eq") for name, sign, value in terms)


def _holds(resource: Resource, name: str, value: str, tag: str | None) -> bool:
    if name == "tagname":
        return value in resource.tags
    if name == "tagvalue":
        values = [resource.tags.get(tag)] if tag is not None else resource.tags.values()
        return value in values
    return _FIELDS[name](resource).lower() == value.lower()


def _invalid(text: str) -> Exception:
    known = "resourceType, name, location, resourceGroup, tagName and tagValue"
    message = f"The filter '{text}' is invalid: join comparisons with 'eq' or 'ne' of {known} by 'and'."
    return bad_request("InvalidFilterInQueryString", message)
