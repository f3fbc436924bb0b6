"""The figures of mutation runs: counted by module, kept from run to run, added up by room."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

PLACE = Path(__file__).with_name("mutate.py")
spec = importlib.util.spec_from_file_location("mutate", PLACE)
assert spec is not None
assert spec.loader is not None
mutate = importlib.util.module_from_spec(spec)
sys.modules["mutate"] = mutate
spec.loader.exec_module(mutate)

PKI = ["pki/verify.py", "pki/names.py"]


def figures(breaks: int, noticed: int):
    return mutate.Figures(breaks, noticed)


def test_a_break_is_noticed_when_a_test_fails_or_never_ends():
    found = [
        ("cmgsim.pki.verify.x_verify__mutmut_1", "killed"),
        ("cmgsim.pki.verify.x_verify__mutmut_2", "survived"),
        ("cmgsim.pki.verify.xǁJudgeǁat__mutmut_1", "timeout"),
        ("cmgsim.pki.names.x_covers__mutmut_1", "no tests"),
    ]
    assert mutate.counted(found) == {"pki/verify.py": figures(3, 2), "pki/names.py": figures(1, 0)}


def test_a_run_of_one_module_leaves_the_figures_of_the_others(tmp_path):
    mutate.remember(tmp_path, {PKI[0]: figures(10, 9), PKI[1]: figures(10, 8)})
    mutate.remember(tmp_path, mutate.remembered(tmp_path) | {PKI[1]: figures(20, 20)})
    assert mutate.remembered(tmp_path) == {PKI[0]: figures(10, 9), PKI[1]: figures(20, 20)}
    page = (tmp_path / "mutation.md").read_text(encoding="utf-8")
    assert "| `cmgsim/pki` | 30 | 29 | 96.7% |" in page
    assert "| `cmgsim/pki/verify.py` | 10 | 9 | 90.0% |" in page


def test_a_room_is_shown_once_all_its_modules_were_broken(tmp_path):
    mutate.remember(tmp_path, {PKI[0]: figures(10, 9)})
    page = (tmp_path / "mutation.md").read_text(encoding="utf-8")
    assert "| `cmgsim/pki/verify.py` |" in page
    assert "| `cmgsim/pki` |" not in page


def test_a_module_that_is_no_more_is_forgotten(tmp_path):
    mutate.remember(tmp_path, {PKI[0]: figures(10, 9), "pki/gone.py": figures(5, 5)})
    assert list(mutate.remembered(tmp_path)) == [PKI[0]]


@pytest.mark.parametrize(("noticed", "enough"), [(84, False), (85, True), (100, True)])
def test_eighty_five_of_a_hundred_are_enough(noticed, enough):
    assert figures(100, noticed).enough is enough


def test_a_room_or_a_module_is_chosen_by_name():
    assert mutate.chosen("pki") == (PKI, ("tests/pki",))
    assert mutate.chosen("site/wizard.py") == (["site/wizard.py"], ("tests/site",))
    assert "site/wizard.py" in mutate.chosen("site")[0]
    for wrong in ("kernel", "site/nothing.py", "wizard"):
        with pytest.raises(SystemExit, match="is neither a room"):
            mutate.chosen(wrong)


def test_a_rule_is_registered_below_its_function():
    text = '"""Doc."""\n\n@rule("CMG1", Severity.ERROR)\ndef broken(design):\n    yield 1\n\n\nX = 2\n'
    assert mutate.undecorated(text) == (
        '"""Doc."""\n\ndef broken(design):\n    yield 1\n\n\nrule("CMG1", Severity.ERROR)(broken)\n\n\nX = 2\n'
    )
