"""The books of a fleet are compared after every run, and a wrong one is found out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from worlds import design_of

from cmgsim.fleet.audit import Inconsistent, audit
from cmgsim.fleet.measures import Hop
from cmgsim.fleet.series import Count, Gauge
from cmgsim.units import HOUR
from cmgsim.world.build import build

UNTIL = 30 * HOUR


@pytest.fixture(scope="module")
def books() -> tuple[Any, Any, Any]:
    """The series, measures and stations of a fleet that has asked and queued for more than a day."""
    world = build(design_of(), seed=3)
    world.run("30h")
    return world.fleet.series(), world.fleet.measures(), world.landscape.stations


def test_true_books_pass(books):
    series, measures, stations = books
    assert measures.load.served.sum() > 100
    audit(series, measures, stations, UNTIL)


@pytest.mark.parametrize("count", [Count.ASKED, Count.SERVED, Count.GIVEN_UP])
def test_a_request_lost_or_counted_twice_is_found(books, count):
    series, measures, stations = books
    requests = series.requests.copy()
    requests[17, 1, 1, count] += 1
    with pytest.raises(Inconsistent, match="requests are not conserved: .* in interval 17"):
        audit(replace(series, requests=requests), measures, stations, UNTIL)


def test_a_client_that_vanishes_is_found(books):
    series, measures, stations = books
    clients = series.clients.copy()
    clients[40, Gauge.OFF] -= 1
    with pytest.raises(Inconsistent, match="clients are not conserved"):
        audit(replace(series, clients=clients), measures, stations, UNTIL)


def test_a_request_that_vanishes_at_a_station_is_found(books):
    series, measures, stations = books
    served = measures.load.served.copy()
    served[np.unravel_index(served.argmax(), served.shape)] -= 1
    with pytest.raises(Inconsistent, match="requests at stations are not conserved"):
        audit(series, replace(measures, load=replace(measures.load, served=served)), stations, UNTIL)


def test_a_port_too_many_is_found(books):
    series, measures, stations = books
    point = next(number for number, station in enumerate(stations) if station.ports)
    ports = measures.load.ports.copy()
    ports[7, point] = stations[point].ports
    audit(series, replace(measures, load=replace(measures.load, ports=ports)), stations, UNTIL)
    ports[7, point] += 1
    with pytest.raises(Inconsistent, match="ports are not conserved: 16385 and 16384 in interval 7"):
        audit(series, replace(measures, load=replace(measures.load, ports=ports)), stations, UNTIL)


@pytest.mark.parametrize("factor", [(9, 10), (11, 10)])
def test_times_that_contradict_lines_break_littles_law(books, factor):
    series, measures, stations = books
    busy = measures.load.busy_us * factor[0] // factor[1]
    with pytest.raises(Inconsistent, match="Little's law is broken: stations were occupied for"):
        audit(series, replace(measures, load=replace(measures.load, busy_us=busy)), stations, UNTIL)
    assert measures.latencies.histogram(Hop.VM).sum() > 0
