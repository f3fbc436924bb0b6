"""The linter: which rules are asked, where findings stand, and how users set rules aside."""

from __future__ import annotations

from pathlib import Path

import pytest

from cmgsim.design.document import Document, parse_document
from cmgsim.design.faults import validate
from cmgsim.design.files import load_design, load_plan
from cmgsim.design.findings import Findings, Severity
from cmgsim.design.model import Design
from cmgsim.errors import UnknownName, UsageError
from cmgsim.lint.linter import RULES, Sources, lint
from cmgsim.lint.pages import describe, rules_page, versions_of
from cmgsim.lint.rule import rule

CASES = Path(__file__).parent / "cases"
ROUTES = ("route_a_same_name", "route_b_new_name")
SCENARIOS = Path(__file__).parents[2] / "scenarios"
ONE_VM = (CASES / "CMG308.bad.design.yaml").read_text(encoding="utf-8")


def written(text: str) -> tuple[Design, Document]:
    document = parse_document(text, Path("lab.design.yaml"))
    design, findings = validate(Design, document)
    assert design is not None, str(findings)
    return design, document


def linted(text: str, **options: object) -> Findings:
    design, document = written(text)
    return lint(design, documents=Sources(document), **options)  # type: ignore[arg-type]


def ids(findings: Findings) -> list[str]:
    return [finding.rule for finding in findings]


def with_comment(comment: str, line: str = "vms: 1") -> str:
    """Return the design with one VM, with a comment behind a line."""
    return ONE_VM.replace(line, f"{line}  {comment}".rstrip())


def test_findings_say_line_and_column() -> None:
    findings = linted(with_comment(""), select=["CMG308"])
    lines = with_comment("").splitlines()
    assert ids(findings) == ["CMG308"]
    mark = findings[0].mark
    assert mark is not None
    assert lines[mark.line - 1][mark.column - 1 :].strip() == "1"
    assert findings[0].file == Path("lab.design.yaml")
    assert "vms: 1" in findings.frames()


def test_a_missing_key_is_shown_at_what_lacks_it() -> None:
    text = ONE_VM.replace("    vms: 1\n", "")
    findings = linted(text, select=["CMG308"])
    assert findings[0].mark is not None
    assert text.splitlines()[findings[0].mark.line - 1].strip().startswith("east:")


def test_without_documents_findings_have_paths_alone() -> None:
    design, _ = written(ONE_VM)
    (finding,) = lint(design, select=["CMG308"])
    assert (finding.where, finding.mark, finding.file) == ("gateways.east.vms", None, None)


def test_select_takes_ids_and_beginnings() -> None:
    text = ONE_VM.replace("gateway_feature: true", "gateway_feature: false")
    assert ids(linted(text)) == ["CMG101", "CMG308"]
    assert ids(linted(text, select=["CMG3"])) == ["CMG308"]
    assert ids(linted(text, select=["CMG101"])) == ["CMG101"]
    assert ids(linted(text, select=["CMG1", "CMG308"])) == ["CMG101", "CMG308"]


def test_ignore_leaves_a_rule_out_for_a_reason() -> None:
    assert ids(linted(ONE_VM, ignore={"CMG308": "a lab"})) == []
    assert ids(linted(ONE_VM, ignore={"CMG3": "a lab"})) == []
    assert ids(linted(ONE_VM, select=["CMG3"], ignore={"CMG1": "not yet"})) == ["CMG308"]


@pytest.mark.parametrize("reason", ["", "  "])
def test_ignore_without_a_reason_is_refused(reason: str) -> None:
    with pytest.raises(UsageError, match="CMG308 is ignored without a reason"):
        linted(ONE_VM, ignore={"CMG308": reason})


@pytest.mark.parametrize("options", [{"select": ["CMG399"]}, {"select": [""]}, {"ignore": {"CMG8": "a lab"}}])
def test_a_rule_that_there_is_not_is_named(options: dict[str, object]) -> None:
    with pytest.raises(UnknownName, match="no rule is named"):
        linted(ONE_VM, **options)


def test_a_comment_sets_a_rule_aside_on_its_line() -> None:
    assert ids(linted(with_comment("# cmgsim: ignore CMG308 a lab, one VM is enough"))) == []


def test_a_comment_on_another_line_does_not() -> None:
    findings = linted(with_comment("# cmgsim: ignore CMG308 a lab", "region: westeurope"))
    assert ids(findings) == ["CMG091", "CMG308"]
    assert findings.infos[0].message == "CMG308 has nothing against this line"


def test_a_comment_without_a_reason_counts_for_nothing_and_is_found() -> None:
    findings = linted(with_comment("# cmgsim: ignore CMG308"))
    assert sorted(ids(findings)) == ["CMG090", "CMG308"]
    note = next(finding for finding in findings if finding.rule == "CMG090")
    assert note.severity is Severity.WARNING
    assert "say why" in note.remedy


def test_a_comment_that_names_no_rule_is_found() -> None:
    assert sorted(ids(linted(with_comment("# cmgsim: ignore everything here")))) == ["CMG090", "CMG308"]


def test_a_comment_for_an_unknown_rule_is_refused() -> None:
    with pytest.raises(UnknownName, match="'CMG398'"):
        linted(with_comment("# cmgsim: ignore CMG398 a lab"))


def test_a_comment_for_a_rule_that_was_not_asked_is_left_alone() -> None:
    assert ids(linted(with_comment("# cmgsim: ignore CMG308 a lab"), select=["CMG1"])) == []


def test_a_comment_in_a_plan_sets_a_rule_aside_there() -> None:
    design, document = written((CASES / "CMG702.bad.design.yaml").read_text(encoding="utf-8"))
    plan = load_plan(CASES / "CMG702.bad.plan.yaml", design)
    text = (CASES / "CMG702.bad.plan.yaml").read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if "delete_gateway" in line)
    steps = parse_document(text.replace(line, f"{line}  # cmgsim: ignore CMG702 rehearsed"), Path("lab.plan.yaml"))
    assert ids(lint(design, plan, documents=Sources(document, steps), select=["CMG702"])) == []


def test_findings_are_the_same_every_time() -> None:
    design, document = written(ONE_VM.replace("gateway_feature: true", "gateway_feature: false"))
    first, second = (lint(design, documents=Sources(document)) for _ in range(2))
    assert first == second
    assert str(first) == str(second)


@pytest.mark.parametrize("path", sorted((SCENARIOS / "designs").glob("*.design.yaml")), ids=lambda path: path.name)
def test_the_designs_of_scenarios_have_no_errors(path: Path) -> None:
    assert str(lint(load_design(path)).errors) == ""


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("contoso", "route_a_same_name"),
        ("contoso", "route_b_new_name"),
        ("five_to_two", "five_to_two"),
    ],
)
def test_the_plans_of_scenarios_have_no_errors(name: str, steps: str) -> None:
    design = load_design(SCENARIOS / "designs" / f"{name}.design.yaml")
    plan = load_plan(SCENARIOS / "plans" / f"{steps}.plan.yaml", design)
    assert str(lint(design, plan).errors) == ""


@pytest.mark.conflict("X-17")
def test_route_a_is_warned_of_its_gap_and_route_b_is_not() -> None:
    design = load_design(SCENARIOS / "designs" / "contoso.design.yaml")
    plans = {name: load_plan(SCENARIOS / "plans" / f"{name}.plan.yaml", design) for name in ROUTES}
    found = {name: ids(lint(design, plan, select=["CMG701"])) for name, plan in plans.items()}
    assert found == {"route_a_same_name": ["CMG701"], "route_b_new_name": []}


def test_describe_tells_a_rule_in_plain_text() -> None:
    text = describe("CMG304")
    assert text.startswith("CMG304 the version cannot enforce TLS 1.2 (error)")
    assert "Bad:      `enforce_tls_1_2: true` at 1902" in text
    assert "Versions: 1902 and earlier" in text
    assert "Source:   Microsoft, Set up cloud management gateway, step 12" in text
    assert max(map(len, text.splitlines())) <= 100


def test_describe_names_a_rule_that_there_is_not() -> None:
    with pytest.raises(UnknownName, match="no rule is named 'CMG999'"):
        describe("CMG999")


def test_the_page_has_every_rule_in_the_table_and_in_a_section() -> None:
    page = rules_page()
    for name, entry in RULES.items():
        assert f"| [{name}](#{name.lower()}) | {entry.severity.value} | {entry.title} |" in page
        assert f"({name.lower()})=\n### {name}: {entry.title}\n" in page


def test_versions_are_said_in_words() -> None:
    assert {name: versions_of(RULES[name]) for name in ("CMG101", "CMG302", "CMG501")} == {
        "CMG101": "all",
        "CMG302": "1810 and later",
        "CMG501": "1810 and earlier",
    }


@pytest.mark.parametrize("wrong", ["CMG001", "CMG8", "XYZ301", "CMG3011"])
def test_a_rule_needs_a_proper_id(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no id of a rule"):
        rule(wrong, Severity.INFO, "a title", source="a page")


def test_a_rule_cannot_be_defined_twice() -> None:
    with pytest.raises(ValueError, match="'CMG101' is defined twice"):
        rule("CMG101", Severity.INFO, "a title", source="a page")(lambda design, plan: iter(()))
