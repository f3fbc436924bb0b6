"""Profiles: hops that add up, a bottleneck with its name, and tables that others can read."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from crowds import crowd

from cmgsim.capacity.profile import profile
from cmgsim.capacity.profile_tables import PROFILE_DICTIONARY, by_hop, by_kind, by_part, data, tables, text
from cmgsim.design.files import dump
from cmgsim.errors import Refused, UsageError
from cmgsim.fleet.measures import Hop
from cmgsim.fleet.series import Count
from cmgsim.site.client import Activity
from cmgsim.site.landscape import StationKind
from cmgsim.ui.cli import main
from cmgsim.world.columns import write_parquet

SLOW_VM = {"capacity": {"vm": {"service": "3s"}}}


@pytest.fixture(scope="module")
def sampled():
    """A day of a tenth of 400 clients with slow VMs: its requests are sent through the lines."""
    return profile(crowd(400, **SLOW_VM), scale=100_000)


@pytest.fixture(scope="module")
def whole():
    """The same of all 60 clients of a small design."""
    return profile(crowd(60, **SLOW_VM))


@pytest.fixture(params=["sampled", "whole"])
def found(request):
    return request.getfixturevalue(request.param)


def test_every_request_that_was_answered_is_in_the_histograms(found):
    total = found.latencies.histogram(Hop.TOTAL).sum()
    assert total == found.latencies.histogram(Hop.TRAVEL_BACK).sum()
    assert total > 0
    assert found.latencies.histogram(Hop.VM).sum() >= total * 0.99, "all come over the gateway, but those in flight"


def test_the_answers_of_a_whole_run_are_those_it_served(whole):
    served = int(whole.run.series.requests[..., Count.SERVED].sum())
    assert abs(int(whole.latencies.histogram(Hop.TOTAL).sum()) - served) <= 5, "but for requests in flight at the end"


def test_the_bottleneck_is_named(found):
    assert found.bottleneck.kind.name == "VM"
    assert f"bottleneck: {found.bottleneck.name}, " in text(found)
    assert found.bottleneck.busy_ppm.max() == max(part.busy_ppm.max() for part in found.parts)


def test_most_of_the_time_goes_where_it_is_slow(found):
    shares = dict(zip(by_hop(found).column("hop"), by_hop(found).column("of_all_time_ppm"), strict=True))
    assert shares["vm"] + shares["vm_wait"] > 800_000
    assert shares.pop("total") is None
    assert sum(shares.values()) == pytest.approx(1_000_000, abs=len(shares)), "the shares are of something that adds up"


def test_littles_law_holds_in_every_hour(found):
    """A line's mean length is its arrivals times their mean wait; nothing is negative."""
    for part in found.parts:
        for hour in range(len(part.arrivals)):
            mean_wait_s = part.waiting_us[hour] / 1e6 / max(part.arrivals[hour], 1)
            assert part.queue(hour) == pytest.approx(part.arrivals[hour] / 3600 * mean_wait_s, abs=1e-9) or (
                not part.arrivals[hour]
            )
        assert (part.busy_us >= 0).all()
        assert (part.waiting_us >= 0).all()


def test_the_work_is_what_the_stations_were_said_to_take(found):
    """Utilisation is arrivals times service: the mean service of a VM is 3 s, exponential, so |z| < 3.29."""
    vms = [part for part in found.parts if part.kind is StationKind.VM]
    arrivals = sum(int(part.arrivals.sum()) for part in vms)
    mean_s = sum(int(part.busy_us.sum()) for part in vms) / 1e6 / arrivals
    assert arrivals > 100
    assert abs(mean_s - 3) / (3 / math.sqrt(arrivals)) < 3.29


def test_two_halves_of_one_run_add_up_to_the_whole(found):
    """Histograms merge by addition: those of all hours are the one over all hours."""
    hours = np.unique(found.latencies.hour)
    merged = sum(found.latencies.histogram(Hop.TOTAL, hour=int(hour)) for hour in hours)
    assert (merged == found.latencies.histogram(Hop.TOTAL)).all()


def test_kinds_and_parts_have_rows(found):
    assert {"location", "policy"} <= set(by_kind(found).column("kind"))
    assert len(by_part(found)) >= 3
    assert json.dumps(data(found))


@pytest.mark.parametrize("scale", [None, 500_000])
def test_nobody_over_a_gateway_is_said(scale):
    with pytest.raises(Refused, match="NO_DEMAND: nothing is asked over a gateway in that time, so"):
        profile(crowd(20, day_plans={"office": {"always": "intranet"}}), scale=scale)


class TestTables:
    def test_every_column_is_in_the_data_dictionary(self, found):
        made = tables(found)
        assert list(made) == list(PROFILE_DICTIONARY)
        for name, columns in made.items():
            assert list(columns) == list(PROFILE_DICTIONARY[name])
            assert len({len(column) for column in columns.values()}) == 1

    def test_the_page_has_every_column(self):
        page = (Path(__file__).parents[2] / "docs" / "how-to" / "profile-a-design.md").read_text(encoding="utf-8")
        for name, columns in PROFILE_DICTIONARY.items():
            part = page.partition(f"### {name}.parquet")[2].partition("###")[0]
            for column, meaning in columns.items():
                assert f"| `{column}` | {meaning} |" in part

    def test_duckdb_reads_several_runs_at_once(self, sampled, whole, tmp_path):
        duckdb = pytest.importorskip("duckdb")
        for number, one in enumerate((sampled, whole)):
            write_parquet(tables(one), tmp_path / "runs" / str(number))
        with duckdb.connect() as database:
            rows = database.execute(
                f"select run, sum(requests_asked)::bigint from '{tmp_path}/runs/*/requests.parquet' group by run"
            ).fetchall()
            (policy,) = database.execute(
                f"select sum(requests)::bigint from '{tmp_path}/runs/1/latencies.parquet' "
                "where hop = 'total' and kind = 'policy'"
            ).fetchone()
        assert dict(rows) == {
            one.run.digest: int(one.run.series.requests[..., Count.ASKED].sum()) for one in (sampled, whole)
        }
        assert policy == whole.latencies.histogram(Hop.TOTAL, Activity.POLICY).sum()

    def test_pandas_has_the_same(self, whole):
        pytest.importorskip("pandas")
        frame = whole.run.to_pandas("intervals")
        assert frame["connections"].max() == whole.connections.max()
        assert len(whole.run.to_pandas("clients")) == 60

    @pytest.mark.parametrize("table", PROFILE_DICTIONARY)
    def test_pandas_has_every_table_of_a_profile(self, found, table):
        pytest.importorskip("pandas")
        frame = found.to_pandas(table)
        assert list(frame.columns) == list(PROFILE_DICTIONARY[table])
        if table == "latencies":
            assert frame[frame.hop == "total"].requests.sum() == found.latencies.histogram(Hop.TOTAL).sum()
        elif table == "parts":
            assert frame.arrivals.sum() == sum(part.arrivals.sum() for part in found.parts)

    def test_a_table_that_is_not_there_is_said(self, whole):
        with pytest.raises(UsageError, match=r"a run has no table 'vms'; it has requests, intervals, clients$"):
            whole.run.to_pandas("vms")
        with pytest.raises(UsageError, match="a profile has no table 'vms'; it has requests, .*, latencies, parts"):
            whole.to_pandas("vms")

    @pytest.mark.parametrize("table", ["latencies", "parts"])
    def test_a_run_says_who_has_the_tables_of_a_profile(self, whole, table):
        with pytest.raises(UsageError, match=rf"a profile has it: cmgsim.profile\(design\).to_pandas\('{table}'\)"):
            whole.run.to_pandas(table)


class TestCommand:
    def test_it_tells_and_writes(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a.design.yaml").write_text(dump(crowd(20)), encoding="utf-8")
        assert main(["profile", "a.design.yaml", "--save", "out", "-q"]) == 0
        assert "bottleneck: " in capsys.readouterr().out
        assert sorted(path.stem for path in (tmp_path / "out").iterdir()) == sorted(PROFILE_DICTIONARY)
        assert main(["profile", "a.design.yaml", "--save", "out"]) == 2
        err = capsys.readouterr().err
        assert "is there already" in err
        assert len(err.splitlines()) == 1

    def test_json(self, tmp_path, monkeypatch, capsys):
        monkeypatch.chdir(tmp_path)
        (tmp_path / "a.design.yaml").write_text(dump(crowd(20)), encoding="utf-8")
        assert main(["profile", "a.design.yaml", "--json"]) == 0
        data = json.loads(capsys.readouterr().out)
        assert data["schema"] == "cmgsim/profile/v2"
        assert (data["clients"], data["clients_simulated"], data["scale_ppm"]) == (20, 20, 1_000_000)

    @pytest.mark.parametrize("more", [(), ("--scale", "50%")])
    def test_nothing_over_gateways_ends_with_1_and_one_line(self, tmp_path, monkeypatch, capsys, more):
        monkeypatch.chdir(tmp_path)
        design = crowd(20, day_plans={"office": {"always": "intranet"}})
        (tmp_path / "a.design.yaml").write_text(dump(design), encoding="utf-8")
        assert main(["profile", "a.design.yaml", "-q", *more]) == 1
        out, err = capsys.readouterr()
        assert out == ""
        assert err == (
            "error: NO_DEMAND: nothing is asked over a gateway in that time, so there is nothing to profile\n"
        )
