"""A run: one finished simulation, frozen, with everything a check or a report needs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cmgsim.design.model import Design
from cmgsim.design.names import NameProblem, service_fqdn
from cmgsim.fleet.audit import audit
from cmgsim.fleet.diary import Diary
from cmgsim.fleet.engine import NEVER, Roll
from cmgsim.fleet.series import Series
from cmgsim.kernel.journal import Input
from cmgsim.kernel.trace import Trace
from cmgsim.site.facts import ActiveGatewaysChanged, Outcome
from cmgsim.site.landscape import Landscape
from cmgsim.tables import Table
from cmgsim.units import format_duration, format_moment
from cmgsim.world.components import StepEnded, StepStarted

if TYPE_CHECKING:
    from cmgsim.world.world import World


@dataclass(frozen=True)
class PlanStep:
    """One step of a plan as it ran. ``ended_us`` is None when the run ended first."""

    index: int
    verb: str
    text: str
    started_us: int
    ended_us: int | None
    outcome: Outcome | None
    note: str


@dataclass(frozen=True, eq=False)
class Run:
    """What happened in one world, from its beginning to :attr:`ended_us`."""

    design: Design
    seed: int
    scale: int
    """The share of every population that was simulated, in parts per million."""
    ended_us: int
    journal: tuple[Input, ...] = field(repr=False)
    """Every outside input, in order: enough to repeat the run."""
    trace: Trace = field(repr=False)
    """Every fact of the control plane, in order."""
    landscape: Landscape = field(repr=False)
    """What clients could see in the end."""
    roll: Roll = field(repr=False)
    """Every client's state in the end."""
    series: Series = field(repr=False)
    """What was counted of the fleet."""
    diary: Diary | None = field(default=None, repr=False)
    """What the watched clients did, deed by deed; None when nobody was watched, and in runs that were opened."""

    @classmethod
    def of(cls, world: World) -> Run:
        """Freeze a world as it stands.

        Raises:
            Inconsistent: if what its fleet counted and measured contradicts itself, which is a fault of cmgsim.
        """
        series = world.fleet.series()
        audit(series, world.fleet.measures(), world.landscape.stations, world.now_us)
        return cls(
            design=world.design,
            seed=world.seed,
            scale=world.scale,
            ended_us=world.now_us,
            journal=tuple(world.kernel.journal),
            trace=world.kernel.trace.copy(),
            landscape=world.landscape,
            roll=world.fleet.roll(),
            series=series,
            diary=world.diary,
        )

    @cached_property
    def digest(self) -> str:
        """32 hexadecimal digits over everything that happened: facts, every client's life, every counter."""
        link = blake2b(self.trace.digest.encode(), digest_size=16)
        for array in (*vars(self.roll).values(), self.series.requests, self.series.clients, self.series.egress):
            link.update(np.ascontiguousarray(array).astype("<i8" if array.dtype.kind != "u" else "<u8").tobytes())
        return link.hexdigest()

    @property
    def clients(self) -> int:
        """How many clients were simulated."""
        return len(self.roll.population)

    def client_name(self, client: int) -> str:
        """Return a client's name: its population and its number there, ``road-17``."""
        population = int(self.roll.population[client])
        first = int(np.searchsorted(self.roll.population, population))
        return f"{list(self.design.clients)[population]}-{client - first + 1}"

    def service_name(self, gateway: str) -> str:
        """Return the name that clients know a gateway by; empty if its certificate gives none."""
        fqdn = service_fqdn(self.design, self.design.gateways[gateway])
        return "" if isinstance(fqdn, NameProblem) else fqdn

    @cached_property
    def stranded_clients(self) -> Table:
        """Clients that are stranded in the end: who, since when, what they know, when they last located."""
        return self.stranded_longer_than(NEVER)

    def stranded_longer_than(self, duration_us: int, population: str | None = None) -> Table:
        """Return clients ever stranded for longer than this in one piece; with NEVER, those stranded in the end."""
        roll = self.roll
        chosen = roll.stranded_since_us != NEVER if duration_us == NEVER else roll.stranded_longest_us > duration_us
        if population is not None:
            chosen = chosen & (roll.population == list(self.design.clients).index(population))
        return Table(
            ("client", "stranded since", "for", "knows", "last located"),
            (self._stranded_row(int(client)) for client in np.flatnonzero(chosen)),
        )

    def _stranded_row(self, client: int) -> tuple[str, str, str, str, str]:
        since = int(self.roll.stranded_since_us[client])
        located = int(self.roll.located_us[client])
        return (
            self.client_name(client),
            "no longer" if since == NEVER else format_moment(since),
            _about(int(self.roll.stranded_longest_us[client])),
            ", ".join(self.known_names(client)) or "no gateway",
            "before the run" if located == NEVER else format_moment(located),
        )

    def known_names(self, client: int) -> tuple[str, ...]:
        """Return the internet names a client knows: gateways' service names, or servers on the internet."""
        contacts = self.landscape.publications[int(self.roll.publication[client])]
        names = (self.landscape.contacts[contact] for contact in contacts)
        return tuple(dict.fromkeys(contact.fqdn or contact.url for contact in names))

    @cached_property
    def active_gateways(self) -> tuple[tuple[int, tuple[str, ...]], ...]:
        """Moments from which the set of active gateways was another, with that set; the first is moment 0."""
        changes = [(entry.at_us, entry.fact.active) for entry in self.trace.select(ActiveGatewaysChanged)]
        return tuple(dict(changes).items())

    def gaps(self) -> Iterator[tuple[int, int]]:
        """Yield the spans, from and to in microseconds, in which no gateway was active."""
        changes = [*self.active_gateways, (self.ended_us, ())]
        if not self.active_gateways or self.active_gateways[0][0] > 0:
            changes.insert(0, (0, ()))
        for (start, active), (end, _) in itertools.pairwise(changes):
            if not active and end > start:
                yield start, end

    @cached_property
    def availability(self) -> Table:
        """One row for each gateway: the share of time it served clients, its outages, the downtimes of its VMs."""
        from cmgsim.world.availability import availability_table

        return availability_table(self)

    @cached_property
    def steps(self) -> tuple[PlanStep, ...]:
        """The plan's steps as they ran; empty without a plan."""
        ended = {entry.fact.index: entry for entry in self.trace.select(StepEnded)}
        return tuple(
            PlanStep(
                index=begun.fact.index,
                verb=begun.fact.verb,
                text=begun.fact.text,
                started_us=begun.at_us,
                ended_us=ended[begun.fact.index].at_us if begun.fact.index in ended else None,
                outcome=ended[begun.fact.index].fact.outcome if begun.fact.index in ended else None,
                note=ended[begun.fact.index].fact.note if begun.fact.index in ended else "",
            )
            for begun in self.trace.select(StepStarted)
        )

    def step_at(self, moment_us: int) -> int | None:
        """Return the index of the last plan step begun at or before a moment, if any was."""
        begun = [step.index for step in self.steps if step.started_us <= moment_us]
        return begun[-1] if begun else None

    @cached_property
    def traffic(self) -> Table:
        """What connection points reported of each endpoint, every five minutes."""
        from cmgsim.world.logs import traffic

        return traffic(self)

    def write_logs(self, folder: Path | str) -> list[Path]:
        """Write the run's logs, in the forms that CMTrace reads, into a new folder; return the files.

        Raises:
            StorageError: if there is something already, or it cannot be written there.
        """
        from cmgsim.world.logs import write_logs

        return write_logs(self, Path(folder))

    def to_pandas(self, table: str = "requests") -> Any:
        """Return a table of the run as a pandas DataFrame: ``requests``, ``intervals`` or ``clients``.

        Raises:
            UsageError: if there is no such table, or pandas is not installed.
        """
        from cmgsim.world.columns import frame

        return frame(self, table)

    def to_parquet(self, folder: Path | str) -> list[Path]:
        """Write the tables of the run as Parquet files into a folder.

        Raises:
            StorageError: if they cannot be written.
        """
        from cmgsim.world.columns import tables, write_parquet

        return write_parquet(tables(self), Path(folder))

    def save(self, folder: Path | str) -> Path:
        """Write the run into a new folder and return it; see :mod:`cmgsim.world.storage`.

        Raises:
            StorageError: if the folder is there already.
        """
        from cmgsim.world.storage import save

        return save(self, Path(folder))

    @classmethod
    def open(cls, folder: Path | str) -> Run:
        """Open a saved run.

        Raises:
            StorageError: if it is damaged, of another format, or not a run.
        """
        from cmgsim.world.storage import open_run

        return open_run(Path(folder))


def _about(duration_us: int) -> str:
    """Write a duration for people: to the minute when it is longer than an hour, else to the second."""
    grain = 60_000_000 if duration_us >= 3_600_000_000 else 1_000_000
    return format_duration(duration_us // grain * grain)
