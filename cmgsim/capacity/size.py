"""How many VMs, connection points and roles a gateway needs: the documented rule and the simulated answer together.

Theory of operation: what clients ask in the busiest hour is counted once for each replication and sent through
candidates (:mod:`cmgsim.capacity.network`). With more VMs no line gets longer, so the smallest number of VMs is found
by halving the range (:mod:`cmgsim.capacity.trial`). The answer is never below Microsoft's ratings, which are what is
supported, and says where the queues alone would do with less, or ask for more.

Gateways are sized one by one: each has VMs of its own, connection points that no other gateway uses, and clients of its
own at any moment. Of the sites behind a gateway each has its own connection points and roles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

from cmgsim.capacity.cost import ESTIMATOR_1903, Prices, monthly_cost, storage_cost
from cmgsim.capacity.demand import NOTHING_PARTICULAR, Course, Demand, count_demand, running
from cmgsim.capacity.documented import CORES, VMS_PER_CONNECTION_POINT, VMS_PER_GATEWAY
from cmgsim.capacity.limits import limits
from cmgsim.capacity.network import Candidate
from cmgsim.capacity.premises import premises_of
from cmgsim.capacity.sizing import Bracket, Monthly, Sizing, Unpriced
from cmgsim.capacity.target import DEFAULT, Aim, Target, seconds
from cmgsim.capacity.theory import servers_for_wait, sojourn_quantile
from cmgsim.capacity.trial import Observer, Survive, Trial
from cmgsim.design.model import Design
from cmgsim.errors import UnknownName, UsageError
from cmgsim.units import PARTS_PER_MILLION, SECOND

__all__ = ["Observer", "Survive", "demand_source", "gateways_of", "size"]

_MONTH_DAYS = 30
_MB = 2**20


def size(
    design: Design,
    *,
    targets: Sequence[Target] = (DEFAULT,),
    clients: int | None = None,
    gateway: str | None = None,
    survive: Survive = Survive.NOTHING,
    seed: int = 1,
    prices: Prices | None = None,
    observer: Observer = lambda line: None,
    counted: Callable[[int], Demand] | None = None,
) -> Sizing:
    """Size a gateway of a design for its busiest hour.

    *gateway* may be left out where there is but one. *clients* is how many are connected over it at the peak; left out,
    as many as the design makes. *prices* are those of the estimator of 2019 where left out and the region has some.
    *counted* gives the demand of each replication where several sizings share it (:func:`demand_source`).

    Raises:
        UnknownName: if no gateway bears that name.
        UsageError: if there are several gateways and none is named.
        Refused: if nothing is asked over the gateway, a target bounds what nobody asks, or no number meets it.
    """
    source = counted or demand_source(design, seed, observer)
    names = gateways_of(design, source(0))
    trial = Trial(design, _one_of(design, names, gateway), targets, source, clients, observer)
    trial.require_reachable()
    roles = trial.roles()
    queues = trial.fewest(roles, Survive.NOTHING)
    wanted = queues if survive is Survive.NOTHING else trial.fewest(roles, survive)
    rated = trial.documented()
    vms = max(wanted, rated.vms, 1 + survive)
    answer = trial.candidate(vms, roles)
    monthly = _monthly(trial, vms, prices)
    return Sizing(
        design=design.name,
        gateway=trial.gateway if len(names) > 1 else "",
        sites=tuple(site.name for site in trial.sites) if len(trial.loads) > 1 else (),
        targets=tuple(targets),
        connections=trial.peak,
        clients=trial.clients,
        sample=trial.demand(0).sample,
        documented=rated,
        queues=queues,
        survive=int(survive),
        answer=answer,
        gateways=-(-vms // VMS_PER_GATEWAY),
        cores=vms * CORES[trial.stock.vm_size],
        connection_points_by=_why_points(trial, answer),
        rows=tuple(trial.row(count, roles) for count in _shown(queues, rated.vms, vms)),
        one_down=trial.row(vms - 1, roles) if vms > 1 else None,
        drawn=limits(
            trial.stock,
            connections=trial.peak,
            clients=trial.clients,
            vms=vms,
            downloads=trial.demand(0).downloads_a_second,
            sites=trial.loads,
        ),
        bracket=_bracket(trial, targets[0]),
        monthly=monthly if isinstance(monthly, Monthly) else None,
        unpriced=monthly if isinstance(monthly, Unpriced) else None,
        premises=premises_of(design),
    )


def gateways_of(design: Design, demand: Demand) -> tuple[str, ...]:
    """Return the gateways there are to size: those that run from the beginning, and others that are asked something."""
    return tuple(name for name in design.gateways if name in demand.gateways or name in running(design))


def _one_of(design: Design, names: Sequence[str], gateway: str | None) -> str:
    """Return the gateway that is meant: the one that is named, or the only one."""
    if gateway is not None:
        if gateway not in design.gateways:
            raise UnknownName("gateway", gateway, design.gateways)
        return gateway
    if len(names) > 1:
        raise UsageError(f"{design.name} has several gateways, {', '.join(names)}: name the one to size")
    return names[0]


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


def _why_points(trial: Trial, answer: Candidate) -> str:
    """Say what asks for the most connection points; of equal demands the TCP ports, which refuse clients."""
    reasons = {
        "each site needs one" if len(trial.loads) > 1 else "there is no gateway without one": len(trial.loads),
        "TCP ports": sum(trial.by_ports(site) for site in range(len(trial.loads))),
        "four VMs for each": -(-answer.vms // VMS_PER_CONNECTION_POINT),
        "their own load or your target": answer.connection_points,
    }
    return max(reasons, key=reasons.__getitem__)


def _bracket(trial: Trial, target: Target) -> Bracket | None:
    """Return the VM counts that Erlang C gives for the mean rate of the busiest hour, for a quantile of times.

    The time in service is the mean over the kinds that are asked, and taken as exponential even where kinds differ.
    """
    if target.aim is not Aim.QUANTILE:
        return None
    requests, speed = trial.requests(0), trial.speeds.vm
    kinds = requests.kind[requests.gateway & requests.seen]
    rate = len(kinds) / requests.span_us
    each = [speed.service_us[kind] for kind in kinds.tolist()]
    service, share = sum(each) / len(each), target.share / PARTS_PER_MILLION
    offered = rate * service
    try:
        pooled = -(-servers_for_wait(offered, service, share, target.bound) // speed.servers)
    except ValueError:
        return None
    split = pooled
    while sojourn_quantile(offered / split, speed.servers, service, share) > target.bound:
        split += 1
    words = " on average" if len(set(each)) > 1 else ""
    return Bracket(rate * SECOND, offered, pooled, split, seconds(service) + words)


def _monthly(trial: Trial, vms: int, prices: Prices | None) -> Monthly | Unpriced:
    """Return what VMs, traffic and storage of a month cost, if every day were like the one that was simulated."""
    stock, demand = trial.stock, trial.demand(0)
    known = prices or (ESTIMATOR_1903.get(stock.region) if stock.vm_size == "A2_v2" else None)
    if known is None:
        return Unpriced(stock.vm_size, stock.region)
    per_client = demand.egress_bytes / demand.days * _MONTH_DAYS / max(demand.peak, 1) / _MB
    cost = monthly_cost(
        known, vms=vms, devices=trial.peak, roaming=PARTS_PER_MILLION, mb_per_device=max(1, round(per_client))
    )
    storage = storage_cost(known, trial.design, -(-vms // VMS_PER_GATEWAY), of=trial.gateway)
    return Monthly(cost + (storage or 0), known, round(per_client), storage, demand.days)
