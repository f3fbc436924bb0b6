"""A cloud for the tests of providers, at both doors, and the proof that they call what they claim to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from both_doors import Door
from sdk import Azure


@pytest.fixture
def azure(request: pytest.FixtureRequest, door: Door) -> Iterator[Azure]:
    """Give a cloud, and see to it that what the test claims to serve was called and answered."""
    made = Azure(door)
    yield made
    claimed = {name for mark in request.node.iter_markers("serves") for name in mark.args}
    assert claimed <= made.called, f"claimed, but never answered: {sorted(claimed - made.called)}"
