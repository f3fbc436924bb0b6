"""What a check answers: it holds or not, with what was measured and who the counter-examples are."""

from __future__ import annotations

from dataclasses import dataclass, field

from cmgsim.tables import Table


@dataclass(frozen=True)
class Verdict:
    """The answer of one check about one run. True when it holds."""

    check: str
    """The check's name, such as ``stranded_clients``."""
    holds: bool
    """Whether what was expected is so."""
    measured: str
    """What was found, in words: ``487 of 1000``."""
    limit: str
    """What was expected, in words: ``at most 0``."""
    counter_examples: Table = field(default_factory=lambda: Table(()))
    """Who or what breaks it; empty when it holds."""
    step: int | None = None
    """The plan step after which it was first broken, counted from 0."""
    because: str = ""
    """Why, in a sentence."""

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        mark = "holds" if self.holds else "broken"
        lines = [f"{self.check}: {mark}: {self.measured}, expected {self.limit}"]
        if self.because:
            lines.append(self.because)
        if self.counter_examples:
            lines.append(str(self.counter_examples))
        return "\n".join(lines)
