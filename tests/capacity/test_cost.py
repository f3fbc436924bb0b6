"""The published examples of the cost estimator, to the cent."""

from decimal import Decimal

import pytest
from crowds import crowd

from cmgsim.capacity.cost import (
    ESTIMATOR_1903,
    Prices,
    cloud_distribution_point_cost,
    monthly_cost,
    storage_cost,
    stored_bytes,
)
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


GB = 2**30
WEST = ESTIMATOR_1903["westus"]


def stocked(**changes):
    """Return a design of two running gateways and a planned one, with packages in their storage."""
    gateway = {"certificate": "east", "region": "westeurope", "trusted_authorities": ["root"]}
    gateways = {"east": gateway, "west": gateway | {"content": False}, "later": gateway | {"planned": True}}
    packages = {
        "office": {"size": f"{10 * GB}B", "distribution_points": []},
        "tool": {"size": f"{5 * GB}B", "gateways": ["west", "later"], "distribution_points": []},
    }
    return crowd(**{"gateways": gateways, "content": {"packages": packages}, **changes})


def test_a_gateway_stores_what_is_distributed_to_it_if_it_serves_content():
    assert stored_bytes(stocked()) == {"east": 10 * GB}
    old = {"sites": {"P01": {"use_pki_client_certificate": True}}, "gateway_feature": True, "version": 1802}
    assert stored_bytes(stocked(hierarchy=old)) == {}
    assert stored_bytes(crowd()) == {"east": 0}


def test_storage_costs_by_the_gigabyte_and_twice_as_much_where_it_is_geo_redundant():
    assert storage_cost(WEST, stocked()) == Decimal("0.24")
    assert storage_cost(WEST, stocked(), gateways=2) == Decimal("0.24")
    assert storage_cost(WEST, stocked(), gateways=4) == Decimal("0.72"), "two more hold as much as the fullest"
    classic = {"certificate": "east", "region": "westeurope", "deployment": "classic"}
    assert storage_cost(WEST, stocked(gateways={"east": classic, "west": classic, "later": classic})) == Decimal("1.92")
    assert storage_cost(WEST, crowd()) == 0


def test_without_a_price_for_storage_its_cost_is_left_open():
    own = Prices("here", "USD", Decimal(1), Decimal(1), "today")
    assert storage_cost(own, stocked()) is None
    assert storage_cost(own, crowd()) == 0, "nothing is stored"
