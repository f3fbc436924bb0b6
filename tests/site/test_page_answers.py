"""What the wizard's pages show when a design has answered them, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from all_refusals import CLASSIC, SCALE_SET, WILDCARD
from site_parts import design_of

from cmgsim.site.pages import PAGES, fields
from cmgsim.site.wizard import Entry

MAIN = {"azure.subscriptions.main": {"id": "00000000-0000-0000-0000-000000000001"}}
METHOD, CONTENT = "Deployment method", "Allow CMG to function as a cloud distribution point and serve content from "
FIRST_PAGES = {
    "The command in the ribbon": "on",
    "Sign in": "subscription admin",
    "Azure AD app name": "",
    "Subscription ID": "00000000-0000-0000-0000-000000000001",
    "Azure environment": "AzurePublicCloud",
    "Next: the site tests the connection to Azure": "online",
}


def answers(changes: dict[str, Any] | None = None) -> dict[str, str]:
    """Return the label of every field the wizard shows for gateway east, and what the design answers."""
    design = design_of(changes)
    gateway = design.gateways["east"]
    entry = Entry(design, "east", gateway, design.hierarchy.gateway_feature)
    return {field.label: field.answer(entry) for field in fields(entry.version, gateway.deployment)}


def test_the_small_design_answers_every_page():
    assert answers(MAIN) == FIRST_PAGES | {
        "Certificate file": "east",
        "Service FQDN": "GraniteFalls.contoso.com",
        "Service name": "GraniteFalls",
        "Region": "eastus",
        "Resource Group": "Create new: east",
        "VM Instance": "1",
        "Certificates: client trusted roots and intermediates": "root, issuing",
        "Verify Client Certificate Revocation": "on",
        "Enforce TLS 1.2": "off",
        f"{CONTENT}Azure storage": "on",
        "Turn on 14-day threshold": "off",
        "14-day threshold for outbound data transfer": "",
        "Percentage for raising warning alert": "",
        "Percentage for raising critical alert": "",
        "Stop this service when the critical threshold is exceeded": "",
    }


def test_a_classic_deployment_shows_its_subscription_and_its_certificate():
    shown = answers(CLASSIC)
    assert shown[METHOD] == "Azure Service Manager"
    assert shown["Azure Subscription ID"] == "00000000-0000-0000-0000-000000000001"
    assert shown["Management certificate"] == "azure"
    assert answers({**CLASSIC, "gateways.east.management_certificate": None})["Management certificate"] == ""
    assert "Resource Group" not in shown


def test_a_scale_set_shows_what_its_size_is_rated_for():
    assert answers({**SCALE_SET, "gateways.east.vm_size": "A4_v2"})["VM Size"] == "A4_v2 (10,000 clients)"
    unknown = {"hierarchy.version": 2010, "gateways.east.deployment": "vmss", "gateways.east.vm_size": "A4_v2"}
    assert answers(unknown)["VM Size"] == "A4_v2", "the version rates no such size"


def test_the_method_is_told_where_it_is_asked_for():
    assert answers({"hierarchy.version": 1902})[METHOD] == "Azure Resource Manager"
    assert METHOD not in answers()


@pytest.mark.parametrize(
    ("changes", "fqdn", "name"),
    [
        (WILDCARD, "", ""),
        ({**WILDCARD, "gateways.east.service_fqdn": "cmg01.contoso.com"}, "cmg01.contoso.com", "cmg01"),
        ({"gateways.east.service_fqdn": "other.contoso.com"}, "", ""),
    ],
)
def test_a_name_is_shown_once_there_is_one(changes, fqdn, name):
    shown = answers(changes)
    assert (shown["Service FQDN"], shown["Service name"]) == (fqdn, name)


@pytest.mark.parametrize(
    ("subscriptions", "chosen", "signed_in", "shown"),
    [
        ({}, None, "", ""),
        ({"main": {}, "second": {}}, None, "", ""),
        ({"main": {"id": ""}}, None, "subscription admin", "main"),
        ({"main": {}, "second": {"id": "2", "signed_in_as": "contributor"}}, "second", "contributor", "2"),
    ],
)
def test_the_subscription_is_the_one_chosen_or_the_only_one(subscriptions, chosen, signed_in, shown):
    found = answers({"azure.subscriptions": subscriptions, "gateways.east.subscription": chosen})
    assert (found["Sign in"], found["Subscription ID"]) == (signed_in, shown)


@pytest.mark.parametrize(
    ("choice", "shown"),
    [
        (None, "Create new: east"),
        ({"create_new": "fresh"}, "Create new: fresh"),
        ({"use_existing": "shared"}, "Use existing: shared"),
    ],
)
def test_the_resource_group_is_a_new_one_unless_one_is_chosen(choice, shown):
    assert answers({"gateways.east.resource_group": choice})["Resource Group"] == shown


def test_switches_show_what_was_chosen():
    own = {
        "hierarchy.gateway_feature": False,
        "gateways.east.verify_client_revocation": False,
        "gateways.east.enforce_tls_1_2": True,
        "gateways.east.content": False,
        "gateways.east.trusted_authorities": [],
    }
    shown = answers(own)
    assert shown["The command in the ribbon"] == "off"
    assert shown["Verify Client Certificate Revocation"] == "off"
    assert shown["Enforce TLS 1.2"] == "on"
    assert shown[f"{CONTENT}Azure storage"] == "off"
    assert shown["Certificates: client trusted roots and intermediates"] == "none"


def test_the_alerts_page_shows_the_threshold_and_its_levels():
    alerts = {"threshold": "5 TB", "warning": "40%", "critical": "80%", "stop_on_critical": True}
    shown = list(answers({"gateways.east.alerts": alerts}).values())
    assert shown[-5:] == ["on", "5 TB", "40%", "80%", "on"]
    shown = list(answers({"gateways.east.alerts": {}}).values())
    assert shown[-5:] == ["on", "10 TB", "50%", "90%", "off"]


def test_no_page_is_without_fields():
    assert {field.page for field in fields(1906, "arm")} == set(PAGES)
