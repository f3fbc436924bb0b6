"""Everything the linter has against a case, in words: what ``tests/baselines/findings.txt`` holds.

python tests/lint/all_findings.py    write the baseline anew, to be read in the diff
"""

from __future__ import annotations

from pathlib import Path

from cmgsim.design.document import read_document
from cmgsim.design.files import load_design, load_plan
from cmgsim.lint.linter import Sources, lint

CASES = Path(__file__).parent / "cases"
BASELINE = Path(__file__).parents[1] / "baselines" / "findings.txt"


def names() -> list[str]:
    """Return every case, such as ``CMG302.bad``."""
    return sorted(path.name.removesuffix(".design.yaml") for path in CASES.glob("*.design.yaml"))


def told(name: str) -> str:
    """Return all findings of a case, each with its place, its words, its remedy and its source."""
    path, steps = CASES / f"{name}.design.yaml", CASES / f"{name}.plan.yaml"
    design = load_design(path)
    plan = load_plan(steps, design) if steps.exists() else None
    sources = Sources(read_document(path), read_document(steps) if steps.exists() else None)
    lines = []
    for finding in lint(design, plan, documents=sources):
        file = Path(finding.file).name if finding.file else "?"
        place = f"{file}:{finding.mark.line}:{finding.mark.column}" if finding.mark else file
        lines += [
            f"{place}: {finding.severity.value}[{finding.rule}] {finding.where}: {finding.message}",
            f"    = {finding.remedy}",
            f"    = {finding.source}",
        ]
    return "\n".join(lines)


def baseline() -> dict[str, str]:
    """Read the baseline: what is told, by case."""
    parts = BASELINE.read_text(encoding="utf-8").split("## ")[1:]
    return {name: words.strip("\n") for name, _, words in (part.partition("\n") for part in parts)}


if __name__ == "__main__":
    BASELINE.write_text("".join(f"## {name}\n{told(name)}\n\n" for name in names()), encoding="utf-8", newline="\n")
