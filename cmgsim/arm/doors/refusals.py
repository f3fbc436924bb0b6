"""What a door itself refuses, in the form that Azure Resource Manager gives to errors."""

from __future__ import annotations

import json

from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Response


def answer_of(problem: ArmError) -> Response:
    """Return an error as a whole answer."""
    headers = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-cache", **problem.headers}
    return Response(problem.status, headers, json.dumps(problem.body()).encode())


def internal_error() -> Response:
    """Return the answer for a bug of ours."""
    return answer_of(ArmError(500, "InternalServerError", "The server met a bug of its own; the request may be lost."))


def malformed(reason: str) -> ArmError:
    """Refuse what is no HTTP."""
    return ArmError(400, "BadRequest", f"The request is malformed: {reason}")


def too_large(limit: int) -> ArmError:
    """Refuse a body beyond the limit, in bytes."""
    message = f"The request content exceeded the maximum size of {limit} bytes."
    return ArmError(413, "RequestContentTooLarge", message)


def too_slow(seconds: float) -> ArmError:
    """Refuse a request that does not arrive in time."""
    return ArmError(408, "RequestTimeout", f"The request did not arrive within {seconds:g} seconds.")


def encoded(encoding: str) -> ArmError:
    """Refuse a compressed body, which might grow without bound."""
    message = f"The content encoding '{encoding}' is not supported; send the content as it is."
    return ArmError(415, "UnsupportedMediaType", message)


def overloaded() -> ArmError:
    """Refuse what would take more memory than the server allows itself."""
    return ArmError(503, "ServerBusy", "The server is busy. Please try again later.", headers={"Retry-After": "1"})


def unsaved() -> ArmError:
    """Refuse everything once the journal cannot be written: what cannot be kept is not acknowledged."""
    message = "The journal of this server cannot be written, so it answers nothing any more; restart it."
    return ArmError(503, "StateNotSaved", message)
