"""Roles given at run time (source: "Assign Azure roles using the REST API").

What a subscription grants from the start is shown as assignments too, under names of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cmgsim.arm.calls import Call
from cmgsim.arm.config import Role
from cmgsim.arm.definitions import DEFINITION_KIND, require_role
from cmgsim.arm.errors import ArmError, bad_request, not_modelled
from cmgsim.arm.identifiers import named_guid, within_scope
from cmgsim.arm.messages import Answer, Json
from cmgsim.arm.roles import definition
from cmgsim.arm.state import Assignment, Cloud
from cmgsim.arm.types import object_of, text_of
from cmgsim.arm.views import page
from cmgsim.errors import UnknownName

KIND = "Microsoft.Authorization/roleAssignments"
#: (source: "Azure RBAC limits")
MOST_ASSIGNMENTS = 4_000
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PRINCIPAL = re.compile(r"(?:principalId eq|assignedTo\()\s*'([^']*)'", re.IGNORECASE)


def list_at(cloud: Cloud, call: Call) -> Answer:
    """List the assignments of a scope, of what is above it and, without ``atScope()``, of what is below it."""
    text, scope = call.request.query.get("$filter", ""), call.target.scope
    principal = _PRINCIPAL.search(text)
    below = "atscope()" not in text.lower()
    found = (
        known
        for known in _all(cloud, call)
        if (within_scope(scope, known.scope) or (below and within_scope(known.scope, scope)))
        and (principal is None or known.principal == principal[1])
    )
    return page(call, (show(cloud, known) for known in found), cloud.config.page_size)


def get(cloud: Cloud, call: Call) -> Answer:
    """Show an assignment."""
    name = call.target.name.lower()
    for known in _all(cloud, call):
        if known.name == name and known.scope.lower() == call.target.scope.lower():
            return Answer(200, show(cloud, known))
    raise ArmError(404, "RoleAssignmentNotFound", f"The role assignment '{call.target.name}' is not found.")


def put(cloud: Cloud, call: Call) -> Answer:
    """Give a role.

    Raises:
        ArmError: for an unknown role or principal, an assignment that exists, or too many of them.
    """
    wanted = _wanted(cloud, call)
    existing = [known for known in _all(cloud, call) if known.scope.lower() == wanted.scope.lower()]
    for known in existing:
        if (known.role, known.principal) == (wanted.role, wanted.principal):
            if known.name == wanted.name:
                return Answer(200, show(cloud, known))
            raise ArmError(409, "RoleAssignmentExists", "The role assignment already exists.")
        if known.name == wanted.name:
            message = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            raise bad_request("RoleAssignmentUpdateNotPermitted", message)
    if len(cloud.assignments) >= MOST_ASSIGNMENTS:
        message = "No more role assignments can be created in the subscription; remove some first."
        raise bad_request("RoleAssignmentLimitExceeded", message)
    cloud.assignments.add(wanted)
    return Answer(201, show(cloud, wanted))


def delete(cloud: Cloud, call: Call) -> Answer:
    """Take a role away; one that was never given needs no taking."""
    taken = cloud.assignments.remove(Assignment(call.target.name.lower(), call.target.scope, Role.READER, "").key)
    return Answer(200, show(cloud, taken)) if taken else Answer(204)


def show(cloud: Cloud, assignment: Assignment) -> Json:
    """Return an assignment as ARM shows it."""
    root = "/".join(assignment.scope.split("/")[:3])
    return {
        "id": f"{assignment.scope}/providers/{KIND}/{assignment.name}",
        "name": assignment.name,
        "type": KIND,
        "properties": {
            "scope": assignment.scope,
            "roleDefinitionId": f"{root}/providers/{DEFINITION_KIND}/{definition(cloud, assignment.role).id}",
            "principalId": assignment.principal,
            "principalType": "ServicePrincipal",
        },
    }


def _all(cloud: Cloud, call: Call) -> Iterator[Assignment]:
    """Return what was granted from the start, then what was given since, in one subscription."""
    if call.subscription is None:
        raise not_modelled("Roles of the tenant")
    root = f"/subscriptions/{call.owner.id}"
    for grant in call.owner.grants:
        scope = grant.scope or root
        _, principal = cloud.config.find_principal(grant.principal)
        name = named_guid("assignment", scope, grant.principal, grant.role.value)
        yield Assignment(name, scope, grant.role, principal.object_id)
    yield from (known for known in cloud.assignments if within_scope(known.scope, root))


def _wanted(cloud: Cloud, call: Call) -> Assignment:
    properties = object_of(call.document(), "properties")
    if not _GUID.fullmatch(call.target.name):
        raise bad_request("InvalidRoleAssignmentId", f"The role assignment ID '{call.target.name}' must be a GUID.")
    role = require_role(cloud, text_of(properties, "roleDefinitionId").rpartition("/")[2])
    principal_id = text_of(properties, "principalId")
    try:
        _, principal = cloud.config.find_principal(principal_id)
    except UnknownName as problem:
        message = f"Principal {principal_id} does not exist in the directory."
        raise bad_request("PrincipalNotFound", message) from problem
    return Assignment(call.target.name.lower(), cloud.require_scope(call.target), role, principal.object_id)
