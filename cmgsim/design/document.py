"""A YAML file as plain data, with the place of every key and value.

Theory of operation: libyaml composes the text into nodes that carry their places; this file turns the nodes into
dicts, lists and scalars and notes each place under its path. Scalars are read by the YAML 1.2 core schema, because in
YAML 1.1 ``12:30`` is the number 750 and ``no`` is false. Anchors, aliases and merge keys work, within bounds; tags and
several documents in one file do not.

A file that cannot be judged at all raises :class:`~cmgsim.errors.UnreadableFile`; what is wrong with single keys or
values is kept in :attr:`Document.findings`, so that it can be shown together with all other faults.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from cmgsim.design.findings import Finding, Loc, Severity, printable
from cmgsim.errors import UnreadableFile, nearest

#: The largest file that is read, in bytes.
LARGEST_FILE = 8_000_000
#: How many keys and values a document may have once its aliases are written out.
MOST_NODES = 200_000
#: How deep mappings and lists may lie in each other.
DEEPEST = 64

_LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_TAG = "tag:yaml.org,2002:"
#: The scalars of the YAML 1.2 core schema: what they look like, and the letters they begin with.
_SCALARS = {
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


class Mark(NamedTuple):
    """Where something stands in a text: lines and columns count from 1, the end is the place just after it."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, eq=False)
class Document:
    """A file's data and the places of its parts.

    ``data`` is made of dicts, lists, texts, numbers, booleans and None. ``marks`` has the place of each value,
    ``key_marks`` that of each key, by path, as in ``marks["gateways", "east", "vms"]``. ``findings`` are the faults met
    while reading.
    """

    path: Path
    text: str = field(repr=False)
    lines: tuple[str, ...] = field(repr=False)
    data: dict[str, Any] = field(repr=False)
    marks: dict[Loc, Mark] = field(repr=False)
    key_marks: dict[Loc, Mark] = field(repr=False)
    findings: tuple[Finding, ...] = ()

    def locate(self, loc: Loc) -> Mark:
        """Return the place of the value at *loc*, or of the nearest thing above it that the document has."""
        return self.marks[self.nearest_path(loc)]

    def locate_key(self, loc: Loc) -> Mark:
        """Return the place of the key at *loc*; of the value where there is no key, as for items of lists."""
        path = self.nearest_path(loc)
        return self.key_marks.get(path) or self.marks[path]

    def nearest_path(self, loc: Loc) -> Loc:
        """Return the longest path in the document that *loc* leads along.

        Parts of *loc* that stand for no part of the document, such as the tag of a union, are skipped.
        """
        path: Loc = ()
        for part in loc:
            if (*path, part) in self.marks:
                path = (*path, part)
        return path

    def value(self, path: Loc) -> Any:
        """Return the data at *path*.

        Raises:
            KeyError: if the document has no such path.
        """
        value: Any = self.data
        for part in path:
            value = value[part]
        return value

    def source(self, path: Loc) -> str:
        """Return the first line of the value at *path*, as it is written in the file."""
        mark = self.marks[path]
        line = self.lines[mark.line - 1] if mark.line <= len(self.lines) else ""
        end = mark.end_column - 1 if mark.end_line == mark.line else len(line)
        return line[mark.column - 1 : end]


def read_document(path: Path) -> Document:
    """Read a YAML or JSON file.

    Raises:
        UnreadableFile: if it is missing, no regular file, too large, binary, empty, no YAML, or no mapping.
    """
    return parse_document(_text(path, _bytes(path)), path)


def parse_document(text: str, path: Path) -> Document:
    """Read YAML or JSON that is already at hand; *path* is the name that findings show.

    Raises:
        UnreadableFile: if the text is empty, no YAML, nested too deep, expands too far, or is no mapping.
    """
    root = _compose(text, path)
    if root is None:
        raise _unreadable(path, "there is nothing in it", "write a design, a plan or a scenario in it")
    reader = _Reader(path)
    try:
        data = reader.read(root, (), 0)
    except _TooMuchYaml as error:
        raise _unreadable(path, *error.args) from None
    if not isinstance(data, dict):
        raise _unreadable(path, f"its top level is {kind_of(data)}", "begin it with a key, such as 'name: ...'")
    return Document(path, text, _lines(text), data, reader.marks, reader.key_marks, tuple(reader.findings))


def _lines(text: str) -> tuple[str, ...]:
    """Split a text where YAML and editors do; the end of the last line begins no other."""
    lines = _LINE_END.split(text)
    return tuple(lines[:-1] if lines[-1] == "" else lines)


def _unreadable(path: Path, reason: str, remedy: str) -> UnreadableFile:
    return UnreadableFile(printable(f"{path}: {reason}; {remedy}"))


def _bytes(path: Path) -> bytes:
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise _unreadable(path, "this is a directory", "name a file in it")
        if not stat.S_ISREG(about.st_mode):
            raise _unreadable(path, "this is no regular file", "save its content to a file first")
        if about.st_size > LARGEST_FILE:
            raise _too_large(path, about.st_size)
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file", _spelling(path)) from None
    except PermissionError:
        raise _unreadable(path, "reading it is not permitted", "check the permissions of the file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(path, f"it cannot be read ({reason})", "check the path") from None
    if len(content) > LARGEST_FILE:
        raise _too_large(path, len(content))
    return content


def _too_large(path: Path, size: int) -> UnreadableFile:
    return _unreadable(
        path, f"with {size / 1e6:.1f} MB it is larger than 8 MB", "split it, or check that it is the right file"
    )


def _spelling(path: Path) -> str:
    try:
        near = [entry.name for entry in path.parent.iterdir() if entry.is_file()]
    except OSError:
        return "check the path"
    hint = nearest(path.name, near)
    return hint.removeprefix("; ") if "did you mean" in hint else "check the path"


def _text(path: Path, content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _unreadable(path, "it is UTF-16", "save it as UTF-8")
    if b"\0" in content:
        raise _unreadable(path, "it is binary, not text", "name a YAML file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"line {line} is not UTF-8", "save it as UTF-8") from None


class _TooMuchYaml(Exception):
    """The text goes beyond the bounds; args are the reason and the remedy."""


def _compose(text: str, path: Path) -> yaml.Node | None:
    try:
        loader = _Loader(text)
        try:
            root: yaml.Node | None = loader.get_single_node()
            return root
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        raise _unreadable(path, *_problem(error, text)) from None
    except _TooMuchYaml as error:
        raise _unreadable(path, *error.args) from None
    except UnicodeEncodeError:
        raise _unreadable(path, "it holds half of a surrogate pair", "save it as UTF-8") from None


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


class _Bounds:
    """Counts nodes and their depth while a text is composed; PyYAML calls these two methods around every node."""

    nodes = 0
    depth = 0

    def descend_resolver(self, parent: object, index: object) -> None:
        self.nodes += 1
        self.depth += 1
        _check_bounds(self.nodes, self.depth)

    def ascend_resolver(self) -> None:
        self.depth -= 1


def _check_bounds(nodes: int, depth: int) -> None:
    if depth > DEEPEST + 1:
        raise _TooMuchYaml(f"it is nested more than {DEEPEST} levels deep", "flatten it")
    if nodes > MOST_NODES:
        raise _TooMuchYaml(
            f"it has more than {MOST_NODES:,} keys and values once aliases are written out", "make it smaller"
        )


# The pure Python loader serves where PyYAML was built without libyaml; it is about ten times slower.
_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Bounds, _SafeLoader):  # type: ignore[misc]  # the base is chosen at run time
    """A PyYAML loader that knows the scalars of the YAML 1.2 core schema; PyYAML offers no other way to say so."""

    yaml_implicit_resolvers: dict[str | None, list[tuple[str, re.Pattern[str]]]] = {}


for _name, (_pattern, _letters) in _SCALARS.items():
    _Loader.add_implicit_resolver(_TAG + _name, _pattern, _letters)


class _Reader:
    """Turns nodes into data, and notes places and faults on the way."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.marks: dict[Loc, Mark] = {}
        self.key_marks: dict[Loc, Mark] = {}
        self._findings: dict[tuple[str, Mark], Finding] = {}
        self._nodes = 0

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(self._findings.values())

    def read(self, node: yaml.Node, path: Loc, depth: int) -> Any:
        self._nodes += 1
        _check_bounds(self._nodes, depth)
        self.marks[path] = _mark(node)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, path)
        self._check_tag(node, path)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        return [self.read(item, (*path, index), depth + 1) for index, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: Loc, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for name, key, value in self._pairs(node, path, depth):
            below = (*path, name)
            self.key_marks[below] = _mark(key)
            data[name] = self.read(value, below, depth + 1)
            if data[name] is None and value.start_mark.index == value.end_mark.index:
                self.marks[below] = self.key_marks[below]  # nothing is written there: show the key
        return data

    def _pairs(self, node: yaml.MappingNode, path: Loc, depth: int) -> list[tuple[str, yaml.Node, yaml.Node]]:
        """Return the keys of a mapping with its merged keys after them; a key of its own wins over a merged one."""
        _check_bounds(self._nodes, depth)
        own: dict[str, tuple[str, yaml.Node, yaml.Node]] = {}
        merged: list[yaml.Node] = []
        for key, value in node.value:
            name = self._key(key, path)
            if name is None:
                continue
            if name in own:
                self._duplicate(name, own[name][1], key, path)
                continue
            if key.tag == _TAG + "merge":
                merged += value.value if isinstance(value, yaml.SequenceNode) else [value]
            own[name] = (name, key, value)
        if merged:
            del own["<<"]
        for base in merged:
            self._merge(base, own, path, depth)
        return list(own.values())

    def _merge(self, base: yaml.Node, own: dict[str, tuple[str, yaml.Node, yaml.Node]], path: Loc, depth: int) -> None:
        if not isinstance(base, yaml.MappingNode):
            self._find("CMG004", "'<<' takes in a mapping, nothing else", (*path, "<<"), base, "write '<<: *anchor'")
            return
        self._nodes += 1
        for pair in self._pairs(base, path, depth + 1):
            self._nodes += 1
            own.setdefault(pair[0], pair)

    def _key(self, key: yaml.Node, path: Loc) -> str | None:
        """Return the name of a key; None where it has none, which is a finding."""
        if not isinstance(key, yaml.ScalarNode):
            self._find(
                "CMG009", f"a key must be a name, not {kind_of(key.value)}", path, key, "write a name before ':'"
            )
            return None
        name = str(key.value)
        if key.tag not in {_TAG + "str", _TAG + "merge"}:
            kind = kind_of(self._scalar(key, (*path, name)))
            remedy = f"put it in quotes: '{name}'" if name else "write a name before ':'"
            self._find("CMG009", f"the key {name!r} is {kind}, not a name", (*path, name), key, remedy)
        return name

    def _scalar(self, node: yaml.ScalarNode, path: Loc) -> Any:
        kind, text = node.tag.removeprefix(_TAG), str(node.value)
        if kind in {"str", "merge", "!"}:
            return text
        if kind not in _SCALARS or not _SCALARS[kind][0].match(text):
            self._check_tag(node, path)
            return text
        return text if len(text) > _LONGEST_NUMBER else _READ[kind](text)

    def _check_tag(self, node: yaml.Node, path: Loc) -> None:
        if node.tag not in {_TAG + "map", _TAG + "seq", "!"}:
            shown = node.tag.replace(_TAG, "!!")
            self._find(
                "CMG006", f"the tag {shown!r} is not taken here", path, node, "remove it; files hold plain values"
            )

    def _duplicate(self, name: str, first: yaml.Node, key: yaml.Node, path: Loc) -> None:
        line = first.start_mark.line + 1
        message = f"the key {name!r} is already in line {line}"
        self._find("CMG002", message, (*path, name), key, "keep one of the two")

    def _find(self, rule: str, message: str, path: Loc, node: yaml.Node, remedy: str) -> None:
        mark = _mark(node)
        finding = Finding(rule, Severity.ERROR, message, path, self.file, mark, remedy)
        self._findings.setdefault((rule, mark), finding)


def _mark(node: yaml.Node) -> Mark:
    start, end = node.start_mark, node.end_mark
    return Mark(start.line + 1, start.column + 1, end.line + 1, end.column + 1)


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


def read_scalar(text: str) -> Any:
    """Read a plain scalar by the YAML 1.2 core schema: ``"001"`` is 1, ``"no"`` is text."""
    kind = next((kind for kind, (pattern, _) in _SCALARS.items() if pattern.match(text)), "merge")
    return text if len(text) > _LONGEST_NUMBER else _READ[kind](text)


_KINDS = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "empty"}


def kind_of(value: object) -> str:
    """Say in words what kind of YAML value this is: ``"a list"``, ``"a number"``."""
    return _KINDS.get(type(value), "a number")
