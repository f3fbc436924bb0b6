"""The names of a gateway, all derived from its server authentication certificate.

The common name of the certificate is the *service FQDN*, what clients ask for; its first label is the *service name*,
from which the names in Azure are made (source: "Set up cloud management gateway", step 6; "Certificates for cloud
management gateway"). Functions here return a name, or a :class:`NameProblem` that says why there is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmgsim.design.azure import DNS_SUFFIX
from cmgsim.pki.names import WILDCARD, covers

if TYPE_CHECKING:
    from cmgsim.design.certificates import ServerCertificate
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design

#: The service name is the name of a storage account too: 3 to 24 letters and digits, no dash.
_SERVICE_NAME = re.compile(r"[A-Za-z0-9]{3,24}")
#: Key vaults begin with a letter (source: "Configure Azure AD for CMG", later versions).
_VAULT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,23}")
_STORAGE_NAME = re.compile(r"[a-z0-9]{3,24}")

#: Assumption: a scale set in the government cloud ends in <region>.cloudapp.usgovcloudapi.net.
SCALE_SET_SUFFIX = {
    "AzurePublicCloud": "cloudapp.azure.com",
    "AzureUSGovernmentCloud": "cloudapp.usgovcloudapi.net",
}


@dataclass(frozen=True)
class NameProblem:
    """Why there is no name: a word to test for, a sentence, and what to do."""

    code: str
    reason: str
    remedy: str


def service_fqdn(design: Design, gateway: Gateway) -> str | NameProblem:
    """Return the name clients reach a gateway by, or why it has none."""
    return fqdn_of(design.certificates.servers[gateway.certificate], gateway.service_fqdn)


def fqdn_of(certificate: ServerCertificate, typed: str | None) -> str | NameProblem:
    """Return the *Service FQDN* of a certificate; *typed* is what was typed over it, None when nothing was."""
    if is_wildcard(certificate.name):
        return _replaced(certificate.name, typed)
    if typed is not None and typed != certificate.name:
        return NameProblem(
            "SERVICE_NAME_INVALID",
            f"the service FQDN {typed!r} is not the certificate's name {certificate.name!r}",
            f"leave service_fqdn out, or use a certificate issued to {typed!r}",
        )
    return certificate.name


def is_wildcard(name: str) -> bool:
    """Say whether a certificate's name stands for every name of a domain."""
    return name.startswith(f"{WILDCARD}.")


def service_name(fqdn: str) -> str:
    """Return the *Service name*: the first label of the service FQDN."""
    return fqdn.partition(".")[0]


def service_name_problem(name: str) -> NameProblem | None:
    """Say what is wrong with the form of a service name; None if nothing is."""
    if _SERVICE_NAME.fullmatch(name):
        return None
    return NameProblem(
        "SERVICE_NAME_INVALID",
        f"the service name {name!r} is not 3 to 24 letters and digits",
        "use a certificate whose name begins with 3 to 24 letters and digits, without a dash, such as "
        "GraniteFalls.contoso.com",
    )


def vault_name_problem(name: str) -> NameProblem | None:
    """Say what is wrong with a service name as the name of a key vault, which scale sets need; None if nothing is."""
    if _VAULT_NAME.fullmatch(name):
        return None
    return NameProblem(
        "SERVICE_NAME_INVALID",
        f"the service name {name!r} cannot name a key vault: 3 to 24 letters and digits, first a letter",
        "use a certificate whose name begins with a letter, followed by 2 to 23 letters and digits",
    )


def storage_account(name: str) -> str:
    """Return the name of the storage account of a service: its own name in lower case."""
    return name.lower()


def is_storage_account(name: str) -> bool:
    """Say whether a storage account can have this name: 3 to 24 lower-case letters and digits."""
    return _STORAGE_NAME.fullmatch(name) is not None


def azure_fqdn(environment: str, deployment: str, name: str, region: str) -> str:
    """Return a service's name in Azure, to which a certificate of one's own domain needs a CNAME.

    That is ``<name>.cloudapp.net``, or for a scale set ``<name>.<region>.cloudapp.azure.com``, each with the suffix of
    its environment (source: "Certificates for cloud management gateway").
    """
    if deployment == "vmss":
        return f"{name}.{region}.{SCALE_SET_SUFFIX[environment]}"
    return f"{name}.{DNS_SUFFIX[environment]}"


def _replaced(pattern: str, typed: str | None) -> str | NameProblem:
    if typed is None or WILDCARD in typed:
        return NameProblem(
            "WILDCARD_NOT_REPLACED",
            f"the service FQDN is still {typed or pattern!r}",
            f"replace the asterisk with the name of the host: service_fqdn: cmg01{pattern[1:]}",
        )
    if not covers(pattern, typed):
        return NameProblem(
            "SERVICE_NAME_INVALID",
            f"the certificate {pattern!r} does not cover the service FQDN {typed!r}",
            f"type one label in the place of the asterisk: service_fqdn: cmg01{pattern[1:]}",
        )
    return typed
