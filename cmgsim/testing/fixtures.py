"""Fixtures of Python scenarios: a design, a plan, a seed, and what lives of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from cmgsim.testing.marks import seed_id, seeds_asked_for

if TYPE_CHECKING:
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan
    from cmgsim.world.run import Run
    from cmgsim.world.world import World

Loaded = TypeVar("Loaded")


@pytest.fixture
def design(request: pytest.FixtureRequest) -> Design:
    """The design named by ``@pytest.mark.design("path")``, relative to the test's file."""
    from cmgsim.design.files import load_design

    return _load(load_design, marked_file(request, "design"))


@pytest.fixture
def plan(request: pytest.FixtureRequest, design: Design) -> Plan:
    """The plan named by ``@pytest.mark.plan("path")``, relative to the test's file; its names are of the design."""
    from cmgsim.design.files import load_plan

    return _load(lambda path: load_plan(path, design), marked_file(request, "plan"))


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of the run: of ``--cmg-seed``, else 1. ``@pytest.mark.seeds(20)`` runs the test with 1 to 20."""
    return next(iter(seeds_asked_for(request.config)), 1)


@pytest.fixture
def world(design: Design, seed: int) -> World:
    """A world of the design, at moment 0."""
    from cmgsim.world.build import build

    return build(design, seed=seed)


@pytest.fixture
def rehearsal(request: pytest.FixtureRequest, design: Design, plan: Plan, seed: int) -> Run:
    """The run of the plan in the design, with two days after it."""
    from cmgsim.rehearsal.rehearse import rehearse

    run = rehearse(design, plan, seed=seed)
    request.node.user_properties.append(("cmg.digest", run.digest))
    return run


def spread_seeds(metafunc: pytest.Metafunc) -> None:
    """Run a test marked ``seeds`` once for each seed; the command line may choose others."""
    mark = metafunc.definition.get_closest_marker("seeds")
    if mark is None or "seed" not in metafunc.fixturenames:
        return
    if not mark.args or not all(isinstance(number, int) and number >= 0 for number in mark.args):
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: write seeds(20), or several seeds such as seeds(1, 7)")
    own = range(1, mark.args[0] + 1) if len(mark.args) == 1 else mark.args
    seeds = seeds_asked_for(metafunc.config) or tuple(own)
    metafunc.parametrize("seed", seeds, ids=map(seed_id, seeds))


def marked_file(request: pytest.FixtureRequest, kind: str) -> Path:
    """Return the file that a mark names."""
    mark = request.node.get_closest_marker(kind)
    if mark is None or len(mark.args) != 1:
        example = f"@pytest.mark.{kind}('{kind}s/contoso.{kind}.yaml')"
        pytest.fail(f"the fixture {kind!r} needs a file: mark the test with {example}", pytrace=False)
    path: Path = request.path.parent / mark.args[0]
    return path


def _load(load: Callable[[Path], Loaded], path: Path) -> Loaded:
    """Load a file; what is wrong with it is all that is shown."""
    from cmgsim.errors import FileFaults, UnreadableFile

    try:
        return load(path)
    except (FileFaults, UnreadableFile) as error:
        pytest.fail(str(error), pytrace=False)
