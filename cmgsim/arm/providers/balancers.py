"""Microsoft.Network: load balancers (source: "Load Balancers", REST reference)."""

from __future__ import annotations

from collections.abc import Iterator

from cmgsim.arm import tasks
from cmgsim.arm.calls import Call
from cmgsim.arm.errors import bad_request, busy_for_now, resource_not_found
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import SETTLE
from cmgsim.arm.providers import translation
from cmgsim.arm.providers.translation import BALANCER_TYPE, FRONTENDS, NAT_POOLS, POOLS, RULES
from cmgsim.arm.state import Cloud, body_with_properties
from cmgsim.arm.store import Resource
from cmgsim.arm.types import Handler, object_of, objects_of, text_of, texts_of
from cmgsim.arm.views import etag

#: What a balancer consists of: every part has an id below it.
PARTS = (FRONTENDS, POOLS, "loadBalancingRules", "probes", NAT_POOLS, "outboundRules")


def check(cloud: Cloud, balancer: Resource) -> None:
    """Refuse a balancer whose parts have no names, or whose ports lead nowhere."""
    for word in (*PARTS, RULES.word):
        for item in objects_of(balancer.properties, word):
            if not text_of(item, "name"):
                raise bad_request("InvalidRequestFormat", f"Every one of '{word}' needs a name.")
            properties = object_of(item, "properties")
            if word in (NAT_POOLS, RULES.word):
                translation.check(balancer, item["name"], properties)
    translation.own_pools(balancer)


def complete(cloud: Cloud, balancer: Resource) -> Resource:
    """Let a balancer have the rules for address translation that it is written with, and what else its owner wrote."""
    before = cloud.store.get(balancer.id)
    if before is not None and balancer.properties is before.properties:
        return balancer  # only tags are written
    own: Json = {RULES.word: translation.own_rules(balancer)}
    if POOLS in balancer.properties:
        own[POOLS] = translation.own_pools(balancer)
    return RULES.adopt(cloud, balancer.having(body=body_with_properties(balancer.body, **own)))


def view(cloud: Cloud, balancer: Resource) -> Json:
    """Show every part with its id, the rules that Azure has made, and the machines behind every pool."""
    shown: Json = {
        word: [_part(balancer, word, item) for item in objects_of(balancer.properties, word)] for word in PARTS
    }
    for pool in shown[POOLS]:
        pool["properties"] |= translation.machines_behind(cloud, balancer, pool)
    made = [_part(balancer, RULES.word, rule) for rule in translation.made_rules(cloud, balancer)]
    return shown | {RULES.word: RULES.show(cloud, balancer) + made}


def swap(cloud: Cloud, call: Call) -> Answer:
    """Give front ends of balancers other public addresses, all at once (setLoadBalancerFrontendPublicIpAddresses)."""
    wanted = {
        text_of(item, "id"): object_of(object_of(item, "properties"), "publicIPAddress")
        for item in objects_of(call.document(), FRONTENDS)
    }
    if not wanted:
        raise bad_request("InvalidRequestFormat", f"The list '{FRONTENDS}' must name at least one front end.")
    balancers = {frontend: _owner(cloud, call, frontend) for frontend in wanted}
    chosen = list({balancer.key: balancer for balancer in balancers.values()}.values())
    steps = cloud.path("network.action", chosen[0].id)
    operations = []
    for balancer in chosen:
        frontends = list(_swapped(balancer, wanted))
        changed = cloud.change(balancer, body=body_with_properties(balancer.body, **{FRONTENDS: frontends}))
        operations.append(cloud.begin("network.action", changed, SETTLE, steps=steps))
    return tasks.accepted(call, operations[0], "Microsoft.Network")


def migrate(cloud: Cloud, call: Call) -> Answer:
    """Turn pools of a balancer to addresses (migrateToIpBased)."""
    balancer = _balancer(cloud, call)
    known = [text_of(item, "name") for item in objects_of(balancer.properties, POOLS)]
    wanted = texts_of(call.document(), "pools") or known
    for name in wanted:
        if name not in known:
            raise resource_not_found(f"{BALANCER_TYPE}/{POOLS}", name, call.target.group)
    return Answer(200, {"migratedPools": wanted})


def list_ports(cloud: Cloud, call: Call) -> Answer:
    """List which ports lead to a machine of a pool (queryInboundNatRulePortMapping); by its address, those of rules."""
    balancer, name = _balancer(cloud, call), call.target.names[1]
    if name.lower() not in [text_of(item, "name").lower() for item in objects_of(balancer.properties, POOLS)]:
        raise resource_not_found(f"{BALANCER_TYPE}/{POOLS}", name, call.target.group)
    pool = f"{balancer.id}/{POOLS}/{name}"
    wanted = text_of(object_of(call.document(), "ipConfiguration"), "id").lower()
    mappings = list(_mappings(cloud, balancer, pool, wanted))
    operation = tasks.begin(cloud, "network.action", balancer, {"inboundNatRulePortMappings": mappings})
    return tasks.accepted(call, operation, "Microsoft.Network")


def _mappings(cloud: Cloud, balancer: Resource, pool: str, wanted: str) -> Iterator[Json]:
    for configuration, found in translation.port_mappings(cloud, balancer, pool).items():
        if configuration.lower() == wanted:
            yield from found
    for rule in () if wanted else translation.rules_for(cloud, balancer, pool):
        properties = translation.numbered(rule.properties)
        yield translation.mapping(rule.name, properties, properties.get("frontendPortRangeStart"))


def _owner(cloud: Cloud, call: Call, frontend: str) -> Resource:
    """Return the balancer that a front end is of, if it can be changed."""
    balancer_id, _, name = frontend.rpartition(f"/{FRONTENDS}/")
    balancer = cloud.store.get(balancer_id)
    known = objects_of(balancer.properties, FRONTENDS) if balancer else []
    if balancer is None or name not in [text_of(item, "name") for item in known]:
        raise resource_not_found(f"{BALANCER_TYPE}/{FRONTENDS}", name or frontend, call.target.group)
    if balancer.operation:
        raise busy_for_now(balancer.id)
    return balancer


def _swapped(balancer: Resource, wanted: dict[str, Json]) -> Iterator[Json]:
    for item in objects_of(balancer.properties, FRONTENDS):
        address = wanted.get(f"{balancer.id}/{FRONTENDS}/{item['name']}")
        yield item if address is None else body_with_properties(item, publicIPAddress=address)


def _balancer(cloud: Cloud, call: Call) -> Resource:
    target = call.target
    balancer = cloud.store.get(f"{target.scope}/providers/{BALANCER_TYPE}/{target.names[0]}")
    if balancer is None:
        raise resource_not_found(BALANCER_TYPE, target.names[0], target.group)
    return balancer


def _part(balancer: Resource, word: str, item: Json) -> Json:
    properties = translation.numbered(object_of(item, "properties")) | {"provisioningState": balancer.state}
    shown = {"id": f"{balancer.id}/{word}/{item['name']}", "type": f"{BALANCER_TYPE}/{word}", "etag": etag(balancer)}
    return item | shown | {"properties": properties}


_BALANCERS = "group/microsoft.network/loadbalancers"
ROUTES: dict[tuple[str, str], Handler] = {
    ("POST", "subscription/microsoft.network/locations/setloadbalancerfrontendpublicipaddresses"): swap,
    ("POST", f"{_BALANCERS}/migratetoipbased"): migrate,
    ("POST", f"{_BALANCERS}/backendaddresspools/queryinboundnatruleportmapping"): list_ports,
}
