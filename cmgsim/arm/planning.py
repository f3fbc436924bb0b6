"""What a deployment is to do: its template read, its parameters checked, its resources known.

Source: "Deployments", REST reference; "Azure Resource Manager deployment modes".

A :class:`Deployment` is made here from a request, shown by :mod:`cmgsim.arm.deployments` and carried out by
:mod:`cmgsim.arm.engine`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cmgsim.arm import jsonc
from cmgsim.arm.calls import Call
from cmgsim.arm.changes import usable_group
from cmgsim.arm.clouds import ENVIRONMENTS, region_key
from cmgsim.arm.errors import ArmError, bad_request, location_required, not_modelled
from cmgsim.arm.expressions import Scope, invalid
from cmgsim.arm.identifiers import named_guid
from cmgsim.arm.messages import Json, Request
from cmgsim.arm.state import Cloud
from cmgsim.arm.store import Resource
from cmgsim.arm.targets import parse
from cmgsim.arm.templates import Item, expand, parameters_of, part
from cmgsim.arm.types import object_of, text_of

WAITING, RUNNING, SUCCEEDED, FAILED, CANCELED = "Waiting", "Running", "Succeeded", "Failed", "Canceled"
INCREMENTAL, COMPLETE = "Incremental", "Complete"
PUT, DELETE = "PUT", "DELETE"
_NOT_MODELLED = ("templateLink", "parametersLink", "onErrorDeployment")


@dataclass(frozen=True, slots=True)
class Step:
    """How one resource of a deployment fares; ``verb`` is what is done to it, ``details`` those of its error."""

    state: str = WAITING
    operation: str = ""
    code: str = ""
    message: str = ""
    began_us: int = 0
    ended_us: int | None = None
    verb: str = PUT
    details: tuple[Mapping[str, Any], ...] = ()

    @property
    def error(self) -> Json:
        """Return what went wrong, as ARM writes it."""
        details = {"details": [dict(detail) for detail in self.details]} if self.details else {}
        return {"code": self.code, "message": self.message, **details}


@dataclass(slots=True)
class Deployment:
    """A deployment: what it is to do, for whom, and how far it is.

    ``cleared`` is set once a complete deployment has looked for what its template does not name.
    """

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
    location: str = ""
    mode: str = INCREMENTAL
    cleared: bool = False
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

    @property
    def scope(self) -> str:
        """Return the id of the group or the subscription that it is made in."""
        return self.id.rpartition("/providers/")[0]


def planned(cloud: Cloud, call: Call, deployment_id: str) -> Deployment:
    """Return a deployment whose template and parameters are in order.

    Raises:
        ArmError: 400 if they are not, 501 for what is not modelled.
    """
    properties = object_of(document_of(call), "properties")
    template = properties.get("template")
    for name in _NOT_MODELLED:
        if properties.get(name):
            raise not_modelled(f"The property '{name}' of a deployment")
    if not isinstance(template, dict):
        raise invalid("the property 'template' must be an object")
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
        correlation=cloud.guid("deployment", deployment_id),
        location=region_key(text_of(document_of(call), "location")),
        mode=_mode(call, properties),
    )
    scope = scope_of(cloud, deployment)
    deployment.parameters = parameters_of(template, object_of(properties, "parameters"), scope)
    deployment.items = expand(template, scope)
    deployment.steps = {item.key: Step() for item in deployment.items}
    return deployment


def _mode(call: Call, properties: Json) -> str:
    mode = text_of(properties, "mode", INCREMENTAL).title()
    if mode not in (INCREMENTAL, COMPLETE):
        raise bad_request("InvalidDeploymentMode", f"The deployment mode '{mode}' is neither Incremental nor Complete.")
    if mode == COMPLETE and not call.target.group:
        raise bad_request("InvalidDeployment", "The mode 'Complete' is for deployments into a resource group only.")
    return mode


def place_of(cloud: Cloud, call: Call) -> str:
    """Return the id of the group or the subscription that a deployment is to be made in."""
    if call.target.group:
        return usable_group(cloud, call.owner.id, call.target.group).id
    if not text_of(document_of(call), "location"):
        raise location_required()
    return f"/subscriptions/{call.owner.id}"


def document_of(call: Call) -> Json:
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


def call_for(cloud: Cloud, deployment: Deployment, verb: str, item: Item, document: Json | None) -> Call:
    """Return the request about one resource that whoever deploys could have made himself."""
    request = Request.of(verb, f"{deployment.base}{item.id}?api-version={item.version}", document)
    target = parse(request.path)
    _, principal = cloud.config.find_principal(deployment.principal)
    subscription = cloud.subscription(target.subscription)
    return Call(request, target, deployment.tenant, principal, subscription, deployment.base, cloud.now_us)


def others(cloud: Cloud, deployment: Deployment) -> list[Resource]:
    """Return the resources of the group that a template does not name, neither themselves nor anything below them."""
    group = "/".join(deployment.id.split("/")[:5])
    keys = [item.key for item in deployment.items]
    members = cloud.store.children(group) if "resourceGroup" in scope_of(cloud, deployment).facts else ()
    return [one for one in members if not any(key == one.key or key.startswith(f"{one.key}/") for key in keys)]


def scope_of(cloud: Cloud, deployment: Deployment) -> Scope:
    """Return what the expressions of a deployment are worked out with; what is deployed cannot be looked at yet."""
    words = deployment.id.split("/")
    subscription, group = cloud.subscription(words[2].lower()), cloud.store.get("/".join(words[:5]))
    assert subscription is not None, deployment.id
    environment = ENVIRONMENTS[subscription.environment]
    facts: Json = {
        "subscription": {
            "id": f"/subscriptions/{subscription.id}",
            "subscriptionId": subscription.id,
            "tenantId": deployment.tenant,
            "displayName": subscription.name,
        },
        "tenant": {"tenantId": deployment.tenant},
        "deployment": {"name": deployment.name, "properties": {"mode": deployment.mode}},
        "environment": {
            "name": environment.title,
            "resourceManager": f"{environment.resource_manager}/",
            "suffixes": {"storage": environment.storage_suffix, "keyvaultDns": f".{environment.vault_suffix}"},
        },
        "utcNow": f"{cloud.iso(deployment.began_us)[:19]}Z",
    }
    if group is not None:
        names = {"id": group.id, "name": group.name, "location": group.location, "tags": group.tags}
        facts["resourceGroup"] = names
    variables = part(deployment.template, "variables")
    return Scope(dict(deployment.parameters), variables, facts, _too_early, _too_early)


def ended(step: Step, state: str, now_us: int, **error: Any) -> Step:
    """Return a step as it is when it has ended; *error* is its ``code``, ``message`` and ``details``."""
    return replace(step, state=state, ended_us=now_us, **error)


def template_hash(template: Json) -> str:
    """Return the number that stands for a template."""
    return str(int(named_guid(repr(template))[:8], 16))


def _too_early(*arguments: Any) -> Any:
    raise invalid("'reference' and 'listKeys' cannot stand in names, conditions, loops, parameters and variables")
