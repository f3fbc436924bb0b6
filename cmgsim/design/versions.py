"""Which feature arrives, and which goes, with which version of Configuration Manager.

Everything that depends on the version reads one of the two tables below; nothing else compares version numbers.
Sources are the titles of Microsoft's documentation pages of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal, get_args

Version = Literal[1710, 1802, 1806, 1810, 1902, 1906, 1910, 2002, 2006, 2010, 2107, 2203]
"""A version of Configuration Manager, current branch, that has a profile here."""

VERSIONS: tuple[int, ...] = get_args(Version)
BASELINE: Version = 1906


class Feature(Enum):
    """Something the console or the service can do in some versions only."""

    CLASSIC_CREATION = "create a gateway with the classic deployment method"
    CLASSIC_WITHOUT_WARNING = "classic deployments that are not deprecated"
    RESOURCE_MANAGER = "create a gateway with an Azure Resource Manager deployment"
    METHOD_CHOICE = "choose the deployment method in the wizard"
    SCALE_SET = "create a gateway as a virtual machine scale set"
    CONVERT = "convert a gateway from a cloud service (classic) to a virtual machine scale set"
    NO_ROOT_REQUIRED = "create a gateway without a trusted root certificate"
    UNLIMITED_ROOTS = "add any number of trusted certificates to a gateway"
    ENFORCE_TLS_1_2 = "enforce TLS 1.2 on a gateway"
    GATEWAY_CONTENT = "let a gateway serve content from Azure storage"
    ENHANCED_HTTP = "use Configuration Manager-generated certificates for HTTP site systems"
    GATEWAY_IN_BOUNDARY_GROUP = "reference a gateway in a boundary group"
    STOP_ON_CRITICAL = "stop a gateway when the critical threshold is exceeded"
    COMMUNICATION_SECURITY_TAB = "the site's Communication Security tab (before: Client Computer Communication)"
    HTTP_HANDLER_LOG = "the separate CMGHttpHandler.log"
    SITE_TOKENS = "site-issued client tokens"
    DEVICE_TOKENS = "Azure AD tokens of devices with nobody signed in"
    CONNECTION_ANALYZER = "analyze the connections of a gateway"
    GATEWAY_SCANS = "let clients on the intranet scan over a gateway of their boundary group"
    CLOUD_POLICY = "prefer a gateway for policy where a boundary group prefers cloud based sources"
    CLOUD_SCANS = "prefer a gateway for software update scans where a boundary group prefers cloud based sources"
    CMGFQDNS = "let clients find a gateway by the registry value CMGFQDNs"
    TWO_PROPERTY_INSTALL = "install an Azure AD client with CCMHOSTNAME and SMSSITECODE alone"


@dataclass(frozen=True)
class Gate:
    """The first and the last version that has a feature, and the page that says so."""

    since: int
    until: int | None
    source: str


_SET_UP = "Set up cloud management gateway"
_PLAN = "Plan for cloud management gateway"

GATES: dict[Feature, Gate] = {
    Feature.CLASSIC_CREATION: Gate(1710, 1810, f"{_SET_UP}, Before you begin"),
    Feature.CLASSIC_WITHOUT_WARNING: Gate(1710, 1806, f"{_SET_UP}, Before you begin"),
    Feature.RESOURCE_MANAGER: Gate(1802, None, _PLAN),
    Feature.METHOD_CHOICE: Gate(1802, 1902, f"{_SET_UP}, step 3"),
    Feature.SCALE_SET: Gate(2010, None, _PLAN),
    Feature.CONVERT: Gate(2107, None, "Modify a CMG (later versions)"),
    Feature.NO_ROOT_REQUIRED: Gate(1806, None, f"{_SET_UP}, step 10"),
    Feature.UNLIMITED_ROOTS: Gate(1906, None, f"{_SET_UP}, step 10"),
    Feature.ENFORCE_TLS_1_2: Gate(1906, None, f"{_SET_UP}, step 12"),
    Feature.GATEWAY_CONTENT: Gate(1806, None, f"{_SET_UP}, step 13"),
    Feature.ENHANCED_HTTP: Gate(1806, None, "Enhanced HTTP"),
    Feature.GATEWAY_IN_BOUNDARY_GROUP: Gate(1902, None, f"{_SET_UP}, Configure boundary groups"),
    Feature.STOP_ON_CRITICAL: Gate(1902, None, "Monitor cloud management gateway"),
    Feature.COMMUNICATION_SECURITY_TAB: Gate(1906, None, f"{_SET_UP}, Configure primary site"),
    Feature.HTTP_HANDLER_LOG: Gate(1710, 1802, "Log files"),
    Feature.CONNECTION_ANALYZER: Gate(1806, None, "Monitor cloud management gateway"),
    Feature.DEVICE_TOKENS: Gate(1806, None, "Certificates for cloud management gateway"),
    Feature.SITE_TOKENS: Gate(2002, None, "Token-based authentication for CMG"),
    Feature.GATEWAY_SCANS: Gate(2006, None, "What's new in version 2006"),
    # Assumption: A group that prefers cloud based sources does so for policy from version 2103 on.
    Feature.CLOUD_POLICY: Gate(2103, None, "Configure boundary groups (later versions)"),
    Feature.CLOUD_SCANS: Gate(2203, None, "Configure boundary groups (later versions)"),
    # Assumption: Clients read CMGFQDNs from version 2107 on; the page of August 2021 names no version.
    Feature.CMGFQDNS: Gate(2107, None, "Configure clients for cloud management gateway"),
    Feature.TWO_PROPERTY_INSTALL: Gate(1810, None, "Install and assign clients using Azure AD"),
}


def has(version: int, feature: Feature) -> bool:
    """Say whether a version has a feature."""
    gate = GATES[feature]
    return gate.since <= version and (gate.until is None or version <= gate.until)


@dataclass(frozen=True)
class Profile:
    """The numbers that differ between versions.

    ``clients_per_vm`` is how many simultaneous client connections one VM of a size is rated for (source: "Size and
    scale numbers"); ``trusted_roots`` and ``trusted_intermediates`` bound what a gateway takes, ``None`` = no bound.
    """

    clients_per_vm: dict[str, int]
    trusted_roots: int | None
    trusted_intermediates: int | None


_STANDARD = {"A2_v2": 6_000}
_SCALE_SET_2010 = {"A2_v2": 2_000}
_SCALE_SET_2107 = {"B2s": 10, "A2_v2": 6_000, "A4_v2": 10_000}

PROFILES: dict[int, Profile] = {
    version: Profile(
        clients_per_vm=_SCALE_SET_2107 if version >= 2107 else _SCALE_SET_2010 if version == 2010 else _STANDARD,
        trusted_roots=None if has(version, Feature.UNLIMITED_ROOTS) else 2,
        trusted_intermediates=None if has(version, Feature.UNLIMITED_ROOTS) else 4,
    )
    for version in VERSIONS
}


def communication_tab(version: int) -> str:
    """Return the name of the site property tab that holds the client certificate options in that version."""
    new = has(version, Feature.COMMUNICATION_SECURITY_TAB)
    return "Communication Security" if new else "Client Computer Communication"
