"""Small designs in files, for studies of a second; and workers that die."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

from worlds import design_of

from cmgsim.design.files import dump

FEW = {"clients.road.count": 8, "clients.office.count": 4}


def design_file(folder: Path, name: str = "few", **changes: Any) -> Path:
    """Write the design of two routes with few clients; changes are ``part__part=value``."""
    settings = {key.replace("__", "."): value for key, value in changes.items()}
    path = folder / f"{name}.design.yaml"
    path.write_text(dump(design_of({**FEW, **settings})), encoding="utf-8")
    return path


#: Taken names and registered providers: sets, of which the order of iteration changes with the hashes of a process.
SETS = {
    "azure.subscriptions.main.providers": ["Microsoft.Storage", "Microsoft.KeyVault", "Microsoft.ClassicCompute"],
    "azure.taken_names.cloud_services": ["first", "second", "third", "fourth", "fifth"],
}


def suicide(_: object) -> bytes:
    """Kill the process that runs it, as a system short of memory does."""
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def suicide_once(task: Any) -> bytes:
    """Kill the process the first time a task is run, and run it the second time; the task's point is a file to mark."""
    from cmgsim.study.task import run_task

    mark = Path(task.point)
    if not mark.exists():
        mark.write_text("killed", encoding="utf-8")
        suicide(task)
    return run_task(task)
