"""How many VMs, connection points and roles a design needs: the documented rule and the simulated answer together.

Theory of operation: what clients ask in the busiest hour is counted once for each replication and sent through
candidates (:mod:`cmgsim.capacity.network`). With more VMs no line gets longer, so the smallest number of VMs is found
by halving the range. Roles on premises come first: as many as the documents ask for, and as many as keep each below the
share of its capacity that a rated part uses. The answer is never below Microsoft's ratings, which are what is
supported, and says where the queues alone would do with less, or ask for more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, partial

from cmgsim.capacity.cost import ESTIMATOR_1903, Prices, monthly_cost, storage_cost
from cmgsim.capacity.demand import NOTHING_PARTICULAR, Course, Demand, count_demand
from cmgsim.capacity.documented import (
    CORES,
    VMS_PER_CONNECTION_POINT,
    VMS_PER_GATEWAY,
    DocumentedSize,
    documented_size,
)
from cmgsim.capacity.limits import limits, stock_of
from cmgsim.capacity.network import Candidate, Requests, requests_of, send_through, speeds_of
from cmgsim.capacity.replicate import Decided, Side, replicate_until, smallest
from cmgsim.capacity.sizing import Bracket, Monthly, Row, Sizing
from cmgsim.capacity.statistics import mean_interval
from cmgsim.capacity.target import DEFAULT, Aim, Target, seconds
from cmgsim.capacity.theory import servers_for_wait, sojourn_quantile
from cmgsim.design.model import Design
from cmgsim.errors import Refused
from cmgsim.site.stations import ASSUMED, BUSY_SHARE, measured
from cmgsim.units import HOUR, PARTS_PER_MILLION

#: Stands for so many of a part that nobody waits.
PLENTY = 100_000
#: The busiest roles are tried with so many times the parts before a target is given up.
_BOOSTS = (1, 2, 4)
_MONTH_DAYS = 30
_MB = 2**20


class Survive(IntEnum):
    """How many VMs may be missing while the target still holds."""

    NOTHING = 0
    ONE_VM = 1


Observer = Callable[[str], None]
"""Is told what is being done, for progress."""


def size(
    design: Design,
    *,
    targets: Sequence[Target] = (DEFAULT,),
    clients: int | None = None,
    survive: Survive = Survive.NOTHING,
    seed: int = 1,
    prices: Prices | None = None,
    observer: Observer = lambda line: None,
    counted: Callable[[int], Demand] | None = None,
) -> Sizing:
    """Size the gateways of a design for its busiest hour.

    *clients* is how many are connected over gateways at the peak; left out, as many as the design makes. *prices* are
    those of the estimator of 2019 where left out and the region has some. *counted* gives the demand of each
    replication where several sizings share it (:func:`demand_source`).

    Raises:
        Refused: if nothing is asked over gateways, or a target cannot be met by any number.
    """
    study = _Study(design, targets, counted or demand_source(design, seed, observer), clients, observer)
    study.require_reachable()
    roles = study.roles()
    queues = study.fewest(roles, Survive.NOTHING)
    wanted = queues if survive is Survive.NOTHING else study.fewest(roles, survive)
    rated = documented_size(
        study.peak, site_clients=study.clients, version=design.site_version(), vm_size=study.stock.vm_size
    )
    vms = max(wanted, rated.vms, 1 + survive)
    answer = study.candidate(vms, roles)
    return Sizing(
        design=design.name,
        targets=tuple(targets),
        connections=study.peak,
        clients=study.clients,
        sample=study.demand(0).sample,
        documented=rated,
        queues=queues,
        survive=int(survive),
        answer=answer,
        gateways=-(-vms // VMS_PER_GATEWAY),
        cores=vms * CORES[study.stock.vm_size],
        connection_points_by=_why_points(study, answer, rated),
        rows=tuple(study.row(count, roles) for count in _shown(queues, rated.vms, vms)),
        one_down=study.row(vms - 1, roles) if vms > 1 else None,
        drawn=limits(
            study.stock,
            connections=study.peak,
            clients=study.clients,
            vms=max(queues, rated.vms),
            downloads=study.demand(0).downloads_a_second,
        ),
        bracket=_bracket(study, targets[0]),
        monthly=_monthly(study, vms, prices),
        premises=() if measured(design) else (ASSUMED,),
    )


def demand_source(
    design: Design, seed: int, observer: Observer = lambda line: None, course: Course = NOTHING_PARTICULAR
) -> Callable[[int], Demand]:
    """Return what counts the demand of each replication, once; *course* is what happens meanwhile."""

    @cache
    def counted(replication: int) -> Demand:
        observer(f"counting what clients ask, replication {replication + 1}")
        return count_demand(design, seed=seed + replication, course=course)

    return counted


def _shown(queues: int, rated: int, vms: int) -> list[int]:
    """Return the numbers of VMs to show: those found and the documented one, with the neighbours of those found."""
    near = {count for found in (queues, vms) for count in (found - 1, found, found + 1) if count >= 1}
    return sorted(near | {rated})


def _why_points(study: _Study, answer: Candidate, rated: DocumentedSize) -> str:
    """Say what asks for the most connection points."""
    by_vms = -(-answer.vms // VMS_PER_CONNECTION_POINT)
    reasons = {
        "four VMs for each": by_vms,
        "TCP ports": -(-study.peak // study.ports_each),
        "their own load or your target": answer.connection_points,
    }
    return max(reasons, key=reasons.__getitem__)


@dataclass(frozen=True)
class _Outcome:
    """What one replication of a candidate gave: the figure of each target, and shares in ppm."""

    figures: tuple[float, ...]
    busy: dict[str, int]
    refused: float


class _Study:
    """One sizing: its demand and the outcome of every candidate, each worked out once."""

    def __init__(
        self,
        design: Design,
        targets: Sequence[Target],
        counted: Callable[[int], Demand],
        clients: int | None,
        observer: Observer,
    ) -> None:
        self.design, self.targets, self.observer = design, tuple(targets), observer
        self.stock = stock_of(design)
        self.speeds = speeds_of(design, self.stock.vm_size)
        self.demand: Callable[[int], Demand] = cache(
            lambda replication: counted(replication) if clients is None else counted(replication).at_peak(clients)
        )
        self.requests: Callable[[int], Requests] = cache(
            lambda replication: requests_of(self.demand(replication), self.speeds)
        )
        self.outcome: Callable[[int, Candidate], _Outcome] = cache(self._outcome)
        self.peak = clients or self.demand(0).peak
        self.clients = self.demand(0).clients
        points = max(self.stock.connection_points, 1)
        self.ports_each = max(self.stock.tcp_ports // points, 1)

    def _outcome(self, replication: int, candidate: Candidate) -> _Outcome:
        passage = send_through(self.requests(replication), candidate, self.speeds)
        figures = tuple(passage.figure(target) for target in self.targets)
        return _Outcome(figures, passage.busy, passage.figure(Target(Aim.REFUSED, 1)))

    def candidate(self, vms: int, roles: Candidate) -> Candidate:
        """Return the candidate of so many VMs: with roles as found, and connection points for the VMs too."""
        by_vms = -(-vms // VMS_PER_CONNECTION_POINT)
        return Candidate(
            vms,
            max(roles.connection_points, by_vms),
            roles.management_points,
            roles.update_points,
            self.ports_each,
        )

    def require_reachable(self) -> None:
        """Refuse a target that would not be met if nobody ever waited."""
        alone = self.outcome(0, Candidate(PLENTY, PLENTY, PLENTY, PLENTY, self.ports_each))
        for target, least in zip(self.targets, alone.figures, strict=True):
            if least >= target.bound:
                raise Refused(
                    "TARGET_OUT_OF_REACH",
                    f"'{target}' cannot be met by any number of VMs: with nobody waiting it is already "
                    f"{target.describe(least)}; give a wider bound, or measured service times under 'capacity:' in the "
                    "design",
                )

    def roles(self) -> Candidate:
        """Return connection points and roles that are enough where VMs are no limit."""
        base = self._roles_for_load()
        for boost in _BOOSTS:
            roles = Candidate(
                PLENTY,
                base.connection_points * boost,
                base.management_points * boost,
                base.update_points * boost,
                self.ports_each,
            )
            if self.meets(roles):
                return roles
        raise Refused(
            "TARGET_OUT_OF_REACH",
            f"'{self.targets[0]}' is not met even with {roles.connection_points} connection points and "
            f"{roles.management_points} management points, however many VMs: give a wider bound",
        )

    def _roles_for_load(self) -> Candidate:
        one = self.outcome(0, Candidate(PLENTY, 1, 1, 1, PLENTY))
        by_load = {part: -(-share // BUSY_SHARE) for part, share in one.busy.items()}
        rated = documented_size(self.peak, site_clients=self.clients, version=self.design.site_version())
        by_ports = -(-self.peak // self.ports_each)
        return Candidate(
            PLENTY,
            max(by_load["connection_point"], by_ports, 1),
            max(by_load["management_point"], rated.management_points),
            max(by_load["update_point"], rated.management_points),
            self.ports_each,
        )

    def decide(self, candidate: Candidate) -> Iterator[Decided]:
        """Replicate until it is clear whether a candidate meets each target."""
        for index, target in enumerate(self.targets):
            yield replicate_until(partial(self._figure, candidate, index), target.bound)

    def _figure(self, candidate: Candidate, target: int, replication: int) -> float:
        return self.outcome(replication, candidate).figures[target]

    def meets(self, candidate: Candidate) -> bool:
        """Say whether a candidate clearly meets every target."""
        return all(decided.side is Side.BELOW for decided in self.decide(candidate))

    def fewest(self, roles: Candidate, survive: Survive) -> int:
        """Return the fewest VMs with which every target holds, with as many missing as must be survived."""

        def holds(vms: int) -> bool:
            self.observer(f"trying {vms} VMs")
            return self.meets(self.candidate(vms - survive, roles))

        high = max(2 + survive, -(-self.outcome(0, self.candidate(1, roles)).busy["vm"] // BUSY_SHARE) + survive)
        while not holds(high):
            high *= 2
        found = smallest(holds, 1 + survive, high)
        assert found is not None, "the upper end was found to hold"
        return found

    def row(self, vms: int, roles: Candidate) -> Row:
        """Return what is known of one number of VMs, with intervals over its replications."""
        candidate = self.candidate(vms, roles)
        decided = list(self.decide(candidate))
        outcomes = [self.outcome(one, candidate) for one in range(max(len(one.values) for one in decided))]
        return Row(
            vms=vms,
            figures=tuple(one.interval for one in decided),
            verdicts=tuple(one.side for one in decided),
            busy=mean_interval([float(one.busy["vm"]) for one in outcomes]),
            refused=mean_interval([one.refused for one in outcomes]).mean,
        )


def _bracket(study: _Study, target: Target) -> Bracket | None:
    """Return the VM counts that Erlang C gives for the mean rate of the busiest hour, for a quantile of times."""
    if target.aim is not Aim.QUANTILE:
        return None
    requests = study.requests(0)
    looked_at = requests.sent_us >= requests.begin * HOUR // 12
    rate = int((requests.gateway & looked_at).sum()) / HOUR
    speed = study.speeds.vm
    service, share = float(speed.service_us[0]), target.share / PARTS_PER_MILLION
    offered = rate * service
    try:
        pooled = -(-servers_for_wait(offered, service, share, target.bound) // speed.servers)
    except ValueError:
        return None
    split = pooled
    while sojourn_quantile(offered / split, speed.servers, service, share) > target.bound:
        split += 1
    return Bracket(rate * 1_000_000, offered, pooled, split, seconds(service))


def _monthly(study: _Study, vms: int, prices: Prices | None) -> Monthly | None:
    """Return what VMs, traffic and storage of a month cost, if every day were like the one that was simulated."""
    known = prices or (ESTIMATOR_1903.get(study.stock.region) if study.stock.vm_size == "A2_v2" else None)
    if known is None:
        return None
    demand = study.demand(0)
    per_client = demand.egress_bytes / demand.days * _MONTH_DAYS / max(demand.peak, 1) / _MB
    devices = study.peak
    cost = monthly_cost(
        known, vms=vms, devices=devices, roaming=PARTS_PER_MILLION, mb_per_device=max(1, round(per_client))
    )
    storage = storage_cost(known, study.design, -(-vms // VMS_PER_GATEWAY))
    return Monthly(cost + (storage or 0), known, round(per_client), storage)
