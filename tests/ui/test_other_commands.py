"""``cmgsim init``, ``schema``, ``rule`` and the command as a whole."""

from __future__ import annotations

import json
import re
from pathlib import Path

import click
import pytest

from cmgsim.design.findings import Findings
from cmgsim.errors import (
    FileFaults,
    ForkError,
    IllegalTransition,
    PlanFailed,
    Refused,
    StorageError,
    UnknownName,
    UnreadableFile,
    UsageError,
)
from cmgsim.lint import linter  # noqa: F401 - fills the register of rules
from cmgsim.lint.rule import RULES
from cmgsim.ui.cli import COMMANDS, commands, main
from cmgsim.ui.door import door, exit_of


class TestInit:
    @pytest.fixture(autouse=True)
    def here(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

    def test_its_files_lint_clean_and_rehearse_green(self, cmgsim):
        said = cmgsim("init", "new")
        assert said.code == 0
        files = said.out.split()
        assert said.err == "next: cmgsim rehearse new/first.scenario.yaml\n"
        written = [name for name in files if name.endswith(".yaml")]
        assert cmgsim("lint", *written).err == "nothing found in 3 files\n"
        assert cmgsim("rehearse", "new/first.scenario.yaml").code == 0

    def test_editors_find_the_schemas_that_the_files_name(self, cmgsim):
        cmgsim("init", "new")
        for path in Path("new").glob("*.yaml"):
            named = re.match(r"# yaml-language-server: \$schema=\./(\S+)\n", path.read_text(encoding="utf-8"))
            kind = path.name.split(".")[1]
            assert json.loads((Path("new") / named[1]).read_text(encoding="utf-8"))["title"] == f"cmgsim {kind}"

    @pytest.mark.parametrize("name", ["first.plan.yaml", "cmgsim-plan.schema.json"])
    def test_it_overwrites_nothing(self, cmgsim, name):
        Path(name).write_text("mine", encoding="utf-8")
        said = cmgsim("init")
        assert (said.code, said.out) == (2, "")
        assert said.err == f"error: {name} is there already; give another folder, or move it away\n"
        assert [path.name for path in Path().iterdir()] == [name]
        assert Path(name).read_text(encoding="utf-8") == "mine"

    def test_it_writes_nothing_by_halves(self, cmgsim):
        Path(".cmgsim-init.part").write_text("in the way", encoding="utf-8")
        said = cmgsim("init")
        assert said.code == 2
        assert "cannot be written" in said.err
        assert [path.name for path in Path().iterdir()] == [".cmgsim-init.part"]

    def test_a_file_is_no_folder(self, cmgsim):
        Path("new").write_text("x", encoding="utf-8")
        assert cmgsim("init", "new").code == 2

    def test_json_lists_the_files(self, cmgsim):
        said = cmgsim("init", "new", "--json")
        assert said.data["schema"] == "cmgsim/init/v1"
        assert sorted(said.data["files"]) == sorted(path.name for path in Path("new").iterdir())


class TestSchema:
    @pytest.mark.parametrize("kind", ["design", "plan", "scenario"])
    def test_it_is_printed_alone_or_inside_the_object(self, cmgsim, kind):
        said = cmgsim("schema", kind)
        assert (said.code, said.data["title"]) == (0, f"cmgsim {kind}")
        inside = cmgsim("schema", kind, "--json").data
        assert (inside["schema"], inside["kind"]) == ("cmgsim/schema/v1", kind)
        assert inside["json_schema"] == said.data

    def test_another_kind_is_refused(self, cmgsim):
        assert cmgsim("schema", "desing").code == 2


class TestRule:
    def test_every_rule_is_listed_once_with_those_of_files(self, cmgsim):
        listed = [line.split()[0] for line in cmgsim("rule").out.splitlines()]
        assert listed == sorted(set(listed))
        assert set(RULES) < set(listed)
        assert {"CMG001", "CMG011", "CMG090", "CMG091"} < set(listed)

    @pytest.mark.parametrize("name", list(RULES))
    def test_every_page_has_source_and_severity(self, cmgsim, name):
        said = cmgsim("rule", name)
        assert said.code == 0
        assert said.out.startswith(f"{name} ")
        assert "Source:   Microsoft, " in said.out
        assert max(map(len, said.out.splitlines())) <= 80

    def test_letter_case_does_not_matter(self, cmgsim):
        assert cmgsim("rule", "cmg308").out == cmgsim("rule", "CMG308").out

    def test_faults_of_files_have_a_line(self, cmgsim):
        assert cmgsim("rule", "CMG007").out.startswith("CMG007 a number lacks its unit (error)\n")

    def test_the_beginning_of_ids_lists_its_family(self, cmgsim):
        family = [name for name in RULES if name.startswith("CMG3")]
        assert [line.split()[0] for line in cmgsim("rule", "cmg3").out.splitlines()] == family
        assert [rule["id"] for rule in cmgsim("rule", "CMG3", "--json").data["rules"]] == family

    def test_an_unknown_rule_is_named_as_it_was_typed(self, cmgsim):
        assert cmgsim("rule", "foo").err.startswith("error: no rule is named 'foo'; ")

    def test_an_unknown_rule_names_the_nearest(self, cmgsim):
        said = cmgsim("rule", "CMG39")
        assert (said.code, said.out) == (2, "")
        assert re.match(r"error: no rule is named 'CMG39'; did you mean 'CMG\d+'\?\n", said.err)

    def test_json_has_all_of_it(self, cmgsim):
        (told,) = cmgsim("rule", "CMG308", "--json").data["rules"]
        assert told["id"] == "CMG308"
        assert told["source"]
        assert told["versions"]
        assert len(cmgsim("rule", "--json").data["rules"]) == len(cmgsim("rule").out.splitlines())


class TestTheWhole:
    def test_the_version_is_shown(self, cmgsim):
        assert re.fullmatch(r"cmgsim (\d+\.\d+\.\d+\S*|unknown)\n", cmgsim("--version").out)

    @pytest.mark.parametrize("name", COMMANDS)
    def test_help_has_an_example_and_the_exit_codes(self, cmgsim, name):
        said = cmgsim(name, "--help")
        assert said.code == 0
        assert f"Example: cmgsim {name}" in said.out
        assert "Exit code" in " ".join(said.out.split())

    @pytest.mark.parametrize("name", COMMANDS)
    def test_an_unknown_option_names_the_nearest(self, cmgsim, name):
        said = cmgsim(name, "--jsn")
        assert said.code == 2
        assert "--json" in said.err

    def test_an_unknown_command_is_refused_with_what_is_near(self, cmgsim):
        said = cmgsim("lnt")
        assert said.code == 2
        assert "no command is named 'lnt'; did you mean 'lint'?" in said.err

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (UsageError("x"), 2),
            (UnreadableFile("x"), 2),
            (UnknownName("rule", "x", ["y"]), 2),
            (StorageError("x"), 2),
            (FileFaults(Findings()), 1),
            (Refused("FEATURE_OFF", "x"), 1),
            (PlanFailed("x"), 1),
            (IllegalTransition("x"), 3),
            (ForkError("x"), 3),
            (ZeroDivisionError("x"), 3),
        ],
    )
    def test_each_error_has_its_code(self, error, code):
        assert exit_of(error) == code


@pytest.fixture
def boom(monkeypatch):
    @click.command("boom")
    @door("boom")
    def command(outlet):
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setitem(commands.commands, "boom", command)


@pytest.mark.usefixtures("boom")
class TestBugs:
    def test_a_bug_is_one_line_that_says_it_is_ours(self, cmgsim):
        said = cmgsim("boom")
        assert (said.code, said.out) == (3, "")
        assert said.err.startswith("this is a bug in cmgsim: ZeroDivisionError: division by zero; please report it")
        assert said.err.count("\n") == 1

    def test_the_traceback_is_shown_when_asked_for(self, cmgsim, monkeypatch):
        monkeypatch.setenv("CMGSIM_TRACEBACK", "1")
        assert "Traceback (most recent call last)" in cmgsim("boom").err
        monkeypatch.setenv("CMGSIM_TRACEBACK", "0")
        assert "Traceback" not in cmgsim("boom").err

    def test_json_says_so_too(self, cmgsim):
        assert cmgsim("boom", "--json").data == {
            "schema": "cmgsim/boom/v1",
            "exit": 3,
            "error": "division\nby zero",
        }

    def test_a_bug_outside_of_the_door_is_ours_too(self, capsys, monkeypatch):
        @click.command("bang")
        def command():
            raise ZeroDivisionError("division by zero")

        monkeypatch.setitem(commands.commands, "bang", command)
        assert main(["bang"]) == 3
        assert capsys.readouterr().err.startswith("this is a bug in cmgsim: ")


@pytest.mark.parametrize(
    ("arguments", "command", "words"),
    [
        (["rehearse", "x.scenario.yaml", "--seed", "abc"], "rehearse", "Invalid value for '--seed': 'abc' is no seed"),
        (["lint", "x.design.yaml", "--ignore", "CMG308"], "lint", "CMG308 has no reason"),
        (["rehearse"], "rehearse", "Missing argument"),
        (["rehaerse"], "usage", "no command is named 'rehaerse'; did you mean 'rehearse'?"),
    ],
)
def test_wrong_usage_is_told_in_json_as_all_else(cmgsim, arguments, command, words):
    said = cmgsim(*arguments, "--json")
    assert said.code == 2
    assert (said.data["schema"], said.data["exit"]) == (f"cmgsim/{command}/v1", 2)
    assert words in said.data["error"]
    assert words in said.err
    assert cmgsim(*arguments).out == ""


@pytest.mark.parametrize(
    ("command", "option", "default"),
    [
        ("wmi", "--client", "0"),
        ("wmi", "--at", "1d"),
        ("wmi", "--namespace", "root/ccm/LocationServices"),
        ("serve", "--port", "0"),
        ("explain", "--for", "30min"),
        ("lint", "--format", "frames"),
    ],
)
def test_help_says_what_holds_when_an_option_is_left_out(cmgsim, command, option, default):
    words = " ".join(cmgsim(command, "--help").out.partition("Options:")[2].split())
    assert f"[default: {default}" in words.partition(f"{option} ")[2].partition(" --")[0]


def test_help_says_which_schema_is_printed_without_a_word(cmgsim):
    assert "Without a kind, it is that of scenarios." in " ".join(cmgsim("schema", "--help").out.split())
    assert cmgsim("schema").out == cmgsim("schema", "scenario").out
