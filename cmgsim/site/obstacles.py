"""What keeps the cloud service manager from asking Azure at all: the way there, and the secrets it needs.

These are found when a request is about to be sent, not in the wizard: a secret may expire long after.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from cmgsim.site.conditions import Conditions, Part
from cmgsim.site.polling import Failure
from cmgsim.units import DAY, MINUTE

if TYPE_CHECKING:
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design
    from cmgsim.site.resources import Stage


def obstacle(
    design: Design, gateway: Gateway, stage: Stage, now_us: int, conditions: Conditions | None = None
) -> Failure | None:
    """Return why a request for a gateway cannot be sent, None if it can; without *conditions* everything works."""
    today = design.start + timedelta(days=now_us // DAY)
    secret = _management_certificate if gateway.deployment == "classic" else _application_secret
    passing = None if conditions is None else _passing(design, conditions) or _spoilt(design, gateway, conditions)
    return unreachable(design) or passing or secret(design, gateway, today) or _locked_key(stage)


def _passing(design: Design, conditions: Conditions) -> Failure | None:
    """Return what is worth another try in a minute: no way out of the top-level site."""
    if conditions.broken(Part.ON_PREMISES_LINK, design.hierarchy.top_level_site() or ""):
        return Failure("AZURE_UNREACHABLE", "the top-level site has no connection to the internet", MINUTE)
    return None


def _spoilt(design: Design, gateway: Gateway, conditions: Conditions) -> Failure | None:
    """Return which secret a fault has spoilt."""
    name = gateway.management_certificate
    if gateway.deployment == "classic":
        if name is not None and conditions.broken(Part.MANAGEMENT_CERTIFICATE, name):
            return _expired_certificate(name, "now")
    elif conditions.broken(Part.APPLICATION_SECRET):
        return _expired_secret(design, "now")
    return None


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
    return _expired_secret(design, f"on {expires}")


def _expired_secret(design: Design, when: str) -> Failure:
    return Failure(
        "APPLICATION_SECRET_EXPIRED",
        f"AADSTS7000222: the secret of the application {design.azure.aad.application} expired {when}: renew it "
        "in Administration > Cloud Services > Azure Active Directory Tenants",
    )


def _management_certificate(design: Design, gateway: Gateway, today: date) -> Failure | None:
    name = gateway.management_certificate
    expires = design.certificates.management[name].expires if name is not None else None
    if name is None or expires is None or today <= expires:
        return None
    return _expired_certificate(name, f"on {expires}")


def _expired_certificate(name: str, when: str) -> Failure:
    return Failure(
        "MANAGEMENT_CERTIFICATE_EXPIRED",
        f"the Azure management certificate {name} expired {when}: change it on the gateway's General tab",
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
