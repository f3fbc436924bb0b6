"""What stands after each step of a plan, as the linter sees it: one small design, one step at a time."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cmgsim.design.document import parse_document
from cmgsim.design.faults import validate
from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.lint.outlook import Moment, Standing, moments, outcome, variants

DESIGN = """
cmgsim: 1
name: outlook
start: '2019-07-29'
hierarchy:
  version: 1906
  sites:
    PS1: {use_pki_client_certificate: true}
    PS2: {use_pki_client_certificate: true}
azure:
  subscriptions: {production: {}}
certificates:
  authorities:
    public-ca: {kind: public}
    corp-root: {kind: private}
  servers:
    old: {name: old.contoso.com, issuer: public-ca}
    new: {name: new.contoso.com, issuer: public-ca}
gateways:
  old: {certificate: old, region: westeurope, vms: 2, trusted_authorities: [corp-root]}
  new: {certificate: new, region: westeurope, vms: 2, trusted_authorities: [corp-root], planned: true}
roles:
  management_points:
    mp1: {site: PS1}
    mp2: {site: PS1}
  update_points:
    sup1: {site: PS1}
    sup2: {site: PS1}
  connection_points:
    cp1: {site: PS1, gateway: old}
    cp2: {site: PS1, gateway: new, planned: true}
boundary_groups:
  paris: {references: {gateways: [old], management_points: [mp1]}, assigned_site: PS1}
  lyon: {references: {gateways: [old]}}
day_plans:
  week: {work: '08:30-17:00', remote: 40%}
clients:
  laptops: {count: 1000, site: PS1, day_plan: week, certificate: corp-root}
  desktops: {count: 1000, site: PS1, day_plan: week, certificate: corp-root}
"""


def design() -> Design:
    checked, findings = validate(Design, parse_document(DESIGN, Path("outlook.design.yaml")))
    assert checked is not None, str(findings)
    return checked


def plan_of(*steps: dict[str, Any]) -> Plan:
    return Plan.model_validate({"plan": "a plan", "steps": list(steps)})


def walked(*steps: dict[str, Any]) -> list[Moment]:
    return list(moments(design(), plan_of(*steps)))


def after(*steps: dict[str, Any]) -> Standing:
    return walked(*steps)[-1].after


def changed(step: dict[str, Any]) -> tuple[Design, Design]:
    """Return the design before and after one step."""
    (moment,) = walked(step)
    return moment.before.design, moment.after.design


def test_a_moment_knows_its_step_and_its_place_in_the_plan() -> None:
    first, second = walked({"create_gateway": "new"}, {"wait": "24h"})
    assert (first.path, second.path) == (("steps", 0, "create_gateway"), ("steps", 1, "wait"))
    assert first.step.create_gateway == "new"
    assert second.before is first.after
    assert first.before.design == design()


def test_without_a_plan_there_are_no_moments() -> None:
    assert list(moments(design(), None)) == []


def test_waiting_adds_up_and_nothing_else_takes_time() -> None:
    steps = walked({"wait": "24h"}, {"create_gateway": "new"}, {"wait": "12h"})
    assert steps[0].before.waited == timedelta(0)
    assert [moment.after.waited for moment in steps] == [timedelta(hours=24), timedelta(hours=24), timedelta(hours=36)]


def test_a_planned_gateway_exists_from_its_creation_until_its_deletion() -> None:
    born, gone = walked({"create_gateway": "new"}, {"delete_gateway": "new"})
    assert list(born.before.gateways) == ["old"]
    assert list(born.after.gateways) == ["old", "new"]
    assert list(gone.after.gateways) == ["old"]
    assert born.after.gateways["new"] == design().gateways["new"].model_copy(update={"planned": False})


def test_a_gateway_is_active_while_it_runs_and_a_connection_point_is_linked_with_it() -> None:
    assert Standing(design()).active == ("old",)
    assert after({"create_gateway": "new"}).active == ("old",), "nothing is linked with it"
    assert after({"create_gateway": "new"}, {"add_connection_point": "cp2"}).active == ("old", "new")
    assert after({"stop_gateway": "old"}).active == ()
    assert after({"remove_connection_point": "cp1"}).active == ()


def test_a_planned_connection_point_links_nothing() -> None:
    assert Standing(design()).linked == {"old"}
    assert after({"add_connection_point": "cp2"}).linked == {"old", "new"}
    assert after({"add_connection_point": "cp2"}, {"remove_connection_point": "cp1"}).linked == {"new"}


def test_a_connection_point_linked_anew_leaves_its_old_gateway() -> None:
    before, then = changed({"relink_connection_point": {"connection_point": "cp1", "gateway": "new"}})
    assert Standing(before).linked == {"old"}
    assert Standing(then).linked == {"new"}
    assert then.roles.connection_points["cp1"].site == "PS1"
    assert then.roles.connection_points["cp2"] == before.roles.connection_points["cp2"]
    assert then.roles.management_points == before.roles.management_points


@pytest.mark.parametrize("ending", ["start_gateway", "delete_gateway", "create_gateway"])
def test_a_stopped_gateway_stays_stopped_until_it_is_started_deleted_or_made_again(ending: str) -> None:
    stop, pause, other, end = walked({"stop_gateway": "old"}, {"wait": "1h"}, {"stop_gateway": "new"}, {ending: "old"})
    assert stop.after.stopped == {"old"}
    assert pause.after.stopped == {"old"}
    assert other.after.stopped == {"old", "new"}
    assert end.after.stopped == {"new"}


def test_stopping_changes_nothing_in_the_design() -> None:
    before, then = changed({"stop_gateway": "old"})
    assert then == before


def test_scaling_changes_the_vms_and_no_other_gateway() -> None:
    before, then = changed({"scale_gateway": {"gateway": "old", "vms": 7}})
    assert then.gateways["old"] == before.gateways["old"].model_copy(update={"vms": 7})
    assert then.gateways["new"] == before.gateways["new"]
    assert then.model_copy(update={"gateways": before.gateways}) == before


def test_modifying_changes_what_was_given_and_keeps_the_rest() -> None:
    before, then = changed({"modify_gateway": {"gateway": "old", "certificate": "new", "enforce_tls_1_2": False}})
    expected = before.gateways["old"].model_copy(update={"certificate": "new", "enforce_tls_1_2": False})
    assert then.gateways["old"] == expected
    assert not hasattr(then.gateways["old"], "gateway"), "what a step is about is no setting"


def test_a_list_emptied_is_a_change() -> None:
    _, then = changed({"modify_gateway": {"gateway": "old", "trusted_authorities": []}})
    assert then.gateways["old"].trusted_authorities == ()


def test_the_feature_is_turned_on() -> None:
    before, then = changed({"enable_feature": "cloud_management_gateway"})
    assert not before.hierarchy.gateway_feature
    assert then.hierarchy.gateway_feature
    assert then.hierarchy.sites == before.hierarchy.sites
    assert then.gateways == before.gateways


def test_one_management_point_is_flagged_and_the_other_is_not() -> None:
    before, then = changed({"set_management_point": {"management_point": "mp1", "gateway_traffic": True}})
    points = then.roles.management_points
    assert points["mp1"] == before.roles.management_points["mp1"].model_copy(update={"gateway_traffic": True})
    assert points["mp2"] == before.roles.management_points["mp2"]
    assert not hasattr(points["mp1"], "management_point")
    assert then.roles.connection_points == before.roles.connection_points


def test_a_management_points_mode_changes_alone() -> None:
    before, then = changed({"set_management_point": {"management_point": "mp2", "mode": "https"}})
    point = then.roles.management_points["mp2"]
    assert (point.mode, point.gateway_traffic) == ("https", before.roles.management_points["mp2"].gateway_traffic)


def test_one_update_point_is_flagged_and_the_other_is_not() -> None:
    before, then = changed({"set_update_point": {"update_point": "sup2", "gateway_traffic": True}})
    points = then.roles.update_points
    assert points["sup2"] == before.roles.update_points["sup2"].model_copy(update={"gateway_traffic": True})
    assert points["sup1"] == before.roles.update_points["sup1"]
    assert not hasattr(points["sup2"], "update_point")


def test_a_site_is_set_and_its_neighbour_is_not() -> None:
    step = {"set_site": {"site": "PS1", "generated_certificates": True, "clients_check_crl": False}}
    before, then = changed(step)
    sites = then.hierarchy.sites
    update = {"generated_certificates": True, "clients_check_crl": False}
    assert sites["PS1"] == before.hierarchy.sites["PS1"].model_copy(update=update)
    assert sites["PS1"].use_pki_client_certificate, "what the step does not name stays"
    assert sites["PS2"] == before.hierarchy.sites["PS2"]
    assert not hasattr(sites["PS1"], "site")
    assert then.hierarchy.version == before.hierarchy.version


def test_a_reference_is_added_behind_those_that_are_there_and_only_once() -> None:
    add = {"add_group_reference": {"boundary_group": "paris", "gateway": "new"}}
    before, once = changed(add)
    assert once.boundary_groups["paris"].references.gateways == ("old", "new")
    assert once.boundary_groups["paris"].references.management_points == ("mp1",)
    assert once.boundary_groups["paris"].assigned_site == "PS1"
    assert once.boundary_groups["lyon"] == before.boundary_groups["lyon"]
    assert after(add, add).design == once


def test_a_reference_is_removed_and_the_others_stay() -> None:
    add = {"add_group_reference": {"boundary_group": "paris", "gateway": "new"}}
    remove = {"remove_group_reference": {"boundary_group": "paris", "gateway": "old"}}
    then = after(add, remove).design
    assert then.boundary_groups["paris"].references.gateways == ("new",)
    assert then.boundary_groups["paris"].references.management_points == ("mp1",)
    assert then.boundary_groups["lyon"].references.gateways == ("old",)


def test_settings_change_for_one_population_and_keep_what_was_not_named() -> None:
    first = {"change_client_settings": {"population": "laptops", "use_gateway": False}}
    second = {"change_client_settings": {"population": "laptops", "policy_polling": "15m"}}
    then = after(first, second).design
    before = design()
    assert before.settings_of("laptops").use_gateway
    changes = {"use_gateway": False, "policy_polling": timedelta(minutes=15)}
    assert then.settings_of("laptops").model_dump() == before.settings_of("laptops").model_dump() | changes
    assert then.settings_of("desktops") == before.settings_of("desktops")
    assert then.clients["desktops"] == before.clients["desktops"]
    assert then.clients["laptops"].count == 1000
    assert not hasattr(then.settings_of("laptops"), "population")


@pytest.mark.parametrize(
    "step",
    [
        {"wait": "1h"},
        {"portal_change": {"gateway": "old", "vms": 5}},
        {"restart_ccmexec": {"population": "laptops"}},
        {"until": {"clients_knowing": "old", "share": "90%", "give_up_after": "2d"}},
    ],
    ids=lambda step: next(iter(step)),
)
def test_what_the_console_does_not_change_the_design_does_not_show(step: dict[str, Any]) -> None:
    before, then = changed(step)
    assert then == before


def test_without_a_plan_everything_described_is_taken_to_stand() -> None:
    assert outcome(design(), None) == design()


def test_what_is_still_planned_when_the_plan_is_done_is_left_out() -> None:
    end = outcome(design(), plan_of({"wait": "1h"}))
    assert list(end.gateways) == ["old"]
    assert list(end.roles.connection_points) == ["cp1"]
    assert end.roles.management_points == design().roles.management_points


def test_a_connection_point_goes_with_the_gateway_it_is_linked_with() -> None:
    end = outcome(design(), plan_of({"delete_gateway": "old"}, {"add_connection_point": "cp2"}))
    assert (end.gateways, end.roles.connection_points) == ({}, {})
    end = outcome(
        design(), plan_of({"create_gateway": "new"}, {"delete_gateway": "old"}, {"add_connection_point": "cp2"})
    )
    assert list(end.gateways) == ["new"]
    assert list(end.roles.connection_points) == ["cp2"]


def test_the_gateways_to_look_at_are_those_described_and_each_as_a_step_leaves_it() -> None:
    modify = {"modify_gateway": {"gateway": "old", "certificate": "new"}}
    seen = list(variants(design(), plan_of({"wait": "1h"}, modify)))
    assert [path for path, _ in seen] == [("gateways", "old"), ("gateways", "new"), ("steps", 1, "modify_gateway")]
    assert [gateway.certificate for _, gateway in seen] == ["old", "new", "new"]
    assert [path for path, _ in variants(design(), None)] == [("gateways", "old"), ("gateways", "new")]
