"""Draws a lifecycle table as a state diagram: boxes where a map of places says, arrows from the table itself.

Pure text from pure data, so that a drawing is as fresh as its table, which ``docs/generate.py --check`` tests.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from xml.sax.saxutils import escape

STEP_X, STEP_Y, MARGIN = 210, 140, 80
BOX_X, BOX_Y = 58, 19
STYLE = (
    "text{font:13px system-ui,sans-serif;text-anchor:middle}"
    ".state{fill:#2f6fb0}.name{fill:#fff;font-weight:600}"
    ".arrow{fill:none;stroke:#7d8899;stroke-width:1.5}.word{fill:#6b7686}"
)

#: Where each state of a gateway's life stands: column and row.
GATEWAY_PLACES = {
    "absent": (0, 1),
    "provisioning": (1, 0),
    "ready": (2.2, 0),
    "updating": (3.4, 0),
    "starting": (2.2, 1),
    "stopping": (3.4, 1),
    "stopped": (3.4, 2),
    "failed": (1, 1),
    "deleting": (1, 2),
}


def state_diagram(arrows: Mapping[tuple[str, str], list[str]], places: Mapping[str, tuple[float, float]]) -> str:
    """Return an SVG: one box for each place, one arrow for each pair of states, with its words.

    Raises:
        KeyError: if a state of an arrow has no place.
    """
    spots = {name: (MARGIN + x * STEP_X, MARGIN / 2 + y * STEP_Y) for name, (x, y) in places.items()}
    width = max(x for x, _ in spots.values()) + MARGIN
    height = max(y for _, y in spots.values()) + MARGIN / 2
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" role="img">',
        f"<style>{STYLE}</style>",
        (
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path d="M0,0 L8,4 L0,8 z" fill="#7d8899"/></marker></defs>'
        ),
    ]
    for (start, end), words in arrows.items():
        lines += _arrow(spots[start], spots[end], ", ".join(words), bent=(end, start) in arrows)
    for name, (x, y) in spots.items():
        lines.append(
            f'<rect class="state" x="{x - BOX_X:g}" y="{y - BOX_Y:g}" width="{2 * BOX_X}" height="{2 * BOX_Y}" rx="9"/>'
        )
        lines.append(f'<text class="name" x="{x:g}" y="{y + 5:g}">{escape(name)}</text>')
    return "\n".join([*lines, "</svg>\n"])


def _arrow(start: tuple[float, float], end: tuple[float, float], words: str, *, bent: bool) -> list[str]:
    """Draw from box to box; where another arrow comes the other way, bend to the right-hand side."""
    (x1, y1), (x2, y2) = start, end
    length = math.hypot(x2 - x1, y2 - y1)
    side = 26 if bent else 0
    bend_x, bend_y = (x1 + x2) / 2 - (y2 - y1) / length * side, (y1 + y2) / 2 + (x2 - x1) / length * side
    from_x, from_y = _edge(start, (bend_x, bend_y))
    to_x, to_y = _edge(end, (bend_x, bend_y))
    word_x, word_y = (from_x + 2 * bend_x + to_x) / 4, (from_y + 2 * bend_y + to_y) / 4
    flat = abs(y2 - y1) < 1
    word_y += (-7 if x2 > x1 and not bent else 18 if side and x2 > x1 else -7) if flat else 4
    rightward = bend_x > (x1 + x2) / 2 if bent else x2 >= x1
    word_x += 0 if flat else (len(words) * 3.4 + 8) * (1 if rightward else -1)
    return [
        (
            f'<path class="arrow" marker-end="url(#tip)" d="M{from_x:.1f},{from_y:.1f} '
            f'Q{bend_x:.1f},{bend_y:.1f} {to_x:.1f},{to_y:.1f}"/>'
        ),
        f'<text class="word" x="{word_x:.1f}" y="{word_y:.1f}">{escape(words)}</text>',
    ]


def _edge(centre: tuple[float, float], towards: tuple[float, float]) -> tuple[float, float]:
    """Return where the line from the centre of a box towards a point leaves the box."""
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    scale = min(
        (BOX_X + 3) / abs(dx) if dx else math.inf,
        (BOX_Y + 3) / abs(dy) if dy else math.inf,
    )
    return centre[0] + dx * scale, centre[1] + dy * scale
