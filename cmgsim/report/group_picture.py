"""Draws boundary groups as a client sees them: its current groups, then the neighbours in the order they join.

Pure text from pure data, so the same design gives the same bytes. A picture brings its own paper, so that its colours
stand out on dark pages too. A default group is told from other neighbours by its dashed border, not by hue alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from cmgsim.boundaries.graph import Groups, Neighbour, Origin, neighbours
from cmgsim.units import MINUTE

BOX_X, ROW_Y, GAP_X, MARGIN = 230, 34, 210, 24
TITLE_Y = 20
PAPER, INK, LINE = "#ffffff", "#5b6675", "#7d8899"
CURRENT, NEAR, FAR = "#2f6fb0", "#3b7a5b", "#765a8a"
"""What names of groups are written on, in the colour of the paper."""
NOBODY = "The client is in no boundary group, and its site has no default group."
_STYLE = (
    f"text{{font:13px system-ui,sans-serif}}.paper,.name{{fill:{PAPER}}}.name{{font-weight:600}}.server{{fill:{INK}}}"
    f".current{{fill:{CURRENT}}}.near{{fill:{NEAR}}}"
    f".far{{fill:{FAR};stroke:#2f2338;stroke-width:2;stroke-dasharray:6 4}}"
    f".link{{fill:none;stroke:{LINE};stroke-width:1.5}}.implied{{stroke-dasharray:5 4}}"
    f".time{{fill:{INK};font-size:12px}}"
)


def group_picture(groups: Groups, current: Sequence[str]) -> str:
    """Return an SVG of the current groups, their links and their neighbours, with every group's servers."""
    if not current:
        return _nobody()
    links = [(name, link) for name in current for link in neighbours(groups, name) if link.group not in current]
    far = sorted(dict.fromkeys(link.group for _, link in links), key=lambda name: _soonest(links, name))
    left, right = _column(groups, current, MARGIN), _column(groups, far, MARGIN + BOX_X + GAP_X)
    height = max((top + tall for column in (left, right) for _, top, tall in column.values()), default=0) + MARGIN
    width = MARGIN * 2 + BOX_X * (2 if far else 1) + (GAP_X if far else 0)
    lines = _begun(f"Boundary groups of a client in {', '.join(current)}", width, height)
    landed: dict[str, int] = {}
    for start, link in links:
        nth = landed[link.group] = landed.get(link.group, -1) + 1
        lines += _arrow(left[start], right[link.group], link, nth)
    for name, box in left.items():
        lines += _box(groups, name, box, "current")
    for name, box in right.items():
        lines += _box(groups, name, box, "near" if groups[name].default_of is None else "far")
    return "\n".join([*lines, "</svg>\n"])


def _nobody() -> str:
    begun = _begun("Boundary groups of a client in no group", BOX_X * 2 + MARGIN, MARGIN * 2 + 16)
    return "\n".join([*begun, f'<text class="server" x="{MARGIN}" y="{MARGIN + 16}">{NOBODY}</text>', "</svg>\n"])


def _begun(title: str, width: int, height: int) -> list[str]:
    """Return the lines with which a picture begins."""
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        (
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            f'<path d="M0,0 L8,4 L0,8 z" fill="{LINE}"/></marker></defs>'
        ),
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>',
    ]


Box = tuple[int, int, int]
"""Left edge, top edge, height."""


def _soonest(links: Sequence[tuple[str, Neighbour]], name: str) -> tuple[int, str]:
    never = 1 << 62
    times = (link.distribution_points_us for _, link in links if link.group == name)
    return min(never if at_us is None else at_us for at_us in times), name


def _servers(groups: Groups, name: str) -> list[str]:
    references = groups[name].references
    kinds = (
        ("MP", references.management_points),
        ("CMG", references.gateways),
        ("SUP", references.update_points),
        ("DP", references.distribution_points),
    )
    return [f"{kind}: {', '.join(servers)}" for kind, servers in kinds if servers] or ["no servers"]


def _column(groups: Groups, names: Sequence[str], left: int) -> dict[str, Box]:
    boxes, top = {}, MARGIN
    for name in names:
        tall = ROW_Y + TITLE_Y * len(_servers(groups, name))
        boxes[name] = (left, top, tall)
        top += tall + MARGIN
    return boxes


def _box(groups: Groups, name: str, box: Box, kind: str) -> list[str]:
    left, top, _ = box
    lines = [
        f'<rect class="{kind}" x="{left}" y="{top}" width="{BOX_X}" height="26" rx="6"/>',
        f'<text class="name" x="{left + 10}" y="{top + 18}">{escape(_cut(name, 28))}</text>',
    ]
    for row, words in enumerate(_servers(groups, name)):
        y = top + 42 + row * TITLE_Y
        lines.append(f'<text class="server" x="{left + 10}" y="{y}">{escape(_cut(words, 36))}</text>')
    return lines


def _arrow(start: Box, end: Box, link: Neighbour, nth: int) -> list[str]:
    """Draw a link; where several end at one group, each ends a little lower."""
    x1, y1, x2, y2 = start[0] + BOX_X, start[1] + 13, end[0] - 2, end[1] + 13 + 8 * nth
    kind = "link implied" if link.origin is Origin.IMPLIED else "link"
    bend = x1 + 44  # bent early, so that the words above the far end stand clear of the line
    return [
        f'<path class="{kind}" marker-end="url(#tip)" d="M{x1},{y1} C{bend},{y1} {x1},{y2} {bend},{y2} L{x2},{y2}"/>',
        f'<text class="time" text-anchor="end" x="{x2 - 12}" y="{y2 - 5}">{escape(_times(link))}</text>',
    ]


def _times(link: Neighbour) -> str:
    return f"DP {_minutes(link.distribution_points_us)}, SUP {_minutes(link.update_points_us)} min"


def _minutes(at_us: int | None) -> str:
    return "never" if at_us is None else str(at_us // MINUTE)


def _cut(words: str, letters: int) -> str:
    return words if len(words) <= letters else f"{words[: letters - 1]}\u2026"
