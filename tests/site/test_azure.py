"""From the design's Azure side to the fake cloud: what is there, what is taken, who may do what."""

from datetime import date

import pytest
from azure_parts import PLANNED, Console, classic_changes
from site_parts import design_of

from cmgsim.arm.identifiers import named_guid
from cmgsim.site.azure import arm_config, group_of, management_certificate, subscription_ids, taken_names
from cmgsim.units import DAY

ALL = ("Microsoft.ClassicCompute", "Microsoft.Compute", "Microsoft.KeyVault", "Microsoft.Network", "Microsoft.Storage")


def subscription(changes=None):
    return arm_config(design_of(changes)).subscriptions[0]


def test_a_design_without_subscriptions_still_has_one_for_its_gateways():
    assert subscription({"azure.subscriptions": {}}).name == "default"
    assert Console({"azure.subscriptions": {}}).gateway("east").serving


def test_providers_are_registered_unless_the_design_lists_them():
    assert subscription().registered == ALL
    listed = {"azure.subscriptions.main.providers": ["Microsoft.Compute"], "gateways.east.planned": True}
    assert subscription(listed).registered == ("Microsoft.Compute",)


def test_a_provider_whose_resources_exist_is_registered_whatever_the_design_lists():
    assert subscription({"azure.subscriptions.main.providers": []}).registered == (
        "Microsoft.ClassicCompute",
        "Microsoft.Storage",
    )


def test_gateways_that_exist_fit_the_quota_and_the_next_vm_does_not():
    console = Console(PLANNED | {"gateways.east.vms": 16, "gateways.west.region": "eastus"})
    assert console.gateway("east").vms == 16
    assert "Total Regional Cores quota" in console.do(create_gateway="west").detail


def test_the_group_of_an_existing_gateway_exists():
    assert [(group.name, group.region) for group in subscription().groups] == [("east", "eastus")]
    assert subscription(classic_changes()).groups == ()


@pytest.mark.parametrize(
    ("choice", "group"),
    [(None, "east"), ({"create_new": "made"}, "made"), ({"use_existing": "shared"}, "shared")],
)
def test_a_gateways_group_is_the_chosen_one_or_bears_its_name(choice, group):
    changes = {} if choice is None else {"gateways.east.resource_group": choice}
    assert group_of("east", design_of(changes).gateways["east"]) == group


@pytest.mark.seed("S-04")
@pytest.mark.parametrize(
    ("environment", "suffix"), [("AzurePublicCloud", "cloudapp.net"), ("AzureUSGovernmentCloud", "usgovcloudapp.net")]
)
def test_taken_names_end_as_the_environment_has_it(environment, suffix):
    design = design_of({"azure.environment": environment, "azure.taken_names": {"cloud_services": ["Fabrikam"]}})
    assert taken_names(design) == (f"fabrikam.{suffix}",)


def test_a_name_that_a_gateway_of_the_design_holds_is_not_somebody_elses():
    names = {"cloud_services": ["granitefalls"], "storage_accounts": ["granitefalls"], "key_vaults": ["granitefalls"]}
    assert taken_names(design_of({"azure.taken_names": names})) == ("granitefalls.vault.azure.net",)


def test_subscriptions_with_no_id_of_their_own_get_one():
    changes = {"azure.subscriptions": {"a": {}, "b": {}, "c": {"id": "mine"}}, "gateways.east.subscription": "a"}
    assert subscription_ids(design_of(changes)) == {
        "a": "00000000-0000-0000-0000-000000000001",
        "b": named_guid("subscription", "b"),
        "c": named_guid("subscription", "c"),
    }


def test_a_secret_is_good_to_the_end_of_its_last_day():
    config = arm_config(design_of({"azure.aad": {"secret_expires": "2019-07-30"}}))
    assert config.tenants[0].principals[0].secret_expires_us == 2 * DAY


def test_a_classic_gateway_that_names_no_certificate_has_the_one_it_was_created_with():
    changes = {"gateways.east.deployment": "classic"}
    design = design_of(changes)
    assert management_certificate("east", design.gateways["east"]) in subscription(changes).management_certificates
    assert Console(changes).do(delete_gateway="east").code == ""


@pytest.mark.seed("S-20")
def test_a_management_certificate_that_was_never_uploaded_opens_nothing():
    changes = classic_changes(**{"hierarchy.version": 1810, "gateways.east.planned": True})
    changes["azure.subscriptions.main.management_certificates"] = []
    assert Console(changes).do(create_gateway="east").code == "ForbiddenError"


@pytest.mark.parametrize(("start", "days"), [("2020-12-14", 0), ("2020-12-15", 90)])
def test_deleted_key_vaults_keep_their_names_since_the_end_of_2020(start, days):
    config = arm_config(design_of({"start": start}))
    assert config.vault_soft_delete_days == days
    assert config.start.date() == date.fromisoformat(start)


@pytest.mark.parametrize(("start", "code"), [("2019-07-29", ""), ("2021-08-02", "VAULT_NAME_TAKEN")])
def test_a_scale_set_of_the_same_name_waits_for_its_deleted_vault(start, code):
    console = Console(PLANNED | {"start": start, "hierarchy.version": 2107, "gateways.west.deployment": "vmss"})
    console.do(create_gateway="west")
    console.do(delete_gateway="west")
    assert console.do(create_gateway="west").code == code
