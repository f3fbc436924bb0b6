"""The reference fleet: what one client does, written to be read. It is the specification of all fleets.

Theory of operation: every client is one SimPy process that sleeps until the client's next appointment and keeps it.
All facts are in :class:`~cmgsim.fleet.life.Client` and none in the process, so a fleet is copied by copying its clients
and putting new processes to sleep. At one instant a client first moves, then locates, then asks for policy.

A request is two events: it is sent, and its reply is due. What it met is looked up only then, in the landscape that was
in force when it arrived. If nothing answered there, the client finds out a while later.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from cmgsim.draws import chance, draw, within
from cmgsim.fleet import life
from cmgsim.fleet.books import Books, stranded_so_far
from cmgsim.fleet.days import Place, next_move, place_at
from cmgsim.fleet.diary import Diary
from cmgsim.fleet.engine import NEVER, Knowing, Roll
from cmgsim.fleet.life import FOREVER, NOBODY, Client, Deed, Errand
from cmgsim.fleet.outlook import Outlook, Tiers
from cmgsim.fleet.population import Fleet
from cmgsim.fleet.series import INTERVAL_US, Gauge, Series
from cmgsim.site.client import Activity, Connection, Sign, connection_type
from cmgsim.site.landscape import NO_ANSWER, SERVED, Landscape


class ReferenceFleet:
    """A :class:`~cmgsim.fleet.engine.FleetEngine` that lives one client's life beside the other.

    The deeds of clients in *watched* are kept in :attr:`diary`.
    """

    def __init__(self, fleet: Fleet, landscape: Landscape, seed: int, watched: frozenset[int] = frozenset()) -> None:
        """Begin at moment 0: who is on knows where it is, and is somewhere in its cycles."""
        self.fleet, self.seed, self.habits = fleet, seed, fleet.habits
        self._outlook = Outlook(landscape)
        self._books = Books(len(fleet), landscape, watched)
        self._restarts = 0
        self._clock = simpy.Environment(initial_time=0)
        self._clients = [self._newcomer(uid) for uid in range(len(fleet))]
        self._processes = [self._clock.process(self._live(client)) for client in self._clients]

    def __deepcopy__(self, memo: dict[int, Any]) -> ReferenceFleet:
        """Return a fleet that goes on by itself, exactly as this one would."""
        twin = object.__new__(ReferenceFleet)
        vars(twin).update(vars(self))
        twin._outlook, twin._books = self._outlook.copy(), self._books.copy()
        twin._clock = simpy.Environment(initial_time=self.now_us)
        twin._clients = [client.copy() for client in self._clients]
        twin._processes = [twin._clock.process(twin._live(client)) for client in twin._clients]
        return twin

    # -- a client's life --------------------------------------------------------------------------------------------

    def _newcomer(self, uid: int) -> Client:
        key, population = int(self.fleet.key[uid]), int(self.fleet.population[uid])
        traits = self.fleet.traits[population]
        client = Client(
            uid=uid,
            key=key,
            population=population,
            site=traits.site,
            place=place_at(key, traits.days, 0),
            move=next_move(key, traits.days, 0) or (FOREVER, Place.OFF),
            publication=self._outlook.now.bootstraps[population],
            told=self._outlook.now.told[population],
            errands=[Errand(activity) for activity in Activity],
        )
        if client.place is not Place.OFF:
            self._find_out_where_it_is(client)
            for errand in client.errands:
                errand.at_us = self._drawn(client, life.PHASES[errand.activity], 0, (0, client.cycle_us(errand) - 1))
        return client

    def _live(self, client: Client) -> Generator[simpy.Event, Any, None]:
        while True:
            try:
                yield self._clock.timeout(client.appointment_us - self._clock.now)
            except simpy.Interrupt:
                continue  # its service was restarted, so its appointments have changed
            self._keep_appointment(client)

    def _keep_appointment(self, client: Client) -> None:
        now_us = self._clock.now
        if client.move[0] == now_us:
            self._move(client)
        for errand in client.errands:
            if errand.at_us == now_us:
                if errand.contact == NOBODY:
                    self._ask(client, errand)
                else:
                    self._hear(client, errand)

    # -- where it is ------------------------------------------------------------------------------------------------

    def _move(self, client: Client) -> None:
        """Go elsewhere. Power-on and a change of network each trigger a location request."""
        (now_us, place), before = client.move, client.place
        client.move = next_move(client.key, self.fleet.traits[client.population].days, now_us) or (FOREVER, place)
        if place is before:
            return
        client.place, client.moves = place, client.moves + 1
        self._note(client, Deed.MOVED, place)
        self._start_afresh(client)
        location = client.errands[Activity.LOCATION]
        if place is Place.OFF:
            for errand in client.errands:
                errand.at_us = FOREVER
        elif before is Place.OFF:
            for errand in client.errands:
                delay_us = self._drawn(client, life.BOOTS[errand.activity], client.moves, self.habits.boot_delay_us)
                errand.at_us = now_us + delay_us
        else:
            location.at_us = now_us + self._drawn(client, life.NETWORK, client.moves, self.habits.network_delay_us)

    def _start_afresh(self, client: Client) -> None:
        """Forget whom it talked to, give up what is on its way, and find out where it is.

        What it has given up or put off is due as soon as a client can react.
        """
        soon_us = self.now_us + self.habits.reaction_us
        for errand in client.errands:
            if errand.contact != NOBODY:
                self._end(client, errand, Deed.GAVE_UP)
                errand.at_us = soon_us
            elif client.paused_until_us > self.now_us:
                errand.at_us = min(errand.at_us, soon_us)
        client.contact, client.failures_us, client.failed, client.paused_until_us = NOBODY, (), (), NEVER
        self._find_out_where_it_is(client)

    def _find_out_where_it_is(self, client: Client) -> None:
        """Detect the connection type: when it starts, moves, or asks for locations."""
        before, client.connection = client.connection, self._connection(client)
        if client.connection is not before:
            self._books.connected(self.now_us, client, before)
            self._judge(client)

    def _connection(self, client: Client) -> Connection:
        if client.place is Place.OFF:
            return Connection.OFF
        signs = Sign.NONE
        if client.place is not Place.INTERNET:
            signs |= self._outlook.signs(client.population, self._locale(client))
        if self.fleet.traits[client.population].always_on_internet:
            signs |= Sign.ALWAYS_ON_INTERNET
        return connection_type(signs)

    def _locale(self, client: Client) -> int:
        return int((self.fleet.vpn if client.place is Place.VPN else self.fleet.home)[client.uid])

    # -- asking -----------------------------------------------------------------------------------------------------

    def _ask(self, client: Client, errand: Errand) -> None:
        if errand.activity is Activity.LOCATION:
            self._find_out_where_it_is(client)
        tiers = self._tiers(client)
        if not tiers:
            self._books.knew_nobody(self.now_us, client, errand)
            self._put_everything_off(client)
        elif not self._settle_on_a_contact(client, tiers):
            self._note(client, Deed.PAUSED)
            self._put_everything_off(client)
        else:
            self._send(client, errand)

    def _tiers(self, client: Client) -> Tiers:
        """Return whom it can ask, best tier first: on the intranet who is offered there, else who it knows."""
        locale = self._locale(client) if client.connection is Connection.INTRANET else None
        return self._outlook.tiers(locale, client.publication, client.told)

    def _settle_on_a_contact(self, client: Client, tiers: Tiers) -> bool:
        """Keep the contact for 25 hours, then choose another; say whether there was one that has not failed yet."""
        if any(client.contact in tier for tier in tiers):
            if self.now_us - client.chosen_us < self.habits.sticky_us:
                return True
            client.failed = ()
        for tier in tiers:
            untried = [contact for contact in tier if contact not in client.failed]
            if untried:
                bits = draw(self.seed, client.key, life.CHOICE, client.choices)
                client.contact, client.chosen_us, client.failures_us = untried[bits % len(untried)], self.now_us, ()
                client.choices += 1
                return True
        return False

    def _put_everything_off(self, client: Client) -> None:
        """With nobody left to ask, pause all activities, then begin a new round."""
        client.contact, client.failed, client.paused_until_us = NOBODY, (), self.now_us + self.habits.pause_us
        for errand in client.errands:
            if errand.contact == NOBODY:
                errand.at_us = max(errand.at_us, client.paused_until_us)

    def _send(self, client: Client, errand: Errand) -> None:
        errand.contact, errand.ordinal, errand.sent_us = client.contact, client.requests, self.now_us
        errand.arrives_us = errand.sent_us + self._drawn(client, life.OUT, errand.ordinal, self.habits.travel_us)
        errand.at_us = errand.arrives_us + self._drawn(client, life.BACK, errand.ordinal, self.habits.travel_us)
        client.requests += 1
        self._books.asked(self.now_us, client, errand)

    # -- hearing ----------------------------------------------------------------------------------------------------

    def _hear(self, client: Client, errand: Errand) -> None:
        if errand.overdue:
            self._fail(client, errand, Deed.UNANSWERED)
            return
        landscape = self._outlook.at(errand.arrives_us)
        status = landscape.answers[client.population][errand.contact]
        if status == NO_ANSWER:
            errand.overdue, errand.at_us = 1, errand.sent_us + self.habits.silence_us
        elif status == SERVED:
            self._take(client, errand, landscape)
        else:
            self._fail(client, errand, Deed.REFUSED, status)

    def _take(self, client: Client, errand: Errand, landscape: Landscape) -> None:
        """Take what the site said when the request arrived. The next one is due a cycle after this one was sent."""
        self._books.sent_from_azure(errand.contact, self.habits.egress_bytes[errand.activity])
        self._end(client, errand, Deed.SERVED)
        if errand.activity is Activity.LOCATION:
            client.located_us = errand.sent_us
            self._learn(client, landscape.published[client.site])
        else:
            client.policy_us = self.now_us
            client.told = landscape.told[client.population]
        self._judge(client)
        self._wait(client, errand, errand.sent_us + client.cycle_us(errand))

    def _learn(self, client: Client, publication: int) -> None:
        """Replace what it knows by what the site publishes, and go back to the best tier."""
        if publication != client.publication:
            client.publication = publication
            self._note(client, Deed.LEARNED, publication)
        client.failed = ()
        if client.contact not in next(iter(self._tiers(client)), ()):
            client.contact = NOBODY

    def _fail(self, client: Client, errand: Errand, deed: Deed, status: int = 0) -> None:
        """Try again in two minutes or so; after five failures within ten minutes leave the contact and ask another."""
        again_us = errand.sent_us + self._drawn(client, life.RETRY, errand.ordinal, self.habits.retry_us)
        if errand.contact == client.contact:
            since_us = self.now_us - self.habits.failure_window_us
            client.failures_us = (*(at_us for at_us in client.failures_us if at_us >= since_us), self.now_us)
            if len(client.failures_us) >= self.habits.failures_to_leave:
                client.failed, client.contact, again_us = (*client.failed, client.contact), NOBODY, self.now_us
        self._end(client, errand, deed, status)
        self._wait(client, errand, again_us)

    def _wait(self, client: Client, errand: Errand, until_us: int) -> None:
        errand.at_us = max(until_us, self.now_us + self.habits.reaction_us, client.paused_until_us)

    def _end(self, client: Client, errand: Errand, deed: Deed, status: int = 0) -> None:
        self._books.ended(self.now_us, client, errand, deed, status)
        errand.contact, errand.overdue = NOBODY, 0

    def _judge(self, client: Client) -> None:
        """Say whether it is stranded: on the internet, meant to use gateways, and none it knows would serve it."""
        stranded = (
            client.connection >= Connection.INTERNET
            and client.told.use_gateway
            and not self._outlook.now.alive(client.population, client.publication)
        )
        if stranded and client.stranded_since_us == NEVER:
            self._books.stranded(self.now_us, client)
        elif not stranded and client.stranded_since_us != NEVER:
            self._books.rescued(self.now_us, client)

    def _drawn(self, client: Client, purpose: int, ordinal: int, span: tuple[int, int]) -> int:
        return within(draw(self.seed, client.key, purpose, ordinal), *span)

    def _note(self, client: Client, deed: Deed, subject: int = 0) -> None:
        self._books.note(self.now_us, client, deed, subject)

    # -- what is done with a fleet ----------------------------------------------------------------------------------

    @property
    def now_us(self) -> int:
        """The moment the fleet has reached."""
        return int(self._clock.now)

    @property
    def diary(self) -> Diary:
        """What the watched clients did."""
        return self._books.diary

    def behold(self, landscape: Landscape) -> None:
        """Take a new landscape, from now on; who is stranded is judged at once."""
        self._outlook.behold(landscape, self.now_us, memory_us=self.habits.travel_us[1])
        for client in self._clients:
            self._judge(client)

    def advance(self, until_us: int) -> None:
        """Live until *until_us*; what is due exactly then has not happened yet."""
        while self.now_us < until_us:
            interval_end_us = (self.now_us // INTERVAL_US + 1) * INTERVAL_US
            self._clock.run(until=min(interval_end_us, until_us))
            if self.now_us == interval_end_us:
                self._books.finish_interval()

    def restart(self, population: int, share: int) -> int:
        """Restart the client service on a drawn share (ppm) of a population; return on how many clients that are on."""
        chosen = [
            client
            for client in self._clients
            if client.population == population
            and client.place is not Place.OFF
            and chance(draw(self.seed, client.key, life.RESTART, self._restarts), share)
        ]
        self._restarts += 1
        for client in chosen:
            self._note(client, Deed.RESTARTED)
            self._start_afresh(client)
            client.errands[Activity.LOCATION].at_us = self.now_us + self.habits.reaction_us
            self._processes[client.uid].interrupt()
        return len(chosen)

    def knowing(self, contacts: frozenset[int]) -> Knowing:
        """Count who knows any of these contacts."""
        names_one = [not contacts.isdisjoint(known) for known in self._outlook.now.publications]
        online = [client for client in self._clients if client.connection >= Connection.INTERNET]
        return Knowing(
            clients=sum(names_one[client.publication] for client in self._clients),
            all_clients=len(self._clients),
            internet_clients=sum(names_one[client.publication] for client in online),
            all_internet_clients=len(online),
        )

    def stranded(self) -> int:
        """Count the clients that are stranded now."""
        return self._books.gauges[Gauge.STRANDED]

    def roll(self) -> Roll:
        """Return every client's state now."""
        clients = self._clients
        stranded = [stranded_so_far(client, self.now_us) for client in clients]
        return Roll(
            population=self.fleet.population.copy(),
            place=np.array([client.place for client in clients], dtype=np.int8),
            connection=np.array([client.connection for client in clients], dtype=np.int8),
            publication=np.array([client.publication for client in clients], dtype=np.int32),
            use_gateway=np.array([client.told.use_gateway for client in clients], dtype=np.bool_),
            contact=np.array([client.contact for client in clients], dtype=np.int32),
            stranded_since_us=np.array([client.stranded_since_us for client in clients], dtype=np.int64),
            stranded_longest_us=np.array([longest for longest, _ in stranded], dtype=np.int64),
            stranded_total_us=np.array([total for _, total in stranded], dtype=np.int64),
            located_us=np.array([client.located_us for client in clients], dtype=np.int64),
            policy_us=np.array([client.policy_us for client in clients], dtype=np.int64),
            digest=np.array([client.digest for client in clients], dtype=np.uint64),
        )

    def egress_bytes(self) -> NDArray[np.int64]:
        """Return the bytes that have left Azure so far, by contact."""
        return np.array(self._books.tally.egress_bytes(), dtype=np.int64)

    def series(self) -> Series:
        """Return what was counted so far."""
        return self._books.series()
