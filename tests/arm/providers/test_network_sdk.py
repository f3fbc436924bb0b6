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


def put_balancer(azure: Azure, **more: Any) -> str:
    properties = {"frontendIPConfigurations": [{"name": "front"}], "backendAddressPools": [{"name": "pool"}]}
    made = azure.load_balancers.begin_create_or_update("rg", "lb", written(properties | more))
    return str(made.id)


def translated(balancer: str, **more: Any) -> dict[str, Any]:
    """Return what leads a range of ports of a balancer to its machines, with numbers written as texts."""
    front = {"id": f"{balancer}/frontendIPConfigurations/front"}
    ports = {"frontendPortRangeStart": "50000", "frontendPortRangeEnd": "50002", "backendPort": 3389}
    return {"frontendIPConfiguration": front, "protocol": "Tcp", **ports, **more}


def put_set(azure: Azure, name: str, capacity: int, **pools: str) -> None:
    configuration = {"name": "ip", "properties": {word: [{"id": pool}] for word, pool in pools.items()}}
    interface = {"name": "nic", "properties": {"primary": True, "ipConfigurations": [configuration]}}
    profile = {"networkProfile": {"networkInterfaceConfigurations": [interface]}}
    sku = {"name": "Standard_A2_v2", "capacity": capacity}
    azure.virtual_machine_scale_sets.begin_create_or_update(
        "rg", name, written({"virtualMachineProfile": profile}, sku=sku)
    )


def connections(azure: Azure) -> dict[str, int]:
    """Return the port that leads to each machine behind the pool, as the pool shows it."""
    pool = azure.load_balancers.get("rg", "lb").properties.backend_address_pools[0].properties
    return {
        address.name: address.properties.inbound_nat_rules_port_mapping[0].frontend_port
        for address in pool.load_balancer_backend_addresses or []
        if address.properties.inbound_nat_rules_port_mapping
    }


def nat_rules(azure: Azure) -> Any:
    return azure.client("azure.mgmt.network", "NetworkManagementClient").inbound_nat_rules


def test_a_range_of_ports_leads_to_every_machine_behind_a_pool(azure: Azure) -> None:
    assert azure.group
    balancer = put_balancer(azure)
    pool = f"{balancer}/backendAddressPools/pool"
    wanted = {"properties": translated(balancer, backendAddressPool={"id": pool})}
    rule = nat_rules(azure).begin_create_or_update("rg", "lb", "rdp", wanted, **azure.door.polling).result()
    assert (rule.name, rule.properties.frontend_port_range_end) == ("rdp", 50002)
    assert [known.name for known in nat_rules(azure).list("rg", "lb")] == ["rdp"]
    put_set(azure, "web", 2, loadBalancerBackendAddressPools=pool)
    assert connections(azure) == {"web_0": 50000, "web_1": 50001}
    put_set(azure, "more", 2, loadBalancerBackendAddressPools=pool)
    assert connections(azure) == {"web_0": 50000, "web_1": 50001, "more_0": 50002}, "the range has three ports"
    place = f"{azure.group}/providers/Microsoft.Compute/virtualMachineScaleSets/web/virtualMachines/1"
    asked = {"ipConfiguration": {"id": f"{place}/networkInterfaces/nic/ipConfigurations/ip"}}
    found = azure.load_balancers.begin_list_inbound_nat_rule_port_mappings("rg", "lb", "pool", asked)
    assert [known.frontend_port for known in found.inbound_nat_rule_port_mappings] == [50001]
    azure.virtual_machine_scale_sets.begin_delete("rg", "web")
    assert connections(azure) == {"more_0": 50000, "more_1": 50001}


def test_a_pool_for_address_translation_gives_every_machine_a_rule(azure: Azure) -> None:
    balancer = f"{azure.group}/providers/Microsoft.Network/loadBalancers/lb"
    put_balancer(azure, inboundNatPools=[{"name": "nat", "properties": translated(balancer)}])
    put_set(azure, "web", 2, loadBalancerInboundNatPools=f"{balancer}/inboundNatPools/nat")
    shown = azure.load_balancers.get("rg", "lb")
    rules = {rule.name: rule.properties for rule in shown.properties.inbound_nat_rules}
    assert {name: rule.frontend_port for name, rule in rules.items()} == {"nat.0": 50000, "nat.1": 50001}
    assert "/web/virtualMachines/1/" in rules["nat.1"].backend_ip_configuration.id
    # Whoever sends a balancer back as it was shown does not make its own what Azure made.
    azure.wait(10)
    azure.load_balancers.begin_create_or_update("rg", "lb", shown)
    azure.virtual_machine_scale_sets.begin_delete("rg", "web")
    assert azure.load_balancers.get("rg", "lb").properties.inbound_nat_rules == []


def test_a_balancer_sent_back_as_shown_keeps_its_rules_and_no_machines(azure: Azure) -> None:
    assert azure.group
    pool = f"{put_balancer(azure)}/backendAddressPools/pool"
    wanted = {"properties": translated(pool.rpartition("/backend")[0], backendAddressPool={"id": pool})}
    nat_rules(azure).begin_create_or_update("rg", "lb", "rdp", wanted, **azure.door.polling).result()
    put_set(azure, "web", 1, loadBalancerBackendAddressPools=pool)
    azure.load_balancers.begin_create_or_update("rg", "lb", azure.load_balancers.get("rg", "lb"))
    assert connections(azure) == {"web_0": 50000}
    azure.virtual_machine_scale_sets.begin_delete("rg", "web")
    assert connections(azure) == {}
    assert [known.name for known in nat_rules(azure).list("rg", "lb")] == ["rdp"]
    nat_rules(azure).begin_delete("rg", "lb", "rdp", **azure.door.polling).result()
    assert azure.load_balancers.get("rg", "lb").properties.inbound_nat_rules == []


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"frontendIPConfiguration": {"id": "/elsewhere"}}, "InvalidResourceReference"),
        ({"backendAddressPool": {"id": "/elsewhere"}}, "InvalidResourceReference"),
        ({"frontendPortRangeEnd": 4}, "InvalidRequestFormat"),
        ({"backendPort": 70_000}, "InvalidRequestFormat"),
        ({"backendPort": "many"}, "InvalidRequestFormat"),
    ],
)
def test_a_rule_for_address_translation_must_lead_somewhere(azure: Azure, wrong: dict[str, Any], code: str) -> None:
    assert azure.group
    properties = {"properties": translated(put_balancer(azure), **wrong)}
    with pytest.raises(HttpResponseError, match=code):
        nat_rules(azure).begin_create_or_update("rg", "lb", "rdp", properties, **azure.door.polling)
    for word in ("inboundNatRules", "inboundNatPools"):
        azure.wait(10)
        with pytest.raises(HttpResponseError, match=code):
            put_balancer(azure, **{word: [{"name": "rdp", **properties}]})


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
