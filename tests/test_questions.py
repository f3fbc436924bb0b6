"""The page of questions: every command on it is one that exists, on files that exist, with options it takes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from cmgsim.ui.cli import COMMANDS, commands

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "how-to" / "questions.md").read_text(encoding="utf-8")
SHOWN = [" ".join(words.split()) for words in re.findall(r"`(cmgsim [^`]+)`", PAGE)]


@pytest.mark.seed("S-133")
def test_all_22_questions_stand_in_order_with_an_answer():
    rows = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 23))
    assert all("cmgsim " in answer or "](" in answer for _, _, answer in rows)


@pytest.mark.seed("S-133")
@pytest.mark.parametrize("shown", SHOWN)
def test_a_command_on_the_page_could_be_run(shown):
    name, *arguments = shlex.split(shown)[1:]
    assert name in COMMANDS
    command = commands.get_command(click.Context(commands), name)
    assert command is not None
    with command.make_context(name, arguments) as context:
        assert context.params
    for argument in arguments:
        if argument.startswith("scenarios/"):
            assert (ROOT / argument).exists(), argument


@pytest.mark.seed("S-133")
def test_monitoring_and_its_logs_are_led_to():
    after = PAGE.partition("## What Microsoft's page leads to next")[2]
    assert "cmgsim analyze" in after
    assert "alerts and dashboard figures" in " ".join(after.split())
