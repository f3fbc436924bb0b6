"""What the create wizard refuses: each refusal by its code, and nothing has changed."""

import pytest
from azure_parts import PLANNED, Console, classic_changes
from site_parts import design_of

from cmgsim.errors import Refused
from cmgsim.site.facts import Outcome
from cmgsim.site.wizard import CHECKS, Entry, refusals

CASES = {
    "FEATURE_OFF": {"hierarchy.gateway_feature": False},
    "SCP_OFFLINE": {"hierarchy.service_connection_point": {"mode": "offline"}},
    "AZURE_UNREACHABLE": {"hierarchy.service_connection_point": {"azure_reachable": False}},
    "AAD_INTEGRATION_MISSING": {"azure.aad": {"cloud_management": False}},
    "NOT_SUBSCRIPTION_ADMIN": {"azure.subscriptions.main.signed_in_as": "contributor"},
    "SUBSCRIPTION_NOT_CHOSEN": {"azure.subscriptions.second": {"id": "00000000-0000-0000-0000-000000000002"}},
    "NO_PRIVATE_KEY": {"certificates.servers.west.private_key": "absent"},
    "WILDCARD_NOT_REPLACED": {"certificates.servers.west.name": "*.contoso.com"},
    "SERVICE_NAME_INVALID": {"certificates.servers.west.name": "my-gateway.contoso.com"},
    "REGION_NOT_OFFERED": {"gateways.west.region": "atlantis"},
    "TLS_NOT_AVAILABLE": {"hierarchy.version": 1902, "gateways.west.enforce_tls_1_2": True},
    "METHOD_NOT_AVAILABLE": {"gateways.west.deployment": "vmss"},
    "ROOT_REQUIRED": {"hierarchy.version": 1802, "gateways.west.trusted_authorities": []},
    "CLASSIC_NOT_AVAILABLE": {"gateways.west.deployment": "classic"},
    "NOT_TOP_LEVEL_SITE": {
        "hierarchy.sites": {
            "CAS": {"kind": "central_administration"},
            "P01": {"parent": "CAS", "use_pki_client_certificate": True},
        },
        "gateways.west.site": "P01",
    },
    "RESOURCE_GROUP_EXISTS": {
        "azure.subscriptions.main.resource_groups": {"mine": {"region": "westus"}},
        "gateways.west.resource_group": {"create_new": "mine"},
    },
    "RESOURCE_GROUP_NOT_FOUND": {"gateways.west.resource_group": {"use_existing": "nowhere"}},
    "CSP_SUBSCRIPTION": {"azure.subscriptions.main.csp": True},
    "VM_SIZE_NOT_AVAILABLE": {"hierarchy.version": 2107, "gateways.west.vm_size": "A4_v2"},
    "CONTENT_NOT_AVAILABLE": {"hierarchy.version": 1802, "gateways.west.content": True},
    "STOP_NOT_AVAILABLE": {"hierarchy.version": 1810, "gateways.west.alerts": {"stop_on_critical": True}},
    "ENVIRONMENT_NOT_AVAILABLE": {
        "hierarchy.version": 2107,
        "azure.environment": "AzureUSGovernmentCloud",
        "gateways.east.region": "usgovvirginia",
        "gateways.west.region": "usgovvirginia",
        "gateways.west.deployment": "vmss",
    },
}
#: Refusals with tests of their own below.
ELSEWHERE = {
    "TOO_MANY_ROOTS",
    "TOO_MANY_INTERMEDIATES",
    "MANAGEMENT_CERTIFICATE_MISSING",
    "SUBSCRIPTION_ID_MISSING",
}


def test_every_refusal_is_tested():
    assert {check.code for check in CHECKS} == {*CASES, *ELSEWHERE}


@pytest.mark.seed(
    "S-02", "S-06", "S-10", "S-21", "S-24", "S-26", "S-30", "S-31", "S-33", "S-34", "S-38", "S-42", "S-48"
)
@pytest.mark.parametrize(("code", "changes"), CASES.items(), ids=list(CASES))
def test_the_wizard_refuses_and_nothing_is_created(code, changes):
    console = Console(PLANNED | changes)
    before = console.in_azure()
    with pytest.raises(Refused) as refusal:
        console.order(create_gateway="west")
    assert refusal.value.code == code
    assert console.facts == []
    assert console.manager.due() is None
    assert console.in_azure() == before


@pytest.mark.seed("S-22")
def test_a_refusal_names_the_place_in_the_console():
    with pytest.raises(Refused, match="Administration > Cloud Services > Cloud Management Gateway"):
        Console(PLANNED | CASES["FEATURE_OFF"]).order(create_gateway="west")


@pytest.mark.seed("S-02")
def test_with_the_feature_on_the_wizard_goes_ahead():
    assert Console(PLANNED).do(create_gateway="west").outcome is Outcome.DONE


@pytest.mark.seed("S-07")
def test_user_discovery_is_not_demanded():
    console = Console(PLANNED | {"azure.aad": {"user_discovery": False}})
    assert console.do(create_gateway="west").outcome is Outcome.DONE


@pytest.mark.seed("S-42")
def test_from_1806_on_no_root_certificate_is_demanded():
    console = Console(PLANNED | {"hierarchy.version": 1806, "gateways.west.trusted_authorities": []})
    assert console.do(create_gateway="west").outcome is Outcome.DONE


@pytest.mark.seed("S-45")
@pytest.mark.oracle("O-17")
@pytest.mark.parametrize(
    ("version", "roots", "intermediates", "code"),
    [
        (1902, 2, 4, ""),
        (1902, 3, 0, "TOO_MANY_ROOTS"),
        (1902, 1, 5, "TOO_MANY_INTERMEDIATES"),
        (1906, 3, 5, ""),
    ],
)
@pytest.mark.conflict("X-12")
def test_up_to_1902_a_gateway_takes_two_roots_and_four_intermediates(version, roots, intermediates, code):
    authorities = {f"root{number}": {} for number in range(roots)}
    authorities |= {f"sub{number}": {"issuer": "root0"} for number in range(intermediates)}
    changes = {
        "hierarchy.version": version,
        "certificates.authorities": {"root": {}, "issuing": {"issuer": "root"}, "digicert": {"kind": "public"}}
        | authorities,
        "gateways.west.trusted_authorities": list(authorities),
    }
    console = Console(PLANNED | changes)
    if code:
        with pytest.raises(Refused, match=code):
            console.order(create_gateway="west")
    else:
        assert console.do(create_gateway="west").outcome is Outcome.DONE


@pytest.mark.seed("S-20", "S-28")
def test_a_classic_deployment_needs_a_management_certificate_and_others_do_not():
    changes = classic_changes(
        **{"hierarchy.version": 1810, "gateways.east.planned": True, "gateways.east.management_certificate": None}
    )
    with pytest.raises(Refused, match="MANAGEMENT_CERTIFICATE_MISSING"):
        Console(changes).order(create_gateway="east")
    assert Console(PLANNED).do(create_gateway="west").outcome is Outcome.DONE


@pytest.mark.seed("S-19")
@pytest.mark.parametrize("subscriptions", [{}, {"main": {"id": ""}}])
def test_a_classic_deployment_needs_the_subscription_id(subscriptions):
    changes = classic_changes(**{"hierarchy.version": 1810, "gateways.east.planned": True})
    changes.pop("azure.subscriptions.main.management_certificates")
    with pytest.raises(Refused, match="SUBSCRIPTION_ID_MISSING"):
        Console(changes | {"azure.subscriptions": subscriptions}).order(create_gateway="east")


@pytest.mark.seed("S-27")
def test_the_method_need_not_be_named_in_1906():
    console = Console(PLANNED)
    assert "deployment" not in console.design.gateways["west"].model_fields_set
    assert console.do(create_gateway="west").outcome is Outcome.DONE


@pytest.mark.seed("S-29")
@pytest.mark.parametrize(
    ("environment", "method", "version", "offered"),
    [
        ("AzurePublicCloud", "classic", 1810, True),
        ("AzureUSGovernmentCloud", "classic", 1810, True),
        ("AzurePublicCloud", "arm", 1906, True),
        ("AzureUSGovernmentCloud", "arm", 1906, True),
        ("AzurePublicCloud", "vmss", 2107, True),
        ("AzureUSGovernmentCloud", "vmss", 2107, False),
        ("AzureUSGovernmentCloud", "vmss", 2203, True),
    ],
)
def test_which_environments_are_offered_depends_on_the_method(environment, method, version, offered):
    region = "usgovvirginia" if environment == "AzureUSGovernmentCloud" else "eastus"
    changes = {
        "azure.environment": environment,
        "hierarchy.version": version,
        "gateways.east.region": region,
        "gateways.east.deployment": method,
        "gateways.east.planned": True,
    }
    design = design_of(classic_changes(**changes) if method == "classic" else changes)
    found = [refusal.code for refusal in refusals(Entry(design, "east", design.gateways["east"]))]
    assert found == ([] if offered else ["ENVIRONMENT_NOT_AVAILABLE"])


@pytest.mark.seed("S-12", "S-32")
def test_the_names_come_from_the_certificate():
    gateway = Console().gateway("east")
    assert (gateway.fqdn, gateway.service_name) == ("GraniteFalls.contoso.com", "GraniteFalls")


@pytest.mark.seed("S-33")
def test_a_wildcard_certificate_serves_once_its_asterisk_is_replaced():
    changes = {"certificates.servers.west.name": "*.contoso.com", "gateways.west.service_fqdn": "hilltop.contoso.com"}
    console = Console(PLANNED | changes)
    assert console.do(create_gateway="west").outcome is Outcome.DONE
    assert console.gateway("west").service_name == "hilltop"
