"""The expressions in templates, such as ``[concat(parameters('name'), '-vnet')]``.

Source: "Syntax and expressions in Azure Resource Manager templates".

An expression is read into a small tree and worked out in a :class:`Scope`. What the functions do is in
:mod:`cmgsim.arm.functions`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from cmgsim.arm.errors import ArmError, bad_request

_TOKEN = re.compile(r"\s*(?:'((?:[^']|'')*)'|(-?[0-9]+)|([A-Za-z_][\w.]*?)(?=\s*\()|(\.\s*[A-Za-z_]\w*)|([\[\](),]))")
DEEPEST = 100
MOST_WORK = 20_000
#: (source: "Property iteration in ARM templates")
MOST_TURNS = 800
LONGEST = 1_000_000


def invalid(problem: str) -> ArmError:
    """Refuse a template."""
    return bad_request("InvalidTemplate", f"Deployment template validation failed: '{problem}'.")


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call of a function; its name is in lower case."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Member:
    """A part of a value, by name or by number."""

    of: Node
    key: Node


Node = Literal | Invocation | Member


@dataclass(slots=True)
class Scope:
    """What expressions are worked out with.

    ``variables`` are as written and worked out when asked for. ``facts`` answer ``resourceGroup()`` and its like.
    ``copies`` hold the present index of each loop, ``""`` that of the innermost. ``reference`` and ``list_keys`` look
    at what is deployed; before that, they refuse. ``work`` counts calls, so that no template keeps one busy for ever.
    """

    parameters: dict[str, Any]
    variables: dict[str, Any]
    facts: dict[str, Any]
    reference: Callable[[str, str], Any]
    list_keys: Callable[[str], Any]
    copies: dict[str, int] = field(default_factory=dict)
    depth: int = 0
    work: int = 0


Function = Callable[[Scope, list[Any]], Any]


def is_expression(text: str) -> bool:
    """Say whether a text is an expression; one that starts with two brackets is a text with one."""
    return text.startswith("[") and not text.startswith("[[") and text.endswith("]")


def evaluate(value: Any, scope: Scope, functions: dict[str, Function]) -> Any:
    """Work out every expression in a value, at any depth.

    Raises:
        ArmError: 400 ``InvalidTemplate``.
    """
    if isinstance(value, dict):
        loops = loops_of(value)
        found = {name: evaluate(part, scope, functions) for name, part in value.items() if not loops or name != "copy"}
        return found | {name: repeated(loop, name, scope, functions) for name, loop in loops.items()}
    if isinstance(value, list):
        return [evaluate(part, scope, functions) for part in value]
    if not isinstance(value, str):
        return value
    if is_expression(value):
        return work_out(parse(value[1:-1]), scope, functions)
    return value[1:] if value.startswith("[[") else value


def loops_of(value: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the loops by name that stand in an object under ``copy``, none if that is no list of loops."""
    written = value.get("copy")
    if not isinstance(written, list) or not all(isinstance(loop, dict) and "input" in loop for loop in written):
        return {}
    return {str(loop.get("name", "")): loop for loop in written}


def repeated(loop: dict[str, Any], name: str, scope: Scope, functions: dict[str, Function]) -> list[Any]:
    """Work out the ``input`` of a loop as often as its ``count`` says; *name* is what its index is asked for by.

    Raises:
        ArmError: 400 ``InvalidTemplate``.
    """
    count = evaluate(loop.get("count"), scope, functions)
    if type(count) is not int or not 0 <= count <= MOST_TURNS:
        raise invalid(f"the loop '{name}' needs a count of 0 to {MOST_TURNS}, not {count!r}")
    outer = scope.copies
    scope.work += count
    try:
        found = []
        for index in range(count):
            scope.copies = {**outer, name: index}
            found.append(evaluate(loop["input"], scope, functions))
    finally:
        scope.copies = outer
    if scope.work > MOST_WORK:
        raise invalid(f"the loop '{name}' makes too much of too little")
    return found


def work_out(node: Node, scope: Scope, functions: dict[str, Function]) -> Any:
    """Work out a tree.

    Raises:
        ArmError: 400 ``InvalidTemplate``.
    """
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Member):
        return _member(work_out(node.of, scope, functions), work_out(node.key, scope, functions))
    if node.name == "if":
        return _choose(node, scope, functions)
    if node.name not in functions:
        raise invalid(f"the template function '{node.name}' is not valid or not modelled")
    arguments = [work_out(argument, scope, functions) for argument in node.arguments]
    scope.work += 1
    try:
        result = functions[node.name](scope, arguments)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError) as problem:
        raise invalid(f"the template function '{node.name}' cannot take {arguments!r}") from problem
    if scope.work > MOST_WORK or (isinstance(result, str | list) and len(result) > LONGEST):
        raise invalid(f"the template function '{node.name}' makes too much of too little")
    return result


def invocations(value: Any) -> Iterator[Invocation]:
    """Return every call in the expressions of a value, at any depth.

    Raises:
        ArmError: 400 ``InvalidTemplate`` for an expression that is none.
    """
    if isinstance(value, dict):
        for part in value.values():
            yield from invocations(part)
    elif isinstance(value, list):
        for part in value:
            yield from invocations(part)
    elif isinstance(value, str) and is_expression(value):
        yield from calls_in(parse(value[1:-1]))


@lru_cache(maxsize=4096)
def parse(text: str) -> Node:
    """Read an expression, without its outer brackets.

    Raises:
        ArmError: 400 ``InvalidTemplate``.
    """
    tokens = list(_tokens(text))
    node, position = _read(tokens, 0, text, 0)
    if position != len(tokens):
        raise invalid(f"the expression '{text}' is not valid: something follows its end")
    return node


def _choose(node: Invocation, scope: Scope, functions: dict[str, Function]) -> Any:
    """Work out the condition and then the branch it chooses, and not the other."""
    if len(node.arguments) != 3:
        raise invalid("the template function 'if' takes a condition and two values")
    chosen = 1 if work_out(node.arguments[0], scope, functions) is True else 2
    return work_out(node.arguments[chosen], scope, functions)


def calls_in(node: Node) -> Iterator[Invocation]:
    """Return every call in a tree, outer ones first."""
    if isinstance(node, Member):
        yield from calls_in(node.of)
        yield from calls_in(node.key)
    elif isinstance(node, Invocation):
        yield node
        for argument in node.arguments:
            yield from calls_in(argument)


def _member(value: Any, key: Any) -> Any:
    if isinstance(value, dict) and isinstance(key, str):
        for name, part in value.items():
            if name.lower() == key.lower():
                return part
        raise invalid(f"the property '{key}' does not exist; there is {', '.join(sorted(value)) or 'none'}")
    if isinstance(value, list) and type(key) is int and 0 <= key < len(value):
        return value[key]
    raise invalid(f"'{key}' is no part of {value!r}")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None:
            raise invalid(f"the expression '{text}' is not valid at position {position + 1}")
        kind = ("text", "number", "name", "member", "mark")[(match.lastindex or 1) - 1]
        yield kind, match[match.lastindex or 1]
        position = match.end()


def _read(tokens: list[tuple[str, str]], position: int, text: str, depth: int) -> tuple[Node, int]:
    if position >= len(tokens) or depth > DEEPEST:
        raise invalid(f"the expression '{text}' is not valid: it ends too early or is too deep")
    kind, word = tokens[position]
    node: Node
    if kind == "text":
        node, position = Literal(word.replace("''", "'")), position + 1
    elif kind == "number":
        node, position = Literal(int(word)), position + 1
    elif kind == "name":
        arguments, position = _arguments(tokens, position + 2, text, depth + 1)
        node = Invocation(word.lower(), arguments)
    else:
        raise invalid(f"the expression '{text}' is not valid: '{word}' cannot stand there")
    return _members(node, tokens, position, text, depth)


def _arguments(tokens: list[tuple[str, str]], position: int, text: str, depth: int) -> tuple[tuple[Node, ...], int]:
    found: list[Node] = []
    while tokens[position : position + 1] != [("mark", ")")]:
        if found:
            position = _expect(tokens, position, ",", text)
        node, position = _read(tokens, position, text, depth)
        found.append(node)
    return tuple(found), position + 1


def _members(node: Node, tokens: list[tuple[str, str]], position: int, text: str, depth: int) -> tuple[Node, int]:
    while position < len(tokens):
        kind, word = tokens[position]
        if kind == "member":
            node, position = Member(node, Literal(word[1:].strip())), position + 1
        elif (kind, word) == ("mark", "["):
            key, position = _read(tokens, position + 1, text, depth + 1)
            node, position = Member(node, key), _expect(tokens, position, "]", text)
        else:
            break
    return node, position


def _expect(tokens: list[tuple[str, str]], position: int, mark: str, text: str) -> int:
    if tokens[position : position + 1] != [("mark", mark)]:
        raise invalid(f"the expression '{text}' is not valid: '{mark}' is missing")
    return position + 1
