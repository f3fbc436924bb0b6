"""Certificates that end during a plan: each is found at its own place, and only where somebody needs it."""

from __future__ import annotations

from typing import Any

import pytest

from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.lint.linter import lint


def design(*, mode: str = "https", **changes: Any) -> Design:
    authority = {"client_certificates": changes.get("issued", {}), **changes.get("authority", {})}
    return Design.model_validate(
        {
            "cmgsim": 1,
            "name": "Certificates",
            "hierarchy": {"gateway_feature": True, "sites": {"PS1": {"use_pki_client_certificate": True}}},
            "azure": {"aad": {}, "subscriptions": {"main": {}}},
            "certificates": {
                "authorities": {"ca": {"kind": "public"}, "corp": authority},
                "servers": {"gw": {"name": "granitefalls.contoso.com", "issuer": "ca", **changes.get("server", {})}},
            },
            "gateways": {"east": {"certificate": "gw", "region": "westeurope", "trusted_authorities": ["corp"]}},
            "roles": {
                "connection_points": {"cp1": {"site": "PS1", "gateway": "east", **changes.get("point", {})}},
                "management_points": {"mp1": {"site": "PS1", "gateway_traffic": True, "mode": mode}},
            },
            "day_plans": {"always": {"always": changes.get("where", "internet")}},
            "clients": {"road": {"count": 5, "site": "PS1", "day_plan": "always", "certificate": "corp"}},
        }
    )


def found(subject: Design, *rules: str, wait: str | None = None) -> list[str]:
    plan = Plan.model_validate({"plan": "Wait", "steps": [{"wait": wait}]}) if wait else None
    return [finding.where for finding in lint(subject, plan, select=rules)]


POINT = "roles.connection_points.cp1.client_certificate_expires"


@pytest.mark.parametrize(("day", "wait", "at"), [
    ("2019-08-27", None, [POINT]),
    ("2019-08-28", None, []),
    ("2019-09-10", None, []),
    ("2019-09-10", "50d", [POINT]),
])  # fmt: skip
def test_the_connection_points_certificate_ends_within_a_month_or_the_plan(day, wait, at):
    assert found(design(point={"client_certificate_expires": day}), "CMG402", wait=wait) == at


def test_nobody_needs_it_before_enhanced_http():
    assert found(design(mode="enhanced_http", point={"client_certificate_expires": "2019-07-30"}), "CMG402") == []


def test_a_certificate_that_is_not_there_is_told_alone():
    both = {"client_certificate": False, "client_certificate_expires": "2019-07-30"}
    assert found(design(point=both), "CMG402") == ["roles.connection_points.cp1.client_certificate"]


ISSUED = "certificates.authorities.corp.client_certificates"


@pytest.mark.parametrize(("issued", "wait", "at"), [
    ({"expires": "2019-08-28"}, None, [f"{ISSUED}.expires"]),
    ({"expires": "2019-08-29"}, None, []),
    ({"expires": "2019-08-29"}, "31d", [f"{ISSUED}.expires"]),
    ({"revoked_on": "2019-07-29"}, None, [f"{ISSUED}.revoked_on"]),
    ({"revoked_on": "2019-07-30"}, None, []),
    ({"revoked_on": "2019-07-30"}, "2d", [f"{ISSUED}.revoked_on"]),
    ({"valid_from": "2019-07-01"}, "2d", []),
])  # fmt: skip
def test_client_certificates_end_within_a_month_or_the_plan(issued, wait, at):
    assert found(design(issued=issued), "CMG221", wait=wait) == at


def test_client_certificates_of_those_who_use_no_gateway_do_not_matter():
    assert found(design(issued={"expires": "2019-07-30"}, where="intranet"), "CMG221") == []


def test_revoked_certificates_are_found_in_chains_and_among_what_gateways_trust():
    assert found(design(server={"revoked_on": "2019-07-29"}), "CMG219") == ["certificates.servers.gw.revoked_on"]
    later = design(authority={"revoked_on": "2019-08-01"})
    assert found(later, "CMG219") == []
    assert found(later, "CMG219", wait="3d") == ["certificates.authorities.corp.revoked_on"]


def test_the_connection_points_certificate_is_revoked_within_a_month_or_the_plan():
    where = "roles.connection_points.cp1.client_certificate_revoked_on"
    assert found(design(point={"client_certificate_revoked_on": "2019-08-28"}), "CMG402") == [where]
    later = design(point={"client_certificate_revoked_on": "2019-08-29"})
    assert found(later, "CMG402") == []
    assert found(later, "CMG402", wait="31d") == [where]


def test_lists_are_needed_on_the_intranet_where_somebody_shows_a_certificate_to_iis():
    hidden = {"authority": {"crl_on_intranet": False}}
    assert found(design(**hidden), "CMG222") == ["certificates.authorities.corp.crl_on_intranet"]
    assert found(design(mode="enhanced_http", **hidden), "CMG222") == []
    point = design(point={"client_certificate_issuer": "corp"}, **hidden)
    others = point.model_copy(update={"clients": {}})
    assert found(others, "CMG222") == ["certificates.authorities.corp.crl_on_intranet"]


def test_who_was_installed_to_check_no_list_does_not_need_the_gateways_list():
    hidden = design(server={"issuer": "corp"}, authority={"crl_published": False})
    assert found(hidden, "CMG214") == ["hierarchy.sites.PS1.clients_check_crl"]
    road = hidden.clients["road"].model_copy(update={"command_line": "/NoCRLCheck"})
    assert found(hidden.model_copy(update={"clients": {"road": road}}), "CMG214") == []


@pytest.mark.parametrize(
    ("clients", "version", "rules"),
    [
        ({}, 1806, []),
        ({"signed_in": "nobody"}, 1806, []),
        ({"signed_in": "nobody"}, 1802, ["CMG606"]),
        ({"signed_in": "nobody", "os": "Windows 10 1709"}, 1906, ["CMG606"]),
        ({"signed_in": "nobody", "os": "Windows 10 1709"}, 2002, []),
    ],
)
def test_a_device_with_nobody_signed_in_gets_a_token_of_its_own_or_none(clients, version, rules):
    road = {"count": 5, "site": "PS1", "day_plan": "always", "identity": "aad_joined", **clients}
    data = design().model_dump(mode="json", exclude_unset=True) | {"clients": {"road": road}}
    data["hierarchy"]["version"] = version
    assert [finding.rule for finding in lint(Design.model_validate(data), None, select=["CMG606"])] == rules


def test_keys_have_one_of_two_lengths():
    lengths = {bits: found(design(server={"key_bits": bits}), "CMG206") for bits in (1024, 2048, 3072, 4096, 8192)}
    assert [bits for bits, where in lengths.items() if not where] == [2048, 4096]


def test_hashes_are_of_one_family():
    hashes = {word: found(design(server={"signature_hash": word}), "CMG218") for word in ("md5", "sha1", "sha384")}
    assert [word for word, where in hashes.items() if where] == ["md5", "sha1"]


def test_a_certificate_that_begins_today_is_good():
    assert found(design(server={"valid_from": "2019-07-29"}), "CMG217") == []
    assert found(design(server={"valid_from": "2019-07-30"}), "CMG217") == ["certificates.servers.gw.valid_from"]
