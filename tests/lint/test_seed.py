"""What Microsoft's set-up page says, as findings: small changes of one sound design, and what is then found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from cmgsim.design.findings import Findings
from cmgsim.design.model import Design
from cmgsim.design.plan import Plan
from cmgsim.lint.linter import lint

CASES = Path(__file__).parent / "cases"
SUCCESSION = "CMG702.good"


def data(case: str) -> dict[str, Any]:
    """Return the data of a case's design; it is the caller's to change."""
    found: dict[str, Any] = yaml.safe_load((CASES / f"{case}.design.yaml").read_text(encoding="utf-8"))
    return found


def found(design: dict[str, Any], *steps: dict[str, Any], rule: str) -> Findings:
    plan = Plan.model_validate({"plan": "p", "steps": steps}) if steps else None
    return lint(Design.model_validate(design), plan, select=[rule])


def test_a_sound_design_has_no_findings() -> None:
    assert str(lint(Design.model_validate(data("CMG101.good")))) == ""


@pytest.mark.seed("S-02")
def test_the_feature_may_be_turned_on_by_the_plan_but_not_after_the_gateway() -> None:
    design = data("CMG102.good")
    design["hierarchy"]["gateway_feature"] = False
    on, create = {"enable_feature": "cloud_management_gateway"}, {"create_gateway": "east"}
    assert not found(design, on, create, rule="CMG101")
    assert found(design, create, on, rule="CMG101")
    del design["hierarchy"]["gateway_feature"]
    assert found(design, rule="CMG101"), "the feature is off at first"


@pytest.mark.seed("S-07")
def test_user_discovery_is_not_needed() -> None:
    design = data("CMG104.good")
    design["azure"]["aad"] = {"cloud_management": True, "user_discovery": False}
    assert not found(design, rule="CMG1")


@pytest.mark.seed("S-08", "S-09")
@pytest.mark.parametrize("provider", ["Microsoft.ClassicCompute", "Microsoft.Storage"])
def test_each_missing_provider_is_named(provider: str) -> None:
    design = data("CMG102.good")
    providers = design["azure"]["subscriptions"]["production"]["providers"]
    design["azure"]["subscriptions"]["production"]["providers"] = [name for name in providers if name != provider]
    (finding,) = found(design, rule="CMG102")
    assert provider in finding.message


@pytest.mark.seed("S-11")
def test_a_taken_name_counts_whatever_its_case() -> None:
    design = data("CMG107.good")
    design["azure"]["taken_names"]["cloud_services"] = ["GRANITEfalls"]
    assert found(design, rule="CMG107")


@pytest.mark.seed("S-13")
@pytest.mark.parametrize(("content", "count"), [(None, 1), (True, 1), (False, 0)])
def test_a_storage_name_matters_only_to_a_gateway_with_content(content: bool | None, count: int) -> None:
    design = data("CMG108.good")
    design["gateways"]["east"]["content"] = content
    assert len(found(design, rule="CMG108")) == count


@pytest.mark.seed("S-16", "S-17", "S-18")
@pytest.mark.parametrize(
    ("version", "planned", "rules"),
    [
        (1806, True, []),
        (1810, True, ["CMG302"]),
        (1902, True, ["CMG301"]),
        (1906, True, ["CMG301"]),
        (1906, False, ["CMG302"]),
    ],
)
def test_classic_deployments_by_version(version: int, planned: bool, rules: list[str]) -> None:
    design = data("CMG302.good")
    design["hierarchy"]["version"] = version
    design["gateways"]["east"]["planned"] = planned
    assert [finding.rule for finding in found(design, rule="CMG30")] == rules


@pytest.mark.seed("S-26")
def test_one_subscription_is_implied_and_of_two_one_is_chosen() -> None:
    design = data("CMG106.bad")
    assert found(design, rule="CMG106")
    del design["azure"]["subscriptions"]["lab"]
    assert not found(design, rule="CMG106")


@pytest.mark.seed("S-33")
@pytest.mark.parametrize(
    ("typed", "rules"),
    [
        (None, ["CMG202"]),
        ("*.contoso.com", ["CMG202"]),
        ("cmg01.contoso.com", []),
        ("cmg01.fabrikam.com", ["CMG203"]),
        ("a.b.contoso.com", ["CMG203"]),
    ],
)
def test_the_asterisk_stands_for_one_label(typed: str | None, rules: list[str]) -> None:
    design = data("CMG202.bad")
    design["gateways"]["east"]["service_fqdn"] = typed
    assert [finding.rule for finding in found(design, rule="CMG20")] == rules


@pytest.mark.seed("S-41")
def test_the_missing_authority_is_named() -> None:
    (finding,) = found(data("CMG210.bad"), rule="CMG210")
    assert "'issuing'" in finding.message
    assert "corp-root" not in finding.message


@pytest.mark.seed("S-45")
def test_authorities_are_bounded_until_1902() -> None:
    design = data("CMG211.bad")
    assert found(design, rule="CMG211")
    design["hierarchy"]["version"] = 1906
    assert not found(design, rule="CMG211")


@pytest.mark.seed("S-58", "S-59")
def test_of_two_primaries_the_one_without_the_option_is_named() -> None:
    design = data("CMG415.good")
    design["hierarchy"]["sites"]["PS2"]["use_pki_client_certificate"] = False
    (finding,) = found(design, rule="CMG414")
    assert finding.where == "hierarchy.sites.PS2.use_pki_client_certificate"
    del design["clients"]["paris"]
    assert not found(design, rule="CMG414"), "a primary without internet clients is left alone"


@pytest.mark.seed("S-61")
@pytest.mark.parametrize(
    ("version", "tab"), [(1902, "Client Computer Communication"), (1906, "Communication Security")]
)
def test_the_remedy_names_the_tab_of_the_version(version: int, tab: str) -> None:
    design = data("CMG414.bad")
    design["hierarchy"]["version"] = version
    (finding,) = found(design, rule="CMG414")
    assert finding.remedy.endswith(tab)


@pytest.mark.seed("S-74")
@pytest.mark.parametrize(
    ("version", "mode", "sound"),
    [
        (1710, "http", True),
        (1802, "http", False),
        (1802, "https", True),
        (1806, "http", False),
        (1806, "enhanced_http", True),
        (1906, "https", True),
    ],
)
@pytest.mark.conflict("X-18")
def test_the_mode_of_a_management_point_by_version(version: int, mode: str, sound: bool) -> None:
    design = data("CMG410.good")
    design["hierarchy"]["version"] = version
    design["roles"]["management_points"]["mp1"]["mode"] = mode
    assert bool(found(design, rule="CMG410")) is not sound


def test_the_site_option_turns_http_into_enhanced_http() -> None:
    design = data("CMG410.bad")
    assert found(design, rule="CMG410")
    design["hierarchy"]["sites"]["PS1"]["generated_certificates"] = True
    assert not found(design, rule="CMG410")


def succession(gap: str) -> tuple[dict[str, Any], ...]:
    steps = yaml.safe_load((CASES / f"{SUCCESSION}.plan.yaml").read_text(encoding="utf-8"))["steps"]
    return tuple({"wait": gap} if "wait" in step else step for step in steps)


@pytest.mark.seed("S-113", "S-114")
@pytest.mark.parametrize(("gap", "cycle", "sound"), [("24h", "24h", True), ("23h", "24h", False), ("12h", "8h", True)])
def test_the_gap_is_held_against_the_location_cycle(gap: str, cycle: str, sound: bool) -> None:
    design = data(SUCCESSION)
    design["client_settings"] = {"own": {"location_cycle": cycle}}
    design["clients"]["laptops"]["settings"] = "own"
    assert bool(found(design, *succession(gap), rule="CMG702")) is not sound


def test_a_gateway_that_clients_know_already_needs_no_wait() -> None:
    design = data("CMG110.good")
    assert not found(design, {"delete_gateway": "east"}, rule="CMG702")


def test_a_condition_takes_the_place_of_the_wait() -> None:
    until = {"until": {"clients_knowing": "west", "share": "99%", "give_up_after": "7d"}}
    steps = [until if "wait" in step else step for step in succession("1h")]
    assert not found(data(SUCCESSION), *steps, rule="CMG702")


@pytest.mark.seed("S-109")
@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"stop_gateway": "east"}, {"start_gateway": "east"}], "until step 2 is done"),
        ([{"delete_gateway": "east"}], "to the end of the plan"),
    ],
)
def test_a_time_without_an_active_gateway_is_told_with_its_end(steps: list[dict[str, Any]], words: str) -> None:
    (finding,) = found(data("CMG101.good"), *steps, rule="CMG701")
    assert finding.path == ("steps", 0, next(iter(steps[0])))
    assert words in finding.message


@pytest.mark.seed("S-104", "S-105", "S-106", "S-108")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("deployment", "classic"),
        ("subscription", "lab"),
        ("service_fqdn", "other.contoso.com"),
        ("region", "westus"),
    ],
)
def test_what_takes_a_redeployment(field: str, value: str) -> None:
    design = data("CMG101.good")
    design["azure"]["subscriptions"]["lab"] = {}
    design["gateways"]["east"]["subscription"] = "production"
    (finding,) = found(design, {"modify_gateway": {"gateway": "east", field: value}}, rule="CMG707")
    assert finding.path == ("steps", 0, "modify_gateway", field)


@pytest.mark.seed("S-107")
def test_a_certificate_of_another_kind_of_pki_takes_a_redeployment() -> None:
    design = data("CMG708.good")
    step = {"modify_gateway": {"gateway": "east", "certificate": "renewed"}}
    assert not found(design, step, rule="CMG708")
    design["certificates"]["servers"]["renewed"]["issuer"] = "corp-root"
    assert "private" in found(design, step, rule="CMG708")[0].message


@pytest.mark.seed("S-122")
def test_a_wildcard_may_be_used_again() -> None:
    design = data("CMG209.bad")
    assert found(design, rule="CMG209")
    design["certificates"]["servers"]["east"]["name"] = "*.contoso.com"
    assert not found(design, rule="CMG209")


@pytest.mark.parametrize(
    "steps",
    [
        [{"create_gateway": "east"}],
        [{"delete_gateway": "west"}],
        [{"start_gateway": "east"}],
        [{"stop_gateway": "east"}, {"stop_gateway": "east"}],
        [{"scale_gateway": {"gateway": "west", "vms": 3}}],
        [{"add_connection_point": "cp1"}],
        [{"remove_connection_point": "cp3"}],
        [{"relink_connection_point": {"connection_point": "cp1", "gateway": "west"}}],
    ],
)
def test_steps_on_what_does_not_stand_so(steps: list[dict[str, Any]]) -> None:
    assert len(found(data(SUCCESSION), *steps, rule="CMG710")) == 1


@pytest.mark.seed("S-05")
@pytest.mark.parametrize(
    ("case", "rule", "named"),
    [
        ("CMG117.bad", "CMG117", "management certificate"),
        ("CMG210.bad", "CMG210", "issu"),
        ("CMG402.bad", "CMG402", "client authentication certificate"),
    ],
)
def test_which_certificates_are_needed_follows_from_the_design_and_a_missing_one_is_named(
    case: str, rule: str, named: str
) -> None:
    missing = found(data(case), rule=rule)
    assert missing
    assert named in missing[0].message + missing[0].remedy
    assert not found(data(case.replace("bad", "good")), rule=rule)
