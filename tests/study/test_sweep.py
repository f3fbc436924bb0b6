"""Sweeps: what is varied, where results are kept, and that it is the same whoever runs it."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import clusters
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_studies import SETS, design_file, suicide, suicide_once

from cmgsim.errors import FileFaults, StorageError, UsageError
from cmgsim.study import executors, task
from cmgsim.study.axes import Axis, grid, read_axis
from cmgsim.study.executors import Cluster, Here, Processes, WorkerLost
from cmgsim.study.figures import MEANINGS
from cmgsim.study.store import Store
from cmgsim.study.sweep import Sweep, sweep
from cmgsim.study.task import OtherProgram, run_task, tasks_of

ROOT = Path(__file__).parents[2]


def scenario_file(folder: Path) -> Path:
    """Write a scenario of the design that is there."""
    path = folder / "one.scenario.yaml"
    path.write_text(
        "scenario: s\ndesign: few.design.yaml\nsteps: [{wait: 1h}]\nbefore: 2h\nafter: 3h\n"
        "expect: [requests_conserved]\n",
        encoding="utf-8",
    )
    return path


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

    @pytest.mark.parametrize("text", ["a=1,1,1", "a=2,1,2", "a=24h,24h", "a=x,true,on,true"])
    def test_a_value_that_stands_twice_is_refused(self, text):
        with pytest.raises(UsageError, match="stands there twice") as refusal:
            read_axis(text)
        assert "\n" not in str(refusal.value)

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

    def test_another_program_has_other_keys_and_runs_no_task(self, tmp_path, monkeypatch):
        (one,) = tasks_of(design_file(tmp_path), {}, [1])
        monkeypatch.setattr(task, "program", lambda: "another")
        (other,) = tasks_of(design_file(tmp_path), {}, [1])
        assert one.key != other.key
        with pytest.raises(OtherProgram, match="install the same version on all workers") as refusal:
            run_task(one)
        assert "\n" not in str(refusal.value)

    def test_a_key_is_the_same_whatever_the_hashes_of_a_process(self, tmp_path):
        path = design_file(tmp_path, **{name.replace(".", "__"): value for name, value in SETS.items()})
        script = "import sys; from pathlib import Path; from cmgsim.study.task import tasks_of\n"
        script += "print(*(task.key for task in tasks_of(Path(sys.argv[1]), {}, [1, 2])))"
        found = {
            subprocess.run(
                [sys.executable, "-c", script, str(path)],
                env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(seed)},
                check=True,
                capture_output=True,
                text=True,
            ).stdout
            for seed in range(4)
        }
        assert len(found) == 1
        assert len(found.pop().split()) == 2

    def test_days_are_those_of_a_design_alone(self, tmp_path):
        path = design_file(tmp_path)
        assert tasks_of(path, {}, [1], days=3)[0].after == "3d"
        assert tasks_of(path, {}, [1])[0].after == "1d"
        with pytest.raises(UsageError, match="a scenario says itself how long it lasts"):
            tasks_of(scenario_file(tmp_path), {}, [1], days=3)

    @pytest.mark.parametrize("kind", ["design", "scenario"])
    def test_a_fault_of_a_value_is_told_without_the_line_of_the_file(self, tmp_path, kind):
        path, name = design_file(tmp_path, gateways__old__vms=2), "gateways.old.vms"
        if kind == "scenario":
            path, name = scenario_file(tmp_path), f"design.{name}"
        with pytest.raises(FileFaults) as refusal:
            tasks_of(path, {name: 17}, [1])
        assert f"--set {name}=17: 'vms' must be at most 16, not 17" in str(refusal.value)
        assert "^" not in str(refusal.value)
        assert "vms: 2" not in str(refusal.value)

    def test_a_file_with_faults_of_its_own_shows_them_in_its_lines(self, tmp_path):
        path = design_file(tmp_path)
        path.write_text(
            path.read_text(encoding="utf-8").replace("name: two routes", "nome: two routes"), encoding="utf-8"
        )
        with pytest.raises(FileFaults, match="nome") as refusal:
            tasks_of(path, {"gateways.old.vms": 17}, [1])
        assert "^^^^" in str(refusal.value)

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
        (one,) = tasks_of(scenario_file(tmp_path), {"design.gateways.old.vms": 2}, [7])
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

    @pytest.mark.slow
    def test_a_worker_with_other_sources_runs_nothing(self, tasks, tmp_path):
        pytest.importorskip("distributed")
        with clusters.cluster(tmp_path, clusters.other_sources(tmp_path)) as (address, _):
            with pytest.raises(OtherProgram, match="install the same version on all workers") as refusal:
                sweep(tasks, Cluster(address), Store(tmp_path / "kept"))
            assert "\n" not in str(refusal.value)
        assert not list((tmp_path / "kept").rglob("*.json"))

    @pytest.mark.slow
    def test_machines_without_cmgsim_are_one_line(self, tasks, tmp_path):
        pytest.importorskip("distributed")
        (clusters.other_sources(tmp_path) / "cmgsim" / "__init__.py").write_text("raise ImportError", encoding="utf-8")
        with (
            clusters.cluster(tmp_path, tmp_path) as (address, _),
            pytest.raises(UsageError, match="cannot import cmgsim") as refusal,
        ):
            sweep(tasks, Cluster(address), Store(tmp_path / "kept"))
        assert "\n" not in str(refusal.value)

    @pytest.mark.slow
    def test_a_scheduler_that_dies_in_the_middle_is_one_line(self, tmp_path):
        """The command is a process of its own, so that whatever Dask writes is seen."""
        pytest.importorskip("distributed")
        design_file(tmp_path)
        with clusters.cluster(tmp_path) as (address, leader):
            command = [sys.executable, "-m", "cmgsim", "sweep", "few.design.yaml", "--seeds", "2000", "--days", "3"]
            process = subprocess.Popen(
                [*command, "--scheduler", address],
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
            kept = tmp_path / ".cmgsim"
            deadline = time.monotonic() + 90
            while not list(kept.rglob("*.json")) and time.monotonic() < deadline:
                time.sleep(0.05)
            leader.kill()
            _, err = process.communicate(timeout=90)
        assert process.returncode == 2
        said = [line for line in err.splitlines() if not line.endswith("to go")]
        assert len(said) == 1, err
        assert f"the scheduler at {address} went away in the middle; what was finished is kept" in said[0]
        assert list(kept.rglob("*.json"))

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

    def test_a_folder_that_cannot_be_written_is_found_before_the_first_run(self, tasks, tmp_path):
        (tmp_path / "kept").write_text("a file, not a folder", encoding="utf-8")
        runs = Counting()
        with pytest.raises(StorageError, match=r"below: results cannot be kept there: .*--cache"):
            sweep(tasks, runs, Store(tmp_path / "kept" / "below"))
        assert runs.done == 0

    def test_what_a_table_means_stands_below_it(self):
        made = made_up({"p99_ms": [1.0, 900.0, 2.0], "requests_served": [5.0, 5.0, 6.0]}, clients=10, whole=1_000)
        assert made.notes(["p99_ms", "requests_served"]) == [
            "± is half of the 99 % interval for the mean over 3 seeds",
            "p99_ms: half an interval exceeds its mean, which tells little: run more --seeds",
            "of the clients simulated (10 of 1,000): requests_served; worked out for all clients: p99_ms",
        ]

    def test_one_run_at_each_point_shows_no_interval(self):
        made = made_up({"requests_served": [5.0]})
        assert made.notes(["requests_served"]) == ["one run at each point, so no intervals: more --seeds give them"]
        assert "±" not in str(made.table(["requests_served"]))

    def test_runs_without_a_figure_are_counted(self):
        made = made_up({"requests_served": [5.0, 5.0]})
        (_, note) = made.notes(["requests_served", "p99_ms"])
        assert note == "p99_ms: none in 2 of 2 runs, in whose busiest hour nothing was answered"


def made_up(values: dict[str, list[float]], clients: int = 10, whole: int = 10) -> Sweep:
    """Return a sweep of one point with these figures, one run for each value."""
    rows = [
        {
            "point": "",
            "seed": seed,
            "clients": clients,
            "clients_of_design": whole,
            "lasted_us": 1,
            "figures": dict(zip(values, column, strict=True)),
        }
        for seed, column in enumerate(zip(*values.values(), strict=True))
    ]
    return Sweep(tuple(rows), 0)


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
