"""Comparisons: the same, noise, and a difference that is real."""

from __future__ import annotations

import pytest
from small_studies import design_file
from worlds import design_of

from cmgsim.errors import UsageError
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.study.compare import NOISE, SAME, compare_runs, compare_sweeps
from cmgsim.study.executors import Here
from cmgsim.study.store import Store
from cmgsim.study.sweep import Sweep, sweep
from cmgsim.study.task import tasks_of

FEW = {"clients.road.count": 6, "clients.office.count": 6}


def rows(values: dict[str, list[float]], digests: list[str] | None = None) -> Sweep:
    """Return a sweep of made-up figures, one run for each value."""
    count = len(next(iter(values.values())))
    names = digests or [str(number) for number in range(count)]
    return Sweep(
        tuple(
            {
                "point": "",
                "seed": seed,
                "digest": names[seed],
                "figures": {name: column[seed] for name, column in values.items()},
            }
            for seed in range(count)
        ),
        0,
    )


def test_a_side_compared_with_itself_is_the_same(tmp_path):
    done = sweep(tasks_of(design_file(tmp_path), {}, [1, 2, 3]), Here(), Store(tmp_path / "kept"))
    compared = compare_sweeps("a", "b", done, done)
    assert compared.verdict == "A and B are the same, to the last event"
    assert {one.verdict for one in compared.differences} == {SAME}


def test_pairs_find_a_difference_that_the_sides_alone_would_hide():
    """The sides vary by hundreds, the pairs differ by one or two."""
    first = [100.0, 900.0, 300.0, 700.0, 500.0]
    one, other = rows({"p99_ms": first}), rows({"p99_ms": [value + 1 + value / 900 for value in first]}, list("abcde"))
    compared = compare_sweeps("a", "b", one, other)
    (difference,) = compared.differing
    assert difference.verdict == "more"
    assert difference.first.half_width > 100 * difference.difference.mean
    assert compared.verdict == "B has more p99_ms"
    assert compare_sweeps("b", "a", other, one).verdict == "B has less p99_ms"


def test_noise_is_called_noise():
    one, other = rows({"p99_ms": [1.0, 2.0, 3.0]}), rows({"p99_ms": [2.0, 1.0, 3.5]}, list("abc"))
    compared = compare_sweeps("a", "b", one, other)
    assert compared.verdict == NOISE
    assert compared.data()["figures"]["p99_ms"]["verdict"] == NOISE
    assert NOISE in str(compared)


def test_one_pair_cannot_tell():
    compared = compare_sweeps("a", "b", rows({"p99_ms": [1.0]}), rows({"p99_ms": [2.0]}, ["x"]))
    assert "run more seeds" in compared.verdict
    assert compared.data()["figures"]["p99_ms"]["half_width"] is None


def test_sides_of_other_seeds_are_not_compared():
    with pytest.raises(UsageError, match="the same seeds"):
        compare_sweeps("a", "b", rows({"p99_ms": [1.0]}), rows({"p99_ms": [1.0, 2.0]}))


class TestRuns:
    def test_clients_are_paired_and_those_whom_nothing_touches_are_the_same(self):
        plain = rehearse(design_of(FEW), after="1d")
        other = rehearse(design_of({**FEW, "clients.office.knows": "nothing"}), after="1d")
        compared = compare_runs("plain", "other", plain, other)
        assert compared.pairs == 12
        assert 6 <= compared.identical < 12, "the clients of the road are as they were"

    def test_runs_of_other_clients_or_seeds_have_nothing_in_common(self):
        plain = rehearse(design_of(FEW), after="1h")
        with pytest.raises(UsageError, match="not have the same|not the same clients"):
            compare_runs("a", "b", plain, rehearse(design_of(FEW), seed=2, after="1h"))
        fewer = rehearse(design_of({**FEW, "clients.road.count": 5}), after="1h")
        with pytest.raises(UsageError, match="compare their designs"):
            compare_runs("a", "b", plain, fewer)
