"""The fake Azure Resource Manager: one request in, one response out, at a moment that the caller names.

Theory of operation: nothing in here waits, reads a clock or does input or output. ``handle`` first lets everything
happen that is due, then answers at once; what takes time becomes an operation that later moments advance. All state
is plain data in one :class:`cmgsim.arm.state.Cloud`, so that a deep copy of a service at any time goes on exactly as
the original would.

A request passes, in this order: directory, api-version, token, subscription, roles, limits on requests, locks,
registration, handler; then headers are added and the activity log is written.
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from cmgsim.arm import (
    access,
    activity,
    asm,
    conflicts,
    directory,
    engine,
    locks,
    outside,
    registration,
    routes,
    strikes,
)
from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import ENVIRONMENTS, RegionState
from cmgsim.arm.config import ArmConfig, Principal, Subscription, SubscriptionState
from cmgsim.arm.dataplane import front, secrets
from cmgsim.arm.effects import advance, next_us, over
from cmgsim.arm.envelope import correlation, wrap
from cmgsim.arm.errors import (
    ArmError,
    invalid_api_version,
    invalid_subscription_id,
    missing_api_version,
    subscription_disabled,
    subscription_not_found,
)
from cmgsim.arm.events import FaultStruck, RegionChanged, RequestRefused
from cmgsim.arm.faults import Fault, Point
from cmgsim.arm.identifiers import group_id
from cmgsim.arm.messages import Answer, Request, Response
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import GROUP_TYPE, Resource
from cmgsim.arm.targets import Target, parse
from cmgsim.arm.throttle import LIST
from cmgsim.arm.types import Handler
from cmgsim.errors import UnknownName
from cmgsim.facts import Fact

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-[A-Za-z0-9]+)?", re.ASCII)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OFFERED = ("2014-04-01", "2019-06-01")
_READS = ("GET", "HEAD")
#: The namespaces that Azure Resource Manager answers for itself.
_OWN = ("", "microsoft.resources", "microsoft.authorization")


class ArmService:
    """A cloud that answers requests.

    ``due`` and ``step`` make it a component of a simulation: it acts by itself when operations turn.
    """

    name = "arm"

    def __init__(self, config: ArmConfig, seed: int) -> None:
        self.cloud = Cloud.of(config, seed)
        for subscription in config.subscriptions:
            self._furnish(subscription)
        for fault in config.faults:
            self.add_fault(fault, 0)

    def handle(self, request: Request, now_us: int) -> Response:
        """Answer a request at a moment, which is never before that of the last."""
        self._advance(now_us)
        self.cloud.requests += 1
        if not self.cloud.faults.active:
            return self._respond(request)
        lost = strikes.at_the_door(self.cloud, request)
        return lost or strikes.on_the_way_back(self.cloud, request, self._respond(request))

    def due(self) -> int | None:
        """Return the next moment at which something happens by itself, or events wait to be taken; None if never."""
        return self.cloud.now_us if self.cloud.events else next_us(self.cloud)

    def step(self, now_us: int) -> list[Fact]:
        """Let everything happen that is due; return what happened since the last step, in order."""
        self._advance(now_us)
        happened, self.cloud.events = self.cloud.events, []
        return happened

    def token(self, principal: str, now_us: int) -> str:
        """Return a bearer token for a principal by name or id, good for an hour from a moment.

        The directory is not asked: this is the token of somebody who has one. :meth:`sign_in` asks it.

        Raises:
            UnknownName: if there is no such principal.
        """
        self._advance(now_us)
        tenant, known = self.cloud.config.find_principal(principal)
        return directory.token_for(self.cloud, tenant, known, ENVIRONMENTS["public"].audience)

    def sign_in(self, principal: str, now_us: int, scope: str = "") -> Response:
        """Ask the directory for a token with a principal's secret; return its answer, as an application gets it.

        ``scope`` says whom the token is for; Azure Resource Manager if it is left out. It does not count as a request,
        so that the ids of requests are the same whoever signs in how often.

        Raises:
            UnknownName: if there is no such principal.
        """
        tenant, known = self.cloud.config.find_principal(principal)
        environment = ENVIRONMENTS["public"]
        form = {"grant_type": "client_credentials", "client_id": known.app_id, "client_secret": known.secret}
        body = urlencode(form | {"scope": scope or f"{environment.audience}/.default"}).encode()
        request, count = (
            Request("POST", f"{environment.login}/{tenant.id}/oauth2/v2.0/token", {}, body),
            self.cloud.requests,
        )
        response = self.handle(request, now_us)
        self.cloud.requests = count
        return response

    def add_fault(self, fault: Fault, now_us: int) -> None:
        """Let something go wrong, in its window but not before a moment.

        Raises:
            ValueError: if a fault of its name is there already.
            UnknownName: if it is about a region or by a principal that is not there.
        """
        self._advance(now_us)
        if fault.point is Point.REGION and fault.match.region not in self.cloud.regions:
            raise UnknownName("region", fault.match.region, self.cloud.regions)
        if fault.point is Point.PORTAL_CHANGE and fault.text("principal"):
            self.cloud.config.find_principal(fault.text("principal"))
        self.cloud.faults.add(fault)
        self._advance(now_us)

    def remove_fault(self, fault: Fault | str, now_us: int) -> None:
        """Let a fault be over from a moment on, by itself or by its name; one that is over already stays so.

        Raises:
            UnknownName: if there never was such a fault.
        """
        self._advance(now_us)
        ended = self.cloud.faults.remove(fault if isinstance(fault, str) else fault.name)
        if ended is not None:
            over(self.cloud, ended)

    def set_region(self, region: str, state: RegionState, now_us: int) -> None:
        """Let a region go up or down at a moment.

        Raises:
            UnknownName: if there is no such region.
        """
        self._advance(now_us)
        self.cloud.set_region(region, state)
        self.cloud.events.append(RegionChanged(region, state.value))

    def _advance(self, now_us: int) -> None:
        advance(self.cloud, now_us, engine.go_on, self._act)

    def _act(self, cloud: Cloud, fault: Fault, ordinal: int) -> None:
        if fault.point is Point.PORTAL_CHANGE:
            self._change_in_portal(fault)
        else:
            outside.act(cloud, fault, ordinal)
        engine.go_on(cloud)

    def _change_in_portal(self, fault: Fault) -> None:
        """Let somebody send a request who is not one of those who ask."""
        path, cloud = fault.match.resource, self.cloud
        grants = [grant.principal for known in cloud.config.subscriptions for grant in known.grants]
        tenant, principal = cloud.config.find_principal(fault.text("principal") or grants[0])
        token = directory.token_for(cloud, tenant, principal, ENVIRONMENTS["public"].audience)
        url, headers = f"{path}?api-version={fault.text('version')}", {"authorization": f"Bearer {token}"}
        request = Request(fault.text("method"), url, headers, fault.text("body").encode())
        cloud.requests += 1
        cloud.events.append(FaultStruck(fault.name, fault.point.value, path))
        self._answer(request, {})

    def _furnish(self, subscription: Subscription) -> None:
        for namespace in subscription.registered:
            self.cloud.registrations[subscription.id, namespace.lower()] = registration.REGISTERED
        for group in subscription.groups:
            body = {"tags": dict(group.tags)} if group.tags else {}
            self.cloud.create(Resource(group_id(subscription.id, group.name), GROUP_TYPE, group.region, body))
        self.cloud.events.clear()

    def _respond(self, request: Request) -> Response:
        if asm.answers(request):
            return asm.handle(self.cloud, request)
        if front.answers(self.cloud, request):
            return front.handle(self.cloud, request)
        if secrets.answers(request):
            return secrets.handle(self.cloud, request)
        headers: dict[str, str] = {}
        answer = self._answer(request, headers)
        engine.go_on(self.cloud)
        return wrap(self.cloud, request, answer, headers)

    def _answer(self, request: Request, headers: dict[str, str]) -> Answer:
        if directory.answers(request):
            return self._sign_in(request)
        call: Call | None = None
        handler: Handler | None = None
        try:
            call = self._admit(request)
            if (known := conflicts.known(self.cloud, call)) is not None:
                return known
            if self.cloud.faults.active:
                strikes.refuse(self.cloud, call)
            headers |= self._throttle(call)
            handler = self._ready(call)
            answer = handler(self.cloud, call)
        except ArmError as problem:
            if handler is None or (call is not None and call.target.namespace.lower() in _OWN):
                headers["x-ms-failure-cause"] = "gateway"
            answer = Answer(problem.status, problem.body(), problem.headers)
            conflicts.note(self.cloud, call, answer)
            self._refused(request, call, problem)
        if call is not None and request.method not in _READS:
            activity.note(self.cloud, call, answer, correlation(self.cloud, request))
        return answer

    def _sign_in(self, request: Request) -> Answer:
        if not (self.cloud.faults.active and directory.issues(request)):
            return directory.answer(self.cloud, request)
        try:
            return directory.answer(self.cloud, strikes.signing_in(self.cloud, request))
        except ArmError as problem:
            return directory.refusal(self.cloud, problem)

    def _admit(self, request: Request) -> Call:
        """Find out what a request is about and whether its caller may ask it."""
        target = parse(request.path)
        self._check_version(request, target)
        tenant, principal = access.authenticate(self.cloud, request)
        subscription = self._subscription(target, tenant)
        base = request.base or ENVIRONMENTS[subscription.environment if subscription else "public"].resource_manager
        call = Call(request, target, tenant, principal, subscription, base, self.cloud.now_us)
        if subscription is not None:
            scope = target.resource_id if target.is_instance or target.namespace else target.scope
            access.require_action(self.cloud, subscription, principal, target.action(request.method), scope)
        return call

    def _check_version(self, request: Request, target: Target) -> None:
        version = request.query.get("api-version", "")
        if not version:
            raise missing_api_version()
        if not _VERSION.fullmatch(version):
            raise invalid_api_version(version, _OFFERED)
        routes.check_version(target, version, self.cloud)

    def _subscription(self, target: Target, tenant: str) -> Subscription | None:
        if not target.subscription:
            return None
        subscription = self.cloud.subscription(target.subscription)
        if subscription is None and not _GUID.fullmatch(target.subscription):
            raise invalid_subscription_id(target.subscription)
        if subscription is None:
            raise subscription_not_found(target.subscription)
        access.require_tenant(self.cloud, subscription, tenant)
        return subscription

    def _throttle(self, call: Call) -> dict[str, str]:
        object_id, subscription = call.principal.object_id, call.subscription.id if call.subscription else ""
        method, namespace = call.request.method, call.target.namespace.lower()
        headers = self.cloud.throttle.admit(method, subscription, object_id, call.now_us)
        if namespace and subscription:
            asked = LIST if method == "GET" and not call.target.is_instance else method
            kind = call.target.types[0].lower()
            headers |= self.cloud.throttle.admit_to_provider(asked, namespace, kind, subscription, call.now_us)
        return headers

    def _ready(self, call: Call) -> Handler:
        """Return who answers a request, once nothing stands against asking him."""
        handler = routes.find(call.request, call.target)
        if call.subscription is not None and call.request.method not in _READS:
            if call.subscription.state is SubscriptionState.DISABLED:
                raise subscription_disabled(call.subscription.id)
            locks.require_free(self.cloud, call)
            registration.require(self.cloud, call.subscription, call.target)
        return handler

    def _refused(self, request: Request, call: Call | None, problem: ArmError) -> None:
        if request.method not in _READS or problem.status == 429:
            principal: Principal | None = call.principal if call else None
            who = principal.object_id if principal else ""
            event = RequestRefused(request.method, request.path, who, problem.status, problem.code)
            self.cloud.events.append(event)
