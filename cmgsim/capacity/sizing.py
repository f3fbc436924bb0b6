"""The answer of a sizing, and how it is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cmgsim.capacity.cost import Prices
from cmgsim.capacity.documented import DocumentedSize
from cmgsim.capacity.limits import Limit, binding
from cmgsim.capacity.network import Candidate
from cmgsim.capacity.replicate import Side
from cmgsim.capacity.statistics import Interval
from cmgsim.capacity.target import Target
from cmgsim.tables import Table


@dataclass(frozen=True)
class Row:
    """What is known of one number of VMs."""

    vms: int
    figures: tuple[Interval, ...]
    """By target: the figure that it bounds, with its 99 % interval."""
    verdicts: tuple[Side, ...]
    """By target."""
    busy: Interval
    """How busy the VMs are in the busiest hour (ppm)."""
    refused: float
    """The share (ppm) of requests that found no TCP port."""

    @property
    def holds(self) -> bool:
        """Every target is met."""
        return all(verdict is Side.BELOW for verdict in self.verdicts)


@dataclass(frozen=True)
class Bracket:
    """What Erlang C says for the mean rate of the busiest hour: VMs with one line in common, and with a line each."""

    per_second: float
    offered: float
    """Offered load, in Erlang."""
    pooled: int
    split: int
    service: str


@dataclass(frozen=True)
class Monthly:
    """What a month costs."""

    cost: Decimal
    prices: Prices
    mb_per_client: int
    storage: Decimal | None = None
    """What of it is for content in storage; None where no price for that is known, and it is left out."""
    days: float = 1.0
    """How many days were simulated; a month is taken to be made of such days."""

    @property
    def storage_words(self) -> str:
        """What is said of storage; empty where there is no content in any."""
        if self.storage is None:
            return "; storage is left out, no price for it is known"
        return f"; storage {self.storage:,} of it" if self.storage else ""

    def data(self) -> dict[str, str | None]:
        """Return it as plain data, for programs."""
        storage = None if self.storage is None else str(self.storage)
        return {"cost": str(self.cost), "currency": self.prices.currency, "storage": storage}


@dataclass(frozen=True)
class Unpriced:
    """Why the cost of a month is not known."""

    vm_size: str
    region: str

    def __str__(self) -> str:
        return (
            f"not known, there are no prices for {self.vm_size} VMs in {self.region or 'its region'}: give --vm-price "
            "and --gb-price"
        )


def days_written(days: float) -> str:
    """Say what a month is made of."""
    if days == 1:
        return "if every day were like the one simulated"
    return f"if all days were like the {days:.3g} simulated"


@dataclass(frozen=True)
class Sizing:
    """How many of each part a design needs, and why."""

    design: str
    targets: tuple[Target, ...]
    connections: int
    """Clients that are connected over gateways at the peak."""
    clients: int
    """All clients of the sites."""
    sample: int
    """Clients that were simulated; what they ask stands for all."""
    documented: DocumentedSize
    """What Microsoft's rules ask for."""
    queues: int
    """The fewest VMs with which the targets hold, by simulation alone."""
    survive: int
    """How many VMs may be missing."""
    answer: Candidate
    """What to have: never fewer VMs than the clients that they are rated for."""
    gateways: int
    cores: int
    connection_points_by: str
    """What asks for the most connection points."""
    rows: tuple[Row, ...]
    one_down: Row | None
    """The answer with one VM missing; None where it has but one."""
    drawn: tuple[Limit, ...]
    """The limits of the design as it is drawn."""
    bracket: Bracket | None
    monthly: Monthly | None
    premises: tuple[str, ...]
    """Assumptions that the answer rests on."""
    gateway: str = ""
    """The gateway that is sized, where the design has several."""
    sites: tuple[str, ...] = ()
    """The sites behind the gateway, where there are several: the answer says what each needs."""
    unpriced: Unpriced | None = None
    """Why there is no cost of a month."""

    @property
    def smallest(self) -> int:
        """The number of VMs to have."""
        return self.answer.vms

    @property
    def binding(self) -> Limit:
        """The limit of the design as it is drawn that is fullest."""
        return binding(self.drawn)

    @property
    def vms_by(self) -> str:
        """What asks for the most VMs."""
        if self.answer.vms > max(self.documented.vms, self.queues):
            return "the VM that may be missing"
        return "the clients a VM is rated for" if self.documented.vms >= self.queues else "the target"

    def table(self) -> Table:
        """Return the candidates that were tried: VMs, figures with intervals, how busy, refused, verdict."""
        return Table(
            ("VMs", *(str(target).split(" <")[0] for target in self.targets), "VMs busy", "refused", "target"),
            [self._cells(row) for row in (*self.rows,)],
        )

    def _cells(self, row: Row) -> tuple[Any, ...]:
        figures = (written(target, figure) for target, figure in zip(self.targets, row.figures, strict=True))
        undecided = Side.UNDECIDED in row.verdicts and Side.ABOVE not in row.verdicts
        verdict = "holds" if row.holds else "too close to call" if undecided else "broken"
        return (row.vms, *figures, f"{row.busy.mean / 10_000:.0f} %", f"{row.refused / 10_000:.1f} %", verdict)

    def data(self) -> dict[str, Any]:
        """Return the answer as plain data, for programs."""
        return {
            "design": self.design,
            "gateway": self.gateway,
            "targets": [str(target) for target in self.targets],
            "connections": self.connections,
            "clients": self.clients,
            "simulated_clients": self.sample,
            "answer": {
                "vms": self.answer.vms,
                "gateways": self.gateways,
                "connection_points": self.answer.connection_points,
                "management_points": self.answer.management_points,
                "update_points": self.answer.update_points,
                "cores": self.cores,
                "vms_by": self.vms_by,
                "connection_points_by": self.connection_points_by,
                "sites": {
                    name: {
                        "connection_points": site.connection_points,
                        "management_points": site.management_points,
                        "update_points": site.update_points,
                    }
                    for name, site in zip(self.sites, self.answer.sites, strict=True)
                },
            },
            "documented": {
                "vms": self.documented.vms,
                "vms_redundant": self.documented.vms_redundant,
                "connection_points_by_vms": self.documented.connection_points_by_vms,
                "connection_points_by_ports": self.documented.connection_points_by_ports,
                "management_points": self.documented.management_points,
            },
            "queues_alone": self.queues,
            "rows": [_row_data(row) for row in self.rows],
            "one_vm_missing": _row_data(self.one_down) if self.one_down else None,
            "binding": self.binding.name,
            "limits": [{"name": one.name, "need": one.need, "have": one.have, "unit": one.unit} for one in self.drawn],
            "erlang": vars(self.bracket) if self.bracket else None,
            "month": None if self.monthly is None else self.monthly.data(),
            "month_unknown": None if self.unpriced is None else str(self.unpriced),
            "premises": list(self.premises),
        }

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        answer, rules = self.answer, self.documented
        targets = " and ".join(f"'{target}'" for target in self.targets)
        of = f", gateway {self.gateway}" if self.gateway else ""
        whose = " at its sites" if self.gateway else ""
        yield f"{self.design}{of}: {self.connections:,} clients connected at the peak, {self.clients:,} in all{whose}"
        yield f"target: {targets}{', with one VM missing' if self.survive else ''}, in the busiest hour"
        if self.sample < self.clients:
            yield f"counted on a sample of {self.sample:,} clients"
        yield ""
        yield (
            f"answer: {_number(answer.vms, 'VM')} in {_number(self.gateways, 'gateway')}, "
            f"{_number(answer.connection_points, 'connection point')}, "
            f"{_number(answer.management_points, 'management point')}, {self.cores} cores"
        )
        for name, site in zip(self.sites, answer.sites, strict=True):
            yield (
                f"  {name}: {_number(site.connection_points, 'connection point')}, "
                f"{_number(site.management_points, 'management point')}"
            )
        yield f"  VMs: {self.vms_by} (the queues alone ask for {self.queues})"
        yield f"  connection points: {self.connection_points_by}"
        spare = f" ({rules.vms_redundant} for redundancy)" if rules.vms_redundant != rules.vms else ""
        yield (
            f"documented: {_number(rules.vms, 'VM')}{spare}, "
            f"{_number(rules.connection_points_by_vms, 'connection point')} by VMs, "
            f"{rules.connection_points_by_ports} by TCP ports, {_number(rules.management_points, 'management point')}"
        )
        if self.bracket:
            yield (
                f"Erlang C at {self.bracket.per_second:.1f} requests a second of {self.bracket.service}: "
                f"{_number(self.bracket.pooled, 'VM')} with one line in common, {self.bracket.split} with a line each"
            )
        yield ""
        yield str(self.table())
        yield f"with one of {_number(answer.vms, 'VM')} missing: {self._one_down()}"
        yield ""
        yield f"the limit that binds, as drawn: {self.binding}"
        yield from (f"  {limit}" for limit in self.drawn if limit is not self.binding)
        if self.monthly:
            prices = self.monthly.prices
            yield (
                f"a month: {self.monthly.cost:,} {prices.currency}, {days_written(self.monthly.days)} (prices of "
                f"{prices.region}, {prices.dated}; {self.monthly.mb_per_client} MB a client"
                f"{self.monthly.storage_words})"
            )
        if self.unpriced:
            yield f"a month: {self.unpriced}"
        yield from (f"rests on the assumption that {premise}" for premise in self.premises)

    def _one_down(self) -> str:
        if self.one_down is None:
            return "nobody is served; two are for redundancy"
        figures = ", ".join(
            f"{str(target).split(' <')[0]} {written(target, figure)}"
            for target, figure in zip(self.targets, self.one_down.figures, strict=True)
        )
        return f"{figures}, VMs {self.one_down.busy.mean / 10_000:.0f} % busy"


def written(target: Target, interval: Interval) -> str:
    """Write a figure with its interval."""
    return f"{target.describe(interval.mean)} ± {target.describe(interval.half_width)}"


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _row_data(row: Row) -> dict[str, Any]:
    return {
        "vms": row.vms,
        "figures": [{"mean": one.mean, "half_width": one.half_width, "runs": one.count} for one in row.figures],
        "verdicts": [verdict.value for verdict in row.verdicts],
        "busy_ppm": row.busy.mean,
        "refused_ppm": row.refused,
    }
