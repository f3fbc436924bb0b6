"""The cloud service manager: it deploys, changes and deletes gateways, and watches over them.

Theory of operation: an order is judged as the console judges it; what the console refuses changes nothing. What it
accepts becomes a task, a tuple of requests to Azure that is drawn up at once (:mod:`cmgsim.site.resources`). The task
sends one request after the other and asks every thirty seconds how what goes on stands, as any client of Azure must.
The gateway has changed when all are done and the time that the VMs need to set themselves up has passed.

Azure is the truth about resources: the manager holds what the site believes, and learns of failures from answers. It
removes only what it has made itself, so a gateway that failed halfway can be deleted, and its neighbours stay.

What somebody changes in Azure past the console acts at once: as many VMs run as Azure holds. The site finds out when it
next compares (:mod:`cmgsim.site.consistency`), and what it configured comes back with the next operation on the
gateway, or when the platform rebuilds one of its VMs (source: "Set up cloud management gateway", Modify a CMG).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cmgsim.arm.messages import Request
from cmgsim.arm.service import ArmService
from cmgsim.design.gateways import Gateway
from cmgsim.design.model import Design
from cmgsim.design.names import NameProblem, service_fqdn, service_name
from cmgsim.design.plan import ModifyGateway, ScaleGateway, Step
from cmgsim.draws import draw, identity, stream, within
from cmgsim.errors import IllegalTransition, Refused
from cmgsim.facts import Fact, Message
from cmgsim.site.azure import existing
from cmgsim.site.conditions import Conditions
from cmgsim.site.consistency import Drift, Mismatch, busy, mismatches, standing
from cmgsim.site.deployment import RUNNING, Deployment, Event, GatewayChanged, State
from cmgsim.site.facts import (
    Operation,
    OperationEnded,
    OperationStarted,
    Outcome,
    ResourceDeployed,
    ResourceRemoved,
    RunningChanged,
    StatusChanged,
)
from cmgsim.site.modify import changes
from cmgsim.site.obstacles import obstacle, unreachable
from cmgsim.site.polling import Failure, Poll, asked, begun
from cmgsim.site.rebuilds import Rebuilt
from cmgsim.site.resources import (
    ASM_VERSION,
    Effect,
    Service,
    Stage,
    Verdict,
    groups_request,
    service_of,
    stages,
)
from cmgsim.site.site_server import SiteServer
from cmgsim.site.wizard import CONSOLE_PATH, Entry, refusals
from cmgsim.units import DAY, MINUTE, SECOND

POLL_US = 30 * SECOND
#: Assumption: an operation fails when Azure has not been able to take its next request for half an hour.
GIVE_UP_US = 30 * MINUTE
LASTING = stream("site.cloud_manager.lasting")

#: How long an operation takes in all, from the console's order to the Status column: lowest and highest.
#: Assumption: A-04: the time is uniform between its bounds, and a change takes as long as a creation.
#: Assumption: A-24: stopping and starting take five minutes.
#: Assumption: A-06: deleting takes about five minutes, and the name is free at once afterwards.
TOTAL_US: dict[Operation, tuple[int, int]] = {
    Operation.CREATE: (5 * MINUTE, 15 * MINUTE),
    Operation.SCALE: (5 * MINUTE, 15 * MINUTE),
    Operation.MODIFY: (5 * MINUTE, 15 * MINUTE),
    Operation.STOP: (5 * MINUTE, 5 * MINUTE),
    Operation.START: (5 * MINUTE, 5 * MINUTE),
    Operation.DELETE: (5 * MINUTE, 5 * MINUTE),
}
EVENTS: dict[Operation, Event] = {
    Operation.CREATE: Event.CREATE,
    Operation.SCALE: Event.UPDATE,
    Operation.MODIFY: Event.UPDATE,
    Operation.STOP: Event.STOP,
    Operation.START: Event.START,
    Operation.DELETE: Event.DELETE,
}


@dataclass(frozen=True)
class AzureTurned:
    """Told when something has changed in Azure, whoever asked for it."""


@dataclass(slots=True)
class Task:
    """An operation that goes on: its requests, which of them is next, and when to act on it again.

    ``ends_us`` is the earliest moment at which it can be done; ``settings`` are the gateway's afterwards;
    ``trouble_us`` is since when Azure cannot take the next request, None while it can.
    """

    operation: Operation
    gateway: str
    settings: Gateway
    thumbprint: str
    stages: tuple[Stage, ...]
    started_us: int
    ends_us: int
    act_us: int
    number: int = 0
    poll: Poll | None = None
    trouble_us: int | None = None


class CloudManager:
    """Deploys gateways through Azure; a component named ``cloud_manager``.

    ``deployments`` are all gateways of the design by name, absent ones included. *server* is looked at for the optional
    feature; *listeners* are the components to tell of changes, by name; without *conditions* everything works.
    """

    def __init__(
        self,
        design: Design,
        arm: ArmService,
        seed: int,
        server: SiteServer,
        listeners: tuple[str, ...] = (),
        conditions: Conditions | None = None,
    ) -> None:
        self.name = "cloud_manager"
        self.rank = 3
        self.deployments = {name: _deployment(design, name) for name in design.gateways}
        self._design = design
        self._arm = arm
        self._seed = seed
        self._server = server
        self._listeners = listeners
        self._tasks: dict[str, Task] = {}
        self._ordinals: dict[str, int] = {}
        self._made: dict[str, list[str]] = {name: [] for name in design.gateways}
        self._conditions = Conditions() if conditions is None else conditions
        self._drift = Drift()
        self._furnish()

    def due(self) -> int | None:
        """Return when the next request is to be sent, the next operation ends, or the site compares."""
        comparing = () if self._drift.compare_us is None else (self._drift.compare_us,)
        return min((*comparing, *(task.act_us for task in self._tasks.values())), default=None)

    def step(self, now_us: int) -> list[Fact | Message]:
        """Go on with every task whose time has come, in the order of the design."""
        ready = [task for task in self._tasks.values() if task.act_us == now_us]
        compared = self._compare() if self._drift.compare_us == now_us else []
        if not ready:
            return compared
        return compared + [item for task in ready for item in self._go_on(task, now_us)] + self._wake_azure()

    def receive(self, body: object, now_us: int) -> list[Fact | Message]:
        """Take an order, a :class:`~cmgsim.design.plan.Step`, or the news that Azure or the platform did something.

        Raises:
            Refused: if the console does not let one do that; nothing has changed then.
        """
        if isinstance(body, AzureTurned):
            return self._follow_azure(now_us)
        if isinstance(body, Rebuilt):
            return self._take_back(body.gateway, now_us)
        assert isinstance(body, Step), f"the cloud service manager cannot be told {body!r}"
        order = _ORDERS[body.verb]
        return order(self, body.argument, now_us) + self._wake_azure()

    # -- orders -----------------------------------------------------------------------------------------------------

    def _create(self, name: str, now_us: int) -> list[Fact | Message]:
        deployment = self.deployments[name]
        self._require_idle(deployment, Event.CREATE)
        settings = self._design.gateways[name]
        service = self._service(deployment, settings)
        groups = {} if settings.deployment == "classic" else self._groups(service, now_us)
        problems = refusals(Entry(self._design, name, settings, self._server.feature_on, groups))
        if problems:
            raise problems[0].error()
        deployment.settings = settings
        if settings.deployment != "classic":
            deployment.application = self._design.azure.aad.application
        return self._begin(Operation.CREATE, deployment, settings, now_us)

    def _scale(self, order: ScaleGateway, now_us: int) -> list[Fact | Message]:
        deployment = self.deployments[order.gateway]
        self._require_idle(deployment, Event.UPDATE)
        settings = deployment.settings.model_copy(update={"vms": order.vms})
        return self._begin(Operation.SCALE, deployment, settings, now_us)

    def _modify(self, order: ModifyGateway, now_us: int) -> list[Fact | Message]:
        deployment = self.deployments[order.gateway]
        if not deployment.present:
            self._require_idle(deployment, Event.UPDATE)
        wanted = changes(self._design, deployment, order)
        if wanted.in_azure:
            self._require_idle(deployment, Event.UPDATE)
            settings = deployment.settings.model_copy(update=wanted.settings)
            return self._begin(Operation.MODIFY, deployment, settings, now_us)
        return self._keep(deployment, wanted.settings)

    def _keep(self, deployment: Deployment, settings: dict[str, Any]) -> list[Fact | Message]:
        """Change what the site alone keeps, at any time, also while an operation goes on or the service is stopped.

        Source: "Set up cloud management gateway", Modify a CMG, Alerts.
        """
        deployment.settings = deployment.settings.model_copy(update=settings)
        task = self._tasks.get(deployment.name)
        if task is not None:
            task.settings = task.settings.model_copy(update=settings)
        done = OperationEnded(deployment.name, Operation.MODIFY, Outcome.DONE, "", "kept by the site alone", 0)
        return [OperationStarted(deployment.name, Operation.MODIFY), done, *self._news(deployment)]

    def _simple(self, operation: Operation, name: str, now_us: int) -> list[Fact | Message]:
        deployment = self.deployments[name]
        self._require_idle(deployment, EVENTS[operation])
        return self._begin(operation, deployment, deployment.settings, now_us)

    def _require_idle(self, deployment: Deployment, event: Event) -> None:
        if deployment.state in RUNNING:
            raise Refused(
                "OPERATION_RUNNING",
                f"gateway {deployment.name} ({CONSOLE_PATH}) is {deployment.state.word}: wait until it is ready",
            )
        try:
            deployment.following(event)
        except IllegalTransition as error:
            raise Refused("ILLEGAL", str(error)) from None

    def _require_way(self, deployment: Deployment, stage: Stage, now_us: int) -> None:
        """Refuse at once what could not even be asked of Azure, so that a service that runs goes on running."""
        found = obstacle(self._design, deployment.settings, stage, now_us, self._conditions)
        if found is not None and found.retry_us is None:
            raise Refused(found.code, f"gateway {deployment.name} ({CONSOLE_PATH}): {found.message}")

    # -- tasks ------------------------------------------------------------------------------------------------------

    def _begin(
        self, operation: Operation, deployment: Deployment, settings: Gateway, now_us: int
    ) -> list[Fact | Message]:
        before, after = self._service(deployment, deployment.settings), self._service(deployment, settings)
        asked_for = stages(operation, before, after)
        if operation is not Operation.CREATE:
            self._require_way(deployment, asked_for[0], now_us)
        low_us, high_us = TOTAL_US[operation]
        who = identity("gateway", deployment.name, operation.value)
        bits = draw(self._seed, who, LASTING, self._ordinal(f"{deployment.name} {operation.value}"))
        lasting_us = within(bits, low_us, high_us)
        self._tasks[deployment.name] = Task(
            operation=operation,
            gateway=deployment.name,
            settings=settings,
            thumbprint=after.thumbprint,
            stages=asked_for,
            started_us=now_us,
            ends_us=now_us + lasting_us,
            act_us=now_us,
        )
        facts: list[Fact | Message] = [OperationStarted(deployment.name, operation)]
        return facts + self._turn(deployment, EVENTS[operation], "")

    def _go_on(self, task: Task, now_us: int) -> list[Fact | Message]:
        """Send and ask as far as there is nothing to wait for."""
        said: list[Fact | Message] = []
        while task.number < len(task.stages):
            stage = task.stages[task.number]
            found = obstacle(self._design, task.settings, stage, now_us, self._conditions) or self._ask(task, now_us)
            if isinstance(found, Failure):
                return said + self._stumble(task, found, now_us)
            task.trouble_us = None
            if isinstance(found, Poll):
                task.poll, task.act_us = found, now_us + POLL_US
                return said
            said += self._pass(task, found)
        if now_us < task.ends_us:
            task.act_us = task.ends_us
            return said
        return said + self._end(task, None, now_us)

    def _stumble(self, task: Task, failure: Failure, now_us: int) -> list[Fact | Message]:
        """Try again later what can pass by itself, until that has lasted too long; give up the rest."""
        task.trouble_us = now_us if task.trouble_us is None else task.trouble_us
        if failure.retry_us is None or now_us - task.trouble_us >= GIVE_UP_US:
            return self._end(task, failure, now_us)
        task.act_us = now_us + max(failure.retry_us, POLL_US)
        return []

    def _pass(self, task: Task, verdict: Verdict) -> list[Fact | Message]:
        """Leave a stage behind, or all that are left when it was enough."""
        stage, made = task.stages[task.number], self._made[task.gateway]
        task.number = len(task.stages) if verdict is Verdict.ENOUGH else task.number + 1
        task.poll = None
        if stage.method == "DELETE" and stage.what in made:
            made.remove(stage.what)
        return self._noted(task, stage) if verdict is Verdict.GO_ON else []

    def _ask(self, task: Task, now_us: int) -> Poll | Failure | Verdict:
        """Send the task's next request, or ask how the one sent stands."""
        stage, made = task.stages[task.number], self._made[task.gateway]
        if task.poll is not None:
            response = self._arm.handle(self._request("GET", task.poll.url, b"", task, now_us), now_us)
            return asked(task.poll, response) or Verdict.GO_ON
        if (stage.what not in made) if stage.method == "DELETE" else (stage.claims and stage.what in made):
            return Verdict.NOTHING_THERE
        request = self._request(stage.method, stage.url, stage.body, task, now_us)
        response = self._arm.handle(request, now_us)
        if task.operation is Operation.DELETE and response.status in (204, 404):
            return Verdict.NOTHING_THERE
        found = begun(request, response)
        if isinstance(found, Failure):
            return _told(stage, found, response.status)
        if stage.effect is Effect.DEPLOYED and stage.what not in made:
            made.append(stage.what)
        if found is None and stage.reading is not None:
            return stage.reading(stage, response)
        return found or Verdict.GO_ON

    def _request(self, method: str, url: str, body: bytes, task: Task, now_us: int) -> Request:
        if task.settings.deployment == "classic":
            headers = {"x-ms-version": ASM_VERSION, "content-type": "application/xml"}
            return Request(method, url, headers, body, task.thumbprint)
        token = self._arm.token(self._design.azure.aad.application, now_us)
        return Request(method, url, {"authorization": f"Bearer {token}", "content-type": "application/json"}, body)

    def _noted(self, task: Task, stage: Stage) -> list[Fact | Message]:
        if stage.effect is Effect.DEPLOYED:
            return [ResourceDeployed(task.gateway, stage.what)]
        return [ResourceRemoved(task.gateway, stage.what)] if stage.effect is Effect.REMOVED else []

    def _end(self, task: Task, failure: Failure | None, now_us: int) -> list[Fact | Message]:
        del self._tasks[task.gateway]
        self._drift.settle(task.gateway)
        deployment, took_us = self.deployments[task.gateway], now_us - task.started_us
        if failure is not None:
            ended = OperationEnded(task.gateway, task.operation, Outcome.FAILED, failure.code, failure.message, took_us)
            return [ended, *self._turn(deployment, Event.FAILED, f"{failure.code}: {failure.message}")]
        deployment.settings = task.settings
        turned = self._turn(deployment, Event.DONE, "")
        deployment.vms = 0 if deployment.state in (State.ABSENT, State.STOPPED) else task.settings.vms
        ended = OperationEnded(task.gateway, task.operation, Outcome.DONE, "", "", took_us)
        reverted = self._drift.end(task.gateway, task.operation)
        return [ended, *reverted, *turned]

    def _turn(self, deployment: Deployment, event: Event, description: str) -> list[Fact | Message]:
        before = deployment.apply(event)
        deployment.description = description
        changed = StatusChanged(deployment.name, before.console, deployment.state.console, description)
        return [changed, *self._news(deployment)]

    def _news(self, deployment: Deployment) -> list[Message]:
        return [Message(listener, GatewayChanged(deployment.name)) for listener in self._listeners]

    # -- what is done past the console ------------------------------------------------------------------------------

    def _follow_azure(self, now_us: int) -> list[Fact | Message]:
        """Let every gateway that nobody works on run the VMs that Azure holds; look closer at the next comparison."""
        said: list[Fact | Message] = []
        for name, deployment in self.deployments.items():
            service = self._service(deployment, deployment.settings)
            if deployment.state is not State.READY or busy(self._arm.cloud.store, service):
                continue
            there = standing(self._arm.cloud.store, service)
            if there.vms != deployment.vms:
                deployment.vms = there.vms
                said += [RunningChanged(name, there.vms), *self._news(deployment)]
        self._drift.look(self._mismatches(), now_us)
        return said

    def _compare(self) -> list[Fact | Message]:
        """Find what was changed past the console since the last comparison."""
        return [*self._drift.compare(self._mismatches(), self.deployments)]

    def _mismatches(self) -> tuple[Mismatch, ...]:
        services = {name: self._service(gateway, gateway.settings) for name, gateway in self.deployments.items()}
        return mismatches(self.deployments, services, self._arm.cloud.store)

    def _take_back(self, gateway: str, now_us: int) -> list[Fact | Message]:
        """Configure a gateway anew after a rebuild, if somebody has changed it past the console."""
        deployment = self.deployments[gateway]
        if deployment.state is not State.READY or deployment.vms in (0, deployment.settings.vms):
            return []
        try:
            begun = self._begin(Operation.SCALE, deployment, deployment.settings, now_us)
        except Refused:
            return []
        self._drift.rebuild(gateway)
        return begun + self._wake_azure()

    # -- Azure ------------------------------------------------------------------------------------------------------

    def _service(self, deployment: Deployment, settings: Gateway) -> Service:
        return service_of(self._design, deployment, settings)

    def _groups(self, service: Service, now_us: int) -> dict[str, str]:
        """Return the resource groups of the subscription as the wizard lists them: region by name in lower case."""
        if unreachable(self._design) is not None:
            return {}
        token = self._arm.token(self._design.azure.aad.application, now_us)
        stage = groups_request(service)
        response = self._arm.handle(Request.of(stage.method, stage.url, token=token), now_us)
        found = (response.json() or {}).get("value", []) if response.status == 200 else []
        return {group["name"].lower(): group["location"] for group in found}

    def _ordinal(self, purpose: str) -> int:
        self._ordinals[purpose] = self._ordinals.get(purpose, -1) + 1
        return self._ordinals[purpose]

    def _wake_azure(self) -> list[Fact | Message]:
        return [Message("arm", "a request was answered")]

    def _furnish(self) -> None:
        """Deploy the gateways that exist at the start, as somebody did long before moment 0.

        Raises:
            Refused: if Azure takes none like it, so that the design contradicts itself.
        """
        long_ago_us = self._arm.cloud.now_us = -DAY
        for name in existing(self._design):
            deployment, moment_us = self.deployments[name], long_ago_us
            service = self._service(deployment, deployment.settings)
            task = Task(
                Operation.CREATE, name, deployment.settings, service.thumbprint,
                stages(Operation.CREATE, service, service), moment_us, moment_us, moment_us,
            )  # fmt: skip
            while task.number < len(task.stages):
                found = self._ask(task, moment_us)
                if isinstance(found, Failure):
                    raise _contradiction(name, found)
                if isinstance(found, Poll):
                    task.poll = found
                    moment_us += POLL_US
                else:
                    self._pass(task, found)
            long_ago_us = moment_us
            deployment.state, deployment.vms = State.READY, deployment.settings.vms
        self._arm.step(0)


def _told(stage: Stage, failure: Failure, status: int) -> Failure:
    """Say what a failure is about, and which kind of name is taken where Azure only speaks of a conflict."""
    taken = status == 409 and stage.taken != "CONFLICT" and ("taken" in failure.message or "already" in failure.message)
    return Failure(stage.taken if taken else failure.code, f"{stage.what}: {failure.message}", failure.retry_us)


def _contradiction(name: str, failure: Failure) -> Refused:
    reason = f"gateways.{name} exists at the start, yet Azure would not take it: {failure.message}"
    return Refused(failure.code, f"{reason}; correct the design, or mark the gateway with planned: true")


def _deployment(design: Design, name: str) -> Deployment:
    gateway = design.gateways[name]
    fqdn = service_fqdn(design, gateway)
    known = "" if isinstance(fqdn, NameProblem) else fqdn
    return Deployment(
        name=name,
        settings=gateway,
        fqdn=known,
        service_name=service_name(known) if known else "",
        site=design.hierarchy.top_level_site() or "",
        application="" if gateway.deployment == "classic" or gateway.planned else design.azure.aad.application,
    )


_ORDERS: dict[str, Callable[[CloudManager, Any, int], list[Fact | Message]]] = {
    "create_gateway": CloudManager._create,
    "scale_gateway": CloudManager._scale,
    "modify_gateway": CloudManager._modify,
    "stop_gateway": lambda manager, name, now_us: manager._simple(Operation.STOP, name, now_us),
    "start_gateway": lambda manager, name, now_us: manager._simple(Operation.START, name, now_us),
    "delete_gateway": lambda manager, name, now_us: manager._simple(Operation.DELETE, name, now_us),
}
