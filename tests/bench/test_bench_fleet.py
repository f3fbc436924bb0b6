"""How fast the fast fleet is: beside the reference, which is one SimPy process a client, and by itself.

Half of the clients roam between office and home, half are laptops that are seldom off; all poll hourly, and nothing
queues unless it is said. Times are CPU seconds of one thread, compiling excluded.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from copy import deepcopy
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from measured import Figures

pytest.importorskip("numba")

from cmgsim.design.clients import ClientSettings, DayPlan
from cmgsim.draws import identity, mix_array
from cmgsim.fleet.auto import warm
from cmgsim.fleet.days import timetable
from cmgsim.fleet.fast import FastFleet
from cmgsim.fleet.population import Fleet, Traits
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.site.client import ACTIVITIES, Activity
from cmgsim.site.landscape import SERVED, Contact, Door, Landscape, Over, Route, Station, StationKind, Told
from cmgsim.site.locales import Locale
from cmgsim.units import DAY, HOUR, MILLISECOND, MINUTE, timedelta_us

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

AREA = "Fleet"
PLANS = (
    {"work": "08:30-17:00", "remote": "50%", "vpn": "20%"},
    {"work": "08:30-17:00", "remote": "60%", "outside_work": "stays_on"},
    {"always": "internet"},
)
INHABITED = 2
"""To so many of the plans clients belong."""
OFFICE, EAST, WEST = range(3)
CONTACTS = (
    Contact(Over.INTRANET, "office", "mp1"),
    Contact(Over.GATEWAY, "east.contoso.com/1", "mp1", "east.contoso.com"),
    Contact(Over.GATEWAY, "west.contoso.com/1", "mp1", "west.contoso.com"),
)
EACH_US = (20 * MILLISECOND,) * len(Activity)
STATIONS = (
    *(Station(StationKind.VM, f"vm{number}", 2_000, EACH_US) for number in range(4)),
    Station(StationKind.CONNECTION_POINT, "cp", 4_000, EACH_US),
    Station(StationKind.MANAGEMENT_POINT, "mp1", 8_000, EACH_US),
)


def clients(count: int) -> Fleet:
    """Return so many clients, half of them of each plan."""
    population = np.arange(count, dtype=np.int32) % INHABITED
    return Fleet(
        traits=tuple(
            Traits(f"p{index}", 0, timetable(DayPlan.model_validate(plan), date(2019, 7, 29)), always_on_internet=False)
            for index, plan in enumerate(PLANS)
        ),
        locales=(Locale("PS1", ("home",)), Locale("PS1", ("vpn",))),
        population=population,
        member=np.arange(count, dtype=np.int32),
        key=mix_array(1, identity("bench"), np.arange(count)),
        home=np.zeros(count, dtype=np.int32),
        vpn=np.ones(count, dtype=np.int32),
    )


def landscape(others: int = SERVED) -> Landscape:
    """Return two gateways that serve everybody; what they answer the population without clients may be chosen."""
    settings = ClientSettings()
    cycles = [timedelta_us(getattr(settings, one.setting)) if one.setting else HOUR for one in ACTIVITIES]
    return Landscape(
        contacts=CONTACTS,
        publications=((), (EAST, WEST)),
        published=(1,),
        bootstraps=(1,) * len(PLANS),
        tiers=(((OFFICE,),),) * 2,
        answers=(*((SERVED,) * len(CONTACTS),) * INHABITED, (others,) * len(CONTACTS)),
        domain_controller=True,
        told=(Told(use_gateway=True, cycles_us=tuple(cycles)),) * len(PLANS),
        active_gateways=(),
    )


def queued() -> Landscape:
    """Return the same, with four VMs, a connection point and a management point that requests queue at."""
    doors = tuple(Door(vm, (4,)) for vm in range(4))
    return replace(landscape(), stations=STATIONS, routes=(Route((), 5), Route(doors, 5), Route(doors, 5)))


def lived(engine: Any, days: int) -> float:
    """Let a fleet live some days, and return the CPU seconds that took."""
    begun = time.process_time()
    engine.advance(days * DAY)
    return time.process_time() - begun


@pytest.fixture(scope="module", autouse=True)
def compiled() -> None:
    warm()


@pytest.mark.parametrize(("count", "wanted"), [(10_000, 200), (50_000, 300)])
def test_beside_a_simpy_process_for_each_client(figures: Figures, count: int, wanted: int) -> None:
    fleet = clients(count)
    slow, fast = ReferenceFleet(fleet, landscape(), 1), FastFleet(fleet, landscape(), 1)
    ratio = lived(slow, 1) / lived(fast, 1)
    assert np.array_equal(slow.roll().digest, fast.roll().digest)
    figures.add(AREA, f"{count:,} clients, a day: SimPy process each over fast fleet", ratio, "times", at_least=wanted)


def test_a_million_clients_for_two_weeks(figures: Figures) -> None:
    found = alone(1_000_000, 14)
    figures.add(AREA, "1,000,000 clients x 14 days, one thread", found["seconds"], "s", at_most=60)
    figures.add(AREA, "1,000,000 clients x 14 days, peak memory", found["peak_mib"], "MiB", at_most=512)
    figures.add(AREA, "memory a client beyond the interpreter", found["bytes_a_client"], "bytes", at_most=256)


def test_ten_million_clients_for_a_day(figures: Figures) -> None:
    found = alone(10_000_000, 1)
    figures.add(AREA, "10,000,000 clients x 1 day, one thread", found["seconds"], "s")
    figures.add(AREA, "10,000,000 clients x 1 day, peak memory", found["peak_mib"], "MiB", at_most=3_072)


def test_cost_grows_with_the_number_of_clients(figures: Figures) -> None:
    few, many = FastFleet(clients(10_000), landscape(), 1), FastFleet(clients(1_000_000), landscape(), 1)
    ratio = lived(many, 1) / lived(few, 10) / 10
    figures.add(AREA, "a client-day among 1,000,000 over one among 10,000", ratio, "times", at_most=1.5)


def test_what_the_control_plane_and_minutes_cost(figures: Figures) -> None:
    """The fleet is stopped and asked every minute, and beholds another landscape every hour; what differs concerns a
    population without clients, which costs what any change costs but changes no life."""
    free, coupled = (FastFleet(clients(1_000_000), landscape(), 1) for _ in range(2))
    alone_s = lived(free, 1)
    begun = time.process_time()
    for minute in range(1, DAY // MINUTE + 1):
        coupled.advance(minute * MINUTE)
        coupled.egress_bytes()
        if minute % 60 == 0:
            coupled.behold(landscape(SERVED if minute % 120 else 403))
    more = (time.process_time() - begun) / alone_s - 1
    assert np.array_equal(free.roll().digest, coupled.roll().digest)
    figures.add(AREA, "1,000,000 clients: stopped every minute", 100 * more, "% more", at_most=20)


def test_a_fork_of_a_million_clients(figures: Figures) -> None:
    fleet = FastFleet(clients(1_000_000), landscape(), 1)
    fleet.advance(HOUR)
    begun = time.process_time()
    deepcopy(fleet)
    figures.add(AREA, "fork of 1,000,000 clients", time.process_time() - begun, "s", at_most=1)


def test_what_queues_cost(figures: Figures) -> None:
    free, queueing = (FastFleet(clients(100_000), seen, 1) for seen in (landscape(), queued()))
    figures.add(AREA, "100,000 clients, a day: with queues over without", lived(queueing, 1) / lived(free, 1), "times")


def alone(count: int, days: int) -> dict[str, float]:
    """Let clients live in a process of their own, for its memory; return what it says."""
    command = [sys.executable, __file__, str(count), str(days)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def memory_mib(field: str) -> float:
    """Return how much memory this process has now (VmRSS) or had at most (VmHWM), on Linux.

    Not :func:`resource.getrusage`: what that calls the most begins at the memory of the process that started this one.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{field}:")[2].split()[0]) / 1024


def _main(count: int, days: int) -> None:
    warm()
    before = memory_mib("VmRSS")
    fleet = FastFleet(clients(count), landscape(), 1)
    seconds = lived(fleet, days)
    peak = memory_mib("VmHWM")
    found = {"seconds": seconds, "peak_mib": peak, "bytes_a_client": (peak - before) * 2**20 / count}
    print(json.dumps(found))


if __name__ == "__main__":
    _main(int(sys.argv[1]), int(sys.argv[2]))
