"""The clouds and their regions, as data: hosts, DNS suffixes, names.

Sources: azure-cli ``cloud.py`` and azure-mgmt-core ``get_arm_endpoints`` for hosts and suffixes; azure-cli tables for
the names of regions. One :class:`Environment` is one separate cloud; a subscription lives in exactly one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class RegionState(Enum):
    """How a region fares.

    ``CONTROLPLANE_DOWN`` refuses what would change it, ``CAPACITY_OUT`` finds no room for machines, ``DOWN`` answers
    nothing.
    """

    UP = "up"
    CONTROLPLANE_DOWN = "controlplane_down"
    CAPACITY_OUT = "capacity_out"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Environment:
    """One cloud: where it answers and what its names end in."""

    name: str
    title: str
    resource_manager: str
    audience: str
    login: str
    service_management: str
    cloud_service_suffix: str
    storage_suffix: str
    vault_suffix: str
    label_suffix: str


@dataclass(frozen=True, slots=True)
class Region:
    """A place resources live in; ``name`` is the key, such as ``eastus``."""

    name: str
    title: str
    environment: str = "public"
    state: RegionState = RegionState.UP


#: Assumption: a DNS label in the government cloud ends in <region>.cloudapp.usgovcloudapi.net.
ENVIRONMENTS = {
    "public": Environment(
        "public",
        "AzureCloud",
        "https://management.azure.com",
        "https://management.azure.com",
        "https://login.microsoftonline.com",
        "https://management.core.windows.net",
        "cloudapp.net",
        "core.windows.net",
        "vault.azure.net",
        "cloudapp.azure.com",
    ),
    "usgov": Environment(
        "usgov",
        "AzureUSGovernment",
        "https://management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net",
        "https://login.microsoftonline.us",
        "https://management.core.usgovcloudapi.net",
        "usgovcloudapp.net",
        "core.usgovcloudapi.net",
        "vault.usgovcloudapi.net",
        "cloudapp.usgovcloudapi.net",
    ),
}

REGIONS = (
    Region("eastus", "East US"),
    Region("eastus2", "East US 2"),
    Region("centralus", "Central US"),
    Region("northcentralus", "North Central US"),
    Region("southcentralus", "South Central US"),
    Region("westcentralus", "West Central US"),
    Region("westus", "West US"),
    Region("westus2", "West US 2"),
    Region("canadacentral", "Canada Central"),
    Region("canadaeast", "Canada East"),
    Region("brazilsouth", "Brazil South"),
    Region("northeurope", "North Europe"),
    Region("westeurope", "West Europe"),
    Region("uksouth", "UK South"),
    Region("ukwest", "UK West"),
    Region("francecentral", "France Central"),
    Region("germanywestcentral", "Germany West Central"),
    Region("switzerlandnorth", "Switzerland North"),
    Region("norwayeast", "Norway East"),
    Region("uaenorth", "UAE North"),
    Region("southafricanorth", "South Africa North"),
    Region("eastasia", "East Asia"),
    Region("southeastasia", "Southeast Asia"),
    Region("japaneast", "Japan East"),
    Region("japanwest", "Japan West"),
    Region("koreacentral", "Korea Central"),
    Region("koreasouth", "Korea South"),
    Region("australiaeast", "Australia East"),
    Region("australiasoutheast", "Australia Southeast"),
    Region("australiacentral", "Australia Central"),
    Region("centralindia", "Central India"),
    Region("southindia", "South India"),
    Region("westindia", "West India"),
    Region("usgovvirginia", "USGov Virginia", "usgov"),
    Region("usgovarizona", "USGov Arizona", "usgov"),
    Region("usgovtexas", "USGov Texas", "usgov"),
    Region("usgoviowa", "USGov Iowa", "usgov"),
    Region("usdodeast", "USDoD East", "usgov"),
    Region("usdodcentral", "USDoD Central", "usgov"),
)


def region_key(text: str) -> str:
    """Return the key of a region named in any of the ways people write it: ``"East US"`` is ``"eastus"``."""
    return text.replace(" ", "").lower()


def cloud_service_fqdn(label: str, environment: str) -> str:
    """Return the full name of a cloud service (classic): ``"contoso.cloudapp.net"``."""
    return f"{label}.{ENVIRONMENTS[environment].cloud_service_suffix}".lower()


def storage_fqdn(account: str, environment: str) -> str:
    """Return the full name of a storage account's blob service: ``"contoso.blob.core.windows.net"``."""
    return f"{account}.blob.{ENVIRONMENTS[environment].storage_suffix}".lower()


def vault_fqdn(vault: str, environment: str) -> str:
    """Return the full name of a key vault: ``"contoso.vault.azure.net"``."""
    return f"{vault}.{ENVIRONMENTS[environment].vault_suffix}".lower()


def label_fqdn(label: str, region: str, environment: str) -> str:
    """Return the full name of a public address: ``"contoso.eastus.cloudapp.azure.com"``."""
    return f"{label}.{region}.{ENVIRONMENTS[environment].label_suffix}".lower()
