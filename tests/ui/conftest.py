"""A folder with the files that ``init`` writes, of few clients, in which commands run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from doors import TEMPLATES

from cmgsim.ui.cli import main


@dataclass(frozen=True)
class Said:
    """What a command said, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.out)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with first.design.yaml, first.plan.yaml and first.scenario.yaml, as the working directory."""
    for template in TEMPLATES.glob("*.yaml"):
        text = template.read_text(encoding="utf-8").replace("count: 200", "count: 20")
        (tmp_path / template.name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cmgsim(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Said]:
    """The command, in this process, of whose terminal nothing is known."""
    monkeypatch.delenv("COLUMNS", raising=False)

    def run(*arguments: str) -> Said:
        capsys.readouterr()
        code = main(list(arguments))
        return Said(code, *capsys.readouterr())

    return run
