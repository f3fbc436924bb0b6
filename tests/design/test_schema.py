"""JSON Schema for editors: it takes what the loader takes, and underlines what the loader refuses."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

from cmgsim.design.document import parse_document, read_document
from cmgsim.design.faults import validate
from cmgsim.design.plan import Step
from cmgsim.design.scenario import Expectation
from cmgsim.design.schema import KINDS, schema
from cmgsim.errors import UnknownName

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "cmgsim" / "ui" / "templates"
FILES = sorted([*(ROOT / "scenarios").rglob("*.yaml"), *TEMPLATES.glob("*.yaml")])


def kind_of(path: Path) -> str:
    return path.name.split(".")[-2]


def faults(kind: str, data: object) -> list[str]:
    judge = jsonschema.Draft202012Validator(schema(kind))
    return [error.message for error in judge.iter_errors(data)]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_a_schema_of_the_newest_dialect(kind):
    written = schema(kind)
    jsonschema.Draft202012Validator.check_schema(written)
    assert written["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert written["$id"] == f"urn:cmgsim:{kind}:1"
    assert written["title"] == f"cmgsim {kind}"
    assert "null" not in re.findall(r'"type": "(\w+)"', json.dumps(written))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_files_of_the_repository_validate(path):
    assert faults(kind_of(path), read_document(path).data) == []


def test_keys_are_explained():
    design = schema("design")
    assert design["properties"]["gateways"]["description"] == "Cloud management gateways."
    assert all("description" in field for field in schema("scenario")["properties"].values())


def test_defaults_are_shown_as_people_write_them():
    alerts = schema("design")["$defs"]["Alerts"]["properties"]
    assert (alerts["threshold"]["default"], alerts["warning"]["default"]) == ("10 TB", "50%")
    scenario = schema("scenario")["properties"]
    assert (scenario["after"]["default"], scenario["scale"]["default"]) == ("2d", "100%")
    assert "default" not in schema("design")["properties"]["azure"]


@pytest.mark.parametrize(
    "expectation",
    ["never_without_a_gateway", "operations_end", {"operations_end": {"within": "30min"}}],
    ids=str,
)
def test_a_check_without_parameters_may_be_a_bare_name(expectation):
    assert faults("scenario", {"scenario": "x", "design": "y", "expect": [expectation]}) == []


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("plan", "plan: x\nsteps: [{wait: 24h, delete_gateway: old}]"),
        ("plan", "plan: x\nsteps: [{label: gap}]"),
        ("plan", "plan: x\nsteps: [{wait: 24}]"),
        ("plan", "plan: x\nsteps: [{until: {clients_knowing: new, share: 0.9, give_up_after: 1d}}]"),
        ("scenario", "scenario: x\ndesign: y\nexpect: []"),
        ("scenario", "scenario: x\ndesign: y\nexpect: [stranded_clients]"),
        ("scenario", "scenario: x\ndesign: y\nexpect: [{stranded_clients: {}}]"),
        ("scenario", "scenario: x\ndesign: y\nexpect: [{stranded_clients: {at_most: half}}]"),
        ("scenario", "scenario: x\ndesign: y\nplan: z\nsteps: [{wait: 1h}]\nexpect: [outage]"),
        ("design", "cmgsim: 2\nname: x\nhierarchy: {sites: {PS1: {}}}"),
        ("design", "cmgsim: 1\nname: x\nhierarchy: {sites: {'P S': {}}}"),
        ("design", "cmgsim: 1\nname: x\nhierarchy: {sites: {PS1: {kind: primry}}}"),
        ("design", "cmgsim: 1\nname: x\nhierarchy: {sites: {PS1: {}}}\nboundaries: {a: {subnet: 10.1.0.0}}"),
        (
            "design",
            "cmgsim: 1\nname: x\nhierarchy: {sites: {PS1: {}}}\nboundaries: {a: {subnet: 10.1.0.0/16, ad_site: b}}",
        ),
        ("design", "cmgsim: 1\nname: x\nhierarchy: {sites: {PS1: {}}}\nday_plans: {a: {remote: 10%}}"),
    ],
)
def test_editor_and_loader_refuse_the_same(kind, text):
    document = parse_document(text, Path(f"x.{kind}.yaml"))
    model, findings = validate(KINDS[kind], document, references_later=True)
    assert model is None
    assert findings.errors
    assert faults(kind, document.data)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("plan", "plan: x\nsteps: [{label: gap, wait: 1d 12h}]"),
        ("scenario", "scenario: x\ndesign: y\nexpect: [{stranded_clients: {at_most: 0.5%, at_least: 3}}]"),
        ("design", "cmgsim: 1\nname: x\nhierarchy: {sites: {PS1: {}}}\nday_plans: {a: {always: internet}}"),
    ],
)
def test_editor_and_loader_take_the_same(kind, text):
    document = parse_document(text, Path(f"x.{kind}.yaml"))
    assert validate(KINDS[kind], document, references_later=True)[0] is not None
    assert faults(kind, document.data) == []


@pytest.mark.parametrize("ports", ["all", [443], ["10124-10155", 443]], ids=str)
def test_ports_are_all_or_a_list(ports):
    point = {"site": "PS1", "gateway": "east", "outbound_ports": ports}
    data = {"cmgsim": 1, "name": "x", "hierarchy": {"sites": {"PS1": {}}}}
    assert faults("design", {**data, "roles": {"connection_points": {"cp1": point}}}) == []
    assert faults("design", {**data, "roles": {"connection_points": {"cp1": {**point, "outbound_ports": "some"}}}})


def test_every_verb_and_check_is_offered():
    assert set(schema("plan")["$defs"]["Step"]["properties"]) == set(Step.model_fields)
    assert set(schema("scenario")["$defs"]["Expectation"]["properties"]) == set(Expectation.model_fields)


def test_another_kind_is_refused():
    with pytest.raises(UnknownName, match="no kind of file is named 'desing'; did you mean 'design'"):
        schema("desing")
