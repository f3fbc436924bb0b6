"""The plan of the house: imports run one way, rooms have names, no order is left to chance."""

from __future__ import annotations

import ast
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "cmgsim"
SOURCES = sorted(PACKAGE.rglob("*.py"))
NAMELESS = ["common", "helper", "helpers", "misc", "util", "utils"]
STRANGERS = {
    "kernel": r"(?<![a-z])(gateways?|cmg(?!sim)|clients?|polic(y|ies)|azure)(?![a-z])",
    # One header of Azure has our word as its value.
    "arm": r"(?<!x-ms-failure-cause\"] = \")\b(gateways?|cmg|client polic(y|ies)|boundar(y|ies))\b",
}
# Each word holds a pair of brackets, so that this file does not contain what it looks for.
UNFINISHED = re.compile("TOD[O]|FIXM[E]|NotImplementedErro[r]|pragma: no cove[r]")


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)


def test_imports_run_one_way():
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("kernel/planted.py", "import cmgsim.design"),
        ("tables_planted/__init__.py", ""),
        ("design/planted.py", "import simpy"),
        ("design/planted.py", "from cmgsim import Table"),
    ],
    ids=["upward", "a room nobody placed", "an engine in the domain", "the facade"],
)
def test_a_planted_import_breaks_the_contract(tmp_path, file, line):
    shutil.copytree(PACKAGE, tmp_path / "cmgsim", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "cmgsim" / file
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(line + "\n")
    result = lint_imports(tmp_path)
    assert result.returncode == 1
    assert "BROKEN" in result.stdout


def test_every_room_has_a_name():
    nameless = [path for path in PACKAGE.rglob("*") if path.stem in NAMELESS]
    assert not nameless, f"say what is in it: {nameless}"


@pytest.mark.parametrize("room", STRANGERS)
def test_strangers_know_no_word_of_the_domain(room):
    word = re.compile(STRANGERS[room], re.IGNORECASE)
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if word.search(line)
    ]
    assert not found, "\n".join(found)


def is_set(node: ast.AST) -> bool:
    """Say whether an expression is plainly a set: a literal, a comprehension, a call, or an operation on one."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr | ast.BitAnd | ast.Sub | ast.BitXor):
        return is_set(node.left) or is_set(node.right)
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("set", "frozenset")
    return called or isinstance(node, ast.Set | ast.SetComp)


def ordered_by_chance(tree: ast.AST) -> Iterator[int]:
    """Yield the lines that walk through a set in its own order, which differs from process to process."""
    for node in ast.walk(tree):
        walked = [node.iter] if isinstance(node, ast.For | ast.comprehension) else []
        if isinstance(node, ast.Call):
            function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            walked = node.args[:1] if function in ("list", "tuple", "enumerate", "iter", "join") else []
        yield from (iterable.lineno for iterable in walked if is_set(iterable))


def test_no_order_is_left_to_chance():
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in SOURCES
        for line in ordered_by_chance(ast.parse(path.read_text("utf-8")))
    ]
    assert not found, f"sort before you iterate a set: {found}"


@pytest.mark.parametrize(
    ("code", "lines"),
    [
        ("for x in {1, 2}: pass", 1),
        ("[x for x in set(y)]", 1),
        ("list(frozenset(y))", 1),
        ("','.join({x for x in y})", 1),
        ("for x in set(y) - {1}: pass", 1),
        ("for x in sorted(set(y)): pass", 0),
        ("1 in {1, 2}", 0),
        ("for x in [1, 2]: pass", 0),
    ],
)
def test_order_by_chance_is_seen(code, lines):
    assert len(list(ordered_by_chance(ast.parse(code)))) == lines


def test_nothing_is_unfinished():
    files = [path for room in ("cmgsim", "tests", "scenarios", "docs") for path in sorted((ROOT / room).rglob("*.py"))]
    found = [path for path in files if UNFINISHED.search(path.read_text("utf-8"))]
    assert not found


def test_no_test_reaches_another_machine():
    with socket.socket() as outward, pytest.raises(AssertionError, match=r"192\.0\.2\.1.*127\.0\.0\.1 only"):
        outward.connect(("192.0.2.1", 443))


def functions(path: Path) -> list[tuple[int, str]]:
    """List (lines, name) of every function of a file, its docstring not counted."""
    sizes = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            sizes.append(((node.end_lineno or 0) - first.lineno + 1, node.name))
    return sizes


def test_functions_are_measured_without_their_docstrings(tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text('def short():\n    """Say it.\n\n    At length.\n    """\n    x = 1\n    return x\n')
    assert functions(sample) == [(2, "short")]


def test_sizes_are_printed(capsys):
    """Sizes are no gate; the largest are shown, so that someone asks whether they read better for it."""
    files = sorted(((len(path.read_text("utf-8").splitlines()), path) for path in SOURCES), reverse=True)
    longest = sorted(((lines, name, path) for path in SOURCES for lines, name in functions(path)), reverse=True)
    with capsys.disabled():
        print(f"\n{len(files)} files, {sum(lines for lines, _ in files)} lines, {len(longest)} functions")
        for lines, path in [entry for entry in files if entry[0] > 400]:
            print(f"  {lines:5} lines  {path.relative_to(ROOT)}")
        for lines, name, path in [entry for entry in longest if entry[0] > 40]:
            print(f"  {lines:5} lines  {path.relative_to(ROOT)}: {name}")
    assert files
    assert longest


def test_every_test_module_has_a_name_of_its_own():
    """Test folders are no packages, so two modules of one name cannot be collected together."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []
