"""Which content sources clients are told of: by package, place, population and version."""

import pytest
from site_parts import WEST, Parts, design_of

from cmgsim.design.plan import Step
from cmgsim.errors import Refused
from cmgsim.site.client import Target
from cmgsim.site.deployment import State
from cmgsim.site.landscape import NO_ANSWER, SERVED, Over
from cmgsim.site.locales import Locale
from cmgsim.units import MINUTE

POINTS = {
    "roles.distribution_points": {
        "dp1": {"site": "P01"},
        "dp2": {"site": "P01"},
        "outside": {"site": "P01", "internet": True},
        "cloud": {"site": "P01", "kind": "cloud"},
    },
    "content.packages": {
        "office": {"size": "2 GB"},
        "patch": {"size": "100 MB", "kind": "update"},
        "tool": {"size": "1 MB", "distribution_points": ["dp2"], "gateways": []},
    },
}
STORAGE = "GraniteFalls.contoso.com"


def held(landscape, package):
    return [
        (landscape.contacts[number].over, landscape.contacts[number].source) for number in landscape.sources[package]
    ]


def answers_of(landscape, source, population=0):
    return [
        landscape.answers[population][number]
        for number, contact in enumerate(landscape.contacts)
        if contact.source == source
    ]


def test_a_design_without_packages_has_no_content_contacts():
    landscape = Parts(design_of({"roles.distribution_points": POINTS["roles.distribution_points"]})).survey()
    assert not landscape.of(Target.CONTENT, tuple(range(len(landscape.contacts))))
    assert (landscape.package_bytes, landscape.sources, landscape.content_pools) == ((), (), ((),))


def test_packages_are_where_they_were_distributed_to():
    landscape = Parts(design_of(POINTS)).survey()
    assert landscape.package_bytes == (2 * 10**9, 10**8, 10**6)
    assert held(landscape, 0) == [
        (Over.INTRANET, "dp1"),
        (Over.INTRANET, "dp2"),
        (Over.INTRANET, "outside"),
        (Over.INTERNET, "outside"),
        (Over.GATEWAY, "cloud"),
        (Over.GATEWAY, STORAGE),
    ]
    assert held(landscape, 2) == [(Over.INTRANET, "dp2")]


def test_on_the_internet_updates_come_from_microsoft_update_alone():
    landscape = Parts(design_of(POINTS)).survey()
    outside = [pair for pair in held(landscape, 1) if pair[0] is not Over.INTRANET]
    assert outside == [(Over.INTERNET, "Microsoft Update")]
    assert (Over.INTERNET, "Microsoft Update") not in held(landscape, 0)


@pytest.mark.seed("S-50", "S-51")
@pytest.mark.parametrize(
    ("version", "content", "serves"),
    [(1906, None, True), (1906, True, True), (1906, False, False), (1806, None, True), (1802, None, False)],
)
def test_a_gateway_serves_content_where_its_version_and_its_option_let_it(version, content, serves):
    own = {**POINTS, "hierarchy.version": version, "gateways.east.content": content}
    assert ((Over.GATEWAY, STORAGE) in held(Parts(design_of(own)).survey(), 0)) is serves


@pytest.mark.conflict("X-25")
def test_a_stopped_gateway_is_still_named_and_does_not_answer_and_a_deleted_one_is_not_named():
    parts = Parts(design_of(POINTS))
    assert answers_of(parts.survey(), STORAGE) == [SERVED]
    parts.gateway("east", State.STOPPED)
    assert (Over.GATEWAY, STORAGE) in held(parts.survey(), 0)
    assert answers_of(parts.survey(), STORAGE) == [NO_ANSWER]
    parts.gateway("east", State.ABSENT)
    assert (Over.GATEWAY, STORAGE) not in held(parts.survey(), 0)


def test_content_comes_past_the_gateways_vms():
    landscape = Parts(design_of(POINTS)).survey()
    behind = {landscape.contacts[number].target: route for number, route in enumerate(landscape.routes) if route.doors}
    assert set(behind) == {Target.MANAGEMENT_POINT, Target.UPDATE_POINT}


def test_every_gateway_has_a_storage_of_its_own():
    landscape = Parts(design_of({**POINTS, "gateways.west": WEST})).survey()
    assert [name for over, name in held(landscape, 0) if over is Over.GATEWAY] == ["cloud", STORAGE, "west.contoso.com"]


def test_a_cloud_distribution_point_answers_whatever_becomes_of_gateways():
    parts = Parts(design_of(POINTS))
    parts.gateway("east", State.ABSENT)
    assert answers_of(parts.survey(), "cloud") == [SERVED]


def test_a_distribution_point_on_the_internet_wants_a_certificate():
    assert answers_of(Parts(design_of(POINTS)).survey(), "outside") == [SERVED, SERVED]
    without = Parts(design_of({**POINTS, "clients.laptops.certificate": None})).survey()
    assert answers_of(without, "outside") == [SERVED, 403]
    issued = "certificates.authorities.issuing.client_certificates"
    for late in ({"expires": "2019-07-28"}, {"revoked_on": "2019-07-29"}):
        assert answers_of(Parts(design_of({**POINTS, issued: late})).survey(), "outside") == [SERVED, 403]
    assert answers_of(without, "Microsoft Update") == [SERVED]


@pytest.mark.oracle("O-6")
def test_the_documented_example_makes_its_pools():
    points = {name: {"site": "P01"} for name in ("A1", "A2", "B1", "B2", "C1", "C2", "S")}
    groups = {
        "A": {
            "references": {"distribution_points": ["A1", "A2"]},
            "relationships": {"B": {"distribution_points": "10min"}, "C": {"distribution_points": "20min"}},
        },
        "B": {"references": {"distribution_points": ["B1", "B2"]}},
        "C": {"references": {"distribution_points": ["C1", "C2"]}},
        "rest": {"references": {"distribution_points": ["S"]}, "default_of": "P01"},
    }
    own = {**POINTS, "roles.distribution_points": points, "boundary_groups": groups, "content.packages.tool": None}
    landscape = Parts(design_of(own)).survey(Locale("P01", ("A",)), Locale("P01"))
    named = [
        [(at_us // MINUTE, landscape.contacts[number].source) for at_us, number in pool]
        for pool in landscape.content_pools
    ]
    assert named[0] == [(0, "A1"), (0, "A2"), (10, "B1"), (10, "B2"), (20, "C1"), (20, "C2"), (120, "S")]
    assert named[1] == [(0, "S")]


def test_a_group_may_prefer_cloud_sources():
    groups = {"near": {"cloud_before_on_premises": True}, "far": {}}
    parts = Parts(design_of({**POINTS, "boundary_groups": groups}))
    locales = [Locale("P01", ("far",)), Locale("P01", ("near",)), Locale("P01", ("far", "near")), Locale("P01")]
    assert parts.survey(*locales).cloud_first == (1, 2)


def test_deploying_tells_populations_of_a_package_each_time():
    parts = Parts(design_of(POINTS))
    assert parts.survey().told[0].deployments == ()
    order = Step.model_validate({"deploy_content": {"package": "tool", "populations": ["laptops"]}})
    (fact,) = parts.server.receive(order, 0)
    assert (fact.role, fact.setting, fact.value) == ("clients:laptops", "deploy", "tool")
    parts.server.receive(order, 0)
    assert parts.survey().told[0].deployments == (2, 2)
    for _ in range(62):
        parts.server.receive(order, 0)
    with pytest.raises(Refused, match="population laptops has 64 deployments already"):
        parts.server.receive(order, 0)


@pytest.mark.conflict("X-8")
def test_policy_tells_of_the_cloud_and_of_the_cache():
    own = {
        "client_settings": {"own": {"cloud_distribution_point": True, "cache": "1 GB"}},
        "clients.laptops.settings": "own",
    }
    assert [Parts(design_of(changes)).survey().told[0].use_cloud for changes in ({}, own)] == [False, True]
    assert [Parts(design_of(changes)).survey().told[0].cache_bytes for changes in ({}, own)] == [5_120 * 10**6, 10**9]
