"""What gateways cost in a month, from dated prices that can be replaced.

The built-in prices are those of Microsoft's cost estimator of technical preview 1903, kept because its two published
examples calibrate the formula; give your own for a decision. Money is counted in hundredths, never in floats.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

from cmgsim.design.model import Design
from cmgsim.site.wizard import effective_content
from cmgsim.units import PARTS_PER_MILLION

#: Assumption: a content-enabled gateway spares the two A0 VMs of a cloud distribution point; their price is a fifth of
#: an A2_v2's.
A0_VMS = 2
A0_SHARE_OF_A2 = Decimal("0.2")


@dataclass(frozen=True)
class Prices:
    """Prices of one region: a VM of size A2_v2 for a month, a gigabyte (2**30 bytes) of outbound traffic.

    ``storage_gb`` is a gigabyte for a month in locally redundant storage, None where nobody has said.
    """

    region: str
    currency: str
    vm_month: Decimal
    egress_gb: Decimal
    dated: str
    storage_gb: Decimal | None = None


#: Assumption: a gigabyte in storage costs 0.024 USD or 0.0202 EUR a month, as Azure's price list of 2019 has it.
_USD, _EUR = Decimal("0.024"), Decimal("0.0202")
GEO_REDUNDANT_FACTOR = 2
"""Assumption: geo-redundant storage, which classic deployments have, costs twice as much as locally redundant."""

ESTIMATOR_1903 = MappingProxyType(
    {
        price.region: price
        for price in (
            Prices("westus", "USD", Decimal("99.28"), Decimal("0.087"), "2019-03", _USD),
            Prices("westeurope", "EUR", Decimal("80.03"), Decimal("0.074"), "2019-03", _EUR),
            Prices("northeurope", "EUR", Decimal("70.73"), Decimal("0.065"), "2019-03", _EUR),
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


def stored_bytes(design: Design) -> dict[str, int]:
    """Return how much content lies in the storage of each gateway that runs from the beginning, by its name."""
    version, packages = design.site_version(), design.content.packages.values()
    return {
        name: sum(package.size for package in packages if package.gateways is None or name in package.gateways)
        for name, gateway in design.gateways.items()
        if not gateway.planned and effective_content(version, gateway)
    }


def storage_cost(prices: Prices, design: Design, gateways: int = 0, of: str | None = None) -> Decimal | None:
    """Return what the storage of a design's content costs in a month, to the cent; None if there is no price for it.

    *of* is the gateway whose storage it is; left out, of all that run. With more *gateways* than these, each further
    one holds as much as the fullest.
    """
    held = {name: size for name, size in stored_bytes(design).items() if of in (None, name)}
    running = sum(not gateway.planned and of in (None, name) for name, gateway in design.gateways.items())
    further = max(gateways - running, 0) * max(held.values(), default=0)
    charged = further + sum(
        size * (GEO_REDUNDANT_FACTOR if design.gateways[name].deployment == "classic" else 1)
        for name, size in held.items()
    )
    if charged and prices.storage_gb is None:
        return None
    return (Decimal(charged) / 2**30 * (prices.storage_gb or 0)).quantize(Decimal("0.01"), ROUND_HALF_UP)


def cloud_distribution_point_cost(prices: Prices) -> Decimal:
    """Return what a cloud distribution point of its own adds in a month: its two VMs, before any traffic."""
    return (A0_VMS * A0_SHARE_OF_A2 * prices.vm_month).quantize(Decimal("0.01"), ROUND_HALF_UP)
