"""The command as a process: its streams, terminals, interruptions and closed pipes."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time

import pytest
from doors import COMMAND, ROOT, apart, environment

HEAVY = ["pydantic", "numpy", "simpy", "yaml", "networkx", "rich", "cryptography", "cmgsim.design.model"]


def python(program: str) -> str:
    """Return what a Python program prints."""
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=True).stdout


def test_module_and_command_are_the_same(lab):
    said = apart("rehearse", "first.scenario.yaml", cwd=lab)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines()[-1] == "all 4 expectations hold"
    script = "import sys; from cmgsim.ui.cli import main; sys.argv = ['cmgsim', 'rule', 'CMG308']; sys.exit(main())"
    assert python(script) == apart("rule", "CMG308", cwd=lab).stdout


def test_data_and_talk_have_streams_of_their_own(lab):
    said = apart("rehearse", "first.scenario.yaml", "--set", "plan.gap=1h", cwd=lab)
    assert said.returncode == 1
    assert said.stderr == "1 warning; see them with cmgsim lint\n"
    assert "warning" not in said.stdout


@pytest.mark.parametrize("arguments", [["--help"], ["lint", "--help"], ["--version"]])
def test_help_costs_nothing_heavy(arguments):
    program = (
        f"import sys; from cmgsim.ui.cli import main; main({arguments!r}); "
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    assert python(program).splitlines()[-1] == "[]"


def heed_interruptions():
    """Take interruptions as a program at a terminal does: a background job of a script inherits deafness to them."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_an_interruption_names_what_was_finished(lab):
    seeds = [option for seed in range(1, 400) for option in ("--seed", str(seed))]
    command = [*COMMAND, "rehearse", "first.scenario.yaml", *seeds, "--save", "out"]
    process = subprocess.Popen(
        command,
        cwd=lab,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        preexec_fn=heed_interruptions,
    )
    deadline = time.monotonic() + 60
    while not (lab / "out" / "seed-2").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert re.fullmatch(r"interrupted: \d+ of 399 runs of first finished, saved below out\n", err)


@pytest.mark.parametrize("arguments", [["rule"], ["schema", "design"], ["rehearse", "first.scenario.yaml"]])
def test_a_closed_pipe_is_met_with_silence(lab, arguments):
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=lab, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_wrong_usage_on_a_closed_pipe_is_no_bug(lab):
    process = subprocess.Popen(
        [*COMMAND, "rehearse", "--json"], cwd=lab, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    said = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait(timeout=60) == 141
    assert said.splitlines()[-1].startswith("Error: Missing argument")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-"])
@pytest.mark.parametrize("arguments", [["--help"], ["schema", "design"], ["rehearse", "first.scenario.yaml"]])
def test_a_stream_that_is_closed_takes_nothing_and_harms_nothing(lab, arguments, closed):
    shell = ["sh", "-c", f'"$@" {closed}', "sh", *COMMAND, *arguments]
    said = subprocess.run(shell, cwd=lab, env=environment(), capture_output=True, encoding="utf-8", check=False)
    assert (said.returncode, said.stderr) == (0, "")
    assert bool(said.stdout) is (closed == "2>&-")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_every_encoding_gets_marks_that_it_can_print(lab, encoding):
    design = lab / "first.design.yaml"
    text = design.read_text(encoding="utf-8").replace("A first design", "Ein Entwurf für 世界")
    design.write_text(text, encoding="utf-8")
    result = subprocess.run(
        [*COMMAND, "rehearse", "first.scenario.yaml"],
        cwd=lab,
        env=environment(PYTHONIOENCODING=encoding),
        capture_output=True,
        encoding=encoding,
        check=True,
    )
    assert ("✓" in result.stdout) is (encoding == "utf-8")
    assert ("ok stranded_clients" in result.stdout) is (encoding != "utf-8")
    assert ("für" in result.stdout) is (encoding != "ascii")


def on_terminal(arguments: list[str], cwd, **more: str) -> str:
    """Run the command on a terminal of 60 columns and return all that it showed."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *arguments], cwd=cwd, env=environment(COLUMNS="60", **more), stdout=follower, stderr=follower
    )
    os.close(follower)
    shown = b""
    while True:
        try:
            part = os.read(leader, 65536)
        except OSError:  # how Linux says that the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(leader)
    process.wait(timeout=60)
    return shown.decode("utf-8").replace("\r\n", "\n")


class TestOnATerminal:
    def test_there_are_colours_and_progress(self, lab):
        shown = on_terminal(["rehearse", "first.scenario.yaml"], lab, TERM="xterm")
        assert "\x1b[32m✓\x1b[0m stranded_clients" in shown
        assert "\r\x1b[Krun 1 of 1, seed 1: day 1 00:00  create_gateway: new" in shown

    @pytest.mark.parametrize("quiet", [["-q"], ["--json"]])
    def test_progress_can_be_silenced(self, lab, quiet):
        assert "run 1 of 1" not in on_terminal(["rehearse", "first.scenario.yaml", *quiet], lab, TERM="xterm")

    @pytest.mark.parametrize("calm", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
    def test_colours_can_be_unwanted(self, lab, calm):
        shown = on_terminal(["rehearse", "first.scenario.yaml", "-q"], lab, **{"TERM": "xterm", **calm})
        assert "\x1b[" not in shown

    def test_a_terminal_that_cannot_redraw_is_sent_no_escapes(self, lab):
        shown = on_terminal(["rehearse", "first.scenario.yaml"], lab, TERM="dumb")
        assert "all 4 expectations hold" in shown
        assert "\x1b" not in shown
        assert "\r" not in shown

    def test_frames_fit_it(self, lab):
        design = lab / "first.design.yaml"
        design.write_text(
            design.read_text(encoding="utf-8").replace("count: 20,", "count: many, os: Windows 10 version 1903,"),
            encoding="utf-8",
        )
        shown = re.sub(r"\x1b\[[0-9;]*m", "", on_terminal(["lint", "first.design.yaml"], lab, TERM="xterm"))
        assert "'count' must be a whole number" in shown
        assert all(len(line) <= 60 or "-->" in line for line in shown.splitlines())

    def test_complaints_and_remarks_fit_it(self, lab):
        shown = on_terminal(["compare", "first.design.yaml", "."], lab, TERM="xterm")
        words = "error: first.design.yaml and . are not of a kind: give two saved runs, or two files"
        assert " ".join(shown.split()) == words
        assert [len(line) <= 60 for line in shown.splitlines()] == [True, True]


def test_the_readme_shows_what_the_command_prints():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n\$ cmgsim (.*)\n((?:.*\n)*?)```", readme)
    assert blocks
    for arguments, shown in blocks:
        said = apart(*arguments.split(), cwd=ROOT, COLUMNS="80", PYTHONUTF8="1")
        assert said.stdout == shown
        assert f"`{' '.join(said.stderr.split())}`" in " ".join(readme.split()), "the README says what it says beside"
