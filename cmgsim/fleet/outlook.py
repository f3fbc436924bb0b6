"""What clients of the reference fleet see: landscapes by the moment, and what follows from the one in force."""

from __future__ import annotations

from cmgsim.fleet.downloads import Sources, sources
from cmgsim.site.client import Sign, Target
from cmgsim.site.landscape import NO_ANSWER, Landscape, Over, Told

Tiers = tuple[tuple[int, ...], ...]
"""Contacts, best tier first, none of them empty."""


class Outlook:
    """The landscape in force, and those before it that requests on their way can still have met."""

    def __init__(self, landscape: Landscape) -> None:
        self.now = landscape
        """The landscape in force."""
        self._history = [(0, landscape)]
        self._lists: dict[tuple[int | None, int, bool], Tiers] = {}
        self._alive: dict[tuple[int, int], bool] = {}

    def behold(self, landscape: Landscape, now_us: int, memory_us: int) -> None:
        """Take a new landscape, and forget those that went out of force longer than *memory_us* ago."""
        landscape.require_same_frame(self.now)
        settled = [index for index, (since_us, _) in enumerate(self._history) if since_us <= now_us - memory_us]
        self._history = [*self._history[max(settled, default=0) :], (now_us, landscape)]
        self._lists, self._alive = {}, {}
        self.now = landscape

    def at(self, moment_us: int) -> Landscape:
        """Return the landscape that was in force at a moment not long ago."""
        return next(landscape for since_us, landscape in reversed(self._history) if since_us <= moment_us)

    def copy(self) -> Outlook:
        """Return an outlook that goes on by itself; landscapes and lists, which nobody changes, are shared."""
        twin = Outlook(self.now)
        twin._history, twin._lists, twin._alive = list(self._history), dict(self._lists), dict(self._alive)
        return twin

    def over(self, contact: int) -> Over:
        """Return the way to a contact."""
        return self.now.contacts[contact].over

    def signs(self, population: int, locale: int) -> Sign:
        """Return what a client of a population finds in a locale of the intranet.

        An on-premises management point counts when it answers at all: refusing a client is an answer.
        """
        answers = self.now.answers[population]
        listed = (contact for tier in self.now.tiers[locale] for contact in tier)
        reached = any(self.over(contact) is Over.INTRANET and answers[contact] != NO_ANSWER for contact in listed)
        return (Sign.DOMAIN_CONTROLLER if self.now.reaches_domain_controller(locale) else Sign.NONE) | (
            Sign.MANAGEMENT_POINT if reached else Sign.NONE
        )

    def alive(self, population: int, publication: int) -> bool:
        """Say whether a client that knows a publication has a management point on the internet to serve it."""
        question = (population, publication)
        if question not in self._alive:
            self._alive[question] = self.now.alive(population, publication)
        return self._alive[question]

    def update_points_reached(self, locale: int, after_us: int) -> tuple[int, ...]:
        """Return the software update points in reach on the intranet so long after the first failure, as they join."""
        pools = self.now.update_pools
        return tuple(contact for at_us, contact in pools[locale] if at_us <= after_us) if pools else ()

    def next_joining_us(self, locale: int, after_us: int) -> int | None:
        """Return when, counted from the first failure, the next update point joins those in reach; None if never."""
        pools = self.now.update_pools
        return min((at_us for at_us, _ in pools[locale] if at_us > after_us), default=None) if pools else None

    def update_points_known(self, publication: int, told: Told) -> tuple[int, ...]:
        """Return the software update points that a client on the internet can use, all of them over gateways."""
        return self.now.of(Target.UPDATE_POINT, self.now.publications[publication]) if told.use_gateway else ()

    def sources(self, locale: int | None, package: int, told: Told, after_us: int) -> Sources:
        """Return the sources of a package so long after the search began; *locale* is None on the internet."""
        return sources(self.now, locale, package, told, after_us)

    def known(self, population: int, publication: int) -> int:
        """Return the publication a client goes by."""
        return self.now.known(population, publication)

    def tiers(self, locale: int | None, publication: int, told: Told) -> Tiers:
        """Return whom a client can ask: in a locale of the intranet what is offered there, else what it knows.

        A gateway only when policy lets the client use gateways, and only one it has been told of.
        Assumption: A gateway in a boundary group is used by clients whose last location answer named it, not before.
        """
        question = (locale, publication, told.use_gateway)
        if question not in self._lists:
            known = self.now.of(Target.MANAGEMENT_POINT, self.now.publications[publication])
            gateways = known if told.use_gateway else ()
            offered = (known,) if locale is None else self.now.tiers[locale]
            allowed = (
                tuple(one for one in tier if self.over(one) is not Over.GATEWAY or one in gateways) for tier in offered
            )
            self._lists[question] = tuple(tier for tier in allowed if tier)
        return self._lists[question]
