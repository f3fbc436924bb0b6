"""Faults and swarms in scenario files: what is wrong with them is framed, with a remedy."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.design.files import dump, load_scenario
from cmgsim.design.hardships import Fault, Swarm
from cmgsim.design.scenario import Scenario
from cmgsim.errors import FileFaults
from cmgsim.units import us_timedelta

DESIGN = Path(__file__).resolve().parents[2] / "scenarios/designs/new_york.design.yaml"


def written(tmp_path: Path, faults: str) -> Path:
    path = tmp_path / "bad.scenario.yaml"
    design = DESIGN.read_text("utf-8")
    (tmp_path / "new.design.yaml").write_text(design, "utf-8")
    path.write_text(f"scenario: s\ndesign: new.design.yaml\n{faults}\nexpect: [requests_conserved]\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ("faults: [{vm_donw: {gateway: east, vm: 1}}]", ["vm_donw", "did you mean 'vm_down'"]),
        ("faults: [{vm_down: {gateway: esat, vm: 1}}]", ["'esat'", "east"]),
        ("faults: [{vm_down: {gateway: east, vm: 17}}]", ["17", "16"]),
        ("faults: [{vm_down: {gateway: east, vm: 9}}]", ["'east' never has a VM 9", "write 1 to 2"]),
        ("faults: [{link_down: {connection_point: cp1, vm: 9}}]", ["'east' never has a VM 9", "write 1 to 2"]),
        ("faults: [{link_down: {connection_point: cp1}}]", ["vm"]),
        ("faults: [{region_down: Atlantis}]", ["'Atlantis' is no region of Azure"]),
        ("faults: [{connection_point_down: cp1, vm_down: {gateway: east, vm: 1}}]", ["exactly one kind"]),
        ("faults: [{at: 3h}]", ["exactly one kind, not none"]),
        ("faults: [{connection_point_down: cp1, at: 3}]", ["3h"]),
        ("faults: [{connection_point_down: cp1, lasting: 0s}]", ["lasting"]),
        ("faults: [{portal_change: {gateway: east, vms: 3}, lasting: 1h}]", ["happens at once", "leave 'lasting' out"]),
        ("faults: [{azure_delete: {gateway: east, part: all}}]", ["service", "storage"]),
        ("faults: [{azure_fault: {point: sever_error}}]", ["'sever_error'", "did you mean 'server_error'"]),
        ("faults: [{azure_fault: {point: server_error, parameters: {state: 5}}}]", ["no parameter", "status"]),
        ("faults: [{azure_fault: {point: server_error, parameters: {status: x}}}]", ["write it like 503"]),
        ("faults: [{management_point_down: mp9}]", ["mp9", "mp2"]),
        ("swarm: {faults: 0}", ["swarm"]),
        ("swarm: {faults: 2, kinds: []}", ["kinds"]),
        ("swarm: {faults: 2, kinds: [certificate_expires]}", ["certificate_expires"]),
        ("swarm: {faults: 2, within: 2d..1d}", ["within"]),
    ],
)
def test_a_fault_that_cannot_be_is_framed_in_its_line(tmp_path, faults, words):
    with pytest.raises(FileFaults) as caught:
        load_scenario(written(tmp_path, faults))
    text = str(caught.value)
    assert "bad.scenario.yaml:3:" in text
    for word in words:
        assert word in text, text


@pytest.mark.parametrize(
    "also",
    [
        "steps: [{scale_gateway: {gateway: east, vms: 9}}]",
        "steps: [{portal_change: {gateway: east, vms: 9}}]",
    ],
)
def test_a_vm_that_comes_later_can_go_down(tmp_path, also):
    loaded = load_scenario(written(tmp_path, f"{also}\nfaults: [{{vm_down: {{gateway: east, vm: 9}}}}]"))
    assert loaded.scenario.faults[0].vm_down.vm == 9


def test_a_portal_change_among_the_faults_brings_vms(tmp_path):
    faults = "faults: [{portal_change: {gateway: east, vms: 4}}, {at: 1d, link_down: {connection_point: cp1, vm: 4}}]"
    assert len(load_scenario(written(tmp_path, faults)).scenario.faults) == 2
    with pytest.raises(FileFaults, match=r"never has a VM 5[\s\S]*write 1 to 4"):
        load_scenario(written(tmp_path, faults.replace("vm: 4}", "vm: 5}")))


def test_what_is_expected_of_azure_needs_a_bound(tmp_path):
    path = written(tmp_path, "")
    for check in (
        "availability: {gateway: east}",
        "orphans: {}",
        "portal_changes: {at_least: -1}",
        "requests_served: {}",
    ):
        path.write_text(path.read_text("utf-8").partition("expect:")[0] + f"expect: [{{{check}}}]\n", "utf-8")
        with pytest.raises(FileFaults):
            load_scenario(path)


@given(
    st.lists(
        st.builds(
            lambda kind, at, lasting: Fault.model_validate({**kind, "at": us_timedelta(at), "lasting": lasting}),
            st.sampled_from(
                [
                    {"vm_down": {"gateway": "east", "vm": 2}},
                    {"link_down": {"connection_point": "cp1", "vm": 1}},
                    {"region_down": "East US"},
                    {"certificate_expires": "east"},
                    {"arm_throttled": "all"},
                ]
            ),
            st.integers(0, 10**12),
            st.none() | st.integers(1, 10**12).map(us_timedelta),
        ),
        max_size=4,
    )
)
def test_faults_are_written_as_they_are_read(faults):
    import yaml

    scenario = Scenario.model_validate(
        {"scenario": "s", "design": "d", "faults": faults, "swarm": Swarm(faults=3), "expect": ["requests_conserved"]}
    )
    assert Scenario.model_validate(yaml.safe_load(dump(scenario))) == scenario
