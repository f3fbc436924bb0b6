"""Comments that set a rule aside: ``# cmgsim: ignore CMG308 a lab, one VM is enough``.

The comment stands on the line of the finding, or on the line of the key the finding is about. It must say why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmgsim.design.document import Mark
from cmgsim.lint.rule import RULES

if TYPE_CHECKING:
    from cmgsim.design.document import Document

_COMMENT = re.compile(
    r"(?:^|\s)#\s*cmgsim:\s*ignore\b:?\s*(?P<ids>[A-Z]{3}[0-9]+(?:\s*,\s*[A-Z]{3}[0-9]+)*)?(?P<reason>.*)"
)


@dataclass(frozen=True)
class Ignore:
    """One comment for one rule. ``rule`` is empty when the comment names none; ``mark`` is the comment's place."""

    rule: str
    reason: str
    mark: Mark


def ignores_in(document: Document) -> Iterator[Ignore]:
    """Yield the ignoring comments of a document, from top to bottom.

    Raises:
        UnknownName: if one names a rule that there is not.
    """
    for number, line in enumerate(document.lines, start=1):
        match = _COMMENT.search(line)
        if match is None:
            continue
        start = line.index("#", match.start())
        mark = Mark(number, start + 1, number, len(line.rstrip()) + 1)
        for name in re.split(r"\s*,\s*", match["ids"] or ""):
            yield Ignore(RULES[name].id if name else "", match["reason"].strip(" \t:-"), mark)
