"""The same program prints the same digest in every process, whatever Python salts its hashes with."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

KERNEL = """
from dataclasses import dataclass
from enum import Enum

from cmgsim.draws import draw, identity, stream, within
from cmgsim.facts import Fact, Message
from cmgsim.kernel.kernel import Kernel


class Mood(Enum):
    CALM = "calm"
    HURRIED = "hurried"


@dataclass(frozen=True)
class Met(Fact):
    whom: str
    mood: Mood
    words: tuple[str, ...]


@dataclass
class Walker:
    name: str
    rank: int
    met: dict[str, int]
    next_us: int = 0

    def due(self):
        return self.next_us

    def step(self, now_us):
        lot = draw(7, identity(self.name), stream("test.walk"), now_us)
        self.next_us = now_us + within(lot, 1, 50)
        return [Message(f"walker-{lot % 20}", self.name)]

    def receive(self, body, now_us):
        self.met[body] = now_us
        return [Met(body, list(Mood)[now_us % 2], tuple(self.met)[:3])]


kernel = Kernel(Walker(f"walker-{index}", index + 2, {}) for index in range(20))
kernel.run(1_000)
kernel.fork().run(2_000)
print(len(kernel.trace), kernel.trace.digest)
"""

WORLD = """
import cmgsim

design = cmgsim.load("scenarios/designs/five_to_two.design.yaml")
plan = cmgsim.load("scenarios/plans/five_to_two.plan.yaml")
run = cmgsim.rehearse(design, plan, seed=11, scale=100_000, before="9h", after="12h")
print(len(run.trace), run.trace.digest, run.digest)
"""


def printed(program: str, hash_seed: str) -> str:
    """Return what a program prints in a fresh process."""
    environment = os.environ | {"PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("program", [pytest.param(KERNEL, id="kernel"), pytest.param(WORLD, id="world")])
def test_every_process_prints_the_same_digest(program: str) -> None:
    outputs = {printed(program, hash_seed) for hash_seed in ("0", "1", "4711")}
    assert len(outputs) == 1
    assert int(outputs.pop().split()[0]) > 100
