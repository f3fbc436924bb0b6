"""How many requests the loopback HTTPS server answers, its client being in another process."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from measured import Figures

pytestmark = pytest.mark.bench
AREA = "The fake Azure"
ROOT = Path(__file__).parents[2]
REQUESTS, CONNECTIONS = 4_000, 4


class Server:
    """A server in a process of its own, fast enough in simulated time that no limit on requests is met."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "cmgsim", "serve", "--json", "--speed", "3600"]
        path = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, cwd=folder, env=path, stdout=subprocess.PIPE, encoding="utf-8")
        assert self.process.stdout is not None
        lines = iter(self.process.stdout.readline, "}\n")
        self.facts: dict[str, Any] = json.loads("".join(lines) + "}")
        self.trust = ssl.create_default_context(cafile=self.facts["ca_file"])
        self.port = int(self.facts["url"].rpartition(":")[2])

    def token(self) -> str:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.facts["client_id"],
            "client_secret": self.facts["client_secret"],
            "scope": f"{self.facts['url']}/.default",
        }
        url = f"{self.facts['url']}/{self.facts['tenant']}/oauth2/v2.0/token"
        with urllib.request.urlopen(url, urlencode(form).encode(), context=self.trust) as answer:
            return str(json.load(answer)["access_token"])

    def end(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.communicate(timeout=30)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    begun = Server(tmp_path)
    yield begun
    if begun.process.poll() is None:
        begun.end()


async def ask_all(server: Server, count: int) -> None:
    """Ask for the subscription, over several connections that are kept open, one request after another on each."""
    path = f"/subscriptions/{server.facts['subscription']}?api-version=2022-12-01"
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {server.token()}\r\n\r\n"

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, ssl=server.trust)
        for _ in range(count // CONNECTIONS):
            writer.write(head.encode())
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200 "), answer
            length = answer.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
        writer.close()
        await writer.wait_closed()

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))


def test_the_server_answers_six_hundred_reads_a_second(server: Server, figures: Figures) -> None:
    before = children_s()
    asyncio.run(ask_all(server, CONNECTIONS))
    wall_s, own_s = time.perf_counter(), time.process_time()
    asyncio.run(ask_all(server, REQUESTS))
    wall_s, own_s = time.perf_counter() - wall_s, time.process_time() - own_s
    server.end()
    busier_s = max(children_s() - before, own_s)  # the server's start counts too
    figures.add(AREA, "GET over HTTPS, on the wall", REQUESTS / wall_s, "requests/s")
    figures.add(
        AREA,
        "GET over HTTPS, with a core each for the server and its client",
        REQUESTS / busier_s,
        "requests/s",
        at_least=600,
    )


def children_s() -> float:
    """Return the CPU seconds of all processes that this one has seen end."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
