"""A file of the wrong kind is said to be one in a line, and a folder stands for the files below it."""

from __future__ import annotations

import pytest

QUERY = "SELECT * FROM SMS_ActiveMPCandidate"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["wizard", "first.plan.yaml"], "first.plan.yaml: this is a plan; give a design"),
        (["run", "first.scenario.yaml"], "first.scenario.yaml: this is a scenario; give a design"),
        (["profile", "first.scenario.yaml"], "first.scenario.yaml: this is a scenario; give a design"),
        (["explain", "first.plan.yaml", "10.1.2.3"], "first.plan.yaml: this is a plan; give a design"),
        (["wmi", "first.design.yaml", QUERY], "first.design.yaml: this is a design; give a scenario"),
        (["serve", "--design", "first.plan.yaml"], "first.plan.yaml: this is a plan; give a design"),
        (["size", "first.plan.yaml"], "first.plan.yaml: this is a plan; give a design or a scenario"),
        (["sweep", "first.plan.yaml"], "first.plan.yaml: this is a plan; give a design or a scenario"),
        (["sweep", "."], ".: this is a directory; name a file in it"),
        (["analyze", ".", "--gateway", "new"], ".: this is a directory; name a file in it"),
    ],
)
def test_it_is_one_line_that_says_what_to_give(cmgsim, lab, arguments, words):
    said = cmgsim(*arguments)
    assert (said.code, said.out, said.err) == (2, "", f"error: {words}\n")


def test_lint_takes_a_folder_for_all_files_below_it(cmgsim, lab):
    (lab / "more").mkdir()
    (lab / "first.design.yaml").rename(lab / "more" / "second.design.yaml")
    (lab / "first.scenario.yaml").unlink()
    (lab / "notes.yaml").write_text("none: of ours", encoding="utf-8")
    (lab / ".hidden").mkdir()
    (lab / ".hidden" / "broken.plan.yaml").write_text("nonsense", encoding="utf-8")
    said = cmgsim("lint", ".")
    assert (said.code, said.err) == (0, "nothing found in 2 files\n")


def test_without_files_to_lint_the_endings_are_named(cmgsim, lab):
    (lab / "empty").mkdir()
    said = cmgsim("lint", "empty")
    assert said.code == 2
    assert said.err == "error: empty: no *.design.yaml, *.plan.yaml or *.scenario.yaml is below this directory\n"


def test_to_watch_without_logs_is_refused(cmgsim, lab):
    said = cmgsim("run", "first.design.yaml", "--for", "1h", "--watch", "field-1")
    assert (said.code, said.out) == (2, "")
    assert "say with --logs into which folder" in said.err


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://", "tcp://host", "tcp://host:port", "a b:1"])
def test_what_is_no_address_of_a_scheduler_is_refused_at_once(cmgsim, lab, address):
    said = cmgsim("sweep", "first.design.yaml", "--scheduler", address)
    assert (said.code, said.out) == (2, "")
    assert said.err == f"error: --scheduler {address!r} is no address: write it like tcp://10.0.0.7:8786\n"
