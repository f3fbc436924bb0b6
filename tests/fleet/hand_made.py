"""Small fleets and landscapes made by hand: one site, two management points, two gateways, one internet server.

Three software update points are on the intranet, and one of them is behind both gateways.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cmgsim.design.clients import ClientSettings, DayPlan
from cmgsim.draws import identity, mix_array
from cmgsim.fleet.days import timetable
from cmgsim.fleet.engine import Roll
from cmgsim.fleet.life import Deed
from cmgsim.fleet.population import Fleet, Traits
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.fleet.series import Count, Series
from cmgsim.site.client import ACTIVITIES, Activity, Target
from cmgsim.site.landscape import NO_ANSWER, SERVED, Contact, Landscape, Over, Told
from cmgsim.site.locales import Locale
from cmgsim.units import DAY, HOUR, PARTS_PER_MILLION, timedelta_us

MONDAY = date(2019, 7, 29)
ALL = PARTS_PER_MILLION

OFFICE, BRANCH, OLD, NEW, PERIMETER, SUP_1, SUP_2, SUP_3, SUP_OVER_OLD, SUP_OVER_NEW = range(10)
DP_1, DP_2, DP_3, STORAGE, STORAGE_2, DP_OUTSIDE, MICROSOFT_UPDATE = range(10, 17)
CONTACTS = (
    Contact(Over.INTRANET, "office", "mp1"),
    Contact(Over.INTRANET, "branch", "mp2"),
    Contact(Over.GATEWAY, "old.contoso.com/CCM_Proxy_MutualAuth/1", "mp1", "old.contoso.com"),
    Contact(Over.GATEWAY, "new.contoso.com/CCM_Proxy_MutualAuth/1", "mp1", "new.contoso.com"),
    Contact(Over.INTERNET, "perimeter", "mp3"),
    *(Contact(Over.INTRANET, name, "", "", Target.UPDATE_POINT, name) for name in ("sup1", "sup2", "sup3")),
    *(
        Contact(Over.GATEWAY, f"{fqdn}/CCM_Proxy_ServerAuth/2", "", fqdn, Target.UPDATE_POINT, "sup1")
        for fqdn in ("old.contoso.com", "new.contoso.com")
    ),
    *(Contact(Over.INTRANET, name, "", "", Target.CONTENT, source=name) for name in ("dp1", "dp2", "dp3")),
    *(
        Contact(Over.GATEWAY, f"{fqdn} (Azure storage)", "", fqdn, Target.CONTENT, source=fqdn)
        for fqdn in ("old.contoso.com", "new.contoso.com")
    ),
    *(Contact(Over.INTERNET, name, "", "", Target.CONTENT, source=name) for name in ("dp4", "Microsoft Update")),
)
INTRANET, GATEWAY, INTERNET = range(3)
"""Ways, as the series numbers them."""
_POINTS = tuple(chosen for size in range(4) for chosen in combinations((OLD, NEW, PERIMETER), size))
_UPDATES = {OLD: SUP_OVER_OLD, NEW: SUP_OVER_NEW}
PUBLICATIONS = (
    *_POINTS,
    *(
        (*points, *(_UPDATES[point] for point in points if point in _UPDATES))
        for points in _POINTS
        if not _UPDATES.keys().isdisjoint(points)
    ),
)
"""All sets of management points on the internet, then those with gateways again, with the update point behind them."""

ROAMERS = DayPlan.model_validate({"work": "08:30-17:00", "remote": "50%", "vpn": "20%"})
LAPTOPS = DayPlan.model_validate(
    {
        "work": "08:30-17:00",
        "remote": "60%",
        "outside_work": "stays_on",
        "evening": {"share": "50%", "hours": "20:00-22:00"},
    }
)
ON_INTERNET, ON_INTRANET = DayPlan(always="internet"), DayPlan(always="intranet")


def number(*contacts: int) -> int:
    """Return the number of the publication of just these contacts."""
    return PUBLICATIONS.index(tuple(sorted(contacts)))


def told_of(use_gateway: bool = True, polling_us: int = HOUR, cycle_us: int = DAY, **cycles_us: int) -> Told:
    """Return what policy tells, with the console's defaults; *cycles_us* by activity in lower case."""
    settings = ClientSettings()
    usual = {
        routine.activity: timedelta_us(getattr(settings, routine.setting)) if routine.setting else 0
        for routine in ACTIVITIES
    }
    usual |= {Activity.LOCATION: cycle_us, Activity.POLICY: polling_us}
    usual |= {Activity[name.upper()]: every_us for name, every_us in cycles_us.items()}
    return Told(use_gateway, tuple(usual[activity] for activity in Activity))


def sees(
    published: Iterable[int] = (),
    *,
    knows: Iterable[int] | None = None,
    answers: Mapping[int, int] | None = None,
    tiers: tuple[tuple[int, ...], ...] = ((OFFICE,),),
    domain_controller: bool = True,
    use_gateway: bool = True,
    polling_us: int = HOUR,
    cycle_us: int = DAY,
    populations: int = 1,
    updates: tuple[tuple[int, int], ...] = (),
    **cycles_us: int,
) -> Landscape:
    """Return a landscape in which what is published serves, and so do both management points on the intranet.

    *answers* says otherwise; *knows* is what clients begin with, what is published unless given; *updates* are the
    update points in reach, as (us after the first failure, contact); other keywords are cycles by activity.
    """
    published = tuple(published)
    on_premises = (OFFICE, BRANCH, SUP_1, SUP_2, SUP_3)
    status = dict.fromkeys((*on_premises, *published), SERVED) | dict(answers or {})
    return Landscape(
        contacts=CONTACTS,
        publications=PUBLICATIONS,
        published=(number(*published),),
        bootstraps=(number(*(published if knows is None else knows)),) * populations,
        tiers=(tiers, tiers),
        answers=(tuple(status.get(contact, NO_ANSWER) for contact in range(len(CONTACTS))),) * populations,
        domain_controller=domain_controller,
        told=(told_of(use_gateway, polling_us, cycle_us, **cycles_us),) * populations,
        active_gateways=(),
        update_pools=(updates, updates),
    )


def serves(
    deployed: tuple[int, ...] = (),
    sources: Iterable[int] = (STORAGE,),
    *,
    size: int = 10**8,
    pool: tuple[tuple[int, int], ...] = (),
    dead: Iterable[int] = (),
    cloud_first: tuple[int, ...] = (),
    use_cloud: bool = True,
    cache: int = 5_120 * 10**6,
    **seen: Any,
) -> Landscape:
    """Return a landscape with packages of one size, of which some are *deployed*, and sources that have all of them."""
    sources, dead = tuple(sources), tuple(dead)
    answers = dict.fromkeys(range(DP_1, MICROSOFT_UPDATE + 1), SERVED) | dict.fromkeys(dead, NO_ANSWER)
    shown = sees(seen.pop("published", [OLD]), answers=answers | seen.pop("answers", {}), **seen)
    told = (replace(one, deployments=deployed, use_cloud=use_cloud, cache_bytes=cache) for one in shown.told)
    return replace(
        shown,
        told=tuple(told),
        package_bytes=(size,) * 3,
        sources=(sources,) * 3,
        content_pools=(pool, pool),
        cloud_first=cloud_first,
    )


def clients(count: int, *plans: DayPlan, seed: int = 1, always_on_internet: bool = False) -> Fleet:
    """Return populations of *count* clients, one for each day plan."""
    populations = range(len(plans))
    return Fleet(
        traits=tuple(
            Traits(f"p{index}", 0, timetable(plan, MONDAY), always_on_internet) for index, plan in enumerate(plans)
        ),
        locales=(Locale("PS1", ("home",)), Locale("PS1", ("vpn",))),
        population=np.repeat(np.array(populations, dtype=np.int32), count),
        member=np.tile(np.arange(count, dtype=np.int32), len(plans)),
        key=np.concatenate([mix_array(seed, identity(f"p{index}"), np.arange(count)) for index in populations]),
        home=np.zeros(count * len(plans), dtype=np.int32),
        vpn=np.ones(count * len(plans), dtype=np.int32),
    )


def lives(
    count: int, plan: DayPlan, landscape: Landscape, *, seed: int = 1, always_on_internet: bool = False
) -> ReferenceFleet:
    """Return a fleet of one population in which everybody keeps a diary."""
    fleet = clients(count, plan, seed=seed, always_on_internet=always_on_internet)
    return ReferenceFleet(fleet, landscape, seed, watched=frozenset(range(count)))


def moments(
    fleet: ReferenceFleet, uid: int, deed: Deed, activity: int | None = None, subject: int | None = None
) -> list[int]:
    """Return when a client did something, by its diary."""
    return [
        entry.at_us
        for entry in fleet.diary.entries
        if entry.uid == uid
        and entry.deed is deed
        and activity in (None, entry.activity)
        and subject in (None, entry.subject)
    ]


def total(series: Series, count: Count, contact: int) -> int:
    """Return a counter of one contact, over the whole run."""
    return int(series.by_contact[:, contact, count].sum())


def same(left: Roll, right: Roll) -> bool:
    """Say whether two rolls are equal in every integer."""
    return all(np.array_equal(ours, theirs) for ours, theirs in zip(_arrays(left), _arrays(right), strict=True))


def same_series(left: Series, right: Series) -> bool:
    """Say whether two series are equal in every integer."""
    pairs = zip(vars(left).values(), vars(right).values(), strict=True)
    return all(np.array_equal(ours, theirs) for ours, theirs in pairs)


def _arrays(roll: Roll) -> list[NDArray[np.generic]]:
    return list(vars(roll).values())
