"""The pages of the create wizard and of a gateway's Properties, field by field, as the console of a version shows them.

Theory of operation: :data:`FIELDS` is the wizard from its first page to its last. A field says which field of a design
answers it, what it holds when nothing is entered, in which deployment models and since which feature it is there, and
for which codes of :data:`~cmgsim.site.wizard.CHECKS` the console stops at it. What an administrator enters in an
earlier version than a field's is refused by the check, not hidden.

Source: "Set up cloud management gateway", Set up a CMG.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmgsim.design.gateways import DEPLOYMENT_MODEL
from cmgsim.design.names import NameProblem, fqdn_of, service_name
from cmgsim.design.versions import GATES, PROFILES, Feature, has
from cmgsim.site.modify import MATRIX, How, label_of
from cmgsim.site.wizard import Entry, effective_content, new_group
from cmgsim.units import format_share, format_size

if TYPE_CHECKING:
    from cmgsim.design.gateways import Alerts, Gateway

#: The wizard's pages in their order; before the first, the console decides whether it opens at all.
BEFORE, GENERAL, SETTINGS, ALERTS = "Create Cloud Management Gateway", "General", "Settings", "Alerts"
PAGES = (BEFORE, GENERAL, SETTINGS, ALERTS)
_CLOUD = ("arm", "vmss")
_ALL = ("classic", "arm", "vmss")


@dataclass(frozen=True)
class WizardField:
    """One thing a page asks for or shows."""

    page: str
    label: str
    answered_by: str
    """The field of a design that answers it; empty where the console fills it in."""
    default: str
    """What it holds when nothing is entered; empty where something must be."""
    step: str
    """The step of Microsoft's page."""
    refusals: tuple[str, ...] = ()
    """The codes that the console stops with at this field."""
    models: tuple[str, ...] = _ALL
    feature: Feature | None = None
    answer: Callable[[Entry], str] = lambda entry: ""
    """What a design enters."""

    def shown(self, version: int, model: str) -> bool:
        """Say whether the console of a version shows it for a deployment model."""
        return model in self.models and (self.feature is None or has(version, self.feature))


def fields(version: int, model: str) -> tuple[WizardField, ...]:
    """Return what the wizard of a version asks for a deployment model, in the order of its pages."""
    return tuple(field for field in FIELDS if field.shown(version, model))


def changeable(version: int, model: str) -> tuple[tuple[str, str, How], ...]:
    """Return every setting of a gateway, the place in its Properties, and what it takes to change it."""
    return tuple(
        (setting, label_of(setting, version, model), row.how)
        for setting, row in MATRIX.items()
        if model in row.models and (row.feature is None or has(version, row.feature))
    )


def _service_fqdn(entry: Entry) -> str:
    fqdn = fqdn_of(entry.design.certificates.servers[entry.settings.certificate], entry.settings.service_fqdn)
    return "" if isinstance(fqdn, NameProblem) else fqdn


def _service_name(entry: Entry) -> str:
    fqdn = _service_fqdn(entry)
    return service_name(fqdn) if fqdn else ""


def _subscription(entry: Entry) -> str:
    subscription = entry.subscription()
    if subscription is None:
        return ""
    known = entry.design.azure.subscriptions
    return subscription.id or next(name for name, one in known.items() if one is subscription)


def _signed_in(entry: Entry) -> str:
    subscription = entry.subscription()
    return "" if subscription is None else subscription.signed_in_as.replace("_", " ")


def _resource_group(entry: Entry) -> str:
    created = new_group(entry.name, entry.settings)
    choice = entry.settings.resource_group
    return f"Create new: {created}" if created else f"Use existing: {choice.use_existing if choice else ''}"


def _switch(setting: str) -> Callable[[Entry], str]:
    return lambda entry: _on(getattr(entry.settings, setting))


def _on(value: object) -> str:
    return "on" if value else "off"


def _alert(read: Callable[[Alerts], str]) -> Callable[[Entry], str]:
    """Return how to read an answer of the Alerts page, which has none while the alert is off."""
    return lambda entry: read(entry.settings.alerts) if entry.settings.alerts else ""


def _size(entry: Entry) -> str:
    settings: Gateway = entry.settings
    rated = PROFILES[entry.version].clients_per_vm.get(settings.vm_size)
    return settings.vm_size if rated is None else f"{settings.vm_size} ({rated:,} clients)"


FIELDS: tuple[WizardField, ...] = (
    WizardField(
        BEFORE,
        "The command in the ribbon",
        "hierarchy.gateway_feature",
        "off",
        "step 2",
        ("FEATURE_OFF", "NOT_TOP_LEVEL_SITE"),
        answer=lambda entry: _on(entry.feature),
    ),
    WizardField(
        GENERAL,
        "Deployment method",
        "gateways.NAME.deployment",
        "Azure Resource Manager",
        "step 3",
        ("CLASSIC_NOT_AVAILABLE", "METHOD_NOT_AVAILABLE"),
        feature=Feature.METHOD_CHOICE,
        answer=lambda entry: DEPLOYMENT_MODEL[entry.settings.deployment],
    ),
    WizardField(
        GENERAL,
        "Sign in",
        "azure.subscriptions.NAME.signed_in_as",
        "",
        "step 3",
        ("NOT_SUBSCRIPTION_ADMIN",),
        _CLOUD,
        answer=_signed_in,
    ),
    WizardField(
        GENERAL,
        "Azure AD app name",
        "",
        "from the integration with Azure AD",
        "step 3",
        ("AAD_INTEGRATION_MISSING",),
        _CLOUD,
    ),
    WizardField(
        GENERAL,
        "Subscription ID",
        "gateways.NAME.subscription",
        "the only one, if there is one",
        "step 3",
        ("SUBSCRIPTION_NOT_CHOSEN", "CSP_SUBSCRIPTION"),
        _CLOUD,
        answer=_subscription,
    ),
    WizardField(
        GENERAL,
        "Azure Subscription ID",
        "azure.subscriptions.NAME.id",
        "",
        "step 3",
        ("SUBSCRIPTION_ID_MISSING",),
        ("classic",),
        answer=_subscription,
    ),
    WizardField(
        GENERAL,
        "Management certificate",
        "gateways.NAME.management_certificate",
        "",
        "step 3",
        ("MANAGEMENT_CERTIFICATE_MISSING",),
        ("classic",),
        answer=lambda entry: entry.settings.management_certificate or "",
    ),
    WizardField(
        GENERAL,
        "Azure environment",
        "azure.environment",
        "AzurePublicCloud",
        "step 4",
        ("ENVIRONMENT_NOT_AVAILABLE",),
        answer=lambda entry: entry.design.azure.environment,
    ),
    WizardField(
        GENERAL,
        "Next: the site tests the connection to Azure",
        "hierarchy.service_connection_point",
        "online",
        "step 5",
        ("SCP_OFFLINE", "AZURE_UNREACHABLE"),
        answer=lambda entry: entry.design.hierarchy.service_connection_point.mode,
    ),
    WizardField(
        SETTINGS,
        "Certificate file",
        "gateways.NAME.certificate",
        "",
        "step 6",
        ("NO_PRIVATE_KEY",),
        answer=lambda entry: entry.settings.certificate,
    ),
    WizardField(
        SETTINGS,
        "Service FQDN",
        "gateways.NAME.service_fqdn",
        "the certificate's name",
        "step 6",
        ("WILDCARD_NOT_REPLACED",),
        answer=_service_fqdn,
    ),
    WizardField(
        SETTINGS, "Service name", "", "the first label", "step 6", ("SERVICE_NAME_INVALID",), answer=_service_name
    ),
    WizardField(
        SETTINGS,
        "Region",
        "gateways.NAME.region",
        "",
        "step 7",
        ("REGION_NOT_OFFERED",),
        answer=lambda entry: entry.settings.region,
    ),
    WizardField(
        SETTINGS,
        "Resource Group",
        "gateways.NAME.resource_group",
        "Create new: the gateway's name",
        "step 8",
        ("RESOURCE_GROUP_EXISTS", "RESOURCE_GROUP_NOT_FOUND"),
        _CLOUD,
        answer=_resource_group,
    ),
    WizardField(
        SETTINGS,
        "VM Size",
        "gateways.NAME.vm_size",
        "A2_v2",
        "later versions",
        ("VM_SIZE_NOT_AVAILABLE",),
        ("vmss",),
        answer=_size,
    ),
    WizardField(
        SETTINGS, "VM Instance", "gateways.NAME.vms", "1", "step 9", answer=lambda entry: str(entry.settings.vms)
    ),
    WizardField(
        SETTINGS,
        "Certificates: client trusted roots and intermediates",
        "gateways.NAME.trusted_authorities",
        "none",
        "step 10",
        ("ROOT_REQUIRED", "TOO_MANY_ROOTS", "TOO_MANY_INTERMEDIATES"),
        answer=lambda entry: ", ".join(entry.settings.trusted_authorities) or "none",
    ),
    WizardField(
        SETTINGS,
        "Verify Client Certificate Revocation",
        "gateways.NAME.verify_client_revocation",
        "on",
        "step 11",
        answer=_switch("verify_client_revocation"),
    ),
    WizardField(
        SETTINGS,
        "Enforce TLS 1.2",
        "gateways.NAME.enforce_tls_1_2",
        "off",
        "step 12",
        ("TLS_NOT_AVAILABLE",),
        feature=Feature.ENFORCE_TLS_1_2,
        answer=_switch("enforce_tls_1_2"),
    ),
    WizardField(
        SETTINGS,
        "Allow CMG to function as a cloud distribution point and serve content from Azure storage",
        "gateways.NAME.content",
        "on",
        "step 13",
        ("CONTENT_NOT_AVAILABLE",),
        feature=Feature.GATEWAY_CONTENT,
        answer=lambda entry: _on(effective_content(entry.version, entry.settings)),
    ),
    WizardField(
        ALERTS,
        "Turn on 14-day threshold",
        "gateways.NAME.alerts",
        "off",
        "step 15",
        answer=lambda entry: _on(entry.settings.alerts),
    ),
    WizardField(
        ALERTS,
        "14-day threshold for outbound data transfer",
        "gateways.NAME.alerts.threshold",
        "10,000 GB",
        "step 15",
        answer=_alert(lambda alerts: format_size(alerts.threshold)),
    ),
    WizardField(
        ALERTS,
        "Percentage for raising warning alert",
        "gateways.NAME.alerts.warning",
        "50%",
        "step 15",
        answer=_alert(lambda alerts: format_share(alerts.warning)),
    ),
    WizardField(
        ALERTS,
        "Percentage for raising critical alert",
        "gateways.NAME.alerts.critical",
        "90%",
        "step 15",
        answer=_alert(lambda alerts: format_share(alerts.critical)),
    ),
    WizardField(
        ALERTS,
        "Stop this service when the critical threshold is exceeded",
        "gateways.NAME.alerts.stop_on_critical",
        "off",
        "Monitor cloud management gateway",
        ("STOP_NOT_AVAILABLE",),
        feature=Feature.STOP_ON_CRITICAL,
        answer=_alert(lambda alerts: _on(alerts.stop_on_critical)),
    ),
)


def gate(field: WizardField) -> str:
    """Return since and until when a field is there, in words; empty for always."""
    if field.feature is None:
        return ""
    found = GATES[field.feature]
    return f"{found.since} and later" if found.until is None else f"{found.since} to {found.until}"
