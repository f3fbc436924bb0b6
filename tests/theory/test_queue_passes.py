"""The passes over sorted arrivals, against closed forms and against Ciw on the same sequences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.capacity import queues, theory
from cmgsim.capacity.queues import begin_by_station, begin_service, drawn_bits, exponential_us, uniform_index
from cmgsim.draws import mix_array, stream

#: The bound of |z| that a normal variable exceeds once in a thousand times; seeds are fixed, so tests never flicker.
BOUND = 3.29
REPLICATIONS, CUSTOMERS, WARM_UP = 120, 12_000, 2_000
MEAN_US = 100_000
GAP, SERVICE = stream("test.theory.gap"), stream("test.theory.service")


def sequences(seed: int, gap_us: float, count: int = CUSTOMERS) -> tuple[np.ndarray, np.ndarray]:
    """Return arrivals of a Poisson stream and exponential services, (count,) int64 each."""
    who = mix_array(seed, np.arange(count))
    gaps = exponential_us(round(gap_us), drawn_bits(seed, GAP, who))
    return np.cumsum(gaps), exponential_us(MEAN_US, drawn_bits(seed, SERVICE, who))


def z_of(values: list[float], expected: float) -> float:
    return (np.mean(values) - expected) / (np.std(values, ddof=1) / math.sqrt(len(values)))


@pytest.mark.parametrize(("servers", "load"), [(1, 0.7), (2, 0.8), (8, 0.8)])
def test_waits_are_those_of_erlang_c(servers, load):
    waits, delayed = [], []
    for seed in range(REPLICATIONS):
        arrive, service = sequences(seed, MEAN_US / (servers * load))
        wait = (begin_service(arrive, service, servers) - arrive)[WARM_UP:]
        waits.append(wait.mean())
        delayed.append((wait > 0).mean())
    assert abs(z_of(waits, theory.mean_wait(servers * load, servers, MEAN_US))) < BOUND
    assert abs(z_of(delayed, theory.erlang_c(servers * load, servers))) < BOUND


@pytest.mark.parametrize("variation", [0.0, 1.0, 2.25])
def test_one_server_waits_as_pollaczek_and_khinchine_say(variation):
    """Service is constant, exponential, or a mixture of two exponentials with a squared variation of 2.25."""
    waits = []
    for seed in range(REPLICATIONS):
        arrive, exponential = sequences(seed, MEAN_US / 0.7)
        service = served(variation, exponential, seed)
        waits.append((begin_service(arrive, service, 1) - arrive)[WARM_UP:].mean())
    assert abs(z_of(waits, theory.mean_wait_single(0.7, MEAN_US, variation))) < BOUND


def served(variation: float, exponential: np.ndarray, seed: int) -> np.ndarray:
    if variation == 0.0:
        return np.full_like(exponential, MEAN_US)
    if variation == 1.0:
        return exponential
    spread = math.sqrt((variation - 1) / (variation + 1))
    slow = uniform_index(
        1_000_000, drawn_bits(seed, stream("test.theory.branch"), mix_array(seed, np.arange(CUSTOMERS)))
    )
    share = (1 - spread) / 2
    factor = np.where(slow < share * 1_000_000, 0.5 / share, 0.5 / (1 - share))
    return np.rint(exponential * factor).astype(np.int64)


@pytest.mark.filterwarnings("ignore:Pickle, copy, and deepcopy support:DeprecationWarning")  # Ciw copies a counter
@pytest.mark.parametrize(("servers", "compiled"), [(1, False), (3, False), (3, True)])
def test_ciw_serves_the_same_customers_at_the_same_moments(servers, compiled, monkeypatch):
    ciw = pytest.importorskip("ciw")
    if compiled:
        pytest.importorskip("numba")
    monkeypatch.setattr(queues, "WORTH_COMPILING", 0 if compiled else 10**9)
    arrive, service = sequences(5, MEAN_US / (servers * 0.9), 2_000)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Sequential([*map(int, np.diff(arrive, prepend=0)), 10**15])],
        service_distributions=[ciw.dists.Sequential([*map(int, service), 1])],
        number_of_servers=[servers],
    )
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_time(int(arrive[-1]) + 10**9)
    records = sorted(simulation.get_all_records(), key=lambda record: (record.arrival_date, record.id_number))
    assert len(records) == len(arrive)
    theirs = np.array([record.service_start_date for record in records])
    assert np.abs(begin_service(arrive, service, servers) - theirs).max() == 0


JOBS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 30), st.integers(0, 3)), max_size=60)


@given(JOBS, st.integers(1, 4))
def test_every_way_to_serve_gives_the_same(jobs, servers):
    """All stations at once, each by itself, and the loop that compilers like."""
    jobs = sorted(jobs, key=lambda job: job[0])
    arrive, service, station = (np.array([job[part] for job in jobs], dtype=np.int64) for part in range(3))
    together = begin_by_station(station, arrive, service, servers)
    for one in range(4):
        rows = station == one
        alone = queues._loop(arrive[rows], service[rows], np.zeros(servers, dtype=np.int64))
        assert (together[rows] == alone).all()
        assert (begin_service(arrive[rows], service[rows], servers) == alone).all()


@given(JOBS, st.integers(1, 3))
def test_one_more_server_makes_nobody_wait_longer(jobs, servers):
    jobs = sorted(jobs, key=lambda job: job[0])
    arrive, service, _ = (np.array([job[part] for job in jobs], dtype=np.int64) for part in range(3))
    assert (begin_service(arrive, service, servers + 1) <= begin_service(arrive, service, servers)).all()
    assert (begin_service(arrive, service, servers) >= arrive).all()


@given(JOBS)
def test_work_is_conserved(jobs):
    """Little's law for one server, exactly: the integral of those present is the sum of their times."""
    jobs = sorted(jobs, key=lambda job: job[0])
    arrive, service, _ = (np.array([job[part] for job in jobs], dtype=np.int64) for part in range(3))
    leave = begin_service(arrive, service, 1) + service
    horizon = int(leave.max(initial=0)) + 1
    present = [int(((arrive <= moment) & (moment < leave)).sum()) for moment in range(horizon)]
    assert sum(present) == int((leave - arrive).sum())


def test_a_line_without_a_server_is_refused():
    with pytest.raises(ValueError, match="at least one server"):
        begin_service(np.zeros(1, dtype=np.int64), np.ones(1, dtype=np.int64), 0)


@pytest.mark.oracle("O-18")
@pytest.mark.parametrize("count", [2, 5, 16])
def test_choices_are_even(count):
    """Chi-square against 1/k with the bound of one in a thousand (Wilson and Hilferty)."""
    drawn = uniform_index(count, drawn_bits(1, stream("test.theory.choice"), mix_array(1, np.arange(50_000))))
    seen, expected = np.bincount(drawn, minlength=count), 50_000 / count
    freedom = count - 1
    bound = freedom * (1 - 2 / (9 * freedom) + 3.09 * math.sqrt(2 / (9 * freedom))) ** 3
    assert ((seen - expected) ** 2 / expected).sum() < bound
