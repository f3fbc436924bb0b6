"""What clients can have to prove who they are, besides certificates: Azure AD tokens, and site tokens.

Sources: "Certificates for cloud management gateway"; "Token-based authentication for CMG" (site tokens, from 2002 on).
"""

from __future__ import annotations

import re
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING

from cmgsim.design.modes import AZURE_AD_IDENTITIES
from cmgsim.design.versions import Feature, has

if TYPE_CHECKING:
    from cmgsim.design.azure import AadIntegration
    from cmgsim.design.clients import DayPlan, Population
    from cmgsim.design.model import Design

WINDOWS = ("Windows 10", "Windows 11")
"""Operating systems that can get tokens from Azure AD."""
FIRST_RELEASE_WITH_DEVICE_TOKENS = 1803
"""The first release of Windows 10 that gets one for the device, with nobody signed in."""
SITE_TOKEN_LIFE = timedelta(days=90)
"""A site token that was not renewed for so long has lapsed."""
#: Assumption: a month, after which a site token is renewed, has thirty days.
SITE_TOKEN_RENEWAL = timedelta(days=30)
_RELEASE = re.compile(r"(?<=Windows 10 )[0-9]{4}\b")


def can_get_token(client: Population, aad: AadIntegration, version: int) -> bool:
    """Say whether clients joined to Azure AD get a token from it; with nobody signed in, one for the device.

    Device tokens came with version 1806, for Windows 10 of version 1803 and later (source: "Certificates for cloud
    management gateway").
    Assumption: Windows 10 without the number of a release is one that gets device tokens.
    """
    if not aad.cloud_management or not client.os.startswith(WINDOWS):
        return False
    return client.signed_in == "user" or (has(version, Feature.DEVICE_TOKENS) and has_device_identity(client.os))


def has_device_identity(os: str) -> bool:
    """Say whether Azure AD gives a device with that operating system a token of its own."""
    release = _RELEASE.search(os)
    return release is None or int(release[0]) >= FIRST_RELEASE_WITH_DEVICE_TOKENS


class Registration(Enum):
    """How clients came by a site token."""

    ON_INTRANET = "on the intranet"
    BULK_TOKEN = "by a bulk registration token"
    NOWHERE = "nowhere"


def registration_of(population: Population, day: DayPlan) -> Registration:
    """Return how the clients of a population registered before the run.

    Whoever was installed from the internet by a command line needs ``/regtoken`` for it, or the intranet.
    Assumption: bulk registration tokens were in date when clients were installed with them.
    Assumption: clients installed from the internet that come to the intranet at times have been there and registered.
    """
    installation = population.installation
    if installation.registration_token:
        return Registration.BULK_TOKEN
    away = installation.host_name and not comes_in(population, day)
    return Registration.NOWHERE if away else Registration.ON_INTRANET


def comes_in(population: Population, day: DayPlan) -> bool:
    """Say whether clients ever ask a management point on the intranet."""
    return day.ever_on_intranet and not population.pinned_to_internet


def depends_on_site_tokens(design: Design, name: str) -> bool:
    """Say whether the clients of a population have nothing else to show to a gateway; whether they have one is open."""
    population = design.clients[name]
    other = population.certificate is not None or population.identity in AZURE_AD_IDENTITIES
    return has(design.site_version(), Feature.SITE_TOKENS) and not other


def holds_site_tokens(design: Design, name: str) -> bool:
    """Say whether the clients of a population have site tokens, and nothing else to show to a gateway."""
    population = design.clients[name]
    registered = registration_of(population, design.day_plans[population.day_plan]) is not Registration.NOWHERE
    return registered and depends_on_site_tokens(design, name)
