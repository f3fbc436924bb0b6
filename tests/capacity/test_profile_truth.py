"""What a profile says of failures, full limits and samples is what happens to the whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from errno import ENOSPC
from pathlib import Path

import numpy as np
import pytest
from crowds import crowd

from cmgsim.capacity.demand import count_demand
from cmgsim.capacity.failures import in_words
from cmgsim.capacity.limits import Limit
from cmgsim.capacity.profile import profile
from cmgsim.capacity.profile_tables import by_hop, by_kind, data, for_people, limit_text, tables, text
from cmgsim.design.files import dump
from cmgsim.design.model import Design
from cmgsim.errors import Refused
from cmgsim.fleet.histogram import bin_of
from cmgsim.fleet.measures import Hop, Latencies
from cmgsim.fleet.series import Count
from cmgsim.site.client import HABITS
from cmgsim.ui.outlet import Outlet
from cmgsim.ui.profiling import say_if_long
from cmgsim.units import PARTS_PER_MILLION
from cmgsim.world.columns import reason_of

FEW_PORTS = {"cp1": {"site": "P01", "gateway": "east", "tcp_ports": 150}}


def changed(design: Design, **parts: object) -> Design:
    """Return a design with other records in some of its parts."""
    written = design.model_dump(mode="json", exclude_unset=True)
    for path, value in parts.items():
        place = written
        *way, last = path.split("__")
        for step in way:
            place = place[step]
        place[last] = value
    return Design.model_validate(written)


def two_gateways(vms: int = 1, ports: int = 16_384, site: str = "P01") -> Design:
    """Return a design of two gateways; the second has so many VMs, its connection point so many ports and that site."""
    design = crowd(60)
    sites = {name: {"use_pki_client_certificate": True} for name in dict.fromkeys(["P01", site])}
    if len(sites) > 1:
        sites["CAS"] = {"kind": "central_administration"}
        for name in ("P01", site):
            sites[name]["parent"] = "CAS"
    gateway = {"region": "westeurope", "trusted_authorities": ["root"]}
    return changed(
        design,
        hierarchy__sites=sites,
        certificates__servers={name: {"name": f"{name}.contoso.com", "issuer": "root"} for name in ("east", "west")},
        gateways={
            "east": {"certificate": "east", "vms": 1, **gateway},
            "west": {"certificate": "west", "vms": vms, **gateway},
        },
        roles__connection_points={
            "cp1": {"site": "P01", "gateway": "east"},
            "cp2": {"site": site, "gateway": "west", "tcp_ports": ports},
        },
    )


@pytest.fixture(scope="module")
def crowded():
    """A design of 200 clients whose connection point has 150 ports, all of it and a fifth."""
    design = changed(crowd(200), roles__connection_points=FEW_PORTS)
    return profile(design), profile(design, scale=200_000)


@pytest.fixture(scope="module")
def drowned():
    """400 clients whose VM takes a minute over a request, all of them and a tenth."""
    design = crowd(400, capacity={"vm": {"service": "60s"}})
    return profile(design), profile(design, scale=100_000)


class TestSample:
    def test_it_counts_who_finds_no_port(self, crowded):
        whole, sample = crowded
        assert sample.failures()["refused_no_tcp_port"] > 50
        assert whole.failures()["refused_no_tcp_port"] > sample.failures()["refused_no_tcp_port"], "who ask again"
        assert "refused for want of a TCP port" in text(sample)

    @pytest.mark.parametrize("scale", [500_000, 200_000])
    def test_of_a_design_that_keeps_up_it_is_the_whole(self, scale):
        design = crowd(400, capacity={"vm": {"service": "1s"}})
        whole, sample = profile(design), profile(design, scale=scale)
        totals = [found.latencies.histogram(Hop.TOTAL).sum() for found in (whole, sample)]
        assert totals[1] == pytest.approx(totals[0], rel=0.03)
        assert sample.latencies.quantile(950_000, Hop.TOTAL) == pytest.approx(
            whole.latencies.quantile(950_000, Hop.TOTAL), rel=0.1
        )
        assert sum(sample.failures().values()) == sum(whole.failures().values()) == 0

    def test_it_lives_unhindered(self, crowded):
        """Its own clients meet neither lines nor full ports: they ask what they ask when sizes are counted."""
        _, sample = crowded
        series, counted = sample.run.series, count_demand(sample.design, sample=40)
        assert series.total(Count.REFUSED) == 0
        assert series.requests[: series.intervals, :, 1, Count.ASKED].sum() * 5 == counted.requests.sum()
        assert sample.connections.max() == 200

    def test_it_says_what_it_cannot_show(self, crowded):
        whole, sample = crowded
        assert "40 clients stand for 200, and counts are multiplied" in text(sample)
        assert "asked again, which a sample does not show" in text(sample)
        assert not whole.remarks
        assert "requests that are asked again after a failure are not in a sample" in text(
            profile(crowd(60), scale=500_000)
        )

    def test_limits_are_those_of_the_whole(self, crowded):
        for found in crowded:
            assert found.binding.name == "TCP ports"
            assert (found.binding.need, found.binding.have) == (200, 150)
            assert (
                "the limit that binds: TCP ports: 200 of 150 ports of the connection points (133%, is not enough)"
                in text(found)
            )

    def test_failures_are_multiplied(self):
        design = changed(
            crowd(200),
            clients__strange={"count": 100, "site": "P01", "day_plan": "office", "certificate": "other"},
            certificates__authorities={"root": {}, "other": {}},
        )
        sample = profile(design, scale=100_000)
        heard = sample.run.series.requests[:, :, 1, Count.REFUSED].sum()
        assert heard > 0
        assert sample.failures()["refused_invalid_ca"] == heard * 10

    def test_what_the_gateway_refuses_anyway_takes_no_time(self):
        """Clients with a certificate that nobody trusts leave the lines to the others."""
        design = changed(
            crowd(200),
            clients__strange={"count": 200, "site": "P01", "day_plan": "office", "certificate": "other"},
            certificates__authorities={"root": {}, "other": {}},
        )
        sample = profile(design, scale=100_000)
        (vms,) = (part for part in sample.parts if part.name == "1 VM")
        assert vms.arrivals.sum() == sample.run.series.requests[:, :, 1, Count.SERVED].sum() * 10

    def test_where_a_part_cannot_keep_up_there_are_no_times(self, drowned):
        _, sample = drowned
        (part,) = sample.overloaded
        busy = int(part.busy_ppm.max())
        assert busy > PARTS_PER_MILLION
        assert f"1 VM cannot keep up: {busy / 10_000:.0f} % of the capacity is asked for in the hour from" in text(
            sample
        )
        assert "lines grow without end, times are not given" in text(sample)
        assert "p50" not in text(sample)
        assert not len(sample.latencies.count)
        assert sample.busiest_hour is None
        assert json.dumps(data(sample))
        assert len(tables(sample)["latencies"]["requests"]) == 0

    def test_a_whole_is_never_called_overloaded(self, drowned):
        whole, _ = drowned
        assert whole.overloaded == ()
        assert max(int(part.busy_ppm.max()) for part in whole.parts) <= PARTS_PER_MILLION

    def test_nobody_waits_longer_than_a_client_does(self):
        """Some answers come too late: their requests are unanswered, as in the fleet, and no time is above a minute."""
        sample = profile(crowd(40, capacity={"vm": {"service": "20s"}}), scale=500_000)
        assert not sample.overloaded
        total = sample.latencies.histogram(Hop.TOTAL).sum()
        passed = sample.latencies.histogram(Hop.ROLE).sum()
        assert sample.failures()["unanswered"] == passed - total > 0
        assert sample.latencies.quantile(1_000_000, Hop.TOTAL) <= HABITS.patience_us * 33 // 32

    @pytest.mark.parametrize(
        ("design", "what"),
        [
            (two_gateways(vms=2), "gateways differ in their VMs or connection points"),
            (two_gateways(ports=20_000), "connection points differ in their TCP ports"),
            (two_gateways(site="P02"), "roles behind its gateways are in different sites"),
        ],
    )
    def test_gateways_that_differ_are_not_taken_for_one(self, design, what):
        with pytest.raises(Refused, match=f"UNLIKE_GATEWAYS: .*, but {what}: leave --scale out"):
            profile(design, scale=500_000)

    def test_gateways_that_are_alike_can_be(self):
        found = profile(two_gateways(), scale=500_000)
        assert [part.name for part in found.parts[:2]] == ["2 VMs", "2 connection points"]

    def test_a_design_that_nobody_serves_has_no_sample(self):
        nobody = changed(crowd(40), gateways__east__trusted_authorities=[])
        with pytest.raises(Refused, match="no gateway serves anything that is asked"):
            profile(nobody, scale=500_000)
        assert not profile(nobody).latencies.histogram(Hop.VM).any()


class TestHops:
    def test_a_hop_counts_who_came_and_the_total_who_was_answered(self, drowned):
        whole, _ = drowned
        counts = dict(zip(by_hop(whole).column("hop"), by_hop(whole).column("requests"), strict=True))
        assert counts["vm_wait"] > counts["total"] > 0
        assert counts["total"] == sum(by_kind(whole).column("answered"))
        assert "by hop: every request that came there; the way back and the total, only those\nanswered" in text(whole)

    def test_shares_of_more_time_than_64_bits_hold(self, crowded):
        """Fourteen days of 96,000 clients on three VMs spend 10**19 us in line."""
        many = np.array([20_000_000, 20_000_000], dtype=np.int64)
        hops = np.array([Hop.VM_WAIT, Hop.ROLE], dtype=np.int64)
        same = np.zeros(2, dtype=np.int64)
        days = Latencies(same, same, hops, np.full(2, bin_of(500_000_000_000), dtype=np.int64), many)
        rows = by_hop(replace(crowded[0], latencies=days))
        shares = dict(zip(rows.column("hop"), rows.column("of_all_time_ppm"), strict=True))
        assert (shares["vm_wait"], shares["role"], shares["vm"]) == (500_000, 500_000, 0)

    def test_people_read_words(self, crowded):
        rows = for_people(by_hop(crowded[0]))
        assert rows.columns == ("hop", "requests", "p50", "p95", "p99", "of all time")
        assert rows[1][0] == "vm wait"
        assert rows[-1][-1] == ""
        assert rows[0][-1].endswith(" %")


class TestPremises:
    def test_only_what_is_assumed_is_said(self):
        times = {"service": "50ms"}
        measured = {"vm": times, "connection_point": times, "management_point": times, "update_point": times}
        assert profile(crowd(20, capacity=measured)).premises == ()
        (premise,) = profile(crowd(20, capacity={**measured, "update_point": {}})).premises
        assert premise.startswith("an update point at ")


class TestLimits:
    def test_vms_are_those_that_the_documents_ask_for(self):
        found = {one.name: one for one in profile(crowd(60, vms=3)).limits}
        assert (found["VMs"].need, found["VMs"].have) == (1, 3)

    @pytest.mark.parametrize(
        ("need", "have", "words"),
        [
            (16_416, 16_384, "100.2%, is not enough"),
            (16_384, 16_384, "100%, is enough"),
            (16_383, 16_384, "100%, is enough"),
            (18_000, 16_384, "109.9%, is not enough"),
            (3, 1, "300%, is not enough"),
            (1, 0, "there is none, is not enough"),
        ],
    )
    def test_more_than_there_is_never_reads_as_all_of_it(self, need, have, words):
        assert limit_text(Limit("TCP ports", need, have, "ports")) == f"TCP ports: {need:,} of {have:,} ports ({words})"

    def test_where_nobody_is_answered_those_count_who_would_be(self, drowned):
        """Channels alone would say that the ports are as good as empty."""
        whole, _ = drowned
        assert whole.connections.max() < 200
        found = {one.name: one.need for one in whole.limits}
        assert found["TCP ports"] == 400

    def test_of_two_gateways_the_small_one_binds(self):
        design = changed(
            two_gateways(vms=2),
            roles__connection_points={
                "cp1": {"site": "P01", "gateway": "east", "tcp_ports": 20},
                "cp2": {"site": "P01", "gateway": "west"},
            },
        )
        found = profile(design)
        assert found.binding.name == "TCP ports of cp1"
        assert found.binding.have == 20 < found.binding.need <= 60
        assert {"TCP ports of cp2", "VMs of east", "VMs of west"} <= {one.name for one in found.limits}
        assert not {"TCP ports", "VMs"} & {one.name for one in found.limits}

    def test_management_points_are_counted_by_site(self):
        design = two_gateways(site="P02")
        design = changed(
            design,
            roles__management_points={
                "mp1": {"site": "P01", "gateway_traffic": True},
                "mp2": {"site": "P02", "gateway_traffic": True},
            },
        )
        found = {one.name: one for one in profile(design).limits}
        assert (found["management points of P01"].need, found["management points of P02"].need) == (60, 0)
        assert "management points" not in found


class TestFailures:
    def test_causes_add_up_to_what_the_fleet_counted(self, crowded):
        whole, _ = crowded
        refused = sum(count for cause, count in whole.failures().items() if cause.startswith("refused_"))
        assert refused == whole.run.series.requests[:, :, 1, Count.REFUSED].sum()
        assert set(whole.failures()) == {"refused_no_tcp_port", "unanswered", "given_up", "no_contact"}

    def test_clients_that_know_no_gateway_are_counted(self):
        with pytest.raises(Refused, match=r"\(clients on the internet knew nobody to ask, [0-9]+ times\)"):
            profile(changed(crowd(40), roles__connection_points={}))

    def test_ports_are_told_from_certificates(self):
        """The others of the same gateway find no port; who is refused is known from living the strangers alone."""
        strangers = {"count": 20, "site": "P01", "day_plan": "office", "certificate": "other"}
        authorities = {"root": {}, "other": {}}
        both = changed(
            crowd(200),
            roles__connection_points=FEW_PORTS,
            clients__strange=strangers,
            certificates__authorities=authorities,
        )
        plenty = changed(crowd(200), clients__strange=strangers, certificates__authorities=authorities)
        found, alone = profile(both), profile(plenty).failures()
        assert set(alone) == {"refused_invalid_ca", "unanswered", "given_up", "no_contact"}
        assert abs(found.failures()["refused_invalid_ca"] - alone["refused_invalid_ca"]) <= 2, "but for those in flight"
        assert found.failures()["refused_no_tcp_port"] > 50
        refused = found.run.series.requests[:, :, 1, Count.REFUSED].sum()
        assert found.failures()["refused_invalid_ca"] + found.failures()["refused_no_tcp_port"] == refused

    def test_a_cause_is_said_as_logs_say_it(self):
        nobody = changed(crowd(40), gateways__east__trusted_authorities=[])
        assert "refused: CHAIN_INCOMPLETE" in text(profile(nobody))

    def test_they_have_words(self):
        failures = {
            "refused_no_tcp_port": 1_000,
            "refused_not_in_trust_list_or_no_tcp_port": 2,
            "refused_otherwise": 3,
            "unanswered": 4,
        }
        assert in_words(failures) == (
            "1,000 refused for want of a TCP port, 2 refused: NOT_IN_TRUST_LIST or NO_TCP_PORT, 3 refused otherwise, "
            "4 unanswered"
        )


class TestData:
    def test_figures_are_numbers_with_their_units(self, crowded):
        made = data(crowded[0])
        for name in ("kinds", "hops", "hours", "parts"):
            assert made[name]
            for row in made[name]:
                words = {"kind", "hop", "part"} & set(row)
                assert all(
                    value is None or isinstance(value, int | float) for key, value in row.items() if key not in words
                )
        assert {"p50_us", "p95_us", "p99_us"} < set(made["kinds"][0])
        assert {"busy_ppm", "in_line", "requests", "hour"} < set(made["parts"][0])
        assert made["bottleneck"]["busy_ppm"] == max(row["busy_ppm"] for row in made["parts"])
        assert made["binding_limit"] in made["limits"]
        assert made["binding_limit"]["share_ppm"] == 1_333_333
        assert len(made["limits"]) == len(crowded[0].limits)
        assert made["failures"] == crowded[0].failures()

    def test_kinds_add_up_to_the_total(self, crowded):
        made = data(crowded[1])
        assert sum(row["answered"] for row in made["kinds"]) == made["hops"][Hop.TOTAL]["requests"]
        assert np.diff([row["hour"] for row in made["hours"]]).min() > 0


class TestCommand:
    def test_more_than_a_minute_of_work_is_said(self, capsys):
        say_if_long(Outlet("profile"), crowd(96_000), 14, None)
        assert capsys.readouterr().err == (
            "1,344,000 days of clients take about 1 min or more; --scale 10% is sooner, but shows nothing of what is "
            "asked again\n"
        )
        say_if_long(Outlet("profile"), crowd(96_000), 14, 100_000)
        say_if_long(Outlet("profile"), crowd(18_000), 14, None)
        assert capsys.readouterr().err == ""

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot limit the size of files")
    def test_what_cannot_be_written_is_one_plain_line(self, tmp_path):
        import resource

        (tmp_path / "a.design.yaml").write_text(dump(crowd(20)), encoding="utf-8")
        # Coverage, which could not write its own file either, is not asked to follow there.
        elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        said = subprocess.run(
            [sys.executable, "-B", "-m", "cmgsim", "profile", "a.design.yaml", "-q", "--save", "out"],
            cwd=tmp_path,
            env=elsewhere | {"PYTHONPATH": str(Path(__file__).parents[2])},
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_024, 1_024)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 2
        assert said.stderr == "error: out: the tables cannot be written: File too large\n"
        assert not (tmp_path / "out").exists()

    def test_a_full_disk_is_called_one(self):
        told = {"exception_type": "IO", "exception_message": 'Could not write file "x": No space left', "errno": "28"}
        full = "the disk that this folder is on is full: make room, or choose a folder on another one"
        assert reason_of(Exception(f"IO Error: Async write failed for range: {json.dumps(told)}")) == full
        assert reason_of(OSError(ENOSPC, "No space left on device")) == full
        assert reason_of(Exception("IO Error: something {odd\nand more")) == "IO Error: something {odd"
