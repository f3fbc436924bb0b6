"""A plan: ordered steps, each one line that an administrator would do or wait for.

A step is a mapping with one verb, such as ``- create_gateway: new`` or ``- wait: 24h``; a ``label`` beside the verb
names the step, so that a scenario may set its value (``set: {plan.gap: 12h}``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cmgsim.design.certificates import AuthorityName
from cmgsim.design.content import DeployContent
from cmgsim.design.gateways import Alerts, Deployment, VmCount
from cmgsim.design.quantities import Duration, Name, PositiveDuration, Share
from cmgsim.design.record import Record
from cmgsim.design.references import Reference
from cmgsim.design.roles import MpMode

GatewayName = Annotated[Name, Reference("gateways")]
ConnectionPointName = Annotated[Name, Reference("roles.connection_points")]


class ScaleGateway(Record):
    """Change the number of VMs."""

    gateway: GatewayName
    vms: VmCount


class ModifyGateway(Record):
    """Change settings of a gateway on its Properties pages; what the console cannot change there is refused."""

    gateway: GatewayName
    certificate: Annotated[Name, Reference("certificates.servers")] | None = None
    """A new server authentication certificate."""
    management_certificate: Annotated[Name, Reference("certificates.management")] | None = None
    """A new Azure management certificate (classic)."""
    trusted_authorities: tuple[AuthorityName, ...] | None = None
    """The new list of client trusted certificates."""
    verify_client_revocation: bool | None = None
    """Verify client certificate revocation."""
    enforce_tls_1_2: bool | None = None
    """Enforce TLS 1.2."""
    content: bool | None = None
    """Serve content from Azure storage."""
    alerts: Alerts | None = None
    """The threshold alert."""
    deployment: Deployment | None = None
    """Cannot be changed: redeploy."""
    subscription: Annotated[Name, Reference("azure.subscriptions")] | None = None
    """Cannot be changed: redeploy."""
    service_fqdn: str | None = None
    """Cannot be changed: redeploy."""
    region: str | None = None
    """Cannot be changed: redeploy."""


class RelinkConnectionPoint(Record):
    """Reconfigure a connection point to use another gateway."""

    connection_point: ConnectionPointName
    gateway: GatewayName


class SetManagementPoint(Record):
    """Change a management point's properties."""

    management_point: Annotated[Name, Reference("roles.management_points")]
    gateway_traffic: bool | None = None
    """Allow Configuration Manager cloud management gateway traffic."""
    mode: MpMode | None = None
    """How clients connect."""


class SetUpdatePoint(Record):
    """Change a software update point's properties."""

    update_point: Annotated[Name, Reference("roles.update_points")]
    gateway_traffic: bool
    """Allow Configuration Manager cloud management gateway traffic."""


class SetSite(Record):
    """Change a site's communication options."""

    site: Annotated[Name, Reference("hierarchy.sites")]
    use_pki_client_certificate: bool | None = None
    """Use PKI client certificate when available."""
    clients_check_crl: bool | None = None
    """Clients check the CRL for site systems."""
    generated_certificates: bool | None = None
    """Use Configuration Manager-generated certificates for HTTP site systems."""


class GroupReference(Record):
    """A gateway on a boundary group's References tab."""

    boundary_group: Annotated[Name, Reference("boundary_groups")]
    gateway: GatewayName


class ChangeClientSettings(Record):
    """Change the client settings of one population."""

    population: Annotated[Name, Reference("clients")]
    use_gateway: bool | None = None
    """Enable clients to use a cloud management gateway."""
    policy_polling: PositiveDuration | None = None
    """Client policy polling interval."""
    cloud_distribution_point: bool | None = None
    """Allow access to cloud distribution point."""
    metered: Literal["block", "allow", "limit"] | None = None
    """Client communication on metered internet connections."""


class PortalChange(Record):
    """A number of VMs set in the Azure portal, which is not supported and does not stay."""

    gateway: GatewayName
    """The gateway."""
    vms: VmCount
    """How many VMs somebody sets there."""


class AzureDelete(Record):
    """A part of a gateway that somebody deletes in the Azure portal, which leaves the rest behind."""

    gateway: GatewayName
    """The gateway."""
    part: Literal["service", "storage"] = "service"
    """The service with its VMs, or the storage account."""


class WriteCmgfqdns(Record):
    """Write the registry value ``CMGFQDNs`` on clients, which those look at that know no gateway (2107 and later).

    Clients need a certificate, or an Azure AD identity (source: "Configure clients for cloud management gateway").
    """

    population: Annotated[Name, Reference("clients")]
    """Whose clients."""
    gateway: GatewayName
    """The gateway to find."""


class RestartCcmexec(Record):
    """Restart SMS Agent Host (ccmexec.exe) on clients, which makes them ask for locations at once."""

    population: Annotated[Name, Reference("clients")]
    share: Share = 1_000_000
    """Share of the population; which clients is drawn."""


class Until(Record):
    """Wait until a share of clients knows a gateway; give up after a time."""

    clients_knowing: GatewayName
    """The gateway."""
    share: Share
    """Share of the clients counted."""
    of: Literal["internet", "all"] = "all"
    """Count the clients that are on the internet at the moment, or all."""
    give_up_after: PositiveDuration
    """The plan fails when this much time has passed."""


class Step(Record):
    """One step: exactly one verb, and perhaps a label."""

    label: Name | None = None
    """A name for this step."""
    enable_feature: Literal["cloud_management_gateway"] | None = None
    """Turn the optional feature on."""
    create_gateway: GatewayName | None = None
    """Run the create wizard for a planned gateway, and wait until its status is Ready."""
    scale_gateway: ScaleGateway | None = None
    """Change the number of VMs, and wait until it is done."""
    modify_gateway: ModifyGateway | None = None
    """Change settings, and wait until it is done."""
    stop_gateway: GatewayName | None = None
    """Stop the service, and wait until it is stopped."""
    start_gateway: GatewayName | None = None
    """Start the service, and wait until it is ready."""
    delete_gateway: GatewayName | None = None
    """Delete the gateway from the console, and wait until it is gone."""
    add_connection_point: ConnectionPointName | None = None
    """Add a planned connection point, and wait until it is connected."""
    relink_connection_point: RelinkConnectionPoint | None = None
    """Link a connection point with another gateway, and wait until it is connected."""
    remove_connection_point: ConnectionPointName | None = None
    """Remove a connection point."""
    set_management_point: SetManagementPoint | None = None
    """Change a management point."""
    set_update_point: SetUpdatePoint | None = None
    """Change a software update point."""
    set_site: SetSite | None = None
    """Change a site's communication options."""
    add_group_reference: GroupReference | None = None
    """Reference a gateway in a boundary group."""
    remove_group_reference: GroupReference | None = None
    """Remove a gateway from a boundary group."""
    change_client_settings: ChangeClientSettings | None = None
    """Change client settings."""
    portal_change: PortalChange | None = None
    """Set the number of VMs in the Azure portal, which is not supported."""
    azure_delete: AzureDelete | None = None
    """Delete a part of a gateway in the Azure portal, which is not supported."""
    deploy_content: DeployContent | None = None
    """Deploy a package to populations."""
    write_cmgfqdns: WriteCmgfqdns | None = None
    """Write the registry value that leads clients without any gateway to one."""
    restart_ccmexec: RestartCcmexec | None = None
    """Restart the client service."""
    wait: Duration | None = None
    """Let time pass."""
    until: Until | None = None
    """Wait for a condition."""

    @model_validator(mode="after")
    def _one_verb(self) -> Step:
        verbs = [name for name in type(self).model_fields if name != "label" and getattr(self, name) is not None]
        if len(verbs) != 1:
            raise ValueError(f"a step has exactly one verb, not {' and '.join(verbs) or 'none'}")
        return self

    @property
    def verb(self) -> str:
        """The step's verb, such as ``wait``."""
        return next(name for name in type(self).model_fields if name != "label" and getattr(self, name) is not None)

    @property
    def argument(self) -> Any:
        """What the verb is about: a name, a duration, or a record of its own."""
        return getattr(self, self.verb)


class Plan(Record):
    """A named list of steps."""

    plan: str
    """What the plan achieves, in a line."""
    steps: Annotated[tuple[Step, ...], Field(max_length=1_000)]
    """The steps, done one after the other; each begins when the one before has come to its end."""

    def __iter__(self) -> Iterator[Step]:  # type: ignore[override]
        return iter(self.steps)
