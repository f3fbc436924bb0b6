"""The registry value CMGFQDNs: who may have it, and what it leads to."""

import pytest
from site_parts import Parts, design_of

from cmgsim.design.plan import Step
from cmgsim.errors import Refused
from cmgsim.site.deployment import State
from cmgsim.site.landscape import NOTHING_PUBLISHED

WRITE = Step.model_validate({"write_cmgfqdns": {"population": "laptops", "gateway": "east"}})


def test_the_value_is_read_from_2107_on():
    with pytest.raises(Refused, match=r"population laptops: .* in version 1906; update the site to 2107 or later"):
        Parts(design_of()).server.receive(WRITE, 0)


@pytest.mark.parametrize(
    ("identity", "certificate", "leads"),
    [("ad_joined", "issuing", True), ("ad_joined", None, False), ("hybrid", None, True), ("aad_joined", None, True)],
)
def test_it_leads_clients_that_can_prove_who_they_are_to_the_gateway(identity, certificate, leads):
    own = {"hierarchy.version": 2107, "clients.laptops.identity": identity, "clients.laptops.certificate": certificate}
    parts = Parts(design_of(own))
    assert parts.survey().registries == ()
    (fact,) = parts.server.receive(WRITE, 0)
    assert (fact.role, fact.setting, fact.value) == ("clients:laptops", "CMGFQDNs", "east")
    landscape = parts.survey()
    (written,) = landscape.registries
    assert (written != NOTHING_PUBLISHED) is leads
    assert landscape.known(0, NOTHING_PUBLISHED) == written
    assert landscape.known(0, landscape.published[0]) == landscape.published[0]
    assert parts.server.receive(WRITE, 0) == []


def test_it_leads_to_a_gateway_that_is_stopped_and_to_none_that_is_gone():
    parts = Parts(design_of({"hierarchy.version": 2107}))
    parts.server.receive(WRITE, 0)
    before = parts.survey().registries
    parts.gateway("east", State.STOPPED)
    assert parts.survey().registries == before
    parts.gateway("east", State.ABSENT)
    assert parts.survey().registries == (NOTHING_PUBLISHED,)


@pytest.mark.seed("S-81")
@pytest.mark.parametrize(("host", "known"), [("GRANITEFALLS.contoso.com", 1), ("elsewhere.contoso.com", 0)])
def test_clients_begin_with_the_management_point_that_their_command_line_names(host, known):
    line = f"CCMHOSTNAME={host}/CCM_Proxy_MutualAuth/7205 SMSSITECODE=P01"
    own = {"clients.laptops.command_line": line, "roles.management_points.mp1.role_id": "7205"}
    landscape = Parts(design_of(own)).survey()
    assert len(landscape.publications[landscape.bootstraps[0]]) == known
