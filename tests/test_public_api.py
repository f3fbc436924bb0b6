"""The facade: one sorted list of names, each found, documented, typed and shown to users."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import cmgsim

ROOT = Path(__file__).resolve().parents[1]
SHOWN = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "docs/examples").glob("*.py"))]
HEAVY = ["networkx", "numba", "numpy", "pydantic", "rich", "simpy", "yaml"]


def run_python(program: str) -> str:
    command = [sys.executable, "-W", "error", "-c", program]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def test_the_list_is_sorted_and_every_name_has_a_home():
    assert cmgsim.__all__ == sorted(cmgsim.__all__) == sorted(cmgsim._HOMES)


def test_dir_shows_what_may_be_used():
    assert set(cmgsim.__all__) < set(dir(cmgsim))


@pytest.mark.parametrize("name", cmgsim.__all__)
def test_a_name_is_found_and_documented(name):
    assert inspect.getdoc(getattr(cmgsim, name)), f"cmgsim.{name} has no docstring"


@pytest.mark.parametrize("name", cmgsim.__all__)
def test_a_function_has_type_hints(name):
    public = getattr(cmgsim, name)
    if inspect.isfunction(public):
        parameters = inspect.signature(public).parameters
        assert set(inspect.get_annotations(public)) == {*parameters, "return"}


@pytest.mark.parametrize("name", cmgsim.__all__)
def test_a_name_is_shown_to_users(name):
    used = re.compile(rf"\bcmgsim\.{name}\b|from cmgsim import [^\n]*\b{name}\b")
    assert any(used.search(path.read_text("utf-8")) for path in SHOWN), f"no page or example uses cmgsim.{name}"


def test_a_name_that_is_not_public_is_refused_with_those_that_are():
    with pytest.raises(AttributeError, match=r"no attribute 'liint'.*lint, load"):
        cmgsim.liint  # noqa: B018


def test_the_version_is_that_of_the_installed_package():
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", cmgsim.__version__)


def test_the_function_lint_is_not_hidden_by_the_room_lint():
    program = "from cmgsim.lint import linter; import cmgsim; print(cmgsim.lint is linter.lint)"
    assert run_python(program).strip() == "True"


@pytest.mark.parametrize("module", ["cmgsim", "cmgsim.testing.plugin"])
def test_importing_costs_nothing_heavy(module):
    program = f"import sys, {module}; print(*[name for name in {HEAVY} if name in sys.modules])"
    assert run_python(program).strip() == ""
