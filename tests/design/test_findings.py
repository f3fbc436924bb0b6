"""Findings: their order, their frames, and their forms for other programs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.design.document import Mark
from cmgsim.design.findings import (
    FRAME_COLUMNS,
    Finding,
    Findings,
    Severity,
    Style,
    display_width,
    dotted,
    frame,
    printable,
)
from cmgsim.design.formats import as_json, concise, github, sarif

FILE = Path("scenarios/broken.scenario.yaml")
LINES = [
    "# 1",
    "# 2",
    "# 3",
    "# 4",
    "scenarios:",
    "      clients: 5000",
    "      polcy_poll: 15min",
    "    gateways:",
    "# 9",
]
MISSPELT = Finding(
    "CMG003",
    Severity.ERROR,
    "unknown key 'polcy_poll'",
    ("scenarios", 0, "fleet", "polcy_poll"),
    FILE,
    Mark(7, 7, 7, 17),
    "did you mean 'policy_poll'?",
    "Plan for CMG",
)


def at(line: int, column: int, severity: Severity = Severity.ERROR, rule: str = "CMG004") -> Finding:
    return Finding(rule, severity, "odd", ("a",), FILE, Mark(line, column, line, column + 1))


def underlined(line: str, mark: Mark) -> str:
    """Return what stands above the carets of a frame, display column by display column."""
    rows = frame(Finding("CMG004", Severity.ERROR, "odd", ("a",), FILE, mark), [line], Style.PLAIN).splitlines()
    source, carets = next((rows[i], row) for i, row in enumerate(rows[1:]) if set(row) == {" ", "|", "^"})
    columns = "".join(letter * display_width(letter) for letter in source)
    return columns[carets.index("^") : carets.rindex("^") + 1]


class TestFrames:
    def test_a_frame_shows_the_line_its_neighbours_and_the_remedy(self) -> None:
        assert frame(MISSPELT, LINES, Style.PLAIN) == "\n".join(
            [
                "error[CMG003]: unknown key 'polcy_poll'",
                " --> scenarios/broken.scenario.yaml:7:7  (scenarios[0].fleet.polcy_poll)",
                "  |",
                "6 |       clients: 5000",
                "7 |       polcy_poll: 15min",
                "  |       ^^^^^^^^^^",
                "8 |     gateways:",
                "  |",
                "  = help: did you mean 'policy_poll'?",
                "  = source: Plan for CMG",
            ]
        )

    def test_the_gutter_is_as_wide_as_the_last_number(self) -> None:
        rows = frame(at(9, 1), [*LINES, "# 10"], Style.PLAIN).splitlines()
        assert rows[1:5] == [f"  --> {FILE.as_posix()}:9:1  (a)", "   |", " 8 |     gateways:", " 9 | # 9"]
        assert rows[6] == "10 | # 10"

    def test_the_first_line_has_nothing_before_it(self) -> None:
        assert "1 | # 1\n  | ^\n2 | # 2\n  |" in frame(at(1, 1), LINES, Style.PLAIN)

    def test_a_value_of_several_lines_is_underlined_to_the_end_of_its_first(self) -> None:
        assert underlined("a: [1,  ", Mark(1, 4, 3, 2)) == "[1,"

    def test_a_place_at_the_end_of_a_line_still_has_a_caret(self) -> None:
        assert frame(at(1, 5), ["key:"], Style.PLAIN).splitlines()[4] == "  |     ^"

    def test_without_lines_or_place_the_words_remain(self) -> None:
        assert frame(MISSPELT, [], Style.PLAIN).splitlines()[1:] == [
            " --> scenarios/broken.scenario.yaml:7:7  (scenarios[0].fleet.polcy_poll)",
            "  = help: did you mean 'policy_poll'?",
            "  = source: Plan for CMG",
        ]
        assert frame(Finding("CMG101", Severity.INFO, "all quiet"), [], Style.PLAIN) == "info[CMG101]: all quiet"

    def test_tabs_and_wide_letters_do_not_shift_the_carets(self) -> None:
        assert underlined("a:\tx y", Mark(1, 6, 1, 7)) == "y"
        assert underlined("日本: abc", Mark(1, 5, 1, 8)) == "abc"
        assert underlined("a\u0301bc: xyz", Mark(1, 7, 1, 10)) == "xyz"
        assert underlined("k: 日本", Mark(1, 4, 1, 6)) == "日日本本"

    def test_a_long_line_is_cut_around_the_fault(self) -> None:
        line = "a: " + "x" * 500 + " WRONG " + "y" * 500
        rows = frame(Finding("CMG004", Severity.ERROR, "odd", (), FILE, Mark(1, 505, 1, 510)), [line], Style.PLAIN)
        shown = rows.splitlines()[3]
        assert shown.startswith("1 | ...x")
        assert shown.endswith("y...")
        assert display_width(shown) == FRAME_COLUMNS + len("1 | ")
        assert underlined(line, Mark(1, 505, 1, 510)) == "WRONG"

    @given(
        st.text("ab é日\u0301\t🙂", max_size=400),
        st.text("XYZ", min_size=1, max_size=20),
        st.text("ab 日\t", max_size=400),
    )
    def test_the_carets_are_always_below_the_fault(self, before: str, fault: str, after: str) -> None:
        mark = Mark(1, len(before) + 1, 1, len(before) + len(fault) + 1)
        assert underlined(before + fault + after, mark) == fault

    @given(st.text(max_size=50), st.integers(1, 60), st.integers(0, 60))
    def test_frames_never_fail_and_control_no_terminal(self, line: str, column: int, length: int) -> None:
        found = Finding("CMG004", Severity.ERROR, line, (line,), FILE, Mark(1, column, 1, column + length), line)
        shown = frame(found, [line], Style.PLAIN)
        assert not any(ord(letter) < 32 and letter != "\n" for letter in shown)
        assert len(shown.split("\n")) <= 7

    def test_colour_changes_nothing_but_colour(self) -> None:
        coloured = frame(MISSPELT, LINES, Style.ANSI)
        assert "\x1b[1;31merror[CMG003]\x1b[0m" in coloured
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == frame(MISSPELT, LINES, Style.PLAIN)

    def test_glyphs_are_ascii(self) -> None:
        assert frame(MISSPELT, LINES, Style.ANSI).isascii()

    def test_printable_takes_the_sting_out_of_escapes(self) -> None:
        assert printable("\x1b[31mred\u202e\n") == "?[31mred? "


class TestFindings:
    def test_they_are_sorted_by_place_and_rule(self) -> None:
        one, two, three = at(1, 5), at(2, 1, rule="CMG002"), at(2, 1, rule="CMG004")
        assert list(Findings([three, one, two])) == [one, two, three]

    def test_no_findings_are_false(self) -> None:
        assert not Findings()
        assert Findings([at(1, 1)])
        assert str(Findings()) == ""

    def test_by_severity(self) -> None:
        findings = Findings([at(1, 1), at(2, 1, Severity.WARNING), at(3, 1, Severity.INFO)], {FILE: LINES})
        assert [len(findings.errors), len(findings.warnings), len(findings.infos)] == [1, 1, 1]
        assert repr(findings) == "<Findings: 1 errors, 1 warnings, 1 infos>"
        assert "2 | # 2" in str(findings.warnings)

    def test_slices_and_sums_keep_the_lines(self) -> None:
        findings = Findings([at(1, 1)], {FILE: LINES}) + Findings([at(2, 1)])
        assert len(findings) == 2
        assert findings[0] == at(1, 1)
        assert str(findings) == f"{findings[:1]}\n\n{findings[1:]}"
        assert findings == Findings([at(2, 1), at(1, 1)])
        assert hash(findings) == hash(Findings([at(2, 1), at(1, 1)]))

    def test_where_reads_as_people_write(self) -> None:
        assert dotted(("plan", "steps", 3, "wait")) == "plan.steps[3].wait"
        assert dotted((0, "a")) == "[0].a"
        assert MISSPELT.where == "scenarios[0].fleet.polcy_poll"
        assert str(MISSPELT) == "scenarios/broken.scenario.yaml:7:7: CMG003 unknown key 'polcy_poll'"


class TestFormats:
    def test_concise(self) -> None:
        assert concise(Findings([MISSPELT, at(9, 2, Severity.WARNING)])).splitlines() == [
            "scenarios/broken.scenario.yaml:7:7: CMG003 error unknown key 'polcy_poll'",
            "scenarios/broken.scenario.yaml:9:2: CMG004 warning odd",
        ]

    def test_github(self) -> None:
        assert github(Findings([MISSPELT])) == (
            "::error file=scenarios/broken.scenario.yaml,line=7,col=7,endColumn=17,title=CMG003::"
            "unknown key 'polcy_poll'; did you mean 'policy_poll'?"
        )
        odd = Finding("CMG004", Severity.INFO, "100%\nof it", (), Path("a,b:c.yaml"), Mark(1, 1, 2, 1))
        assert github(Findings([odd])) == "::notice file=a%2Cb%3Ac.yaml,line=1,col=1,title=CMG004::100%25%0Aof it"

    def test_json(self) -> None:
        log = as_json(Findings([MISSPELT, at(9, 2, Severity.WARNING)]))
        assert (log["schema"], log["errors"], log["warnings"]) == ("cmgsim/findings/v1", 1, 1)
        assert log["findings"][0] == {
            "rule": "CMG003",
            "severity": "error",
            "message": "unknown key 'polcy_poll'",
            "path": ["scenarios", 0, "fleet", "polcy_poll"],
            "where": "scenarios[0].fleet.polcy_poll",
            "file": "scenarios/broken.scenario.yaml",
            "mark": {"line": 7, "column": 7, "end_line": 7, "end_column": 17},
            "remedy": "did you mean 'policy_poll'?",
            "source": "Plan for CMG",
        }

    @pytest.mark.parametrize(("severity", "level"), [("error", "error"), ("warning", "warning"), ("info", "note")])
    def test_sarif(self, severity: str, level: str) -> None:
        log = sarif(Findings([at(9, 2, Severity(severity)), MISSPELT, Finding("CMG101", Severity.INFO, "no place")]))
        (run,) = log["runs"]
        assert log["version"] == "2.1.0"
        assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["CMG003", "CMG004", "CMG101"]
        assert [result["ruleIndex"] for result in run["results"]] == [2, 0, 1]
        last = run["results"][-1]
        assert last["level"] == level
        place = last["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "scenarios/broken.scenario.yaml"}
        assert place["region"] == {"startLine": 9, "startColumn": 2, "endLine": 9, "endColumn": 3}
        assert "locations" not in run["results"][0]
