"""What is broken, and who sees it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from site_parts import Parts, design_of

from cmgsim.site.conditions import Breakage, Conditions, Part, expired_too
from cmgsim.site.deployment import State
from cmgsim.site.landscape import SERVED
from cmgsim.site.locales import Locale
from cmgsim.site.survey import survey

TODAY = date(2019, 7, 29)
CAUSES = st.sampled_from(["a", "b", "c"])


@given(st.lists(st.tuples(st.booleans(), CAUSES), max_size=20))
def test_a_part_is_broken_as_long_as_somebody_breaks_it(acts):
    conditions, breakage, standing = Conditions(), Breakage(Part.VM, "east", 1), []
    for breaks, cause in acts:
        if breaks:
            assert conditions.hurt(breakage, cause) is (not standing)
            standing += [cause] if cause not in standing else []
        elif cause in standing:
            standing.remove(cause)
            assert conditions.heal(breakage, cause) is (not standing)
        assert conditions.broken(*breakage) is bool(standing)
        assert conditions.causes(*breakage) == tuple(standing)
        assert conditions.names(Part.VM) == (("east",) if standing else ())
    assert not conditions.broken(Part.VM, "east", 2)
    assert not conditions.broken(Part.LINK, "east", 1)


@pytest.mark.parametrize(
    ("breakage", "running"),
    [
        (Breakage(Part.VM, "east", 2), (1, 3)),
        (Breakage(Part.VM, "west", 2), (1, 2, 3)),
        (Breakage(Part.VM, "east", 4), (1, 2, 3)),
        (Breakage(Part.REGION, "eastus"), ()),
        (Breakage(Part.REGION, "westus"), (1, 2, 3)),
        (Breakage(Part.CONNECTION_POINT, "cp1"), (1, 2, 3)),
    ],
)
def test_the_vms_that_run_are_those_that_nothing_has_taken_down(breakage, running):
    parts, conditions = Parts(design_of({"gateways.east.vms": 3, "gateways.east.region": "East US"})), Conditions()
    conditions.hurt(breakage, "test")
    east = parts.deployments["east"]
    assert conditions.running(east) == running
    assert [vm for vm in range(6) if conditions.runs(east, vm)] == list(running)
    east.state = State.STOPPED
    assert conditions.running(east) == ()


@pytest.mark.parametrize(
    ("breakage", "words"),
    [
        (Breakage(Part.CONNECTION_POINT, "cp1"), "the connection point is down"),
        (Breakage(Part.ON_PREMISES_LINK, "P01"), "site P01 has no connection to the internet"),
        (Breakage(Part.REGION, "eastus"), "the region eastus is down"),
        (Breakage(Part.VM, "east", 1), "the VM is down: test"),
        (Breakage(Part.LINK, "cp1", 1), "the link is cut"),
        (Breakage(Part.LINK, "cp1", 2), ""),
        (Breakage(Part.LINK, "cp2", 1), ""),
        (Breakage(Part.VM, "east", 2), ""),
        (Breakage(Part.ON_PREMISES_LINK, "P02"), ""),
    ],
)
def test_a_link_says_what_is_in_its_way(breakage, words):
    parts, conditions = Parts(design_of({"gateways.east.vms": 2})), Conditions()
    conditions.hurt(breakage, "test")
    assert conditions.link_trouble("cp1", "P01", parts.deployments["east"], 1) == words


def test_certificates_that_a_fault_spoils_are_expired_since_yesterday():
    design, conditions = design_of(), Conditions()
    assert expired_too(design.certificates, conditions, TODAY) is design.certificates
    conditions.hurt(Breakage(Part.SERVER_CERTIFICATE, "east"), "test")
    conditions.hurt(Breakage(Part.AUTHORITY, "issuing"), "test")
    spoilt = expired_too(design.certificates, conditions, TODAY)
    assert spoilt.servers["east"].expires == spoilt.authorities["issuing"].expires == date(2019, 7, 28)
    assert spoilt.servers["west"] == design.certificates.servers["west"]
    assert spoilt.authorities["root"] == design.certificates.authorities["root"]


def test_only_the_offices_of_the_site_lose_their_domain_controllers():
    parts, conditions = Parts(design_of({"hierarchy.sites.P02": {}})), Conditions()
    conditions.hurt(Breakage(Part.DOMAIN_CONTROLLERS, "P01"), "test")
    locales = (Locale("P01"), Locale("P02"), Locale("P01"))
    landscape = survey(parts.design, locales, parts.server, parts.deployments, parts.points, None, TODAY, conditions)
    assert [landscape.reaches_domain_controller(number) for number in range(3)] == [False, True, False]
    assert SERVED in landscape.answers[0]
