"""Small files to run scenarios with, and everything heavy imported once: an inner pytest run drops what it imports."""

from __future__ import annotations

from pathlib import Path

import pytest

import cmgsim.checks.conservation
import cmgsim.checks.liveness
import cmgsim.checks.safety
import cmgsim.lint.linter
import cmgsim.rehearsal.scenario
import cmgsim.report.broken
import cmgsim.report.premises
import cmgsim.world.storage  # noqa: F401

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "cmgsim" / "ui" / "templates"

SCENARIO = """\
scenario: Replace the gateway
design: lab.design.yaml
plan: replace.plan.yaml
set: {{plan.gap: {gap}}}
seeds: {seeds}
after: 1h
tags: [redeploy, "4.4"]
expect:
  - never_without_a_gateway
  - stranded_clients: {{at_most: 0}}
"""


class Folder:
    """A folder with a design, a plan and as many scenarios as a test writes."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self.pytester = pytester
        self.path = pytester.path
        design = (TEMPLATES / "first.design.yaml").read_text(encoding="utf-8").replace("count: 200", "count: 20")
        self.write("lab.design.yaml", design)
        self.write("replace.plan.yaml", (TEMPLATES / "first.plan.yaml").read_text(encoding="utf-8"))

    def write(self, name: str, text: str) -> Path:
        path = self.path / name
        path.write_text(text, encoding="utf-8")
        return path

    def scenario(self, name: str = "replace", *, gap: str = "25h", seeds: str = "[7]") -> Path:
        return self.write(f"{name}.scenario.yaml", SCENARIO.format(gap=gap, seeds=seeds))

    def run(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in this process."""
        return self.pytester.runpytest_inprocess("-p", "cmgsim.testing.plugin", *arguments)

    def run_apart(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in a process of its own."""
        return self.pytester.runpytest_subprocess("-p", "cmgsim.testing.plugin", *arguments)


@pytest.fixture
def folder(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Folder(pytester)
