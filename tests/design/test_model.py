"""Designs as people write them become frozen designs, and go back to the same text."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from pydantic import ValidationError

from cmgsim.design.document import parse_document
from cmgsim.design.faults import validate
from cmgsim.design.files import dump, load_design
from cmgsim.design.gateways import Gateway
from cmgsim.design.model import Design
from cmgsim.design.plan import Plan, Step
from cmgsim.design.references import broken_references
from cmgsim.design.roles import ConnectionPoint
from cmgsim.testing.strategies.designs import design_data, designs
from cmgsim.units import HOUR

SMALL = {"cmgsim": 1, "name": "small", "hierarchy": {"sites": {"NYC": {}}}}


def read(text: str) -> Design:
    design, findings = validate(Design, parse_document(text, Path("x.design.yaml")))
    assert design is not None, str(findings)
    return design


@given(designs())
def test_a_design_written_and_read_again_is_the_same(design):
    assert read(dump(design)) == design


def test_sets_are_written_in_ascending_order():
    """In each process sets of texts have another order; eight names are in order by chance once in 40,000 times."""
    names = [f"name{number}" for number in (5, 3, 8, 1, 7, 2, 6, 4)]
    data = {**SMALL, "azure": {"taken_names": {"cloud_services": names}, "subscriptions": {}}}
    taken = yaml.safe_load(dump(Design.model_validate(data)))["azure"]["taken_names"]["cloud_services"]
    assert taken == sorted(names)


@given(design_data())
def test_data_as_a_file_holds_it_is_a_design_without_faults(data):
    design = read(yaml.safe_dump(data, allow_unicode=True))
    assert not broken_references(design)
    assert design == Design.model_validate(data)


def test_a_frozen_design_cannot_be_changed():
    design = Design.model_validate(SMALL)
    with pytest.raises(ValidationError):
        design.name = "other"


@pytest.mark.seed("S-39", "S-46")
def test_the_wizards_defaults_are_the_gateways_defaults():
    gateway = Gateway.model_validate({"certificate": "c", "region": "eastus"})
    assert gateway.vms == 1
    assert gateway.verify_client_revocation
    assert gateway.alerts is None


@pytest.mark.seed("S-40")
@pytest.mark.parametrize("vms", [0, 17, 2.5, "2"])
def test_a_gateway_has_one_to_sixteen_vms(vms):
    with pytest.raises(ValidationError):
        Gateway.model_validate({"certificate": "c", "region": "eastus", "vms": vms})


@pytest.mark.seed("S-35")
@pytest.mark.parametrize("choice", [{}, {"use_existing": "a", "create_new": "b"}])
def test_a_resource_group_is_existing_or_new_never_both_or_neither(choice):
    with pytest.raises(ValidationError, match="exactly one"):
        Gateway.model_validate({"certificate": "c", "region": "eastus", "resource_group": choice})


@pytest.mark.seed("S-04")
def test_an_unknown_azure_environment_is_refused():
    with pytest.raises(ValidationError):
        Design.model_validate(SMALL | {"azure": {"environment": "AzureMoonCloud"}})


@pytest.mark.seed("S-14")
def test_a_gateway_needs_its_region():
    with pytest.raises(ValidationError, match="region"):
        Gateway.model_validate({"certificate": "c"})


@pytest.mark.seed("S-84")
def test_every_client_may_use_a_gateway_unless_told_otherwise():
    design = Design.model_validate(
        SMALL
        | {"day_plans": {"d": {"always": "internet"}}, "clients": {"p": {"count": 1, "site": "NYC", "day_plan": "d"}}}
    )
    assert design.settings_of("p").use_gateway


@pytest.mark.seed("S-82", "S-113")
def test_clients_ask_for_locations_every_24_hours():
    from cmgsim.design.clients import ClientSettings
    from cmgsim.units import timedelta_us

    assert timedelta_us(ClientSettings().location_cycle) == 24 * HOUR


@pytest.mark.parametrize(
    ("written", "pairs"),
    [("all", ((1, 65535),)), ([443, "10124-10139"], ((443, 443), (10124, 10139)))],
)
def test_ports_are_read_as_people_write_them(written, pairs):
    point = ConnectionPoint.model_validate({"site": "NYC", "gateway": "g", "outbound_ports": written})
    assert point.outbound_ports == pairs
    assert point.model_dump(mode="json")["outbound_ports"] == written


@pytest.mark.parametrize("written", ["443", [0], ["10-5"], [70000], [True]])
def test_ports_that_are_none_are_refused(written):
    with pytest.raises(ValidationError, match="port"):
        ConnectionPoint.model_validate({"site": "NYC", "gateway": "g", "outbound_ports": written})


def test_the_top_level_site_is_the_central_one_or_the_primary_that_stands_alone():
    alone = Design.model_validate(SMALL)
    assert alone.hierarchy.top_level_site() == "NYC"
    sites = {"CAS": {"kind": "central_administration"}, "P01": {"parent": "CAS"}}
    assert Design.model_validate(SMALL | {"hierarchy": {"sites": sites}}).hierarchy.top_level_site() == "CAS"


def test_a_chain_of_authorities_ends_at_the_root_even_when_it_bites_its_tail():
    authorities = {"root": {}, "issuing": {"issuer": "root"}, "a": {"issuer": "b"}, "b": {"issuer": "a"}}
    design = Design.model_validate(SMALL | {"certificates": {"authorities": authorities}})
    assert design.certificates.chain("issuing") == ("issuing", "root")
    assert design.certificates.chain("a") == ("a", "b")


def test_a_step_has_one_verb_and_reads_back_as_its_line():
    step = Step.model_validate({"label": "gap", "wait": "24h"})
    assert (step.verb, step.model_dump(mode="json", exclude_none=True)) == ("wait", {"label": "gap", "wait": "1d"})
    with pytest.raises(ValidationError, match="exactly one verb, not delete_gateway and wait"):
        Step.model_validate({"wait": "1h", "delete_gateway": "x"})
    with pytest.raises(ValidationError, match="not none"):
        Step.model_validate({})


def test_names_in_a_plan_are_looked_up_in_the_design(contoso: Design):
    plan = Plan.model_validate({"plan": "p", "steps": [{"delete_gateway": "clasic"}]})
    [broken] = broken_references(plan, contoso)
    assert (broken.loc, broken.value) == (("steps", 0, "delete_gateway"), "clasic")


def test_a_design_of_thousands_of_lines_is_read_whole(tmp_path: Path):
    groups = {
        f"bg{number}": {
            "boundaries": [f"b{number}"],
            "references": {"management_points": ["mp1"]},
            "relationships": {f"bg{(number + 1) % 200}": {"distribution_points": "10min"}},
        }
        for number in range(200)
    }
    data = SMALL | {
        "roles": {"management_points": {"mp1": {"site": "NYC"}}},
        "boundaries": {f"b{number}": {"subnet": f"10.{number}.0.0/16"} for number in range(200)},
        "boundary_groups": groups,
    }
    path = tmp_path / "large.design.yaml"
    path.write_text(yaml.safe_dump(data), encoding="utf-8")
    assert len(path.read_text().splitlines()) > 2000
    assert len(load_design(path).boundary_groups) == 200
