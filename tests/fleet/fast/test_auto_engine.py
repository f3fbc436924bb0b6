"""Small fleets live in the reference, large ones in the fast fleet, and a world is the same in either."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numba")

from click.testing import CliRunner
from twins import CONTACTS, HABITS, PUBLICATIONS, clients, told
from worlds import design_of

import cmgsim
from cmgsim.errors import UnknownName, UsageError
from cmgsim.fleet import auto, kernels
from cmgsim.fleet.auto import Engine, live
from cmgsim.fleet.engine import FleetEngine
from cmgsim.fleet.fast import FastFleet
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.site.landscape import SERVED, Landscape
from cmgsim.ui.warm import warm_command
from cmgsim.units import HOUR

SEEN = Landscape(
    contacts=CONTACTS,
    publications=PUBLICATIONS,
    published=(3,),
    bootstraps=(3,),
    tiers=((), ()),
    answers=((SERVED,) * len(CONTACTS),),
    domain_controller=False,
    told=(told(True, HOUR, HOUR, HOUR),),
    active_gateways=(),
)
ONLINE = ({"always": "internet"},)
HERE = Path(__file__).parent
LIVES = """
import json
from copy import deepcopy
from dataclasses import replace

from test_fast_equals_reference import BUSY
from twins import CONTACTS, CUTS, NARROW, PLANS, STATIONS, WIDE, clients, routes

from cmgsim.fleet import kernels
from cmgsim.fleet.auto import warm
from cmgsim.fleet.engine import FleetEngine
from cmgsim.fleet.fast import FastFleet
from cmgsim.site.landscape import SERVED, Door
from cmgsim.units import DAY, HOUR, PARTS_PER_MILLION

def compiled():
    return {name: len(each.signatures) for name, each in vars(kernels).items() if hasattr(each, "signatures")}

warm()
before = compiled()
content = replace(BUSY, package_bytes=(10**6,), sources=((9,),), content_pools=(((0, 9),), ()))
queued = replace(content, stations=STATIONS, routes=routes((Door(0, (NARROW, WIDE)),)))
refused = ((403,) * len(CONTACTS),) * len(PLANS)
for first, cut in ((content, CUTS[0]), (queued, CUTS[0]), (queued, CUTS[2])):
    engine = FastFleet(clients(20, metered=500_000), first, 1, cut)
    engine.advance(12 * HOUR)
    engine.restart(0, PARTS_PER_MILLION)
    for then in (replace(first, answers=refused), first):
        engine = deepcopy(engine)
        engine.behold(then)
        engine.advance(engine.now_us + HOUR)
        engine.roll(), engine.series(), engine.measures(), engine.egress_bytes(), engine.stranded()
        engine.knowing(frozenset({1}))
print(json.dumps([before, compiled()]))
"""


def alive(wish: Engine, count: int, landscape: Landscape = SEEN, **more: Any) -> FleetEngine:
    return live(wish, clients(count, HABITS, ONLINE), landscape, 1, **more)


def test_each_engine_can_be_chosen() -> None:
    assert isinstance(alive(Engine.REFERENCE, 3), ReferenceFleet)
    assert isinstance(alive(Engine.FAST, 3), FastFleet)


def test_few_clients_do_not_wait_for_a_compiler() -> None:
    assert isinstance(alive(Engine.AUTO, auto.COMPILED_FROM - 1), ReferenceFleet)
    assert isinstance(alive(Engine.AUTO, auto.WORTH_COMPILING_FROM), FastFleet)


def test_content_makes_no_difference() -> None:
    with_content = replace(SEEN, package_bytes=(1_000,), sources=((),), content_pools=((), ()))
    assert isinstance(alive(Engine.AUTO, auto.WORTH_COMPILING_FROM, with_content), FastFleet)


def test_a_landscape_of_another_run_is_taken_by_no_engine() -> None:
    others = (replace(SEEN, contacts=CONTACTS[:3]), replace(SEEN, package_bytes=(5,)), replace(SEEN, tiers=()))
    for wish in (Engine.REFERENCE, Engine.FAST):
        for other in others:
            with pytest.raises(ValueError, match="those of another run"):
                alive(wish, 3).behold(other)


def test_what_is_watched_the_reference_lives() -> None:
    assert isinstance(alive(Engine.AUTO, auto.WORTH_COMPILING_FROM, watched=frozenset({1})), ReferenceFleet)
    with pytest.raises(UsageError, match="engine 'fast': it keeps no diaries"):
        alive(Engine.FAST, 3, watched=frozenset({1}))


def test_without_numba_all_live_in_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auto, "find_spec", lambda name: None)
    assert isinstance(alive(Engine.AUTO, auto.WORTH_COMPILING_FROM), ReferenceFleet)
    for wish in (lambda: alive(Engine.FAST, 3), auto.warm):
        with pytest.raises(UsageError, match=r"Numba is not installed: pip install 'cmgsim\[fast\]'"):
            wish()


def test_an_unknown_engine_is_named_with_the_known_ones() -> None:
    with pytest.raises(UnknownName, match="no engine is named 'quick'"):
        cmgsim.build(design_of({}), engine="quick")


def test_a_world_is_the_same_in_either_engine() -> None:
    runs = []
    for engine in ("reference", "fast"):
        world = cmgsim.build(design_of({}), engine=engine)
        world.run("30h")
        runs.append(world.fork().finish())
    assert runs[0].digest == runs[1].digest


def test_warm_says_when_it_is_done() -> None:
    done = CliRunner().invoke(warm_command, [])
    assert done.exit_code == 0
    assert "the fast fleet is compiled" in done.output


def test_machine_code_is_found_where_numba_keeps_it(tmp_path: Path) -> None:
    script = """
from pathlib import Path
from cmgsim.fleet import auto, kernels
print(auto.compiled())
place = Path(kernels.advance.stats.cache_path)
place.mkdir(parents=True, exist_ok=True)
(place / "kernels.advance-1.py3.nbi").touch()
print(auto.compiled())
"""
    elsewhere = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", script], env=elsewhere, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_once_warm_nothing_is_compiled_while_a_fleet_lives() -> None:
    """In a process of its own: in this one other tests have compiled, or loaded, what they needed."""
    done = subprocess.run([sys.executable, "-c", LIVES], cwd=HERE, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    warm, alive = json.loads(done.stdout)
    entered = {name for name in warm if not vars(kernels)[name].targetoptions.get("no_cpython_wrapper")}
    assert {"advance", "judge_all", "restart", "serve"} <= entered
    assert {name for name, count in warm.items() if count} >= entered
    assert alive == warm
