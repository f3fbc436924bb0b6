"""What a rehearsal tells of VMs that were down; without any, it says nothing of it."""

from worlds import design_of

from cmgsim.checks.judge import judge
from cmgsim.design.hardships import Fault
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.report.story import told_end, told_faults


def test_availability_is_told_when_a_vm_was_down():
    fault = Fault.model_validate({"vm_down": {"gateway": "old", "vm": 1}, "at": "1h", "lasting": "30min"})
    run = rehearse(design_of({"gateways.old.vms": 2}), after="10h", faults=[fault])
    told = dict(told_end(run))
    assert told["availability"] == "old 100%, its VMs down 1 times for 30min"
    assert judge(run, "availability", gateway="old", at_least="100%")
    assert not judge(run, "availability", gateway="old", at_most="99%")
    assert "availability" not in dict(told_end(rehearse(design_of(), after="10h")))


def test_an_outage_is_a_counter_example_of_availability():
    fault = Fault.model_validate({"connection_point_down": "cp1", "at": "1h", "lasting": "1h"})
    run = rehearse(design_of(), after="10h", faults=[fault])
    verdict = judge(run, "availability", gateway="old", at_least="99%")
    assert not verdict
    assert len(verdict.counter_examples) == 1
    assert "old did not serve clients" in verdict.because
    assert verdict.measured.startswith("89.")


def test_faults_are_told_in_the_order_in_which_they_began():
    faults = [
        {"vm_down": {"gateway": "old", "vm": 1}, "at": "3h"},
        {"connection_point_down": "cp1", "at": "90min", "lasting": "30min"},
        {"azure_delete": {"gateway": "old", "part": "storage"}, "at": "5h"},
    ]
    run = rehearse(design_of(), after="4h", faults=[Fault.model_validate(fault) for fault in faults])
    assert told_faults(run) == (
        ("day 1 01:30", "connection_point_down: cp1, for 30min"),
        ("day 1 03:00", "vm_down: {gateway: old, vm: 1}"),
    )
    assert told_faults(rehearse(design_of(), after="1h")) == ()
