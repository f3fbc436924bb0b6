"""Which client connections a management point may have for clients that come over a gateway.

Source: "Certificates for cloud management gateway", Enable management point for HTTPS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cmgsim.design.versions import Feature, has

if TYPE_CHECKING:
    from cmgsim.design.clients import Identity
    from cmgsim.design.roles import MpMode

ANY_PORT: tuple[MpMode, ...] = ("http", "https")
HTTPS_ONLY: tuple[MpMode, ...] = ("https",)
SECURED: tuple[MpMode, ...] = ("enhanced_http", "https")


def allowed_modes(version: int, identity: Identity) -> tuple[MpMode, ...]:
    """Return the modes a management point may have for internet clients of an identity.

    Workgroup and domain-joined clients need a client authentication certificate beside it until site tokens came.

    Assumption: A-09: in version 1710 the identity does not narrow the modes down.
    """
    if has(version, Feature.ENHANCED_HTTP):
        return SECURED
    return HTTPS_ONLY if has(version, Feature.RESOURCE_MANAGER) else ANY_PORT
