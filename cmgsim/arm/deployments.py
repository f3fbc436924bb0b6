"""Deployments of templates into a resource group: what is asked of them (source: "Deployments", REST reference).

A deployment is begun here and carried out by :mod:`cmgsim.arm.engine`. What exists is never deleted by one: the mode is
``Incremental``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from cmgsim.arm import jsonc
from cmgsim.arm.calls import Call
from cmgsim.arm.changes import usable_group
from cmgsim.arm.clouds import ENVIRONMENTS
from cmgsim.arm.errors import ArmError, bad_request, group_not_found, not_modelled
from cmgsim.arm.expressions import Scope, invalid
from cmgsim.arm.identifiers import named_guid
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.state import Cloud
from cmgsim.arm.templates import Item, expand, parameters_of, part
from cmgsim.arm.types import NameRule, object_of, text_of
from cmgsim.arm.views import page

KIND = "Microsoft.Resources/deployments"
WAITING, RUNNING, SUCCEEDED, FAILED, CANCELED = "Waiting", "Running", "Succeeded", "Failed", "Canceled"
#: (source: "Deployment history deletions")
MOST_DEPLOYMENTS = 800
_RETRY_S = 5
_NAME = NameRule(
    re.compile(r"[\w().-]{1,64}"),
    "InvalidDeploymentName",
    "The deployment name '{name}' is not valid: 1 to 64 letters.",
)


@dataclass(frozen=True, slots=True)
class Step:
    """How one resource of a deployment fares."""

    state: str = WAITING
    operation: str = ""
    code: str = ""
    message: str = ""
    began_us: int = 0
    ended_us: int | None = None


@dataclass(slots=True)
class Deployment:
    """A deployment: what it is to do, for whom, and how far it is."""

    id: str
    tenant: str
    principal: str
    version: str
    base: str
    template: Json
    parameters: Json
    items: tuple[Item, ...]
    operation: str
    began_us: int
    correlation: str
    state: str = RUNNING
    ended_us: int | None = None
    steps: dict[str, Step] = field(default_factory=dict)
    outputs: Json = field(default_factory=dict)
    error: Json = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Return the id by which it is found."""
        return self.id.lower()

    @property
    def name(self) -> str:
        """Return its name."""
        return self.id.rpartition("/")[2]


def put(cloud: Cloud, call: Call) -> Answer:
    """Begin a deployment."""
    _NAME.check(call.target.name)
    group = usable_group(cloud, call.owner.id, call.target.group)
    deployment_id = f"{group.id}/providers/{KIND}/{call.target.name}"
    before = cloud.deployments.get(deployment_id.lower())
    if before is not None and before.state == RUNNING:
        message = f"Unable to edit or replace deployment '{call.target.name}': it is active; cancel it or wait."
        raise ArmError(409, "DeploymentActiveAndUneditable", message)
    if before is None and len(_in_group(cloud, group.id)) >= MOST_DEPLOYMENTS:
        message = f"Creating the deployment would exceed the quota of {MOST_DEPLOYMENTS} deployments in the group."
        raise ArmError(409, "DeploymentQuotaExceeded", message)
    deployment = _planned(cloud, call, deployment_id)
    operation = Operation(
        cloud.guid("operation", deployment_id), deployment_id, KIND, "deployment", (), cloud.now_us, "", _RETRY_S
    )
    deployment.operation = cloud.operations.keep(operation).id
    cloud.deployments[deployment.key] = deployment
    cloud.under_way[deployment.key] = None
    link = call.link(f"{deployment_id}/operationStatuses/{operation.id}")
    return Answer(201, show(cloud, deployment), {"Azure-AsyncOperation": link, "Retry-After": str(_RETRY_S)})


def get(cloud: Cloud, call: Call) -> Answer:
    """Show a deployment."""
    return Answer(200, show(cloud, _deployment(cloud, call)))


def head(cloud: Cloud, call: Call) -> Answer:
    """Say whether there is such a deployment."""
    return Answer(204 if call.target.resource_id.lower() in cloud.deployments else 404)


def delete(cloud: Cloud, call: Call) -> Answer:
    """Forget a deployment; what it made stays."""
    deployment = cloud.deployments.get(call.target.resource_id.lower())
    if deployment is None:
        return Answer(204)
    if deployment.state == RUNNING:
        message = f"The deployment '{deployment.name}' is active; cancel it or wait."
        raise ArmError(409, "DeploymentActiveAndUneditable", message)
    del cloud.deployments[deployment.key]
    return Answer(204)


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the deployments of a group."""
    if call.target.scope not in cloud.store:
        raise group_not_found(call.target.group)
    return page(call, (show(cloud, known) for known in _in_group(cloud, call.target.scope)), cloud.config.page_size)


def cancel(cloud: Cloud, call: Call) -> Answer:
    """Cancel a deployment; what it has begun goes on, what waits is never begun."""
    deployment = _deployment(cloud, call)
    if deployment.state != RUNNING:
        message = f"The deployment '{deployment.name}' cannot be canceled: it is in the state '{deployment.state}'."
        raise ArmError(409, "DeploymentCannotBeCancelled", message)
    deployment.state, deployment.ended_us = CANCELED, cloud.now_us
    cloud.operations.cancel(deployment.operation, cloud.now_us)
    del cloud.under_way[deployment.key]
    return Answer(204)


def validate(cloud: Cloud, call: Call) -> Answer:
    """Say whether a template could be deployed; nothing is made.

    Raises:
        ArmError: 400 ``InvalidTemplate`` if it could not.
    """
    usable_group(cloud, call.owner.id, call.target.group)
    deployment = _planned(cloud, call, f"{call.target.scope}/providers/{KIND}/{call.target.name}")
    deployment.state, deployment.ended_us = SUCCEEDED, cloud.now_us
    return Answer(200, show(cloud, deployment))


def what_if(cloud: Cloud, call: Call) -> Answer:
    """Say which resources a deployment would create, and which it would write again."""
    usable_group(cloud, call.owner.id, call.target.group)
    deployment = _planned(cloud, call, f"{call.target.scope}/providers/{KIND}/{call.target.name}")
    changes = [
        {"resourceId": item.id, "changeType": "Deploy" if item.id in cloud.store else "Create"}
        for item in deployment.items
    ]
    return Answer(
        200, {"status": SUCCEEDED, "properties": {"correlationId": deployment.correlation, "changes": changes}}
    )


def export(cloud: Cloud, call: Call) -> Answer:
    """Show the template of a deployment."""
    return Answer(200, {"template": _deployment(cloud, call).template})


def list_operations(cloud: Cloud, call: Call) -> Answer:
    """List what a deployment has done so far, resource by resource."""
    key = f"{call.target.scope}/providers/{KIND}/{call.target.names[0]}".lower()
    deployment = cloud.deployments.get(key)
    if deployment is None:
        raise _not_found(call.target.names[0])
    begun = [item for item in deployment.items if deployment.steps[item.key].state != WAITING]
    return page(call, (_show_step(cloud, deployment, item) for item in begun), cloud.config.page_size)


def scope_of(cloud: Cloud, deployment: Deployment) -> Scope:
    """Return what the expressions of a deployment are worked out with; what is deployed cannot be looked at yet."""
    words = deployment.id.split("/")
    subscription, group = cloud.subscription(words[2].lower()), cloud.store.get("/".join(words[:5]))
    assert subscription is not None, deployment.id
    assert group is not None, deployment.id
    environment = ENVIRONMENTS[subscription.environment]
    facts: Json = {
        "resourceGroup": {"id": group.id, "name": group.name, "location": group.location, "tags": group.tags},
        "subscription": {
            "id": f"/subscriptions/{subscription.id}",
            "subscriptionId": subscription.id,
            "tenantId": deployment.tenant,
            "displayName": subscription.name,
        },
        "tenant": {"tenantId": deployment.tenant},
        "deployment": {"name": deployment.name, "properties": {"mode": "Incremental"}},
        "environment": {
            "name": environment.title,
            "resourceManager": f"{environment.resource_manager}/",
            "suffixes": {"storage": environment.storage_suffix, "keyvaultDns": f".{environment.vault_suffix}"},
        },
        "utcNow": f"{cloud.iso(deployment.began_us)[:19]}Z",
    }
    variables = part(deployment.template, "variables")
    return Scope(dict(deployment.parameters), variables, facts, _too_early, _too_early)


def show(cloud: Cloud, deployment: Deployment) -> Json:
    """Return a deployment as ARM shows it; secure parameters are left out."""
    declared = part(deployment.template, "parameters")
    properties: Json = {
        "provisioningState": deployment.state,
        "mode": "Incremental",
        "timestamp": cloud.iso(deployment.began_us if deployment.ended_us is None else deployment.ended_us),
        "correlationId": deployment.correlation,
        "templateHash": str(int(named_guid(repr(deployment.template))[:8], 16)),
        "parameters": {
            name: {"type": declared[name]["type"], "value": value}
            for name, value in deployment.parameters.items()
            if not str(declared[name]["type"]).lower().startswith("secure")
        },
        "dependencies": [
            {"id": item.id, "dependsOn": [{"id": key} for key in item.depends]}
            for item in deployment.items
            if item.depends
        ],
    }
    if deployment.state == SUCCEEDED:
        properties |= {"outputs": deployment.outputs, "outputResources": [{"id": item.id} for item in deployment.items]}
    if deployment.error:
        properties["error"] = deployment.error
    return {"id": deployment.id, "name": deployment.name, "type": KIND, "properties": properties}


def _planned(cloud: Cloud, call: Call, deployment_id: str) -> Deployment:
    """Return a deployment whose template and parameters are in order."""
    properties = object_of(_document(call), "properties")
    if text_of(properties, "mode", "Incremental").lower() != "incremental":
        raise not_modelled(f"The deployment mode '{properties['mode']}'")
    template = properties.get("template")
    if not isinstance(template, dict):
        raise invalid("the property 'template' must be an object")
    correlation = cloud.guid("deployment", deployment_id)
    deployment = Deployment(
        id=deployment_id,
        tenant=call.tenant,
        principal=call.principal.object_id,
        version=call.version,
        base=call.base,
        template=template,
        parameters={},
        items=(),
        operation="",
        began_us=cloud.now_us,
        correlation=correlation,
    )
    scope = scope_of(cloud, deployment)
    deployment.parameters = parameters_of(template, object_of(properties, "parameters"), scope)
    deployment.items = expand(template, scope)
    deployment.steps = {item.key: Step() for item in deployment.items}
    return deployment


def _document(call: Call) -> Json:
    """Read the body, as JSON or as templates are written.

    Raises:
        ArmError: 400 ``InvalidRequestContent`` if it is neither.
    """
    try:
        return call.document()
    except ArmError as problem:
        try:
            document = jsonc.read(call.request.body.decode())
        except (ValueError, RecursionError):
            raise problem from None
    if not isinstance(document, dict):
        raise bad_request("InvalidRequestContent", f"An object is required, not {document!r}.")
    return document


def _in_group(cloud: Cloud, group: str) -> list[Deployment]:
    start = f"{group}/providers/{KIND}/".lower()
    return [known for key, known in cloud.deployments.items() if key.startswith(start)]


def _deployment(cloud: Cloud, call: Call) -> Deployment:
    deployment = cloud.deployments.get(call.target.resource_id.lower())
    if deployment is None:
        raise _not_found(call.target.names[0])
    return deployment


def _not_found(name: str) -> ArmError:
    return ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")


def _show_step(cloud: Cloud, deployment: Deployment, item: Item) -> Json:
    step = deployment.steps[item.key]
    number = named_guid("step", deployment.correlation, item.key).replace("-", "")[:16].upper()
    properties: Json = {
        "provisioningOperation": "Create",
        "provisioningState": step.state,
        "timestamp": cloud.iso(step.began_us if step.ended_us is None else step.ended_us),
        "targetResource": {"id": item.id, "resourceType": item.kind, "resourceName": item.id.rpartition("/")[2]},
        "statusCode": "Conflict" if step.code else "OK",
    }
    if step.code:
        properties["statusMessage"] = {"error": {"code": step.code, "message": step.message}}
    return {"id": f"{deployment.id}/operations/{number}", "operationId": number, "properties": properties}


def _too_early(*arguments: Any) -> Any:
    raise invalid("'reference' and 'listKeys' cannot stand in names, conditions, loops, parameters and variables")


def ended(step: Step, state: str, now_us: int, code: str = "", message: str = "") -> Step:
    """Return a step as it is when it has ended."""
    return replace(step, state=state, ended_us=now_us, code=code, message=message)
