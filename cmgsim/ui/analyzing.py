"""``cmgsim analyze``: the connection analyzer, on a design or on the end of a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmgsim.errors import UsageError
from cmgsim.ui.door import door
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Outlet
from cmgsim.ui.seeds import read_seed

if TYPE_CHECKING:
    from cmgsim.site.analyzer import Analysis
    from cmgsim.world.world import World


@click.command("analyze")
@click.argument("file", type=click.Path(path_type=Path), metavar="SCENARIO | DESIGN")
@click.option("--gateway", required=True, metavar="NAME", help="The gateway to analyze.")
@click.option(
    "--sign-in",
    "sign_in",
    type=click.Choice(["client_certificate", "aad_user"]),
    default="client_certificate",
    show_default=True,
    help="How to sign in.",
)
@click.option("--for", "duration", metavar="DURATION", help="Live so long first; of a scenario, instead of its after.")
@click.option("--seed", default=1, show_default=True, type=read_seed, metavar="SEED", help="Of the draws.")
@door("analyze")
def analyze_command(outlet: Outlet, file: Path, gateway: str, sign_in: str, duration: str | None, seed: int) -> int:
    """Check the way from the console over a gateway to every management point behind it.

    Example: cmgsim analyze contoso.design.yaml --gateway classic --sign-in aad_user

    A design is analyzed as it stands at the start, a scenario as it stands when its plan and its time after are over.
    Exit codes: 0 every check passed, 1 one failed or a file has errors, 2 nothing could be judged.
    """
    analysis = _world(file, duration, seed).analyze(gateway, sign_in)
    if outlet.form is Form.JSON:
        checks = [vars(result) for result in analysis.results]
        outlet.show_data({"gateway": gateway, "sign_in": sign_in, "passed": bool(analysis), "checks": checks})
    else:
        outlet.show_folded(_text(analysis), column=8)
    return Exit.HOLDS if analysis else Exit.FAILED


def _world(file: Path, duration: str | None, seed: int) -> World:
    """Return the world to analyze."""
    from cmgsim.design.files import load, load_scenario
    from cmgsim.design.model import Design
    from cmgsim.rehearsal.rehearse import begin, walk
    from cmgsim.rehearsal.scenario import faults_of
    from cmgsim.units import duration_us, us_timedelta

    try:
        lived = None if duration is None else us_timedelta(duration_us(duration))
    except ValueError as error:
        raise UsageError(f"--for: {error}") from None
    if not wanted(file, "design", "scenario").name.endswith(".scenario.yaml"):
        design = load(file)
        if not isinstance(design, Design):
            raise UsageError(f"{file}: give a design or a scenario")
        return begin(design, seed=seed, before=lived or "0s")
    loaded = load_scenario(file)
    scenario = loaded.scenario
    faults = faults_of(loaded, seed)
    world = begin(loaded.design, seed=seed, scale=scenario.scale, before=scenario.before, faults=faults)
    if loaded.plan is not None:
        walk(world, loaded.plan)
    world.run(scenario.after if lived is None else lived)
    return world


def _text(analysis: Analysis) -> str:
    """Write the checks one below the other: what was found, and what to do."""
    from cmgsim.site.analyzer import WORDS

    lines = [f"gateway {analysis.gateway}, signed in {WORDS[analysis.sign_in]}", ""]
    for result in analysis.results:
        lines.append(f"  {'pass' if result.passed else 'FAIL'}  {result.check}: {result.description}")
        if result.remedy:
            lines.append(f"        {result.remedy}")
    failed = sum(not result.passed for result in analysis.results)
    total = len(analysis.results)
    lines += ["", f"{failed} of {total} checks failed" if failed else f"all {total} checks passed"]
    return "\n".join(lines)
