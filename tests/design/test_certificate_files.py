"""Designs that take a certificate from a real file."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from cmgsim.design.files import dump, load_design
from cmgsim.design.findings import Findings
from cmgsim.errors import FileFaults
from cmgsim.pki.issue import PfxContent, issue
from cmgsim.pki.records import Certificate, Key

ROOT = Certificate("CN=Contoso Root CA", "CN=Contoso Root CA", key=Key("ec", 256), role="authority")
GATEWAY = Certificate(
    "CN=GraniteFalls.contoso.com",
    ROOT.subject,
    ("GraniteFalls.contoso.com", "west.contoso.com"),
    frozenset({"server_authentication"}),
    datetime(2019, 1, 1, tzinfo=UTC),
    datetime(2020, 12, 31, 12, tzinfo=UTC),
    Key("rsa", 4096),
)
DESIGN = """\
cmgsim: 1
name: from a file
hierarchy: {gateway_feature: true, sites: {PS1: {}}}
certificates:
  authorities: {corp: {}}
  servers:
    gw:
      issuer: corp
      file: certs/gw.pfx
      password_file: certs/gw.password
"""


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Return a folder with a locked .PFX file and its password."""
    (tmp_path / "certs").mkdir()
    (tmp_path / "certs" / "gw.pfx").write_bytes(issue(GATEWAY, issue(ROOT)).pfx(b"secret"))
    (tmp_path / "certs" / "gw.password").write_bytes(b"secret\r\nnot this\n")
    return tmp_path


def written(lab: Path, *more: str, text: str = DESIGN) -> Path:
    path = lab / "lab.design.yaml"
    path.write_text(text + "".join(f"      {line}\n" for line in more), encoding="utf-8")
    return path


def faults(path: Path) -> Findings:
    with pytest.raises(FileFaults) as caught:
        load_design(path)
    assert isinstance(caught.value.findings, Findings)
    return caught.value.findings


def test_a_design_takes_what_the_file_holds(lab: Path) -> None:
    taken = load_design(written(lab)).certificates.servers["gw"]
    assert taken.name == "GraniteFalls.contoso.com"
    assert taken.other_names == ("west.contoso.com",)
    assert (taken.valid_from, taken.expires) == (date(2019, 1, 1), date(2020, 12, 31))
    assert (taken.key_bits, taken.signature_hash, taken.private_key) == (4096, "sha256", "exportable")
    assert taken.purposes == {"server_authentication"}
    assert (taken.file, taken.password_file) == (None, None)


def test_a_loaded_design_needs_the_file_no_more(lab: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    design = load_design(written(lab))
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy.design.yaml"
    elsewhere.write_text(dump(design), encoding="utf-8")
    assert load_design(elsewhere) == design


def test_a_file_without_its_key_is_known_as_such(lab: Path) -> None:
    (lab / "certs" / "gw.pfx").write_bytes(issue(GATEWAY, issue(ROOT)).pfx(b"secret", PfxContent.NO_KEY))
    assert load_design(written(lab)).certificates.servers["gw"].private_key == "absent"


def test_what_is_written_may_repeat_the_file(lab: Path) -> None:
    more = ["name: GraniteFalls.contoso.com", "key_bits: 4096", "other_names: [WEST.contoso.com]"]
    assert load_design(written(lab, *more, "expires: '2020-12-31'")).certificates.servers["gw"].key_bits == 4096


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("name: granitefalls.contoso.com", "which has GraniteFalls.contoso.com"),
        ("expires: '2021-12-31'", "which has 2020-12-31"),
        ("key_bits: 2048", "which has 4096"),
        ("other_names: []", "which has west.contoso.com"),
        ("private_key: absent", "which has exportable"),
        ("purposes: [client_authentication]", "which has server_authentication"),
        ("signature_hash: sha1", "which has sha256"),
    ],
)
def test_what_is_written_must_agree_with_the_file(lab: Path, line: str, words: str) -> None:
    (finding,) = faults(written(lab, line))
    assert finding.rule == "CMG012"
    assert words in finding.message
    assert finding.mark is not None
    assert finding.mark.line == len(DESIGN.splitlines()) + 1
    assert "remove the line" in str(finding.remedy)
    assert line.partition(": ")[2] in str(faults(written(lab, line))), "the frame shows the line"


@pytest.mark.parametrize(
    ("old", "new", "message", "remedy"),
    [
        ("certs/gw.pfx", "certs/none.pfx", "it cannot be read", "check the path"),
        ("certs/gw.pfx", "certs", "this is no regular file", "name a .pfx"),
        ("certs/gw.pfx", "lab.design.yaml", "it is no .PFX, PEM or DER file", "export the certificate"),
        ("certs/gw.pfx", "../gw.pfx", "'../gw.pfx' is not below the folder of the design", "copy the file there"),
        ("certs/gw.pfx", "/etc/hostname", "is not below the folder", "copy the file there"),
        ("certs/gw.pfx", '"a\\0b"', "is not below the folder", "copy the file there"),
        ("certs/gw.password", "../../etc/passwd", "is not below the folder", "copy the file there"),
        ("certs/gw.password", "lab.design.yaml", "the password does not open the file", "check the password"),
        ("      password_file: certs/gw.password\n", "", "locked or damaged", "password file"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_finding(lab: Path, old: str, new: str, message: str, remedy: str) -> None:
    (finding,) = faults(written(lab, text=DESIGN.replace(old, new)))
    assert (finding.rule, finding.where) == ("CMG012", "certificates.servers.gw.file")
    assert message in finding.message
    assert remedy in finding.remedy
    assert finding.mark is not None
    assert finding.mark.line == 9


def test_a_link_does_not_lead_out_of_the_folder(lab: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside") / "gw.pfx"
    (lab / "certs" / "gw.pfx").rename(outside)
    (lab / "certs" / "gw.pfx").symlink_to(outside)
    (finding,) = faults(written(lab))
    assert "is not below the folder of the design" in finding.message


@pytest.mark.parametrize(
    ("changes", "message", "remedy"),
    [
        ({"key": Key("ec", 256)}, "has a key of kind ec with 256 bits", "an RSA key of 2048 or 4096 bits"),
        ({"names": ("west.contoso.com",)}, "without 'GraniteFalls.contoso.com'", "among its alternative names"),
    ],
)
def test_a_certificate_that_no_gateway_takes_is_refused(lab: Path, changes: dict, message: str, remedy: str) -> None:
    (lab / "certs" / "gw.pfx").write_bytes(issue(replace(GATEWAY, **changes), issue(ROOT)).pfx(b"secret"))
    (finding,) = faults(written(lab))
    assert finding.message.startswith("the certificate in 'certs/gw.pfx' ")
    assert message in finding.message
    assert remedy in finding.remedy


@pytest.mark.parametrize(
    ("line", "words", "remedy"),
    [
        ("valid_from: 2019-07-32", "is no date of the calendar", "write it like '2019-07-29'"),
        ("valid_from: 2019", "is no date", "write it like"),
        ("revoked_on: soon", "'soon' is no date", "write it like '2019-07-29'"),
        ("revoked_on: []", "this is no date", "write it like '2019-07-29'"),
        ("key_bits: many", "must be a whole number", "write digits alone"),
        ("key_bits: 511", "must be at least 512", "write 512 or more"),
        ("key_bits: 99999999999999999999999", "must be at most 16384", "write 16384 or less"),
        ("signature_hash: sha265", "cannot be 'sha265'", "did you mean 'sha256'?"),
        ("file: {a: b}", "must be text, not a mapping", "write one text"),
        ("file: ''", "must have at least 1 letter", "write at least 1 letter"),
        ("file: 12", "must be text, not 12", "put it in quotes"),
        ("password_file: [a]", "must be text, not a list", "write one text"),
    ],
)
def test_bad_values_of_a_certificate_have_a_frame_with_a_remedy(
    tmp_path: Path, line: str, words: str, remedy: str
) -> None:
    plain = DESIGN.replace("      file: certs/gw.pfx\n      password_file: certs/gw.password\n", "")
    findings = faults(written(tmp_path, "name: gw.contoso.com", line, text=plain))
    assert len(findings) == 1
    assert words in findings[0].message
    assert remedy in findings[0].remedy
    assert f"{len(plain.splitlines()) + 2} |       {line}" in str(findings)


@pytest.mark.parametrize("line", ["valid_from: 1", "revoked_on: {}", "expires: never"])
def test_bad_values_of_an_authority_have_a_frame_with_a_remedy(tmp_path: Path, line: str) -> None:
    text = DESIGN.partition("  servers:")[0].replace("{corp: {}}", f"{{corp: {{{line}}}}}")
    findings = faults(written(tmp_path, text=text))
    assert len(findings) == 1
    assert "write it" in findings[0].remedy
    assert line in str(findings)
