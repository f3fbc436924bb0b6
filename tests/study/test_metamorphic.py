"""What must not change when something that has no part in it changes."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import design_of

from cmgsim.rehearsal.rehearse import rehearse
from cmgsim.world.build import build
from cmgsim.world.run import Run

FEW = {"clients.road.count": 10, "clients.office.count": 10}


def lives(run: Run) -> dict[str, tuple[int, ...]]:
    """Return what is known of each client by its name, but for numbers that depend on the order of things."""
    roll = run.roll
    columns = (roll.place, roll.connection, roll.located_us, roll.stranded_total_us)
    return {run.client_name(client): tuple(int(column[client]) for column in columns) for client in range(run.clients)}


@pytest.fixture(scope="module")
def plain() -> Run:
    return rehearse(design_of(FEW), after="30h")


def test_splitting_a_wait_changes_nothing(plain):
    world = build(design_of(FEW))
    for part in ("13h", "1us", "0s", "16h 59min 59s 999ms 999us"):
        world.run(part)
    assert world.finish().digest == plain.digest


def test_an_unused_gateway_changes_nothing_for_anybody(plain):
    spare = {"certificate": "new", "region": "westus", "trusted_authorities": ["root"], "planned": True}
    other = rehearse(design_of({**FEW, "gateways.spare": {**spare}}), after="30h")
    assert lives(other) == lives(plain)
    assert (other.series.requests == plain.series.requests).all()


def test_clients_in_another_order_live_the_same_lives(plain):
    design = design_of(FEW)
    turned = design.model_copy(update={"clients": dict(reversed(design.clients.items()))})
    other = rehearse(turned, after="30h")
    assert list(lives(other)) != list(lives(plain))
    assert lives(other) == lives(plain)


def test_removing_one_client_leaves_every_other_as_it_was(plain):
    fewer = lives(rehearse(design_of({**FEW, "clients.office.count": 9}), after="30h"))
    whole = lives(plain)
    assert whole.keys() - fewer.keys() == {"office-10"}
    assert all(whole[name] == life for name, life in fewer.items())


def test_another_seed_changes_the_lives(plain):
    other = rehearse(design_of(FEW), seed=2, after="30h")
    assert not np.array_equal(other.roll.digest, plain.roll.digest)
    assert lives(other) != lives(plain)
