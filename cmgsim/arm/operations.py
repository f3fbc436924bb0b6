"""Long-running operations: their records, their clock, their beginning.

An operation's whole path is drawn when it begins (see :mod:`cmgsim.arm.lifecycle`); the heap says which turn is next.
What happens at its end is named by ``effect`` and looked up in :mod:`cmgsim.arm.effects`, so that a record is plain
data and can be copied and saved.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Any

from cmgsim.arm.lifecycle import CANCELED, Path

IN_PROGRESS = "InProgress"
SETTLE, REMOVE = "settle", "remove"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation on ``resource`` (an id); ``step`` turns of ``path`` have been taken.

    ``fallback_cores`` is what the resource takes of the quota should the operation fail. ``code`` and ``message`` are
    those of its error, if it failed; ``result`` is the JSON document it leads to where that is not the resource.
    """

    id: str
    resource: str
    lifecycle: str
    effect: str
    path: Path
    started_us: int
    region: str = ""
    retry_after_s: int = 5
    fallback_cores: int = 0
    step: int = 0
    status: str = IN_PROGRESS
    finished_us: int | None = None
    code: str = ""
    message: str = ""
    result: Any = None

    def __deepcopy__(self, memo: dict[int, Any]) -> Operation:
        """Return itself: a record is replaced, never changed."""
        return self

    @property
    def running(self) -> bool:
        """Say whether it has not ended."""
        return self.status == IN_PROGRESS


@dataclass(slots=True)
class Operations:
    """Every operation there was, by id without dashes, and the turns to come."""

    records: dict[str, Operation] = field(default_factory=dict)
    turns: list[tuple[int, int, str]] = field(default_factory=list)
    count: int = 0

    def get(self, operation: str) -> Operation | None:
        """Return an operation, or None; its id may be written with or without dashes."""
        return self.records.get(_key(operation))

    def running(self) -> list[Operation]:
        """Return the operations under way, in the order of their next turns."""
        keys = dict.fromkeys(key for _, _, key in sorted(self.turns))
        return [self.records[key] for key in keys if self.records[key].running]

    def add(self, operation: Operation) -> Operation:
        """Keep a new operation and arm its first turn."""
        self.records[_key(operation.id)] = operation
        self._arm(operation)
        return operation

    def keep(self, operation: Operation) -> Operation:
        """Keep an operation without turns, which ends when somebody finishes it."""
        self.records[_key(operation.id)] = operation
        return operation

    def due(self) -> int | None:
        """Return the moment of the next turn, None if nothing is under way."""
        while self.turns and not self._stands(*self.turns[0]):
            heappop(self.turns)
        return self.turns[0][0] if self.turns else None

    def take_turn(self) -> tuple[Operation, str]:
        """Take the next turn; return the operation as it is afterwards and the state it turned to."""
        _, _, key = heappop(self.turns)
        operation = self.records[key]
        state = operation.path[operation.step][1]
        operation = self.records[key] = replace(operation, step=operation.step + 1)
        if operation.step < len(operation.path):
            self._arm(operation)
        return operation, state

    def finish(self, operation: Operation, status: str, now_us: int, code: str = "", message: str = "") -> Operation:
        """Write down how an operation ended."""
        ended = replace(operation, status=status, finished_us=now_us, code=code, message=message)
        self.records[_key(operation.id)] = ended
        return ended

    def cancel(self, operation: str, now_us: int) -> None:
        """Stop an operation, if it is still running; its effect will not happen."""
        record = self.get(operation)
        if record is not None and record.running:
            self.finish(record, CANCELED, now_us, "Canceled", "The operation was canceled.")

    def _arm(self, operation: Operation) -> None:
        self.count += 1
        heappush(self.turns, (operation.path[operation.step][0], self.count, _key(operation.id)))

    def _stands(self, due_us: int, number: int, key: str) -> bool:
        return self.records[key].running


def _key(operation: str) -> str:
    return operation.replace("-", "").lower()
