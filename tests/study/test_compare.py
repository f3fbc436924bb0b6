"""Comparisons: the same, noise, and a difference that is real."""

from __future__ import annotations

import pytest
from small_studies import design_file
from worlds import design_of

from cmgsim.errors import UsageError
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.study.compare import FEW as TOO_FEW
from cmgsim.study.compare import NOISE, SAME, compare_runs, compare_sweeps, differing_keys
from cmgsim.study.executors import Here
from cmgsim.study.store import Store
from cmgsim.study.sweep import Sweep, sweep
from cmgsim.study.task import tasks_of
from cmgsim.units import DAY

FEW = {"clients.road.count": 6, "clients.office.count": 6}


def rows(
    values: dict[str, list[float]], digests: list[str] | None = None, clients: int = 100, lasted_us: int = DAY
) -> Sweep:
    """Return a sweep of made-up figures, one run for each value."""
    count = len(next(iter(values.values())))
    names = digests or [str(number) for number in range(count)]
    return Sweep(
        tuple(
            {
                "point": "",
                "seed": seed,
                "digest": names[seed],
                "clients": clients,
                "clients_of_design": 100,
                "lasted_us": lasted_us,
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


def test_two_pairs_are_too_few_however_alike():
    one, other = rows({"p99_ms": [1.0, 5.0]}), rows({"p99_ms": [2.0, 6.0]}, ["x", "y"])
    compared = compare_sweeps("a", "b", one, other)
    (difference,) = compared.differences
    assert difference.verdict == TOO_FEW
    assert compared.verdict == "2 pairs tell no noise from difference: run more seeds"
    assert "0" not in difference.written.replace("1 in all 2 pairs", ""), "no interval of width 0"


def test_a_difference_that_is_the_same_in_every_pair_is_told_as_such():
    one = rows({"p99_ms": [0.1, 0.7, 0.3]})
    compared = compare_sweeps("a", "b", one, rows({"p99_ms": [0.3, 0.9, 0.5]}, list("xyz")))
    assert compared.differences[0].written == "0.2 in all 3 pairs"
    assert "0.2 in all 3 pairs" in str(compared)
    assert compared.verdict == "B has more p99_ms"


def test_equal_figures_of_other_events_are_not_called_the_same_events():
    one, other = rows({"p99_ms": [1.0, 2.0, 3.0]}), rows({"p99_ms": [1.0, 2.0, 3.0]}, list("xyz"))
    assert compare_sweeps("a", "b", one, other).verdict == "no figure differs, but what happened does"


def test_it_says_what_each_side_simulated_and_where_they_are_unlike():
    one, other = rows({"p99_ms": [1.0]}), rows({"p99_ms": [2.0]}, ["x"], clients=50, lasted_us=2 * DAY)
    compared = compare_sweeps("a", "b", one, other, ("gateways.old.vms",))
    assert str(compared).splitlines()[:6] == [
        "A: a (1d, 100 clients)",
        "B: b (2d, 50 of 100 clients)",
        "what differs in them: gateways.old.vms",
        "1 pairs of runs with the same seed, 99 % intervals",
        "A and B do not last as long: totals differ by their time alone",
        "A and B have not as many clients: totals differ by their number alone",
    ]
    assert compared.data()["simulated"]["B"] == {"lasted_us": (2 * DAY,), "clients": (50,), "clients_of_design": (100,)}
    assert len(compared.data()["remarks"]) == 3
    assert compare_sweeps("a", "a", one, one).remarks == ()


def test_the_keys_that_differ_are_named():
    one, other = "a: 1\nb: {c: [1], d: {}}\n", "a: 1\nb: {c: [2], d: {e: 1}}\nf: x\n"
    assert differing_keys(one, other) == ("b.c", "b.d", "b.d.e", "f")
    assert differing_keys(one, one) == ()


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

    def test_clients_of_one_run_are_no_pairs_that_prove_anything(self):
        """They meet at the same gateways, so what befalls one befalls the others."""
        plain = rehearse(design_of(FEW), after="1d")
        other = rehearse(design_of({**FEW, "clients.office.knows": "nothing"}), after="1d")
        compared = compare_runs("plain", "other", plain, other)
        assert {one.verdict for one in compared.differences} == {SAME, TOO_FEW}
        assert compared.verdict == "one pair tells no noise from difference: compare the designs with more seeds"
        assert all(one["half_width"] is None for one in compared.data()["figures"].values())
        assert "clients.office.knows" in compared.differing_keys
        assert "±" not in str(compared)

    def test_runs_of_other_length_are_told_of(self):
        one, other = (rehearse(design_of(FEW), after=after) for after in ("1h", "2h"))
        compared = compare_runs("one", "other", one, other)
        assert compared.remarks[0] == "A and B do not last as long: totals differ by their time alone"
        assert "A: one (1h, 12 clients)" in str(compared)
        alike = compare_runs("one", "one", one, one)
        assert not any("last" in remark for remark in alike.remarks)
        assert alike.verdict == "A and B are the same, to the last event"

    def test_times_that_a_saved_run_does_not_hold_are_not_made_up(self):
        one = rehearse(design_of(FEW), after="1d")
        compared = compare_runs("one", "one", one, one)
        assert not {one.figure for one in compared.differences} & {"p99_ms", "port_refused_share"}
        assert "times and loads of stations are not kept in saved runs" in compared.remarks[-1]

    def test_runs_of_other_clients_or_seeds_have_nothing_in_common(self):
        plain = rehearse(design_of(FEW), after="1h")
        with pytest.raises(UsageError, match="not have the same|not the same clients"):
            compare_runs("a", "b", plain, rehearse(design_of(FEW), seed=2, after="1h"))
        fewer = rehearse(design_of({**FEW, "clients.road.count": 5}), after="1h")
        with pytest.raises(UsageError, match="compare their designs"):
            compare_runs("a", "b", plain, fewer)
