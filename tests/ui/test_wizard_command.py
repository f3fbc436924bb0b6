"""``cmgsim wizard``."""

from __future__ import annotations

from pathlib import Path

import pytest

DESIGNS = Path(__file__).parents[2] / "scenarios" / "designs"
CONTOSO, NEW_YORK = str(DESIGNS / "contoso.design.yaml"), str(DESIGNS / "new_york.design.yaml")


def test_alone_it_shows_the_pages_of_the_baseline(cmgsim):
    said = cmgsim("wizard")
    assert said.code == 0
    assert said.out.startswith(
        "Administration > Cloud Services > Cloud Management Gateway, version 1906, Azure Resource Manager\n"
    )
    assert [line for line in said.out.splitlines() if line in ("General", "Settings", "Alerts")] == [
        "General",
        "Settings",
        "Alerts",
    ]


def test_a_design_fills_the_pages_in(cmgsim):
    said = cmgsim("wizard", NEW_YORK, "--json")
    answers = {field["label"]: field["answer"] for field in said.data["fields"]}
    assert said.code == 0
    assert answers["Service FQDN"] == "contosoeast.contoso.com"
    assert answers["Service name"] == "contosoeast"
    assert answers["Resource Group"] == "Create new: contoso-gateway"
    assert answers["VM Instance"] == "2"
    assert answers["Enforce TLS 1.2"] == "off"
    assert said.data["refused"] == []


def test_what_the_console_refuses_is_told_and_exits_with_1(cmgsim):
    said = cmgsim("wizard", NEW_YORK, "--method", "classic")
    assert said.code == 1
    assert "refused, CLASSIC_NOT_AVAILABLE: gateway east" in said.out
    words = " ".join(said.out.split())
    assert "east exists already; this is what the console would say if it were created today." in words


def test_a_version_changes_what_is_asked_and_refused(cmgsim):
    older = cmgsim("wizard", NEW_YORK, "--version", "1802", "--json").data
    assert "Enforce TLS 1.2" not in {field["label"] for field in older["fields"]}
    assert older["version"] == 1802
    planned = cmgsim("wizard", CONTOSO, "--gateway", "classic", "--version", "1810", "--json")
    assert "CLASSIC_NOT_AVAILABLE" not in {refusal["code"] for refusal in planned.data["refused"]}


@pytest.mark.parametrize(
    ("version", "method"), [("1710", "classic"), ("1802", "arm"), ("1906", "arm"), ("2006", "arm"), ("2107", "vmss")]
)
def test_left_out_the_method_is_the_newest_of_the_version(cmgsim, version, method):
    assert cmgsim("wizard", "--version", version, "--json").data["method"] == method


def test_gateways_of_a_method_that_creates_none_any_more_still_have_properties(cmgsim):
    assert cmgsim("wizard", "--properties", "--method", "classic").code == 0
    assert cmgsim("wizard", "--properties", "--method", "vmss").code == 2


def test_what_can_be_changed_in_place(cmgsim):
    said = cmgsim("wizard", "--properties", "--version", "1810", "--method", "classic", "--json")
    takes = {row["setting"]: row["takes"] for row in said.data["settings"]}
    assert takes["management_certificate"] == "in place, kept by the site alone"
    assert takes["region"] == "redeploy the service"
    assert "redeploy the service" in cmgsim("wizard", "--properties").out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--version", "1907"), "there is no profile of version 1907; there are 1710, 1802"),
        (("--version", "1710", "--method", "arm"), "version 1710 creates no gateway by the method arm; it has classic"),
        (("--method", "classic"), "version 1906 creates no gateway by the method classic; it has arm"),
        (("--gateway", "east"), "--gateway needs a design: cmgsim wizard DESIGN --gateway NAME"),
        ((NEW_YORK, "--gateway", "eats"), "east"),
        (("missing.yaml",), "missing.yaml"),
    ],
)
def test_what_it_cannot_show_it_says_in_one_line(cmgsim, arguments, words):
    said = cmgsim("wizard", *arguments)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert len(said.err.splitlines()) == 1


@pytest.mark.parametrize("columns", ["80", "60", "44", "30"])
def test_no_code_is_broken_however_narrow_the_terminal(cmgsim, monkeypatch, columns):
    codes = [code for field in cmgsim("wizard", "--json").data["fields"] for code in field["refusals"]]
    monkeypatch.setenv("COLUMNS", columns)
    shown = cmgsim("wizard").out
    assert len(codes) > 15
    assert [code for code in codes if code not in shown] == []
    assert "contosoeast.contoso.com" in cmgsim("wizard", NEW_YORK).out


def test_no_line_is_wider_than_the_terminal(cmgsim, monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    said = cmgsim("wizard", CONTOSO, "--gateway", "classic")
    assert max(map(len, said.out.splitlines())) <= 60
