"""Every rule on a design that breaks it and on one that does not; the files stand in ``cases``."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmgsim.design.document import read_document
from cmgsim.design.files import load_design, load_plan
from cmgsim.design.findings import Findings
from cmgsim.lint.linter import RULES, Sources, lint

CASES = Path(__file__).parent / "cases"


def judged(rule: str, word: str) -> Findings:
    """Return what one rule has against a case."""
    path, steps = CASES / f"{rule}.{word}.design.yaml", CASES / f"{rule}.{word}.plan.yaml"
    design = load_design(path)
    plan = load_plan(steps, design) if steps.exists() else None
    sources = Sources(read_document(path), read_document(steps) if steps.exists() else None)
    return lint(design, plan, documents=sources, select=[rule])


@pytest.mark.parametrize("rule", RULES)
def test_a_bad_design_is_found_out(rule: str) -> None:
    findings = judged(rule, "bad")
    assert findings
    for finding in findings:
        assert finding.rule == rule
        assert finding.severity is RULES[rule].severity
        assert finding.message
        assert finding.remedy
        assert finding.source
        assert finding.path
        assert finding.file is not None
        assert finding.mark is not None


@pytest.mark.parametrize("rule", RULES)
def test_a_good_design_is_left_alone(rule: str) -> None:
    assert str(judged(rule, "good")) == ""


def test_every_file_is_a_case_of_a_rule() -> None:
    files = {path.name for path in CASES.iterdir()}
    designs = {f"{rule}.{word}.design.yaml" for rule in RULES for word in ("bad", "good")}
    plans = {name.replace(".design.", ".plan.") for name in designs}
    assert designs <= files <= designs | plans


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_explains_itself(rule: str) -> None:
    assert RULES[rule].why
    assert RULES[rule].title
    assert RULES[rule].source
    assert RULES[rule].bad
    assert RULES[rule].good
