"""Microsoft.Network: network security groups and their rules (source: "Network security groups")."""

from __future__ import annotations

from collections import Counter

from cmgsim.arm.errors import bad_request
from cmgsim.arm.identifiers import parent_id
from cmgsim.arm.messages import Json
from cmgsim.arm.providers.inner import Part
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.types import ANY_NAME, text_of

GROUP_TYPE = "Microsoft.Network/networkSecurityGroups"
RULE_TYPE = f"{GROUP_TYPE}/securityRules"
RULES = Part(RULE_TYPE, "securityRules", ANY_NAME)
_FIRST, _LAST = 100, 4096
_DIRECTIONS, _ACCESS = ("inbound", "outbound"), ("allow", "deny")
#: Name, priority, direction, access, from where, to where.
_DEFAULTS = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)


def check_group(cloud: Cloud, group: Resource) -> None:
    """Refuse a group with rules that are wrong or contradict each other."""
    listed = RULES.listed(group)
    for name, properties in listed.items():
        _check(name, properties)
    _require_unlike({name: _place(properties) for name, properties in listed.items()})


def check_rule(cloud: Cloud, rule: Resource) -> None:
    """Refuse a rule that is wrong or has the place of another."""
    _check(rule.name, rule.properties)
    others = {known.name.lower(): _place(known.properties) for known in RULES.kept(cloud, parent_id(rule.id))}
    _require_unlike(others | {rule.name.lower(): _place(rule.properties)})


def view_group(cloud: Cloud, group: Resource) -> Json:
    """Show the rules that a group has, and those that every group has."""
    return {
        "securityRules": RULES.show(cloud, group),
        "defaultSecurityRules": [_default(group, *row) for row in _DEFAULTS],
    }


def adopt_rules(cloud: Cloud, group: Resource) -> Resource:
    """Let a group have the rules it is written with."""
    return RULES.adopt(cloud, group)


def _check(name: str, properties: Json) -> None:
    priority = properties.get("priority")
    if type(priority) is not int or not _FIRST <= priority <= _LAST:
        message = f"Security rule {name} has the invalid priority {priority!r}; it must be {_FIRST} to {_LAST}."
        raise bad_request("SecurityRuleInvalidPriority", message)
    for word, known in (("direction", _DIRECTIONS), ("access", _ACCESS)):
        if text_of(properties, word).lower() not in known:
            message = f"Security rule {name} needs a '{word}' of {' or '.join(known)}."
            raise bad_request("SecurityRuleParameterInvalid", message)


def _place(properties: Json) -> tuple[str, object]:
    return text_of(properties, "direction").lower(), properties.get("priority")


def _require_unlike(places: dict[str, tuple[str, object]]) -> None:
    for place, count in Counter(places.values()).items():
        if count > 1:
            names = " and ".join(name for name, known in places.items() if known == place)
            message = f"Security rules {names} conflict: rules of one direction cannot have the same priority."
            raise bad_request("SecurityRuleConflict", message)


def _default(
    group: Resource, name: str, priority: int, direction: str, access: str, source: str, destination: str
) -> Json:
    properties = {
        "provisioningState": "Succeeded",
        "protocol": "*",
        "sourcePortRange": "*",
        "destinationPortRange": "*",
        "sourceAddressPrefix": source,
        "destinationAddressPrefix": destination,
        "access": access,
        "priority": priority,
        "direction": direction,
    }
    rule_id = f"{group.id}/defaultSecurityRules/{name}"
    return {"id": rule_id, "name": name, "type": f"{GROUP_TYPE}/defaultSecurityRules", "properties": properties}
