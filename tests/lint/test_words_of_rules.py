"""Words that depend on what they are about: comments that set rules aside, orders of steps, remedies for ports."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from test_port_rules import design as port_design

from cmgsim.design.document import parse_document
from cmgsim.design.faults import validate
from cmgsim.design.findings import Severity
from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.lint.linter import Sources, lint

ONE_VM = (Path(__file__).parent / "cases" / "CMG308.bad.design.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("comment", "severity", "message", "remedy"),
    [
        (
            "# cmgsim: ignore CMG308",
            Severity.WARNING,
            "CMG308 is ignored without a reason",
            "say why: '# cmgsim: ignore CMG308 a lab, no one depends on it'",
        ),
        (
            "# cmgsim: ignore because I say so",
            Severity.WARNING,
            "this comment ignores no rule",
            "say why: '# cmgsim: ignore CMG308 a lab, no one depends on it'",
        ),
        (
            "# cmgsim: ignore CMG301",
            Severity.WARNING,
            "CMG301 is ignored without a reason",
            "say why: '# cmgsim: ignore CMG301 a lab, no one depends on it'",
        ),
        (
            "# cmgsim: ignore CMG301 a lab",
            Severity.INFO,
            "CMG301 has nothing against this line",
            "remove the comment",
        ),
    ],
)
def test_what_is_wrong_with_a_comment_is_said_in_full(
    comment: str, severity: Severity, message: str, remedy: str
) -> None:
    document = parse_document(ONE_VM.replace("vms: 1", f"vms: 1  {comment}"), Path("lab.design.yaml"))
    checked, findings = validate(Design, document)
    assert checked is not None, str(findings)
    (found,) = [one for one in lint(checked, documents=Sources(document)) if "CMG3" not in one.rule]
    assert (found.severity, found.message, found.remedy) == (severity, message, remedy)


def orders(*steps: dict[str, Any], planned: bool = False) -> list[str]:
    """Return what the linter has against the order of steps on gateway east."""
    plan = Plan.model_validate({"plan": "orders", "steps": list(steps)})
    subject = port_design([443], vms=1, planned=planned)
    return [finding.message for finding in lint(subject, plan, select=["CMG710"])]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ([{"start_gateway": "east"}], "gateway 'east' is not stopped at this step"),
        ([{"stop_gateway": "east"}, {"stop_gateway": "east"}], "gateway 'east' is stopped already"),
        ([{"delete_gateway": "east"}, {"start_gateway": "east"}], "gateway 'east' does not exist at this step"),
        ([{"delete_gateway": "east"}, {"stop_gateway": "east"}], "gateway 'east' does not exist at this step"),
        ([{"create_gateway": "east"}], "gateway 'east' exists already"),
    ],
)
def test_a_step_that_comes_too_early_or_too_late_is_named(steps: list[dict[str, Any]], message: str) -> None:
    (said,) = orders(*steps)
    assert message in said


def test_stopping_and_starting_in_turn_is_in_order() -> None:
    assert orders({"stop_gateway": "east"}, {"start_gateway": "east"}, {"stop_gateway": "east"}) == []


@pytest.mark.parametrize(
    ("vms", "message", "remedy"),
    [
        (1, "cannot reach VM 1 of", "open TCP 10140 outbound (or HTTPS 443)"),
        (2, "cannot reach VM 1 and 2 of", "open TCP 10140-10141 outbound (or HTTPS 10124-10125)"),
        (3, "cannot reach VM 1, 2 and 3 of", "open TCP 10140-10142 outbound (or HTTPS 10124-10126)"),
    ],
)
def test_the_remedy_for_closed_ports_names_those_of_every_vm(vms: int, message: str, remedy: str) -> None:
    (found,) = lint(port_design([80], vms=vms), select=["CMG403"])
    assert message in found.message
    assert found.remedy == remedy
