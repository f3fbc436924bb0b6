"""Microsoft.Network: public addresses, alone and of cloud services (source: "Public IP Addresses", REST reference)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cmgsim.arm import tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import label_fqdn, region_key
from cmgsim.arm.errors import ArmError, bad_request, busy_for_now, resource_not_found
from cmgsim.arm.identifiers import parent_id
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import SETTLE
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, object_of, objects_of, text_of
from cmgsim.arm.views import page
from cmgsim.draws import draw, identity, stream, within

ADDRESS_TYPE = "Microsoft.Network/publicIPAddresses"
SERVICE_TYPE = "Microsoft.Compute/cloudServices"
_ADDRESS = stream("arm.network.address")
_LABEL = re.compile(r"[a-z]([a-z0-9-]{1,61}[a-z0-9])")


def check_label(cloud: Cloud, call: Call) -> Answer:
    """Say whether a DNS label is free in a region (CheckDnsNameAvailability)."""
    label = call.request.query.get("domainnamelabel", "")
    _check_label(label)
    fqdn = label_fqdn(label, region_key(call.target.names[0]), call.owner.environment)
    return Answer(200, {"available": not cloud.names.holder(fqdn, call.now_us)})


def names(cloud: Cloud, resource: Resource) -> tuple[str, ...]:
    """Return the full DNS name of an address that has a label."""
    label = _label(resource)
    environment = cloud.environment_of(resource.subscription).name
    return (label_fqdn(label, resource.location, environment),) if label else ()


def taken(cloud: Cloud, resource: Resource, holder: str) -> ArmError:
    """Say that another address has the label."""
    message = f"DNS record {names(cloud, resource)[0]} is already used by another public IP."
    return ArmError(409, "DnsRecordInUse", message)


def check(cloud: Cloud, resource: Resource) -> None:
    """Refuse an impossible label."""
    if label := _label(resource):
        _check_label(label)


def view(cloud: Cloud, resource: Resource) -> Json:
    """Show the address, once it is there, and its full name."""
    shown: Json = {"publicIPAllocationMethod": "Dynamic", "publicIPAddressVersion": "IPv4", "idleTimeoutInMinutes": 4}
    shown |= resource.properties
    if resource.state == "Succeeded":
        shown["ipAddress"] = address_of(cloud.seed, resource.key)
    if found := names(cloud, resource):
        shown["dnsSettings"] = object_of(resource.properties, "dnsSettings") | {"fqdn": found[0]}
    return shown


def address_of(seed: int, key: str) -> str:
    """Draw an address of 198.18.0.0/15, which no host on the internet has (RFC 2544)."""
    bits = draw(seed, identity(key), _ADDRESS)
    return f"198.{within(bits, 18, 19)}.{within(bits >> 8, 0, 255)}.{within(bits >> 16, 1, 254)}"


def protection(cloud: Cloud, call: Call) -> Answer:
    """Say whether an address is protected against floods (ddosProtectionStatus)."""
    address = _found(cloud, call)
    mode = text_of(object_of(address.properties, "ddosSettings"), "protectionMode").lower()
    result = {
        "publicIpAddressId": address.id,
        "publicIpAddress": address_of(cloud.seed, address.key),
        "isWorkloadProtected": "True" if mode == "enabled" else "False",
    }
    operation = tasks.begin(cloud, "network.action", address, result)
    return tasks.accepted(call, operation, "Microsoft.Network")


def reserve(cloud: Cloud, call: Call) -> Answer:
    """Keep the address of a cloud service for its owner, or give it back (reserveCloudServicePublicIpAddress)."""
    address = _found(cloud, call)
    back = text_of(call.document(), "isRollback").lower() == "true"
    return _changed(cloud, call, address, publicIPAllocationMethod="Dynamic" if back else "Static")


def disassociate(cloud: Cloud, call: Call) -> Answer:
    """Give a cloud service another address in the place of one (disassociateCloudServiceReservedPublicIp)."""
    address, wanted = _found(cloud, call), text_of(call.document(), "publicIpArmId")
    if wanted not in cloud.store:
        raise resource_not_found(ADDRESS_TYPE, wanted.rpartition("/")[2], call.target.group)
    for service in cloud.store.children(parent_id(address.id)):
        if service.type == SERVICE_TYPE and address.key in [known.lower() for known in frontends(service)]:
            cloud.change(service, body=_with_address(service, address.key, wanted))
            return _changed(cloud, call, address)
    raise bad_request("PublicIPAddressNotUsedByCloudService", f"No cloud service uses the address '{address.name}'.")


def list_of_service(cloud: Cloud, call: Call) -> Answer:
    """List the addresses of a cloud service."""
    target = call.target
    service = cloud.store.get(f"{target.scope}/providers/{SERVICE_TYPE}/{target.names[0]}")
    if service is None:
        raise resource_not_found(SERVICE_TYPE, target.names[0], target.group)
    found = [cloud.store.get(address) for address in frontends(service)]
    return page(call, (_show(cloud, address) for address in found if address), cloud.config.page_size)


def frontends(service: Resource) -> Iterator[str]:
    """Return the ids of the public addresses that a cloud service is written with."""
    for _, frontend in _frontends(service):
        if address := text_of(object_of(object_of(frontend, "properties"), "publicIPAddress"), "id"):
            yield address


def _frontends(service: Resource) -> Iterator[tuple[Json, Json]]:
    for balancer in objects_of(object_of(service.properties, "networkProfile"), "loadBalancerConfigurations"):
        for frontend in objects_of(object_of(balancer, "properties"), "frontendIpConfigurations"):
            yield balancer, frontend


def _with_address(service: Resource, before: str, after: str) -> Json:
    """Return the body of a cloud service whose front ends have one address in the place of another."""
    network, balancers = object_of(service.properties, "networkProfile"), []
    for balancer in objects_of(network, "loadBalancerConfigurations"):
        own = [
            body_with_properties(frontend, publicIPAddress={"id": after})
            if text_of(object_of(object_of(frontend, "properties"), "publicIPAddress"), "id").lower() == before
            else frontend
            for frontend in objects_of(object_of(balancer, "properties"), "frontendIpConfigurations")
        ]
        balancers.append(body_with_properties(balancer, frontendIpConfigurations=own))
    return body_with_properties(service.body, networkProfile=network | {"loadBalancerConfigurations": balancers})


def _changed(cloud: Cloud, call: Call, address: Resource, **properties: str) -> Answer:
    if address.operation:
        raise busy_for_now(address.id)
    changed = cloud.change(address, body=body_with_properties(address.body, **properties))
    operation = cloud.begin("network.action", changed, SETTLE)
    return tasks.accepted(call, operation, "Microsoft.Network")


def _show(cloud: Cloud, address: Resource) -> Json:
    shown = {"id": address.id, "name": address.name, "type": ADDRESS_TYPE, "location": address.location}
    return shown | address.body | {"properties": view(cloud, address) | {"provisioningState": address.state}}


def _found(cloud: Cloud, call: Call) -> Resource:
    target = call.target
    address = cloud.store.get(f"{target.scope}/providers/{ADDRESS_TYPE}/{target.names[0]}")
    if address is None:
        raise resource_not_found(ADDRESS_TYPE, target.names[0], target.group)
    return address


def _label(resource: Resource) -> str:
    return text_of(object_of(resource.properties, "dnsSettings"), "domainNameLabel").lower()


def _check_label(label: str) -> None:
    if not _LABEL.fullmatch(label):
        message = (
            f"The domain name label {label} is invalid. It must conform to the following regular expression: "
            "^[a-z][a-z0-9-]{1,61}[a-z0-9]$."
        )
        raise bad_request("InvalidDomainNameLabel", message)


_ADDRESSES = "group/microsoft.network/publicipaddresses"
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "subscription/microsoft.network/locations/checkdnsnameavailability"): check_label,
    ("POST", f"{_ADDRESSES}/ddosprotectionstatus"): protection,
    ("POST", f"{_ADDRESSES}/reservecloudservicepublicipaddress"): reserve,
    ("POST", f"{_ADDRESSES}/disassociatecloudservicereservedpublicip"): disassociate,
    ("GET", "group/microsoft.compute/cloudservices/publicipaddresses"): list_of_service,
}
