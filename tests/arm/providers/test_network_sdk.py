"""Public addresses, networks, security groups and load balancers through the SDK."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from sdk import EAST, Azure

NET = ("rg", "net")
TYPES = {
    "public_ip_addresses": {},
    "virtual_networks": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}},
    "network_security_groups": {},
    "load_balancers": {"frontendIPConfigurations": [{"name": "front"}]},
}


@pytest.fixture
def network(azure: Azure) -> Azure:
    assert azure.group
    subnets = [
        {"name": "one", "properties": {"addressPrefix": "10.0.1.0/24"}},
        {"name": "two", "properties": {"addressPrefix": "10.0.2.0/28"}},
    ]
    azure.virtual_networks.begin_create_or_update(*NET, written(TYPES["virtual_networks"] | {"subnets": subnets}))
    return azure


def written(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return EAST | more | {"properties": properties}


@pytest.mark.serves(
    "public_ip_addresses.begin_create_or_update",
    "public_ip_addresses.get",
    "public_ip_addresses.list",
    "public_ip_addresses.list_all",
    "public_ip_addresses.update_tags",
    "public_ip_addresses.begin_delete",
    "virtual_networks.begin_create_or_update",
    "virtual_networks.get",
    "virtual_networks.list",
    "virtual_networks.list_all",
    "virtual_networks.update_tags",
    "virtual_networks.begin_delete",
    "network_security_groups.begin_create_or_update",
    "network_security_groups.get",
    "network_security_groups.list",
    "network_security_groups.list_all",
    "network_security_groups.update_tags",
    "network_security_groups.begin_delete",
    "load_balancers.begin_create_or_update",
    "load_balancers.get",
    "load_balancers.list",
    "load_balancers.list_all",
    "load_balancers.update_tags",
    "load_balancers.begin_delete",
)
def test_every_kind_from_its_name_to_its_end(azure: Azure) -> None:
    assert azure.group
    for group, properties in TYPES.items():
        kind = getattr(azure, group)
        made = kind.begin_create_or_update("rg", "x", written(properties))
        assert (made.name, made.location, made.properties.provisioning_state) == ("x", "eastus", "Succeeded")
        tagged = kind.update_tags("rg", "x", {"tags": {"a": "b"}})
        assert (tagged.tags, tagged.etag != made.etag) == ({"a": "b"}, True)
        azure.wait(10)
        assert kind.get("rg", "x").tags == {"a": "b"}
        assert [found.name for found in kind.list("rg")] == ["x"]
        assert [found.id for found in kind.list_all()] == [made.id]
        kind.begin_delete("rg", "x")
        with pytest.raises(ResourceNotFoundError, match="ResourceNotFound"):
            kind.get("rg", "x")


@pytest.mark.serves("public_ip_addresses.begin_ddos_protection_status")
def test_an_address_says_whether_it_is_protected(azure: Azure) -> None:
    assert azure.group
    addresses = azure.public_ip_addresses
    made = addresses.begin_create_or_update("rg", "ip", written({"ddosSettings": {"protectionMode": "Enabled"}}))
    status = addresses.begin_ddos_protection_status("rg", "ip")
    assert (status.public_ip_address, status.is_workload_protected) == (made.properties.ip_address, "True")
    with pytest.raises(ResourceNotFoundError):
        addresses.begin_ddos_protection_status("rg", "other")


CONFIGURATION = (
    '<ServiceConfiguration serviceName="web"><Role name="Web"><Instances count="1"/></Role><NetworkConfiguration>'
    '<AddressAssignments><InstanceAddress roleName="Web"><PublicIPs><PublicIP name="outside"/></PublicIPs>'
    "</InstanceAddress></AddressAssignments></NetworkConfiguration></ServiceConfiguration>"
)


def put_service(azure: Azure, address: str) -> None:
    frontend = {"name": "front", "properties": {"publicIPAddress": {"id": address}}}
    balancer = {"name": "balancer", "properties": {"frontendIpConfigurations": [frontend]}}
    properties = {
        "configuration": CONFIGURATION,
        "roleProfile": {"roles": [{"name": "Web", "sku": {"name": "Standard_A2_v2", "capacity": 1}}]},
        "networkProfile": {"loadBalancerConfigurations": [balancer]},
    }
    azure.resources.begin_create_or_update(
        "rg", "Microsoft.Compute", "", "cloudServices", "web", written(properties), api_version="2022-09-04"
    )


@pytest.mark.serves(
    "public_ip_addresses.list_cloud_service_public_ip_addresses",
    "public_ip_addresses.begin_reserve_cloud_service_public_ip_address",
    "public_ip_addresses.begin_disassociate_cloud_service_reserved_public_ip",
    "public_ip_addresses.list_cloud_service_role_instance_public_ip_addresses",
    "public_ip_addresses.get_cloud_service_public_ip_address",
)
def test_the_address_of_a_cloud_service_is_kept_and_replaced(azure: Azure) -> None:
    assert azure.group
    addresses = azure.public_ip_addresses
    one, two = (addresses.begin_create_or_update("rg", name, EAST) for name in ("one", "two"))
    put_service(azure, one.id)
    assert [found.name for found in addresses.list_cloud_service_public_ip_addresses("rg", "web")] == ["one"]
    place = ("rg", "web", "Web_IN_0", "nic", "ip")
    own = addresses.list_cloud_service_role_instance_public_ip_addresses(*place)
    assert [found.name for found in own] == ["outside"]
    shown = addresses.get_cloud_service_public_ip_address(*place, "outside").properties
    assert shown.ip_address == own[0].properties.ip_address
    with pytest.raises(ResourceNotFoundError):
        addresses.get_cloud_service_public_ip_address("rg", "web", "Web_IN_9", "nic", "ip", "outside")
    reserved = addresses.begin_reserve_cloud_service_public_ip_address("rg", "one", {"isRollback": "false"})
    assert (reserved.name, reserved.properties.public_ip_allocation_method) == ("one", "Static")
    addresses.begin_disassociate_cloud_service_reserved_public_ip("rg", "one", {"publicIpArmId": two.id})
    assert [found.name for found in addresses.list_cloud_service_public_ip_addresses("rg", "web")] == ["two"]
    with pytest.raises(HttpResponseError, match="PublicIPAddressNotUsedByCloudService"):
        addresses.begin_disassociate_cloud_service_reserved_public_ip("rg", "one", {"publicIpArmId": two.id})


@pytest.mark.serves("load_balancers.begin_swap_public_ip_addresses")
def test_front_ends_swap_their_addresses(azure: Azure) -> None:
    assert azure.group
    balancers, addresses = azure.load_balancers, azure.public_ip_addresses
    ids = {name: addresses.begin_create_or_update("rg", name, EAST).id for name in ("one", "two")}
    for name, address in ids.items():
        front = {"name": "front", "properties": {"publicIPAddress": {"id": address}}}
        made = balancers.begin_create_or_update("rg", name, written({"frontendIPConfigurations": [front]}))
        assert made.properties.frontend_ip_configurations[0].id == f"{made.id}/frontendIPConfigurations/front"
    swapped = [
        {"id": front_of(azure, name).id, "properties": {"publicIPAddress": {"id": ids[other]}}}
        for name, other in (("one", "two"), ("two", "one"))
    ]
    balancers.begin_swap_public_ip_addresses("eastus", {"frontendIPConfigurations": swapped})
    shown = {name: front_of(azure, name).properties.public_ip_address.id for name in ids}
    assert shown == {"one": ids["two"], "two": ids["one"]}
    stray = swapped[0] | {"id": swapped[0]["id"] + "x"}
    with pytest.raises(ResourceNotFoundError):
        balancers.begin_swap_public_ip_addresses("eastus", {"frontendIPConfigurations": [stray]})


def front_of(azure: Azure, name: str) -> Any:
    return azure.load_balancers.get("rg", name).properties.frontend_ip_configurations[0]


@pytest.mark.serves("load_balancers.begin_list_inbound_nat_rule_port_mappings", "load_balancers.migrate_to_ip_based")
def test_the_pools_of_a_balancer(azure: Azure) -> None:
    pool = f"{azure.group}/providers/Microsoft.Network/loadBalancers/lb/backendAddressPools/pool"
    rule = {
        "backendAddressPool": {"id": pool},
        "protocol": "Tcp",
        "frontendPortRangeStart": 500,
        "backendPort": 22,
    }
    properties = {
        "backendAddressPools": [{"name": "pool"}, {"name": "spare"}],
        "inboundNatRules": [{"name": "ssh", "properties": rule}],
    }
    balancers = azure.load_balancers
    balancers.begin_create_or_update("rg", "lb", written(properties))
    found = balancers.begin_list_inbound_nat_rule_port_mappings("rg", "lb", "pool", {"ipAddress": "10.0.0.4"})
    mapping = found.inbound_nat_rule_port_mappings[0]
    assert (mapping.inbound_nat_rule_name, mapping.frontend_port, mapping.backend_port) == ("ssh", 500, 22)
    spare = balancers.begin_list_inbound_nat_rule_port_mappings("rg", "lb", "spare", {"ipAddress": "10.0.0.4"})
    assert spare.inbound_nat_rule_port_mappings == []
    migrated = balancers.migrate_to_ip_based("rg", "lb", {"pools": ["spare"]})
    assert migrated.migrated_pools == ["spare"]
    with pytest.raises(ResourceNotFoundError):
        balancers.migrate_to_ip_based("rg", "lb", {"pools": ["none"]})


@pytest.mark.serves(
    "virtual_networks.check_ip_address_availability",
    "virtual_networks.list_usage",
    "virtual_networks.begin_list_ddos_protection_status",
)
def test_the_addresses_of_a_network(network: Azure) -> None:
    networks = network.virtual_networks
    assert networks.check_ip_address_availability(*NET, ip_address="10.0.1.4").available is True
    kept = networks.check_ip_address_availability(*NET, ip_address="10.0.1.3")
    assert (kept.available, kept.available_ip_addresses[0]) == (False, "10.0.1.4")
    assert networks.check_ip_address_availability(*NET, ip_address="10.0.1.255").available is False
    with pytest.raises(HttpResponseError, match="PrivateIPAddressNotInAnySubnet"):
        networks.check_ip_address_availability(*NET, ip_address="10.0.9.4")
    with pytest.raises(HttpResponseError, match="InvalidIPAddress"):
        networks.check_ip_address_availability(*NET, ip_address="ten")
    usage = {found.id.rpartition("/")[2]: (found.current_value, found.limit) for found in networks.list_usage(*NET)}
    assert usage == {"one": (0, 251), "two": (0, 11)}
    assert networks.begin_list_ddos_protection_status(*NET) == []


@pytest.mark.serves(
    "subnets.begin_create_or_update",
    "subnets.get",
    "subnets.list",
    "subnets.begin_prepare_network_policies",
    "subnets.begin_unprepare_network_policies",
    "subnets.begin_delete",
)
def test_subnets_alone_and_with_their_network(network: Azure) -> None:
    subnets = network.subnets
    made = subnets.begin_create_or_update(*NET, "three", {"properties": {"addressPrefix": "10.0.3.0/24"}})
    assert (made.name, made.properties.address_prefix) == ("three", "10.0.3.0/24")
    assert subnets.get(*NET, "one").properties.address_prefix == "10.0.1.0/24"
    subnets.begin_prepare_network_policies(*NET, "one", {"serviceName": "Microsoft.Sql/managedInstances"})
    subnets.begin_unprepare_network_policies(*NET, "one", {"serviceName": "Microsoft.Sql/managedInstances"})
    subnets.begin_delete(*NET, "two")
    assert [found.name for found in subnets.list(*NET)] == ["one", "three"]
    shown = network.virtual_networks.get(*NET)
    assert [found.name for found in shown.properties.subnets] == ["one", "three"]
    network.virtual_networks.update_tags(*NET, {"tags": {"a": "b"}})
    assert len(subnets.list(*NET)) == 2
    network.wait(10)
    network.virtual_networks.begin_create_or_update(*NET, written(TYPES["virtual_networks"]))
    assert subnets.list(*NET) == [], "a network written without subnets has none"


@pytest.mark.parametrize(
    ("prefix", "code"),
    [
        ("10.1.0.0/24", "NetcfgInvalidSubnet"),
        ("10.0.1.128/25", "NetcfgSubnetRangesOverlap"),
        ("10.0.1.128", "NetcfgSubnetRangesOverlap"),
        ("10.0.300.0/24", "InvalidCIDRNotation"),
    ],
)
def test_a_subnet_must_have_room(network: Azure, prefix: str, code: str) -> None:
    wanted = {"properties": {"addressPrefix": prefix}}
    with pytest.raises(HttpResponseError, match=code):
        network.subnets.begin_create_or_update(*NET, "four", wanted)
    inline = {"subnets": [{"name": "one", "properties": {"addressPrefix": "10.0.1.0/24"}}, {"name": "four", **wanted}]}
    with pytest.raises(HttpResponseError, match=code):
        network.virtual_networks.begin_create_or_update("rg", "other", written(TYPES["virtual_networks"] | inline))
    assert [found.name for found in network.subnets.list(*NET)] == ["one", "two"]


RULE = {
    "protocol": "Tcp",
    "direction": "Inbound",
    "access": "Allow",
    "priority": 100,
    "sourceAddressPrefix": "*",
    "sourcePortRange": "*",
    "destinationAddressPrefix": "*",
    "destinationPortRange": "443",
}


@pytest.mark.serves(
    "security_rules.begin_create_or_update", "security_rules.get", "security_rules.list", "security_rules.begin_delete"
)
def test_rules_alone_and_with_their_group(azure: Azure) -> None:
    assert azure.group
    rules, groups = azure.security_rules, azure.network_security_groups
    made = groups.begin_create_or_update(
        "rg", "nsg", written({"securityRules": [{"name": "https", "properties": RULE}]})
    )
    assert [rule.name for rule in made.properties.security_rules] == ["https"]
    assert len(made.properties.default_security_rules) == 6
    http = {"properties": RULE | {"priority": 110, "destinationPortRange": "80"}}
    assert rules.begin_create_or_update("rg", "nsg", "http", http).properties.priority == 110
    assert rules.get("rg", "nsg", "https").properties.destination_port_range == "443"
    rules.begin_delete("rg", "nsg", "https")
    assert [rule.name for rule in rules.list("rg", "nsg")] == ["http"]
    for wrong, code in (
        ({"priority": 99}, "SecurityRuleInvalidPriority"),
        ({"direction": "Sideways"}, "SecurityRuleParameterInvalid"),
        ({"priority": 110}, "SecurityRuleConflict"),
    ):
        with pytest.raises(HttpResponseError, match=code):
            rules.begin_create_or_update("rg", "nsg", "more", {"properties": RULE | wrong})
    both = [{"name": name, "properties": RULE} for name in ("a", "b")]
    with pytest.raises(HttpResponseError, match="SecurityRuleConflict"):
        groups.begin_create_or_update("rg", "other", written({"securityRules": both}))
