"""Dask clusters of one worker in a process of their own, which can be killed or have other sources of cmgsim."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_CLUSTER = """
import sys, time
from distributed import LocalCluster
if __name__ == "__main__":
    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None, host="127.0.0.1") as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""


@contextmanager
def cluster(folder: Path, sources: Path = ROOT) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Start a scheduler and a worker whose cmgsim is that below *sources*; yields the address and the process."""
    script = folder / "cluster.py"
    script.write_text(_CLUSTER, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(sources)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip(), process
    finally:
        process.communicate(timeout=60)


def other_sources(folder: Path) -> Path:
    """Copy the sources below a folder, change one byte, and return the folder."""
    shutil.copytree(ROOT / "cmgsim", folder / "cmgsim", ignore=shutil.ignore_patterns("__pycache__"))
    changed = folder / "cmgsim" / "study" / "store.py"
    changed.write_bytes(changed.read_bytes() + b"\n")
    return folder
