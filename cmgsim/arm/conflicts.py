"""Conflicts that are said again: a client that repeats a request under the same id is given the same 409.

Source: azure-mgmt-core, ``ARMAutoResourceProviderRegistrationPolicy``, which changes ``x-ms-client-request-id`` before
it repeats a request, "otherwise the Azure endpoint just returns the same 409 payload without looking at the actual
query".

Assumption: the newest thousand conflicts are remembered, each by its client request id, method and address.
"""

from __future__ import annotations

from cmgsim.arm.calls import Call
from cmgsim.arm.messages import Answer
from cmgsim.arm.state import Cloud

MOST = 1_000
_READS = ("GET", "HEAD")


def known(cloud: Cloud, call: Call) -> Answer | None:
    """Return the conflict that this very request has met before, None if it has met none."""
    return cloud.conflicts.get(_key(call)) if cloud.conflicts else None


def note(cloud: Cloud, call: Call | None, answer: Answer) -> None:
    """Remember how a change was refused, if by a conflict, and if its client gave it an id."""
    if call is None or answer.status != 409 or call.request.method in _READS:
        return
    if not call.request.header("x-ms-client-request-id"):
        return
    cloud.conflicts[_key(call)] = answer
    if len(cloud.conflicts) > MOST:
        del cloud.conflicts[next(iter(cloud.conflicts))]


def _key(call: Call) -> tuple[str, str, str]:
    return call.request.header("x-ms-client-request-id"), call.request.method, call.request.url
