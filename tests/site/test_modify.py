"""What changes in place on the Properties pages, and what means a redeployment."""

import pytest
from azure_parts import Console, classic_changes

from cmgsim.errors import Refused
from cmgsim.site.facts import Outcome

REDEPLOY = {
    "deployment": (classic_changes(), "arm"),
    "subscription": ({"azure.subscriptions.second": {"id": "00000000-0000-0000-0000-000000000002"},
                      "gateways.east.subscription": "main"}, "second"),
    "service_fqdn": ({}, "other.contoso.com"),
    "region": ({}, "westus"),
}  # fmt: skip


@pytest.mark.seed("S-104", "S-105", "S-106", "S-108")
@pytest.mark.parametrize("field", list(REDEPLOY))
def test_some_changes_mean_a_redeployment(field):
    changes, value = REDEPLOY[field]
    console = Console(changes)
    with pytest.raises(Refused) as refusal:
        console.order(modify_gateway={"gateway": "east", field: value})
    assert refusal.value.code == "REDEPLOY_REQUIRED"
    assert console.manager.due() is None


@pytest.mark.seed("S-107")
@pytest.mark.conflict("X-16")
def test_from_a_private_to_a_public_issuer_is_a_redeployment():
    changes = {
        "certificates.servers.east.issuer": "root",
        "certificates.servers.public": {"name": "GraniteFalls.contoso.com", "issuer": "digicert"},
    }
    with pytest.raises(Refused, match="REDEPLOY_REQUIRED"):
        Console(changes).order(modify_gateway={"gateway": "east", "certificate": "public"})


@pytest.mark.seed("S-98")
def test_a_renewed_certificate_of_the_same_name_goes_in_place():
    console = Console(
        {
            "certificates.servers.east.expires": "2019-08-01",
            "certificates.servers.renewed": {
                "name": "GraniteFalls.contoso.com",
                "issuer": "digicert",
                "expires": "2021-08-01",
            },
        }
    )
    assert console.do(modify_gateway={"gateway": "east", "certificate": "renewed"}).outcome is Outcome.DONE
    assert console.gateway("east").settings.certificate == "renewed"


def test_a_renewed_certificate_must_keep_the_letter_case():
    changes = {"certificates.servers.renewed": {"name": "GRANITEFALLS.contoso.com", "issuer": "digicert"}}
    with pytest.raises(Refused, match="CERTIFICATE_NAME_CASE"):
        Console(changes).order(modify_gateway={"gateway": "east", "certificate": "renewed"})


@pytest.mark.seed("S-96", "S-100", "S-101", "S-102")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trusted_authorities", ("root",)),
        ("verify_client_revocation", False),
        ("enforce_tls_1_2", True),
        ("content", False),
    ],
)
@pytest.mark.conflict("X-27")
def test_settings_change_in_place(field, value):
    console = Console()
    assert console.do(modify_gateway={"gateway": "east", field: value}).outcome is Outcome.DONE
    assert getattr(console.gateway("east").settings, field) == value
    assert console.gateway("east").serving


@pytest.mark.seed("S-103")
def test_alerts_change_at_any_time_without_azure():
    console = Console()
    console.order(modify_gateway={"gateway": "east", "alerts": {"threshold": "5 TB"}})
    assert console.manager.due() is None
    assert console.gateway("east").settings.alerts.threshold == 5 * 10**12


@pytest.mark.seed("S-97")
def test_the_management_certificate_is_a_setting_of_classic_gateways_only():
    classic = Console(classic_changes(**{"certificates.management": {"azure": {}, "fresh": {}}}))
    classic.order(modify_gateway={"gateway": "east", "management_certificate": "fresh"})
    assert classic.gateway("east").settings.management_certificate == "fresh"
    with pytest.raises(Refused, match="NOT_APPLICABLE"):
        Console({"certificates.management": {"fresh": {}}}).order(
            modify_gateway={"gateway": "east", "management_certificate": "fresh"}
        )


@pytest.mark.seed("S-103")
@pytest.mark.parametrize("first", [{"stop_gateway": "east"}, {"scale_gateway": {"gateway": "east", "vms": 3}}])
def test_alerts_change_while_the_service_is_busy_or_stopped_and_stay_changed(first):
    console = Console()
    console.order(**first)
    console.order(modify_gateway={"gateway": "east", "alerts": {"threshold": "5 TB"}})
    console.settle()
    console.order(modify_gateway={"gateway": "east", "alerts": {"threshold": "5 TB"}})
    assert console.gateway("east").settings.alerts.threshold == 5 * 10**12


@pytest.mark.parametrize("field", ["alerts", "content"])
def test_a_gateway_that_does_not_exist_has_no_properties(field):
    console = Console({"gateways.east.planned": True})
    value = {"alerts": {}, "content": False}[field]
    with pytest.raises(Refused, match="ILLEGAL"):
        console.order(modify_gateway={"gateway": "east", field: value})


@pytest.mark.seed("S-48", "S-102")
@pytest.mark.parametrize(
    ("version", "field", "value", "code"),
    [
        (1902, "enforce_tls_1_2", True, "TLS_NOT_AVAILABLE"),
        (1802, "content", True, "CONTENT_NOT_AVAILABLE"),
        (1810, "alerts", {"stop_on_critical": True}, "STOP_NOT_AVAILABLE"),
        (1902, "trusted_authorities", ["root", "digicert", "extra"], "TOO_MANY_ROOTS"),
    ],
)
def test_what_the_version_does_not_have_cannot_be_changed_either(version, field, value, code):
    console = Console({"hierarchy.version": version, "certificates.authorities.extra": {}})
    with pytest.raises(Refused) as refusal:
        console.order(modify_gateway={"gateway": "east", field: value})
    assert refusal.value.code == code
    assert console.gateway("east").serving


@pytest.mark.seed("S-102")
def test_content_switched_on_needs_a_free_storage_account_name():
    console = Console({"gateways.east.content": False, "azure.taken_names": {"storage_accounts": ["granitefalls"]}})
    ended = console.do(modify_gateway={"gateway": "east", "content": True})
    assert (ended.outcome, ended.code) == (Outcome.FAILED, "STORAGE_NAME_TAKEN")
    assert console.gateway("east").serving
    assert console.gateway("east").settings.content is False


def test_values_that_are_as_they_were_are_no_change():
    console = Console()
    same = {"region": "East US", "deployment": "arm", "content": True, "service_fqdn": "GraniteFalls.contoso.com"}
    console.order(modify_gateway={"gateway": "east", **same})
    assert console.manager.due() is None


def test_a_wildcard_certificate_takes_over_when_it_covers_the_name():
    changes = {"certificates.servers.wild": {"name": "*.contoso.com", "issuer": "digicert"}}
    assert Console(changes).do(modify_gateway={"gateway": "east", "certificate": "wild"}).outcome is Outcome.DONE
