"""From the site's parts to what clients see: publications, answers, tiers, and who is active."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import WEST, Parts, answer, design_of, urls

from cmgsim.design.plan import Step
from cmgsim.site.deployment import State
from cmgsim.site.landscape import NO_ANSWER, NOTHING_PUBLISHED, SERVED, Over
from cmgsim.site.locales import Locale
from cmgsim.site.survey import role_id
from cmgsim.testing.strategies.designs import designs
from cmgsim.units import HOUR, MINUTE

TWO_GATEWAYS = {
    "gateways.west": {**WEST, "planned": True},
    "roles.connection_points.cp2": {"site": "P01", "gateway": "west", "planned": True},
    "roles.management_points.mp1.role_id": "72057594037928100",
}
EAST_URL = "GraniteFalls.contoso.com/CCM_Proxy_MutualAuth/72057594037928100"
WEST_URL = "west.contoso.com/CCM_Proxy_MutualAuth/72057594037928100"
TWO_SITES = {
    "hierarchy.sites.CAS": {"kind": "central_administration"},
    "hierarchy.sites.P01": {"parent": "CAS", "use_pki_client_certificate": True},
    "hierarchy.sites.P02": {"parent": "CAS", "use_pki_client_certificate": True},
    "roles.management_points.mp2": {"site": "P02", "gateway_traffic": True},
    "clients.tablets": {"count": 5, "site": "P02", "day_plan": "always", "certificate": "issuing"},
}


def step(verb: str, **argument) -> Step:
    return Step.model_validate({verb: argument})


@pytest.mark.seed("S-73")
@pytest.mark.conflict("X-28")
def test_one_entry_is_published_for_each_gateway_and_flagged_management_point():
    second = {"roles.management_points.mp2": {"site": "P01", "role_id": "2"}}
    parts = Parts(design_of({**TWO_GATEWAYS, **second}))
    assert urls(parts.survey()) == [EAST_URL]
    parts.server.receive(step("set_management_point", management_point="mp2", gateway_traffic=True), 0)
    assert urls(parts.survey()) == [EAST_URL, "GraniteFalls.contoso.com/CCM_Proxy_MutualAuth/2"]
    parts.gateway("west", State.READY)
    parts.tell("cp2", Step(add_connection_point="cp2"))
    parts.wait(MINUTE)
    assert len(urls(parts.survey())) == 4


@pytest.mark.seed("S-71")
@pytest.mark.parametrize("flag", ["mp1", "mp2"])
def test_the_clients_of_a_site_without_a_flagged_management_point_learn_nothing(flag):
    other = {"mp1": 2, "mp2": 1}[flag]
    links = {"roles.connection_points.cp2": {"site": "P02", "gateway": "east"}}
    parts = Parts(design_of({**TWO_SITES, **links, f"roles.management_points.{flag}.gateway_traffic": None}))
    landscape = parts.survey()
    sites = list(parts.server.sites)
    assert urls(landscape, sites.index(f"P0{other}"))
    assert not urls(landscape, sites.index(f"P0{3 - other}"))


@pytest.mark.seed("S-63", "S-112")
def test_a_gateway_without_a_connection_point_is_not_published_and_serves_nobody():
    parts = Parts(design_of(TWO_GATEWAYS))
    parts.gateway("west", State.READY)
    landscape = parts.survey()
    assert urls(landscape) == [EAST_URL]
    assert landscape.active_gateways == ("east",)
    assert answer(landscape, fqdn="west") == 500
    parts.tell("cp2", Step(add_connection_point="cp2"))
    assert urls(parts.survey()) == [EAST_URL], "not connected yet"
    parts.wait(MINUTE)
    landscape = parts.survey()
    assert urls(landscape) == [EAST_URL, WEST_URL]
    assert landscape.active_gateways == ("east", "west")
    assert answer(landscape, fqdn="west") == SERVED


@pytest.mark.seed("S-56", "S-110")
@pytest.mark.parametrize("state", [state for state in State if state not in (State.READY, State.UPDATING)])
def test_no_client_is_served_by_a_gateway_that_is_not_ready(state):
    parts = Parts(design_of())
    assert answer(parts.survey()) == SERVED
    parts.gateway("east", state)
    landscape = parts.survey()
    assert answer(landscape) == NO_ANSWER
    assert landscape.published == (NOTHING_PUBLISHED,)
    assert landscape.active_gateways == ()


@pytest.mark.seed("S-120")
def test_a_gateway_created_anew_carries_no_traffic_until_its_connection_point_is_linked_anew():
    parts = Parts(design_of())
    before = parts.survey()
    for state in (State.DELETING, State.ABSENT, State.PROVISIONING, State.READY):
        parts.gateway("east", state)
    parts.wait(HOUR)
    landscape = parts.survey()
    assert (urls(landscape), answer(landscape)) == ([], 500)
    parts.tell("cp1", step("relink_connection_point", connection_point="cp1", gateway="east"))
    parts.wait(MINUTE)
    landscape = parts.survey()
    assert answer(landscape) == SERVED
    assert landscape.published == before.published, "the same URLs are the same publication"


def test_two_gateways_of_the_same_name_make_one_contact():
    same = {**WEST, "certificate": "east", "planned": True}
    parts = Parts(design_of({"gateways.new": same}))
    before = parts.survey()
    names = [contact.management_point for contact in before.contacts if contact.over is Over.GATEWAY]
    assert names.count("mp1") == 1
    parts.gateway("east", State.ABSENT)
    parts.gateway("new", State.READY)
    parts.tell("cp1", step("relink_connection_point", connection_point="cp1", gateway="new"))
    parts.wait(MINUTE)
    after = parts.survey()
    assert after.active_gateways == ("new",)
    assert (after.published, answer(after)) == (before.published, SERVED)


@pytest.mark.seed("S-94")
def test_management_points_on_the_internet_are_published_beside_gateways():
    parts = Parts(
        design_of({"roles.management_points.dmz": {"site": "P01", "server": "dmz.contoso.com", "internet": True}})
    )
    landscape = parts.survey()
    assert urls(landscape)[0] == "dmz.contoso.com"
    assert len(urls(landscape)) == 2
    assert answer(landscape, Over.INTERNET) == SERVED
    parts.gateway("east", State.STOPPED)
    assert urls(parts.survey()) == ["dmz.contoso.com"]


def test_a_site_publishes_only_gateways_that_its_own_connection_points_reach():
    parts = Parts(design_of(TWO_SITES))
    landscape = parts.survey()
    sites = list(parts.server.sites)
    assert urls(landscape, sites.index("P01"))
    assert not urls(landscape, sites.index("P02"))
    assert not urls(landscape, sites.index("CAS"))
    assert answer(landscape, population=1) == 500
    both = Parts(design_of({**TWO_SITES, "roles.connection_points.cp2": {"site": "P02", "gateway": "east"}}))
    landscape = both.survey()
    (url,) = urls(landscape, sites.index("P02"))
    assert url.endswith(role_id(both.server, "mp2"))
    assert answer(landscape, population=1) == SERVED


@pytest.mark.seed("S-58", "S-59")
def test_each_primary_site_needs_the_pki_option_for_its_own_clients():
    links = {
        "roles.connection_points.cp2": {"site": "P02", "gateway": "east"},
        "hierarchy.sites.P02": {"parent": "CAS"},
    }
    landscape = Parts(design_of({**TWO_SITES, **links})).survey()
    assert answer(landscape, population=0) == SERVED
    assert answer(landscape, population=1) == 401


def test_a_certificate_that_expires_overnight_ends_all_clients_the_next_day():
    parts = Parts(design_of({"certificates.servers.east.expires": "2019-07-29"}))
    assert answer(parts.survey(day=date(2019, 7, 29))) == SERVED
    assert answer(parts.survey(day=date(2019, 7, 30))) == 12_175


def test_role_ids_made_up_from_names_are_seventeen_digits_and_differ():
    parts = Parts(design_of({f"roles.management_points.m{number}": {"site": "P01"} for number in range(50)}))
    made_up = [role_id(parts.server, name) for name in parts.server.management_points]
    assert {len(number) for number in made_up} == {17}
    assert len(set(made_up)) == len(made_up)


# -- what clients begin with


@pytest.mark.seed("S-81")
def test_what_clients_know_at_the_start():
    populations = {
        "clients.fresh": {"knows": "nothing"},
        "clients.installed": {"installed_over": "east", "knows": "nothing"},
        "clients.elsewhere": {"installed_over": "west"},
        "clients.early": {"installed_over": "later"},
    }
    common = {"count": 1, "site": "P01", "day_plan": "always"}
    changes = {name: {**common, **fields} for name, fields in populations.items()}
    gateways = {"gateways.west": WEST, "gateways.later": {**WEST, "service_fqdn": "later.contoso.com", "planned": True}}
    parts = Parts(design_of({**changes, **gateways}))
    landscape = parts.survey()
    current, fresh, installed, elsewhere, early = landscape.bootstraps
    assert current == installed == landscape.published[0] != NOTHING_PUBLISHED
    assert fresh == early == NOTHING_PUBLISHED
    assert [landscape.contacts[number].fqdn for number in landscape.publications[elsewhere]] == ["west.contoso.com"]
    parts.gateway("east", State.STOPPED)
    assert parts.survey().bootstraps == landscape.bootstraps


# -- the intranet


def tier_urls(landscape, locale=0):
    return [[landscape.contacts[number].url for number in tier] for tier in landscape.tiers[locale]]


VPN = {
    **TWO_GATEWAYS,
    "hierarchy.prefer_boundary_group_management_points": True,
    "boundary_groups.vpn": {"references": {"gateways": ["east"]}},
    "boundary_groups.office": {"references": {"management_points": ["mp1"]}, "relationships": {"vpn": {}}},
    "boundary_groups.default": {"default_of": "P01", "references": {"management_points": ["mp1"]}},
}
PLACES = (Locale("P01", ("vpn",)), Locale("P01", ("office",)), Locale("P01"))


@pytest.mark.seed("S-77")
@pytest.mark.conflict("X-6")
def test_boundary_groups_lead_to_a_gateway_at_once_or_after_failure_or_never():
    landscape = Parts(design_of(VPN)).survey(*PLACES)
    assert tier_urls(landscape, 0) == [[EAST_URL], ["mp1.corp"]]
    assert tier_urls(landscape, 1) == [["mp1.corp"], [EAST_URL]]
    assert tier_urls(landscape, 2) == [["mp1.corp"]]


@pytest.mark.seed("S-77")
def test_a_gateway_that_stops_leaves_the_groups_that_reference_it():
    parts = Parts(design_of(VPN))
    parts.survey(*PLACES)
    parts.gateway("east", State.STOPPED)
    landscape = parts.survey(*PLACES)
    assert [tier_urls(landscape, locale) for locale in range(3)] == [[["mp1.corp"]]] * 3


@pytest.mark.seed("S-76", "S-77")
def test_references_added_in_the_console_count_from_then_on_and_before_1902_never():
    plain = {**VPN, "boundary_groups.vpn": {}}
    parts = Parts(design_of(plain))
    assert tier_urls(parts.survey(*PLACES), 0) == [["mp1.corp"]]
    parts.server.receive(step("add_group_reference", boundary_group="vpn", gateway="east"), 0)
    assert tier_urls(parts.survey(*PLACES), 0)[0] == [EAST_URL]
    old = Parts(design_of({**VPN, "hierarchy.version": 1810}))
    assert tier_urls(old.survey(*PLACES), 0) == [["mp1.corp"]]


def test_without_groups_clients_use_all_management_points_of_their_site():
    parts = Parts(design_of({**TWO_SITES, "roles.management_points.mp3": {"site": "P01"}}))
    landscape = parts.survey(Locale("P01"), Locale("P02"))
    assert tier_urls(landscape, 0) == [["mp1.corp", "mp3"]]
    assert tier_urls(landscape, 1) == [["mp2"]]


# -- laws

HAPPENINGS = st.lists(
    st.one_of(
        st.tuples(st.just("state"), st.sampled_from(["east", "west"]), st.sampled_from([*State])),
        st.tuples(st.just("flag"), st.sampled_from(["mp1", "mp2"]), st.booleans()),
        st.tuples(st.just("wait"), st.integers(1, 90), st.none()),
        st.tuples(st.just("remove"), st.sampled_from(["cp1", "cp2"]), st.none()),
    ),
    max_size=12,
)


def happen(parts: Parts, what: str, subject, value) -> None:
    if what == "state":
        parts.gateway(subject, value)
    elif what == "flag":
        parts.server.receive(step("set_management_point", management_point=subject, gateway_traffic=value), 0)
    elif what == "wait":
        parts.wait(subject * 1_000_000)
    elif parts.points[subject].present:
        parts.tell(subject, Step(remove_connection_point=subject))


def busy_site() -> Parts:
    return Parts(
        design_of(
            {
                "gateways.west": WEST,
                "roles.connection_points.cp2": {"site": "P01", "gateway": "west"},
                "roles.management_points.mp2": {"site": "P01"},
            }
        )
    )


@pytest.mark.oracle("O-22")
@given(HAPPENINGS)
def test_publications_name_only_what_was_ready_connected_and_flagged_when_they_were_made(history):
    parts = busy_site()
    made = 0
    for happening in [("wait", 1, None), *history]:
        happen(parts, *happening)
        landscape = parts.survey()
        by_name = {gateway.fqdn: gateway for gateway in parts.deployments.values()}
        for publication in (landscape.publications[landscape.published[0]], *landscape.publications[max(made, 1) :]):
            for number in publication:
                contact = landscape.contacts[number]
                gateway = by_name[contact.fqdn]
                linked = [point for point in parts.points.values() if point.gateway == gateway.name]
                assert gateway.serving
                assert any(point.connected for point in linked)
                assert parts.server.takes_gateway_traffic(contact.management_point)
                assert gateway.name in landscape.active_gateways
        made = len(landscape.publications)


@given(HAPPENINGS)
def test_contacts_are_fixed_publications_only_grow_and_what_is_published_serves(history):
    parts = busy_site()
    before = parts.survey()
    for happening in history:
        happen(parts, *happening)
        after = parts.survey()
        assert after.contacts == before.contacts
        assert after.publications[: len(before.publications)] == before.publications
        assert len(set(after.publications)) == len(after.publications)
        assert all(list(contacts) == sorted(set(contacts)) for contacts in after.publications)
        assert all(after.answers[0][number] == SERVED for number in after.publications[after.published[0]])
        assert parts.survey() == after, "surveying again changes nothing"
        before = after


@given(designs(clients=10), st.data())
def test_any_design_can_be_surveyed_whatever_its_gateways_do(design, data):
    parts = Parts(design)
    groups = sorted(design.boundary_groups)
    sites = st.sampled_from(design.hierarchy.primaries())
    found = st.lists(st.sampled_from(groups), unique=True, max_size=3) if groups else st.just([])
    locales = [Locale(data.draw(sites), tuple(sorted(data.draw(found)))) for _ in range(2)]
    for _ in range(3):
        for name in design.gateways:
            parts.gateway(name, data.draw(st.sampled_from([*State])))
        parts.wait(MINUTE)
        landscape = parts.survey(*locales)
        assert [len(answers) for answers in landscape.answers] == [len(landscape.contacts)] * len(design.clients)
        for locale, tiers in zip(locales, landscape.tiers, strict=True):
            numbers = [number for tier in tiers for number in tier]
            assert len(set(numbers)) == len(numbers)
            published = landscape.publications[landscape.published[list(parts.server.sites).index(locale.site)]]
            over_gateways = {n for n in numbers if landscape.contacts[n].over is Over.GATEWAY}
            assert over_gateways <= set(published)
