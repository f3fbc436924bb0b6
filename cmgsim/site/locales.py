"""Where clients stand on the intranet, as far as management points go."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Locale:
    """All places from which clients of one site see the same management points in the same order.

    ``groups`` are the boundary groups a client is in there, sorted; none means its site's default group.
    """

    site: str
    groups: tuple[str, ...] = ()
