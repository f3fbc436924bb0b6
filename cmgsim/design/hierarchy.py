"""The hierarchy: its sites, its version, and the options that hold for all of it."""

from __future__ import annotations

from typing import Annotated, Literal

from cmgsim.design.certificates import AuthorityName
from cmgsim.design.quantities import Name
from cmgsim.design.record import Record
from cmgsim.design.references import Reference
from cmgsim.design.versions import BASELINE, Version

SiteName = Annotated[Name, Reference("hierarchy.sites")]


class Site(Record):
    """A site of the hierarchy, named by its site code."""

    kind: Literal["central_administration", "primary", "secondary"] = "primary"
    """What kind of site; a primary without a parent stands alone."""
    parent: SiteName | None = None
    """The site above: a central administration site for a primary, a primary for a secondary."""
    city: str = ""
    """Where it is, for people."""
    use_pki_client_certificate: bool = False
    """Use PKI client certificate (client authentication) when available."""
    clients_check_crl: bool = True
    """Clients check the certificate revocation list (CRL) for site systems."""
    generated_certificates: bool = False
    """Use Configuration Manager-generated certificates for HTTP site systems (enhanced HTTP, 1806 and later)."""
    trusted_roots: tuple[AuthorityName, ...] = ()
    """The site's certificate trust list; left empty, any root will do."""


class ServiceConnectionPoint(Record):
    """The role that speaks to Azure for the top-level site."""

    mode: Literal["online", "offline"] = "online"
    """Gateways need the online mode."""
    azure_reachable: bool = True
    """HTTPS to Azure (port 443) is open from its server."""


class Hierarchy(Record):
    """The sites and what is set for all of them."""

    version: Version = BASELINE
    """The version of Configuration Manager, such as 1906."""
    sites: dict[Name, Site]
    """Sites by site code."""
    gateway_feature: bool = False
    """The optional feature *cloud management gateway* is turned on. It is off at first."""
    prefer_boundary_group_management_points: bool = False
    """Clients prefer to use management points specified in boundary groups."""
    fallback_site: SiteName | None = None
    """The site for clients whose location assigns them to none."""
    service_connection_point: ServiceConnectionPoint = ServiceConnectionPoint()
    """The service connection point at the top-level site."""

    def top_level_site(self) -> str | None:
        """Return the name of the central administration site, or else of the stand-alone primary, if there is one."""
        central = [name for name, site in self.sites.items() if site.kind == "central_administration"]
        alone = [name for name, site in self.sites.items() if site.kind == "primary" and site.parent is None]
        return next(iter(central or alone), None)

    def primaries(self) -> tuple[str, ...]:
        """Return the names of the primary sites."""
        return tuple(name for name, site in self.sites.items() if site.kind == "primary")
