"""Closed forms of queueing theory: brackets for a search, and oracles for simulated queues.

Symbols are the usual ones: arrivals at rate ``a`` (offered load in Erlang is rate times mean service time), ``servers``
equal servers, times in the unit of the service time. Sources: A. K. Erlang (1917) for B and C; F. Pollaczek (1930) and
A. Khinchine (1932) for M/G/1; L. Kleinrock, "Queueing Systems", volume 2 (1976), for processor sharing.
"""

from __future__ import annotations

import math


def erlang_b(offered: float, servers: int) -> float:
    """Return the share of arrivals that find all servers taken where nobody waits (M/G/c/c).

    Raises:
        ValueError: for a negative load or fewer than no servers.
    """
    _require(offered, servers, least=0)
    blocked = 1.0
    for count in range(1, servers + 1):
        blocked = offered * blocked / (count + offered * blocked)
    return blocked


def erlang_c(offered: float, servers: int) -> float:
    """Return the share of arrivals that must wait in one line (M/M/c); 1 where the load is not below the servers.

    Raises:
        ValueError: for a negative load or no server.
    """
    _require(offered, servers, least=1)
    if offered >= servers:
        return 1.0
    blocked = erlang_b(offered, servers)
    return servers * blocked / (servers - offered * (1 - blocked))


def mean_wait(offered: float, servers: int, service: float) -> float:
    """Return the mean time in line of M/M/c; infinite where the load is not below the servers."""
    if offered >= servers:
        return math.inf
    return erlang_c(offered, servers) * service / (servers - offered)


def wait_quantile(offered: float, servers: int, service: float, share: float) -> float:
    """Return a quantile of the time in line of M/M/c: 0 where so many do not wait at all."""
    if offered >= servers:
        return math.inf
    waiting = erlang_c(offered, servers)
    if 1 - waiting >= share:
        return 0.0
    return math.log(waiting / (1 - share)) * service / (servers - offered)


def sojourn_tail(offered: float, servers: int, service: float, time: float) -> float:
    """Return the share of M/M/c customers whose time in line and in service together exceeds *time*."""
    if offered >= servers:
        return 1.0
    waiting, leaving = erlang_c(offered, servers), (servers - offered) / service
    rate = 1 / service
    if math.isclose(leaving, rate):
        return math.exp(-rate * time) * (1 + waiting * rate * time)
    late = (math.exp(-rate * time) - math.exp(-leaving * time)) * leaving / (leaving - rate)
    return (1 - waiting) * math.exp(-rate * time) + waiting * (late + math.exp(-leaving * time))


def sojourn_quantile(offered: float, servers: int, service: float, share: float) -> float:
    """Return a quantile of the time in line and in service of M/M/c, to a millionth of itself."""
    if offered >= servers:
        return math.inf
    low, high = 0.0, service
    while sojourn_tail(offered, servers, service, high) > 1 - share:
        high *= 2
    while high - low > high * 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if sojourn_tail(offered, servers, service, middle) > 1 - share else (low, middle)
    return high


def mean_wait_single(offered: float, service: float, squared_variation: float) -> float:
    """Return the mean time in line of M/G/1 by Pollaczek and Khinchine.

    *squared_variation* is the service time's variance over its squared mean: 0 for M/D/1, 1 for M/M/1.
    """
    _require(offered, 1, least=1)
    if offered >= 1:
        return math.inf
    return offered * service * (1 + squared_variation) / (2 * (1 - offered))


def mean_sojourn_shared(offered: float, service: float) -> float:
    """Return the mean time in the system of M/G/1 with processor sharing, whatever the distribution of service."""
    _require(offered, 1, least=1)
    return math.inf if offered >= 1 else service / (1 - offered)


def servers_for_wait(offered: float, service: float, share: float, bound: float) -> int:
    """Return the fewest servers in one line of M/M/c with which a quantile of line and service is within *bound*.

    Raises:
        ValueError: if the service alone is longer, so that no number of servers helps.
    """
    if -math.log(1 - share) * service > bound:
        raise ValueError(f"even without a line a share of {share:g} takes {-math.log(1 - share) * service:g}")
    servers = max(1, math.floor(offered) + 1)
    while sojourn_quantile(offered, servers, service, share) > bound:
        servers += 1
    return servers


def _require(offered: float, servers: int, least: int) -> None:
    if not offered >= 0:
        raise ValueError(f"an offered load is not negative: {offered}")
    if servers < least:
        raise ValueError(f"there must be at least {least} servers, not {servers}")
