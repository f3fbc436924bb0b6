"""Runs on disk: a folder of plain files that any tool can read.

::

    manifest.json    format, version, seed, digest, and the SHA-256 of every other file
    design.yaml      the design, as a design file
    journal.jsonl    every outside input
    facts.jsonl      every fact, with its moment and component
    landscape.json   what clients could see in the end
    fleet.npz        every client's state and all counters, as arrays

A run is written beside its place and moved there when it is whole, so that nothing half-written stays. What is read
is checked as it was when written: every file against its hash, and the whole against the run's digest.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import fields
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from cmgsim.design.document import read_document
from cmgsim.design.faults import validate
from cmgsim.design.files import dump
from cmgsim.design.hardships import Fault
from cmgsim.design.model import Design
from cmgsim.design.plan import Step
from cmgsim.design.record import Record
from cmgsim.errors import CmgsimError, StorageError
from cmgsim.facts import Fact
from cmgsim.fleet.engine import Roll
from cmgsim.fleet.series import Series
from cmgsim.kernel.journal import Input
from cmgsim.kernel.trace import Trace
from cmgsim.site.landscape import Landscape
from cmgsim.world.run import Run

FORMAT = "cmgsim/run/v1"
#: Inputs that are records of a file, by the word they are kept under; all others are facts.
_ORDERS: dict[str, type[Record]] = {"step": Step, "fault": Fault}
FILES = ("design.yaml", "journal.jsonl", "facts.jsonl", "landscape.json", "fleet.npz")


def save(run: Run, folder: Path) -> Path:
    """Write a run into a new folder.

    Raises:
        StorageError: if there is something already, or it cannot be written there; nothing is left behind then.
    """
    if folder.exists():
        raise StorageError(f"{folder}: there is something already; give a new folder's name or delete it first")
    draft = folder.with_name(folder.name + ".part")
    try:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        _write(run, draft)
        draft.rename(folder)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)  # there is none any more once it was moved to its place
    return folder


def open_run(folder: Path) -> Run:
    """Open a saved run.

    Raises:
        StorageError: if it is not a run, of another format, damaged, or does not have the digest it was saved with.
    """
    manifest = _manifest(folder)
    try:
        run = _read(folder, manifest)
    except (OSError, ValueError, KeyError, CmgsimError, ValidationError) as error:
        raise StorageError(f"{folder}: this run cannot be read: {error}") from error
    if run.digest != manifest["digest"]:
        raise StorageError(
            f"{folder}: this run has the digest {run.digest}, but was saved with {manifest['digest']}: "
            f"it was written by version {manifest.get('version')}; run it again"
        )
    return run


def _write(run: Run, folder: Path) -> None:
    (folder / "design.yaml").write_text(dump(run.design), encoding="utf-8")
    _write_lines(folder / "journal.jsonl", (_input_data(entry) for entry in run.journal))
    _write_lines(
        folder / "facts.jsonl",
        ({"at_us": entry.at_us, "component": entry.component, **_fact_data(entry.fact)} for entry in run.trace),
    )
    (folder / "landscape.json").write_text(
        json.dumps(_adapter(Landscape).dump_python(run.landscape, mode="json")), encoding="utf-8"
    )
    arrays = {f"roll_{name}": array for name, array in vars(run.roll).items()}
    arrays |= {f"series_{name}": array for name, array in vars(run.series).items()}
    np.savez_compressed(folder / "fleet.npz", **arrays)
    manifest = {
        "schema": FORMAT,
        "version": _version(),
        "name": run.design.name,
        "seed": run.seed,
        "scale": run.scale,
        "ended_us": run.ended_us,
        "digest": run.digest,
        "files": {name: sha256((folder / name).read_bytes()).hexdigest() for name in FILES},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2), encoding="utf-8")


def _read(folder: Path, manifest: dict[str, Any]) -> Run:
    for name in FILES:
        if sha256((folder / name).read_bytes()).hexdigest() != manifest["files"][name]:
            raise StorageError(f"{name} was changed after it was saved")
    design, findings = validate(Design, read_document(folder / "design.yaml"))
    if design is None:
        raise StorageError(f"design.yaml: {findings[0]}")
    trace = Trace()
    for line in _lines(folder / "facts.jsonl"):
        trace.add(line["at_us"], line["component"], _fact(line))
    with np.load(folder / "fleet.npz", allow_pickle=False) as arrays:
        roll = Roll(**{part.name: arrays[f"roll_{part.name}"] for part in fields(Roll)})
        series = Series(**{part.name: _plain(arrays[f"series_{part.name}"]) for part in fields(Series)})
    landscape = _adapter(Landscape).validate_python(json.loads((folder / "landscape.json").read_text("utf-8")))
    journal = tuple(_input(line) for line in _lines(folder / "journal.jsonl"))
    return Run(
        design, manifest["seed"], manifest["scale"], manifest["ended_us"], journal, trace, landscape, roll, series
    )


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StorageError(f"{folder}: this is no saved run: it has no manifest.json{_runs_in(folder)}") from None
    except (OSError, ValueError) as error:
        raise StorageError(f"{path}: cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != FORMAT:
        raise StorageError(f"{path}: this is no run of the format {FORMAT}")
    return manifest


def _runs_in(folder: Path) -> str:
    """Say which run to name instead of the folder that several were saved below."""
    runs = sorted(path.parent for way in ("*/manifest.json", "*/*/manifest.json") for path in folder.glob(way))
    return f"; name {runs[0]}{' or another one in it' if len(runs) > 1 else ''}" if runs else ""


def _input_data(entry: Input) -> dict[str, Any]:
    body = entry.body
    kind = next((word for word, record in _ORDERS.items() if isinstance(body, record)), "fact")
    data = body.model_dump(mode="json", exclude_none=True) if isinstance(body, Record) else _fact_data(body)
    return {"at_us": entry.at_us, "steps": entry.steps, "to": entry.to, kind: data}


def _input(line: dict[str, Any]) -> Input:
    kind = next((word for word in _ORDERS if word in line), "fact")
    body = _ORDERS[kind].model_validate(line[kind]) if kind in _ORDERS else _fact(line["fact"])
    return Input(line["at_us"], line["steps"], line["to"], body)


def _fact_data(fact: object) -> dict[str, Any]:
    kind = type(fact)
    return {"type": f"{kind.__module__}.{kind.__qualname__}", **_adapter(kind).dump_python(fact, mode="json")}


def _fact(data: dict[str, Any]) -> Fact:
    kind = _fact_types()[data["type"]]
    values = {part.name: data[part.name] for part in fields(kind)}
    fact = _adapter(kind).validate_python(values)
    assert isinstance(fact, Fact)
    return fact


def _fact_types() -> dict[str, type[Fact]]:
    """Return every kind of fact there is, by its full name; only these are ever made from a file."""
    return {f"{kind.__module__}.{kind.__qualname__}": kind for kind in _below(Fact)}


def _below(kind: type[Fact]) -> Iterator[type[Fact]]:
    for derived in kind.__subclasses__():
        yield derived
        yield from _below(derived)


_ADAPTERS: dict[str, TypeAdapter[Any]] = {}


def _adapter(kind: type) -> TypeAdapter[Any]:
    """Return what reads and writes one kind of record; making one is slow, so each is made once."""
    name = f"{kind.__module__}.{kind.__qualname__}"
    if name not in _ADAPTERS:
        _ADAPTERS[name] = TypeAdapter(kind)
    return _ADAPTERS[name]


def _write_lines(path: Path, lines: Iterator[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _plain(array: np.ndarray) -> Any:
    """Return a number that was saved as an array of no dimensions as a number again."""
    return array.item() if array.ndim == 0 else array


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("cmgsim")
    except PackageNotFoundError:
        return "unknown"
