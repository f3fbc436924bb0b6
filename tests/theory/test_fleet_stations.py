"""The stations of the fleet against closed forms: thousands of clients together ask like a Poisson stream."""

from __future__ import annotations

import math
from datetime import date

import numpy as np
import pytest

pytest.importorskip("numba")

from cmgsim.capacity import theory
from cmgsim.design.clients import DayPlan
from cmgsim.draws import identity, mix_array
from cmgsim.fleet.days import timetable
from cmgsim.fleet.fast import FastFleet
from cmgsim.fleet.population import Fleet, Traits
from cmgsim.fleet.series import INTERVAL_US
from cmgsim.site.client import Activity
from cmgsim.site.landscape import SERVED, Contact, Landscape, Over, Route, Station, StationKind, Told
from cmgsim.units import HOUR

#: The bound of |z| that a normal variable exceeds once in a thousand times; seeds are fixed, so tests never flicker.
BOUND = 3.29
CLIENTS, SEEDS = 3_000, range(8)
WARM_UP, UNTIL = 2, 12
"""Hours: those before are not counted."""


def fleet(servers: int, service_us: int, seed: int) -> FastFleet:
    """Return clients that ask one management point for policy, about once an hour each, and nothing else."""
    cycles = [1_000 * 24 * HOUR] * len(Activity)
    cycles[Activity.POLICY] = HOUR
    seen = Landscape(
        contacts=(Contact(Over.INTERNET, "published", "mp1"),),
        publications=((), (0,)),
        published=(1,),
        bootstraps=(1,),
        tiers=((),),
        answers=((SERVED,),),
        domain_controller=False,
        told=(Told(use_gateway=True, cycles_us=tuple(cycles)),),
        active_gateways=(),
        stations=(Station(StationKind.MANAGEMENT_POINT, "mp1", servers, (service_us,) * len(Activity)),),
        routes=(Route((), 0),),
    )
    traits = Traits("road", 0, timetable(DayPlan(always="internet"), date(2019, 7, 29)), always_on_internet=False)
    who = np.arange(CLIENTS, dtype=np.int32)
    here = np.zeros(CLIENTS, dtype=np.int32)
    return FastFleet(Fleet((traits,), (), here, who, mix_array(identity("theory"), seed, who), here, here), seen, seed)


def measured(servers: int, service_us: int, seed: int) -> tuple[float, float, float]:
    """Return the mean wait (us), the offered load and the share of the time that a server is busy."""
    one = fleet(servers, service_us, seed)
    one.advance(UNTIL * HOUR)
    load, steady = one.measures().load, slice(WARM_UP * HOUR // INTERVAL_US, UNTIL * HOUR // INTERVAL_US)
    span_us = (UNTIL - WARM_UP) * HOUR
    arrivals = int(load.arrivals[steady, 0].sum())
    waited_us, busy_us = int(load.waiting_us[steady, 0].sum()), int(load.busy_us[steady, 0].sum())
    return waited_us / arrivals, arrivals * service_us / span_us, busy_us / span_us / servers


@pytest.mark.parametrize(("servers", "load"), [(1, 0.6), (1, 0.8), (4, 0.8)])
def test_a_station_of_the_fleet_waits_as_erlang_says(servers: int, load: float) -> None:
    service_us = round(servers * load * HOUR / CLIENTS)
    waits, offered, busy = np.array([measured(servers, service_us, seed) for seed in SEEDS]).T
    assert offered.mean() / servers == pytest.approx(load, rel=0.001)
    assert abs(z_of(waits, theory.mean_wait(float(offered.mean()), servers, service_us))) < BOUND
    assert abs(z_of(busy, float(offered.mean()) / servers)) < BOUND


def z_of(values: np.ndarray, expected: float) -> float:
    return float((values.mean() - expected) / (values.std(ddof=1) / math.sqrt(len(values))))
