"""The fake Azure Resource Manager: one request in, one response out, at a moment that the caller names.

Theory of operation: nothing in here waits, reads a clock or does input or output. ``handle`` first lets everything
happen that is due, then answers at once; what takes time becomes an operation that later moments advance. All state
is plain data in one :class:`cmgsim.arm.state.Cloud`, so that a deep copy of a service at any time goes on exactly as
the original would.

A request passes, in this order: directory, api-version, token, subscription, roles, limits on requests, locks,
registration, handler; then headers are added and the activity log is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from cmgsim.arm import access, activity, asm, directory, engine, locks, registration, routes
from cmgsim.arm.calls import Call
from cmgsim.arm.clouds import ENVIRONMENTS, RegionState
from cmgsim.arm.config import ArmConfig, Principal, Subscription, SubscriptionState
from cmgsim.arm.effects import advance
from cmgsim.arm.errors import (
    ArmError,
    invalid_api_version,
    invalid_subscription_id,
    missing_api_version,
    subscription_disabled,
    subscription_not_found,
)
from cmgsim.arm.events import RegionChanged, RequestRefused
from cmgsim.arm.identifiers import group_id, guid, http_date
from cmgsim.arm.messages import Answer, Request, Response
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import GROUP_TYPE, Resource
from cmgsim.arm.targets import Target, parse
from cmgsim.facts import Fact

_VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-[A-Za-z0-9]+)?", re.ASCII)
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_OFFERED = ("2014-04-01", "2019-06-01")
_READS = ("GET", "HEAD")
_FIXED = {
    "Cache-Control": "no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}


class ArmService:
    """A cloud that answers requests.

    ``due`` and ``step`` make it a component of a simulation: it acts by itself when operations turn.
    """

    name = "arm"

    def __init__(self, config: ArmConfig, seed: int) -> None:
        self.cloud = Cloud.of(config, seed)
        for subscription in config.subscriptions:
            self._furnish(subscription)

    def handle(self, request: Request, now_us: int) -> Response:
        """Answer a request at a moment, which is never before that of the last."""
        advance(self.cloud, now_us, engine.go_on)
        self.cloud.requests += 1
        if asm.answers(request):
            return asm.handle(self.cloud, request)
        headers: dict[str, str] = {}
        answer = self._answer(request, headers)
        engine.go_on(self.cloud)
        return self._response(request, answer, headers)

    def due(self) -> int | None:
        """Return the next moment at which something happens by itself, or events wait to be taken; None if never."""
        return self.cloud.now_us if self.cloud.events else self.cloud.operations.due()

    def step(self, now_us: int) -> list[Fact]:
        """Let everything happen that is due; return what happened since the last step, in order."""
        advance(self.cloud, now_us, engine.go_on)
        happened, self.cloud.events = self.cloud.events, []
        return happened

    def token(self, principal: str, now_us: int) -> str:
        """Return a bearer token for a principal by name or id, good for an hour from a moment.

        Raises:
            UnknownName: if there is no such principal.
        """
        advance(self.cloud, now_us, engine.go_on)
        tenant, known = self.cloud.config.find_principal(principal)
        return directory.token_for(self.cloud, tenant, known, ENVIRONMENTS["public"].audience)

    def set_region(self, region: str, state: RegionState, now_us: int) -> None:
        """Let a region go up or down at a moment.

        Raises:
            UnknownName: if there is no such region.
        """
        advance(self.cloud, now_us, engine.go_on)
        self.cloud.set_region(region, state)
        self.cloud.events.append(RegionChanged(region, state.value))

    def _furnish(self, subscription: Subscription) -> None:
        for namespace in subscription.registered:
            self.cloud.registrations[subscription.id, namespace.lower()] = registration.REGISTERED
        for group in subscription.groups:
            body = {"tags": dict(group.tags)} if group.tags else {}
            self.cloud.create(Resource(group_id(subscription.id, group.name), GROUP_TYPE, group.region, body))
        self.cloud.events.clear()

    def _answer(self, request: Request, headers: dict[str, str]) -> Answer:
        if directory.answers(request):
            return directory.answer(self.cloud, request)
        call: Call | None = None
        try:
            call = self._admit(request)
            headers |= self._throttle(call)
            answer = self._serve(call)
        except ArmError as problem:
            answer = Answer(problem.status, problem.body(), problem.headers)
            self._refused(request, call, problem)
        if call is not None and request.method not in _READS:
            activity.note(self.cloud, call, answer, self._correlation(request))
        return answer

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
        if not _GUID.fullmatch(target.subscription):
            raise invalid_subscription_id(target.subscription)
        subscription = self.cloud.subscription(target.subscription)
        if subscription is None:
            raise subscription_not_found(target.subscription)
        access.require_tenant(self.cloud, subscription, tenant)
        return subscription

    def _throttle(self, call: Call) -> dict[str, str]:
        object_id, subscription = call.principal.object_id, call.subscription.id if call.subscription else ""
        method, namespace = call.request.method, call.target.namespace.lower()
        headers = self.cloud.throttle.admit(method, subscription, object_id, call.now_us)
        if namespace and subscription:
            self.cloud.throttle.admit_to_provider(method, namespace, subscription, call.now_us)
        return headers

    def _serve(self, call: Call) -> Answer:
        handler = routes.find(call.request, call.target)
        if call.subscription is not None and call.request.method not in _READS:
            if call.subscription.state is SubscriptionState.DISABLED:
                raise subscription_disabled(call.subscription.id)
            locks.require_free(self.cloud, call)
            registration.require(self.cloud, call.subscription, call.target)
        return handler(self.cloud, call)

    def _refused(self, request: Request, call: Call | None, problem: ArmError) -> None:
        if request.method not in _READS or problem.status == 429:
            principal: Principal | None = call.principal if call else None
            who = principal.object_id if principal else ""
            event = RequestRefused(request.method, request.path, who, problem.status, problem.code)
            self.cloud.events.append(event)

    def _response(self, request: Request, answer: Answer, extra: Mapping[str, str]) -> Response:
        start, now_us = self.cloud.config.start, self.cloud.now_us
        number = self._guid("request")
        headers = {
            **_FIXED,
            "Date": http_date(start, now_us),
            "x-ms-request-id": number,
            "x-ms-correlation-request-id": self._correlation(request),
            "x-ms-routing-request-id": f"EASTUS:{re.sub('[-:]', '', self.cloud.iso(now_us)[:19])}Z:{number}",
            **extra,
            **answer.headers,
        }
        if request.header("x-ms-return-client-request-id").lower() == "true":
            headers["x-ms-client-request-id"] = request.header("x-ms-client-request-id")
        if answer.document is None or request.method == "HEAD" or answer.status == 204:
            return Response(answer.status, headers)
        headers["Content-Type"] = "application/json; charset=utf-8"
        return Response(answer.status, headers, json.dumps(answer.document).encode())

    def _correlation(self, request: Request) -> str:
        return request.header("x-ms-correlation-request-id") or self._guid("correlation")

    def _guid(self, purpose: str) -> str:
        return guid(self.cloud.seed, purpose, "service", self.cloud.requests)
