"""Nothing is wider than the terminal says; where the output goes elsewhere, every line is whole."""

from __future__ import annotations

import pytest
from doors import apart

from cmgsim.report.tables import folded


@pytest.mark.parametrize("arguments", [["--help"], ["init", "--help"], ["lint", "--help"], ["rule"]])
@pytest.mark.parametrize("columns", [44, 60, 80])
def test_help_and_rules_fit(arguments, columns, tmp_path):
    shown = apart(*arguments, cwd=tmp_path, COLUMNS=str(columns)).stdout
    wide = [line for line in shown.splitlines() if len(line) > columns and not line.lstrip().startswith("-")]
    assert wide == []


def test_help_tells_what_each_command_does_to_the_end(tmp_path):
    shown = apart("--help", cwd=tmp_path, COLUMNS="80").stdout
    assert "..." not in shown.partition("Commands:")[2]


@pytest.mark.parametrize("command", [["size", "first.design.yaml"], ["profile", "first.design.yaml"]])
def test_prose_goes_on_below(command, lab):
    whole = apart(*command, "-q", cwd=lab).stdout
    narrow = apart(*command, "-q", cwd=lab, COLUMNS="80").stdout
    assert max(map(len, whole.splitlines())) > 80
    assert max(map(len, narrow.splitlines())) <= 80
    assert narrow.split() == whole.split()


def test_a_sweep_leaves_out_columns_and_says_which(lab):
    command = ["sweep", "first.design.yaml", "--seeds", "2", "--workers", "1", "--scale", "10%"]
    whole = apart(*command, cwd=lab)
    narrow = apart(*command, cwd=lab, COLUMNS="60")
    assert "p50_ms" in whole.stdout
    assert "p50_ms" not in narrow.stdout
    assert max(map(len, narrow.stdout.splitlines())) <= 60
    assert "too narrow for requests_served, connections_peak, p50_ms" in narrow.stderr
    chosen = apart(*command, "--show", "p50_ms,p95_ms,p99_ms,egress_mb", cwd=lab, COLUMNS="44").stdout
    assert chosen.split()[:5] == ["point", "p50_ms", "p95_ms", "p99_ms", "egress_mb"], "what was asked for is shown"


def test_a_comparison_leaves_out_both_sides_before_the_verdict(lab):
    (lab / "other.design.yaml").write_text(
        (lab / "first.design.yaml").read_text(encoding="utf-8").replace("count: 20", "count: 40"), encoding="utf-8"
    )
    command = ["compare", "first.design.yaml", "other.design.yaml", "--seeds", "2", "--workers", "1"]
    whole = apart(*command, cwd=lab)
    narrow = apart(*command, cwd=lab, COLUMNS="70")
    assert "too narrow for A and B" in narrow.stderr
    assert "figure               A " in whole.stdout
    assert "figure               B - A" in narrow.stdout
    assert max(map(len, narrow.stdout.splitlines())) <= 70


def test_folding_keeps_what_fits_and_hangs_the_rest():
    text = "short\n  FAIL  a check: it has words, and more words\n\nend"
    assert folded(text, 30, column=8) == "short\n  FAIL  a check: it has words,\n        and more words\n\nend"
    assert folded("        so far to the right", 16, column=8) == "        so far\n        to the\n        right"
    assert folded("  one two three", 10) == "  one two\n    three"
    assert folded("a-very-long-name-without-a-place-to-break", 10) == "a-very-long-name-without-a-place-to-break"
