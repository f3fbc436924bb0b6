"""Names that ARM makes up and takes apart: GUIDs, ids of resources, moments of time."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache

from cmgsim.draws import MULTIPLIER_1, MULTIPLIER_2, WORD, identity, mix, stream

#: The first bits of a GUID's second half are 10 (RFC 4122).
_VARIANT, _VARIANT_MASK = 1 << 63, (1 << 62) - 1


def guid(seed: int, purpose: str, who: str, ordinal: int = 0) -> str:
    """Draw a GUID in the form of version 4, the same for the same question."""
    asked = _asked(seed, purpose, who)
    high, low = _mix_on(asked, 2 * ordinal), _mix_on(asked, 2 * ordinal + 1)
    drawn = f"{high:016x}{low & _VARIANT_MASK | _VARIANT:016x}"
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{drawn[16:20]}-{drawn[20:]}"


@lru_cache(maxsize=1024)
def _asked(seed: int, purpose: str, who: str) -> int:
    """Return the part of a key that comes before the ordinal, mixed."""
    return mix(seed, identity(who), _stream(purpose))


@lru_cache(maxsize=64)
def _stream(purpose: str) -> int:
    return stream(f"arm.guid.{purpose}")


def _mix_on(bits: int, word: int) -> int:
    """Mix one more word, as :func:`cmgsim.draws.mix` does: ``_mix_on(mix(1, 2), 3) == mix(1, 2, 3)``."""
    bits = (bits ^ word) * MULTIPLIER_1 & WORD
    bits ^= bits >> 27
    bits = bits * MULTIPLIER_2 & WORD
    return bits ^ (bits >> 31)


def named_guid(*words: str) -> str:
    """Return the GUID that stands for a name wherever a configuration gives none."""
    return guid(0, "name", "\x1f".join(words))


def iso(start: datetime, moment_us: int) -> str:
    """Write a moment as ARM does, ``"2019-07-29T00:00:00.0000000Z"``; *start* is moment 0, in UTC."""
    moment = start + timedelta(microseconds=moment_us)
    return f"{moment.isoformat(timespec='microseconds')[:26]}0Z"


def http_date(start: datetime, moment_us: int) -> str:
    """Write a moment as HTTP headers do: ``"Mon, 29 Jul 2019 00:00:00 GMT"``."""
    return format_datetime(start + timedelta(microseconds=moment_us), usegmt=True)


def parent_id(resource_id: str) -> str:
    """Return the id one level up: of a child its resource, of a resource its group, of a group its subscription.

    The parent of a subscription is ``""``.
    """
    upper = resource_id.rsplit("/", 2)[0]
    head, _, tail = upper.rpartition("/")
    return head.rpartition("/")[0] if head.lower().endswith("/providers") and tail else upper


def group_id(subscription: str, group: str) -> str:
    """Return the id of a resource group."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def group_of(resource_id: str) -> str:
    """Return the name of the group that a resource is in, ``""`` for what is in none."""
    parts = resource_id.split("/")
    return parts[4] if len(parts) > 4 and parts[3].lower() == "resourcegroups" else ""


def subscription_of(resource_id: str) -> str:
    """Return the subscription that an id belongs to, in lower case, ``""`` for what belongs to none."""
    parts = resource_id.split("/")
    return parts[2].lower() if len(parts) > 2 and parts[1].lower() == "subscriptions" else ""


def within_scope(resource_id: str, scope: str) -> bool:
    """Say whether an id is a scope or lies below it, whatever the case."""
    inner, outer = resource_id.lower(), scope.lower().rstrip("/")
    return inner == outer or inner.startswith(outer + "/")
