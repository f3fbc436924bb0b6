"""What an answer rests on where nobody measured how fast the parts of a design serve: :mod:`cmgsim.site.stations`."""

from __future__ import annotations

from cmgsim.design.model import Design
from cmgsim.site.stations import BUSY_HOUR_REQUESTS, BUSY_SHARE, CLIENTS_PER_ROLE, VMS_PER_CONNECTION_POINT

_WORDS = {
    "vm": "a VM at its rated number of clients",
    "connection_point": f"a connection point at {VMS_PER_CONNECTION_POINT} VMs at their rated number of clients",
    "management_point": f"a management point at {CLIENTS_PER_ROLE:,} clients",
    "update_point": f"an update point at {CLIENTS_PER_ROLE:,} clients",
}


def premises_of(design: Design) -> tuple[str, ...]:
    """Return the assumption about the parts whose service time the design does not give; none if it gives all."""
    assumed = [words for part, words in _WORDS.items() if getattr(design.capacity, part).service is None]
    if not assumed:
        return ()
    first, *others = assumed
    listed = " and ".join([", ".join(others[:-1]), others[-1]] if len(others) > 1 else others)
    rest = f", and so {'do' if len(others) > 1 else 'does'} {listed}" if others else ""
    busy = f"runs at {BUSY_SHARE // 10_000} % of its capacity in that hour"
    return (f"{first}, each of which asks {BUSY_HOUR_REQUESTS} times in the busiest hour, {busy}{rest}",)
