"""What is in certificate files: facts survive the way into real files and back; bad files say what is wrong."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, pkcs12
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cmgsim.design.certificate_files import unwritable
from cmgsim.errors import UnreadableFile
from cmgsim.pki.inspect import LARGEST_FILE, NotACertificate, inspect, read_certificate
from cmgsim.pki.issue import Issued, PfxContent, issue, issue_list, serial_of
from cmgsim.pki.records import Certificate, Key, RevocationList

FROM, UNTIL = datetime(2019, 1, 1, tzinfo=UTC), datetime(2021, 1, 1, tzinfo=UTC)
ROOT = Certificate("CN=Contoso Root CA,O=Contoso", "CN=Contoso Root CA,O=Contoso", (), None, FROM, UNTIL,
                   Key("ec", 384), "authority", 1)  # fmt: skip
ISSUING = replace(ROOT, subject="CN=Contoso Issuing CA,O=Contoso", key=Key("ec", 256), path_length=0)
GATEWAY = Certificate(
    "CN=GraniteFalls.contoso.com,O=Contoso",
    ISSUING.subject,
    ("GraniteFalls.contoso.com", "west.contoso.com"),
    frozenset({"server_authentication"}),
    FROM,
    UNTIL,
    Key("rsa", 2048),
    lists_at=("http://pki.contoso.com/issuing.crl",),
)


def gateway(facts: Certificate = GATEWAY, root: Certificate = ROOT) -> Issued:
    issuing = replace(ISSUING, issuer=root.subject)
    return issue(facts, issue(issuing, issue(root)))


def test_a_pfx_file_tells_what_was_put_into_it() -> None:
    found = inspect(gateway().pfx(b"secret"), b"secret")
    assert found.common_name == "GraniteFalls.contoso.com"
    assert found.certificate == GATEWAY
    assert set(found.others) == {ROOT, replace(ISSUING, issuer=ROOT.subject)}
    assert (found.private_key, found.signature_hash, found.issuer_kind) == ("exportable", "sha256", "private")
    assert found.authority_beyond == ""


@pytest.mark.seed("S-31")
def test_a_pfx_file_without_its_key_says_so() -> None:
    found = inspect(gateway().pfx(b"secret", PfxContent.NO_KEY), b"secret")
    assert found.private_key == "absent"
    assert found.certificate == GATEWAY, "the lowest certificate is the one it is about"


def test_a_pfx_file_without_its_chain_names_the_authority_it_lacks() -> None:
    found = inspect(gateway().pfx(None, PfxContent.NO_CHAIN))
    assert (found.others, found.authority_beyond) == ((), ISSUING.subject)


def test_pem_and_der_are_read_too() -> None:
    made = gateway()
    chain = b"".join(one.pem for one in made.above)
    assert inspect(made.pem + chain + made.key_pem) == inspect(made.pfx())
    assert inspect(made.pem).private_key == "absent"
    assert inspect(made.x509.public_bytes(Encoding.DER)).certificate == GATEWAY


@pytest.mark.parametrize(
    ("organisation", "kind"),
    [("DigiCert Inc", "public"), ("Let's Encrypt", "public"), ("Contoso", "private"), ("", "private")],
)
def test_a_public_provider_is_known_by_its_name(organisation: str, kind: str) -> None:
    subject = "CN=Root" + (f",O={organisation}" if organisation else "")
    root = replace(ROOT, subject=subject, issuer=subject)
    own = issue(replace(GATEWAY, subject="CN=gw.contoso.com", issuer=subject), issue(root))
    assert inspect(own.pfx()).issuer_kind == kind


def test_alternative_names_replace_the_common_name() -> None:
    names = ("west.contoso.com",)
    assert inspect(gateway(replace(GATEWAY, names=names)).pem).certificate.names == names
    bare = inspect(gateway(replace(GATEWAY, names=())).pem)
    assert bare.certificate.names == ("GraniteFalls.contoso.com",)


FACTS = st.builds(
    replace,
    st.just(GATEWAY),
    names=st.lists(st.from_regex(r"(\*\.)?[a-z]{1,9}\.contoso\.com", fullmatch=True), min_size=1, max_size=4).map(
        tuple
    ),
    purposes=st.sampled_from(
        [None, frozenset({"server_authentication"}), frozenset({"client_authentication", "server_authentication"})]
    ),
    not_before=st.datetimes(datetime(1990, 1, 1), datetime(2020, 1, 1), timezones=st.just(UTC)).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    key=st.sampled_from([Key("rsa", 1024), Key("rsa", 2048), Key("ec", 256), Key("ec", 521)]),
    lists_at=st.lists(st.sampled_from(["http://a/1.crl", "http://b/2.crl"]), unique=True).map(tuple),
)


@given(FACTS)
@settings(max_examples=60, deadline=None)
def test_facts_survive_the_way_into_a_file_and_back(facts: Certificate) -> None:
    assert inspect(gateway(facts).pem).certificate == facts


def test_one_certificate_serves_all_who_have_the_same_facts() -> None:
    assert gateway() is gateway()
    assert gateway().x509.serial_number == serial_of(ISSUING.subject, GATEWAY.subject)


def test_certificates_and_lists_are_made_for_their_own_authority_only() -> None:
    with pytest.raises(ValueError, match=r"write issuer='CN=Contoso Root CA,O=Contoso'"):
        issue(GATEWAY, issue(ROOT))
    with pytest.raises(ValueError, match=r"the list is"):
        issue_list(RevocationList("CN=other"), issue(ROOT))
    with pytest.raises(ValueError, match=r"no key of kind 'ec' with 123 bits"):
        issue(replace(ROOT, key=Key("ec", 123)))


# -- files that hold no certificate

PFX = gateway().pfx(b"secret")


@pytest.mark.parametrize(
    ("content", "password", "words"),
    [
        (PFX, None, "the file is locked or damaged; give the file's password in a password file"),
        (PFX, b"wrong", "the password does not open the file, or it is damaged; check the password"),
        (PFX[:-40], b"secret", "the password does not open the file"),
        (b"", None, "it is no .PFX, PEM or DER file; export the certificate as .PFX"),
        (b"\x30\x82hello", None, "locked or damaged"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA", None, "it holds no certificate"),
        (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", None, "cannot be read"),
        (gateway().pem + issue(ROOT).key_pem, None, "its private key belongs to another certificate"),
        (
            gateway().pem + b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            None,
            "private key is locked",
        ),
    ],
)
def test_a_bad_file_says_what_is_wrong_and_what_to_do(content: bytes, password: bytes | None, words: str) -> None:
    with pytest.raises(NotACertificate) as caught:
        inspect(content, password)
    assert words in f"{caught.value.reason}; {caught.value.remedy}"


@given(st.data())
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_to_a_file_gets_through_as_another_error(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([gateway().pfx(), gateway().pem, gateway().x509.public_bytes(Encoding.DER)]))
    at = data.draw(st.integers(0, len(whole) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "repeat"]))
    bad = {
        "flip": whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :],
        "cut": whole[:at],
        "repeat": whole[:at] + whole[at // 2 :],
    }[kind]
    with contextlib.suppress(NotACertificate):
        inspect(bad)


def test_keys_and_hashes_that_no_gateway_takes_are_told_too() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    name = x509.Name.from_rfc4514_string("CN=odd")
    odd = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .not_valid_before(FROM)
        .not_valid_after(UNTIL)
        .serial_number(1)
        .public_key(key.public_key())
        .sign(key, None)
    )
    found = inspect(odd.public_bytes(Encoding.PEM))
    assert (found.certificate.key.kind, found.signature_hash) == ("other", "unknown")
    assert found.certificate.names == ("odd",)
    assert set(unwritable(found)) == {"key_bits", "signature_hash"}


def test_a_pfx_file_with_nothing_but_a_key_says_so() -> None:
    locked = pkcs12.serialize_key_and_certificates(b"key", gateway().key, None, None, NoEncryption())
    with pytest.raises(NotACertificate, match="it holds no certificate"):
        inspect(locked)


def test_files_are_read_within_bounds(tmp_path) -> None:
    good = tmp_path / "gw.pfx"
    good.write_bytes(PFX)
    assert read_certificate(good, b"secret").certificate == GATEWAY
    with pytest.raises(UnreadableFile, match=r"gw.pfx: the file is locked"):
        read_certificate(good)
    with pytest.raises(UnreadableFile, match="no regular file"):
        read_certificate(tmp_path)
    with pytest.raises(UnreadableFile, match="it cannot be read"):
        read_certificate(tmp_path / "none.pfx")
    with pytest.raises(UnreadableFile, match="it cannot be read"):
        read_certificate(tmp_path / "a\0b")
    large = tmp_path / "large.pfx"
    large.write_bytes(b"\x30" * (LARGEST_FILE + 1))
    with pytest.raises(UnreadableFile, match="larger than a megabyte"):
        read_certificate(large)
