"""Who may do what: bearer tokens and built-in roles (source: "Azure built-in roles")."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from cmgsim.arm.config import Principal, Role, Subscription
from cmgsim.arm.errors import authorization_failed, unauthenticated
from cmgsim.arm.identifiers import within_scope
from cmgsim.arm.messages import Request
from cmgsim.arm.state import Cloud
from cmgsim.arm.tokens import Claims, read
from cmgsim.errors import UnknownName


@dataclass(frozen=True, slots=True)
class RoleDefinition:
    """What a role allows, as patterns of actions, and what it takes away again."""

    id: str
    title: str
    actions: tuple[str, ...]
    not_actions: tuple[str, ...] = ()

    def allows(self, action: str) -> bool:
        """Say whether the role allows an action such as ``Microsoft.Storage/storageAccounts/write``."""
        return _matches(self.actions, action) and not _matches(self.not_actions, action)


ROLES = {
    Role.OWNER: RoleDefinition("8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "Owner", ("*",)),
    Role.CONTRIBUTOR: RoleDefinition(
        "b24988ac-6180-42a0-ab88-20f7382dd24c",
        "Contributor",
        ("*",),
        (
            "Microsoft.Authorization/*/Delete",
            "Microsoft.Authorization/*/Write",
            "Microsoft.Authorization/elevateAccess/Action",
        ),
    ),
    Role.READER: RoleDefinition("acdd72a7-3385-48ef-bd42-f606fba81ae7", "Reader", ("*/read",)),
}


def authenticate(cloud: Cloud, request: Request) -> tuple[str, Principal]:
    """Return the tenant and the principal that a request's bearer token speaks for.

    Raises:
        ArmError: 401 with a challenge.
    """
    claims = _claims(cloud, request)
    try:
        tenant, principal = cloud.config.find_principal(claims.object_id)
    except UnknownName as problem:
        raise _challenge(cloud, "InvalidAuthenticationToken", "The principal no longer exists.") from problem
    return tenant.id, principal


def require_tenant(cloud: Cloud, subscription: Subscription, tenant: str) -> None:
    """Let a caller pass whose token is of the tenant that the subscription trusts.

    Raises:
        ArmError: 401 ``InvalidAuthenticationTokenTenant``.
    """
    trusted = cloud.config.tenant_of(subscription).id
    if tenant != trusted:
        message = (
            f"The access token is from the wrong issuer 'https://sts.windows.net/{tenant}/'. It must match the tenant "
            f"'https://sts.windows.net/{trusted}/' associated with this subscription."
        )
        raise _challenge(cloud, "InvalidAuthenticationTokenTenant", message)


def roles(cloud: Cloud, subscription: Subscription, principal: Principal) -> list[tuple[str, Role]]:
    """Return the scopes and roles that a principal has in a subscription, from the start or by assignment."""
    root = f"/subscriptions/{subscription.id}"
    granted = [(grant.scope or root, grant.role) for grant in subscription.grants if grant.principal == principal.name]
    given = [
        (known.scope, known.role) for known in cloud.assignments.values() if known.principal == principal.object_id
    ]
    return granted + [(scope, role) for scope, role in given if within_scope(scope, root)]


def require_action(cloud: Cloud, subscription: Subscription, principal: Principal, action: str, scope: str) -> None:
    """Let a principal pass that a role allows the action at the scope.

    Raises:
        ArmError: 403 ``AuthorizationFailed``.
    """
    held = roles(cloud, subscription, principal)
    if not any(within_scope(scope, known) and _allows(role, action) for known, role in held):
        raise authorization_failed(principal.app_id, principal.object_id, action, scope)


@lru_cache(maxsize=4096)
def _allows(role: Role, action: str) -> bool:
    return ROLES[role].allows(action)


def _matches(patterns: tuple[str, ...], action: str) -> bool:
    expressions = (re.escape(pattern).replace(r"\*", ".*") for pattern in patterns)
    return any(re.fullmatch(expression, action, re.IGNORECASE) for expression in expressions)


def _claims(cloud: Cloud, request: Request) -> Claims:
    kind, _, token = request.header("authorization").partition(" ")
    if kind.lower() != "bearer" or not token.strip():
        message = "Authentication failed. The 'Authorization' header is missing or its value is no bearer token."
        raise _challenge(cloud, "AuthenticationFailed", message)
    claims = read(cloud.seed, token.strip(), int(cloud.config.start.timestamp()))
    if claims is None:
        raise _challenge(cloud, "InvalidAuthenticationToken", "The access token is invalid.")
    if claims.expires_us <= cloud.now_us:
        message = (
            f"The access token expiry UTC time '{cloud.iso(claims.expires_us)}' is earlier than current UTC time "
            f"'{cloud.iso(cloud.now_us)}'."
        )
        raise _challenge(cloud, "ExpiredAuthenticationToken", message)
    return claims


def _challenge(cloud: Cloud, code: str, message: str) -> Exception:
    authority = f"https://login.microsoftonline.com/{cloud.config.tenants[0].id}"
    return unauthenticated(code, message, authority)
