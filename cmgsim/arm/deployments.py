"""Deployments of templates into a resource group or a subscription: what is asked of them.

Source: "Deployments", REST reference; "Azure Resource Manager deployment modes".

A deployment is begun here and carried out by :mod:`cmgsim.arm.engine`. In the mode ``Complete`` it deletes what is in
its group and not in its template, once all of that has been made.
"""

from __future__ import annotations

import json
import re

from cmgsim.arm import preflight, whatif
from cmgsim.arm.calls import Call
from cmgsim.arm.errors import ArmError, group_not_found
from cmgsim.arm.identifiers import named_guid
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.operations import Operation
from cmgsim.arm.planning import (
    CANCELED,
    COMPLETE,
    DELETE,
    FAILED,
    PUT,
    RUNNING,
    SUCCEEDED,
    WAITING,
    Deployment,
    document_of,
    others,
    place_of,
    planned,
    scope_of,
    template_hash,
)
from cmgsim.arm.state import Cloud
from cmgsim.arm.templates import Item, body_of, part
from cmgsim.arm.types import NameRule, object_of, text_of
from cmgsim.arm.views import page

KIND = "Microsoft.Resources/deployments"
_OPERATIONS = {PUT: "Create", DELETE: "Delete"}
#: (source: "Deployment history deletions")
MOST_DEPLOYMENTS = 800
_RETRY_S = 5
_NAME = NameRule(
    re.compile(r"[\w().-]{1,64}"),
    "InvalidDeploymentName",
    "The deployment name '{name}' is not valid: 1 to 64 letters.",
)


def put(cloud: Cloud, call: Call) -> Answer:
    """Begin a deployment, if nothing stands against it that can be known beforehand."""
    _NAME.check(call.target.name)
    place = place_of(cloud, call)
    deployment_id = f"{place}/providers/{KIND}/{call.target.name}"
    before = cloud.deployments.get(deployment_id.lower())
    if before is not None and before.state == RUNNING:
        message = f"Unable to edit or replace deployment '{call.target.name}': it is active; cancel it or wait."
        raise ArmError(409, "DeploymentActiveAndUneditable", message)
    if before is None and len(cloud.deployments.at(place)) >= MOST_DEPLOYMENTS:
        message = f"Creating the deployment would exceed the quota of {MOST_DEPLOYMENTS} deployments in the group."
        raise ArmError(409, "DeploymentQuotaExceeded", message)
    deployment = planned(cloud, call, deployment_id)
    preflight.require(cloud, deployment)
    operation = Operation(
        cloud.guid("operation", deployment_id), deployment_id, KIND, "deployment", (), cloud.now_us, "", _RETRY_S
    )
    deployment.operation = cloud.operations.keep(operation).id
    cloud.deployments.add(deployment)
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
    cloud.deployments.remove(deployment.key)
    return Answer(204)


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the deployments of a group, or of the subscription alone."""
    if call.target.group and call.target.scope not in cloud.store:
        raise group_not_found(call.target.group)
    found = (show(cloud, known) for known in cloud.deployments.at(call.target.scope))
    return page(call, found, cloud.config.page_size)


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
        ArmError: 400 ``InvalidTemplate`` or ``InvalidTemplateDeployment`` if it could not.
    """
    deployment = planned(cloud, call, f"{place_of(cloud, call)}/providers/{KIND}/{call.target.name}")
    preflight.require(cloud, deployment)
    deployment.state, deployment.ended_us = SUCCEEDED, cloud.now_us
    return Answer(200, show(cloud, deployment))


def what_if(cloud: Cloud, call: Call) -> Answer:
    """Say what a deployment would make, change, leave as it is and delete, or why it could not be made at all."""
    deployment = planned(cloud, call, f"{place_of(cloud, call)}/providers/{KIND}/{call.target.name}")
    try:
        preflight.require(cloud, deployment)
    except ArmError as problem:
        return Answer(200, {"status": FAILED} | problem.body())
    settings = object_of(object_of(document_of(call), "properties"), "whatIfSettings")
    form = text_of(settings, "resultFormat", "FullResourcePayloads").lower()
    scope = scope_of(cloud, deployment)
    other = "Delete" if deployment.mode == COMPLETE else "Ignore"
    changes = whatif.changes(
        cloud, deployment.items, lambda item: body_of(item, scope), others(cloud, deployment), other, form
    )
    return Answer(
        200, {"status": SUCCEEDED, "properties": {"correlationId": deployment.correlation, "changes": changes}}
    )


def export(cloud: Cloud, call: Call) -> Answer:
    """Show the template of a deployment."""
    return Answer(200, {"template": _deployment(cloud, call).template})


def list_operations(cloud: Cloud, call: Call) -> Answer:
    """List what a deployment has done so far, resource by resource."""
    deployment = _followed(cloud, call)
    begun = [item for item in deployment.items if deployment.steps[item.key].state != WAITING]
    return page(call, (_show_step(cloud, deployment, item) for item in begun), cloud.config.page_size)


def get_operation(cloud: Cloud, call: Call) -> Answer:
    """Show what a deployment has done about one resource."""
    deployment = _followed(cloud, call)
    for item in deployment.items:
        if _number(deployment, item) == call.target.name.upper() and deployment.steps[item.key].state != WAITING:
            return Answer(200, _show_step(cloud, deployment, item))
    message = f"Deployment operation '{call.target.name}' could not be found."
    raise ArmError(404, "DeploymentOperationNotFound", message)


def calculate_hash(cloud: Cloud, call: Call) -> Answer:
    """Return the hash of a template, and the template without its blanks (calculateTemplateHash)."""
    template = document_of(call)
    return Answer(
        200, {"minifiedTemplate": json.dumps(template, separators=(",", ":")), "templateHash": template_hash(template)}
    )


def show(cloud: Cloud, deployment: Deployment) -> Json:
    """Return a deployment as ARM shows it; secure parameters are left out."""
    declared = part(deployment.template, "parameters")
    properties: Json = {
        "provisioningState": deployment.state,
        "mode": deployment.mode,
        "timestamp": cloud.iso(deployment.began_us if deployment.ended_us is None else deployment.ended_us),
        "correlationId": deployment.correlation,
        "templateHash": template_hash(deployment.template),
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
        made = [item for item in deployment.items if deployment.steps[item.key].verb == PUT]
        properties |= {"outputs": deployment.outputs, "outputResources": [{"id": item.id} for item in made]}
    if deployment.error:
        properties["error"] = deployment.error
    place = {"location": deployment.location} if deployment.location else {}
    return {"id": deployment.id, "name": deployment.name, "type": KIND, **place, "properties": properties}


def _followed(cloud: Cloud, call: Call) -> Deployment:
    """Return the deployment whose operations a path is about."""
    deployment = cloud.deployments.get(f"{call.target.scope}/providers/{KIND}/{call.target.names[0]}".lower())
    if deployment is None:
        raise _not_found(call.target.names[0])
    return deployment


def _deployment(cloud: Cloud, call: Call) -> Deployment:
    deployment = cloud.deployments.get(call.target.resource_id.lower())
    if deployment is None:
        raise _not_found(call.target.names[0])
    return deployment


def _not_found(name: str) -> ArmError:
    return ArmError(404, "DeploymentNotFound", f"Deployment '{name}' could not be found.")


def _show_step(cloud: Cloud, deployment: Deployment, item: Item) -> Json:
    step = deployment.steps[item.key]
    number = _number(deployment, item)
    properties: Json = {
        "provisioningOperation": _OPERATIONS[step.verb],
        "provisioningState": step.state,
        "timestamp": cloud.iso(step.began_us if step.ended_us is None else step.ended_us),
        "targetResource": {"id": item.id, "resourceType": item.kind, "resourceName": item.id.rpartition("/")[2]},
        "statusCode": "Conflict" if step.code else "OK",
    }
    if step.code:
        properties["statusMessage"] = {"error": step.error}
    return {"id": f"{deployment.id}/operations/{number}", "operationId": number, "properties": properties}


def _number(deployment: Deployment, item: Item) -> str:
    return named_guid("step", deployment.correlation, item.key).replace("-", "")[:16].upper()
