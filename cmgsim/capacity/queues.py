"""Queues worked out from sorted arrivals: when each request's service begins, exactly, in integer microseconds.

Theory of operation: in a first come, first served line the moment at which a request's service begins depends only on
requests before it, so a sorted list of arrivals is served in one pass (the recursion of Kiefer and Wolfowitz; Ebert and
others, "Computationally efficient simulation of queues: the R package queuecomputer", 2020). One server needs no loop
at all; several need one, which is compiled where numba is installed and the list is long enough to be worth it.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cmgsim.draws import mix_array

Times = NDArray[np.int64]

WORTH_COMPILING = 50_000
"""Lists of at least so many requests are served by compiled code, if there is a compiler."""


def begin_service(arrive_us: Times, service_us: Times, servers: int) -> Times:
    """Return when each request's service begins, in a line that equal servers take from: all arrays (requests,) int64.

    Arrivals are in rising order; requests that arrive at the same moment are served in their order in the array. A
    server that is freed at a moment serves an arrival of that moment.

    Raises:
        ValueError: without a server.
    """
    if servers < 1:
        raise ValueError(f"a line needs at least one server, not {servers}")
    if servers == 1:
        return _one_server(arrive_us, service_us)
    compiled = _compiled() if len(arrive_us) >= WORTH_COMPILING else None
    return (
        _several_servers(arrive_us, service_us, servers)
        if compiled is None
        else compiled(arrive_us, service_us, np.zeros(servers, dtype=np.int64))
    )


def begin_by_station(station: NDArray[np.int64], arrive_us: Times, service_us: Times, servers: int) -> Times:
    """Do :func:`begin_service` for many equal stations at once; *station* says where each request queues."""
    order = np.argsort(station, kind="stable")
    begin = np.empty_like(arrive_us)
    ends = np.flatnonzero(np.diff(station[order])) + 1
    if servers == 1:
        begin[order] = _one_server_each(arrive_us[order], service_us[order], ends)
        return begin
    for rows in np.split(order, ends):
        begin[rows] = begin_service(arrive_us[rows], service_us[rows], servers)
    return begin


def exponential_us(mean_us: NDArray[np.int64] | int, bits: NDArray[np.uint64]) -> Times:
    """Turn 64 random bits each into an exponential time with that mean, at least 1 us: (requests,) int64."""
    uniform = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return np.maximum(np.rint(-np.log1p(-uniform) * mean_us), 1).astype(np.int64)


def uniform_index(count: int, bits: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Turn 64 random bits each into a number of 0..count - 1: (requests,) int64."""
    return ((bits >> np.uint64(32)) * np.uint64(count) >> np.uint64(32)).astype(np.int64)


def drawn_bits(seed: int, purpose: int, who: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Draw 64 bits for each key in *who* and one purpose: (requests,) uint64."""
    return mix_array(seed, who, purpose)


def _one_server(arrive_us: Times, service_us: Times) -> Times:
    """Add up the work before each request; it begins when it has come and the latest standstill's work is done."""
    before = np.cumsum(service_us) - service_us
    return np.asarray(np.maximum.accumulate(arrive_us - before) + before)


def _one_server_each(arrive_us: Times, service_us: Times, ends: NDArray[np.int64]) -> Times:
    """Do :func:`_one_server` for stations that follow each other in the arrays, each shifted past the one before."""
    if not len(arrive_us):
        return arrive_us
    before = np.cumsum(service_us) - service_us
    span_us = int(arrive_us.max() - arrive_us.min()) + int(before[-1]) + 1
    shift = np.zeros(len(arrive_us), dtype=np.int64)
    shift[ends] = span_us
    shift = np.cumsum(shift)
    return np.asarray(np.maximum.accumulate(arrive_us - before + shift) + before - shift)


def _several_servers(arrive_us: Times, service_us: Times, servers: int) -> Times:
    free, begins = [0] * servers, []
    for arrive, service in zip(arrive_us.tolist(), service_us.tolist(), strict=True):
        begin = max(arrive, free[0])
        heapq.heapreplace(free, begin + service)
        begins.append(begin)
    return np.array(begins, dtype=np.int64)


def _loop(arrive_us: Times, service_us: Times, free_us: Times) -> Times:
    """Do what :func:`_several_servers` does, in the manner compilers like."""
    begins = np.empty_like(arrive_us)
    for request in range(len(arrive_us)):
        soonest = 0
        for server in range(1, len(free_us)):
            if free_us[server] < free_us[soonest]:
                soonest = server
        begins[request] = max(arrive_us[request], free_us[soonest])
        free_us[soonest] = begins[request] + service_us[request]
    return begins


@cache
def _compiled() -> Callable[[Times, Times, Times], Times] | None:
    """Return the loop as machine code, or None where there is no compiler."""
    try:
        import numba
    except ImportError:
        return None
    compiled: Callable[[Times, Times, Times], Times] = numba.njit(cache=True)(_loop)
    return compiled
