"""The record of what the benchmarks measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from measured import Figures


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--figures", metavar="FILE", help="keep what the benchmarks measured in this record")


@pytest.fixture(scope="session")
def figures(request: pytest.FixtureRequest) -> Iterator[Figures]:
    found = Figures()
    yield found
    record = request.config.getoption("--figures", default=None)
    if record and found.found:
        found.write(Path(record))
