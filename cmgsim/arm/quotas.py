"""How many cores machines take, and how many a subscription may use.

Assumption: cloud services (classic) and virtual machine scale sets share one quota of cores in a region.
"""

from __future__ import annotations

from cmgsim.arm.config import Subscription
from cmgsim.arm.errors import bad_request, cores_exceeded
from cmgsim.arm.store import Store

#: Cores of a machine by its size, in lower case (source: "Sizes for Cloud Services", "Sizes for virtual machines").
CORES = {
    "extrasmall": 1,
    "small": 1,
    "medium": 2,
    "large": 4,
    "extralarge": 8,
    "standard_a1_v2": 1,
    "standard_a2_v2": 2,
    "standard_a4_v2": 4,
    "standard_a8_v2": 8,
    "standard_b1s": 1,
    "standard_b2s": 2,
    "standard_b2ms": 2,
    "standard_b4ms": 4,
    "standard_d2_v3": 2,
    "standard_d4_v3": 4,
    "standard_ds1_v2": 1,
    "standard_ds2_v2": 2,
}


def cores_of(size: object) -> int:
    """Return the cores of one machine of a size.

    Raises:
        ArmError: 400 ``InvalidParameter`` if no such size is known.
    """
    if isinstance(size, str) and size.lower() in CORES:
        return CORES[size.lower()]
    known = ", ".join(sorted(CORES))
    message = f"The value '{size}' of parameter 'vmSize' is invalid. Allowed values are {known}."
    raise bad_request("InvalidParameter", message)


def check_cores(store: Store, subscription: Subscription, region: str, extra: int, model: str) -> None:
    """Let *extra* cores pass if the quota has room for them; *model* is the deployment model the message names.

    Raises:
        ArmError: 409 ``OperationNotAllowed`` if it has not.
    """
    limit, used = subscription.cores(region), store.cores(subscription.id, region)
    if extra > 0 and used + extra > limit:
        raise cores_exceeded(model, region, limit, used, extra)
