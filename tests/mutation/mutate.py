"""Breaks the decision code on purpose, one small change at a time, and counts how many breaks the tests notice.

    python tests/mutation/mutate.py                      all rooms
    python tests/mutation/mutate.py boundaries           one room; prints what survived
    python tests/mutation/mutate.py site/wizard.py       one module of a room
    python tests/mutation/mutate.py site --keep FOLDER   works in FOLDER and leaves it, for ``mutmut show NAME``

Every run writes the figures of the modules it broke into docs/reference/mutation_rows.csv, and from these rows
docs/reference/mutation.md anew.

Theory of operation: mutmut works in a copy of the tree. It leaves decorated functions alone, and every rule of the
linter is one; so in the copy a rule is registered below its function instead of above it, which means the same.
Counted are decisions: modules that only lay out text are left out, see :data:`ROOMS`.
"""

from __future__ import annotations

import argparse
import ast
import csv
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "docs" / "reference"
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
            "site/direct.py",
            "site/connector_certificates.py",
            "site/update_points.py",
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
ENOUGH = 85
"""The share of breaks, in percent, that the tests of a room are to notice."""

INTRODUCTION = f"""\
How many small breaks of the decision code the tests notice. Each break changes one operator, constant, word or call;
the tests of the room are run against it. Modules that only lay out text are left out. Made by `tox -e mutation`, which
takes an hour or two and is no part of the usual tests; `tox -e mutation -- site/wizard.py` breaks one module and brings
its line up to date. A room is to stay at {ENOUGH} % or above.
"""


@dataclass(frozen=True)
class Figures:
    """How many breaks of a module, or of several, there were, and how many of them the tests noticed."""

    breaks: int
    noticed: int

    def __add__(self, other: Figures) -> Figures:
        """Return the figures of both together."""
        return Figures(self.breaks + other.breaks, self.noticed + other.noticed)

    @property
    def enough(self) -> bool:
        """Whether the share noticed is large enough."""
        return self.noticed * 100 >= self.breaks * ENOUGH

    @property
    def cells(self) -> str:
        """The figures as cells of a Markdown table."""
        return f"{self.breaks:,} | {self.noticed:,} | {self.noticed / self.breaks:.1%}"


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


def files_of(room: Room) -> list[str]:
    """Return the modules of a room as they are now, such as ``site/wizard.py``; packages have nothing to break."""
    package = ROOT / "cmgsim"
    paths = [path for pattern in room.modules for path in sorted(package.glob(pattern))]
    return [path.relative_to(package).as_posix() for path in paths if path.name != "__init__.py"]


def configure(folder: Path, modules: Iterable[str], tests: Iterable[str]) -> None:
    """Tell mutmut what to break and which tests to run."""
    broken = "\n".join(f"  cmgsim/{module}" for module in modules)
    asked = "\n".join(f"  {name}" for name in tests)
    copied = "\n".join(f"  {name}" for name in COPIED)
    (folder / "setup.cfg").write_text(
        f"[mutmut]\nsource_paths=\n  cmgsim\nonly_mutate=\n{broken}\n"
        f"pytest_add_cli_args_test_selection=\n{asked}\nalso_copy=\n{copied}\n",
        encoding="utf-8",
    )


@contextmanager
def workplace(keep: Path | None) -> Iterator[Path]:
    """Give a folder to work in: one that goes away afterwards, or the one to keep."""
    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="cmgsim-mutation-") as place:
        yield Path(place)


def mutate(modules: list[str], tests: Iterable[str], keep: Path | None) -> list[tuple[str, str]]:
    """Break modules; return every break with what became of it."""
    with workplace(keep) as folder:
        copy_tree(folder)
        configure(folder, modules, tests)
        mutmut = [sys.executable, "-m", "mutmut"]
        subprocess.run([*mutmut, "run"], cwd=folder, check=True, env={**os.environ, "PYTHONPATH": "."})
        told = subprocess.run([*mutmut, "results", "--all", "true"], cwd=folder, check=True, capture_output=True)
    return re.findall(r"^\s*(\S+): (.+)$", told.stdout.decode(), re.MULTILINE)


def module_of(mutant: str) -> str:
    """Return the module of a break: ``site/wizard.py`` of ``cmgsim.site.wizard.x_pages__mutmut_3``."""
    return "/".join(mutant.split(".")[1:-1]) + ".py"


def counted(found: Iterable[tuple[str, str]]) -> dict[str, Figures]:
    """Return the figures of each module; a break that makes a test never end is noticed."""
    figures: dict[str, Figures] = {}
    for mutant, outcome in found:
        module = module_of(mutant)
        one = Figures(1, int(outcome in (KILLED, TIMEOUT)))
        figures[module] = figures.get(module, Figures(0, 0)) + one
    return figures


def remembered(reference: Path) -> dict[str, Figures]:
    """Read the figures of earlier runs."""
    path = reference / "mutation_rows.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["module"]: Figures(int(row["breaks"]), int(row["noticed"])) for row in csv.DictReader(file)}


def remember(reference: Path, figures: dict[str, Figures]) -> None:
    """Write the figures, the modules in the order of :data:`ROOMS`, and the page that shows them."""
    known = {module: figures[module] for room in ROOMS.values() for module in files_of(room) if module in figures}
    with (reference / "mutation_rows.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("module", "breaks", "noticed"))
        writer.writerows((module, row.breaks, row.noticed) for module, row in known.items())
    (reference / "mutation.md").write_text(page(known), encoding="utf-8", newline="\n")


def of_rooms(figures: dict[str, Figures]) -> dict[str, Figures]:
    """Add up the figures of the modules of each room; a room whose figures are not complete is left out."""
    found = {}
    for name, room in ROOMS.items():
        modules = files_of(room)
        if all(module in figures for module in modules):
            found[name] = sum((figures[module] for module in modules), Figures(0, 0))
    return found


def page(figures: dict[str, Figures]) -> str:
    """Write the page of figures."""
    rooms = [f"| `cmgsim/{name}` | {row.cells} |" for name, row in of_rooms(figures).items()]
    modules = [f"| `cmgsim/{module}` | {row.cells} |" for module, row in figures.items()]
    return "\n".join(
        (
            "# Mutation tests\n",
            INTRODUCTION,
            "| room | breaks | noticed | share |\n| --- | --- | --- | --- |",
            *rooms,
            "\n## By module\n",
            "| module | breaks | noticed | share |\n| --- | --- | --- | --- |",
            *modules,
            "",
        )
    )


def chosen(name: str) -> tuple[list[str], tuple[str, ...]]:
    """Return the modules and the tests that a room or a module on the command line stands for."""
    room = ROOMS.get(name.partition("/")[0])
    if room is None or not (name in ROOMS or name in files_of(room)):
        sys.exit(f"{name!r} is neither a room ({', '.join(ROOMS)}) nor a module of one, such as site/wizard.py")
    return (files_of(room) if name in ROOMS else [name]), room.tests


def main(arguments: list[str]) -> int:
    """Break what is named, or all rooms, and write the figures; the exit code is 1 when one is below the mark."""
    parser = argparse.ArgumentParser(description="Break the decision code on purpose; count what the tests notice.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="a room such as site, or a module: site/wizard.py")
    parser.add_argument("--keep", type=Path, help="work in this folder, which must not hold a copy yet; leave it")
    asked = parser.parse_args(arguments)
    enough = True
    for name in asked.names or ROOMS:
        found = mutate(*chosen(name), asked.keep)
        figures = counted(found)
        total = sum(figures.values(), Figures(0, 0))
        enough = enough and total.enough
        print(f"{name}: {total.noticed} of {total.breaks} noticed")
        print("\n".join(f"  {outcome}: {mutant}" for mutant, outcome in found if outcome in (SURVIVED, UNTESTED)))
        remember(REFERENCE, remembered(REFERENCE) | figures)
    return 0 if enough else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
