"""When the threshold alerts look, in whole microseconds, and what they leave alone."""

from __future__ import annotations

from site_parts import Parts, design_of

from cmgsim.design.gateways import Alerts as Settings
from cmgsim.design.plan import Step
from cmgsim.facts import Message
from cmgsim.site.alerts import CHECK_US, Alerts, Level, level_bytes
from cmgsim.site.deployment import GatewayChanged, State
from cmgsim.site.facts import AlertRaised
from cmgsim.site.meters import Meter
from cmgsim.units import HOUR

GB = 10**9
TWO = {"gateways.east.alerts": {}, "gateways.west": {"certificate": "west", "region": "westus", "alerts": {}}}


def watching(changes) -> tuple[Alerts, Meter, Parts]:
    parts, meter = Parts(design_of(changes)), Meter()
    return Alerts(parts.deployments, meter, 1906), meter, parts


def test_a_level_is_a_whole_number_of_bytes_rounded_down():
    settings = Settings.model_construct(threshold=3, warning=500_000, critical=900_000)
    assert (level_bytes(settings, Level.WARNING), level_bytes(settings, Level.CRITICAL)) == (1, 2)


def test_the_first_check_is_six_minutes_after_the_start_and_then_every_six():
    alerts, _, _ = watching({"gateways.east.alerts": {}})
    assert alerts.due() == CHECK_US == 6 * 60 * 10**6
    alerts.step(CHECK_US)
    assert alerts.due() == 2 * CHECK_US


def test_word_of_a_change_moves_no_check_that_is_due():
    alerts, _, _ = watching({"gateways.east.alerts": {}})
    alerts.receive(GatewayChanged("east"), CHECK_US)
    assert alerts.due() == CHECK_US


def test_alerts_turned_on_are_first_looked_at_with_the_next_multiple_of_six_minutes():
    alerts, _, parts = watching({})
    alerts.receive(GatewayChanged("east"), HOUR)
    assert alerts.due() is None, "there is nothing to watch yet"
    east = parts.deployments["east"]
    east.settings = east.settings.model_copy(update={"alerts": Settings()})
    alerts.receive(GatewayChanged("east"), HOUR + 1)
    assert alerts.due() == HOUR + CHECK_US
    assert isinstance(alerts.due(), int)


def test_every_gateway_has_levels_of_its_own():
    alerts, meter, _ = watching(TWO)
    meter.add("west", 0, 5_000 * GB)
    assert alerts.step(CHECK_US) == [AlertRaised("west", "warning", 5_000 * GB, 5_000 * GB)]
    meter.add("east", CHECK_US, 9_000 * GB)
    raised = alerts.step(2 * CHECK_US)
    assert [(fact.gateway, fact.level) for fact in raised] == [("east", "warning"), ("east", "critical")]


def test_only_the_gateway_that_is_to_stop_is_stopped_and_only_for_the_critical_level():
    stopping = {**TWO, "gateways.east.alerts": {"stop_on_critical": True}}
    alerts, meter, _ = watching(stopping)
    meter.add("east", 0, 5_000 * GB)
    meter.add("west", 0, 9_500 * GB)
    assert not [item for item in alerts.step(CHECK_US) if isinstance(item, Message)]
    meter.add("east", CHECK_US, 4_000 * GB)
    stops = [item for item in alerts.step(2 * CHECK_US) if isinstance(item, Message)]
    assert stops == [Message("cloud_manager", Step(stop_gateway="east"))]


def test_a_gateway_that_is_absent_neither_raises_nor_is_stopped():
    alerts, meter, parts = watching({"gateways.east.alerts": {"stop_on_critical": True}})
    parts.gateway("east", State.ABSENT)
    meter.add("east", 0, 9_000 * GB)
    assert alerts.step(CHECK_US) == []


def test_whose_alerts_are_switched_off_owes_no_stop():
    alerts, meter, parts = watching({**TWO, "gateways.east.alerts": {"stop_on_critical": True}})
    east = parts.deployments["east"]
    east.state = State.UPDATING
    meter.add("east", 0, 9_000 * GB)
    alerts.step(CHECK_US)
    own = east.settings
    east.settings = own.model_copy(update={"alerts": None})
    alerts.step(2 * CHECK_US)
    east.settings, east.state = own, State.READY
    assert alerts.step(3 * CHECK_US) == []


def test_a_level_crossed_again_counts_from_the_moment_of_falling_below():
    alerts, meter, parts = watching({"gateways.east.alerts": {}})
    meter.add("east", 0, 5_000 * GB)
    assert len(alerts.step(CHECK_US)) == 1
    east = parts.deployments["east"]
    east.settings = east.settings.model_copy(update={"alerts": Settings.model_validate({"threshold": "20 TB"})})
    assert alerts.step(2 * CHECK_US) == []
    east.settings = east.settings.model_copy(update={"alerts": Settings()})
    assert [fact.level for fact in alerts.step(3 * CHECK_US)] == ["warning"]


def test_alerts_are_told_of_changes_under_their_name():
    alerts, _, _ = watching({})
    assert alerts.name == "alerts"
