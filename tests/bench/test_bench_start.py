"""How long a command takes to begin, and to lint a large design: whole processes on the wall, the least of several."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from measured import Figures, least
from worlds import design_of

from cmgsim.design.files import dump

pytestmark = pytest.mark.bench

AREA = "Starting"
COMMAND = "from cmgsim.ui.cli import main; main()"
BRANCHES = 420


def waited_ms(*arguments: str) -> float:
    """Return how long Python takes with some arguments, in a process of its own."""

    def run() -> None:
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)

    return least(run, best_of=15, clock=time.perf_counter) * 1_000


def test_importing(figures: Figures) -> None:
    figures.add(AREA, "`import cmgsim`", waited_ms("-c", "import cmgsim"), "ms", at_most=100)


def test_help(figures: Figures) -> None:
    figures.add(AREA, "`cmgsim --help`", waited_ms("-c", COMMAND, "--help"), "ms", at_most=150)


def test_linting_a_large_design(figures: Figures, tmp_path: Path) -> None:
    """A boundary and a boundary group for each of several hundred branches."""
    changes: dict[str, Any] = {}
    for branch in range(BRANCHES):
        net = f"10.{100 + branch // 200}.{branch % 200}"
        changes[f"boundaries.branch_{branch}"] = {"ip_range": f"{net}.0-{net}.255"}
        changes[f"boundary_groups.branch_{branch}"] = {
            "boundaries": [f"branch_{branch}"],
            "references": {"management_points": ["mp1"]},
            "assigned_site": "PS1",
        }
    path = tmp_path / "large.design.yaml"
    path.write_text(dump(design_of(changes)), encoding="utf-8")
    assert len(path.read_text(encoding="utf-8").splitlines()) >= 2_400
    took = waited_ms("-c", COMMAND, "lint", str(path))
    figures.add(AREA, "`cmgsim lint` of a design of 2,400 lines", took, "ms", at_most=300)
