"""``cmgsim rehearse`` and ``cmgsim run``."""

from __future__ import annotations

import pytest

from cmgsim.world.run import Run


class TestRehearse:
    def test_what_holds_exits_with_0_and_says_so_last(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml")
        assert said.code == 0
        assert said.out.splitlines()[-1] == "all 4 expectations hold"
        assert said.err == ""

    def test_what_fails_exits_with_1_and_names_line_clients_and_command(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml", "--set", "plan.gap=0s")
        assert said.code == 1
        assert "error[stranded_clients]: 20 clients lost their last gateway" in said.out
        assert "--> first.plan.yaml:10:5" in said.out
        assert "field-1" in said.out
        assert "cmgsim rehearse first.scenario.yaml --seed 1 --set plan.gap=0s" in said.out
        assert said.out.splitlines()[-1] == "1 of 4 expectations failed"

    def test_the_repeating_command_repeats_it(self, cmgsim, lab):
        first = cmgsim("rehearse", "first.scenario.yaml", "--seed", "9", "--set", "plan.gap=0s").out
        command = next(line for line in first.splitlines() if "cmgsim rehearse" in line).split("cmgsim ")[1]
        assert cmgsim(*command.split()).out == first

    def test_of_several_seeds_the_repeating_command_repeats_all(self, cmgsim, lab):
        seeds = ("--seed", "3", "--seed", "5")
        first = cmgsim("rehearse", "first.scenario.yaml", *seeds, "--set", "plan.gap=0s").out
        command = next(line for line in first.splitlines() if "cmgsim rehearse" in line).split("cmgsim ")[1]
        assert command == "rehearse first.scenario.yaml --seed 3 --seed 5 --set plan.gap=0s"
        assert cmgsim(*command.split()).out == first
        pair = ("first.design.yaml", "first.plan.yaml")
        assert f"cmgsim rehearse {' '.join(pair)} --seed 3 --seed 5\n" in cmgsim("rehearse", *pair, *seeds).out

    def test_the_command_that_finds_the_gap_finds_it(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml", "--set", "plan.gap=1h")
        command = next(line for line in said.out.splitlines() if "cmgsim sweep" in line).split("cmgsim ")[1].split()
        assert command[1:4] == ["first.scenario.yaml", "--set", "plan.gap=1h,13h,25h,49h"]
        found = cmgsim(*command, "--seeds", "1", "--workers", "1")
        assert found.code == 0, found.err
        stranded = {line.split()[0]: int(line.split()[1]) for line in found.out.splitlines() if "plan.gap=" in line}
        assert stranded["plan.gap=1h"] > stranded["plan.gap=13h"] > 0 == stranded["plan.gap=25h"]
        assert "cmgsim sweep" not in cmgsim("rehearse", "first.scenario.yaml").out
        assert (
            "cmgsim sweep" not in cmgsim("rehearse", "first.design.yaml", "first.plan.yaml", "--set", "plan.gap=1h").out
        )

    def test_seeds_may_be_chosen(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml", "--seed", "3", "--seed", "5", "--json")
        (told,) = said.data["scenarios"]
        assert told["seeds"] == [3, 5]
        assert len(set(told["digests"])) == 2

    def test_json_says_it_all_in_one_object(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml", "--set", "plan.gap=0s", "--json")
        assert (said.code, said.err) == (1, "")
        assert (said.data["schema"], said.data["exit"]) == ("cmgsim/rehearse/v1", 1)
        (told,) = said.data["scenarios"]
        assert told["path"] == "first.scenario.yaml"
        assert [one["holds"] for one in told["expectations"]] == [True, False, True, True]
        assert told["worst"]["step"] == "first.plan.yaml:10:5"

    def test_several_scenarios_are_told_one_after_the_other(self, cmgsim, lab):
        hasty = (lab / "first.scenario.yaml").read_text(encoding="utf-8") + "set: {plan.gap: 0s}\n"
        (lab / "hasty.scenario.yaml").write_text(hasty, encoding="utf-8")
        said = cmgsim("rehearse", "hasty.scenario.yaml", "first.scenario.yaml", "--save", "out")
        assert said.code == 1
        assert said.out.index("1 of 4 expectations failed") < said.out.index("all 4 expectations hold")
        assert (lab / "out" / "hasty" / "seed-1").is_dir()
        assert (lab / "out" / "first" / "seed-1").is_dir()

    def test_a_design_and_a_plan_are_held_to_what_every_plan_should_keep(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.design.yaml", "first.plan.yaml", "--set", "plan.gap=0s", "--seed", "2")
        assert said.code == 1
        assert "requests_conserved" in said.out
        assert "cmgsim rehearse first.design.yaml first.plan.yaml --set plan.gap=0s --seed 2" in said.out

    def test_runs_are_saved_and_never_over_another(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml", "--save", "out", "--json")
        run = Run.open(lab / "out" / "seed-1")
        assert said.data["scenarios"][0]["digests"] == [run.digest]
        again = cmgsim("rehearse", "first.scenario.yaml", "--save", "out")
        assert (again.code, again.out) == (2, "")
        assert again.err == "error: out/seed-1: there is something already; give --save a new folder\n"

    def test_errors_of_the_linter_prevent_it(self, cmgsim, lab):
        design = lab / "first.design.yaml"
        text = design.read_text(encoding="utf-8").replace("gateway_feature: true", "gateway_feature: false")
        design.write_text(text, encoding="utf-8")
        said = cmgsim("rehearse", "first.scenario.yaml")
        assert said.code == 1
        assert "error[CMG101]" in said.out
        assert said.out.splitlines()[-1].startswith("not run: ")
        assert cmgsim("rehearse", "first.scenario.yaml", "--json").data["scenarios"][0]["errors"] > 0

    def test_faults_of_a_file_are_data_too(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml", "--set", "plan.gap=1", "--json")
        assert (said.code, said.err) == (1, "")
        assert (said.data["schema"], said.data["exit"]) == ("cmgsim/rehearse/v1", 1)
        assert [one["rule"] for one in said.data["findings"]] == ["CMG007"]

    def test_without_clients_it_says_that_they_were_judged_over_nobody(self, cmgsim, lab):
        design = lab / "first.design.yaml"
        design.write_text(design.read_text(encoding="utf-8").partition("\nclients:")[0], encoding="utf-8")
        said = cmgsim("rehearse", "first.scenario.yaml")
        assert "judged over nobody, because the design has no clients: stranded_clients\n" in said.out
        assert said.err == "1 warning; see them with cmgsim lint\n"
        assert "warning[CMG614]" in cmgsim("lint", "first.design.yaml").out
        assert "judged over nobody" not in cmgsim("run", "first.design.yaml", "--for", "1h").out

    def test_warnings_are_counted(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml", "--set", "plan.gap=1h")
        assert said.err == "1 warning; see them with cmgsim lint\n"
        assert cmgsim("rehearse", "first.scenario.yaml", "--set", "plan.gap=1h", "-q").err == ""

    def test_a_value_that_cannot_be_set_is_a_fault(self, cmgsim, lab):
        said = cmgsim("rehearse", "first.scenario.yaml", "--set", "plan.gpa=1h")
        assert said.code == 1
        assert "did you mean 'gap'?" in said.out
        said = cmgsim("rehearse", "first.scenario.yaml", "--set", "plan.gap=1")
        assert said.code == 1
        assert "error[CMG007]: a duration needs a unit" in said.out
        assert said.err == "judged with plan.gap=1, whatever the lines below say\n"

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["first.scenario.yaml", "--set", "plan.gap"], "'plan.gap' sets nothing; write plan.LABEL=VALUE"),
            (["first.scenario.yaml", "--seed", "-1"], "-1' is no seed"),
            (["first.plan.yaml"], "first.plan.yaml: this is no scenario; give scenarios"),
            (
                ["first.design.yaml", "first.plan.yaml", "first.scenario.yaml"],
                "a design and a plan are rehearsed alone",
            ),
            (["gone.scenario.yaml"], "error: gone.scenario.yaml: there is no such file"),
            ([], "Missing argument"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, cmgsim, lab, arguments, words):
        said = cmgsim("rehearse", *arguments)
        assert (said.code, said.out) == (2, "")
        assert words in said.err


class TestRun:
    def test_it_tells_how_it_ended(self, cmgsim, lab):
        said = cmgsim("run", "first.design.yaml", "--for", "6h")
        assert said.code == 0
        assert "  clients   20 on the internet, 0 stranded\n" in said.out
        assert "cmgsim run first.design.yaml --for 6h --seed 1" in said.out
        assert said.out.splitlines()[-1] == "ran 6h of simulated time; nothing was expected"

    def test_json_has_the_end_too(self, cmgsim, lab):
        said = cmgsim("run", "first.design.yaml", "--for", "6h", "--seed", "4", "--json", "--save", "out")
        assert said.data["schema"] == "cmgsim/run/v1"
        (told,) = said.data["scenarios"]
        assert told["end"]["gateways"] == "one was active at every moment"
        assert told["digests"] == [Run.open(lab / "out" / "seed-4").digest]

    def test_a_design_that_loses_its_clients_still_ran(self, cmgsim, lab):
        design = lab / "first.design.yaml"
        text = design.read_text(encoding="utf-8").replace("outbound", "outbound")
        design.write_text(text.replace("gateway_traffic: true", "gateway_traffic: false"), encoding="utf-8")
        said = cmgsim("run", "first.design.yaml", "--for", "6h")
        assert said.code == 0
        assert "none was active for 6h" in said.out

    def test_a_duration_needs_a_unit(self, cmgsim, lab):
        said = cmgsim("run", "first.design.yaml", "--for", "7")
        assert said.code == 2
        assert said.err == "error: --for: a duration needs a unit: write '7s', '7min', '7h' or '7d'\n"
