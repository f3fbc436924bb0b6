"""Nothing in a file brings the loader down: 2,000 spoiled files, each a clean design or a clean complaint."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated

from cmgsim.design.document import parse_document
from cmgsim.design.faults import validate
from cmgsim.design.files import LoadedScenario, dump, load
from cmgsim.design.findings import Findings
from cmgsim.design.formats import as_json, concise, github, sarif
from cmgsim.design.model import Design
from cmgsim.errors import CmgsimError, FileFaults
from cmgsim.lint.linter import lint

SCENARIOS = Path(__file__).parents[2] / "scenarios"
KINDS = {
    "designs": sorted(SCENARIOS.glob("designs/*.design.yaml")),
    "plans": sorted(SCENARIOS.glob("plans/*.plan.yaml")),
    "scenarios": sorted(SCENARIOS.glob("*.scenario.yaml")),
    "designs of scenarios": sorted(SCENARIOS.glob("*.scenario.yaml")),
}
EXAMPLES = int(os.environ.get("CMGSIM_FUZZ_EXAMPLES", "500"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with all files of scenarios/, each of which a test may spoil for a moment."""
    place = tmp_path_factory.mktemp("fuzz") / "scenarios"
    shutil.copytree(SCENARIOS, place, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    return place


@pytest.mark.parametrize("kind", KINDS)
def test_a_spoiled_file_loads_or_says_what_is_wrong(folder: Path, kind: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data(), st.sampled_from(KINDS[kind]))
    def spoil(data: st.DataObject, file: Path) -> None:
        opened = folder / file.relative_to(SCENARIOS)
        spoilt = opened
        if kind == "designs of scenarios":
            named = next(line for line in file.read_text("utf-8").splitlines() if line.startswith("design:"))
            spoilt = opened.parent / named.partition(":")[2].strip()
        whole = spoilt.read_bytes()
        try:
            spoilt.write_bytes(mutated(data, whole))
            outcome_is_clean(opened)
        finally:
            spoilt.write_bytes(whole)

    spoil()


def outcome_is_clean(path: Path) -> None:
    """Load a file, and use what comes of it as the commands do."""
    try:
        loaded = load(path)
    except FileFaults as faults:
        faults_are_shown(faults)
    except CmgsimError as error:
        one_line(error)
    else:
        if isinstance(loaded, LoadedScenario):
            str(lint(loaded.design, loaded.plan))
        elif isinstance(loaded, Design):
            str(lint(loaded))
            again, _ = validate(Design, parse_document(dump(loaded), path))
            assert again == loaded


def faults_are_shown(faults: FileFaults) -> None:
    findings = faults.findings
    assert isinstance(findings, Findings)
    assert findings.errors
    for finding in findings:
        assert finding.message
        assert finding.file
        assert finding.mark
    for written in (str, concise, github, as_json, sarif):
        assert written(findings)


def one_line(error: CmgsimError) -> None:
    assert len(str(error).splitlines()) == 1, error
