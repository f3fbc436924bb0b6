"""``cmgsim analyze``: checks with results and remedies, and an exit code."""


def test_a_sound_design_passes_and_exits_with_0(cmgsim, lab):
    gateway = "old"
    said = cmgsim("analyze", "first.design.yaml", "--gateway", gateway)
    assert said.code == 0, said
    assert said.out.splitlines()[0] == "gateway old, signed in with a client certificate"
    assert said.out.splitlines()[-1].startswith("all ")


def test_the_end_of_a_scenario_is_analyzed_with_its_plan_and_faults(cmgsim, lab):
    said = cmgsim("analyze", "first.scenario.yaml", "--gateway", "old", "--json")
    assert (said.code, said.data["passed"]) == (1, False)  # the plan deletes it
    assert said.data["checks"][0]["description"] == "old is absent"
    faulty = (lab / "first.scenario.yaml").read_text("utf-8") + "faults: [{region_down: West Europe}]\n"
    (lab / "faulty.scenario.yaml").write_text(faulty, encoding="utf-8")
    said = cmgsim("analyze", "faulty.scenario.yaml", "--gateway", "new", "--for", "1h")
    assert said.code == 1
    assert said.out.splitlines()[-1].endswith("checks failed")


def test_what_cannot_be_analyzed_is_one_line(cmgsim, lab):
    for arguments, words in (
        (("first.design.yaml", "--gateway", "nwe"), "did you mean 'new'"),
        (("first.plan.yaml", "--gateway", "new"), "give a design or a scenario"),
        (("first.design.yaml", "--gateway", "old", "--for", "3"), "--for: a duration needs a unit"),
    ):
        said = cmgsim("analyze", *arguments)
        assert (said.code, len(said.err.splitlines())) == (2, 1), said
        assert words in said.err
