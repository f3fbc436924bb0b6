"""How clients were installed: the parameters and properties of a ccmsetup command line that matter to a gateway.

Source: "About client installation parameters and properties".
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from cmgsim.errors import nearest

LONGEST = 1_024
"""The longest command line that Intune takes (source: "Install and assign clients using Azure AD")."""
SWITCHES = ("mp", "UsePKICert", "NoCRLCheck", "regtoken")
PROPERTIES = (
    "CCMHOSTNAME",
    "CCMALWAYSINF",
    "SMSSITECODE",
    "SMSMP",
    "AADTENANTID",
    "AADCLIENTAPPID",
    "AADRESOURCEURI",
)
_HOST = re.compile(r"[A-Za-z0-9.-]+/CCM_Proxy_MutualAuth/[0-9]{1,20}", re.IGNORECASE)


@dataclass(frozen=True)
class Installation:
    """A command line as read. Texts are empty where it does not say."""

    host_name: str = ""
    """``CCMHOSTNAME``: the management point on the internet that clients begin with."""
    always_on_internet: bool = False
    """``CCMALWAYSINF=1``."""
    site: str = ""
    """``SMSSITECODE``."""
    sources: tuple[str, ...] = ()
    """``/mp``: where ccmsetup finds its content; it assigns nothing."""
    use_pki_certificate: bool = False
    """``/UsePKICert``."""
    no_crl_check: bool = False
    """``/NoCRLCheck``."""
    registration_token: str = ""
    """``/regtoken`` (2002 and later)."""


def read_command_line(text: str) -> Installation:
    """Read a command line, with or without ``ccmsetup.exe`` at its front.

    Raises:
        ValueError: if it says what ccmsetup does not know, or what cannot be together.
    """
    if len(text) > LONGEST:
        raise ValueError(f"the command line has {len(text)} characters, and Intune takes {LONGEST}: shorten it")
    switches, properties = _parts(text)
    _check(switches, properties)
    return Installation(
        host_name=properties.get("CCMHOSTNAME", ""),
        always_on_internet=properties.get("CCMALWAYSINF", "0") == "1",
        site=properties.get("SMSSITECODE", ""),
        sources=tuple(source for source in switches.get("mp", "").split(";") if source),
        use_pki_certificate="UsePKICert" in switches,
        no_crl_check="NoCRLCheck" in switches,
        registration_token=switches.get("regtoken", ""),
    )


def _parts(text: str) -> tuple[dict[str, str], dict[str, str]]:
    try:
        words = [word for word in shlex.split(text, posix=True) if word.casefold() not in ("ccmsetup", "ccmsetup.exe")]
    except ValueError:
        raise ValueError("a quotation mark is not closed: close it, or leave it out") from None
    switches: dict[str, str] = {}
    properties: dict[str, str] = {}
    for word in words:
        if word[0:1] in "/-":
            name, _, value = word[1:].partition(":")
            switches[_known("parameter", name, SWITCHES)] = value
        else:
            name, equals, value = word.partition("=")
            if not equals:
                raise ValueError(
                    f"{word!r} is neither a parameter such as /UsePKICert nor a property such as SMSSITECODE=P01"
                )
            properties[_known("property", name, PROPERTIES)] = value
    return switches, properties


def _known(kind: str, name: str, known: tuple[str, ...]) -> str:
    found = next((one for one in known if one.casefold() == name.casefold()), None)
    if found is None:
        raise ValueError(f"ccmsetup {kind} {name!r} is not known here{nearest(name, known)}")
    return found


def _check(switches: dict[str, str], properties: dict[str, str]) -> None:
    host, site = properties.get("CCMHOSTNAME"), properties.get("SMSSITECODE", "")
    if host is not None and not _HOST.fullmatch(host):
        raise ValueError(
            f"CCMHOSTNAME={host} is no management point: write <name>/CCM_Proxy_MutualAuth/<number>, without https://"
        )
    if host is not None and site.casefold() == "auto":
        raise ValueError("SMSSITECODE=AUTO does not work together with CCMHOSTNAME: give the site's code")
    if any(not source.startswith("https://") for source in switches.get("mp", "https://").split(";") if source):
        raise ValueError(
            f"/mp:{switches['mp']} lacks https:// before a name: write /mp:https://<name>/CCM_Proxy_MutualAuth/<number>"
        )
    always = properties.get("CCMALWAYSINF", "0")
    if always not in ("0", "1"):
        raise ValueError(f"CCMALWAYSINF={always} is neither 0 nor 1")
    if always == "1" and (host is None or not site or "UsePKICert" not in switches):
        raise ValueError("CCMALWAYSINF=1 needs CCMHOSTNAME, SMSSITECODE and /UsePKICert beside it")
