"""What clients of the reference fleet see: landscapes by the moment, and what follows from the one in force."""

from __future__ import annotations

from cmgsim.site.client import Sign
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

    def behold(self, landscape: Landscape, now_us: int, memory_us: int) -> None:
        """Take a new landscape, and forget those that went out of force longer than *memory_us* ago."""
        settled = [index for index, (since_us, _) in enumerate(self._history) if since_us <= now_us - memory_us]
        self._history = [*self._history[max(settled, default=0) :], (now_us, landscape)]
        self._lists = {}
        self.now = landscape

    def at(self, moment_us: int) -> Landscape:
        """Return the landscape that was in force at a moment not long ago."""
        return next(landscape for since_us, landscape in reversed(self._history) if since_us <= moment_us)

    def copy(self) -> Outlook:
        """Return an outlook that goes on by itself; landscapes and lists, which nobody changes, are shared."""
        twin = Outlook(self.now)
        twin._history, twin._lists = list(self._history), dict(self._lists)
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
        return (Sign.DOMAIN_CONTROLLER if self.now.domain_controller else Sign.NONE) | (
            Sign.MANAGEMENT_POINT if reached else Sign.NONE
        )

    def tiers(self, locale: int | None, publication: int, told: Told) -> Tiers:
        """Return whom a client can ask: in a locale of the intranet what is offered there, else what it knows.

        A gateway only when policy lets the client use gateways, and only one it has been told of.
        Assumption: A gateway in a boundary group is used by clients whose last location answer named it, not before.
        """
        question = (locale, publication, told.use_gateway)
        if question not in self._lists:
            known = self.now.publications[publication]
            gateways = known if told.use_gateway else ()
            offered = (known,) if locale is None else self.now.tiers[locale]
            allowed = (
                tuple(one for one in tier if self.over(one) is not Over.GATEWAY or one in gateways) for tier in offered
            )
            self._lists[question] = tuple(tier for tier in allowed if tier)
        return self._lists[question]
