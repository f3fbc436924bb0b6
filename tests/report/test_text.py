"""A story on a terminal of any width."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rehearsed import judged

from cmgsim.design.findings import Style, display_width
from cmgsim.report.story import ToldExpectation, ToldStep, story
from cmgsim.report.text import ASCII, UNICODE, sparkline, text

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
WIDTHS = [30, 40, 60, 80, 110]


def kept_whole(line: str) -> bool:
    """Say whether a line is one that is copied or clicked, and so never broken."""
    command = re.match(r" *(repeat +|how long +)?cmgsim (rehearse|sweep) ", line)
    digest = re.fullmatch(r" *(digest  )? *[0-9a-f]{32}(  seed +\d+)?", line)
    return "-->" in line or command is not None or digest is not None


@pytest.fixture(scope="module")
def told():
    return story([judged("0s")])


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII], ids=["unicode", "ascii"])
@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_terminal(told, width, style, glyphs):
    lines = ESCAPES.sub("", text(told, style, width, glyphs)).splitlines()
    assert [line for line in lines if display_width(line) > width and not kept_whole(line)] == []


@given(
    width=st.integers(30, 120),
    note=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=60),
    check=st.from_regex(r"[a-z_]{1,40}", fullmatch=True),
    measured=st.text(st.sampled_from("0123456789 of%"), max_size=50),
)
def test_no_words_are_too_long_for_it(width, note, check, measured):
    base = story([judged("2d")])
    step = ToldStep("day 1 09:00", "~", f"scale_gateway: {{gateway: {check}, vms: 4}}", note, "refused", 12345)
    expectation = ToldExpectation(check, "at least 43% and at most 57%", measured, 3, 20, "x.scenario.yaml:10")
    lines = text(replace(base, steps=(step,), expectations=(expectation,)), Style.PLAIN, width).splitlines()
    assert [line for line in lines if display_width(line) > width and not kept_whole(line)] == []


@pytest.mark.parametrize("width", WIDTHS)
def test_colours_change_nothing_but_colours(told, width):
    coloured = text(told, Style.ANSI, width)
    assert ESCAPES.search(coloured)
    assert ESCAPES.sub("", coloured) == text(told, Style.PLAIN, width)


def test_plain_text_for_consoles_of_few_letters_is_ascii(told):
    assert text(told, Style.PLAIN, 80, ASCII).isascii()


def test_the_verdict_stands_last(told):
    assert text(told).splitlines()[-1] == "1 of 4 expectations failed"
    assert text(story([judged("2d")])).splitlines()[-1] == "all 4 expectations hold"


def test_the_plan_is_summed_up_and_its_steps_follow(told):
    lines = text(told).splitlines()
    start = lines.index("Plan: 3 to add, 3 to delete")
    assert re.fullmatch(r"  day 1 00:00  \+ create_gateway: new           ready after \d+min.*", lines[start + 1])
    assert re.search(
        r"(?m)^  day 1 00:\d\d  - delete_gateway: old\n +gone after 5min\n +strands 20 clients$", text(told, width=60)
    )


def test_a_step_that_was_refused_says_so(told):
    step = ToldStep("day 1 09:00", "~", "stop_gateway: old", "STOP_NOT_AVAILABLE: not before 1902", "refused", 0)
    assert "stop_gateway: old  refused: STOP_NOT_AVAILABLE" in text(replace(told, steps=(step,)), width=110)


def test_expectations_stand_in_a_row_with_dots_where_there_is_room(told):
    page = text(told, width=80)
    assert re.search(r"(?m)^  ✗ stranded_clients \.+ +at most 0 +20 of 20  :8$", page)
    assert re.search(r"(?m)^  ✓ never_without_a_gateway \.\.\.\. +always +held  :9$", page)


def test_on_a_narrow_terminal_each_has_lines_of_its_own(told):
    assert "  ✗ stranded_clients\n    20 of 20, expected at most 0\n    :8\n" in text(told, width=40)


def test_several_seeds_are_counted():
    page = text(story([judged("2d"), judged("0s")]), width=110)
    assert "2 seeds" in page
    assert "Plan: 3 to add, 3 to delete (seed 1)" in page
    assert re.search(r"✗ stranded_clients .* 20 of 20, in 1 of 2 seeds", page)


def test_the_worst_is_a_frame_on_the_plans_line(told):
    page = text(told)
    assert "error[stranded_clients]: 20 clients lost their last gateway with" in page
    assert re.search(r"--> .*first\.plan\.yaml:10:5\n", page)
    assert "10 |   - delete_gateway: old\n   |     ^^^^^^^^^^^^^^^^^^^\n" in page
    assert "   = help: clients ask for locations every 1d" in page
    assert "   = note: plan.gap is 0s here\n" in page
    assert "  ... and 15 more\n" in page


def test_a_run_that_expects_nothing_tells_how_it_ended(told):
    page = text(replace(told, expectations=(), worst=None))
    assert "  clients   20 on the internet, 20 stranded\n" in page
    assert page.endswith("nothing was expected")


class TestSparkline:
    @given(st.lists(st.integers(0, 10**6), min_size=1, max_size=3000).map(tuple), st.integers(-5, 200))
    def test_it_fits_and_shows_the_greatest_as_the_highest(self, values, width):
        line = sparkline(values, width, UNICODE)
        assert 1 <= len(line) <= max(1, min(width, 60))
        if max(values):
            assert UNICODE.bars[-1] in line

    @given(st.lists(st.integers(0, 9), min_size=1, max_size=60).map(tuple))
    def test_nothing_is_low_and_something_is_not(self, values):
        line = sparkline(values, 60, ASCII)
        assert [letter != ASCII.bars[0] for letter in line] == [value > 0 for value in values]


def test_counter_examples_leave_out_columns_rather_than_cut_them_to_nothing(told):
    narrow, wide = text(told, width=44), text(told, width=110)
    assert re.search(r"(?m)^  client +stranded since +for$", narrow)
    assert "too narrow for knows, last located; --json has all" in " ".join(narrow.split())
    assert re.search(r"(?m)^  client +stranded since +for +knows +last located$", wide)
    assert "too narrow" not in wide


def test_the_digest_of_every_seed_is_told():
    runs = [judged("2d", 3), judged("2d", 12)]
    lines = text(story(runs)).splitlines()
    start = lines.index("  digests")
    assert lines[start + 1 : start + 3] == [f"  {runs[0].run.digest}  seed  3", f"  {runs[1].run.digest}  seed 12"]
    many = replace(story(runs), seeds=tuple(range(20)), digests=("0" * 32,) * 20)
    assert "  ... and 12 more; --json has all" in text(many).splitlines()
