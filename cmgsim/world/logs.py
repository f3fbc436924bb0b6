"""The logs of a run, as an administrator would find them when it ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from cmgsim.design.versions import Feature, has
from cmgsim.errors import StorageError
from cmgsim.observe.client_logs import lines_of_diary
from cmgsim.observe.cmtrace import Kind
from cmgsim.observe.log_catalogue import CLOUD_MANAGER, CONTENT, Line, lines_of_fact
from cmgsim.observe.log_files import LogFile, client_files, server_files, write_files
from cmgsim.observe.traffic import lines_of_traffic, traffic_table
from cmgsim.site.facts import StatusChanged
from cmgsim.site.wizard import effective_content
from cmgsim.tables import Table
from cmgsim.world.components import CertificateExpired

if TYPE_CHECKING:
    from cmgsim.world.run import Run


def log_files(run: Run) -> list[LogFile]:
    """Return every log: of the site server, of connection points, of VMs as far as pulled, and of watched clients."""
    logs = server_files(server_lines(run), run.design, run.seed, run.ended_us)
    entries = () if run.diary is None else run.diary.entries
    identities = [population.identity for population in run.design.clients.values()]
    lines = lines_of_diary(entries, run.landscape, run.roll.population.tolist(), identities)
    return [*logs, *client_files(lines, run.design, run.client_name)]


def server_lines(run: Run) -> Iterator[Line]:
    """Yield all lines but those of clients, in no order."""
    facts = [(entry.at_us, entry.fact) for entry in run.trace]
    for at_us, fact in facts:
        yield from lines_of_fact(at_us, fact, run.design)
        if isinstance(fact, CertificateExpired):
            text = f"ERROR: The {fact.certificate} is in expired state. Status message 9425."
            yield Line(CLOUD_MANAGER, at_us, Kind.ERROR, text)
        if isinstance(fact, StatusChanged) and fact.after == "Ready":
            yield from _content(at_us, fact.gateway, run)
    yield from lines_of_traffic(run.series, run.landscape, run.design, facts)


def traffic(run: Run) -> Table:
    """Return what connection points reported of each endpoint, every five minutes."""
    facts = ((entry.at_us, entry.fact) for entry in run.trace)
    return traffic_table(run.series, run.landscape, run.design, facts)


def write_logs(run: Run, folder: Path) -> list[Path]:
    """Write a run's logs below a folder and return the files.

    Raises:
        StorageError: if there is something already, or it cannot be written there.
    """
    if folder.exists():
        raise StorageError(f"{folder}: there is something already; give a new folder's name or delete it first")
    try:
        return write_files(log_files(run), folder)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be written: {error.strerror or error}") from error


def _content(at_us: int, gateway: str, run: Run) -> Iterator[Line]:
    settings, version = run.design.gateways[gateway], run.design.site_version()
    if has(version, Feature.GATEWAY_CONTENT) and effective_content(version, settings):
        for vm in range(1, settings.vms + 1):
            yield Line(CONTENT, at_us, Kind.INFORMATION, "Content of storage can be served.", f"{gateway}/{vm}")
