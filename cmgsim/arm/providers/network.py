"""Microsoft.Network: public addresses, networks, security groups, load balancers.

Assumption: network resources are made in 2 to 6 seconds and deleted in 8 to 12.
"""

from __future__ import annotations

import re
from functools import partial

from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import label_fqdn, region_key
from cmgsim.arm.errors import ArmError, bad_request, busy_for_now
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Provider, ResourceType, Style, Trait, object_of, text_of
from cmgsim.draws import draw, identity, stream, within

_ADDRESS = stream("arm.network.address")
_LABEL = re.compile(r"[a-z]([a-z0-9-]{1,61}[a-z0-9])")


def check_label(cloud: Cloud, call: Call) -> Answer:
    """Say whether a DNS label is free in a region (CheckDnsNameAvailability)."""
    label = call.request.query.get("domainnamelabel", "")
    _check_label(label)
    fqdn = label_fqdn(label, region_key(call.target.names[0]), call.owner.environment)
    return Answer(200, {"available": not cloud.names.holder(fqdn, call.now_us)})


def _label(resource: Resource) -> str:
    return text_of(object_of(resource.properties, "dnsSettings"), "domainNameLabel").lower()


def _names(cloud: Cloud, resource: Resource) -> tuple[str, ...]:
    label = _label(resource)
    environment = cloud.environment_of(resource.subscription).name
    return (label_fqdn(label, resource.location, environment),) if label else ()


def _taken(cloud: Cloud, resource: Resource, holder: str) -> ArmError:
    message = f"DNS record {_names(cloud, resource)[0]} is already used by another public IP."
    return ArmError(409, "DnsRecordInUse", message)


def _check_network(cloud: Cloud, resource: Resource) -> None:
    if not isinstance(resource.properties.get("subnets", []), list):
        raise bad_request("InvalidRequestFormat", "The value of 'subnets' must be a list.")


def _check(cloud: Cloud, resource: Resource) -> None:
    if label := _label(resource):
        _check_label(label)


def _check_label(label: str) -> None:
    if not _LABEL.fullmatch(label):
        message = (
            f"The domain name label {label} is invalid. It must conform to the following regular expression: "
            "^[a-z][a-z0-9-]{1,61}[a-z0-9]$."
        )
        raise bad_request("InvalidDomainNameLabel", message)


def _view(cloud: Cloud, resource: Resource) -> Json:
    shown: Json = {"ipAddress": _address(cloud.seed, resource)} if resource.state == "Succeeded" else {}
    if names := _names(cloud, resource):
        shown["dnsSettings"] = object_of(resource.properties, "dnsSettings") | {"fqdn": names[0]}
    return shown


def _view_subnets(cloud: Cloud, resource: Resource) -> Json:
    """Show subnets that were made by themselves beside those written with the network."""
    subnets = [
        {"id": subnet.id, "name": subnet.name, "properties": subnet.properties}
        for subnet in cloud.store.children(resource.id)
    ]
    return {"subnets": [*resource.properties.get("subnets", []), *subnets]} if subnets else {}


def _address(seed: int, resource: Resource) -> str:
    """Draw an address of 198.18.0.0/15, which no host on the internet has (RFC 2544)."""
    bits = draw(seed, identity(resource.key), _ADDRESS)
    return f"198.{within(bits, 18, 19)}.{within(bits >> 8, 0, 255)}.{within(bits >> 16, 1, 254)}"


_row = partial(
    ResourceType,
    first_api="2015-05-01-preview",
    create=Style.STATUS,
    update=Style.STATUS,
    delete=Style.STATUS,
    traits=Trait.TRACKED | Trait.ETAG,
    busy=busy_for_now,
)
PROVIDER = Provider(
    "Microsoft.Network",
    (
        _row(
            "Microsoft.Network/publicIPAddresses",
            "publicIPAddresses",
            retry_after_s=1,
            claims=_names,
            taken=_taken,
            check=_check,
            view=_view,
        ),
        _row(
            "Microsoft.Network/virtualNetworks",
            "virtualNetworks",
            retry_after_s=3,
            check=_check_network,
            view=_view_subnets,
        ),
        _row("Microsoft.Network/virtualNetworks/subnets", "virtualNetworks", retry_after_s=3, traits=Trait.ETAG),
        _row("Microsoft.Network/networkSecurityGroups", "networkSecurityGroups", retry_after_s=3),
        _row("Microsoft.Network/loadBalancers", "loadBalancers", retry_after_s=10),
    ),
    {("GET", "subscription/microsoft.network/locations/checkdnsnameavailability"): check_label},
)
