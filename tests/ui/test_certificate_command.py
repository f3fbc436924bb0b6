"""``cmgsim certificate``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cmgsim.pki.issue import PfxContent, issue
from cmgsim.pki.records import Certificate, Key

ROOT = Certificate("CN=Root,O=Contoso", "CN=Root,O=Contoso", key=Key("ec", 256), role="authority")
GATEWAY = Certificate(
    "CN=GraniteFalls.contoso.com",
    ROOT.subject,
    ("GraniteFalls.contoso.com",),
    frozenset({"server_authentication"}),
    datetime(2019, 1, 1, tzinfo=UTC),
    datetime(2020, 12, 31, tzinfo=UTC),
    lists_at=("http://pki.contoso.com/root.crl",),
)


def made(folder: Path, name: str = "gw.pfx", content: PfxContent = PfxContent.ALL, **changes: object) -> str:
    facts = replace(GATEWAY, **changes)  # type: ignore[arg-type]
    (folder / name).write_bytes(issue(facts, issue(ROOT)).pfx(b"secret", content))
    (folder / "gw.password").write_text("secret\n", encoding="utf-8")
    return name


def asked(cmgsim, name: str, *more: str):
    return cmgsim("certificate", name, "--password-file", "gw.password", *more)


def named(common_name: str) -> dict[str, object]:
    return {"subject": f"CN={common_name}", "names": (common_name,)}


def test_it_shows_what_the_wizard_would_read(cmgsim, lab):
    said = asked(cmgsim, made(lab), "--on", "2019-07-29")
    assert said.code == 0
    rows = dict(line.split("  ", 1) for line in said.out.splitlines())
    rows = {label.strip(): value.strip() for label, value in rows.items()}
    assert rows["service FQDN"] == "GraniteFalls.contoso.com"
    assert rows["service name"] == "GraniteFalls"
    assert rows["private key"] == "exportable"
    assert rows["valid"] == "2019-01-01 to 2020-12-31"
    assert rows["clients must have"] == "CN=Root,O=Contoso"
    assert "PRIVATE" not in said.out


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        (named("granite-falls.contoso.com"), "CMG204"),
        ({"purposes": frozenset({"client_authentication"})}, "CMG205"),
        ({"key": Key("rsa", 1024)}, "CMG206"),
        ({"key": Key("rsa", 3072)}, "CMG206"),
        ({"key": Key("ec", 256)}, "CMG206"),
        ({"not_after": datetime(2019, 7, 28, tzinfo=UTC)}, "CMG207"),
        ({"not_before": datetime(2019, 7, 30, tzinfo=UTC)}, "CMG217"),
        ({"names": ("west.contoso.com",)}, "CMG203"),
        (named("*.contoso.com"), "CMG202"),
    ],
)
def test_each_rule_it_breaks_is_told_and_exits_with_1(cmgsim, lab, changes, rule):
    said = asked(cmgsim, made(lab, **changes), "--on", "2019-07-29", "--json")
    assert said.code == 1
    assert [finding["rule"] for finding in said.data["findings"]] == [rule]
    assert said.data["findings"][0]["file"] == "gw.pfx"
    assert said.data["findings"][0]["remedy"]


def test_without_a_day_its_validity_is_not_judged(cmgsim, lab):
    name = made(lab, not_after=datetime(2019, 7, 28, tzinfo=UTC))
    assert asked(cmgsim, name).code == 0
    failed = asked(cmgsim, name, "--on", "tomorrow")
    assert (failed.code, failed.err.strip()) == (
        2,
        "error: --on 'tomorrow' is no date; write it like 2019-07-29",
    )


@pytest.mark.seed("S-31")
def test_a_file_without_the_private_key_is_refused(cmgsim, lab):
    said = asked(cmgsim, made(lab, content=PfxContent.NO_KEY))
    assert said.code == 1
    assert "error[CMG201]: the private key of certificate 'gw.pfx' is absent" in said.out
    assert "--> gw.pfx  (private_key)" in said.out


@pytest.mark.seed("S-33")
def test_a_wildcard_takes_the_name_that_is_typed(cmgsim, lab):
    name = made(lab, **named("*.contoso.com"))
    said = asked(cmgsim, name, "--fqdn", "cmg01.contoso.com", "--json")
    assert (said.code, said.data["certificate"]["service name"]) == (0, "cmg01")
    assert asked(cmgsim, name, "--fqdn", "a.b.contoso.com").code == 1


def test_a_public_provider_names_no_host_of_microsoft(cmgsim, lab):
    public = replace(ROOT, subject="CN=Root,O=DigiCert Inc", issuer="CN=Root,O=DigiCert Inc")
    facts = replace(GATEWAY, issuer=public.subject, **named("granitefalls.cloudapp.net"))
    (lab / "gw.pem").write_bytes((own := issue(facts, issue(public))).pem + own.key_pem)
    said = cmgsim("certificate", "gw.pem", "--json")
    assert [finding["rule"] for finding in said.data["findings"]] == ["CMG216"]
    assert asked(cmgsim, made(lab, **named("granitefalls.cloudapp.net"))).code == 0


def test_a_name_that_binds_to_cloud_services_is_a_remark(cmgsim, lab):
    said = asked(cmgsim, made(lab, **named("granitefalls.cloudapp.net")), "--version", "2107", "--json")
    assert (said.code, [finding["rule"] for finding in said.data["findings"]]) == (0, ["CMG220"])


def test_a_file_that_cannot_be_read_exits_with_2(cmgsim, lab):
    locked = cmgsim("certificate", made(lab))
    assert (locked.code, locked.out) == (2, "")
    assert locked.err == ("error: gw.pfx: the file is locked or damaged; give the file's password in a password file\n")
    assert cmgsim("certificate", "first.design.yaml").code == 2
    assert cmgsim("certificate", "none.pfx").code == 2
    odd = made(lab, "ä ö.pfx")
    assert asked(cmgsim, odd).code == 0
