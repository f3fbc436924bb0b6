"""What OpenSSL cannot be asked: moments to the second, the order of flaws, and what never makes matters worse."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.pki.names import covers
from cmgsim.pki.records import Certificate, RevocationList, Store, TlsRange, TlsVersion
from cmgsim.pki.verify import Fault, Flaw, Judge, RevocationCheck, agreed, verify

NOW, SECOND = datetime(2019, 7, 29, 12, tzinfo=UTC), timedelta(seconds=1)
ROOT = Certificate("root", "root", role="authority")
ISSUING = Certificate("issuing", "root", role="authority")
SERVER = Certificate("gw", "issuing", ("gw.contoso.com",), frozenset({"server_authentication"}))
LISTS = (RevocationList("root"), RevocationList("issuing"))
JUDGE = Judge(Store((ROOT,), (), LISTS), NOW, host="gw.contoso.com", revocation=RevocationCheck.CHAIN)
SHOWN = (SERVER, ISSUING)
TLS_1_2 = TlsRange(TlsVersion.TLS_1_2, TlsVersion.TLS_1_2)


def flaws(judge: Judge = JUDGE, **facts: object) -> tuple[Flaw, ...]:
    return verify((replace(SERVER, **facts), ISSUING), judge).flaws  # type: ignore[arg-type]


def test_all_is_well():
    assert verify(SHOWN, JUDGE, TLS_1_2).accepted
    assert verify(SHOWN, JUDGE, TLS_1_2).version is TlsVersion.TLS_1_2


def test_a_certificate_holds_from_its_first_moment_through_its_last():
    assert flaws(not_before=NOW, not_after=NOW) == ()
    assert flaws(not_after=NOW - SECOND) == (Flaw.EXPIRED,)
    assert flaws(not_before=NOW + SECOND) == (Flaw.NOT_YET_VALID,)


def test_a_list_holds_through_its_last_moment():
    def listed(until: datetime) -> Judge:
        lists = tuple(replace(one, next_update=until) for one in LISTS)
        return replace(JUDGE, store=replace(JUDGE.store, lists=lists))

    assert flaws(listed(NOW)) == ()
    assert flaws(listed(NOW - SECOND)) == (Flaw.REVOCATION_UNKNOWN,)


def test_short_keys_are_those_below_the_bound():
    assert JUDGE.least_rsa_bits == 1024
    assert flaws(key=replace(SERVER.key, bits=1024)) == ()
    assert flaws(key=replace(SERVER.key, bits=1023)) == (Flaw.KEY_TOO_SHORT,)


def test_every_flaw_is_named_once_in_the_order_of_the_list():
    judge = replace(JUDGE, store=Store((), (), (RevocationList("issuing", frozenset({"gw"})),)), host="x.fabrikam.com")
    issuing = replace(ISSUING, not_after=NOW - SECOND)
    bad = replace(SERVER, not_after=NOW - SECOND, purposes=frozenset({"client_authentication"}))
    verdict = verify((bad, issuing), judge)
    assert verdict.faults == (
        Fault(Flaw.MISSING_AUTHORITY, "root"),
        Fault(Flaw.NAME_MISMATCH, "gw"),
        Fault(Flaw.EXPIRED, "gw"),
        Fault(Flaw.EXPIRED, "issuing"),
        Fault(Flaw.WRONG_PURPOSE, "gw"),
        Fault(Flaw.REVOKED, "gw"),
        Fault(Flaw.REVOCATION_UNKNOWN, "root"),
    )
    assert [list(Flaw).index(flaw) for flaw in verdict.flaws] == sorted(
        list(Flaw).index(flaw) for flaw in verdict.flaws
    )


def test_a_circle_of_authorities_ends():
    one, other = (
        Certificate("one", "other", role="authority"),
        Certificate("other", "one", role="authority"),
    )
    found = verify((replace(SERVER, issuer="one"), one, other), JUDGE)
    assert Fault(Flaw.MISSING_AUTHORITY, "one") in found.faults


def test_without_a_version_in_common_nothing_else_is_looked_at():
    old = TlsRange(TlsVersion.TLS_1_0, TlsVersion.TLS_1_1)
    verdict = verify((), replace(JUDGE, tls=TLS_1_2), old)
    assert (verdict.version, verdict.flaws) == (None, (Flaw.TLS_VERSION,))
    assert TlsVersion.TLS_1_2.label == "TLS 1.2"


RANGES = st.tuples(st.sampled_from(TlsVersion), st.sampled_from(TlsVersion)).map(lambda ends: TlsRange(*sorted(ends)))


@given(RANGES, RANGES)
def test_ends_agree_on_the_highest_version_of_both(one: TlsRange, other: TlsRange):
    spoken = [version for version in TlsVersion if all(end.lowest <= version <= end.highest for end in (one, other))]
    assert agreed(one, other) == max(spoken, default=None)
    assert agreed(one, other) == agreed(other, one)


BOUNDS = st.sampled_from([None, NOW - SECOND, NOW, NOW + SECOND])
CERTIFICATES = st.builds(
    replace,
    st.sampled_from([SERVER, ISSUING]),
    issuer=st.sampled_from(["root", "issuing", "nobody"]),
    not_before=BOUNDS,
    not_after=BOUNDS,
    purposes=st.sampled_from([None, SERVER.purposes, frozenset({"client_authentication"})]),
)
JUDGES = st.builds(
    lambda roots, lists, check, host: Judge(Store(roots, (), lists), NOW, host=host, revocation=check),
    st.sampled_from([(), (ROOT,)]),
    st.sampled_from([(), LISTS, (RevocationList("issuing", frozenset({"gw"})),)]),
    st.sampled_from(RevocationCheck),
    st.sampled_from([None, "gw.contoso.com", "x.contoso.com"]),
)


@given(st.tuples(CERTIFICATES, CERTIFICATES), JUDGES)
def test_who_asks_less_refuses_no_more(shown: tuple[Certificate, ...], judge: Judge):
    strict = verify(shown, judge)
    for lenient in (
        replace(judge, revocation=RevocationCheck.NONE),
        replace(judge, host=None),
        replace(judge, store=replace(judge.store, roots=(ROOT,))),
        replace(judge, least_rsa_bits=0),
    ):
        assert not strict.accepted or verify(shown, lenient).accepted


@given(st.permutations([ISSUING, ROOT, Certificate("other", "root", role="authority")]))
def test_the_order_of_what_is_sent_beside_does_not_matter(others: list[Certificate]):
    assert verify((SERVER, *others), JUDGE).accepted


@pytest.mark.parametrize(("pattern", "covered"), [("*.contoso.com", True), ("*.com", False), ("*", False), ("", False)])
def test_an_asterisk_needs_two_labels_behind_it(pattern: str, covered: bool):
    host = "gw.contoso.com" if covered else "contoso.com"
    assert covers(pattern, host) is covered


def test_judging_takes_no_cryptography():
    program = "import sys, cmgsim.site.authentication, cmgsim.design.files; sys.exit('cryptography' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
