"""Role definitions: the built-in ones and those of one's own (source: "Azure custom roles").

A custom role of this subscription is kept by its GUID. Where it may be given is what its assignable scopes say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cmgsim.arm.calls import Call
from cmgsim.arm.config import Role
from cmgsim.arm.errors import ArmError, bad_request, not_modelled
from cmgsim.arm.identifiers import within_scope
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.roles import BUILT_IN, find
from cmgsim.arm.state import Cloud, RoleDefinition
from cmgsim.arm.types import object_of, objects_of, text_of, texts_of
from cmgsim.arm.views import page

DEFINITION_KIND = "Microsoft.Authorization/roleDefinitions"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TERM = re.compile(r"(roleName|type) eq '([^']*)'", re.IGNORECASE)
#: (source: "Azure RBAC limits")
MOST_DEFINITIONS = 5_000


def list_all(cloud: Cloud, call: Call) -> Answer:
    """List the roles that can be given at a scope; ``$filter`` knows their names and types."""
    terms = {name.lower(): value.lower() for name, value in _TERM.findall(call.request.query.get("$filter", ""))}
    found = (
        known
        for known in _all(cloud, call)
        if terms.get("rolename", known.title.lower()) == known.title.lower()
        and terms.get("type", _type(known).lower()) == _type(known).lower()
    )
    return page(call, (_show(call, known) for known in found), cloud.config.page_size)


def get(cloud: Cloud, call: Call) -> Answer:
    """Show a role."""
    return Answer(200, _show(call, _definition(cloud, call.target.name)))


def put(cloud: Cloud, call: Call) -> Answer:
    """Define a role of one's own, or define it anew."""
    if call.subscription is None:
        raise not_modelled("A role definition of the tenant")
    wanted = _wanted(call)
    if wanted.id in BUILT_IN:
        raise ArmError(403, "RoleDefinitionUpdateNotPermitted", f"The role '{wanted.id}' is built in.")
    for known in (*BUILT_IN.values(), *cloud.definitions.values()):
        if known.title.lower() == wanted.title.lower() and known.id != wanted.id:
            message = f"A custom role with the name '{wanted.title}' already exists in this directory."
            raise ArmError(409, "RoleDefinitionWithSameNameExists", message)
    if wanted.id not in cloud.definitions and len(cloud.definitions) >= MOST_DEFINITIONS:
        raise bad_request("RoleDefinitionLimitExceeded", "No more role definitions can be created in the directory.")
    cloud.definitions[wanted.id] = wanted
    return Answer(201, _show(call, wanted))


def delete(cloud: Cloud, call: Call) -> Answer:
    """Delete a role of one's own that nobody has."""
    name = call.target.name.lower()
    known = cloud.definitions.get(name)
    if known is None:
        if name in BUILT_IN:
            raise ArmError(403, "RoleDefinitionDeleteNotPermitted", f"The role '{name}' is built in.")
        return Answer(204)
    if any(given.role == name for given in cloud.assignments):
        message = "There are existing role assignments referencing the role; remove them first."
        raise bad_request("RoleDefinitionHasAssignments", message)
    del cloud.definitions[name]
    return Answer(200, _show(call, known))


def require_role(cloud: Cloud, name: str) -> Role | str:
    """Return the role that a GUID stands for.

    Raises:
        ArmError: 404 ``RoleDefinitionDoesNotExist``.
    """
    role = find(cloud, name)
    if role is None:
        message = f"The specified role definition with ID '{name}' does not exist."
        raise ArmError(404, "RoleDefinitionDoesNotExist", message)
    return role


def _all(cloud: Cloud, call: Call) -> Iterator[RoleDefinition]:
    yield from BUILT_IN.values()
    scope = call.target.scope
    for known in cloud.definitions.values():
        if any(within_scope(scope, place) or within_scope(place, scope) for place in known.scopes if scope):
            yield known


def _definition(cloud: Cloud, name: str) -> RoleDefinition:
    require_role(cloud, name)
    return BUILT_IN.get(name.lower()) or cloud.definitions[name.lower()]


def _wanted(call: Call) -> RoleDefinition:
    properties = object_of(call.document(), "properties")
    title, scopes = text_of(properties, "roleName"), texts_of(properties, "assignableScopes")
    if not _GUID.fullmatch(call.target.name):
        message = f"The role definition ID '{call.target.name}' must be a GUID."
        raise bad_request("InvalidRoleDefinitionId", message)
    if not title or not scopes:
        message = "A custom role needs a 'roleName' and at least one of 'assignableScopes'."
        raise bad_request("InvalidRoleDefinition", message)
    if not all(within_scope(scope, f"/subscriptions/{call.owner.id}") for scope in scopes):
        message = "The assignable scopes of a custom role must be in the subscription that it is defined in."
        raise bad_request("InvalidAssignableScope", message)
    permissions = objects_of(properties, "permissions")
    return RoleDefinition(
        call.target.name.lower(),
        title,
        _gathered(permissions, "actions"),
        _gathered(permissions, "notActions"),
        _gathered(permissions, "dataActions"),
        tuple(scopes),
        text_of(properties, "description"),
    )


def _gathered(permissions: list[Json], name: str) -> tuple[str, ...]:
    return tuple(action for permission in permissions for action in texts_of(permission, name))


def _type(known: RoleDefinition) -> str:
    return "BuiltInRole" if known.id in BUILT_IN else "CustomRole"


def _show(call: Call, known: RoleDefinition) -> Json:
    permission = {
        "actions": list(known.actions),
        "notActions": list(known.not_actions),
        "dataActions": list(known.data_actions),
        "notDataActions": [],
    }
    properties: Json = {
        "roleName": known.title,
        "type": _type(known),
        "description": known.description,
        "assignableScopes": list(known.scopes),
        "permissions": [permission],
    }
    root = f"/subscriptions/{call.subscription.id}" if call.subscription else ""
    definition_id = f"{root}/providers/{DEFINITION_KIND}/{known.id}"
    return {"id": definition_id, "name": known.id, "type": DEFINITION_KIND, "properties": properties}
