"""Tokens, and how long they live.

A site-issued token is created when a client registers on the intranet, or by bulk registration; the client renews it
about once a month, also over a gateway, and it lapses when it was not renewed for 90 days (source: "Token-based
authentication for CMG"). It comes with version 2002.

Assumption: a token that is due is renewed by the client's next request that is served, whichever that is.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import timedelta

from cmgsim.units import DAY, HOUR, MINUTE

SITE_TOKEN_LIFE = timedelta(days=90)
SITE_TOKEN_LIFE_US = 90 * DAY
#: Assumption: a month, after which a site token is renewed, has thirty days.
SITE_TOKEN_RENEWAL_US = 30 * DAY
MANAGEMENT_POINT_TOKEN_LIFE_US = 8 * HOUR
"""Of a token that a management point gives against a certificate or an Azure AD token (CCM_STS)."""
CONTENT_TOKEN_LIFE_US = 24 * HOUR
"""Of a token for content, which comes with the location answer (source: "Use a cloud distribution point")."""
BULK_TOKEN_LIFE_US = 4_320 * MINUTE
"""Of a bulk registration token, by default."""
BULK_TOKEN_LONGEST_US = 10_080 * MINUTE


def renewed_us(issued_us: int, served_us: Sequence[int], now_us: int) -> int:
    """Return when a site token was last renewed, or issued if it never was.

    *served_us* are the moments at which the client's requests were served, ascending. A request renews a token that is
    due and has not lapsed; a token that has lapsed stays so.
    """
    renewed = issued_us
    for moment in served_us[: bisect_right(served_us, now_us)]:
        if SITE_TOKEN_RENEWAL_US <= moment - renewed < SITE_TOKEN_LIFE_US:
            renewed = moment
    return renewed


def has_lapsed(issued_us: int, served_us: Sequence[int], now_us: int) -> bool:
    """Say whether a site token is of no use any more."""
    return now_us - renewed_us(issued_us, served_us, now_us) >= SITE_TOKEN_LIFE_US
