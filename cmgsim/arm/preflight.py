"""What is found out about a deployment before any of it is made.

First Azure Resource Manager looks at what it knows itself: roles, types, api-versions, registrations and regions. Then
the providers look at the resources whose bodies can be worked out already: at names, bodies and quotas. (Source:
"Preflight: Server validation before deployment"; the words are those of public logs.)

Assumption: a resource below one that is not there yet, and whatever a fault does, is not found out beforehand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus

from cmgsim.arm import access, registration, resources, routes
from cmgsim.arm.calls import Call
from cmgsim.arm.catalog import TYPES
from cmgsim.arm.changes import examined
from cmgsim.arm.config import Subscription
from cmgsim.arm.errors import ArmError
from cmgsim.arm.messages import Json
from cmgsim.arm.planning import PUT, Deployment, call_for, scope_of
from cmgsim.arm.quotas import check_cores
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.templates import Item, body_of

_INVALID = "InvalidTemplateDeployment"
#: The provider whose findings stand one level deeper.
_STORAGE = "microsoft.storage"
#: Whose cores they are, in which region, and the deployment model that the message names.
_Pool = tuple[Subscription, str, str]


@dataclass(frozen=True, slots=True)
class _Plan:
    """A resource that is to be made: the request for it, and its group; None if its body is not known yet.

    The group is None too if it is still to be made, or if the resource stands below another.
    """

    item: Item
    call: Call
    group: Resource | None


def require(cloud: Cloud, deployment: Deployment) -> None:
    """Let a deployment pass against which nothing is known.

    Raises:
        ArmError: 400 ``InvalidTemplateDeployment`` with what roles or providers say against it; what ARM itself says,
            alone or as 400 ``MultipleErrorsOccurred``.
    """
    plans = [_plan(cloud, deployment, item) for item in deployment.items]
    if denied := [text for plan in plans for text in _denials(cloud, plan)]:
        raise _denied(denied)
    if found := [problem for plan in plans for problem in _known_to_arm(cloud, plan)]:
        raise found[0] if len(found) == 1 else _several(found)
    if details := _known_to_providers(cloud, plans):
        tracking = cloud.guid("preflight", deployment.id)
        message = (
            f"The template deployment '{deployment.name}' is not valid according to the validation procedure. The "
            f"tracking id is '{tracking}'. See inner errors for details."
        )
        raise ArmError(400, _INVALID, message, details=tuple(details))


def _plan(cloud: Cloud, deployment: Deployment, item: Item) -> _Plan:
    try:
        call = call_for(cloud, deployment, PUT, item, body_of(item, scope_of(cloud, deployment)))
    except ArmError:  # it looks at what is made before it
        return _Plan(item, call_for(cloud, deployment, PUT, item, {}), None)
    is_whole = len(call.target.types) == 1 and call.target.kind.lower() in TYPES
    return _Plan(item, call, cloud.store.get(call.target.scope) if is_whole else None)


def _denials(cloud: Cloud, plan: _Plan) -> Iterator[str]:
    call = plan.call
    action, scope = call.target.action(PUT), call.target.resource_id
    try:
        access.require_action(cloud, call.owner, call.principal, action, scope)
    except ArmError:
        yield (
            f"Authorization failed for template resource '{call.target.name}' of type '{plan.item.kind}'. The client "
            f"'{call.principal.app_id}' with object id '{call.principal.object_id}' does not have permission to "
            f"perform action '{action}' at scope '{scope}'."
        )


def _known_to_arm(cloud: Cloud, plan: _Plan) -> Iterator[ArmError]:
    call = plan.call
    try:
        routes.find(call.request, call.target)
        routes.check_version(call.target, call.version, cloud)
        registration.require(cloud, call.owner, call.target)
        if plan.group is not None:
            resources.location_of(cloud, call, plan.group)
    except ArmError as problem:
        yield problem


def _known_to_providers(cloud: Cloud, plans: list[_Plan]) -> list[Json]:
    details: list[Json] = []
    deeper: list[Json] = []
    wanted: Counter[_Pool] = Counter()
    for plan in plans:
        try:
            wanted.update(_cores(cloud, plan))
        except ArmError as problem:
            is_deeper = plan.call.target.namespace.lower() == _STORAGE
            (deeper if is_deeper else details).append(_detail(problem, plan.call.target.name))
    if deeper:
        message = "Preflight validation failed. Please refer to the details for the specific errors."
        details.append({"code": "PreflightValidationCheckFailed", "message": message, "details": deeper})
    return details + list(_beyond_quota(cloud, wanted))


def _cores(cloud: Cloud, plan: _Plan) -> dict[_Pool, int]:
    """Return how many more cores a resource would take, if its provider takes it at all."""
    if plan.group is None:
        return {}
    kind, before = TYPES[plan.call.target.kind.lower()], cloud.store.get(plan.item.id)
    location = resources.location_of(cloud, plan.call, plan.group)
    draft = examined(cloud, kind, resources.drafted(cloud, plan.call, plan.group, location))
    more = kind.cores(draft) - (before.cores if before else 0)
    return {(plan.call.owner, location, kind.model): more} if more > 0 else {}


def _beyond_quota(cloud: Cloud, wanted: Counter[_Pool]) -> Iterator[Json]:
    for (subscription, region, model), more in wanted.items():
        try:
            check_cores(cloud.store, subscription, region, more, model)
        except ArmError as problem:
            yield {"code": "QuotaExceeded", "message": problem.message}


def _detail(problem: ArmError, target: str) -> Json:
    more = {"details": [dict(detail) for detail in problem.details]} if problem.details else {}
    return {"code": problem.code, "target": target, "message": problem.message, **more}


def _denied(texts: list[str]) -> ArmError:
    if len(texts) == 1:
        return ArmError(400, _INVALID, f"The template deployment failed with error: '{texts[0]}'.")
    return ArmError(400, _INVALID, f"Deployment failed with multiple errors: '{':'.join(texts)}'.")


def _several(found: list[ArmError]) -> ArmError:
    words = ",".join(HTTPStatus(problem.status).phrase.replace(" ", "") for problem in found)
    details = tuple(problem.body()["error"] for problem in found)
    return ArmError(
        400, "MultipleErrorsOccurred", f"Multiple error occurred: {words}. Please see details.", details=details
    )
