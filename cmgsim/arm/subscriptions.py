"""Tenants, subscriptions and the places they can use."""

from __future__ import annotations

from cmgsim.arm.access import roles
from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import region_key
from cmgsim.arm.config import Subscription, Tenant
from cmgsim.arm.errors import subscription_not_found
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.types import text_of, texts_of
from cmgsim.arm.views import page
from cmgsim.draws import draw, identity, stream

_ZONE = stream("arm.subscriptions.zone")
#: Zones of a region (source: "What are availability zones?").
_ZONES = 3


def list_tenants(cloud: Cloud, call: Call) -> Answer:
    """List the tenants of the caller: the one it signed in to."""
    tenants = (tenant for tenant in cloud.config.tenants if tenant.id == call.tenant)
    return page(call, map(_show_tenant, tenants), cloud.config.page_size)


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the subscriptions in which the caller has a role."""
    own = (known for known in cloud.config.subscriptions if cloud.config.tenant_of(known).id == call.tenant)
    visible = (_show(cloud, known) for known in own if roles(cloud, known, call.principal))
    return page(call, visible, cloud.config.page_size)


def get(cloud: Cloud, call: Call) -> Answer:
    """Show a subscription."""
    return Answer(200, _show(cloud, call.owner))


def list_locations(cloud: Cloud, call: Call) -> Answer:
    """List the regions that a subscription can use."""
    root = f"/subscriptions/{call.owner.id}/locations"
    regions = [region for region in cloud.regions.values() if region.environment == call.owner.environment]
    documents = (
        {
            "id": f"{root}/{region.name}",
            "subscriptionId": call.owner.id,
            "name": region.name,
            "displayName": region.title,
            "type": "Region",
            "regionalDisplayName": region.title,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended", "physicalLocation": region.title},
        }
        for region in regions
    )
    return page(call, documents, cloud.config.page_size)


def list_zone_peers(cloud: Cloud, call: Call) -> Answer:
    """Say which zones of subscriptions are the same places (checkZonePeers); numbers are each subscription's own."""
    document = call.document()
    region = region_key(text_of(document, "location"))
    others = [word.rpartition("/")[2].lower() for word in texts_of(document, "subscriptionIds")]
    for other in others:
        if cloud.subscription(other) is None:
            raise subscription_not_found(other)
    own = _zones(cloud, call.owner.id, region)
    peers = [
        {
            "availabilityZone": own[place],
            "peers": [
                {"subscriptionId": other, "availabilityZone": _zones(cloud, other, region)[place]} for other in others
            ],
        }
        for place in sorted(range(_ZONES), key=own.__getitem__)
    ]
    return Answer(200, {"subscriptionId": call.owner.id, "location": region, "availabilityZonePeers": peers})


def _zones(cloud: Cloud, subscription: str, region: str) -> list[str]:
    """Draw the number that a subscription has for each of the places of a region."""
    who = identity(subscription, region)
    places = sorted(range(_ZONES), key=lambda place: draw(cloud.seed, who, _ZONE, place))
    return [str(number + 1) for number in places]


def _show(cloud: Cloud, subscription: Subscription) -> Json:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "subscriptionId": subscription.id,
        "tenantId": cloud.config.tenant_of(subscription).id,
        "displayName": subscription.name,
        "state": subscription.state.value,
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
        },
    }


def _show_tenant(tenant: Tenant) -> Json:
    domain = f"{tenant.name.lower()}.onmicrosoft.com"
    return {
        "id": f"/tenants/{tenant.id}",
        "tenantId": tenant.id,
        "displayName": tenant.name,
        "countryCode": "US",
        "defaultDomain": domain,
        "domains": [domain],
        "tenantType": "AAD",
        "tenantCategory": "Home",
    }
