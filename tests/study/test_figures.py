"""Figures of a run: those that the fleet measured, where it measured them."""

from __future__ import annotations

import json

import pytest
from worlds import design_of

from cmgsim.capacity.profile import profile
from cmgsim.design.files import dump
from cmgsim.fleet.histogram import bin_of
from cmgsim.fleet.measures import Hop
from cmgsim.fleet.series import Count
from cmgsim.rehearsal.rehearse import begin, rehearse
from cmgsim.site.landscape import StationKind
from cmgsim.study.figures import MEANINGS, NOT_COUNTED, OF_ALL, figures
from cmgsim.study.task import Task, run_task
from cmgsim.units import PARTS_PER_MILLION

#: 64 clients, one slow VM, and half as many TCP ports as clients on the road: most requests are refused and sent again.
CROWDED = {
    "clients.road.count": 60,
    "clients.office.count": 4,
    "capacity": {"vm": {"service": "500ms", "at_once": 1}},
    "roles.connection_points.cp1.tcp_ports": 32,
}


@pytest.fixture(scope="module")
def crowded():
    """A day of the crowded design: its run, and what was measured of its stations."""
    world = begin(design_of(CROWDED), seed=1)
    world.run("1d")
    return world.finish(), world.fleet.measures()


@pytest.fixture(scope="module")
def profiled():
    return profile(design_of(CROWDED), days=1, seed=1, scale=PARTS_PER_MILLION)


@pytest.mark.parametrize("rank", [50, 95, 99])
def test_times_are_those_of_the_profile_of_the_same_run(crowded, profiled, rank):
    run, measured = crowded
    assert profiled.run.digest == run.digest
    told_us = profiled.latencies.quantile(rank * 10_000, Hop.TOTAL, hour=profiled.busiest_hour)
    found_us = round(figures(run, measured)[f"p{rank}_ms"] * 1_000)
    assert abs(bin_of(found_us) - bin_of(told_us)) <= 1


def test_vms_are_as_busy_as_in_the_profile(crowded, profiled):
    (vm,) = (part for part in profiled.parts if part.kind is StationKind.VM)
    told = int(vm.busy_ppm[profiled.busiest_hour]) / PARTS_PER_MILLION
    assert figures(*crowded)["vm_busy_share"] == pytest.approx(told, abs=1e-6)


def test_what_found_no_port_is_what_was_refused_in_the_run(crowded):
    run, measured = crowded
    refused = int(run.series.requests[..., Count.REFUSED].sum())
    assert refused > 1_000
    assert 0 <= int(measured.load.refused.sum()) - refused <= 5, "but for those on their way back"
    assert 0.5 < figures(run, measured)["port_refused_share"] <= 1.0


def test_a_task_gives_the_figures_that_were_measured(crowded):
    task = Task("", dump(design_of(CROWDED)), "", "[]", "0s", "1d", 1, PARTS_PER_MILLION)
    result = json.loads(run_task(task))
    assert result["figures"] == figures(*crowded)
    assert (result["clients"], result["clients_of_design"], result["lasted_us"]) == (64, 64, crowded[0].ended_us)


def test_a_run_alone_does_not_hold_what_was_measured(crowded):
    run, _ = crowded
    assert figures(run).keys() == MEANINGS.keys() - set(OF_ALL)


def test_a_sample_is_multiplied_and_sent_through_the_lines():
    run = rehearse(design_of({"clients.road.count": 400, "clients.office.count": 400}), scale=100_000, after="1d")
    found = figures(run)
    assert found.keys() == MEANINGS.keys()
    assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["p99_ms"]


def test_without_requests_there_are_no_times():
    world = begin(design_of({"clients": {}}))
    world.run("1h")
    assert figures(world.finish(), world.fleet.measures()).keys() == MEANINGS.keys() - set(OF_ALL)


def test_every_figure_that_is_no_count_is_known():
    assert set(OF_ALL) < set(NOT_COUNTED) < MEANINGS.keys()
    assert all(meaning.unit in ("ms", "share", "seconds") for name, meaning in MEANINGS.items() if name in NOT_COUNTED)
    assert not [name for name, meaning in MEANINGS.items() if meaning.unit == "ms" and name not in NOT_COUNTED]
