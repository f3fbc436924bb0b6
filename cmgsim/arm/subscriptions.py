"""Tenants, subscriptions and the places they can use."""

from __future__ import annotations

from cmgsim.arm.access import roles
from cmgsim.arm.calls import Call
from cmgsim.arm.config import Subscription, Tenant
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.state import Cloud
from cmgsim.arm.views import page


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
