"""Client settings: the console's defaults, and what it does not take."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from cmgsim.design.clients import ClientSettings

SCHEDULES = ("scan_cycle", "hardware_inventory", "software_inventory", "heartbeat", "state_messages")


def test_schedules_have_the_consoles_defaults():
    settings = ClientSettings()
    assert [getattr(settings, name) for name in SCHEDULES] == [*[timedelta(days=7)] * 4, timedelta(minutes=15)]


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("value", ["0s", "-1d", 7, "weekly", None])
def test_a_schedule_is_a_positive_duration(name, value):
    with pytest.raises(ValidationError, match=name):
        ClientSettings.model_validate({name: value})


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_taken_as_written(name):
    assert getattr(ClientSettings.model_validate({name: "2d"}), name) == timedelta(days=2)


def test_scans_come_at_most_once_a_day():
    with pytest.raises(ValidationError, match="no scan schedule shorter than a day: write '1d' or more"):
        ClientSettings.model_validate({"scan_cycle": "12h"})
    assert ClientSettings.model_validate({"scan_cycle": "1d"}).scan_cycle == timedelta(days=1)
