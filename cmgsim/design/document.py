"""A YAML file as plain data, with the place of every key and value.

Theory of operation: libyaml composes the text into nodes that carry their places; this file turns the nodes into
dicts, lists and scalars and notes each place under its path. Scalars are read by the YAML 1.2 core schema, because in
YAML 1.1 ``12:30`` is the number 750 and ``no`` is false. Anchors, aliases and merge keys work, within bounds; tags and
several documents in one file do not.

A file that cannot be judged at all raises :class:`~cmgsim.errors.UnreadableFile`; what is wrong with single keys or
values is kept in :attr:`Document.findings`, so that it can be shown together with all other faults.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from cmgsim.design.core_yaml import TAG, BadYaml, check_bounds, compose, read_plain, source_lines
from cmgsim.design.findings import Finding, Loc, Severity, printable
from cmgsim.errors import UnreadableFile, nearest

#: The largest file that is read, in bytes.
LARGEST_FILE = 8_000_000


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


def require_something(path: Path) -> None:
    """Refuse a path at which there is nothing.

    Raises:
        UnreadableFile: if there is neither file nor folder; it says what is near.
    """
    if not path.exists():
        raise _nothing(path)


def parse_document(text: str, path: Path) -> Document:
    """Read YAML or JSON that is already at hand; *path* is the name that findings show.

    Raises:
        UnreadableFile: if the text is empty, no YAML, nested too deep, expands too far, or is no mapping.
    """
    reader = _Reader(path)
    try:
        root = compose(text)
        data = None if root is None else reader.read(root, (), 0)
    except BadYaml as error:
        raise _unreadable(path, error.reason, error.remedy) from None
    if root is None:
        raise _unreadable(path, "there is nothing in it", "write a design, a plan or a scenario in it")
    if not isinstance(data, dict):
        raise _unreadable(path, f"its top level is {kind_of(data)}", "begin it with a key, such as 'name: ...'")
    return Document(path, text, source_lines(text), data, reader.marks, reader.key_marks, tuple(reader.findings))


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
        raise _nothing(path) from None
    except PermissionError:
        raise _unreadable(path, "reading it is not permitted", "check the permissions of the file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise _unreadable(path, f"it cannot be read ({reason})", "check the path") from None
    if len(content) > LARGEST_FILE:
        raise _too_large(path, len(content))
    return content


def _nothing(path: Path) -> UnreadableFile:
    return _unreadable(path, "there is no such file", _spelling(path))


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
        check_bounds(self._nodes, depth)
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
        check_bounds(self._nodes, depth)
        own: dict[str, tuple[str, yaml.Node, yaml.Node]] = {}
        merged: list[yaml.Node] = []
        for key, value in node.value:
            name = self._key(key, path)
            if name is None:
                continue
            if name in own:
                self._duplicate(name, own[name][1], key, path)
                continue
            if key.tag == TAG + "merge":
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
        if key.tag not in {TAG + "str", TAG + "merge"}:
            kind = kind_of(self._scalar(key, (*path, name)))
            remedy = f"put it in quotes: '{name}'" if name else "write a name before ':'"
            self._find("CMG009", f"the key {name!r} is {kind}, not a name", (*path, name), key, remedy)
        return name

    def _scalar(self, node: yaml.ScalarNode, path: Loc) -> Any:
        kind, text = node.tag.removeprefix(TAG), str(node.value)
        if kind in {"str", "merge", "!"}:
            return text
        try:
            return read_plain(kind, text)
        except ValueError:
            self._check_tag(node, path)
            return text

    def _check_tag(self, node: yaml.Node, path: Loc) -> None:
        if node.tag not in {TAG + "map", TAG + "seq", "!"}:
            shown = node.tag.replace(TAG, "!!")
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


_KINDS = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", type(None): "empty"}


def kind_of(value: object) -> str:
    """Say in words what kind of YAML value this is: ``"a list"``, ``"a number"``."""
    return _KINDS.get(type(value), "a number")
