"""The same day in general simulators: as many requests, each through a gateway VM, a connection point and a management
point, in Ciw as an open network (its customers are requests: nobody roams) and in salabim as a process for each client.
Both model far less than the fast fleet does.
"""

from __future__ import annotations

import time

import ciw
import numpy as np
import pytest
from measured import Figures
from test_bench_fleet import clients, lived, queued

pytest.importorskip("numba")
pytest.importorskip("salabim")

import salabim

from cmgsim.fleet.auto import warm
from cmgsim.fleet.fast import FastFleet
from cmgsim.fleet.series import Count
from cmgsim.units import DAY, SECOND

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

AREA = "Fleet"
CLIENTS = 10_000
SERVICE_S = 0.02
DAY_S = DAY // SECOND


@pytest.fixture(scope="module")
def day() -> tuple[float, int]:
    """Return the CPU seconds of a day of the fast fleet with queues, and how many requests it had."""
    warm()
    fleet = FastFleet(clients(CLIENTS), queued(), 1)
    seconds = lived(fleet, 1)
    return seconds, int(fleet.series().requests[..., Count.ASKED].sum())


def test_ciw(figures: Figures, day: tuple[float, int]) -> None:
    seconds, requests = day
    stages = 3
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(requests / DAY_S), None, None],
        service_distributions=[ciw.dists.Deterministic(SERVICE_S)] * stages,
        number_of_servers=[4] * stages,
        routing=np.eye(stages, k=1).tolist(),
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    begun = time.process_time()
    simulation.simulate_until_max_time(DAY_S)
    took = time.process_time() - begun
    served = len(simulation.nodes[-1].all_individuals)
    assert abs(served - requests) < 0.02 * requests
    figures.add(
        AREA, f"{CLIENTS:,} clients, a day: Ciw, open network, over fast fleet with queues", took / seconds, "times"
    )


def test_salabim(figures: Figures, day: tuple[float, int]) -> None:
    seconds, requests = day
    cycle_s = DAY_S * CLIENTS / requests
    salabim.yieldless(False)
    world = salabim.Environment(random_seed=1, trace=False)
    stations = [salabim.Resource(capacity=4, monitor=False) for _ in range(3)]
    done = 0

    class Client(salabim.Component):  # type: ignore[misc, name-defined]
        def process(self):  # type: ignore[no-untyped-def]
            nonlocal done
            yield self.hold(world.Uniform(0, cycle_s).sample())
            while True:
                for station in stations:
                    yield self.request(station)
                    yield self.hold(SERVICE_S)
                    self.release(station)
                done += 1
                yield self.hold(cycle_s)

    for _ in range(CLIENTS):
        Client()
    begun = time.process_time()
    world.run(till=DAY_S)
    took = time.process_time() - begun
    assert abs(done - requests) < 0.1 * requests
    figures.add(
        AREA, f"{CLIENTS:,} clients, a day: salabim process each over fast fleet with queues", took / seconds, "times"
    )
