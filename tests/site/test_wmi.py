"""What WMI on a client answers, and which queries it takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import Parts, design_of

from cmgsim.errors import UnknownName, UsageError
from cmgsim.site.client import Connection
from cmgsim.site.wmi import NAMESPACES, ClientFacts, Condition, namespace, read_query, select
from cmgsim.tables import Table
from cmgsim.units import HOUR

TWO = {"roles.management_points.mp2": {"site": "P01", "server": "mp2.corp", "gateway_traffic": True}}
LOCATION_SERVICES = "root/ccm/LocationServices"


def facts(connection=Connection.INTRANET, contact=0, located_us=3 * HOUR, knows=True):
    landscape = Parts(design_of(TWO)).survey()
    return ClientFacts(
        site="P01",
        landscape=landscape,
        publication=landscape.published[0] if knows else 0,
        tiers=landscape.tiers[0] if connection is Connection.INTRANET else (),
        connection=connection,
        contact=contact,
        located_us=located_us,
        version=1906,
    )


def ask(wql, name=LOCATION_SERVICES, **known):
    return namespace(name, facts(**known)).query(wql)


@pytest.mark.seed("S-93")
def test_the_documented_query_lists_gateways():
    rows = ask("SELECT * FROM SMS_ActiveMPCandidate WHERE Type='Internet'")
    assert rows.columns == ("MP", "Type", "Index", "Capabilities", "Version", "Locality", "State", "SiteCode")
    assert [row[0].partition("/")[0] for row in rows] == ["GraniteFalls.contoso.com"] * 2
    assert {row[1] for row in rows} == {"Internet"}
    assert not ask("SELECT * FROM SMS_ActiveMPCandidate WHERE Type='Internet'", knows=False)


def test_on_the_intranet_the_servers_offered_there_are_listed_with_their_locality():
    rows = ask("SELECT MP, Locality FROM SMS_ActiveMPCandidate WHERE Type = 'Assigned'")
    assert rows.rows == (("mp1.corp", 3), ("mp2.corp", 3))
    assert not ask("SELECT * FROM SMS_ActiveMPCandidate WHERE Type='Assigned'", connection=Connection.INTERNET)


def test_names_and_texts_are_found_in_any_letter_case_and_properties_stand_as_asked():
    rows = ask('select index , mp from sms_activempcandidate where type="INTERNET" and index <> 0')
    assert rows.columns == ("Index", "MP")
    assert [row[0] for row in rows] == [1]


@pytest.mark.parametrize(
    ("connection", "inside"),
    [(Connection.INTRANET, False), (Connection.INTERNET, True), (Connection.ALWAYS_INTERNET, True)],
)
def test_client_info_says_whether_it_is_on_the_internet(connection, inside):
    assert ask("SELECT InInternet FROM ClientInfo", "root/ccm", connection=connection).rows == ((inside,),)
    assert len(ask("SELECT * FROM ClientInfo WHERE InInternet=TRUE", "root\\ccm", connection=connection)) == inside


def test_the_authority_names_the_management_point_in_use():
    assert ask("SELECT * FROM SMS_Authority", "ROOT\\CCM").rows == (("SMS:P01", "mp1.corp"),)
    assert ask("SELECT CurrentManagementPoint FROM SMS_Authority", "root/ccm", contact=-1).rows == (("",),)


def test_the_list_says_when_it_was_last_updated():
    assert ask("SELECT LastUpdateTime FROM SMS_MPListEx").rows == (("day 1 03:00:00",),)
    assert not ask("SELECT * FROM SMS_MPListEx", located_us=-1)
    assert not ask("SELECT * FROM SMS_MPProxyInformation")


@pytest.mark.parametrize(
    ("wql", "words"),
    [
        ("", "write it like"),
        ("SELECT FROM SMS_MPListEx", "write it like"),
        ("DELETE FROM SMS_MPListEx", "write it like"),
        ("SELECT MP Type FROM SMS_ActiveMPCandidate", "is no list of properties"),
        ("SELECT *, MP FROM SMS_ActiveMPCandidate", "is no list of properties"),
        ("SELECT * FROM SMS_ActiveMPCandidate WHERE Type", "is no comparison"),
        ("SELECT * FROM SMS_ActiveMPCandidate WHERE Type=Internet", "is no comparison"),
        ("SELECT * FROM SMS_ActiveMPCandidate WHERE Type='Internet' OR Index=1", "join comparisons with AND"),
        ("SELECT * FROM SMS_ActiveMPCandidate WHERE Type='Internet' AND", "is no comparison"),
        ("SELECT * FROM SMS_ActiveMPCandidate WHERE Type LIKE 'I%'", "is no comparison"),
    ],
)
def test_what_is_no_query_is_refused_with_a_remedy(wql, words):
    with pytest.raises(UsageError, match=words):
        ask(wql)


@pytest.mark.parametrize(
    ("name", "wql", "words"),
    [
        ("root/cimv2", "SELECT * FROM X", "no WMI namespace is named 'root/cimv2'"),
        (LOCATION_SERVICES, "SELECT * FROM SMS_ActiveMPCandidates", "did you mean 'SMS_ActiveMPCandidate'"),
        (LOCATION_SERVICES, "SELECT MPs FROM SMS_ActiveMPCandidate", "did you mean 'MP'"),
        (LOCATION_SERVICES, "SELECT * FROM SMS_ActiveMPCandidate WHERE Typ='x'", "did you mean 'Type'"),
    ],
)
def test_unknown_names_say_what_is_near(name, wql, words):
    with pytest.raises(UnknownName, match=words):
        ask(wql, name)


def test_a_text_may_hold_the_word_and():
    query = read_query("SELECT a FROM b WHERE c='x AND y' AND d<>\"it's\"")
    assert query.conditions == (Condition("c", True, "x AND y"), Condition("d", False, "it's"))


@given(
    st.lists(st.tuples(st.sampled_from("xyz"), st.integers(-2, 2)), max_size=8),
    st.sampled_from("xyz"),
    st.integers(-2, 2),
)
def test_what_is_selected_and_what_is_not_make_the_whole(rows, text, number):
    table = Table(("Name", "Size"), rows)
    both = select(table, read_query(f"SELECT * FROM t WHERE Name='{text}' AND Size={number}")).rows
    assert both == tuple(row for row in table if row == (text, number))
    without = select(table, read_query(f"SELECT * FROM t WHERE Name<>'{text}'")).rows
    with_it = select(table, read_query(f"SELECT * FROM t WHERE Name='{text}'")).rows
    assert sorted(without + with_it) == sorted(table.rows)


def test_every_class_can_be_asked_for_everything():
    for name, classes in NAMESPACES.items():
        for class_name in classes:
            assert ask(f"SELECT * FROM {class_name}", name).columns
