"""Run the Azure CLI's commands against ``cmgsim serve`` and record the requests it makes, into ``azure_cli.json``.

The CLI needs an environment of its own, as it pins older releases of the SDKs::

    python -m venv /tmp/azcli && /tmp/azcli/bin/pip install azure-cli
    python tests/arm/doors/record_azure_cli.py /tmp/azcli/bin/az

It takes some four minutes, and says of every command how it ended. Commands that begin with ``!`` are meant to fail,
such as that to delete a group that is locked.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[3]
RECORD = Path(__file__).parent / "azure_cli.json"
PORT = "18443"
#: Asking how an operation fares: how often depends on how fast one asks.
POLL = re.compile(r"/(operations|operationresults|operationstatuses|asyncoperations)/[0-9a-f-]{36}", re.IGNORECASE)


def main(az: str) -> int:
    """Record anew; return how many commands ended otherwise than they should."""
    known = json.loads(RECORD.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for name, text in known["files"].items():
            (place / name).write_text(text, encoding="utf-8")
        server, facts = serve(place)
        try:
            environment = surroundings(az, place, facts)
            signed_in = [run(command, place, environment) for command in facts["commands"] if command.startswith("az ")]
            assert not any(signed_in), "the CLI cannot sign in"
            failed = sum(run(filled(command, facts), place, environment) for command in known["commands"])
            version = said("az version --query '\"azure-cli\"' --output tsv", place, environment)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)
        requests = list(recorded(place / "cloud.journal"))
    write(known | {"recorded_from": f"Azure CLI {version}", "requests": requests})
    return failed


def serve(place: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    """Start the server; return it and what it printed."""
    command = [sys.executable, "-m", "cmgsim", "serve", "--json", "--port", PORT, "--state", "cloud.journal"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=place, env=environment, stdout=subprocess.PIPE, encoding="utf-8")
    assert server.stdout is not None
    return server, json.loads("".join(iter(server.stdout.readline, "}\n")) + "}")


def surroundings(az: str, place: Path, facts: Mapping[str, Any]) -> dict[str, str]:
    """Return an environment in which the CLI has a configuration of its own and trusts the server."""
    return {
        **os.environ,
        "PATH": f"{Path(az).resolve().parent}{os.pathsep}{os.environ['PATH']}",
        "AZURE_CONFIG_DIR": str(place / "azure"),
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "AZURE_CORE_INSTANCE_DISCOVERY": "false",
        "REQUESTS_CA_BUNDLE": facts["ca_file"],
    }


def filled(command: str, facts: Mapping[str, Any]) -> str:
    """Return a command with the ids of this run."""
    scope = f"/subscriptions/{facts['subscription']}/resourceGroups/rg1"
    return command.replace("SCOPE", scope).replace("OBJECT", facts["object_id"])


def run(command: str, place: Path, environment: Mapping[str, str]) -> bool:
    """Run a command; return whether it failed, or did not where it should."""
    done = subprocess.run(
        command, shell=True, cwd=place, env=environment, capture_output=True, encoding="utf-8", timeout=300, check=False
    )
    print("FAIL" if done.returncode else "ok  ", command, done.stderr[:300] if done.returncode else "", flush=True)
    return done.returncode != 0


def said(command: str, place: Path, environment: Mapping[str, str]) -> str:
    """Return what a command prints."""
    return subprocess.run(
        command, shell=True, cwd=place, env=environment, capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()


def recorded(journal: Path) -> Iterator[dict[str, Any]]:
    """Yield the requests of a journal, without polls and repetitions."""
    last: dict[str, Any] = {}
    for line in journal.read_text(encoding="utf-8").splitlines()[1:]:
        document = json.loads(line)
        parts = urlsplit(document["url"])
        found = {
            "method": document["method"],
            "path": f"{parts.path}?{parts.query}" if parts.query else parts.path,
            "status": document["status"],
        }
        if "text" in document:
            found["body"] = document["text"]
        if found != last and not POLL.search(found["path"]):
            yield found
        last = found


def write(record: Mapping[str, Any]) -> None:
    """Write the record, a line for each command and each request."""
    lists = {
        name: "[\n" + ",\n".join(f"  {json.dumps(one)}" for one in record[name]) + "\n ]"
        for name in ("commands", "requests")
    }
    texts = {name: json.dumps(record[name]) for name in ("recorded_from", "files")}
    parts = [f' "{name}": {text}' for name, text in (texts | lists).items()]
    RECORD.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]) > 0)
