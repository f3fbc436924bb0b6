"""The journal of a server: every request it has answered, so that the cloud can be made again after a crash.

Theory of operation: the cloud is a function of its configuration, its seed, and the requests with their moments. So a
journal holds these and nothing else: a first line that says what cloud it is of, then one line of JSON for each request
and for each deed of the control, written before the answer goes out. Opening it does everything again. Reads are
written too: they count against limits and let faults strike.

A line that a crash cut off is the last one, and was never answered: it is dropped. A line is safe from the death of the
process, by ``kill -9`` too, as soon as it is written; from that of the machine only when the operating system has
stored it.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any

from cmgsim.arm.config import ArmConfig
from cmgsim.arm.doors import entrance
from cmgsim.arm.doors.deeds import do
from cmgsim.arm.messages import Json, Request
from cmgsim.arm.service import ArmService
from cmgsim.errors import CmgsimError, StorageError, UsageError

SCHEMA = "cmgsim/arm-journal/v1"
#: Headers that never change an answer's meaning.
_DROPPED = ("accept", "accept-encoding", "connection", "content-length", "host", "user-agent")


@dataclass(frozen=True, slots=True)
class Origin:
    """What cloud a journal is of. ``start`` is moment 0, as ISO text; ``cloud`` stands for all of its configuration."""

    seed: int
    start: str
    cloud: str

    @classmethod
    def of(cls, config: ArmConfig, seed: int) -> Origin:
        """Return the origin of a cloud."""
        digest = blake2b(repr(config).encode(), digest_size=16).hexdigest()
        return cls(seed, config.start.isoformat(), digest)


class Journal:
    """A journal that is open for writing; a context manager that closes it."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def begin(self, origin: Origin) -> None:
        """Write the first line, over whatever was cut off before it was whole."""
        self.keep(0)
        self._write({"schema": SCHEMA, "seed": origin.seed, "start": origin.start, "cloud": origin.cloud})

    def keep(self, size: int) -> None:
        """Drop what lies behind so many bytes."""
        os.ftruncate(self._descriptor, size)

    def note_request(self, now_us: int, request: Request, status: int) -> None:
        """Write down a request that was carried out at a moment, and how it was answered."""
        headers = {name: value for name, value in request.headers.items() if name not in _DROPPED}
        line: Json = {"at": now_us, "method": request.method, "url": request.url, "headers": headers, "status": status}
        if request.body:
            line |= _written(request.body)
        if request.peer_certificate:
            line["peer"] = request.peer_certificate
        self._write(line)

    def note_deed(self, now_us: int, deed: Json) -> None:
        """Write down what the control did at a moment."""
        self._write({"at": now_us, "deed": deed})

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, line: Json) -> None:
        data = (json.dumps(line, separators=(",", ":")) + "\n").encode()
        while data:
            data = data[os.write(self._descriptor, data) :]


def origin_of(path: Path) -> Origin | None:
    """Return what cloud the journal in a file is of, None if there is none yet.

    Raises:
        StorageError: if the file is no journal.
    """
    lines = _lines(path)
    return None if not lines else _origin(path, lines[0])


def open_journal(path: Path, service: ArmService, origin: Origin) -> tuple[Journal, int]:
    """Open a journal, or begin one; let *service*, fresh, live through all it holds.

    Returns:
        the journal and the moment at which it ended, in microseconds.

    Raises:
        StorageError: if it is damaged, of another cloud, or of a version of cmgsim that answered otherwise.
        UsageError: if the file cannot be written, or another server writes it.
    """
    journal = Journal(path, _open(path))
    try:
        return journal, _continue(journal, service, origin)
    except BaseException:
        journal.close()
        raise


def _continue(journal: Journal, service: ArmService, origin: Origin) -> int:
    """Let a cloud live through a journal, and drop the line that was cut off; return the moment at which it ends."""
    lines, now_us = _lines(journal.path), 0
    if not lines:
        _require_ours(journal.path)
        journal.begin(origin)
        return now_us
    if _origin(journal.path, lines[0]) != origin:
        words = "is the journal of another cloud (start, seed or design differ); give another file"
        raise StorageError(f"{journal.path} {words}")
    for number, line in enumerate(lines[1:], start=2):
        now_us = _relive(service, line, f"{journal.path}, line {number}")
    journal.keep(sum(len(line) + 1 for line in lines))
    return now_us


def _require_ours(path: Path) -> None:
    """Let a file without a whole line pass if it is empty, or the start of a journal that was cut off."""
    content, ours = path.read_bytes(), json.dumps({"schema": SCHEMA}, separators=(",", ":"))[:-1].encode()
    if not ours.startswith(content[: len(ours)]):
        raise StorageError(f"{path} is no journal of this version ({SCHEMA}); give another file")


def _lines(path: Path) -> list[bytes]:
    """Return the whole lines of a file; one that was cut off is none."""
    try:
        content = path.read_bytes() if path.exists() else b""
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror or error}") from None
    return content.split(b"\n")[:-1]


def _open(path: Path) -> int:
    """Open a file to be read and added to, by nobody else where the system knows locks."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None
    if sys.platform != "win32":
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise UsageError(f"{path}: another server writes it; end that one, or give another file") from None
    return descriptor


def _origin(path: Path, line: bytes) -> Origin:
    document = _document(line, f"{path}, line 1")
    if document.get("schema") != SCHEMA:
        raise StorageError(f"{path} is no journal of this version ({SCHEMA}); give another file")
    try:
        return Origin(document["seed"], document["start"], document["cloud"])
    except KeyError as missing:
        raise StorageError(f"{path}, line 1: {missing} is missing; the journal is damaged") from None


def _relive(service: ArmService, line: bytes, place: str) -> int:
    """Do what a line says; return its moment."""
    document = _document(line, place)
    try:
        now_us = int(document["at"])
        if "deed" in document:
            do(service, document["deed"], now_us)
            service.step(now_us)
            return now_us
        status = entrance.handled(service, _request(document), now_us).status
        service.step(now_us)
    except (KeyError, ValueError, AssertionError, CmgsimError) as problem:
        raise StorageError(f"{place}: cannot be done again ({problem!r}); the journal is damaged") from None
    if status != document["status"]:
        was = f"{document['method']} {document['url']} was answered {document['status']}, and is now {status}"
        raise StorageError(f"{place}: {was}; the journal is of another version of cmgsim: move it away to begin anew")
    return now_us


def _document(line: bytes, place: str) -> dict[str, Any]:
    try:
        document = json.loads(line)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise StorageError(f"{place}: is no JSON object; the journal is damaged")
    return document


def _request(document: Json) -> Request:
    body = base64.b64decode(document["base64"]) if "base64" in document else document.get("text", "").encode()
    return Request(document["method"], document["url"], document["headers"], body, document.get("peer"))


def _written(body: bytes) -> Json:
    """Return a body as text where it is one."""
    try:
        return {"text": body.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(body).decode()}
