"""What can be changed on a gateway's Properties pages, and what takes a redeployment.

Theory of operation: :data:`MATRIX` has one row for each setting. A row says whether the setting changes in place, and
then whether Azure is told or the site alone keeps it; or that it means a redeployment, and by which trigger of
Microsoft's list. Certificates are the one case that depends on the values, see :func:`_new_certificate`.

Source: "Set up cloud management gateway", Modify a CMG and Redeploy the service.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

from cmgsim.arm.clouds import region_key
from cmgsim.design.names import NameProblem, fqdn_of, is_wildcard
from cmgsim.design.versions import Feature, has
from cmgsim.errors import Refused
from cmgsim.pki.names import covers
from cmgsim.site.wizard import Entry, chosen_subscription, effective_content, trust_problems

if TYPE_CHECKING:
    from cmgsim.design.model import Design
    from cmgsim.design.plan import ModifyGateway
    from cmgsim.site.deployment import Deployment

PROPERTIES = "Administration > Cloud Services > Cloud Management Gateway > Properties"
_MODIFY = "Set up cloud management gateway, Modify a CMG"
_REDEPLOY = "Set up cloud management gateway, Redeploy the service"


class How(Enum):
    """What it takes to change a setting."""

    AT_SITE = "in place, kept by the site alone"
    IN_AZURE = "in place, the service is reconfigured"
    REDEPLOY = "redeploy the service"


@dataclass(frozen=True)
class Row:
    """One setting: what its change takes, where Microsoft says so, in which deployment models and from when."""

    how: How
    source: str
    label: str
    feature: Feature | None = None
    models: tuple[str, ...] = ("classic", "arm", "vmss")
    code: str = ""


#: Setting of a gateway -> what changing it takes.
#: Assumption: A-27: enforcing TLS 1.2 can be switched in place in version 1906 already.
#: Assumption: A-28: another resource group needs a redeployment in version 1906 already.
MATRIX: dict[str, Row] = {
    "vms": Row(How.IN_AZURE, _MODIFY, "Settings > VM Instance"),
    "certificate": Row(How.IN_AZURE, _MODIFY, "Settings > Certificate file"),
    "trusted_authorities": Row(How.IN_AZURE, _MODIFY, "Settings > Certificates"),
    "verify_client_revocation": Row(How.IN_AZURE, _MODIFY, "Settings > Verify Client Certificate Revocation"),
    "enforce_tls_1_2": Row(
        How.IN_AZURE,
        "Modify a CMG (later versions)",
        "Settings > Enforce TLS 1.2",
        Feature.ENFORCE_TLS_1_2,
        code="TLS_NOT_AVAILABLE",
    ),
    "content": Row(
        How.IN_AZURE,
        _MODIFY,
        "Settings > Allow CMG to function as a cloud distribution point",
        Feature.GATEWAY_CONTENT,
        code="CONTENT_NOT_AVAILABLE",
    ),
    "alerts": Row(How.AT_SITE, _MODIFY, "Alerts"),
    "management_certificate": Row(How.AT_SITE, _MODIFY, "General > Azure management certificate", models=("classic",)),
    "deployment": Row(How.REDEPLOY, _REDEPLOY, "Deployment model"),
    "subscription": Row(How.REDEPLOY, _REDEPLOY, "Subscription"),
    "service_fqdn": Row(How.REDEPLOY, _REDEPLOY, "Service name"),
    "region": Row(How.REDEPLOY, _REDEPLOY, "Region"),
    "resource_group": Row(How.REDEPLOY, "Modify a CMG (later versions)", "Resource group"),
}


_CLASSIC, _ARM = "Classic deployment method", "Azure Resource Manager"
_CLOUD_SERVICE, _SCALE_SET = "Cloud service (classic)", "virtual machine scale set"
#: The triggers by which another deployment model means a redeployment, by the model now and the one wanted.
MODEL_TRIGGERS: dict[tuple[str, str], str] = {
    ("classic", "arm"): f"{_CLASSIC} to {_ARM}",
    ("arm", "classic"): f"{_ARM} to classic deployment method",
    ("classic", "vmss"): f"{_CLOUD_SERVICE} to {_SCALE_SET}",
    ("arm", "vmss"): f"{_CLOUD_SERVICE} to {_SCALE_SET}",
    ("vmss", "classic"): "Virtual machine scale set to cloud service (classic)",
    ("vmss", "arm"): "Virtual machine scale set to cloud service (classic)",
}


#: The other model that a redeployment commonly leads to.
_USUAL = {"classic": "arm", "arm": "vmss", "vmss": "arm"}


def label_of(setting: str, version: int, model: str) -> str:
    """Return what a setting is called where one changes it; another deployment model by where it leads."""
    wanted = _USUAL[model]
    if setting != "deployment" or (wanted == "vmss" and not has(version, Feature.SCALE_SET)):
        return MATRIX[setting].label
    return MODEL_TRIGGERS[model, wanted]


@dataclass(frozen=True)
class Changes:
    """Settings to change, new value by name, and whether the service in Azure must be told."""

    settings: dict[str, Any]
    in_azure: bool


def changes(design: Design, deployment: Deployment, wanted: ModifyGateway) -> Changes:
    """Return what a change of properties comes to; values that are as they were are left out.

    Raises:
        Refused: for the first setting that cannot be changed in place, in this version, or in this deployment model.
    """
    settings: dict[str, Any] = {}
    for name, row in MATRIX.items():
        value = getattr(wanted, name, None)
        if value is not None and value != current(design, deployment, name, value):
            _judge(design, deployment, name, row, value)
            settings[name] = value
    return Changes(settings, any(MATRIX[name].how is How.IN_AZURE for name in settings))


def current(design: Design, deployment: Deployment, name: str, value: object) -> object:
    """Return what a setting is now, in the form the console compares it in; *value* is what is asked for."""
    gateway = deployment.settings
    if name == "content":
        return effective_content(design.site_version(), gateway)
    if name == "service_fqdn":
        return deployment.fqdn
    if name == "subscription":
        return chosen_subscription(design, gateway)
    if name == "region":
        return value if region_key(gateway.region) == region_key(str(value)) else gateway.region
    return getattr(gateway, name)


def _judge(design: Design, deployment: Deployment, name: str, row: Row, value: Any) -> None:
    version, model = design.site_version(), deployment.settings.deployment
    if name == "deployment":
        raise _another_model(deployment, version, model, value)
    if row.how is How.REDEPLOY:
        raise redeploy(deployment, row.label, row.source)
    if model not in row.models:
        reason = f"a gateway of deployment model {model!r} has no {row.label}"
        raise _refused("NOT_APPLICABLE", deployment, reason, "leave it out", row.source)
    if row.feature is not None and value and not has(version, row.feature):
        reason = f"version {version} cannot {row.feature.value}"
        raise _refused(row.code, deployment, reason, "leave it out, or update the site first", row.source)
    if name == "certificate":
        _new_certificate(design, deployment, value)
    if name == "trusted_authorities":
        _new_authorities(design, deployment, value)
    if name == "alerts" and value.stop_on_critical and not has(version, Feature.STOP_ON_CRITICAL):
        reason = f"version {version} cannot {Feature.STOP_ON_CRITICAL.value}"
        raise _refused("STOP_NOT_AVAILABLE", deployment, reason, "leave it out", "Monitor cloud management gateway")


def _another_model(deployment: Deployment, version: int, model: str, wanted: str) -> Refused:
    """Return the refusal of another deployment model; a cloud service becomes a scale set by Convert from 2107 on."""
    trigger = MODEL_TRIGGERS[model, wanted]
    if wanted != "vmss" or not has(version, Feature.CONVERT):
        return redeploy(deployment, trigger, _REDEPLOY)
    reason = f"the Properties pages do not change the deployment model: {trigger}"
    remedy = "use Convert in the console, or create a new gateway, let clients learn of it, then delete this one"
    return _refused("REDEPLOY_REQUIRED", deployment, reason, remedy, "Modify a CMG (later versions)")


def _new_certificate(design: Design, deployment: Deployment, name: str) -> None:
    """Let a renewed server certificate pass: the same name in the same letter case, from the same kind of issuer.

    Raises:
        Refused: ``REDEPLOY_REQUIRED`` for another name or another kind of issuer, ``CERTIFICATE_NAME_CASE`` for a name
            that differs in letter case alone, ``NO_PRIVATE_KEY``.
    """
    servers = design.certificates.servers
    new, old = servers[name], servers[deployment.settings.certificate]
    if new.private_key == "absent":
        reason = f"the certificate {name} has no private key"
        raise _refused("NO_PRIVATE_KEY", deployment, reason, "export it as a .PFX file with its private key", _MODIFY)
    fqdn = fqdn_of(new, deployment.fqdn if is_wildcard(new.name) else None)
    if isinstance(fqdn, NameProblem) or not covers(fqdn, deployment.fqdn):
        raise redeploy(deployment, MATRIX["service_fqdn"].label, _REDEPLOY)
    if fqdn != deployment.fqdn:
        reason = f"the certificate is issued to {fqdn!r}, the gateway is named {deployment.fqdn!r}"
        remedy = "use a certificate with the same name in the same letter case"
        raise _refused("CERTIFICATE_NAME_CASE", deployment, reason, remedy, "Modify a CMG (later versions)")
    if issuer_kind(design, new.issuer) != issuer_kind(design, old.issuer):
        raise redeploy(deployment, "Private to public PKI", _REDEPLOY)


def issuer_kind(design: Design, authority: str) -> str:
    """Say whether an authority is public or private; the root of its chain decides."""
    return design.certificates.authorities[design.certificates.chain(authority)[-1]].kind


def _new_authorities(design: Design, deployment: Deployment, authorities: tuple[str, ...]) -> None:
    entry = Entry(design, deployment.name, deployment.settings)
    for code, (reason, remedy) in trust_problems(entry, authorities).items():
        raise _refused(code, deployment, reason, remedy, "Set up cloud management gateway, step 10")


def redeploy(deployment: Deployment, trigger: str, source: str) -> Refused:
    """Return the refusal of a change that takes a redeployment; *trigger* is the entry of Microsoft's list."""
    reason = f"this change means redeploying the service: {trigger}"
    remedy = "create a new gateway, let clients learn of it, then delete this one"
    return _refused("REDEPLOY_REQUIRED", deployment, reason, remedy, source)


def _refused(code: str, deployment: Deployment, reason: str, remedy: str, source: str) -> Refused:
    return Refused(code, f"gateway {deployment.name} ({PROPERTIES}): {reason}; {remedy} (source: {source})")
