"""The platform rebuilds VMs: one update domain at a time, at drawn moments, for a drawn while."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import Parts, design_of

from cmgsim.facts import Fact
from cmgsim.site.conditions import Breakage, Conditions, ConditionsChanged, Part
from cmgsim.site.deployment import GatewayChanged, State
from cmgsim.site.facts import PartBroke, PartWorks
from cmgsim.site.rebuilds import GROWN, MONTH_US, REBUILT, UPDATED, Platform, Rebuilt
from cmgsim.units import DAY, MINUTE


class Care:
    """A platform over the small design, driven by hand."""

    def __init__(self, vms: int = 2, seed: int = 1, **care) -> None:
        self.parts = Parts(design_of({"gateways.east.vms": vms, "azure.platform": care}))
        self.conditions = Conditions()
        self.platform = Platform(self.parts.design, self.parts.deployments, self.conditions, seed, ("balancer",))
        self.facts: list[tuple[int, Fact]] = []
        self.messages: list[object] = []
        self.fewest = vms

    def live(self, until_us: int) -> "Care":
        while (due := self.platform.due()) is not None and due < until_us:
            said = self.platform.step(due)
            self.facts += [(due, item) for item in said if isinstance(item, Fact)]
            self.messages += [item.body for item in said if not isinstance(item, Fact)]
            self.fewest = min(self.fewest, len(self.conditions.running(self.parts.deployments["east"])))
        return self

    def of(self, kind: type[Fact]) -> list[tuple[int, Fact]]:
        return [(at, fact) for at, fact in self.facts if isinstance(fact, kind)]

    def downtimes(self) -> list[tuple[int, int, int, str]]:
        begun, found = {}, []
        for at, fact in self.facts:
            if isinstance(fact, PartBroke):
                begun[fact.vm] = (at, fact.reason)
            else:
                found.append((fact.vm, begun[fact.vm][0], at, begun.pop(fact.vm)[1]))
        return found


def test_without_a_word_of_the_platform_nothing_is_rebuilt():
    parts = Parts(design_of())
    platform = Platform(parts.design, parts.deployments, Conditions(), 1)
    assert platform.due() is None
    assert platform.receive(GatewayChanged("east"), 0) == []


@pytest.mark.seed("S-130")
@given(st.integers(1, 16), st.integers(0, 2**32), st.integers(0, 3), st.integers(0, 2))
def test_every_vm_is_rebuilt_as_often_as_the_design_says_and_never_all_at_once(vms, seed, rebuilds, updates):
    care = Care(vms, seed, vm_rebuilds_per_month=rebuilds, host_updates_per_month=updates).live(MONTH_US + 2 * DAY)
    inside = [one for one in care.downtimes() if one[1] < MONTH_US - DAY]
    assert all(5 * MINUTE <= end - start <= 30 * MINUTE for _, start, end, _ in inside)
    for vm in range(1, vms + 1):
        reasons = [reason for number, _, _, reason in care.downtimes() if number == vm]
        assert reasons.count(REBUILT) >= rebuilds
        assert reasons.count(UPDATED) >= updates
    if vms > 1:
        assert care.fewest >= vms - -(-vms // 5)  # at most the VMs of one of five update domains are down


@pytest.mark.seed("S-130")
@given(st.integers(2, 16), st.integers(0, 2**32))
def test_between_two_turns_the_platform_waits_until_links_are_up_again(vms, seed):
    care = Care(vms, seed, vm_rebuilds_per_month=20, lasting="30min").live(5 * DAY)
    turns = sorted({(start, end) for _, start, end, _ in care.downtimes()})
    assert all(later - end >= 5 * MINUTE for (_, end), (later, _) in pairwise(turns))


def test_a_host_update_walks_the_update_domains_in_order():
    care = Care(7, vm_rebuilds_per_month=0, host_updates_per_month=1).live(MONTH_US)
    together = {}
    for vm, start, _, _ in care.downtimes():
        together.setdefault(start, []).append(vm)
    assert [sorted(vms) for _, vms in sorted(together.items())] == [[1, 6], [2, 7], [3], [4], [5]]


def test_who_must_know_is_told_and_the_manager_hears_of_every_rebuild():
    care = Care(2, vm_rebuilds_per_month=1, host_updates_per_month=0).live(MONTH_US)
    assert care.messages.count(Rebuilt("east")) == 2
    assert care.messages.count(ConditionsChanged()) == 4


def test_a_gateway_that_is_not_running_is_left_alone():
    care = Care(1, vm_rebuilds_per_month=5)
    care.parts.deployments["east"].state = State.STOPPED
    assert care.live(MONTH_US).facts == []


def test_a_vm_that_is_down_for_another_reason_stays_down_when_its_rebuild_ends():
    care = Care(1, vm_rebuilds_per_month=1, host_updates_per_month=0)
    care.conditions.hurt(Breakage(Part.VM, "east", 1), "fault 1")
    care.live(MONTH_US)
    assert care.of(PartBroke) == []
    assert care.of(PartWorks) == []
    assert not care.conditions.runs(care.parts.deployments["east"], 1)


def test_a_gateway_that_grows_from_one_vm_is_interrupted_and_one_that_grows_from_two_is_not():
    care = Care(1, vm_rebuilds_per_month=0, host_updates_per_month=0)
    deployment = care.parts.deployments["east"]
    for vms in (2, 4):
        deployment.vms = vms
        care.platform.receive(GatewayChanged("east"), 7 * MINUTE)
    care.live(DAY)
    [(vm, start, end, reason)] = care.downtimes()
    assert (vm, start, reason) == (1, 7 * MINUTE, GROWN)
    assert MINUTE <= end - start <= 3 * MINUTE


def test_the_same_seed_rebuilds_at_the_same_moments_and_another_does_not():
    one, same, other = (Care(3, seed).live(MONTH_US).facts for seed in (1, 1, 2))
    assert one == same
    assert one != other
