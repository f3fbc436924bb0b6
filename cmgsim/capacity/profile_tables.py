"""A profile as tables: for people, for programs, and as columns for Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cmgsim.capacity.failures import in_words
from cmgsim.capacity.limits import Limit
from cmgsim.capacity.profile import PartLoad, Profile
from cmgsim.capacity.target import seconds
from cmgsim.fleet.histogram import edges
from cmgsim.fleet.measures import Hop
from cmgsim.fleet.series import INTERVAL_US
from cmgsim.site.client import Activity
from cmgsim.tables import Table
from cmgsim.units import HOUR, PARTS_PER_MILLION, format_moment
from cmgsim.world.columns import DICTIONARY, Columns, stamped
from cmgsim.world.columns import tables as run_tables

RANKS = (500_000, 950_000, 990_000)
_RANK_COLUMNS = tuple(f"p{rank // 10_000}_us" for rank in RANKS)
_HEADINGS = {
    "hour": "hour from",
    "by_vms": "served by VMs",
    "of_all_time_ppm": "of all time",
    "busy_ppm": "busy",
    "in_line": "in line",
}
_BY_HOP = (
    "by hop: every request that came there; the way back and the total, only those\n"
    "answered in time (VM and connection point: over gateways only)"
)
SCHEMA = "cmgsim/profile/v2"
"""The form of :func:`data`: the second, since the first had texts where there are numbers now."""
_SHOWN_HOURS = 8

PROFILE_DICTIONARY: Mapping[str, Mapping[str, str]] = {
    **DICTIONARY,
    "latencies": {
        "run": "the run's digest",
        "seed": "the run's seed",
        "hour": "hours since the beginning of the run, from 0",
        "kind": "the kind of request",
        "hop": "the part of the way: travel_out, vm_wait, vm, connection_point, role_wait, role, travel_back, total",
        "at_least_us": "the lower edge of the histogram's bin, in microseconds",
        "below_us": "its upper edge",
        "requests": "requests in that bin: of a hop all that came there, whether their clients still waited or not "
        "(over gateways for vm_wait, vm and connection_point); of travel_back and total only those answered in time",
    },
    "parts": {
        "run": "the run's digest",
        "seed": "the run's seed",
        "hour": "hours since the beginning of the run, from 0",
        "part": "the station, or equal stations together",
        "arrivals": "requests that joined its line",
        "busy_share": "how busy it was, from 0 to 1; of a sample more than 1 where more is asked than it can do",
        "queue_mean": "requests in line, on average; of a sample with an overloaded part without meaning",
    },
}
"""Every table that a profile is written as, with its columns and what they mean."""


def text(profile: Profile) -> str:
    """Write a profile for people."""
    return "\n".join(_lines(profile))


def _lines(profile: Profile) -> Iterator[str]:
    run = profile.run
    days = run.ended_us / (24 * HOUR)
    length = f"{days:g} day{'' if days == 1 else 's'}"
    yield f"{profile.design.name}: {length}, {run.clients:,} clients simulated, seed {run.seed}"
    yield f"times: {profile.measured_by_fleet}"
    yield from profile.remarks
    for part in profile.overloaded:
        yield _overload(part)
    for title, rows in _shown(profile):
        table = for_people(rows)
        table.SHOWN = len(table)
        yield f"\n{title}\n{table}"
    yield f"\nfailures over gateways: {in_words(profile.failures())}"
    yield f"connections held: {_connections(profile)}"
    yield f"bottleneck: {_bottleneck(profile.bottleneck)}"
    yield f"the limit that binds: {limit_text(profile.binding)}"
    yield from (f"rests on the assumption that {premise}" for premise in profile.premises)


def _shown(profile: Profile) -> Iterator[tuple[str, Table]]:
    """Yield the tables with their titles: those of times only where there are any."""
    if len(profile.latencies.count):
        yield "by kind of request, from end to end, on the intranet and over gateways", by_kind(profile)
        yield _BY_HOP, by_hop(profile)
        yield "hours in which VMs served most, with the times of all requests answered then", by_hour(profile)
    yield "by part, in its busiest hour", by_part(profile)


def _overload(part: PartLoad) -> str:
    asked = f"{int(part.busy_ppm[part.busiest]) / 10_000:.0f} % of the capacity is asked for"
    moment = format_moment(part.busiest * HOUR)
    return f"{part.name} cannot keep up: {asked} in the hour from {moment}; lines grow without end, times are not given"


def _connections(profile: Profile) -> str:
    held = profile.connections
    if not held.any():
        return "none"
    at = int(held.argmax())
    return f"{int(held.max()):,} at most, {format_moment((at + 1) * INTERVAL_US)}"


def _bottleneck(part: PartLoad | None) -> str:
    if part is None:
        return "none, nothing came to any part"
    busy = int(part.busy_ppm[part.busiest])
    return f"{part.name}, {busy / 10_000:.1f} % busy in the hour from {format_moment(part.busiest * HOUR)}"


def limit_text(limit: Limit) -> str:
    """Write a limit for people; one that is passed by little does not read as 100 %."""
    if not limit.have:
        return str(limit)
    tenths = -(-limit.need * 1_000 // limit.have)
    percent = f"{tenths / 10:.1f}%" if 1_000 < tenths < 1_100 else f"{limit.share:.0%}"
    verb = "is not enough" if limit.need > limit.have else "is enough"
    return f"{limit.name}: {limit.need:,} of {limit.have:,} {limit.unit} ({percent}, {verb})"


def by_kind(profile: Profile) -> Table:
    """Return requests that were answered and their times from end to end (us) by kind."""
    total = profile.latencies.hop == Hop.TOTAL
    rows = []
    for activity in Activity:
        count = int(profile.latencies.count[total & (profile.latencies.activity == activity)].sum())
        if count:
            rows.append((activity.name.lower(), count, *_times(profile, Hop.TOTAL, int(activity))))
    return Table(("kind", "answered", *_RANK_COLUMNS), rows)


def by_hop(profile: Profile) -> Table:
    """Return requests and times by hop (us), and each hop's share (ppm) of the time that all requests spent in hops."""
    sums = {hop: _time_us(profile, hop) for hop in Hop}
    whole = max(sum(took for hop, took in sums.items() if hop is not Hop.TOTAL), 1)
    rows = [
        (
            hop.name.lower(),
            int(profile.latencies.histogram(hop).sum()),
            *_times(profile, hop),
            None if hop is Hop.TOTAL else sums[hop] * PARTS_PER_MILLION // whole,
        )
        for hop in Hop
    ]
    return Table(("hop", "requests", *_RANK_COLUMNS, "of_all_time_ppm"), rows)


def by_hour(profile: Profile) -> Table:
    """Return the hours in which VMs served most, in the order of time, with times (us) of requests answered then."""
    chosen = profile.latencies.hop == Hop.VM
    counts = np.bincount(profile.latencies.hour[chosen], profile.latencies.count[chosen]).astype(np.int64)
    hours = sorted(np.argsort(-counts, kind="stable")[:_SHOWN_HOURS].tolist())
    return Table(
        ("hour", "by_vms", *_RANK_COLUMNS),
        [(hour, int(counts[hour]), *_times(profile, Hop.TOTAL, hour=hour)) for hour in hours if counts[hour]],
    )


def by_part(profile: Profile) -> Table:
    """Return how busy each part is in its busiest hour (ppm), and how many stand in its line on average.

    Of a sample with an overloaded part no line is given.
    """
    return Table(
        ("part", "busy_ppm", "in_line", "requests", "hour"),
        [
            (
                part.name,
                int(part.busy_ppm[part.busiest]),
                None if profile.overloaded else round(part.queue(part.busiest), 2),
                int(part.arrivals[part.busiest]),
                part.busiest,
            )
            for part in profile.parts
            if part.arrivals.any()
        ],
    )


def for_people(table: Table) -> Table:
    """Return a table with its numbers in words: columns in us as times, in ppm as per cent, hours as moments."""
    columns = tuple(_HEADINGS.get(column, column.removesuffix("_us").replace("_", " ")) for column in table.columns)
    return Table(columns, (tuple(map(_in_words, table.columns, row)) for row in table))


def _in_words(column: str, value: Any) -> Any:
    if value is None:
        return "" if column == "of_all_time_ppm" else "-"
    if column.endswith("_us"):
        return seconds(value)
    if column.endswith("_ppm"):
        return f"{value / 10_000:.1f} %"
    if column == "hour":
        return format_moment(value * HOUR)[:-3]
    if column == "in_line":
        return f"{value:.2f}"
    return value.replace("_", " ") if column == "hop" else value


def _times(profile: Profile, hop: Hop, kind: int | None = None, hour: int | None = None) -> list[int | None]:
    return [profile.latencies.quantile(rank, hop, kind, hour) for rank in RANKS]


def _time_us(profile: Profile, hop: Hop) -> int:
    """Return the time of all requests in a hop, each taken for the middle of its bin.

    It is added up in Python's integers: days in the lines of millions of requests are more than 64 bits hold.
    """
    low = edges()
    middles = (low[:-1] + low[1:] - 1) // 2
    counts = profile.latencies.histogram(hop)
    return sum(int(counts[number]) * int(middles[number]) for number in counts.nonzero()[0])


def data(profile: Profile) -> dict[str, Any]:
    """Return a profile as plain data: numbers with their units in their names, nothing rounded into words."""
    run, bottleneck = profile.run, profile.bottleneck
    return {
        "schema": SCHEMA,
        "design": profile.design.name,
        "seed": run.seed,
        "digest": run.digest,
        "ended_us": run.ended_us,
        "clients": profile.clients,
        "clients_simulated": run.clients,
        "scale_ppm": run.scale,
        "times": profile.measured_by_fleet,
        "remarks": list(profile.remarks),
        "overloaded": [part.name for part in profile.overloaded],
        **{
            name: [dict(zip(table.columns, row, strict=True)) for row in table]
            for name, table in (
                ("kinds", by_kind(profile)),
                ("hops", by_hop(profile)),
                ("hours", by_hour(profile)),
                ("parts", by_part(profile)),
            )
        },
        "failures": profile.failures(),
        "connections_peak": int(profile.connections.max(initial=0)),
        "bottleneck": None if bottleneck is None else _part_data(bottleneck),
        "limits": [_limit_data(limit) for limit in profile.limits],
        "binding_limit": _limit_data(profile.binding),
        "premises": list(profile.premises),
    }


def _part_data(part: PartLoad) -> dict[str, Any]:
    return {"part": part.name, "busy_ppm": int(part.busy_ppm[part.busiest]), "hour": part.busiest}


def _limit_data(limit: Limit) -> dict[str, Any]:
    share = limit.need * PARTS_PER_MILLION // limit.have if limit.have else None
    return {"name": limit.name, "need": limit.need, "have": limit.have, "unit": limit.unit, "share_ppm": share}


def tables(profile: Profile) -> dict[str, Columns]:
    """Return the tables of a profile and of its run: columns of equal length, in the order of the dictionary."""
    own = {"latencies": _latencies(profile), "parts": _parts(profile)}
    return run_tables(profile.run) | {name: stamped(profile.run, columns) for name, columns in own.items()}


def _latencies(profile: Profile) -> Columns:
    found, low = profile.latencies, edges()
    kinds = np.array([activity.name.lower() for activity in Activity])
    hops = np.array([hop.name.lower() for hop in Hop])
    return {
        "hour": found.hour,
        "kind": kinds[found.activity],
        "hop": hops[found.hop],
        "at_least_us": low[found.bin],
        "below_us": low[found.bin + 1],
        "requests": found.count,
    }


def _parts(profile: Profile) -> Columns:
    parts = profile.parts
    hours = np.concatenate([np.arange(len(part.arrivals)) for part in parts]) if parts else np.zeros(0, np.int64)
    names = [np.full(len(part.arrivals), part.name) for part in parts]
    return {
        "hour": hours.astype(np.int64),
        "part": np.concatenate(names) if names else np.zeros(0, dtype="<U1"),
        "arrivals": _column([part.arrivals for part in parts]),
        "busy_share": _column([part.busy_ppm for part in parts]) / PARTS_PER_MILLION,
        "queue_mean": _column([part.waiting_us for part in parts]) / HOUR,
    }


def _column(columns: list[Any]) -> Any:
    return np.concatenate(columns) if columns else np.zeros(0, dtype=np.int64)
