"""Sweeps: what is varied, where results are kept, and that it is the same whoever runs it."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_studies import design_file, suicide, suicide_once

from cmgsim.errors import FileFaults, StorageError, UsageError
from cmgsim.study import executors, task
from cmgsim.study.axes import Axis, grid, read_axis
from cmgsim.study.executors import Cluster, Here, Processes, WorkerLost
from cmgsim.study.figures import MEANINGS
from cmgsim.study.store import Store
from cmgsim.study.sweep import sweep
from cmgsim.study.task import run_task, tasks_of


class TestAxes:
    @pytest.mark.parametrize(
        ("text", "path", "values"),
        [
            ("gateways.east.vms=1..4", "gateways.east.vms", (1, 2, 3, 4)),
            ("a.b=0..10/5", "a.b", (0, 5, 10)),
            ("a=1,x,24h,true", "a", (1, "x", "24h", True)),
        ],
    )
    def test_they_are_read_as_written(self, text, path, values):
        assert read_axis(text) == Axis(path, values)

    @pytest.mark.parametrize("text", ["a", "a=", "=1", "a=4..1", "a=1..999999999", "a=1,,2", "a=[1"])
    def test_what_is_none_is_refused_in_one_line(self, text):
        with pytest.raises(UsageError, match="--set") as refusal:
            read_axis(text)
        assert "\n" not in str(refusal.value)

    def test_every_combination_is_a_point(self):
        points = grid([Axis("a", (1, 2)), Axis("b", ("x", "y"))])
        assert points == [{"a": 1, "b": "x"}, {"a": 1, "b": "y"}, {"a": 2, "b": "x"}, {"a": 2, "b": "y"}]
        assert grid([]) == [{}]

    def test_a_path_stands_once_and_the_grid_has_an_end(self):
        with pytest.raises(UsageError, match="twice"):
            grid([Axis("a", (1,)), Axis("a", (2,))])
        with pytest.raises(UsageError, match="at most 100,000"):
            grid([Axis(name, tuple(range(1_000))) for name in "ab"])


class TestTasks:
    def test_a_key_depends_on_all_that_is_run_and_nothing_else(self, tmp_path):
        (one,) = tasks_of(design_file(tmp_path), {}, [1])
        assert replace(one, point="another name").key == one.key
        for change in ({"seed": 2}, {"after": "2d"}, {"scale": 5}, {"plan": "x"}, {"faults": "[1]"}, {"design": "x"}):
            assert replace(one, **change).key != one.key

    def test_another_program_has_other_keys(self, tmp_path, monkeypatch):
        (one,) = tasks_of(design_file(tmp_path), {}, [1])
        before = one.key
        monkeypatch.setattr(task, "program", lambda: "another")
        assert one.key != before

    def test_a_value_is_set_and_checked(self, tmp_path):
        path = design_file(tmp_path)
        (one,) = tasks_of(path, {"gateways.old.vms": 3}, [1])
        assert "vms: 3" in one.design
        with pytest.raises(FileFaults, match="at most 16"):
            tasks_of(path, {"gateways.old.vms": 17}, [1])
        with pytest.raises(UsageError, match="did you mean 'old'"):
            tasks_of(path, {"gateways.odl.vms": 3}, [1])

    def test_a_scenario_is_run_with_its_plan_faults_and_times(self, tmp_path):
        design_file(tmp_path)
        scenario = tmp_path / "one.scenario.yaml"
        scenario.write_text(
            "scenario: s\ndesign: few.design.yaml\nsteps: [{wait: 1h}]\nbefore: 2h\nafter: 3h\n"
            "expect: [requests_conserved]\n",
            encoding="utf-8",
        )
        (one,) = tasks_of(scenario, {"design.gateways.old.vms": 2}, [7])
        assert (one.before, one.after, one.seed) == ("2h", "3h", 7)
        assert "wait: 1h" in one.plan
        assert json.loads(run_task(one))["seed"] == 7

    def test_a_plan_alone_is_refused(self, tmp_path):
        plan = tmp_path / "a.plan.yaml"
        plan.write_text("plan: p\nsteps: [{wait: 1h}]\n", encoding="utf-8")
        with pytest.raises(UsageError, match="a plan alone"):
            tasks_of(plan, {}, [1])


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    path = design_file(tmp_path_factory.mktemp("design"))
    return [one for vms in (1, 2) for one in tasks_of(path, {"gateways.old.vms": vms}, [1, 2])]


@pytest.fixture(scope="module")
def expected(tasks, tmp_path_factory):
    return sweep(tasks, Here(), Store(tmp_path_factory.mktemp("here"))).lines()


class TestExecutors:
    def test_processes_give_the_same_bytes(self, tasks, expected, tmp_path):
        assert sweep(tasks, Processes(2), Store(tmp_path)).lines() == expected

    @pytest.mark.slow
    def test_a_cluster_of_two_processes_gives_the_same_bytes(self, tasks, expected, tmp_path, recwarn):
        distributed = pytest.importorskip("distributed")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, host="127.0.0.1"
        ) as cluster:
            assert sweep(tasks, Cluster(cluster.scheduler_address), Store(tmp_path)).lines() == expected

    def test_a_scheduler_that_does_not_answer_is_one_line(self, monkeypatch):
        pytest.importorskip("distributed")
        monkeypatch.setattr(executors, "ANSWER_S", 1)
        with pytest.raises(UsageError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9 ") as refusal:
            Cluster("tcp://127.0.0.1:9")
        assert "\n" not in str(refusal.value)

    def test_a_killed_worker_costs_nothing_that_was_finished(self, tasks, expected, tmp_path, monkeypatch):
        marks = [replace(one, point=str(tmp_path / f"mark-{number}")) for number, one in enumerate(tasks[:2])]
        monkeypatch.setattr(executors, "run_task", suicide_once)
        pool = Processes(1)
        done = sweep(marks, pool, Store(tmp_path / "kept"))
        assert pool.restarts >= 1
        assert [row["digest"] for row in done.rows] == [
            json.loads(line)["digest"] for line in expected.splitlines()[:2]
        ]

    def test_workers_that_always_die_are_one_line(self, tasks, monkeypatch):
        monkeypatch.setattr(executors, "run_task", suicide)
        with pytest.raises(WorkerLost, match="killed 3 times") as lost:
            list(Processes(1).results(tasks[:1]))
        assert "\n" not in str(lost.value)


class Counting:
    """Runs here, counts, and stops with an error after some results."""

    def __init__(self, most: int = 10**9, error: type[BaseException] = KeyboardInterrupt) -> None:
        self.done, self.most, self.error = 0, most, error

    def results(self, tasks):
        for one in tasks:
            if self.done == self.most:
                raise self.error
            self.done += 1
            yield one, run_task(one)


class TestSweeps:
    def test_an_interrupted_sweep_goes_on_where_it_was(self, tasks, expected, tmp_path):
        with pytest.raises(KeyboardInterrupt):
            sweep(tasks, Counting(most=3), Store(tmp_path))
        rest = Counting()
        done = sweep(tasks, rest, Store(tmp_path))
        assert (rest.done, done.reused) == (1, 3)
        assert done.lines() == expected

    def test_a_second_sweep_runs_nothing(self, tasks, tmp_path):
        sweep(tasks, Here(), Store(tmp_path))
        again = Counting()
        assert sweep(tasks, again, Store(tmp_path)).reused == len(tasks)
        assert again.done == 0

    def test_progress_counts_what_is_there(self, tasks, tmp_path):
        told = []
        sweep(tasks, Here(), Store(tmp_path), lambda done, total: told.append((done, total)))
        assert told == [(number, 4) for number in range(5)]

    def test_means_have_intervals_over_seeds(self, tasks, tmp_path):
        done = sweep(tasks, Here(), Store(tmp_path))
        assert done.points == ("gateways.old.vms=1", "gateways.old.vms=2")
        assert set(done.columns) <= set(MEANINGS)
        interval = done.interval(done.points[0], "requests_served")
        assert interval.count == 2
        assert interval.mean == sum(done.values(done.points[0], "requests_served")) / 2
        assert done.interval("no such point", "p99_ms") is None
        assert str(done.table(["requests_served"])).count("±") == 2

    def test_a_damaged_result_is_run_again(self, tasks, tmp_path):
        store = Store(tmp_path)
        sweep(tasks[:1], Here(), store)
        store.path(tasks[0].key).write_text("{half", encoding="utf-8")
        again = Counting()
        sweep(tasks[:1], again, store)
        assert again.done == 1


class TestStore:
    @pytest.mark.parametrize(("number", "words"), [(errno.ENOSPC, "the disk is full"), (errno.EACCES, os.strerror(13))])
    def test_what_cannot_be_kept_is_one_line_and_leaves_nothing_half(self, tmp_path, monkeypatch, number, words):
        store = Store(tmp_path)
        store.put("aa", b"{}")

        def write(path: Path, data: bytes) -> int:
            path.touch()
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(Path, "write_bytes", write)
        with pytest.raises(StorageError, match=words) as refusal:
            store.put("bb", b"{}")
        assert "\n" not in str(refusal.value)
        assert store.get("aa") == {}
        assert store.get("bb") is None
        assert [path.name for path in sorted(tmp_path.rglob("*.*"))] == ["aa.json"]


@given(st.integers(-50, 50), st.integers(0, 60), st.integers(1, 7))
def test_a_range_holds_its_first_value_and_never_passes_its_last(low, length, step):
    values = read_axis(f"a={low}..{low + length}/{step}").values
    assert values[0] == low
    assert values[-1] <= low + length < values[-1] + step
