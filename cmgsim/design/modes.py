"""Which client connection modes a management point may have, by client and by version: the matrices, as data.

Source: "Certificates for cloud management gateway", Enable management point for HTTPS; "Enhanced HTTP".
"""

from __future__ import annotations

from cmgsim.design.clients import Identity
from cmgsim.design.roles import MpMode
from cmgsim.design.versions import VERSIONS

IDENTITIES: tuple[Identity, ...] = ("workgroup", "ad_joined", "aad_joined", "hybrid")
AZURE_AD_IDENTITIES: tuple[Identity, ...] = ("aad_joined", "hybrid")
"""Devices that can get an Azure AD token, if their operating system can."""

_BANDS: tuple[tuple[int, dict[Identity, tuple[MpMode, ...]]], ...] = (
    (1710, dict.fromkeys(IDENTITIES, ("http", "https"))),
    (1802, dict.fromkeys(IDENTITIES, ("https",))),
    (1806, dict.fromkeys(IDENTITIES, ("enhanced_http", "https"))),
)
"""From which version on which modes serve clients that come over a gateway.

Assumption: A-09: version 1710 makes no difference between kinds of clients.
"""

GATEWAY_MODES: dict[tuple[Identity, int], tuple[MpMode, ...]] = {
    (identity, version): modes
    for since, band in _BANDS
    for version in VERSIONS
    if version >= since
    for identity, modes in band.items()
}
"""The modes for requests over a gateway, by client and version.

That clients of a workgroup or of Active Directory alone need a certificate (or a site token) is for their credential.
"""

INTRANET_MODES: dict[Identity, tuple[MpMode, ...]] = {
    "workgroup": ("http", "https", "enhanced_http"),
    "ad_joined": ("http", "https", "enhanced_http"),
    "aad_joined": ("https", "enhanced_http"),
    "hybrid": ("http", "https", "enhanced_http"),
}
"""The modes for requests on the intranet, where a management point takes enhanced HTTP from version 1806 on."""
