"""Does a name in a certificate stand for a host?"""

from __future__ import annotations

WILDCARD = "*"


def covers(pattern: str, host: str) -> bool:
    """Say whether a name in a certificate stands for a host, letter case aside.

    An asterisk is exactly one label, the first, and at least two labels follow it (source: RFC 6125, 6.4.3).
    """
    pattern, host = pattern.casefold(), host.casefold()
    first, _, domain = pattern.partition(".")
    if first != WILDCARD:
        return pattern == host
    label, _, rest = host.partition(".")
    return bool(label) and label != WILDCARD and "." in domain and rest == domain
