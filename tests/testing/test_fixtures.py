"""Python scenarios: marks, fixtures and what a failed assert shows."""

from __future__ import annotations

import textwrap

import pytest

HEAD = """\
import pytest
pytestmark = [pytest.mark.design('lab.design.yaml'), pytest.mark.plan('replace.plan.yaml')]
"""


@pytest.fixture
def story(folder):
    """Write a module of tests over the small design, and run it."""

    def run(body: str, *arguments: str) -> pytest.RunResult:
        folder.write("test_flight.py", HEAD + textwrap.dedent(body))
        return folder.run("--strict-markers", *arguments)

    return run


def test_a_world_is_built_from_the_marked_design(story):
    result = story(
        """
        def test_world(world, design, seed):
            assert world.design is design
            assert (world.now_us, world.seed, seed) == (0, 1, 1)
            world.run("1h")
            assert not world.finish().stranded_clients
        """
    )
    result.assert_outcomes(passed=1)


def test_the_fake_azure_is_that_of_the_world(story):
    result = story(
        """
        def test_arm(arm, world):
            assert arm is world.sites.arm
        """
    )
    result.assert_outcomes(passed=1)


def test_a_rehearsal_walks_the_marked_plan(story):
    result = story(
        """
        def test_plan(rehearsal, plan):
            assert [step.verb for step in rehearsal.steps] == [step.verb for step in plan]
        """
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("mark", "options", "seeds"),
    [
        ("seeds(3)", [], [1, 2, 3]),
        ("seeds(7, 42)", [], [7, 42]),
        ("seeds(3)", ["--cmg-seed=9"], [9]),
        ("seeds(3)", ["--cmg-seeds=1"], [1]),
    ],
)
def test_a_test_runs_once_for_each_seed(story, mark, options, seeds):
    body = f"""
    @pytest.mark.{mark}
    def test_seed(world, seed):
        assert world.seed == seed
    """
    result = story(body, "-v", *options)
    result.assert_outcomes(passed=len(seeds))
    result.stdout.fnmatch_lines([f"*test_seed?seed-{seed}? PASSED*" for seed in seeds])


def test_a_test_without_the_mark_takes_the_seed_of_the_command_line(story):
    story("def test_seed(seed): assert seed == 9\n", "--cmg-seed=9").assert_outcomes(passed=1)


def test_seeds_need_a_number(story):
    result = story("@pytest.mark.seeds('many')\ndef test_seed(seed): pass\n")
    assert "write seeds(20), or several seeds such as seeds(1, 7)" in result.stdout.str() + result.stderr.str()
    result.assert_outcomes(errors=1)


def test_tests_that_are_not_ours_may_have_a_seed_of_their_own(story):
    result = story("@pytest.mark.parametrize('seed', ['pear'])\ndef test_own(seed): assert seed == 'pear'\n")
    result.assert_outcomes(passed=1)


def test_a_fixture_without_its_mark_says_which(folder):
    folder.write("test_flight.py", "def test_plan(design): pass\n")
    result = folder.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["the fixture 'design' needs a file: mark the test with @pytest.mark.design(*"])


def test_a_design_with_faults_shows_its_frames_alone(folder):
    folder.write("bad.design.yaml", "cmgsim: 1\nnam: x\n")
    folder.write("test_flight.py", "import pytest\n@pytest.mark.design('bad.design.yaml')\ndef test(world): pass\n")
    result = folder.run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["error[[]CMG003]: unknown key 'nam'", "*--> *bad.design.yaml:2:1*"])
    assert "load_design" not in result.stdout.str()


def test_a_failed_assert_shows_the_counter_examples(story):
    result = story(
        """
        def test_hasty(world):
            from cmgsim.design.plan import Step
            world.run("1h")
            world.do(Step(delete_gateway="old"))
            world.run("1h")
            run = world.finish()
            assert not run.stranded_clients
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E *assert not <Table of 20 rows: client, stranded since, for, knows, last located>",
            "*counter-examples: <Table of 20 rows*",
            "client *stranded since*",
            "field-1 *day 1 *",
            "... 10 more of 20",
        ]
    )


def test_asserts_about_other_things_are_shown_as_ever(story):
    result = story("def test_other():\n    rows = {1, 2}\n    assert not rows\n")
    result.assert_outcomes(failed=1)
    assert "counter-examples" not in result.stdout.str()
