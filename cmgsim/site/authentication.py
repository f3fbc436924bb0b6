"""Does a request authenticate? Every check a request over a gateway meets, in the order it meets them.

Theory of operation: an :class:`Encounter` is all that takes part in one request; :data:`CHECKS` are small functions
that let it pass (None) or end it with a :class:`Verdict`. The client judges the gateway first, then the gateway the
client, then the request goes through a connection point to a management point (source: "Certificates for cloud
management gateway"). Status codes are those of Microsoft's "Understand CMG communication errors".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum

from cmgsim.design.azure import AadIntegration
from cmgsim.design.certificates import Certificates, ServerCertificate
from cmgsim.design.clients import Identity, Population
from cmgsim.design.gateways import Gateway
from cmgsim.design.hierarchy import Site
from cmgsim.design.roles import ConnectionPoint, ManagementPoint, MpMode
from cmgsim.design.versions import VERSIONS, Feature, communication_tab, has

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
    TLS_1_2_REQUIRED = ("TLS_1_2_REQUIRED", SECURE_FAILURE, "ERROR_WINHTTP_SECURE_FAILURE")
    NO_IDENTITY = ("NO_IDENTITY", 401, "CMGService_Invalid_Token")
    SITE_PKI_OPTION_OFF = ("SITE_PKI_OPTION_OFF", 401, "CMGService_Invalid_Token")
    CHAIN_INCOMPLETE = ("CHAIN_INCOMPLETE", 401, "CMGService_Invalid_Token")
    CHAIN_EXPIRED = ("CHAIN_EXPIRED", 401, "CMGService_Invalid_Token")
    CRL_NOT_PUBLISHED = ("CRL_NOT_PUBLISHED", 401, "CMGService_Invalid_Token")
    NOT_IN_TRUST_LIST = ("NOT_IN_TRUST_LIST", 401, "CMGService_Invalid_Token")
    NO_MAPPING = ("NO_MAPPING", 404, "Not Found")
    NO_CONNECTION_POINT = ("NO_CONNECTION_POINT", 500, "CMGConnector_InternalServerError")
    MP_MODE_INVALID = ("MP_MODE_INVALID", 403, "CMGConnector_Forbidden")
    CONNECTION_POINT_CERTIFICATE = ("CONNECTION_POINT_CERTIFICATE", 403, "CMGConnector_Clientcertificaterequired")
    CLIENT_CERTIFICATE_REQUIRED = ("CLIENT_CERTIFICATE_REQUIRED", 403, "Forbidden: client certificate required")

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
    that are connected to the gateway now; ``gateway`` holds its current settings.
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


def authenticate(encounter: Encounter) -> Verdict:
    """Judge a request over a gateway by all checks; the first that ends it speaks."""
    for check in CHECKS:
        verdict = check(encounter)
        if verdict is not None:
            return verdict
    return AUTHENTICATED


def authenticate_on_intranet(
    client: Population, management_point: ManagementPoint, site: Site, version: int
) -> Verdict:
    """Judge a request of a client to a management point that it reaches directly, on the intranet.

    Source: "Certificates for cloud management gateway", Enable management point for HTTPS.
    """
    mode = effective_mode(management_point, site, version)
    if mode not in INTRANET_MODES[client.identity]:
        return Verdict(Reason.MP_MODE_INVALID, f"{client.identity} clients cannot use a management point with {mode}")
    if mode == "https" and client.certificate is None and client.identity not in AZURE_AD_IDENTITIES:
        return Verdict(Reason.CLIENT_CERTIFICATE_REQUIRED, "the management point takes HTTPS with certificates only")
    return AUTHENTICATED


def authenticate_over_internet(client: Population, management_point: ManagementPoint) -> Verdict:
    """Judge a request to a management point that is itself published to the internet.

    It takes HTTPS with client certificates only (source: "Plan for internet-based client management").
    Assumption: clients trust the web server certificate of such a management point.
    """
    if management_point.mode != "https":
        return Verdict(Reason.MP_MODE_INVALID, "a management point on the internet must use HTTPS")
    if client.certificate is None:
        return Verdict(Reason.CLIENT_CERTIFICATE_REQUIRED, "a management point on the internet takes certificates only")
    return AUTHENTICATED


# -- what clients of each kind may use -------------------------------------------------------------------------------

AZURE_AD_IDENTITIES: tuple[Identity, ...] = ("aad_joined", "hybrid")
"""Devices that can get an Azure AD token, if their operating system can."""

WINDOWS = ("Windows 10", "Windows 11")
"""Operating systems that can."""

_IDENTITIES: tuple[Identity, ...] = ("workgroup", "ad_joined", "aad_joined", "hybrid")

_BY_VERSION: dict[int, tuple[MpMode, ...]] = {
    1710: ("http", "https"),
    1802: ("https",),
    **{version: ("enhanced_http", "https") for version in VERSIONS if has(version, Feature.ENHANCED_HTTP)},
}

GATEWAY_MODES: dict[tuple[Identity, int], tuple[MpMode, ...]] = {
    (identity, version): modes for version, modes in _BY_VERSION.items() for identity in _IDENTITIES
}
"""Which client connection modes a management point may have, by client and version, for requests over a gateway.

That clients of a workgroup or of Active Directory alone need a certificate (or a site token) is for their credential.
Assumption: A-09: version 1710 makes no difference between kinds of clients.
"""

INTRANET_MODES: dict[Identity, tuple[MpMode, ...]] = {
    "workgroup": ("http", "https", "enhanced_http"),
    "ad_joined": ("http", "https", "enhanced_http"),
    "aad_joined": ("https", "enhanced_http"),
    "hybrid": ("http", "https", "enhanced_http"),
}
"""The same for requests on the intranet."""


def effective_mode(management_point: ManagementPoint, site: Site, version: int) -> MpMode:
    """Return how a management point takes connections: HTTP becomes enhanced HTTP by the site's option (1806).

    Assumption: a management point that is set to enhanced HTTP has it, even where its site's option is off.
    """
    if management_point.mode == "https":
        return "https"
    asked = management_point.mode == "enhanced_http" or site.generated_certificates
    return "enhanced_http" if asked and has(version, Feature.ENHANCED_HTTP) else "http"


def credential_of(encounter: Encounter) -> Credential:
    """Return what the client shows: its certificate if its site lets it, else a token if it can get one."""
    client = encounter.client
    if client.certificate is not None and encounter.site.use_pki_client_certificate:
        return Credential.CERTIFICATE
    if client.identity in AZURE_AD_IDENTITIES and _can_get_token(encounter):
        return Credential.AZURE_AD
    return Credential.SITE_TOKEN if has(encounter.version, Feature.SITE_TOKENS) else Credential.NONE


def _can_get_token(encounter: Encounter) -> bool:
    return encounter.aad.cloud_management and encounter.client.os.startswith(WINDOWS)


# -- the client judges the gateway -----------------------------------------------------------------------------------


def _speaks_tls(encounter: Encounter) -> Verdict | None:
    """The option binds the gateway's VMs alone (source: "Set up cloud management gateway", step 12)."""
    enforced = encounter.gateway.enforce_tls_1_2 and has(encounter.version, Feature.ENFORCE_TLS_1_2)
    if enforced and not encounter.client.tls_1_2:
        return Verdict(Reason.TLS_1_2_REQUIRED, "the gateway enforces TLS 1.2, which the client cannot speak")
    return None


def _trusts_issuer(encounter: Encounter) -> Verdict | None:
    certificates, client = encounter.certificates, encounter.client
    root = certificates.chain(_server_certificate(encounter).issuer)[-1]
    own = certificates.chain(client.certificate)[-1:] if client.certificate else ()
    if certificates.authorities[root].kind == "public" or root in (*client.trusts, *own):
        return None
    return Verdict(Reason.INVALID_CA, f"the client does not trust the private root {root}")


def _name_matches(encounter: Encounter) -> Verdict | None:
    certificate = _server_certificate(encounter)
    if any(covers(name, encounter.fqdn) for name in (certificate.name, *certificate.other_names)):
        return None
    return Verdict(Reason.CERT_CN_INVALID, f"the certificate for {certificate.name} does not name {encounter.fqdn}")


def _is_in_date(encounter: Encounter) -> Verdict | None:
    certificate = _server_certificate(encounter)
    if certificate.expires is not None and encounter.on_day > certificate.expires:
        return Verdict(Reason.CERT_DATE_INVALID, f"the server certificate expired on {certificate.expires}")
    expired = _expired_authority(encounter, certificate.issuer)
    return Verdict(Reason.CERT_DATE_INVALID, f"the certificate of authority {expired} expired") if expired else None


def _revocation_can_be_checked(encounter: Encounter) -> Verdict | None:
    if not encounter.site.clients_check_crl:
        return None
    missing = _unpublished(encounter, _server_certificate(encounter).issuer)
    if missing is None:
        return None
    tab = communication_tab(encounter.version)
    return Verdict(
        Reason.CERT_REV_FAILED,
        f"authority {missing} publishes no CRL, and clients check it for site systems (site properties, {tab} tab)",
    )


# -- the gateway judges the client -----------------------------------------------------------------------------------


def _shows_credential(encounter: Encounter) -> Verdict | None:
    if credential_of(encounter) is not Credential.NONE:
        return None
    if encounter.client.certificate is None:
        return Verdict(Reason.NO_IDENTITY, "the client has neither a certificate nor a token")
    tab = communication_tab(encounter.version)
    return Verdict(
        Reason.SITE_PKI_OPTION_OFF,
        f"the site does not use PKI client certificates: turn the option on (site properties, {tab} tab)",
    )


def _chain_is_complete(encounter: Encounter) -> Verdict | None:
    """Every certificate of the chain must be with the gateway (source: "Set up cloud management gateway", step 10)."""
    trusted = encounter.gateway.trusted_authorities
    missing = next((name for name in _client_chain(encounter) if name not in trusted), None)
    if missing is None:
        return None
    return Verdict(
        Reason.CHAIN_INCOMPLETE, f"authority {missing} is not among the gateway's client trusted certificates"
    )


def _chain_is_in_date(encounter: Encounter) -> Verdict | None:
    chain = _client_chain(encounter)
    expired = _expired_authority(encounter, chain[0]) if chain else None
    return Verdict(Reason.CHAIN_EXPIRED, f"the certificate of authority {expired} expired") if expired else None


def _client_can_be_verified(encounter: Encounter) -> Verdict | None:
    chain = _client_chain(encounter)
    if not chain or not encounter.gateway.verify_client_revocation:
        return None
    missing = _unpublished(encounter, chain[0])
    if missing is None:
        return None
    return Verdict(
        Reason.CRL_NOT_PUBLISHED, f"the gateway verifies revocation, and authority {missing} publishes no CRL"
    )


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


def _connector_shows_certificate(encounter: Encounter) -> Verdict | None:
    """Needed where the management point uses HTTPS and the client a certificate.

    Assumption: of several connection points, those without a certificate leave such requests to the others.
    """
    mode = effective_mode(encounter.management_point, encounter.site, encounter.version)
    needed = mode == "https" and credential_of(encounter) is Credential.CERTIFICATE
    if not needed or any(point.client_certificate for point in encounter.connection_points):
        return None
    return Verdict(Reason.CONNECTION_POINT_CERTIFICATE, "the connection point has no client authentication certificate")


CHECKS: tuple[Callable[[Encounter], Verdict | None], ...] = (
    _speaks_tls,
    _trusts_issuer,
    _name_matches,
    _is_in_date,
    _revocation_can_be_checked,
    _shows_credential,
    _chain_is_complete,
    _chain_is_in_date,
    _client_can_be_verified,
    _is_on_trust_list,
    _is_mapped,
    _is_connected,
    _mode_suits,
    _connector_shows_certificate,
)
"""All checks, in order."""


def covers(name: str, fqdn: str) -> bool:
    """Say whether a certificate's name covers a host; an asterisk stands for exactly one label, the first."""
    name, fqdn = name.casefold(), fqdn.casefold()
    if name.startswith("*."):
        label, dot, domain = fqdn.partition(".")
        return bool(label and dot) and domain == name[2:]
    return name == fqdn


def _server_certificate(encounter: Encounter) -> ServerCertificate:
    return encounter.certificates.servers[encounter.gateway.certificate]


def _client_chain(encounter: Encounter) -> tuple[str, ...]:
    """Return the chain above the client's certificate, the root last; empty when it shows none."""
    issuer = encounter.client.certificate
    if issuer is None or credential_of(encounter) is not Credential.CERTIFICATE:
        return ()
    return encounter.certificates.chain(issuer)


def _expired_authority(encounter: Encounter, issuer: str) -> str | None:
    authorities = encounter.certificates.authorities
    days = ((name, authorities[name].expires) for name in encounter.certificates.chain(issuer))
    return next((name for name, last in days if last is not None and encounter.on_day > last), None)


def _unpublished(encounter: Encounter, issuer: str) -> str | None:
    """Return the first authority of a chain whose revocation list cannot be fetched from the internet."""
    authorities = encounter.certificates.authorities
    return next((name for name in encounter.certificates.chain(issuer) if not authorities[name].crl_published), None)
