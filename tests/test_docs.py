"""The manual cannot lie: generated pages are fresh, examples print what they say, words mean what the glossary says."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts)]
EXAMPLES = sorted((DOCS / "examples").glob("*.py"))
VOCABULARY = """
site, site system, role, gateway, vm, deployment model, connection point, management point, update point, boundary,
boundary group, reference, fallback, client, population, location request, policy refresh, roam, stranded, resource,
provider, operation, provisioning state, throttle, component, due, step, fact, message, draw, stream, seed, landscape,
design, plan, scenario, lint, rule, finding, check, verdict, counter-example, run, rehearse, what-if, fork, size,
sizing, fault, swarm, settle
"""

spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
assert spec is not None
assert spec.loader is not None
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)


def test_generated_pages_are_fresh():
    assert generate.stale(ROOT) == [], "run python docs/generate.py"


def test_every_row_of_the_article_stands_once_and_in_order():
    rows = generate.rows(ROOT, "seed_rows.csv")
    assert [row["id"] for row in rows] == [f"S-{number:02}" for number in range(1, 134)]
    assert all(0 < len(row["text"]) <= 90 for row in rows), [row["id"] for row in rows if len(row["text"]) > 90]


def test_oracles_and_assumptions_stand_once_and_in_order():
    assert [row["id"] for row in generate.rows(ROOT, "oracle_rows.csv")] == [f"O-{n}" for n in range(1, 23)]
    assert [row["id"] for row in generate.rows(ROOT, "assumption_rows.csv")] == [f"A-{n:02}" for n in range(1, 32)]


def test_every_conflict_stands_once_and_a_test_decides_it():
    known = [row["id"] for row in generate.rows(ROOT, "conflict_rows.csv")]
    assert known == [f"X-{number}" for number in range(1, len(known) + 1)]
    assert set(known) == set(generate.claims(ROOT, "conflict")), "see docs/reference/conflicts.md"


def small_repository(tmp_path: Path, test: str, code: str = "") -> Path:
    for folder in ("docs/reference", "tests", "scenarios", "cmgsim"):
        (tmp_path / folder).mkdir(parents=True)
    for data in (DOCS / "reference").glob("*.csv"):
        (tmp_path / "docs/reference" / data.name).write_bytes(data.read_bytes())
    (tmp_path / "tests/test_it.py").write_text(test)
    (tmp_path / "cmgsim/it.py").write_text(code)
    return tmp_path


def test_a_claimed_row_is_done_and_names_its_tests(tmp_path):
    root = small_repository(
        tmp_path,
        "import pytest\n"
        "@pytest.mark.seed('S-02', 'S-03')\n"
        "def test_one(): pass\n"
        "class TestMore:\n"
        "    @pytest.mark.seed('S-03')\n"
        "    def test_two(self): pass\n",
    )
    page = generate.coverage(root)
    assert re.search(r"\| S-01 \|.*\| later \|  \|", page)
    assert re.search(r"\| S-02 \|.*\| done \| `tests/test_it.py::test_one` \|", page)
    assert "`tests/test_it.py::TestMore::test_two`<br>`tests/test_it.py::test_one`" in page
    assert "2 of 133 rows are done" in page


def test_a_mark_on_the_whole_module_names_the_file(tmp_path):
    root = small_repository(tmp_path, "import pytest\npytestmark = [pytest.mark.slow, pytest.mark.oracle('O-2')]\n")
    assert re.search(r"\| O-2 \|.*\| `tests/test_it.py` \|", generate.oracles(root))


def test_a_claim_of_a_row_that_does_not_exist_is_refused(tmp_path):
    root = small_repository(tmp_path, "import pytest\n@pytest.mark.seed('S-134')\ndef test_one(): pass\n")
    with pytest.raises(SystemExit, match=r"tests/test_it.py::test_one: there is no seed 'S-134'"):
        generate.coverage(root)


def test_an_assumption_in_the_code_reaches_the_page(tmp_path):
    root = small_repository(
        tmp_path,
        "",
        "# Assumption: A-04: durations are uniform.\n# Assumption: a second VM starts with the first.\n",
    )
    page = generate.assumptions(root)
    assert re.search(r"A-04 \|.*\| `cmgsim/it.py` \|", page)
    assert "| a second VM starts with the first. | `cmgsim/it.py` |" in page


def test_a_page_is_stale_until_it_is_written(tmp_path):
    root = small_repository(tmp_path, "")
    assert len(generate.stale(root)) == len(generate.PAGES)
    generate.write(root)
    assert generate.stale(root) == []
    (root / "docs/reference/oracles.md").write_text("something else")
    assert generate.stale(root) == [root / "docs/reference/oracles.md"]


@pytest.mark.parametrize("word", [word.strip() for word in VOCABULARY.replace("\n", " ").split(",")])
def test_the_glossary_has_every_word_of_the_vocabulary(word):
    terms = re.findall(r"^\*\*(.+?)\*\*$", (DOCS / "reference/glossary.md").read_text("utf-8"), re.MULTILINE)
    assert word in [term.strip() for line in terms for term in line.split(",")]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_prints_what_stands_beside_it(example):
    command = [sys.executable, "-W", "error", str(example)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout == example.with_suffix(".out").read_text("utf-8")


def console_blocks(text: str) -> list[list[tuple[str, str]]]:
    """Split the ```console blocks of a page into (command, expected output) pairs; other programs are not run."""
    blocks = []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        pairs = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
        if pairs and pairs[0][0].startswith("cmgsim"):
            blocks.append(pairs)
    return blocks


def matches(output: str, expected: str) -> bool:
    """Compare line by line; a line ``...`` of the expectation stands for any number of lines."""
    parts = re.split(r"^ *\.\.\.\n", expected, flags=re.MULTILINE)
    pattern = "(?:.*\n)*?".join(re.escape(part) for part in parts)
    return re.fullmatch(pattern, output) is not None


def run_block(pairs: list[tuple[str, str]]) -> None:
    """Run the commands of one block from the top of the repository; ``$ echo $?`` shows the last exit code."""
    code = 0
    for command, expected in pairs:
        if command == "echo $?":
            assert f"{code}\n" == expected, f"exit code {code}"
            continue
        result = subprocess.run(
            [sys.executable, "-m", *shlex.split(command)],
            cwd=ROOT,
            text=True,
            capture_output=True,
            env=os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
            check=False,
        )
        code = result.returncode
        shown = result.stdout or result.stderr  # pages show what a command answers, and its talk only when that is all
        assert matches(shown, expected), f"$ {command}\n{shown}"


BLOCKS = [
    pytest.param(pairs, id=f"{path.relative_to(ROOT).as_posix()}-{number}")
    for path in PAGES
    for number, pairs in enumerate(console_blocks(path.read_text("utf-8")), start=1)
]


@pytest.mark.parametrize("pairs", BLOCKS)
def test_a_console_block_shows_what_the_command_prints(pairs):
    run_block(pairs)


@pytest.mark.parametrize(
    ("output", "expected", "same"),
    [
        ("a\nb\nc\n", "a\nb\nc\n", True),
        ("a\nb\nc\n", "a\n...\nc\n", True),
        ("a\nb\nc\n", "a\n...\n", True),
        ("a\nb\nc\n", "...\nb\n", False),
        ("a\nb\n", "a\n", False),
    ],
)
def test_lines_may_be_left_out_only_where_it_says_so(output, expected, same):
    assert matches(output, expected) is same


def test_only_blocks_that_start_with_cmgsim_are_run():
    text = "```console\n$ pip install x\nok\n```\n\n```console\n$ cmgsim run a\nfine\n$ echo $?\n0\n```\n"
    assert console_blocks(text) == [[("cmgsim run a", "fine\n"), ("echo $?", "0\n")]]
