"""Designs that tests of this room share."""

from pathlib import Path

import pytest

from cmgsim.design.files import load_design
from cmgsim.design.model import Design

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture(scope="session")
def contoso() -> Design:
    """The classic gateway that is to be replaced."""
    return load_design(SCENARIOS / "designs" / "contoso.design.yaml")
