"""Reading a template: parameters checked, loops unrolled, dependencies found (source: "ARM template structure").

Theory of operation: :func:`expand` works out everything that must be known before the first resource is made: names,
conditions, loops and dependencies. Bodies are worked out when their turn comes, as ``reference`` looks at what was made
before. A resource that refers to another by its name depends on it, whether or not it says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cmgsim.arm.errors import ArmError
from cmgsim.arm.expressions import Invocation, Literal, Scope, calls_in, evaluate, invalid, invocations, work_out
from cmgsim.arm.functions import FUNCTIONS, resource_id
from cmgsim.arm.messages import Json

#: (source: "Best practices for ARM templates": template limits)
MOST = {"parameters": 256, "variables": 256, "outputs": 64, "resources": 800}
#: The members of a resource that are the template's, not the resource's.
OWN = (
    "name",
    "type",
    "apiVersion",
    "dependsOn",
    "condition",
    "copy",
    "resources",
    "comments",
    "scope",
    "resourceGroup",
)
_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "securestring": str,
    "int": int,
    "bool": bool,
    "object": dict,
    "secureobject": dict,
    "array": list,
}


@dataclass(frozen=True, slots=True)
class Item:
    """One resource to be made: its id, its body as written, and the ids it has to wait for."""

    id: str
    kind: str
    version: str
    source: Json
    copies: tuple[tuple[str, int], ...] = ()
    depends: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Return the id by which it is found."""
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class _Draft:
    """A resource whose name is known and whose dependencies are not."""

    item: Item
    loop: str
    batch: int
    wanted: tuple[str, ...]


def parameters_of(template: Json, given: Json, scope: Scope) -> Json:
    """Return the value of every parameter, given or by default.

    Raises:
        ArmError: 400 ``InvalidTemplate`` for one that is missing, unknown, of another type or not allowed.
    """
    declared = part(template, "parameters")
    known = {name.lower() for name in declared}
    for name in given:
        if name.lower() not in known:
            raise invalid(f"the template parameter '{name}' is not defined in the template")
    values = {name.lower(): value["value"] for name, value in given.items() if "value" in _object(value, name)}
    for name, facts in declared.items():
        scope.parameters[name] = _parameter(name, _object(facts, name), values, scope)
    return scope.parameters


def expand(template: Json, scope: Scope) -> tuple[Item, ...]:
    """Return the resources of a template in the order in which it names them.

    Raises:
        ArmError: 400 ``InvalidTemplate``.
    """
    for name, most in MOST.items():
        if isinstance(template.get(name), dict | list) and len(template[name]) > most:
            raise invalid(f"the template has more than {most} {name}")
    drafts = [draft for source in _list(template, "resources") for draft in _drafts(source, scope, "", "")]
    if len(drafts) > MOST["resources"]:
        raise invalid(f"the template has more than {MOST['resources']} resources")
    keys = [draft.item.key for draft in drafts]
    for key in keys:
        if keys.count(key) > 1:
            raise invalid(f"the resource '{key}' is defined multiple times in the template")
    items = tuple(_connected(draft, drafts, scope) for draft in drafts)
    _require_no_circle(items)
    return items


def body_of(item: Item, scope: Scope) -> Json:
    """Return the body of a resource, worked out.

    Raises:
        ArmError: 400 ``InvalidTemplate``.
    """
    scope.copies = dict(item.copies)
    source = {name: value for name, value in item.source.items() if name not in OWN}
    properties = source.get("properties")
    if isinstance(properties, dict) and _is_inner(properties):
        inner = {"template": properties.get("template")}
        rest = {name: value for name, value in properties.items() if name != "template"}
        source["properties"] = {**evaluate(rest, scope, FUNCTIONS)}
        return {**evaluate({**source, "properties": {}}, scope, FUNCTIONS), "properties": source["properties"] | inner}
    worked_out: Json = evaluate(source, scope, FUNCTIONS)
    return worked_out


def part(template: Json, name: str) -> Json:
    """Return a part of a template that must be an object, an empty one if it is absent.

    Raises:
        ArmError: 400 ``InvalidTemplate`` if it is none.
    """
    return _object(template.get(name) or {}, name)


def _is_inner(properties: Json) -> bool:
    options = properties.get("expressionEvaluationOptions")
    return isinstance(options, dict) and str(options.get("scope", "")).lower() == "inner"


def _parameter(name: str, facts: Json, values: Json, scope: Scope) -> Any:
    if name.lower() in values:
        value = values[name.lower()]
    elif "defaultValue" in facts:
        value = evaluate(facts["defaultValue"], scope, FUNCTIONS)
    else:
        raise invalid(f"the value for the template parameter '{name}' is not provided")
    kind = _TYPES.get(str(facts.get("type", "")).lower())
    if kind is None or not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise invalid(f"the template parameter '{name}' is no {facts.get('type')}: {value!r}")
    allowed = facts.get("allowedValues")
    if isinstance(allowed, list) and value not in allowed:
        raise invalid(f"the value '{value}' of the template parameter '{name}' is not allowed; use one of {allowed}")
    _require_bounds(name, facts, value)
    return value


def _require_bounds(name: str, facts: Json, value: Any) -> None:
    size = value if isinstance(value, int) else len(value)
    least, most = ("minValue", "maxValue") if isinstance(value, int) else ("minLength", "maxLength")
    lower, upper = facts.get(least), facts.get(most)
    if (isinstance(lower, int) and size < lower) or (isinstance(upper, int) and size > upper):
        raise invalid(f"the template parameter '{name}' breaks its bounds of {lower} to {upper}: {value!r}")


def _drafts(source: object, scope: Scope, kind_before: str, name_before: str) -> Iterator[_Draft]:
    """Yield a resource, as often as its loop says, and the resources written inside of it."""
    written = _object(source, "resources")
    loop, count, batch = _loop(written, scope)
    for index in range(count):
        copies = (("", index), (loop, index)) if loop else ()
        scope.copies = dict(copies)
        if evaluate(written.get("condition", True), scope, FUNCTIONS) is not True:
            continue
        kind = kind_before + str(written.get("type", ""))
        name = name_before + str(evaluate(written.get("name", ""), scope, FUNCTIONS))
        wanted = tuple(str(word) for word in evaluate(_list(written, "dependsOn"), scope, FUNCTIONS))
        place = evaluate(written.get("resourceGroup", ""), scope, FUNCTIONS)
        item = Item(_id(kind, name, place, scope), kind, _version(written, scope), written, copies)
        yield _Draft(item, loop, batch, wanted)
        for inner in _list(written, "resources"):
            yield from _drafts(inner, scope, f"{kind}/", f"{name}/")
    scope.copies = {}


def _loop(written: Json, scope: Scope) -> tuple[str, int, int]:
    """Return the name, the length and the batch of a resource's loop: no name and one if it has none.

    A batch is how many are made at a time in the mode ``serial``, 0 if all are.
    """
    if "copy" not in written:
        return "", 1, 0
    copy = evaluate(_object(written["copy"], "copy"), scope, FUNCTIONS)
    name, count = copy.get("name"), copy.get("count")
    if not isinstance(name, str) or not name or type(count) is not int or not 0 <= count <= MOST["resources"]:
        raise invalid(f"a loop needs a name and a count of 0 to {MOST['resources']}, not {copy!r}")
    batch = copy.get("batchSize", 1) if str(copy.get("mode", "")).lower() == "serial" else 0
    if type(batch) is not int or not 0 <= batch <= MOST["resources"]:
        raise invalid(f"the batchSize of the loop '{name}' must be 1 to {MOST['resources']}, not {batch!r}")
    return name, count, batch


def _id(kind: str, name: str, group: object, scope: Scope) -> str:
    if not kind.count("/") or kind.count("/") != len(name.split("/")) or not all(name.split("/")):
        raise invalid(f"the template resource '{name}' of type '{kind}' has incorrect segment lengths")
    return resource_id(scope, [str(group), kind, name] if group else [kind, name])


def _version(written: Json, scope: Scope) -> str:
    version = evaluate(written.get("apiVersion", ""), scope, FUNCTIONS)
    if not isinstance(version, str) or not version:
        raise invalid(f"the template resource '{written.get('name')}' needs an apiVersion")
    return version


def _connected(draft: _Draft, drafts: list[_Draft], scope: Scope) -> Item:
    """Return a resource with the ids of all it has to wait for."""
    item = draft.item
    said = [key for word in draft.wanted for key in _named(word, drafts, item)]
    scope.copies = dict(item.copies)
    meant = [key for word in _referred(item.source, scope) for key in _matching(word, drafts)]
    depends = tuple(dict.fromkeys(key for key in (*said, *meant, *_batch_before(draft, drafts)) if key != item.key))
    return Item(item.id, item.kind, item.version, item.source, item.copies, depends)


def _batch_before(draft: _Draft, drafts: list[_Draft]) -> list[str]:
    """Return the keys of what a loop that makes batch after batch has to have made before."""
    if not draft.batch:
        return []
    batch = _index(draft) // draft.batch
    peers = [known for known in drafts if known.loop == draft.loop]
    return [known.item.key for known in peers if _index(known) // draft.batch == batch - 1]


def _index(draft: _Draft) -> int:
    return dict(draft.item.copies)[draft.loop]


def _referred(source: Json, scope: Scope) -> list[str]:
    body = {name: value for name, value in source.items() if name not in OWN}
    if isinstance(body.get("properties"), dict) and _is_inner(body["properties"]):
        body["properties"] = {name: value for name, value in body["properties"].items() if name != "template"}
    calls = [call for call in invocations(body) if call.name in ("reference", "listkeys") and call.arguments]
    return [str(work_out(call.arguments[0], scope, FUNCTIONS)) for call in calls if not _is_in_loop(call, scope)]


def _is_in_loop(call: Invocation, scope: Scope) -> bool:
    """Say whether a call needs the index of a loop within the body, which is not known yet."""
    names = [inner.arguments[0] for inner in calls_in(call) if inner.name == "copyindex" and inner.arguments]
    return any(isinstance(name, Literal) and name.value not in scope.copies for name in names)


def _named(word: str, drafts: list[_Draft], item: Item) -> list[str]:
    found = _matching(word, drafts)
    if not found and not word.startswith("/"):
        raise invalid(f"the resource '{word}', which '{item.id}' depends on, is not defined in the template")
    return found


def _matching(word: str, drafts: list[_Draft]) -> list[str]:
    """Return the keys of the resources that a word means: an id, the name of a loop, or a name."""
    wanted = word.lower()
    if wanted.startswith("/"):
        return [draft.item.key for draft in drafts if draft.item.key == wanted]
    looped = [draft.item.key for draft in drafts if draft.loop.lower() == wanted]
    short = [draft.item.key for draft in drafts if wanted in _short_names(draft.item)]
    return looped or short


def _short_names(item: Item) -> tuple[str, ...]:
    _, _, inner = item.key.partition("/providers/")
    words = inner.split("/") if inner else [*item.kind.lower().split("/"), item.key.rpartition("/")[2]]
    names = "/".join(words[2::2])
    return names, words[-1], f"{item.kind.lower()}/{names}", "/".join(words)


def _require_no_circle(items: tuple[Item, ...]) -> None:
    waiting = {item.key: item.depends for item in items}
    while ready := [key for key, depends in waiting.items() if not any(known in waiting for known in depends)]:
        for key in ready:
            del waiting[key]
    if waiting:
        raise invalid(f"circular dependency detected on resources: {', '.join(waiting)}")


def _object(value: object, name: str) -> Json:
    if not isinstance(value, dict):
        raise invalid(f"'{name}' must be an object, not {value!r}")
    return value


def _list(written: Json, name: str) -> list[Any]:
    value = written.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _no_list(name, value)
    return value


def _no_list(name: str, value: object) -> ArmError:
    return invalid(f"'{name}' must be a list, not {value!r}")
