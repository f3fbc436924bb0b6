"""``cmgsim profile``: where a request's time goes, what is busy, and what holds it all up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmgsim.errors import StorageError
from cmgsim.ui.door import door
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Outlet
from cmgsim.ui.seeds import read_seed
from cmgsim.ui.sizing import say_if_slow
from cmgsim.ui.sweeping import read_scale
from cmgsim.ui.writing import whole_folder
from cmgsim.units import PARTS_PER_MILLION

if TYPE_CHECKING:
    from cmgsim.design.model import Design

#: Days of one client that the fast fleet lives in a minute, where gateways are overloaded: then there is most to do.
_LIVES_A_MINUTE = 1_000_000


@click.command("profile")
@click.argument("design", type=click.Path(path_type=Path), metavar="DESIGN")
@click.option("--days", type=click.IntRange(1, 366), default=1, show_default=True, help="How long the design lives.")
@click.option("--seed", type=read_seed, metavar="SEED", default=1, show_default=True, help="The run's seed.")
@click.option("--scale", metavar="SHARE", help="Simulate this share of every population, such as 10%.")
@click.option("--save", type=click.Path(path_type=Path), metavar="DIR", help="Write tables as Parquet into a folder.")
@door("profile")
def profile_command(outlet: Outlet, design: Path, days: int, seed: int, scale: str | None, save: Path | None) -> int:
    """Say where requests over gateways spend their time, hop by hop, and which part is the bottleneck.

    Example: cmgsim profile my.design.yaml --days 14 --save runs/first

    All clients are simulated, unless --scale says otherwise: a sample is sooner done, and shows nothing of what is
    asked again after a failure. With --save the same figures are written for duckdb, pandas and Power BI; docs/how-to
    has queries.

    Exit codes: 0 there is a profile, 1 nothing is asked over gateways or a sample cannot stand for the whole, 2 wrong
    usage or a folder that is there already.
    """
    from cmgsim.capacity.profile import profile
    from cmgsim.capacity.profile_tables import data, tables, text
    from cmgsim.design.files import load_design
    from cmgsim.world.columns import write_parquet

    share = read_scale(scale)
    if save is not None and save.exists():
        raise StorageError(f"{save} is there already: choose another folder, or remove it")
    drawn = load_design(wanted(design, "design"))
    say_if_slow(outlet, drawn)
    say_if_long(outlet, drawn, days, share)
    found = profile(drawn, days=days, seed=seed, scale=share, observer=outlet.say)
    if save is not None:
        with whole_folder(save):
            written = write_parquet(tables(found), save)
        outlet.say(f"written: {', '.join(path.name for path in written)} below {save}")
    if outlet.form is Form.JSON:
        outlet.show_data({"exit": int(Exit.HOLDS), **data(found)})
    else:
        outlet.show_folded(text(found))
    return Exit.HOLDS


def say_if_long(outlet: Outlet, design: Design, days: int, share: int | None) -> None:
    """Say about how long it takes, and what would be sooner, where more than a minute of work is ahead."""
    lives = sum(population.count for population in design.clients.values()) * days
    minutes = lives * (share or PARTS_PER_MILLION) // (PARTS_PER_MILLION * _LIVES_A_MINUTE)
    if not minutes:
        return
    sooner = "" if share else "; --scale 10% is sooner, but shows nothing of what is asked again"
    outlet.say(f"{lives:,} days of clients take about {minutes} min or more{sooner}")
