"""The numbers that faults in Azure take: each has bounds, and beyond them is an error with a remedy."""

import pytest

from cmgsim.arm.faults import POINTS, Fault, Point

YEAR_US = 365 * 24 * 3_600 * 1_000_000
BOUNDS = [
    (Point.SERVER_ERROR, "status", 400, 599),
    (Point.POLL_FAILED, "status", 400, 599),
    (Point.CLOCK_SKEW, "skew_us", -YEAR_US, YEAR_US),
    (Point.ARM_THROTTLED, "retry_after_s", 0, 365 * 24 * 3_600),
    (Point.GUEST_OS_ROLLED, "every_us", 1, None),
    (Point.OPERATION_STUCK, "delay_us", 0, None),
    (Point.QUOTA, "cores", 0, None),
]


@pytest.mark.parametrize(("point", "name", "least", "greatest"), BOUNDS)
def test_a_number_within_its_bounds_is_taken_and_none_beyond(point, name, least, greatest):
    for value in (least, greatest if greatest is not None else 10_000):
        assert Fault("f", point, parameters={name: value}).number(name) == value
    for value in (least - 1, 10**30 if greatest is None else greatest + 1):
        with pytest.raises(ValueError, match=rf"{name} is {value}; write a number from {least} to "):
            Fault("f", point, parameters={name: value})


def test_every_default_is_within_its_bounds():
    for point, (_, known) in POINTS.items():
        Fault("f", point, parameters=known)
