"""CMG7xx: plans: what would fail, and what would leave clients without a gateway for a while or for good.

Whatever a plan may legitimately do at a risk is a warning, so that it can be rehearsed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING

from cmgsim.design.findings import Severity
from cmgsim.design.names import NameProblem, fqdn_of, is_wildcard, service_fqdn, service_name
from cmgsim.lint import console
from cmgsim.lint.cohorts import listed, subscription_of, users_of
from cmgsim.lint.outlook import Moment, Standing, moments
from cmgsim.lint.rule import Fault, rule
from cmgsim.pki.names import covers
from cmgsim.units import format_duration, timedelta_us

if TYPE_CHECKING:
    from cmgsim.design.gateways import Gateway
    from cmgsim.design.model import Design
    from cmgsim.design.plan import ModifyGateway, Plan

_SET_UP = "Set up cloud management gateway"
_REDEPLOY = f"{_SET_UP}, Redeploy the service"
_MODIFY = f"{_SET_UP}, Modify a CMG"
_NEW_NAME = "create a gateway with a new service name beside it, and delete the old one a day later"


@rule("CMG701", Severity.WARNING, "no gateway is active for a while", source=_REDEPLOY)
def gap(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """At least one active gateway is to stand at any time, so that internet clients keep getting policy.

    Bad: ``delete_gateway: old`` before ``create_gateway: new`` Good: ``create_gateway: new`` and a connection point,
    ``wait: 24h``, then ``delete_gateway: old``.
    """
    walk = list(moments(design, plan))
    for moment in walk:
        if moment.before.active and not moment.after.active:
            back = next((later.index for later in walk[moment.index + 1 :] if later.after.active), None)
            until = "to the end of the plan" if back is None else f"until step {back + 1} is done"
            yield Fault(
                moment.path,
                f"from this step on no gateway is active, {until}: clients on the internet are not managed meanwhile",
                f"keep one active: {_NEW_NAME}",
            )


@rule("CMG702", Severity.WARNING, "clients have too little time to learn of the new gateway", source=_REDEPLOY)
def too_soon(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients ask for locations every 24 hours; whoever has not asked in between is stranded by the deletion.

    Counted are the plan's waits from the step that makes the new gateway usable. A step ``until`` for the new gateway
    is left to the plan's judgement, and a gateway that stood before the plan is known to clients already.

    Bad: ``wait: 12h`` before ``delete_gateway: old`` Good: ``wait: 24h``.
    """
    usable_since: dict[str, timedelta | None] = dict.fromkeys(Standing(design).active)
    awaited: set[str] = set()
    for moment in moments(design, plan):
        if moment.step.until is not None:
            awaited.add(moment.step.until.clients_knowing)
        old = moment.step.delete_gateway
        fault = _too_soon(moment, old, usable_since, awaited) if old in moment.before.active else None
        if fault is not None:
            yield fault
        for name in moment.after.active:
            usable_since.setdefault(name, moment.after.waited)


def _too_soon(
    moment: Moment, old: str | None, usable_since: dict[str, timedelta | None], awaited: set[str]
) -> Fault | None:
    """Return the fault of a deletion that leaves only gateways that clients had too little time to learn of."""
    left = moment.after.active
    times = [moment.before.waited - since if (since := usable_since.get(name)) is not None else None for name in left]
    if old is None or not left or None in times or awaited.intersection(left):
        return None
    design, waited = moment.before.design, max(time for time in times if time is not None)
    users = [name for name, _ in users_of(design, old)]
    needed = max((design.settings_of(name).location_cycle for name in users), default=timedelta(0))
    if waited >= needed:
        return None
    return Fault(
        moment.path,
        f"gateway {old!r} is deleted {_written(waited)} after {listed(left)} became usable; clients "
        f"{listed(users)} ask "
        f"for locations every {_written(needed)}, and those that have not by then are stranded",
        f"wait at least {_written(needed)} before this step",
    )


def _written(time: timedelta) -> str:
    """Write a duration; whole hours up to two days, as Microsoft's texts do."""
    hours, rest = divmod(time, timedelta(hours=1))
    return f"{hours}h" if not rest and 0 < hours <= 48 else format_duration(timedelta_us(time))


@rule("CMG703", Severity.ERROR, "two gateways have one service name", source=f"{_REDEPLOY}; Before you begin")
def name_clash(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The service name is free for another gateway only after the one that holds it is gone.

    Bad: ``create_gateway: same_name`` before ``delete_gateway: classic`` Good: ``delete_gateway: classic`` before it.
    """
    for one, other in combinations(Standing(design).gateways, 2):
        if _service(design, one) is not None and _service(design, one) == _service(design, other):
            yield _clash(("gateways", other, "certificate"), other, one)
    for moment in moments(design, plan):
        new = moment.step.create_gateway
        for old in moment.before.gateways if new is not None else ():
            wanted = _service(moment.before.design, str(new))
            if old != new and wanted is not None and wanted == _service(moment.before.design, old):
                yield _clash(moment.path, str(new), old)


def _clash(path: tuple[str | int, ...], new: str, old: str) -> Fault:
    remedy = f"delete {old!r} first, or use a certificate with another first label"
    return Fault(path, f"gateway {new!r} is to have the service name of {old!r}, which still exists", remedy)


def _service(design: Design, gateway: str) -> str | None:
    fqdn = service_fqdn(design, design.gateways[gateway])
    return None if isinstance(fqdn, NameProblem) else service_name(fqdn).lower()


@rule("CMG704", Severity.WARNING, "the new gateway has no connection point yet", source=_REDEPLOY)
def successor_not_connected(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients learn of a gateway only once a connection point is linked with it: add one before the old one goes.

    Bad: ``create_gateway: new``, ``wait: 24h``, ``delete_gateway: old`` Good: ``add_connection_point: cp2`` after the
    first.
    """
    created: list[str] = []
    for moment in moments(design, plan):
        if moment.step.create_gateway is not None:
            created.append(moment.step.create_gateway)
        loose = [name for name in created if name in moment.before.gateways and name not in moment.before.linked]
        if moment.step.delete_gateway is not None and moment.step.delete_gateway not in loose and loose:
            yield Fault(
                moment.path,
                f"no connection point is linked with {listed(loose)} when {moment.step.delete_gateway!r} is "
                "deleted, so "
                "no client knows of it",
                f"add a connection point before the wait ({console.ROLES} > Add Site System Role): "
                "add_connection_point",
            )


@rule("CMG705", Severity.WARNING, "a connection point is left with a deleted gateway", source=_REDEPLOY)
def not_relinked(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A connection point goes on dialling the gateway it was given, even if another takes over that one's name.

    Bad: ``delete_gateway: classic`` and ``create_gateway: same_name`` alone Good: ``relink_connection_point:
    {connection_point: cp1, gateway: same_name}`` after them.
    """
    walk = list(moments(design, plan))
    end = walk[-1].after if walk else Standing(design)
    for moment in walk:
        gone = moment.step.delete_gateway
        points = end.design.roles.connection_points.items()
        left = [name for name, point in points if point.gateway == gone and not point.planned]
        if gone is not None and gone not in end.gateways and left:
            yield Fault(
                moment.path,
                f"still linked with gateway {gone!r}, which is deleted here: {listed(left)}, of no use then",
                f"remove it, or link it with another gateway in {console.ROLES}: relink_connection_point",
            )


@rule("CMG706", Severity.INFO, "clients that are off may miss the new gateway", source=_REDEPLOY)
def absent_clients(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients that are powered off or offline while both gateways stand may need longer than a day.

    Bad: ``wait: 24h`` while clients are on vacation for up to 14 days Good: ``wait: 14d``.
    """
    since: dict[str, timedelta] = {}
    for moment in moments(design, plan):
        old = moment.step.delete_gateway
        new = [name for name in moment.after.active if name in since]
        for name, longest in _absences(moment.before.design, old) if old is not None and new else ():
            stood = moment.before.waited - min(since[other] for other in new)
            if stood < longest:
                yield Fault(
                    moment.path,
                    f"clients {name!r} may be off for {_written(longest)}, longer than "
                    f"{_written(stood)}, the time that clients of "
                    f"{old!r} have to learn of {listed(new)}",
                    f"wait {_written(longest)}, or expect those that were off to come back over the intranet",
                )
        fresh = set(moment.after.active) - set(Standing(design).active)
        since = {name: since.get(name, moment.after.waited) for name in sorted(fresh)}


def _absences(design: Design, gateway: str) -> Iterator[tuple[str, timedelta]]:
    """Yield the users of a gateway that are away in spells, with the length of the longest."""
    for name, clients in users_of(design, gateway):
        day = design.day_plans[clients.day_plan]
        spells = [absence.lasting[1] for absence in (day.vacation, day.powered_off) if absence and absence.share]
        if spells:
            yield name, max(spells)


@rule("CMG707", Severity.ERROR, "the change needs a redeployment", source=_REDEPLOY)
def needs_redeployment(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Deployment model, subscription, service name and region belong to the service as it was created.

    Bad: ``modify_gateway: {gateway: east, region: westus}`` Good: ``create_gateway: west``.
    """
    for moment in moments(design, plan):
        change = moment.step.modify_gateway
        for field, value in _redeploying(moment.before.design, change) if change is not None else ():
            yield Fault(
                (*moment.path, field),
                f"the {field.replace('_', ' ')} of a gateway cannot be changed to {value!r} in place",
                f"redeploy the service: {_NEW_NAME}",
            )


def _redeploying(design: Design, change: ModifyGateway) -> Iterator[tuple[str, str]]:
    gateway = design.gateways[change.gateway]
    subscription, fqdn = subscription_of(design, gateway), service_fqdn(design, gateway)
    now = {
        "deployment": gateway.deployment,
        "subscription": subscription[0] if subscription else None,
        "service_fqdn": None if isinstance(fqdn, NameProblem) else fqdn,
        "region": gateway.region,
    }
    for field, value in now.items():
        wanted = getattr(change, field)
        if wanted is not None and wanted != value:
            yield field, wanted


@rule("CMG708", Severity.ERROR, "the new certificate needs a redeployment", source=f"{_REDEPLOY}; {_MODIFY}")
def other_certificate(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A certificate is replaced in place by one of the same name, from the same kind of provider.

    Bad: ``modify_gateway: {gateway: east, certificate: other}`` with another name Good: one that renews the old.
    """
    for moment in moments(design, plan):
        change = moment.step.modify_gateway
        if change is None or change.certificate is None:
            continue
        before = moment.before.design
        reason = _other_service(before, before.gateways[change.gateway], change.certificate)
        if reason is not None:
            yield Fault((*moment.path, "certificate"), reason, f"use a renewed certificate, or redeploy: {_NEW_NAME}")


def _other_service(design: Design, gateway: Gateway, certificate: str) -> str | None:
    """Say why a certificate cannot take the place of a gateway's; None if it can, or if the gateway has no name."""
    new, old, fqdn = design.certificates.servers[certificate], gateway.certificate, service_fqdn(design, gateway)
    if isinstance(fqdn, NameProblem):
        return None
    named = fqdn_of(new, fqdn if is_wildcard(new.name) else None)
    if isinstance(named, NameProblem) or not covers(named, fqdn):
        return f"certificate {certificate!r} is for {new.name!r}, the gateway is named {fqdn!r}"
    kinds = [_issuer_kind(design, design.certificates.servers[name].issuer) for name in (old, certificate)]
    return (
        None
        if kinds[0] == kinds[1]
        else f"certificate {certificate!r} is from a {kinds[1]} PKI, {old!r} from a {kinds[0]} one"
    )


def _issuer_kind(design: Design, authority: str) -> str:
    return design.certificates.authorities[design.certificates.chain(authority)[-1]].kind


@rule("CMG709", Severity.ERROR, "the gateway has no management certificate to change", source=_MODIFY)
def management_certificate_of_arm(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Only classic deployments have an Azure management certificate, and its field on the General tab.

    Bad: ``modify_gateway: {gateway: arm, management_certificate: new}`` Good: the same for a classic gateway.
    """
    for moment in moments(design, plan):
        change = moment.step.modify_gateway
        if change is None or change.management_certificate is None:
            continue
        if moment.before.design.gateways[change.gateway].deployment != "classic":
            yield Fault(
                (*moment.path, "management_certificate"),
                f"gateway {change.gateway!r} is no classic deployment and has no Azure management certificate",
                "leave management_certificate out",
            )


_Absence = Callable[[Standing, str], str | None]


def _must_stand(now: Standing, name: str) -> str | None:
    return None if name in now.gateways else f"gateway {name!r} does not exist at this step"


def _must_not_stand(now: Standing, name: str) -> str | None:
    return f"gateway {name!r} exists already" if name in now.gateways else None


def _must_be_stopped(now: Standing, name: str) -> str | None:
    running = name in now.gateways and name not in now.stopped
    return f"gateway {name!r} is not stopped at this step" if running else _must_stand(now, name)


def _must_run(now: Standing, name: str) -> str | None:
    return f"gateway {name!r} is stopped already" if name in now.stopped else _must_stand(now, name)


def _point_must_stand(now: Standing, name: str) -> str | None:
    planned = now.design.roles.connection_points[name].planned
    return f"connection point {name!r} does not exist at this step" if planned else None


def _point_can_be_added(now: Standing, name: str) -> str | None:
    point = now.design.roles.connection_points[name]
    return _must_stand(now, point.gateway) if point.planned else f"connection point {name!r} exists already"


_NEEDS: dict[str, tuple[tuple[str, _Absence], ...]] = {
    "create_gateway": (("", _must_not_stand),),
    "delete_gateway": (("", _must_stand),),
    "stop_gateway": (("", _must_run),),
    "start_gateway": (("", _must_be_stopped),),
    "scale_gateway": (("gateway", _must_stand),),
    "modify_gateway": (("gateway", _must_stand),),
    "add_connection_point": (("", _point_can_be_added),),
    "remove_connection_point": (("", _point_must_stand),),
    "relink_connection_point": (("connection_point", _point_must_stand), ("gateway", _must_stand)),
    "portal_change": (("gateway", _must_stand),),
    "azure_delete": (("gateway", _must_stand),),
}
"""What must hold before a step: the key of the name it is about (empty: the argument itself), and the condition."""


@rule("CMG710", Severity.ERROR, "the step cannot be done in this order", source=f"{_SET_UP}; Manage a CMG")
def wrong_order(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A step works on what exists when its turn comes.

    Bad: ``add_connection_point: cp2`` before ``create_gateway: new`` Good: ``create_gateway: new`` before it.
    """
    for moment in moments(design, plan):
        for key, condition in _NEEDS.get(moment.step.verb, ()):
            argument = moment.step.argument
            reason = condition(moment.before, str(getattr(argument, key) if key else argument))
            if reason is not None:
                path = (*moment.path, key) if key else moment.path
                yield Fault(path, reason, "put the steps in another order, or correct 'planned' in the design")


@rule("CMG711", Severity.INFO, "the plan leaves out what the design plans", source=f"{_SET_UP}, Set up a CMG")
def never_created(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """What a design calls planned comes into being by a step; without one it stays on paper.

    Bad: ``planned: true`` for ``new`` and no step ``create_gateway: new`` Good: that step.
    """
    if plan is None:
        return
    gateways, points = design.gateways.items(), design.roles.connection_points.items()
    planned: list[tuple[str, tuple[str, ...]]] = [
        ("create_gateway", ("gateways", name)) for name, gateway in gateways if gateway.planned
    ]
    planned += [
        ("add_connection_point", ("roles", "connection_points", name)) for name, point in points if point.planned
    ]
    done = {(step.verb, step.argument) for step in plan if step.verb in ("create_gateway", "add_connection_point")}
    for verb, path in planned:
        if (verb, path[-1]) not in done:
            remedy = f"add the step '{verb}: {path[-1]}'"
            yield Fault((*path, "planned"), f"no step of the plan makes {path[-1]!r}", remedy)


@rule("CMG712", Severity.WARNING, "the plan waits for what cannot come", source=_REDEPLOY)
def waits_in_vain(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Clients learn of a gateway that exists and has a connection point; before that, waiting for it is in vain.

    Bad: ``until: {clients_knowing: new, ...}`` before ``create_gateway: new`` Good: after it, and after
    ``add_connection_point``.
    """
    for moment in moments(design, plan):
        until = moment.step.until
        if until is not None and until.clients_knowing not in moment.before.active:
            yield Fault(
                (*moment.path, "clients_knowing"),
                f"gateway {until.clients_knowing!r} is not active at this step, so no client learns of it meanwhile",
                "create it and link a connection point with it before this step",
            )


_PAST_THE_CONSOLE = {
    "portal_change": ("sets the VMs of {!r} in Azure: that may be undone without notice", "scale_gateway: GATEWAY"),
    "azure_delete": ("deletes a part of {!r} in Azure: the rest is left inconsistent", "delete_gateway: GATEWAY"),
}
"""Steps that are done in Azure instead of the console: what comes of it, and the step to take instead."""


@rule("CMG713", Severity.WARNING, "the plan changes Azure past the console", source=_MODIFY)
def past_the_console(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway is changed and deleted from the Configuration Manager console only.

    What is changed in Azure directly may be lost without notice, and what is deleted there leaves orphans behind.

    Bad: ``portal_change: {gateway: east, vms: 4}`` Good: ``scale_gateway: {gateway: east, vms: 4}``.
    """
    for moment in moments(design, plan):
        if moment.step.verb in _PAST_THE_CONSOLE:
            reason, instead = _PAST_THE_CONSOLE[moment.step.verb]
            gateway = moment.step.argument.gateway
            yield Fault((*moment.path, "gateway"), f"this step {reason.format(gateway)}", f"use the console: {instead}")
