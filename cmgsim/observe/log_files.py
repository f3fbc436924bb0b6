"""Logs as files: what has arrived where by the end of a run, in CMTrace's two forms, rotated at their size.

Theory of operation: the site server, connection points and clients write their own logs at once. VMs push theirs to
storage every five minutes, and the site pulls them from there every five minutes, so a line is in the site's copy at
most ten minutes after it was written (source: "Monitor cloud management gateway"). What was on its way when the run
ended is in no file. A log that has grown to its size begins anew; one older part is kept, as ``.lo_``.

::

    site-server/CloudMgr.log
    site-server/CMG-GRANITEFALLS-ProxyService_IN_0-CMGService.log
    <server of a connection point>/SMS_Cloud_ProxyConnector.log
    <client>/LocationServices.log
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from cmgsim.design.model import Design
from cmgsim.design.names import NameProblem, service_fqdn, service_name
from cmgsim.draws import draw, identity, stream, within
from cmgsim.observe.client_logs import ClientLine
from cmgsim.observe.cmtrace import Record, client_line, server_line
from cmgsim.observe.log_catalogue import COMPONENTS, ON_VMS, Line, moment_of
from cmgsim.units import MINUTE

CYCLE_US = 5 * MINUTE
PUSH, PULL = stream("observe.log.push"), stream("observe.log.pull")
MAX_BYTES = 250_000
"""How large a log grows before it begins anew (source: "Log files")."""
SITE_SERVER = "site-server"


@dataclass(frozen=True)
class LogFile:
    """One log: its place below the folder of logs, its records in the order of time, and how a line is written."""

    path: str
    records: tuple[Record, ...]
    write_line: Callable[[Record], str]


def arrives_us(at_us: int, push_phase_us: int, pull_phase_us: int) -> int:
    """Return when a line written on a VM is in the site's copy: after the next push, then the next pull."""
    return _next(_next(at_us, push_phase_us), pull_phase_us)


def server_files(lines: Iterable[Line], design: Design, seed: int, ended_us: int) -> list[LogFile]:
    """Return the logs of the site server and of connection points as they are at the end of a run."""
    found: dict[str, list[Record]] = {}
    for line in sorted(lines, key=lambda line: line.at_us):
        if line.log in ON_VMS and arrives_us(line.at_us, *_phases(line.place, seed)) > ended_us:
            continue
        record = Record(moment_of(line.at_us, design.start), COMPONENTS[line.log], line.text, line.kind)
        found.setdefault(_path(line, design), []).append(record)
    return [LogFile(path, tuple(records), server_line) for path, records in sorted(found.items())]


def client_files(lines: Iterable[ClientLine], design: Design, name_of: Callable[[int], str]) -> list[LogFile]:
    """Return the logs of clients; *name_of* returns a client's name."""
    found: dict[str, list[Record]] = {}
    for line in lines:
        component = line.log.partition(".")[0]
        record = Record(moment_of(line.at_us, design.start), component, line.text, line.kind)
        found.setdefault(f"{name_of(line.uid)}/{line.log}", []).append(record)
    return [LogFile(path, tuple(records), client_line) for path, records in sorted(found.items())]


def rotated(log: LogFile, max_bytes: int = MAX_BYTES) -> tuple[list[Record], list[Record]]:
    """Return the records of the part kept as ``.lo_``, and those of the log itself."""
    before: list[Record] = []
    now: list[Record] = []
    size = 0
    for record in log.records:
        length = len(log.write_line(record).encode()) + 2
        if now and size + length > max_bytes:
            before, now, size = now, [], 0
        now.append(record)
        size += length
    return before, now


def write_files(files: Iterable[LogFile], folder: Path) -> list[Path]:
    """Write logs below a folder and return the files, sorted; a log that was rotated is two files.

    Raises:
        OSError: if one cannot be written.
    """
    written = []
    for log in files:
        path = folder / log.path
        for part, place in zip(rotated(log), (path.with_suffix(".lo_"), path), strict=True):
            if part:
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("w", encoding="utf-8", newline="\r\n") as file:
                    file.writelines(f"{log.write_line(record)}\n" for record in part)
                written.append(place)
    return sorted(written)


def _next(at_us: int, phase_us: int) -> int:
    """Return the first moment at or after *at_us* on the five-minute grid that begins at a phase."""
    return phase_us + -((phase_us - at_us) // CYCLE_US) * CYCLE_US


def _phases(place: str, seed: int) -> tuple[int, int]:
    push = within(draw(seed, identity("log", place), PUSH), 0, CYCLE_US - 1)
    return push, within(draw(seed, identity("log", SITE_SERVER), PULL), 0, CYCLE_US - 1)


def _path(line: Line, design: Design) -> str:
    gateway, _, vm = line.place.partition("/")
    if line.log in ON_VMS:
        return f"{SITE_SERVER}/CMG-{_service(gateway, design)}-ProxyService_IN_{int(vm) - 1}-{line.log}"
    if line.place:
        return f"{design.roles.connection_points[line.place].server or line.place}/{line.log}"
    return f"{SITE_SERVER}/{line.log}"


def _service(gateway: str, design: Design) -> str:
    fqdn = service_fqdn(design, design.gateways[gateway])
    return (gateway if isinstance(fqdn, NameProblem) else service_name(fqdn)).upper()
