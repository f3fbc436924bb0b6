"""Faults in time: a component that breaks parts when their hour comes, and mends them again.

Theory of operation: a fault arrives as an input of the run, so that the journal alone repeats it. At the beginning of
its window the part it names is broken in the conditions, under the fault's own number as cause; at the end that cause
is taken back. A region that goes down takes the fake Azure's region with it; what Azure Resource Manager is to do wrong
is handed to it. What somebody does in the portal is handed to the portal and never undone.
"""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import ValidationError

from cmgsim.arm.faults import Fault as ArmFault
from cmgsim.design.hardships import AT_ONCE, IN_AZURE, KINDS, Fault, describe
from cmgsim.design.model import Design
from cmgsim.design.plan import Step
from cmgsim.design.references import broken_references
from cmgsim.errors import UnknownName, UsageError, nearest
from cmgsim.facts import Fact, Message
from cmgsim.faults.kinds import FAULTS, in_azure
from cmgsim.site.conditions import Breakage, Conditions, ConditionsChanged, Part
from cmgsim.site.facts import PartBroke, PartWorks
from cmgsim.site.portal import Clicked
from cmgsim.units import timedelta_us


@dataclass(frozen=True)
class FaultBegan(Fact):
    """A fault of the scenario began. ``number`` counts from 1 in the order of arrival."""

    number: int
    text: str


@dataclass(frozen=True)
class FaultEnded(Fact):
    """A fault of the scenario is over."""

    number: int
    text: str


@dataclass(frozen=True)
class FaultLifted(Fact):
    """Somebody takes a fault back."""

    number: int


@dataclass(frozen=True)
class RegionTurned:
    """Told to Azure when a region goes down or comes back."""

    region: str
    down: int
    """1 when it goes down, 0 when it is back."""


@dataclass(frozen=True)
class Struck:
    """Told to Azure when a fault of its own begins."""

    fault: ArmFault


@dataclass(frozen=True)
class Healed:
    """Told to Azure when a fault of its own is over."""

    name: str


@dataclass(slots=True)
class _Planned:
    """A fault that has arrived: when it begins, when it ends (None: never by itself), and whether it goes on."""

    number: int
    fault: Fault
    begins_us: int | None
    ends_us: int | None
    going_on: int = 0

    @property
    def next_us(self) -> int | None:
        return self.ends_us if self.begins_us is None else self.begins_us


class Faults:
    """All faults of a run; a component named ``faults``. *listeners* are told when a part breaks or works again."""

    def __init__(self, conditions: Conditions, listeners: tuple[str, ...] = ()) -> None:
        self.name = "faults"
        self.rank = 11
        self._conditions = conditions
        self._listeners = listeners
        self._planned: list[_Planned] = []

    @property
    def last(self) -> int:
        """The number of the fault that arrived last, 0 before any."""
        return len(self._planned)

    def due(self) -> int | None:
        """Return when the next fault begins or ends."""
        return min((at_us for one in self._planned if (at_us := one.next_us) is not None), default=None)

    def step(self, now_us: int) -> list[Fact | Message]:
        """End what is over, then begin what is due."""
        said: list[Fact | Message] = []
        for one in self._planned:
            if one.begins_us is None and one.ends_us == now_us:
                said += self._end(one)
        for one in self._planned:
            if one.begins_us == now_us:
                said += self._begin(one)
        return said

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Take a fault, whose window is counted from moment 0, or the word that one is over."""
        if isinstance(body, FaultLifted):
            one = self._planned[body.number - 1]
            one.begins_us = None
            return self._end(one) if one.going_on else []
        assert isinstance(body, Fault), f"faults cannot be told {body!r}"
        begins_us = max(timedelta_us(body.at), now_us)
        ends_us = None if body.lasting is None else begins_us + timedelta_us(body.lasting)
        self._planned.append(_Planned(len(self._planned) + 1, body, begins_us, ends_us))
        return self._begin(self._planned[-1]) if begins_us == now_us else []

    def _begin(self, one: _Planned) -> list[Fact | Message]:
        one.begins_us, fault = None, one.fault
        began = FaultBegan(one.number, describe(fault))
        if fault.kind in AT_ONCE:
            return [began, Message("portal", Clicked(Step.model_validate({fault.kind: fault.argument})))]
        one.going_on = 1
        if fault.kind in IN_AZURE:
            return [began, Message("arm", Struck(in_azure(fault, _cause(one))))]
        breakage = FAULTS[fault.kind](fault.argument)
        if not self._conditions.hurt(breakage, _cause(one)):
            return [began]
        broke = PartBroke(breakage.part.value, breakage.name, breakage.vm, began.text)
        return [began, broke, *self._news(breakage, 1)]

    def _end(self, one: _Planned) -> list[Fact | Message]:
        one.ends_us, one.going_on = None, 0
        ended = FaultEnded(one.number, describe(one.fault))
        if one.fault.kind in IN_AZURE:
            return [ended, Message("arm", Healed(_cause(one)))]
        breakage = FAULTS[one.fault.kind](one.fault.argument)
        if not self._conditions.heal(breakage, _cause(one)):
            return [ended]
        return [ended, PartWorks(breakage.part.value, breakage.name, breakage.vm), *self._news(breakage, 0)]

    def _news(self, breakage: Breakage, down: int) -> list[Message]:
        told = [Message(listener, ConditionsChanged()) for listener in self._listeners]
        if breakage.part is Part.REGION:
            told.append(Message("arm", RegionTurned(breakage.name, down)))
        return told


def read_fault(design: Design, kind: str, argument: object) -> Fault:
    """Make a fault that goes on until it is lifted, for a design.

    Raises:
        UnknownName: if there is no such kind.
        UsageError: if the argument is none of this kind, or names what the design does not have.
    """
    if kind not in KINDS:
        raise UnknownName("fault", kind, KINDS)
    try:
        fault = Fault.model_validate({kind: argument})
    except ValidationError as error:
        reasons = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise UsageError(f"{kind}: {reasons}") from None
    for broken in broken_references(fault, design):
        raise UsageError(
            f"{kind}: there is no {broken.value!r} in {broken.table}{nearest(broken.value, broken.known_names)}"
        )
    return fault


def _cause(one: _Planned) -> str:
    return f"fault {one.number}"
