"""Locks and role assignments are found by scope, whatever came and went."""

from __future__ import annotations

from copy import deepcopy

from hypothesis import given
from hypothesis import strategies as st

from cmgsim.arm.config import Role
from cmgsim.arm.scoped import Scoped
from cmgsim.arm.state import Assignment, by_principal
from cmgsim.arm.store import Lock

SCOPES = st.sampled_from(["/a", "/A/b", "/a/c"])
NAMES = st.sampled_from(["x", "y", "z"])
PEOPLE = st.sampled_from(["p", "q"])
STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove", "clear"]), SCOPES, NAMES, PEOPLE), max_size=30)


@given(STEPS)
def test_every_index_agrees_with_a_plain_table(steps: list[tuple[str, str, str, str]]) -> None:
    scoped, plain = by_principal(), dict[str, Assignment]()
    for word, scope, name, principal in steps:
        wanted = Assignment(name, scope, Role.READER, principal)
        if word == "add":
            scoped.add(wanted)
            plain[wanted.key] = wanted
        elif word == "remove":
            assert scoped.remove(wanted.key) == plain.pop(wanted.key, None)
        else:
            scoped.clear(scope)
            plain = {key: known for key, known in plain.items() if known.scope.lower() != scope.lower()}
        assert {known.key: known for known in scoped} == plain
        assert len(scoped) == len(plain)
        assert (wanted.key in scoped) is (wanted.key in plain)
        assert {known.key for known in scoped.at(scope)} == {
            key for key, known in plain.items() if known.scope.lower() == scope.lower()
        }
        assert {known.key for known in scoped.of(principal)} == {
            key for key, known in plain.items() if known.principal == principal
        }


def test_what_is_written_again_keeps_its_place() -> None:
    locks: Scoped[Lock] = Scoped()
    for name in ("a", "b"):
        locks.add(Lock("/x", name, "ReadOnly"))
    locks.add(Lock("/X", "a", "CanNotDelete"))
    assert [(lock.name, lock.level) for lock in locks] == [("a", "CanNotDelete"), ("b", "ReadOnly")]
    other = deepcopy(locks)
    other.clear("/x")
    assert (len(locks), len(other)) == (2, 0)
