"""Gateways: one cloud management gateway each, with every field of the create wizard."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cmgsim.design.certificates import AuthorityName
from cmgsim.design.quantities import Name, Share, Size
from cmgsim.design.record import Record
from cmgsim.design.references import Reference

Deployment = Literal["classic", "arm", "vmss"]
"""The deployment model: cloud service by Azure Service Manager, cloud service by Azure Resource Manager, scale set."""

VmCount = Annotated[int, Field(strict=True, ge=1, le=16)]
"""1 to 16 VMs (source: "Set up cloud management gateway", step 9)."""

DEPLOYMENT_MODEL: dict[str, str] = {
    "classic": "Azure Service Manager",
    "arm": "Azure Resource Manager",
    "vmss": "Virtual machine scale set",
}
"""The *Deployment Model* attribute as the console shows it."""


class ResourceGroupChoice(Record):
    """The wizard's resource group option: exactly one of the two."""

    use_existing: Name | None = None
    """An existing group; it must be in the gateway's region."""
    create_new: Name | None = None
    """The name of a group to create."""

    @model_validator(mode="after")
    def _one_of_two(self) -> ResourceGroupChoice:
        if (self.use_existing is None) == (self.create_new is None):
            raise ValueError("give exactly one of 'use_existing' and 'create_new'")
        return self


class Alerts(Record):
    """The 14-day threshold on outbound traffic.

    Defaults: 10,000 GB, warning at 50 %, critical at 90 % (source: "Monitor cloud management gateway").
    """

    threshold: Size = 10_000 * 10**9
    """Outbound bytes in any 14 days."""
    warning: Share = 500_000
    """Share of the threshold that raises a warning."""
    critical: Share = 900_000
    """Share of the threshold that raises a critical alert."""
    stop_on_critical: bool = False
    """Stop the service when the critical level is exceeded (1902 and later)."""


class Gateway(Record):
    """One cloud management gateway."""

    deployment: Deployment = "arm"
    """The deployment model."""
    certificate: Annotated[Name, Reference("certificates.servers")]
    """Its server authentication certificate; the service's name comes from it."""
    service_fqdn: str | None = None
    """The service's name; only a wildcard certificate needs it: it replaces the asterisk."""
    subscription: Annotated[Name, Reference("azure.subscriptions")] | None = None
    """Its subscription; may be left out when there is only one."""
    region: str
    """The Azure region, such as ``westeurope``."""
    resource_group: ResourceGroupChoice | None = None
    """Where the resources go; left out, a new group named after the gateway (classic deployments have none)."""
    vms: VmCount = 1
    """Number of VM instances."""
    vm_size: Literal["A2_v2", "B2s", "A4_v2"] = "A2_v2"
    """Size of each VM; only scale sets of 2107 and later have a choice."""
    trusted_authorities: tuple[AuthorityName, ...] = ()
    """Client trusted root and intermediate certificates given to the gateway: every one of the chain."""
    verify_client_revocation: bool = True
    """Verify client certificate revocation."""
    enforce_tls_1_2: bool = False
    """Enforce TLS 1.2 (1906 and later). Assumption: A-03: it is off by default in version 1906."""
    content: bool | None = None
    """Serve content from Azure storage; left out, on where the version has it (1806 and later)."""
    alerts: Alerts | None = None
    """The threshold alert; left out, it is off."""
    management_certificate: Annotated[Name, Reference("certificates.management")] | None = None
    """The Azure management certificate; classic deployments only."""
    site: Annotated[Name, Reference("hierarchy.sites")] | None = None
    """Where the wizard is run; left out, the top-level site, the only one that can."""
    planned: bool = False
    """It does not exist yet: the plan creates it."""
