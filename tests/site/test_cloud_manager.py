"""A gateway's life, from the wizard's last page to its deletion, with the fake Azure behind it."""

import pytest
from azure_parts import PLANNED, Console, classic_changes
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.arm.clouds import RegionState
from cmgsim.errors import Refused
from cmgsim.site.deployment import RUNNING, State
from cmgsim.site.facts import (
    Operation,
    OperationEnded,
    OperationStarted,
    Outcome,
    ResourceDeployed,
    ResourceRemoved,
    StatusChanged,
)
from cmgsim.units import MINUTE

CLOUD_SERVICE = "Microsoft.ClassicCompute/domainNames"
STORAGE = "Microsoft.Storage/storageAccounts"


@pytest.mark.seed("S-23", "S-54", "S-56")
def test_a_gateway_is_provisioned_before_it_is_ready():
    console = Console(PLANNED)
    console.order(create_gateway="west")
    assert console.of(OperationStarted)[0].operation is Operation.CREATE
    assert (console.gateway("west").state.console, console.gateway("west").serving) == ("Provisioning", False)
    console.settle()
    assert (console.gateway("west").state.console, console.gateway("west").serving) == ("Ready", True)
    assert [fact.after for fact in console.of(StatusChanged)] == ["Provisioning", "Ready"]
    assert console.gateway("west").vms == 1


@pytest.mark.seed("S-55")
@given(st.integers(0, 2**32))
@pytest.mark.conflict("X-21")
def test_provisioning_takes_five_to_fifteen_minutes(seed):
    console = Console(PLANNED, seed)
    ended = console.do(create_gateway="west")
    assert ended.outcome is Outcome.DONE
    assert 5 * MINUTE <= ended.took_us <= 15 * MINUTE


def test_what_a_gateway_is_made_of_stands_in_azure():
    console = Console(PLANNED)
    console.do(create_gateway="west")
    made = console.in_azure()
    assert f"{CLOUD_SERVICE}/west" in made
    assert f"{STORAGE}/west" in made
    assert any(fact.resource == "resource group west" for fact in console.of(ResourceDeployed))


def test_a_gateway_of_the_start_stands_in_azure_too():
    assert f"{CLOUD_SERVICE}/GraniteFalls" in Console().in_azure()


@pytest.mark.seed("S-25")
def test_the_application_of_the_integration_fills_itself_in():
    console = Console(PLANNED | {"azure.aad": {"application": "ConfigMgr-App"}})
    console.do(create_gateway="west")
    assert console.gateway("west").application == "ConfigMgr-App"


@pytest.mark.parametrize(
    "provider",
    [
        pytest.param("Microsoft.ClassicCompute", marks=pytest.mark.seed("S-08")),
        pytest.param("Microsoft.Storage", marks=pytest.mark.seed("S-09")),
    ],
)
@pytest.mark.seed("S-08", "S-09")
def test_a_provider_that_is_not_registered_fails_provisioning_by_name(provider):
    others = sorted({"Microsoft.ClassicCompute", "Microsoft.Storage"} - {provider})
    changes = {"azure.subscriptions.main.providers": others, "gateways.east.planned": True}
    console = Console(PLANNED | changes)
    ended = console.do(create_gateway="west")
    assert (ended.outcome, ended.code) == (Outcome.FAILED, "PROVIDER_NOT_REGISTERED")
    assert provider in ended.detail
    assert console.gateway("west").state is State.FAILED


@pytest.mark.seed("S-11")
@pytest.mark.parametrize("taken", ["west", "WEST"])
def test_a_service_name_that_is_taken_fails_provisioning(taken):
    console = Console(PLANNED | {"azure.taken_names": {"cloud_services": [taken]}})
    ended = console.do(create_gateway="west")
    assert (ended.outcome, ended.code) == (Outcome.FAILED, "SERVICE_NAME_TAKEN")


@pytest.mark.seed("S-13")
@pytest.mark.parametrize(("content", "outcome"), [(True, Outcome.FAILED), (False, Outcome.DONE)])
def test_a_taken_storage_account_name_matters_only_when_content_is_served(content, outcome):
    changes = {"azure.taken_names": {"storage_accounts": ["west"]}, "gateways.west.content": content}
    ended = Console(PLANNED | changes).do(create_gateway="west")
    assert ended.outcome is outcome
    assert ended.code == ("STORAGE_NAME_TAKEN" if content else "")


@pytest.mark.seed("S-50")
@pytest.mark.parametrize(("version", "storage"), [(1802, False), (1806, True), (1906, True)])
def test_content_is_served_by_default_from_1806_on(version, storage):
    console = Console(PLANNED | {"hierarchy.version": version})
    console.do(create_gateway="west")
    assert (f"{STORAGE}/west" in console.in_azure()) == storage


@pytest.mark.conflict("X-30")
@pytest.mark.seed("S-36", "S-37")
@pytest.mark.parametrize(("region", "code"), [("westus", ""), ("eastus", "RESOURCE_GROUP_IN_OTHER_REGION")])
def test_an_existing_group_must_be_in_the_gateways_region_which_only_provisioning_finds_out(region, code):
    changes = {
        "azure.subscriptions.main.resource_groups": {"shared": {"region": region}},
        "gateways.west.resource_group": {"use_existing": "shared"},
    }
    console = Console(PLANNED | changes)
    console.order(create_gateway="west")  # the wizard lets it through
    assert console.settle().code == code


def test_more_vms_than_the_cores_quota_allows_are_refused_by_azure():
    ended = Console(PLANNED | {"gateways.west.vms": 11}).do(create_gateway="west")
    assert ended.outcome is Outcome.FAILED
    assert "Total Regional Cores quota" in ended.detail


@pytest.mark.seed("S-99")
def test_scaling_changes_the_vms_at_run_time_while_the_gateway_serves():
    console = Console()
    console.order(scale_gateway={"gateway": "east", "vms": 4})
    assert console.gateway("east").serving
    assert console.gateway("east").vms == 1
    assert console.settle().outcome is Outcome.DONE
    assert console.gateway("east").vms == 4


def test_a_stopped_gateway_serves_again_when_started():
    console = Console()
    console.do(stop_gateway="east")
    assert (console.gateway("east").state, console.gateway("east").vms) == (State.STOPPED, 0)
    console.do(start_gateway="east")
    assert (console.gateway("east").state, console.gateway("east").vms) == (State.READY, 1)


@pytest.mark.seed("S-110", "S-131")
def test_a_deleted_gateway_serves_nobody_from_that_moment_and_leaves_nothing():
    console = Console()
    console.order(delete_gateway="east")
    assert not console.gateway("east").serving
    console.settle()
    assert console.gateway("east").state is State.ABSENT
    assert console.in_azure() == []


@pytest.mark.seed("S-131")
@pytest.mark.parametrize("changes", [{}, classic_changes(**{"hierarchy.version": 1810})], ids=["arm", "classic"])
def test_a_gateway_that_was_deleted_can_be_created_again_with_all_its_parts(changes):
    console = Console(changes)
    before = console.in_azure()
    console.do(delete_gateway="east")
    assert console.do(create_gateway="east").outcome is Outcome.DONE
    assert console.in_azure() == before


SAME_NAME = {
    "gateways.west": {
        "certificate": "east",
        "region": "eastus",
        "trusted_authorities": ["root", "issuing"],
        "planned": True,
    }
}


@pytest.mark.seed("S-117", "S-118", "S-119")
@pytest.mark.parametrize("content", [False, True])
def test_a_service_name_is_free_again_only_after_the_old_gateway_is_gone(content):
    console = Console(classic_changes(**SAME_NAME) | {"gateways.west.content": content})
    assert console.do(create_gateway="west").code == "SERVICE_NAME_TAKEN"
    console.do(delete_gateway="west")
    console.do(delete_gateway="east")
    assert console.do(create_gateway="west").outcome is Outcome.DONE
    assert console.gateway("west").fqdn == console.gateway("east").fqdn


@pytest.mark.seed("S-116")
def test_a_classic_gateway_lives_on_in_1906_and_is_deleted_by_its_management_certificate():
    console = Console(classic_changes())
    assert console.gateway("east").serving
    assert console.do(delete_gateway="east").outcome is Outcome.DONE


@pytest.mark.seed("S-16", "S-18", "S-28")
@pytest.mark.parametrize(("version", "works"), [(1806, True), (1810, True), (1902, False), (1906, False)])
def test_a_new_classic_gateway_can_be_created_up_to_1810(version, works):
    changes = classic_changes(**{"hierarchy.version": version, "gateways.east.planned": True})
    console = Console(changes)
    if works:
        assert console.do(create_gateway="east").outcome is Outcome.DONE
    else:
        with pytest.raises(Refused, match="CLASSIC_NOT_AVAILABLE"):
            console.order(create_gateway="east")


def test_a_scale_set_is_made_of_network_vault_storage_and_machines():
    console = Console(PLANNED | {"hierarchy.version": 2107, "gateways.west.deployment": "vmss"})
    ended = console.do(create_gateway="west")
    assert ended.outcome is Outcome.DONE, ended
    kinds = {resource.rpartition("/")[0] for resource in console.in_azure() if resource.endswith("/west")}
    assert {"Microsoft.KeyVault/vaults", "Microsoft.Compute/virtualMachineScaleSets"} <= kinds


def test_one_operation_at_a_time():
    console = Console()
    console.order(scale_gateway={"gateway": "east", "vms": 2})
    with pytest.raises(Refused, match="OPERATION_RUNNING"):
        console.order(delete_gateway="east")


def test_what_the_lifecycle_has_no_row_for_is_refused_and_changes_nothing():
    console = Console(PLANNED)
    with pytest.raises(Refused, match="ILLEGAL"):
        console.order(scale_gateway={"gateway": "west", "vms": 2})
    assert console.facts == []
    assert console.manager.due() is None


@given(st.integers(0, 60), st.sampled_from(["create_gateway", "delete_gateway"]))
def test_a_copy_taken_in_the_middle_goes_on_as_the_original(ticks, verb):
    console = Console(PLANNED)
    console.order(**{verb: "west" if verb == "create_gateway" else "east"})
    for _ in range(ticks):
        if console.manager.due() is not None:
            console.tick()
    twin = console.copy()
    console.settle()
    twin.settle()
    assert twin.facts == console.facts
    assert twin.in_azure() == console.in_azure()


IN_ONE_GROUP = {
    "azure.subscriptions.main.resource_groups": {"shared": {"region": "eastus"}},
    "gateways.east.resource_group": {"use_existing": "shared"},
    "gateways.west": {
        "certificate": "east",
        "region": "eastus",
        "resource_group": {"use_existing": "shared"},
        "trusted_authorities": ["root", "issuing"],
        "planned": True,
    },
}


@pytest.mark.seed("S-11", "S-118")
def test_a_gateway_never_takes_over_another_of_its_name_in_the_same_group():
    console = Console(IN_ONE_GROUP)
    before = console.in_azure()
    assert console.do(create_gateway="west").code == "SERVICE_NAME_TAKEN"
    console.do(delete_gateway="west")
    assert console.in_azure() == before
    assert console.gateway("east").serving


@pytest.mark.seed("S-131")
def test_deleting_a_gateway_leaves_what_others_have_put_into_its_group():
    changes = {"gateways.west.region": "eastus", "gateways.west.resource_group": {"use_existing": "east"}}
    console = Console(PLANNED | changes)
    console.do(create_gateway="west")
    assert console.do(delete_gateway="east").outcome is Outcome.DONE
    assert console.in_azure() == [f"{CLOUD_SERVICE}/west", f"{STORAGE}/west"]
    assert "resource group east" not in [fact.resource for fact in console.of(ResourceRemoved)]


@pytest.mark.seed("S-131")
@pytest.mark.parametrize(
    "trouble",
    [
        {"azure.subscriptions.main.providers": ["Microsoft.Storage"], "gateways.east.planned": True},
        {"azure.subscriptions.main.providers": ["Microsoft.ClassicCompute"], "gateways.east.planned": True},
        {"azure.taken_names": {"cloud_services": ["west"]}, "gateways.east.planned": True},
        {"gateways.west.vms": 11, "gateways.east.planned": True},
    ],
    ids=["no compute provider", "no storage provider", "name taken", "quota"],
)
def test_a_gateway_that_failed_can_be_deleted_and_only_what_was_made_is_removed(trouble):
    console = Console(PLANNED | trouble)
    assert console.do(create_gateway="west").outcome is Outcome.FAILED
    made = {fact.resource for fact in console.of(ResourceDeployed)}
    assert console.do(delete_gateway="west").outcome is Outcome.DONE
    assert {fact.resource for fact in console.of(ResourceRemoved)} == made
    assert (console.in_azure(), console.gateway("west").state) == ([], State.ABSENT)


@pytest.mark.seed("S-31")
def test_a_private_key_that_cannot_be_exported_fails_late_with_a_bad_request():
    ended = Console(PLANNED | {"certificates.servers.west.private_key": "not_exportable"}).do(create_gateway="west")
    assert (ended.outcome, ended.code) == (Outcome.FAILED, "PRIVATE_KEY_NOT_EXPORTABLE")
    assert "400 BadRequest" in ended.detail


def test_a_key_that_cannot_be_exported_hinders_no_change_that_leaves_the_certificate_alone():
    console = Console({"certificates.servers.east.private_key": "not_exportable"})
    assert console.do(scale_gateway={"gateway": "east", "vms": 2}).outcome is Outcome.DONE


def test_an_expired_application_secret_fails_what_would_be_created():
    ended = Console(PLANNED | {"azure.aad": {"secret_expires": "2019-07-28"}}).do(create_gateway="west")
    assert (ended.outcome, ended.code) == (Outcome.FAILED, "APPLICATION_SECRET_EXPIRED")


NO_WAY = {
    "APPLICATION_SECRET_EXPIRED": {"azure.aad": {"secret_expires": "2019-07-28"}},
    "SCP_OFFLINE": {"hierarchy.service_connection_point": {"mode": "offline"}},
    "AZURE_UNREACHABLE": {"hierarchy.service_connection_point": {"azure_reachable": False}},
    "MANAGEMENT_CERTIFICATE_EXPIRED": classic_changes(
        **{"certificates.management": {"azure": {"expires": "2019-07-28"}}}
    ),
}


@pytest.mark.parametrize(("code", "changes"), NO_WAY.items(), ids=list(NO_WAY))
def test_a_running_gateway_goes_on_when_the_site_cannot_ask_azure(code, changes):
    console = Console(changes)
    with pytest.raises(Refused) as refusal:
        console.order(delete_gateway="east")
    assert refusal.value.code == code
    assert console.gateway("east").serving


@pytest.mark.seed("S-97")
def test_a_management_certificate_is_replaced_before_and_after_it_expires():
    changes = {"certificates.management": {"azure": {"expires": "2019-07-28"}, "fresh": {}}}
    console = Console(
        classic_changes(**changes, **{"azure.subscriptions.main.management_certificates": ["azure", "fresh"]})
    )
    console.order(modify_gateway={"gateway": "east", "management_certificate": "fresh"})
    assert console.do(scale_gateway={"gateway": "east", "vms": 2}).outcome is Outcome.DONE


def test_what_azure_cannot_take_for_half_an_hour_fails():
    console = Console(PLANNED)
    console.arm.set_region("westus", RegionState.DOWN, 0)
    ended = console.do(create_gateway="west")
    assert (ended.outcome, ended.code, ended.took_us) == (Outcome.FAILED, "ServiceUnavailable", 30 * MINUTE)


def test_a_region_that_comes_back_in_time_only_delays():
    console = Console(PLANNED)
    console.arm.set_region("westus", RegionState.DOWN, 0)
    console.order(create_gateway="west")
    while console.now_us < 20 * MINUTE:
        console.tick()
    console.arm.set_region("westus", RegionState.UP, console.now_us)
    assert console.settle().outcome is Outcome.DONE


def test_a_change_that_azure_refuses_leaves_the_service_as_it_was():
    console = Console()
    ended = console.do(scale_gateway={"gateway": "east", "vms": 16})
    assert ended.outcome is Outcome.FAILED
    gateway = console.gateway("east")
    assert (gateway.state, gateway.vms, gateway.settings.vms) == (State.READY, 1, 1)
    assert "Total Regional Cores quota" in gateway.description
    assert console.do(scale_gateway={"gateway": "east", "vms": 10}).outcome is Outcome.DONE


def test_a_design_whose_gateways_contradict_each_other_is_refused_by_name():
    twin = {"gateways.west": {"certificate": "east", "region": "eastus"}}
    with pytest.raises(Refused, match=r"gateways\.west exists at the start") as refusal:
        Console(twin)
    assert refusal.value.code == "SERVICE_NAME_TAKEN"


def test_storage_that_a_failed_change_made_is_used_by_the_next_and_removed_with_the_gateway():
    console = Console({"gateways.east.content": False})
    console.order(modify_gateway={"gateway": "east", "content": True})
    while f"{STORAGE}/granitefalls" not in console.in_azure():
        console.tick()
    console.arm.set_region("eastus", RegionState.DOWN, console.now_us)
    assert console.settle().outcome is Outcome.FAILED
    console.arm.set_region("eastus", RegionState.UP, console.now_us)
    assert console.do(modify_gateway={"gateway": "east", "content": True}).outcome is Outcome.DONE
    console.do(delete_gateway="east")
    assert console.in_azure() == []


ORDERS = (
    {"create_gateway": "west"},
    {"create_gateway": "east"},
    {"delete_gateway": "west"},
    {"delete_gateway": "east"},
    {"stop_gateway": "east"},
    {"start_gateway": "east"},
    {"scale_gateway": {"gateway": "east", "vms": 9}},
    {"scale_gateway": {"gateway": "west", "vms": 2}},
    {"modify_gateway": {"gateway": "east", "content": False}},
    {"modify_gateway": {"gateway": "west", "region": "eastus"}},
    {"modify_gateway": {"gateway": "east", "alerts": {"threshold": "5 TB"}}},
)


def beliefs(console):
    return [
        (gateway.state, gateway.vms, gateway.settings, gateway.description)
        for gateway in console.manager.deployments.values()
    ]


@pytest.mark.seed("S-131")
@given(st.lists(st.tuples(st.sampled_from(ORDERS), st.integers(0, 8)), max_size=8), st.booleans())
def test_whatever_is_ordered_site_and_azure_agree_in_the_end(orders, classic):
    console = Console(PLANNED | (classic_changes() if classic else {}))
    for order, ticks in orders:
        before, said = beliefs(console), len(console.facts)
        try:
            console.order(**order)
        except Refused:
            assert (beliefs(console), len(console.facts)) == (before, said)
        for _ in range(ticks):
            if console.manager.due() is not None:
                console.tick()
    while console.manager.due() is not None:
        console.tick()
    assert len(console.of(OperationStarted)) == len(console.of(OperationEnded))
    assert all(gateway.state not in RUNNING for gateway in console.manager.deployments.values())
    there = {name.lower() for name in console.in_azure()}
    for gateway in console.manager.deployments.values():
        assert any(name.endswith(f"/{gateway.service_name}".lower()) for name in there) == gateway.present
