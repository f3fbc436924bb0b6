"""Small worlds for the two fleets to live in side by side, made so that events often fall on the same instant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from hypothesis import strategies as st

from cmgsim.design.clients import DayPlan
from cmgsim.draws import identity, mix_array
from cmgsim.fleet.days import timetable
from cmgsim.fleet.engine import FleetEngine
from cmgsim.fleet.fast import Cut, FastFleet
from cmgsim.fleet.population import Fleet, Traits
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.site.client import HABITS, Activity, Habits, Metered, Target
from cmgsim.site.landscape import (
    NO_ANSWER,
    SERVED,
    Contact,
    Door,
    Landscape,
    Over,
    Route,
    Station,
    StationKind,
    Told,
)
from cmgsim.site.locales import Locale
from cmgsim.units import DAY, HOUR, MILLISECOND, MINUTE, PARTS_PER_MILLION, SECOND

MONDAY = date(2019, 7, 29)
OFFICE, BRANCH, EAST, WEST, PERIMETER, WSUS, WSUS_TOO, SCAN_EAST, SCAN_WEST = range(9)
DP, DP_TOO, STORAGE_EAST, STORAGE_WEST, DP_OUTSIDE, MICROSOFT = range(9, 15)
UPDATES, CONTENT = Target.UPDATE_POINT, Target.CONTENT
CONTACTS = (
    Contact(Over.INTRANET, "office", "mp1"),
    Contact(Over.INTRANET, "branch", "mp2"),
    Contact(Over.GATEWAY, "east.contoso.com/1", "mp1", "east.contoso.com"),
    Contact(Over.GATEWAY, "west.contoso.com/1", "mp1", "west.contoso.com"),
    Contact(Over.INTERNET, "perimeter", "mp3"),
    Contact(Over.INTRANET, "wsus", "", target=UPDATES, update_point="wsus"),
    Contact(Over.INTRANET, "wsus-too", "", target=UPDATES, update_point="wsus-too"),
    Contact(Over.GATEWAY, "east.contoso.com/wsus", "", "east.contoso.com", UPDATES, "wsus"),
    Contact(Over.GATEWAY, "west.contoso.com/wsus", "", "west.contoso.com", UPDATES, "wsus"),
    *(Contact(Over.INTRANET, name, "", "", CONTENT, source=name) for name in ("dp", "dp-too")),
    *(
        Contact(Over.GATEWAY, f"{fqdn} (Azure storage)", "", fqdn, CONTENT, source=fqdn)
        for fqdn in ("east.contoso.com", "west.contoso.com")
    ),
    *(Contact(Over.INTERNET, name, "", "", CONTENT, source=name) for name in ("dp-outside", "Microsoft Update")),
)
INTERNET_CONTACTS = (EAST, WEST, PERIMETER, SCAN_EAST, SCAN_WEST)
KINDS = len(Activity)
STATIONS = (
    *(Station(StationKind.VM, f"vm{number}", 2, (300 * MILLISECOND,) * KINDS) for number in range(3)),
    Station(StationKind.CONNECTION_POINT, "narrow", 2, (200 * MILLISECOND,) * KINDS, ports=6),
    Station(StationKind.CONNECTION_POINT, "wide", 1, (200 * MILLISECOND,) * KINDS, ports=30),
    Station(StationKind.MANAGEMENT_POINT, "mp1", 2, (SECOND,) * KINDS),
    Station(StationKind.UPDATE_POINT, "wsus", 1, (9 * SECOND,) * KINDS),
)
"""Few and slow, so that requests queue, find no port, and run into their client's patience."""
NARROW, WIDE, MP, SUP = 3, 4, 5, 6
PUBLICATIONS = (
    (),
    (EAST,),
    (WEST,),
    (EAST, WEST),
    (EAST, WEST, SCAN_EAST, SCAN_WEST),
    (PERIMETER,),
    (EAST, PERIMETER, SCAN_EAST),
    (WEST, SCAN_EAST, SCAN_WEST),
)
PACKAGES = (10**6, 45 * 10**9, 4 * 10**11, 0)
"""Sizes: the second takes hours, the third takes longer than a permission to download lasts."""
DEPLOYED = (0, 1, 2, 0, 3, 1)
"""What is deployed in the course of a plan, from the first one on."""
RATES = ((2_500_000, 12_500_000), (700_001, 125_000_000_000), (2_500_000, 12_500_000), (10**9, 15_000_000))
"""Bytes a second outside and on the intranet, by plan."""
PLANS = (
    {"work": "08:30-17:00", "remote": "50%", "vpn": "30%"},
    {
        "work": "08:30-17:00",
        "remote": "60%",
        "outside_work": "stays_on",
        "evening": {"share": "50%", "hours": "17:00-22:00"},
        "weekend": {"share": "50%", "hours": "10:00-16:00"},
        "utc_offset": "UTC+09:00",
    },
    {"always": "internet"},
    {"always": "intranet"},
)
WHOLE_SECONDS = replace(
    HABITS,
    retry_us=(2 * MINUTE, 2 * MINUTE),
    boot_delay_us=(0, 0),
    network_delay_us=(5 * SECOND, 5 * SECOND),
    travel_us=(SECOND, 2 * SECOND),
    pause_us=10 * MINUTE,
)
"""Habits that let much happen at one instant."""

CUTS = (
    Cut(),
    Cut(shards=2, window_us=60 * SECOND),
    Cut(shards=3, threads=2, window_us=13 * SECOND, page_us=10 * MINUTE),
    Cut(window_us=5 * SECOND),
    Cut(shards=2, threads=2, window_us=SECOND, page_us=MINUTE),
)


def clients(
    count: int, habits: Habits = HABITS, plans: Sequence[dict[str, Any]] = PLANS, seed: int = 1, metered: int = 0
) -> Fleet:
    """Return a population of *count* clients for each plan; the first carries the flag for the internet.

    *metered* is the share (ppm) of clients whose connection is metered.
    """
    made = [DayPlan.model_validate(plan) for plan in plans]
    return Fleet(
        traits=tuple(
            Traits(f"p{index}", 0, timetable(plan, MONDAY), index == len(made) - 1, metered, *RATES[index])
            for index, plan in enumerate(made)
        ),
        locales=(Locale("PS1", ("home",)), Locale("PS1", ("vpn",))),
        population=np.repeat(np.arange(len(made), dtype=np.int32), count),
        member=np.tile(np.arange(count, dtype=np.int32), len(made)),
        key=np.concatenate([mix_array(seed, identity(f"p{index}"), np.arange(count)) for index in range(len(made))]),
        home=np.zeros(count * len(made), dtype=np.int32),
        vpn=np.ones(count * len(made), dtype=np.int32),
        habits=habits,
    )


def told(use_gateway: bool, polling_us: int, location_us: int, weekly_us: int, **more: Any) -> Told:
    """Return a policy with three cycles, and state messages every quarter of an hour."""
    usual = {Activity.LOCATION: location_us, Activity.POLICY: polling_us, Activity.STATE: 15 * MINUTE}
    return Told(use_gateway, tuple(usual.get(activity, weekly_us) for activity in Activity), **more)


def routes(doors: tuple[Door, ...]) -> tuple[Route, ...]:
    """Return what is behind the contacts, when both gateways have these doors."""
    ways = {BRANCH: Route((), -1), WSUS: Route((), SUP), WSUS_TOO: Route((), SUP)}
    ways |= dict.fromkeys((EAST, WEST), Route(doors, MP)) | dict.fromkeys((SCAN_EAST, SCAN_WEST), Route(doors, SUP))
    return tuple(ways.get(contact, Route((), MP)) for contact in range(len(CONTACTS)))


def doors() -> st.SearchStrategy[tuple[Door, ...]]:
    """Return some VMs with the connection points that they are linked to."""
    points = st.sampled_from(((NARROW,), (WIDE,), (NARROW, WIDE), ()))
    return st.lists(st.builds(Door, st.integers(0, 2), points), max_size=3, unique_by=lambda door: door.vm).map(tuple)


@st.composite
def landscapes(draw: st.DrawFn, queues: st.SearchStrategy[tuple[Door, ...]] | None = None) -> Landscape:
    """Return a landscape in which anything may have happened to any contact; with stations if *queues* are given."""
    status = st.sampled_from((SERVED, SERVED, SERVED, NO_ANSWER, 401, 503))
    contact = st.sampled_from((OFFICE, BRANCH, EAST, WEST))
    tier = st.lists(contact, min_size=1, max_size=3, unique=True).map(tuple)
    joining = st.tuples(st.sampled_from((0, 30 * MINUTE, 2 * HOUR)), st.sampled_from((WSUS, WSUS_TOO)))
    policy = st.builds(
        told,
        st.booleans() | st.just(True),
        st.sampled_from((20 * MINUTE, HOUR)),
        st.sampled_from((HOUR, DAY)),
        st.sampled_from((4 * HOUR, 7 * DAY)),
    )
    populations = len(PLANS)
    return Landscape(
        contacts=CONTACTS,
        publications=PUBLICATIONS,
        published=(draw(st.integers(0, len(PUBLICATIONS) - 1)),),
        bootstraps=tuple(draw(st.integers(0, len(PUBLICATIONS) - 1)) for _ in range(populations)),
        tiers=tuple(tuple(draw(st.lists(tier, max_size=2))) for _ in range(2)),
        answers=tuple(tuple(draw(status) for _ in CONTACTS) for _ in range(populations)),
        domain_controller=draw(st.booleans()),
        told=tuple(draw(policy) for _ in range(populations)),
        active_gateways=(),
        stations=() if queues is None else STATIONS,
        routes=() if queues is None else routes(draw(queues)),
        update_pools=tuple(tuple(draw(st.lists(joining, max_size=2))) for _ in range(2)),
    )


@st.composite
def with_content(draw: st.DrawFn, seen: st.SearchStrategy[Landscape]) -> Landscape:
    """Return a landscape with packages, of which any may be deployed and on any source."""
    landscape = draw(seen)
    holders = st.sets(st.integers(DP, MICROSOFT), max_size=5).map(sorted).map(tuple)
    joining = st.tuples(st.sampled_from((0, 0, 10 * MINUTE, 2 * HOUR)), st.sampled_from((DP, DP_TOO)))
    policies = (
        replace(
            policy,
            deployments=DEPLOYED[: draw(st.integers(0, len(DEPLOYED)))],
            use_cloud=draw(st.booleans() | st.just(True)),
            cache_bytes=draw(st.sampled_from((1 << 62, 1 << 62, 10**9))),
        )
        for policy in landscape.told
    )
    return replace(
        landscape,
        told=tuple(policies),
        package_bytes=PACKAGES,
        sources=tuple(draw(holders) for _ in PACKAGES),
        content_pools=tuple(tuple(draw(st.lists(joining, max_size=3))) for _ in range(2)),
        cloud_first=draw(st.sampled_from(((), (0,), (1,), (0, 1)))),
    )


@st.composite
def with_rules(draw: st.DrawFn, seen: st.SearchStrategy[Landscape]) -> Landscape:
    """Return a landscape with rules for metered connections."""
    landscape = draw(seen)
    return replace(
        landscape, told=tuple(replace(one, metered=draw(st.sampled_from(Metered))) for one in landscape.told)
    )


def following(landscape: Landscape, before: Landscape) -> Landscape:
    """Return a landscape that can come after another one: what is deployed stays."""
    both = zip(landscape.told, before.told, strict=True)
    return replace(
        landscape,
        told=tuple(replace(one, deployments=max(one.deployments, other.deployments, key=len)) for one, other in both),
    )


@dataclass(frozen=True)
class Wait:
    """Let time pass."""

    duration_us: int


@dataclass(frozen=True)
class Restart:
    """Restart the service on half of a population."""

    population: int


Step = Wait | Restart | Landscape


def steps(changes: st.SearchStrategy[Landscape]) -> st.SearchStrategy[list[Step]]:
    """Return a plan: waits of meaningful lengths between changes of the landscape and restarts."""
    waits = st.sampled_from((1, SECOND, 59 * SECOND, MINUTE + 1, 7 * MINUTE, HOUR, 9 * HOUR, DAY)).map(Wait)
    restarts = st.integers(0, len(PLANS) - 1).map(Restart)
    return st.lists(waits | waits | restarts | changes, min_size=3, max_size=9)


def engines(fleet: Fleet, landscape: Landscape, seed: int, cuts: Sequence[Cut] = CUTS) -> list[FleetEngine]:
    """Return the reference, and a fast fleet for each way of cutting the work up."""
    return [ReferenceFleet(fleet, landscape, seed), *(FastFleet(fleet, landscape, seed, cut) for cut in cuts)]


def do(engine: FleetEngine, step: Step) -> int:
    """Do one step; what comes back must be the same for all engines."""
    if isinstance(step, Landscape):
        engine.behold(step)
        return 0
    if isinstance(step, Restart):
        return engine.restart(step.population, PARTS_PER_MILLION // 2)
    engine.advance(engine.now_us + step.duration_us)
    return 0


def differences(left: FleetEngine, right: FleetEngine) -> list[str]:
    """Return what two fleets disagree in; nothing, if both are right."""
    if left.now_us != right.now_us:
        return [f"now: {left.now_us} and {right.now_us}"]
    found = [*_unequal("roll", left.roll(), right.roll()), *_unequal("series", left.series(), right.series())]
    ours, theirs = left.measures(), right.measures()
    found += [*_unequal("load", ours.load, theirs.load), *_unequal("latencies", ours.latencies, theirs.latencies)]
    if not np.array_equal(left.egress_bytes(), right.egress_bytes()):
        found.append("egress")
    if left.stranded() != right.stranded():
        found.append("stranded")
    return found + [
        f"knowing {contact}"
        for contact in range(len(CONTACTS))
        if left.knowing(frozenset({contact})) != right.knowing(frozenset({contact}))
    ]


def _unequal(what: str, left: object, right: object) -> list[str]:
    theirs = vars(right)
    return [
        f"{what}.{name}"
        for name, ours in vars(left).items()
        if not np.array_equal(ours, theirs[name])
        or getattr(ours, "dtype", None) != getattr(theirs[name], "dtype", None)
    ]
