"""The books of the reference fleet: counters, gauges, digests and diaries, kept together so that none is forgotten."""

from __future__ import annotations

from cmgsim.draws import WORD
from cmgsim.fleet.diary import Diary
from cmgsim.fleet.engine import NEVER
from cmgsim.fleet.life import NOBODY, Client, Deed, Errand, digested
from cmgsim.fleet.series import INTERVAL_US, Count, Gauge, Series, Tally
from cmgsim.site.client import HABITS, Activity, Connection, Habits
from cmgsim.site.landscape import Landscape, Over

WAYS = tuple(Over)
COUNTED = {
    Deed.ASKED: Count.ASKED,
    Deed.SERVED: Count.SERVED,
    Deed.REFUSED: Count.REFUSED,
    Deed.UNANSWERED: Count.UNANSWERED,
    Deed.GAVE_UP: Count.GIVEN_UP,
}


class Books:
    """Everything that is counted of a fleet. Each client's own sums are in the client."""

    def __init__(self, clients: int, landscape: Landscape, watched: frozenset[int], habits: Habits = HABITS) -> None:
        self.diary = Diary(watched)
        self.tally = Tally(len(Activity), len(WAYS), len(landscape.contacts), len(landscape.package_bytes))
        self.gauges = [clients, *[0] * (len(Gauge) - 1)]
        self._ways = [WAYS.index(contact.over) for contact in landscape.contacts]
        self._kept_alive = habits.keep_alive_bytes * INTERVAL_US // habits.keep_alive_us

    def copy(self) -> Books:
        """Return books that go on by themselves."""
        twin = object.__new__(Books)
        vars(twin).update(vars(self))
        twin.diary, twin.tally, twin.gauges = self.diary.copy(), self.tally.copy(), list(self.gauges)
        return twin

    def note(self, now_us: int, client: Client, deed: Deed, subject: int, activity: int = 0, status: int = 0) -> None:
        """Note a deed in the client's digest, and in its diary if it has one."""
        client.digest = (client.digest + digested(deed, now_us, subject, activity, status)) & WORD
        if client.uid in self.diary.watched:
            self.diary.add(now_us, client.uid, deed, subject, activity, status)

    def asked(self, now_us: int, client: Client, errand: Errand) -> None:
        """Note a request that was sent."""
        self.gauges[Gauge.WAITING] += 1
        self._count(now_us, client, errand, Deed.ASKED, 0)

    def ended(self, now_us: int, client: Client, errand: Errand, deed: Deed, status: int = 0) -> None:
        """Note what a request came to."""
        self.gauges[Gauge.WAITING] -= 1
        self._count(now_us, client, errand, deed, status)

    def knew_nobody(self, now_us: int, client: Client, errand: Errand) -> None:
        """Note a request that could not be sent, under the way it would have taken."""
        way = Over.INTRANET if client.connection is Connection.INTRANET else Over.GATEWAY
        self.tally.count(Count.NO_CONTACT, errand.activity, WAYS.index(way))
        self.note(now_us, client, Deed.KNEW_NOBODY, 0, errand.activity)

    def sent_from_azure(self, contact: int, sent_bytes: int) -> None:
        """Note outbound traffic, if it went over a gateway."""
        if WAYS[self._ways[contact]] is Over.GATEWAY:
            self.tally.egress[contact] += sent_bytes

    def opened(self, now_us: int, client: Client, contact: int) -> None:
        """Note that a client's notification channel is open from now on."""
        self.tally.channels[contact] += 1
        client.channel = contact
        self.note(now_us, client, Deed.OPENED, contact)

    def closed(self, now_us: int, client: Client) -> None:
        """Note that a client's notification channel is closed from now on."""
        self.tally.channels[client.channel] -= 1
        self.note(now_us, client, Deed.CLOSED, client.channel)
        client.channel, client.channel_closed_us = NOBODY, now_us

    def fetched(self, now_us: int, client: Client, package: int) -> None:
        """Note that a client has all of a package."""
        self.tally.downloads[package] += 1
        self.note(now_us, client, Deed.FETCHED, package)

    def connected(self, now_us: int, client: Client, before: Connection) -> None:
        """Note a change of the connection type."""
        self.gauges[min(before, Gauge.INTERNET)] -= 1
        self.gauges[min(client.connection, Gauge.INTERNET)] += 1
        self.note(now_us, client, Deed.DETECTED, client.connection)

    def stranded(self, now_us: int, client: Client) -> None:
        """Note that a client is stranded from now on."""
        self.gauges[Gauge.STRANDED] += 1
        self.note(now_us, client, Deed.STRANDED, client.publication)
        client.stranded_since_us = now_us

    def rescued(self, now_us: int, client: Client) -> None:
        """Note that a client is no longer stranded."""
        self.gauges[Gauge.STRANDED] -= 1
        self.note(now_us, client, Deed.RESCUED, client.publication)
        client.stranded_longest_us, client.stranded_total_us = stranded_so_far(client, now_us)
        client.stranded_since_us = NEVER

    def finish_interval(self) -> None:
        """End an interval of the series, with the gauges as they are, and begin the next."""
        for contact, channels in enumerate(self.tally.channels):
            self.sent_from_azure(contact, channels * self._kept_alive)
        self.tally.finish(self.gauges)

    def series(self) -> Series:
        """Return what was counted so far."""
        return self.tally.series(self.gauges)

    def _count(self, now_us: int, client: Client, errand: Errand, deed: Deed, status: int) -> None:
        self.tally.count(COUNTED[deed], errand.activity, self._ways[errand.contact], errand.contact)
        self.note(now_us, client, deed, errand.contact, errand.activity, status)


def stranded_so_far(client: Client, now_us: int) -> tuple[int, int]:
    """Return the longest and all time a client was stranded, the time that goes on included (us)."""
    piece_us = 0 if client.stranded_since_us == NEVER else now_us - client.stranded_since_us
    return max(client.stranded_longest_us, piece_us), client.stranded_total_us + piece_us
