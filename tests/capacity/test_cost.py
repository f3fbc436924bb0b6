"""The published examples of the cost estimator, to the cent."""

from decimal import Decimal

import pytest

from cmgsim.capacity.cost import ESTIMATOR_1903, cloud_distribution_point_cost, monthly_cost
from cmgsim.units import share_ppm


@pytest.mark.oracle("O-12")
@pytest.mark.parametrize(
    ("devices", "roaming", "megabytes", "published"),
    [(23_608, "10%", 3_745, "949.78"), (37_198, "25%", 2_815, "2422.80")],
)
def test_the_published_examples_come_out_to_the_cent(devices, roaming, megabytes, published):
    prices = ESTIMATOR_1903["westus"]
    cost = monthly_cost(prices, vms=2, devices=devices, roaming=share_ppm(roaming), mb_per_device=megabytes)
    assert abs(cost - Decimal(published)) <= Decimal("0.01")


@pytest.mark.seed("S-51")
@pytest.mark.parametrize("prices", ESTIMATOR_1903.values(), ids=list(ESTIMATOR_1903))
def test_content_from_the_gateway_costs_less_than_a_cloud_distribution_point_beside_it(prices):
    gateway = monthly_cost(prices, vms=2, devices=5_000, roaming=share_ppm("10%"), mb_per_device=1_000)
    assert gateway < gateway + cloud_distribution_point_cost(prices)
    assert cloud_distribution_point_cost(prices) > 20
