"""Ways to call the command: here, and in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "cmgsim" / "ui" / "templates"
COMMAND = [sys.executable, "-W", "error", "-m", "cmgsim"]


def environment(**more: str) -> dict[str, str]:
    """Return an environment that finds this tree and says nothing of terminals."""
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "COLUMNS")}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def apart(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [*COMMAND, *arguments], cwd=cwd, env=environment(**more), capture_output=True, encoding="utf-8", check=False
    )
