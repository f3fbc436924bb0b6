"""Reading templates as Azure Resource Manager does: JSON with comments, bare names and trailing commas."""

from __future__ import annotations

import json
import re
from typing import Any

_TOKEN = re.compile(
    r'"(?:\\.|[^"\\])*"'
    r"|//[^\n]*"
    r"|/\*.*?\*/"
    r"|(?P<name>[A-Za-z_$][\w$]*)(?=\s*:)"
    r"|,(?=(?:\s|//[^\n]*(?:\n|$)|/\*.*?\*/)*[}\]])",
    re.DOTALL,
)


def read(text: str) -> Any:
    """Read a document that may hold comments, names without quotes and commas before closing brackets.

    Raises:
        ValueError: if it is no such document either.
    """
    return json.loads(_TOKEN.sub(_plain, text))


def _plain(match: re.Match[str]) -> str:
    if match["name"]:
        return f'"{match["name"]}"'
    return match[0] if match[0].startswith('"') else " "
