"""Carrying deployments out: every resource whose predecessors are there is put, as its owner could have put it.

Theory of operation: a deployment never acts by itself. It goes on when a request has been answered and when an
operation has ended, which is whenever something that it waits for may have come. What fails does not stop what is under
way, but nothing that depends on it begins (source: "Define the order for deploying resources in ARM templates").
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from cmgsim.arm import access, locks, registration, routes, strikes
from cmgsim.arm.calls import Call
from cmgsim.arm.catalog import TYPES
from cmgsim.arm.denials import IN_DEPLOYMENTS
from cmgsim.arm.errors import ArmError
from cmgsim.arm.expressions import Scope, evaluate, invalid, repeated
from cmgsim.arm.functions import FUNCTIONS
from cmgsim.arm.messages import Json
from cmgsim.arm.planning import (
    COMPLETE,
    DELETE,
    FAILED,
    PUT,
    RUNNING,
    SUCCEEDED,
    WAITING,
    Deployment,
    Step,
    call_for,
    ended,
    others,
    scope_of,
)
from cmgsim.arm.providers.storage import keys
from cmgsim.arm.state import Cloud
from cmgsim.arm.templates import Item, body_of, part
from cmgsim.arm.views import show

_MESSAGE = (
    "At least one resource deployment operation failed. Please list deployment operations for details. Please see "
    "https://aka.ms/arm-deployment-operations for usage details."
)


def go_on(cloud: Cloud) -> None:
    """Carry every deployment as far as it goes now."""
    moved = bool(cloud.under_way)
    while moved:
        moved = False
        for deployment in [cloud.deployments.get(key) for key in cloud.under_way]:
            assert deployment is not None, "what is under way is known"
            moved = _go_on(cloud, deployment) or moved


def _go_on(cloud: Cloud, deployment: Deployment) -> bool:
    """Carry one deployment on; say whether anything about it has changed."""
    before = dict(deployment.steps)
    for key, step in before.items():
        if step.state == RUNNING:
            deployment.steps[key] = _looked_at(cloud, step)
    for item in deployment.items:
        if deployment.steps[item.key].state == WAITING and _is_ready(deployment, item):
            deployment.steps[item.key] = _issue(cloud, deployment, item)
    states = [step.state for step in deployment.steps.values()]
    if RUNNING not in states and not _any_ready(deployment) and not _clear_away(cloud, deployment):
        _end(cloud, deployment)
    return deployment.steps != before or deployment.state != RUNNING


def _clear_away(cloud: Cloud, deployment: Deployment) -> bool:
    """Plan the deletion of what a complete deployment does not name; say whether there is anything to be deleted."""
    if deployment.mode != COMPLETE or deployment.cleared:
        return False
    if any(step.state != SUCCEEDED for step in deployment.steps.values()):
        return False
    deployment.cleared = True
    doomed = [
        Item(resource.id, resource.type, TYPES[resource.type.lower()].first_api, {})
        for resource in others(cloud, deployment)
    ]
    deployment.items += tuple(doomed)
    deployment.steps |= {item.key: Step(verb=DELETE) for item in doomed}
    return bool(doomed)


def _is_ready(deployment: Deployment, item: Item) -> bool:
    return all(deployment.steps[key].state == SUCCEEDED for key in item.depends)


def _any_ready(deployment: Deployment) -> bool:
    waiting = (item for item in deployment.items if deployment.steps[item.key].state == WAITING)
    return any(_is_ready(deployment, item) for item in waiting)


def _looked_at(cloud: Cloud, step: Step) -> Step:
    operation = cloud.operations.get(step.operation)
    if operation is None or operation.running:
        return step
    state = SUCCEEDED if operation.status == SUCCEEDED else FAILED
    return ended(step, state, cloud.now_us, code=operation.code, message=operation.message)


def _issue(cloud: Cloud, deployment: Deployment, item: Item) -> Step:
    """Put a resource on behalf of whoever deploys, or delete it."""
    step = replace(deployment.steps[item.key], state=RUNNING, began_us=cloud.now_us)
    try:
        document = body_of(item, _late_scope(cloud, deployment)) if step.verb == PUT else None
        call = call_for(cloud, deployment, step.verb, item, document)
        _require(cloud, call)
        routes.find(call.request, call.target)(cloud, call)
    except ArmError as problem:
        return ended(step, FAILED, cloud.now_us, code=problem.code, message=problem.message, details=problem.details)
    resource, inner = cloud.store.get(item.id), cloud.deployments.get(item.key)
    operation = resource.operation if resource else inner.operation if inner else ""
    return replace(step, operation=operation) if operation else ended(step, SUCCEEDED, cloud.now_us)


def _require(cloud: Cloud, call: Call) -> None:
    """Let a resource pass that the deployer may write himself."""
    target = call.target
    action = target.action(call.request.method)
    access.require_action(cloud, call.owner, call.principal, action, target.resource_id)
    if cloud.faults.active:
        strikes.refuse(cloud, call, IN_DEPLOYMENTS)
    routes.check_version(target, call.version, cloud)
    locks.require_free(cloud, call)
    registration.require(cloud, call.owner, target)


def _end(cloud: Cloud, deployment: Deployment) -> None:
    failed = [step for step in deployment.steps.values() if step.state == FAILED]
    details = [step.error for step in failed]
    if not failed:
        try:
            deployment.outputs = _outputs(cloud, deployment)
        except ArmError as problem:
            details = [{"code": problem.code, "message": problem.message}]
    deployment.state = FAILED if details else SUCCEEDED
    deployment.ended_us = cloud.now_us
    del cloud.under_way[deployment.key]
    if details:
        deployment.error = {"code": "DeploymentFailed", "message": _MESSAGE, "details": details}
    operation = cloud.operations.get(deployment.operation)
    if operation is not None:
        code, message = ("DeploymentFailed", _MESSAGE) if details else ("", "")
        cloud.operations.finish(operation, deployment.state, cloud.now_us, code, message)


def _outputs(cloud: Cloud, deployment: Deployment) -> Json:
    scope = _late_scope(cloud, deployment)
    return {
        name: {"type": written.get("type", "String"), "value": _output(written, scope)}
        for name, written in part(deployment.template, "outputs").items()
        if isinstance(written, dict) and evaluate(written.get("condition", True), scope, FUNCTIONS) is True
    }


def _output(written: Json, scope: Scope) -> Any:
    loop = written.get("copy")
    return (
        repeated(loop, "", scope, FUNCTIONS)
        if isinstance(loop, dict) and "input" in loop
        else (evaluate(written.get("value"), scope, FUNCTIONS))
    )


def _late_scope(cloud: Cloud, deployment: Deployment) -> Scope:
    """Return what expressions are worked out with once resources are there to look at."""

    def reference(word: str, full: str) -> Any:
        inner = cloud.deployments.get(_id_of(deployment, word).lower())
        if inner is not None:
            return {"outputs": inner.outputs, "provisioningState": inner.state}
        resource = cloud.store.get(_id_of(deployment, word))
        kind = TYPES.get(resource.type.lower()) if resource else None
        if resource is None or kind is None:
            raise invalid(f"the resource '{word}' could not be found")
        document = show(cloud, kind, resource)
        return document if full.lower() == "full" else document["properties"]

    def list_keys(word: str) -> Any:
        resource = cloud.store.get(_id_of(deployment, word))
        if resource is None or not resource.type.lower().endswith("storage/storageaccounts"):
            raise invalid(f"the resource '{word}' has no keys or could not be found")
        return {"keys": keys(cloud, resource)}

    scope = scope_of(cloud, deployment)
    scope.reference, scope.list_keys = reference, list_keys
    return scope


def _id_of(deployment: Deployment, word: str) -> str:
    """Return the id that a word means: itself, or that of the one resource of the template with this name."""
    if word.startswith("/"):
        return word
    end = f"/{word.lower()}"
    return next((item.id for item in deployment.items if item.key.endswith(end)), word)
