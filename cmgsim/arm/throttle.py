"""Limits on requests, in simulated time.

Two generations of limits (source: "Throttling Resource Manager requests"): until 2024 so many requests an hour for
each principal and subscription; since then a bucket that refills every second, with a larger one for all principals
of a subscription together. Some providers have limits of their own.

Assumption: an hourly limit counts from the first request of the hour and starts anew an hour later.
Assumption: all requests of a subscription arrive at one instance of Azure Resource Manager.
"""

from __future__ import annotations

from dataclasses import dataclass

from cmgsim.arm.config import ThrottleMode
from cmgsim.arm.errors import provider_throttled, throttled
from cmgsim.units import HOUR, MINUTE, SECOND

TOKEN = 1_000_000
SUBSCRIPTION_FACTOR = 15
READS, WRITES, DELETES = "reads", "writes", "deletes"

HOURLY_2019 = {
    "subscription": {READS: 12_000, WRITES: 1_200, DELETES: 15_000},
    "tenant": {READS: 12_000, WRITES: 1_200, DELETES: 15_000},
}
#: (size of the bucket, tokens a second)
BUCKET_2024 = {READS: (250, 25), WRITES: (200, 10), DELETES: (200, 10)}
#: What a provider counts where ARM counts a ``GET``: a question about many.
LIST = "LIST"
_CLASSES = {"GET": READS, "HEAD": READS, "DELETE": DELETES}


@dataclass(frozen=True, slots=True)
class Level:
    """How full a bucket is (``left``, in millionths of a request) as of a moment."""

    left: int
    as_of_us: int


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in a window to one provider; ``kind`` is a type without its namespace, ``""`` for all.

    ``label`` is the name that the provider shows with what is left, ``""`` if it shows none.
    """

    kind: str
    asked: tuple[str, ...]
    requests: int
    window_us: int
    label: str = ""


_SETS = "virtualmachinescalesets"
_WRITES = ("PUT", "PATCH", "POST", "DELETE")
#: The limits of each provider (sources: "Throttling Resource Manager requests"; for Microsoft.Compute the header
#: x-ms-ratelimit-remaining-resource in public logs).
#: Assumption: Microsoft.Compute lets 200 reads of a scale set through in 3 minutes and 1,300 in 30.
PROVIDER_LIMITS = {
    "microsoft.storage": (
        Limit("", ("GET", "HEAD"), 800, 5 * MINUTE),
        Limit("", (LIST,), 100, 5 * MINUTE),
        Limit("", _WRITES, 1_200, HOUR),
    ),
    "microsoft.network": (
        Limit("", ("GET", "HEAD", LIST), 10_000, 5 * MINUTE),
        Limit("", ("PUT", "DELETE"), 1_000, 5 * MINUTE),
    ),
    "microsoft.compute": (
        Limit(_SETS, ("GET",), 200, 3 * MINUTE, "Microsoft.Compute/GetVMScaleSet3Min"),
        Limit(_SETS, ("GET",), 1_300, 30 * MINUTE, "Microsoft.Compute/GetVMScaleSet30Min"),
    ),
}


class Throttle:
    """The buckets and windows of every principal and subscription."""

    def __init__(self, mode: ThrottleMode) -> None:
        self.mode = mode
        self._levels: dict[tuple[str, ...], Level] = {}

    def admit(self, method: str, subscription: str, object_id: str, now_us: int) -> dict[str, str]:
        """Count one request; ``subscription`` is ``""`` for requests to the tenant.

        Returns:
            the header that says how many of its kind are left.

        Raises:
            ArmError: 429 ``SubscriptionRequestsThrottled`` with ``Retry-After`` in whole seconds.
        """
        kind, scope = _CLASSES.get(method, WRITES), "subscription" if subscription else "tenant"
        if self.mode is ThrottleMode.OFF:
            return {}
        own = (object_id, subscription, kind)
        left, wait_us = self._take_hourly(own, scope, kind, now_us)
        if self.mode is ThrottleMode.BUCKET_2024:
            left, wait_us = self._take_buckets(own, subscription, kind, now_us)
        if wait_us:
            raise throttled(kind[:-1], subscription, object_id, -(-wait_us // SECOND))
        return {f"x-ms-ratelimit-remaining-{scope}-{kind}": str(left)}

    def admit_to_provider(
        self, asked: str, namespace: str, kind: str, subscription: str, now_us: int
    ) -> dict[str, str]:
        """Count one request against the limits of a provider; ``asked`` is its method, or :data:`LIST`.

        Returns:
            the header that says how many are left, if the provider shows one.

        Raises:
            ArmError: 429 ``TooManyRequests`` with ``Retry-After``.
        """
        shown: list[str] = []
        if self.mode is ThrottleMode.OFF:
            return {}
        for limit in PROVIDER_LIMITS.get(namespace, ()):
            if asked not in limit.asked or limit.kind not in ("", kind):
                continue
            key = (namespace, subscription, limit.asked[0], limit.label)
            left, wait_us = self._take_window(key, limit.requests, limit.window_us, now_us)
            if wait_us:
                raise provider_throttled(namespace, -(-wait_us // SECOND))
            shown += [f"{limit.label};{left}"] if limit.label else []
        return {"x-ms-ratelimit-remaining-resource": ",".join(shown)} if shown else {}

    def _take_hourly(self, key: tuple[str, ...], scope: str, kind: str, now_us: int) -> tuple[int, int]:
        if self.mode is not ThrottleMode.HOURLY_2019:
            return 0, 0
        return self._take_window(key, HOURLY_2019[scope][kind], HOUR, now_us)

    def _take_buckets(self, own: tuple[str, ...], subscription: str, kind: str, now_us: int) -> tuple[int, int]:
        size, rate = BUCKET_2024[kind]
        left, wait_us = self._take_bucket(own, size, rate, now_us)
        if subscription and not wait_us:
            everybody = ("*", subscription, kind)
            _, wait_us = self._take_bucket(everybody, SUBSCRIPTION_FACTOR * size, SUBSCRIPTION_FACTOR * rate, now_us)
        return left, wait_us

    def _take_window(self, key: tuple[str, ...], limit: int, window_us: int, now_us: int) -> tuple[int, int]:
        level = self._levels.get(key)
        if level is None or now_us >= level.as_of_us + window_us:
            level = Level(limit, now_us)
        if level.left == 0:
            return 0, level.as_of_us + window_us - now_us
        self._levels[key] = Level(level.left - 1, level.as_of_us)
        return level.left - 1, 0

    def _take_bucket(self, key: tuple[str, ...], size: int, rate: int, now_us: int) -> tuple[int, int]:
        """Take one token; a rate of one a second is one millionth a microsecond, so that nothing is ever rounded."""
        level = self._levels.get(key, Level(size * TOKEN, now_us))
        left = min(size * TOKEN, level.left + (now_us - level.as_of_us) * rate)
        if left < TOKEN:
            return 0, -(-(TOKEN - left) // rate)
        self._levels[key] = Level(left - TOKEN, now_us)
        return (left - TOKEN) // TOKEN, 0
