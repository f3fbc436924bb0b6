"""``cmgsim wmi``: ask the WMI of one simulated client, as administrators do on a real one."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cmgsim.errors import UnknownName, UsageError
from cmgsim.ui.door import door
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Outlet
from cmgsim.ui.seeds import read_seed

if TYPE_CHECKING:
    import simpy

    from cmgsim.design.files import LoadedScenario
    from cmgsim.fleet.view import ClientView
    from cmgsim.world.world import World

LOCATION_SERVICES = "root/ccm/LocationServices"


class _Reached(Exception):
    """The moment to look at the client has come."""


@click.command("wmi", short_help="Ask the WMI of one simulated client.")
@click.argument("scenario_file", metavar="SCENARIO", type=click.Path(path_type=Path))
@click.argument("query", metavar="QUERY")
@click.option(
    "--client", default="0", show_default=True, metavar="NAME", help="The client: laptops-17, or its number from 0."
)
@click.option(
    "--at", "moment", default="1d", show_default=True, metavar="TIME", help="When, counted from the run's beginning."
)
@click.option(
    "--namespace",
    "namespace_name",
    default=LOCATION_SERVICES,
    show_default=True,
    metavar="NAME",
    help="The WMI namespace.",
)
@click.option("--seed", type=read_seed, metavar="SEED", help="The run's seed; left out, the scenario's first.")
@door("wmi")
def wmi_command(
    outlet: Outlet, scenario_file: Path, query: str, client: str, moment: str, namespace_name: str, seed: int | None
) -> int:
    """Run a SCENARIO up to a moment and ask the WMI of one client then.

    Example: cmgsim wmi week.scenario.yaml --client laptops-3 --at 3d "SELECT * FROM SMS_ActiveMPCandidate"

    The scenario's plan and faults happen as in a rehearsal; nothing is judged. Exit codes: 0 answered, 1 the scenario
    has faults, 2 wrong usage.
    """
    from cmgsim.design.files import load_scenario
    from cmgsim.site.wmi import namespace, read_query
    from cmgsim.units import duration_us

    read_query(query)
    loaded = load_scenario(wanted(scenario_file, "scenario"))
    try:
        at_us = duration_us(moment)
    except ValueError as error:
        raise UsageError(f"--at: {error}") from None
    seen = _look(loaded, loaded.scenario.seeds[0] if seed is None else seed, client, at_us)
    rows = namespace(namespace_name, seen.facts).query(query)
    if outlet.form is Form.JSON:
        outlet.show_data(_data(seen, rows.columns, rows.rows))
    else:
        outlet.show(_text(seen, rows.columns, rows.rows))
    return Exit.HOLDS


def _look(loaded: LoadedScenario, seed: int, client: str, at_us: int) -> ClientView:
    """Live through the scenario until the moment, and look at the client then."""
    from cmgsim.rehearsal.rehearse import walk
    from cmgsim.rehearsal.scenario import faults_of
    from cmgsim.world.build import build, unknown_client

    scenario = loaded.scenario
    world = build(loaded.design, seed=seed, scale=scenario.scale)
    try:
        first = world.client(client)
    except UnknownName:
        raise unknown_client(client, world.population) from None
    for fault in faults_of(loaded, seed):
        world.suffer(fault)
    if at_us == 0:
        return first

    def stop(env: simpy.Environment) -> Generator[simpy.Event, Any, None]:
        yield env.timeout(at_us)
        raise _Reached

    world.add_process(stop, "the moment to look")
    try:
        world.run(scenario.before)
        if loaded.plan is not None:
            walk(world, loaded.plan)
        world.run(scenario.after)
    except _Reached:
        return world.client(client)
    return _at_the_end(world, client, at_us)


def _at_the_end(world: World, client: str, at_us: int) -> ClientView:
    from cmgsim.units import format_duration

    if world.now_us == at_us:
        return world.client(client)
    raise UsageError(f"--at {format_duration(at_us)}: the run is over after {format_duration(world.now_us)}")


def _text(seen: ClientView, columns: tuple[str, ...], rows: tuple[tuple[Any, ...], ...]) -> str:
    """Write instances as PowerShell does: one property a line."""
    place = seen.connection_type or "off"
    head = f"{seen.name}: {place}, management point {seen.management_point or 'none yet'}"
    wide = max(map(len, columns))
    instances = [
        "\n".join(f"{name:<{wide}} : {_shown(value)}" for name, value in zip(columns, row, strict=True)) for row in rows
    ]
    return "\n\n".join([head, *(instances or ["no instance"])])


def _shown(value: object) -> str:
    return str(value).upper() if isinstance(value, bool) else str(value)


def _data(seen: ClientView, columns: tuple[str, ...], rows: tuple[tuple[Any, ...], ...]) -> dict[str, Any]:
    return {
        "client": seen.name,
        "connection_type": seen.connection_type,
        "management_point": seen.management_point,
        "instances": [dict(zip(columns, row, strict=True)) for row in rows],
    }
