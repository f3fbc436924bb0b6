"""Pictures of boundary groups: read by everybody, on any page."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from cmgsim.design.files import load_design
from cmgsim.report.group_picture import CURRENT, FAR, INK, LINE, NEAR, NOBODY, PAPER, group_picture

FALLBACK = load_design(Path(__file__).parents[2] / "scenarios" / "designs" / "fallback.design.yaml")


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (source: "Web Content Accessibility Guidelines 2.1")."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours: 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_what_the_guidelines_say():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colour", [CURRENT, NEAR, FAR, INK])
def test_words_stand_out(colour):
    assert contrast(colour, PAPER) >= 4.5


def test_lines_stand_out():
    assert contrast(LINE, PAPER) >= 3


def elements(picture: str, kind: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(picture).iter(f"{{http://www.w3.org/2000/svg}}{kind}"))


def test_a_picture_brings_its_paper_and_tells_default_groups_by_more_than_hue():
    picture = group_picture(FALLBACK.boundary_groups, ("A",))
    kinds = [box.get("class") for box in elements(picture, "rect")]
    assert kinds == ["paper", "current", "near", "near", "far"]
    style = elements(picture, "style")[0].text
    assert ".paper,.name{fill:#ffffff}" in style
    assert "stroke-dasharray" in style.partition(".far{")[2].partition("}")[0]
    assert "stroke-dasharray" not in style.partition(".near{")[2].partition("}")[0]


def test_a_client_in_no_group_gets_a_line_that_says_so():
    picture = group_picture(FALLBACK.boundary_groups, ())
    assert [text.text for text in elements(picture, "text")] == [NOBODY]
