"""YAML by its 1.2 core schema, as nodes with places, within bounds.

In YAML 1.1, which PyYAML reads by itself, ``12:30`` is the number 750 and ``no`` is false. Here they are text.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import yaml

#: How many keys and values a document may have once its aliases are written out.
MOST_NODES = 200_000
#: How deep mappings and lists may lie in each other.
DEEPEST = 64

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
TAG = "tag:yaml.org,2002:"
#: The scalars of the YAML 1.2 core schema: what they look like, and the letters they begin with.
SCALARS = {
    "null": (re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    "bool": (re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    "int": (re.compile(r"(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$"), list("-+0123456789")),
    "float": (
        re.compile(
            r"(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$"
        ),
        list("-+.0123456789"),
    ),
    "merge": (re.compile("<<$"), ["<"]),
}
#: Longer numbers stay text, which no model takes for a number.
_LONGEST_NUMBER = 400


class BadYaml(Exception):
    """A text that is no YAML, or goes beyond the bounds; ``reason`` and ``remedy`` are one line each."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy


def compose(text: str) -> yaml.Node | None:
    """Return the root node of a text of one document; None if there is nothing in it.

    Raises:
        BadYaml: if it is no YAML, holds several documents, is nested too deep or has too many nodes.
    """
    try:
        loader = CoreLoader(text)
        try:
            root: yaml.Node | None = loader.get_single_node()
            return root
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise BadYaml(*_problem(error, text)) from None
    except UnicodeEncodeError:
        raise BadYaml("it holds half of a surrogate pair", "save it as UTF-8") from None


def source_lines(text: str) -> tuple[str, ...]:
    """Split a text where YAML and editors do; the end of the last line begins no other."""
    lines = _LINE_END.split(text)
    return tuple(lines[:-1] if lines[-1] == "" else lines)


def read_plain(kind: str, text: str) -> Any:
    """Read a plain scalar of a kind of the core schema, such as ``read_plain("int", "0x10")``.

    Raises:
        ValueError: if the text is not of that kind, or there is no such kind.
    """
    if kind not in SCALARS or not SCALARS[kind][0].match(text):
        raise ValueError(f"{text!r} is no {kind} of YAML 1.2; write it in the form of the core schema")
    return text if len(text) > _LONGEST_NUMBER else _READ[kind](text)


def read_scalar(text: str) -> Any:
    """Read a plain scalar by the YAML 1.2 core schema: ``"001"`` is 1, ``"no"`` is text."""
    kind = next((kind for kind, (pattern, _) in SCALARS.items() if pattern.match(text)), "merge")
    return text if len(text) > _LONGEST_NUMBER else _READ[kind](text)


def _problem(error: yaml.YAMLError, text: str) -> tuple[str, str]:
    """Return what is wrong with the YAML and what to do."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark, problem = error.problem_mark, str(error.problem)
        if isinstance(error, yaml.composer.ComposerError) and "another document" in problem:
            return f"a second document begins in line {mark.line + 1}", "keep one document and remove '---'"
        context = f" {error.context}" if error.context else ""
        remedy = "use blanks, not tabs, to indent" if _begins_with_tab(text, mark) else "correct the YAML there"
        return f"not YAML at {mark.line + 1}:{mark.column + 1}:{context} {problem}", remedy
    if isinstance(error, yaml.reader.ReaderError) and isinstance(error.character, int):
        line = len(_LINE_END.split(text[: max(0, text.find(chr(error.character)))]))
        return f"line {line} holds the control character U+{error.character:04X}", "remove it"
    return f"not YAML: {error}", "correct it"


def _begins_with_tab(text: str, mark: yaml.Mark) -> bool:
    lines = _LINE_END.split(text)
    return mark.line < len(lines) and "\t" in lines[mark.line][: mark.column + 1]


class Bounds:
    """Counts nodes and their depth while a text is composed; PyYAML calls these two methods around every node."""

    nodes = 0
    depth = 0

    def descend_resolver(self, parent: object, index: object) -> None:
        """Count a node in.

        Raises:
            BadYaml: beyond the bounds.
        """
        self.nodes += 1
        self.depth += 1
        check_bounds(self.nodes, self.depth)

    def ascend_resolver(self) -> None:
        """Count a level out."""
        self.depth -= 1


def check_bounds(nodes: int, depth: int) -> None:
    """Refuse more than :data:`MOST_NODES` nodes, and more than :data:`DEEPEST` levels.

    Raises:
        BadYaml: beyond the bounds.
    """
    if depth > DEEPEST + 1:
        raise BadYaml(f"it is nested more than {DEEPEST} levels deep", "flatten it")
    if nodes > MOST_NODES:
        raise BadYaml(
            f"it has more than {MOST_NODES:,} keys and values once aliases are written out", "make it smaller"
        )


# The pure Python loader serves where PyYAML was built without libyaml; it is about ten times slower.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class CoreLoader(Bounds, _SafeLoader):  # type: ignore[misc]  # the base is chosen at run time
    """A PyYAML loader that knows the scalars of the YAML 1.2 core schema; PyYAML offers no other way to say so."""

    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}


for _name, (_pattern, _letters) in SCALARS.items():
    CoreLoader.add_implicit_resolver(TAG + _name, _pattern, _letters)


def _read_int(text: str) -> int:
    return int(text, 0) if text.startswith(("0o", "0x")) else int(text)


def _read_float(text: str) -> float:
    return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))


_READ: dict[str, Callable[[str], Any]] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _read_int,
    "float": _read_float,
    "merge": str,
}
