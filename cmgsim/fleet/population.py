"""Who the clients are: the populations of a design as arrays, one row a client.

Theory of operation: a client is its key, a hash of the seed, its population's name and its number in it. Everything
about it is drawn from that, so taking one client away, or adding a population, leaves all others as they were.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from ipaddress import IPv4Address

import numpy as np
from numpy.typing import NDArray

from cmgsim.boundaries.addresses import groups_at
from cmgsim.design.clients import Place, Population
from cmgsim.design.model import Design
from cmgsim.draws import identity, mix_array, stream
from cmgsim.fleet.days import Timetable, timetable
from cmgsim.site.client import HABITS, Habits
from cmgsim.site.locales import Locale
from cmgsim.units import PARTS_PER_MILLION

HOME_ADDRESS, VPN_ADDRESS = stream("fleet.address.home"), stream("fleet.address.vpn")


@dataclass(frozen=True)
class Traits:
    """What all clients of one population share."""

    name: str
    """The population."""
    site: int
    """The index of its site among the sites of the design."""
    days: Timetable
    """Its days."""
    always_on_internet: bool
    """Its clients carry the flag that makes them use internet contacts everywhere."""
    metered: int = 0
    """The share of its clients (ppm) whose connection to the internet is metered."""
    bandwidth: int = 2_500_000
    """Bytes a second on the internet and by VPN."""
    bandwidth_on_intranet: int = 12_500_000
    """Bytes a second on the intranet."""


@dataclass(frozen=True, eq=False)
class Fleet:
    """All clients, as they are for the whole run. The arrays have the shape (clients,) and are read-only."""

    traits: tuple[Traits, ...]
    """By population, in the order of the design."""
    locales: tuple[Locale, ...]
    """Where clients can be on the intranet, each once."""
    population: NDArray[np.int32]
    """Index of the population."""
    member: NDArray[np.int32]
    """The client's number within its population, from 0."""
    key: NDArray[np.uint64]
    """What everything about the client is drawn from."""
    home: NDArray[np.int32]
    """Index of the locale it is in when it works on the intranet."""
    vpn: NDArray[np.int32]
    """Index of the locale it is in when it comes in by VPN."""
    scale: int = PARTS_PER_MILLION
    """Which share of every population this is, in parts per million."""
    habits: Habits = HABITS
    """The delays and thresholds of all clients."""

    def __post_init__(self) -> None:
        for array in (self.population, self.member, self.key, self.home, self.vpn):
            array.setflags(write=False)

    def __len__(self) -> int:
        return len(self.population)

    def only(self, uids: Iterable[int]) -> Fleet:
        """Return the fleet of just these clients, in this order; each lives exactly as in the whole fleet."""
        rows = np.fromiter(uids, dtype=np.int64)
        return replace(
            self,
            population=self.population[rows],
            member=self.member[rows],
            key=self.key[rows],
            home=self.home[rows],
            vpn=self.vpn[rows],
        )


def populate(design: Design, seed: int, scale: int = PARTS_PER_MILLION) -> Fleet:
    """Return the clients of a design; of every population a share of *scale* (ppm), rounded up."""
    populations = design.clients.values()
    members = [np.arange(-(-population.count * scale // PARTS_PER_MILLION)) for population in populations]
    keys = [mix_array(seed, identity(name), own) for name, own in zip(design.clients, members, strict=True)]
    locales: dict[Locale, int] = {}
    homes = [
        _locales(design, population, population.at_home, mix_array(own, HOME_ADDRESS), locales)
        for population, own in zip(populations, keys, strict=True)
    ]
    vpns = [
        _locales(design, population, population.on_vpn, mix_array(own, VPN_ADDRESS), locales)
        for population, own in zip(populations, keys, strict=True)
    ]
    return Fleet(
        traits=_traits(design),
        locales=tuple(locales),
        population=_joined([np.full(len(own), index) for index, own in enumerate(keys)]),
        member=_joined(members),
        key=np.concatenate([*keys, np.zeros(0, np.uint64)]),
        home=_joined(homes),
        vpn=_joined(vpns),
        scale=scale,
    )


def _traits(design: Design) -> tuple[Traits, ...]:
    sites = list(design.hierarchy.sites)
    return tuple(
        Traits(
            name=name,
            site=sites.index(population.site),
            days=timetable(design.day_plans[population.day_plan], design.start),
            always_on_internet=population.pinned_to_internet,
            metered=design.day_plans[population.day_plan].metered,
            bandwidth=design.day_plans[population.day_plan].bandwidth,
            bandwidth_on_intranet=design.day_plans[population.day_plan].bandwidth_on_intranet,
        )
        for name, population in design.clients.items()
    )


def _locales(
    design: Design, population: Population, place: Place, bits: NDArray[np.uint64], locales: dict[Locale, int]
) -> NDArray[np.int64]:
    """Return the index of each client's locale at a place, by the address its bits draw; file new locales.

    Between two ends of IP range boundaries all addresses are in the same groups, so one of each stretch is asked.
    """
    addresses = _addresses(place, bits)
    _, first, stretch = np.unique(
        np.searchsorted(_edges(design), addresses, side="right"), return_index=True, return_inverse=True
    )
    indices = []
    for row in first:
        address = None if place.addresses is None else IPv4Address(int(addresses[row]))
        groups = groups_at(design, place, address, population.identity)
        indices.append(locales.setdefault(Locale(population.site, groups), len(locales)))
    return np.array(indices, dtype=np.int64)[stretch]


def _addresses(place: Place, bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Draw an address for each client, neither network nor broadcast address of its subnet; 0 where there is none."""
    if place.addresses is None:
        return np.zeros(len(bits), dtype=np.int64)
    network, size = int(place.addresses.network_address), place.addresses.num_addresses
    spared = 1 if size > 2 else 0
    return network + spared + (bits % np.uint64(size - 2 * spared)).astype(np.int64)


def _edges(design: Design) -> NDArray[np.int64]:
    """Return where IP range boundaries begin and where they have ended, in rising order."""
    ranges = [boundary.ip_range for boundary in design.boundaries.values() if boundary.ip_range]
    return np.array(sorted({edge for low, high in ranges for edge in (int(low), int(high) + 1)}), dtype=np.int64)


def _joined(parts: list[NDArray[np.int64]]) -> NDArray[np.int32]:
    return np.concatenate([*parts, np.zeros(0, np.int64)]).astype(np.int32)
