"""What a check is: a question about a finished run, with parameters, answered by a verdict.

To add one, write a function of a run and its parameters and file it with :func:`check` under a name; the same name
works in a scenario's ``expect:`` and in :func:`cmgsim.checks.judge.judge`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cmgsim.checks.verdict import Verdict
from cmgsim.registry import Registry
from cmgsim.world.run import Run

Check = Callable[[Run, Any], Verdict]
CHECKS: Registry[Check] = Registry("check")


def check(name: str) -> Callable[[Check], Check]:
    """File a function of a run and its parameters as the check of that name."""

    def register(function: Check) -> Check:
        return CHECKS.add(name, function)

    return register
