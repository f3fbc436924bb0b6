"""The scenario that nobody wrote: a design, perhaps a plan, and what every plan should keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from cmgsim.design.document import parse_document
from cmgsim.design.files import LoadedScenario, complete_scenario

#: What holds for every good plan, whatever it is for.
EXPECTATIONS = ("stranded_clients: {at_most: 0}", "never_without_a_gateway", "operations_end: {}", "requests_conserved")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def scenario_of(
    design: Path, plan: Path | None = None, changes: Mapping[str, Any] = _NOTHING, *, after: str = "2d"
) -> LoadedScenario:
    """Return a scenario for a design and perhaps a plan, held to :data:`EXPECTATIONS`.

    Raises:
        UnreadableFile: if one of the files cannot be read as a document.
        FileFaults: with every fault of the first file that has some.
    """
    named = {"scenario": "What every plan should keep", "design": design.resolve().as_posix(), "after": after}
    if plan is not None:
        named["plan"] = plan.resolve().as_posix()
    lines = [f"{key}: {json.dumps(value)}" for key, value in named.items()]
    lines += ["expect:", *(f"  - {expectation}" for expectation in EXPECTATIONS)]
    return complete_scenario(parse_document("\n".join(lines) + "\n", Path("unwritten.scenario.yaml")), changes)
