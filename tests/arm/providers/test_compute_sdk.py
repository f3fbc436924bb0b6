"""Scale sets, their machines and extensions, sizes and quotas through the SDK."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from sdk import Azure

from cmgsim.arm.config import ArmConfig, Subscription
from cmgsim.arm.providers.actions import ACTIONS

SET = ("rg", "web")
NETWORK = {
    "networkInterfaceConfigurations": [
        {
            "name": "nic",
            "properties": {
                "primary": True,
                "ipConfigurations": [
                    {"name": "ip", "properties": {"publicIPAddressConfiguration": {"name": "outside"}}}
                ],
            },
        }
    ]
}


def written(count: int = 3, size: str = "Standard_A2_v2", **more: Any) -> dict[str, Any]:
    properties = {"upgradePolicy": {"mode": "Manual"}, "virtualMachineProfile": {"networkProfile": NETWORK}}
    return {
        "location": "eastus",
        "sku": {"name": size, "capacity": count},
        "properties": properties | more.pop("properties", {}),
        **more,
    }


@pytest.fixture
def web(azure: Azure) -> Azure:
    assert azure.group
    azure.virtual_machine_scale_sets.begin_create_or_update(*SET, written())
    return azure


def machines(azure: Azure) -> dict[str, str]:
    """Return the power states of the machines by their numbers."""
    found = azure.virtual_machine_scale_set_vms.list(*SET, expand="instanceView")
    return {known.instance_id: known.properties.instance_view.statuses[1].code for known in found}


def latest(azure: Azure) -> list[bool]:
    return [known.properties.latest_model_applied for known in azure.virtual_machine_scale_set_vms.list(*SET)]


@pytest.mark.serves(
    "virtual_machine_scale_sets.begin_create_or_update",
    "virtual_machine_scale_sets.get",
    "virtual_machine_scale_sets.begin_update",
    "virtual_machine_scale_sets.list",
    "virtual_machine_scale_sets.list_all",
    "virtual_machine_scale_sets.list_by_location",
    "virtual_machine_scale_sets.begin_delete",
)
def test_a_set_from_its_name_to_its_end(azure: Azure) -> None:
    assert azure.group
    sets = azure.virtual_machine_scale_sets
    started_us = azure.now_us
    made = sets.begin_create_or_update(*SET, written())
    assert azure.now_us - started_us >= 180_000_000
    assert (made.name, made.sku.capacity, made.properties.provisioning_state) == ("web", 3, "Succeeded")
    assert sets.begin_update(*SET, {"sku": {"name": "Standard_A2_v2", "capacity": 2}}).sku.capacity == 2
    assert sets.get(*SET).properties.unique_id == made.properties.unique_id
    assert list(machines(azure)) == ["0", "1"]
    for found in (sets.list("rg"), sets.list_all(), sets.list_by_location("eastus")):
        assert [known.name for known in found] == ["web"]
    assert sets.list_by_location("westus") == []
    sets.begin_delete(*SET)
    assert sets.list_all() == []


@pytest.mark.serves("virtual_machine_scale_sets.begin_scale_out", "virtual_machine_scale_sets.begin_delete_instances")
def test_new_machines_have_new_numbers(web: Azure) -> None:
    sets = web.virtual_machine_scale_sets
    sets.begin_delete_instances(*SET, {"instanceIds": ["1"]})
    assert list(machines(web)) == ["0", "2"]
    assert sets.get(*SET).sku.capacity == 2
    sets.begin_scale_out(*SET, {"capacity": 2})
    assert list(machines(web)) == ["0", "2", "3", "4"]
    with pytest.raises(ResourceExistsError, match="OperationNotAllowed"):
        sets.begin_scale_out(*SET, {"capacity": 7})
    with pytest.raises(HttpResponseError, match="not an active Virtual Machine Scale Set VM instanceId"):
        sets.begin_delete_instances(*SET, {"instanceIds": ["1"]})
    assert len(machines(web)) == 4


@pytest.mark.serves(
    "virtual_machine_scale_sets.begin_power_off",
    "virtual_machine_scale_sets.begin_start",
    "virtual_machine_scale_sets.begin_restart",
    "virtual_machine_scale_sets.begin_deallocate",
    "virtual_machine_scale_sets.begin_redeploy",
    "virtual_machine_scale_sets.begin_perform_maintenance",
    "virtual_machine_scale_sets.begin_reapply",
    "virtual_machine_scale_sets.get_instance_view",
)
def test_the_machines_of_a_set_are_stopped_and_started(web: Azure) -> None:
    sets = web.virtual_machine_scale_sets
    one = {"instanceIds": ["1"]}
    running, stopped, deallocated = "PowerState/running", "PowerState/stopped", "PowerState/deallocated"
    sets.begin_power_off(*SET, one)
    assert machines(web) == {"0": running, "1": stopped, "2": running}
    sets.begin_deallocate(*SET)
    assert set(machines(web).values()) == {deallocated}
    sets.begin_start(*SET, one)
    assert machines(web) == {"0": deallocated, "1": running, "2": deallocated}
    sets.begin_redeploy(*SET)
    assert set(machines(web).values()) == {running}
    for action in (sets.begin_restart, sets.begin_perform_maintenance, sets.begin_reapply):
        action(*SET)
        assert set(machines(web).values()) == {running}
    raw = web.client("azure.mgmt.compute", "ComputeManagementClient").virtual_machine_scale_sets
    raw.begin_restart(*SET, one, polling=False)
    summary = {found.code: found.count for found in sets.get_instance_view(*SET).virtual_machine.statuses_summary}
    assert summary == {"ProvisioningState/succeeded": 2, "ProvisioningState/updating": 1}
    with pytest.raises(ResourceExistsError, match="AnotherOperationInProgress"):
        sets.begin_start(*SET)
    web.wait(90)
    assert [found.count for found in sets.get_instance_view(*SET).virtual_machine.statuses_summary] == [3]


@pytest.mark.serves(
    "virtual_machine_scale_sets.begin_update_instances",
    "virtual_machine_scale_sets.begin_reimage",
    "virtual_machine_scale_sets.begin_reimage_all",
    "virtual_machine_scale_sets.begin_approve_rolling_upgrade",
)
def test_machines_keep_the_model_they_were_made_with_until_they_are_upgraded(web: Azure) -> None:
    sets = web.virtual_machine_scale_sets

    def remodel(prefix: str) -> None:
        profile = {"networkProfile": NETWORK, "osProfile": {"computerNamePrefix": prefix}}
        sets.begin_create_or_update(*SET, written(properties={"virtualMachineProfile": profile}))

    assert latest(web) == [True, True, True]
    sets.begin_update(*SET, {"tags": {"a": "b"}})
    assert latest(web) == [True, True, True], "tags are no part of the model"
    remodel("b")
    assert latest(web) == [False, False, False]
    sets.begin_update_instances(*SET, {"instanceIds": ["1"]})
    assert latest(web) == [False, True, False]
    sets.begin_reimage(*SET, {"instanceIds": ["0"]})
    assert latest(web) == [True, True, False]
    sets.begin_reimage_all(*SET)
    assert latest(web) == [True, True, True]
    remodel("c")
    sets.begin_approve_rolling_upgrade(*SET, {"instanceIds": ["2"]})
    assert latest(web) == [False, False, True]
    raw = web.client("azure.mgmt.compute", "ComputeManagementClient").virtual_machine_scale_sets
    with pytest.raises(HttpResponseError, match="instanceIds"):
        raw.begin_update_instances(*SET, {"instanceIds": []})
    sets.begin_create_or_update(*SET, written(properties={"upgradePolicy": {"mode": "Automatic"}}))
    assert latest(web) == [True, True, True], "an automatic upgrade brings the model to all"


@pytest.mark.serves("virtual_machine_scale_sets.begin_migrate_vm_availability_zone")
def test_machines_move_to_another_zone(azure: Azure) -> None:
    assert azure.group
    sets = azure.virtual_machine_scale_sets
    sets.begin_create_or_update(*SET, written(zones=["1", "2"]))
    assert zones(azure) == ["1", "2", "1"]
    sets.begin_migrate_vm_availability_zone(*SET, {"instanceIds": ["0"], "targetZone": "2"})
    assert zones(azure) == ["2", "2", "1"]
    with pytest.raises(HttpResponseError, match="has no zone '3'"):
        sets.begin_migrate_vm_availability_zone(*SET, {"instanceIds": ["0"], "targetZone": "3"})


def zones(azure: Azure) -> list[str]:
    return [known.zones[0] for known in azure.virtual_machine_scale_set_vms.list(*SET)]


@pytest.mark.serves(
    "virtual_machine_scale_sets.begin_set_orchestration_service_state",
    "virtual_machine_scale_sets.convert_to_single_placement_group",
    "virtual_machine_scale_sets.force_recovery_service_fabric_platform_update_domain_walk",
    "virtual_machine_scale_sets.get_os_upgrade_history",
    "virtual_machine_scale_sets.list_skus",
)
def test_what_else_a_set_can_be_asked(web: Azure) -> None:
    sets = web.virtual_machine_scale_sets
    service = {"serviceName": "AutomaticRepairs", "action": "Suspend"}
    sets.begin_set_orchestration_service_state(*SET, service)
    state = sets.get_instance_view(*SET).orchestration_services[0]
    assert (state.service_name, state.service_state) == ("AutomaticRepairs", "Suspended")
    with pytest.raises(HttpResponseError, match="InvalidParameter"):
        sets.begin_set_orchestration_service_state(*SET, service | {"action": "Explode"})
    sets.convert_to_single_placement_group(*SET, {})
    assert sets.get(*SET).properties.single_placement_group is True
    first = sets.force_recovery_service_fabric_platform_update_domain_walk(*SET, platform_update_domain=0)
    last = sets.force_recovery_service_fabric_platform_update_domain_walk(*SET, platform_update_domain=4)
    assert (first.walk_performed, first.next_platform_update_domain, last.next_platform_update_domain) == (
        True,
        1,
        None,
    )
    with pytest.raises(HttpResponseError, match="InvalidParameter"):
        sets.force_recovery_service_fabric_platform_update_domain_walk(*SET, platform_update_domain=5)
    assert sets.get_os_upgrade_history(*SET) == []
    sizes = {known.sku.name: known.capacity.maximum for known in sets.list_skus(*SET)}
    assert sizes["Standard_A4_v2"] == 1_000


@pytest.mark.serves(
    "virtual_machine_scale_set_vms.list",
    "virtual_machine_scale_set_vms.get",
    "virtual_machine_scale_set_vms.get_instance_view",
    "virtual_machine_scale_set_vms.begin_update",
    "virtual_machine_scale_set_vms.begin_delete",
)
def test_a_machine_is_shown_written_and_deleted(web: Azure) -> None:
    vms = web.virtual_machine_scale_set_vms
    assert [known.name for known in vms.list(*SET)] == ["web_0", "web_1", "web_2"]
    changed = vms.begin_update(
        *SET,
        "2",
        {
            "location": "eastus",
            "tags": {"a": "b"},
            "properties": {"protectionPolicy": {"protectFromScaleIn": True}},
        },
    )
    assert (changed.tags, changed.properties.protection_policy.protect_from_scale_in) == ({"a": "b"}, True)
    shown = vms.get(*SET, "2", expand="instanceView")
    assert (shown.sku.name, shown.tags) == ("Standard_A2_v2", {"a": "b"})
    view = vms.get_instance_view(*SET, "2")
    assert (view.platform_update_domain, view.platform_fault_domain) == (2, 2)
    assert view.statuses == shown.properties.instance_view.statuses
    vms.begin_delete(*SET, "2")
    assert list(machines(web)) == ["0", "1"]
    for gone in ("2", "x"):
        with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
            vms.get(*SET, gone)


VERBS = {
    "power_off": "stopped",
    "start": "running",
    "restart": "running",
    "deallocate": "deallocated",
    "redeploy": "running",
    "reimage": "running",
    "reimage_all": "running",
    "perform_maintenance": "running",
    "approve_rolling_upgrade": "running",
}


@pytest.mark.serves(
    "virtual_machine_scale_set_vms.begin_power_off",
    "virtual_machine_scale_set_vms.begin_start",
    "virtual_machine_scale_set_vms.begin_restart",
    "virtual_machine_scale_set_vms.begin_deallocate",
    "virtual_machine_scale_set_vms.begin_redeploy",
    "virtual_machine_scale_set_vms.begin_reimage",
    "virtual_machine_scale_set_vms.begin_reimage_all",
    "virtual_machine_scale_set_vms.begin_perform_maintenance",
    "virtual_machine_scale_set_vms.begin_approve_rolling_upgrade",
)
def test_one_machine_is_stopped_and_started(web: Azure) -> None:
    vms = web.virtual_machine_scale_set_vms
    assert len(VERBS) == len(ACTIONS)
    for verb, power in VERBS.items():
        getattr(vms, f"begin_{verb}")(*SET, "1")
        assert machines(web) == {
            "0": "PowerState/running",
            "1": f"PowerState/{power}",
            "2": "PowerState/running",
        }


@pytest.mark.serves("virtual_machine_scale_set_vms.begin_attach_detach_data_disks")
def test_disks_are_attached_and_detached(web: Azure) -> None:
    vms = web.virtual_machine_scale_set_vms
    disks = [f"{web.group}/providers/Microsoft.Compute/disks/{name}" for name in ("a", "b")]
    profile = vms.begin_attach_detach_data_disks(
        *SET, "0", {"dataDisksToAttach": [{"diskId": disk, "lun": lun} for lun, disk in enumerate(disks)]}
    )
    assert [(disk.lun, disk.managed_disk.id) for disk in profile.data_disks] == [(0, disks[0]), (1, disks[1])]
    vms.begin_attach_detach_data_disks(*SET, "0", {"dataDisksToDetach": [{"diskId": disks[0]}]})
    shown = vms.get(*SET, "0").properties.storage_profile.data_disks
    assert [disk.managed_disk.id for disk in shown] == disks[1:]
    with pytest.raises(HttpResponseError, match="not attached"):
        vms.begin_attach_detach_data_disks(*SET, "0", {"dataDisksToDetach": [{"diskId": disks[0]}]})


@pytest.mark.serves("virtual_machine_scale_set_vms.begin_run_command")
def test_a_command_needs_a_running_machine(web: Azure) -> None:
    vms = web.virtual_machine_scale_set_vms
    result = vms.begin_run_command(*SET, "0", {"commandId": "RunPowerShellScript", "script": ["hostname"]})
    assert [status.code for status in result.value] == [
        "ComponentStatus/StdOut/succeeded",
        "ComponentStatus/StdErr/succeeded",
    ]
    vms.begin_power_off(*SET, "0")
    with pytest.raises(ResourceExistsError, match="requires the VM to be running"):
        vms.begin_run_command(*SET, "0", {"commandId": "RunPowerShellScript"})


@pytest.mark.serves(
    "virtual_machine_scale_set_vms.retrieve_boot_diagnostics_data", "virtual_machine_scale_set_vms.simulate_eviction"
)
def test_spot_machines_are_evicted(azure: Azure) -> None:
    assert azure.group
    profile = {
        "networkProfile": NETWORK,
        "priority": "Spot",
        "evictionPolicy": "Deallocate",
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
    }
    sets, vms = azure.virtual_machine_scale_sets, azure.virtual_machine_scale_set_vms
    sets.begin_create_or_update(*SET, written(2, properties={"virtualMachineProfile": profile}))
    links = vms.retrieve_boot_diagnostics_data(*SET, "1")
    assert links.serial_console_log_blob_uri.endswith("web_1.serialconsole.log")
    vms.simulate_eviction(*SET, "1")
    azure.wait(90)
    assert machines(azure)["1"] == "PowerState/deallocated"
    sets.begin_create_or_update("rg", "plain", written(1))
    with pytest.raises(ResourceExistsError, match="OperationNotAllowed"):
        vms.simulate_eviction("rg", "plain", "0")
    with pytest.raises(ResourceExistsError, match="BootDiagnosticsNotEnabled"):
        vms.retrieve_boot_diagnostics_data("rg", "plain", "0")


@pytest.mark.serves(
    "virtual_machine_scale_set_extensions.begin_create_or_update",
    "virtual_machine_scale_set_extensions.begin_update",
    "virtual_machine_scale_set_extensions.get",
    "virtual_machine_scale_set_extensions.list",
    "virtual_machine_scale_set_extensions.begin_delete",
)
def test_extensions_of_a_set(web: Azure) -> None:
    extensions = web.virtual_machine_scale_set_extensions
    properties = {"publisher": "Microsoft.Powershell", "type": "DSC", "typeHandlerVersion": "2.9"}
    started_us = web.now_us
    made = extensions.begin_create_or_update(*SET, "dsc", {"properties": properties})
    assert web.now_us - started_us >= 120_000_000
    assert (made.name, made.properties.publisher) == ("dsc", "Microsoft.Powershell")
    changed = extensions.begin_update(*SET, "dsc", {"properties": {"autoUpgradeMinorVersion": True}})
    assert (changed.properties.auto_upgrade_minor_version, changed.properties.type) == (True, "DSC")
    assert extensions.get(*SET, "dsc").properties.type_handler_version == "2.9"
    assert [known.name for known in extensions.list(*SET)] == ["dsc"]
    extensions.begin_delete(*SET, "dsc")
    assert extensions.list(*SET) == []


@pytest.mark.serves("usage.list", "resource_skus.list")
def test_sizes_and_the_cores_they_take(web: Azure) -> None:
    used = {known.name.value: (known.current_value, known.limit) for known in web.usage.list("eastus")}
    assert used["cores"] == (6, 20)
    assert used["virtualMachineScaleSets"][0] == 1
    sizes = {known.name: known for known in web.resource_skus.list(filter="location eq 'westus'")}
    size = sizes["Standard_A2_v2"]
    assert size.locations == ["westus"]
    assert {known.name: known.value for known in size.capabilities} == {"vCPUs": "2", "MemoryGB": "4"}


@pytest.mark.serves(
    "public_ip_addresses.list_virtual_machine_scale_set_public_ip_addresses",
    "public_ip_addresses.list_virtual_machine_scale_set_vm_public_ip_addresses",
    "public_ip_addresses.get_virtual_machine_scale_set_public_ip_address",
)
def test_every_machine_can_have_an_address_of_its_own(web: Azure) -> None:
    addresses = web.public_ip_addresses
    found = addresses.list_virtual_machine_scale_set_public_ip_addresses(*SET)
    assert len({known.properties.ip_address for known in found}) == 3
    mine = addresses.list_virtual_machine_scale_set_vm_public_ip_addresses(*SET, "1", "nic", "ip")
    assert [known.id for known in mine] == [found[1].id]
    one = addresses.get_virtual_machine_scale_set_public_ip_address(*SET, "1", "nic", "ip", "outside")
    assert one.properties.ip_address == mine[0].properties.ip_address
    with pytest.raises(ResourceNotFoundError):
        addresses.get_virtual_machine_scale_set_public_ip_address(*SET, "1", "nic", "ip", "inside")


def test_deleted_machines_give_their_cores_back(open_door: Any) -> None:
    config = ArmConfig(subscriptions=(Subscription(registered=("Microsoft.Compute",), core_quota_default=6),))
    azure = Azure(open_door(config))
    assert azure.group
    azure.virtual_machine_scale_sets.begin_create_or_update(*SET, written(3))
    azure.virtual_machine_scale_set_vms.begin_delete(*SET, "0")
    assert {known.name.value: known.current_value for known in azure.usage.list("eastus")}["cores"] == 4
    azure.virtual_machine_scale_sets.begin_create_or_update("rg", "more", written(1))
