"""What the compiled code reads, as vectors of integers: habits, streams, day plans, policies and landscapes.

Theory of operation: :mod:`cmgsim.fleet.kernels` imports nothing, so that its machine code can be kept on disk. What
it must know is written here into vectors whose places it names; that its own constants are those of the tables is
checked when this module is imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmgsim.draws import WORD
from cmgsim.fleet import days, kernels, life
from cmgsim.fleet.books import WAYS
from cmgsim.fleet.days import Place, Spells, Use
from cmgsim.fleet.downloads import EXPIRED
from cmgsim.fleet.histogram import BINS, BITS
from cmgsim.fleet.life import Deed
from cmgsim.fleet.measures import Hop
from cmgsim.fleet.population import Fleet, Traits
from cmgsim.fleet.series import Count, Gauge
from cmgsim.fleet.stations import NO_CONNECTION_POINT, NO_PORT, SCALE_BITS, SUMS, Stage, route_to
from cmgsim.site.client import ACTIVITIES, ON_DEMAND, PERMITTED, REPORTED, Activity, Connection, PowerOn, Target
from cmgsim.site.landscape import NO_ANSWER, SERVED, Landscape, Over, Told

Vector = NDArray[np.int64]

_SAME: tuple[tuple[tuple[Any, ...], tuple[Any, ...]], ...] = (
    ((kernels.FOREVER, kernels.NOBODY), (life.FOREVER, life.NOBODY)),
    ((kernels.STATUS_SERVED, kernels.STATUS_NO_ANSWER), (SERVED, NO_ANSWER)),
    ((kernels.STATUS_EXPIRED, kernels.TRANSFERRING), (EXPIRED, life.TRANSFERRING)),
    ((kernels.WAY_INTRANET, kernels.WAY_GATEWAY, kernels.WAY_INTERNET), tuple(range(len(WAYS)))),
    ((kernels.WAY_INTRANET, kernels.WAY_GATEWAY), (WAYS.index(Over.INTRANET), WAYS.index(Over.GATEWAY))),
    ((kernels.OFF, kernels.ON_INTRANET, kernels.ON_VPN, kernels.ON_INTERNET), tuple(Place)),
    ((kernels.C_OFF, kernels.C_INTRANET, kernels.C_INTERNET, kernels.C_ALWAYS_INTERNET), tuple(Connection)),
    (
        (kernels.LOCATION, kernels.POLICY, kernels.SCAN, kernels.STATE),
        (Activity.LOCATION, Activity.POLICY, Activity.SCAN, Activity.STATE),
    ),
    ((kernels.CONTENT_LOCATION, kernels.DOWNLOAD), (Activity.CONTENT_LOCATION, Activity.DOWNLOAD)),
    ((kernels.ACTIVITIES,), (len(Activity),)),
    (tuple(range(kernels.STAGE_ANSWERED, kernels.STAGE_TRAVEL + 1)), tuple(Stage)),
    (tuple(range(kernels.HOP_OUT, kernels.HOP_TOTAL + 1)), tuple(Hop)),
    ((kernels.STATUS_NO_PORT, kernels.STATUS_NO_CONNECTION_POINT), (NO_PORT, NO_CONNECTION_POINT)),
    ((kernels.BINS, kernels.BIN_BITS, kernels.SCALE_BITS), (BINS, BITS, SCALE_BITS)),
    ((kernels.D_WIDTH,), (len(SUMS),)),
    ((kernels.MANAGEMENT_POINT, kernels.UPDATE_POINT, kernels.CONTENT), tuple(Target)),
    (tuple(range(kernels.MOVED, kernels.SCANS + 1)), tuple(Deed)[: kernels.SCANS]),
    ((kernels.FETCHED, kernels.SKIPPED, kernels.HELD), (Deed.FETCHED, Deed.SKIPPED, Deed.HELD)),
    (tuple(range(kernels.COUNTS)), tuple(Count)),
    ((kernels.ACTIVITIES, kernels.WAYS), (len(Activity), len(WAYS))),
    (
        (kernels.GAUGE_INTERNET, kernels.GAUGE_STRANDED, kernels.GAUGE_WAITING),
        (Gauge.INTERNET, Gauge.STRANDED, Gauge.WAITING),
    ),
)
for _theirs, _ours in _SAME:
    if _theirs != _ours:
        raise AssertionError(f"the numbers {_theirs} in cmgsim/fleet/kernels.py must be {_ours}")

FIRST_STREAMS = (
    life.NETWORK,
    life.CHOICE,
    life.OUT,
    life.BACK,
    life.RETRY,
    life.UPDATE_POINT,
    life.SOURCE,
    days.REMOTE,
    days.VPN,
    *days.WORK,
    *days.EVENING,
    *days.WEEKEND,
    days.EVENING_SHARE,
    days.WEEKEND_SHARE,
    *days.VACATION,
    *days.POWERED_OFF,
    *life.PHASES,
    *life.BOOTS,
    *life.DELAYS,
)
"""The streams in the order of the kernels' S_ names."""


def streams() -> NDArray[np.uint64]:
    """Return all streams that the kernels draw from."""
    return np.array(FIRST_STREAMS, dtype=np.uint64)


def signed(word: int) -> int:
    """Return the int64 with the same 64 bits."""
    word &= WORD
    return word - (1 << 64) if word >> 63 else word


def parameters(fleet: Fleet, landscape: Landscape, seed: int, window_us: int, page_windows: int, shards: int) -> Vector:
    """Return the habits of the fleet's clients and the places of its counters, in the order of the P_ names."""
    habits, contacts = fleet.habits, len(landscape.contacts)
    by_contact = len(Activity) * len(WAYS) * len(Count)
    return np.array(
        [
            signed(seed),
            contacts,
            habits.failures_to_leave,
            habits.failure_window_us,
            habits.sticky_us,
            *habits.retry_us,
            habits.pause_us,
            *habits.boot_delay_us,
            *habits.network_delay_us,
            habits.reaction_us,
            habits.silence_us,
            *habits.travel_us,
            by_contact,
            by_contact + contacts * len(Count),
            window_us,
            page_windows,
            habits.scan_retry_us,
            habits.scan_retries,
            habits.scan_extra_us,
            habits.patience_us,
            0,
            0,
            by_contact + contacts * (len(Count) + 1),
            habits.try_source_us,
            habits.content_retry_us,
            habits.content_token_us,
            shards,
        ],
        dtype=np.int64,
    )


def activities(fleet: Fleet) -> Vector:
    """Return how each activity goes, in the order of the A_ names: (activities, A_WIDTH)."""
    rows = [
        (
            routine.target,
            routine.power_on is PowerOn.ASKS,
            *routine.delay_us,
            fleet.habits.egress_bytes[routine.activity],
            routine.activity in REPORTED,
            routine.activity in ON_DEMAND,
        )
        for routine in ACTIVITIES
    ]
    return np.array(rows, dtype=np.int64)


def populations(fleet: Fleet) -> Vector:
    """Return who the populations are and their day plans: (populations, T_WIDTH)."""
    return np.array([_traits(traits) for traits in fleet.traits], dtype=np.int64).reshape(-1, kernels.T_WIDTH)


def _traits(traits: Traits) -> list[int]:
    plan = traits.days
    return [
        traits.site,
        traits.always_on_internet,
        -1 if plan.always is None else plan.always,
        plan.offset_us,
        plan.weekday,
        plan.jitter_us,
        plan.remote,
        plan.vpn,
        *_use(plan.work),
        *_use(plan.evening),
        *_use(plan.weekend),
        -1 if plan.outside is None else plan.outside,
        *_spells(plan.vacation),
        *_spells(plan.powered_off),
        traits.bandwidth,
        traits.bandwidth_on_intranet,
    ]


def _use(use: Use) -> tuple[int, int, int]:
    return use.begin_us, use.end_us, use.share


def _spells(spells: Spells) -> tuple[int, int, int, int]:
    return spells.shortest_days, spells.longest_days, spells.chance, spells.out_of


class Policies:
    """Every policy that any population was ever told, by number; numbers never change."""

    def __init__(self, known: Sequence[Told] = ()) -> None:
        self._numbers = {told: number for number, told in enumerate(known)}

    def copy(self) -> Policies:
        """Return policies that go on by themselves."""
        return Policies(tuple(self._numbers))

    def numbers(self, landscape: Landscape) -> list[int]:
        """Return the number of each population's policy, filing new ones."""
        return [self._numbers.setdefault(told, len(self._numbers)) for told in landscape.told]

    def table(self) -> Vector:
        """Return all policies, in the order of the TOLD_ names: (policies, TOLD_PACKAGES + the most packages)."""
        most = max((len(told.deployments) for told in self._numbers), default=0)
        table = np.zeros((len(self._numbers), kernels.TOLD_PACKAGES + most), dtype=np.int64)
        for row, told in zip(table, self._numbers, strict=True):
            row[: kernels.TOLD_PACKAGES] = (
                told.use_gateway,
                told.use_cloud,
                told.cache_bytes,
                sum(1 << activity for activity in PERMITTED[told.metered]),
                len(told.deployments),
                *told.cycles_us,
            )
            row[kernels.TOLD_PACKAGES : kernels.TOLD_PACKAGES + len(told.deployments)] = told.deployments
        return table


def view(landscape: Landscape, clients: int) -> Vector:
    """Return what clients see now, in the order of the L_ names; *clients* is the number of populations."""
    publications, locales = landscape.publications, landscape.tiers
    points = [landscape.of(Target.UPDATE_POINT, known) for known in publications]
    managed = [landscape.of(Target.MANAGEMENT_POINT, known) for known in publications]
    sources = [landscape.of(Target.CONTENT, holders) for holders in landscape.sources]
    lists = [*managed, *points, *sources, *(tier for locale in locales for tier in locale)]
    pools = landscape.update_pools or ((),) * len(locales)
    bounds, known, more = _bounds(lists), len(publications), 2 * len(publications)
    parts = {
        kernels.L_WAYS: _vector(WAYS.index(contact.over) for contact in landscape.contacts),
        kernels.L_ANSWERS: _vector(status for row in landscape.answers for status in row),
        kernels.L_ALIVE: _vector(
            landscape.alive(population, number) for population in range(clients) for number in range(len(publications))
        ),
        kernels.L_REACHED: _vector(
            _on_the_intranet(landscape, population, locale)
            for population in range(clients)
            for locale in range(len(locales))
        ),
        kernels.L_KNOWN: _vector(contact in known for known in managed for contact in range(len(landscape.contacts))),
        kernels.L_GOES_BY: _vector(
            landscape.known(population, number) for population in range(clients) for number in range(len(publications))
        ),
        kernels.L_LOCALES: _vector(_bounds(locales)),
        kernels.L_PUBLICATIONS: _vector(bounds[:known]),
        kernels.L_POINTS: _vector(bounds[known:more]),
        kernels.L_SOURCES: _vector(bounds[more : more + len(sources)]),
        kernels.L_TIERS: _vector(bounds[more + len(sources) :]),
        kernels.L_LISTS: _vector(contact for one in lists for contact in one),
        kernels.L_POOLS: _vector(_bounds(pools)),
        kernels.L_POOLED: _vector(number for pool in pools for pair in pool for number in pair),
    }
    routes = [route_to(landscape, contact) for contact in range(len(landscape.routes))]
    doors = [door for route in routes for door in route.doors]
    door_ends = _bounds([route.doors for route in routes])
    link_ends = _bounds([door.connection_points for door in doors])
    parts |= {
        kernels.L_ROUTES: _vector(
            number
            for index, route in enumerate(routes)
            for number in (route.role, door_ends[index], door_ends[index + 1])
        ),
        kernels.L_DOORS: _vector(
            number for index, door in enumerate(doors) for number in (door.vm, link_ends[index], link_ends[index + 1])
        ),
        kernels.L_LINKS: _vector(point for door in doors for point in door.connection_points),
    }
    if landscape.package_bytes:
        parts |= _content(landscape)
    header = np.zeros(kernels.L_HEADER, dtype=np.int64)
    header[kernels.L_PUBLICATION_COUNT], header[kernels.L_LOCALE_COUNT] = len(publications), len(locales)
    header[kernels.L_QUEUED] = bool(landscape.routes)
    starts = accumulate((len(part) for part in parts.values()), initial=kernels.L_HEADER)
    header[list(parts)] = list(starts)[:-1]
    return np.concatenate([header, *parts.values()])


def _content(landscape: Landscape) -> dict[int, Vector]:
    """Return the parts of a view about packages, beside the lists of their sources."""
    holds = np.zeros((len(landscape.sources), len(landscape.contacts)), dtype=np.int64)
    for row, holders in zip(holds, landscape.sources, strict=True):
        row[list(holders)] = 1
    pools = landscape.content_pools
    return {
        kernels.L_BYTES: _vector(landscape.package_bytes),
        kernels.L_HOLDS: holds.ravel(),
        kernels.L_CONTENT_POOLS: _vector(_bounds(pools)),
        kernels.L_CONTENT_POOLED: _vector(number for pool in pools for pair in pool for number in pair),
        kernels.L_CLOUD_FIRST: _vector(locale in landscape.cloud_first for locale in range(len(pools))),
    }


def most_sources(landscape: Landscape) -> int:
    """Return how many sources of one package there can be for a client."""
    return len(landscape.contacts) + max((len(pool) for pool in landscape.content_pools), default=0)


def judged(seen: Vector) -> Vector:
    """Return the part of a view by which clients are stranded or not, and their channels broken or not."""
    return seen[seen[kernels.L_ANSWERS] : seen[kernels.L_REACHED]]


def lines(landscape: Landscape) -> Vector:
    """Return the stations with nobody there: (stations, N_WIDTH)."""
    made = np.zeros((len(landscape.stations), kernels.N_WIDTH), dtype=np.int64)
    made[:, kernels.N_SERVERS] = [station.servers for station in landscape.stations]
    made[:, kernels.N_PORTS] = [station.ports for station in landscape.stations]
    return made


def services(landscape: Landscape) -> Vector:
    """Return the mean times in service (us): (stations, activities)."""
    times = [station.service_us for station in landscape.stations]
    return np.array(times, dtype=np.int64).reshape(-1, len(Activity))


def _bounds(lists: Sequence[Sequence[object]]) -> list[int]:
    """Return where each list begins when they stand one behind the other, and where the last one ends."""
    return list(accumulate((len(one) for one in lists), initial=0))


def _on_the_intranet(landscape: Landscape, population: int, locale: int) -> bool:
    """Say whether clients of a population find a domain controller or a management point that answers in a locale."""
    answers = landscape.answers[population]
    return landscape.reaches_domain_controller(locale) or any(
        landscape.contacts[contact].over is Over.INTRANET and answers[contact] != NO_ANSWER
        for tier in landscape.tiers[locale]
        for contact in tier
    )


def _vector(values: object) -> Vector:
    return np.fromiter(values, dtype=np.int64)  # type: ignore[call-overload, no-any-return]


def moment(since_us: int, landscape: Landscape, told: Sequence[int]) -> Vector:
    """Return what requests that arrive under a landscape meet: one row of the history."""
    answers = [status for row in landscape.answers for status in row]
    return np.array([since_us, *answers, *landscape.published, *told], dtype=np.int64)
