"""The load balancer: a VM that is down gets no requests once it has missed its probes."""

import pytest
from site_parts import Parts, design_of

from cmgsim.site.balancer import PROBE_US, LoadBalancer
from cmgsim.site.conditions import Breakage, Conditions, ConditionsChanged, Part
from cmgsim.site.deployment import GatewayChanged, State
from cmgsim.site.facts import DoorsChanged
from cmgsim.site.landscape import NO_ANSWER, SERVED, Over, StationKind
from cmgsim.units import MINUTE, SECOND


class Balanced:
    def __init__(self, vms: int = 3, changes: dict | None = None) -> None:
        self.conditions = Conditions()
        self.parts = Parts(design_of({"gateways.east.vms": vms, **(changes or {})}))
        for point in self.parts.points.values():
            point.conditions = self.conditions
        self.balancer = LoadBalancer(self.parts.deployments, self.conditions)

    def turn(self, now_us: int, down: int = 0, up: int = 0) -> None:
        if down:
            self.conditions.hurt(Breakage(Part.VM, "east", down), "test")
        if up:
            self.conditions.heal(Breakage(Part.VM, "east", up), "test")
        self.balancer.receive(ConditionsChanged(), now_us)
        self.parts.now_us = now_us
        for point in self.parts.points.values():
            self.parts.facts += point.receive(ConditionsChanged(), now_us)

    def probe(self) -> list:
        return self.balancer.step(self.balancer.due())

    def doors(self) -> list[tuple[str, int]]:
        """Return (VM, connection points behind it) for each door of the gateway's first contact."""
        landscape = self.landscape()
        number = next(n for n, contact in enumerate(landscape.contacts) if contact.over is Over.GATEWAY)
        doors = landscape.routes[number].doors
        return [(landscape.stations[door.vm].name.rpartition("_")[2], len(door.connection_points)) for door in doors]

    def landscape(self):
        from datetime import date

        from cmgsim.site.locales import Locale
        from cmgsim.site.survey import survey

        parts = self.parts
        taking = {name: self.balancer.taking(name) for name in parts.deployments}
        return survey(
            parts.design, (Locale("P01"),), parts.server, parts.deployments, parts.points, None,
            date(2019, 7, 29), self.conditions, taking,
        )  # fmt: skip


@pytest.mark.seed("S-130")
def test_a_vm_that_went_down_is_taken_out_after_two_missed_probes_and_in_after_one_answer():
    balanced = Balanced()
    balanced.turn(0, down=2)
    assert balanced.balancer.taking("east") == (1, 2, 3)
    assert balanced.balancer.due() == 30 * SECOND
    assert balanced.probe() == [DoorsChanged("east", (1, 3))]
    balanced.turn(5 * MINUTE, up=2)
    assert balanced.balancer.due() == 5 * MINUTE + 15 * SECOND
    assert balanced.probe() == [DoorsChanged("east", (1, 2, 3))]
    assert balanced.balancer.due() is None


def test_news_of_one_vm_change_nothing_for_the_others():
    balanced = Balanced()
    balanced.turn(0, down=3)
    balanced.turn(SECOND, down=1)
    assert balanced.balancer.due() == 30 * SECOND  # as if nothing else had happened
    assert balanced.probe() == [DoorsChanged("east", (1, 2))]
    balanced.turn(30 * SECOND)
    assert balanced.balancer.taking("east") == (1, 2)
    assert balanced.balancer.due() == 31 * SECOND
    assert balanced.probe() == [DoorsChanged("east", (2,))]


def test_a_vm_that_is_back_before_it_was_missed_is_never_taken_out():
    balanced = Balanced()
    balanced.turn(0, down=1)
    balanced.turn(PROBE_US, up=1)
    assert balanced.balancer.due() is None
    assert balanced.balancer.taking("east") == (1, 2, 3)


def test_the_probe_of_a_vm_that_is_scaled_away_is_forgotten():
    balanced = Balanced()
    balanced.turn(0, down=3)
    balanced.parts.deployments["east"].vms = 2
    balanced.balancer.receive(GatewayChanged("east"), 1)
    assert balanced.balancer.due() is None
    balanced.turn(2, down=2)
    balanced.probe()
    balanced.parts.deployments["east"].vms = 1
    balanced.balancer.receive(GatewayChanged("east"), MINUTE)
    balanced.parts.deployments["east"].vms = 3
    assert balanced.balancer.taking("east") == (1, 2, 3)  # new machines under old numbers


def test_a_stopped_gateway_takes_no_requests_and_a_started_one_begins_anew():
    balanced = Balanced()
    balanced.turn(0, down=3)
    balanced.probe()
    deployment = balanced.parts.deployments["east"]
    for state, taking in ((State.STOPPED, ()), (State.READY, (1, 2, 3))):
        deployment.state = state
        balanced.balancer.receive(GatewayChanged("east"), MINUTE)
        assert balanced.balancer.taking("east") == taking


def test_a_single_vm_is_never_without_requests_to_come():
    balanced = Balanced(1)
    balanced.turn(0, down=1)
    assert balanced.probe() == []
    balanced.turn(MINUTE, up=1)
    assert balanced.doors() == [("0", 0)]  # its link is made by the next maintenance
    assert balanced.probe() == []
    assert balanced.balancer.taking("east") == (1,)


@pytest.mark.oracle("O-5")
@pytest.mark.parametrize(
    ("vms", "ports", "doors"),
    [
        (1, [443], [("0", 1)]),
        (2, [443], [("0", 0), ("1", 0)]),
        (2, [443, 10124], [("0", 1), ("1", 0)]),
        (3, [10140, 10142], [("0", 1), ("1", 0), ("2", 1)]),
    ],
)
def test_a_vm_that_no_port_leads_to_is_a_door_that_leads_nowhere(vms, ports, doors):
    balanced = Balanced(vms, {"roles.connection_points.cp1.outbound_ports": ports})
    assert balanced.doors() == doors


@pytest.mark.conflict("X-19")
def test_a_door_leads_to_the_connection_points_of_the_management_points_site():
    more = {
        "hierarchy.sites.CAS": {"kind": "central_administration"},
        "hierarchy.sites.P01": {"parent": "CAS", "use_pki_client_certificate": True},
        "hierarchy.sites.P02": {"parent": "CAS"},
        "roles.connection_points.cp2": {"site": "P01", "gateway": "east"},
        "roles.connection_points.cp3": {"site": "P02", "gateway": "east"},
    }
    balanced = Balanced(2, more)
    assert balanced.doors() == [("0", 2), ("1", 2)]
    balanced.conditions.hurt(Breakage(Part.LINK, "cp2", 1), "test")
    balanced.turn(0)
    assert balanced.doors() == [("0", 1), ("1", 2)]


@pytest.mark.oracle("O-20")
def test_until_it_is_taken_out_a_vm_that_is_down_is_a_door_that_leads_nowhere():
    balanced = Balanced(2)
    assert balanced.doors() == [("0", 1), ("1", 1)]
    balanced.turn(0, down=2)
    assert balanced.doors() == [("0", 1), ("1", 0)]
    balanced.probe()
    assert balanced.doors() == [("0", 1)]
    landscape = balanced.landscape()
    assert landscape.active_gateways == ("east",)
    assert SERVED in landscape.answers[0]
    vms = [station for station in landscape.stations if station.kind is StationKind.VM]
    assert len(vms) == 16  # the number of stations never changes


@pytest.mark.oracle("O-20")
def test_a_gateway_whose_only_vm_is_down_answers_nobody():
    balanced = Balanced(1)
    balanced.turn(0, down=1)
    landscape = balanced.landscape()
    assert landscape.active_gateways == ()
    gateways = [n for n, contact in enumerate(landscape.contacts) if contact.over is Over.GATEWAY]
    assert {landscape.answers[0][number] for number in gateways} == {NO_ANSWER}
