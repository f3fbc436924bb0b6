"""Real certificate files that a design names: what is in them becomes part of the design.

Theory of operation: before a design is judged, each server certificate with a ``file`` is read, and every key that is
not written beside it is filled in; the file's name itself is dropped, so that a design says all by itself, wherever it
is kept. What is written must agree with the file: each difference is a finding, CMG012, at its place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cmgsim.design.document import Document
from cmgsim.design.findings import Finding, Loc, Severity
from cmgsim.errors import UnreadableFile

if TYPE_CHECKING:
    from cmgsim.pki.inspect import Inspection

RULE, TITLE = "CMG012", "a certificate file cannot be read, or disagrees with what is written"
_TABLE = ("certificates", "servers")


def with_certificate_files(document: Document) -> Document:
    """Return a document of a design with the facts of all certificate files it names, and what is wrong with them."""
    tables = document.data.get(_TABLE[0])
    servers = tables.get(_TABLE[1]) if isinstance(tables, dict) else None
    if not isinstance(tables, dict) or not isinstance(servers, dict):
        return document
    named = {name: entry for name, entry in servers.items() if isinstance(entry, dict) and _names_a_file(entry)}
    if not named:
        return document
    findings: list[Finding] = list(document.findings)
    filled = {name: _filled(document, name, entry, findings) for name, entry in named.items()}
    table, key = _TABLE
    data: dict[str, Any] = {**document.data, table: {**tables, key: {**servers, **filled}}}
    return replace(document, data=data, findings=tuple(findings))


def facts_to_write(found: Inspection) -> dict[str, Any]:
    """Return what a design says of a certificate, as it is written there, from what its file holds."""
    certificate = found.certificate
    name = found.common_name or next(iter(certificate.names), "")
    written: dict[str, Any] = {
        "name": name,
        "other_names": [other for other in certificate.names if other.casefold() != name.casefold()],
        "key_bits": certificate.key.bits,
        "signature_hash": found.signature_hash,
        "private_key": found.private_key,
        "purposes": sorted(certificate.purposes or ("client_authentication", "server_authentication")),
    }
    bounds = {"valid_from": certificate.not_before, "expires": certificate.not_after}
    return {**written, **{key: moment.date().isoformat() for key, moment in bounds.items() if moment is not None}}


def unwritable(found: Inspection) -> dict[str, tuple[str, str]]:
    """Return what a design cannot say of a certificate, because no gateway takes it: reason and remedy, by key."""
    key, names = found.certificate.key, found.certificate.names
    problems = {}
    if key.kind != "rsa" or not 512 <= key.bits <= 16_384:
        problems["key_bits"] = (
            f"has a key of kind {key.kind} with {key.bits} bits",
            "issue it with an RSA key of 2048 or 4096 bits",
        )
    if found.signature_hash not in ("md5", "sha1", "sha256", "sha384", "sha512"):
        problems["signature_hash"] = (f"is signed with {found.signature_hash}", "issue it with SHA-256")
    if found.common_name and found.common_name.casefold() not in [name.casefold() for name in names]:
        problems["other_names"] = (
            f"has alternative names, which are all that clients look at, without {found.common_name!r}",
            "issue it again, its common name among its alternative names",
        )
    return problems


def _names_a_file(entry: Mapping[str, Any]) -> bool:
    return isinstance(entry.get("file"), str) and entry["file"] != ""


def _filled(document: Document, name: str, entry: dict[str, Any], findings: list[Finding]) -> dict[str, Any]:
    """Return an entry with the facts of its file; as it was if the file cannot be read, which is a finding."""
    loc: Loc = (*_TABLE, name)
    try:
        found = _read(document, entry)
    except UnreadableFile as error:
        reason, _, remedy = str(error).partition("; ")
        findings.append(_finding(document, (*loc, "file"), reason, remedy))
        return {**entry, "name": entry.get("name", name)}
    facts = facts_to_write(found)
    for key, (reason, remedy) in unwritable(found).items():
        facts.pop(key)
        findings.append(_finding(document, (*loc, "file"), f"the certificate in {entry['file']!r} {reason}", remedy))
    findings += _differences(document, loc, entry, facts)
    kept = {key: value for key, value in entry.items() if key not in ("file", "password_file")}
    return {**facts, **kept}


def _differences(document: Document, loc: Loc, entry: Mapping[str, Any], facts: Mapping[str, Any]) -> Iterator[Finding]:
    for key, fact in facts.items():
        if key in entry and _comparable(entry[key]) != _comparable(fact):
            message = f"{key!r} differs from the certificate in {entry['file']!r}, which has {_shown(fact)}"
            yield _finding(document, (*loc, key), message, "remove the line: it is taken from the file")


def _comparable(value: Any) -> Any:
    """Return a value such that lists of the same names in another order or letter case are the same."""
    return sorted(str(item).casefold() for item in value) if isinstance(value, list) else value


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) or "none" if isinstance(value, list) else str(value)


def _read(document: Document, entry: Mapping[str, Any]) -> Inspection:
    from cmgsim.pki.inspect import read_bounded, read_certificate

    password = None
    if isinstance(entry.get("password_file"), str):
        password = password_in(read_bounded(_beside(document.path, entry["password_file"])))
    return read_certificate(_beside(document.path, entry["file"]), password)


def password_in(content: bytes) -> bytes | None:
    """Return the first line of a password file, None if it is empty."""
    return content.split(b"\n", 1)[0].rstrip(b"\r") or None


def _beside(design: Path, named: str) -> Path:
    """Return the path of a file below the folder of the design.

    Raises:
        UnreadableFile: if it lies elsewhere, so that a design from somebody else reads nothing of one's own.
    """
    folder = design.parent
    try:
        inside = (folder / named).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        inside = False
    if not inside:
        raise UnreadableFile(f"{named!r} is not below the folder of the design; copy the file there")
    return folder / named


def _finding(document: Document, loc: Loc, message: str, remedy: str) -> Finding:
    return Finding(RULE, Severity.ERROR, message, loc, document.path, document.locate(loc), remedy)
