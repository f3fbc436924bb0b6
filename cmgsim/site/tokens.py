"""Tokens, and how long they live.

A site-issued token is created when a client registers on the intranet, or by bulk registration; the client renews it
about once a month, also over a gateway, and it lapses when it was not renewed for 90 days. Only the intranet helps then
(source: "Token-based authentication for CMG"). Site tokens come with version 2002.

Theory of operation: nobody keeps a token for each client. The clients of one population hold tokens of one age, which
:class:`SiteTokens` renews when they are due and some management point serves the population, and lets lapse after 90
days without. :class:`Served` is the record of who was served when; the world writes it whenever clients see something
else. The age goes into the judgement of requests over a gateway.

Assumption: the clients of a population renew their site tokens together, as soon as one is due and any is served.
Assumption: clients that come to the intranet at times register there anew within a day of their tokens' lapse.
Assumption: clients with a certificate or an Azure AD token keep their site tokens, if they have any, in date.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from cmgsim.design.identity import SITE_TOKEN_LIFE, SITE_TOKEN_RENEWAL, comes_in, holds_site_tokens
from cmgsim.facts import Fact, Message
from cmgsim.site.client import Target
from cmgsim.site.facts import SiteTokensLapsed, SiteTokensRenewed
from cmgsim.site.landscape import SERVED, Landscape, Over
from cmgsim.units import DAY, timedelta_us

if TYPE_CHECKING:
    from cmgsim.design.model import Design

SITE_TOKEN_LIFE_US = timedelta_us(SITE_TOKEN_LIFE)
SITE_TOKEN_RENEWAL_US = timedelta_us(SITE_TOKEN_RENEWAL)


class Way(IntEnum):
    """How clients are served, the best way of all; each is more than the one before."""

    NOT_AT_ALL = 0
    GATEWAY = 1
    INTRANET = 2


@dataclass(frozen=True)
class Spell:
    """A time in which a population was served in one way; it lasts until the next one begins."""

    since_us: int
    way: Way


@dataclass(slots=True)
class Served:
    """How each population was served, from the beginning: spells in order."""

    _spells: dict[str, list[Spell]] = field(default_factory=dict)

    def note(self, now_us: int, name: str, way: Way) -> None:
        """Note how a population is served from now on."""
        spells = self._spells.setdefault(name, [])
        if spells and spells[-1].since_us == now_us:
            spells.pop()
        if not spells or spells[-1].way is not way:
            spells.append(Spell(now_us, way))

    def first(self, name: str, least: Way, after_us: int, before_us: int) -> int | None:
        """Return the first moment from *after_us* on, before *before_us*, at which it was served at least so."""
        spells = [*self._spells.get(name, ()), Spell(before_us, Way.NOT_AT_ALL)]
        for spell, following in pairwise(spells):
            moment: int = max(spell.since_us, after_us)
            if spell.way >= least and moment < min(following.since_us, before_us):
                return moment
        return None


def way_of(design: Design, name: str, landscape: Landscape) -> Way:
    """Return how the clients of a population can be served under a landscape."""
    population, answers = design.clients[name], landscape.answers[list(design.clients).index(name)]
    points = design.roles.management_points
    served = {
        contact.over
        for contact, status in zip(landscape.contacts, answers, strict=True)
        if status == SERVED
        and contact.target is Target.MANAGEMENT_POINT
        and points[contact.management_point].site == population.site
    }
    if Over.INTRANET in served and comes_in(population, design.day_plans[population.day_plan]):
        return Way.INTRANET
    return Way.GATEWAY if Over.GATEWAY in served else Way.NOT_AT_ALL


class SiteTokens:
    """The age of every population's site tokens; a component named ``site_tokens``.

    It looks at what populations are served, and changes nothing of it. Without anybody who depends on site tokens it is
    never due. A token that is due is looked after at that moment, and then daily.
    """

    def __init__(self, design: Design, served: Served) -> None:
        self.name = "site_tokens"
        self.rank = 13
        self._served = served
        names = [name for name in design.clients if holds_site_tokens(design, name)]
        self._renewed_us = {name: _begun_us(design, name) for name in names}
        self._lapsed: dict[str, int] = {}
        self._due_us = {name: max(at_us + SITE_TOKEN_RENEWAL_US, 0) for name, at_us in self._renewed_us.items()}

    @property
    def holders(self) -> tuple[str, ...]:
        """The populations that depend on site tokens."""
        return tuple(self._renewed_us)

    def ages(self, now_us: int) -> Mapping[str, timedelta]:
        """Return how old the site tokens of each population are that depends on them."""
        return {name: timedelta(microseconds=now_us - at_us) for name, at_us in self._renewed_us.items()}

    def due(self) -> int | None:
        """Return when some token is looked after next."""
        return min(self._due_us.values(), default=None)

    def step(self, now_us: int) -> list[Fact | Message]:
        """Renew what is due and can be renewed, and let lapse what was not for too long."""
        facts: list[Fact | Message] = []
        for name in [name for name, due_us in self._due_us.items() if due_us == now_us]:
            facts += self._lapse(name, now_us) if name not in self._lapsed else self._register(name, now_us)
            self._due_us[name] = now_us + DAY if name in self._lapsed else _next_us(self._renewed_us[name], now_us)
        return facts

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Never happens."""
        raise AssertionError(f"nobody tells site tokens anything, yet at {now_us} came {body!r}")

    def _lapse(self, name: str, now_us: int) -> list[Fact | Message]:
        while (moment := self._renewal(name, now_us)) is not None:
            self._renewed_us[name] = moment
        if now_us - self._renewed_us[name] < SITE_TOKEN_LIFE_US:
            return []
        self._lapsed[name] = now_us
        return [SiteTokensLapsed(name)]

    def _renewal(self, name: str, now_us: int) -> int | None:
        """Return when tokens were renewed next, None if they were not until now."""
        renewed_us = self._renewed_us[name]
        before_us = min(now_us + 1, renewed_us + SITE_TOKEN_LIFE_US)
        return self._served.first(name, Way.GATEWAY, renewed_us + SITE_TOKEN_RENEWAL_US, before_us)

    def _register(self, name: str, now_us: int) -> list[Fact | Message]:
        moment = self._served.first(name, Way.INTRANET, self._lapsed[name], now_us + 1)
        if moment is None:
            return []
        del self._lapsed[name]
        self._renewed_us[name] = now_us
        return [SiteTokensRenewed(name)]


def _begun_us(design: Design, name: str) -> int:
    """Return when the tokens of a population were renewed last before the run, at or before moment 0."""
    day = design.clients[name].token_renewed
    return 0 if day is None else min(timedelta_us(day - design.start), 0)


def _next_us(renewed_us: int, now_us: int) -> int:
    """Return when tokens are looked after next: when they are due, then daily, and when they would lapse."""
    due_us, lapse_us = renewed_us + SITE_TOKEN_RENEWAL_US, renewed_us + SITE_TOKEN_LIFE_US
    if now_us < due_us:
        return due_us
    return min(now_us + DAY, lapse_us)
