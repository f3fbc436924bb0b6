"""Requests queue as the stations' rules say: nothing is lost, Little's law holds, and clients feel it."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from twins import (
    CONTACTS,
    EAST,
    HOUR,
    MINUTE,
    MP,
    NARROW,
    PUBLICATIONS,
    SECOND,
    STATIONS,
    WHOLE_SECONDS,
    WIDE,
    clients,
    differences,
    routes,
    told,
)

from cmgsim.fleet.measures import Hop
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.fleet.series import Count
from cmgsim.fleet.stations import KNOTS, SCALE_BITS, quantiles, service_us
from cmgsim.site.client import HABITS, Activity
from cmgsim.site.landscape import SERVED, Door, Landscape, Route

ONLINE = ({"always": "internet"},)
BOTH = (Door(0, (WIDE,)), Door(1, (WIDE,)))


def seen(doors: tuple[Door, ...] = BOTH, ports: int = 0, servers: int = 2) -> Landscape:
    """Return one gateway that everybody asks every twenty minutes."""
    stations = [replace(station, servers=servers) for station in STATIONS]
    stations[NARROW], stations[WIDE] = replace(stations[NARROW], ports=ports), replace(stations[WIDE], ports=ports)
    return Landscape(
        contacts=CONTACTS,
        publications=PUBLICATIONS,
        published=(1,),
        bootstraps=(1,),
        tiers=((), ()),
        answers=((SERVED,) * len(CONTACTS),),
        domain_controller=False,
        told=(told(True, 20 * MINUTE, HOUR, 4 * HOUR),),
        active_gateways=(),
        stations=tuple(stations),
        routes=routes(doors),
    )


def lived(landscape: Landscape, count: int = 300, until_us: int = 2 * HOUR) -> ReferenceFleet:
    fleet = ReferenceFleet(clients(count, HABITS, ONLINE), landscape, 3)
    fleet.advance(until_us)
    return fleet


def test_quantiles_rise_and_their_mean_is_one() -> None:
    table = quantiles()
    assert len(table) == KNOTS + 1
    assert list(table) == sorted(table)
    assert sum(table[:-1]) + sum(table[1:]) == 2 * KNOTS << SCALE_BITS
    assert table[KNOTS // 2] == pytest.approx(0.693147 * 2**SCALE_BITS, rel=1e-5)


def test_service_times_are_spread_about_their_mean() -> None:
    assert service_us(SECOND, 0) == 0
    assert service_us(SECOND, 1 << 63) == pytest.approx(693_147, abs=2)
    times = [service_us(SECOND, (number << 44) + (1 << 43)) for number in range(1 << 20) if number % 37 == 0]
    assert np.mean(times) == pytest.approx(SECOND, rel=2e-3)


def test_every_arrival_is_served_failed_or_still_there() -> None:
    fleet = lived(seen())
    load = fleet.measures().load
    arrived = load.arrivals.sum(axis=0)
    gone = load.served.sum(axis=0) + load.failed.sum(axis=0)
    assert np.array_equal(arrived, gone + load.waiting[-1] + load.in_service[-1])
    assert arrived[MP] > 1_000
    assert load.busy_us.max() <= 2 * 5 * MINUTE


def test_littles_law() -> None:
    """The time that requests waited is what the line's length adds up to; bins blur it by a 32nd."""
    fleet = lived(seen(servers=1), count=400)
    measures = fleet.measures()
    histogram = measures.latencies.histogram(Hop.ROLE_WAIT)
    from cmgsim.fleet.histogram import edges

    low, high = (histogram * edges()[:-1]).sum(), (histogram * (edges()[1:] - 1)).sum()
    waited = measures.load.waiting_us[:, MP].sum()
    still = measures.load.waiting[-1, MP] * 2 * HOUR
    assert low <= waited <= high + still
    assert waited > MINUTE


def test_more_clients_mean_delay_and_no_refusal() -> None:
    few, many = (lived(seen(servers=1), count=count) for count in (20, 400))
    slow = [fleet.measures().latencies.quantile(990_000, Hop.TOTAL) for fleet in (few, many)]
    assert slow[0] is not None
    assert slow[1] is not None
    assert slow[1] > 2 * slow[0]
    assert many.series().total(Count.REFUSED) == 0


def test_requests_without_a_port_are_refused_and_channels_hold_ports() -> None:
    fleet = lived(seen(ports=50), count=200)
    load = fleet.measures().load
    assert load.ports[:, WIDE].max() == 50
    assert load.refused[:, WIDE].sum() == fleet.series().total(Count.REFUSED) > 0


def test_a_vm_without_connection_points_refuses() -> None:
    fleet = lived(seen((Door(2, ()),)), count=20)
    assert fleet.series().total(Count.SERVED) == 0
    assert fleet.series().total(Count.REFUSED) > 0


def test_the_second_vm_takes_half_of_the_requests() -> None:
    load = lived(seen(servers=50)).measures().load
    arrivals, served = load.arrivals.sum(axis=0), load.served.sum(axis=0)
    assert served[0] + served[1] == arrivals[WIDE]
    assert abs(arrivals[0] - arrivals[1]) < 0.1 * arrivals[WIDE]


def test_what_is_in_flight_fails_when_its_vm_goes() -> None:
    landscape = seen((Door(0, (WIDE,)),), servers=1)
    fleet = lived(landscape, count=400, until_us=20 * MINUTE)
    while fleet.measures().load.waiting[-1, 0] == 0:
        fleet.advance(fleet.now_us + SECOND)
    there = fleet.measures().load
    fleet.behold(replace(landscape, routes=routes((Door(1, (WIDE,)),))))
    load = fleet.measures().load
    assert load.failed[:, 0].sum() == there.waiting[-1, 0] + there.in_service[-1, 0]
    assert load.waiting[-1, 0] == load.in_service[-1, 0] == 0
    before = fleet.series().total(Count.UNANSWERED)
    fleet.advance(fleet.now_us + 10 * SECOND)
    assert fleet.series().total(Count.UNANSWERED) >= before + load.failed[:, 0].sum()


def test_a_client_acts_on_a_reply_a_reaction_time_after_it() -> None:
    landscape = seen()
    instant = replace(
        landscape,
        stations=tuple(replace(station, service_us=(0,) * len(Activity)) for station in landscape.stations),
    )
    fleet = ReferenceFleet(clients(1, WHOLE_SECONDS, ONLINE), instant, 3, frozenset({0}))
    fleet.advance(HOUR)
    asked, served = fleet.diary.entries[1:3]
    waited_us = served.at_us - asked.at_us
    assert 2 * SECOND + WHOLE_SECONDS.reaction_us <= waited_us <= 4 * SECOND + WHOLE_SECONDS.reaction_us


def test_a_client_gives_up_after_its_patience_and_the_work_is_done_all_the_same() -> None:
    landscape = seen(servers=1)
    slow = replace(
        landscape,
        stations=tuple(replace(station, service_us=(90 * SECOND,) * len(Activity)) for station in landscape.stations),
        routes=tuple(Route((), MP) for _ in CONTACTS),
    )
    fleet = lived(slow, count=30, until_us=HOUR)
    assert fleet.series().total(Count.UNANSWERED) > 30
    assert fleet.measures().load.served[:, MP].sum() > fleet.series().total(Count.SERVED)


def test_a_copy_of_the_reference_queues_as_the_original_would() -> None:
    fleet = ReferenceFleet(clients(200, HABITS, ONLINE), seen(servers=1), 3)
    fleet.advance(HOUR + 12_345)
    twin = deepcopy(fleet)
    fleet.advance(2 * HOUR)
    assert twin.now_us == HOUR + 12_345
    twin.advance(2 * HOUR)
    assert differences(fleet, twin) == []


def test_who_asks_whom_is_the_same_contact_over_every_door() -> None:
    """Stations change when a reply comes, never whom a client asks."""
    one, other = lived(seen(servers=50), count=50), lived(seen((Door(2, (NARROW,)),), servers=50), count=50)
    assert np.array_equal(one.roll().contact, other.roll().contact)
    assert set(one.roll().contact) <= {-1, EAST}
