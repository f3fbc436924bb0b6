"""What is said about rules: one rule as plain text for a terminal, all of them as a page of the documentation."""

from __future__ import annotations

import textwrap

from cmgsim.design.versions import VERSIONS
from cmgsim.lint.linter import NO_REASON, TOPICS, UNUSED
from cmgsim.lint.rule import RULES, Rule

_WIDTH = 100
_PREFIX = "CMG"


def describe(rule_id: str) -> str:
    """Return what a rule is about, why, since which version and by which source, as plain text.

    Raises:
        UnknownName: if there is no such rule.
    """
    rule = RULES[rule_id]
    paragraphs = [f"{rule.id} {rule.title} ({rule.severity.value})", *rule.why.split("\n\n")]
    facts = [f"Bad:      {rule.bad}", f"Good:     {rule.good}"] if rule.bad else []
    facts += [f"Versions: {versions_of(rule)}", f"Source:   Microsoft, {rule.source}"]
    lines = "\n".join(_wrapped(fact, " " * 10) for fact in facts)
    return "\n\n".join([*(_wrapped(_plain(paragraph), "") for paragraph in paragraphs), lines])


def versions_of(rule: Rule) -> str:
    """Return in which versions a rule is asked: ``"all"``, ``"1902 and later"``, ``"1810 and earlier"``."""
    if rule.versions == VERSIONS:
        return "all"
    first, last = rule.versions[0], rule.versions[-1]
    if last == VERSIONS[-1]:
        return f"{first} and later"
    return f"{last} and earlier" if first == VERSIONS[0] else f"{first} to {last}"


def rules_page() -> str:
    """Return the page on all rules, in Markdown: how to set rules aside, a table, and a section for each rule."""
    parts = [_INTRODUCTION.strip(), _table()]
    for band, topic in TOPICS.items():
        heading = (topic.__doc__ or "").partition(": ")[2].strip().rstrip(".")
        parts.append(f"## {_PREFIX}{band}xx: {heading}")
        parts += [_section(rule) for name, rule in RULES.items() if name.startswith(f"{_PREFIX}{band}")]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = f"""
# Rules

`cmgsim lint` judges a design, and a plan for it, by these rules before anything runs. An *error* is what the console
refuses, what Azure fails, or what contradicts itself; a *warning* runs, but serves some clients badly or not at all; an
*info* is worth knowing.

A comment sets a rule aside for a line, and must say why: `vms: 1  # cmgsim: ignore CMG308 a lab, one VM is enough`.
Without a reason it counts for nothing and is a finding itself ({NO_REASON}, warning); one that nothing needs any more
is {UNUSED} (info).
"""


def _table() -> str:
    rows = ["| Rule | Severity | Finding | Versions |", "|---|---|---|---|"]
    for name, rule in RULES.items():
        rows.append(f"| [{name}](#{name.lower()}) | {rule.severity.value} | {rule.title} | {versions_of(rule)} |")
    return "\n".join(rows)


def _section(rule: Rule) -> str:
    facts = [f"- Severity: {rule.severity.value}", f"- Versions: {versions_of(rule)}"]
    facts += [f"- Bad: {rule.bad}", f"- Good: {rule.good}"] if rule.bad else []
    facts.append(f"- Source: Microsoft, {rule.source}")
    heading = f"({rule.id.lower()})=\n### {rule.id}: {rule.title}"
    return "\n\n".join([heading, rule.why.replace("``", "`"), "\n".join(facts)])


def _wrapped(text: str, indent: str) -> str:
    return textwrap.fill(text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _plain(text: str) -> str:
    return text.replace("``", "").replace("*", "")
