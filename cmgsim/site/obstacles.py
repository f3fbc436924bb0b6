"""What keeps the cloud service manager from asking Azure at all: the way there, and the secrets it needs.

These are found when a request is about to be sent, not in the wizard: a secret may expire long after.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from cmgsim.site.polling import Failure
from cmgsim.units import DAY

if TYPE_CHECKING:
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design
    from cmgsim.site.resources import Stage


def obstacle(design: Design, gateway: Gateway, stage: Stage, now_us: int) -> Failure | None:
    """Return why a request for a gateway cannot be sent, None if it can."""
    today = design.start + timedelta(days=now_us // DAY)
    secret = _management_certificate if gateway.deployment == "classic" else _application_secret
    return unreachable(design) or secret(design, gateway, today) or _locked_key(stage)


def unreachable(design: Design) -> Failure | None:
    """Return why the service connection point does not reach Azure, None if it does.

    Source: "Plan for cloud management gateway": an online service connection point, and port 443 to Azure.
    """
    point = design.hierarchy.service_connection_point
    if point.mode == "offline":
        return Failure("SCP_OFFLINE", "the service connection point is offline: set it to the online mode")
    if not point.azure_reachable:
        remedy = "open HTTPS (port 443) from the service connection point to Azure"
        return Failure("AZURE_UNREACHABLE", f"Azure does not answer: {remedy}")
    return None


def _application_secret(design: Design, gateway: Gateway, today: date) -> Failure | None:
    expires = design.azure.aad.secret_expires
    if expires is None or today <= expires:
        return None
    return Failure(
        "APPLICATION_SECRET_EXPIRED",
        f"AADSTS7000222: the secret of the application {design.azure.aad.application} expired on {expires}: renew it "
        "in Administration > Cloud Services > Azure Active Directory Tenants",
    )


def _management_certificate(design: Design, gateway: Gateway, today: date) -> Failure | None:
    name = gateway.management_certificate
    expires = design.certificates.management[name].expires if name is not None else None
    if expires is None or today <= expires:
        return None
    return Failure(
        "MANAGEMENT_CERTIFICATE_EXPIRED",
        f"the Azure management certificate {name} expired on {expires}: change it on the gateway's General tab",
    )


def _locked_key(stage: Stage) -> Failure | None:
    """Refuse a private key that cannot leave its store.

    Assumption: a .PFX file whose private key cannot be exported fails with 400 BadRequest in provisioning, as was
    reported from the field.
    """
    if stage.key != "not_exportable":
        return None
    return Failure(
        "PRIVATE_KEY_NOT_EXPORTABLE",
        "400 BadRequest: the private key of the server certificate cannot be exported: issue a .PFX where it can",
    )
