"""Levels are crossed once, seen within six minutes, and may stop a gateway."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import Parts, design_of

from cmgsim.design.gateways import Alerts as Settings
from cmgsim.design.plan import Step
from cmgsim.facts import Message
from cmgsim.site.alerts import CHECK_US, Alerts, Level, level_bytes
from cmgsim.site.deployment import GatewayChanged, State
from cmgsim.site.facts import AlertRaised
from cmgsim.site.meters import Meter
from cmgsim.units import DAY, MINUTE

GB = 10**9
ON = {"gateways.east.alerts": {}}
STOPPING = {"gateways.east.alerts": {"stop_on_critical": True}}
STOP_EAST = Message("cloud_manager", Step(stop_gateway="east"))


class Watch:
    """Alerts, their meter and their gateway, driven by hand."""

    def __init__(self, changes, version=1906):
        self.parts = Parts(design_of(changes))
        self.meter = Meter()
        self.alerts = Alerts(self.parts.deployments, self.meter, version)

    @property
    def east(self):
        return self.parts.deployments["east"]

    def run(self, until_us):
        """Let checks happen up to a moment; return what was said, with moments."""
        said = []
        while (due_us := self.alerts.due()) is not None and due_us <= until_us:
            said += [(due_us, item) for item in self.alerts.step(due_us)]
        return said


@pytest.mark.seed("S-52")
def test_without_the_check_box_there_are_no_alerts():
    watch = Watch({})
    watch.meter.add("east", 0, 20_000 * GB)
    assert watch.alerts.due() is None


@pytest.mark.seed("S-53")
@pytest.mark.oracle("O-11")
@pytest.mark.conflict("X-7")
def test_the_default_levels_are_5000_and_9000_gigabytes():
    assert level_bytes(Settings(), Level.WARNING) == 5_000 * GB
    assert level_bytes(Settings(), Level.CRITICAL) == 9_000 * GB


@pytest.mark.seed("S-53")
@pytest.mark.oracle("O-11")
def test_each_level_is_raised_once_within_six_minutes_of_its_crossing():
    watch = Watch(ON)
    watch.meter.add("east", 0, 5_000 * GB - 1)
    assert watch.run(DAY) == []
    crossed_us = DAY + MINUTE
    watch.meter.add("east", crossed_us, 1)
    ((at_us, fact),) = watch.run(2 * DAY)
    assert fact == AlertRaised("east", "warning", 5_000 * GB, 5_000 * GB)
    assert crossed_us < at_us <= crossed_us + 6 * MINUTE
    watch.meter.add("east", 2 * DAY, 4_000 * GB)
    assert [fact.level for _, fact in watch.run(3 * DAY)] == ["critical"]
    watch.meter.add("east", 3 * DAY, 1_000 * GB)
    assert watch.run(4 * DAY) == []


@pytest.mark.seed("S-53")
def test_a_level_can_be_crossed_again_after_the_traffic_has_fallen_below_it():
    watch = Watch(ON)
    watch.meter.add("east", 0, 6_000 * GB)
    assert len(watch.run(13 * DAY)) == 1
    assert watch.run(20 * DAY) == []
    watch.meter.add("east", 20 * DAY, 6_000 * GB)
    assert len(watch.run(21 * DAY)) == 1


def test_a_gateway_that_is_to_stop_is_ordered_to_once_and_not_again_after_its_start():
    watch = Watch(STOPPING)
    watch.meter.add("east", 0, 9_000 * GB)
    said = [item for _, item in watch.run(CHECK_US)]
    assert [item.level for item in said if isinstance(item, AlertRaised)] == ["warning", "critical"]
    assert said[-1] == STOP_EAST
    watch.parts.gateway("east", State.STOPPED)
    watch.parts.gateway("east", State.READY)
    assert watch.run(DAY) == []


def test_a_gateway_that_is_being_changed_is_stopped_at_the_check_after_that():
    watch = Watch(STOPPING)
    watch.east.state = State.UPDATING
    watch.meter.add("east", 0, 9_000 * GB)
    assert STOP_EAST not in [item for _, item in watch.run(CHECK_US)]
    watch.east.state = State.READY
    assert watch.run(3 * CHECK_US) == [(2 * CHECK_US, STOP_EAST)]


def test_a_deleted_gateway_owes_no_stop_when_it_is_created_anew():
    watch = Watch(STOPPING)
    watch.east.state = State.UPDATING
    watch.meter.add("east", 0, 9_000 * GB)
    watch.run(CHECK_US)
    watch.east.state = State.ABSENT
    watch.run(2 * CHECK_US)
    watch.east.state = State.READY
    assert STOP_EAST not in [item for _, item in watch.run(3 * CHECK_US)]


@pytest.mark.parametrize(("version", "stops"), [(1810, False), (1902, True)])
def test_stopping_on_the_critical_level_begins_with_1902(version, stops):
    watch = Watch(STOPPING, version)
    watch.meter.add("east", 0, 9_000 * GB)
    assert (STOP_EAST in [item for _, item in watch.run(CHECK_US)]) is stops


@pytest.mark.seed("S-103")
def test_alerts_turned_on_later_are_checked_from_then_on():
    watch = Watch({})
    watch.meter.add("east", 0, 9_000 * GB)
    watch.east.settings = watch.east.settings.model_copy(update={"alerts": Settings()})
    now_us = DAY + MINUTE
    assert watch.alerts.receive(GatewayChanged("east"), now_us) == []
    assert now_us < watch.alerts.due() <= now_us + CHECK_US
    assert len(watch.run(2 * DAY)) == 2
    watch.east.settings = watch.east.settings.model_copy(update={"alerts": None})
    assert watch.run(3 * DAY) == []
    assert watch.alerts.due() is None


@pytest.mark.oracle("O-11")
@given(st.lists(st.integers(0, 3_000), min_size=1, max_size=20))
def test_every_level_that_was_reached_is_raised_exactly_once_while_nothing_leaves_the_window(amounts):
    watch = Watch(ON)
    total, said = 0, []
    for hour, amount in enumerate(amounts):
        total += amount
        watch.meter.add("east", hour * 60 * MINUTE, amount * GB)
        said += watch.run((hour + 1) * 60 * MINUTE - 1)
    levels = [fact.level for _, fact in said]
    assert levels == [level for level, low in (("warning", 5_000), ("critical", 9_000)) if total >= low]
