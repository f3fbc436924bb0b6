"""Every way a request over a gateway can fail, and the ways it succeeds."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import TODAY, design_of, encounter_in

from cmgsim.design.identity import Registration
from cmgsim.design.modes import GATEWAY_MODES
from cmgsim.design.versions import VERSIONS
from cmgsim.pki.names import covers
from cmgsim.site.authentication import Credential, Encounter, Reason, authenticate, credential_of
from cmgsim.site.direct import Visit, authenticate_on_intranet

PRIVATE = {"certificates.servers.east.issuer": "issuing"}
AAD = {
    "clients.laptops.certificate": None,
    "clients.laptops.identity": "aad_joined",
    "gateways.east.trusted_authorities": [],
    "roles.management_points.mp1.mode": "enhanced_http",
}


def encounter_of(changes=None, on_day=TODAY) -> Encounter:
    return encounter_in(design_of(changes), on_day)


def verdict(changes=None, on_day=TODAY):
    return authenticate(encounter_of(changes, on_day))


def test_clients_with_a_certificate_whose_chain_is_known_are_served():
    assert verdict().status == 200
    assert verdict().reason is Reason.AUTHENTICATED


def test_an_authority_that_names_itself_as_its_issuer_is_a_root():
    own = {**PRIVATE, "certificates.authorities.root.issuer": "root"}
    assert verdict(own).status == 200


# -- the server's certificate


def test_a_private_root_must_be_trusted_by_the_client():
    other = {**PRIVATE, "certificates.authorities.other": {}, "certificates.servers.east.issuer": "other"}
    failed = verdict(other)
    assert (failed.status, failed.text, failed.reason) == (
        12_175,
        "ERROR_WINHTTP_SECURE_FAILURE",
        Reason.INVALID_CA,
    )
    assert "other" in failed.detail
    assert verdict({**other, "clients.laptops.trusts": ["other"]}).status == 200
    assert verdict(PRIVATE).status == 200, "who has a certificate of that root trusts it"


@pytest.mark.seed("S-33")
@pytest.mark.parametrize(
    ("name", "fqdn", "expected"),
    [
        ("*.contoso.com", "falls.contoso.com", True),
        ("*.contoso.com", "FALLS.Contoso.com", True),
        ("*.contoso.com", "a.b.contoso.com", False),
        ("*.contoso.com", "contoso.com", False),
        ("*.contoso.com", ".contoso.com", False),
        ("falls.contoso.com", "falls.contoso.com", True),
        ("falls.contoso.com", "x.contoso.com", False),
    ],
)
def test_a_wildcard_stands_for_exactly_one_label(name, fqdn, expected):
    assert covers(name, fqdn) is expected


def test_the_certificate_must_name_the_service():
    wrong = verdict({"gateways.east.service_fqdn": "other.contoso.com"})
    assert (wrong.status, wrong.reason) == (12_175, Reason.CERT_CN_INVALID)
    also = {"gateways.east.service_fqdn": "x.contoso.com", "certificates.servers.east.other_names": ["x.contoso.com"]}
    assert verdict(also).status == 200


@pytest.mark.parametrize("what", ["servers.east", "authorities.digicert"])
def test_certificates_hold_through_their_last_day(what):
    ends = {f"certificates.{what}.expires": "2019-08-10"}
    assert verdict(ends, date(2019, 8, 10)).status == 200
    assert verdict(ends, date(2019, 8, 11)).reason is Reason.CERT_DATE_INVALID


@pytest.mark.seed("S-49")
def test_enforcing_tls_1_2_shuts_out_clients_that_cannot_but_not_from_the_intranet():
    old = {"gateways.east.enforce_tls_1_2": True, "clients.laptops.tls_1_2": False}
    assert verdict(old).reason is Reason.TLS_1_2_REQUIRED
    assert verdict({"clients.laptops.tls_1_2": False}).status == 200
    asked = encounter_of(old)
    onsite = Visit(
        asked.client, asked.management_point, asked.site, asked.certificates, asked.aad, asked.version, TODAY
    )
    assert authenticate_on_intranet(onsite).status == 200


def test_before_1906_the_tls_option_does_not_exist():
    old = {
        "gateways.east.enforce_tls_1_2": True,
        "clients.laptops.tls_1_2": False,
        "hierarchy.version": 1902,
    }
    assert verdict(old).status == 200


@pytest.mark.seed("S-62")
@pytest.mark.parametrize("unpublished", ["issuing", "root"])
def test_clients_that_check_an_unpublished_crl_do_not_trust_the_gateway(unpublished):
    hidden = {**PRIVATE, f"certificates.authorities.{unpublished}.crl_published": False}
    failed = verdict(hidden)
    assert (failed.status, failed.reason) == (12_175, Reason.CERT_REV_FAILED)
    assert "Communication Security" in failed.detail
    cleared = {
        **hidden,
        "hierarchy.sites.P01.clients_check_crl": False,
        "gateways.east.verify_client_revocation": False,
    }
    assert verdict(cleared).status == 200


@pytest.mark.parametrize(
    ("changes", "reason", "words"),
    [
        ({"certificates.servers.east.valid_from": "2019-07-30"}, Reason.CERT_DATE_INVALID, "from 2019-07-30 on"),
        ({"certificates.servers.east.purposes": ["client_authentication"]}, Reason.CERT_WRONG_USAGE, "server auth"),
        ({"certificates.servers.east.revoked_on": "2019-07-29"}, Reason.CERT_REVOKED, "the server certificate"),
        ({"certificates.servers.east.key_bits": 512}, Reason.INVALID_CERT, "too short"),
        (
            {**PRIVATE, "certificates.authorities.issuing.valid_from": "2019-07-30"},
            Reason.CERT_DATE_INVALID,
            "authority issuing is not valid yet",
        ),
        (
            {**PRIVATE, "certificates.authorities.issuing.revoked_on": "2019-07-01"},
            Reason.CERT_REVOKED,
            "authority issuing was revoked",
        ),
    ],
)
def test_clients_refuse_a_gateway_whose_certificate_is_not_as_it_should_be(changes, reason, words):
    failed = verdict(changes)
    assert (failed.status, failed.text, failed.reason) == (12_175, "ERROR_WINHTTP_SECURE_FAILURE", reason)
    assert words in failed.detail


def test_a_certificate_begins_and_is_revoked_in_simulated_time():
    begins = {"certificates.servers.east.valid_from": "2019-07-30"}
    assert verdict(begins, date(2019, 7, 30)).status == 200
    revoked = {"certificates.servers.east.revoked_on": "2019-08-05"}
    assert verdict(revoked, date(2019, 8, 4)).status == 200
    assert verdict(revoked, date(2019, 8, 5)).reason is Reason.CERT_REVOKED


def test_windows_takes_no_rsa_key_below_1024_bits():
    verdicts = {bits: verdict({"certificates.servers.east.key_bits": bits}).status for bits in (1023, 1024, 4096)}
    assert verdicts == {1023: 12_175, 1024: 200, 4096: 200}


def test_who_checks_no_revocation_list_takes_what_was_revoked():
    unchecked = {"certificates.servers.east.revoked_on": "2019-07-01", "hierarchy.sites.P01.clients_check_crl": False}
    assert verdict(unchecked).status == 200


# -- the client's certificate


@pytest.mark.seed("S-41", "S-44")
@pytest.mark.parametrize(("uploaded", "missing"), [([], "issuing"), (["root"], "issuing"), (["issuing"], "root")])
def test_every_certificate_of_the_clients_chain_must_be_with_the_gateway(uploaded, missing):
    failed = verdict({"gateways.east.trusted_authorities": uploaded})
    assert (failed.status, failed.reason) == (401, Reason.CHAIN_INCOMPLETE)
    assert f"authority {missing} " in failed.detail


@pytest.mark.seed("S-43")
def test_clients_of_azure_ad_need_no_root_certificates():
    assert verdict(AAD).status == 200


def test_without_the_azure_ad_integration_there_are_no_tokens():
    assert verdict({**AAD, "azure.aad": None}).reason is Reason.NO_IDENTITY
    assert verdict({**AAD, "clients.laptops.os": "Windows 7"}).reason is Reason.NO_IDENTITY


@pytest.mark.seed("S-47")
def test_verification_against_an_unpublished_crl_refuses_certificates_and_spares_tokens():
    hidden = {"certificates.authorities.issuing.crl_published": False}
    failed = verdict(hidden)
    assert (failed.status, failed.reason) == (401, Reason.CRL_NOT_PUBLISHED)
    assert "issuing" in failed.detail
    assert verdict({**hidden, "gateways.east.verify_client_revocation": False}).status == 200
    assert verdict({**AAD, **hidden}).status == 200


def test_an_expired_authority_ends_the_clients_it_issued_certificates_to():
    ends = {"certificates.authorities.issuing.expires": "2019-08-10"}
    assert verdict(ends, date(2019, 8, 10)).status == 200
    assert verdict(ends, date(2019, 8, 11)).reason is Reason.CHAIN_EXPIRED


def test_a_revoked_authority_ends_the_clients_it_issued_certificates_to_where_the_gateway_verifies():
    ends = {"certificates.authorities.issuing.revoked_on": "2019-08-10"}
    assert verdict(ends, date(2019, 8, 9)).status == 200
    failed = verdict(ends, date(2019, 8, 10))
    assert (failed.status, failed.reason) == (401, Reason.CHAIN_REVOKED)
    assert "issuing" in failed.detail
    unverified = {**ends, "gateways.east.verify_client_revocation": False}
    assert verdict(unverified, date(2019, 8, 10)).status == 200


ISSUED = "certificates.authorities.issuing.client_certificates"


def test_client_certificates_expire_in_simulated_time():
    ends = {ISSUED: {"expires": "2019-08-10"}}
    assert verdict(ends, date(2019, 8, 10)).status == 200
    failed = verdict(ends, date(2019, 8, 11))
    assert (failed.status, failed.reason) == (401, Reason.CLIENT_CERTIFICATE_EXPIRED)
    assert verdict({**ends, "clients.laptops.certificate": "root"}, date(2019, 8, 11)).status == 200, "another issuer's"


def test_whose_certificate_expired_shows_a_token_if_it_can_get_one():
    hybrid = {ISSUED: {"expires": "2019-08-10"}, "clients.laptops.identity": "hybrid"}
    assert verdict(hybrid, date(2019, 8, 11)).status == 200
    later = {ISSUED: {"expires": "2019-08-10"}, "hierarchy.version": 2002}
    assert verdict(later, date(2019, 8, 11)).status == 200


def test_client_certificates_begin_and_are_revoked():
    begins = {ISSUED: {"valid_from": "2019-08-10"}}
    failed = verdict(begins, date(2019, 8, 9))
    assert (failed.reason, failed.detail) == (Reason.CHAIN_EXPIRED, "the certificate of the client is not valid yet")
    assert verdict(begins, date(2019, 8, 10)).status == 200
    revoked = {ISSUED: {"revoked_on": "2019-08-10"}}
    assert verdict(revoked, date(2019, 8, 9)).status == 200
    failed = verdict(revoked, date(2019, 8, 10))
    assert (failed.status, failed.reason) == (401, Reason.CHAIN_REVOKED)
    assert "certificate of the client was revoked" in failed.detail
    unverified = {**revoked, "gateways.east.verify_client_revocation": False}
    assert verdict(unverified, date(2019, 8, 10)).status == 200
    other = {"certificates.authorities.root.client_certificates": {"revoked_on": "2019-08-10"}}
    assert verdict(other, date(2019, 8, 10)).status == 200, "another authority's are meant"


def test_an_authority_that_begins_later_serves_nobody_before():
    begins = {"certificates.authorities.issuing.valid_from": "2019-08-10"}
    assert verdict(begins, date(2019, 8, 9)).reason is Reason.CHAIN_EXPIRED
    assert verdict(begins, date(2019, 8, 10)).status == 200


def test_a_certificate_trust_list_must_hold_the_root():
    other = {"certificates.authorities.other": {}}
    assert verdict({**other, "hierarchy.sites.P01.trusted_roots": ["other"]}).reason is Reason.NOT_IN_TRUST_LIST
    assert verdict({**other, "hierarchy.sites.P01.trusted_roots": ["other", "root"]}).status == 200


@pytest.mark.seed("S-60")
@pytest.mark.parametrize(
    ("version", "tab"), [(1902, "Client Computer Communication"), (1906, "Communication Security")]
)
def test_the_sites_pki_option_must_be_on_for_clients_with_certificates(version, tab):
    failed = verdict({"hierarchy.sites.P01.use_pki_client_certificate": False, "hierarchy.version": version})
    assert (failed.status, failed.reason) == (401, Reason.SITE_PKI_OPTION_OFF)
    assert tab in failed.detail


def test_a_hybrid_client_falls_back_to_its_token_when_its_site_uses_no_certificates():
    hybrid = {"clients.laptops.identity": "hybrid", "gateways.east.trusted_authorities": []}
    assert verdict(hybrid).reason is Reason.CHAIN_INCOMPLETE
    assert verdict({**hybrid, "hierarchy.sites.P01.use_pki_client_certificate": False}).status == 200


@pytest.mark.parametrize(("version", "status"), [(1910, 401), (2002, 200)])
@pytest.mark.conflict("X-13")
def test_site_tokens_begin_with_2002(version, status):
    bare = {"clients.laptops.certificate": None, "roles.management_points.mp1.mode": "enhanced_http"}
    assert verdict({**bare, "hierarchy.version": version}).status == status


BARE = {
    "clients.laptops.certificate": None,
    "roles.management_points.mp1.mode": "enhanced_http",
    "hierarchy.version": 2002,
}


@pytest.mark.parametrize(("days", "status"), [(0, 200), (89, 200), (90, 401), (400, 401)])
def test_a_site_token_lives_ninety_days(days, status):
    failed = authenticate(replace(encounter_of(BARE), token_age=timedelta(days=days)))
    assert failed.status == status
    assert failed.reason is (Reason.AUTHENTICATED if status == 200 else Reason.TOKEN_EXPIRED)
    assert status == 200 or (failed.text == "CMGService_Invalid_Token" and f"{days} days ago" in failed.detail)


def test_the_age_of_a_site_token_does_not_matter_to_others():
    old = timedelta(days=400)
    assert authenticate(replace(encounter_of(), token_age=old)).status == 200
    assert authenticate(replace(encounter_of(AAD), token_age=old)).status == 200


@pytest.mark.parametrize(
    ("changes", "credential"),
    [
        ({}, Credential.CERTIFICATE),
        ({"clients.laptops.identity": "hybrid"}, Credential.CERTIFICATE),
        (AAD, Credential.AZURE_AD),
        ({**AAD, "clients.laptops.os": "Windows 8.1"}, Credential.NONE),
        ({**AAD, "hierarchy.version": 2002}, Credential.AZURE_AD),
        (BARE, Credential.SITE_TOKEN),
        ({**BARE, "hierarchy.version": 1910}, Credential.NONE),
        ({"hierarchy.sites.P01.use_pki_client_certificate": False}, Credential.NONE),
    ],
)
def test_a_client_prefers_its_certificate_then_azure_ad_then_a_site_token(changes, credential):
    assert credential_of(encounter_of(changes)) is credential


# -- on to the management point


def test_a_management_point_without_the_box_has_no_mapping():
    assert verdict({"roles.management_points.mp1.gateway_traffic": False}).status == 404


@pytest.mark.seed("S-63")
def test_without_a_connection_point_nothing_passes():
    failed = authenticate(replace(encounter_of(), connection_points=()))
    assert (failed.status, failed.text) == (500, "CMGConnector_InternalServerError")


@pytest.mark.seed("S-67")
@pytest.mark.conflict("X-20")
def test_https_and_client_certificates_need_a_certificate_on_the_connection_point():
    bare = {"roles.connection_points.cp1.client_certificate": False}
    failed = verdict(bare)
    assert (failed.status, failed.text) == (403, "CMGConnector_Clientcertificaterequired")
    assert verdict({**bare, "roles.management_points.mp1.mode": "enhanced_http"}).status == 200
    assert verdict({**AAD, **bare, "roles.management_points.mp1.mode": "https"}).status == 200
    assert verdict({**bare, "roles.connection_points.cp2": {"site": "P01", "gateway": "east"}}).status == 200


def test_the_connection_points_certificate_expires_in_simulated_time():
    ends = {"roles.connection_points.cp1.client_certificate_expires": "2019-08-10"}
    assert verdict(ends, date(2019, 8, 10)).status == 200
    failed = verdict(ends, date(2019, 8, 11))
    assert (failed.status, failed.text) == (403, "CMGConnector_Clientcertificaterequired")
    assert "expired on 2019-08-10" in failed.detail
    assert verdict({**ends, **AAD, "roles.management_points.mp1.mode": "https"}, date(2019, 8, 11)).status == 200


@pytest.mark.seed("S-74")
@pytest.mark.parametrize(
    ("version", "mode", "identity", "status"),
    [
        (1710, "http", "ad_joined", 200),
        (1802, "http", "ad_joined", 403),
        (1802, "https", "ad_joined", 200),
        (1802, "enhanced_http", "ad_joined", 403),
        (1806, "enhanced_http", "workgroup", 200),
        (1806, "enhanced_http", "hybrid", 200),
        (1906, "http", "hybrid", 403),
        (1906, "https", "workgroup", 200),
    ],
)
def test_which_modes_a_management_point_may_have_depends_on_the_version(version, mode, identity, status):
    found = verdict(
        {
            "hierarchy.version": version,
            "roles.management_points.mp1.mode": mode,
            "clients.laptops.identity": identity,
        }
    )
    assert found.status == status
    assert found.reason in (Reason.AUTHENTICATED, Reason.MP_MODE_INVALID)


@pytest.mark.seed("S-74")
def test_clients_of_azure_ad_are_served_by_enhanced_http_from_1806_on():
    assert verdict({**AAD, "hierarchy.version": 1806}).status == 200
    by_site = {"roles.management_points.mp1.mode": "http", "hierarchy.sites.P01.generated_certificates": True}
    assert verdict({**AAD, **by_site, "hierarchy.version": 1806}).status == 200
    assert verdict({**AAD, **by_site, "hierarchy.version": 1802}).status == 403


def test_the_matrix_has_every_client_in_every_version_and_always_takes_https():
    assert len(GATEWAY_MODES) == 4 * len(VERSIONS)
    assert all("https" in modes for modes in GATEWAY_MODES.values())


# -- who checks the certificates of the servers on premises


ISSUER = "roles.connection_points.cp1.client_certificate_issuer"
REVOKED = "roles.connection_points.cp1.client_certificate_revoked_on"
OTHERS = {"certificates.authorities.cps": {"issuer": "root"}, ISSUER: "cps"}
"""The connection point's certificate comes from an authority that issued none to clients."""


@pytest.mark.seed("S-67")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({REVOKED: "2019-07-29"}, "was revoked on 2019-07-29"),
        ({**OTHERS, REVOKED: "2019-07-29"}, "was revoked"),
        ({**OTHERS, "certificates.authorities.cps.revoked_on": "2019-07-29"}, "authority cps, whose certificate was"),
        ({**OTHERS, "certificates.authorities.cps.expires": "2019-07-28"}, "authority cps, whose certificate expired"),
        (
            {**OTHERS, "certificates.authorities.cps.valid_from": "2019-07-30"},
            "authority cps, whose certificate is not",
        ),
        ({**OTHERS, "certificates.authorities.cps.crl_on_intranet": False}, "list of cps cannot be fetched"),
        (
            {**OTHERS, "certificates.authorities.cps.issuer": None, "hierarchy.sites.P01.trusted_roots": ["root"]},
            "root cps, which is not on the site's",
        ),
    ],
)
def test_a_management_point_checks_the_connection_points_chain_and_its_revocation_lists(changes, words):
    failed = verdict(changes)
    assert (failed.status, failed.text) == (403, "CMGConnector_Clientcertificaterequired")
    assert words in failed.detail
    assert verdict({**changes, "roles.management_points.mp1.mode": "enhanced_http"}).status == 200
    second = {"roles.connection_points.cp2": {"site": "P01", "gateway": "east"}}
    assert verdict({**changes, **second}).status == 200, "another connection point takes it"


def test_a_connection_points_certificate_is_revoked_in_simulated_time_and_its_list_need_not_be_on_the_internet():
    revoked = {**OTHERS, REVOKED: "2019-08-10"}
    assert verdict(revoked, date(2019, 8, 9)).status == 200
    assert verdict(revoked, date(2019, 8, 10)).reason is Reason.CONNECTION_POINT_CERTIFICATE
    assert verdict({**OTHERS, "certificates.authorities.cps.crl_published": False}).status == 200


def test_a_connection_point_does_not_call_a_management_point_whose_certificate_it_does_not_trust():
    web = {"certificates.servers.mp": {"name": "mp1.corp", "issuer": "root", "expires": "2019-08-10"}}
    held = {**web, "roles.management_points.mp1.certificate": "mp"}
    assert verdict(held, date(2019, 8, 10)).status == 200
    failed = verdict(held, date(2019, 8, 11))
    assert (failed.status, failed.text) == (500, "CMGConnector_InternalServerError")
    assert "has expired" in failed.detail
    misnamed = {**held, "certificates.servers.mp.name": "mp9.corp"}
    assert verdict(misnamed).reason is Reason.MANAGEMENT_POINT_CERTIFICATE
    unnamed = {**misnamed, "roles.management_points.mp1.server": ""}
    assert verdict(unnamed).status == 200, "without the server's name no name is wrong"
    plain = {**held, "roles.management_points.mp1.mode": "enhanced_http"}
    assert verdict(plain, date(2019, 8, 11)).status == 200, "enhanced HTTP does without it"


def test_who_was_installed_to_check_no_list_takes_a_gateway_whose_list_is_not_published():
    hidden = {**PRIVATE, "certificates.authorities.root.crl_published": False}
    unverified = {**hidden, "gateways.east.verify_client_revocation": False}
    assert verdict(unverified).reason is Reason.CERT_REV_FAILED
    assert verdict({**unverified, "clients.laptops.command_line": "/NoCRLCheck"}).status == 200
    assert verdict({**hidden, "clients.laptops.command_line": "/NoCRLCheck"}).reason is Reason.CRL_NOT_PUBLISHED


# -- tokens of devices, and of clients installed from the internet


@pytest.mark.parametrize(
    ("os", "version", "credential"),
    [
        ("Windows 10 1903", 1806, Credential.AZURE_AD),
        ("Windows 10 1803", 1806, Credential.AZURE_AD),
        ("Windows 10 1709", 1806, Credential.NONE),
        ("Windows 10 1903", 1802, Credential.NONE),
        ("Windows 10", 1806, Credential.AZURE_AD),
        ("Windows 10 21H2", 1806, Credential.AZURE_AD),
        ("Windows 11 1507", 1910, Credential.AZURE_AD),
    ],
)
def test_with_nobody_signed_in_the_device_has_a_token_from_1806_and_windows_10_1803_on(os, version, credential):
    changes = {**AAD, "clients.laptops.os": os, "hierarchy.version": version, "clients.laptops.signed_in": "nobody"}
    assert credential_of(encounter_of(changes)) is credential
    assert credential_of(encounter_of({**changes, "clients.laptops.signed_in": "user"})) is Credential.AZURE_AD
    assert credential is Credential.AZURE_AD or "nobody is signed in" in verdict(changes).detail


def test_who_never_registered_has_no_site_token():
    unregistered = replace(encounter_of(BARE), registration=Registration.NOWHERE)
    failed = authenticate(unregistered)
    assert (failed.status, failed.reason) == (401, Reason.NO_IDENTITY)
    assert "/regtoken" in failed.detail
    assert authenticate(replace(unregistered, registration=Registration.BULK_TOKEN)).status == 200
    with_certificate = replace(encounter_of(), registration=Registration.NOWHERE)
    assert authenticate(with_certificate).status == 200


CHANGES = st.fixed_dictionaries(
    {},
    optional={
        "hierarchy.version": st.sampled_from(VERSIONS),
        "hierarchy.sites.P01.use_pki_client_certificate": st.booleans(),
        "hierarchy.sites.P01.clients_check_crl": st.booleans(),
        "clients.laptops.certificate": st.sampled_from([None, "issuing", "root"]),
        "clients.laptops.identity": st.sampled_from(["workgroup", "ad_joined", "aad_joined", "hybrid"]),
        "clients.laptops.tls_1_2": st.booleans(),
        "gateways.east.enforce_tls_1_2": st.booleans(),
        "gateways.east.verify_client_revocation": st.booleans(),
        "gateways.east.trusted_authorities": st.sampled_from([[], ["root"], ["root", "issuing"]]),
        "certificates.authorities.issuing.crl_published": st.booleans(),
        "certificates.servers.east.issuer": st.sampled_from(["digicert", "root", "issuing"]),
        "roles.management_points.mp1.mode": st.sampled_from(["http", "https", "enhanced_http"]),
        "roles.management_points.mp1.gateway_traffic": st.booleans(),
        "roles.connection_points.cp1.client_certificate": st.booleans(),
    },
)


@given(CHANGES)
def test_a_refusal_always_says_why_and_who_is_served_shows_a_credential(changes):
    found = verdict(changes)
    assert (found.status == 200) == (found.reason is Reason.AUTHENTICATED) == (not found.detail)
    if found.status == 200:
        encounter = encounter_of(changes)
        assert encounter.management_point.gateway_traffic
        assert (
            encounter.version >= 2002
            or encounter.client.certificate
            or "joined" in encounter.client.identity
            or (encounter.client.identity == "hybrid")
        )


@given(CHANGES)
def test_turning_verification_off_never_shuts_anybody_out(changes):
    before = verdict(changes)
    after = verdict({**changes, "gateways.east.verify_client_revocation": False})
    assert before.status != 200 or after.status == 200
