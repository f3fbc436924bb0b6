"""Which fleet engine lives a world: the readable reference or the fast one. Both give the same run.

Theory of operation: the fast fleet needs Numba, and Numba a minute of compiling on each machine, once. So small fleets
live in the reference, which begins at once; large ones in the fast fleet, and how large is a matter of whether its
machine code is on disk already. Diaries of clients are kept by the reference only.
"""

from __future__ import annotations

import os
from enum import Enum
from importlib.util import find_spec
from pathlib import Path

from cmgsim.errors import UsageError
from cmgsim.fleet.engine import FleetEngine
from cmgsim.fleet.population import Fleet
from cmgsim.fleet.reference import ReferenceFleet
from cmgsim.site.landscape import Landscape

COMPILED_FROM = 300
"""So many clients live in the fast fleet if it is compiled: with fewer, loading it takes longer than it saves."""
WORTH_COMPILING_FROM = 10_000
"""So many clients are worth the minute that compiling takes."""
_MACHINE_CODE = "kernels.advance-*.nbi"
COMPILES = "compiles the fast fleet for this machine, once; it takes a minute or two"


class Engine(Enum):
    """The engines to choose from."""

    AUTO = "auto"
    REFERENCE = "reference"
    FAST = "fast"


def live(
    wish: Engine, fleet: Fleet, landscape: Landscape, seed: int, watched: frozenset[int] = frozenset()
) -> FleetEngine:
    """Return the fleet in the engine of one's choice; diaries of *watched* clients are kept by the reference only.

    Raises:
        UsageError: if the fast fleet is wished for and cannot live this one; the message says why.
    """
    lacks = fast_lacks(watched)
    if wish is Engine.FAST and lacks:
        raise UsageError(f"engine 'fast': {lacks}; choose 'auto' or 'reference'")
    if wish is Engine.REFERENCE or lacks or (wish is Engine.AUTO and not worth_it(len(fleet))):
        return ReferenceFleet(fleet, landscape, seed, watched)
    from cmgsim.fleet.fast import FastFleet

    return FastFleet(fleet, landscape, seed)


def fast_lacks(watched: frozenset[int] = frozenset()) -> str:
    """Return why the fast fleet cannot live a fleet of which some clients are watched; nothing, if it can."""
    if find_spec("numba") is None:
        return "Numba is not installed: pip install 'cmgsim[fast]'"
    return "it keeps no diaries of clients" if watched else ""


def worth_it(clients: int) -> bool:
    """Say whether so many clients are better off in the fast fleet, compiling included."""
    return clients >= WORTH_COMPILING_FROM or (clients >= COMPILED_FROM and compiled())


def compiled() -> bool:
    """Say whether the fast fleet's machine code is on disk, for any of its versions; rarely loads Numba to find out."""
    beside = Path(__file__).parent / "__pycache__"
    # Of the environment no run depends: it says here only whether one has to wait for the compiler.
    if "NUMBA_CACHE_DIR" in os.environ or not os.access(beside.parent, os.W_OK):  # noqa: TID251
        return any(_cache().glob(_MACHINE_CODE))
    return any(beside.glob(_MACHINE_CODE))


def _cache() -> Path:
    """Return where Numba keeps the machine code: not beside the package, or so it was told."""
    if find_spec("numba") is None:
        return Path(os.devnull)
    from cmgsim.fleet import kernels

    return Path(kernels.advance.stats.cache_path or os.devnull)  # type: ignore[attr-defined]


def remark(engine: FleetEngine) -> str:
    """Return what to tell people who wait for a fleet to begin; mostly nothing."""
    if isinstance(engine, ReferenceFleet) or compiled():
        return ""
    return COMPILES


def warm() -> None:
    """Compile all of the fast fleet that a run can need, or load it from disk if that was done before.

    Raises:
        UsageError: if Numba is not installed.
    """
    if find_spec("numba") is None:
        raise UsageError("Numba is not installed: pip install 'cmgsim[fast]'")
    from cmgsim.fleet.fast import compile_everything

    compile_everything()
