from __future__ import annotations

import copy
import pickle

import pytest

from cmgsim import errors
from cmgsim.errors import CmgsimError, FileFaults, Refused, UnknownName, UsageError, nearest


@pytest.mark.parametrize(
    ("name", "known", "says"),
    [
        ("wset", ["west", "east"], "; did you mean 'west'?"),
        ("mars", ["west", "east"], "; there is east, west"),
        ("mars", [], "; there is none"),
        ("zz", [f"n{number}" for number in range(9)], "; there is n0, n1, n2, n3, n4, n5, n6, n7, ..."),
        ("zz", [f"n{number}" for number in range(8)], "; there is n0, n1, n2, n3, n4, n5, n6, n7"),
    ],
)
def test_what_is_near_is_named_else_what_there_is(name: str, known: list[str], says: str) -> None:
    assert nearest(name, known) == says
    assert nearest(name, reversed(known)) == says


def test_an_unknown_name_says_kind_name_and_what_is_near() -> None:
    assert str(UnknownName("rule", "CMG2O3", ["CMG203", "CMG301"])) == (
        "no rule is named 'CMG2O3'; did you mean 'CMG203'?"
    )


def test_every_error_is_in_the_tree_and_drawn_in_it() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, Exception)]
    assert len(classes) >= 8
    assert all(issubclass(kind, CmgsimError) and kind.__name__ in str(errors.__doc__) for kind in classes)
    assert issubclass(errors.UnreadableFile, UsageError)
    assert not issubclass(FileFaults, UsageError)


def test_a_refusal_has_a_word_to_test_for() -> None:
    refused = Refused("FEATURE_OFF", "turn it on first")
    assert (refused.code, str(refused)) == ("FEATURE_OFF", "FEATURE_OFF: turn it on first")


@pytest.mark.parametrize(
    "error",
    [UnknownName("rule", "a", iter(["b", "c"])), FileFaults(("x", "y")), Refused("OFF", "turn it on"), UsageError("z")],
)
def test_errors_travel_between_processes(error: CmgsimError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.deepcopy(error), type(error)(*error.args)):
        assert type(twin) is type(error)
        assert str(twin) == str(error)


def test_file_faults_print_their_findings() -> None:
    faults = FileFaults(["one", "two"])
    assert faults.findings == ["one", "two"]
    assert str(faults) == "['one', 'two']"
