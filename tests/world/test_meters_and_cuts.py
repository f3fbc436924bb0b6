"""The meters of gateways read the traffic of each five-minute interval, however a run is cut into pieces."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.site.facts import AlertRaised
from cmgsim.site.meters import INTERVAL_US, WINDOW_US
from cmgsim.units import DAY, HOUR, MINUTE, us_timedelta
from cmgsim.world.build import build

#: Nothing happens in the control plane of such a design for days on end: its platform rests.
RESTING = {"vm_rebuilds_per_month": 0, "host_updates_per_month": 0}
QUIET = design_of({"azure.platform": RESTING, "clients.office": None, "clients.road.count": 6})
ENGINES = pytest.mark.parametrize("engine", ["reference", "fast"])


def alerts(threshold: str) -> Step:
    levels = {"threshold": threshold, "warning": "50%", "critical": "100%"}
    return Step.model_validate({"modify_gateway": {"gateway": "old", "alerts": levels}})


def live(engine: str, pieces_us: list[int], watched_us: list[int], threshold: str = "6 MB"):
    """Live in pieces, set alerts, and live on in pieces."""
    world = build(QUIET, seed=1, engine=engine)
    for piece_us in pieces_us:
        world.run(us_timedelta(piece_us))
    world.do(alerts(threshold))
    for piece_us in watched_us:
        world.run(us_timedelta(piece_us))
    return world


def used_bytes(world) -> int:
    return world.sites.meter.used_bytes("old", world.now_us)


@ENGINES
def test_a_quiet_time_is_not_booked_as_the_traffic_of_its_last_moment(engine):
    whole = live(engine, [10 * DAY], [12 * DAY], threshold="1 GB")
    days = live(engine, [DAY] * 10, [DAY] * 12, threshold="1 GB")
    assert whole.finish().digest == days.finish().digest
    assert used_bytes(whole) == used_bytes(days) > 0


@ENGINES
def test_the_meter_holds_the_traffic_of_the_fourteen_days_and_no_more(engine):
    world = live(engine, [10 * DAY], [8 * DAY])
    egress = world.fleet.series().egress[:, sorted(world.contacts_over("old"))].sum(axis=1)
    first = (world.now_us - WINDOW_US) // INTERVAL_US + 1
    assert used_bytes(world) == egress[first:].sum()
    assert egress[: first - 1].sum() > 0


@ENGINES
def test_engines_tell_what_left_azure_in_each_interval(engine):
    world = build(QUIET, engine=engine)
    for piece_us in (7 * MINUTE, 3 * MINUTE, HOUR, DAY, 1):
        world.run(us_timedelta(piece_us))
        egress = world.fleet.series().egress
        for interval in {0, len(egress) // 2, len(egress) - 1}:
            assert np.array_equal(world.fleet.egress_since(interval), egress[interval:])
    world.fleet.egress_since(0)[:] = 7
    assert np.array_equal(world.fleet.series().egress, egress)


CUTS = st.lists(st.integers(1, 3 * DAY - 1) | st.integers(1, 3 * DAY // INTERVAL_US - 1).map(INTERVAL_US.__mul__))


def pieces(cuts: list[int]) -> list[int]:
    edges = sorted({0, *cuts, 3 * DAY})
    return [after - before for before, after in pairwise(edges)]


@settings(max_examples=8)
@given(cuts=CUTS, watched=CUTS, engine=st.sampled_from(["reference", "fast"]))
def test_cut_anywhere_a_run_is_the_same_and_raises_the_same_alerts(cuts, watched, engine):
    whole, cut = live("reference", [3 * DAY], [3 * DAY]), live(engine, pieces(cuts), pieces(watched))
    assert whole.finish().digest == cut.finish().digest
    assert whole.finish().trace.select(AlertRaised) == cut.finish().trace.select(AlertRaised) != ()
    assert used_bytes(whole) == used_bytes(cut)
