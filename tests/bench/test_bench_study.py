"""How long answers take: a sizing of 20,000 clients, and what a sweep adds to its runs."""

from __future__ import annotations

import time
from typing import Any

import pytest
from measured import Figures
from worlds import design_of

from cmgsim.capacity.queues import begin_service, drawn_bits, exponential_us
from cmgsim.capacity.size import size
from cmgsim.capacity.target import read_target
from cmgsim.draws import mix_array, stream
from cmgsim.study.executors import Here
from cmgsim.study.store import Store
from cmgsim.study.sweep import sweep
from cmgsim.study.task import run_task, tasks_of

pytestmark = pytest.mark.bench

AREA = "Studies"
OFFICE: dict[str, Any] = {
    "day_plans.week": {"work": "09:00-17:00", "jitter": "20min", "remote": "100%"},
    "clients.office.count": 20_000,
    "clients.road": None,
}


def test_a_sizing_of_twenty_thousand_clients(figures: Figures) -> None:
    """Any number of VMs from 1 to 16, with 99 % intervals; the fast fleet is compiled before."""
    design = design_of(OFFICE)
    size(design_of({**OFFICE, "clients.office.count": 2_000}))
    begun = time.perf_counter()
    sizing = size(design, targets=(read_target("p99(policy) < 2s"),))
    took = time.perf_counter() - begun
    assert 1 <= sizing.smallest <= 16
    figures.add(AREA, "size: 20,000 clients, 1..16 VMs, 99 % intervals", took, "s", at_most=10)


def test_what_a_sweep_adds_to_its_runs(figures: Figures, tmp_path) -> None:
    from cmgsim.design.files import dump

    path = tmp_path / "few.design.yaml"
    path.write_text(dump(design_of({"clients.road.count": 4, "clients.office.count": 4})), encoding="utf-8")
    tasks = tasks_of(path, {}, range(1, 21))
    begun = time.process_time()
    for task in tasks:
        run_task(task)
    alone = time.process_time() - begun
    begun = time.process_time()
    sweep(tasks, Here(), Store(tmp_path / "kept"))
    swept = time.process_time() - begun
    figures.add(AREA, "sweep: time over that of its runs alone", swept / alone, "ratio", at_most=1.2)


def test_one_line_of_requests(figures: Figures) -> None:
    who = mix_array(1, range(1_000_000))
    gaps = exponential_us(1_000, drawn_bits(1, stream("bench.gap"), who))
    service = exponential_us(800, drawn_bits(1, stream("bench.service"), who))
    arrive = gaps.cumsum()
    begun = time.process_time()
    begin_service(arrive, service, 1)
    seconds = time.process_time() - begun
    figures.add(AREA, "one server's line, exact", seconds * 1e9 / 1_000_000, "ns/request", at_most=200)
