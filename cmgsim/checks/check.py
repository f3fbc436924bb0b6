"""What a check is: a question about a finished run, with parameters, answered by a verdict.

To add one, write a function of a run and its parameters and file it with :func:`check` under a name; the same name
works in a scenario's ``expect:`` and in :func:`judge`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cmgsim.checks.verdict import Verdict
from cmgsim.design.scenario import Expectation
from cmgsim.errors import UsageError
from cmgsim.registry import Registry
from cmgsim.world.run import Run

Check = Callable[[Run, Any], Verdict]
CHECKS: Registry[Check] = Registry("check")


def check(name: str) -> Callable[[Check], Check]:
    """File a function of a run and its parameters as the check of that name."""

    def register(function: Check) -> Check:
        return CHECKS.add(name, function)

    return register


def judge(run: Run, expectation: Expectation | str, **parameters: Any) -> Verdict:
    """Ask one check about a run: ``judge(run, "stranded_clients", at_most=0)``.

    Raises:
        UnknownName: if no check has that name.
        UsageError: if the parameters are not the check's own.
    """
    import cmgsim.checks.conservation
    import cmgsim.checks.liveness
    import cmgsim.checks.safety  # noqa: F401

    if isinstance(expectation, str):
        known = CHECKS[expectation]
        try:
            expectation = Expectation.model_validate({expectation: parameters})
        except ValueError as error:
            raise UsageError(f"{expectation}: {error}") from None
        return known(run, expectation.parameters)
    return CHECKS[expectation.check](run, expectation.parameters)
