"""Reading service configuration files (.cscfg) of cloud services (classic).

Source: "Azure Cloud Services (classic) Config Schema (.cscfg File)".
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from xml.etree import ElementTree

from cmgsim.arm.errors import ArmError, bad_request

#: No file of the simulator's users comes near this; expat needs no more to be safe once declarations are refused.
LONGEST = 1_000_000
_ROLE_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def read_xml(text: bytes) -> ElementTree.Element:
    """Read XML that comes from outside; declarations of entities are refused.

    Raises:
        ArmError: 400 ``BadRequest`` if it is no XML, too long, or declares anything.
    """
    if len(text) > LONGEST or b"<!" in re.sub(rb"<!--.*?-->", b"", text, flags=re.DOTALL):
        raise bad_request("BadRequest", "The XML is too long or declares entities, which is not allowed.")
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, LookupError) as problem:
        raise bad_request("BadRequest", f"The request body is no valid XML: {problem}.") from problem


def local_name(element: ElementTree.Element) -> str:
    """Return the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def role_counts(configuration: str) -> dict[str, int]:
    """Return the instance count of each role, by its name, of a file given as text or in base64.

    Raises:
        ArmError: 400 ``BadRequest`` if it is no configuration, or a count is no number of 1 to 1,000.
    """
    root = read_xml(_decoded(configuration))
    counts = {
        role.get("name", ""): _count(role.get("name", ""), child.get("count", ""))
        for role in root
        if local_name(role) == "Role"
        for child in role
        if local_name(child) == "Instances"
    }
    if not counts or not all(_ROLE_NAME.fullmatch(name) for name in counts):
        raise bad_request("BadRequest", "The service configuration names no role, or one with an impossible name.")
    return counts


def instance_addresses(configuration: str) -> dict[str, list[str]]:
    """Return the names of the public addresses that each instance of a role has, by role, of such a file.

    Raises:
        ArmError: 400 ``BadRequest`` if it is no configuration.
    """
    found: dict[str, list[str]] = {}
    for given in read_xml(_decoded(configuration)).iter():
        if local_name(given) == "InstanceAddress":
            names = [address.get("name", "") for address in given.iter() if local_name(address) == "PublicIP"]
            found.setdefault(given.get("roleName", ""), []).extend(names)
    return found


def _decoded(configuration: str) -> bytes:
    if configuration.lstrip("\ufeff \r\n\t").startswith("<"):
        return configuration.lstrip("\ufeff \r\n\t").encode()
    try:
        return b64decode(configuration.encode(), validate=True).removeprefix(b"\xef\xbb\xbf")
    except (NotBase64, ValueError) as problem:
        raise _unreadable() from problem


def _count(role: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= 1_000):
        message = f"The instance count '{text}' of the role '{role}' is no number of 1 to 1000."
        raise bad_request("BadRequest", message)
    return int(text)


def _unreadable() -> ArmError:
    return bad_request("BadRequest", "The service configuration is neither XML nor XML in base64.")
