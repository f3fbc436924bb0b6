"""Which port a connection point ends up with, for each VM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.design.roles import ALL_PORTS
from cmgsim.site.ports import FLOWS, HTTPS, TCP_TLS, Blocked, Link, Way, link_for

ONLY_443 = ((443, 443),)
HTTPS_PORTS = ((443, 443), (10_124, 10_139))
VMS = st.integers(1, 16).flatmap(lambda count: st.tuples(st.integers(1, count), st.just(count)))
RANGES = st.lists(st.sampled_from([443, *range(10_120, 10_160)]).map(lambda port: (port, port)), max_size=20).map(tuple)


@pytest.mark.oracle("O-4")
@given(VMS)
def test_tcp_tls_comes_first_on_the_port_of_the_vm(numbers):
    vm, count = numbers
    assert link_for(vm, count, ALL_PORTS, "arm") == Link(TCP_TLS, 10_139 + vm)


@pytest.mark.oracle("O-4", "O-5")
@given(VMS, RANGES, st.sampled_from(["classic", "arm", "vmss"]))
def test_https_uses_443_with_one_vm_and_the_port_of_the_vm_with_more(numbers, allowed, deployment):
    vm, count = numbers
    https = 443 if count == 1 else 10_123 + vm
    open_ports = {low for low, _ in allowed}
    link = link_for(vm, count, allowed, deployment)
    if deployment != "vmss" and 10_139 + vm in open_ports:
        assert link == Link(TCP_TLS, 10_139 + vm)
    elif https in open_ports:
        assert link == Link(HTTPS, https)
    else:
        assert isinstance(link, Blocked)
        assert str(https) in link.reason


@pytest.mark.oracle("O-5")
def test_a_gateway_reached_over_443_alone_loses_its_link_with_the_second_vm():
    assert link_for(1, 1, ONLY_443, "arm") == Link(HTTPS, 443)
    blocked = link_for(1, 2, ONLY_443, "arm")
    assert isinstance(blocked, Blocked)
    assert blocked.reason == "outbound TCP-TLS port 10140 and HTTPS port 10124 closed"
    assert link_for(2, 2, HTTPS_PORTS, "arm") == Link(HTTPS, 10_125)


def test_a_proxy_and_a_scale_set_leave_https_only():
    assert link_for(1, 1, ALL_PORTS, "arm", Way.PROXY) == Link(HTTPS, 443)
    assert link_for(2, 2, ALL_PORTS, "vmss") == Link(HTTPS, 10_125)
    assert isinstance(link_for(1, 1, ((10_140, 10_155),), "vmss"), Blocked)


def test_every_conversation_is_opened_from_inside_or_by_a_client():
    assert list(FLOWS) == [f"P{number}" for number in range(1, 12)]
    inside = {"service connection point", "connection point", "client"}
    assert {flow.opener for flow in FLOWS.values()} <= inside
    assert FLOWS["P2"].ports == ((10_139 + 1, 10_139 + 16),)
    assert FLOWS["P4"].ports == ((10_123 + 1, 10_123 + 16),)
