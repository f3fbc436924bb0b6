"""The fast fleet's compiled code: what one client does, over rows of integers, and when it does it.

Theory of operation: the rules are those of :mod:`cmgsim.fleet.reference`, function by function and under the same
names; this module adds nothing to them. All compiled code is in this one file, and everything it depends on comes in
as an argument, because Numba's cache of machine code does not see changes elsewhere.

A client is a row of :data:`ROW`, a row of *due* (by activity: its next appointment, us) and one of *failures* (when
its contact failed lately, us). A request on its way is a record of :data:`FLIGHT` in a pool, chained to its client. So
a client that asks for nothing costs no more than its rows.

Where a landscape has routes, the rules of :mod:`cmgsim.fleet.stations` are added. Time goes in windows no longer than a
client's reaction. In a window all clients live first, and put what they send into an *outbox*; then the stations live
the same window, event by event; then clients are told what was decided, and none of that is due within the window. So
this gives what living event by event would.

The calendar looks at all clients once a page (an hour) and sorts those that are due in it into windows; who is due
again within the page is pushed into a later window. A client with nothing due is not touched.

Numba turns int64 with uint64 into float64: bits are uint64 only inside the functions that draw, and int64 outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit
from numba.core import cgutils, types
from numba.extending import intrinsic
from numpy.typing import NDArray

FOREVER = 1 << 62
NEVER = -1
NOBODY = np.int64(-1)

# Numbers that must be those of the tables; cmgsim.fleet.tables compares them when it is imported. Those that functions
# are called with are NumPy's, because Numba compiles a function once more for each Python integer in a call.
OFF, ON_INTRANET, ON_VPN, ON_INTERNET = 0, 1, 2, 3
C_OFF, C_INTRANET, C_INTERNET, C_ALWAYS_INTERNET = 0, 1, 2, 3
LOCATION, POLICY, SCAN, STATE, CONTENT_LOCATION, DOWNLOAD = np.array((0, 1, 2, 6, 7, 8), dtype=np.int64)
MANAGEMENT_POINT, UPDATE_POINT, CONTENT = 0, 1, 2
DEEDS = np.arange(1, 20, dtype=np.int64)
MOVED, DETECTED, ASKED, SERVED_DEED, REFUSED, UNANSWERED, GAVE_UP, KNEW_NOBODY, PAUSED, LEARNED = DEEDS[:10]
RESTARTED, STRANDED, RESCUED, OPENED, CLOSED, SCANS, FETCHED, SKIPPED, HELD = DEEDS[10:]
COUNT_ASKED, COUNT_SERVED, COUNT_REFUSED, COUNT_UNANSWERED, COUNT_GIVEN_UP, COUNT_NO_CONTACT = np.arange(6)
COUNTS, WAYS = 6, 3
GAUGE_INTERNET, GAUGE_STRANDED, GAUGE_WAITING = 2, 3, 4
WAY_INTRANET, WAY_GATEWAY, WAY_INTERNET = 0, 1, 2
STATUS_SERVED, STATUS_NO_ANSWER, STATUS_EXPIRED = np.array((200, 0, 403), dtype=np.int64)
TRANSFERRING = 2

ACTIVITIES = 9
ROW = np.dtype(
    [
        ("due", "i8", (ACTIVITIES,)),
        ("key", "u8"),
        ("digest", "u8"),
        ("move_us", "i8"),
        ("chosen_us", "i8"),
        ("paused_until_us", "i8"),
        ("failed", "i8"),
        ("choices", "i4"),
        ("requests", "i4"),
        ("flight", "i4"),
        ("moves", "i4"),
        ("population", "i2"),
        ("publication", "i2"),
        ("told", "i2"),
        ("contact", "i2"),
        ("channel", "i2"),
        ("channel_point", "i2"),
        ("update_point", "i2"),
        ("internet_update_point", "i2"),
        ("place", "i1"),
        ("connection", "i1"),
        ("move_place", "i1"),
        ("failures", "i1"),
        ("scan_failures", "i1"),
        ("news", "i1"),
        ("located_us", "i8"),
        ("policy_us", "i8"),
        ("stranded_since_us", "i8"),
        ("channel_closed_us", "i8"),
    ],
    align=True,
)
"""One client: three lines of a processor's cache. Populations, publications, policies and contacts are fewer than
32,768."""

SPELLS = np.dtype([("stranded_longest_us", "i8"), ("stranded_total_us", "i8")])
"""What of a client is seldom looked at: 0 as long as nothing went wrong, so that it takes no memory until then."""

WORDS = ROW.itemsize // 8

FLIGHT = np.dtype(
    [
        ("sent_us", "i8"),
        ("arrives_us", "i8"),
        ("next", "i4"),
        ("contact", "i4"),
        ("ordinal", "i4"),
        ("activity", "i2"),
        ("overdue", "i2"),
        ("reply_us", "i8"),
        ("role_us", "i8"),
        ("status", "i2"),
        ("point", "i2"),
        ("published", "i2"),
        ("told", "i2"),
    ],
    align=True,
)
"""One request on its way; *next* is the client's next one, or in the list of free records the next free one. From
*reply_us* on: its fate, where it queued; the status is UNSETTLED before."""

SENT = np.dtype(
    [
        ("key", "u8"),
        ("at_us", "i8"),
        ("sent_us", "i8"),
        ("back_us", "i8"),
        ("client", "i4"),
        ("ordinal", "i4"),
        ("activity", "i2"),
        ("population", "i2"),
        ("contact", "i2"),
        ("port", "i2"),
    ],
    align=True,
)
"""What clients put into the outbox: a request that will arrive, or with the activity -1 a port of the connection point
*port* that is held from now on (*contact* 1) or free (-1)."""

PASSAGE = np.dtype(
    [
        ("key", "u8"),
        ("sent_us", "i8"),
        ("back_us", "i8"),
        ("since_us", "i8"),
        ("client", "i4"),
        ("ordinal", "i4"),
        ("next", "i4"),
        ("activity", "i2"),
        ("population", "i2"),
        ("contact", "i2"),
        ("stage", "i2"),
        ("station", "i2"),
        ("vm", "i2"),
        ("point", "i2"),
        ("role", "i2"),
        ("published", "i2"),
        ("told", "i2"),
        ("settled", "i1"),
        ("serving", "i1"),
    ],
    align=True,
)
"""One request on its way to the stations or at one; *next* is the one behind it in line, or the next free record. The
stage of a free record is -1."""

OUTCOME = np.dtype(
    [
        ("reply_us", "i8"),
        ("role_us", "i8"),
        ("client", "i4"),
        ("ordinal", "i4"),
        ("activity", "i2"),
        ("status", "i2"),
        ("point", "i2"),
        ("published", "i2"),
        ("told", "i2"),
    ],
    align=True,
)
"""What was decided of a request, for its client."""

# What the vector of parameters holds.
(
    P_SEED,
    P_CONTACTS,
    P_FAILURES_TO_LEAVE,
    P_FAILURE_WINDOW,
    P_STICKY,
    P_RETRY_LOW,
    P_RETRY_HIGH,
    P_PAUSE,
    P_BOOT_LOW,
    P_BOOT_HIGH,
    P_NETWORK_LOW,
    P_NETWORK_HIGH,
    P_REACTION,
    P_SILENCE,
    P_TRAVEL_LOW,
    P_TRAVEL_HIGH,
    P_BY_CONTACT,
    P_EGRESS,
    P_WINDOW,
    P_PAGE_WINDOWS,
    P_SCAN_RETRY,
    P_SCAN_RETRIES,
    P_SCAN_EXTRA,
    P_PATIENCE,
    P_FIRST_CLIENT,
    P_BROKEN,
    P_DOWNLOADS,
    P_TRY_SOURCE,
    P_CONTENT_RETRY,
    P_CONTENT_TOKEN,
    P_SHARDS,
    P_WIDTH,
) = range(32)
"""P_BY_CONTACT, P_EGRESS and P_DOWNLOADS are where those counters begin. P_BROKEN is 0, but in a test that breaks a
tie rule."""

# What the table of activities holds.
A_TARGET, A_ASKS, A_DELAY_LOW, A_DELAY_HIGH, A_EGRESS, A_REPORTED, A_ON_DEMAND, A_WIDTH = range(8)

# What the vector of streams holds; then by activity: phases, delays after power-on, delays on top of cycles.
(
    S_NETWORK,
    S_CHOICE,
    S_OUT,
    S_BACK,
    S_RETRY,
    S_UPDATE_POINT,
    S_SOURCE,
    S_REMOTE,
    S_VPN,
    S_WORK_BEGIN,
    S_WORK_END,
    S_EVENING_BEGIN,
    S_EVENING_END,
    S_WEEKEND_BEGIN,
    S_WEEKEND_END,
    S_EVENING_SHARE,
    S_WEEKEND_SHARE,
    S_VACATION,
    S_POWERED_OFF,
    S_PHASES,
) = (*range(18), 21, 25)

# What the table of populations holds: who they are, then their timetable.
(
    T_SITE,
    T_ALWAYS_ON_INTERNET,
    T_ALWAYS,
    T_OFFSET,
    T_WEEKDAY,
    T_JITTER,
    T_REMOTE,
    T_VPN,
    T_WORK,
    T_EVENING,
    T_WEEKEND,
    T_OUTSIDE,
    T_VACATION,
    T_POWERED_OFF,
    T_BANDWIDTH,
    T_BANDWIDTH_ON_INTRANET,
    T_WIDTH,
) = (*range(9), 11, 14, 17, 18, 22, 26, 27, 28)

# What the vector of a landscape begins with: where its parts begin.
(
    L_WAYS,
    L_ANSWERS,
    L_ALIVE,
    L_REACHED,
    L_KNOWN,
    L_GOES_BY,
    L_PUBLICATIONS,
    L_LISTS,
    L_LOCALES,
    L_TIERS,
    L_POINTS,
    L_POOLS,
    L_POOLED,
    L_ROUTES,
    L_DOORS,
    L_LINKS,
    L_BYTES,
    L_SOURCES,
    L_HOLDS,
    L_CONTENT_POOLS,
    L_CONTENT_POOLED,
    L_CLOUD_FIRST,
    L_QUEUED,
    L_PUBLICATION_COUNT,
    L_LOCALE_COUNT,
    L_HEADER,
) = range(26)

# What a row of the history of landscapes begins with: since when it was in force; then answers, published, told.
H_SINCE, H_ANSWERS = 0, 1

# What the table of what policies say holds: last, from TOLD_PACKAGES on, the packages that are deployed.
TOLD_USE_GATEWAY, TOLD_USE_CLOUD, TOLD_CACHE, TOLD_PERMITTED, TOLD_DEPLOYED, TOLD_CYCLES = range(6)
TOLD_PACKAGES = TOLD_CYCLES + ACTIVITIES
"""TOLD_PERMITTED is the set of activities on a metered connection, TOLD_DEPLOYED the number of packages."""

# What a row of the cargo holds; from G_FETCHED on, which of the packages deployed to a client it has dealt with.
G_GOT, G_SOUGHT, G_CURRENT, G_SOURCE, G_TRIES, G_METERED, G_FETCHED = range(7)

# What the vector of a shard's own state holds.
M_NOW, M_PAGE, M_NODES, M_FREE, M_FLIGHTS, M_STALE, M_NEEDED, M_SENT, M_BOOKED, M_WIDTH = range(10)

# What a row of the lines of stations holds; what a row of their loads; what the stations' own vector.
N_SERVERS, N_PORTS, N_SERVING, N_WAITING, N_HEAD, N_TAIL, N_HELD, N_TURN, N_LAST, N_WIDTH = range(10)
D_ARRIVALS, D_SERVED, D_FAILED, D_REFUSED, D_BUSY, D_WAITED, D_WIDTH = range(7)
Q_FREE, Q_PASSAGES, Q_HEAP, Q_OUTCOMES, Q_WIDTH = range(5)

STAGE_CHANNEL, STAGE_ANSWERED, STAGE_ROLE, STAGE_POINT, STAGE_VM, STAGE_TRAVEL = np.arange(-2, 4)
STAGE_FREE = STAGE_CHANNEL
HOP_OUT, HOP_VM_WAIT, HOP_VM, HOP_POINT, HOP_ROLE_WAIT, HOP_ROLE, HOP_BACK, HOP_TOTAL = np.arange(8)
STATUS_NO_PORT, STATUS_NO_CONNECTION_POINT, UNSETTLED = np.array((503, 500, -1), dtype=np.int64)
BINS, BIN_BITS, SCALE_BITS = 1152, 5, 20

AHEAD = 16
"""How many clients ahead of the one that lives now rows are brought from memory."""

SENDS = 5
"""How many things a client can put into the outbox in one window, at most, for each activity."""

DAY_US, SECOND_US = 86_400_000_000, 1_000_000
PPM = np.uint64(1_000_000)


class State(NamedTuple):
    """Everything a client's life reads and writes: arrays, and only arrays."""

    rows: NDArray[Any]
    words: NDArray[np.int64]
    """The rows once more, as (clients, WORDS) integers, of which the first are when activities are due."""
    spells: NDArray[Any]
    scan_fails_from: NDArray[np.int64]
    """One more than the moment since which a client's scans fail, or 0: so that it takes no memory until they do."""
    soonest: NDArray[np.int64]
    failures: NDArray[np.int64]
    cargo: NDArray[np.int64]
    """What of a client matters for downloads and metered connections; no rows where there is neither."""
    flights: NDArray[Any]
    counters: NDArray[np.int64]
    gauges: NDArray[np.int64]
    channels: NDArray[np.int64]
    own: NDArray[np.int64]
    parameters: NDArray[np.int64]
    streams: NDArray[np.uint64]
    populations: NDArray[np.int64]
    told: NDArray[np.int64]
    activities: NDArray[np.int64]
    home: NDArray[np.int32]
    vpn: NDArray[np.int32]
    landscape: NDArray[np.int64]
    history: NDArray[np.int64]
    outbox: NDArray[Any]
    latencies: NDArray[np.int64]
    moments: NDArray[np.int64]
    """Room to work in: the moves of one day."""
    places: NDArray[np.int64]
    """Room to work in: where these go, or the sources of a package."""


class Calendar(NamedTuple):
    """Who is due in which window of the page."""

    first: NDArray[np.int64]
    """By window: where its clients begin in *listed*, and one more."""
    listed: NDArray[np.int32]
    begun: NDArray[np.int64]
    """By window: where those begin that have not been looked at."""
    heads: NDArray[np.int32]
    """By window: the first node of those pushed into it, or -1."""
    sizes: NDArray[np.int64]
    """By window: how many nodes it has."""
    nodes: NDArray[np.int32]
    """(nodes, 2): a client, and the next node."""
    pushed: NDArray[np.int32]
    """Room to work in: those pushed into the window that is lived."""


class Hall(NamedTuple):
    """The stations, with everything that is on its way to them or at them."""

    passages: NDArray[Any]
    heap: NDArray[np.int64]
    """(events, 3): when; stage, client, activity and number in one; the passage."""
    lines: NDArray[np.int64]
    loads: NDArray[np.int64]
    services: NDArray[np.int64]
    outcomes: NDArray[Any]
    latencies: NDArray[np.int64]
    own: NDArray[np.int64]
    quantiles: NDArray[np.int64]
    streams: NDArray[np.uint64]
    """Door, then by stage."""
    parameters: NDArray[np.int64]
    populations: NDArray[np.int64]
    landscape: NDArray[np.int64]
    met: NDArray[np.int64]
    """The last row of the history: what a request meets now."""


def _entered(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, when it is first called.

    The machine code, with that of all it calls, is kept on disk where there is a place for it.
    """
    try:
        return _made(function, cache=True)
    except RuntimeError:  # "no locator available": neither the package nor the user has a folder to write to
        return _made(function)


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that only compiled code calls."""
    return _made(function, no_cpython_wrapper=True)


def _inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function into each of its callers: handing a :class:`State` on costs more than most functions do."""
    return _made(function, no_cpython_wrapper=True, forceinline=True)


def _made(function: Callable[..., Any], **more: bool) -> Callable[..., Any]:
    """Compile without counting references, which took two thirds of the time: nothing here makes or keeps an array."""
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True, **more}
    return njit(**options)(function)  # type: ignore[no-any-return]


@intrinsic
def prefetch(typing_context, array, index):
    """Have the processor bring an element of an array, by its place in memory, from there before it is used."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        word, pointer = ir.IntType(32), ir.IntType(8).as_pointer()
        kind = ir.FunctionType(ir.VoidType(), [pointer, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(builder.gep(data, [arguments[1]]), pointer)
        builder.call(function, [address, word(1), word(3), word(1)])  # to be written, to be kept, data
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


# -- chance ----------------------------------------------------------------------------------------------------------


@_inlined
def mixed(bits, word):
    """Hash one more word into bits; both uint64 (:func:`cmgsim.draws.mix`)."""
    bits = (bits ^ word) * np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits = bits * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@_inlined
def mix3(first, second, third):
    """Hash three words (uint64) into one."""
    return mixed(mixed(mixed(np.uint64(0x9E3779B97F4A7C15), first), second), third)


@_inlined
def mix2(first, second):
    """Hash two words (uint64) into one."""
    return mixed(mixed(np.uint64(0x9E3779B97F4A7C15), first), second)


@_inlined
def draw(seed, key, purpose, ordinal):
    """Draw 64 bits (:func:`cmgsim.draws.draw`); *seed* and *ordinal* are int64."""
    return mixed(mix3(np.uint64(seed), key, purpose), np.uint64(ordinal))


@_inlined
def within(bits, low, high):
    """Turn bits into an int64 of low..high."""
    return low + np.int64(bits % np.uint64(high - low + 1))


# -- days ------------------------------------------------------------------------------------------------------------


@_inlined
def away(key, t, at, streams, purposes, day):
    """Say whether a spell covers a day; the spells are at t[at], in the order of ``Spells``."""
    shortest, longest, chance, out_of = t[at], t[at + 1], t[at + 2], t[at + 3]
    if chance == 0:
        return False
    shifted = day + within(mix2(key, streams[purposes]), 0, longest - 1)
    block, since = shifted // longest, shifted % longest
    if within(mix3(key, streams[purposes + 1], np.uint64(block)), 0, out_of - 1) >= chance:
        return False
    lasting = within(mix3(key, streams[purposes + 2], np.uint64(block)), shortest, longest)
    first = within(mix3(key, streams[purposes + 3], np.uint64(block)), 0, longest - lasting)
    return first <= since < first + lasting


@_inlined
def drawn(key, purpose, day, share):
    """Say whether a day has something that a share (ppm) of the days has."""
    return share > 0 and np.int64(mix3(key, purpose, np.uint64(day)) % PPM) < share


@_inlined
def shifted(key, at_us, jitter_us, purpose, day):
    """Return a time of day with its jitter, kept within the day."""
    return min(max(at_us + within(mix3(key, purpose, np.uint64(day)), -jitter_us, jitter_us), 0), DAY_US - 1)


@_inlined
def add_use(moments, places, size, free_us, key, t, at, streams, ends, day, midnight, place):
    """Add one use to the moves of a day, unless it has no length; return how many there are, and when it ends."""
    begin_us = max(free_us, shifted(key, t[at], t[T_JITTER], streams[ends], day))
    end_us = shifted(key, t[at + 1], t[T_JITTER], streams[ends + 1], day)
    if begin_us >= end_us:
        return size, free_us
    if size > 0 and moments[size - 1] == midnight + begin_us:
        size -= 1
    moments[size], places[size] = midnight + begin_us, place
    size += 1
    if t[T_OUTSIDE] >= 0:
        moments[size], places[size] = midnight + end_us, t[T_OUTSIDE]
        size += 1
    return size, end_us


@_inlined
def moves(key, t, streams, day, moments, places):
    """Write down where a client goes on a local day; return how many moves there are."""
    if t[T_ALWAYS] >= 0:
        return 0
    midnight = day * DAY_US - t[T_OFFSET]
    if away(key, t, T_VACATION, streams, S_VACATION, day) or away(key, t, T_POWERED_OFF, streams, S_POWERED_OFF, day):
        moments[0], places[0] = midnight, OFF
        return 1
    size, free_us = 0, 0
    if (t[T_WEEKDAY] + day) % 7 >= 5:
        if drawn(key, streams[S_WEEKEND_SHARE], day, t[T_WEEKEND + 2]):
            size, free_us = add_use(
                moments, places, size, free_us, key, t, T_WEEKEND, streams, S_WEEKEND_BEGIN, day, midnight, ON_INTERNET
            )
        return size
    place = ON_INTRANET
    if drawn(key, streams[S_REMOTE], day, t[T_REMOTE]):
        place = ON_VPN if drawn(key, streams[S_VPN], day, t[T_VPN]) else ON_INTERNET
    size, free_us = add_use(moments, places, size, free_us, key, t, T_WORK, streams, S_WORK_BEGIN, day, midnight, place)
    if drawn(key, streams[S_EVENING_SHARE], day, t[T_EVENING + 2]):
        size, free_us = add_use(
            moments, places, size, free_us, key, t, T_EVENING, streams, S_EVENING_BEGIN, day, midnight, ON_INTERNET
        )
    return size


@_compiled
def place_at(key, t, streams, at_us, moments, places):
    """Return where a client is at a moment, moves of that very moment included."""
    if t[T_ALWAYS] >= 0:
        return t[T_ALWAYS]
    today = (at_us + t[T_OFFSET]) // DAY_US
    for back in range(8):
        size = moves(key, t, streams, today - back, moments, places)
        for index in range(size - 1, -1, -1):
            if moments[index] <= at_us:
                return places[index]
    return OFF


@_compiled
def next_move(key, t, streams, after_us, moments, places):
    """Return when and where a client goes next after a moment."""
    if t[T_ALWAYS] >= 0:
        return FOREVER, OFF
    day = (after_us + t[T_OFFSET]) // DAY_US
    while True:
        size = moves(key, t, streams, day, moments, places)
        for index in range(size):
            if moments[index] > after_us:
                return moments[index], places[index]
        day += 1


# -- books -----------------------------------------------------------------------------------------------------------


@_inlined
def note(s, c, now_us, deed, subject, activity, status):
    """Note a deed in a client's digest."""
    word = np.uint64(subject | activity << 32 | status << 40)
    s.rows[c].digest += mix3(np.uint64(deed), np.uint64(now_us), word)


@_inlined
def count(s, what, activity, way, contact):
    """Count one event, of a contact unless that is NOBODY."""
    p = s.parameters
    s.counters[(activity * WAYS + way) * COUNTS + what] += 1
    if contact != NOBODY:
        s.counters[p[P_BY_CONTACT] + contact * COUNTS + what] += 1


@_inlined
def way_of(s, contact):
    """Return the way to a contact."""
    return s.landscape[s.landscape[L_WAYS] + contact]


# -- requests on their way -------------------------------------------------------------------------------------------


@_inlined
def flight_of(s, c, activity):
    """Return the request of an activity that is on its way, or -1."""
    flight = s.rows[c].flight
    while flight != -1 and s.flights[flight].activity != activity:
        flight = s.flights[flight].next
    return flight


@_inlined
def take_off(s, c):
    """Take a free record for one more request of a client, and return its number."""
    flight = s.own[M_FREE]
    s.own[M_FREE] = s.flights[flight].next
    s.own[M_FLIGHTS] += 1
    s.flights[flight].next = s.rows[c].flight
    s.rows[c].flight = flight
    return flight


@_inlined
def land(s, c, flight):
    """Free the record of a request that has come to its end."""
    after = s.flights[flight].next
    if s.rows[c].flight == flight:
        s.rows[c].flight = after
    else:
        other = s.rows[c].flight
        while s.flights[other].next != flight:
            other = s.flights[other].next
        s.flights[other].next = after
    s.flights[flight].next = s.own[M_FREE]
    s.own[M_FREE] = flight
    s.own[M_FLIGHTS] -= 1


@_inlined
def end(s, c, now_us, flight, deed, what, status):
    """Note what a request came to."""
    contact, activity = np.int64(s.flights[flight].contact), np.int64(s.flights[flight].activity)
    s.gauges[GAUGE_WAITING] -= 1
    count(s, what, activity, way_of(s, contact), contact)
    note(s, c, now_us, deed, contact, activity, status)
    land(s, c, flight)


# -- where it is -----------------------------------------------------------------------------------------------------


@_inlined
def locale(s, c):
    """Return where on the intranet a client is or would be."""
    return np.int64(s.vpn[c] if s.rows[c].place == ON_VPN else s.home[c])


@_inlined
def connection(s, c):
    """Return the connection type that a client finds."""
    place = s.rows[c].place
    if place == OFF:
        return C_OFF
    if s.populations[s.rows[c].population, T_ALWAYS_ON_INTERNET]:
        return C_ALWAYS_INTERNET
    if place == ON_INTERNET:
        return C_INTERNET
    where = s.landscape
    reached = where[where[L_REACHED] + s.rows[c].population * where[L_LOCALE_COUNT] + locale(s, c)]
    return C_INTRANET if reached else C_INTERNET


@_compiled
def find_out_where_it_is(s, c, now_us):
    """Detect the connection type: when it starts, moves, or asks for locations."""
    before = s.rows[c].connection
    found = connection(s, c)
    if found != before:
        s.rows[c].connection = found
        s.gauges[min(before, GAUGE_INTERNET)] -= 1
        s.gauges[min(found, GAUGE_INTERNET)] += 1
        note(s, c, now_us, DETECTED, found, 0, 0)
        judge(s, c, now_us)


@_inlined
def is_stranded(s, c):
    """Say whether a client is on the internet, meant to use gateways, and none it knows would serve it."""
    where, publication = s.landscape, np.int64(s.rows[c].publication)
    return (
        s.rows[c].connection >= C_INTERNET
        and s.told[s.rows[c].told, TOLD_USE_GATEWAY] != 0
        and where[where[L_ALIVE] + s.rows[c].population * where[L_PUBLICATION_COUNT] + publication] == 0
    )


@_compiled
def judge(s, c, now_us):
    """Say whether a client is stranded."""
    since_us, publication, stranded = s.rows[c].stranded_since_us, np.int64(s.rows[c].publication), is_stranded(s, c)
    if stranded and since_us == NEVER:
        s.gauges[GAUGE_STRANDED] += 1
        note(s, c, now_us, STRANDED, publication, 0, 0)
        s.rows[c].stranded_since_us = now_us
    elif not stranded and since_us != NEVER:
        s.gauges[GAUGE_STRANDED] -= 1
        note(s, c, now_us, RESCUED, publication, 0, 0)
        s.spells[c].stranded_longest_us = max(s.spells[c].stranded_longest_us, now_us - since_us)
        s.spells[c].stranded_total_us += now_us - since_us
        s.rows[c].stranded_since_us = NEVER


@_compiled
def move(s, c, now_us):
    """Go elsewhere."""
    p, key = s.parameters, s.rows[c].key
    place, before = s.rows[c].move_place, s.rows[c].place
    t = s.populations[s.rows[c].population]
    s.rows[c].move_us, s.rows[c].move_place = next_move(key, t, s.streams, now_us, s.moments, s.places)
    if place == before:
        return
    if len(s.cargo):
        break_off_download(s, c, now_us)  # at the rate of where it still is
    s.rows[c].place = place
    s.rows[c].moves += 1
    note(s, c, now_us, MOVED, np.int64(place), 0, 0)
    start_afresh(s, c, now_us)
    if before == OFF:
        switch_on(s, c, now_us)
    elif place != OFF:
        bits = draw(p[P_SEED], key, s.streams[S_NETWORK], s.rows[c].moves)
        s.words[c, LOCATION] = now_us + within(bits, p[P_NETWORK_LOW], p[P_NETWORK_HIGH])


@_compiled
def switch_on(s, c, now_us):
    """Make the appointments after power-on."""
    p, boots = s.parameters, S_PHASES + ACTIVITIES
    for activity in range(ACTIVITIES):
        bits = draw(p[P_SEED], s.rows[c].key, s.streams[boots + activity], s.rows[c].moves)
        started_us = now_us + within(bits, p[P_BOOT_LOW], p[P_BOOT_HIGH])
        asks = s.activities[activity, A_ASKS] != 0
        s.words[c, activity] = started_us if asks else max(s.words[c, activity], started_us)


@_compiled
def start_afresh(s, c, now_us):
    """Forget whom it talked to, give up what is on its way, and find out where it is."""
    soon_us = now_us + s.parameters[P_REACTION]
    if len(s.cargo):
        break_off_download(s, c, now_us)
    for activity in range(ACTIVITIES):
        flight = flight_of(s, c, activity)
        if flight != -1:
            end(s, c, now_us, flight, GAVE_UP, COUNT_GIVEN_UP, 0)
            s.words[c, activity] = soon_us
        elif s.words[c, activity] <= s.rows[c].paused_until_us and s.activities[activity, A_TARGET] == MANAGEMENT_POINT:
            s.words[c, activity] = min(s.words[c, activity], soon_us)
    use(s, c, now_us, NOBODY)
    s.rows[c].failures, s.rows[c].failed, s.rows[c].paused_until_us = 0, 0, NEVER
    scan_works(s, c)
    let_go(s, c, now_us)
    find_out_where_it_is(s, c, now_us)


@_inlined
def scan_works(s, c):
    """Forget that scans failed."""
    s.rows[c].scan_failures = 0
    if s.scan_fails_from[c]:
        s.scan_fails_from[c] = 0


# -- asking ----------------------------------------------------------------------------------------------------------


@_inlined
def is_served(s, c, contact):
    """Say whether a contact would serve a client now."""
    where = s.landscape
    return where[where[L_ANSWERS] + s.rows[c].population * s.parameters[P_CONTACTS] + contact] == STATUS_SERVED


@_compiled
def opened(s, c, now_us, contact):
    """Note that a client's notification channel is open from now on."""
    s.channels[contact] += 1
    s.rows[c].channel = contact
    note(s, c, now_us, OPENED, contact, 0, 0)


@_compiled
def closed(s, c, now_us):
    """Note that a client's notification channel is closed from now on."""
    contact = np.int64(s.rows[c].channel)
    s.channels[contact] -= 1
    note(s, c, now_us, CLOSED, contact, 0, 0)
    s.rows[c].channel, s.rows[c].channel_closed_us = NOBODY, now_us
    if s.rows[c].channel_point != NOBODY:
        put_port(s, now_us, s.rows[c].channel_point, -1)
        s.rows[c].channel_point = NOBODY


@_inlined
def put_port(s, now_us, point, held):
    """Put into the outbox that a channel holds a port of a connection point from now on, or frees it."""
    sent = s.outbox[s.own[M_SENT]]
    s.own[M_SENT] += 1
    sent.at_us, sent.activity, sent.port, sent.contact = now_us, -1, point, held


@_inlined
def use(s, c, now_us, contact):
    """Take a contact into use, or nobody; a notification channel to another one is closed."""
    if s.rows[c].channel != NOBODY and s.rows[c].channel != contact:
        closed(s, c, now_us)
    s.rows[c].contact = contact


@_inlined
def allowed(s, c, contact):
    """Say whether a client may ask a contact that is offered to it."""
    if way_of(s, contact) != WAY_GATEWAY:
        return True
    if s.told[s.rows[c].told, TOLD_USE_GATEWAY] == 0:
        return False
    where = s.landscape
    return where[where[L_KNOWN] + known(s, c) * s.parameters[P_CONTACTS] + contact] != 0


@_inlined
def known(s, c):
    """Return the publication a client goes by (:meth:`cmgsim.site.landscape.Landscape.known`)."""
    where = s.landscape
    publication = np.int64(s.rows[c].publication)
    return where[where[L_GOES_BY] + s.rows[c].population * where[L_PUBLICATION_COUNT] + publication]


@_inlined
def tiers(s, c):
    """Return where in the landscape the tiers begin that a client is offered, and how many there are.

    A tier is a place in the list of tiers, at which the bounds of its contacts stand.
    """
    where = s.landscape
    if s.rows[c].connection == C_INTRANET:
        at = where[L_LOCALES] + locale(s, c)
        return where[L_TIERS] + where[at], where[at + 1] - where[at]
    return where[L_PUBLICATIONS] + known(s, c), 1


@_inlined
def nth_of_tier(s, c, tier, wanted, untried):
    """Return the wanted-th contact that a client may ask in a tier, and how many of them there are.

    With *untried* only those count that have not failed.
    """
    where = s.landscape
    found, seen = NOBODY, 0
    for at in range(where[L_LISTS] + where[tier], where[L_LISTS] + where[tier + 1]):
        contact = where[at]
        if allowed(s, c, contact) and not (untried and s.rows[c].failed >> (contact & 63) & 1):
            if seen == wanted:
                found = contact
            seen += 1
    return found, seen


@_inlined
def in_tier(s, c, tier, contact):
    """Say whether a client may ask a contact, and it is in a tier."""
    where = s.landscape
    for at in range(where[L_LISTS] + where[tier], where[L_LISTS] + where[tier + 1]):
        if where[at] == contact:
            return allowed(s, c, contact)
    return False


@_inlined
def ask(s, c, now_us, activity):
    """Send a request, if there is anybody to ask."""
    if activity == LOCATION:
        find_out_where_it_is(s, c, now_us)
    if len(s.cargo) and held_back_or_download(s, c, now_us, activity):
        return
    if s.activities[activity, A_TARGET] == UPDATE_POINT:
        ask_an_update_point(s, c, now_us, activity)
        return
    begin, size = tiers(s, c)
    if keeps_its_contact(s, c, now_us, begin, size) or chooses_another(s, c, now_us, begin, size):
        send(s, c, now_us, activity, np.int64(s.rows[c].contact))
        return
    anybody = False
    for tier in range(begin, begin + size):
        anybody = anybody or nth_of_tier(s, c, tier, 0, False)[1] > 0
    if anybody:
        note(s, c, now_us, PAUSED, 0, 0, 0)
    else:
        knew_nobody(s, c, now_us, activity)
    put_everything_off(s, c, now_us)


@_compiled
def held_back_or_download(s, c, now_us, activity):
    """Hold back what policy forbids where a client is, or ask a source; say whether it was either."""
    if not may(s, c, activity):
        hold_back(s, c, now_us, activity)
        return True
    if activity == DOWNLOAD:
        ask_a_source(s, c, now_us, activity)
        return True
    return False


@_inlined
def may(s, c, activity):
    """Say whether policy lets a client do that where it is now."""
    place = s.rows[c].place
    at_cost = s.cargo[c, G_METERED] != 0 and place in (ON_INTERNET, ON_VPN)
    return not at_cost or s.told[s.rows[c].told, TOLD_PERMITTED] >> activity & 1 != 0


@_inlined
def hold_back(s, c, now_us, activity):
    """Put an activity off until the client moves, or its policy changes."""
    s.words[c, activity] = FOREVER
    if activity == STATE:
        s.rows[c].news = 1
    note(s, c, now_us, HELD, 0, activity, 0)


@_compiled
def let_go(s, c, now_us):
    """Let what was held back be due as soon as a client can react; some of it is held back again then."""
    look_for_somebody(s, c, now_us, SCAN)
    if s.rows[c].news:
        s.rows[c].news = 0
        report(s, c, now_us)
    if len(s.cargo):
        for activity in range(ACTIVITIES):
            if s.activities[activity, A_ON_DEMAND] == 0:
                look_for_somebody(s, c, now_us, activity)
        seek(s, c, now_us, 0)


@_compiled
def knew_nobody(s, c, now_us, activity):
    """Note a request that could not be sent, under the way it would have taken."""
    way = WAY_INTRANET if s.rows[c].connection == C_INTRANET else WAY_GATEWAY
    count(s, COUNT_NO_CONTACT, activity, way, NOBODY)
    note(s, c, now_us, KNEW_NOBODY, 0, activity, 0)


@_inlined
def keeps_its_contact(s, c, now_us, begin, size):
    """Say whether a client has a contact that it may ask, and keeps it; when its time is over, forget who failed."""
    contact = np.int64(s.rows[c].contact)
    if contact == NOBODY:
        return False
    for tier in range(begin, begin + size):
        if in_tier(s, c, tier, contact):
            if now_us - s.rows[c].chosen_us < s.parameters[P_STICKY]:
                return True
            s.rows[c].failed = 0
            return False
    return False


@_compiled
def chooses_another(s, c, now_us, begin, size):
    """Choose a contact of the best tier that has one which has not failed yet; say whether there was one."""
    for tier in range(begin, begin + size):
        untried = nth_of_tier(s, c, tier, 0, True)[1]
        if untried:
            bits = draw(s.parameters[P_SEED], s.rows[c].key, s.streams[S_CHOICE], s.rows[c].choices)
            use(s, c, now_us, nth_of_tier(s, c, tier, np.int64(bits % np.uint64(untried)), True)[0])
            s.rows[c].choices += 1
            s.rows[c].chosen_us, s.rows[c].failures = now_us, 0
            return True
    return False


@_compiled
def put_everything_off(s, c, now_us):
    """With nobody left to ask, pause all activities, then begin a new round."""
    until_us = now_us + s.parameters[P_PAUSE]
    use(s, c, now_us, NOBODY)
    s.rows[c].failed, s.rows[c].paused_until_us = 0, until_us
    for activity in range(ACTIVITIES):
        if s.activities[activity, A_TARGET] == MANAGEMENT_POINT and flight_of(s, c, activity) == -1:
            s.words[c, activity] = max(s.words[c, activity], until_us)


@_inlined
def send(s, c, now_us, activity, contact):
    """Send a request to a contact."""
    p, key, ordinal = s.parameters, s.rows[c].key, s.rows[c].requests
    if activity == STATE:
        s.rows[c].news = 0
    flight = take_off(s, c)
    arrives_us = now_us + within(draw(p[P_SEED], key, s.streams[S_OUT], ordinal), p[P_TRAVEL_LOW], p[P_TRAVEL_HIGH])
    back_us = within(draw(p[P_SEED], key, s.streams[S_BACK], ordinal), p[P_TRAVEL_LOW], p[P_TRAVEL_HIGH])
    s.flights[flight].activity, s.flights[flight].contact = activity, contact
    s.flights[flight].ordinal, s.flights[flight].overdue = ordinal, 0
    s.flights[flight].sent_us, s.flights[flight].arrives_us = now_us, arrives_us
    if s.landscape[L_QUEUED]:
        s.flights[flight].status = UNSETTLED
        s.words[c, activity] = now_us + p[P_PATIENCE] + p[P_REACTION]
        sent = s.outbox[s.own[M_SENT]]
        s.own[M_SENT] += 1
        sent.key, sent.at_us, sent.sent_us, sent.back_us = key, arrives_us, now_us, back_us
        sent.client, sent.ordinal, sent.activity = c + p[P_FIRST_CLIENT], ordinal, activity
        sent.population, sent.contact = s.rows[c].population, contact
    else:
        s.words[c, activity] = arrives_us + back_us
    s.rows[c].requests += 1
    s.gauges[GAUGE_WAITING] += 1
    count(s, COUNT_ASKED, activity, way_of(s, contact), contact)
    note(s, c, now_us, ASKED, contact, activity, 0)


# -- scanning --------------------------------------------------------------------------------------------------------


@_compiled
def ask_an_update_point(s, c, now_us, activity):
    """Scan against the update point in use; without any, look again when one joins, it moves, or is located."""
    intranet = s.rows[c].connection == C_INTRANET
    before = np.int64(s.rows[c].update_point if intranet else s.rows[c].internet_update_point)
    contact = update_point_on_the_intranet(s, c, now_us) if intranet else update_point_on_the_internet(s, c)
    if contact == NOBODY:
        knew_nobody(s, c, now_us, activity)
        if s.scan_fails_from[c] == 0:
            s.scan_fails_from[c] = now_us + 1
        s.words[c, activity] = time_one_joins(s, c, now_us) if intranet else FOREVER
        return
    if contact != before:
        if intranet:
            s.rows[c].update_point = contact
        else:
            s.rows[c].internet_update_point = contact
        s.rows[c].scan_failures = 0
        note(s, c, now_us, SCANS, contact, 0, 0)
    send(s, c, now_us, activity, contact)


@_inlined
def update_point_on_the_intranet(s, c, now_us):
    """Stay with the last one, in reach or not, until it has failed often enough; then take the next in reach."""
    current = np.int64(s.rows[c].update_point)
    if current == NOBODY:
        size = nth_reached(s, c, now_us, 0)[1]
        return nth_reached(s, c, now_us, one_of(s, c, S_UPDATE_POINT, size))[0] if size else NOBODY
    return following(s, c, now_us, current) if s.rows[c].scan_failures > s.parameters[P_SCAN_RETRIES] else current


@_inlined
def update_point_on_the_internet(s, c):
    """Stay with the one in use as long as the site offers it, whether it fails or not."""
    current, where = np.int64(s.rows[c].internet_update_point), s.landscape
    if s.told[s.rows[c].told, TOLD_USE_GATEWAY] == 0:
        return NOBODY
    at = where[L_POINTS] + np.int64(s.rows[c].publication)
    begin, size = where[L_LISTS] + where[at], where[at + 1] - where[at]
    for index in range(begin, begin + size):
        if where[index] == current:
            return current
    return where[begin + one_of(s, c, S_UPDATE_POINT, size)] if size else NOBODY


@_inlined
def one_of(s, c, purpose, size):
    """Draw one of so many contacts."""
    bits = draw(s.parameters[P_SEED], s.rows[c].key, s.streams[purpose], s.rows[c].requests)
    return np.int64(bits % np.uint64(size))


@_inlined
def time_one_joins(s, c, now_us):
    """Return when the next update point comes in reach on the intranet, or FOREVER."""
    where, failing_us, joins_us = s.landscape, s.scan_fails_from[c] - 1, FOREVER
    pool = where[L_POOLS] + locale(s, c)
    for index in range(where[pool], where[pool + 1]):
        at_us = where[where[L_POOLED] + 2 * index]
        if at_us > now_us - failing_us:
            joins_us = min(joins_us, at_us)
    return FOREVER if joins_us == FOREVER else max(failing_us + joins_us, now_us + s.parameters[P_REACTION])


@_inlined
def look_for_somebody(s, c, now_us, activity):
    """Let what waits for somebody to ask, or for leave to ask, be tried as soon as a client can react."""
    if s.words[c, activity] == FOREVER and flight_of(s, c, activity) == -1:
        s.words[c, activity] = now_us + s.parameters[P_REACTION]


@_inlined
def nth_reached(s, c, at_us, wanted):
    """Return the wanted-th update point in reach on the intranet, and how many there are."""
    where, after_us = s.landscape, 0
    if s.scan_fails_from[c]:
        after_us = at_us - (s.scan_fails_from[c] - 1)
    found, seen, pool = NOBODY, 0, where[L_POOLS] + locale(s, c)
    for index in range(where[pool], where[pool + 1]):
        at = where[L_POOLED] + 2 * index
        if where[at] <= after_us:
            if seen == wanted:
                found = where[at + 1]
            seen += 1
    return found, seen


@_inlined
def following(s, c, at_us, current):
    """Return the update point in reach after the current one, around the end of the list."""
    size = nth_reached(s, c, at_us, 0)[1]
    if size == 0:
        return current
    for index in range(size):
        if nth_reached(s, c, at_us, index)[0] == current:
            return nth_reached(s, c, at_us, (index + 1) % size)[0]
    return nth_reached(s, c, at_us, 0)[0]


@_compiled
def scan_again(s, c, now_us, contact, sent_us):
    """Return when to scan again: in half an hour, or in two minutes when it is another update point's turn."""
    p = s.parameters
    if s.scan_fails_from[c] == 0:
        s.scan_fails_from[c] = now_us + 1
    s.rows[c].scan_failures = min(s.rows[c].scan_failures + 1, p[P_SCAN_RETRIES] + 1)
    if s.rows[c].connection == C_INTRANET and s.rows[c].scan_failures > p[P_SCAN_RETRIES]:
        soon_us = sent_us + p[P_SCAN_EXTRA]
        if following(s, c, soon_us, contact) != contact:
            return soon_us
    return sent_us + p[P_SCAN_RETRY]


# -- downloading -----------------------------------------------------------------------------------------------------


@_inlined
def idle(s, c, activity):
    """Say whether an activity neither waits for a reply nor for its time."""
    return s.words[c, activity] == FOREVER and flight_of(s, c, activity) == -1


@_compiled
def undone(s, c, begin):
    """Return the first deployment from *begin* on, around the end, that a client has not dealt with, or -1."""
    count = s.told[s.rows[c].told, TOLD_DEPLOYED]
    for step in range(count):
        place = (begin + step) % count
        if s.cargo[c, G_FETCHED + (place >> 6)] >> (place & 63) & 1 == 0:
            return place
    return -1


@_inlined
def deal_with_current(s, c):
    """Note that a client has dealt with the package it has taken up."""
    place = s.cargo[c, G_CURRENT]
    s.cargo[c, G_FETCHED + (place >> 6)] |= 1 << (place & 63)


@_inlined
def package_of(s, c):
    """Return the package that a client has taken up."""
    return s.told[s.rows[c].told, TOLD_PACKAGES + s.cargo[c, G_CURRENT]]


@_compiled
def seek(s, c, now_us, after_us):
    """If there is a package to download, let the client ask for sources after a while."""
    if not (idle(s, c, CONTENT_LOCATION) and idle(s, c, DOWNLOAD)):
        return
    wanted = undone(s, c, s.cargo[c, G_CURRENT])
    if wanted != -1:
        turn_to(s, c, wanted)
        wait(s, c, now_us, CONTENT_LOCATION, now_us + after_us)


@_compiled
def go_on_downloading(s, c, now_us, activity):
    """Begin what it was told the sources of, or look for something to download."""
    if activity == CONTENT_LOCATION:
        begin_search(s, c, now_us)
    seek(s, c, now_us, 0)


@_inlined
def turn_to(s, c, deployment):
    """Take a package up; what had come of another one is lost."""
    if deployment != s.cargo[c, G_CURRENT]:
        s.cargo[c, G_CURRENT], s.cargo[c, G_GOT] = deployment, 0


@_compiled
def give_up_for_now(s, c, now_us):
    """Turn to the next package; after the last one, begin again in an hour."""
    wanted = undone(s, c, s.cargo[c, G_CURRENT] + 1)
    last = wanted <= s.cargo[c, G_CURRENT]
    turn_to(s, c, wanted)
    seek(s, c, now_us, s.parameters[P_CONTENT_RETRY] if last else 0)


@_inlined
def begin_search(s, c, now_us):
    """Begin to download what it was told the sources of, unless its cache is too small for it."""
    package = package_of(s, c)
    s.cargo[c, G_SOUGHT], s.cargo[c, G_SOURCE], s.cargo[c, G_TRIES] = now_us, NOBODY, 0
    if s.landscape[s.landscape[L_BYTES] + package] > s.told[s.rows[c].told, TOLD_CACHE]:
        deal_with_current(s, c)
        note(s, c, now_us, SKIPPED, package, 0, 0)
    else:
        wait(s, c, now_us, DOWNLOAD, now_us)


@_compiled
def ask_a_source(s, c, now_us, activity):
    """Ask one of the sources in reach; without any, wait until one joins, or turn to the next package."""
    after_us = now_us - s.cargo[c, G_SOUGHT]
    s.words[c, activity] = FOREVER
    if after_us >= s.parameters[P_CONTENT_TOKEN]:
        seek(s, c, now_us, 0)
        return
    first, size = sources(s, c, after_us)
    contact = s.cargo[c, G_SOURCE]
    if contact != NOBODY:
        contact = source_after(s, size, contact)
    elif first:
        contact = s.places[one_of(s, c, S_SOURCE, first)]
    if contact != NOBODY:
        s.cargo[c, G_SOURCE] = contact
        send(s, c, now_us, activity, contact)
        return
    knew_nobody(s, c, now_us, activity)
    joins_us = time_a_source_joins(s, c, after_us)
    if joins_us == FOREVER:
        give_up_for_now(s, c, now_us)
    else:
        wait(s, c, now_us, activity, joins_us)


@_compiled
def sources(s, c, after_us):
    """Write the sources of a package in reach into *places* (:func:`cmgsim.fleet.downloads.sources`).

    Return from how many the first is drawn, and how many there are.
    """
    use_cloud = s.told[s.rows[c].told, TOLD_USE_CLOUD] != 0
    if s.rows[c].connection != C_INTRANET:
        size = add_sources(s, c, 0, use_cloud, True)
        return size, size
    if s.landscape[s.landscape[L_CLOUD_FIRST] + locale(s, c)]:
        first = add_sources(s, c, 0, use_cloud, False)
        size = add_points(s, c, first, after_us)
    else:
        first = add_points(s, c, 0, after_us)
        size = add_sources(s, c, first, use_cloud, False)
    return first if first else size, size


@_inlined
def add_sources(s, c, size, cloud, outside):
    """Add the sources of a package that are behind gateways, or on the internet; return how many there are."""
    where, package = s.landscape, package_of(s, c)
    at = where[L_SOURCES] + package
    for index in range(where[L_LISTS] + where[at], where[L_LISTS] + where[at + 1]):
        way = way_of(s, where[index])
        if (cloud and way == WAY_GATEWAY) or (outside and way == WAY_INTERNET):
            s.places[size] = where[index]
            size += 1
    return size


@_inlined
def add_points(s, c, size, after_us):
    """Add the distribution points in reach on the intranet that have a package; return how many there are."""
    where, package, pool = s.landscape, package_of(s, c), s.landscape[L_CONTENT_POOLS] + locale(s, c)
    for index in range(where[pool], where[pool + 1]):
        at = where[L_CONTENT_POOLED] + 2 * index
        if where[at] <= after_us and holds(s, where[at + 1], package):
            s.places[size] = where[at + 1]
            size += 1
    return size


@_inlined
def holds(s, contact, package):
    """Say whether a contact has a package."""
    return s.landscape[s.landscape[L_HOLDS] + package * s.parameters[P_CONTACTS] + contact] != 0


@_inlined
def source_after(s, size, current):
    """Return the source after the current one in *places*, around the end; the first if it is not among them."""
    if size == 0:
        return current
    for index in range(size):
        if s.places[index] == current:
            return s.places[(index + 1) % size]
    return s.places[0]


@_inlined
def time_a_source_joins(s, c, after_us):
    """Return when the next source comes in reach on the intranet, or FOREVER."""
    if s.rows[c].connection != C_INTRANET:
        return FOREVER
    where, package, joins_us = s.landscape, package_of(s, c), FOREVER
    pool = where[L_CONTENT_POOLS] + locale(s, c)
    for index in range(where[pool], where[pool + 1]):
        at = where[L_CONTENT_POOLED] + 2 * index
        if where[at] > after_us and holds(s, where[at + 1], package):
            joins_us = min(joins_us, where[at])
    return FOREVER if joins_us == FOREVER else s.cargo[c, G_SOUGHT] + joins_us


@_compiled
def begin_transfer(s, c, now_us, flight):
    """Let content come in until all is there, or the permission to download has expired."""
    s.flights[flight].overdue, s.flights[flight].arrives_us = TRANSFERRING, now_us
    whole_us = now_us + transfer_us(missing_bytes(s, c), bandwidth(s, c))
    wait(s, c, now_us, DOWNLOAD, min(whole_us, s.cargo[c, G_SOUGHT] + s.parameters[P_CONTENT_TOKEN]))


@_compiled
def finish_transfer(s, c, now_us, flight):
    """Take what has come in; if it is all, turn to the next package, else ask for sources anew."""
    receive(s, c, now_us, flight)
    s.words[c, DOWNLOAD] = FOREVER
    if missing_bytes(s, c):
        end(s, c, now_us, flight, REFUSED, COUNT_REFUSED, STATUS_EXPIRED)
    else:
        end(s, c, now_us, flight, SERVED_DEED, COUNT_SERVED, 0)
        s.counters[s.parameters[P_DOWNLOADS] + package_of(s, c)] += 1
        note(s, c, now_us, FETCHED, package_of(s, c), 0, 0)
        deal_with_current(s, c)
        s.cargo[c, G_GOT] = 0
        report(s, c, now_us)
    seek(s, c, now_us, 0)


@_compiled
def break_off_download(s, c, now_us):
    """Keep what has come in, and ask for sources anew; what was waiting to be asked is forgotten."""
    if idle(s, c, DOWNLOAD):
        return
    flight = flight_of(s, c, DOWNLOAD)
    if flight != -1:
        receive(s, c, now_us, flight)
        end(s, c, now_us, flight, GAVE_UP, COUNT_GIVEN_UP, 0)
    s.words[c, DOWNLOAD] = FOREVER
    wait(s, c, now_us, CONTENT_LOCATION, now_us)


@_compiled
def receive(s, c, now_us, flight):
    """Take what has come in of a package, and count it if it left Azure."""
    if s.flights[flight].overdue == TRANSFERRING:
        elapsed_us, contact = now_us - s.flights[flight].arrives_us, np.int64(s.flights[flight].contact)
        fresh_bytes = received(missing_bytes(s, c), bandwidth(s, c), elapsed_us)
        s.cargo[c, G_GOT] += fresh_bytes
        if way_of(s, contact) == WAY_GATEWAY:
            s.counters[s.parameters[P_EGRESS] + contact] += fresh_bytes


@_inlined
def missing_bytes(s, c):
    """Return how much of the package that it has taken up a client lacks."""
    return s.landscape[s.landscape[L_BYTES] + package_of(s, c)] - s.cargo[c, G_GOT]


@_inlined
def bandwidth(s, c):
    """Return how many bytes a second come to a client where it is."""
    column = T_BANDWIDTH_ON_INTRANET if s.rows[c].place == ON_INTRANET else T_BANDWIDTH
    return s.populations[s.rows[c].population, column]


@_inlined
def transfer_us(size, rate):
    """Return how long so many bytes take (:func:`cmgsim.fleet.downloads.transfer_us`), in steps that fit 64 bits.

    More than 30,000 years are not told apart: permission to download ends much earlier.
    """
    return min(size // rate, 10**12) * SECOND_US + (size % rate * SECOND_US + rate - 1) // rate


@_inlined
def received(size, rate, elapsed_us):
    """Return how many of so many bytes have come (:func:`cmgsim.fleet.downloads.received`), likewise."""
    if elapsed_us >= transfer_us(size, rate):
        return size
    return elapsed_us * (rate // SECOND_US) + elapsed_us * (rate % SECOND_US) // SECOND_US


@_compiled
def leave_source(s, c, now_us, flight, deed, what, status):
    """Turn to the next source in two minutes; on the internet, when all have failed, to the next package."""
    again_us = s.flights[flight].sent_us + s.parameters[P_TRY_SOURCE]
    s.cargo[c, G_TRIES] += 1
    receive(s, c, now_us, flight)
    end(s, c, now_us, flight, deed, what, status)
    intranet = s.rows[c].connection == C_INTRANET
    if intranet or s.cargo[c, G_TRIES] < sources(s, c, now_us - s.cargo[c, G_SOUGHT])[1]:
        wait(s, c, now_us, DOWNLOAD, again_us)
    else:
        s.words[c, DOWNLOAD] = FOREVER
        give_up_for_now(s, c, now_us)


@_inlined
def lose_source(s, c, now_us):
    """Break a download off whose source is there no more."""
    flight = flight_of(s, c, DOWNLOAD)
    if flight == -1 or s.flights[flight].overdue != TRANSFERRING:
        return
    if not is_served(s, c, np.int64(s.flights[flight].contact)):
        leave_source(s, c, now_us, flight, UNANSWERED, COUNT_UNANSWERED, 0)
        appoint(s, c)
        s.own[M_STALE] = 1


# -- hearing ---------------------------------------------------------------------------------------------------------


@_inlined
def hear(s, c, now_us, activity, flight):
    """Hear of a request."""
    contact, sent_us = np.int64(s.flights[flight].contact), s.flights[flight].sent_us
    if len(s.cargo) and activity == DOWNLOAD:
        hear_from_source(s, c, now_us, flight)
        return
    if s.flights[flight].overdue:
        fail(s, c, now_us, activity, flight, UNANSWERED, COUNT_UNANSWERED, 0)
        return
    if s.landscape[L_QUEUED]:
        hear_from_stations(s, c, now_us, activity, flight)
        return
    met = met_by(s, flight)
    status = s.history[met, H_ANSWERS + s.rows[c].population * s.parameters[P_CONTACTS] + contact]
    if status == STATUS_NO_ANSWER:
        s.flights[flight].overdue = 1
        s.words[c, activity] = sent_us + s.parameters[P_SILENCE]
    elif status == STATUS_SERVED:
        population = np.int64(s.rows[c].population)
        published = H_ANSWERS + len(s.populations) * s.parameters[P_CONTACTS] + s.populations[population, T_SITE]
        told = s.history[met, s.history.shape[1] - len(s.populations) + population]
        take(s, c, now_us, activity, flight, s.history[met, published], told)
    else:
        fail(s, c, now_us, activity, flight, REFUSED, COUNT_REFUSED, status)


@_inlined
def met_by(s, flight):
    """Return the row of the history that a request has met."""
    met = len(s.history) - 1
    while s.history[met, H_SINCE] > s.flights[flight].arrives_us:
        met -= 1
    return met


@_compiled
def hear_from_source(s, c, now_us, flight):
    """Hear of a request to a source, or have what comes from there."""
    one, queued = s.flights[flight], s.landscape[L_QUEUED] != 0
    contact = np.int64(one.contact)
    if one.overdue == TRANSFERRING:
        finish_transfer(s, c, now_us, flight)
        return
    status = np.int64(one.status) if queued else STATUS_NO_ANSWER
    if not queued and one.overdue == 0:
        status = s.history[met_by(s, flight), H_ANSWERS + s.rows[c].population * s.parameters[P_CONTACTS] + contact]
        if status == STATUS_NO_ANSWER:
            one.overdue, s.words[c, DOWNLOAD] = 1, one.sent_us + s.parameters[P_SILENCE]
            return
    if status == STATUS_SERVED and is_served(s, c, contact):
        begin_transfer(s, c, now_us, flight)
    elif status in (UNSETTLED, STATUS_NO_ANSWER, STATUS_SERVED):
        leave_source(s, c, now_us, flight, UNANSWERED, COUNT_UNANSWERED, 0)
    else:
        leave_source(s, c, now_us, flight, REFUSED, COUNT_REFUSED, status)


@_inlined
def hear_from_stations(s, c, now_us, activity, flight):
    """Act on a reply that came a reaction time ago, or on having waited in vain."""
    one = s.flights[flight]
    status, contact, point = np.int64(one.status), np.int64(one.contact), one.point
    if status in (UNSETTLED, STATUS_NO_ANSWER):
        fail(s, c, now_us, activity, flight, UNANSWERED, COUNT_UNANSWERED, 0)
    elif status != STATUS_SERVED:
        fail(s, c, now_us, activity, flight, REFUSED, COUNT_REFUSED, status)
    else:
        measure(s.latencies, activity, HOP_BACK, one.reply_us - one.role_us)
        measure(s.latencies, activity, HOP_TOTAL, one.reply_us - one.sent_us)
        take(s, c, now_us, activity, flight, np.int64(one.published), np.int64(one.told))
        if s.rows[c].channel != NOBODY and s.rows[c].channel_point == NOBODY and contact == s.rows[c].channel:
            s.rows[c].channel_point = point
            if point != NOBODY:
                put_port(s, now_us, point, 1)


@_inlined
def take(s, c, now_us, activity, flight, published, told):
    """Take what the site said when the request arrived."""
    contact, sent_us = np.int64(s.flights[flight].contact), s.flights[flight].sent_us
    ordinal = s.flights[flight].ordinal
    if way_of(s, contact) == WAY_GATEWAY:
        s.counters[s.parameters[P_EGRESS] + contact] += s.activities[activity, A_EGRESS]
    end(s, c, now_us, flight, SERVED_DEED, COUNT_SERVED, 0)
    if activity == LOCATION:
        s.rows[c].located_us = sent_us
        learn(s, c, now_us, published)
    elif activity == POLICY:
        obey(s, c, now_us, told)
    elif activity == SCAN:
        scan_works(s, c)
    if s.activities[activity, A_REPORTED]:
        report(s, c, now_us)
    if is_stranded(s, c) != (s.rows[c].stranded_since_us != NEVER):
        judge(s, c, now_us)
    wait(s, c, now_us, activity, next_us(s, c, now_us, activity, sent_us, ordinal))
    if len(s.cargo) and activity in (CONTENT_LOCATION, POLICY):
        go_on_downloading(s, c, now_us, activity)
    if contact == s.rows[c].contact and s.rows[c].channel == NOBODY and is_served(s, c, contact):
        opened(s, c, now_us, contact)


@_inlined
def next_us(s, c, now_us, activity, sent_us, ordinal):
    """Return when an activity is due again: a cycle and its delay after it was sent, or when there is news."""
    if activity == STATE:
        return time_to_report(s, c, now_us) if s.rows[c].news else FOREVER
    if activity == CONTENT_LOCATION:
        return FOREVER
    delays = S_PHASES + 2 * ACTIVITIES
    bits = draw(s.parameters[P_SEED], s.rows[c].key, s.streams[delays + activity], ordinal)
    delay_us = within(bits, s.activities[activity, A_DELAY_LOW], s.activities[activity, A_DELAY_HIGH])
    return sent_us + s.told[s.rows[c].told, TOLD_CYCLES + activity] + delay_us


@_inlined
def obey(s, c, now_us, told):
    """Take a policy, and report if it is another."""
    s.rows[c].policy_us = now_us
    if told != s.rows[c].told:
        s.rows[c].told = told
        let_go(s, c, now_us)
        report(s, c, now_us)


@_compiled
def report(s, c, now_us):
    """Let state messages be sent at their next time; those on their way do not have the news in them."""
    if flight_of(s, c, STATE) != -1:
        s.rows[c].news = 1
    elif s.words[c, STATE] == FOREVER:
        s.words[c, STATE] = max(time_to_report(s, c, now_us), s.rows[c].paused_until_us)


@_inlined
def time_to_report(s, c, now_us):
    """Return the next beginning of a state message cycle; where they begin is drawn for each client."""
    soon_us, cycle_us = now_us + s.parameters[P_REACTION], s.told[s.rows[c].told, TOLD_CYCLES + STATE]
    phase_us = within(draw(s.parameters[P_SEED], s.rows[c].key, s.streams[S_PHASES + STATE], 0), 0, cycle_us - 1)
    return soon_us + (phase_us - soon_us) % cycle_us


@_compiled
def learn(s, c, now_us, publication):
    """Replace what it knows by what the site publishes, and go back to the best tier."""
    if publication != s.rows[c].publication:
        s.rows[c].publication = publication
        note(s, c, now_us, LEARNED, publication, 0, 0)
    s.rows[c].failed = 0
    look_for_somebody(s, c, now_us, SCAN)
    begin, size = tiers(s, c)
    for tier in range(begin, begin + size):
        if nth_of_tier(s, c, tier, 0, False)[1]:
            if not in_tier(s, c, tier, np.int64(s.rows[c].contact)):
                use(s, c, now_us, NOBODY)
            return
    use(s, c, now_us, NOBODY)


@_compiled
def fail(s, c, now_us, activity, flight, deed, what, status):
    """Try again in two minutes or so; after five failures within ten minutes leave the contact and ask another."""
    p, contact, sent_us = s.parameters, np.int64(s.flights[flight].contact), s.flights[flight].sent_us
    if s.activities[activity, A_TARGET] == UPDATE_POINT:
        again_us = scan_again(s, c, now_us, contact, sent_us)
    else:
        bits = draw(p[P_SEED], s.rows[c].key, s.streams[S_RETRY], s.flights[flight].ordinal)
        again_us = sent_us + within(bits, p[P_RETRY_LOW], p[P_RETRY_HIGH])
        if contact == s.rows[c].contact and remember_failure(s, c, now_us):
            s.rows[c].failed |= 1 << (contact & 63)
            again_us = now_us
            use(s, c, now_us, NOBODY)
    end(s, c, now_us, flight, deed, what, status)
    wait(s, c, now_us, activity, again_us)


@_compiled
def remember_failure(s, c, now_us):
    """Remember that the contact failed just now; say whether that was once too often."""
    since_us, kept = now_us - s.parameters[P_FAILURE_WINDOW], 0
    for index in range(s.rows[c].failures):
        if s.failures[c, index] >= since_us:
            s.failures[c, kept] = s.failures[c, index]
            kept += 1
    if kept + 1 >= s.parameters[P_FAILURES_TO_LEAVE]:
        s.rows[c].failures = 0
        return True
    s.failures[c, kept] = now_us
    s.rows[c].failures = kept + 1
    return False


@_inlined
def wait(s, c, now_us, activity, until_us):
    """Make the next appointment of an activity."""
    at_us = max(until_us, now_us + s.parameters[P_REACTION])
    if s.activities[activity, A_TARGET] == MANAGEMENT_POINT:
        at_us = max(at_us, s.rows[c].paused_until_us)
    s.words[c, activity] = at_us


# -- a client's life -------------------------------------------------------------------------------------------------


@_inlined
def appoint(s, c):
    """Find out when something is next due for a client."""
    soonest_us = s.rows[c].move_us
    if s.rows[c].place != OFF:
        for activity in range(ACTIVITIES):
            soonest_us = min(soonest_us, s.words[c, activity])
    s.soonest[c] = soonest_us
    return soonest_us


@_inlined
def live(s, c, until_us):
    """Keep all of a client's appointments before a moment; return when the next one is."""
    now_us = s.soonest[c]
    while now_us < until_us:
        if s.rows[c].move_us == now_us:
            move(s, c, now_us)
        if s.rows[c].place == OFF:
            now_us = appoint(s, c)
            continue
        for step in range(ACTIVITIES):
            activity = ACTIVITIES - 1 - step if s.parameters[P_BROKEN] else step
            if s.words[c, activity] == now_us:
                flight = flight_of(s, c, activity)
                if flight == -1:
                    ask(s, c, now_us, activity)
                else:
                    hear(s, c, now_us, activity, flight)
        now_us = appoint(s, c)
    return now_us


@_entered
def begin(s, bootstraps, told):
    """Let all clients begin at moment 0; *bootstraps* and *told* are by population."""
    p = s.parameters
    for c in range(len(s.rows)):
        key, population = s.rows[c].key, s.rows[c].population
        t = s.populations[population]
        s.rows[c].place = place_at(key, t, s.streams, 0, s.moments, s.places)
        s.rows[c].move_us, s.rows[c].move_place = next_move(key, t, s.streams, 0, s.moments, s.places)
        s.rows[c].publication, s.rows[c].told = bootstraps[population], told[population]
        for activity in range(ACTIVITIES):
            if not s.activities[activity, A_ON_DEMAND]:
                bits = draw(p[P_SEED], key, s.streams[S_PHASES + activity], 0)
                s.words[c, activity] = within(bits, 0, s.told[s.rows[c].told, TOLD_CYCLES + activity] - 1)
        if s.rows[c].place != OFF:
            find_out_where_it_is(s, c, 0)
        appoint(s, c)


@_entered
def judge_all(s, now_us):
    """Close the channels that break, break off downloads, and judge anew who is stranded."""
    rows, where = s.rows, s.landscape
    contacts, answers = s.parameters[P_CONTACTS], where[L_ANSWERS]
    publications, alive = where[L_PUBLICATION_COUNT], where[L_ALIVE]
    for c in range(len(rows)):
        prefetch(s.words, min(c + AHEAD, len(rows) - 1) * WORDS + WORDS - 1)
        population, channel = np.int64(rows[c].population), np.int64(rows[c].channel)
        if channel != NOBODY and where[answers + population * contacts + channel] != STATUS_SERVED:
            closed(s, c, now_us)
        if len(s.cargo):
            lose_source(s, c, now_us)
        stranded = rows[c].stranded_since_us != NEVER
        could_be = (
            rows[c].connection >= C_INTERNET and where[alive + population * publications + rows[c].publication] == 0
        )
        if stranded != (could_be and is_stranded(s, c)):
            judge(s, c, now_us)


@_entered
def restart(s, chosen, now_us):
    """Restart the client service of chosen clients."""
    for index in range(len(chosen)):
        c = chosen[index]
        note(s, c, now_us, RESTARTED, 0, 0, 0)
        start_afresh(s, c, now_us)
        s.words[c, LOCATION] = now_us + s.parameters[P_REACTION]
        appoint(s, c)


# -- the calendar ----------------------------------------------------------------------------------------------------


@_compiled
def open_page(s, calendar, now_us):
    """Begin a page at the window of a moment: sort who is due in it into windows."""
    window_us, windows = s.parameters[P_WINDOW], s.parameters[P_PAGE_WINDOWS]
    page_us = now_us // window_us * window_us
    first, until_us = calendar.first, page_us + window_us * windows
    first[:] = 0
    for c in range(len(s.soonest)):
        if s.soonest[c] < until_us:
            first[(s.soonest[c] - page_us) // window_us + 1] += 1
    for window in range(windows):
        first[window + 1] += first[window]
        calendar.begun[window] = first[window]
    for c in range(len(s.soonest)):
        if s.soonest[c] < until_us:
            window = (s.soonest[c] - page_us) // window_us
            calendar.listed[calendar.begun[window]] = c
            calendar.begun[window] += 1
    for window in range(windows):
        calendar.begun[window], calendar.heads[window], calendar.sizes[window] = first[window], -1, 0
    s.own[M_PAGE], s.own[M_NODES], s.own[M_STALE] = page_us, 0, 0


@_inlined
def push(s, calendar, c, at_us):
    """Put a client into the window of a moment, if that is in the page; without room, the page must be begun anew."""
    window, node = (at_us - s.own[M_PAGE]) // s.parameters[P_WINDOW], s.own[M_NODES]
    if node == len(calendar.nodes):
        s.own[M_STALE] = 1
    elif window < s.parameters[P_PAGE_WINDOWS]:
        s.own[M_NODES] += 1
        calendar.nodes[node, 0], calendar.nodes[node, 1] = c, calendar.heads[window]
        calendar.heads[window] = node
        calendar.sizes[window] += 1


@_inlined
def room_needed(s, calendar):
    """Turn to the next window; return how many clients are in it at most."""
    window = (s.own[M_NOW] - s.own[M_PAGE]) // s.parameters[P_WINDOW]
    if s.own[M_STALE] or window >= s.parameters[P_PAGE_WINDOWS]:
        open_page(s, calendar, s.own[M_NOW])
        window = 0
    s.own[M_NEEDED] = calendar.first[window + 1] - calendar.begun[window] + calendar.sizes[window]
    return s.own[M_NEEDED]


@_inlined
def lacks_room(s):
    """Say whether one more client may find no records for what it sends in a window."""
    activities = ACTIVITIES
    lacks = s.own[M_FLIGHTS] + activities > len(s.flights)
    return lacks or (s.landscape[L_QUEUED] != 0 and s.own[M_SENT] + activities * SENDS > len(s.outbox))


@_compiled
def live_laden_window(s, calendar, until_us):
    """Do what :func:`live_window` does, for clients with cargo."""
    return through_window(s, calendar, until_us)


@_compiled
def live_window(s, calendar, until_us):
    """Do what :func:`through_window` does, for clients without cargo.

    Once that is known, nothing about cargo is left of what is compiled here: not even a call, which costs the others.
    """
    if len(s.cargo):
        return -1
    return through_window(s, calendar, until_us)


@_inlined
def through_window(s, calendar, until_us):
    """Let all clients live to the end of the window, or until a moment within it; return where that is.

    Or return -1 if records ran out. Then some clients have lived and some have not, and the page is begun anew, so that
    the others come next.
    """
    window = (s.own[M_NOW] - s.own[M_PAGE]) // s.parameters[P_WINDOW]
    upto_us = min(s.own[M_PAGE] + (window + 1) * s.parameters[P_WINDOW], until_us)
    listed, pushed = calendar.begun[window], take_pushed(calendar, window)
    sorted_in = calendar.first[window + 1] - listed
    calendar.begun[window] = calendar.first[window + 1]
    for index in range(sorted_in + pushed):
        coming = index + AHEAD
        if coming < sorted_in:
            fetch(s, calendar.listed[listed + coming])
        elif coming < sorted_in + pushed:
            fetch(s, calendar.pushed[coming - sorted_in])
        c = np.int64(calendar.listed[listed + index] if index < sorted_in else calendar.pushed[index - sorted_in])
        soonest_us = s.soonest[c]
        if soonest_us < upto_us:
            if lacks_room(s):
                s.own[M_STALE] = 1
                return -1
            soonest_us = live(s, c, upto_us)
        push(s, calendar, c, soonest_us)
    s.own[M_NOW] = upto_us
    return upto_us


@_inlined
def take_pushed(calendar, window):
    """Write down who was pushed into a window, and return how many there are."""
    node, size = calendar.heads[window], 0
    while node != -1:
        calendar.pushed[size] = calendar.nodes[node, 0]
        node = calendar.nodes[node, 1]
        size += 1
    calendar.heads[window], calendar.sizes[window] = -1, 0
    return size


@_inlined
def fetch(s, c):
    """Have a client's row brought from memory while others live."""
    prefetch(s.words, c * WORDS)
    prefetch(s.words, c * WORDS + 8)
    prefetch(s.words, c * WORDS + 16)
    prefetch(s.soonest, c)
    prefetch(s.home, c)


@_entered
def advance(s, calendar, hall, until_us, interval_us, books):
    """Let all clients live until a moment, window by window, and with them the stations, where requests queue.

    Return 1 or 2 if records of clients or of stations ran out before. With several shards the stations are not touched:
    they live after all shards have lived through the window. Where nothing queues, what was counted in each interval
    that ends is written into the books.
    """
    queued = s.landscape[L_QUEUED] != 0
    with_stations = queued and s.parameters[P_SHARDS] == 1
    while s.own[M_NOW] < until_us:
        ends_us = (s.own[M_NOW] // interval_us + 1) * interval_us
        size = room_needed(s, calendar)
        if with_stations and hall_lacks_room(hall, s.own[M_SENT] + size * ACTIVITIES * SENDS):
            return 2
        if len(s.cargo):
            upto_us = live_laden_window(s, calendar, min(ends_us, until_us))
        else:
            upto_us = live_window(s, calendar, min(ends_us, until_us))
        if upto_us == -1:
            return 1
        if with_stations:
            take_in(s, hall)
            serve(hall, upto_us)
            tell(s, calendar, hall)
            hall.own[Q_OUTCOMES] = 0
        if upto_us == ends_us and not queued:
            write_down(s, books[s.own[M_BOOKED]])
            s.own[M_BOOKED] += 1
    return 0


@_inlined
def write_down(s, row):
    """End an interval: write its counters, then the gauges and channels as they are, into a row of the books."""
    at = 0
    for index in range(len(s.counters)):
        row[at + index] = s.counters[index]
        s.counters[index] = 0
    at += len(s.counters)
    for index in range(len(s.gauges)):
        row[at + index] = s.gauges[index]
    at += len(s.gauges)
    for index in range(len(s.channels)):
        row[at + index] = s.channels[index]


# -- the stations ----------------------------------------------------------------------------------------------------


@_inlined
def hall_lacks_room(q, size):
    """Say whether records may run out when so much more is sent."""
    return q.own[Q_PASSAGES] + size > len(q.passages) or q.own[Q_HEAP] + size > len(q.heap)


@_inlined
def bin_of(value_us):
    """Return the bin of a time (:func:`cmgsim.fleet.histogram.bin_of`)."""
    rest, shift = value_us >> (BIN_BITS + 1), 0
    for step_bits in (32, 16, 8, 4, 2, 1):
        if rest >> (step_bits - 1):
            rest >>= step_bits
            shift += step_bits
    return min((shift << BIN_BITS) + (value_us >> shift), BINS - 1)


@_inlined
def measure(latencies, activity, hop, duration_us):
    """Count a time."""
    latencies[activity, hop, bin_of(duration_us)] += 1


@_inlined
def put(heap, at, at_us, order, index):
    """Write an event into a place of the heap."""
    heap[at, 0], heap[at, 1], heap[at, 2] = at_us, order, index


@_inlined
def comes_before(heap, at, at_us, order):
    """Say whether the event at a place comes before another one."""
    return heap[at, 0] < at_us or (heap[at, 0] == at_us and heap[at, 1] < order)


@_compiled
def sift_down(heap, size, at):
    """Let an event sink to its place in the heap: the hole where it was sinks, and it is put there at last."""
    at_us, order, index = heap[at, 0], heap[at, 1], heap[at, 2]
    while 2 * at + 1 < size:
        child = 2 * at + 1
        if child + 1 < size and comes_before(heap, child + 1, heap[child, 0], heap[child, 1]):
            child += 1
        if not comes_before(heap, child, at_us, order):
            break
        put(heap, at, heap[child, 0], heap[child, 1], heap[child, 2])
        at = child
    put(heap, at, at_us, order, index)


@_inlined
def push_event(q, at_us, stage, index):
    """Put an event of a passage on the heap; for a channel, *index* is a port that it takes or frees."""
    order = NEVER
    if stage != STAGE_CHANNEL:
        one = q.passages[index]
        order = (stage + 1) << 60 | np.int64(one.client) << 32 | np.int64(one.activity) << 27 | np.int64(one.ordinal)
    sift_up(q.heap, q.own[Q_HEAP], at_us, order, index)
    q.own[Q_HEAP] += 1


@_compiled
def sift_up(heap, at, at_us, order, index):
    """Let a new event rise from a place behind the heap to its own."""
    while at > 0 and not comes_before(heap, (at - 1) >> 1, at_us, order):
        parent = (at - 1) >> 1
        put(heap, at, heap[parent, 0], heap[parent, 1], heap[parent, 2])
        at = parent
    put(heap, at, at_us, order, index)


@_inlined
def pop_event(q):
    """Take the next event off the heap; it stays readable behind its end."""
    heap = q.heap
    q.own[Q_HEAP] -= 1
    last = q.own[Q_HEAP]
    at_us, order, index = heap[0, 0], heap[0, 1], heap[0, 2]
    put(heap, 0, heap[last, 0], heap[last, 1], heap[last, 2])
    put(heap, last, at_us, order, index)
    sift_down(heap, last, 0)
    return last


@_inlined
def take_in(s, q):
    """Take in what the clients of a shard have sent."""
    for index in range(s.own[M_SENT]):
        sent = s.outbox[index]
        if sent.activity == -1:
            push_event(q, sent.at_us, STAGE_CHANNEL, 2 * np.int64(sent.port) + (sent.contact > 0))
            continue
        new = q.own[Q_FREE]
        q.own[Q_FREE] = q.passages[new].next
        q.own[Q_PASSAGES] += 1
        one = q.passages[new]
        one.key, one.sent_us, one.back_us = sent.key, sent.sent_us, sent.back_us
        one.client, one.ordinal, one.activity = sent.client, sent.ordinal, sent.activity
        one.population, one.contact, one.stage = sent.population, sent.contact, STAGE_TRAVEL
        one.vm, one.point, one.station, one.settled, one.serving = NOBODY, NOBODY, NOBODY, 0, 0
        push_event(q, sent.at_us, STAGE_TRAVEL, new)
    s.own[M_SENT] = 0


@_inlined
def tell(s, calendar, q):
    """Let clients of a shard know, a reaction time after the reply, what came of requests that they wait for."""
    p = s.parameters
    for index in range(q.own[Q_OUTCOMES]):
        outcome = q.outcomes[index]
        c = np.int64(outcome.client) - p[P_FIRST_CLIENT]
        if c < 0 or c >= len(s.rows):
            continue
        flight = flight_of(s, c, outcome.activity)
        if flight == -1 or s.flights[flight].ordinal != outcome.ordinal:
            continue
        if outcome.reply_us > s.flights[flight].sent_us + p[P_PATIENCE]:
            continue
        one = s.flights[flight]
        one.reply_us, one.role_us, one.status = outcome.reply_us, outcome.role_us, outcome.status
        one.point, one.published, one.told = outcome.point, outcome.published, outcome.told
        s.words[c, outcome.activity] = outcome.reply_us + p[P_REACTION]
        if s.soonest[c] > s.words[c, outcome.activity]:
            s.soonest[c] = s.words[c, outcome.activity]
            push(s, calendar, c, s.soonest[c])


@_entered
def take_in_all(s, q):
    """Take in what the clients of a shard have sent."""
    take_in(s, q)


@_entered
def tell_all(s, calendar, q):
    """Let the clients of a shard know what was decided."""
    tell(s, calendar, q)


@_entered
def serve(q, until_us):
    """Let happen at the stations what is due before a moment."""
    while q.own[Q_HEAP] and q.heap[0, 0] < until_us:
        step(q)


@_entered
def settle_ports(q, now_us):
    """Let channels take and free ports that they do now."""
    while q.own[Q_HEAP] and q.heap[0, 0] == now_us and q.heap[0, 1] == NEVER:
        step(q)


@_compiled
def step(q):
    """Let the next thing happen."""
    at = pop_event(q)
    now_us, index = q.heap[at, 0], q.heap[at, 2]
    if q.heap[at, 1] == NEVER:
        q.lines[index >> 1, N_HELD] += 1 if index & 1 else -1
        return
    one = q.passages[index]
    if one.stage == STAGE_ANSWERED:
        q.lines[one.point, N_HELD] -= 1
        release(q, index)
        return
    if one.stage == STAGE_TRAVEL:
        arrive(q, index, now_us)
        return
    station, stage, elapsed_us = np.int64(one.station), np.int64(one.stage), now_us - one.since_us
    catch_up(q, station, now_us)
    q.lines[station, N_SERVING] -= 1
    q.loads[station, D_SERVED] += 1
    one.serving = 0
    hop = HOP_POINT if stage == STAGE_POINT else (HOP_VM if stage == STAGE_VM else HOP_ROLE)
    measure(q.latencies, one.activity, hop, elapsed_us)
    go_on(q, station, now_us)
    if stage == STAGE_VM:
        leave_vm(q, index, now_us)
    elif stage == STAGE_POINT:
        go_to_role(q, index, now_us)
    else:
        leave_role(q, index, now_us)


@_inlined
def catch_up(q, station, now_us):
    """Sum up a station's times until now."""
    elapsed_us = now_us - q.lines[station, N_LAST]
    q.loads[station, D_BUSY] += q.lines[station, N_SERVING] * elapsed_us
    q.loads[station, D_WAITED] += q.lines[station, N_WAITING] * elapsed_us
    q.lines[station, N_LAST] = now_us


@_compiled
def arrive(q, index, now_us):
    """Let a request meet what is in force now."""
    one, p, where = q.passages[index], q.parameters, q.landscape
    population, contact = np.int64(one.population), np.int64(one.contact)
    published = H_ANSWERS + len(q.populations) * p[P_CONTACTS]
    one.published = q.met[published + q.populations[population, T_SITE]]
    one.told = q.met[len(q.met) - len(q.populations) + population]
    status = where[where[L_ANSWERS] + population * p[P_CONTACTS] + contact]
    if status == STATUS_NO_ANSWER:
        finish(q, index, one.sent_us + p[P_SILENCE], status, now_us)
        return
    measure(q.latencies, one.activity, HOP_OUT, now_us - one.sent_us)
    if status != STATUS_SERVED:
        finish(q, index, now_us + one.back_us, status, now_us)
        return
    at = where[L_ROUTES] + 3 * contact
    one.role, begin, doors = where[at], where[at + 1], where[at + 2] - where[at + 1]
    if doors == 0:
        go_to_role(q, index, now_us)
        return
    bits = draw(p[P_SEED], one.key, q.streams[0], one.ordinal)
    door = where[L_DOORS] + 3 * (begin + np.int64(bits % np.uint64(doors)))
    if where[door + 2] > where[door + 1]:
        one.vm = where[door]
        join(q, index, STAGE_VM, where[door], now_us)
    else:
        finish(q, index, now_us + one.back_us, STATUS_NO_CONNECTION_POINT, now_us)


@_inlined
def door_of(q, index):
    """Return where in the landscape the door stands that a request came by, or -1."""
    one, where = q.passages[index], q.landscape
    at = where[L_ROUTES] + 3 * np.int64(one.contact)
    for number in range(where[at + 1], where[at + 2]):
        if where[where[L_DOORS] + 3 * number] == one.vm:
            return where[L_DOORS] + 3 * number
    return -1


@_compiled
def leave_vm(q, index, now_us):
    """Hand a request to the next connection point of its VM, if that has a port free."""
    one, where, door = q.passages[index], q.landscape, door_of(q, index)
    points = where[door + 2] - where[door + 1] if door != -1 else 0
    if points == 0:
        finish(q, index, now_us + one.back_us, STATUS_NO_CONNECTION_POINT, now_us)
        return
    point = where[where[L_LINKS] + where[door + 1] + q.lines[one.vm, N_TURN] % points]
    q.lines[one.vm, N_TURN] += 1
    if q.lines[point, N_PORTS] and q.lines[point, N_HELD] >= q.lines[point, N_PORTS]:
        q.loads[point, D_REFUSED] += 1
        finish(q, index, now_us + one.back_us, STATUS_NO_PORT, now_us)
        return
    one.point = point
    q.lines[point, N_HELD] += 1
    join(q, index, STAGE_POINT, point, now_us)


@_inlined
def go_to_role(q, index, now_us):
    """Let a request join the line of the role."""
    role = np.int64(q.passages[index].role)
    if role == NOBODY:
        leave_role(q, index, now_us)
    else:
        join(q, index, STAGE_ROLE, role, now_us)


@_inlined
def leave_role(q, index, now_us):
    """Let the answer travel back. The port is free when it is acted on; at once, if the client has given it up."""
    one = q.passages[index]
    reply_us = now_us + one.back_us
    if one.point == NOBODY or one.settled:
        if one.point != NOBODY:
            q.lines[one.point, N_HELD] -= 1
        finish(q, index, reply_us, STATUS_SERVED, now_us)
        return
    settle(q, index, reply_us, STATUS_SERVED, now_us)
    one.stage = STAGE_ANSWERED
    push_event(q, reply_us + q.parameters[P_REACTION], STAGE_ANSWERED, index)


@_inlined
def join(q, index, stage, station, now_us):
    """Let a request join a line."""
    one = q.passages[index]
    catch_up(q, station, now_us)
    q.loads[station, D_ARRIVALS] += 1
    one.stage, one.station, one.since_us, one.next = stage, station, now_us, -1
    if q.lines[station, N_WAITING] == 0:
        q.lines[station, N_HEAD] = index
    else:
        q.passages[q.lines[station, N_TAIL]].next = index
    q.lines[station, N_TAIL] = index
    q.lines[station, N_WAITING] += 1
    go_on(q, station, now_us)


@_compiled
def go_on(q, station, now_us):
    """Let whoever is first in line be served, as long as a server is free."""
    catch_up(q, station, now_us)
    while q.lines[station, N_WAITING] and q.lines[station, N_SERVING] < q.lines[station, N_SERVERS]:
        index = q.lines[station, N_HEAD]
        one = q.passages[index]
        q.lines[station, N_HEAD] = one.next
        q.lines[station, N_WAITING] -= 1
        q.lines[station, N_SERVING] += 1
        one.serving = 1
        if one.stage != STAGE_POINT:
            hop = HOP_VM_WAIT if one.stage == STAGE_VM else HOP_ROLE_WAIT
            measure(q.latencies, one.activity, hop, now_us - one.since_us)
            one.since_us = now_us
        bits = draw(q.parameters[P_SEED], one.key, q.streams[1 + one.stage], one.ordinal)
        push_event(q, now_us + service_us(q, q.services[station, one.activity], bits), np.int64(one.stage), index)


@_inlined
def service_us(q, mean_us, bits):
    """Return a time in service (:func:`cmgsim.fleet.stations.service_us`)."""
    piece = np.int64(bits >> np.uint64(54))
    within_piece = np.int64(bits >> np.uint64(34)) & ((1 << SCALE_BITS) - 1)
    low, one = q.quantiles[piece], (1 << SCALE_BITS) - 1
    factor = low + ((q.quantiles[piece + 1] - low) * within_piece >> SCALE_BITS)
    return (mean_us >> SCALE_BITS) * factor + ((mean_us & one) * factor >> SCALE_BITS)  # in steps that fit 64 bits


@_inlined
def settle(q, index, reply_us, status, now_us):
    """Decide the fate of a request, once."""
    one = q.passages[index]
    if one.settled:
        return
    one.settled = 1
    outcome = q.outcomes[q.own[Q_OUTCOMES]]
    q.own[Q_OUTCOMES] += 1
    outcome.reply_us, outcome.role_us, outcome.client, outcome.ordinal = reply_us, now_us, one.client, one.ordinal
    outcome.activity, outcome.status, outcome.point = one.activity, status, one.point
    outcome.published, outcome.told = one.published, one.told


@_compiled
def finish(q, index, reply_us, status, now_us):
    """Decide the fate of a request for which nothing more is done, and free its record."""
    settle(q, index, reply_us, status, now_us)
    release(q, index)


@_inlined
def release(q, index):
    """Free the record of a request."""
    q.passages[index].stage, q.passages[index].next = STAGE_FREE, q.own[Q_FREE]
    q.own[Q_FREE] = index
    q.own[Q_PASSAGES] -= 1


@_inlined
def leads_by(q, index):
    """Say whether the way that a request came by is still there."""
    door, point, where = door_of(q, index), q.passages[index].point, q.landscape
    if door == -1 or point == NOBODY:
        return door != -1
    found = False
    for link in range(where[door + 1], where[door + 2]):
        found = found or where[where[L_LINKS] + link] == point
    return found


@_entered
def break_off(q, now_us):
    """Fail at once what came by a way that a new landscape no longer has."""
    for index in range(len(q.passages)):
        one = q.passages[index]
        if one.stage < 0 or one.vm == NOBODY or one.settled or leads_by(q, index):
            continue
        reply_us = now_us + one.back_us
        if one.stage == STAGE_ROLE:
            settle(q, index, reply_us, STATUS_NO_ANSWER, now_us)
            continue
        if one.stage == STAGE_POINT:
            q.lines[one.point, N_HELD] -= 1
        remove(q, index, now_us)
        finish(q, index, reply_us, STATUS_NO_ANSWER, now_us)
    for station in range(len(q.lines)):
        go_on(q, station, now_us)


@_compiled
def remove(q, index, now_us):
    """Take a request out of the line or the service it is in."""
    one, station = q.passages[index], np.int64(q.passages[index].station)
    catch_up(q, station, now_us)
    q.loads[station, D_FAILED] += 1
    if one.serving:
        q.lines[station, N_SERVING] -= 1
        forget_event(q, index)
        return
    previous, other = -1, q.lines[station, N_HEAD]
    while other != index:
        previous, other = other, np.int64(q.passages[other].next)
    if previous == -1:
        q.lines[station, N_HEAD] = one.next
    else:
        q.passages[previous].next = one.next
    if q.lines[station, N_TAIL] == index:
        q.lines[station, N_TAIL] = previous
    q.lines[station, N_WAITING] -= 1


@_inlined
def forget_event(q, index):
    """Take the event of a passage off the heap, and order the heap anew."""
    size = q.own[Q_HEAP]
    for at in range(size):
        if q.heap[at, 2] == index and q.heap[at, 1] != NEVER:
            put(q.heap, at, q.heap[size - 1, 0], q.heap[size - 1, 1], q.heap[size - 1, 2])
            break
    q.own[Q_HEAP] = size - 1
    for at in range(size // 2 - 1, -1, -1):
        sift_down(q.heap, size - 1, at)
