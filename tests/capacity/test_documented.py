"""The documented rules, against the figures that follow from them by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.capacity.documented import documented_size

#: clients: VMs, redundant, gateways, connection points by VMs, by ports, in all, management points, cores
BY_HAND = {
    1_000: (1, 2, 1, 1, 1, 2, 1, 4),
    6_000: (1, 2, 1, 1, 1, 2, 1, 4),
    6_001: (2, 2, 1, 1, 1, 2, 1, 4),
    24_000: (4, 4, 1, 1, 2, 2, 1, 8),
    24_001: (5, 5, 1, 2, 2, 2, 1, 10),
    50_000: (9, 9, 1, 3, 4, 4, 2, 18),
    96_000: (16, 16, 1, 4, 6, 6, 4, 32),
    96_001: (17, 17, 2, 5, 6, 6, 4, 34),
    150_000: (25, 25, 2, 7, 10, 10, 6, 50),
}


@pytest.mark.seed("S-03", "S-15")
@pytest.mark.parametrize(("clients", "expected"), BY_HAND.items())
def test_a_number_of_clients_is_sized_before_any_gateway_exists(clients, expected):
    size = documented_size(clients)
    assert (
        size.vms,
        size.vms_redundant,
        size.gateways,
        size.connection_points_by_vms,
        size.connection_points_by_ports,
        size.connection_points,
        size.management_points,
        size.cores,
    ) == expected


@pytest.mark.oracle("O-3")
def test_96_000_clients_are_the_ceiling_of_one_gateway():
    assert documented_size(96_000).gateways == 1
    assert documented_size(96_001).gateways == 2


@pytest.mark.parametrize(("clients", "binding"), [(1_000, "redundancy"), (18_000, "ports"), (96_000, "ports")])
def test_the_ports_bind_before_the_vms_do(clients, binding):
    assert documented_size(clients).binding == binding


@pytest.mark.conflict("X-9")
def test_vm_sizes_differ_by_version():
    assert documented_size(10_000, version=2107, vm_size="A4_v2").vms == 1
    with pytest.raises(ValueError, match="no VM size 'A4_v2'"):
        documented_size(10_000, version=1906, vm_size="A4_v2")


@given(st.integers(0, 10**6), st.integers(0, 1000))
def test_more_clients_never_need_less(clients, more):
    one, other = documented_size(clients), documented_size(clients + more)
    assert one.vms <= other.vms
    assert one.connection_points <= other.connection_points


def test_a_negative_number_is_refused():
    with pytest.raises(ValueError, match="not negative"):
        documented_size(-1)
