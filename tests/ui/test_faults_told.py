"""A rehearsal lists what went wrong, written or drawn, before it judges."""


def test_what_went_wrong_is_listed_with_its_seed(cmgsim, lab):
    written = (lab / "first.scenario.yaml").read_text(encoding="utf-8").replace("seeds: [1]", "seeds: [4, 5]")
    (lab / "swarm.scenario.yaml").write_text(f"{written}swarm: {{faults: 15}}\n", encoding="utf-8")
    lines = cmgsim("rehearse", "swarm.scenario.yaml").out.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("Faults: "))
    assert lines[first].startswith("Faults: 15 (seed ")
    assert lines[first + 1].startswith("  day ")
    assert lines[first + 13] == "  ... and 3 more"
    (told,) = cmgsim("rehearse", "swarm.scenario.yaml", "--json").data["scenarios"]
    assert len(told["faults"]) == 15


def test_a_scenario_without_faults_says_nothing_of_them(cmgsim, lab):
    assert "Faults" not in cmgsim("rehearse", "first.scenario.yaml").out
