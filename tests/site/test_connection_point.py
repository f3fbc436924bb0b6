"""A connection point dials out, loses links, makes them anew, and stays behind when its gateway goes."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import WEST, Parts, design_of

from cmgsim.design.plan import Step
from cmgsim.errors import Refused
from cmgsim.site.deployment import State
from cmgsim.site.facts import LinkDown, LinkUp, RoleChanged
from cmgsim.site.ports import HTTPS, TCP_TLS, Link
from cmgsim.units import MINUTE, SECOND

TWO_GATEWAYS = {
    "gateways.west": {**WEST, "planned": True},
    "roles.connection_points.cp2": {"site": "P01", "gateway": "west", "planned": True},
}


def relink(point: str, gateway: str) -> Step:
    return Step.model_validate({"relink_connection_point": {"connection_point": point, "gateway": gateway}})


ADD_CP2 = Step(add_connection_point="cp2")
REMOVE_CP1 = Step(remove_connection_point="cp1")


@pytest.mark.oracle("O-4")
def test_what_exists_at_the_start_is_connected_to_every_vm():
    parts = Parts(design_of({"gateways.east.vms": 3, "roles.connection_points.cp1.server": "cp1.corp"}))
    point = parts.points["cp1"]
    assert point.server == "cp1.corp"
    assert point.links == {vm: Link(TCP_TLS, 10_139 + vm) for vm in (1, 2, 3)}
    assert point.connected
    assert point.due() is None
    assert point.name == "connection_point:cp1"


@pytest.mark.oracle("O-4")
@given(st.lists(st.integers(1, 16), min_size=1, max_size=4), st.integers(1, 3))
def test_there_is_one_link_for_each_vm_of_each_connection_points_gateway(vms, points):
    gateways = {f"gateways.g{index}": {**WEST, "vms": count} for index, count in enumerate(vms)}
    roles = {
        f"roles.connection_points.p{index}-{number}": {"site": "P01", "gateway": f"g{index}"}
        for index in range(len(vms))
        for number in range(points)
    }
    parts = Parts(design_of({**gateways, **roles, "roles.connection_points.cp1": None}))
    assert sum(len(point.links) for point in parts.points.values()) == points * sum(vms)


@pytest.mark.seed("S-64", "S-65")
@pytest.mark.conflict("X-29")
def test_a_planned_connection_point_is_added_and_connects_within_a_minute():
    parts = Parts(design_of(TWO_GATEWAYS))
    parts.gateway("west", State.READY)
    assert not parts.points["cp2"].present
    assert parts.tell("cp2", ADD_CP2) == [RoleChanged("connection_point:cp2", "gateway", "west")]
    assert not parts.points["cp2"].connected
    parts.wait(MINUTE)
    assert parts.points["cp2"].connected
    assert LinkUp("cp2", "west", 1, TCP_TLS, 10_140) in parts.facts
    with pytest.raises(Refused, match="ROLE_PRESENT"):
        parts.tell("cp2", ADD_CP2)


@pytest.mark.seed("S-66")
def test_a_connection_point_shows_the_region_of_the_gateway_it_is_linked_with():
    parts = Parts(design_of(TWO_GATEWAYS))
    assert parts.points["cp1"].region == "eastus"
    parts.gateway("west", State.READY)
    parts.tell("cp1", relink("cp1", "west"))
    assert parts.points["cp1"].region == "westus"


@pytest.mark.seed("S-65")
def test_linking_with_an_absent_gateway_is_refused_and_changes_nothing():
    parts = Parts(design_of(TWO_GATEWAYS))
    for point, order in [("cp2", ADD_CP2), ("cp1", relink("cp1", "west"))]:
        with pytest.raises(Refused) as refusal:
            parts.tell(point, order)
        assert refusal.value.code == "GATEWAY_ABSENT"
    assert not parts.points["cp2"].present
    assert parts.points["cp1"].gateway == "east"
    assert parts.points["cp1"].connected


def test_a_role_that_is_not_installed_can_be_neither_relinked_nor_removed():
    parts = Parts(design_of(TWO_GATEWAYS))
    for order in (relink("cp2", "east"), Step(remove_connection_point="cp2")):
        with pytest.raises(Refused, match="ROLE_ABSENT"):
            parts.tell("cp2", order)


def test_a_connection_point_waits_for_a_gateway_that_is_still_being_set_up():
    parts = Parts(design_of(TWO_GATEWAYS))
    parts.gateway("west", State.PROVISIONING)
    parts.tell("cp2", ADD_CP2)
    parts.wait(30 * MINUTE)
    assert parts.points["cp2"].due() is None
    parts.gateway("west", State.READY)
    due_us = parts.points["cp2"].due()
    assert parts.now_us < due_us <= parts.now_us + MINUTE
    assert due_us % MINUTE == parts.points["cp2"].phase_us
    parts.wait(MINUTE)
    assert parts.points["cp2"].connected


def test_a_gateway_that_stops_serving_drops_all_links_at_once():
    parts = Parts(design_of({"gateways.east.vms": 2}))
    parts.gateway("east", State.STOPPING)
    assert parts.facts == [
        LinkDown("cp1", "east", 1, "the gateway is stopping"),
        LinkDown("cp1", "east", 2, "the gateway is stopping"),
    ]
    assert not parts.points["cp1"].connected
    assert parts.points["cp1"].due() is None
    parts.gateway("east", State.STOPPED)
    parts.gateway("east", State.READY, vms=2)
    parts.wait(MINUTE)
    assert len(parts.points["cp1"].links) == 2


def test_scaling_adds_links_at_the_next_maintenance_and_drops_those_of_vms_that_are_gone():
    parts = Parts(design_of())
    parts.gateway("east", State.READY, vms=3)
    assert len(parts.points["cp1"].links) == 1
    parts.wait(MINUTE)
    assert len(parts.points["cp1"].links) == 3
    parts.gateway("east", State.READY, vms=1)
    assert parts.points["cp1"].links == {1: Link(TCP_TLS, 10_140)}
    assert parts.facts[-2:] == [LinkDown("cp1", "east", vm, "the VM is gone") for vm in (2, 3)]


@pytest.mark.oracle("O-5")
def test_a_second_vm_cuts_off_a_connection_point_behind_a_firewall_that_lets_443_out_only():
    parts = Parts(design_of({"roles.connection_points.cp1.outbound_ports": [443]}))
    assert parts.points["cp1"].links == {1: Link(HTTPS, 443)}
    parts.gateway("east", State.READY, vms=2)
    assert parts.facts == [LinkDown("cp1", "east", 1, "another port is needed now")]
    parts.wait(MINUTE)
    assert not parts.points["cp1"].connected
    assert [fact.reason for fact in parts.facts[1:]] == [
        "outbound TCP-TLS port 10140 and HTTPS port 10124 closed",
        "outbound TCP-TLS port 10141 and HTTPS port 10125 closed",
    ]
    parts.wait(10 * MINUTE)
    assert len(parts.facts) == 3, "a trouble is told once"
    assert parts.points["cp1"].due() is None
    parts.gateway("east", State.READY, vms=3)
    parts.wait(MINUTE)
    assert [fact.vm for fact in parts.facts[3:]] == [3]
    parts.gateway("east", State.READY, vms=1)
    parts.wait(MINUTE)
    assert parts.points["cp1"].connected


def test_relinking_leaves_the_old_gateway_at_once_and_reaches_the_new_one_within_a_minute():
    parts = Parts(design_of(TWO_GATEWAYS))
    parts.gateway("west", State.READY)
    facts = parts.tell("cp1", relink("cp1", "west"))
    assert facts == [
        LinkDown("cp1", "east", 1, "linked with gateway west now"),
        RoleChanged("connection_point:cp1", "gateway", "west"),
    ]
    parts.wait(MINUTE)
    assert parts.points["cp1"].connected
    assert parts.tell("cp1", relink("cp1", "west")) == []
    parts.gateway("east", State.STOPPING)
    assert parts.points["cp1"].connected


def test_a_removed_connection_point_has_no_links_and_hears_nothing_more():
    parts = Parts(design_of())
    parts.tell("cp1", REMOVE_CP1)
    parts.gateway("east", State.READY, vms=2)
    parts.wait(MINUTE)
    assert not parts.points["cp1"].present
    assert not parts.points["cp1"].connected
    parts.tell("cp1", Step(add_connection_point="cp1"))
    parts.wait(MINUTE)
    assert len(parts.points["cp1"].links) == 2


@pytest.mark.seed("S-120")
def test_after_its_gateway_was_deleted_it_stays_without_traffic_until_it_is_linked_anew():
    parts = Parts(design_of())
    for state in (State.DELETING, State.ABSENT, State.PROVISIONING, State.READY):
        parts.gateway("east", state)
    parts.wait(10 * MINUTE)
    assert parts.points["cp1"].present
    assert parts.points["cp1"].gateway == "east"
    assert not parts.points["cp1"].connected, "the gateway is another one, though its name is the same"
    parts.tell("cp1", relink("cp1", "east"))
    parts.wait(MINUTE)
    assert parts.points["cp1"].connected


@given(st.lists(st.sampled_from([*State]), max_size=8), st.integers(0, 5), st.integers(0, 90), st.integers(1, 99))
def test_a_copy_goes_on_as_the_original_would(states, cut, seconds, seed):
    parts = Parts(design_of({"gateways.east.vms": 2}), seed=seed)
    for state in states[:cut]:
        parts.gateway("east", state)
        parts.wait(seconds * SECOND)
    twin = deepcopy(parts)
    for each in (parts, twin):
        for state in states[cut:]:
            each.gateway("east", state)
            each.wait(seconds * SECOND)
    assert parts.facts == twin.facts
    assert parts.points["cp1"].links == twin.points["cp1"].links


@given(st.lists(st.tuples(st.sampled_from([*State]), st.integers(1, 4), st.integers(0, 120)), max_size=12))
def test_only_serving_gateways_have_links_and_maintenance_settles_them_within_a_minute(history):
    parts = Parts(design_of())
    for state, vms, seconds in history:
        parts.gateway("east", state, vms)
        point, gateway = parts.points["cp1"], parts.deployments["east"]
        assert gateway.serving or not point.links
        assert all(vm <= gateway.vms for vm in point.links)
        parts.wait(seconds * SECOND)
        if seconds >= 60:
            assert point.due() is None
            assert len(point.links) == (gateway.vms if gateway.serving and not point.orphaned else 0)
