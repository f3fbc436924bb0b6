"""The certificates of a server: an authority of its own, kept in a folder so that clients go on trusting it.

The private keys in the folder are worth nothing elsewhere; still only their owner may read them.
"""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.errors import UsageError

_CA, _CA_KEY, _SERVER, _MANAGEMENT = "ca.pem", "ca-key.pem", "server.pem", "management.pem"


@dataclass(frozen=True, slots=True)
class Certificates:
    """The files of a folder: the authority to trust, the server's, and a management certificate (with their keys)."""

    ca_file: Path
    server_file: Path
    management_file: Path

    def context(self, trusted: Sequence[Path] = ()) -> ssl.SSLContext:
        """Return the server's side of TLS, which asks for a client's certificate and does without.

        Certificates of this authority and those of the files *trusted* are let in; whether one opens a subscription is
        for the cloud to say.

        Raises:
            UsageError: if one of the files holds no certificate.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.server_file)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        for path in (self.ca_file, *trusted):
            context.load_verify_locations(cadata=_der(path))
        return context


def open_certificates(folder: Path) -> Certificates:
    """Return the certificates of a folder, made on first use; the folder that it lies in must be there.

    Raises:
        UsageError: if that is missing, or the folder cannot be written.
    """
    if not folder.parent.exists():
        raise UsageError(f"{folder.parent}: there is no such folder; make it first, or check how it is spelt")
    files = Certificates(folder / _CA, folder / _SERVER, folder / _MANAGEMENT)
    if not all(path.is_file() for path in (files.ca_file, files.server_file, files.management_file)):
        try:
            _make(folder, files)
        except OSError as error:
            raise UsageError(f"{folder}: certificates cannot be written there: {error.strerror or error}") from None
    return files


def thumbprint(path: Path) -> str:
    """Return the SHA-1 thumbprint, in hexadecimal, of the first certificate of a PEM file.

    Raises:
        UsageError: if there is none.
    """
    return thumbprint_of(_der(path))


def thumbprint_of(der: bytes) -> str:
    """Return the thumbprint that Azure knows a certificate by: SHA-1, in hexadecimal capitals."""
    return sha1(der, usedforsecurity=False).hexdigest().upper()


def _der(path: Path) -> bytes:
    """Return the first certificate of a PEM file in binary form."""
    try:
        with path.open("rb") as file:
            return x509.load_pem_x509_certificate(file.read()).public_bytes(Encoding.DER)
    except (OSError, ValueError):
        raise UsageError(f"{path}: holds no certificate that can be read; give a PEM file") from None


def _make(folder: Path, files: Certificates) -> None:
    folder.mkdir(exist_ok=True)
    authority = trustme.CA(organization_name="cmgsim")
    server = authority.issue_cert(*_hosts())
    management = authority.issue_cert("management.cmgsim.test")
    _write(folder / _CA_KEY, authority.private_key_pem.bytes())
    _write(files.server_file, server.private_key_and_cert_chain_pem.bytes())
    _write(files.management_file, management.private_key_and_cert_chain_pem.bytes())
    files.ca_file.write_bytes(authority.cert_pem.bytes())


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


def _hosts() -> list[str]:
    """Return the names the server answers to: this machine, and whatever Azure host a client was led here from."""
    hosts = ["localhost", "127.0.0.1", "::1"]
    for environment in ENVIRONMENTS.values():
        hosts.append(environment.resource_manager.removeprefix("https://"))
        hosts += [f"*.{service}.{environment.storage_suffix}" for service in ("blob", "queue", "table", "file")]
        hosts.append(f"*.{environment.vault_suffix}")
    return list(dict.fromkeys(hosts))
