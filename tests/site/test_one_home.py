"""What the linter foretells and what the simulation does rest on the same tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.design.modes import GATEWAY_MODES, IDENTITIES, INTRANET_MODES
from cmgsim.design.ports import https_port, ports_tried, tcp_port
from cmgsim.design.roles import ConnectionPoint
from cmgsim.design.versions import VERSIONS
from cmgsim.lint.rules.roles import _blocked_vms, _ports_remedy
from cmgsim.site.ports import Blocked, link_for

PORTS = st.lists(st.sampled_from([443, *range(10_120, 10_160)]), max_size=24, unique=True)


class Gateway:
    """As much of a gateway as ports depend on."""

    def __init__(self, vms: int, deployment: str) -> None:
        self.vms, self.deployment = vms, deployment


@given(st.integers(1, 16), st.sampled_from(["classic", "arm", "vmss"]), PORTS)
def test_the_linter_finds_the_vms_that_a_connection_point_will_not_reach(vms, deployment, ports):
    point = ConnectionPoint(site="PS1", gateway="east", outbound_ports=ports)
    blocked = [
        vm for vm in range(1, vms + 1) if isinstance(link_for(vm, vms, point.outbound_ports, deployment), Blocked)
    ]
    assert _blocked_vms(Gateway(vms, deployment), point) == blocked


@pytest.mark.parametrize(
    ("vms", "deployment", "remedy"),
    [
        (1, "arm", "open TCP 10140 outbound (or HTTPS 443)"),
        (3, "classic", "open TCP 10140-10142 outbound (or HTTPS 10124-10126)"),
        (1, "vmss", "open HTTPS 443 outbound"),
        (4, "vmss", "open HTTPS 10124-10127 outbound"),
    ],
)
def test_the_remedy_names_the_ports_that_are_dialled(vms, deployment, remedy):
    assert _ports_remedy(Gateway(vms, deployment)) == remedy


@pytest.mark.oracle("O-4", "O-5")
def test_the_ports_of_a_vm():
    assert [tcp_port(vm) for vm in (1, 16)] == [10_140, 10_155]
    assert [https_port(vm, 16) for vm in (1, 16)] == [10_124, 10_139]
    assert https_port(1, 1) == 443
    assert ports_tried(2, 2, "arm") == (10_141, 10_125)
    assert ports_tried(2, 2, "vmss") == (10_125,)


@pytest.mark.seed("S-74")
def test_the_matrix_is_that_of_the_documents():
    secured, https = ("enhanced_http", "https"), ("https",)
    documented = {1710: ("http", "https"), 1802: https}
    assert {
        (identity, version): documented.get(version, secured) for identity in IDENTITIES for version in VERSIONS
    } == GATEWAY_MODES
    assert {identity for identity, modes in INTRANET_MODES.items() if "http" not in modes} == {"aad_joined"}
    assert all({"https", "enhanced_http"} <= set(modes) for modes in INTRANET_MODES.values())
