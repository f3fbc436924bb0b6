"""Which gateway, and the roles of which site behind it, each request of a run went to.

Theory of operation: a run counts kinds of request for all contacts together, and for each contact all kinds together. A
contact over a gateway is a gateway's name and a role, so its *lane* is that gateway and the role's site; on the
intranet only the site matters. In each interval the requests for one kind of role are shuffled by keyed draws and dealt
out to the lanes, as many to each as were counted there: both sums stay what they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cmgsim.capacity.limits import sites_of
from cmgsim.design.model import Design
from cmgsim.design.names import service_fqdn
from cmgsim.draws import identity, mix_array, stream
from cmgsim.fleet.series import Count
from cmgsim.site.client import ACTIVITIES, Target
from cmgsim.site.landscape import Contact, Over
from cmgsim.world.run import Run

_SHUFFLE = stream("capacity.lane")
_WAYS = tuple(Over)
_ROLES = (Target.MANAGEMENT_POINT, Target.UPDATE_POINT)


def named(design: Design) -> dict[str, str]:
    """Return the gateways of a design by the name clients know them by, in lower case.

    Of several under one name the first that runs from the beginning: to clients they are the same.
    """
    found: dict[str, str] = {}
    running_first = sorted(design.gateways, key=lambda name: design.gateways[name].planned)
    for name in running_first:
        fqdn = service_fqdn(design, design.gateways[name])
        found.setdefault(fqdn.casefold() if isinstance(fqdn, str) else name, name)
    return found


@dataclass(frozen=True)
class Lanes:
    """The lanes of a run: pairs of gateway and site, in the order of the design."""

    run: Run
    names: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, run: Run) -> Lanes:
        """Return the lanes of a run."""
        kept = set(named(run.design).values())
        gateways = [name for name in run.design.gateways if name in kept]
        return cls(run, tuple((name, site) for name in gateways for site in sites_of(run.design, name)))

    @cached_property
    def sites(self) -> tuple[str, ...]:
        """All sites of the lanes."""
        return tuple(dict.fromkeys(site for _, site in self.names))

    def lane(self, contact: Contact) -> int | None:
        """Return the number of the lane of a contact over a gateway; of a site without one the gateway's first.

        None for content, which passes no role.
        """
        gateway = self.gateway(contact)
        if gateway is None or contact.target not in _ROLES:
            return None
        mine = [number for number, (name, _) in enumerate(self.names) if name == gateway]
        site = self._site(contact)
        return next((number for number in mine if self.names[number][1] == site), mine[0])

    def gateway(self, contact: Contact) -> str | None:
        """Return the gateway of a contact; None where it is none of the design."""
        return self._named.get(contact.fqdn.casefold()) if contact.over is Over.GATEWAY else None

    def site(self, contact: Contact) -> int | None:
        """Return the number of the site of a contact on the intranet; None where no lane has that site."""
        site = self._site(contact) if contact.over is Over.INTRANET and contact.target in _ROLES else None
        return self.sites.index(site) if site in self.sites else None

    @cached_property
    def _named(self) -> dict[str, str]:
        return named(self.run.design)

    def _site(self, contact: Contact) -> str | None:
        roles = self.run.design.roles
        if contact.target is Target.UPDATE_POINT:
            return roles.update_points[contact.update_point].site if contact.update_point else None
        return roles.management_points[contact.management_point].site if contact.management_point else None

    def over(self) -> NDArray[np.int64]:
        """Return what was asked over gateways: (lanes, intervals, kinds) int64."""
        return self._deal(Over.GATEWAY, [self.lane(one) for one in self.run.landscape.contacts], len(self.names))

    def inside(self) -> NDArray[np.int64]:
        """Return what was asked on the intranet: (sites, intervals, kinds) int64."""
        return self._deal(Over.INTRANET, [self.site(one) for one in self.run.landscape.contacts], len(self.sites))

    def _deal(self, way: Over, places: list[int | None], count: int) -> NDArray[np.int64]:
        """Deal out what was asked on a way to *count* places; *places* are those of the contacts."""
        series = self.run.series
        asked = series.requests[: series.intervals, :, _WAYS.index(way), Count.ASKED]
        found = np.zeros((count + 1, *asked.shape), dtype=np.int64)
        for role in _ROLES:
            kinds = [number for number, routine in enumerate(ACTIVITIES) if routine.target is role]
            came = np.zeros((len(asked), count + 1), dtype=np.int64)
            for number, contact in enumerate(self.run.landscape.contacts):
                if contact.over is way and contact.target is role:
                    place = places[number]
                    came[:, count if place is None else place] += series.by_contact[: len(asked), number, Count.ASKED]
            found[:, :, kinds] = shuffled(asked[:, kinds], came, identity(way.value, role.name), self.run.seed)
        return found[:count]


def shuffled(kinds: NDArray[np.int64], places: NDArray[np.int64], who: int, seed: int) -> NDArray[np.int64]:
    """Return how many of each kind go to each place: (places, intervals, kinds), with the sums that are given.

    *kinds* is (intervals, kinds), *places* (intervals, places), both int64 with the same sum in every interval.
    """
    found = np.zeros((places.shape[1], *kinds.shape), dtype=np.int64)
    interval, kind = _each(kinds)
    _, place = _each(places)
    bits = mix_array(seed, who, _SHUFFLE, np.arange(len(kind)))
    order = np.lexsort((bits, interval))
    np.add.at(found, (place, interval, kind[order]), 1)
    return found


def _each(counts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the row and the column of every single one that was counted, row by row."""
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    row, column = np.divmod(cell, counts.shape[1])
    return row, column
