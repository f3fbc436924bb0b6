"""What requests queue at: speeds from ratings or from measurement, and the routes behind contacts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from crowds import crowd
from pydantic import ValidationError

from cmgsim.site.landscape import Over, StationKind
from cmgsim.site.stations import measured, rated_clients, role_speed, stations, vm_speed
from cmgsim.units import HOUR
from cmgsim.world.build import build


def test_a_vm_at_its_rating_is_seventy_percent_busy():
    """6,000 clients of three requests each, in an hour."""
    speed = vm_speed(crowd(), "A2_v2")
    assert 6_000 * 3 * speed.service_us[0] / (HOUR * speed.servers) == pytest.approx(0.7, rel=1e-5)
    assert len(set(speed.service_us)) == 1, "all kinds of request take equally long"


def test_a_connection_point_at_four_full_vms_is_as_busy_and_a_management_point_at_its_rating():
    point, role = (role_speed(crowd(), kind) for kind in (StationKind.CONNECTION_POINT, StationKind.MANAGEMENT_POINT))
    assert 24_000 * 3 * point.service_us[0] / HOUR == pytest.approx(0.7, rel=1e-4)
    assert 25_000 * 3 * role.service_us[0] / HOUR == pytest.approx(0.7, rel=1e-4)


@pytest.mark.parametrize(
    ("version", "vm_size", "clients"),
    [(1906, "A2_v2", 6_000), (2010, "A2_v2", 2_000), (2107, "A4_v2", 10_000), (2107, "B2s", 6_000)],
)
def test_ratings_follow_version_and_size(version, vm_size, clients):
    assert rated_clients(version, vm_size) == clients


def test_measured_times_are_used_as_they_are():
    part = {"service": "40ms", "at_once": 8, "by_kind": {"scan": "1s"}}
    design = crowd(capacity={"vm": part})
    speed = vm_speed(design, "A2_v2")
    assert speed.servers == 8
    assert sorted(set(speed.service_us)) == [40_000, 1_000_000]
    assert not measured(design), "the roles are still assumed"
    names = ("vm", "connection_point", "management_point", "update_point")
    others = {name: {"service": "10ms"} for name in names}
    assert measured(crowd(capacity=others))


def test_a_part_that_serves_several_at_once_is_as_fast_as_a_whole():
    one, four = vm_speed(crowd(), "A2_v2"), vm_speed(crowd(capacity={"vm": {"at_once": 4}}), "A2_v2")
    assert one.service_us[0] * 4 == four.service_us[0]


@pytest.mark.parametrize(
    "capacity",
    [
        {"vm": {"service": 40}},
        {"vm": {"at_once": 0}},
        {"vm": {"service": "0s"}},
        {"vms": {}},
        {"vm": {"by_kind": {"polcy": "1s"}}},
    ],
)
def test_bad_input_is_refused(capacity):
    with pytest.raises(ValidationError):
        crowd(capacity=capacity)


def test_a_gateway_has_sixteen_vm_stations_whatever_it_runs_now():
    kinds = [station.kind for station in stations(crowd(vms=2))]
    assert [kinds.count(kind) for kind in StationKind] == [16, 1, 1, 1]


def test_a_connection_point_has_the_dynamic_ports_unless_they_were_raised():
    points = [one for one in stations(crowd()) if one.kind is StationKind.CONNECTION_POINT]
    assert [point.ports for point in points] == [16_384]
    raised = crowd(roles={"connection_points": {"cp1": {"site": "P01", "gateway": "east", "tcp_ports": 50_000}}})
    assert [one.ports for one in stations(raised) if one.kind is StationKind.CONNECTION_POINT] == [50_000]


class TestRoutes:
    def test_every_vm_is_a_door_to_every_linked_connection_point(self):
        landscape = build(crowd(10, vms=3, connection_points=2)).landscape
        names = [station.name for station in landscape.stations]
        (route,) = (
            route
            for contact, route in zip(landscape.contacts, landscape.routes, strict=True)
            if contact.over is Over.GATEWAY and contact.management_point
        )
        assert [names[door.vm] for door in route.doors] == [f"east/ProxyService_IN_{number}" for number in range(3)]
        assert {tuple(names[point] for point in door.connection_points) for door in route.doors} == {("cp1", "cp2")}
        assert names[route.role] == "mp1"

    def test_on_the_intranet_there_is_only_the_role(self):
        landscape = build(crowd(10)).landscape
        for contact, route in zip(landscape.contacts, landscape.routes, strict=True):
            if contact.over is Over.INTRANET:
                assert route.doors == ()
                assert landscape.stations[route.role].name in (contact.management_point, contact.update_point)

    def test_a_role_of_another_site_has_no_part_in_it(self):
        sites = {
            "sites": {"CAS": {"kind": "central_administration"}, "P01": {"parent": "CAS"}, "P02": {"parent": "CAS"}}
        }
        roles = {
            "connection_points": {"cp1": {"site": "P01", "gateway": "east"}, "cp2": {"site": "P02", "gateway": "east"}},
            "management_points": {
                "mp1": {"site": "P01", "gateway_traffic": True},
                "mp2": {"site": "P02", "gateway_traffic": True},
            },
        }
        landscape = build(crowd(10, hierarchy={**sites, "gateway_feature": True}, roles=roles)).landscape
        names = [station.name for station in landscape.stations]
        found = {
            contact.management_point: [names[point] for door in route.doors for point in door.connection_points]
            for contact, route in zip(landscape.contacts, landscape.routes, strict=True)
            if contact.over is Over.GATEWAY
        }
        assert found == {"mp1": ["cp1"], "mp2": ["cp2"]}

    def test_a_gateway_that_does_not_run_has_no_doors(self):
        world = build(crowd(10))
        world.do(type_step(stop_gateway="east"))
        world.run(timedelta(hours=1))
        assert not any(route.doors for route in world.landscape.routes)


def type_step(**order):
    from cmgsim.design.plan import Step

    return Step.model_validate(order)
