"""The record of what the benchmarks measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from measured import Figures


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", metavar="FILE", help="keep what the benchmarks measured in this record")


@pytest.fixture(autouse=True)
def _measuring(request: pytest.FixtureRequest) -> None:
    """Tell the record which test measures."""
    if "figures" in request.fixturenames:
        request.getfixturevalue("figures").test = request.node.nodeid.partition("tests/bench/")[2]


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    found = Figures()
    yield found
    record = request.config.getoption("--figures", default=None)
    if record and found.found:
        found.write(Path(record))
