"""``cmgsim explain``."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

FALLBACK = str(Path(__file__).parents[2] / "scenarios" / "designs" / "fallback.design.yaml")
REGIONAL = str(Path(__file__).parents[2] / "scenarios" / "designs" / "seattle_paris.design.yaml")


def test_it_prints_the_pools_of_the_documented_example(cmgsim):
    said = cmgsim("explain", FALLBACK, "10.1.2.3")
    assert said.code == 0
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert "0 to 10 dp-a1, dp-a2 dp-a1, dp-a2" in lines
    assert "10 to 20 dp-a1, dp-a2, dp-b1, dp-b2 dp-b1, dp-b2" in lines
    assert "20 to 120 dp-a1, dp-a2, dp-b1, dp-b2, dp-c1, dp-c2 dp-c1, dp-c2" in lines
    assert "from 120 dp-a1, dp-a2, dp-b1, dp-b2, dp-c1, dp-c2, dp-s1 dp-s1" in lines
    assert "0 to 120 the last known good one alone" in lines
    assert "3 local mp1" in lines


def test_as_data_it_says_the_same(cmgsim):
    data = cmgsim("explain", FALLBACK, "10.1.2.3", "--json", "--for", "4min").data
    assert data["current_groups"] == ["A"]
    assert [stage["joined"] for stage in data["distribution_points"]][1] == ["dp-b1", "dp-b2"]
    assert data["distribution_point_tries"] == [
        {"at_us": 0, "server": "dp-a1"},
        {"at_us": 120_000_000, "server": "dp-a2"},
    ]


def test_the_picture_shows_every_group_and_its_links(cmgsim, tmp_path):
    drawn = tmp_path / "groups.svg"
    assert cmgsim("explain", FALLBACK, "10.1.2.3", "--picture", str(drawn)).code == 0
    picture = ElementTree.parse(drawn).getroot()
    words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert [words.count(name) for name in ("A", "B", "C", "default-abc")] == [1, 1, 1, 1]
    assert "DP 10, SUP 120 min" in words
    links = [path.get("class") for path in picture.iter("{http://www.w3.org/2000/svg}path")]
    assert links.count("link") == 2
    assert links.count("link implied") == 1


def test_the_picture_of_the_manual_is_what_it_draws(cmgsim, tmp_path):
    drawn = tmp_path / "groups.svg"
    said = cmgsim("explain", FALLBACK, "10.1.2.3", "--picture", str(drawn))
    assert said.err == f"drawn: {drawn}\n"
    kept = Path(__file__).parents[2] / "docs" / "how-to" / "fallback_groups.svg"
    assert drawn.read_text(encoding="utf-8") == kept.read_text(encoding="utf-8")


def test_a_picture_is_never_drawn_over_a_file(cmgsim, tmp_path):
    kept = tmp_path / "kept.svg"
    kept.write_text("mine", encoding="utf-8")
    said = cmgsim("explain", FALLBACK, "10.1.2.3", "--picture", str(kept))
    assert (said.code, said.out) == (2, "")
    assert said.err == f"error: {kept}: there is something already; give --picture a new file\n"
    assert kept.read_text(encoding="utf-8") == "mine"


def noted(cmgsim, tmp_path: Path, boundary: str, *arguments: str) -> tuple[list[str], list[str]]:
    """Return the groups and notes of a client in the example, whose group A has a boundary of another kind."""
    design = tmp_path / "d.design.yaml"
    text = Path(FALLBACK).read_text(encoding="utf-8").replace("{ip_range: 10.1.0.0-10.1.255.255}", boundary)
    design.write_text(text, encoding="utf-8")
    data = cmgsim("explain", str(design), *arguments, "--json").data
    assert all(note in " ".join(cmgsim("explain", str(design), *arguments).out.split()) for note in data["notes"])
    return data["boundary_groups"], data["notes"]


def test_an_ipv6_address_is_judged_by_prefixes_and_says_where_there_are_none(cmgsim, tmp_path):
    prefix = "{ipv6_prefix: '2001:db8:1::/64'}"
    assert noted(cmgsim, tmp_path, prefix, "2001:db8:1::5") == (["A"], [])
    assert noted(cmgsim, tmp_path, prefix, "fe80::1") == ([], [])
    _, notes = noted(cmgsim, tmp_path, "{ip_range: 10.1.0.0-10.1.255.255}", "fe80::1")
    assert notes == ["the design has no boundary by IPv6 prefix, and no other matches an IPv6 address"]


def test_an_active_directory_site_that_no_boundary_is_gets_a_note(cmgsim, tmp_path):
    boundary = "{ad_site: Headquarters}"
    assert noted(cmgsim, tmp_path, boundary, "--ad-site", "headquarters") == (["A"], [])
    assert noted(cmgsim, tmp_path, boundary, "--ad-site", "Headquarter") == (
        [],
        ["no boundary is the Active Directory site 'Headquarter'; did you mean 'Headquarters'?"],
    )
    _, notes = noted(cmgsim, tmp_path, boundary, "--ad-site", "Headquarters", "--identity", "aad_joined")
    assert notes == ["a device that is joined to Azure AD alone is in no Active Directory site"]
    _, notes = noted(cmgsim, tmp_path, "{subnet: 10.1.2.0/24}", "--ad-site", "nowhere")
    assert notes == ["the design has no boundary by Active Directory site"]


def test_a_name_in_the_picture_is_only_a_name(cmgsim, tmp_path):
    text = Path(FALLBACK).read_text(encoding="utf-8").replace("name: Content", "name: x")
    design = tmp_path / "d.design.yaml"
    design.write_text(text, encoding="utf-8")
    drawn = tmp_path / "none.svg"
    assert cmgsim("explain", str(design), "192.168.0.1", "--picture", str(drawn)).code == 0
    assert "default-abc" in drawn.read_text(encoding="utf-8")


def test_an_address_without_a_mask_is_in_the_smallest_subnet_that_holds_it(cmgsim, tmp_path):
    design = tmp_path / "d.design.yaml"
    text = (
        Path(FALLBACK).read_text(encoding="utf-8").replace("{ip_range: 10.1.0.0-10.1.255.255}", "{subnet: 10.1.2.0/24}")
    )
    design.write_text(text, encoding="utf-8")
    assert cmgsim("explain", str(design), "10.1.2.3", "--json").data["current_groups"] == ["A"]
    assert cmgsim("explain", str(design), "10.1.2.3/25", "--json").data["current_groups"] == ["A"]
    assert cmgsim("explain", str(design), "10.1.2.200/25", "--json").data["current_groups"] == ["default-abc"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((FALLBACK,), "say where the client is: give an ADDRESS such as 10.1.2.3, --ad-site or --vpn"),
        ((FALLBACK, "10.1.2"), "'10.1.2' is no IP address: write it like 10.1.2.3 or 10.1.2.3/24"),
        ((FALLBACK, "10.1.2.3", "--for", "soon"), "--for: "),
        ((FALLBACK, "10.1.2.3", "--site", "ABD"), "ABD"),
        ((FALLBACK, "10.1.2.3", "--vpn", "Contoso"), "--vpn: 'Contoso' is no sign of a VPN; write it like 'Auto:On'"),
        ((REGIONAL, "10.1.2.3"), "say with --site which primary site the client is assigned to"),
        ((FALLBACK, "10.1.2.3", "--picture", "/no/such/folder/x.svg"), "cannot be written"),
        (("missing.yaml", "10.1.2.3"), "missing.yaml"),
    ],
)
def test_what_it_cannot_do_it_says_in_one_line(cmgsim, arguments, words):
    said = cmgsim("explain", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert len(said.err.splitlines()) == 1
