"""One way to write a rule: a generator of faults, filed under its id.

A rule looks at a design, and at a plan if there is one, and yields what is wrong. The first paragraphs of its docstring
say why it matters; a last paragraph ``Bad: ``...`` Good: ``...``.`` shows what to write instead of what.

Severities: an *error* is what the console refuses, what Azure fails, or what contradicts itself; a *warning* runs, but
serves some clients badly or not at all; an *info* is worth knowing.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cmgsim.design.versions import VERSIONS, has
from cmgsim.registry import Registry

if TYPE_CHECKING:
    from cmgsim.design.findings import Loc, Severity
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan
    from cmgsim.design.versions import Feature

_ID = re.compile(r"CMG[1-79][0-9]{2}")
_EXAMPLE = re.compile(r"Bad: (.+?)\s+Good: (.+)", re.DOTALL)


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong.

    ``path`` leads to it in the design; a path that begins with ``steps`` leads into the plan. ``message`` says what is
    wrong and with which value, ``remedy`` what to do about it.
    """

    path: Loc
    message: str
    remedy: str


Check = Callable[["Design", "Plan | None"], "Iterator[Fault]"]


@dataclass(frozen=True)
class Rule:
    """A rule and all that is said about it.

    ``why`` is plain text in paragraphs, ``bad`` and ``good`` are Markdown; they are empty when the docstring has no
    example. ``versions`` are those of Configuration Manager in which the rule is asked.
    """

    id: str
    severity: Severity
    title: str
    source: str
    check: Check
    versions: tuple[int, ...] = VERSIONS
    why: str = ""
    bad: str = ""
    good: str = ""

    def faults(self, design: Design, plan: Plan | None) -> Iterator[Fault]:
        """Yield what the rule has against a design and a plan; nothing in a version that it is not about."""
        if design.site_version() in self.versions:
            yield from self.check(design, plan)


RULES: Registry[Rule] = Registry("rule")
"""Every rule by its id."""


def rule(
    id: str,
    severity: Severity,
    title: str,
    *,
    source: str,
    needs: Feature | None = None,
    lacks: Feature | None = None,
) -> Callable[[Check], Check]:
    """File the decorated generator as the rule *id*.

    *title* is the fault in a few words. *source* is the title of the Microsoft page that says so, and the place in it.
    The rule is asked only in versions that have the feature *needs* and have not the feature *lacks*.

    Raises:
        ValueError: if the id is not of the form ``CMG302``, or is taken. CMG0xx belongs to files, CMG9xx to users.
    """
    if not _ID.fullmatch(id):
        raise ValueError(f"{id!r} is no id of a rule: write CMG, a band from 1 to 7 (9 for your own), and two digits")

    def file(check: Check) -> Check:
        why, bad, good = _explanation(inspect.getdoc(check) or "")
        RULES.add(id, Rule(id, severity, title, source, check, _versions(needs, lacks), why, bad, good))
        return check

    return file


def _versions(needs: Feature | None, lacks: Feature | None) -> tuple[int, ...]:
    return tuple(
        version
        for version in VERSIONS
        if (needs is None or has(version, needs)) and not (lacks is not None and has(version, lacks))
    )


def _explanation(docstring: str) -> tuple[str, str, str]:
    """Split a rule's docstring into why, bad example and good example."""
    paragraphs = [" ".join(paragraph.split()) for paragraph in docstring.split("\n\n") if paragraph.strip()]
    example = _EXAMPLE.fullmatch(paragraphs[-1]) if paragraphs else None
    if example is None:
        return "\n\n".join(paragraphs), "", ""
    return "\n\n".join(paragraphs[:-1]), _code(example[1]), _code(example[2])


def _code(text: str) -> str:
    return text.rstrip(".").replace("``", "`")
