"""The two forms of log lines that CMTrace reads, written and read.

Site servers write ``message  $$<COMPONENT><date time+bias><thread=...>``; clients write
``<![LOG[message]LOG]!><time="..." date="..." component="..." ...>``. The bias is what to add to local time, in
minutes, to get UTC; the simulator's logs are in UTC, so it is always +000.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum


class Kind(IntEnum):
    """The severity of a client's log line."""

    INFORMATION = 1
    WARNING = 2
    ERROR = 3


@dataclass(frozen=True)
class Record:
    """One log line: its moment to the millisecond, in UTC, its component and its text (which may have line breaks)."""

    moment: datetime
    component: str
    message: str
    kind: Kind = Kind.INFORMATION
    thread: int = 4992


_SERVER = re.compile(
    r"(?P<message>.*?)  \$\$<(?P<component>[^<>]+)><(?P<moment>[0-9-]{10} [0-9:.]{12})(?P<bias>[+-][0-9]+)>"
    r"<thread=(?P<thread>[0-9]+) \(0x[0-9A-F]+\)>"
)
_CLIENT = re.compile(
    r"<!\[LOG\[(?P<message>.*?)\]LOG\]!>"
    r"<time=\"(?P<time>[0-9:.]{12})(?P<bias>[+-][0-9]+)\" date=\"(?P<date>[0-9-]{10})\" "
    r"component=\"(?P<component>[^\"]*)\" context=\"[^\"]*\" type=\"(?P<kind>[123])\" thread=\"(?P<thread>[0-9]+)\" "
    r"file=\"[^\"]*\">",
    re.DOTALL,
)


def server_line(record: Record) -> str:
    """Write a record as site servers do; line breaks in the message become ``~~``."""
    message = record.message.replace("\n", " ~~ ")
    return (
        f"{message}~~  $$<{record.component}><{record.moment:%m-%d-%Y %H:%M:%S}.{_milliseconds(record.moment)}+000>"
        f"<thread={record.thread} (0x{record.thread:X})>"
    )


def client_line(record: Record) -> str:
    """Write a record as clients do; the message may span lines."""
    return (
        f'<![LOG[{record.message}]LOG]!><time="{record.moment:%H:%M:%S}.{_milliseconds(record.moment)}+000" '
        f'date="{record.moment:%m-%d-%Y}" component="{record.component}" context="" type="{record.kind.value}" '
        f'thread="{record.thread}" file="cmgsim:1">'
    )


def read_log(text: str) -> list[Record]:
    """Read a log of either form; what is neither is skipped. Moments come back in UTC."""
    found = [(match.start(), _server_record(match)) for match in _SERVER.finditer(text)]
    found += [(match.start(), _client_record(match)) for match in _CLIENT.finditer(text)]
    return [record for _, record in sorted(found, key=lambda pair: pair[0])]


def _server_record(match: re.Match[str]) -> Record:
    moment = datetime.strptime(match["moment"], "%m-%d-%Y %H:%M:%S.%f") + timedelta(minutes=int(match["bias"]))
    message = match["message"].removesuffix("~~").replace(" ~~ ", "\n")
    return Record(moment, match["component"], message, thread=int(match["thread"]))


def _client_record(match: re.Match[str]) -> Record:
    local = datetime.strptime(f"{match['date']} {match['time']}", "%m-%d-%Y %H:%M:%S.%f")
    moment = local + timedelta(minutes=int(match["bias"]))
    return Record(moment, match["component"], match["message"], Kind(int(match["kind"])), int(match["thread"]))


def _milliseconds(moment: datetime) -> str:
    return f"{moment.microsecond // 1000:03}"
