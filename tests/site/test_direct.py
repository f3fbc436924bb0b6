"""Who may ask a management point directly, on the intranet and over the internet: what IIS and clients judge there."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import Parts, answer, design_of

from cmgsim.site.authentication import Reason
from cmgsim.site.direct import Visit, authenticate_on_intranet, authenticate_over_internet
from cmgsim.site.landscape import Over

DAY = date(2019, 7, 29)
ISSUED = "certificates.authorities.issuing.client_certificates"
WEB = {
    "certificates.servers.mp": {"name": "mp1.corp", "issuer": "issuing"},
    "roles.management_points.mp1.certificate": "mp",
}
WAYS = (authenticate_on_intranet, authenticate_over_internet)


def visit_of(changes=None, on_day=DAY) -> Visit:
    """Return a request of the small design's client to its management point."""
    design = design_of(changes)
    return Visit(
        design.clients["laptops"],
        design.roles.management_points["mp1"],
        design.hierarchy.sites["P01"],
        design.certificates,
        design.azure.aad,
        design.site_version(),
        on_day,
    )


@pytest.mark.parametrize(
    ("identity", "certificate", "mode", "status"),
    [
        ("ad_joined", None, "http", 200),
        ("ad_joined", None, "https", 403),
        ("ad_joined", "issuing", "https", 200),
        ("aad_joined", None, "http", 403),
        ("aad_joined", None, "https", 200),
        ("aad_joined", None, "enhanced_http", 200),
        ("workgroup", None, "http", 200),
        ("hybrid", None, "http", 200),
    ],
)
@pytest.mark.conflict("X-24")
def test_on_the_intranet_the_management_points_mode_decides(identity, certificate, mode, status):
    changes = {"clients.laptops.identity": identity, "clients.laptops.certificate": certificate}
    visit = visit_of({**changes, "roles.management_points.mp1.mode": mode})
    assert authenticate_on_intranet(visit).status == status


@pytest.mark.parametrize(
    ("certificate", "mode", "status"), [("issuing", "https", 200), (None, "https", 403), ("issuing", "http", 403)]
)
def test_a_management_point_on_the_internet_takes_certificates_over_https(certificate, mode, status):
    changes = {"clients.laptops.certificate": certificate, "roles.management_points.mp1.mode": mode}
    assert authenticate_over_internet(visit_of(changes)).status == status


@pytest.mark.parametrize("ask", WAYS)
@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({ISSUED: {"expires": "2019-07-28"}}, Reason.CLIENT_CERTIFICATE_REQUIRED, "has expired, so it shows none"),
        ({ISSUED: {"valid_from": "2019-07-30"}}, Reason.CLIENT_CERTIFICATE_OUT_OF_DATE, "the client is not valid"),
        ({ISSUED: {"revoked_on": "2019-07-29"}}, Reason.CLIENT_CERTIFICATE_REVOKED, "the client was revoked"),
        (
            {"certificates.authorities.issuing.expires": "2019-07-28"},
            Reason.CLIENT_CERTIFICATE_OUT_OF_DATE,
            "authority issuing expired",
        ),
        (
            {"certificates.authorities.issuing.revoked_on": "2019-07-29"},
            Reason.CLIENT_CERTIFICATE_REVOKED,
            "authority issuing was revoked",
        ),
        (
            {"certificates.authorities.issuing.crl_on_intranet": False},
            Reason.CLIENT_CERTIFICATE_REVOKED,
            "authority issuing cannot be fetched",
        ),
        (
            {"certificates.authorities.other": {}, "hierarchy.sites.P01.trusted_roots": ["other"]},
            Reason.CLIENT_CERTIFICATE_UNTRUSTED,
            "root is not on the site's",
        ),
    ],
)
def test_iis_refuses_a_client_certificate_that_is_not_as_it_should_be(ask, changes, reason, words):
    refused = ask(visit_of(changes))
    assert (refused.status, refused.reason) == (403, reason)
    assert words in refused.detail


@pytest.mark.parametrize("ask", WAYS)
def test_client_certificates_hold_through_their_last_day_and_until_the_day_of_their_revocation(ask):
    ends, revoked = {ISSUED: {"expires": "2019-08-10"}}, {ISSUED: {"revoked_on": "2019-08-10"}}
    assert ask(visit_of(ends, date(2019, 8, 10))).status == 200
    assert ask(visit_of(ends, date(2019, 8, 11))).status == 403
    assert ask(visit_of(revoked, date(2019, 8, 9))).status == 200
    assert ask(visit_of(revoked, date(2019, 8, 10))).status == 403


def test_iis_checks_revocation_whatever_gateway_and_site_say():
    revoked = {ISSUED: {"revoked_on": "2019-07-29"}, "gateways.east.verify_client_revocation": False}
    refused = authenticate_on_intranet(visit_of({**revoked, "hierarchy.sites.P01.clients_check_crl": False}))
    assert refused.reason is Reason.CLIENT_CERTIFICATE_REVOKED


@pytest.mark.parametrize("ask", WAYS)
def test_iis_fetches_revocation_lists_on_the_intranet(ask):
    assert ask(visit_of({"certificates.authorities.issuing.crl_published": False})).status == 200


@pytest.mark.parametrize("mode", ["http", "enhanced_http"])
@pytest.mark.parametrize(
    "changes", [{ISSUED: {"expires": "2019-07-28"}}, {ISSUED: {"revoked_on": "2019-07-29"}}, {**WEB}], ids=str
)
def test_without_https_nobody_judges_certificates_of_a_pki(mode, changes):
    late = {**changes, "roles.management_points.mp1.mode": mode}
    if "certificates.servers.mp" in changes:
        late["certificates.servers.mp.expires"] = "2019-07-28"
    assert authenticate_on_intranet(visit_of(late)).status == 200


def test_who_is_in_azure_ad_shows_a_token_where_the_certificate_has_expired_but_not_where_it_is_revoked():
    hybrid = {"clients.laptops.identity": "hybrid"}
    assert authenticate_on_intranet(visit_of({**hybrid, ISSUED: {"expires": "2019-07-28"}})).status == 200
    assert authenticate_on_intranet(visit_of({**hybrid, ISSUED: {"revoked_on": "2019-07-29"}})).status == 403
    assert authenticate_over_internet(visit_of({**hybrid, ISSUED: {"expires": "2019-07-28"}})).status == 403


def test_without_the_sites_integration_azure_ad_gives_no_token_on_the_intranet_either():
    bare = {"clients.laptops.identity": "aad_joined", "clients.laptops.certificate": None}
    assert authenticate_on_intranet(visit_of(bare)).status == 200
    without = {**bare, "azure.aad": {"cloud_management": False}}
    assert authenticate_on_intranet(visit_of(without)).reason is Reason.CLIENT_CERTIFICATE_REQUIRED


# -- clients judge the web server


@pytest.mark.parametrize("ask", WAYS)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"certificates.servers.mp.expires": "2019-07-28"}, Reason.CERT_DATE_INVALID),
        ({"certificates.servers.mp.name": "mp2.corp"}, Reason.CERT_CN_INVALID),
        ({"certificates.servers.mp.revoked_on": "2019-07-29"}, Reason.CERT_REVOKED),
        ({"certificates.authorities.other": {}, "certificates.servers.mp.issuer": "other"}, Reason.INVALID_CA),
        ({"certificates.servers.mp.purposes": ["client_authentication"]}, Reason.CERT_WRONG_USAGE),
    ],
)
def test_clients_refuse_a_web_server_certificate_that_is_not_as_it_should_be(ask, changes, reason):
    assert ask(visit_of(WEB)).status == 200
    assert ask(visit_of({**WEB, **changes})).reason is reason


@pytest.mark.seed("S-62")
def test_on_the_internet_clients_need_a_published_list_and_on_the_intranet_one_within_reach_there():
    inside = visit_of({**WEB, "certificates.authorities.issuing.crl_published": False})
    assert authenticate_on_intranet(inside).status == 200
    assert authenticate_over_internet(inside).reason is Reason.CERT_REV_FAILED
    unchecked = replace(inside, site=inside.site.model_copy(update={"clients_check_crl": False}))
    assert authenticate_over_internet(unchecked).status == 200
    installed = replace(inside, client=inside.client.model_copy(update={"command_line": "/NoCRLCheck"}))
    assert authenticate_over_internet(installed).status == 200
    outside = visit_of({**WEB, "certificates.authorities.issuing.crl_on_intranet": False})
    assert authenticate_on_intranet(outside).reason is Reason.CERT_REV_FAILED


# -- in the landscape


def test_the_landscape_of_each_day_says_whom_management_points_take():
    internet = {"roles.management_points.mp1.internet": True}
    parts = Parts(design_of({**internet, ISSUED: {"expires": "2019-08-10"}}))
    good, late = parts.survey(day=date(2019, 8, 10)), parts.survey(day=date(2019, 8, 11))
    assert [answer(good, over) for over in Over] == [200, 200, 200]
    assert [answer(late, over) for over in Over] == [403, 401, 403]


def test_a_site_system_that_fetches_no_list_refuses_every_certificate_while_the_gateway_takes_them():
    parts = Parts(design_of({"certificates.authorities.issuing.crl_on_intranet": False}))
    landscape = parts.survey()
    assert (answer(landscape, Over.INTRANET), answer(landscape, Over.GATEWAY)) == (403, 200)


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "clients.laptops.certificate": st.sampled_from([None, "issuing", "root"]),
        "clients.laptops.identity": st.sampled_from(["workgroup", "ad_joined", "aad_joined", "hybrid"]),
        "roles.management_points.mp1.mode": st.sampled_from(["http", "https", "enhanced_http"]),
        "certificates.authorities.issuing.crl_on_intranet": st.booleans(),
        "certificates.authorities.issuing.revoked_on": st.sampled_from(["2019-07-01", "2019-08-01"]),
        ISSUED: st.sampled_from([{"expires": "2019-07-01"}, {"revoked_on": "2019-07-01"}, {}]),
        "hierarchy.sites.P01.trusted_roots": st.sampled_from([[], ["root"], ["digicert"]]),
    },
)


@given(CHANGES)
def test_a_refusal_says_why_and_who_is_taken_over_the_internet_is_taken_on_the_intranet(changes):
    visit = visit_of(changes)
    inside, outside = authenticate_on_intranet(visit), authenticate_over_internet(visit)
    for verdict in (inside, outside):
        assert (verdict.status == 200) == (verdict.reason is Reason.AUTHENTICATED) == (not verdict.detail)
    assert outside.status != 200 or inside.status == 200
