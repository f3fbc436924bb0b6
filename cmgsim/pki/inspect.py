"""What is in a certificate file: .PFX (PKCS #12), PEM or DER, read into facts.

Nothing of a private key leaves this file but whether there is one. Files come from anywhere, so they are bounded in
size, and whatever is wrong with one is a :class:`~cmgsim.errors.UnreadableFile` of one line.
"""

from __future__ import annotations

import stat
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cmgsim.errors import UnreadableFile
from cmgsim.pki.issue import PURPOSES
from cmgsim.pki.records import Certificate, Key, Purpose, Store
from cmgsim.pki.verify import path_of

#: The largest certificate file that is read, in bytes; a chain of ten takes about twenty thousand.
LARGEST_FILE = 1_000_000

#: Assumption: an issuer is a public provider if its organisation's name contains one of these words.
PUBLIC_PROVIDERS = (
    "amazon", "comodo", "digicert", "entrust", "geotrust", "globalsign", "godaddy", "google trust", "identrust",
    "internet security research group", "let's encrypt", "quovadis", "sectigo", "ssl.com", "starfield", "swisssign",
    "symantec", "thawte", "trustwave", "usertrust", "verisign", "zerossl",
)  # fmt: skip

Extension = TypeVar("Extension", bound=x509.ExtensionType)


class NotACertificate(Exception):
    """Bytes that hold no certificate that can be read; ``reason`` and ``remedy`` are one line each."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason, remedy)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True)
class Inspection:
    """What a file holds: the certificate it is about, the others beside it, and whether the private key is there.

    ``private_key`` is ``exportable`` when the file holds it: that a key stands in a file shows that it could be
    exported, and it can be again. ``signature_hash`` is such as ``sha256``; ``issuer_kind`` goes by the name of the
    issuer.
    """

    common_name: str
    certificate: Certificate
    others: tuple[Certificate, ...]
    private_key: Literal["exportable", "absent"]
    signature_hash: str
    issuer_kind: Literal["public", "private"]

    @property
    def authority_beyond(self) -> str:
        """The authority that issued the highest certificate of the file's chain and is not in the file, or nothing.

        Clients must have that one themselves. Whoever trusts a root has it, so that a file need not hold the root.
        """
        top = path_of((self.certificate, *self.others), Store())[-1]
        return "" if top.is_root else top.issuer


def read_certificate(path: Path, password: bytes | None = None) -> Inspection:
    """Read a certificate file.

    Raises:
        UnreadableFile: if it cannot be read, is larger than a megabyte, or holds no certificate.
    """
    content = read_bounded(path)
    try:
        return inspect(content, password)
    except NotACertificate as error:
        raise UnreadableFile(f"{path}: {error.reason}; {error.remedy}") from None


def read_bounded(path: Path) -> bytes:
    """Read a regular file of at most :data:`LARGEST_FILE` bytes.

    Raises:
        UnreadableFile: if it is missing, no regular file, or larger.
    """
    try:
        about = path.stat()
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableFile(f"{path}: this is no regular file; name a .pfx, .pem or .cer file")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UnreadableFile(f"{path}: it cannot be read ({reason}); check the path") from None
    if len(content) > LARGEST_FILE:
        raise UnreadableFile(f"{path}: it is larger than a megabyte; name a file that holds one certificate")
    return content


def inspect(content: bytes, password: bytes | None = None) -> Inspection:
    """Return what a .PFX, PEM or DER file holds. The certificate it is about is the one that issued no other.

    Raises:
        NotACertificate: if it holds none, cannot be opened by the password, or its key is another's.
    """
    with warnings.catch_warnings(action="ignore"):  # of certificates that are odd, but can be read
        try:
            certificates, key = _parts(content, password)
            ordered = _lowest_first(certificates)
            return _inspection(ordered, key)
        except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.InvalidVersion) as error:
            raise NotACertificate(f"its certificate cannot be read ({_first_line(error)})", "export it again") from None


class _PrivateKey(Protocol):
    def public_key(self) -> object: ...


_Parts: TypeAlias = tuple[list[x509.Certificate], _PrivateKey | None]


def _parts(content: bytes, password: bytes | None) -> _Parts:
    if b"-----BEGIN " in content:
        return _of_pem(content, password)
    try:
        return [x509.load_der_x509_certificate(content)], None
    except ValueError:
        return _of_pfx(content, password)


def _of_pem(content: bytes, password: bytes | None) -> _Parts:
    if b"BEGIN CERTIFICATE-----" not in content:
        raise NotACertificate("it holds no certificate", "name a file with a BEGIN CERTIFICATE line")
    certificates = x509.load_pem_x509_certificates(content)
    if b"PRIVATE KEY-----" not in content:
        return certificates, None
    locked = b"ENCRYPTED" in content
    try:
        return certificates, load_pem_private_key(content, password if locked else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise _locked(password, "private key") from None


def _of_pfx(content: bytes, password: bytes | None) -> _Parts:
    if not content.startswith(b"\x30"):
        raise NotACertificate("it is no .PFX, PEM or DER file", "export the certificate as .PFX")
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(content, password)
    except ValueError:
        raise _locked(password, "file") from None
    certificates = ([certificate] if certificate else []) + list(others)
    if not certificates:
        raise NotACertificate("it holds no certificate", "export the certificate itself, not its key alone")
    return certificates, key


def _locked(password: bytes | None, what: str) -> NotACertificate:
    if password:
        return NotACertificate(f"the password does not open the {what}, or it is damaged", "check the password")
    return NotACertificate(f"the {what} is locked or damaged", "give the file's password in a password file")


def _lowest_first(certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return the certificates, the one that issued none of the others first."""
    issuers = [one.issuer for one in certificates if one.issuer != one.subject]
    lowest = next((one for one in certificates if one.subject not in issuers), certificates[0])
    return [lowest, *(one for one in certificates if one is not lowest)]


def _inspection(certificates: Sequence[x509.Certificate], key: _PrivateKey | None) -> Inspection:
    leaf = certificates[0]
    if key is not None and key.public_key() != leaf.public_key():
        raise NotACertificate("its private key belongs to another certificate", "export certificate and key together")
    algorithm = leaf.signature_hash_algorithm
    return Inspection(
        _common_name(leaf.subject),
        facts_of(leaf),
        tuple(facts_of(one) for one in certificates[1:]),
        "absent" if key is None else "exportable",
        algorithm.name if algorithm is not None else "unknown",
        _issuer_kind([one.issuer for one in certificates]),
    )


def facts_of(certificate: x509.Certificate) -> Certificate:
    """Return the facts of a certificate.

    Raises:
        ValueError: if an extension cannot be read.
    """
    extensions = certificate.extensions
    constraints = _extension(extensions, x509.BasicConstraints)
    return Certificate(
        certificate.subject.rfc4514_string(),
        certificate.issuer.rfc4514_string(),
        _names(certificate),
        _purposes(_extension(extensions, x509.ExtendedKeyUsage)),
        certificate.not_valid_before_utc,
        certificate.not_valid_after_utc,
        _key(certificate),
        "authority" if constraints is not None and constraints.ca else "end_entity",
        None if constraints is None else constraints.path_length,
        tuple(_addresses(_extension(extensions, x509.CRLDistributionPoints))),
    )


def _extension(extensions: x509.Extensions, kind: type[Extension]) -> Extension | None:
    try:
        return extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the hosts a certificate stands for; its common name counts only where it has no alternative names."""
    constraints = _extension(certificate.extensions, x509.BasicConstraints)
    if constraints is not None and constraints.ca:
        return ()
    found = _extension(certificate.extensions, x509.SubjectAlternativeName)
    names = tuple(found.get_values_for_type(x509.DNSName)) if found is not None else ()
    common = _common_name(certificate.subject)
    return names or ((common,) if common else ())


def _common_name(name: x509.Name) -> str:
    values = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(values[-1].value) if values else ""


def _purposes(usage: x509.ExtendedKeyUsage | None) -> frozenset[Purpose] | None:
    """Return purposes; None, any, where nothing is said or any purpose is named."""
    if usage is None or ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE in usage:
        return None
    return frozenset(purpose for purpose, identifier in PURPOSES.items() if identifier in usage)


def _key(certificate: x509.Certificate) -> Key:
    try:
        key = certificate.public_key()
    except UnsupportedAlgorithm:
        return Key("other", 0)
    if isinstance(key, rsa.RSAPublicKey):
        return Key("rsa", key.key_size)
    return Key("ec", key.key_size) if isinstance(key, ec.EllipticCurvePublicKey) else Key("other", 0)


def _addresses(points: x509.CRLDistributionPoints | None) -> Iterator[str]:
    for point in points or ():
        for name in point.full_name or ():
            if isinstance(name, x509.UniformResourceIdentifier):
                yield name.value


def _issuer_kind(issuers: Sequence[x509.Name]) -> Literal["public", "private"]:
    organisations = [
        str(attribute.value).casefold()
        for issuer in issuers
        for attribute in issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    ]
    public = any(word in organisation for organisation in organisations for word in PUBLIC_PROVIDERS)
    return "public" if public else "private"


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
