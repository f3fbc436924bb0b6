"""``cmgsim lint``: frames, formats and exit codes."""

from __future__ import annotations

import json
import os

import pytest

TEN_FAULTS = """\
cmgsim: 1
nam: Ten faults
hierarchy:
  version: 1907
  sites:
    PS1: {kind: primry}
azure:
  subscriptions:
    production: {cores: many}
certificates:
  servers:
    one: {issuer: corp}
gateways:
  east: {certificate: one, region: westeurope, vms: 17}
client_settings:
  slow: {policy_polling: 60}
day_plans:
  office: {work: 17:00-08:30}
clients:
  road: {count: -5, site: PS1, day_plan: office}
  road: {count: 5, site: PS1, day_plan: office}
"""

EMPTY, BINARY, HUGE = b"", b"\x7fELF\0\0\1", b"# nothing\n" * 10_000_000
BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (letter, letter, b",".join([b"*%c" % (letter - 1)] * 9)) for letter in b"bcdefghij"
)


def test_ten_faults_give_ten_frames(cmgsim, lab):
    (lab / "ten.design.yaml").write_text(TEN_FAULTS, encoding="utf-8")
    said = cmgsim("lint", "ten.design.yaml")
    assert said.code == 1
    assert len([line for line in said.out.splitlines() if line.startswith("error[CMG")]) == 10
    assert said.out.count(" --> ten.design.yaml:") == 10
    assert "did you mean 'name'?" in said.out
    assert said.err == "10 errors in 1 file\n"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(EMPTY, "there is nothing in it", id="empty"),
        pytest.param(BINARY, "it is binary, not text", id="binary"),
        pytest.param(HUGE, "with 100.0 MB it is larger than 8 MB", id="huge"),
        pytest.param(BOMB, "it has more than 200,000 keys and values once aliases are written out", id="bomb"),
        pytest.param(b"[" * 100_000, "it is nested more than 64 levels deep", id="nested"),
        pytest.param("name: é".encode("utf-16"), "it is UTF-16", id="utf-16"),
    ],
)
def test_a_file_that_cannot_be_judged_gets_one_line(cmgsim, lab, content, reason):
    (lab / "odd.design.yaml").write_bytes(content)
    said = cmgsim("lint", "odd.design.yaml")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith(f"error: odd.design.yaml: {reason}")
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("first.desing.yaml", "error: first.desing.yaml: there is no such file; did you mean 'first.design.yaml'?"),
        ("/nonexist", "error: /nonexist: there is no such file; check the path"),
        ("odd.yaml", "error: odd.yaml: its name does not say what it is; end it with .design.yaml"),
        ("frist.design.yaml", "error: frist.design.yaml: there is no such file; did you mean 'first.design.yaml'?"),
        ("folder.design.yaml", "error: folder.design.yaml: no *.design.yaml, *.plan.yaml or *.scenario.yaml is below"),
    ],
)
def test_a_path_that_leads_to_no_file_gets_one_line(cmgsim, lab, name, reason):
    (lab / "folder.design.yaml").mkdir()
    (lab / "odd.yaml").write_text("name: x\n", encoding="utf-8")
    said = cmgsim("lint", name)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith(reason)


def test_a_pipe_is_no_file(cmgsim, lab):
    os.mkfifo(lab / "pipe.design.yaml")
    said = cmgsim("lint", "pipe.design.yaml")
    assert said.code == 2
    assert "this is no regular file" in said.err


def test_files_without_findings_say_so(cmgsim, lab):
    said = cmgsim("lint", "first.design.yaml", "first.plan.yaml", "first.scenario.yaml")
    assert (said.code, said.out, said.err) == (0, "", "nothing found in 3 files\n")


def test_of_several_files_the_gravest_code_wins(cmgsim, lab):
    (lab / "ten.design.yaml").write_text(TEN_FAULTS, encoding="utf-8")
    (lab / "empty.design.yaml").write_bytes(b"")
    assert cmgsim("lint", "first.design.yaml", "ten.design.yaml").code == 1
    said = cmgsim("lint", "ten.design.yaml", "empty.design.yaml", "first.design.yaml")
    assert said.code == 2
    assert said.out.count("error[CMG") == 10


def test_warnings_do_not_fail(cmgsim, lab):
    design = lab / "first.design.yaml"
    design.write_text(design.read_text(encoding="utf-8").replace("vms: 2", "vms: 1", 1), encoding="utf-8")
    said = cmgsim("lint", "first.design.yaml")
    assert said.code == 0
    assert "warning[CMG308]" in said.out
    assert said.err == "1 warning in 1 file\n"
    assert cmgsim("lint", "-q", "first.design.yaml").err == ""


@pytest.mark.parametrize(("count", "findings"), [(0, 1), (1, 0)])
def test_populations_of_nobody_are_no_clients(cmgsim, lab, count, findings):
    design = lab / "first.design.yaml"
    design.write_text(design.read_text(encoding="utf-8").replace("count: 20,", f"count: {count},"), encoding="utf-8")
    assert cmgsim("lint", "first.design.yaml").out.count("warning[CMG614]") == findings


def test_what_two_files_share_is_found_once(cmgsim, lab):
    design = lab / "first.design.yaml"
    design.write_text(design.read_text(encoding="utf-8").replace("vms: 2", "vms: 1", 1), encoding="utf-8")
    said = cmgsim("lint", "first.design.yaml", "first.scenario.yaml", "first.plan.yaml")
    assert said.out.count("warning[CMG308]") == 1


def test_a_plan_is_judged_by_the_design_beside_it(cmgsim, lab):
    (lab / "wrong.plan.yaml").write_text("plan: x\nsteps:\n  - delete_gateway: new\n", encoding="utf-8")
    assert cmgsim("lint", "wrong.plan.yaml").code == 0
    said = cmgsim("lint", "wrong.plan.yaml", "first.design.yaml")
    assert said.code == 1
    assert "wrong.plan.yaml:3:" in said.out
    (lab / "wrong.plan.yaml").write_text("plan: x\nsteps:\n  - delete_gateway: nwe\n", encoding="utf-8")
    assert "did you mean 'new'?" in cmgsim("lint", "wrong.plan.yaml", "first.design.yaml").out


def test_rules_are_chosen_and_left_out_with_a_reason(cmgsim, lab):
    design = lab / "first.design.yaml"
    design.write_text(design.read_text(encoding="utf-8").replace("vms: 2", "vms: 1", 1), encoding="utf-8")
    assert cmgsim("lint", "first.design.yaml", "--select", "CMG1").out == ""
    assert cmgsim("lint", "first.design.yaml", "--ignore", "CMG308=a lab").out == ""
    for wrong in (("--ignore", "CMG308"), ("--ignore", "CMG308="), ("--select", "CMG888")):
        said = cmgsim("lint", "first.design.yaml", *wrong)
        assert (said.code, said.out) == (2, "")
        assert "Traceback" not in said.err


@pytest.mark.parametrize("option", [["--ignore", "CMG003=because"], ["--ignore", "CMG0=x"], ["--select", "CMG003"]])
def test_faults_of_files_cannot_be_chosen_or_left_out(cmgsim, lab, option):
    (lab / "ten.design.yaml").write_text(TEN_FAULTS, encoding="utf-8")
    for name in ("ten.design.yaml", "first.design.yaml"):
        said = cmgsim("lint", name, *option)
        assert (said.code, said.out) == (2, "")
        words = "is no rule that can be chosen or left out: it is found whenever a file is read"
        assert said.err == f"error: {option[1].partition('=')[0]} {words}; correct the file\n"


def test_a_rule_that_there_is_not_is_refused_whatever_the_file_holds(cmgsim, lab):
    (lab / "ten.design.yaml").write_text(TEN_FAULTS, encoding="utf-8")
    said = cmgsim("lint", "ten.design.yaml", "--ignore", "CMG888=because")
    assert (said.code, said.out) == (2, "")
    assert "no rule is named 'CMG888'" in said.err


class TestFormats:
    @pytest.fixture(autouse=True)
    def ten(self, lab):
        (lab / "ten.design.yaml").write_text(TEN_FAULTS, encoding="utf-8")

    def test_concise_is_a_line_each(self, cmgsim):
        lines = cmgsim("lint", "ten.design.yaml", "--format", "concise").out.splitlines()
        assert len(lines) == 10
        assert lines[0] == "ten.design.yaml:2:1: CMG003 error unknown key 'nam'"

    def test_github_is_an_annotation_each(self, cmgsim):
        lines = cmgsim("lint", "ten.design.yaml", "--format", "github").out.splitlines()
        assert len(lines) == 10
        assert lines[0].startswith(
            "::error file=ten.design.yaml,line=2,col=1,endColumn=4,title=CMG003::unknown key 'nam'"
        )

    @pytest.mark.parametrize("options", [["--json"], ["--format", "json"]])
    def test_json_is_one_object(self, cmgsim, options):
        said = cmgsim("lint", "ten.design.yaml", "gone.design.yaml", *options)
        assert said.data["schema"] == "cmgsim/lint/v1"
        assert (said.code, said.data["exit"], said.data["errors"], len(said.data["findings"])) == (2, 2, 10, 10)
        assert said.data["unreadable"][0].startswith("gone.design.yaml: there is no such file")

    def test_sarif_is_for_code_scanning(self, cmgsim):
        said = cmgsim("lint", "ten.design.yaml", "--format", "sarif")
        assert len(json.loads(said.out)["runs"][0]["results"]) == 10

    def test_colours_are_asked_for(self, cmgsim):
        assert "\x1b[1;31merror[CMG003]" in cmgsim("lint", "ten.design.yaml", "--color", "always").out
        assert "\x1b" not in cmgsim("lint", "ten.design.yaml").out
