"""Frames on terminals narrower than they are."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from cmgsim.design.document import Mark
from cmgsim.design.findings import Finding, Findings, Severity, Style, display_width
from cmgsim.report.frames import cropped, fitting_frames

FILE = Path("x.design.yaml")
LETTERS = st.text(st.sampled_from("abcdefghij: {},é世"), max_size=140)


def finding(line: str, start: int, length: int, severity: Severity = Severity.ERROR) -> Findings:
    mark = Mark(2, start + 1, 2, start + 1 + length)
    one = Finding("CMG004", severity, "a value is wrong " * 4, ("a",), FILE, mark, "write another one " * 5)
    return Findings([one], {FILE: ["above", line, "below"]})


@given(LETTERS, st.integers(0, 100), st.integers(30, 110))
def test_lines_fit_and_the_carets_stand_below_what_is_wrong(line, start, width):
    line = line[:start].ljust(start, "-") + "WRONG" + line[start:]
    rows = fitting_frames(finding(line, start, 5), Style.PLAIN, width).splitlines()
    assert [row for row in rows if display_width(row) > width and "-->" not in row] == []
    at = next(index for index, row in enumerate(rows) if re.fullmatch(r" *\| *\^+", row))
    column = display_width(rows[at]) - 5
    above, seen = rows[at - 1], 0
    for index, letter in enumerate(above):
        if seen == column:
            assert above[index : index + 5] == "WRONG"
        seen += display_width(letter)
    assert "WRONG" in above


def test_a_frame_that_fits_is_left_as_it_is():
    findings = Findings(
        [Finding("CMG004", Severity.ERROR, "no", ("a",), FILE, Mark(1, 1, 1, 2), "yes")], {FILE: ["a: 1"]}
    )
    assert fitting_frames(findings, Style.PLAIN, 80) == findings.frames(Style.PLAIN)


def test_colours_follow_the_severity():
    warning = fitting_frames(finding("WRONG", 0, 5, Severity.WARNING), Style.ANSI, 80)
    assert "\x1b[1;33mwarning[CMG004]" in warning
    assert re.sub(r"\x1b\[[0-9;]*m", "", warning) == fitting_frames(
        finding("WRONG", 0, 5, Severity.WARNING), Style.PLAIN, 80
    )


def test_what_is_cut_shows_dots():
    assert cropped("abcdefghijklmnop", 0, 10) == "abcdefg..."
    assert cropped("abcdefghijklmnop", 6, 10) == "...jklmnop"
    assert cropped("abcdefghijklmnop", 0, 16) == "abcdefghijklmnop"
