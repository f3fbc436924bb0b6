"""Writes the pages that are made from code, tests and data; with ``--check``, says which of them are stale.

    python docs/generate.py            write them
    python docs/generate.py --check    exit 1 when one is not what it would be

Pages on tests and assumptions are made from what is written, without importing it; pages on rules, lifecycles, steps
and checks from what the code holds.
"""

from __future__ import annotations

import ast
import csv
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import arm
import pages

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = Path("docs/reference")
TEST_ROOMS = ("tests", "scenarios")
MADE = "<!-- Made by docs/generate.py: change its sources, then run it. -->"
INTRODUCTION = """\
What Microsoft's page "Set up cloud management gateway" (26 July 2019, version 1906) says, row by row in our words, and
the tests that would fail if the simulator did otherwise. A row without a test is marked *later*.
"""
ASSUMPTION = re.compile(r"Assumption: (?:(A-\d\d): )?(.+)")


def rows(root: Path, name: str) -> list[dict[str, str]]:
    """Read one data file of the reference: a CSV with a header line."""
    with (root / REFERENCE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def claims(root: Path, marker: str) -> dict[str, list[str]]:
    """Collect which tests carry ``@pytest.mark.<marker>("ID", ...)``: id -> node ids, sorted."""
    found: dict[str, list[str]] = {}
    for room in TEST_ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            tree = ast.parse(path.read_text("utf-8"))
            for name, mark in marks_in(tree.body, path.relative_to(root).as_posix(), marker):
                for argument in mark.args:
                    found.setdefault(ast.literal_eval(argument), []).append(name)
    return {identifier: sorted(set(names)) for identifier, names in found.items()}


def marks_in(body: Iterable[ast.stmt], place: str, marker: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield (node id, mark) for the decorators and ``pytestmark`` of a module or class, innermost last."""
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{place}::{statement.name}"
            yield from ((name, mark) for node in statement.decorator_list for mark in marks_of(node, marker))
            if isinstance(statement, ast.ClassDef):
                yield from marks_in(statement.body, name, marker)
        elif isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "pytestmark":
            yield from ((place, mark) for mark in marks_of(statement.value, marker))


def marks_of(node: ast.AST, marker: str) -> Iterator[ast.Call]:
    """Yield the calls ``pytest.mark.<marker>(...)`` inside an expression."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == f"pytest.mark.{marker}":
            yield call


def refuse_strangers(claimed: dict[str, list[str]], known: Iterable[str], kind: str) -> None:
    """Exit with a message when a test claims an id that no row carries."""
    for identifier in sorted(claimed.keys() - set(known)):
        sys.exit(f"{claimed[identifier][0]}: there is no {kind} {identifier!r}; see {REFERENCE}/{kind}_rows.csv")


def table(columns: Iterable[str], lines: Iterable[Iterable[str]]) -> str:
    """Lay out a Markdown table; bars inside cells are escaped."""
    columns = list(columns)
    shown = [columns, ["---"] * len(columns), *lines]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in shown)


def code(names: Iterable[str]) -> str:
    """Show names in one cell, one below the other."""
    return "<br>".join(f"`{name}`" for name in names)


def coverage(root: Path) -> str:
    """Make the table of all statements of the seed article, and the tests that claim them."""
    claimed, seed = claims(root, "seed"), rows(root, "seed_rows.csv")
    refuse_strangers(claimed, [row["id"] for row in seed], "seed")
    done = sum(row["id"] in claimed for row in seed)
    parts = [
        f"{MADE}\n\n# Coverage of the set-up article\n",
        INTRODUCTION,
        f"{done} of {len(seed)} rows are done.",
    ]
    for section in dict.fromkeys(row["section"] for row in seed):
        lines = [
            [row["id"], row["text"], "done" if row["id"] in claimed else "later", code(claimed.get(row["id"], []))]
            for row in seed
            if row["section"] == section
        ]
        parts += [f"\n## {section}\n", table(["id", "what it says", "status", "tests"], lines)]
    return "\n".join(parts) + "\n"


def oracles(root: Path) -> str:
    """Make the table of closed forms, and the tests that hold a run against them."""
    claimed, known = claims(root, "oracle"), rows(root, "oracle_rows.csv")
    refuse_strangers(claimed, [row["id"] for row in known], "oracle")
    lines = [[row["id"], row["text"], code(claimed.get(row["id"], [])) or "later"] for row in known]
    return (
        f"{MADE}\n\n# Oracles\n\nAnswers known without simulating: closed forms and counts that a run is held "
        f"against.\n\n{table(['id', 'statement', 'tests'], lines)}\n"
    )


def conflicts(root: Path) -> str:
    """Make the table of places where documents disagree, what holds here, and the tests that would fail otherwise."""
    claimed, known = claims(root, "conflict"), rows(root, "conflict_rows.csv")
    refuse_strangers(claimed, [row["id"] for row in known], "conflict")
    lines = [
        [anchored(row["id"]), row["text"], row["rule"], code(claimed.get(row["id"], [])) or "later"] for row in known
    ]
    return (
        f"{MADE}\n\n# Conflicts\n\nWhere Microsoft's pages of the time disagree with each other or with practice, and "
        f"what the simulator does. The set-up article wins where it speaks.\n\n"
        f"{table(['id', 'conflict', 'what holds here', 'tests'], lines)}\n"
    )


def assumptions_in(root: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (register id or empty, sentence, file) for every line of the code that says ``Assumption:``."""
    for path in sorted((root / "cmgsim").rglob("*.py")):
        for line in path.read_text("utf-8").splitlines():
            if match := ASSUMPTION.search(line):
                yield match[1] or "", match[2].rstrip().removesuffix('"""'), path.relative_to(root).as_posix()


def anchored(identifier: str) -> str:
    """Show an id as a place that links can lead to."""
    return f'<a id="{identifier.lower()}"></a>{identifier}'


def assumptions(root: Path) -> str:
    """Make the register of assumptions, and the list of those that stand in the code only."""
    found, register = list(assumptions_in(root)), rows(root, "assumption_rows.csv")
    used: dict[str, list[str]] = {}
    for identifier, _, file in found:
        used.setdefault(identifier, []).append(file)
    own = sorted({(sentence, file) for identifier, sentence, file in found if not identifier})
    refuse_strangers({key: files for key, files in used.items() if key}, [row["id"] for row in register], "assumption")
    lines = [
        [anchored(row["id"]), row["text"], row["reason"], code(sorted(set(used.get(row["id"], []))))]
        for row in register
    ]
    parts = [
        f"{MADE}\n\n# Assumptions\n",
        "What no document of Microsoft says, and what the simulator does there. Where you know better, tell us.\n",
        "## The register\n",
        table(["id", "assumption", "why it is reasonable", "relied on in"], lines),
        "\n## Smaller ones, where they are made\n",
        table(["assumption", "file"], [[sentence, f"`{file}`"] for sentence, file in own]) if own else "None.",
    ]
    return "\n".join(parts) + "\n"


#: Made from what is written in tests, data and comments.
WRITTEN = {
    "arm-coverage.md": lambda root: arm.page(root, claims(root, "serves")),
    "assumptions.md": assumptions,
    "conflicts.md": conflicts,
    "coverage.md": coverage,
    "oracles.md": oracles,
}
#: Made from what the code holds; see pages.py.
HELD = {
    "rules.md": pages.rules,
    "gateway-life.md": pages.gateway_life,
    "gateway_life.svg": pages.gateway_life_drawing,
    "versions.md": pages.versions,
    "steps.md": pages.steps,
    "faults.md": pages.faults,
    "checks.md": pages.checks,
}
PAGES = WRITTEN | HELD


def stale(root: Path) -> list[Path]:
    """List the generated pages that are not what they would be if made now."""
    made = [(root / REFERENCE / name, make(root)) for name, make in PAGES.items()]
    return [path for path, text in made if not path.exists() or path.read_text("utf-8") != text]


def write(root: Path) -> None:
    """Write every generated page."""
    for name, make in PAGES.items():
        (root / REFERENCE / name).write_text(make(root), "utf-8", newline="\n")


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` name the stale ones; return the exit code."""
    if arguments == ["--check"]:
        old = [path.relative_to(ROOT).as_posix() for path in stale(ROOT)]
        for name in old:
            print(f"{name} is stale: run python docs/generate.py")
        return 1 if old else 0
    if arguments:
        print(__doc__)
        return 2
    write(ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
