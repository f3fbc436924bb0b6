"""What gateways cost in a month, from dated prices that can be replaced.

The built-in prices are those of Microsoft's cost estimator of technical preview 1903, kept because its two published
examples calibrate the formula; give your own for a decision. Money is counted in hundredths, never in floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from cmgsim.units import PARTS_PER_MILLION

#: Assumption: a content-enabled gateway spares the two A0 VMs of a cloud distribution point; their price is a fifth of
#: an A2_v2's.
A0_VMS = 2
A0_SHARE_OF_A2 = Decimal("0.2")


@dataclass(frozen=True)
class Prices:
    """Prices of one region: a VM of size A2_v2 for a month, and a gigabyte (2**30 bytes) of outbound traffic."""

    region: str
    currency: str
    vm_month: Decimal
    egress_gb: Decimal
    dated: str


ESTIMATOR_1903 = MappingProxyType(
    {
        price.region: price
        for price in (
            Prices("westus", "USD", Decimal("99.28"), Decimal("0.087"), "2019-03"),
            Prices("westeurope", "EUR", Decimal("80.03"), Decimal("0.074"), "2019-03"),
            Prices("northeurope", "EUR", Decimal("70.73"), Decimal("0.065"), "2019-03"),
        )
    }
)
"""Prices by region (source: cost estimator of technical preview 1903)."""


def monthly_cost(prices: Prices, *, vms: int, devices: int, roaming: int, mb_per_device: int) -> Decimal:
    """Return the cost of a month in the prices' currency, to the cent.

    *roaming* is the share (ppm) of *devices* that use the gateway, rounded up; *mb_per_device* their outbound traffic
    in megabytes (2**20 bytes) a month: 100 to 300 without content (source: "Plan for cloud management gateway").
    """
    users = -(-devices * roaming // PARTS_PER_MILLION)
    egress = Decimal(users * mb_per_device) / 1024 * prices.egress_gb
    return (vms * prices.vm_month + egress).quantize(Decimal("0.01"), ROUND_HALF_UP)


def cloud_distribution_point_cost(prices: Prices) -> Decimal:
    """Return what a cloud distribution point of its own adds in a month: its two VMs, before any traffic."""
    return (A0_VMS * A0_SHARE_OF_A2 * prices.vm_month).quantize(Decimal("0.01"), ROUND_HALF_UP)
