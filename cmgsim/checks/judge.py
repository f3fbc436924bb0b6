"""Asking checks about a run; importing this module files all that cmgsim has."""

from __future__ import annotations

from typing import Any

from cmgsim.checks import azure, conservation, liveness, safety  # noqa: F401  (importing them files their checks)
from cmgsim.checks.check import CHECKS
from cmgsim.checks.verdict import Verdict
from cmgsim.design.scenario import Expectation
from cmgsim.errors import UsageError
from cmgsim.world.run import Run


def judge(run: Run, expectation: Expectation | str, **parameters: Any) -> Verdict:
    """Ask one check about a run: ``judge(run, "stranded_clients", at_most=0)``.

    Raises:
        UnknownName: if no check has that name.
        UsageError: if the parameters are not the check's own.
    """
    if isinstance(expectation, str):
        known = CHECKS[expectation]
        try:
            expectation = Expectation.model_validate({expectation: parameters})
        except ValueError as error:
            raise UsageError(f"{expectation}: {error}") from None
        return known(run, expectation.parameters)
    return CHECKS[expectation.check](run, expectation.parameters)
