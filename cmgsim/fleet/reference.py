"""The reference fleet: what one client does, written to be read. It is the specification of all fleets.

Theory of operation: every client is one SimPy process that sleeps until the client's next appointment and keeps it.
All facts are in :class:`~cmgsim.fleet.life.Client` and none in the process, so a fleet is copied by copying its clients
and putting new processes to sleep. At one instant a client first moves, then runs its errands in the order of their
activities. While it is off it has no appointment but its next move; what was due then is caught up with after power-on.

A request is two events: it is sent, and its reply is due. What it met is looked up only then, in the landscape that was
in force when it arrived. If nothing answered there, the client finds out a while later. Where a landscape has routes,
requests also queue (:mod:`cmgsim.fleet.stations`): what becomes of one is decided there, and the client acts on the
reply a reaction time after it came.

All requests but scans go to the management point in use, the client's *contact*, and its rules decide when to leave it.
Scans have an update point of their own on the intranet and another on the internet. To its contact the client keeps a
notification channel: open from the moment it hears of being served there, closed as soon as it moves, its service
restarts, it leaves the contact, or the contact serves it no more.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from cmgsim.draws import chance, draw, within
from cmgsim.fleet import life
from cmgsim.fleet.books import Books, stranded_so_far
from cmgsim.fleet.days import Place, next_move, place_at
from cmgsim.fleet.diary import Diary
from cmgsim.fleet.downloads import EXPIRED, Sources, next_joining_us, received, transfer_us, undone
from cmgsim.fleet.engine import NEVER, Knowing, Roll
from cmgsim.fleet.life import FOREVER, NOBODY, TRANSFERRING, Client, Deed, Errand, bit, following
from cmgsim.fleet.measures import Measures
from cmgsim.fleet.outlook import Outlook, Tiers
from cmgsim.fleet.population import Fleet
from cmgsim.fleet.series import INTERVAL_US, Gauge, Series
from cmgsim.fleet.stations import Fate, Stations
from cmgsim.site.client import (
    ACTIVITIES,
    ON_DEMAND,
    PERMITTED,
    REPORTED,
    Activity,
    Connection,
    PowerOn,
    Sign,
    Target,
    connection_type,
)
from cmgsim.site.landscape import NO_ANSWER, SERVED, Landscape, Told


class ReferenceFleet:
    """A :class:`~cmgsim.fleet.engine.FleetEngine` that lives one client's life beside the other.

    The deeds of clients in *watched* are kept in :attr:`diary`.
    """

    def __init__(self, fleet: Fleet, landscape: Landscape, seed: int, watched: frozenset[int] = frozenset()) -> None:
        """Begin at moment 0: who is on knows where it is, and is somewhere in its cycles."""
        self.fleet, self.seed, self.habits = fleet, seed, fleet.habits
        self._outlook = Outlook(landscape)
        self._books = Books(len(fleet), landscape, watched, self.habits)
        self._stations = Stations(landscape, seed, self.habits)
        self._restarts = 0
        self._clock = simpy.Environment(initial_time=0)
        self._clients = [self._newcomer(uid) for uid in range(len(fleet))]
        self._processes = [self._clock.process(self._live(client)) for client in self._clients]

    def __deepcopy__(self, memo: dict[int, Any]) -> ReferenceFleet:
        """Return a fleet that goes on by itself, exactly as this one would."""
        twin = object.__new__(ReferenceFleet)
        vars(twin).update(vars(self))
        twin._outlook, twin._books = self._outlook.copy(), self._books.copy()
        twin._stations = self._stations.copy()
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
            metered=chance(draw(self.seed, key, life.METERED), traits.metered),
            errands=[Errand(activity) for activity in Activity],
        )
        for errand in client.errands:
            if errand.activity not in ON_DEMAND:
                errand.at_us = self._drawn(client, life.PHASES[errand.activity], 0, (0, client.cycle_us(errand) - 1))
        if client.place is not Place.OFF:
            self._find_out_where_it_is(client)
        return client

    def _live(self, client: Client) -> Generator[simpy.Event, Any, None]:
        while True:
            try:
                yield self._clock.timeout(client.appointment_us - self._clock.now)
            except simpy.Interrupt:
                continue  # its service was restarted or its download broke, so its appointments have changed
            self._keep_appointment(client)

    def _keep_appointment(self, client: Client) -> None:
        now_us = self._clock.now
        if client.move[0] == now_us:
            self._move(client)
        if client.place is Place.OFF:
            return
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
        self._break_off_download(client)  # at the rate of where it still is
        client.place, client.moves = place, client.moves + 1
        self._note(client, Deed.MOVED, place)
        self._start_afresh(client)
        if before is Place.OFF:
            self._switch_on(client)
        elif place is not Place.OFF:
            delay_us = self._drawn(client, life.NETWORK, client.moves, self.habits.network_delay_us)
            client.errands[Activity.LOCATION].at_us = now_us + delay_us

    def _switch_on(self, client: Client) -> None:
        for errand in client.errands:
            delay_us = self._drawn(client, life.BOOTS[errand.activity], client.moves, self.habits.boot_delay_us)
            started_us = self.now_us + delay_us
            asks = ACTIVITIES[errand.activity].power_on is PowerOn.ASKS
            errand.at_us = started_us if asks else max(errand.at_us, started_us)

    def _start_afresh(self, client: Client) -> None:
        """Forget whom it talked to, give up what is on its way, and find out where it is.

        What it has given up or put off is due as soon as a client can react. Its update points it keeps.
        """
        soon_us = self.now_us + self.habits.reaction_us
        self._break_off_download(client)
        for errand in client.errands:
            if errand.contact != NOBODY:
                self._end(client, errand, Deed.GAVE_UP)
                errand.at_us = soon_us
            elif errand.at_us <= client.paused_until_us and _asks_management_points(errand):
                errand.at_us = min(errand.at_us, soon_us)
        self._use(client, NOBODY)
        client.failures_us, client.failed, client.paused_until_us = (), 0, NEVER
        client.scan_failing_us, client.scan_failures = NEVER, 0
        self._let_go(client)
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
        if not self._may(client, errand.activity):
            self._hold_back(client, errand)
        elif errand.activity is Activity.SCAN:
            self._ask_an_update_point(client, errand)
        elif errand.activity is Activity.DOWNLOAD:
            self._ask_a_source(client, errand)
        else:
            self._ask_a_management_point(client, errand)

    def _may(self, client: Client, activity: Activity) -> bool:
        """Say whether policy lets it do that where it is now."""
        at_cost = client.metered and client.place in (Place.INTERNET, Place.VPN)
        return not at_cost or activity in PERMITTED[client.told.metered]

    def _hold_back(self, client: Client, errand: Errand) -> None:
        """Put an activity off until the client moves, or its policy changes."""
        errand.at_us = FOREVER
        if errand.activity is Activity.STATE:
            client.news = 1
        self._books.note(self.now_us, client, Deed.HELD, 0, errand.activity)

    def _let_go(self, client: Client) -> None:
        """Let what was held back be due as soon as a client can react; some of it is held back again then."""
        for errand in client.errands:
            if errand.activity not in ON_DEMAND and errand.contact == NOBODY and errand.at_us == FOREVER:
                errand.at_us = self.now_us + self.habits.reaction_us
        if client.news:
            client.news = 0
            self._report(client)
        self._seek(client, 0)

    def _ask_a_management_point(self, client: Client, errand: Errand) -> None:
        tiers = self._tiers(client)
        if not tiers:
            self._books.knew_nobody(self.now_us, client, errand)
            self._put_everything_off(client)
        elif not self._settle_on_a_contact(client, tiers):
            self._note(client, Deed.PAUSED)
            self._put_everything_off(client)
        else:
            self._send(client, errand, client.contact)

    def _tiers(self, client: Client) -> Tiers:
        """Return whom it can ask, best tier first: on the intranet who is offered there, else who it knows."""
        locale = self._locale(client) if client.connection is Connection.INTRANET else None
        known = self._outlook.known(client.population, client.publication)
        return self._outlook.tiers(locale, known, client.told)

    def _settle_on_a_contact(self, client: Client, tiers: Tiers) -> bool:
        """Keep the contact for 25 hours, then choose another; say whether there was one that has not failed yet."""
        if any(client.contact in tier for tier in tiers):
            if self.now_us - client.chosen_us < self.habits.sticky_us:
                return True
            client.failed = 0
        for tier in tiers:
            untried = [contact for contact in tier if not client.failed & bit(contact)]
            if untried:
                bits = draw(self.seed, client.key, life.CHOICE, client.choices)
                self._use(client, untried[bits % len(untried)])
                client.choices, client.chosen_us, client.failures_us = client.choices + 1, self.now_us, ()
                return True
        return False

    def _use(self, client: Client, contact: int) -> None:
        """Take a contact into use, or nobody; a notification channel to another one is closed."""
        if client.channel not in (NOBODY, contact):
            self._close_channel(client)
        client.contact = contact

    def _close_channel(self, client: Client) -> None:
        self._books.closed(self.now_us, client)
        self._stations.release(client.channel_point)
        client.channel_point = NOBODY

    def _put_everything_off(self, client: Client) -> None:
        """With nobody left to ask, pause all activities, then begin a new round."""
        self._use(client, NOBODY)
        client.failed, client.paused_until_us = 0, self.now_us + self.habits.pause_us
        for errand in client.errands:
            if errand.contact == NOBODY and _asks_management_points(errand):
                errand.at_us = max(errand.at_us, client.paused_until_us)

    def _send(self, client: Client, errand: Errand, contact: int) -> None:
        if errand.activity is Activity.STATE:
            client.news = 0
        errand.contact, errand.ordinal, errand.sent_us = contact, client.requests, self.now_us
        errand.arrives_us = errand.sent_us + self._drawn(client, life.OUT, errand.ordinal, self.habits.travel_us)
        back_us = self._drawn(client, life.BACK, errand.ordinal, self.habits.travel_us)
        errand.at_us = errand.arrives_us + back_us
        if self._outlook.now.routes:
            errand.at_us = errand.sent_us + self.habits.patience_us + self.habits.reaction_us
            self._stations.send(client, errand, back_us)
        client.requests += 1
        self._books.asked(self.now_us, client, errand)

    # -- scanning ---------------------------------------------------------------------------------------------------

    def _ask_an_update_point(self, client: Client, errand: Errand) -> None:
        """Scan against the update point in use; without any, look again when one joins, it moves, or is located."""
        intranet = client.connection is Connection.INTRANET
        contact = self._update_point_on_the_intranet(client) if intranet else self._update_point_on_the_internet(client)
        if contact == NOBODY:
            self._books.knew_nobody(self.now_us, client, errand)
            client.scan_failing_us = self.now_us if client.scan_failing_us == NEVER else client.scan_failing_us
            errand.at_us = self._time_one_joins(client) if intranet else FOREVER
            return
        if contact != client.update_points[not intranet]:
            client.update_points[not intranet], client.scan_failures = contact, 0
            self._note(client, Deed.SCANS, contact)
        self._send(client, errand, contact)

    def _update_point_on_the_intranet(self, client: Client) -> int:
        """Stay with the last one, in reach or not, until it has failed often enough; then take the next in reach."""
        (current, _), reached = client.update_points, self._update_points_reached(client, self.now_us)
        if current == NOBODY:
            return self._one_of(client, life.UPDATE_POINT, reached)
        return following(reached, current) if client.scan_failures > self.habits.scan_retries else current

    def _update_point_on_the_internet(self, client: Client) -> int:
        """Stay with the one in use as long as the site offers it, whether it fails or not."""
        _, current = client.update_points
        known = self._outlook.update_points_known(client.publication, client.told)
        if current in known:
            return current
        return self._one_of(client, life.UPDATE_POINT, known)

    def _one_of(self, client: Client, purpose: int, contacts: Sequence[int]) -> int:
        """Return a random one of some contacts; a request follows each choice, so its number tells them apart."""
        bits = draw(self.seed, client.key, purpose, client.requests)
        return contacts[bits % len(contacts)] if contacts else NOBODY

    def _time_one_joins(self, client: Client) -> int:
        joins_us = self._outlook.next_joining_us(self._locale(client), self.now_us - client.scan_failing_us)
        soon_us = self.now_us + self.habits.reaction_us
        return FOREVER if joins_us is None else max(client.scan_failing_us + joins_us, soon_us)

    def _look_for_an_update_point(self, client: Client) -> None:
        """Let a scan that waits for an update point be tried as soon as a client can react."""
        scan = client.errands[Activity.SCAN]
        if scan.contact == NOBODY and scan.at_us == FOREVER:
            scan.at_us = self.now_us + self.habits.reaction_us

    def _update_points_reached(self, client: Client, at_us: int) -> tuple[int, ...]:
        after_us = 0 if client.scan_failing_us == NEVER else at_us - client.scan_failing_us
        return self._outlook.update_points_reached(self._locale(client), after_us)

    def _scan_again(self, client: Client, errand: Errand) -> int:
        """Return when to scan again: in half an hour, or in two minutes when it is another update point's turn."""
        client.scan_failing_us = self.now_us if client.scan_failing_us == NEVER else client.scan_failing_us
        client.scan_failures = min(client.scan_failures + 1, self.habits.scan_retries + 1)
        if client.connection is Connection.INTRANET and client.scan_failures > self.habits.scan_retries:
            soon_us = errand.sent_us + self.habits.scan_extra_us
            if following(self._update_points_reached(client, soon_us), errand.contact) != errand.contact:
                return soon_us
        return errand.sent_us + self.habits.scan_retry_us

    # -- downloading ------------------------------------------------------------------------------------------------

    def _seek(self, client: Client, after_us: int) -> None:
        """If there is a package to download, let the client ask for sources after a while."""
        location, download = client.errands[Activity.CONTENT_LOCATION], client.errands[Activity.DOWNLOAD]
        idle = all(errand.contact == NOBODY and errand.at_us == FOREVER for errand in (location, download))
        wanted = undone(client.fetched, len(client.told.deployments), client.current)
        if idle and wanted is not None:
            self._turn_to(client, wanted)
            self._wait(client, location, self.now_us + after_us)

    def _turn_to(self, client: Client, deployment: int) -> None:
        """Take a package up; what had come of another one is lost."""
        if deployment != client.current:
            client.current, client.got_bytes = deployment, 0

    def _give_up_for_now(self, client: Client) -> None:
        """Turn to the next package; after the last one, begin again in an hour."""
        wanted = undone(client.fetched, len(client.told.deployments), client.current + 1)
        assert wanted is not None, "the one that cannot be had is still wanted"
        last = wanted <= client.current
        self._turn_to(client, wanted)
        self._seek(client, self.habits.content_retry_us if last else 0)

    def _begin_search(self, client: Client) -> None:
        """Begin to download what it was told the sources of, unless its cache is too small for it."""
        package = client.told.deployments[client.current]
        client.sought_us, client.source, client.tries = self.now_us, NOBODY, 0
        if self._outlook.now.package_bytes[package] > client.told.cache_bytes:
            client.fetched |= 1 << client.current
            self._note(client, Deed.SKIPPED, package)
        else:
            self._wait(client, client.errands[Activity.DOWNLOAD], self.now_us)

    def _ask_a_source(self, client: Client, errand: Errand) -> None:
        """Ask one of the sources in reach; without any, wait until one joins, or turn to the next package."""
        errand.at_us, after_us = FOREVER, self.now_us - client.sought_us
        if after_us >= self.habits.content_token_us:
            self._seek(client, 0)
            return
        found = self._sources(client, after_us)
        if client.source == NOBODY:
            contact = self._one_of(client, life.SOURCE, found.first)
        else:
            contact = following(found.all, client.source)
        if contact != NOBODY:
            client.source = contact
            self._send(client, errand, contact)
            return
        self._books.knew_nobody(self.now_us, client, errand)
        joins_us = self._time_a_source_joins(client, after_us)
        if joins_us is None:
            self._give_up_for_now(client)
        else:
            self._wait(client, errand, joins_us)

    def _sources(self, client: Client, after_us: int) -> Sources:
        locale = self._locale(client) if client.connection is Connection.INTRANET else None
        return self._outlook.sources(locale, client.told.deployments[client.current], client.told, after_us)

    def _time_a_source_joins(self, client: Client, after_us: int) -> int | None:
        if client.connection is not Connection.INTRANET:
            return None
        package = client.told.deployments[client.current]
        joins_us = next_joining_us(self._outlook.now, self._locale(client), package, after_us)
        return None if joins_us is None else client.sought_us + joins_us

    def _begin_transfer(self, client: Client, errand: Errand) -> None:
        """Let content come in until all is there, or the permission expires; not from a source that has just gone."""
        if not self._is_served(client, errand.contact):
            self._leave_source(client, errand, Deed.UNANSWERED)
            return
        errand.overdue, errand.arrives_us = TRANSFERRING, self.now_us
        whole_us = self.now_us + transfer_us(self._missing_bytes(client), self._bandwidth(client))
        self._wait(client, errand, min(whole_us, client.sought_us + self.habits.content_token_us))

    def _finish_transfer(self, client: Client, errand: Errand) -> None:
        """Take what has come in; if it is all, turn to the next package, else ask for sources anew."""
        self._receive(client, errand)
        complete = not self._missing_bytes(client)
        self._end(client, errand, Deed.SERVED if complete else Deed.REFUSED, 0 if complete else EXPIRED)
        errand.at_us = FOREVER
        if complete:
            self._books.fetched(self.now_us, client, client.told.deployments[client.current])
            client.fetched, client.got_bytes = client.fetched | 1 << client.current, 0
            self._report(client)
        self._seek(client, 0)

    def _break_off_download(self, client: Client) -> None:
        """Keep what has come in, and ask for sources anew; what was waiting to be asked is forgotten."""
        download, location = client.errands[Activity.DOWNLOAD], client.errands[Activity.CONTENT_LOCATION]
        if download.contact == NOBODY and download.at_us == FOREVER:
            return
        if download.contact != NOBODY:
            self._receive(client, download)
            self._end(client, download, Deed.GAVE_UP)
        download.at_us = FOREVER
        self._wait(client, location, self.now_us)

    def _receive(self, client: Client, errand: Errand) -> None:
        if errand.overdue == TRANSFERRING:
            elapsed_us = self.now_us - errand.arrives_us
            fresh_bytes = received(self._missing_bytes(client), self._bandwidth(client), elapsed_us)
            client.got_bytes += fresh_bytes
            self._books.sent_from_azure(errand.contact, fresh_bytes)

    def _missing_bytes(self, client: Client) -> int:
        return self._outlook.now.package_bytes[client.told.deployments[client.current]] - client.got_bytes

    def _bandwidth(self, client: Client) -> int:
        traits = self.fleet.traits[client.population]
        return traits.bandwidth_on_intranet if client.place is Place.INTRANET else traits.bandwidth

    def _leave_source(self, client: Client, errand: Errand, deed: Deed, status: int = 0) -> None:
        """Turn to the next source in two minutes; on the internet, when all have failed, to the next package."""
        again_us, client.tries = errand.sent_us + self.habits.try_source_us, client.tries + 1
        after_us = self.now_us - client.sought_us
        self._receive(client, errand)
        self._end(client, errand, deed, status)
        if client.connection is Connection.INTRANET or client.tries < len(self._sources(client, after_us).all):
            self._wait(client, errand, again_us)
        else:
            errand.at_us = FOREVER
            self._give_up_for_now(client)

    # -- hearing ----------------------------------------------------------------------------------------------------

    def _hear(self, client: Client, errand: Errand) -> None:
        if errand.overdue == TRANSFERRING:
            self._finish_transfer(client, errand)
            return
        if errand.overdue:
            self._fail(client, errand, Deed.UNANSWERED)
            return
        if self._outlook.now.routes:
            self._hear_from_stations(client, errand)
            return
        landscape = self._outlook.at(errand.arrives_us)
        status = landscape.answers[client.population][errand.contact]
        if status == NO_ANSWER:
            errand.overdue, errand.at_us = 1, errand.sent_us + self.habits.silence_us
        elif status == SERVED and errand.activity is Activity.DOWNLOAD:
            self._begin_transfer(client, errand)
        elif status == SERVED:
            self._take(client, errand, landscape)
        else:
            self._fail(client, errand, Deed.REFUSED, status)

    def _hear_from_stations(self, client: Client, errand: Errand) -> None:
        """Act on a reply that came a reaction time ago, or on having waited in vain."""
        fate = self._stations.fate(client, errand)
        if fate is None or fate.status == NO_ANSWER:
            self._fail(client, errand, Deed.UNANSWERED)
        elif fate.status != SERVED:
            self._fail(client, errand, Deed.REFUSED, fate.status)
        elif errand.activity is Activity.DOWNLOAD:
            self._begin_transfer(client, errand)
        else:
            self._stations.heard(errand, fate, self.now_us)
            self._take(client, errand, fate.met)
            self._hold_port(client, fate)

    def _hold_port(self, client: Client, fate: Fate) -> None:
        """Hold a port for a channel that the served request has opened."""
        if client.channel != NOBODY and client.channel_point == NOBODY and fate.contact == client.channel:
            client.channel_point = fate.point
            self._stations.hold(fate.point)

    def _take(self, client: Client, errand: Errand, landscape: Landscape) -> None:
        """Take what the site said when the request arrived. The next one is due a cycle after this one was sent."""
        contact, activity = errand.contact, errand.activity
        self._books.sent_from_azure(contact, self.habits.egress_bytes[activity])
        self._end(client, errand, Deed.SERVED)
        if activity is Activity.LOCATION:
            client.located_us = errand.sent_us
            self._learn(client, landscape.published[client.site])
        elif activity is Activity.POLICY:
            self._obey(client, landscape.told[client.population])
        elif activity is Activity.SCAN:
            client.scan_failing_us, client.scan_failures = NEVER, 0
        if activity in REPORTED:
            self._report(client)
        self._judge(client)
        self._wait(client, errand, self._next_us(client, errand))
        if activity is Activity.CONTENT_LOCATION:
            self._begin_search(client)
        if activity in (Activity.CONTENT_LOCATION, Activity.POLICY):
            self._seek(client, 0)
        if contact == client.contact and client.channel == NOBODY and self._is_served(client, contact):
            self._books.opened(self.now_us, client, contact)

    def _next_us(self, client: Client, errand: Errand) -> int:
        """Return when it is due again: a cycle and its delay after this one was sent, or when there is news."""
        if errand.activity is Activity.STATE:
            return self._time_to_report(client) if client.news else FOREVER
        if errand.activity is Activity.CONTENT_LOCATION:
            return FOREVER
        delay_us = self._drawn(
            client, life.DELAYS[errand.activity], errand.ordinal, ACTIVITIES[errand.activity].delay_us
        )
        return errand.sent_us + client.cycle_us(errand) + delay_us

    def _obey(self, client: Client, told: Told) -> None:
        client.policy_us = self.now_us
        if told != client.told:
            assert told.deployments[: len(client.told.deployments)] == client.told.deployments, "what is deployed stays"
            client.told = told
            self._let_go(client)
            self._report(client)

    def _report(self, client: Client) -> None:
        """Let state messages be sent at their next time; those on their way do not have the news in them."""
        state = client.errands[Activity.STATE]
        if state.contact != NOBODY:
            client.news = 1
        elif state.at_us == FOREVER:
            state.at_us = max(self._time_to_report(client), client.paused_until_us)

    def _time_to_report(self, client: Client) -> int:
        """Return the next beginning of a state message cycle; where they begin is drawn for each client."""
        soon_us, cycle_us = self.now_us + self.habits.reaction_us, client.told.cycles_us[Activity.STATE]
        phase_us = self._drawn(client, life.PHASES[Activity.STATE], 0, (0, cycle_us - 1))
        return soon_us + (phase_us - soon_us) % cycle_us

    def _is_served(self, client: Client, contact: int) -> bool:
        return self._outlook.now.answers[client.population][contact] == SERVED

    def _learn(self, client: Client, publication: int) -> None:
        """Replace what it knows by what the site publishes, and go back to the best tier."""
        if publication != client.publication:
            client.publication = publication
            self._note(client, Deed.LEARNED, publication)
        client.failed = 0
        self._look_for_an_update_point(client)
        if client.contact not in next(iter(self._tiers(client)), ()):
            self._use(client, NOBODY)

    def _fail(self, client: Client, errand: Errand, deed: Deed, status: int = 0) -> None:
        """Try again in two minutes or so; after five failures within ten minutes leave the contact and ask another."""
        if errand.activity is Activity.DOWNLOAD:
            self._leave_source(client, errand, deed, status)
            return
        if errand.activity is Activity.SCAN:
            again_us = self._scan_again(client, errand)
            self._end(client, errand, deed, status)
            self._wait(client, errand, again_us)
            return
        again_us = errand.sent_us + self._drawn(client, life.RETRY, errand.ordinal, self.habits.retry_us)
        if errand.contact == client.contact:
            since_us = self.now_us - self.habits.failure_window_us
            client.failures_us = (*(at_us for at_us in client.failures_us if at_us >= since_us), self.now_us)
            if len(client.failures_us) >= self.habits.failures_to_leave:
                client.failed, client.failures_us, again_us = client.failed | bit(client.contact), (), self.now_us
                self._use(client, NOBODY)
        self._end(client, errand, deed, status)
        self._wait(client, errand, again_us)

    def _wait(self, client: Client, errand: Errand, until_us: int) -> None:
        paused_until_us = client.paused_until_us if _asks_management_points(errand) else NEVER
        errand.at_us = max(until_us, self.now_us + self.habits.reaction_us, paused_until_us)

    def _end(self, client: Client, errand: Errand, deed: Deed, status: int = 0) -> None:
        self._books.ended(self.now_us, client, errand, deed, status)
        errand.contact, errand.overdue = NOBODY, 0

    def _judge(self, client: Client) -> None:
        """Say whether it is stranded: on the internet, meant to use gateways, and none it knows would serve it."""
        stranded = (
            client.connection >= Connection.INTERNET
            and client.told.use_gateway
            and not self._outlook.alive(client.population, client.publication)
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
        """Take a new landscape, from now on; channels that break, and who is stranded, are judged at once."""
        self._outlook.behold(landscape, self.now_us, memory_us=self.habits.travel_us[1])
        self._stations.behold(landscape, self.now_us)
        self._let_know()
        for client in self._clients:
            if client.channel != NOBODY and not self._is_served(client, client.channel):
                self._close_channel(client)
            self._lose_source(client)
            self._judge(client)

    def _lose_source(self, client: Client) -> None:
        """Break a download off whose source is there no more."""
        download = client.errands[Activity.DOWNLOAD]
        if download.overdue == TRANSFERRING and not self._is_served(client, download.contact):
            self._leave_source(client, download, Deed.UNANSWERED)
            self._processes[client.uid].interrupt()

    def advance(self, until_us: int) -> None:
        """Live until *until_us*; what is due exactly then has not happened yet."""
        while self.now_us < until_us:
            interval_end_us = (self.now_us // INTERVAL_US + 1) * INTERVAL_US
            self._live_until(min(interval_end_us, until_us))
            if self.now_us == interval_end_us:
                self._books.finish_interval()
                self._stations.finish_interval(interval_end_us)

    def _live_until(self, until_us: int) -> None:
        """Live until then, at each instant first the clients and then the stations."""
        clock, stations = self._clock, self._stations
        while True:
            client_us, station_us = clock.peek(), stations.next_us()
            if client_us >= until_us and station_us >= until_us:
                break
            if client_us <= station_us:
                clock.step()
            elif stations.step():
                self._let_know()
        clock.run(until=until_us)

    def _let_know(self) -> None:
        """Let clients know, a reaction time after the reply, what came of requests that they still wait for."""
        for passage, fate in self._stations.decided():
            client = self._clients[passage.uid]
            errand = client.errands[passage.activity]
            waits = errand.contact != NOBODY and errand.ordinal == passage.ordinal
            if waits and fate.reply_us <= errand.sent_us + self.habits.patience_us:
                self._stations.keep(passage, fate)
                errand.at_us = fate.reply_us + self.habits.reaction_us
                self._processes[client.uid].interrupt()

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
            update_point=np.array([client.update_points[0] for client in clients], dtype=np.int32),
            fetched=np.array([client.fetched.bit_count() for client in clients], dtype=np.int32),
            channel=np.array([client.channel for client in clients], dtype=np.int32),
            channel_closed_us=np.array([client.channel_closed_us for client in clients], dtype=np.int64),
            digest=np.array([client.digest for client in clients], dtype=np.uint64),
        )

    def egress_bytes(self) -> NDArray[np.int64]:
        """Return the bytes that have left Azure so far, by contact."""
        return np.array(self._books.tally.egress_bytes(), dtype=np.int64)

    def egress_since(self, interval: int) -> NDArray[np.int64]:
        """Return the bytes that left Azure in each interval from that number to the one that goes on, by contact."""
        return self._books.tally.egress_since(interval)

    def series(self) -> Series:
        """Return what was counted so far."""
        return self._books.series()

    def measures(self) -> Measures:
        """Return what was measured of the stations so far."""
        return self._stations.measures(self.now_us)


def _asks_management_points(errand: Errand) -> bool:
    return ACTIVITIES[errand.activity].target is Target.MANAGEMENT_POINT
