"""How long site tokens live, by when their population was served."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import Parts, design_of

from cmgsim.design.identity import SITE_TOKEN_LIFE, Registration, holds_site_tokens, registration_of
from cmgsim.site.deployment import State
from cmgsim.site.facts import SiteTokensLapsed, SiteTokensRenewed
from cmgsim.site.locales import Locale
from cmgsim.site.tokens import SITE_TOKEN_LIFE_US, SITE_TOKEN_RENEWAL_US, Served, SiteTokens, Way, way_of
from cmgsim.units import DAY, timedelta_us

HOLDERS = {
    "hierarchy.version": 2002,
    "clients.laptops.certificate": None,
    "roles.management_points.mp1.mode": "enhanced_http",
}
HOST = "SMSSITECODE=P01 CCMHOSTNAME=granitefalls.contoso.com/CCM_Proxy_MutualAuth/1"
OFFICE = {"day_plans.always": {"work": "08:00-17:00", "remote": "50%"}}


def told(tokens: SiteTokens, until_us: int) -> list[tuple[int, object]]:
    """Let tokens be looked after, and return the facts with their days."""
    facts: list[tuple[int, object]] = []
    while (due_us := tokens.due()) is not None and due_us <= until_us:
        facts += [(due_us // DAY, fact) for fact in tokens.step(due_us)]
    return facts


def tokens_of(spells: list[tuple[int, Way]], **changes: object) -> SiteTokens:
    """Return the tokens of a population that was served in these spells, which begin on the days given."""
    served = Served()
    for day, way in spells:
        served.note(day * DAY, "laptops", way)
    return SiteTokens(design_of({**HOLDERS, **changes}), served)


def test_the_numbers_are_microsofts():
    assert (
        (timedelta_us(SITE_TOKEN_LIFE), SITE_TOKEN_RENEWAL_US) == (SITE_TOKEN_LIFE_US, 30 * DAY) == (90 * DAY, 30 * DAY)
    )


@pytest.mark.conflict("X-13")
@pytest.mark.parametrize("way", [Way.GATEWAY, Way.INTRANET])
def test_who_is_served_keeps_its_tokens_which_are_renewed_every_month(way):
    tokens = tokens_of([(0, way)])
    assert told(tokens, 400 * DAY) == []
    assert tokens.ages(400 * DAY)["laptops"].days == 10


def test_who_is_not_served_loses_its_tokens_ninety_days_after_the_last_renewal():
    assert told(tokens_of([(0, Way.NOT_AT_ALL)]), 400 * DAY) == [(90, SiteTokensLapsed("laptops"))]
    until_day_45 = [(0, Way.GATEWAY), (45, Way.NOT_AT_ALL)]
    assert told(tokens_of(until_day_45), 400 * DAY) == [(120, SiteTokensLapsed("laptops"))]


def test_a_day_of_service_in_time_is_enough_and_one_too_late_is_not():
    in_time = [(0, Way.NOT_AT_ALL), (89, Way.GATEWAY), (90, Way.NOT_AT_ALL)]
    assert told(tokens_of(in_time), 178 * DAY) == []
    assert told(tokens_of(in_time), 400 * DAY) == [(179, SiteTokensLapsed("laptops"))]
    too_soon = [(0, Way.GATEWAY), (29, Way.NOT_AT_ALL)]
    assert told(tokens_of(too_soon), 400 * DAY) == [(90, SiteTokensLapsed("laptops"))]
    too_late = [(0, Way.NOT_AT_ALL), (90, Way.GATEWAY)]
    assert told(tokens_of(too_late), 400 * DAY) == [(90, SiteTokensLapsed("laptops"))]


def test_only_the_intranet_helps_who_has_lost_its_tokens():
    back = [(0, Way.NOT_AT_ALL), (95, Way.GATEWAY), (120, Way.INTRANET)]
    found = told(tokens_of(back), 400 * DAY)
    assert found == [(90, SiteTokensLapsed("laptops")), (120, SiteTokensRenewed("laptops"))]


@pytest.mark.parametrize(
    ("day", "facts"), [("2019-06-01", []), ("2019-05-01", []), ("2019-04-30", [0]), ("2019-08-30", [])]
)
def test_tokens_may_have_lapsed_before_the_run(day, facts):
    tokens = tokens_of([(0, Way.GATEWAY)], **{"clients.laptops.token_renewed": day})
    assert [at for at, _ in told(tokens, 40 * DAY)] == facts


@given(st.lists(st.tuples(st.integers(0, 300), st.sampled_from(Way)), max_size=8).map(sorted))
def test_tokens_that_have_not_lapsed_are_younger_than_ninety_days(spells):
    tokens, lapsed = tokens_of(spells), False
    for day in range(0, 300, 7):
        for _, fact in told(tokens, day * DAY):
            lapsed = isinstance(fact, SiteTokensLapsed)
        assert lapsed == (tokens.ages(day * DAY)["laptops"] >= SITE_TOKEN_LIFE)


def test_tokens_are_looked_after_when_they_are_due_then_daily():
    fresh = tokens_of([(0, Way.NOT_AT_ALL)])
    assert (fresh.name, fresh.holders, fresh.due()) == ("site_tokens", ("laptops",), 30 * DAY)
    fresh.step(30 * DAY)
    assert fresh.due() == 31 * DAY
    told(fresh, 90 * DAY)
    assert fresh.due() == 91 * DAY
    due_before = tokens_of([(0, Way.GATEWAY)], **{"clients.laptops.token_renewed": "2019-06-01"})
    assert due_before.due() == 0
    due_before.step(0)
    assert (due_before.ages(0)["laptops"].days, due_before.due()) == (0, 30 * DAY)


def test_each_population_has_tokens_of_its_own_age():
    other = {"count": 1, "site": "P01", "day_plan": "always", "token_renewed": "2019-05-01"}
    served = Served()
    served.note(0, "laptops", Way.GATEWAY)
    tokens = SiteTokens(design_of({**HOLDERS, "clients.kiosks": other}), served)
    assert told(tokens, 100 * DAY) == [(1, SiteTokensLapsed("kiosks"))]
    assert tokens.ages(100 * DAY)["laptops"].days == 10


# -- who has site tokens, and how


@pytest.mark.parametrize(
    ("changes", "registration"),
    [
        ({}, Registration.ON_INTRANET),
        ({"clients.laptops.command_line": HOST}, Registration.NOWHERE),
        ({"clients.laptops.command_line": f"{HOST} /regtoken:abc"}, Registration.BULK_TOKEN),
        ({"clients.laptops.command_line": HOST, **OFFICE}, Registration.ON_INTRANET),
        (
            {"clients.laptops.command_line": HOST, "clients.laptops.always_on_internet": True, **OFFICE},
            Registration.NOWHERE,
        ),
        ({"clients.laptops.command_line": "/UsePKICert"}, Registration.ON_INTRANET),
    ],
)
def test_who_is_installed_from_the_internet_registers_by_a_bulk_token_or_on_the_intranet(changes, registration):
    design = design_of({**HOLDERS, **changes})
    assert registration_of(design.clients["laptops"], design.day_plans["always"]) is registration
    assert holds_site_tokens(design, "laptops") is (registration is not Registration.NOWHERE)


@pytest.mark.parametrize(
    "changes",
    [
        {"hierarchy.version": 1910},
        {"clients.laptops.certificate": "issuing"},
        {"clients.laptops.identity": "hybrid"},
        {"clients.laptops.identity": "aad_joined"},
    ],
)
def test_nobody_else_depends_on_site_tokens(changes):
    design = design_of({**HOLDERS, **changes})
    assert not holds_site_tokens(design, "laptops")
    assert SiteTokens(design, Served()).due() is None


def test_the_landscape_says_how_a_population_is_served():
    parts = Parts(design_of(HOLDERS))
    assert way_of(parts.design, "laptops", parts.survey()) is Way.GATEWAY
    parts.gateway("east", State.STOPPED)
    assert way_of(parts.design, "laptops", parts.survey()) is Way.NOT_AT_ALL
    coming_in = Parts(design_of({**HOLDERS, **OFFICE}))
    assert way_of(coming_in.design, "laptops", coming_in.survey()) is Way.INTRANET
    pinned = Parts(design_of({**HOLDERS, **OFFICE, "clients.laptops.always_on_internet": True}))
    assert way_of(pinned.design, "laptops", pinned.survey(Locale("P01"))) is Way.GATEWAY


def test_only_management_points_of_its_own_site_serve_a_population():
    other = {
        "hierarchy.sites.P02": {},
        "roles.management_points.mp1.site": "P02",
        "roles.connection_points.cp1.site": "P02",
    }
    parts = Parts(design_of({**HOLDERS, **OFFICE, **other}))
    assert way_of(parts.design, "laptops", parts.survey()) is Way.NOT_AT_ALL
