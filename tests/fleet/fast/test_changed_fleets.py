"""What a change of a fleet or its landscape must not change, or may change one way only, under common draws."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numba")

from twins import CONTACTS, EAST, HOUR, MILLISECOND, MINUTE, PUBLICATIONS, WSUS, WSUS_TOO, clients, told

from cmgsim.capacity.statistics import t_quantile
from cmgsim.fleet.fast import FastFleet
from cmgsim.fleet.measures import Hop
from cmgsim.fleet.population import Fleet
from cmgsim.site.client import HABITS, Activity
from cmgsim.site.landscape import SERVED, Contact, Door, Landscape, Over, Route, Station, StationKind

P99 = 990_000
SEEDS, LOADED_HOURS = range(8), range(1, 6)
ROAD = ({"always": "internet"}, {"work": "08:30-17:00", "remote": "60%", "outside_work": "stays_on"})


def station(kind: StationKind, name: str, servers: int, service_us: int) -> Station:
    return Station(kind, name, servers, (service_us,) * len(Activity))


def seen(vms: int) -> Landscape:
    """Return one gateway with so many VMs of one server each; the rest is fast."""
    machines = [station(StationKind.VM, f"vm{number}", 1, 1_200 * MILLISECOND) for number in range(vms)]
    point = station(StationKind.CONNECTION_POINT, "cp", 500, MILLISECOND)
    role = station(StationKind.MANAGEMENT_POINT, "mp1", 500, MILLISECOND)
    gateway = Route(tuple(Door(vm, (vms,)) for vm in range(vms)), vms + 1)
    return Landscape(
        contacts=CONTACTS,
        publications=PUBLICATIONS,
        published=(1,),
        bootstraps=(1,) * len(ROAD),
        tiers=(((0, 1),),) * 2,
        answers=((SERVED,) * len(CONTACTS),) * len(ROAD),
        domain_controller=True,
        told=(told(True, 20 * MINUTE, HOUR, 4 * HOUR),) * len(ROAD),
        active_gateways=(),
        update_pools=(((0, WSUS), (HOUR, WSUS_TOO)), ()),
        stations=(*machines, point, role),
        routes=tuple(gateway if contact == EAST else Route((), vms + 1) for contact in range(len(CONTACTS))),
    )


def lived(fleet: Fleet, landscape: Landscape, seed: int = 1, hours: int = 6) -> FastFleet:
    one = FastFleet(fleet, landscape, seed)
    one.advance(hours * HOUR)
    return one


@pytest.mark.parametrize("vms", [1, 2, 3])
def test_one_more_vm_does_not_slow_any_loaded_hour(vms: int) -> None:
    fleet = clients(450, HABITS, ROAD[:1])
    slower = np.zeros((len(SEEDS), len(LOADED_HOURS)))
    for row, seed in enumerate(SEEDS):
        few, more = (lived(fleet, one_population(seen(count)), seed).measures().latencies for count in (vms, vms + 1))
        for column, hour in enumerate(LOADED_HOURS):
            before, after = few.quantile(P99, Hop.TOTAL, hour=hour), more.quantile(P99, Hop.TOTAL, hour=hour)
            assert before is not None
            assert after is not None
            slower[row, column] = after - before
    half_width = t_quantile(0.995, len(SEEDS) - 1) * slower.std(axis=0, ddof=1) / math.sqrt(len(SEEDS))
    assert (slower.mean(axis=0) <= half_width).all()
    assert slower.mean() < 0


def one_population(landscape: Landscape) -> Landscape:
    """Return the landscape for the first population alone."""
    return replace(landscape, bootstraps=(1,), answers=landscape.answers[:1], told=landscape.told[:1])


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**64 - 1), st.booleans(), st.randoms(use_true_random=False))
def test_clients_of_other_names_live_the_same_lives(seed: int, queued: bool, random) -> None:
    fleet, landscape = clients(30, HABITS, ROAD), seen(2)
    landscape = landscape if queued else replace(landscape, stations=(), routes=())
    order = list(range(len(fleet)))
    random.shuffle(order)
    shuffled = only(fleet, order)
    left, right = lived(fleet, landscape, seed, 30), lived(shuffled, landscape, seed, 30)
    assert np.array_equal(left.roll().digest[order], right.roll().digest)
    assert np.array_equal(left.series().requests, right.series().requests)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**64 - 1), st.integers(0, 59))
def test_without_one_client_all_others_draw_the_same(seed: int, gone: int) -> None:
    """Nothing queues here: at stations the others would meet one less."""
    fleet, landscape = clients(30, HABITS, ROAD), replace(seen(2), stations=(), routes=())
    others = [client for client in range(len(fleet)) if client != gone]
    whole, rest = lived(fleet, landscape, seed, 30), lived(only(fleet, others), landscape, seed, 30)
    assert np.array_equal(whole.roll().digest[others], rest.roll().digest)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**64 - 1))
def test_a_gateway_that_nobody_knows_changes_nothing(seed: int) -> None:
    fleet, landscape = clients(30, HABITS, ROAD), seen(2)
    spare = len(landscape.stations)
    wider = replace(
        landscape,
        contacts=(*CONTACTS, Contact(Over.GATEWAY, "south.contoso.com/1", "mp1", "south.contoso.com")),
        publications=(*PUBLICATIONS, (len(CONTACTS),)),
        answers=tuple((*row, SERVED) for row in landscape.answers),
        stations=(*landscape.stations, station(StationKind.VM, "south", 1, MILLISECOND)),
        routes=(*landscape.routes, Route((Door(spare, (2,)),), 3)),
    )
    left, right = lived(fleet, landscape, seed, 30), lived(fleet, wider, seed, 30)
    assert np.array_equal(left.roll().digest, right.roll().digest)
    assert np.array_equal(left.series().requests, right.series().requests)
    assert np.array_equal(left.measures().load.arrivals, right.measures().load.arrivals[:, :spare])
    assert not right.measures().load.arrivals[:, spare].any()


def only(fleet: Fleet, chosen: list[int]) -> Fleet:
    """Return chosen clients of a fleet, in that order."""
    arrays = {name: getattr(fleet, name)[chosen] for name in ("population", "member", "key", "home", "vpn")}
    return replace(fleet, **arrays)
