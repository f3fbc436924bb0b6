"""What the functions of templates do (source: "ARM template functions")."""

from __future__ import annotations

import json
import re
from base64 import b32encode, b64decode, b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any
from urllib.parse import quote, unquote, urljoin

from cmgsim.arm.catalog import TYPES
from cmgsim.arm.expressions import DEEPEST, Function, Scope, evaluate, invalid, loops_of, repeated
from cmgsim.arm.identifiers import named_guid

_DURATION = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.ASCII)


def _given(scope: Scope, arguments: list[Any]) -> Any:
    """Return a parameter."""
    (name,) = arguments
    for known, value in scope.parameters.items():
        if known.lower() == name.lower():
            return value
    raise invalid(f"the template parameter '{name}' is not found")


def _variable(scope: Scope, arguments: list[Any]) -> Any:
    """Return a variable, working it out; one that needs itself is refused."""
    (name,) = arguments
    for known, value in scope.variables.items():
        if known.lower() == name.lower():
            if scope.depth > DEEPEST:
                raise invalid(f"the variable '{name}' needs itself")
            scope.depth += 1
            try:
                return evaluate(value, scope, FUNCTIONS)
            finally:
                scope.depth -= 1
    for known, loop in loops_of(scope.variables).items():
        if known.lower() == name.lower():
            return repeated(loop, known, scope, FUNCTIONS)
    raise invalid(f"the template variable '{name}' is not found")


def resource_id(scope: Scope, arguments: list[Any]) -> str:
    """Return the id of a resource: ``resourceId([subscription], [group], type, name...)``."""
    position = next(index for index, word in enumerate(arguments) if "/" in word)
    words, before = arguments[position].split("/"), arguments[:position]
    names = [part for name in arguments[position + 1 :] for part in name.split("/")]
    if not before and (words[0] + "/" + words[1]).lower() == "microsoft.resources/resourcegroups":
        return f"/subscriptions/{scope.facts['subscription']['subscriptionId']}/resourceGroups/{names[0]}"
    if not before and "resourceGroup" not in scope.facts:
        return subscription_resource_id(scope, arguments)
    group = before[-1] if before else scope.facts["resourceGroup"]["name"]
    subscription = before[0] if len(before) > 1 else scope.facts["subscription"]["subscriptionId"]
    pairs = "".join(f"/{kind}/{name}" for kind, name in zip(words[1:], names, strict=True))
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{words[0]}{pairs}"


def subscription_resource_id(scope: Scope, arguments: list[Any]) -> str:
    """Return the id of a resource in no group: ``subscriptionResourceId([subscription], type, name...)``."""
    position = next(index for index, word in enumerate(arguments) if "/" in word)
    words, before = arguments[position].split("/"), arguments[:position]
    names = [part for name in arguments[position + 1 :] for part in name.split("/")]
    subscription = before[0] if before else scope.facts["subscription"]["subscriptionId"]
    pairs = "".join(f"/{kind}/{name}" for kind, name in zip(words[1:], names, strict=True))
    return f"/subscriptions/{subscription}/providers/{words[0]}{pairs}"


def _provider(scope: Scope, arguments: list[Any]) -> dict[str, Any]:
    """Return what a provider says of one of its types: ``providers(namespace, type)``."""
    kind = TYPES.get("/".join(arguments[:2]).lower())
    if kind is None:
        raise invalid(f"the resource type '{'/'.join(arguments)}' is not found")
    return {"resourceType": kind.name.partition("/")[2], "locations": [], "apiVersions": [kind.first_api]}


def _copy_index(scope: Scope, arguments: list[Any]) -> int:
    """Return the index of a loop: ``copyIndex()``, ``copyIndex(offset)``, ``copyIndex('loop', offset)``."""
    name = arguments[0] if arguments and isinstance(arguments[0], str) else ""
    offsets = [offset for offset in arguments if isinstance(offset, int)]
    if name not in scope.copies:
        raise invalid("the function 'copyIndex' stands outside of its loop")
    return scope.copies[name] + sum(offsets)


def _concat(scope: Scope, arguments: list[Any]) -> Any:
    if arguments and all(isinstance(part, list) for part in arguments):
        return [item for part in arguments for item in part]
    return "".join(_text(part) for part in arguments)


def _format(scope: Scope, arguments: list[Any]) -> str:
    text = arguments[0]
    for number, value in enumerate(arguments[1:]):
        text = text.replace(f"{{{number}}}", _text(value))
    return str(text)


def _unique(scope: Scope, arguments: list[Any]) -> str:
    """Return thirteen letters that stand for the arguments.

    Assumption: uniqueString makes other letters than Azure's, whose rule is not published.
    """
    digest = blake2b("-".join(map(str, arguments)).encode(), digest_size=10).digest()
    return b32encode(digest).decode().lower()[:13]


def _contains(scope: Scope, arguments: list[Any]) -> bool:
    container, item = arguments
    if isinstance(container, dict):
        return item.lower() in [name.lower() for name in container]
    return item in container


def _union(scope: Scope, arguments: list[Any]) -> Any:
    if all(isinstance(part, dict) for part in arguments):
        return {name: value for part in arguments for name, value in part.items()}
    found: list[Any] = []
    for part in arguments:
        found += [item for item in part if item not in found]
    return found


def _intersection(scope: Scope, arguments: list[Any]) -> Any:
    first, *others = arguments
    if isinstance(first, dict):
        return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}
    return [item for item in first if all(item in other for other in others)]


def _flatten(scope: Scope, arguments: list[Any]) -> list[Any]:
    (lists,) = arguments
    return [item for part in lists for item in (part if isinstance(part, list) else [part])]


def _add_time(scope: Scope, arguments: list[Any]) -> str:
    """Return a moment later by a duration of ISO 8601: ``dateTimeAdd('2019-07-29T00:00:00Z', 'P1DT2H')``."""
    base, text = arguments[:2]
    match = _DURATION.fullmatch(text)
    if match is None:
        raise invalid(f"the function 'dateTimeAdd' takes a duration such as 'P1DT2H', not '{text}'")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[1:])
    moved = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds) * (-1 if match[1] else 1)
    return (datetime.fromisoformat(base) + moved).strftime("%Y-%m-%dT%H:%M:%SZ")


def _extension_id(scope: Scope, arguments: list[Any]) -> str:
    """Return the id of what extends a resource: ``extensionResourceId(id, type, name...)``."""
    owner, kind, *names = arguments
    namespace, *words = kind.split("/")
    pairs = "".join(f"/{word}/{name}" for word, name in zip(words, names, strict=True))
    return f"{owner}/providers/{namespace}{pairs}"


def _split(scope: Scope, arguments: list[Any]) -> list[str]:
    text, marks = arguments
    first, *others = marks if isinstance(marks, list) else [marks]
    for mark in others:
        text = text.replace(mark, first)
    return list(text.split(first))


def _substring(scope: Scope, arguments: list[Any]) -> str:
    text, start, *length = arguments
    end = start + length[0] if length else len(text)
    if not 0 <= start <= end <= len(text):
        raise invalid(f"the function 'substring' leaves the text '{text}'")
    return str(text[start:end])


def _divide(scope: Scope, arguments: list[Any]) -> int:
    """Divide towards zero, as Azure does."""
    one, other = arguments
    return int(abs(one) // abs(other)) * (1 if (one < 0) == (other < 0) else -1)


def _whole(scope: Scope, arguments: list[Any]) -> int:
    return int(arguments[0])


def _truth(scope: Scope, arguments: list[Any]) -> bool:
    (value,) = arguments
    return value.lower() in ("true", "1") if isinstance(value, str) else bool(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "True" if value else "False"
    return value if isinstance(value, str) else json.dumps(value)


def _fact(name: str) -> Function:
    return lambda scope, arguments: scope.facts[name]


def _plain(act: Callable[..., Any]) -> Function:
    return lambda scope, arguments: act(*arguments)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


#: Functions by name in lower case; "if" is missing, as it works out one branch only.
FUNCTIONS: dict[str, Function] = {
    "parameters": _given,
    "variables": _variable,
    "resourceid": resource_id,
    "subscriptionresourceid": subscription_resource_id,
    "providers": _provider,
    "copyindex": _copy_index,
    "reference": lambda scope, arguments: scope.reference(arguments[0], (arguments[2:] or [""])[0]),
    "listkeys": lambda scope, arguments: scope.list_keys(arguments[0]),
    "resourcegroup": _fact("resourceGroup"),
    "subscription": _fact("subscription"),
    "tenant": _fact("tenant"),
    "deployment": _fact("deployment"),
    "environment": _fact("environment"),
    "utcnow": _fact("utcNow"),
    "concat": _concat,
    "format": _format,
    "uniquestring": _unique,
    "guid": _plain(lambda *words: named_guid("template", *words)),
    "tolower": _plain(str.lower),
    "toupper": _plain(str.upper),
    "trim": _plain(str.strip),
    "substring": _substring,
    "replace": _plain(lambda text, old, new: text.replace(old, new)),
    "split": _split,
    "join": _plain(lambda parts, mark: mark.join(map(_text, parts))),
    "startswith": _plain(lambda text, start: text.lower().startswith(start.lower())),
    "endswith": _plain(lambda text, end: text.lower().endswith(end.lower())),
    "indexof": _plain(lambda text, part: text.lower().find(part.lower())),
    "padleft": _plain(lambda text, width, mark=" ": _text(text).rjust(min(width, 100), mark)),
    "base64": _plain(lambda text: b64encode(text.encode()).decode()),
    "base64tostring": _plain(lambda text: b64decode(text).decode()),
    "string": _plain(_text),
    "int": _whole,
    "bool": _truth,
    "json": _plain(json.loads),
    "length": _plain(len),
    "empty": _plain(lambda value: value is None or len(value) == 0),
    "contains": _contains,
    "first": _plain(lambda value: value[0]),
    "last": _plain(lambda value: value[-1]),
    "take": _plain(lambda value, count: value[: max(count, 0)]),
    "skip": _plain(lambda value, count: value[max(count, 0) :]),
    "union": _union,
    "intersection": _intersection,
    "flatten": _flatten,
    "items": _plain(lambda value: [{"key": name, "value": value[name]} for name in sorted(value)]),
    "objectkeys": _plain(lambda value: sorted(value)),
    "lastindexof": _plain(lambda text, part: text.lower().rfind(part.lower())),
    "uri": _plain(urljoin),
    "uricomponent": _plain(lambda text: quote(text, safe="")),
    "uricomponenttostring": _plain(unquote),
    "base64tojson": _plain(lambda text: json.loads(b64decode(text))),
    "datauri": _plain(lambda text: f"data:text/plain;charset=utf8;base64,{b64encode(text.encode()).decode()}"),
    "datetimeadd": _add_time,
    "tenantresourceid": lambda scope, arguments: _extension_id(scope, ["", *arguments]),
    "extensionresourceid": _extension_id,
    "range": _plain(lambda start, count: list(range(start, start + min(count, 10_000)))),
    "array": _plain(lambda value: value if isinstance(value, list) else [value]),
    "createarray": lambda scope, arguments: arguments,
    "createobject": lambda scope, arguments: dict(zip(arguments[::2], arguments[1::2], strict=True)),
    "coalesce": lambda scope, arguments: next((value for value in arguments if value is not None), None),
    "null": _plain(lambda: None),
    "true": _plain(lambda: True),
    "false": _plain(lambda: False),
    "equals": _plain(_same),
    "not": _plain(lambda value: not _boolean(value)),
    "and": lambda scope, arguments: all(map(_boolean, arguments)),
    "or": lambda scope, arguments: any(map(_boolean, arguments)),
    "less": _plain(lambda one, other: one < other),
    "lessorequals": _plain(lambda one, other: one <= other),
    "greater": _plain(lambda one, other: one > other),
    "greaterorequals": _plain(lambda one, other: one >= other),
    "add": _plain(lambda one, other: _number(one) + _number(other)),
    "sub": _plain(lambda one, other: _number(one) - _number(other)),
    "mul": _plain(lambda one, other: _number(one) * _number(other)),
    "div": _divide,
    "mod": lambda scope, arguments: arguments[0] - _divide(scope, arguments) * arguments[1],
    "min": lambda scope, arguments: min(_several(arguments)),
    "max": lambda scope, arguments: max(_several(arguments)),
}


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _number(value: Any) -> int:
    if type(value) is not int:
        raise TypeError(value)
    return value


def _several(arguments: list[Any]) -> list[Any]:
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], list) else arguments
