"""Does a request authenticate? Every check a request over a gateway meets, in the order it meets them.

Theory of operation: an :class:`Encounter` is all that takes part in one request; :data:`CHECKS` are small functions
that let it pass (None) or end it with a :class:`Verdict`. The client judges the gateway first, then the gateway the
client, then the request goes through a connection point to a management point (source: "Certificates for cloud
management gateway"). Status codes are those of Microsoft's "Understand CMG communication errors".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from cmgsim.design.azure import AadIntegration
from cmgsim.design.certificates import Certificates
from cmgsim.design.clients import Population
from cmgsim.design.gateways import Gateway
from cmgsim.design.hierarchy import Site
from cmgsim.design.identity import SITE_TOKEN_LIFE, Registration, can_get_token
from cmgsim.design.modes import AZURE_AD_IDENTITIES, GATEWAY_MODES
from cmgsim.design.roles import ConnectionPoint, ManagementPoint, MpMode
from cmgsim.design.versions import Feature, communication_tab, has
from cmgsim.pki.verify import Fault, Flaw, verify
from cmgsim.site.connector_certificates import problem_of_connector
from cmgsim.site.trust import (
    CLIENT,
    GATEWAY,
    client_certificate,
    gateway_tls,
    judging_client,
    judging_gateway,
    judging_server_on_premises,
    server_chain,
)

SECURE_FAILURE = 12_175
"""The status of a request whose TLS connection fails: ``ERROR_WINHTTP_SECURE_FAILURE``."""


class Reason(Enum):
    """Why a request ends, with the status a client sees and the text in its logs.

    Assumption: what the gateway itself refuses ends with status 401 CMGService_Invalid_Token, whatever the credential.
    Assumption: a management point that no mapping was published for ends with status 404.
    """

    AUTHENTICATED = ("AUTHENTICATED", 200, "OK")
    INVALID_CA = ("INVALID_CA", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    CERT_CN_INVALID = ("CERT_CN_INVALID", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    CERT_DATE_INVALID = ("CERT_DATE_INVALID", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    CERT_REV_FAILED = ("CERT_REV_FAILED", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    CERT_REVOKED = ("CERT_REVOKED", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    CERT_WRONG_USAGE = ("CERT_WRONG_USAGE", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    INVALID_CERT = ("INVALID_CERT", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    TLS_1_2_REQUIRED = ("TLS_1_2_REQUIRED", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    NO_IDENTITY = ("NO_IDENTITY", 401, "CMGService_Invalid_Token")
    CLIENT_CERTIFICATE_EXPIRED = ("CLIENT_CERTIFICATE_EXPIRED", 401, "CMGService_Invalid_Token")
    SITE_PKI_OPTION_OFF = ("SITE_PKI_OPTION_OFF", 401, "CMGService_Invalid_Token")
    CHAIN_INCOMPLETE = ("CHAIN_INCOMPLETE", 401, "CMGService_Invalid_Token")
    TOKEN_EXPIRED = ("TOKEN_EXPIRED", 401, "CMGService_Invalid_Token")
    CHAIN_REVOKED = ("CHAIN_REVOKED", 401, "CMGService_Invalid_Token")
    CHAIN_EXPIRED = ("CHAIN_EXPIRED", 401, "CMGService_Invalid_Token")
    CRL_NOT_PUBLISHED = ("CRL_NOT_PUBLISHED", 401, "CMGService_Invalid_Token")
    NOT_IN_TRUST_LIST = ("NOT_IN_TRUST_LIST", 401, "CMGService_Invalid_Token")
    NO_MAPPING = ("NO_MAPPING", 404, "Not Found")
    NO_CONNECTION_POINT = ("NO_CONNECTION_POINT", 500, "CMGConnector_InternalServerError")
    MP_MODE_INVALID = ("MP_MODE_INVALID", 403, "CMGConnector_Forbidden")
    CONNECTION_POINT_CERTIFICATE = ("CONNECTION_POINT_CERTIFICATE", 403, "CMGConnector_Clientcertificaterequired")
    CLIENT_CERTIFICATE_REQUIRED = ("CLIENT_CERTIFICATE_REQUIRED", 403, "Forbidden: client certificate required")
    CLIENT_CERTIFICATE_REVOKED = ("CLIENT_CERTIFICATE_REVOKED", 403, "Forbidden: client certificate revoked")
    CLIENT_CERTIFICATE_UNTRUSTED = ("CLIENT_CERTIFICATE_UNTRUSTED", 403, "Forbidden: client certificate untrusted")
    CLIENT_CERTIFICATE_OUT_OF_DATE = (
        "CLIENT_CERTIFICATE_OUT_OF_DATE",
        403,
        "Forbidden: client certificate expired or not yet valid",
    )
    MANAGEMENT_POINT_CERTIFICATE = ("MANAGEMENT_POINT_CERTIFICATE", 500, "CMGConnector_InternalServerError")

    def __init__(self, word: str, status: int, text: str) -> None:
        self.word = word
        self.status = status
        self.text = text


@dataclass(frozen=True)
class Verdict:
    """How a request ends: 200, or an error's status and text, why, and a sentence that names the offender."""

    reason: Reason
    detail: str = ""

    @property
    def status(self) -> int:
        """The HTTP status, or the WinHTTP error when no TLS connection came about."""
        return self.reason.status

    @property
    def text(self) -> str:
        """The text of the status."""
        return self.reason.text


AUTHENTICATED = Verdict(Reason.AUTHENTICATED)


class Credential(Enum):
    """What a client proves its identity with. Clients that have a certificate prefer it."""

    CERTIFICATE = "client certificate"
    AZURE_AD = "Azure AD token"
    SITE_TOKEN = "site token"
    NONE = "none"


@dataclass(frozen=True)
class Encounter:
    """Everything that takes part in a request over a gateway.

    ``fqdn`` is the name the client asks for; ``site`` is the client's; ``connection_points`` are those of that site
    that are connected to the gateway now; ``gateway`` holds its current settings; ``token_age`` is how long ago the
    client's site token was issued or renewed, None if that does not matter; ``registration`` is how it came by one.
    """

    client: Population
    gateway: Gateway
    fqdn: str
    certificates: Certificates
    aad: AadIntegration
    connection_points: tuple[ConnectionPoint, ...]
    management_point: ManagementPoint
    site: Site
    version: int
    on_day: date
    token_age: timedelta | None = None
    registration: Registration = Registration.ON_INTRANET


def authenticate(encounter: Encounter) -> Verdict:
    """Judge a request over a gateway by all checks; the first that ends it speaks."""
    for check in CHECKS:
        verdict = check(encounter)
        if verdict is not None:
            return verdict
    return AUTHENTICATED


# -- what clients of each kind may use -------------------------------------------------------------------------------


def effective_mode(management_point: ManagementPoint, site: Site, version: int) -> MpMode:
    """Return how a management point takes connections: HTTP becomes enhanced HTTP by the site's option (1806).

    Assumption: a management point that is set to enhanced HTTP has it, even where its site's option is off.
    """
    if management_point.mode == "https":
        return "https"
    asked = management_point.mode == "enhanced_http" or site.generated_certificates
    return "enhanced_http" if asked and has(version, Feature.ENHANCED_HTTP) else "http"


def credential_of(encounter: Encounter) -> Credential:
    """Return what the client shows: its certificate if its site lets it, else a token if it can get one.

    Assumption: a client does not choose a certificate that has expired.
    """
    client, issuer = encounter.client, encounter.client.certificate
    if issuer is not None and encounter.site.use_pki_client_certificate and not _expired(encounter, issuer):
        return Credential.CERTIFICATE
    if client.identity in AZURE_AD_IDENTITIES and can_get_token(client, encounter.aad, encounter.version):
        return Credential.AZURE_AD
    registered = encounter.registration is not Registration.NOWHERE
    return Credential.SITE_TOKEN if registered and has(encounter.version, Feature.SITE_TOKENS) else Credential.NONE


def _expired(encounter: Encounter, issuer: str) -> bool:
    return has_expired(encounter.certificates, issuer, encounter.on_day)


def has_expired(certificates: Certificates, issuer: str, on_day: date) -> bool:
    """Say whether the certificates that an authority issued to clients have expired."""
    return not _in_date(certificates.authorities[issuer].client_certificates.expires, on_day)


# -- the client judges the gateway -----------------------------------------------------------------------------------

OF_SERVER: dict[Flaw, Reason] = {
    Flaw.TLS_VERSION: Reason.TLS_1_2_REQUIRED,
    Flaw.NO_CERTIFICATE: Reason.INVALID_CERT,
    Flaw.MISSING_AUTHORITY: Reason.INVALID_CA,
    Flaw.UNTRUSTED_ROOT: Reason.INVALID_CA,
    Flaw.NAME_MISMATCH: Reason.CERT_CN_INVALID,
    Flaw.EXPIRED: Reason.CERT_DATE_INVALID,
    Flaw.NOT_YET_VALID: Reason.CERT_DATE_INVALID,
    Flaw.WRONG_PURPOSE: Reason.CERT_WRONG_USAGE,
    Flaw.NOT_AN_AUTHORITY: Reason.INVALID_CA,
    Flaw.PATH_TOO_LONG: Reason.INVALID_CA,
    Flaw.KEY_TOO_SHORT: Reason.INVALID_CERT,
    Flaw.REVOKED: Reason.CERT_REVOKED,
    Flaw.REVOCATION_UNKNOWN: Reason.CERT_REV_FAILED,
}
"""What a client that refuses a server says, by the flaw it found."""


def _trusts_gateway(encounter: Encounter) -> Verdict | None:
    judge = judging_client(
        encounter.certificates,
        encounter.gateway,
        encounter.client,
        encounter.site,
        encounter.fqdn,
        encounter.on_day,
    )
    shown = server_chain(encounter.certificates, encounter.gateway.certificate)
    verdict = verify(shown, judge, gateway_tls(encounter.gateway, encounter.version))
    if verdict.accepted:
        return None
    first = verdict.faults[0]
    return Verdict(OF_SERVER[first.flaw], _server_detail(encounter, first))


def _server_detail(encounter: Encounter, fault: Fault) -> str:
    """Say in a sentence what a client has against a gateway."""
    written = encounter.certificates.servers[encounter.gateway.certificate]
    own = fault.subject == GATEWAY
    holder = "the server certificate" if own else f"the certificate of authority {fault.subject}"
    sentences = {
        Flaw.TLS_VERSION: "the gateway enforces TLS 1.2, which the client cannot speak",
        Flaw.UNTRUSTED_ROOT: f"the client does not trust the private root {fault.subject}",
        Flaw.NAME_MISMATCH: f"the certificate for {written.name} does not name {encounter.fqdn}",
        Flaw.EXPIRED: f"{holder} expired" + (f" on {written.expires}" if own else ""),
        Flaw.NOT_YET_VALID: f"{holder} is not valid yet" + (f", but from {written.valid_from} on" if own else ""),
        Flaw.WRONG_PURPOSE: f"{holder} is not issued for server authentication",
        Flaw.REVOKED: f"{holder} was revoked",
        Flaw.REVOCATION_UNKNOWN: f"authority {fault.subject} publishes no CRL, and clients check it for site systems "
        f"(site properties, {communication_tab(encounter.version)} tab)",
    }
    return sentences.get(fault.flaw, f"{holder}: {fault.flaw.value}")


# -- the gateway judges the client -----------------------------------------------------------------------------------


def _shows_credential(encounter: Encounter) -> Verdict | None:
    if credential_of(encounter) is not Credential.NONE:
        return None
    issuer = encounter.client.certificate
    if issuer is None:
        return Verdict(
            Reason.NO_IDENTITY, f"the client has neither a certificate nor a token{_why_no_token(encounter)}"
        )
    if _expired(encounter, issuer):
        return Verdict(Reason.CLIENT_CERTIFICATE_EXPIRED, "the client's certificate has expired, and it has no token")
    tab = communication_tab(encounter.version)
    return Verdict(
        Reason.SITE_PKI_OPTION_OFF,
        f"the site does not use PKI client certificates: turn the option on (site properties, {tab} tab)",
    )


def _why_no_token(encounter: Encounter) -> str:
    if encounter.registration is Registration.NOWHERE and has(encounter.version, Feature.SITE_TOKENS):
        return ": it was installed from the internet without /regtoken, and never was on the intranet"
    without_user = encounter.client.signed_in == "nobody" and encounter.client.identity in AZURE_AD_IDENTITIES
    return ": nobody is signed in, and the device gets none by itself" if without_user else ""


def _token_is_alive(encounter: Encounter) -> Verdict | None:
    """A site token lives 90 days unless it is renewed (source: "Token-based authentication for CMG")."""
    age = encounter.token_age
    if credential_of(encounter) is not Credential.SITE_TOKEN or age is None or age < SITE_TOKEN_LIFE:
        return None
    return Verdict(
        Reason.TOKEN_EXPIRED,
        f"the client's site token was last renewed {age.days} days ago and lives {SITE_TOKEN_LIFE.days}: register the "
        "client on the intranet again, or by a bulk registration token",
    )


_OF_CLIENT: dict[Flaw, tuple[Reason, str]] = {
    Flaw.MISSING_AUTHORITY: (
        Reason.CHAIN_INCOMPLETE,
        "{} is not among the gateway's client trusted certificates",
    ),
    Flaw.EXPIRED: (Reason.CHAIN_EXPIRED, "the certificate of {} expired"),
    Flaw.NOT_YET_VALID: (Reason.CHAIN_EXPIRED, "the certificate of {} is not valid yet"),
    Flaw.REVOKED: (Reason.CHAIN_REVOKED, "the gateway verifies revocation, and the certificate of {} was revoked"),
    Flaw.REVOCATION_UNKNOWN: (
        Reason.CRL_NOT_PUBLISHED,
        "the gateway verifies revocation, and {} publishes no CRL",
    ),
}
"""What a gateway that refuses a client's certificate means, by the flaw it found; no other can come of a design."""


def _certificate_is_taken(encounter: Encounter) -> Verdict | None:
    """Every certificate of the chain must be with the gateway (source: "Set up cloud management gateway", step 10)."""
    chain = _client_chain(encounter)
    if not chain:
        return None
    judge = judging_gateway(encounter.certificates, encounter.gateway, encounter.on_day)
    verdict = verify((client_certificate(encounter.certificates, chain[0]),), judge)
    if verdict.accepted:
        return None
    first = verdict.faults[0]
    reason, sentence = _OF_CLIENT[first.flaw]
    holder = "the client" if first.subject == CLIENT else f"authority {first.subject}"
    return Verdict(reason, sentence.format(holder))


def _is_on_trust_list(encounter: Encounter) -> Verdict | None:
    chain, roots = _client_chain(encounter), encounter.site.trusted_roots
    if not chain or not roots or chain[-1] in roots:
        return None
    return Verdict(Reason.NOT_IN_TRUST_LIST, f"root {chain[-1]} is not on the site's certificate trust list")


# -- the request goes on to the site ---------------------------------------------------------------------------------


def _is_mapped(encounter: Encounter) -> Verdict | None:
    if encounter.management_point.gateway_traffic:
        return None
    return Verdict(Reason.NO_MAPPING, "the management point does not allow cloud management gateway traffic")


def _is_connected(encounter: Encounter) -> Verdict | None:
    if encounter.connection_points:
        return None
    return Verdict(Reason.NO_CONNECTION_POINT, "no connection point of the client's site is connected to the gateway")


def _mode_suits(encounter: Encounter) -> Verdict | None:
    mode = effective_mode(encounter.management_point, encounter.site, encounter.version)
    if mode in GATEWAY_MODES[encounter.client.identity, encounter.version]:
        return None
    return Verdict(
        Reason.MP_MODE_INVALID,
        f"a management point with {mode} takes no gateway traffic in version {encounter.version}",
    )


def _takes_connector(encounter: Encounter) -> Verdict | None:
    """Needed where the management point uses HTTPS and the client a certificate: one that its IIS takes.

    Assumption: of several connection points, those without such a certificate leave these requests to the others.
    """
    mode = effective_mode(encounter.management_point, encounter.site, encounter.version)
    if mode != "https" or credential_of(encounter) is not Credential.CERTIFICATE:
        return None
    problems = [
        problem_of_connector(point, encounter.certificates, encounter.site, encounter.on_day)
        for point in encounter.connection_points
    ]
    if not all(problems):
        return None
    detail = f"the client authentication certificate of the connection point {problems[0]}"
    return Verdict(Reason.CONNECTION_POINT_CERTIFICATE, detail)


def _connector_trusts(encounter: Encounter) -> Verdict | None:
    """A connection point that calls a management point by HTTPS judges its web server certificate, too.

    Assumption: a connection point trusts the roots of all authorities, and checks no revocation list.
    """
    name, mode = encounter.management_point.certificate, encounter.management_point.mode
    if name is None or mode != "https":
        return None
    judge = judging_server_on_premises(encounter.certificates, encounter.management_point.server, encounter.on_day)
    verdict = verify(server_chain(encounter.certificates, name), judge)
    if verdict.accepted:
        return None
    detail = f"the connection point does not take the management point's certificate: {verdict.faults[0].flaw.value}"
    return Verdict(Reason.MANAGEMENT_POINT_CERTIFICATE, detail)


def _in_date(expires: date | None, on_day: date) -> bool:
    return expires is None or on_day <= expires


CHECKS: tuple[Callable[[Encounter], Verdict | None], ...] = (
    _trusts_gateway,
    _shows_credential,
    _token_is_alive,
    _certificate_is_taken,
    _is_on_trust_list,
    _is_mapped,
    _is_connected,
    _mode_suits,
    _connector_trusts,
    _takes_connector,
)
"""All checks, in order."""


def _client_chain(encounter: Encounter) -> tuple[str, ...]:
    """Return the chain above the client's certificate, the root last; empty when it shows none."""
    issuer = encounter.client.certificate
    if issuer is None or credential_of(encounter) is not Credential.CERTIFICATE:
        return ()
    return encounter.certificates.chain(issuer)
