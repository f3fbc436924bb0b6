"""What the console lets one change, and what it refuses."""

import pytest
from site_parts import Parts, design_of

from cmgsim.design.plan import Step
from cmgsim.errors import Refused
from cmgsim.site.facts import RoleChanged
from cmgsim.site.site_server import SiteServer


def step(verb: str, **argument) -> Step:
    return Step.model_validate({verb: argument})


def refusal(server: SiteServer, order: Step) -> Refused:
    with pytest.raises(Refused) as caught:
        server.receive(order, 0)
    return caught.value


def test_the_feature_is_turned_on_once():
    server = SiteServer(design_of({"hierarchy.gateway_feature": False}))
    order = Step(enable_feature="cloud_management_gateway")
    assert server.receive(order, 0) == [RoleChanged("hierarchy", "cloud_management_gateway", "on")]
    assert server.feature_on
    assert server.receive(order, 0) == []
    assert server.due() is None


@pytest.mark.seed("S-69", "S-75")
def test_roles_take_no_gateway_traffic_until_told_and_telling_twice_changes_nothing():
    server = SiteServer(design_of({"roles.management_points.mp1.gateway_traffic": None}))
    assert not server.takes_gateway_traffic("mp1")
    assert not server.update_points["sup1"].gateway_traffic
    box = step("set_management_point", management_point="mp1", gateway_traffic=True)
    assert server.receive(box, 0) == [RoleChanged("management_point:mp1", "gateway_traffic", "on")]
    assert server.receive(box, 0) == []
    assert server.takes_gateway_traffic("mp1")
    box = step("set_update_point", update_point="sup1", gateway_traffic=True)
    assert server.receive(box, 0) == [RoleChanged("update_point:sup1", "gateway_traffic", "on")]
    assert server.receive(box, 0) == []


@pytest.mark.seed("S-70", "S-72")
def test_roles_of_a_secondary_site_cannot_take_gateway_traffic():
    branch = {
        "hierarchy.sites.S01": {"kind": "secondary", "parent": "P01"},
        "roles.management_points.mp2": {"site": "S01"},
        "roles.update_points.sup2": {"site": "S01"},
    }
    server = SiteServer(design_of(branch))
    for order in (
        step("set_management_point", management_point="mp2", gateway_traffic=True),
        step("set_update_point", update_point="sup2", gateway_traffic=True),
    ):
        error = refusal(server, order)
        assert error.code == "SECONDARY_SITE"
        assert "P01" in str(error)
        assert "Administration > Site Configuration > Servers and Site System Roles" in str(error)
    assert not server.takes_gateway_traffic("mp2")
    assert not server.update_points["sup2"].gateway_traffic


@pytest.mark.seed("S-70")
def test_a_box_that_is_checked_at_a_secondary_site_all_the_same_has_no_effect():
    branch = {
        "hierarchy.sites.S01": {"kind": "secondary", "parent": "P01"},
        "roles.management_points.mp2": {"site": "S01", "gateway_traffic": True},
    }
    server = SiteServer(design_of(branch))
    assert server.takes_gateway_traffic("mp1")
    assert not server.takes_gateway_traffic("mp2")


@pytest.mark.seed("S-60", "S-62")
def test_the_sites_communication_options_can_be_changed():
    server = SiteServer(design_of({"hierarchy.sites.P01": {}}))
    facts = server.receive(step("set_site", site="P01", use_pki_client_certificate=True, clients_check_crl=False), 0)
    assert facts == [
        RoleChanged("site:P01", "use_pki_client_certificate", "on"),
        RoleChanged("site:P01", "clients_check_crl", "off"),
    ]
    assert server.sites["P01"].use_pki_client_certificate
    assert not server.sites["P01"].clients_check_crl


@pytest.mark.seed("S-61")
@pytest.mark.parametrize(
    ("version", "tab"), [(1902, "Client Computer Communication"), (1906, "Communication Security")]
)
def test_a_secondary_site_has_no_such_tab_and_the_message_names_the_right_one(version, tab):
    branch = {"hierarchy.sites.S01": {"kind": "secondary", "parent": "P01"}, "hierarchy.version": version}
    error = refusal(SiteServer(design_of(branch)), step("set_site", site="S01", clients_check_crl=False))
    assert error.code == "NOT_A_PRIMARY_SITE"
    assert tab in str(error)


def test_enhanced_http_begins_with_1806():
    old = SiteServer(design_of({"hierarchy.version": 1802}))
    for order in (
        step("set_site", site="P01", generated_certificates=True),
        step("set_management_point", management_point="mp1", mode="enhanced_http"),
    ):
        assert refusal(old, order).code == "ENHANCED_HTTP_NOT_AVAILABLE"
    new = SiteServer(design_of({"hierarchy.version": 1806}))
    assert new.receive(step("set_site", site="P01", generated_certificates=True), 0)


@pytest.mark.seed("S-76")
@pytest.mark.parametrize(("version", "allowed"), [(1806, False), (1810, False), (1902, True), (1906, True)])
def test_a_gateway_can_be_referenced_in_a_boundary_group_from_1902_on(version, allowed):
    server = SiteServer(design_of({"hierarchy.version": version, "boundary_groups.vpn": {}}))
    order = step("add_group_reference", boundary_group="vpn", gateway="east")
    if allowed:
        assert server.receive(order, 0) == [RoleChanged("boundary_group:vpn", "add gateway", "east")]
        assert server.receive(order, 0) == []
    else:
        error = refusal(server, order)
        assert error.code == "BOUNDARY_GROUP_NOT_AVAILABLE"
        assert "1902" in str(error)
    assert server.boundary_groups["vpn"].references.gateways == (("east",) if allowed else ())


@pytest.mark.seed("S-78")
def test_a_reference_can_be_taken_off_the_references_tab_again():
    server = SiteServer(design_of({"boundary_groups.vpn": {"references": {"gateways": ["east"]}}}))
    order = step("remove_group_reference", boundary_group="vpn", gateway="east")
    assert server.receive(order, 0) == [RoleChanged("boundary_group:vpn", "remove gateway", "east")]
    assert server.boundary_groups["vpn"].references.gateways == ()
    assert server.receive(order, 0) == []


def test_client_settings_change_for_one_population_only():
    other = {"clients.tablets": {"count": 1, "site": "P01", "day_plan": "always"}}
    parts = Parts(design_of(other))
    order = step("change_client_settings", population="laptops", use_gateway=False, policy_polling="2h")
    assert parts.server.receive(order, 0) == [
        RoleChanged("client_settings:laptops", "use_gateway", "off"),
        RoleChanged("client_settings:laptops", "policy_polling", "2h"),
    ]
    laptops, tablets = parts.survey().told
    assert (laptops.use_gateway, laptops.policy_polling_us) == (False, 7_200_000_000)
    assert (tablets.use_gateway, tablets.policy_polling_us) == (True, 3_600_000_000)


def test_orders_do_not_change_the_design():
    design = design_of()
    server = SiteServer(design)
    server.receive(step("set_management_point", management_point="mp1", gateway_traffic=False), 0)
    assert design.roles.management_points["mp1"].gateway_traffic
    assert not server.management_points["mp1"].gateway_traffic


def test_access_to_the_cloud_and_metered_connections_can_be_changed_for_one_population():
    parts = Parts(design_of())
    order = step("change_client_settings", population="laptops", cloud_distribution_point=True, metered="limit")
    assert parts.server.receive(order, 0) == [
        RoleChanged("client_settings:laptops", "cloud_distribution_point", "on"),
        RoleChanged("client_settings:laptops", "metered", "limit"),
    ]
    told = parts.survey().told[0]
    assert (told.use_cloud, told.metered.name) == (True, "LIMIT")
