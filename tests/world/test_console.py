"""What the console shows: the list of gateways, connection points, the dashboard, and the connection analyzer."""

from pathlib import Path

import pytest
from worlds import design_of

from cmgsim.design.plan import Step
from cmgsim.errors import Refused, UnknownName, UsageError
from cmgsim.fleet.series import INTERVAL_US, Count
from cmgsim.site.reports import deployment_model
from cmgsim.units import days, hours, minutes
from cmgsim.world.build import build

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.seed("S-126")
@pytest.mark.parametrize(
    ("code", "shown"),
    [
        (1, "Azure Resource Manager"),
        (0, "Azure Service Manager"),
        (7, "Azure Service Manager"),
        (None, "Azure Service Manager"),
    ],
)
def test_the_deployment_model_is_read_from_its_code(code, shown):
    assert deployment_model(code) == shown


@pytest.mark.seed("S-126", "S-127")
def test_the_list_of_gateways_has_the_deployment_model_as_a_column():
    world = build(design_of({"gateways.old.vms": 2}))
    world.do(Step(create_gateway="new"))
    world.run(hours(1))
    table = world.console.gateways()
    assert table.column("gateway") == ("old", "new")
    assert table.column("deployment model") == ("Azure Service Manager", "Azure Resource Manager")
    assert table.column("status") == ("Ready", "Ready")
    assert table.column("VM instances") == (2, 1)
    assert table.column("connection points") == ("1 of 1 connected", "0 of 0 connected")
    world.do(Step(delete_gateway="old"))
    world.run(hours(1))
    assert world.console.gateways().column("gateway") == ("new",)
    [row] = world.console.connection_points().rows
    assert row[:5] == ("cp1", "cp1", "", "eastus", "disconnected")  # it stays behind, linked with nobody


def test_connection_points_show_their_links_and_what_keeps_them_from_others():
    ports = {"gateways.old.vms": 2, "roles.connection_points.cp1.outbound_ports": [10140]}
    [row] = build(design_of(ports)).console.connection_points().rows
    assert row[4:] == (
        "connected",
        "VM 1 TCP-TLS 10140",
        "VM 2: outbound TCP-TLS port 10141 and HTTPS port 10125 closed",
    )


def test_the_dashboard_covers_thirty_days_and_who_is_online_now():
    world = build(design_of({"clients.road.count": 3, "clients.office.count": 2}))
    world.run(days(40))
    board, series = world.console.dashboard(), world.finish().series
    last = slice(series.intervals - 30 * 24 * 3_600_000_000 // INTERVAL_US, None)
    asked = series.by_contact[last, :, Count.ASKED].sum(axis=0)
    over = [number for number, contact in enumerate(world.landscape.contacts) if contact.fqdn]
    assert board.requests == int(asked[over].sum()) > 0
    assert board.egress_bytes == int(series.egress[last].sum()) < int(series.egress.sum())
    assert board.online_gateway >= 3  # the road never sleeps
    assert board.online_intranet + board.online_internet <= 2


def test_traffic_reports_add_up_to_what_the_fleet_counted():
    world = build(design_of({"gateways.old.vms": 3, "roles.connection_points.cp3": {"site": "PS1", "gateway": "old"}}))
    world.run(hours(30))
    run = world.finish()
    ended = run.series.by_contact[: run.series.intervals, :, [Count.SERVED, Count.REFUSED]].sum(axis=(0, 2))
    over = [number for number, contact in enumerate(run.landscape.contacts) if contact.fqdn]
    assert sum(run.traffic.column("requests")) == int(ended[over].sum()) > 0
    assert sum(run.traffic.column("response bytes")) == int(run.series.egress[: run.series.intervals].sum())
    by_point = {
        name: sum(row[3] for row in run.traffic if row[1] == name)
        for name in set(run.traffic.column("connection point"))
    }
    assert set(by_point) == {"cp1", "cp3"}
    rows = len(run.traffic) // 2
    assert 0 <= by_point["cp1"] - by_point["cp3"] <= rows  # round robin: they differ by one at most in each report


class TestAnalyzer:
    def test_a_sound_gateway_passes_every_check(self):
        for sign_in in ("client_certificate", "aad_user"):
            analysis = build(design_of({"azure.aad.cloud_management": True})).analyze("old", sign_in)
            assert analysis, analysis
            assert len(analysis.results) == 6
            assert not any(result.remedy for result in analysis.results)

    @pytest.mark.parametrize(
        ("fault", "failed"),
        [
            (("vm_down", {"gateway": "old", "vm": 1}), "answers|connected|Signing in|channel"),
            (("certificate_expires", "old"), "answers|channel"),
            (("connection_point_down", "cp1"), "connected|channel"),
            (("management_point_down", "mp1"), "channel"),
        ],
        ids=lambda part: part[0] if isinstance(part, tuple) else None,
    )
    def test_each_trouble_fails_its_checks_and_no_others(self, fault, failed):
        world = build(design_of())
        with world.fault(*fault):
            world.run(minutes(1))
            analysis = world.analyze("old")
            assert not analysis
            words = failed.split("|")
            for result in analysis.results:
                assert result.passed is not any(word in result.check for word in words), result
                assert bool(result.remedy) is not result.passed
            assert "FAIL" in str(analysis)
        world.run(minutes(2))
        assert world.analyze("old")

    def test_states_and_changes_of_the_service_are_seen(self):
        world = build(design_of())
        world.do(Step(stop_gateway="old"))
        world.run(hours(1))
        assert [one.passed for one in world.analyze("old").results][:3] == [False, False, False]
        absent = world.analyze("new").results
        assert absent[0].description == "new is absent"
        assert not any(result.passed for result in absent)

    def test_what_a_chain_lacks_fails_the_sign_in(self):
        world = build(design_of({"gateways.old.trusted_authorities": []}))
        failed = [result for result in world.analyze("old").results if not result.passed]
        assert [result.check for result in failed] == [
            "Signing in with a client certificate",
            "Testing the CMG channel for management point mp1",
        ]
        assert failed[0].description.startswith("401 CMGService_Invalid_Token")

    def test_without_a_management_point_for_the_gateway_nobody_can_sign_in(self):
        world = build(design_of({"roles.management_points.mp1.gateway_traffic": False}))
        assert "no management point allows gateway traffic" in str(world.analyze("old").results[-1].description)

    def test_what_cannot_be_analyzed_is_refused(self):
        world = build(design_of())
        with pytest.raises(UnknownName, match="did you mean 'old'"):
            world.analyze("odl")
        with pytest.raises(UsageError, match="use one of client_certificate, aad_user"):
            world.analyze("old", "password")
        before = build(design_of({"hierarchy.version": 1802}))
        with pytest.raises(Refused, match="ANALYZER_NOT_AVAILABLE.*1802"):
            before.analyze("old")

    def test_a_gateway_without_a_connection_point_says_so(self):
        world = build(design_of({"roles.connection_points.cp1.planned": True, "gateways.new.planned": False}))
        results = {result.check: result for result in world.analyze("new").results}
        assert results["A connection point is connected"].passed is False
        other = build(design_of({"roles.connection_points.cp2": None, "gateways.new.planned": False}))
        [missing] = [one for one in other.analyze("new").results if one.check == "A connection point is connected"]
        assert missing.description == "no connection point is linked with this gateway"


@pytest.mark.seed("S-133")
def test_the_manual_goes_on_where_the_article_does():
    page = (ROOT / "docs/how-to/analyze-a-gateway.md").read_text("utf-8")
    assert "Monitor cloud management gateway" in page
    assert "Frequently asked questions about the cloud management gateway" in page
