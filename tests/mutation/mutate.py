"""Breaks the decision code on purpose, one small change at a time, and counts how many breaks the tests notice.

    python tests/mutation/mutate.py                all rooms, then writes docs/reference/mutation.md
    python tests/mutation/mutate.py boundaries     one room, prints what survived

Theory of operation: mutmut works in a copy of the tree. It leaves decorated functions alone, and every rule of the
linter is one; so in the copy a rule is registered below its function instead of above it, which means the same.
Counted are decisions: modules that only lay out text are left out, see :data:`ROOMS`.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "mutation.md"
COPIED = ("cmgsim", "tests", "scenarios", "docs", "conftest.py", "pyproject.toml")


@dataclass(frozen=True)
class Room:
    """What is broken, and the tests that are to notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


ROOMS = {
    "boundaries": Room(("boundaries/*.py",), ("tests/boundaries",)),
    "pki": Room(("pki/verify.py", "pki/names.py"), ("tests/pki",)),
    "lint": Room(
        ("lint/rules/*.py", "lint/cohorts.py", "lint/ignores.py", "lint/linter.py", "lint/outlook.py"),
        ("tests/lint",),
    ),
    "site": Room(
        (
            "site/authentication.py",
            "site/trust.py",
            "site/tokens.py",
            "site/wizard.py",
            "site/pages.py",
            "site/modify.py",
            "site/candidates.py",
            "site/ports.py",
            "site/client.py",
            "site/alerts.py",
            "site/deployment.py",
            "site/survey.py",
        ),
        ("tests/site",),
    ),
}
KILLED, SURVIVED, TIMEOUT, UNTESTED = "killed", "survived", "timeout", "no tests"


def copy_tree(folder: Path) -> None:
    """Copy what the tests need, with the linter's rules registered below their functions."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    for path in (folder / "cmgsim" / "lint" / "rules").glob("*.py"):
        path.write_text(undecorated(path.read_text(encoding="utf-8")), encoding="utf-8")


def undecorated(text: str) -> str:
    """Return a module whose functions are registered by a call below them instead of by a decorator."""
    lines = text.splitlines()
    for function in reversed([node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]):
        for decorator in function.decorator_list:
            call = "\n".join(lines[decorator.lineno - 1 : decorator.end_lineno]).removeprefix("@")
            assert function.end_lineno is not None
            lines[function.end_lineno : function.end_lineno] = ["", "", f"{call}({function.name})"]
        if function.decorator_list:
            first = function.decorator_list[0].lineno - 1
            del lines[first : function.lineno - 1]
    return "\n".join(lines) + "\n"


def configure(folder: Path, room: Room) -> None:
    """Tell mutmut what to break and which tests to run."""
    files = [path for pattern in room.modules for path in sorted((folder / "cmgsim").glob(pattern))]
    broken = "\n".join(f"  {path.relative_to(folder).as_posix()}" for path in files)
    tests = "\n".join(f"  {name}" for name in room.tests)
    copied = "\n".join(f"  {name}" for name in COPIED)
    (folder / "setup.cfg").write_text(
        f"[mutmut]\nsource_paths=\n  cmgsim\nonly_mutate=\n{broken}\n"
        f"pytest_add_cli_args_test_selection=\n{tests}\nalso_copy=\n{copied}\n",
        encoding="utf-8",
    )


def mutate(name: str) -> dict[str, list[str]]:
    """Break one room; return the breaks by what became of them."""
    with tempfile.TemporaryDirectory(prefix="cmgsim-mutation-") as place:
        folder = Path(place)
        copy_tree(folder)
        configure(folder, ROOMS[name])
        mutmut = [sys.executable, "-m", "mutmut"]
        subprocess.run([*mutmut, "run"], cwd=folder, check=True, env={**os.environ, "PYTHONPATH": "."})
        told = subprocess.run([*mutmut, "results", "--all", "true"], cwd=folder, check=True, capture_output=True)
    found: dict[str, list[str]] = {}
    for mutant, outcome in re.findall(r"^\s*(\S+): (.+)$", told.stdout.decode(), re.MULTILINE):
        found.setdefault(outcome, []).append(mutant)
    return found


def counted(found: dict[str, list[str]]) -> tuple[int, int]:
    """Return how many breaks were noticed (one that never ends is), and how many there were."""
    noticed = len(found.get(KILLED, [])) + len(found.get(TIMEOUT, []))
    return noticed, sum(map(len, found.values()))


def page(results: dict[str, tuple[int, int]]) -> str:
    """Write the page of figures."""
    lines = [
        f"| `cmgsim/{name}` | {', '.join(f'`{module}`' for module in ROOMS[name].modules)} "
        f"| {of:,} | {noticed:,} | {noticed / of:.1%} |"
        for name, (noticed, of) in results.items()
    ]
    return (
        "# Mutation tests\n\n"
        "How many small breaks of the decision code the tests notice. Each break changes one operator, constant, word "
        "or call; the tests of the room are run against it. Made by `tox -e mutation`, which takes a while and is no "
        "part of the usual tests.\n\n"
        "| room | modules | breaks | noticed | share |\n| --- | --- | --- | --- | --- |\n" + "\n".join(lines) + "\n"
    )


def main(names: list[str]) -> int:
    """Break the rooms named, or all and write the page; the exit code is 1 when a room is below 85 %."""
    results = {}
    for name in names or ROOMS:
        found = mutate(name)
        results[name] = counted(found)
        print(f"{name}: {results[name][0]} of {results[name][1]} noticed")
        if names:
            for outcome in (SURVIVED, UNTESTED):
                print("\n".join(f"  {outcome}: {mutant}" for mutant in found.get(outcome, [])))
    if not names:
        PAGE.write_text(page(results), encoding="utf-8", newline="\n")
    return 0 if all(noticed * 100 >= of * 85 for noticed, of in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
