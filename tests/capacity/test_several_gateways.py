"""Sizing where there are several gateways or sites: each by itself, nothing pooled, nothing lost."""

from __future__ import annotations

import json

import numpy as np
import pytest
from crowds import crowd
from hypothesis import given
from hypothesis import strategies as st

from cmgsim.capacity.demand import count_demand
from cmgsim.capacity.lanes import shuffled
from cmgsim.capacity.limits import stock_of
from cmgsim.capacity.network import Behind, Candidate, requests_of, send_through, speeds_of
from cmgsim.capacity.size import demand_source, gateways_of, size
from cmgsim.capacity.target import read_target
from cmgsim.design.files import dump
from cmgsim.errors import Refused, UnknownName, UsageError
from cmgsim.site.client import Activity
from cmgsim.ui.cli import main

SITE = {"use_pki_client_certificate": True}
SERVERS = {name: {"name": f"{name}.contoso.com", "issuer": "root"} for name in ("east", "west")}
CERTIFICATES = {"authorities": {"root": {}}, "servers": SERVERS}


def gateway(name, **changes):
    return {"certificate": name, "region": "westus", "trusted_authorities": ["root"], **changes}


def two_gateways(count=600, order=("east", "west"), **west):
    """Return a design of two unlike gateways at one site, a connection point each."""
    built = {"east": gateway("east", vms=4), "west": gateway("west", **{"region": "westeurope", **west})}
    roles = {
        "connection_points": {f"cp-{name}": {"site": "P01", "gateway": name} for name in order},
        "management_points": {"mp1": {"site": "P01", "gateway_traffic": True}},
        "update_points": {"sup1": {"site": "P01", "gateway_traffic": True}},
    }
    return crowd(count, certificates=CERTIFICATES, gateways={name: built[name] for name in order}, roles=roles)


def two_sites(seattle=2_000, paris=10):
    """Return a design of one gateway before two primary sites, one of them much larger."""
    sites = {
        "CAS": {"kind": "central_administration"},
        "SEA": {"parent": "CAS", **SITE},
        "PAR": {"parent": "CAS", **SITE},
    }
    road = {"day_plan": "office", "certificate": "root"}
    return crowd(
        hierarchy={"sites": sites, "gateway_feature": True},
        gateways={"east": gateway("east", vms=4)},
        roles={
            "connection_points": {f"cp-{site}": {"site": site, "gateway": "east"} for site in ("SEA", "PAR")},
            "management_points": {f"mp-{site}": {"site": site, "gateway_traffic": True} for site in ("SEA", "PAR")},
            "update_points": {f"sup-{site}": {"site": site, "gateway_traffic": True} for site in ("SEA", "PAR")},
        },
        clients={
            "seattle": {"count": seattle, "site": "SEA", **road},
            "paris": {"count": paris, "site": "PAR", **road},
        },
    )


class TestSeveralGateways:
    def test_every_request_is_of_one_gateway(self):
        demand = count_demand(two_gateways())
        east, west = demand.of("east"), demand.of("west")
        assert (east.requests + west.requests == demand.requests).all()
        assert (east.connections + west.connections == demand.connections).all()
        assert east.egress_bytes + west.egress_bytes == demand.egress_bytes
        assert 200 < east.peak < 400

    def test_what_the_other_gateway_is_asked_is_load_of_the_roles_they_share(self):
        demand = count_demand(two_gateways())
        assert (demand.of("east").intranet == demand.intranet + demand.of("west").requests).all()

    def test_each_is_held_against_what_it_has_itself(self):
        design = two_gateways(1_000)
        counted = demand_source(design, 1)
        east, west = (size(design, gateway=name, counted=counted) for name in ("east", "west"))
        have = [{limit.name: limit.have for limit in sizing.drawn} for sizing in (east, west)]
        assert [one["VMs"] for one in have] == [4, 1]
        assert [one["TCP ports"] for one in have] == [16_384, 16_384]
        assert str(east).startswith("crowd, gateway east: ")
        assert (west.monthly.prices.region, west.data()["gateway"]) == ("westeurope", "west")

    def test_the_order_in_the_file_says_nothing_of_sizes_and_prices(self):
        orders = (("east", "west"), ("west", "east"))
        found = [stock_of(two_gateways(order=order, vms=2), "west") for order in orders]
        assert found[0] == found[1]

    def test_cores_of_other_gateways_count_in_the_same_quota_only(self):
        apart, together = two_gateways(), two_gateways(region="westus")
        assert [stock_of(design, "west").cores_elsewhere for design in (apart, together)] == [0, 8]

    def test_one_of_several_must_be_named(self):
        design = two_gateways(200)
        counted = demand_source(design, 1)
        assert gateways_of(design, counted(0)) == ("east", "west")
        with pytest.raises(UsageError, match="several gateways, east, west"):
            size(design, counted=counted)
        with pytest.raises(UnknownName, match="no gateway is named 'wst'; did you mean 'west'"):
            size(design, gateway="wst", counted=counted)

    def test_a_gateway_that_nobody_asks_is_not_sized(self):
        design = two_gateways(200)
        points = {"cp": {"site": "P01", "gateway": "east"}}
        design = design.model_copy(
            update={"roles": crowd(roles={**design.roles.model_dump(), "connection_points": points}).roles}
        )
        with pytest.raises(Refused, match="NO_DEMAND.*nothing is asked of gateway 'west'"):
            size(design, gateway="west")


class TestSeveralSites:
    def test_a_full_site_is_not_hidden_behind_an_empty_one(self):
        sizing = size(two_sites(), clients=20_100)
        assert sizing.binding.name == "TCP ports (SEA)"
        assert sizing.binding.share > 1
        assert sizing.sites == ("SEA", "PAR")
        assert [site.connection_points for site in sizing.answer.sites] == [2, 1]
        assert sizing.answer.management_points == sizing.documented.management_points == 2
        assert "\n  SEA: 2 connection points, 1 management point\n" in str(sizing)
        assert sizing.data()["answer"]["sites"]["PAR"]["connection_points"] == 1

    def test_sites_together_are_what_the_gateway_is_asked(self):
        demand = count_demand(two_sites()).of("east")
        assert [site.clients for site in demand.sites] == [2_000, 10]
        for scaled in (demand, demand.at_peak(5_000)):
            assert (sum(site.requests for site in scaled.sites) == scaled.requests).all()

    def test_requests_are_served_by_the_roles_of_their_own_site(self):
        design = two_sites()
        speeds = speeds_of(design, "A2_v2")
        requests = requests_of(count_demand(design).of("east").at_peak(20_000), speeds)
        even = send_through(requests, Candidate.of(4, [Behind(1, 1, 1), Behind(1, 1, 1)]), speeds)
        more = send_through(requests, Candidate.of(4, [Behind(1, 1, 1), Behind(1, 5, 1)]), speeds)
        large, small = even.busy_by_site["management_point"]
        assert large > 50 * small > 0
        assert even.busy["management_point"] == more.busy["management_point"] == large, "those of Paris help nobody"
        refused = requests.site[requests.seen][even.refused]
        assert len(refused) > 0
        assert not refused.any(), "only Seattle lacks ports"

    def test_a_candidate_of_other_sites_is_refused(self):
        design = two_sites(200, 10)
        speeds = speeds_of(design, "A2_v2")
        requests = requests_of(count_demand(design).of("east"), speeds)
        with pytest.raises(ValueError, match="requests to 2 sites, but a candidate of 1"):
            send_through(requests, Candidate(1, 1, 1, 1), speeds)

    def test_one_role_of_one_site_is_added_where_one_is_too_busy(self):
        sizing = size(two_sites(), clients=20_000, targets=(read_target("busy(management_point) < 20%"),))
        seattle, paris = sizing.answer.sites
        assert (seattle.management_points > 1, paris.management_points) == (True, 1)


@given(st.integers(0, 10**6), st.integers(0, 40), st.integers(0, 40), st.integers(0, 80))
def test_dealing_keeps_both_sums(seed, policy, location, first):
    kinds = np.array([[policy, location], [3, 0]])
    first = min(first, policy + location)
    places = np.array([[first, policy + location - first], [1, 2]])
    found = shuffled(kinds, places, 1, seed)
    assert (found.sum(axis=0) == kinds).all()
    assert (places == found.sum(axis=2).T).all()


class TestTheCommand:
    @pytest.fixture
    def say(self, capsys, tmp_path):
        path = tmp_path / "two.design.yaml"
        path.write_text(dump(two_gateways(200)), encoding="utf-8")

        def call(*arguments):
            code = main(["size", str(path), "-q", *arguments])
            return (code, *capsys.readouterr())

        return call

    def test_all_gateways_stand_one_after_another_or_one_alone(self, say):
        _, both, _ = say()
        _, one, _ = say("--gateway", "west", "--clients", "7k")
        assert [line.split(":")[0] for line in both.splitlines() if ", gateway " in line] == [
            "crowd, gateway east",
            "crowd, gateway west",
        ]
        assert "crowd, gateway west: 7,000 clients connected" in one
        assert "east" not in one

    def test_programs_get_one_sizing_for_each(self, say):
        code, out, _ = say("--json")
        assert code == 0
        assert [sizing["gateway"] for sizing in json.loads(out)["sizings"]] == ["east", "west"]

    def test_a_table_says_what_its_months_are_made_of(self, say):
        _, out, _ = say("--gateway", "west", "--clients", "100,7k")
        assert "a month: if every day were like the one simulated" in out
        assert " EUR" in out

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--clients", "7k"], "several gateways are sized, east, west; name one: --gateway"),
            (["--gateway", "est"], "no gateway is named 'est'"),
        ],
    )
    def test_wrong_usage_is_one_line(self, say, arguments, words):
        code, out, err = say(*arguments)
        assert (code, out) == (2, "")
        assert words in err
        assert len(err.splitlines()) == 1


def test_kinds_stay_with_their_roles():
    demand = count_demand(two_gateways())
    scans = [demand.of(name).requests[:, Activity.SCAN].sum() for name in ("east", "west")]
    assert sum(scans) == demand.requests[:, Activity.SCAN].sum() > 0
