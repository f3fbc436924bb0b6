"""Microsoft.Network: how ports of a load balancer's address lead to single machines.

Either a rule names a pool and a range of ports (version 2), or a pool for address translation gives every machine that
names it a rule of its own, which Azure makes and nobody writes (version 1). Sources: "Inbound NAT rules", "Load
Balancers" (REST reference).

Assumption: machine n of a set has the n-th port of a range, begun anew at its end, or else the next that is free.
"""

from __future__ import annotations

from collections.abc import Iterator

from cmgsim.arm.errors import bad_request
from cmgsim.arm.identifiers import parent_id
from cmgsim.arm.messages import Json
from cmgsim.arm.providers.inner import Part
from cmgsim.arm.providers.members import Member, members_of
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import ANY_NAME, object_of, objects_of, text_of

BALANCER_TYPE = "Microsoft.Network/loadBalancers"
FRONTENDS, POOLS, NAT_POOLS = "frontendIPConfigurations", "backendAddressPools", "inboundNatPools"
RULE_TYPE = f"{BALANCER_TYPE}/inboundNatRules"
#: What rules and pools refer to of their own balancer, and the list that it stands in.
_REFERENCES = (("frontendIPConfiguration", FRONTENDS), ("backendAddressPool", POOLS))
_RANGE = ("frontendPortRangeStart", "frontendPortRangeEnd")
_NUMBERS = (*_RANGE, "frontendPort", "backendPort", "idleTimeoutInMinutes")
_MOST = 65_534
#: Stands between a pool and the number of a machine in the name of a rule that Azure made.
_DOT = "."


def numbered(properties: Json) -> Json:
    """Return properties whose ports and minutes are numbers, as templates may write them as texts."""
    return {
        name: int(value) if name in _NUMBERS and isinstance(value, str) and _is_number(value) else value
        for name, value in properties.items()
    }


def check(balancer: Resource, name: str, properties: Json) -> None:
    """Refuse a rule or a pool for address translation with impossible ports, or with references that lead nowhere.

    Raises:
        ArmError: 400 ``InvalidRequestFormat`` or ``InvalidResourceReference``.
    """
    ports = numbered(properties)
    for word in _NUMBERS[:4]:
        port = ports.get(word)
        if port is not None and (type(port) is not int or not 0 <= port <= _MOST):
            raise bad_request("InvalidRequestFormat", f"The '{word}' of '{name}' is {port!r}, not 0 to {_MOST}.")
    if ports.get(_RANGE[1]) and (ports.get(_RANGE[0]) or 0) > ports[_RANGE[1]]:
        raise bad_request("InvalidRequestFormat", f"The range of ports of '{name}' ends before it begins.")
    for word, place in _REFERENCES:
        wanted = text_of(object_of(properties, word), "id")
        known = [f"{balancer.id}/{place}/{text_of(item, 'name')}" for item in objects_of(balancer.properties, place)]
        if wanted and wanted.lower() not in [known_id.lower() for known_id in known]:
            message = (
                f"Resource {wanted} referenced by resource {name} was not found. Please make sure that the referenced "
                "resource exists, and that both resources are in the same region."
            )
            raise bad_request("InvalidResourceReference", message)


def check_rule(cloud: Cloud, rule: Resource) -> None:
    """Refuse a rule that its balancer cannot follow."""
    balancer = cloud.store.get(parent_id(rule.id))
    if balancer is not None:
        check(balancer, rule.id, rule.properties)


def view_rule(cloud: Cloud, rule: Resource) -> Json:
    """Show the ports of a rule as numbers."""
    return numbered(rule.properties)


RULES = Part(RULE_TYPE, "inboundNatRules", ANY_NAME, view_rule)


def own_rules(balancer: Resource) -> list[Json]:
    """Return the rules that a balancer is written with, without those that Azure made, which callers may send back."""
    pools = [pool["name"] for pool in objects_of(balancer.properties, NAT_POOLS)]
    rules = objects_of(balancer.properties, RULES.word)
    return [rule for rule in rules if not any(_is_made(rule["name"], pool) for pool in pools)]


def own_pools(balancer: Resource) -> list[Json]:
    """Return the pools that a balancer is written with, without the machines that Azure has put there."""
    pools = []
    for pool in objects_of(balancer.properties, POOLS):
        properties = {
            name: value for name, value in object_of(pool, "properties").items() if name != "backendIPConfigurations"
        }
        if "loadBalancerBackendAddresses" in properties:
            written = objects_of(properties, "loadBalancerBackendAddresses")
            kept = [one for one in written if "networkInterfaceIPConfiguration" not in object_of(one, "properties")]
            properties["loadBalancerBackendAddresses"] = kept
        pools.append(pool | ({"properties": properties} if "properties" in pool else {}))
    return pools


def made_rules(cloud: Cloud, balancer: Resource) -> Iterator[Json]:
    """Yield the rules that Azure has made for machines that name a pool for address translation."""
    for pool in objects_of(balancer.properties, NAT_POOLS):
        properties = numbered(object_of(pool, "properties"))
        pool_id = f"{balancer.id}/{NAT_POOLS}/{pool['name']}"
        for member, port in _ports(properties, members_of(cloud, pool_id)):
            own = {name: value for name, value in properties.items() if name not in _RANGE}
            own |= {"frontendPort": port, "backendIPConfiguration": {"id": member.configuration}}
            yield {"name": f"{pool['name']}{_DOT}{member.number}", "properties": own}


def machines_behind(cloud: Cloud, balancer: Resource, pool: Json) -> Json:
    """Return the machines behind a pool as the pool shows them, each with the ports that lead to it."""
    pool_id = f"{balancer.id}/{POOLS}/{pool['name']}"
    members = members_of(cloud, pool_id)
    if not members:
        return {}
    mappings = port_mappings(cloud, balancer, pool_id)
    addresses = [
        {
            "name": named(member),
            "properties": {
                "networkInterfaceIPConfiguration": {"id": member.configuration},
                "inboundNatRulesPortMapping": mappings.get(member.configuration, []),
            },
        }
        for member in members
    ]
    written = objects_of(object_of(pool, "properties"), "loadBalancerBackendAddresses")
    return {
        "backendIPConfigurations": [{"id": member.configuration} for member in members],
        "loadBalancerBackendAddresses": [*written, *addresses],
    }


def port_mappings(cloud: Cloud, balancer: Resource, pool_id: str) -> dict[str, list[Json]]:
    """Return the ports that rules lead from to each machine behind a pool, by the id of its configuration."""
    found: dict[str, list[Json]] = {}
    for rule in rules_for(cloud, balancer, pool_id):
        properties = numbered(rule.properties)
        for member, port in _ports(properties, members_of(cloud, pool_id)):
            found.setdefault(member.configuration, []).append(mapping(rule.name, properties, port))
    return found


def rules_for(cloud: Cloud, balancer: Resource, pool_id: str) -> list[Resource]:
    """Return the rules of a balancer that name a pool."""
    return [
        rule
        for rule in RULES.kept(cloud, balancer.id)
        if text_of(object_of(rule.properties, "backendAddressPool"), "id").lower() == pool_id.lower()
    ]


def mapping(name: str, properties: Json, port: int | None) -> Json:
    """Return one port that leads to a machine, as answers show it."""
    return {
        "inboundNatRuleName": name,
        "protocol": properties.get("protocol", "Tcp"),
        "frontendPort": port,
        "backendPort": properties.get("backendPort"),
    }


def named(member: Member) -> str:
    """Return the name that a machine has as an address of a pool."""
    words = member.configuration.split("/")
    return f"{words[8]}_{member.number}"


def _ports(properties: Json, members: list[Member]) -> Iterator[tuple[Member, int]]:
    """Yield the machines that ports of a range lead to, each with its port; when there are no more, none has any."""
    first = properties.get(_RANGE[0]) or 0
    room = (properties.get(_RANGE[1]) or first) - first + 1
    if not first:
        return
    taken: set[int] = set()
    for member in members[:room]:
        place = next(place for step in range(room) if (place := (member.number + step) % room) not in taken)
        taken.add(place)
        yield member, first + place


def _is_made(rule: str, pool: str) -> bool:
    before, _, number = rule.rpartition(_DOT)
    return before.lower() == pool.lower() and _is_number(number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10
