"""How many cores machines take, and how many a subscription may use.

Assumption: cloud services (classic) and virtual machine scale sets share one quota of cores in a region.
"""

from __future__ import annotations

from cmgsim.arm.config import Subscription
from cmgsim.arm.errors import bad_request, cores_exceeded
from cmgsim.arm.store import Store

#: Cores and gibibytes of memory of a machine by its size (source: "Sizes for virtual machines in Azure").
SIZES = {
    "Standard_A1_v2": (1, 2.0),
    "Standard_A2_v2": (2, 4.0),
    "Standard_A4_v2": (4, 8.0),
    "Standard_A8_v2": (8, 16.0),
    "Standard_B1s": (1, 1.0),
    "Standard_B2s": (2, 4.0),
    "Standard_B2ms": (2, 8.0),
    "Standard_B4ms": (4, 16.0),
    "Standard_D2_v3": (2, 8.0),
    "Standard_D4_v3": (4, 16.0),
    "Standard_DS1_v2": (1, 3.5),
    "Standard_DS2_v2": (2, 7.0),
}
#: Cores by size in lower case, with those that only cloud services have (source: "Sizes for Cloud Services").
CORES = {
    "extrasmall": 1,
    "small": 1,
    "medium": 2,
    "large": 4,
    "extralarge": 8,
    **{name.lower(): cores for name, (cores, _) in SIZES.items()},
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
