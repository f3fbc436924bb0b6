"""Judging a design and a plan before anything runs.

:func:`lint` asks every rule, finds the place of each fault in the files, and sets aside what the user has said to
ignore, and why.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from cmgsim.design.findings import Finding, Findings, Severity
from cmgsim.errors import UnknownName, UsageError
from cmgsim.lint.ignores import Ignore, ignores_in
from cmgsim.lint.rule import RULES, Fault, Rule
from cmgsim.lint.rules import azure, boundaries, certificates, clients, gateways, plans, roles

if TYPE_CHECKING:
    from cmgsim.design.document import Document, Mark
    from cmgsim.design.findings import Loc
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan

TOPICS = MappingProxyType(
    {"1": azure, "2": certificates, "3": gateways, "4": roles, "5": boundaries, "6": clients, "7": plans}
)
"""The rooms of the rules, by the band of their ids."""

NO_REASON, UNUSED = "CMG090", "CMG091"
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Sources:
    """The documents that a design and a plan were read from; ``plan`` may be a scenario that holds the steps."""

    design: Document | None = None
    plan: Document | None = None

    def of(self, path: Loc) -> Document | None:
        """Return the document that a fault's path leads into."""
        return self.plan if path[:1] == ("steps",) else self.design

    def __iter__(self) -> Iterator[Document]:
        return iter([document for document in (self.design, self.plan) if document is not None])


def lint(
    design: Design,
    plan: Plan | None = None,
    *,
    documents: Sources | None = None,
    select: Collection[str] = (),
    ignore: Mapping[str, str] = _NOTHING,
) -> Findings:
    """Return what the rules have against a design, and against a plan for it.

    With *documents*, findings say line and column, and comments such as ``# cmgsim: ignore CMG308 why`` count. *select*
    keeps to the rules of these ids or beginnings of ids (``CMG3``), all when empty; *ignore* leaves rules out, and maps
    each id or beginning to the reason.

    Raises:
        UnknownName: if an id, a beginning or a comment stands for no rule.
        UsageError: if a rule is ignored without a reason.
    """
    sources = documents or Sources()
    rules = _chosen(select, ignore)
    found = [_finding(rule, fault, sources) for rule in rules for fault in rule.faults(design, plan)]
    comments = [(document, note) for document in sources for note in ignores_in(document)]
    kept = [finding for finding in found if not any(_covers(note, doc, finding) for doc, note in comments)]
    notes = [note for doc, comment in comments if (note := _comment_on(comment, doc, found, rules)) is not None]
    return Findings([*kept, *notes], {document.path: document.lines for document in sources})


def _chosen(select: Collection[str], ignore: Mapping[str, str]) -> tuple[Rule, ...]:
    for name, reason in ignore.items():
        if not reason.strip():
            raise UsageError(f"rule {name} is ignored without a reason; say why, as in {{{name!r}: 'a lab'}}")
    wanted, unwanted = _named(select) if select else set(RULES), _named(ignore)
    return tuple(RULES[name] for name in RULES if name in wanted and name not in unwanted)


def _named(beginnings: Iterable[str]) -> set[str]:
    """Return the ids of all rules that begin so."""
    names: set[str] = set()
    for beginning in beginnings:
        found = {name for name in RULES if name.startswith(beginning)} if beginning else set()
        if not found:
            raise UnknownName("rule", beginning, RULES)
        names |= found
    return names


def _finding(rule: Rule, fault: Fault, sources: Sources) -> Finding:
    document = sources.of(fault.path)
    file, mark = (document.path, _place(document, fault.path)) if document else (None, None)
    return Finding(rule.id, rule.severity, fault.message, fault.path, file, mark, fault.remedy, rule.source)


def _place(document: Document, path: Loc) -> Mark:
    """Return the place of a plain value, else of its key, else of the key of the nearest thing the document has."""
    if path in document.marks and not isinstance(document.value(path), dict | list):
        return document.locate(path)
    return document.locate_key(path)


def _covers(note: Ignore, document: Document, finding: Finding) -> bool:
    if not note.reason or note.rule != finding.rule or finding.file != document.path or finding.mark is None:
        return False
    return note.mark.line in (finding.mark.line, document.locate_key(finding.path).line)


def _comment_on(note: Ignore, document: Document, found: Iterable[Finding], rules: Collection[Rule]) -> Finding | None:
    """Return what is wrong with an ignoring comment; one for a rule that was not asked is left alone."""
    place = ((), document.path, note.mark)
    if not note.rule or not note.reason:
        what = f"{note.rule} is ignored without a reason" if note.rule else "this comment ignores no rule"
        remedy = f"say why: '# cmgsim: ignore {note.rule or 'CMG308'} a lab, no one depends on it'"
        return Finding(NO_REASON, Severity.WARNING, what, *place, remedy)
    asked = any(rule.id == note.rule for rule in rules)
    if asked and not any(_covers(note, document, finding) for finding in found):
        return Finding(
            UNUSED, Severity.INFO, f"{note.rule} has nothing against this line", *place, "remove the comment"
        )
    return None
