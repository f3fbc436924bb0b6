"""Real X.509 certificates and revocation lists for given facts: a test PKI in memory.

Theory of operation: a certificate is made once for its facts and its authority, and so are keys: all certificates with
one kind of key, one role share it. A rehearsal needs one certificate for each profile of issuer, never one for each
client. Serial numbers follow from names. Keys are drawn by the operating system, so no byte of what is made here may
enter facts or digests. These certificates are for tests; they protect nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from cmgsim.draws import identity
from cmgsim.pki.records import Certificate, Key, Purpose, RevocationList, Role

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

#: The validity of a certificate whose facts have no bounds.
FIRST_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)
LAST_MOMENT = datetime(2099, 12, 31, 23, 59, 59, tzinfo=UTC)

PURPOSES: dict[Purpose, x509.ObjectIdentifier] = {
    "server_authentication": ExtendedKeyUsageOID.SERVER_AUTH,
    "client_authentication": ExtendedKeyUsageOID.CLIENT_AUTH,
}
_CURVES: dict[int, ec.EllipticCurve] = {256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}


class PfxContent(Enum):
    """What a .PFX file is exported with."""

    ALL = "the private key and the whole chain"
    NO_KEY = "the whole chain, no private key"
    NO_CHAIN = "the private key, no other certificate"


@dataclass(frozen=True, eq=False)
class Issued:
    """A certificate that was made: its facts, the certificate, its private key, and who issued it (None: itself)."""

    facts: Certificate
    x509: x509.Certificate
    key: PrivateKey
    authority: Issued | None = None

    @property
    def above(self) -> tuple[Issued, ...]:
        """The authorities above it, the root last."""
        return () if self.authority is None else (self.authority, *self.authority.above)

    @property
    def pem(self) -> bytes:
        """The certificate as PEM."""
        return self.x509.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The private key as PEM, not encrypted."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def pfx(self, password: bytes | None = None, content: PfxContent = PfxContent.ALL) -> bytes:
        """Return it as a .PFX file (PKCS #12)."""
        lock = serialization.BestAvailableEncryption(password) if password else NoEncryption()
        above = [] if content is PfxContent.NO_CHAIN else [one.x509 for one in self.above]
        if content is PfxContent.NO_KEY:
            return pkcs12.serialize_key_and_certificates(None, None, None, [self.x509, *above], lock)
        return pkcs12.serialize_key_and_certificates(b"cmgsim", self.key, self.x509, above or None, lock)


@cache
def issue(facts: Certificate, authority: Issued | None = None) -> Issued:
    """Make a certificate; the same one for the same facts and authority. Without an authority it signs itself.

    Names of subject and issuer are distinguished names such as ``CN=Contoso Root CA,O=Contoso`` (RFC 4514).

    Raises:
        ValueError: if the facts name another issuer than the authority, or no such key can be made.
    """
    signer_name = facts.subject if authority is None else authority.facts.subject
    if facts.issuer != signer_name:
        raise ValueError(f"{facts.subject!r} names {facts.issuer!r} as its issuer: write issuer={signer_name!r}")
    key = _key(facts.key, facts.role)
    signer = key if authority is None else authority.key
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name.from_rfc4514_string(facts.subject))
        .issuer_name(x509.Name.from_rfc4514_string(facts.issuer))
        .not_valid_before(facts.not_before or FIRST_MOMENT)
        .not_valid_after(facts.not_after or LAST_MOMENT)
        .serial_number(serial_of(facts.issuer, facts.subject))
        .public_key(key.public_key())
    )
    for extension, critical in _extensions(facts, key, signer):
        builder = builder.add_extension(extension, critical)
    return Issued(facts, builder.sign(signer, hashes.SHA256()), key, authority)


def issue_list(record: RevocationList, authority: Issued) -> bytes:
    """Make a revocation list as PEM; what it revokes are subjects that :func:`issue` gave certificates of *authority*.

    Raises:
        ValueError: if the list is another authority's.
    """
    if record.issuer != authority.facts.subject:
        raise ValueError(f"the list is {record.issuer!r}'s: write issuer={authority.facts.subject!r}")
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.x509.subject)
        .last_update(FIRST_MOMENT)
        .next_update(record.next_update or LAST_MOMENT)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    for subject in sorted(record.revoked):
        entry = x509.RevokedCertificateBuilder().serial_number(serial_of(record.issuer, subject))
        builder = builder.add_revoked_certificate(entry.revocation_date(FIRST_MOMENT).build())
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def serial_of(issuer: str, subject: str) -> int:
    """Return the serial number that an issuer gives a subject's certificate."""
    return identity("serial", issuer, subject) + 1


@cache
def _key(key: Key, role: Role) -> PrivateKey:
    if key.kind == "rsa":
        return rsa.generate_private_key(65_537, key.bits)
    if key.kind != "ec" or key.bits not in _CURVES:
        known = ", ".join(map(str, _CURVES))
        raise ValueError(f"no key of kind {key.kind!r} with {key.bits} bits: use 'rsa', or 'ec' with one of {known}")
    return ec.generate_private_key(_CURVES[key.bits])


def _extensions(facts: Certificate, key: PrivateKey, signer: PrivateKey) -> list[tuple[x509.ExtensionType, bool]]:
    authority = facts.role == "authority"
    found: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(authority, facts.path_length if authority else None), True),
        (_uses(facts.role), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), False),
    ]
    if facts.names:
        found.append((x509.SubjectAlternativeName([x509.DNSName(name) for name in facts.names]), False))
    if facts.purposes is not None:
        found.append((x509.ExtendedKeyUsage([PURPOSES[purpose] for purpose in sorted(facts.purposes)]), False))
    if facts.lists_at:
        found.append((x509.CRLDistributionPoints([_point(address) for address in facts.lists_at]), False))
    return found


def _point(address: str) -> x509.DistributionPoint:
    return x509.DistributionPoint([x509.UniformResourceIdentifier(address)], None, None, None)


def _uses(role: Role) -> x509.KeyUsage:
    authority = role == "authority"
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=not authority,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
