"""Microsoft.Network: public addresses, networks, security groups, load balancers.

Assumption: network resources are made in 2 to 6 seconds and deleted in 8 to 12.
"""

from __future__ import annotations

from functools import partial

from cmgsim.arm.errors import busy_for_now
from cmgsim.arm.providers import addresses, balancers, rules, subnets, translation
from cmgsim.arm.types import Provider, ResourceType, Style, Trait

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
            addresses.ADDRESS_TYPE,
            "publicIPAddresses",
            retry_after_s=1,
            claims=addresses.names,
            taken=addresses.taken,
            check=addresses.check,
            view=addresses.view,
        ),
        _row(
            subnets.NETWORK_TYPE,
            "virtualNetworks",
            retry_after_s=3,
            check=subnets.check_network,
            complete=subnets.adopt_subnets,
            view=subnets.view_network,
        ),
        _row(subnets.SUBNET_TYPE, "virtualNetworks", retry_after_s=3, traits=Trait.ETAG, check=subnets.check_subnet),
        _row(
            rules.GROUP_TYPE,
            "networkSecurityGroups",
            retry_after_s=3,
            check=rules.check_group,
            complete=rules.adopt_rules,
            view=rules.view_group,
        ),
        _row(rules.RULE_TYPE, "networkSecurityGroups", retry_after_s=3, traits=Trait.ETAG, check=rules.check_rule),
        _row(
            translation.BALANCER_TYPE,
            "loadBalancers",
            retry_after_s=10,
            check=balancers.check,
            complete=balancers.complete,
            view=balancers.view,
        ),
        _row(
            translation.RULE_TYPE,
            "loadBalancers",
            retry_after_s=10,
            traits=Trait.ETAG,
            check=translation.check_rule,
            view=translation.view_rule,
        ),
    ),
    {**addresses.ROUTES, **subnets.ROUTES, **balancers.ROUTES},
)
