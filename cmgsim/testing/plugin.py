"""The pytest plugin: hooks only. What they do stands in the modules beside this one.

Every pytest run in an environment with cmgsim loads this module, so it imports nothing but pytest and the standard
library, and neither do the modules it imports; the rest of cmgsim is loaded when the first scenario is.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Generator
from pathlib import Path

import pytest

from cmgsim.testing import failures, fixtures, marks, summary
from cmgsim.testing.azure import (
    aio_arm_transport,
    aio_azure_credential,
    aio_azure_options,
    arm,
    arm_clock,
    arm_config,
    arm_server,
    arm_transport,
    azure_credential,
    azure_options,
)
from cmgsim.testing.collect import ScenarioFile
from cmgsim.testing.fixtures import design, plan, rehearsal, seed, world

__all__ = [
    "aio_arm_transport",
    "aio_azure_credential",
    "aio_azure_options",
    "arm",
    "arm_clock",
    "arm_config",
    "arm_server",
    "arm_transport",
    "azure_credential",
    "azure_options",
    "design",
    "plan",
    "rehearsal",
    "seed",
    "world",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of scenarios."""
    group = parser.getgroup("cmgsim", "rehearsals of cloud management gateways")
    group.addoption(
        "--cmg-seed", action="append", type=int, metavar="N", help="run with this seed instead; may be repeated"
    )
    group.addoption("--cmg-seeds", type=int, metavar="N", help="run with the seeds 1 to N instead")
    group.addoption("--cmg-report", metavar="DIR", help="save every run of a scenario file below this new folder")
    parser.addini("cmg_files", "names of the files to collect", type="args", default=["*.scenario.yaml"])


def pytest_configure(config: pytest.Config) -> None:
    """Register the marks, so that ``--strict-markers`` knows them.

    Raises:
        pytest.UsageError: if an option makes no sense.
    """
    marks.register(config)
    marks.check_options(config)


def pytest_report_header(config: pytest.Config) -> str:
    """Say which cmgsim collects which files."""
    return summary.header(config)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect scenario files."""
    patterns = parent.config.getini("cmg_files")
    if not any(fnmatch.fnmatch(file_path.name, pattern) for pattern in patterns):
        return None
    return ScenarioFile.from_parent(parent, path=file_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test marked ``seeds`` once for each seed."""
    fixtures.spread_seeds(metafunc)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the counter-examples of tables and verdicts that a failed ``assert`` names."""
    report = yield
    if report.failed and call.excinfo is not None:
        report.sections += failures.evidence(call.excinfo)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show each scenario with its seed and what became of it."""
    summary.write(terminalreporter)
