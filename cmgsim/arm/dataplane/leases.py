"""Leases of containers and blobs (sources: "Lease Container", "Lease Blob", REST reference)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cmgsim.arm.errors import ArmError
from cmgsim.units import SECOND

INFINITE = -1
#: A lease lasts 15 to 60 seconds, or for ever.
SHORTEST_S, LONGEST_S = 15, 60


@dataclass(frozen=True, slots=True)
class Lease:
    """Who may write: the holder of ``id``, until ``ends_us`` (None: for ever); ``breaks_us`` once it is broken."""

    id: str = ""
    duration_s: int = 0
    ends_us: int | None = None
    breaks_us: int | None = None

    def state(self, now_us: int) -> str:
        """Return the state at a moment: ``available``, ``leased``, ``expired``, ``breaking`` or ``broken``."""
        if not self.id:
            return "available"
        if self.breaks_us is not None:
            return "breaking" if now_us < self.breaks_us else "broken"
        return "expired" if self.ends_us is not None and self.ends_us <= now_us else "leased"

    def locked(self, now_us: int) -> bool:
        """Say whether only the holder may write at a moment."""
        return self.state(now_us) in ("leased", "breaking")


FREE = Lease()


def acquire(lease: Lease, lease_id: str, duration_s: int, now_us: int) -> Lease:
    """Take a lease that nobody else holds.

    Raises:
        ArmError: 400 for an impossible duration, 409 ``LeaseAlreadyPresent`` if somebody holds one.
    """
    if duration_s != INFINITE and not SHORTEST_S <= duration_s <= LONGEST_S:
        message = f"The lease duration must be {SHORTEST_S} to {LONGEST_S} seconds or -1, not {duration_s}."
        raise ArmError(400, "InvalidHeaderValue", message)
    if lease.locked(now_us) and lease.id != lease_id:
        raise ArmError(409, "LeaseAlreadyPresent", "There is already a lease present.")
    return _renewed(Lease(lease_id, duration_s), now_us)


def renew(lease: Lease, lease_id: str, now_us: int) -> Lease:
    """Let a lease last as long again.

    Raises:
        ArmError: 409 if it is not the caller's.
    """
    _require_holder(lease, lease_id)
    if lease.breaks_us is not None:
        raise ArmError(409, "LeaseIsBrokenAndCannotBeRenewed", "The lease has been broken and cannot be renewed.")
    return _renewed(lease, now_us)


def change(lease: Lease, lease_id: str, proposed: str, now_us: int) -> Lease:
    """Give a lease another id.

    Raises:
        ArmError: 409 if it is not the caller's.
    """
    if lease.id != proposed:
        _require_holder(lease, lease_id)
    return replace(lease, id=proposed)


def release(lease: Lease, lease_id: str) -> Lease:
    """Give a lease up.

    Raises:
        ArmError: 409 if it is not the caller's.
    """
    _require_holder(lease, lease_id)
    return FREE


def broken(lease: Lease, period_s: int | None, now_us: int) -> Lease:
    """Break a lease after a while: at its end if no period is given, at once if it has no end.

    Raises:
        ArmError: 409 ``LeaseNotPresentWithLeaseOperation`` if there is none.
    """
    if not lease.id:
        message = "There is currently no lease on the resource."
        raise ArmError(409, "LeaseNotPresentWithLeaseOperation", message)
    ends_us = now_us if lease.ends_us is None else max(now_us, lease.ends_us)
    wanted_us = ends_us if period_s is None else now_us + period_s * SECOND
    last_us = wanted_us if lease.ends_us is None else min(wanted_us, ends_us)
    return replace(lease, breaks_us=last_us if lease.breaks_us is None else min(last_us, lease.breaks_us))


def require_write(lease: Lease, lease_id: str, now_us: int, what: str) -> None:
    """Let a write pass that a lease does not forbid; *what* is ``blob`` or ``container``.

    Raises:
        ArmError: 412 ``LeaseIdMissing``, or one that says that the id is not that of the lease.
    """
    if lease.locked(now_us) and not lease_id:
        message = f"There is currently a lease on the {what} and no lease ID was specified in the request."
        raise ArmError(412, "LeaseIdMissing", message)
    if lease_id and not lease.locked(now_us):
        message = f"There is currently no lease on the {what}."
        raise ArmError(412, f"LeaseNotPresentWith{what.title()}Operation", message)
    if lease_id and lease.id.lower() != lease_id.lower():
        message = f"The lease ID specified did not match the lease ID for the {what}."
        raise ArmError(412, f"LeaseIdMismatchWith{what.title()}Operation", message)


def _renewed(lease: Lease, now_us: int) -> Lease:
    return replace(lease, ends_us=None if lease.duration_s == INFINITE else now_us + lease.duration_s * SECOND)


def _require_holder(lease: Lease, lease_id: str) -> None:
    if lease.id.lower() != lease_id.lower() or not lease_id:
        message = "The lease ID specified did not match the lease ID for the resource."
        raise ArmError(409, "LeaseIdMismatchWithLeaseOperation", message)
