"""``cmgsim wmi``."""

from __future__ import annotations

from pathlib import Path

import pytest

WEEK = str(Path(__file__).parents[2] / "scenarios" / "new_york_week.scenario.yaml")
PLANNED = str(Path(__file__).parents[2] / "scenarios" / "route_b_gap_24h_always_on.scenario.yaml")
INTERNET = "SELECT * FROM SMS_ActiveMPCandidate WHERE Type='Internet'"


def test_it_answers_as_powershell_does(cmgsim):
    said = cmgsim("wmi", WEEK, INTERNET, "--client", "laptops-3", "--at", "2h")
    assert said.code == 0
    assert said.out.startswith("laptops-3: ")
    lines = [line for line in said.out.splitlines() if line.startswith("MP ")]
    assert len(lines) == 2
    assert all(" : contosoeast.contoso.com/CCM_Proxy_MutualAuth/" in line for line in lines)


def test_as_data_it_says_the_same(cmgsim):
    data = cmgsim("wmi", WEEK, "SELECT Type, Index FROM SMS_ActiveMPCandidate", "--at", "0s", "--json").data
    assert data["client"] == "laptops-1"
    assert {"Type": "Internet", "Index": 1} in data["instances"]


def test_what_has_no_instance_says_so(cmgsim):
    said = cmgsim("wmi", WEEK, "SELECT * FROM SMS_MPListEx", "--at", "1min", "--client", "desktops-1")
    assert said.code == 0
    assert said.out.splitlines()[-1] == "no instance"


def test_the_plan_of_the_scenario_happens(cmgsim):
    known = {}
    for moment in ("8h", "3d"):
        said = cmgsim("wmi", PLANNED, "SELECT MP FROM SMS_ActiveMPCandidate WHERE Type='Internet'", "--at", moment)
        assert said.code == 0
        known[moment] = {line.partition(" : ")[2] for line in said.out.splitlines() if line.startswith("MP")}
    assert known["8h"] != known["3d"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("SELECT everything",), "is no query: write it like"),
        (("SELECT * FROM SMS_Nothing", "--at", "1min"), "no class in root/ccm/LocationServices is named"),
        ((INTERNET, "--client", "laptop-1"), "no client is named 'laptop-1'; did you mean 'laptops-1'"),
        ((INTERNET, "--client", "999999"), "; there is desktops-1 to desktops-"),
        ((INTERNET, "--client", "laptops-999"), "; there is laptops-1 to laptops-300"),
        ((INTERNET, "--at", "30d"), "the run is over after 7d"),
        ((INTERNET, "--at", "soon"), "--at: "),
        ((INTERNET, "--at", "1min", "--namespace", "root/cimv2"), "no WMI namespace is named"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_line(cmgsim, arguments, words):
    said = cmgsim("wmi", WEEK, *arguments)
    assert said.code == 2
    assert words in said.err
    assert len(said.err.strip().splitlines()) == 1
