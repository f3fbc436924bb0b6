"""Failures in plain Python: a fault lasts as long as its block, and all is well again afterwards."""

from pathlib import Path

from cmgsim import build, load
from cmgsim.units import hours, minutes, us_timedelta

DESIGN = Path(__file__).parent / "designs" / "new_york.design.yaml"


def test_a_gateway_of_two_vms_outlives_one_of_them():
    world = build(load(DESIGN))
    world.run(hours(10))
    with world.fault("vm_down", gateway="east", vm=1):
        world.run(hours(2))
        assert world.console.gateways().column("connection points") == ("2 of 2 connected",)
    world.run(minutes(2))
    assert world.analyze("east")
    assert world.finish().availability.column("available") == ("100%",)


def test_without_both_connection_points_nobody_gets_through():
    world = build(load(DESIGN))
    world.run(hours(10))
    with world.fault("connection_point_down", "cp1"), world.fault("connection_point_down", "cp2"):
        world.run(hours(1))
        assert not world.analyze("east")
    world.run(minutes(2))
    assert world.analyze("east")
    [(start, end)] = world.finish().gaps()
    assert hours(1) <= us_timedelta(end - start) <= hours(1) + minutes(1)
