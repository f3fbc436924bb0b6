"""CMG3xx: the gateway itself: deployment model, options, size, alerts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from cmgsim.design.findings import Severity
from cmgsim.design.versions import PROFILES, Feature, has
from cmgsim.lint import console
from cmgsim.lint.cohorts import clients_per_vm, listed, serves_content, users_of
from cmgsim.lint.outlook import outcome, variants
from cmgsim.lint.rule import Fault, rule
from cmgsim.units import PARTS_PER_MILLION, format_size

if TYPE_CHECKING:
    from cmgsim.design.model import Design
    from cmgsim.design.plan import Plan

_SET_UP = "Set up cloud management gateway"
_PLAN = "Plan for cloud management gateway"
_MONITOR = "Monitor cloud management gateway"

BUSY_MONTH = 300 * 10**6
"""Egress of a client in a month without content, with aggressive settings (source: "Plan for cloud management gateway",
Cost)."""
ALERT_WINDOW, MONTH = timedelta(days=14), timedelta(days=30)


@rule("CMG301", Severity.ERROR, "a classic deployment can no longer be created", source=f"{_SET_UP}, Before you begin")
def classic_gone(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """From version 1902 on, new gateways are Resource Manager deployments; classic ones that exist go on serving.

    Bad: ``deployment: classic`` with ``planned: true`` at 1906 Good: ``deployment: arm``.
    """
    version = design.site_version()
    for name, gateway in design.gateways.items():
        if gateway.planned and gateway.deployment == "classic" and not has(version, Feature.CLASSIC_CREATION):
            yield Fault(
                ("gateways", name, "deployment"),
                f"version {version} creates no classic deployment, which gateway {name!r} is to be",
                f"create it in {console.GATEWAYS} as an Azure Resource Manager deployment: deployment: arm",
            )


@rule(
    "CMG302",
    Severity.WARNING,
    "classic deployments are deprecated",
    source=f"{_SET_UP}, Before you begin",
    lacks=Feature.CLASSIC_WITHOUT_WARNING,
)
def classic_deprecated(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Classic deployments are deprecated from version 1810 on; replacing one later needs a new gateway.

    Bad: ``deployment: classic`` at 1810 Good: ``deployment: arm``.
    """
    version = design.site_version()
    for name, gateway in design.gateways.items():
        if gateway.deployment == "classic" and (has(version, Feature.CLASSIC_CREATION) or not gateway.planned):
            yield Fault(
                ("gateways", name, "deployment"),
                f"gateway {name!r} is a classic deployment, which is deprecated in version {version}",
                "use an Azure Resource Manager deployment"
                if gateway.planned
                else f"plan its replacement by an Azure Resource Manager deployment ({console.GATEWAYS})",
            )


@rule("CMG303", Severity.ERROR, "the version does not have the deployment model", source=_PLAN)
def model_not_available(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Resource Manager deployments came with version 1802, virtual machine scale sets with 2010.

    Bad: ``deployment: vmss`` at 1906 Good: ``deployment: arm``.
    """
    version, needs = design.site_version(), {"arm": Feature.RESOURCE_MANAGER, "vmss": Feature.SCALE_SET}
    for name, gateway in design.gateways.items():
        if gateway.deployment in needs and not has(version, needs[gateway.deployment]):
            yield Fault(
                ("gateways", name, "deployment"),
                f"version {version} cannot {needs[gateway.deployment].value}, as {name!r} asks",
                f"use another deployment model, or update the site; {console.GATEWAYS} shows what it offers",
            )


@rule(
    "CMG304",
    Severity.ERROR,
    "the version cannot enforce TLS 1.2",
    source=f"{_SET_UP}, step 12",
    lacks=Feature.ENFORCE_TLS_1_2,
)
def tls_option(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The option *Enforce TLS 1.2* came with version 1906.

    Bad: ``enforce_tls_1_2: true`` at 1902 Good: ``enforce_tls_1_2: false``.
    """
    for path, gateway in variants(design, plan):
        if gateway.enforce_tls_1_2:
            message = f"version {design.site_version()} has no option Enforce TLS 1.2"
            yield Fault((*path, "enforce_tls_1_2"), message, "remove it, or update the site to 1906")


@rule(
    "CMG305",
    Severity.ERROR,
    "the version's gateways serve no content",
    source=f"{_SET_UP}, step 13",
    lacks=Feature.GATEWAY_CONTENT,
)
def content_option(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway can serve content from Azure storage from version 1806 on; before, a cloud distribution point did.

    Bad: ``content: true`` at 1802 Good: no ``content``.
    """
    for path, gateway in variants(design, plan):
        if gateway.content:
            message = f"version {design.site_version()} has no gateways that serve content"
            yield Fault((*path, "content"), message, "remove it and use a cloud distribution point, or update to 1806")


@rule(
    "CMG306",
    Severity.ERROR,
    "the version cannot stop a gateway on an alert",
    source=f"{_MONITOR}, Stop CMG when it exceeds threshold",
    lacks=Feature.STOP_ON_CRITICAL,
)
def stop_option(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The option to stop a gateway when traffic exceeds the critical threshold came with version 1902.

    Bad: ``alerts: {stop_on_critical: true}`` at 1810 Good: ``alerts: {stop_on_critical: false}``.
    """
    for path, gateway in variants(design, plan):
        if gateway.alerts and gateway.alerts.stop_on_critical:
            message = f"version {design.site_version()} cannot stop a gateway when it exceeds the critical threshold"
            yield Fault((*path, "alerts", "stop_on_critical"), message, "remove it, or update the site to 1902")


@rule("CMG307", Severity.INFO, "the alert will not fire", source=f"{_MONITOR}, Set up outbound traffic alerts")
def alert_never_fires(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """The default threshold of 10,000 GB in 14 days is out of reach for most fleets unless the gateway serves content.

    The estimate takes every client that can use the gateway at 300 MB a month.

    Assumption: a gateway whose clients fetch content from it may reach any threshold, so it is not judged.

    Bad: ``alerts: {threshold: 10000 GB}`` for 1,000 clients Good: ``alerts: {threshold: 100 GB}``.
    """
    for path, gateway in variants(outcome(design, plan), None):
        users = dict(users_of(outcome(design, plan), str(path[1])))
        content = serves_content(design.site_version(), gateway) and any(
            design.settings_of(name).cloud_distribution_point for name in users
        )
        most = sum(clients.count for clients in users.values()) * BUSY_MONTH * ALERT_WINDOW.days // MONTH.days
        if gateway.alerts is None or content:
            continue
        level = gateway.alerts.threshold * gateway.alerts.warning // PARTS_PER_MILLION
        if most < level:
            yield Fault(
                (*path, "alerts", "threshold"),
                f"the warning comes at {format_size(level)} in 14 days; all clients together send about "
                f"{format_size(most - most % 10**9)} at most",
                f"lower the threshold in {console.GATEWAYS} > Properties > Alerts, below {format_size(most)}",
            )


@rule("CMG308", Severity.WARNING, "a gateway has one VM only", source=f"{_PLAN}, Scale; Cloud management gateway FAQ")
def single_vm(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Azure updates and rebuilds VMs at any time; with a single one the gateway is down meanwhile.

    Bad: ``vms: 1`` Good: ``vms: 2``.
    """
    for name, gateway in outcome(design, plan).gateways.items():
        if gateway.vms == 1:
            yield Fault(
                ("gateways", name, "vms"),
                f"gateway {name!r} has one VM: it is down whenever Azure rebuilds that",
                f"use at least two: {console.gateway_settings()} > VM Instance",
            )


@rule(
    "CMG309",
    Severity.WARNING,
    "more clients than the VMs are rated for",
    source=f"{_SET_UP}, Before you begin; Size and scale numbers",
)
def too_few_vms(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A VM is rated for a number of clients at the same time; beyond that requests are served, but late.

    Counted are all clients that can use the gateway, shared evenly among the gateways each of them can use, as if all
    came at once.

    Bad: ``vms: 2`` for 20,000 clients Good: ``vms: 4``.
    """
    end = outcome(design, plan)
    for name, gateway in end.gateways.items():
        rated = clients_per_vm(end.site_version(), gateway)
        users = [clients for _, clients in users_of(end, name)]
        gateways = {
            clients.site: sum(clients in dict(users_of(end, other)).values() for other in end.gateways)
            for clients in users
        }
        count = sum(-(-clients.count // gateways[clients.site]) for clients in users)
        if rated and count > gateway.vms * rated:
            needed = -(-count // rated)
            yield Fault(
                ("gateways", name, "vms"),
                f"up to {count:,} clients use gateway {name!r}; its {gateway.vms} VMs are rated for "
                f"{gateway.vms * rated:,}",
                f"use {needed} VMs ({console.gateway_settings()} > VM Instance)"
                if needed <= 16
                else f"use {-(-needed // 16)} gateways: {needed} VMs are needed, and each takes 16",
            )


@rule("CMG310", Severity.WARNING, "the warning level is not below the critical one", source=f"{_SET_UP}, step 15")
def alert_levels(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A warning that comes no sooner than the critical alert warns of nothing.

    Bad: ``alerts: {warning: 95%, critical: 90%}`` Good: ``alerts: {warning: 50%, critical: 90%}``.
    """
    for path, gateway in variants(design, plan):
        if gateway.alerts and gateway.alerts.warning >= gateway.alerts.critical:
            yield Fault(
                (*path, "alerts", "warning"),
                "the warning level is not below the critical level",
                f"set a lower percentage in {console.GATEWAYS} > Properties > Alerts, such as 50%",
            )


@rule("CMG311", Severity.ERROR, "the VM size is not offered", source=f"{_PLAN}, Scale")
def vm_size(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """Sizes other than the standard one are for virtual machine scale sets of version 2107 and later.

    Bad: ``vm_size: A4_v2`` at 1906 Good: ``vm_size: A2_v2``.
    """
    for name, gateway in design.gateways.items():
        offered = tuple(PROFILES[design.site_version()].clients_per_vm) if gateway.deployment == "vmss" else ("A2_v2",)
        if gateway.vm_size not in offered:
            yield Fault(
                ("gateways", name, "vm_size"),
                f"a {gateway.deployment} gateway of version {design.site_version()} has no size {gateway.vm_size}",
                f"use {listed(offered)}",
            )


@rule(
    "CMG312",
    Severity.WARNING,
    "clients may not use the gateway's content",
    source="About client settings, Cloud services",
)
def content_not_allowed(design: Design, plan: Plan | None) -> Iterator[Fault]:
    """A gateway serves content only to clients whose settings allow access to cloud distribution points.

    Bad: ``content: true`` and clients with default settings Good: ``cloud_distribution_point: true`` in their settings.
    """
    end = outcome(design, plan)
    for name, gateway in end.gateways.items():
        users = [population for population, _ in users_of(end, name)]
        if gateway.content and users and not any(end.settings_of(user).cloud_distribution_point for user in users):
            yield Fault(
                ("gateways", name, "content"),
                f"gateway {name!r} serves content, but the settings of {listed(users)} do not allow cloud content",
                f"set 'Allow access to cloud distribution point' to Yes in {console.CLIENT_SETTINGS} > Cloud Services",
            )
