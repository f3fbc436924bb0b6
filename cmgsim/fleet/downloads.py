"""Downloads in integers: how long one takes, how much has come, and in which order sources and packages take turns.

Assumption: A client downloads one package at a time, and begins it anew if it has turned to another in between.
"""

from __future__ import annotations

from typing import NamedTuple

from cmgsim.site.client import Target
from cmgsim.site.landscape import Landscape, Over, Told
from cmgsim.units import SECOND

EXPIRED = 403
"""The status that a content source answers with once the permission to download has expired."""


class Sources(NamedTuple):
    """The sources of a package: one of the ``first`` is drawn to begin with, then it is the next of ``all``."""

    first: tuple[int, ...]
    all: tuple[int, ...]


def transfer_us(size: int, rate: int) -> int:
    """Return how long so many bytes take at a rate in bytes a second, rounded up."""
    return -(-size * SECOND // rate)


def received(size: int, rate: int, elapsed_us: int) -> int:
    """Return how many of so many bytes have come after a while."""
    return min(size, elapsed_us * rate // SECOND)


def sources(landscape: Landscape, locale: int | None, package: int, told: Told, after_us: int) -> Sources:
    """Return the sources of a package so long after the search began; *locale* is None on the internet."""
    holders = landscape.of(Target.CONTENT, landscape.sources[package])
    ways = {contact: landscape.contacts[contact].over for contact in holders}
    cloud = tuple(contact for contact in holders if ways[contact] is Over.GATEWAY and told.use_cloud)
    if locale is None:
        outside = tuple(contact for contact in holders if ways[contact] is Over.INTERNET or contact in cloud)
        return Sources(outside, outside)
    points = tuple(
        contact for at_us, contact in landscape.content_pools[locale] if at_us <= after_us and contact in ways
    )
    lists = (cloud, points) if locale in landscape.cloud_first else (points, cloud)
    return Sources(lists[0] or lists[1], (*lists[0], *lists[1]))


def next_joining_us(landscape: Landscape, locale: int, package: int, after_us: int) -> int | None:
    """Return when, counted from the search's beginning, the next distribution point joins; None if none does."""
    holders = landscape.sources[package]
    pool = landscape.content_pools[locale]
    return min((at_us for at_us, contact in pool if at_us > after_us and contact in holders), default=None)


def undone(done: int, count: int, begin: int) -> int | None:
    """Return the first of *count* deployments from *begin* on, around the end, that is not in the set *done*."""
    places = (place % count for place in range(begin, begin + count))
    return next((place for place in places if not done >> place & 1), None)
