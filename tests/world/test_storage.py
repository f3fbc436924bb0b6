"""A run that was saved is the run that is opened."""

import json

import numpy as np
import pytest
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.errors import StorageError
from cmgsim.units import days, hours
from cmgsim.world.build import build
from cmgsim.world.run import Run


@pytest.fixture(scope="module")
def run() -> Run:
    world = build(design_of(), seed=5)
    world.run(hours(1))
    world.do(Step(create_gateway="new"))
    world.run(days(1))
    return world.finish()


def test_a_saved_run_opens_as_it_was(run, tmp_path):
    again = Run.open(run.save(tmp_path / "run"))
    assert again.digest == run.digest
    assert again.design == run.design
    assert list(again.trace) == list(run.trace)
    assert again.journal == run.journal
    assert again.landscape == run.landscape
    assert again.stranded_clients == run.stranded_clients
    assert np.array_equal(again.series.requests, run.series.requests)


def test_a_run_is_plain_files(run, tmp_path):
    folder = run.save(tmp_path / "run")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert (manifest["schema"], manifest["seed"], manifest["digest"]) == ("cmgsim/run/v1", 5, run.digest)
    assert sorted(path.name for path in folder.iterdir()) == [
        "design.yaml",
        "facts.jsonl",
        "fleet.npz",
        "journal.jsonl",
        "landscape.json",
        "manifest.json",
    ]


def test_nothing_is_overwritten(run, tmp_path):
    (tmp_path / "run").mkdir()
    with pytest.raises(StorageError, match="something already"):
        run.save(tmp_path / "run")
    assert list(tmp_path.iterdir()) == [tmp_path / "run"]


def test_nothing_half_written_stays(run, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        run.save(tmp_path / "file" / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", ["facts.jsonl", "design.yaml", "fleet.npz", "journal.jsonl", "landscape.json"])
def test_a_changed_file_is_noticed(run, tmp_path, name):
    folder = run.save(tmp_path / "run")
    (folder / name).write_bytes((folder / name).read_bytes() + b" ")
    with pytest.raises(StorageError, match=f"{name} was changed"):
        Run.open(folder)


@pytest.mark.parametrize("damage", ["missing", "no manifest", "not json", "another format", "digest"])
def test_what_is_no_run_is_refused(run, tmp_path, damage):
    folder = tmp_path / "run"
    if damage != "missing":
        run.save(folder)
        path = folder / "manifest.json"
        manifest = json.loads(path.read_text())
        match damage:
            case "no manifest":
                path.unlink()
            case "not json":
                path.write_text("{")
            case "another format":
                path.write_text(json.dumps(manifest | {"schema": "cmgsim/run/v9"}))
            case "digest":
                path.write_text(json.dumps(manifest | {"digest": "0" * 32}))
    with pytest.raises(StorageError, match="run"):
        Run.open(folder)


@pytest.mark.parametrize("saved", ["seed-1", "hasty/seed-1"])
def test_the_folder_above_saved_runs_names_one(run, tmp_path, saved):
    run.save(tmp_path / saved)
    with pytest.raises(StorageError, match=f"it has no manifest.json; name .*/{saved}$"):
        Run.open(tmp_path)
    run.save(tmp_path / "seed-2")
    with pytest.raises(StorageError, match="; name .*/seed-[12] or another one in it$"):
        Run.open(tmp_path)
