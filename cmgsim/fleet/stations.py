"""The stations that requests queue at, in the reference fleet: written to be read, on one heap of events.

Theory of operation: where a landscape has routes, requests do not only travel. One travels out and arrives. What the
landscape in force then answers decides: no answer is found out after a while of silence, and a refusal travels back.
What is to be served over a gateway is handed to one of its *doors*, a VM, by the load balancer, at random; the VM to
its connection points in turn; the connection point to the role; the answer travels back. On other ways there is only
the role. Every station has one line, first come, first served. A request in service takes the station's mean time for
its activity times a random factor, exponentially distributed.

A request holds a port of its connection point from there until its client has acted on the answer; a notification
channel that the client then opens keeps a port of that connection point until it is closed. So there is always one for
it, and never are more held than there are. A request that finds no port free is refused with :data:`NO_PORT`; nothing
else is refused for want of capacity. A VM without connection points refuses with :data:`NO_CONNECTION_POINT`.

Assumption: a request's port is free again when its client has acted on the answer, not when the role has answered.

A client waits for its patience, and what it has heard, or not heard, it knows a reaction time after it reached it. The
work is done even if the client has given up. When a new landscape leads no longer through the VM and the connection
point that a request came by, its client is told so at once, and what stood in line there is gone.

At one instant: first the control plane; then the clients, by their activities; then ports that channels take or free,
and those of answered requests; roles, connection points and VMs that have finished; last, arrivals; and within each of
these by client, activity and number of request. So a server freed at an instant serves an arrival of that instant, and
a reply at the very end of a client's patience is heard.
"""

from __future__ import annotations

from collections import Counter, deque
from copy import copy
from dataclasses import dataclass, field
from decimal import Context, Decimal
from enum import IntEnum
from functools import cache
from heapq import heapify, heappop, heappush

import numpy as np

from cmgsim.draws import draw, stream
from cmgsim.fleet.histogram import bin_of
from cmgsim.fleet.life import FOREVER, NOBODY, Client, Errand
from cmgsim.fleet.measures import Hop, Latencies, Load, Measures
from cmgsim.site.client import Habits, Target
from cmgsim.site.landscape import NO_ANSWER, SERVED, Door, Landscape, Route
from cmgsim.units import HOUR

NO_PORT = 503
"""The status of a request that a connection point has no port for."""
NO_CONNECTION_POINT = 500
"""The status of a request that a VM has no connection point for."""

#: Which door a request goes through, and how long it is in service (ordinal: requests so far).
DOOR = stream("fleet.door")
SERVICES = (stream("fleet.service.role"), stream("fleet.service.connection_point"), stream("fleet.service.vm"))

KNOTS = 1024
"""Into how many equal pieces the probabilities are cut."""
SCALE_BITS = 20
"""A factor of 1 is 1 << SCALE_BITS."""


class Stage(IntEnum):
    """Where a request is; what ends at one instant ends in this order."""

    ANSWERED = -1
    ROLE = 0
    CONNECTION_POINT = 1
    VM = 2
    TRAVEL = 3


WAITS = {Stage.VM: Hop.VM_WAIT, Stage.ROLE: Hop.ROLE_WAIT}
SERVED_IN = {Stage.VM: Hop.VM, Stage.ROLE: Hop.ROLE}


@cache
def quantiles() -> tuple[int, ...]:
    """Return the quantiles of the exponential distribution with mean 1, at 0, 1/KNOTS, ... 1, scaled.

    Computed in decimal arithmetic, so the same on every machine. The last one, which would be infinite, is such that
    the mean over straight lines between the quantiles is exactly 1.
    """
    context = Context(prec=40)
    unit = Decimal(1 << SCALE_BITS)
    inner = [
        int((-context.ln(context.divide(Decimal(KNOTS - knot), Decimal(KNOTS))) * unit).to_integral_value())
        for knot in range(KNOTS)
    ]
    return (*inner, 2 * (KNOTS << SCALE_BITS) - 2 * sum(inner))


def service_us(mean_us: int, bits: int) -> int:
    """Return a time in service with that mean: 10 of the 64 bits choose a piece, 20 a place within it."""
    table, piece, within = quantiles(), bits >> 54, bits >> 34 & (1 << SCALE_BITS) - 1
    factor = table[piece] + ((table[piece + 1] - table[piece]) * within >> SCALE_BITS)
    return mean_us * factor >> SCALE_BITS


def route_to(landscape: Landscape, contact: int) -> Route:
    """Return what requests to a contact queue at: content comes from storage, which nobody queues at."""
    queues = landscape.contacts[contact].target in (Target.MANAGEMENT_POINT, Target.UPDATE_POINT)
    return landscape.routes[contact] if queues else NO_ROUTE


NO_ROUTE = Route((), NOBODY)


@dataclass(slots=True, eq=False)
class Passage:
    """One request on its way, whether its client still waits for it or not."""

    uid: int
    key: int
    population: int
    activity: int
    ordinal: int
    contact: int
    sent_us: int
    back_us: int
    """How long the reply will travel."""
    met: Landscape | None = None
    """The landscape in force when it arrived."""
    stage: Stage = Stage.TRAVEL
    since_us: int = 0
    """Since when it is in line or in service."""
    station: int = NOBODY
    """Where it is in line or in service."""
    vm: int = NOBODY
    point: int = NOBODY
    settled: bool = False
    """What its client will hear is decided; the rest is only work."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What came of a request: it reached the client at this moment."""

    reply_us: int
    status: int
    contact: int
    met: Landscape
    point: int
    """The connection point it came by."""
    role_us: int
    """When the role had answered."""


SUMS = ("arrivals", "served", "failed", "refused", "busy_us", "waiting_us")
"""What is summed up of a station in an interval: fields of :class:`~cmgsim.fleet.measures.Load`."""


@dataclass(slots=True)
class _Line:
    """One station: who is in service there, and who waits."""

    servers: int
    service_us: tuple[int, ...]
    waiting: deque[Passage] = field(default_factory=deque)
    serving: list[Passage] = field(default_factory=list)
    held: int = 0
    turn: int = 0
    """How many requests it has handed on."""
    last_us: int = 0
    """Up to when its times are summed up."""
    sums: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SUMS, 0))

    def catch_up(self, now_us: int) -> None:
        """Sum up its times until now."""
        elapsed_us, self.last_us = now_us - self.last_us, now_us
        self.sums["busy_us"] += len(self.serving) * elapsed_us
        self.sums["waiting_us"] += len(self.waiting) * elapsed_us

    def row(self) -> dict[str, int]:
        """Return what was counted in this interval, and how it stands."""
        now = {"waiting": len(self.waiting), "in_service": len(self.serving), "ports": self.held}
        return self.sums | now


_Event = tuple[int, Stage, int, int, int, Passage]


class Stations:
    """All stations, with everything that is on its way to them or at them. None, where a landscape has no routes."""

    def __init__(self, landscape: Landscape, seed: int, habits: Habits) -> None:
        self._landscape, self._seed, self._habits = landscape, seed, habits
        self._lines = [_Line(station.servers, station.service_us) for station in landscape.stations]
        self._heap: list[_Event] = []
        self._fates: dict[tuple[int, int], Fate] = {}
        self._decided: list[tuple[Passage, Fate]] = []
        self._latencies: Counter[tuple[int, int, int, int]] = Counter()
        self._finished: list[list[dict[str, int]]] = []

    def copy(self) -> Stations:
        """Return stations that go on by themselves."""
        twin = copy(self)
        every = {id(one): copy(one) for one in self._passages()}
        twin._heap = [(*event[:-1], every[id(event[-1])]) for event in self._heap]
        twin._lines = [copy(line) for line in self._lines]
        for line in twin._lines:
            line.waiting = deque(every[id(one)] for one in line.waiting)
            line.serving = [every[id(one)] for one in line.serving]
            line.sums = dict(line.sums)
        twin._fates, twin._latencies = dict(self._fates), Counter(self._latencies)
        twin._finished = list(self._finished)
        return twin

    def _passages(self) -> list[Passage]:
        """Return all that is on its way out, or at a station: in service by the heap, in line by the lines."""
        return [event[-1] for event in self._heap] + [one for line in self._lines for one in line.waiting]

    # -- for clients ------------------------------------------------------------------------------------------------

    def send(self, client: Client, errand: Errand, back_us: int) -> None:
        """Take a request that was sent just now."""
        passage = Passage(
            client.uid,
            client.key,
            client.population,
            errand.activity,
            errand.ordinal,
            errand.contact,
            errand.sent_us,
            back_us,
        )
        self._fates.pop((client.uid, errand.activity), None)
        self._schedule(errand.arrives_us, passage)

    def fate(self, client: Client, errand: Errand) -> Fate | None:
        """Return what came of the request that a client waits for, if it is settled."""
        return self._fates.get((client.uid, errand.activity))

    def heard(self, errand: Errand, fate: Fate, now_us: int) -> None:
        """Measure the way back of a request that was served and whose client acts on it now."""
        self._measure(now_us, errand.activity, Hop.TRAVEL_BACK, fate.reply_us - fate.role_us)
        self._measure(now_us, errand.activity, Hop.TOTAL, fate.reply_us - errand.sent_us)

    def hold(self, point: int) -> None:
        """Hold a port of a connection point for a notification channel."""
        if point != NOBODY:
            self._lines[point].held += 1

    def release(self, point: int) -> None:
        """Free that port."""
        if point != NOBODY:
            self._lines[point].held -= 1

    # -- events -----------------------------------------------------------------------------------------------------

    def next_us(self) -> int:
        """Return when something happens next."""
        return self._heap[0][0] if self._heap else FOREVER

    def decided(self) -> list[tuple[Passage, Fate]]:
        """Return the requests whose fate was decided since this was last asked."""
        decided, self._decided = self._decided, []
        return decided

    def step(self) -> bool:
        """Let the next thing happen; say whether that decided the fate of a request."""
        now_us, stage, _, _, _, passage = heappop(self._heap)
        if stage is Stage.ANSWERED:
            self._lines[passage.point].held -= 1
            return False
        if stage is Stage.TRAVEL:
            self._arrive(passage, now_us)
            return bool(self._decided)
        line = self._lines[passage.station]
        line.catch_up(now_us)
        line.serving.remove(passage)
        line.sums["served"] += 1
        if stage is Stage.CONNECTION_POINT:
            self._measure(now_us, passage.activity, Hop.CONNECTION_POINT, now_us - passage.since_us)
        else:
            self._measure(now_us, passage.activity, SERVED_IN[stage], now_us - passage.since_us)
        self._go_on(line, now_us)
        if stage is Stage.VM:
            self._leave_vm(passage, now_us)
        elif stage is Stage.CONNECTION_POINT:
            self._go_to_role(passage, now_us)
        else:
            self._leave_role(passage, now_us)
        return bool(self._decided)

    def behold(self, landscape: Landscape, now_us: int) -> None:
        """Take a new landscape: what it leads to no longer fails at once."""
        self._landscape = landscape
        through = (one for one in self._passages() if one.vm != NOBODY and not one.settled)
        broken = [one for one in through if not self._leads_by(one)]
        for passage in sorted(broken, key=lambda one: (one.uid, one.activity, one.ordinal)):
            if passage.stage is not Stage.ROLE:
                self._remove(passage, now_us)
            if passage.stage is Stage.CONNECTION_POINT:
                self._lines[passage.point].held -= 1
            self._end(passage, now_us + passage.back_us, NO_ANSWER, now_us)
        for line in self._lines:
            line.catch_up(now_us)
            self._go_on(line, now_us)

    def finish_interval(self, now_us: int) -> None:
        """End an interval of the measures and begin the next."""
        self._finished.append(self._rows(now_us))
        for line in self._lines:
            line.sums = dict.fromkeys(SUMS, 0)

    def measures(self, now_us: int) -> Measures:
        """Return what was measured so far."""
        rows = sorted(self._latencies.items())
        columns = np.array([(*place, count) for place, count in rows], dtype=np.int64).reshape(-1, 5)
        intervals = [*self._finished, self._rows(now_us)]
        return Measures(
            latencies=Latencies(*(column.copy() for column in columns.T)),
            load=Load(
                **{
                    name: np.array([[row[name] for row in rows] for rows in intervals], dtype=np.int64).reshape(
                        len(intervals), len(self._lines)
                    )
                    for name in Load.__dataclass_fields__
                }
            ),
            servers=np.array([line.servers for line in self._lines], dtype=np.int64),
        )

    def _rows(self, now_us: int) -> list[dict[str, int]]:
        for line in self._lines:
            line.catch_up(now_us)
        return [line.row() for line in self._lines]

    def _arrive(self, passage: Passage, now_us: int) -> None:
        landscape = passage.met = self._landscape
        status = landscape.answers[passage.population][passage.contact]
        if status == NO_ANSWER:
            self._end(passage, passage.sent_us + self._habits.silence_us, status, now_us)
            return
        self._measure(now_us, passage.activity, Hop.TRAVEL_OUT, now_us - passage.sent_us)
        if status != SERVED:
            self._end(passage, now_us + passage.back_us, status, now_us)
            return
        doors = route_to(landscape, passage.contact).doors
        if not doors:
            self._go_to_role(passage, now_us)
            return
        door = doors[draw(self._seed, passage.key, DOOR, passage.ordinal) % len(doors)]
        if door.connection_points:
            passage.vm = door.vm
            self._join(passage, Stage.VM, door.vm, now_us)
        else:
            self._end(passage, now_us + passage.back_us, NO_CONNECTION_POINT, now_us)

    def _leave_vm(self, passage: Passage, now_us: int) -> None:
        """Hand a request to the next connection point of its VM, if that has a port free."""
        door, vm = self._door(passage), self._lines[passage.vm]
        if door is None or not door.connection_points:
            self._end(passage, now_us + passage.back_us, NO_CONNECTION_POINT, now_us)
            return
        point = door.connection_points[vm.turn % len(door.connection_points)]
        vm.turn += 1
        ports = self._landscape.stations[point].ports
        if ports and self._lines[point].held >= ports:
            self._lines[point].sums["refused"] += 1
            self._end(passage, now_us + passage.back_us, NO_PORT, now_us)
            return
        passage.point = point
        self._lines[point].held += 1
        self._join(passage, Stage.CONNECTION_POINT, point, now_us)

    def _go_to_role(self, passage: Passage, now_us: int) -> None:
        assert passage.met is not None, "it has arrived"
        role = route_to(passage.met, passage.contact).role
        if role == NOBODY:
            self._leave_role(passage, now_us)
        else:
            self._join(passage, Stage.ROLE, role, now_us)

    def _leave_role(self, passage: Passage, now_us: int) -> None:
        """Let the answer travel back. The port is free when it is acted on; at once, if the client has given it up."""
        reply_us = now_us + passage.back_us
        if passage.point != NOBODY and passage.settled:
            self._lines[passage.point].held -= 1
        elif passage.point != NOBODY:
            passage.stage = Stage.ANSWERED
            self._schedule(reply_us + self._habits.reaction_us, passage)
        self._end(passage, reply_us, SERVED, now_us)

    def _join(self, passage: Passage, stage: Stage, station: int, now_us: int) -> None:
        line = self._lines[station]
        line.catch_up(now_us)
        line.sums["arrivals"] += 1
        line.waiting.append(passage)
        passage.stage, passage.station, passage.since_us = stage, station, now_us
        self._go_on(line, now_us)

    def _go_on(self, line: _Line, now_us: int) -> None:
        """Let whoever is first in line be served, as long as a server is free; its times are summed up until now."""
        while line.waiting and len(line.serving) < line.servers:
            passage = line.waiting.popleft()
            line.serving.append(passage)
            if passage.stage in WAITS:
                self._measure(now_us, passage.activity, WAITS[passage.stage], now_us - passage.since_us)
                passage.since_us = now_us
            bits = draw(self._seed, passage.key, SERVICES[passage.stage], passage.ordinal)
            self._schedule(now_us + service_us(line.service_us[passage.activity], bits), passage)

    def _schedule(self, at_us: int, passage: Passage) -> None:
        heappush(self._heap, (at_us, passage.stage, passage.uid, passage.activity, passage.ordinal, passage))

    def _end(self, passage: Passage, reply_us: int, status: int, now_us: int) -> None:
        """Decide the fate of a request."""
        if not passage.settled:
            passage.settled = True
            met = passage.met or self._landscape
            fate = Fate(reply_us, status, passage.contact, met, passage.point, now_us)
            self._decided.append((passage, fate))

    def keep(self, passage: Passage, fate: Fate) -> None:
        """Keep a fate for the client that waits for it."""
        self._fates[passage.uid, passage.activity] = fate

    def _leads_by(self, passage: Passage) -> bool:
        door = self._door(passage)
        return door is not None and (passage.point == NOBODY or passage.point in door.connection_points)

    def _door(self, passage: Passage) -> Door | None:
        doors = route_to(self._landscape, passage.contact).doors
        return next((door for door in doors if door.vm == passage.vm), None)

    def _remove(self, passage: Passage, now_us: int) -> None:
        """Take a request out of the line or the service it is in."""
        line = self._lines[passage.station]
        line.catch_up(now_us)
        line.sums["failed"] += 1
        if passage in line.waiting:
            line.waiting.remove(passage)
        else:
            line.serving.remove(passage)
            self._heap = [event for event in self._heap if event[-1] is not passage]
            heapify(self._heap)

    def _measure(self, now_us: int, activity: int, hop: Hop, duration_us: int) -> None:
        self._latencies[now_us // HOUR, activity, hop, bin_of(duration_us)] += 1
