"""A profile as tables: for people, for programs, and as columns for Parquet files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

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
        "requests": "requests that were answered, in that bin; of vm_wait, vm and connection_point those over gateways",
    },
    "parts": {
        "run": "the run's digest",
        "seed": "the run's seed",
        "hour": "hours since the beginning of the run, from 0",
        "part": "the station, or equal stations together",
        "arrivals": "requests that joined its line",
        "busy_share": "how busy it was, from 0 to 1; more where more came than it can serve",
        "queue_mean": "requests in line, on average",
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
    yield f"{run.design.name}: {length}, {run.clients:,} clients simulated, seed {run.seed}"
    yield f"times: {profile.measured_by_fleet}"
    for title, table in (
        ("by kind of request, from end to end, on the intranet and over gateways", by_kind(profile)),
        ("by hop (VM and connection point: over gateways only)", by_hop(profile)),
        ("hours in which most came over gateways", by_hour(profile)),
        ("by part, in its busiest hour", by_part(profile)),
    ):
        table.SHOWN = len(table)
        yield f"\n{title}\n{table}"
    failures = ", ".join(f"{count:,} {cause.replace('_', ' ')}" for cause, count in profile.failures().items())
    yield f"\nfailures: {failures}"
    yield f"connections held: {_connections(profile)}"
    yield f"bottleneck: {_bottleneck(profile.bottleneck)}"
    yield f"fullest limit: {profile.binding}"
    yield from (f"rests on the assumption that {premise}" for premise in profile.premises)


def _connections(profile: Profile) -> str:
    held = profile.connections
    if not held.any():
        return "none"
    at = int(held.argmax())
    return f"{int(held.max()):,} at most, {format_moment((at + 1) * INTERVAL_US)}"


def _bottleneck(part: PartLoad | None) -> str:
    if part is None:
        return "none, nothing is asked"
    busy = int(part.busy_ppm[part.busiest])
    return f"{part.name}, {busy / 10_000:.1f} % busy in the hour from {format_moment(part.busiest * HOUR)}"


def by_kind(profile: Profile) -> Table:
    """Return requests and times from end to end by kind."""
    total = profile.latencies.hop == Hop.TOTAL
    rows = []
    for activity in Activity:
        count = int(profile.latencies.count[total & (profile.latencies.activity == activity)].sum())
        if count:
            rows.append((activity.name.lower(), count, *_times(profile, Hop.TOTAL, int(activity))))
    return Table(("kind", "answered", "p50", "p95", "p99"), rows)


def by_hop(profile: Profile) -> Table:
    """Return times by hop, and each hop's share of all the time."""
    sums = {hop: _time_us(profile, hop) for hop in Hop}
    whole = max(sum(took for hop, took in sums.items() if hop is not Hop.TOTAL), 1)
    rows = [
        (hop.name.lower().replace("_", " "), *_times(profile, hop), f"{sums[hop] / whole:.0%}")
        for hop in Hop
        if hop is not Hop.TOTAL
    ]
    return Table(("hop", "p50", "p95", "p99", "of the time"), [*rows, ("total", *_times(profile, Hop.TOTAL), "")])


def by_hour(profile: Profile) -> Table:
    """Return the hours with most requests, in the order of time."""
    chosen = profile.latencies.hop == Hop.VM
    counts = np.bincount(profile.latencies.hour[chosen], profile.latencies.count[chosen]).astype(np.int64)
    hours = sorted(np.argsort(-counts, kind="stable")[:_SHOWN_HOURS].tolist())
    return Table(
        ("hour from", "over gateways", "p50", "p95", "p99"),
        [
            (format_moment(hour * HOUR)[:-3], int(counts[hour]), *_times(profile, Hop.TOTAL, hour=hour))
            for hour in hours
            if counts[hour]
        ],
    )


def by_part(profile: Profile) -> Table:
    """Return how busy each part is in its busiest hour, and how long its line."""
    return Table(
        ("part", "busy", "in line", "requests", "hour from"),
        [
            (
                part.name,
                f"{int(part.busy_ppm[part.busiest]) / 10_000:.1f} %",
                f"{part.queue(part.busiest):.2f}",
                int(part.arrivals[part.busiest]),
                format_moment(part.busiest * HOUR)[:-3],
            )
            for part in profile.parts
            if part.arrivals.any()
        ],
    )


def _times(profile: Profile, hop: Hop, kind: int | None = None, hour: int | None = None) -> list[str]:
    found = (profile.latencies.quantile(rank, hop, kind, hour) for rank in RANKS)
    return ["-" if took is None else seconds(took) for took in found]


def _time_us(profile: Profile, hop: Hop) -> int:
    """Return the time of all requests in a hop, each taken for the middle of its bin."""
    low = edges()
    middles = (low[:-1] + low[1:] - 1) // 2
    return int((profile.latencies.histogram(hop) * middles).sum())


def data(profile: Profile) -> dict[str, Any]:
    """Return a profile as plain data."""
    bottleneck = profile.bottleneck
    return {
        "design": profile.run.design.name,
        "seed": profile.run.seed,
        "digest": profile.run.digest,
        "clients_simulated": profile.run.clients,
        "times": profile.measured_by_fleet,
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
        "bottleneck": bottleneck.name if bottleneck else None,
        "fullest_limit": profile.binding.name,
        "premises": list(profile.premises),
    }


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
