"""``cmgsim size``, ``sweep`` and ``compare`` as people call them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_studies import design_file
from worlds import design_of

from cmgsim.design.files import load_design
from cmgsim.errors import UsageError
from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.study.figures import MEANINGS
from cmgsim.ui.cli import main
from cmgsim.ui.outlet import Outlet
from cmgsim.ui.sizing import read_clients, read_prices
from cmgsim.ui.sweeping import Remaining, read_scale

ROOT = Path(__file__).parents[2]


@pytest.fixture
def say(capsys, tmp_path, monkeypatch):
    """Call the command in a folder with few.design.yaml; returns exit code, output and talk."""
    monkeypatch.delenv("COLUMNS", raising=False)
    design_file(tmp_path)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = main(list(arguments))
        return (code, *capsys.readouterr())

    return call


class TestSize:
    def test_the_answer_stands_beside_the_documented_rule(self, say):
        code, out, _ = say("size", "few.design.yaml", "-q")
        assert code == 0
        assert "answer: 1 VM in 1 gateway" in out
        assert "documented: 1 VM (2 for redundancy)" in out
        assert "rests on the assumption that a VM at its rated number of clients" in out

    def test_several_numbers_of_clients_stand_side_by_side(self, say):
        code, out, _ = say("size", "few.design.yaml", "--clients", "100,7k", "-q")
        assert code == 0
        assert [line.split()[:2] for line in out.splitlines()[3:5]] == [["100", "1"], ["7000", "2"]]

    def test_json_holds_every_row(self, say):
        code, out, _ = say("size", "few.design.yaml", "--json", "--survive", "one-vm")
        (sizing,) = json.loads(out)["sizings"]
        assert code == 0
        assert sizing["answer"]["vms"] == 2
        assert {"vms", "figures", "verdicts"} <= set(sizing["rows"][0])

    @pytest.mark.parametrize(
        ("arguments", "code", "words"),
        [
            (["--target", "fast"], 2, "is no target"),
            (["--target", "p99(policy) < 1ms"], 1, "TARGET_OUT_OF_REACH"),
            (["--clients", "lots"], 2, "is no number of clients"),
            (["--clients", "9k..3k"], 2, "goes upwards"),
            (["--gb-price", "1"], 2, "give both"),
        ],
    )
    def test_wrong_and_impossible_targets_are_one_line_each(self, say, arguments, code, words):
        found, out, err = say("size", "few.design.yaml", "-q", *arguments)
        assert (found, out) == (code, "")
        assert words in err
        assert len(err.splitlines()) == 1

    @pytest.mark.parametrize(
        ("text", "numbers"),
        [("18000", (18_000,)), ("1.5k", (1_500,)), ("1k,2k", (1_000, 2_000)), ("1m", (1_000_000,))],
    )
    def test_numbers_of_clients_are_read_as_people_write_them(self, text, numbers):
        assert read_clients(text) == numbers

    def test_a_range_has_both_ends(self):
        numbers = read_clients("10k..150k")
        assert (numbers[0], numbers[-1], len(numbers)) == (10_000, 150_000, 8)

    def test_prices_are_amounts(self):
        assert read_prices(None, None, None, "USD") is None
        assert str(read_prices("99.28", "0.087", None, "EUR").vm_month) == "99.28"
        assert str(read_prices("99.28", "0.087", "0.02", "EUR").storage_gb) == "0.02"
        for wrong in (("x", "1", None), ("-1", "1", None), ("1", "nan", None), ("1", "1", "x"), ("1", None, "1")):
            with pytest.raises(UsageError):
                read_prices(*wrong, "USD")


class TestSweep:
    def test_it_tabulates_and_is_kept(self, say):
        arguments = ("sweep", "few.design.yaml", "--set", "gateways.old.vms=1,2", "--seeds", "2", "--workers", "1")
        code, out, err = say(*arguments, "--show", "requests_served", "--out", "all.jsonl")
        assert code == 0
        assert "gateways.old.vms=2" in out
        assert "4 runs, 0 of them kept from before" in err
        assert len(Path("all.jsonl").read_text(encoding="utf-8").splitlines()) == 4
        assert "4 runs, 4 of them kept from before" in say(*arguments)[2]

    @pytest.mark.parametrize(
        ("arguments", "words"),
        [
            (["--set", "gateways.odl.vms=1"], "did you mean 'old'"),
            (["--set", "vms"], "write PATH=VALUES"),
            (["--show", "p99"], "no figure is named 'p99'"),
            (["--show", "foo"], "vm_busy_share, port_refused_share"),
            (["--set", "gateways.old.vms=1,1,1"], "1 stands there twice"),
            (["--out", "absent/all.jsonl"], "absent/all.jsonl: cannot be written"),
            (["--out", "."], "cannot be written"),
            (["--scale", "10"], "needs its sign"),
            (["--scale", "0%"], "nothing of a population"),
        ],
    )
    def test_wrong_usage_is_one_line(self, say, arguments, words):
        code, out, err = say("sweep", "few.design.yaml", *arguments)
        assert (code, out) == (2, "")
        assert words in err
        assert len(err.splitlines()) == 1

    def test_help_names_every_figure(self, say):
        words = say("sweep", "--help")[1].replace(",", " ").replace(".", " ").split()
        assert MEANINGS.keys() <= set(words)

    def test_days_of_a_scenario_are_refused(self, say, tmp_path):
        text = "scenario: Two hours\ndesign: few.design.yaml\nafter: 2h\nexpect:\n  - requests_conserved\n"
        (tmp_path / "two.scenario.yaml").write_text(text, encoding="utf-8")
        code, _, err = say("sweep", "two.scenario.yaml", "--days", "2")
        assert (code, len(err.splitlines())) == (2, 1)
        assert "a scenario says itself how long it lasts: leave --days out" in err

    def test_what_its_numbers_are_of_stands_below_the_table_even_when_quiet(self, say):
        _, out, err = say("sweep", "few.design.yaml", "--seeds", "2", "--workers", "1", "--scale", "50%", "-q")
        assert "half of the 99 % interval for the mean over 2 seeds" in out
        assert "of the clients simulated (6 of 12)" in " ".join(out.split())
        assert err == ""

    def test_columns_that_are_left_out_are_named_even_when_quiet(self, say, monkeypatch):
        monkeypatch.setenv("COLUMNS", "50")
        _, out, err = say("sweep", "few.design.yaml", "--seeds", "1", "-q")
        assert "too narrow for" in err
        assert max(map(len, out.splitlines())) <= 50

    def test_where_results_cannot_be_written_it_says_so(self, say):
        Path("kept").write_text("a file, not a folder", encoding="utf-8")
        code, _, err = say("sweep", "few.design.yaml", "--seeds", "1", "--cache", "kept")
        assert code == 2
        assert "cannot be" in err
        assert len(err.splitlines()) == 1

    @pytest.mark.slow
    def test_ctrl_c_keeps_what_was_finished_and_says_how_to_go_on(self, tmp_path):
        design_file(tmp_path)
        command = [sys.executable, "-m", "cmgsim", "sweep", "few.design.yaml", "--seeds", "600", "--workers", "1"]
        command += ["--days", "5"]
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        kept = tmp_path / ".cmgsim"
        deadline = time.monotonic() + 90
        while not list(kept.rglob("*.json")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130
        assert "results are kept below .cmgsim" in err
        assert "stopping, waiting for runs under way" in err
        assert list(kept.rglob("*.json"))

    def test_the_rest_is_estimated_from_what_was_run_here(self):
        now = iter([0.0, 0.0, 20.0, 40.0])
        said = []

        class Listening(Outlet):
            def say(self, text: str) -> None:
                said.append(text)

        remaining = Remaining(Listening("sweep"), lambda: next(now))
        for done in (10, 12, 14):
            remaining.tell(done, 20)
        assert said == ["12 of 20 runs, 1 min 20 s to go", "14 of 20 runs, 1 min 0 s to go"]

    def test_a_share_is_read(self):
        assert read_scale("10%") == 100_000
        assert read_scale(None) is None


class TestCompare:
    def test_a_file_and_itself_are_the_same(self, say):
        code, out, _ = say("compare", "few.design.yaml", "few.design.yaml", "--seeds", "2", "--workers", "1", "-q")
        assert code == 0
        assert out.splitlines()[-1] == "A and B are the same, to the last event"

    def test_sides_that_do_not_last_as_long_are_told_of(self, say, tmp_path):
        text = "scenario: Two hours\ndesign: few.design.yaml\nafter: 2h\nseeds: [1]\nexpect:\n  - requests_conserved\n"
        (tmp_path / "two.scenario.yaml").write_text(text, encoding="utf-8")
        code, _, err = say("compare", "few.design.yaml", "two.scenario.yaml", "--seeds", "1", "--workers", "1")
        assert code == 0
        assert "few.design.yaml lasts 0s and 1d" in err
        assert "two.scenario.yaml 0s and 2h" in err

    def test_two_saved_runs_are_compared_client_by_client(self, say, tmp_path):
        for name, after in (("one", "1d"), ("two", "1d")):
            rehearse(load_design("few.design.yaml"), after=after).save(tmp_path / name)
        code, out, _ = say("compare", "one", "two", "--json")
        assert code == 0
        assert json.loads(out)["identical"] == json.loads(out)["pairs"] == 12

    def test_a_run_and_a_file_are_not_of_a_kind(self, say, tmp_path):
        rehearse(design_of({"clients.road.count": 2, "clients.office.count": 2}), after="1h").save(tmp_path / "one")
        code, _, err = say("compare", "one", "few.design.yaml")
        assert code == 2
        assert "not of a kind" in err
