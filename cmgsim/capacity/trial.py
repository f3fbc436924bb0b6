"""Candidates tried for one gateway: what each gives over replications, and the fewest of each part that hold a target.

Theory of operation: roles on premises come first, with so many VMs that nobody waits there. As many as the documents
ask for, as the TCP ports do, and as keep each below the share of its capacity that a rated part uses: that is mostly
enough. Where it is not, the fewest of each role are found by halving, one role at a time with plenty of all others;
then they are tried together, and raised together until the targets hold. A bound on how busy a role is needs no search:
twice as many are half as busy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from functools import cache, partial

from cmgsim.capacity.demand import Demand
from cmgsim.capacity.documented import VMS_PER_CONNECTION_POINT, DocumentedSize, documented_size
from cmgsim.capacity.limits import Load, SiteStock, Stock, stock_of
from cmgsim.capacity.network import Behind, Candidate, Requests, requests_of, send_through, speeds_of
from cmgsim.capacity.replicate import Decided, Side, replicate_until, smallest
from cmgsim.capacity.sizing import Row
from cmgsim.capacity.statistics import mean_interval
from cmgsim.capacity.target import Aim, Target
from cmgsim.design.model import Design
from cmgsim.errors import Refused
from cmgsim.site.client import Activity
from cmgsim.site.stations import BUSY_SHARE

#: Stands for so many of a part that nobody waits.
PLENTY = 100_000
_PARTS = ("connection_point", "management_point", "update_point")


class Survive(IntEnum):
    """How many VMs may be missing while the target still holds."""

    NOTHING = 0
    ONE_VM = 1


Observer = Callable[[str], None]
"""Is told what is being done, for progress."""

Role = tuple[int, str]
"""The number of a site, and a part that stands there."""
Counts = dict[Role, int]


@dataclass(frozen=True)
class Outcome:
    """What one replication of a candidate gave: the figure of each target, and shares in ppm."""

    figures: tuple[float, ...]
    busy: Mapping[str, tuple[int, ...]]
    """By part and site."""
    refused: float


class Trial:
    """One gateway that is sized: its demand and the outcome of every candidate, each worked out once."""

    def __init__(
        self,
        design: Design,
        gateway: str,
        targets: Sequence[Target],
        counted: Callable[[int], Demand],
        clients: int | None,
        observer: Observer,
    ) -> None:
        self.design, self.gateway, self.targets, self.observer = design, gateway, tuple(targets), observer
        self.stock: Stock = stock_of(design, gateway)
        self.speeds = speeds_of(design, self.stock.vm_size)

        def demand(replication: int) -> Demand:
            mine = counted(replication).of(gateway)
            return mine if clients is None else mine.at_peak(clients)

        self.demand: Callable[[int], Demand] = cache(demand)
        self.requests: Callable[[int], Requests] = cache(
            lambda replication: requests_of(self.demand(replication), self.speeds)
        )
        self.outcome: Callable[[int, Candidate], Outcome] = cache(self._outcome)
        self.peak, self.clients = self.demand(0).peak, self.demand(0).clients

    @property
    def sites(self) -> tuple[SiteStock, ...]:
        """What stands behind the gateway as drawn, by site."""
        return self.stock.sites

    @property
    def loads(self) -> tuple[Load, ...]:
        """What each site has to carry."""
        return tuple(Load(one.peak, one.clients) for one in self.demand(0).by_site)

    def documented(self) -> DocumentedSize:
        """Return what the documented rules ask for: roles at each site for its own clients."""
        version, vm_size = self.design.site_version(), self.stock.vm_size
        rated = documented_size(self.peak, site_clients=self.clients, version=version, vm_size=vm_size)
        if len(self.loads) == 1:
            return rated
        sizes = [documented_size(load.connections, site_clients=load.clients) for load in self.loads]
        by_ports = sum(size.connection_points_by_ports for size in sizes)
        return replace(
            rated,
            connection_points_by_ports=by_ports,
            connection_points=max(rated.connection_points_by_vms, by_ports, 2),
            management_points=sum(size.management_points for size in sizes),
        )

    def by_ports(self, site: int) -> int:
        """Return how many connection points the clients of a site need to find a TCP port each."""
        return max(1, -(-self.loads[site].connections // self.sites[site].ports_each))

    def _outcome(self, replication: int, candidate: Candidate) -> Outcome:
        requests = self.requests(replication)
        self._require_asked(requests, replication)
        passage = send_through(requests, candidate, self.speeds)
        figures = tuple(passage.figure(target) for target in self.targets)
        return Outcome(figures, passage.busy_by_site, passage.figure(Target(Aim.REFUSED, 1)))

    def _require_asked(self, requests: Requests, replication: int) -> None:
        """Refuse a bound on what nobody asks: it would hold with any number of VMs."""
        seldom = f" of replication {replication + 1}, so seldom is it asked" if replication else ""
        asked = sorted({int(kind) for kind in requests.kind[requests.seen & requests.gateway]})
        for target in self.targets:
            if target.kind is not None and target.kind not in asked:
                raise Refused(
                    "NOTHING_ASKED",
                    f"'{target}' bounds what no client asks over gateway {self.gateway!r} in its busiest hour{seldom}; "
                    f"asked there: {', '.join(Activity(kind).name.lower() for kind in asked)}",
                )

    def candidate(self, vms: int, roles: Candidate) -> Candidate:
        """Return the candidate of so many VMs: with roles as found, and connection points for the VMs too."""
        by_vms = -(-min(vms, PLENTY) // VMS_PER_CONNECTION_POINT)
        missing = max(by_vms - roles.connection_points, 0)
        sites = list(roles.by_site)
        busiest = max(range(len(sites)), key=lambda site: self.loads[site].connections)
        more = sites[busiest].connection_points + missing
        sites[busiest] = replace(sites[busiest], connection_points=more)
        return Candidate.of(vms, sites)

    def with_roles(self, counts: Counts, vms: int = PLENTY) -> Candidate:
        """Return the candidate with these roles."""
        sites = [
            Behind(
                counts[number, "connection_point"],
                counts[number, "management_point"],
                counts[number, "update_point"],
                site.ports_each,
            )
            for number, site in enumerate(self._behind())
        ]
        return Candidate.of(vms, sites)

    def _behind(self) -> tuple[SiteStock, ...]:
        return self.sites[: len(self.loads)]

    def require_reachable(self) -> None:
        """Refuse a target that would not be met if nobody ever waited."""
        alone = self.outcome(0, self.with_roles(dict.fromkeys(self._roles(), PLENTY)))
        for target, least in zip(self.targets, alone.figures, strict=True):
            if least >= target.bound:
                raise Refused(
                    "TARGET_OUT_OF_REACH",
                    f"'{target}' cannot be met by any number of VMs: with nobody waiting it is already "
                    f"{target.describe(least)}; give a wider bound, or measured service times under 'capacity:' in the "
                    "design",
                )

    def _roles(self) -> list[Role]:
        return [(site, part) for site in range(len(self.loads)) for part in _PARTS]

    def roles(self) -> Candidate:
        """Return connection points and roles that are enough where VMs are no limit."""
        least = self._roles_for_load()
        if self.meets(self.with_roles(least)):
            return self.with_roles(least)
        plenty = dict.fromkeys(least, PLENTY)
        self._require_met(self.with_roles(plenty))
        alone = {role: self._fewest_alone(role, count, plenty) for role, count in least.items()}
        return self.with_roles(self._together(alone))

    def _roles_for_load(self) -> Counts:
        sites = [Behind(1, 1, 1, max(self.peak, 1))] * len(self.loads)
        one = self.outcome(0, Candidate.of(PLENTY, sites)).busy
        found: Counts = {}
        for site, part in self._roles():
            by_rule = self.by_ports(site) if part == "connection_point" else self._by_clients(site)
            bounds = [target.bound for target in self.targets if target.part == part]
            work = one[part][site]
            found[site, part] = max(-(-work // BUSY_SHARE), *(work // bound + 1 for bound in bounds), by_rule)
        return found

    def _by_clients(self, site: int) -> int:
        return documented_size(0, site_clients=self.loads[site].clients).management_points

    def _fewest_alone(self, role: Role, least: int, plenty: Counts) -> int:
        """Return the fewest of one role, at least so many, with plenty of everything else."""
        self.observer(f"looking for the fewest {role[1].replace('_', ' ')}s")
        return self._least_of(lambda count: self.meets(self.with_roles({**plenty, role: count})), least)

    def _together(self, alone: Counts) -> Counts:
        """Return counts with which the targets hold, none of them higher than it must be beside the others."""

        def raised(more: int) -> Counts:
            return {role: count + more for role, count in alone.items()}

        more = self._least_of(lambda more: self.meets(self.with_roles(raised(more))), 0)
        found = raised(more)
        for role, count in alone.items():
            fits = partial(self._fits, found, role)
            found[role] = self._least_of(fits, count) if more else count
        return found

    def _fits(self, found: Counts, role: Role, count: int) -> bool:
        return self.meets(self.with_roles({**found, role: count}))

    def _least_of(self, holds: Callable[[int], bool], least: int) -> int:
        """Return the smallest number from *least* on for which something holds; it does for plenty."""
        step = 1
        while least + step < PLENTY and not holds(least + step - 1):
            step *= 2
        found = smallest(holds, least + step // 2, least + step - 1)
        return PLENTY if found is None else found

    def decide(self, candidate: Candidate) -> Iterator[Decided]:
        """Replicate until it is clear whether a candidate meets each target."""
        for index, target in enumerate(self.targets):
            yield replicate_until(partial(self._figure, candidate, index), target.bound)

    def _figure(self, candidate: Candidate, target: int, replication: int) -> float:
        return self.outcome(replication, candidate).figures[target]

    def meets(self, candidate: Candidate) -> bool:
        """Say whether a candidate clearly meets every target."""
        return all(decided.side is Side.BELOW for decided in self.decide(candidate))

    def _require_met(self, candidate: Candidate) -> None:
        """Refuse the first target that a candidate with plenty of everything does not clearly meet."""
        for target, decided in zip(self.targets, self.decide(candidate), strict=True):
            if decided.side is not Side.BELOW:
                raise Refused(
                    "TARGET_OUT_OF_REACH",
                    f"'{target}' is not clearly met by any number of VMs and roles: with nobody waiting it is "
                    f"{target.describe(decided.interval.mean)} ± {target.describe(decided.interval.half_width)}; "
                    "give a wider bound",
                )

    def fewest(self, roles: Candidate, survive: Survive) -> int:
        """Return the fewest VMs with which every target holds, with as many missing as must be survived."""

        def holds(vms: int) -> bool:
            self.observer(f"trying {vms} VMs")
            return self.meets(self.candidate(vms - survive, roles))

        busy = self.outcome(0, self.candidate(1, roles)).busy["vm"][0]
        high = max(2 + survive, -(-busy // BUSY_SHARE) + survive)
        while high < PLENTY and not holds(high):
            high *= 2
        found = smallest(holds, 1 + survive, high)
        if found is None:
            self._require_met(self.candidate(PLENTY, roles))
        return PLENTY if found is None else found

    def row(self, vms: int, roles: Candidate) -> Row:
        """Return what is known of one number of VMs, with intervals over its replications."""
        candidate = self.candidate(vms, roles)
        decided = list(self.decide(candidate))
        outcomes = [self.outcome(one, candidate) for one in range(max(len(one.values) for one in decided))]
        return Row(
            vms=vms,
            figures=tuple(one.interval for one in decided),
            verdicts=tuple(one.side for one in decided),
            busy=mean_interval([float(one.busy["vm"][0]) for one in outcomes]),
            refused=mean_interval([one.refused for one in outcomes]).mean,
        )
