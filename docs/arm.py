"""The page on the operations of Microsoft's SDKs that the fake Azure serves.

    python docs/arm.py    write reference/arm_operations.csv from the SDK packages that are installed

The page itself is made from that list and from the tests, by generate.py, and needs no SDK.
"""

from __future__ import annotations

import csv
import inspect
import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
LIST = Path("docs/reference/arm_operations.csv")
COLUMNS = ("package", "version", "group", "operation", "method", "path")
MADE = "<!-- Made by docs/generate.py: change its sources, then run it. -->"
INTRODUCTION = """\
Every operation of the groups of Microsoft's SDKs that deploying a gateway needs, as the packages define them, and what
the fake Azure makes of it.

*served*: a test calls the operation through the unmodified SDK client and reads the typed answer. *partial*: so too,
but for what is said. *no*: the answer is `501 NotModelled`, which names this page; nothing is ever accepted in silence.
"""


#: Clients that run unmodified and are not counted: package, what of it, tests.
BEYOND = (
    (
        "azure-storage-blob",
        "blobs: ranges, blocks, appending, leases, conditions, keys, signatures, roles; 500 requests a second; a meter",
        "tests/arm/providers/test_blobs_sdk.py",
    ),
    (
        "azure-keyvault-secrets",
        "secrets with versions, soft delete, access policies and roles; no backup",
        "tests/arm/providers/test_secrets_sdk.py",
    ),
    ("azure-mgmt-monitor", "the activity log", "tests/arm/providers/test_secrets_sdk.py"),
    (
        "azure-servicemanagement-legacy",
        "cloud services (classic) with deployments, scaling, upgrades and role instances; storage accounts; locations",
        "tests/arm/providers/test_classic_sdk.py",
    ),
    ("all of them, asynchronous", "one story through every client", "tests/arm/providers/test_aio_clients.py"),
)


class Stop(Exception):
    """A request has been seen, and that is all that was wanted."""


class Nobody:
    """A credential that is never asked."""

    def get_token(self, *scopes, **options):
        raise AssertionError("nothing is sent")


def enumerate_operations() -> Iterator[dict[str, str]]:
    """Call every operation in scope with made-up arguments and write down what it would have sent."""
    from cmgsim.arm.coverage import SCOPE, operations

    for client in SCOPE:
        wire = recorder()
        made = construct(client.load(), wire)
        for group in client.groups:
            for name in operations(made, group):
                method, path = sent(wire, getattr(getattr(made, group), name))
                yield dict(zip(COLUMNS, (client.package, client.version, group, name, method, path), strict=True))


def recorder() -> Any:
    """Make a transport that remembers one request and sends none."""
    from azure.core.pipeline.transport import HttpTransport

    class Recorder(HttpTransport):
        last = ("", "")

        def send(self, request, **options):
            self.last = (request.method, request.url)
            raise Stop

        def open(self):
            pass

        def close(self):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *problem):
            pass

    return Recorder()


def construct(kind: type, wire: Any) -> Any:
    """Make a client that sends through *wire*."""
    from azure.core.pipeline.policies import HeadersPolicy

    options = {"base_url": "https://arm.test", "transport": wire, "policies": [HeadersPolicy()]}
    wanted = inspect.signature(kind).parameters
    subscription = {"subscription_id": "<subscription>"} if "subscription_id" in wanted else {}
    return kind(credential=Nobody(), **subscription, **options)


def sent(wire: Any, operation: Any) -> tuple[str, str]:
    """Return the method and the path that an operation sends."""
    wire.last = ("", "")
    try:
        answer = operation(**arguments(operation))
        if hasattr(answer, "by_page"):
            next(iter(answer.by_page()))
    except Stop:
        pass
    method, url = wire.last
    return method, unquote(unquote(urlsplit(url).path))


def arguments(operation: Any) -> dict[str, Any]:
    """Make up what an operation asks for: paths by their names, bodies empty."""
    asked = inspect.signature(operation).parameters.values()
    named = (item for item in asked if item.kind not in (item.VAR_KEYWORD, item.VAR_POSITIONAL))
    return {item.name: made_up(item) for item in named if item.default is item.empty}


def made_up(item: inspect.Parameter) -> Any:
    """Make up one argument."""
    written = str(item.annotation).removeprefix("typing.")
    if written.startswith("Union[str"):
        return f"<{item.name}>"
    if item.name in ("parameters", "body", "resource") or any(
        word in written for word in ("IO[bytes]", "JSON", "models")
    ):
        return {}
    return 1 if written in ("int", "<class 'int'>") else f"<{item.name}>"


def write_list(root: Path) -> None:
    """Write what the installed packages define."""
    (root / LIST).write_text(listed(enumerate_operations()), "utf-8", newline="\n")


def listed(rows: Iterator[Mapping[str, str]]) -> str:
    """Lay rows out as the list is written."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def read_list(root: Path) -> list[dict[str, str]]:
    """Read the list of operations."""
    with (root / LIST).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def status(operation: str, claimed: Mapping[str, list[str]]) -> str:
    """Return how an operation fares: served, partial or no."""
    from cmgsim.arm.coverage import NOT_SERVED, PARTIAL

    if operation in NOT_SERVED or operation not in claimed:
        return "no"
    return "partial" if operation in PARTIAL else "served"


def remark(operation: str) -> str:
    """Return what is missing of an operation."""
    from cmgsim.arm.coverage import NOT_SERVED, PARTIAL

    return NOT_SERVED.get(operation, PARTIAL.get(operation, ""))


def page(root: Path, claimed: Mapping[str, list[str]]) -> str:
    """Make the page; *claimed* is which tests say that they call an operation."""
    rows = read_list(root)
    names = [f"{row['group']}.{row['operation']}" for row in rows]
    count = {word: sum(status(name, claimed) == word for name in names) for word in ("served", "partial", "no")}
    parts = [
        f"{MADE}\n\n# Coverage of Azure operations\n",
        INTRODUCTION,
        (
            f"{count['served']} of {len(rows)} operations are served, {count['partial']} more in part, "
            f"{count['no']} are not.\n"
        ),
    ]
    for package in dict.fromkeys(row["package"] for row in rows):
        own = [row for row in rows if row["package"] == package]
        parts.append(f"\n## {package} {own[0]['version']}\n")
        for group in dict.fromkeys(row["group"] for row in own):
            lines = [line(row, claimed) for row in own if row["group"] == group]
            parts += [f"\n### {group}\n", "| operation | request | status | proof |\n| --- | --- | --- | --- |", *lines]
    return "\n".join([*parts, *beyond(names, claimed)]) + "\n"


def line(row: Mapping[str, str], claimed: Mapping[str, list[str]]) -> str:
    """Make the line of one operation."""
    name = f"{row['group']}.{row['operation']}"
    tests = "<br>".join(f"`{test}`" for test in claimed.get(name, ()))
    proof = "; ".join(text for text in (remark(name), tests) if text)
    return f"| `{row['operation']}` | `{row['method']} {row['path']}` | {status(name, claimed)} | {proof} |"


def beyond(names: list[str], claimed: Mapping[str, list[str]]) -> list[str]:
    """List what is served beyond the operations that are counted, by package and by test."""
    lines = [f"| {package} | {what} | `{tests}` |" for package, what, tests in BEYOND]
    lines += [f"| | `{name}` | {'<br>'.join(claimed[name])} |" for name in sorted(claimed.keys() - set(names))]
    return ["\n## Beyond the count\n", "| package | what runs | proof |\n| --- | --- | --- |", *lines]


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    write_list(ROOT)
