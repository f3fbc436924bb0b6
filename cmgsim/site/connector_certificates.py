"""What a management point with HTTPS has against the client authentication certificate of a connection point.

Its IIS wants one, in date, from an authority that it trusts, and checks the revocation lists of the whole chain; else
requests end with 403, ``CMGConnector_Clientcertificaterequired`` (source: "Understand CMG communication errors").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmgsim.pki.verify import Flaw, verify
from cmgsim.site.trust import connector_certificate, judging_site_system

if TYPE_CHECKING:
    from datetime import date

    from cmgsim.design.certificates import Certificates
    from cmgsim.design.hierarchy import Site
    from cmgsim.design.roles import ConnectionPoint

_OF_CHAIN: dict[Flaw, str] = {
    Flaw.MISSING_AUTHORITY: "leads to authority {}, whose certificate is missing",
    Flaw.UNTRUSTED_ROOT: "leads to root {}, which is not on the site's certificate trust list",
    Flaw.EXPIRED: "leads to authority {}, whose certificate expired",
    Flaw.NOT_YET_VALID: "leads to authority {}, whose certificate is not valid yet",
    Flaw.REVOKED: "leads to authority {}, whose certificate was revoked",
    Flaw.REVOCATION_UNKNOWN: "cannot be checked: the revocation list of {} cannot be fetched on the intranet",
}


def problem_of_connector(point: ConnectionPoint, certificates: Certificates, site: Site, on_day: date) -> str:
    """Say what is wrong with a connection point's certificate, as the end of a sentence about it; empty if nothing.

    Where the design does not say who issued it, its chain and its lists are taken to be in order.
    """
    expires, revoked = point.client_certificate_expires, point.client_certificate_revoked_on
    if not point.client_certificate:
        return "is missing"
    if expires is not None and on_day > expires:
        return f"expired on {expires}"
    if revoked is not None and on_day >= revoked:
        return f"was revoked on {revoked}"
    return "" if point.client_certificate_issuer is None else _chain_problem(point, certificates, site, on_day)


def _chain_problem(point: ConnectionPoint, certificates: Certificates, site: Site, on_day: date) -> str:
    verdict = verify((connector_certificate(point),), judging_site_system(certificates, site, on_day))
    if verdict.accepted:
        return ""
    first = verdict.faults[0]  # never about the certificate itself: its dates and its revocation were looked at before
    return _OF_CHAIN[first.flaw].format(first.subject)
