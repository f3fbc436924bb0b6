"""The verdict on a certificate is that of OpenSSL: every combination here is also a real handshake over loopback."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import product

import pytest
from handshakes import Meeting, Outcome, of_client, of_server, with_store
from hypothesis import given, settings
from hypothesis import strategies as st

from cmgsim.pki.records import Certificate, Key, RevocationList, Store, TlsRange, TlsVersion
from cmgsim.pki.verify import Flaw, Judge, RevocationCheck, verify

EC = Key("ec", 256)
PAST, FUTURE = datetime(2010, 1, 1, tzinfo=UTC), datetime(2098, 1, 1, tzinfo=UTC)
ROOT = Certificate("CN=root", "CN=root", key=EC, role="authority")
OTHER = Certificate("CN=other root", "CN=other root", key=EC, role="authority")
POLICY = Certificate("CN=policy", "CN=root", key=EC, role="authority")
ISSUING = Certificate("CN=issuing", "CN=policy", key=EC, role="authority")
SERVER = Certificate(
    "CN=gw", "CN=issuing", ("gw.contoso.com",), frozenset({"server_authentication"}), key=EC, lists_at=("http://c/l",)
)
CLIENT = Certificate("CN=laptop", "CN=issuing", (), frozenset({"client_authentication"}), key=EC)
HOST = "gw.contoso.com"
LISTS = tuple(RevocationList(issuer) for issuer in ("CN=root", "CN=policy", "CN=issuing"))
MODERN = TlsRange(TlsVersion.TLS_1_2, TlsVersion.TLS_1_3)
CHAIN, LEAF, NONE = RevocationCheck.CHAIN, RevocationCheck.LEAF, RevocationCheck.NONE


@dataclass(frozen=True)
class Case:
    """What differs from a chain in which all is well."""

    leaf: Certificate = SERVER
    root: Certificate = ROOT
    policy: Certificate = POLICY
    issuing: Certificate = ISSUING
    trusted: tuple[Certificate, ...] | None = None
    sent: tuple[str, ...] = ("CN=issuing", "CN=policy")
    held: tuple[str, ...] = ()
    host: str | None = HOST
    lists: tuple[RevocationList, ...] = LISTS
    revocation: RevocationCheck = NONE
    judged_tls: TlsRange = MODERN
    shown_tls: TlsRange = MODERN
    least_rsa_bits: int = 1024
    shows: bool = True

    def meeting(self) -> Meeting:
        authorities = (self.root, self.policy, self.issuing)
        table = {one.subject: one for one in authorities}
        judge = Judge(
            Store(
                (self.root,) if self.trusted is None else self.trusted,
                tuple(table[subject] for subject in self.held),
                self.lists,
            ),
            datetime.now(UTC),
            "client_authentication" if self.host is None else "server_authentication",
            self.host,
            self.revocation,
            self.judged_tls,
            self.least_rsa_bits,
        )
        shown = (self.leaf, *(table[subject] for subject in self.sent)) if self.shows else ()
        return Meeting(judge, shown, self.shown_tls, (*authorities, OTHER))


def agree(case: Case, handshake: Callable[[Meeting], Outcome]) -> tuple[Flaw, ...]:
    """Hold the verdict against a handshake, and return what is wrong."""
    meeting = case.meeting()
    verdict, outcome = verify(meeting.shown, meeting.judge, meeting.tls), handshake(meeting)
    assert verdict.accepted == (outcome.flaws is None), (verdict, outcome)
    assert verdict.accepted or outcome.flaws & set(verdict.flaws), (verdict, outcome)
    return verdict.flaws


def listing(*revoked: str) -> tuple[RevocationList, ...]:
    return tuple(replace(one, revoked=frozenset(revoked)) for one in LISTS)


def without(issuer: str) -> tuple[RevocationList, ...]:
    return tuple(one for one in LISTS if one.issuer != issuer)


def stale(issuer: str) -> tuple[RevocationList, ...]:
    return tuple(replace(one, next_update=PAST) if one.issuer == issuer else one for one in LISTS)


def server(**facts: object) -> Certificate:
    return replace(SERVER, **facts)  # type: ignore[arg-type]


SINGLE = {
    "all is well": (Case(), ()),
    "the whole chain is sent, root and all": (Case(sent=("CN=issuing", "CN=policy", "CN=root")), ()),
    "the chain is sent upside down": (Case(sent=("CN=policy", "CN=issuing")), ()),
    "the judge holds what is not sent": (Case(sent=(), held=("CN=issuing", "CN=policy")), ()),
    "the judge holds half of it": (Case(sent=("CN=issuing",), held=("CN=policy",)), ()),
    "nothing but the leaf is sent": (Case(sent=()), (Flaw.MISSING_AUTHORITY,)),
    "a link in the middle is missing": (Case(sent=("CN=issuing",)), (Flaw.MISSING_AUTHORITY,)),
    "the lowest link is missing": (Case(sent=("CN=policy",)), (Flaw.MISSING_AUTHORITY,)),
    "another root is trusted": (
        Case(trusted=(OTHER,), sent=("CN=issuing", "CN=policy", "CN=root")),
        (Flaw.UNTRUSTED_ROOT,),
    ),
    "a certificate of its own": (Case(leaf=server(issuer="CN=gw"), sent=()), (Flaw.UNTRUSTED_ROOT,)),
    "issued by the root itself": (Case(leaf=server(issuer="CN=root"), sent=()), ()),
    "the leaf expired": (Case(leaf=server(not_after=PAST)), (Flaw.EXPIRED,)),
    "an authority expired": (Case(issuing=replace(ISSUING, not_after=PAST)), (Flaw.EXPIRED,)),
    "the root expired": (Case(root=replace(ROOT, not_after=PAST)), (Flaw.EXPIRED,)),
    "the leaf begins later": (Case(leaf=server(not_before=FUTURE)), (Flaw.NOT_YET_VALID,)),
    "an authority begins later": (Case(policy=replace(POLICY, not_before=FUTURE)), (Flaw.NOT_YET_VALID,)),
    "good for clients only": (
        Case(leaf=server(purposes=frozenset({"client_authentication"}))),
        (Flaw.WRONG_PURPOSE,),
    ),
    "good for both": (Case(leaf=server(purposes=frozenset({"client_authentication", "server_authentication"}))), ()),
    "good for anything": (Case(leaf=server(purposes=None)), ()),
    "an authority for clients only": (
        Case(issuing=replace(ISSUING, purposes=frozenset({"client_authentication"}))),
        (Flaw.WRONG_PURPOSE,),
    ),
    "an authority for servers": (Case(issuing=replace(ISSUING, purposes=frozenset({"server_authentication"}))), ()),
    "an issuer that is no authority": (
        Case(issuing=replace(ISSUING, role="end_entity", names=("x.contoso.com",))),
        (Flaw.NOT_AN_AUTHORITY,),
    ),
    "more authorities than allowed": (Case(root=replace(ROOT, path_length=1)), (Flaw.PATH_TOO_LONG,)),
    "as many authorities as allowed": (Case(root=replace(ROOT, path_length=2)), ()),
    "no authority allowed below": (Case(policy=replace(POLICY, path_length=0)), (Flaw.PATH_TOO_LONG,)),
    "RSA with 2048 bits": (Case(leaf=server(key=Key("rsa", 2048)), least_rsa_bits=2048), ()),
    "RSA with 4096 bits": (Case(leaf=server(key=Key("rsa", 4096)), least_rsa_bits=2048), ()),
    "RSA with 1024 bits where 2048 are asked": (
        Case(leaf=server(key=Key("rsa", 1024)), least_rsa_bits=2048),
        (Flaw.KEY_TOO_SHORT,),
    ),
    "RSA with 1024 bits": (Case(leaf=server(key=Key("rsa", 1024))), ()),
    "an authority with 1024 bits": (
        Case(issuing=replace(ISSUING, key=Key("rsa", 1024)), least_rsa_bits=2048),
        (Flaw.KEY_TOO_SHORT,),
    ),
    "RSA all the way": (
        Case(
            leaf=server(key=Key("rsa", 2048)),
            issuing=replace(ISSUING, key=Key("rsa", 2048)),
            policy=replace(POLICY, key=Key("rsa", 4096)),
            root=replace(ROOT, key=Key("rsa", 4096)),
            least_rsa_bits=2048,
        ),
        (),
    ),
    "revoked, and nobody asks": (Case(lists=listing("CN=gw")), ()),
    "revoked": (Case(lists=listing("CN=gw"), revocation=LEAF), (Flaw.REVOKED,)),
    "revoked, and all are asked": (Case(lists=listing("CN=gw"), revocation=CHAIN), (Flaw.REVOKED,)),
    "another is revoked": (Case(lists=listing("CN=gw2"), revocation=CHAIN), ()),
    "an authority is revoked, one list is asked": (Case(lists=listing("CN=issuing"), revocation=LEAF), ()),
    "an authority is revoked": (Case(lists=listing("CN=issuing"), revocation=CHAIN), (Flaw.REVOKED,)),
    "no list can be had, and nobody asks": (Case(lists=()), ()),
    "no list can be had": (Case(lists=(), revocation=LEAF), (Flaw.REVOCATION_UNKNOWN,)),
    "the issuer's list cannot be had": (
        Case(lists=without("CN=issuing"), revocation=CHAIN),
        (Flaw.REVOCATION_UNKNOWN,),
    ),
    "the policy authority's list cannot be had": (
        Case(lists=without("CN=policy"), revocation=CHAIN),
        (Flaw.REVOCATION_UNKNOWN,),
    ),
    "the root's list cannot be had": (Case(lists=without("CN=root"), revocation=CHAIN), (Flaw.REVOCATION_UNKNOWN,)),
    "the root's list is not needed for the leaf": (Case(lists=without("CN=root"), revocation=LEAF), ()),
    "the list is out of date": (Case(lists=stale("CN=issuing"), revocation=LEAF), (Flaw.REVOCATION_UNKNOWN,)),
    "a list above is out of date": (Case(lists=stale("CN=root"), revocation=CHAIN), (Flaw.REVOCATION_UNKNOWN,)),
}


@pytest.mark.parametrize("word", SINGLE)
def test_a_client_judges_a_server_as_openssl_does(word: str) -> None:
    case, flaws = SINGLE[word]
    assert agree(case, of_server) == flaws


WILD = "*.contoso.com"
NAMES = [
    (("gw.contoso.com",), "GW.Contoso.com", True),
    (("GW.CONTOSO.COM",), "gw.contoso.com", True),
    (("gw.contoso.com",), "gw2.contoso.com", False),
    (("gw.contoso.com",), "contoso.com", False),
    (("gw.contoso.com", "west.contoso.com"), "west.contoso.com", True),
    (("gw.contoso.com", WILD), "east.contoso.com", True),
    ((WILD,), "gw.contoso.com", True),
    ((WILD,), "GW.CONTOSO.COM", True),
    ((WILD,), "a.gw.contoso.com", False),
    ((WILD,), "contoso.com", False),
    ((WILD,), "gwcontoso.com", False),
    (("*.gw.contoso.com",), "a.gw.contoso.com", True),
    (("*.gw.contoso.com",), "gw.contoso.com", False),
    (("*.com",), "contoso.com", False),
    (("gw.*.com",), "gw.contoso.com", False),
    (("g*.contoso.com",), "gw.contoso.com", False),
    (("granitefalls.cloudapp.net",), "granitefalls.contoso.com", False),
]


@pytest.mark.parametrize(("names", "host", "taken"), NAMES)
def test_names_stand_for_the_hosts_that_openssl_says(names: tuple[str, ...], host: str, taken: bool) -> None:
    assert agree(Case(leaf=server(names=names), host=host), of_server) == (() if taken else (Flaw.NAME_MISMATCH,))


TLS = list(TlsVersion)
RANGES = [TlsRange(low, high) for low in TLS for high in TLS if low <= high]


@pytest.mark.parametrize(
    ("judged", "shown"),
    [pair for pair in product(RANGES, RANGES) if pair[1].lowest is TLS[0] or pair[0].highest is TLS[3]],
    ids=lambda tls: f"{tls.lowest.label}-{tls.highest.label}".replace("TLS ", ""),
)
def test_ends_meet_in_a_version_of_tls_that_both_speak(judged: TlsRange, shown: TlsRange) -> None:
    agree(Case(judged_tls=judged, shown_tls=shown), of_server)


@pytest.mark.parametrize(
    ("host", "leaf_ends", "sent", "lists", "purposes"),
    list(
        product(
            [HOST, "other.contoso.com"],
            [None, PAST],
            [("CN=issuing", "CN=policy"), ("CN=policy",)],
            [LISTS, listing("CN=gw"), ()],
            [SERVER.purposes, CLIENT.purposes],
        )
    ),
)
def test_several_flaws_at_once(host, leaf_ends, sent, lists, purposes) -> None:
    leaf = server(not_after=leaf_ends, purposes=purposes)
    agree(Case(leaf, host=host, sent=sent, lists=lists, revocation=CHAIN), of_server)


BOUNDS = st.sampled_from([(None, None), (None, None), (None, PAST), (FUTURE, None)])
PURPOSES = st.sampled_from([None, SERVER.purposes, CLIENT.purposes, frozenset({*SERVER.purposes, *CLIENT.purposes})])
KEYS = st.sampled_from([EC, EC, Key("ec", 384), Key("rsa", 1024), Key("rsa", 2048)])
SUBJECTS = ["CN=gw", "CN=laptop", "CN=issuing", "CN=policy"]


def authority(plain: Certificate) -> st.SearchStrategy[Certificate]:
    """Draw an authority that may have a flaw or two."""
    return st.builds(
        lambda bounds, purposes, key, role, length: replace(
            plain, not_before=bounds[0], not_after=bounds[1], purposes=purposes, key=key, role=role, path_length=length
        ),
        BOUNDS,
        st.sampled_from([None, None, SERVER.purposes, CLIENT.purposes]),
        KEYS,
        st.sampled_from(["authority", "authority", "authority", "end_entity"]),
        st.sampled_from([None, None, 0, 1, 2]),
    )


@st.composite
def cases(draw: st.DrawFn, plain: Certificate, host: st.SearchStrategy[str | None]) -> Case:
    """Draw a case in which anything may differ.

    Authorities are sent, or held by who judges, not both: above one that it holds, OpenSSL looks for no other that was
    sent, as Windows does.
    """
    bounds = draw(BOUNDS)
    leaf = replace(
        plain,
        not_before=bounds[0],
        not_after=bounds[1],
        purposes=draw(PURPOSES),
        key=draw(KEYS),
        issuer=draw(st.sampled_from(["CN=issuing", "CN=issuing", "CN=policy", "CN=root"])),
        names=draw(st.sampled_from([(HOST,), (WILD,), ("other.contoso.com", HOST), ("*.fabrikam.com",)])),
    )
    revoked = draw(st.lists(st.sampled_from(SUBJECTS), max_size=2))
    reachable = draw(st.sampled_from([LISTS, LISTS, *map(without, ("CN=root", "CN=policy", "CN=issuing"))]))
    links = st.lists(st.sampled_from(["CN=issuing", "CN=policy", "CN=root"]), unique=True, max_size=3).map(tuple)
    whole = st.just(("CN=issuing", "CN=policy"))
    chain = draw(whole | links)
    sent = draw(st.booleans())
    return Case(
        leaf,
        draw(st.just(ROOT) | authority(ROOT)),
        draw(st.just(POLICY) | authority(POLICY)),
        draw(st.just(ISSUING) | authority(ISSUING)),
        draw(st.sampled_from([None, None, (OTHER,)])),
        chain if sent else (),
        () if sent else tuple(link for link in chain if link != "CN=root"),
        draw(host),
        tuple(replace(one, revoked=frozenset(revoked)) for one in reachable),
        draw(st.sampled_from([NONE, LEAF, CHAIN])),
        least_rsa_bits=draw(st.sampled_from([1024, 2048])),
    )


@given(cases(SERVER, st.sampled_from([HOST, HOST, "GW.contoso.com", "a.gw.contoso.com"])))
@settings(max_examples=150, database=None)
def test_any_server_is_judged_as_openssl_does(case: Case) -> None:
    agree(case, of_server)


@given(cases(CLIENT, st.none()))
@settings(max_examples=75, database=None)
def test_any_client_is_judged_as_openssl_does(case: Case) -> None:
    agree(case, of_client)


MUTUAL = {
    "all is well": (Case(), ()),
    "the gateway was given the chain": (Case(sent=(), held=("CN=issuing", "CN=policy")), ()),
    "the gateway lacks a link": (Case(sent=(), held=("CN=policy",)), (Flaw.MISSING_AUTHORITY,)),
    "the gateway lacks the root": (Case(trusted=(OTHER,), sent=(), held=("CN=issuing", "CN=policy")), None),
    "no certificate": (Case(shows=False), (Flaw.NO_CERTIFICATE,)),
    "a server's certificate": (Case(leaf=replace(CLIENT, purposes=SERVER.purposes)), (Flaw.WRONG_PURPOSE,)),
    "a name does not matter": (Case(leaf=replace(CLIENT, names=("laptop.corp",))), ()),
    "expired": (Case(leaf=replace(CLIENT, not_after=PAST)), (Flaw.EXPIRED,)),
    "not valid yet": (Case(leaf=replace(CLIENT, not_before=FUTURE)), (Flaw.NOT_YET_VALID,)),
    "revoked": (Case(lists=listing("CN=laptop"), revocation=CHAIN), (Flaw.REVOKED,)),
    "revoked, unverified": (Case(lists=listing("CN=laptop")), ()),
    "no list": (Case(lists=(), revocation=CHAIN), (Flaw.REVOCATION_UNKNOWN,)),
    "no list, unverified": (Case(lists=()), ()),
    "TLS 1.0 where 1.2 is enforced": (Case(shown_tls=TlsRange(TLS[0], TLS[0])), (Flaw.TLS_VERSION,)),
    "RSA": (Case(leaf=replace(CLIENT, key=Key("rsa", 2048)), least_rsa_bits=2048), ()),
    "short RSA": (Case(leaf=replace(CLIENT, key=Key("rsa", 1024)), least_rsa_bits=2048), (Flaw.KEY_TOO_SHORT,)),
}


@pytest.mark.parametrize("word", MUTUAL)
def test_a_gateway_judges_a_client_as_openssl_does(word: str) -> None:
    case, flaws = MUTUAL[word]
    leaf = CLIENT if case.leaf is SERVER else case.leaf
    found = agree(replace(case, leaf=leaf, host=None), of_client)
    assert flaws is None or found == flaws


def test_a_judge_is_changed_by_his_store_alone() -> None:
    judge = Case(revocation=LEAF).meeting().judge
    assert verify((SERVER, ISSUING, POLICY), judge, MODERN).accepted
    assert verify((SERVER, ISSUING, POLICY), with_store(judge, lists=()), MODERN).flaws == (Flaw.REVOCATION_UNKNOWN,)
