"""Does a request authenticate at a management point that a client reaches without a gateway?

Theory of operation: a :class:`Visit` is all that takes part. With HTTP and enhanced HTTP nobody judges a certificate of
the organisation's PKI: the site's own certificates do, and clients sign what they send (source: "Enhanced HTTP"). With
HTTPS both ends judge: the client the web server certificate, then IIS the client's certificate, always with its
revocation list (source: "Plan for PKI certificate revocation"). What IIS refuses ends with the sub-statuses 7, 13, 16
and 17 of 403 (source: "HTTP status codes in IIS").

Assumption: where a management point names no web server certificate, clients trust the one it has.
Assumption: a management point on the internet fetches revocation lists where those on the intranet do.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from cmgsim.design.identity import can_get_token
from cmgsim.design.modes import AZURE_AD_IDENTITIES, INTRANET_MODES
from cmgsim.pki.verify import Fault, Flaw, verify
from cmgsim.site.authentication import (
    AUTHENTICATED,
    OF_SERVER,
    Reason,
    Verdict,
    effective_mode,
    has_expired,
)
from cmgsim.site.trust import (
    CLIENT,
    GATEWAY,
    Reach,
    client_certificate,
    judging_client_of_site_system,
    judging_site_system,
    server_chain,
)

if TYPE_CHECKING:
    from cmgsim.design.azure import AadIntegration
    from cmgsim.design.certificates import Certificates
    from cmgsim.design.clients import Population
    from cmgsim.design.hierarchy import Site
    from cmgsim.design.roles import ManagementPoint


@dataclass(frozen=True)
class Visit:
    """Everything that takes part in a request to a management point that a client reaches directly."""

    client: Population
    management_point: ManagementPoint
    site: Site
    certificates: Certificates
    aad: AadIntegration
    version: int
    on_day: date


def authenticate_on_intranet(visit: Visit) -> Verdict:
    """Judge a request of a client on the intranet.

    Clients of Azure AD need no certificate (source: "Certificates for cloud management gateway", Enable management
    point for HTTPS).
    Assumption: a client that can get an Azure AD token shows that where it has no certificate in date.
    """
    client = visit.client
    mode = effective_mode(visit.management_point, visit.site, visit.version)
    if mode not in INTRANET_MODES[client.identity]:
        return Verdict(Reason.MP_MODE_INVALID, f"{client.identity} clients cannot use a management point with {mode}")
    if mode != "https":
        return AUTHENTICATED
    distrusted = _distrusts(visit, Reach.INTRANET)
    if distrusted is not None:
        return distrusted
    token = client.identity in AZURE_AD_IDENTITIES and can_get_token(client, visit.aad, visit.version)
    return AUTHENTICATED if token and not _in_date(client, visit.certificates, visit.on_day) else _takes(visit)


def authenticate_over_internet(visit: Visit) -> Verdict:
    """Judge a request to a management point that is itself published to the internet.

    It takes HTTPS with client certificates only (source: "Plan for internet-based client management").
    """
    if visit.management_point.mode != "https":
        return Verdict(Reason.MP_MODE_INVALID, "a management point on the internet must use HTTPS")
    return _distrusts(visit, Reach.INTERNET) or _takes(visit)


def _takes(visit: Visit) -> Verdict:
    return takes_certificate(visit.client, visit.site, visit.certificates, visit.on_day)


def takes_certificate(client: Population, site: Site, certificates: Certificates, on_day: date) -> Verdict:
    """Judge a client's certificate as IIS on a site system with HTTPS does."""
    issuer = client.certificate
    if issuer is None:
        return Verdict(Reason.CLIENT_CERTIFICATE_REQUIRED, "the server takes HTTPS with certificates only")
    if not _in_date(client, certificates, on_day):
        return Verdict(Reason.CLIENT_CERTIFICATE_REQUIRED, "the client's certificate has expired, so it shows none")
    verdict = verify((client_certificate(certificates, issuer),), judging_site_system(certificates, site, on_day))
    return AUTHENTICATED if verdict.accepted else _refusal(verdict.faults[0])


_OF_CLIENT: dict[Flaw, tuple[Reason, str]] = {
    Flaw.MISSING_AUTHORITY: (Reason.CLIENT_CERTIFICATE_UNTRUSTED, "the certificate of {} is missing"),
    Flaw.UNTRUSTED_ROOT: (Reason.CLIENT_CERTIFICATE_UNTRUSTED, "{} is not on the site's certificate trust list"),
    Flaw.EXPIRED: (Reason.CLIENT_CERTIFICATE_OUT_OF_DATE, "the certificate of {} expired"),
    Flaw.NOT_YET_VALID: (Reason.CLIENT_CERTIFICATE_OUT_OF_DATE, "the certificate of {} is not valid yet"),
    Flaw.REVOKED: (Reason.CLIENT_CERTIFICATE_REVOKED, "the certificate of {} was revoked"),
    Flaw.REVOCATION_UNKNOWN: (
        Reason.CLIENT_CERTIFICATE_REVOKED,
        "the revocation list of {} cannot be fetched on the intranet",
    ),
}
"""What IIS that refuses a client's certificate means, by the flaw it found; no other can come of a design."""


def _refusal(fault: Fault) -> Verdict:
    reason, sentence = _OF_CLIENT[fault.flaw]
    return Verdict(reason, sentence.format("the client" if fault.subject == CLIENT else f"authority {fault.subject}"))


def _in_date(client: Population, certificates: Certificates, on_day: date) -> bool:
    issuer = client.certificate
    return issuer is not None and not has_expired(certificates, issuer, on_day)


def _distrusts(visit: Visit, reach: Reach) -> Verdict | None:
    """Return what a client has against the web server certificate, None if nothing or if there is none to judge."""
    name, host = visit.management_point.certificate, visit.management_point.server or None
    if name is None:
        return None
    judge = judging_client_of_site_system(visit.certificates, name, visit.client, visit.site, host, visit.on_day, reach)
    verdict = verify(server_chain(visit.certificates, name), judge)
    if verdict.accepted:
        return None
    first = verdict.faults[0]
    holder = "the web server certificate" if first.subject == GATEWAY else f"authority {first.subject}"
    return Verdict(OF_SERVER[first.flaw], f"{holder}: {first.flaw.value}")
