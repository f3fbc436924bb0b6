"""Rehearsals to tell of."""

from __future__ import annotations

import pytest
from rehearsed import judged

from cmgsim.rehearsal.scenario import Judged


@pytest.fixture
def patient() -> Judged:
    """A rehearsal in which everything holds."""
    return judged("2d")


@pytest.fixture
def hasty() -> Judged:
    """A rehearsal that strands every client, with the deletion of the old gateway."""
    return judged("0s")
