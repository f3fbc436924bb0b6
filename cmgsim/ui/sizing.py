"""``cmgsim size``: how many VMs, connection points and roles a design needs, and which limit binds."""

from __future__ import annotations

import re
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cmgsim.errors import UnknownName, UsageError
from cmgsim.ui.door import door
from cmgsim.ui.kinds import wanted
from cmgsim.ui.outlet import Exit, Form, Outlet
from cmgsim.ui.seeds import read_seed

if TYPE_CHECKING:
    from decimal import Decimal

    from cmgsim.capacity.cost import Prices
    from cmgsim.capacity.demand import Course, Demand
    from cmgsim.capacity.sizing import Sizing
    from cmgsim.design.model import Design
    from cmgsim.tables import Table

_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)(k|m)?", re.IGNORECASE)
_FACTORS = {"": 1, "k": 1_000, "m": 1_000_000}
#: How many sizes of a range are looked at, both ends included.
_POINTS = 8
#: More clients than this take the readable fleet minutes.
_MANY = 2_000


@click.command("size")
@click.argument("path", type=click.Path(path_type=Path), metavar="DESIGN|SCENARIO")
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="TEXT",
    help="What must hold, such as 'p99(policy) < 2s' (repeatable).",
)
@click.option("--gateway", metavar="NAME", help="Size this gateway; left out, all of the design, one after another.")
@click.option("--clients", metavar="N", help="Clients connected at the peak: 18000, 18k, 5k,50k or 10k..150k.")
@click.option("--survive", type=click.Choice(["one-vm"]), help="The target holds with one VM missing, too.")
@click.option(
    "--seed", type=read_seed, metavar="SEED", default=1, show_default=True, help="The first replication's seed."
)
@click.option("--vm-price", metavar="AMOUNT", help="Price of a VM for a month; needs --gb-price.")
@click.option("--gb-price", metavar="AMOUNT", help="Price of a gigabyte of outbound traffic; needs --vm-price.")
@click.option("--storage-price", metavar="AMOUNT", help="Price of a gigabyte stored for a month; needs --vm-price.")
@click.option("--currency", default="USD", show_default=True, help="The currency of these prices.")
@door("size")
def size_command(
    outlet: Outlet,
    path: Path,
    targets: tuple[str, ...],
    gateway: str | None,
    clients: str | None,
    survive: str | None,
    seed: int,
    vm_price: str | None,
    gb_price: str | None,
    storage_price: str | None,
    currency: str,
) -> int:
    """Size the gateways of a design for its busiest hour, and name the limit that binds.

    Example: cmgsim size my.design.yaml --target 'p99(policy) < 2s' --survive one-vm

    A design is sized for its first day, a scenario for all that happens in it: a release, a fault, a Monday morning.
    The documented rule stands beside the simulated answer; every figure has a 99 % interval over replications.

    Exit codes: 0 there is an answer, 1 no number of VMs meets the target, 2 wrong usage.
    """
    from cmgsim.capacity.size import Survive, demand_source, gateways_of, size
    from cmgsim.capacity.target import DEFAULT, read_target

    wanted = tuple(read_target(text) for text in targets) or (DEFAULT,)
    numbers: list[int | None] = [*read_clients(clients)] if clients is not None else [None]
    prices = read_prices(vm_price, gb_price, storage_price, currency)
    drawn, course = read_load(path)
    say_if_slow(outlet, drawn)
    counted = demand_source(drawn, seed, outlet.say, course)
    if gateway is not None and gateway not in drawn.gateways:
        raise UnknownName("gateway", gateway, drawn.gateways)
    gateways = [gateway] if gateway is not None else gateways_of(drawn, counted(0))
    if clients is not None and len(gateways) > 1:
        raise UsageError(f"--clients {clients}: several gateways are sized, {', '.join(gateways)}; name one: --gateway")
    sizings = [
        size(
            drawn,
            targets=wanted,
            gateway=one,
            clients=number,
            survive=Survive.ONE_VM if survive else Survive.NOTHING,
            seed=seed,
            prices=prices,
            counted=counted,
        )
        for one, number in product(gateways, numbers)
        if gateway is not None or _is_asked(outlet, counted(0), one)
    ]
    if outlet.form is Form.JSON:
        outlet.show_data({"exit": int(Exit.HOLDS), "sizings": [sizing.data() for sizing in sizings]})
    else:
        outlet.show_folded(_side_by_side(sizings) if len(numbers) > 1 else "\n\n".join(map(str, sizings)))
    return Exit.HOLDS


def _is_asked(outlet: Outlet, demand: Demand, gateway: str) -> bool:
    """Say whether anything is asked of a gateway; where nothing is, the user is told."""
    asked = gateway in demand.gateways
    if not asked:
        outlet.say(f"nothing is asked of gateway {gateway!r} in that time, so it is not sized: try 'cmgsim lint'")
    return asked


def say_if_slow(outlet: Outlet, design: Design) -> None:
    """Say what would make it faster, where many clients are simulated and Numba is not installed."""
    clients = sum(population.count for population in design.clients.values())
    if clients > _MANY and find_spec("numba") is None:
        outlet.say(f"{clients:,} clients without Numba take minutes; pip install 'cmgsim[fast]' makes it seconds")


def read_load(path: Path) -> tuple[Design, Course]:
    """Read a design, or a scenario with what happens in it.

    Raises:
        UsageError: for a folder, or a plan, which says nothing of clients.
    """
    from cmgsim.capacity.demand import NOTHING_PARTICULAR, Course
    from cmgsim.design.files import load_design, load_scenario

    if wanted(path, "design", "scenario").name.endswith(".scenario.yaml"):
        loaded = load_scenario(path)
        return loaded.design, Course.of(loaded)
    return load_design(path), NOTHING_PARTICULAR


def read_clients(text: str) -> tuple[int, ...]:
    """Read ``18000``, ``18k``, ``5k,50k`` or ``10k..150k``; of a range, eight evenly spaced numbers.

    Raises:
        UsageError: if it is none of these.
    """
    low, dots, high = text.partition("..")
    if not dots:
        return tuple(_clients(part, text) for part in text.split(","))
    first, last = _clients(low, text), _clients(high, text)
    if first >= last:
        raise UsageError(f"--clients {text}: a range goes upwards, like 10k..150k")
    return tuple(first + (last - first) * step // (_POINTS - 1) for step in range(_POINTS))


def _clients(part: str, text: str) -> int:
    match = _AMOUNT.fullmatch(part.strip())
    number = round(float(match[1]) * _FACTORS[(match[2] or "").lower()]) if match else 0
    if not 1 <= number <= 10_000_000:
        raise UsageError(f"--clients {text}: {part!r} is no number of clients up to 10m: write 18000, 18k or 10k..150k")
    return number


def read_prices(vm: str | None, gb: str | None, storage: str | None, currency: str) -> Prices | None:
    """Read prices that were given; None where none was.

    Raises:
        UsageError: for some without the others, or what is no amount.
    """
    from cmgsim.capacity.cost import Prices

    if vm is None and gb is None and storage is None:
        return None
    if vm is None or gb is None:
        raise UsageError("give both --vm-price and --gb-price, or neither; --storage-price goes with both")
    return Prices(
        "your region",
        currency,
        _amount("--vm-price", vm),
        _amount("--gb-price", gb),
        "as given",
        None if storage is None else _amount("--storage-price", storage),
    )


def _amount(option: str, text: str) -> Decimal:
    from decimal import Decimal, InvalidOperation

    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise UsageError(f"{option} {text}: write an amount such as 99.28") from None
    if not amount.is_finite() or amount < 0:
        raise UsageError(f"{option} {text}: prices are not negative")
    return amount


def _side_by_side(sizings: list[Sizing]) -> str:
    """Write several sizings of one gateway as a table, and what they rest on."""
    from cmgsim.capacity.sizing import days_written

    first = sizings[0]
    targets = " and ".join(f"'{target}'" for target in first.targets)
    lines = [f"{first.design}: {targets}, in the busiest hour", "", str(_table(sizings))]
    months = [f"a month: {first.unpriced}"] if first.unpriced else []
    if first.monthly:
        months = [f"a month: {days_written(first.monthly.days)}"]
    return "\n".join([*lines, *months, *(f"rests on the assumption that {premise}" for premise in first.premises)])


def _table(sizings: list[Sizing]) -> Table:
    from cmgsim.tables import Table

    return Table(
        ("clients", "VMs", "by queues", "documented", "gateways", "connection points", "by", "cores", "a month"),
        [
            (
                sizing.connections,
                sizing.answer.vms,
                sizing.queues,
                sizing.documented.vms,
                sizing.gateways,
                sizing.answer.connection_points,
                sizing.connection_points_by,
                sizing.cores,
                f"{sizing.monthly.cost} {sizing.monthly.prices.currency}" if sizing.monthly else "",
            )
            for sizing in sizings
        ],
    )
