"""The fast fleet: what the reference fleet does, to the last integer, over arrays and in compiled code.

Theory of operation: clients are cut into shards, each with its own rows, calendar and counters; sums over shards are
what the reference counts. Clients do not meet but at the stations that requests queue at. Without these a shard lives
a whole interval of the series by itself, on a thread of its own if there are several; with them, window by window: the
clients of all shards, then the stations. Nothing depends on how many shards, threads and windows there are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmgsim.design.clients import DayPlan
from cmgsim.draws import draw_array
from cmgsim.fleet import kernels, life, tables
from cmgsim.fleet.days import Place, timetable
from cmgsim.fleet.engine import NEVER, Knowing, Roll
from cmgsim.fleet.kernels import Calendar, Hall, State
from cmgsim.fleet.measures import Hop, Latencies, Load, Measures
from cmgsim.fleet.population import Fleet, Traits
from cmgsim.fleet.series import INTERVAL_US, Count, Gauge, Series
from cmgsim.fleet.stations import DOOR, SERVICES, SUMS, quantiles
from cmgsim.fleet.tables import Policies, Vector
from cmgsim.site.client import Activity, Connection
from cmgsim.site.landscape import NO_ANSWER, SERVED, Contact, Landscape, Over, Route, Told
from cmgsim.units import HOUR, MINUTE, PARTS_PER_MILLION

NEVER_YET = (
    "chosen_us",
    "paused_until_us",
    "located_us",
    "policy_us",
    "stranded_since_us",
    "channel_closed_us",
    "flight",
    "contact",
    "channel",
    "channel_point",
    "update_point",
    "internet_update_point",
)
"""What newcomers have none of: NEVER, which is NOBODY, too."""
CHANGING = (
    "spells",
    "scan_fails_from",
    "soonest",
    "failures",
    "cargo",
    "flights",
    "counters",
    "gauges",
    "channels",
    "own",
    "latencies",
    "moments",
    "places",
)
"""What of a shard's state changes as its clients live."""
NO_BOOKS = np.zeros((0, 0), dtype=np.int64)
"""Where requests queue, intervals are ended from outside."""


@dataclass(frozen=True)
class Cut:
    """How the work is cut up, which changes no result."""

    shards: int = 1
    """Into how many groups the clients are cut."""
    threads: int = 1
    """How many of them live at the same time."""
    window_us: int = MINUTE
    """Who is due in the same window is not sorted: long ones keep to the order in memory, short ones cost less when the
    fleet is stopped often. Where requests queue, windows are no longer than a client's reaction."""
    page_us: int = HOUR
    """How far ahead the calendar is kept."""


class FastFleet:
    """A :class:`~cmgsim.fleet.engine.FleetEngine` for a million clients."""

    def __init__(self, fleet: Fleet, landscape: Landscape, seed: int, cut: Cut = Cut()) -> None:
        """Begin at moment 0: who is on knows where it is, and is somewhere in its cycles."""
        self.fleet, self.seed, self.habits, self.cut = fleet, seed, fleet.habits, cut
        self._landscape, self._policies, self._restarts = landscape, Policies(), 0
        told = self._policies.numbers(landscape)
        self._history = [tables.moment(0, landscape, told)]
        self._finished: list[Vector] = []
        self._over_gateways = np.array([contact.over is Over.GATEWAY for contact in landscape.contacts], dtype=np.int64)
        self._kept_alive = self.habits.keep_alive_bytes * INTERVAL_US // self.habits.keep_alive_us
        self._egress_before = np.zeros(len(landscape.contacts), dtype=np.int64)
        window_us = min(cut.window_us, fleet.habits.reaction_us) if landscape.routes else cut.window_us
        self._parameters = tables.parameters(
            fleet, landscape, seed, window_us, max(1, cut.page_us // window_us), cut.shards
        )
        edges = [len(fleet) * index // cut.shards for index in range(cut.shards + 1)]
        self._shards = [_Shard(_state(fleet, landscape, low, high, self._parameters)) for low, high in pairwise(edges)]
        self._hall = StationHall(landscape, self._parameters, tables.populations(fleet))
        self._show(landscape)
        for shard in self._shards:
            kernels.begin(shard.state, np.array(landscape.bootstraps), np.array(told))

    def __deepcopy__(self, memo: dict[int, Any]) -> FastFleet:
        """Return a fleet that goes on by itself, exactly as this one would."""
        twin = object.__new__(FastFleet)
        vars(twin).update(vars(self))
        twin._policies = self._policies.copy()
        twin._history, twin._finished = list(self._history), list(self._finished)
        twin._shards = [shard.copy() for shard in self._shards]
        twin._hall = self._hall.copy()
        return twin

    def _show(self, landscape: Landscape) -> None:
        """Give the shards the tables of the landscape in force."""
        view = tables.view(landscape, len(self.fleet.traits))
        history, told = np.stack(self._history), self._policies.table()
        for shard in self._shards:
            shard.state = shard.state._replace(landscape=view, history=history, told=told)
            shard.room_for_packages(landscape)
        self._hall.show(view, history[-1])

    # -- what is done with a fleet ----------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """The moment the fleet has reached."""
        return int(self._shards[0].state.own[kernels.M_NOW])

    def behold(self, landscape: Landscape) -> None:
        """Take a new landscape, from now on; who is stranded is judged at once."""
        landscape.require_same_frame(self._landscape)
        told, oldest_us = self._policies.numbers(landscape), self.now_us - self.habits.travel_us[1]
        settled = [index for index, row in enumerate(self._history) if row[kernels.H_SINCE] <= oldest_us]
        row = tables.moment(self.now_us, landscape, told)
        self._history = [*self._history[max(settled, default=0) :], row]
        judged = tables.judged(self._shards[0].state.landscape)
        self._landscape = landscape
        self._show(landscape)
        self._hall.break_off(self._shards, self.now_us)
        if not np.array_equal(judged, tables.judged(self._shards[0].state.landscape)):
            for shard in self._shards:
                shard.room_for_everybody()
                kernels.judge_all(shard.state, self.now_us)
        self._hall.settle_ports(self._shards, self.now_us)

    def advance(self, until_us: int) -> None:
        """Live until *until_us*; what is due exactly then has not happened yet."""
        if not self._landscape.routes:
            ended = max(0, until_us // INTERVAL_US - self.now_us // INTERVAL_US)
            same = (repeat(self._hall.state), repeat(until_us), repeat(ended))
            with self._each() as each:
                self._finish_intervals(_sum(list(each(_Shard.advance, self._shards, *same))))
            return
        while self.now_us < until_us:
            interval_end_us = (self.now_us // INTERVAL_US + 1) * INTERVAL_US
            self._live_with_stations(min(interval_end_us, until_us))
            if self.now_us == interval_end_us:
                self._finish_intervals(self._counted()[None, :])
                self._hall.finish_interval(self._shards, interval_end_us)
                for shard in self._shards:
                    shard.state.counters[:] = 0

    def _live_with_stations(self, until_us: int) -> None:
        if self.cut.shards == 1:
            self._hall.advance(self._shards[0], until_us)
            return
        window_us, hall = int(self._parameters[kernels.P_WINDOW]), self._hall.state
        with self._each() as each:
            while self.now_us < until_us:
                end_us = min(until_us, (self.now_us // window_us + 1) * window_us)
                list(each(_Shard.advance_window, self._shards, repeat(hall), repeat(end_us)))
                self._hall.advance_window(self._shards, end_us)

    @contextmanager
    def _each(self) -> Iterator[Callable[..., Iterable[Any]]]:
        """Give what is done to each shard its threads, if it is to have any."""
        if self.cut.threads == 1:
            yield map
            return
        with ThreadPoolExecutor(self.cut.threads) as pool:
            yield pool.map

    def restart(self, population: int, share: int) -> int:
        """Restart the client service on a drawn share (ppm) of a population; return on how many clients that are on."""
        bits = draw_array(self.seed, self.fleet.key, life.RESTART, self._restarts)
        drawn = (self.fleet.population == population) & (bits % np.uint64(PARTS_PER_MILLION) < np.uint64(share))
        chosen = np.flatnonzero(drawn & (self._column("place") != Place.OFF))
        self._restarts += 1
        low = 0
        for shard in self._shards:
            high = low + len(shard.state.rows)
            mine = chosen[(chosen >= low) & (chosen < high)] - low
            shard.room_for_everybody()
            kernels.restart(shard.state, mine, self.now_us)
            shard.state.own[kernels.M_STALE] |= len(mine) > 0
            low = high
        self._hall.settle_ports(self._shards, self.now_us)
        return len(chosen)

    def knowing(self, contacts: frozenset[int]) -> Knowing:
        """Count who knows any of these contacts."""
        names_one = np.array([not contacts.isdisjoint(known) for known in self._landscape.publications], dtype=np.bool_)
        knows = names_one[self._column("publication")]
        online = self._column("connection") >= Connection.INTERNET
        return Knowing(
            clients=int(knows.sum()),
            all_clients=len(knows),
            internet_clients=int((knows & online).sum()),
            all_internet_clients=int(online.sum()),
        )

    def stranded(self) -> int:
        """Count the clients that are stranded now."""
        return sum(int(shard.state.gauges[Gauge.STRANDED]) for shard in self._shards)

    def roll(self) -> Roll:
        """Return every client's state now."""
        since_us = self._column("stranded_since_us").astype(np.int64)
        piece_us = np.where(since_us == NEVER, 0, self.now_us - since_us)
        uses = self._shards[0].state.told[:, kernels.TOLD_USE_GATEWAY] != 0
        return Roll(
            population=self.fleet.population.copy(),
            place=self._column("place"),
            connection=self._column("connection"),
            publication=self._column("publication").astype(np.int32),
            use_gateway=uses[self._column("told")],
            contact=self._column("contact").astype(np.int32),
            stranded_since_us=since_us,
            stranded_longest_us=np.maximum(self._spells("stranded_longest_us"), piece_us),
            stranded_total_us=self._spells("stranded_total_us") + piece_us,
            located_us=self._column("located_us"),
            policy_us=self._column("policy_us"),
            update_point=self._column("update_point").astype(np.int32),
            fetched=self._fetched(),
            channel=self._column("channel").astype(np.int32),
            channel_closed_us=self._column("channel_closed_us"),
            digest=self._column("digest"),
        )

    def egress_bytes(self) -> NDArray[np.int64]:
        """Return the bytes that have left Azure so far, by contact."""
        return self._egress_before + self._counted()[self._egress]

    def egress_since(self, interval: int) -> NDArray[np.int64]:
        """Return the bytes that left Azure in each interval from that number to the one that goes on, by contact."""
        wanted = self.now_us // INTERVAL_US - interval + 1
        rows = [self._counted()[None, self._egress]]
        for books in reversed(self._finished):
            if sum(map(len, rows)) >= wanted:
                break
            rows.append(books[:, self._egress])
        return np.concatenate(rows[::-1])[-wanted:]

    def series(self) -> Series:
        """Return what was counted so far."""
        books = np.concatenate([*self._finished, self._counted()[None, :]])
        contacts, counts = len(self._landscape.contacts), len(Count)
        by_contact, egress = self._parameters[kernels.P_BY_CONTACT], self._parameters[kernels.P_EGRESS]
        downloads = self._egress.stop
        gauges = downloads + len(self._landscape.package_bytes)
        return Series(
            requests=books[:, :by_contact].reshape(len(books), len(Activity), -1, counts).copy(),
            clients=books[:, gauges : gauges + len(Gauge)].copy(),
            egress=books[:, self._egress].copy(),
            by_contact=books[:, by_contact:egress].reshape(len(books), contacts, counts).copy(),
            channels=books[:, -contacts:].copy() if contacts else books[:, :0].copy(),
            downloads=books[:, downloads:gauges].copy(),
            intervals=len(books) - 1,
        )

    def measures(self) -> Measures:
        """Return what was measured of the stations so far."""
        return self._hall.measures(self._shards, self.now_us)

    # -- sums over shards -------------------------------------------------------------------------------------------

    @property
    def _egress(self) -> slice:
        """Where in a row of the books the bytes stand that left Azure; the downloads, gauges and channels follow."""
        begin = int(self._parameters[kernels.P_EGRESS])
        return slice(begin, begin + len(self._landscape.contacts))

    def _finish_intervals(self, books: Vector) -> None:
        """End intervals of the series: their counters, with the gauges as they were at each end."""
        channels = books[:, books.shape[1] - len(self._over_gateways) :]
        books[:, self._egress] += self._over_gateways * channels * self._kept_alive
        self._finished.append(books)
        self._egress_before = self._egress_before + books[:, self._egress].sum(axis=0)

    def _counted(self) -> Vector:
        """Return what was counted in the interval that goes on, as a row of the books."""
        return _sum([shard.counted() for shard in self._shards])

    def _fetched(self) -> NDArray[np.int32]:
        """Return how many packages each client has dealt with."""
        if not self._landscape.package_bytes:
            return np.zeros(len(self.fleet), dtype=np.int32)
        sets = np.concatenate([shard.state.cargo[:, kernels.G_FETCHED :] for shard in self._shards])
        return np.asarray(np.bitwise_count(sets.view(np.uint64)).sum(axis=1, dtype=np.int32))

    def _column(self, name: str) -> NDArray[Any]:
        return np.concatenate([shard.state.rows[name] for shard in self._shards])

    def _spells(self, name: str) -> NDArray[Any]:
        return np.concatenate([shard.state.spells[name] for shard in self._shards])


def compile_everything() -> None:
    """Compile all kernels, or load them, by letting one client live a little with and without stations."""
    day = timetable(DayPlan(always="internet"), date(2019, 1, 1))
    fleet = Fleet(
        traits=(Traits("nobody", 0, day, always_on_internet=False),),
        locales=(),
        population=np.zeros(2, dtype=np.int32),
        member=np.arange(2, dtype=np.int32),
        key=np.arange(2, dtype=np.uint64),
        home=np.zeros(2, dtype=np.int32),
        vpn=np.zeros(2, dtype=np.int32),
    )
    contact = Contact(Over.INTERNET, "nowhere", "nobody")
    told = Told(use_gateway=True, cycles_us=(HOUR,) * len(Activity))
    lone = Landscape((contact,), ((), (0,)), (1,), (1,), ((),), ((SERVED,),), False, (told,), ())
    queued = replace(lone, routes=(Route((), NEVER),))
    for landscape, cut in ((lone, Cut()), (queued, Cut()), (queued, Cut(shards=2))):
        engine = FastFleet(fleet, landscape, 1, cut)
        engine.advance(HOUR)
        engine.behold(replace(landscape, answers=((NO_ANSWER,),)))  # an equal one would not be judged by
        engine.restart(0, PARTS_PER_MILLION)


class _Shard:
    """Some of the clients, with their calendar."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.calendar = _calendar(len(state.rows), int(state.parameters[kernels.P_PAGE_WINDOWS]))

    def advance(self, hall: Hall, until_us: int, intervals: int) -> Vector:
        """Live until a moment, making room where it is needed; return what was counted in the intervals that ended."""
        books = np.zeros((intervals, len(self.counted())), dtype=np.int64)
        self.state.own[kernels.M_BOOKED] = 0
        while kernels.advance(self.state, self.calendar, hall, until_us, INTERVAL_US, books):
            self.make_room()
        return books

    def counted(self) -> Vector:
        """Return what was counted since the interval began, then the gauges and the channels as they are."""
        return np.concatenate([self.state.counters, self.state.gauges, self.state.channels])

    def advance_window(self, hall: Hall, until_us: int) -> None:
        """Live until a moment within an interval or at its end, where the stations live afterwards."""
        while kernels.advance(self.state, self.calendar, hall, until_us, INTERVAL_US, NO_BOOKS):
            self.make_room()

    def copy(self) -> _Shard:
        """Return a shard that goes on by itself. The calendar is not copied: it follows from the rows."""
        changed = {name: getattr(self.state, name).copy() for name in CHANGING}
        rows = _aligned(len(self.state.rows))
        rows[:] = self.state.rows
        twin = _Shard(self.state._replace(**changed, rows=rows, words=_words(rows)))
        twin.state.own[kernels.M_STALE] = 1
        return twin

    def room_for_everybody(self) -> None:
        """Make room for one port of each client, which a new landscape or a restart may free."""
        if self.state.landscape[kernels.L_QUEUED] and len(self.state.outbox) < len(self.state.rows):
            self.state = self.state._replace(outbox=np.zeros(len(self.state.rows), dtype=kernels.SENT))

    def room_for_packages(self, landscape: Landscape) -> None:
        """Make room for all packages that are deployed, in each client's cargo, and for the sources of one."""
        if not landscape.package_bytes:
            return
        packages, sources = self.state.told.shape[1] - kernels.TOLD_PACKAGES, tables.most_sources(landscape)
        words = kernels.G_FETCHED + max(1, -(-packages // 64))
        if self.state.cargo.shape[1] < words:
            more = ((0, 0), (0, words - self.state.cargo.shape[1]))
            self.state = self.state._replace(cargo=np.pad(self.state.cargo, more))
        if len(self.state.places) < sources:
            self.state = self.state._replace(places=np.zeros(sources, dtype=np.int64))

    def make_room(self) -> None:
        """Make room for more that is on its way, and that is sent in a window."""
        state, least = self.state, 64 * len(Activity) * kernels.SENDS
        flights = _grown(state.flights, max(len(state.flights) + 1, least), state.own, kernels.M_FREE)
        outbox = state.outbox
        if state.landscape[kernels.L_QUEUED]:
            outbox = np.zeros(max(len(outbox) * 3 // 2, least), dtype=kernels.SENT)
            outbox[: len(state.outbox)] = state.outbox
        self.state = state._replace(flights=flights, outbox=outbox)


class StationHall:
    """The stations of all shards."""

    def __init__(self, landscape: Landscape, parameters: Vector, populations: Vector) -> None:
        lines = tables.lines(landscape)
        self._finished: list[Vector] = []
        self._hours: list[Vector] = []
        nothing, own = np.zeros(0, dtype=np.int64), np.zeros(kernels.Q_WIDTH, dtype=np.int64)
        own[kernels.Q_FREE] = NEVER
        self.state = Hall(
            passages=np.zeros(0, dtype=kernels.PASSAGE),
            heap=np.zeros((0, 3), dtype=np.int64),
            lines=lines,
            loads=np.zeros((len(lines), kernels.D_WIDTH), dtype=np.int64),
            services=tables.services(landscape),
            outcomes=np.zeros(0, dtype=kernels.OUTCOME),
            latencies=_no_latencies(),
            own=own,
            quantiles=np.array(quantiles(), dtype=np.int64),
            streams=np.array([DOOR, *SERVICES], dtype=np.uint64),
            parameters=parameters,
            populations=populations,
            landscape=nothing,
            met=nothing,
        )

    def copy(self) -> StationHall:
        """Return stations that go on by themselves."""
        twin = object.__new__(StationHall)
        twin._finished, twin._hours = list(self._finished), list(self._hours)
        changing = ("passages", "heap", "lines", "loads", "latencies", "own")
        twin.state = self.state._replace(
            outcomes=np.zeros_like(self.state.outcomes),
            **{name: getattr(self.state, name).copy() for name in changing},
        )
        return twin

    def show(self, view: Vector, met: Vector) -> None:
        """Give the stations the tables of the landscape in force."""
        self.state = self.state._replace(landscape=view, met=met)

    def advance(self, shard: _Shard, until_us: int) -> None:
        """Let the only shard and the stations live until a moment."""
        while lacks := kernels.advance(shard.state, shard.calendar, self.state, until_us, INTERVAL_US, NO_BOOKS):
            if lacks == 1:
                shard.make_room()
            else:
                sends = int(shard.state.own[kernels.M_NEEDED]) * len(Activity) * kernels.SENDS
                self._make_room(int(shard.state.own[kernels.M_SENT]) + sends)

    def advance_window(self, shards: list[_Shard], until_us: int) -> None:
        """Let the stations live through the window that all shards have lived through."""
        self._take_in(shards)
        kernels.serve(self.state, until_us)
        self._tell(shards)

    def break_off(self, shards: list[_Shard], now_us: int) -> None:
        """Fail at once what came by a way that the new landscape no longer has."""
        kernels.break_off(self.state, now_us)
        self._tell(shards)

    def settle_ports(self, shards: list[_Shard], now_us: int) -> None:
        """Let ports be freed whose channels have been closed from outside."""
        self._take_in(shards)
        kernels.settle_ports(self.state, now_us)

    def finish_interval(self, shards: list[_Shard], now_us: int) -> None:
        """End an interval of the measures, with its hour if that ends too, and begin the next.

        Where no request queues nothing is measured, and no interval needs an end.
        """
        self._finished.append(self._loads(now_us))
        self.state.lines[:, kernels.N_LAST] = now_us
        self.state.loads[:] = 0
        if now_us % HOUR == 0:
            self._hours.append(self._latencies(shards, now_us // HOUR - 1))
            for latencies in (self.state.latencies, *(shard.state.latencies for shard in shards)):
                latencies[:] = 0

    def measures(self, shards: list[_Shard], now_us: int) -> Measures:
        """Return what was measured so far."""
        columns = np.concatenate([*self._hours, self._latencies(shards, now_us // HOUR)]).T
        load = self._loads(now_us)
        quiet = np.zeros_like(load, shape=(now_us // INTERVAL_US - len(self._finished), *load.shape))
        loads = np.concatenate([quiet, [*self._finished, load]])
        names = (*SUMS, "waiting", "in_service", "ports")
        return Measures(
            latencies=Latencies(*(column.copy() for column in columns)),
            load=Load(**{name: loads[:, :, index].copy() for index, name in enumerate(names)}),
            servers=self.state.lines[:, kernels.N_SERVERS].copy(),
        )

    def _latencies(self, shards: list[_Shard], hour: int) -> Vector:
        """Return the histograms of the hour that goes on, as the rows of a table."""
        counts = _sum([self.state.latencies, *(shard.state.latencies for shard in shards)])
        places = np.argwhere(counts) if counts.any() else np.zeros((0, counts.ndim), dtype=np.int64)
        hours = np.full((len(places), 1), hour)
        return np.concatenate([hours, places, counts[tuple(places.T)][:, None]], axis=1)

    def _loads(self, now_us: int) -> Vector:
        """Return what was counted in this interval, and how the stations stand: (stations, measures)."""
        lines, sums = self.state.lines, self.state.loads.copy()
        elapsed_us = now_us - lines[:, kernels.N_LAST]
        sums[:, kernels.D_BUSY] += lines[:, kernels.N_SERVING] * elapsed_us
        sums[:, kernels.D_WAITED] += lines[:, kernels.N_WAITING] * elapsed_us
        return np.concatenate([sums, lines[:, [kernels.N_WAITING, kernels.N_SERVING, kernels.N_HELD]]], axis=1)

    def _take_in(self, shards: list[_Shard]) -> None:
        self._make_room(sum(int(shard.state.own[kernels.M_SENT]) for shard in shards))
        for shard in shards:
            kernels.take_in_all(shard.state, self.state)

    def _tell(self, shards: list[_Shard]) -> None:
        for shard in shards:
            kernels.tell_all(shard.state, shard.calendar, self.state)
        self.state.own[kernels.Q_OUTCOMES] = 0

    def _make_room(self, sends: int) -> None:
        """Make room for so many requests more."""
        own = self.state.own
        passages = _grown(self.state.passages, int(own[kernels.Q_PASSAGES]) + sends, own, kernels.Q_FREE)
        passages["stage"][len(self.state.passages) :] = kernels.STAGE_FREE
        heap, events = self.state.heap, int(own[kernels.Q_HEAP]) + sends
        if len(heap) < events:
            heap = np.zeros((events * 3 // 2, 3), dtype=np.int64)
            heap[: len(self.state.heap)] = self.state.heap
        outcomes = self.state.outcomes
        if len(outcomes) < len(passages):
            assert not own[kernels.Q_OUTCOMES], "clients are told before there is more"
            outcomes = np.zeros(len(passages), dtype=kernels.OUTCOME)
        self.state = self.state._replace(passages=passages, heap=heap, outcomes=outcomes)


def _grown(pool: NDArray[Any], needed: int, own: Vector, free: int) -> NDArray[Any]:
    """Return a pool of records with room for *needed*; *own[free]* is its first free record."""
    if len(pool) >= needed:
        return pool
    grown = np.zeros(needed * 3 // 2, dtype=pool.dtype)
    grown[: len(pool)] = pool
    grown["next"][len(pool) :] = np.arange(len(pool) + 1, len(grown) + 1)
    grown["next"][-1] = own[free]
    own[free] = len(pool)
    return grown


def _no_latencies() -> Vector:
    return np.zeros((len(Activity), len(Hop), kernels.BINS), dtype=np.int64)


def _state(fleet: Fleet, landscape: Landscape, low: int, high: int, parameters: Vector) -> State:
    """Return the rows of the clients low..high-1, as newcomers that are off; the tables of a landscape are empty."""
    clients, contacts = high - low, int(parameters[kernels.P_CONTACTS])
    rows = _aligned(clients)
    spells = np.zeros(clients, dtype=kernels.SPELLS)
    rows["key"], rows["population"] = fleet.key[low:high], fleet.population[low:high]
    for name in NEVER_YET:
        rows[name] = NEVER
    rows["due"] = life.FOREVER
    gauges, own = np.zeros(len(Gauge), dtype=np.int64), np.zeros(kernels.M_WIDTH, dtype=np.int64)
    gauges[Gauge.OFF], own[kernels.M_STALE], own[kernels.M_FREE] = clients, 1, -1
    nothing = np.zeros(0, dtype=np.int64)
    return State(
        rows=rows,
        words=_words(rows),
        spells=spells,
        scan_fails_from=np.zeros(clients, dtype=np.int64),
        soonest=np.full(clients, life.FOREVER, dtype=np.int64),
        failures=np.zeros((clients, fleet.habits.failures_to_leave - 1), dtype=np.int64),
        cargo=_cargo(fleet, landscape, low, high, parameters),
        flights=np.zeros(0, dtype=kernels.FLIGHT),
        counters=np.zeros(int(parameters[kernels.P_DOWNLOADS]) + len(landscape.package_bytes), dtype=np.int64),
        gauges=gauges,
        channels=np.zeros(contacts, dtype=np.int64),
        own=own,
        parameters=_numbered_from(low, parameters),
        streams=tables.streams(),
        populations=tables.populations(fleet),
        told=nothing.reshape(0, 1),
        activities=tables.activities(fleet),
        home=fleet.home[low:high],
        vpn=fleet.vpn[low:high],
        landscape=nothing,
        history=nothing.reshape(0, 1),
        outbox=np.zeros(0, dtype=kernels.SENT),
        latencies=_no_latencies(),
        moments=np.zeros(4, dtype=np.int64),
        places=np.zeros(4, dtype=np.int64),
    )


def _cargo(fleet: Fleet, landscape: Landscape, low: int, high: int, parameters: Vector) -> Vector:
    """Return what these clients need for downloads and metered connections; no rows, where there is neither."""
    shares = np.array([traits.metered for traits in fleet.traits], dtype=np.uint64)
    if not landscape.package_bytes and not shares.any():
        return np.zeros((0, kernels.G_FETCHED), dtype=np.int64)
    cargo = np.zeros((high - low, kernels.G_FETCHED), dtype=np.int64)
    bits = draw_array(int(parameters[kernels.P_SEED]), fleet.key[low:high], life.METERED)
    cargo[:, kernels.G_METERED] = bits % np.uint64(PARTS_PER_MILLION) < shares[fleet.population[low:high]]
    cargo[:, kernels.G_SOUGHT] = cargo[:, kernels.G_SOURCE] = NEVER
    return cargo


def _aligned(clients: int) -> NDArray[Any]:
    """Return empty rows that begin where a line of the processor's cache does."""
    room = np.zeros(clients * kernels.ROW.itemsize + 64, dtype=np.uint8)
    begin = -room.ctypes.data % 64
    return room[begin : begin + clients * kernels.ROW.itemsize].view(kernels.ROW)


def _words(rows: NDArray[Any]) -> NDArray[np.int64]:
    """Return the same memory as integers: (clients, words of a row)."""
    return rows.view(np.int64).reshape(len(rows), kernels.WORDS)


def _numbered_from(first: int, parameters: Vector) -> Vector:
    """Return the parameters of a shard whose first client has that number."""
    own = parameters.copy()
    own[kernels.P_FIRST_CLIENT] = first
    return own


def _sum(vectors: list[Vector]) -> Vector:
    """Return the sum of vectors; of a single one itself."""
    if len(vectors) == 1:
        return vectors[0]
    return np.asarray(np.sum(vectors, axis=0, dtype=np.int64))


def _calendar(clients: int, windows: int) -> Calendar:
    return Calendar(
        first=np.zeros(windows + 1, dtype=np.int64),
        listed=np.zeros(clients, dtype=np.int32),
        begun=np.zeros(windows, dtype=np.int64),
        heads=np.full(windows, -1, dtype=np.int32),
        sizes=np.zeros(windows, dtype=np.int64),
        nodes=np.zeros((max(clients // 4, 64), 2), dtype=np.int32),
        pushed=np.zeros(max(clients // 4, 64), dtype=np.int32),
    )
