"""What a design says of certificates, as the records by which TLS connections are judged."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from site_parts import design_of

from cmgsim.pki.records import Certificate, Key, RevocationList, TlsRange, TlsVersion
from cmgsim.pki.verify import RevocationCheck
from cmgsim.site.trust import (
    CLIENT,
    GATEWAY,
    authorities,
    client_certificate,
    gateway_tls,
    judging_client,
    judging_gateway,
    revocation_lists,
    server_chain,
)

TODAY = date(2019, 7, 29)
MIDNIGHT = datetime(2019, 7, 29, tzinfo=UTC)
FULL = {
    "certificates.servers.east": {
        "name": "GraniteFalls.contoso.com",
        "other_names": ["falls.contoso.com"],
        "issuer": "issuing",
        "valid_from": "2019-07-01",
        "expires": "2020-07-01",
        "key_bits": 4096,
        "purposes": ["server_authentication"],
    },
    "certificates.authorities.issuing": {
        "issuer": "root",
        "valid_from": "2018-01-01",
        "expires": "2028-01-01",
        "client_certificates": {"valid_from": "2019-01-01", "expires": "2019-12-31"},
    },
}


def certificates(changes=None):
    return design_of(changes).certificates


def test_a_gateway_shows_its_certificate_and_all_above_it():
    own, issuing, root = server_chain(certificates(FULL), "east")
    assert own == Certificate(
        GATEWAY,
        "issuing",
        ("GraniteFalls.contoso.com", "falls.contoso.com"),
        frozenset({"server_authentication"}),
        datetime(2019, 7, 1, tzinfo=UTC),
        datetime(2020, 7, 1, 23, 59, 59, tzinfo=UTC),
        Key("rsa", 4096),
    )
    assert issuing == Certificate(
        "issuing",
        "root",
        not_before=datetime(2018, 1, 1, tzinfo=UTC),
        not_after=datetime(2028, 1, 1, 23, 59, 59, tzinfo=UTC),
        role="authority",
    )
    assert root == Certificate("root", "root", role="authority")


def test_a_client_certificate_has_the_bounds_its_authority_gives_it():
    assert client_certificate(certificates(FULL), "issuing") == Certificate(
        CLIENT,
        "issuing",
        (),
        frozenset({"client_authentication"}),
        datetime(2019, 1, 1, tzinfo=UTC),
        datetime(2019, 12, 31, 23, 59, 59, tzinfo=UTC),
    )
    assert client_certificate(certificates(), "root").not_after is None


def test_authorities_come_in_the_order_they_are_asked_for():
    assert [one.subject for one in authorities(certificates(), ["issuing", "root"])] == ["issuing", "root"]


def test_without_anything_revoked_every_published_list_is_empty():
    hidden = certificates({"certificates.authorities.root.crl_published": False})
    assert revocation_lists(hidden, "east", TODAY) == (RevocationList("issuing"), RevocationList("digicert"))


@pytest.mark.parametrize(
    ("revoked", "issuer", "subject"),
    [
        ("servers.east.revoked_on", "digicert", GATEWAY),
        ("authorities.issuing.revoked_on", "root", "issuing"),
        ("authorities.root.revoked_on", "root", "root"),
        ("authorities.issuing.client_certificates", "issuing", CLIENT),
    ],
)
def test_what_is_revoked_stands_on_its_issuers_list_from_that_day_on(revoked, issuer, subject):
    def listed(day: str) -> dict[str, frozenset[str]]:
        value = {"revoked_on": day} if revoked.endswith("client_certificates") else day
        found = revocation_lists(certificates({f"certificates.{revoked}": value}), "east", TODAY)
        return {one.issuer: one.revoked for one in found if one.revoked}

    assert listed("2019-07-29") == listed("2019-07-01") == {issuer: frozenset({subject})}
    assert listed("2019-07-30") == {}


def test_several_that_were_revoked_stand_on_one_list():
    both = {
        "certificates.servers.east": {"name": "a.contoso.com", "issuer": "issuing", "revoked_on": "2019-07-01"},
        "certificates.authorities.issuing.client_certificates": {"revoked_on": "2019-07-02"},
    }
    (found,) = [one for one in revocation_lists(certificates(both), "east", TODAY) if one.revoked]
    assert found == RevocationList("issuing", frozenset({GATEWAY, CLIENT}))


def test_another_server_certificate_of_the_design_is_not_the_gateways():
    other = certificates({"certificates.servers.west.revoked_on": "2019-07-01"})
    assert not any(one.revoked for one in revocation_lists(other, "east", TODAY))
    assert any(one.revoked for one in revocation_lists(other, "west", TODAY))


def client_of(changes=None):
    design = design_of(changes)
    return judging_client(
        design.certificates,
        design.gateways["east"],
        design.clients["laptops"],
        design.hierarchy.sites["P01"],
        "GraniteFalls.contoso.com",
        TODAY,
    )


def trusted(changes=None) -> list[str]:
    return [one.subject for one in client_of(changes).store.roots]


def test_a_client_trusts_public_roots_its_own_and_those_it_was_given():
    assert trusted() == ["root", "digicert"]
    assert trusted({"clients.laptops.certificate": None}) == ["digicert"]
    given = {"certificates.authorities.other": {}, "clients.laptops.trusts": ["other"]}
    assert trusted(given) == ["root", "digicert", "other"]
    assert trusted({"certificates.authorities.other": {}}) == ["root", "digicert"]


def test_a_client_trusts_no_authority_below_a_root_by_itself():
    below = {"certificates.authorities.middle": {"issuer": "digicert", "kind": "public"}}
    assert trusted(below) == ["root", "digicert"]
    assert trusted({"clients.laptops.trusts": ["issuing"]}) == ["root", "digicert"]


def test_a_root_may_name_itself_as_its_issuer():
    assert trusted({"certificates.authorities.root.issuer": "root"}) == ["root", "digicert"]


def test_a_client_judges_at_the_beginning_of_the_day_for_a_server_by_the_name_it_asked_for():
    judge = client_of()
    assert (judge.at, judge.purpose, judge.host) == (MIDNIGHT, "server_authentication", "GraniteFalls.contoso.com")
    assert judge.store.authorities == ()
    assert [one.issuer for one in judge.store.lists] == ["root", "issuing", "digicert"]


def test_whether_clients_ask_for_lists_is_an_option_of_their_site():
    assert client_of().revocation is RevocationCheck.CHAIN
    assert client_of({"hierarchy.sites.P01.clients_check_crl": False}).revocation is RevocationCheck.NONE


def test_a_client_speaks_tls_1_2_or_up_to_1_1():
    assert client_of().tls == TlsRange(TlsVersion.TLS_1_0, TlsVersion.TLS_1_2)
    assert client_of({"clients.laptops.tls_1_2": False}).tls == TlsRange(TlsVersion.TLS_1_0, TlsVersion.TLS_1_1)


def gateway_of(changes=None):
    design = design_of(changes)
    return judging_gateway(design.certificates, design.gateways["east"], TODAY)


def test_a_gateway_holds_the_roots_and_the_authorities_it_was_given():
    judge = gateway_of()
    assert [one.subject for one in judge.store.roots] == ["root"]
    assert [one.subject for one in judge.store.authorities] == ["issuing"]
    assert [one.issuer for one in judge.store.lists] == ["root", "issuing", "digicert"]
    none = gateway_of({"gateways.east.trusted_authorities": []})
    assert (none.store.roots, none.store.authorities) == ((), ())


def test_a_gateway_judges_clients_whatever_their_name():
    judge = gateway_of()
    assert (judge.at, judge.purpose, judge.host) == (MIDNIGHT, "client_authentication", None)


def test_verifying_revocation_is_an_option_of_the_gateway():
    assert gateway_of().revocation is RevocationCheck.CHAIN
    assert gateway_of({"gateways.east.verify_client_revocation": False}).revocation is RevocationCheck.NONE


@pytest.mark.parametrize(
    ("enforced", "version", "lowest"),
    [(True, 1906, 12), (False, 1906, 10), (True, 1902, 10), (False, 1902, 10)],
)
def test_a_gateway_takes_tls_1_2_alone_where_that_is_enforced(enforced, version, lowest):
    gateway = design_of({"gateways.east.enforce_tls_1_2": enforced}).gateways["east"]
    assert gateway_tls(gateway, version) == TlsRange(TlsVersion(lowest), TlsVersion.TLS_1_2)
