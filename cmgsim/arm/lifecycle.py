"""How resources and operations grow up: tables of states, delays and chances.

Theory of operation: a :class:`Lifecycle` is data. When something begins, its whole path through the table is drawn at
once, with keyed draws, and kept as a tuple of (moment, state). So the future of a resource depends on its id, on what
is done to it and on how often that was done before, and on nothing else in the cloud.

Assumption: A-04: every delay is uniform between its bounds.
Assumption: delays are those seen in public logs of real deployments, as Microsoft documents none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from cmgsim.draws import draw, identity, stream, within
from cmgsim.registry import Registry
from cmgsim.units import MINUTE, SECOND

SUCCEEDED = "Succeeded"
FAILED = "Failed"
CANCELED = "Canceled"
ENDS = (SUCCEEDED, FAILED, CANCELED)

Path = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One turn: from ``state``, after a delay of ``low_us..high_us``, to ``next``, with a weight among its like."""

    state: str
    low_us: int
    high_us: int
    next: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """A table of turns from ``start`` to states that have no rows; ``code`` and ``message`` explain ``Failed``."""

    name: str
    start: str
    rows: tuple[Row, ...]
    code: str = "InternalServerError"
    message: str = "The operation failed."

    def __post_init__(self) -> None:
        """Check the table.

        Raises:
            ValueError: if it has a loop, a row nothing leads to, a delay below nothing or a weight below 1.
        """
        for row in self.rows:
            if not 0 <= row.low_us <= row.high_us or row.weight < 1:
                raise ValueError(f"lifecycle {self.name}: the row of {row.state} has an impossible delay or weight")
        reached = self._follow(self.start, ())
        for row in self.rows:
            if row.state not in reached:
                raise ValueError(f"lifecycle {self.name}: nothing leads to the state {row.state}")

    def __deepcopy__(self, memo: dict[int, Any]) -> Lifecycle:
        """Return itself: nothing in it ever changes."""
        return self

    def choices(self, state: str) -> tuple[Row, ...]:
        """Return the rows that leave a state."""
        return tuple(row for row in self.rows if row.state == state)

    def ends(self) -> tuple[str, ...]:
        """Return the states that nothing leaves, in the order of rows."""
        states = dict.fromkeys([self.start, *(row.next for row in self.rows)])
        return tuple(state for state in states if not self.choices(state))

    def _follow(self, state: str, before: tuple[str, ...]) -> dict[str, None]:
        if state in before:
            raise ValueError(f"lifecycle {self.name}: {' -> '.join((*before, state))} is a loop")
        reached = {state: None}
        for row in self.choices(state):
            reached |= self._follow(row.next, (*before, state))
        return reached


def path(lifecycle: Lifecycle, seed: int, who: str, ordinal: int, start_us: int) -> Path:
    """Draw the way of *who* through a table, for the *ordinal*-th time.

    Returns:
        (moment in microseconds, state) for every state but the first, rising; empty if the first state is an end.
    """
    purpose, key = stream(f"arm.{lifecycle.name}"), identity(who.lower())
    steps: list[tuple[int, str]] = []
    state, moment = lifecycle.start, start_us
    while rows := lifecycle.choices(state):
        number = (ordinal << 16) + 2 * len(steps)
        row = _pick(rows, draw(seed, key, purpose, number))
        moment += within(draw(seed, key, purpose, number + 1), row.low_us, row.high_us)
        state = row.next
        steps.append((moment, state))
    return tuple(steps)


def state_at(start: str, steps: Path, now_us: int) -> str:
    """Return where a path stands at a moment; a turn due at that very moment has been taken."""
    return next((state for moment, state in reversed(steps) if moment <= now_us), start)


def _pick(rows: tuple[Row, ...], bits: int) -> Row:
    number = bits % sum(row.weight for row in rows)
    for row in rows:
        number -= row.weight
        if number < 0:
            return row
    raise AssertionError("weights are positive, so a row is always picked")


def _one(name: str, start: str, low_s: int, high_s: int, *, end: str = SUCCEEDED) -> Lifecycle:
    return Lifecycle(name, start, (Row(start, low_s * SECOND, high_s * SECOND, end),))


def _instance(name: str, first: str) -> Lifecycle:
    """Let a role instance start: 60 to 180 seconds in all.

    Assumption: an instance of a cloud service (classic) is ready 60 to 180 seconds after Azure begins to create it.
    """
    states = (first, "StartingVM", "CreatingRole", "StartingRole", "BusyRole", "ReadyRole")
    delays_s = ((20, 60), (10, 30), (10, 30), (10, 30), (10, 30))
    rows = (
        Row(state, low * SECOND, high * SECOND, following)
        for state, following, (low, high) in zip(states, states[1:], delays_s, strict=False)
    )
    return Lifecycle(name, first, tuple(rows))


TABLES = (
    _one("resourceGroups.delete", "Deleting", 10, 20),
    _one("resourceGroups.member.delete", "Deleting", 15, 25),
    _one("resourceGroups.export", "Running", 1, 3),
    _one("resources.move", "Moving", 30, 120),
    _one("resources.move.validate", "Running", 5, 15),
    _one("providers.register", "Registering", 20, 90, end="Registered"),
    _one("providers.unregister", "Unregistering", 20, 90, end="NotRegistered"),
    _one("storageAccounts.create", "Creating", 15, 25),
    _one("storageAccounts.action", "Updating", 30, 90),
    _one("storageAccounts.migrate", "Updating", 300, 900),
    _one("storageAccounts.failover", "Updating", 600, 1_500),
    _one("publicIPAddresses.create", "Updating", 2, 4),
    _one("publicIPAddresses.update", "Updating", 2, 4),
    _one("publicIPAddresses.delete", "Deleting", 8, 12),
    _one("virtualNetworks.create", "Updating", 3, 6),
    _one("virtualNetworks.update", "Updating", 3, 6),
    _one("virtualNetworks.delete", "Deleting", 8, 12),
    _one("networkSecurityGroups.create", "Updating", 3, 6),
    _one("networkSecurityGroups.update", "Updating", 3, 6),
    _one("networkSecurityGroups.delete", "Deleting", 8, 12),
    _one("loadBalancers.create", "Updating", 2, 5),
    _one("loadBalancers.update", "Updating", 2, 5),
    _one("loadBalancers.delete", "Deleting", 8, 12),
    _one("network.action", "Updating", 2, 5),
    _one("virtualMachineScaleSets.create", "Creating", 180, 420),
    _one("virtualMachineScaleSets.update", "Updating", 60, 240),
    _one("virtualMachineScaleSets.delete", "Deleting", 60, 120),
    _one("virtualMachineScaleSets.action", "Updating", 30, 90),
    _one("extensions.create", "Creating", 120, 400),
    _one("extensions.update", "Updating", 60, 200),
    _one("extensions.delete", "Deleting", 30, 60),
    _one("cloudServices.create", "Creating", 180, 420),
    _one("cloudServices.update", "Updating", 60, 240),
    _one("cloudServices.delete", "Deleting", 60, 120),
    _one("vaults.create", "RegisteringDns", 20, 40),
    _one("domainNames.create", "Creating", 5, 15),
    _one("domainNames.delete", "Deleting", 120, 300),
    _one("certificates.add", "Updating", 2, 5),
    _one("slots.create", "Deploying", 5, 10),
    _one("slots.start", "Starting", 5, 10),
    _one("slots.update", "Updating", 30, 60),
    _one("slots.stop", "Suspending", 60, 120),
    _one("slots.delete", "Deleting", 60, 120),
    _instance("roleInstances.create", "CreatingVM"),
    _instance("roleInstances.start", "RoleStateUnknown"),
    Lifecycle(
        "allocation.refused",
        "Creating",
        (Row("Creating", 30 * SECOND, 90 * SECOND, FAILED),),
        "AllocationFailed",
        "Allocation failed. We do not have sufficient capacity for the requested VM size in this region. Read more "
        "about improving likelihood of allocation success at https://aka.ms/allocation-guidance",
    ),
)

LIFECYCLES: Registry[Lifecycle] = Registry("lifecycle")
for _table in TABLES:
    LIFECYCLES.add(_table.name, _table)

#: No operation lasts longer than this with the tables above; a property test holds them to it.
LONGEST_OPERATION_US = 30 * MINUTE
