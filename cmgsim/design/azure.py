"""Azure as the design knows it: the tenant, the subscriptions, and names that others have taken."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from cmgsim.design.quantities import CalendarDate, DurationRange, Name
from cmgsim.design.record import Record
from cmgsim.design.references import Reference

Environment = Literal["AzurePublicCloud", "AzureUSGovernmentCloud"]
"""The Azure cloud (source: "Set up cloud management gateway", Before you begin)."""

Provider = Literal[
    "Microsoft.ClassicCompute",
    "Microsoft.Storage",
    "Microsoft.KeyVault",
    "Microsoft.Network",
    "Microsoft.Compute",
]
"""A resource provider that some deployment method of a gateway needs."""

DNS_SUFFIX: dict[str, str] = {"AzurePublicCloud": "cloudapp.net", "AzureUSGovernmentCloud": "usgovcloudapp.net"}
"""The domain of a cloud service's name, by environment (source: "Plan for cloud management gateway")."""


class AadIntegration(Record):
    """The site's integration with Azure Active Directory for Cloud Management."""

    cloud_management: bool = True
    """The Azure service *Cloud Management* is set up. A Resource Manager deployment needs it."""
    user_discovery: bool = False
    """Azure AD user discovery is on. A gateway does not need it."""
    tenant: str = "contoso.onmicrosoft.com"
    """The Azure AD tenant."""
    application: str = "ConfigMgr-Server"
    """The server application that the wizard fills in by itself."""
    secret_expires: CalendarDate | None = None
    """The day on which the application's secret expires."""


class ResourceGroup(Record):
    """A resource group that exists before anything is deployed."""

    region: str
    """Its region. A gateway in an existing group of another region fails to provision."""


class Subscription(Record):
    """An Azure subscription."""

    id: str = "00000000-0000-0000-0000-000000000001"
    """The subscription ID; a classic deployment asks for it."""
    signed_in_as: Literal["subscription_admin", "contributor", "reader"] = "subscription_admin"
    """Who signs in on the wizard's General page. It takes a subscription administrator."""
    providers: frozenset[Provider] | None = None
    """The registered resource providers; left out, all that a gateway can need."""
    cores: Annotated[int, Field(strict=True, ge=0, le=10_000)] = 20
    """Quota of cores in each region (Azure's default is 20: ten VMs of size A2_v2)."""
    cloud_services: Annotated[int, Field(strict=True, ge=0, le=200)] = 20
    """Quota of cloud services."""
    resource_groups: dict[Name, ResourceGroup] = {}
    """Resource groups that already exist."""
    management_certificates: frozenset[Annotated[Name, Reference("certificates.management")]] = frozenset()
    """Azure management certificates uploaded to the subscription; classic deployments authenticate with one."""
    csp: bool = False
    """Bought through a Cloud Solution Provider. Such subscriptions take no cloud service (classic)."""


class TakenNames(Record):
    """Globally unique names that somebody else already holds; letter case does not matter."""

    cloud_services: frozenset[str] = frozenset()
    """Cloud service names (the first label of ``<name>.cloudapp.net``)."""
    storage_accounts: frozenset[str] = frozenset()
    """Storage account names."""
    key_vaults: frozenset[str] = frozenset()
    """Key vault names."""


class PlatformCare(Record):
    """What the platform does to VMs by itself, at any time, for its hardware and its operating systems.

    Source: "Set up cloud management gateway", Modify a CMG; "Update a cloud service" for update domains.
    Assumption: each VM is rebuilt once a month and hosts are updated once a month, at moments that are drawn evenly.
    """

    vm_rebuilds_per_month: Annotated[int, Field(strict=True, ge=0, le=1_000)] = 1
    """How often each VM is rebuilt in 30 days."""
    host_updates_per_month: Annotated[int, Field(strict=True, ge=0, le=100)] = 1
    """How often the hosts of a gateway are updated in 30 days, one update domain after the other."""
    lasting: DurationRange = (timedelta(minutes=5), timedelta(minutes=30))
    """How long a VM is down each time; starting a role can take half an hour."""
    update_domains: Annotated[int, Field(strict=True, ge=1, le=20)] = 5
    """Over how many update domains the VMs are spread."""


class Azure(Record):
    """The Azure side of the design."""

    environment: Environment = "AzurePublicCloud"
    """The Azure cloud all gateways live in."""
    aad: AadIntegration = AadIntegration(cloud_management=False)
    """Integration with Azure AD; left out, there is none."""
    subscriptions: dict[Name, Subscription] = {}
    """Subscriptions by name."""
    taken_names: TakenNames = TakenNames()
    """Names that are not free."""
    platform: PlatformCare | None = None
    """Rebuilds of VMs by the platform; left out, there are none."""
