"""How long a site token lives, by when its client was served."""

from hypothesis import given
from hypothesis import strategies as st

from cmgsim.site.tokens import (
    BULK_TOKEN_LIFE_US,
    BULK_TOKEN_LONGEST_US,
    SITE_TOKEN_LIFE,
    SITE_TOKEN_LIFE_US,
    SITE_TOKEN_RENEWAL_US,
    has_lapsed,
    renewed_us,
)
from cmgsim.units import DAY, timedelta_us

MOMENTS = st.lists(st.integers(0, 400 * DAY), max_size=12).map(sorted)


def test_who_is_never_served_loses_its_token_after_ninety_days():
    assert not has_lapsed(0, [], 90 * DAY - 1)
    assert has_lapsed(0, [], 90 * DAY)
    assert timedelta_us(SITE_TOKEN_LIFE) == SITE_TOKEN_LIFE_US


def test_a_token_is_renewed_after_a_month_not_before():
    assert renewed_us(0, [29 * DAY], 60 * DAY) == 0
    assert renewed_us(0, [29 * DAY, 30 * DAY, 31 * DAY], 60 * DAY) == 30 * DAY
    assert renewed_us(0, [30 * DAY], 30 * DAY - 1) == 0, "what comes later does not count"


def test_a_lapsed_token_is_not_renewed():
    assert renewed_us(0, [90 * DAY], 100 * DAY) == 0
    assert has_lapsed(0, [90 * DAY], 91 * DAY)


def test_who_is_served_every_month_keeps_its_token_for_ever():
    served = [month * 31 * DAY for month in range(1, 60)]
    assert not any(has_lapsed(0, served, moment) for moment in served)


@given(MOMENTS, st.integers(0, 400 * DAY))
def test_a_token_is_never_older_than_its_last_renewal_allows(served, now):
    last = renewed_us(0, served, now)
    assert 0 <= last <= now
    assert last == 0 or last in served
    due = [moment for moment in served if moment <= now and moment - last >= SITE_TOKEN_RENEWAL_US]
    assert all(moment - last >= SITE_TOKEN_LIFE_US for moment in due[:1]), "a living token that is due is renewed"


def test_bulk_tokens_live_three_days_and_seven_at_most():
    assert (BULK_TOKEN_LIFE_US, BULK_TOKEN_LONGEST_US) == (3 * DAY, 7 * DAY)
