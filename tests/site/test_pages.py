"""The wizard's pages as data, held against the checks, the fields of a design and the tables of versions."""

from __future__ import annotations

from collections import Counter
from itertools import groupby

import pytest

from cmgsim.design.gateways import Alerts, Gateway
from cmgsim.design.versions import VERSIONS
from cmgsim.site.modify import MATRIX, How
from cmgsim.site.pages import FIELDS, PAGES, changeable, fields, gate
from cmgsim.site.wizard import CHECKS

MODELS = ("classic", "arm", "vmss")


def labels(version: int, model: str) -> list[str]:
    return [field.label for field in fields(version, model)]


def test_every_check_stops_at_exactly_one_field():
    stops = Counter(code for field in FIELDS for code in field.refusals)
    assert stops == Counter(check.code for check in CHECKS)


def test_every_setting_of_a_gateway_is_asked_for():
    answered = {field.answered_by.removeprefix("gateways.NAME.") for field in FIELDS}
    assert set(Gateway.model_fields) - {"site", "planned"} <= answered
    assert {f"alerts.{name}" for name in Alerts.model_fields} <= answered


def test_the_fields_stand_page_by_page():
    assert [page for page, _ in groupby(field.page for field in FIELDS)] == list(PAGES)


@pytest.mark.seed("S-39")
def test_defaults_are_those_of_a_design():
    defaults = {field.answered_by: field.default for field in FIELDS}
    assert defaults["gateways.NAME.vms"] == str(Gateway.model_fields["vms"].default)
    for switch in ("verify_client_revocation", "enforce_tls_1_2"):
        assert defaults[f"gateways.NAME.{switch}"] == ("on" if Gateway.model_fields[switch].default else "off")
    assert defaults["gateways.NAME.alerts"] == "off"
    assert Gateway.model_fields["alerts"].default is None


@pytest.mark.seed("S-48", "S-50")
def test_options_appear_with_their_version():
    assert "Enforce TLS 1.2" in labels(1906, "arm")
    assert "Enforce TLS 1.2" not in labels(1902, "arm")
    content = "Allow CMG to function as a cloud distribution point and serve content from Azure storage"
    assert content in labels(1806, "arm")
    assert content not in labels(1802, "arm")


@pytest.mark.seed("S-27")
@pytest.mark.conflict("X-11")
def test_the_method_is_chosen_up_to_1902():
    assert "Deployment method" in labels(1902, "arm")
    assert "Deployment method" not in labels(1906, "arm")


@pytest.mark.seed("S-19", "S-20", "S-28")
def test_classic_asks_for_the_subscription_then_the_management_certificate():
    asked = labels(1810, "classic")
    assert asked.index("Azure Subscription ID") + 1 == asked.index("Management certificate")
    assert "Sign in" not in asked
    assert not {"Azure Subscription ID", "Management certificate"} & set(labels(1810, "arm"))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("model", MODELS)
def test_a_size_is_chosen_for_scale_sets_alone(version, model):
    assert ("VM Size" in labels(version, model)) == (model == "vmss")


def test_a_gate_is_told_in_words():
    told = {field.label: gate(field) for field in FIELDS}
    assert told["Enforce TLS 1.2"] == "1906 and later"
    assert told["Deployment method"] == "1802 to 1902"
    assert told["Region"] == ""


@pytest.mark.parametrize("model", MODELS)
def test_what_can_be_changed_is_the_matrix_of_the_version(model):
    found = {setting: how for setting, _, how in changeable(1906, model)}
    assert found == {setting: row.how for setting, row in MATRIX.items() if model in row.models}
    assert found["vms"] is How.IN_AZURE
    assert found["region"] is How.REDEPLOY
    assert "enforce_tls_1_2" not in {setting for setting, _, _ in changeable(1902, model)}
