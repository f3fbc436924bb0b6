"""Where a client is, hour by hour: a pure function of who it is, its day plan and the day.

Theory of operation: a local day begins and ends at local midnight, and what happens in it is drawn from (client, day)
alone. So no day needs the day before it, a client's days do not depend on what it does in them, and both fleets can
ask for them in any order. A day without moves leaves the client where it was.

A long absence is drawn without memory too. A client's time is cut into blocks as long as the longest spell, at a place
of its own; each block holds at most one spell, somewhere within it. The chance of a spell is such that over all
clients exactly the wanted share of every day falls into one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from itertools import count

from cmgsim.design.clients import Absence, DayPlan
from cmgsim.draws import chance, mix, stream, within
from cmgsim.units import DAY, PARTS_PER_MILLION, timedelta_us


class Place(IntEnum):
    """Where a client is."""

    OFF = 0
    """Powered off, asleep or without any network."""
    INTRANET = 1
    """On the organisation's network."""
    VPN = 2
    """On the organisation's network, by VPN."""
    INTERNET = 3
    """On the internet."""


Move = tuple[int, Place]
"""From this moment on (us), the client is at this place."""


@dataclass(frozen=True)
class Spells:
    """An :class:`~cmgsim.design.clients.Absence` in whole days; both lengths included, chance as a fraction.

    Assumption: Vacations and other long absences begin and end at local midnight and last whole days.
    """

    shortest_days: int
    longest_days: int
    chance: int
    out_of: int


@dataclass(frozen=True)
class Use:
    """A span of a day in which a client may be used, and on what share (ppm) of the days it is."""

    begin_us: int
    end_us: int
    share: int


@dataclass(frozen=True)
class Timetable:
    """A :class:`~cmgsim.design.clients.DayPlan` in integers. Times of day are local, shares are ppm."""

    always: Place | None
    """At this place for ever; then nothing below matters."""
    offset_us: int
    """Local time minus UTC."""
    weekday: int
    """The weekday of local day 0, Monday = 0."""
    jitter_us: int
    """How much both ends of every use shift, to both sides."""
    remote: int
    vpn: int
    work: Use
    evening: Use
    weekend: Use
    outside: Place | None
    """Where a client is between uses: off, or None where it was used last."""
    vacation: Spells
    powered_off: Spells


NO_USE = Use(0, 0, 0)
NO_SPELLS = Spells(1, 1, 0, 1)

REMOTE, VPN = stream("fleet.days.remote"), stream("fleet.days.vpn")
WORK = (stream("fleet.days.work.begin"), stream("fleet.days.work.end"))
EVENING = (stream("fleet.days.evening.begin"), stream("fleet.days.evening.end"))
WEEKEND = (stream("fleet.days.weekend.begin"), stream("fleet.days.weekend.end"))
EVENING_SHARE, WEEKEND_SHARE = stream("fleet.days.evening"), stream("fleet.days.weekend")
VACATION = tuple(stream(f"fleet.days.vacation.{what}") for what in ("phase", "chance", "length", "begin"))
POWERED_OFF = tuple(stream(f"fleet.days.powered_off.{what}") for what in ("phase", "chance", "length", "begin"))


def timetable(plan: DayPlan, start: date) -> Timetable:
    """Compile a day plan for a run that begins on *start*, at midnight UTC."""
    return Timetable(
        always=None if plan.always is None else Place[plan.always.upper()],
        offset_us=plan.utc_offset,
        weekday=start.weekday(),
        jitter_us=timedelta_us(plan.jitter),
        remote=plan.remote,
        vpn=plan.vpn,
        work=NO_USE if plan.work is None else Use(*plan.work, PARTS_PER_MILLION),
        evening=NO_USE if plan.evening is None else Use(*plan.evening.hours, plan.evening.share),
        weekend=NO_USE if plan.weekend is None else Use(*plan.weekend.hours, plan.weekend.share),
        outside=None if plan.outside_work == "stays_on" else Place.OFF,
        vacation=_spells(plan.vacation),
        powered_off=_spells(plan.powered_off),
    )


def _spells(absence: Absence | None) -> Spells:
    """Compile an absence: with blocks as long as the longest spell, share = chance * mean length / longest length."""
    if absence is None:
        return NO_SPELLS
    shortest, longest = (max(1, -(-timedelta_us(length) // DAY)) for length in absence.lasting)
    return Spells(shortest, longest, absence.share * 2 * longest, (shortest + longest) * PARTS_PER_MILLION)


def moves(key: int, plan: Timetable, day: int) -> tuple[Move, ...]:
    """Return where the client with that key goes on a local day, in rising order; nowhere is an empty tuple.

    All moments are within the day. Day 0 is the one of the design's start; days before it exist too.
    """
    if plan.always is not None:
        return ()
    midnight = day * DAY - plan.offset_us
    if _away(key, plan.vacation, VACATION, day) or _away(key, plan.powered_off, POWERED_OFF, day):
        return ((midnight, Place.OFF),)
    found: dict[int, Place] = {}
    for begin_us, end_us, place in _uses(key, plan, day):
        found[midnight + begin_us] = place
        if plan.outside is not None:
            found[midnight + end_us] = plan.outside
    return tuple(found.items())


def place_at(key: int, plan: Timetable, at_us: int) -> Place:
    """Return where the client with that key is at a moment, moves of that very moment included."""
    if plan.always is not None:
        return plan.always
    today = (at_us + plan.offset_us) // DAY
    for day in range(today, today - 8, -1):
        for moved_us, place in reversed(moves(key, plan, day)):
            if moved_us <= at_us:
                return place
    return Place.OFF


def next_move(key: int, plan: Timetable, after_us: int) -> Move | None:
    """Return the first move after a moment, or None for a client that never moves."""
    if plan.always is not None:
        return None
    for day in count((after_us + plan.offset_us) // DAY):
        for move in moves(key, plan, day):
            if move[0] > after_us:
                return move
    raise AssertionError("days do not end")


def _uses(key: int, plan: Timetable, day: int) -> list[tuple[int, int, Place]]:
    """Return the uses of a day: begin, end (us after midnight) and place; one begins when the last has ended."""
    if (plan.weekday + day) % 7 >= 5:
        wanted = [(plan.weekend, WEEKEND, Place.INTERNET)] * _drawn(key, WEEKEND_SHARE, day, plan.weekend.share)
    else:
        wanted = [(plan.work, WORK, _workplace(key, plan, day))]
        wanted += [(plan.evening, EVENING, Place.INTERNET)] * _drawn(key, EVENING_SHARE, day, plan.evening.share)
    found, free_us = [], 0
    for use, ends, place in wanted:
        begin_us = max(free_us, _shifted(key, use.begin_us, plan.jitter_us, ends[0], day))
        end_us = _shifted(key, use.end_us, plan.jitter_us, ends[1], day)
        if begin_us < end_us:
            found.append((begin_us, end_us, place))
            free_us = end_us
    return found


def _workplace(key: int, plan: Timetable, day: int) -> Place:
    if not _drawn(key, REMOTE, day, plan.remote):
        return Place.INTRANET
    return Place.VPN if _drawn(key, VPN, day, plan.vpn) else Place.INTERNET


def _drawn(key: int, purpose: int, day: int, share: int) -> bool:
    return share > 0 and chance(mix(key, purpose, day), share)


def _shifted(key: int, at_us: int, jitter_us: int, purpose: int, day: int) -> int:
    """Return a time of day with its jitter, kept within the day."""
    return min(max(at_us + within(mix(key, purpose, day), -jitter_us, jitter_us), 0), DAY - 1)


def _away(key: int, spells: Spells, purposes: tuple[int, ...], day: int) -> bool:
    """Say whether a spell covers a day."""
    if spells.chance == 0:
        return False
    phase, taken, length, begin = purposes
    block, since = divmod(day + within(mix(key, phase), 0, spells.longest_days - 1), spells.longest_days)
    if within(mix(key, taken, block), 0, spells.out_of - 1) >= spells.chance:
        return False
    lasting = within(mix(key, length, block), spells.shortest_days, spells.longest_days)
    first = within(mix(key, begin, block), 0, spells.longest_days - lasting)
    return first <= since < first + lasting
