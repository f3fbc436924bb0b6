"""A flight simulator for the Cloud Management Gateway of Microsoft Configuration Manager.

Everything a user may import is listed here, once; a name's home is imported when the name is first asked for, so that
``import cmgsim`` costs next to nothing. To add a name: one line in the imports for type checkers, one in ``__all__``,
one in ``_HOMES``.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cmgsim.capacity.documented import documented_size
    from cmgsim.capacity.profile import profile
    from cmgsim.capacity.size import size
    from cmgsim.capacity.target import read_target
    from cmgsim.checks.judge import judge
    from cmgsim.design.files import load
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan
    from cmgsim.design.scenario import Scenario
    from cmgsim.errors import CmgsimError
    from cmgsim.lint.linter import lint
    from cmgsim.rehearsal.rehearse import rehearse
    from cmgsim.tables import Table
    from cmgsim.world.build import build
    from cmgsim.world.run import Run
    from cmgsim.world.world import World

__all__ = [
    "CmgsimError",
    "Design",
    "Plan",
    "Run",
    "Scenario",
    "Table",
    "World",
    "build",
    "documented_size",
    "judge",
    "lint",
    "load",
    "profile",
    "read_target",
    "rehearse",
    "size",
]

_HOMES = {
    "CmgsimError": "cmgsim.errors",
    "Design": "cmgsim.design.model",
    "Plan": "cmgsim.design.plan",
    "Run": "cmgsim.world.run",
    "Scenario": "cmgsim.design.scenario",
    "Table": "cmgsim.tables",
    "World": "cmgsim.world.world",
    "build": "cmgsim.world.build",
    "documented_size": "cmgsim.capacity.documented",
    "judge": "cmgsim.checks.judge",
    "lint": "cmgsim.lint.linter",
    "load": "cmgsim.design.files",
    "profile": "cmgsim.capacity.profile",
    "read_target": "cmgsim.capacity.target",
    "rehearse": "cmgsim.rehearsal.rehearse",
    "size": "cmgsim.capacity.size",
}


class _Facade(ModuleType):
    """The package as its users see it.

    ``lint`` is both a room and a function. Importing the room makes Python store it here under its name, where it
    would hide the function; this class lets the function win. Write ``from cmgsim.lint import linter`` to reach the
    room; ``import cmgsim.lint.linter as name`` is given up for it.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Facade


def __getattr__(name: str) -> object:
    """Import the home of a public name, and keep the name.

    Raises:
        AttributeError: if the name is not public.
    """
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("cmgsim")
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'cmgsim' has no attribute {name!r}; its public names are {', '.join(__all__)}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__, "__version__"]
