"""Scenario files as pytest items."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from cmgsim.world.run import Run

UNREACHABLE = "  - until: {clients_knowing: new, share: 100%, give_up_after: 1min}\n"


def node_ids(result: pytest.RunResult) -> list[str]:
    return [line for line in result.outlines if "::" in line]


class TestItems:
    def test_a_scenario_gives_an_item_for_each_seed(self, folder):
        folder.scenario(seeds="[7, 42]")
        assert node_ids(folder.run("--collect-only", "-q")) == [
            "replace.scenario.yaml::seed-7",
            "replace.scenario.yaml::seed-42",
        ]

    def test_one_item_is_run_by_its_node_id(self, folder):
        folder.scenario(seeds="[7, 42]")
        folder.run("replace.scenario.yaml::seed-42").assert_outcomes(passed=1)

    def test_a_seed_written_twice_is_run_once(self, folder):
        folder.scenario(seeds="[7, 7]")
        folder.run().assert_outcomes(passed=1)

    @pytest.mark.parametrize(
        ("options", "seeds"),
        [(["--cmg-seed=3", "--cmg-seed=9"], [3, 9]), (["--cmg-seeds=3"], [1, 2, 3])],
    )
    def test_the_command_line_chooses_other_seeds(self, folder, options, seeds):
        folder.scenario()
        assert node_ids(folder.run("--collect-only", "-q", *options)) == [
            f"replace.scenario.yaml::seed-{seed}" for seed in seeds
        ]

    @pytest.mark.parametrize(
        ("options", "words"),
        [
            (["--cmg-seed=1", "--cmg-seeds=2"], "*--cmg-seed and --cmg-seeds exclude each other*"),
            (["--cmg-seeds=0"], "*--cmg-seeds 0 runs nothing: give 1 or more*"),
            (["--cmg-seed=-1"], "*--cmg-seed -1 is no seed: give a number from 0*"),
        ],
    )
    def test_options_that_make_no_sense_are_refused(self, folder, options, words):
        result = folder.run(*options)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([words])

    def test_other_files_are_collected_by_setting(self, folder):
        folder.scenario().rename(folder.path / "replace.cmg.yaml")
        folder.run().assert_outcomes()
        folder.write("pytest.ini", "[pytest]\ncmg_files = *.cmg.yaml\n")
        folder.run().assert_outcomes(passed=1)

    def test_autouse_fixtures_and_conftests_reach_scenarios(self, folder):
        folder.scenario()
        folder.write(
            "conftest.py",
            "import pytest\n@pytest.fixture(autouse=True)\ndef lights(): raise ValueError('the lights are off')\n",
        )
        result = folder.run()
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(["*ValueError: the lights are off"])

    def test_it_stands_beside_ordinary_tests(self, folder):
        folder.scenario()
        folder.write("test_sums.py", "def test_sum(): assert 1 + 1 == 2\n")
        folder.run().assert_outcomes(passed=2)


class TestSelection:
    @pytest.mark.parametrize(
        ("options", "passed"),
        [
            (["-k", "seed-7"], 1),
            (["-k", "redeploy"], 1),
            (["-k", "not redeploy"], 0),
            (["-k", "4.4"], 1),
            (["-m", "redeploy"], 1),
        ],
    )
    def test_tags_select(self, folder, options, passed):
        folder.scenario()
        folder.run("--strict-markers", *options).assert_outcomes(passed=passed, deselected=1 - passed)

    def test_the_last_failed_run_again(self, folder):
        folder.scenario("patient")
        folder.scenario("hasty", gap="0s", seeds="[7, 42]")
        folder.run().assert_outcomes(passed=1, failed=2)
        folder.run("--lf").assert_outcomes(failed=2)


class TestFilesAtFault:
    def test_a_file_with_faults_fails_with_all_of_them_and_others_run(self, folder):
        folder.scenario()
        folder.write("broken.scenario.yaml", "scenario: x\ndesign: lab.design.yaml\nexpct: []\nafter: 24\n")
        result = folder.run()
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(
            [
                "error[[]CMG003]: unknown key 'expct'*",
                " --> broken.scenario.yaml:3:1*",
                "error[[]CMG007]*",
                " --> broken.scenario.yaml:4:8*",
                "*cmgsim scenarios*",
                "FAIL  broken   no run  error[[]CMG003]: unknown key 'expct'*",
                "PASS  replace  seed 7  stranded_clients=0 of 20",
                "FAILED broken.scenario.yaml::design - error[[]CMG00*",
            ]
        )
        assert "Traceback" not in result.stdout.str()

    def test_a_design_with_faults_is_shown_in_its_own_file(self, folder):
        folder.scenario()
        design = (folder.path / "lab.design.yaml").read_text().replace("vms: 2", "vms: 17", 1)
        folder.write("lab.design.yaml", design)
        result = folder.run()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["error[[]CMG004]: 'vms' must be at most 16, not 17", "  --> lab.design.yaml:*"])

    def test_a_file_that_is_no_document_says_so_in_a_line(self, folder):
        folder.write("empty.scenario.yaml", "")
        result = folder.run()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["error[[]CMG001]: empty.scenario.yaml: there is nothing in it*"])

    def test_errors_of_the_linter_prevent_the_run(self, folder):
        folder.scenario()
        design = (
            (folder.path / "lab.design.yaml").read_text().replace("gateway_feature: true", "gateway_feature: false")
        )
        folder.write("lab.design.yaml", design)
        result = folder.run()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["error[[]CMG101]: gateways are described*", "  --> lab.design.yaml:*"])
        result.stdout.fnmatch_lines(["*cmgsim scenarios*", "FAIL  replace  seed 7  error[[]CMG101]: gateways are *"])


class TestFailures:
    def test_a_failure_shows_the_expectation_the_step_the_clients_and_the_command(self, folder):
        folder.scenario("hasty", gap="0s")
        line = (folder.path / "replace.plan.yaml").read_text().splitlines().index("  - delete_gateway: old") + 1
        result = folder.run()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "*hasty.scenario.yaml seed-7*",
                "error[[]stranded_clients]: was 20 of 20, expected at most 0",
                "  --> hasty.scenario.yaml:10:5",
                "10 |   - stranded_clients: {at_most: 0}",
                "   |     ^^*",
                "",
                "broken by this step: 20 clients lost their last gateway with 'delete_gateway: old'*",
                f"*--> replace.plan.yaml:{line}:5",
                f"{line} |   - delete_gateway: old",
                "* |     ^^^^^^^^^^^^^^^^^^^",
                "* = help: *",
                "* = note: plan.gap is 0s here",
                "  client*",
                "  field-1 *",
                "  ... and 15 more",
                "repeat: cmgsim rehearse hasty.scenario.yaml --seed 7",
                "how long: cmgsim sweep hasty.scenario.yaml --set plan.gap=0h,12h,24h,48h --show stranded_clients",
                "digest: *",
                "*cmgsim scenarios*",
                "FAIL  hasty  seed 7  stranded_clients=20 of 20 (expected at most 0)",
                "FAILED hasty.scenario.yaml::seed-7 - error[[]stranded_clients]: was 20 of*",
            ]
        )
        assert "Traceback" not in result.stdout.str()

    def test_a_plan_that_stops_fails_though_all_expectations_hold(self, folder):
        folder.scenario()
        plan = (folder.path / "replace.plan.yaml").read_text()
        folder.write("replace.plan.yaml", plan.replace("  - label: gap", UNREACHABLE + "  - label: gap"))
        result = folder.run()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["error[[]plan_completes]: was 3 of 8 steps, expected*", "broken by this step: only 0% knew new*"]
        )

    def test_an_expectation_that_no_step_broke_shows_its_line_alone(self, folder):
        scenario = folder.scenario()
        text = scenario.read_text().replace(
            "  - never_without_a_gateway", "  - clients_knowing: {gateway: new, at_most: 3}"
        )
        scenario.write_text(text)
        result = folder.run()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["error[[]clients_knowing]: was 20 of 20, expected at most 3"])
        result.stdout.no_fnmatch_line("broken by this step*")

    def test_the_first_line_of_every_failure_is_short(self, folder):
        folder.scenario("hasty", gap="0s")
        headlines = re.findall(r"(?m)^error\[\w+\]: .*$", folder.run().stdout.str())
        assert headlines
        assert all(len(line) < 60 for line in headlines)


class TestReports:
    def test_junit_files_carry_numbers_and_a_message_of_one_line(self, folder):
        folder.scenario("hasty", gap="0s")
        folder.run("--junitxml=out.xml", "-o", "junit_family=xunit1")
        case = ET.parse(folder.path / "out.xml").find(".//testcase")
        properties = {one.get("name"): one.get("value") for one in case.iter("property")}
        assert properties["cmg.seed"] == "7"
        assert properties["cmg.stranded_clients"] == "20"
        assert re.fullmatch("[0-9a-f]{32}", properties["cmg.digest"])
        assert case.get("file") == "hasty.scenario.yaml"
        assert case.find("failure").get("message") == "error[stranded_clients]: was 20 of 20, expected at most 0"

    def test_runs_are_saved_and_open_again(self, folder):
        folder.scenario("hasty", gap="0s")
        folder.run("--cmg-report=out", "--junitxml=out.xml")
        run = Run.open(folder.path / "out" / "hasty" / "seed-7")
        assert len(run.stranded_clients) == 20
        digest = ET.parse(folder.path / "out.xml").find(".//property[@name='cmg.digest']").get("value")
        assert run.digest == digest

    def test_runs_are_never_saved_over_another(self, folder):
        folder.scenario()
        folder.run("--cmg-report=out").assert_outcomes(passed=1)
        result = folder.run("--cmg-report=out")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["error[[]cmg-report]: out/replace/seed-7: there is something already*"])
        assert "Traceback" not in result.stdout.str()

    def test_two_processes_tell_the_same_story(self, folder):
        pytest.importorskip("xdist")
        folder.scenario("patient", seeds="[10, 9]")
        folder.scenario("hasty", gap="0s")
        result = folder.run_apart("-n", "2", "-W", "error")
        result.assert_outcomes(passed=2, failed=1)
        result.stdout.fnmatch_lines(
            [
                "error[[]stranded_clients]: was 20 of 20, expected at most 0",
                "*cmgsim scenarios*",
                "FAIL  hasty    seed  7  stranded_clients=20 of 20 (expected at most 0)",
                "PASS  patient  seed  9  stranded_clients=0 of 20",
                "PASS  patient  seed 10  stranded_clients=0 of 20",
            ]
        )

    def test_every_line_of_the_table_is_whole(self, folder):
        folder.scenario("patient")
        folder.scenario("quick")
        lines = folder.run().outlines
        start = next(number for number, line in enumerate(lines) if "cmgsim scenarios" in line)
        assert [line.split()[:4] for line in lines[start + 1 : start + 3]] == [
            ["PASS", name, "seed", "7"] for name in ("patient", "quick")
        ]

    def test_stranded_clients_that_were_expected_are_said_to_be(self, folder):
        scenario = folder.scenario("lost", gap="0s")
        scenario.write_text(scenario.read_text().replace("{at_most: 0}", "{at_least: 20}"))
        result = folder.run()
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["PASS  lost  seed 7  stranded_clients=20 of 20 (expected at least 20)"])

    def test_nobody_is_not_counted_as_nobody_stranded(self, folder):
        folder.scenario("empty")
        design = folder.path / "lab.design.yaml"
        design.write_text(design.read_text().replace("count: 20", "count: 0"))
        folder.run().stdout.fnmatch_lines(["PASS  empty  seed 7  no clients"])

    def test_a_run_without_scenarios_shows_no_table(self, folder):
        folder.write("test_sums.py", "def test_sum(): assert 1 + 1 == 2\n")
        assert "cmgsim scenarios" not in folder.run().stdout.str()

    def test_the_header_says_which_seeds(self, folder):
        folder.run("--cmg-seeds=2").stdout.fnmatch_lines(["cmgsim: *, seeds 1, 2"])
        folder.run().stdout.fnmatch_lines(["cmgsim: *, seeds of each scenario"])


class TestRegistration:
    def test_a_conftest_may_name_the_plugin_too(self, folder):
        folder.scenario()
        folder.write("conftest.py", 'pytest_plugins = ["cmgsim.testing.plugin"]\n')
        folder.run_apart("-W", "error").assert_outcomes(passed=1)

    def test_the_options_are_helped_with(self, folder):
        folder.run("--help").stdout.fnmatch_lines(["*--cmg-seed=N*", "*--cmg-seeds=N*", "*--cmg-report=DIR*"])
